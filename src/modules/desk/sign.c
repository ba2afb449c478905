/* What is signed at a place of a form: whose it is, and the record as its event has it. */
#include "gen/desk/pages/signed.html.h"
#include "kernel/sign_pages.h"
#include "modules/desk/desk.h"

enum { SIGNED_MAX = 256 << 10 };

/* The payload of flow.task_done or flow.record_corrected, which has the same fields. */
static enum outcome record_of(struct form_record *out, struct flow_task_done *payload,
                              struct str content, struct arena *a, struct err *e)
{
    const struct json *object;
    struct json_limits limits = json_limits_default;
    limits.bytes = SIGN_CONTENT_MAX;
    TRY(json_read(&object, a, content, &limits, e));
    TRY(record_from_sealed_json(&flow_task_done_record, payload, a, object, e));
    *out = (struct form_record){
        .form = payload->form,
        .form_version = payload->form_version,
        .values = { payload->values.p, payload->values.n },
        .secrets = { payload->secrets.p, payload->secrets.n },
    };
    return OK;
}

/* Since the version that the signer was shown before, where that was another. */
static enum outcome changed(struct desk_signed_view *v, struct http_request *r, struct db *db,
                            struct page *p, const struct form_record *record, struct err *e)
{
    int64_t before;
    struct definition form;
    bool found = false;
    if (!show_refused(r) || !str_to_u63(&before, http_form(r, "_version")) || before == v->version)
        return OK;
    TRY(define_find(&form, db, S("form"), record->form, record->form_version, p->now_us, r->arena,
                    &found, e));
    if (!found)
        return OK;
    words_say_definition(p, &form);
    const struct flow_history_of of = { .order = v->o.id,
                                        .task = v->task ? v->task->name : S(""),
                                        .looks = look_of(r),
                                        .since = before };
    return flow_history_html(&v->changed, p, db, &of, form.body, e);
}

enum outcome desk_sign_show(struct html *out, struct page *p, struct http_request *r, struct db *db,
                            const struct sign_asked *asked, struct err *e)
{
    struct form_record record;
    struct flow_task_done payload;
    struct desk_signed_view *v = ARENA_NEW(r->arena, struct desk_signed_view);
    if (!v)
        return err_no_memory(e);
    TRY(record_of(&record, &payload, asked->content, r->arena, e));
    TRY(desk_order_load(&v->o, r, db, p, payload.order, e));
    v->task = v->o.flow.found ? flow_task_find(&v->o.flow, payload.task) : NULL;
    v->version = asked->what.p->version;
    const struct flow_files_of of = { db, v->o.id, look_of(r) };
    TRY(desk_record_html(&v->record, p, &of, &record, e));
    TRY(changed(v, r, db, p, &record, e));
    struct page part = *p;
    struct buf b = buf_in(r->arena, SIGNED_MAX);
    part.b = &b;
    page_signed(&part, v);
    TRY(buf_check(&b, e));
    out->markup = buf_get(&b);
    return OK;
}

/* --- several of one order --- */

enum outcome desk_place_to_sign(struct str *out, const struct desk_order *o, struct db *db,
                                const struct flow_open_task *open, struct arena *arena,
                                struct err *e)
{
    struct definition form;
    struct flow_standing standing;
    bool found = false, mine = false;
    *out = (struct str){ 0 };
    if (!open->done || !open->form.p || !desk_may(o->actor, "flow.sign", open))
        return OK;
    TRY(define_find(&form, db, S("form"), open->form, open->form_version, 0, arena, &found, e));
    if (!found)
        return OK;
    TRY(flow_standing_read(&standing, db, o->id, open->task, form.body, arena, e));
    for (size_t i = 0; i < standing.nplaces; i++) {
        const struct flow_standing_place *at = &standing.places[i];
        mine |= str_eq(at->by, o->actor->name);
        if (at->next && desk_plays(o->actor, at->place.role, open, arena))
            *out = at->place.name;
    }
    if (mine)
        *out = (struct str){ 0 };
    return OK;
}

enum outcome desk_sign_waiting(struct sign_waiting *out, struct http_request *r, struct db *db,
                               struct err *e)
{
    struct page p = app_page(r);
    const struct str order = http_query(r, "order");
    struct desk_order *o = ARENA_NEW(r->arena, struct desk_order);
    if (!o)
        return err_no_memory(e);
    if (!order.p)
        return OK;
    TRY(desk_order_load(o, r, db, &p, order, e));
    for (size_t i = 0; o->flow.found && i < o->flow.ntasks && out->n < out->max; i++) {
        const struct flow_open_task *open = &o->flow.tasks[i];
        const struct flow_task *task = flow_task_find(&o->flow, open->task);
        struct str place;
        if (!task || !flow_sees_record(&o->sight, task))
            continue;
        TRY(desk_place_to_sign(&place, o, db, open, r->arena, e));
        if (place.p)
            out->p[out->n++] =
                arena_printf(r->arena, "{\"order\":\"%.*s\",\"task\":\"%.*s\",\"place\":\"%.*s\"}",
                             STR(o->id), STR(open->task), STR(place));
    }
    return OK;
}
