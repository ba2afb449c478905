/* What the program does by itself, and what it could not do: jobs, queues, dead letters. */
#include "gen/kernel/pages/operations.html.h"
#include "gen/kernel/policy.sql.h"
#include "kernel/pages_post.h"

enum { ROWS_MAX = 200 };

static struct str why(struct http_request *r, struct page *p, struct str code)
{
    struct err e = { .outcome = REFUSED };
    if (code.n == 0)
        return S("");
    e.code = arena_str(r->arena, code).p;
    struct str key = arena_printf(r->arena, "refusal.%.*s", STR(code));
    if (!text_find(p->language, key).p)
        e.outcome = FAULT;
    return text_error(r->arena, p->language, &e);
}

/* --- effects --- */

static enum outcome effects_read(struct pages_operations_view *v, struct http_request *r,
                                 struct db *db, struct page *p, struct str site, struct err *e)
{
    struct record_list list;
    struct effect_list_in in = { show_actor(r)->organisation, site };
    TRY(db_list(db, &sql_effect_list, &in, &list, ROWS_MAX, r->arena, e));
    const struct effect_list_out *rows = list.p;
    struct pages_effect_view *out = ARENA_ARRAY(r->arena, list.n + 1, struct pages_effect_view);
    if (!out)
        return err_no_memory(e);
    for (size_t i = 0; i < list.n; i++) {
        struct err own = { 0 };
        bool send;
        struct policy_held_behind_in behind = { rows[i].policy, rows[i].key, rows[i].sequence };
        struct policy_held_behind_out count;
        bool found;
        out[i].row = &rows[i];
        out[i].why = why(r, p, rows[i].code);
        TRY(db_get(db, &sql_policy_held_behind, &behind, &count, r->arena, &found, e));
        out[i].behind = count.n;
        if (str_is(rows[i].state, "dead") &&
            policy_preview(&out[i].command, &out[i].body, &send, db, app_of(r)->node->registry,
                           rows[i].policy, rows[i].sequence, r->arena, &own) != OK)
            out[i].body = S("");
    }
    v->effects = out;
    v->neffects = list.n;
    return OK;
}

/* --- messages --- */

static enum outcome messages_in(struct record_list *out, struct http_request *r, struct db *db,
                                const char *state, struct err *e)
{
    struct outbox_list_in in = { show_actor(r)->organisation, str_z(state) };
    return db_list(db, &sql_outbox_list, &in, out, ROWS_MAX, r->arena, e);
}

static enum outcome dead_read(struct pages_operations_view *v, struct http_request *r,
                              struct db *db, struct page *p, struct err *e)
{
    struct record_list list;
    TRY(messages_in(&list, r, db, "dead", e));
    const struct outbox_list_out *rows = list.p;
    struct pages_dead_view *out = ARENA_ARRAY(r->arena, list.n + 1, struct pages_dead_view);
    if (!out)
        return err_no_memory(e);
    for (size_t i = 0; i < list.n; i++) {
        struct outbox_find_in in = { rows[i].message };
        struct outbox_find_out message;
        bool found;
        TRY(db_get(db, &sql_outbox_find, &in, &message, r->arena, &found, e));
        out[i] = (struct pages_dead_view){ &rows[i], why(r, p, rows[i].code), message.body };
    }
    v->dead = out;
    v->ndead = list.n;
    return OK;
}

static enum outcome queues_read(struct pages_operations_view *v, struct http_request *r,
                                struct db *db, struct err *e)
{
    struct record_list list;
    struct outbox_queues_in queues = { show_actor(r)->organisation };
    struct outbox_received_list_in received = { show_actor(r)->organisation };
    TRY(db_list(db, &sql_outbox_queues, &queues, &list, ROWS_MAX, r->arena, e));
    v->queues = list.p;
    v->nqueues = list.n;
    TRY(messages_in(&list, r, db, "queued", e));
    v->waiting = list.p;
    v->nwaiting = list.n;
    TRY(db_list(db, &sql_outbox_received_list, &received, &list, ROWS_MAX, r->arena, e));
    v->received = list.p;
    v->nreceived = list.n;
    return OK;
}

/* --- jobs --- */

static enum outcome jobs_list(struct record_list *out, struct http_request *r, struct db *db,
                              struct err *e)
{
    const struct actor *a = show_actor(r);
    struct job_list_in in = {
        .organisation = a->organisation,
        .owner = show_may(r, "job.see") ? (struct str){ 0 } : a->name,
    };
    return db_list(db, &sql_job_list, &in, out, ROWS_MAX, r->arena, e);
}

static enum outcome jobs_read(struct pages_operations_view *v, struct http_request *r,
                              struct db *db, struct page *p, struct err *e)
{
    struct record_list list;
    TRY(jobs_list(&list, r, db, e));
    const struct job_list_out *rows = list.p;
    struct pages_job_view *out = ARENA_ARRAY(r->arena, list.n + 1, struct pages_job_view);
    if (!out)
        return err_no_memory(e);
    for (size_t i = 0; i < list.n; i++) {
        const bool known = rows[i].total != INT_NONE && rows[i].total > 0;
        const bool over = !str_is(rows[i].state, "queued");
        out[i] = (struct pages_job_view){
            .row = &rows[i],
            .owner = show_person(p, db, rows[i].owner),
            .why = why(r, p, over ? rows[i].code : rows[i].failure),
            .percent = known && !over ? rows[i].done * 100 / rows[i].total : INT_NONE,
        };
    }
    v->jobs = out;
    v->njobs = list.n;
    return OK;
}

/* --- the page --- */

/* As JSON the rows that the route names; of messages those that wait, or with state=dead the dead.
 */
static enum outcome as_json(struct http_request *r, struct db *db, struct str site, bool sees,
                            struct err *e)
{
    struct record_list list = { 0 };
    const struct record *record = r->route->rows;
    struct effect_list_in effects = { show_actor(r)->organisation, site };
    struct outbox_received_list_in received = { show_actor(r)->organisation };
    const bool dead = str_is(http_query(r, "state"), "dead");
    if (record == sql_job_list.out)
        TRY(jobs_list(&list, r, db, e));
    else if (!sees)
        return REFUSE(e, "auth.forbidden", { "permission", S("operation.see") });
    else if (record == sql_effect_list.out)
        TRY(db_list(db, &sql_effect_list, &effects, &list, ROWS_MAX, r->arena, e));
    else if (record == sql_outbox_received_list.out)
        TRY(db_list(db, &sql_outbox_received_list, &received, &list, ROWS_MAX, r->arena, e));
    else
        TRY(messages_in(&list, r, db, dead ? "dead" : "queued", e));
    return show_rows(r, record, list.p, list.n, (struct str){ 0 }, e);
}

static enum outcome witnesses(struct pages_operations_view *v, struct http_request *r,
                              struct db *db, struct page *p, struct err *e)
{
    struct str note;
    struct checkpoint c = { 0 };
    TRY(ledger_last_checkpoint(db, &note, r->arena, e));
    if (note.p)
        TRY(checkpoint_read(&c, note, e));
    return pages_witnesses_read(&v->witnesses, r, db, p, c.size, e);
}

bool pages_operations_for(const struct http_request *r)
{
    return show_may(r, "operation.see") || show_may(r, "job.queue") ||
           show_may(r, "timer.confirm_clock");
}

static enum outcome operations(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    const struct actor *a = show_actor(r);
    const struct node *node = app_of(r)->node;
    struct pages_operations_view v = {
        .sees = show_may(r, "operation.see"),
        .may_queue = show_may(r, "job.queue"),
        .may_confirm = show_may(r, "timer.confirm_clock"),
        .leaves = outbox_leaves(node->outbox),
        .mails = outbox_mails(node->outbox),
        .held = timers_held(node->timers),
    };
    const bool whole = actor_may(a, S("operation.see"), a->organisation, (struct str){ 0 });
    struct str site = whole ? (struct str){ 0 } : a->site;
    if (!pages_operations_for(r))
        return REFUSE(e, "auth.forbidden", { "permission", S("operation.see") });
    if (http_wants_json(r))
        return as_json(r, db, site, v.sees, e);
    if (v.sees) {
        TRY(witnesses(&v, r, db, p, e));
        TRY(effects_read(&v, r, db, p, site, e));
        TRY(queues_read(&v, r, db, e));
        TRY(dead_read(&v, r, db, p, e));
    }
    TRY(jobs_read(&v, r, db, p, e));
    v.kinds = job_kinds(&v.nkinds);
    page_operations(p, &v);
    return OK;
}

enum http_state pages_get_operations(struct http_request *r)
{
    return show(r, "page.operations.title", operations);
}
