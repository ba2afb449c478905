/* The task's record under more than one pair of eyes: who signed, what was corrected and who says
 * so, who entered it when two enter it unseen, and everything that it ever said. */
#include "base/id.h"
#include "gen/desk/pages/corrections.html.h"
#include "modules/desk/desk.h"

enum { HAD_MAX = 32 << 10, CORRECTIONS_SHOWN = 40 };

/* --- corrections and places --- */

static enum outcome corrections(struct desk_task_view *v, struct http_request *r, struct db *db,
                                struct page *p, struct err *e)
{
    const struct flow_standing *s = &v->kept.standing;
    struct desk_correction *out =
        ARENA_ARRAY(r->arena, s->ncorrections + 1, struct desk_correction);
    const struct actor *actor = v->o.actor;
    if (!out)
        return err_no_memory(e);
    for (size_t i = 0; i < s->ncorrections; i++) {
        const struct flow_record_corrections_out *row = &s->corrections[i];
        out[i] = (struct desk_correction){
            .row = row,
            .by = show_person(p, db, row->corrected_by),
            .reviewer = row->reviewed_by.p ? show_person(p, db, row->reviewed_by) : S(""),
            .may_review = row->waits && !str_eq(row->corrected_by, actor->name) &&
                          desk_may(actor, "flow.review_correction", v->open),
        };
        out[i].comment = show_sealed(r, row->review_event, "comment", row->comment);
    }
    v->kept.corrections = out;
    v->kept.ncorrections = s->ncorrections;
    return OK;
}

static enum outcome places(struct desk_task_view *v, struct http_request *r, struct db *db,
                           struct page *p, struct err *e)
{
    const struct flow_standing *s = &v->kept.standing;
    const struct actor *actor = v->o.actor;
    struct desk_place *out = ARENA_ARRAY(r->arena, s->nplaces + 1, struct desk_place);
    bool signed_one = false;
    if (!out)
        return err_no_memory(e);
    for (size_t i = 0; i < s->nplaces; i++) {
        const struct flow_standing_place *at = &s->places[i];
        struct str role = arena_printf(r->arena, "role.%.*s", STR(at->place.role));
        if (!role.p)
            return err_no_memory(e);
        signed_one |= str_eq(at->by, actor->name);
        out[i] = (struct desk_place){ .at = at };
        out[i].by = at->by.p ? show_person(p, db, at->by) : S("");
        out[i].may_sign = at->next && !signed_one && desk_may(actor, role.p, v->open) &&
                          desk_may(actor, "flow.sign", v->open);
    }
    for (size_t i = 0; i < s->nplaces; i++)
        v->kept.may_sign |= out[i].may_sign;
    v->kept.places = out;
    v->kept.nplaces = s->nplaces;
    return OK;
}

static enum outcome signatures(struct desk_task_view *v, struct http_request *r, struct db *db,
                               struct page *p, struct err *e)
{
    const struct sign_list_of of = {
        .kind = S("task"),
        .id = arena_printf(r->arena, "%.*s/%.*s", STR(v->o.id), STR(v->task->name)),
        .version = v->kept.standing.record,
        .next = arena_printf(r->arena, "/orders/%.*s/tasks/%.*s", STR(v->o.id), STR(v->task->name)),
    };
    TRY(sign_list_read(&v->kept.signatures, p, r, db, &of, e));
    return sign_list_html(&v->kept.signed_by, p, &v->kept.signatures, e);
}

/* --- two persons --- */

/* Labels of the fields that differ; nothing of their values. */
static enum outcome differing(struct desk_task_view *v, struct arena *a, struct err *e)
{
    const struct form *form = v->form.body;
    struct str rest = v->kept.standing.differs;
    struct str *out = ARENA_ARRAY(a, FORM_VALUES_MAX + 1, struct str);
    if (!out)
        return err_no_memory(e);
    while (rest.n > 0 && v->kept.ndiffers < FORM_VALUES_MAX) {
        const struct str name = str_cut(&rest, ' ');
        const struct form_field *field = form_field_of(form, name);
        struct str row = name;
        (void)str_cut(&row, '.');
        out[v->kept.ndiffers++] = !field ? name
                                  : !row.p
                                      ? field->label
                                      : arena_printf(a, "%.*s, %.*s", STR(field->label), STR(row));
    }
    v->kept.differs = out;
    return OK;
}

static enum outcome entries(struct desk_task_view *v, struct http_request *r, struct db *db,
                            struct page *p, struct err *e)
{
    const struct flow_standing *s = &v->kept.standing;
    const struct actor *actor = v->o.actor;
    struct desk_entry *out = ARENA_ARRAY(r->arena, s->nentries + 1, struct desk_entry);
    bool others = false;
    if (!out)
        return err_no_memory(e);
    v->kept.twice = form_twice(v->form.body);
    v->kept.partly = s->nentries > 0 && form_partly_twice(v->form.body);
    for (size_t i = 0; i < s->nentries; i++) {
        bool mine = str_eq(s->entries[i].entered_by, actor->name);
        v->kept.entered |= mine;
        others |= !mine;
        out[i] = (struct desk_entry){ show_person(p, db, s->entries[i].entered_by),
                                      s->entries[i].happened };
    }
    v->kept.entered = v->kept.entered && !others;
    v->kept.entries = out;
    v->kept.nentries = s->nentries;
    return differing(v, r->arena, e);
}

/* --- a correction begins with what is there --- */

/* What was entered, but for what is personal: those are entered anew. */
static enum outcome prefill(struct desk_task_view *v, struct arena *a, struct err *e)
{
    struct form_record record;
    const struct json *object;
    struct buf had = buf_in(a, HAD_MAX);
    if (v->ninputs > 0 || !v->open->json.p)
        return OK;
    TRY(json_read(&object, a, v->open->json, &json_limits_default, e));
    TRY(record_from_sealed_json(&form_record_record, &record, a, object, e));
    struct record_pair *inputs = ARENA_ARRAY(a, record.values.n + 1, struct record_pair);
    if (!inputs)
        return err_no_memory(e);
    buf_char(&had, ' ');
    for (size_t i = 0; i < record.values.n; i++) {
        const struct form_value *value = &record.values.p[i];
        if (!value->entered.p)
            continue;
        inputs[v->ninputs++] = (struct record_pair){ value->name, value->entered };
        buf_str(&had, value->name);
        buf_char(&had, ' ');
    }
    TRY(buf_check(&had, e));
    v->inputs = inputs;
    v->kept.had = buf_get(&had);
    return OK;
}

static struct flow_history_of history_of(const struct desk_task_view *v,
                                         const struct http_request *r)
{
    return (struct flow_history_of){
        .order = v->o.id,
        .task = v->task->name,
        .field = http_query(r, "field"),
        .trace = arena_printf(r->arena, "/orders/%.*s/data?of=field/%.*s/", STR(v->o.id),
                              STR(v->task->name)),
        .looks = look_of(r),
    };
}

enum outcome desk_task_record(struct desk_task_view *v, struct http_request *r, struct db *db,
                              struct page *p, struct err *e)
{
    if (!v->form.kind.p || !v->open)
        return OK;
    TRY(flow_standing_read(&v->kept.standing, db, v->o.id, v->task->name, v->form.body, r->arena,
                           e));
    if (!v->open->done)
        return entries(v, r, db, p, e);
    const struct flow_history_of of = history_of(v, r);
    TRY(flow_history_html(&v->kept.history, p, db, &of, v->form.body, e));
    TRY(corrections(v, r, db, p, e));
    TRY(places(v, r, db, p, e));
    TRY(signatures(v, r, db, p, e));
    v->kept.had = http_form(r, "_had");
    return v->correcting ? prefill(v, r->arena, e) : OK;
}

/* --- history for programs, and by field --- */

static enum outcome history(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    const struct flow_history_row *rows;
    size_t n;
    struct desk_task_view *v = ARENA_NEW(r->arena, struct desk_task_view);
    if (!v)
        return err_no_memory(e);
    TRY(desk_order_load(&v->o, r, db, p, http_param(r, "order"), e));
    v->task = v->o.flow.found ? flow_task_find(&v->o.flow, http_param(r, "task")) : NULL;
    if (!v->task || !flow_sees_record(&v->o.sight, v->task))
        return REFUSE(e, "gate.unknown", { "kind", S("task") });
    const struct flow_history_of of = history_of(v, r);
    TRY(flow_history_rows(&rows, &n, db, &of, r->arena, e));
    return show_rows(r, &flow_history_row_record, rows, n, (struct str){ 0 }, e);
}

enum http_state desk_get_history(struct http_request *r)
{
    return show(r, "page.task.title", history);
}

/* --- all that wait --- */

static void read_after(struct flow_record_waiting_in *in, struct str after)
{
    struct str rest = after;
    const struct str corrected = str_cut(&rest, '.');
    const struct str version = str_cut(&rest, '.');
    int64_t us, number;
    in->after_order = S("");
    if (!str_to_u63(&us, corrected) || !str_to_u63(&number, version) || !id_valid(rest))
        return;
    *in = (struct flow_record_waiting_in){ in->organisation, us, rest, number };
}

static enum outcome waiting(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct flow_record_waiting_in in = { .organisation = show_actor(r)->organisation };
    struct record_list list;
    read_after(&in, http_query(r, "after"));
    TRY(db_list(db, &sql_flow_record_waiting, &in, &list, 200, r->arena, e));
    const struct flow_record_waiting_out *rows = list.p;
    struct desk_waiting_view v = { 0 };
    struct desk_waiting_row *out = ARENA_ARRAY(r->arena, list.n + 1, struct desk_waiting_row);
    struct flow_record_waiting_out *mine =
        ARENA_ARRAY(r->arena, list.n + 1, struct flow_record_waiting_out);
    if (!out || !mine)
        return err_no_memory(e);
    size_t at = 0;
    for (; at < list.n && v.n < CORRECTIONS_SHOWN; at++) {
        if (!actor_may(show_actor(r), S("flow.review_correction"), in.organisation, rows[at].site))
            continue;
        mine[v.n] = rows[at];
        out[v.n] = (struct desk_waiting_row){ &mine[v.n], show_person(p, db, rows[at].corrected_by),
                                              auth_site_name(db, rows[at].site, r->arena) };
        v.n++;
    }
    if (at < list.n || list.n == 200)
        v.next = arena_printf(r->arena, "/corrections?after=%lld.%lld.%.*s",
                              (long long)rows[at - 1].corrected, (long long)rows[at - 1].version,
                              STR(rows[at - 1].order_id));
    if (http_wants_json(r))
        return show_rows(r, sql_flow_record_waiting.out, mine, v.n, v.next, e);
    v.rows = out;
    page_corrections(p, &v);
    return OK;
}

enum http_state desk_get_corrections(struct http_request *r)
{
    return show(r, "page.corrections.title", waiting);
}
