/* The worklist: what I have begun or am meant to do, what those of my roles are to do here, or all
 * that is to be done here; by the time that is left. */
#include "base/id.h"
#include "gen/desk/pages/work.html.h"
#include "modules/desk/desk.h"

enum { ROLES_MAX_BYTES = 2000 };

/* ",operator|*,courier|corvicel,": the actor's roles at this site, each with its product; without a
 * site, those for all sites alone. */
static struct str roles(const struct actor *actor, struct arena *arena)
{
    struct buf b = buf_in(arena, ROLES_MAX_BYTES);
    buf_char(&b, ',');
    for (size_t i = 0; i < actor->ngrants; i++) {
        const struct grant *g = &actor->grants[i];
        if (!str_starts(g->permission, S("role.")) ||
            !str_eq(g->organisation, actor->organisation) ||
            (g->site.p && !str_eq(g->site, actor->site)))
            continue;
        buf_str(&b, str_from(g->permission, sizeof "role." - 1));
        buf_char(&b, '|');
        buf_str(&b, g->product.p ? g->product : S("*"));
        buf_char(&b, ',');
    }
    return buf_get(&b);
}

static struct str whose(const struct http_request *r)
{
    const struct str of = http_query(r, "of");
    return str_is(of, "mine") || str_is(of, "site") ? of : S("team");
}

static enum outcome fill_row(struct desk_work_row *out, struct http_request *r, struct db *db,
                             struct page *p, struct desk_work_out *row, struct err *e)
{
    struct err why = { 0 };
    struct desk_order *o = ARENA_NEW(r->arena, struct desk_order);
    if (!o)
        return err_no_memory(e);
    const enum outcome loaded = desk_order_load(o, r, db, p, row->order_id, &why);
    if (loaded == FAULT) {
        *e = why;
        return FAULT;
    }
    out->patient = o->patient;
    if (loaded != OK) /* to be done, though they may not look at orders */
        out->patient =
            (struct order_patient_view){ .shown = row->coi, .name = row->coi, .born = S("") };
    row->patient = loaded == OK ? o->row.patient : (struct str){ 0 };
    const struct flow_stage *stage =
        loaded == OK && o->flow.found ? desk_stage_of(o->flow.workflow, row->task) : NULL;
    const struct str title = stage ? stage->title : show_name(p, "stage", row->stage);
    out->stage = str_eq(title, words_say(p, row->title)) ? S("") : title; /* said once */
    out->row = row;
    out->owner = desk_owner(p, db, row->role, row->site);
    return OK;
}

/* Of the corrections that wait, those which the actor may review; more than a page's are "many". */
static enum outcome waiting(struct desk_work_view *v, struct http_request *r, struct db *db,
                            struct err *e)
{
    const struct actor *actor = show_actor(r);
    const struct flow_record_waiting_in in = { .organisation = actor->organisation,
                                               .after_order = S("") };
    struct record_list list;
    if (!show_may(r, "flow.review_correction"))
        return OK;
    TRY(db_list(db, &sql_flow_record_waiting, &in, &list, 200, r->arena, e));
    const struct flow_record_waiting_out *rows = list.p;
    for (size_t i = 0; i < list.n; i++)
        v->waiting += !str_eq(rows[i].corrected_by, actor->name) &&
                      actor_may(actor, S("flow.review_correction"), in.organisation, rows[i].site);
    return OK;
}

struct str desk_work_task(const struct desk_order *o, struct arena *arena)
{
    const struct flow_open_task *only = NULL;
    for (size_t i = 0; i < o->flow.ntasks; i++) {
        const struct flow_open_task *open = &o->flow.tasks[i];
        const struct flow_task *task = open->done ? NULL : flow_task_find(&o->flow, open->task);
        if (!task || !desk_plays(o->actor, task->role, open, arena))
            continue;
        if (only)
            return (struct str){ 0 };
        only = open;
    }
    return only ? arena_printf(arena, "/orders/%.*s/tasks/%.*s", STR(o->id), STR(only->task))
                : (struct str){ 0 };
}

static enum outcome work(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    const struct actor *actor = show_actor(r);
    struct desk_work_view v = { .no_site = !actor->site.p, .of = whose(r) };
    struct desk_work_in in = {
        .organisation = actor->organisation,
        .site = actor->site,
        .roles = str_is(v.of, "site") ? (struct str){ 0 } : roles(actor, r->arena),
        .person = str_is(v.of, "mine") ? actor->name : (struct str){ 0 },
    };
    struct show_cursor cursor;
    TRY(show_cursor(&cursor, r, "after", 2, e));
    in.after_due = cursor.number[0];
    in.after_number = cursor.number[1];
    in.after_order = cursor.given ? cursor.id : S("");
    struct record_list list;
    TRY(db_list(db, &sql_desk_work, &in, &list, DESK_ROWS + 1, r->arena, e));
    struct desk_work_out *rows = (struct desk_work_out *)list.p;
    v.n = list.n > DESK_ROWS ? DESK_ROWS : list.n;
    if (list.n > DESK_ROWS)
        v.next = arena_printf(r->arena, "/work?of=%.*s&after=%lld.%lld.%.*s", STR(v.of),
                              (long long)rows[v.n - 1].due_by, (long long)rows[v.n - 1].number,
                              STR(rows[v.n - 1].order_id));
    struct desk_work_row *out = ARENA_ARRAY(r->arena, v.n + 1, struct desk_work_row);
    if (!out)
        return err_no_memory(e);
    for (size_t i = 0; i < v.n; i++)
        TRY(fill_row(&out[i], r, db, p, &rows[i], e));
    if (http_wants_json(r))
        return show_rows(r, sql_desk_work.out, rows, v.n, v.next, e);
    v.rows = out;
    TRY(waiting(&v, r, db, e));
    page_work(p, &v);
    return OK;
}

enum http_state desk_get_work(struct http_request *r)
{
    return show(r, "page.work.title", work);
}
