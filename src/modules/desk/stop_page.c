/* The stop: what was expected, what was read, what to do with the material, and who decides. */
#include "gen/desk/pages/stop.html.h"
#include "modules/desk/desk.h"

enum { DEVIATIONS_MAX = 100 };

/* The deviation that the mismatch opened: the newest open one of its kind. */
static enum outcome find_deviation(struct desk_stop_view *v, struct db *db, struct arena *a,
                                   struct err *e)
{
    struct quality_of_order_in in = { v->o.id };
    struct record_list list;
    TRY(db_list(db, &sql_quality_of_order, &in, &list, DEVIATIONS_MAX, a, e));
    const struct quality_of_order_out *rows = list.p;
    for (size_t i = 0; i < list.n; i++)
        if (rows[i].open && str_is(rows[i].kind, "identity_mismatch")) {
            v->deviation = rows[i].deviation;
            v->deviation_number = rows[i].number;
        }
    return OK;
}

enum outcome desk_stop_show(struct http_request *r, struct db *db, struct page *p,
                            const struct desk_order *o, const struct desk_task_view *task,
                            struct err *e)
{
    struct desk_stop_view v = { .o = *o, .refused = show_refusal(p, r), .task = task };
    const struct actor *actor = o->actor;
    TRY(find_deviation(&v, db, r->arena, e));
    TRY(stop_involves(db, o->id, actor->account, &v.involved, r->arena, e));
    v.where = o->stop.site.p ? auth_site_name(db, o->stop.site, r->arena)
                             : auth_organisation_name(db, o->stop.organisation, r->arena);
    v.may_resolve =
        !v.involved && actor_may(actor, S("stop.resolve"), o->stop.organisation, o->stop.site);
    page_stop(p, &v);
    return OK;
}

/* As the event said it; unknown when nothing stands, for a program has no page to go on at. */
static enum outcome stop_json(struct http_request *r, const struct desk_order *o, struct err *e)
{
    struct stop_raised raised;
    if (!o->stop.standing)
        return REFUSE(e, "gate.unknown", { "kind", S("stop") });
    record_clear(&stop_raised_record, &raised);
    raised.order = o->id;
    raised.point = o->stop.point;
    raised.safe_state = o->stop.safe_state;
    raised.expected = o->stop.expected;
    raised.read = o->stop.read;
    raised.organisation = o->stop.organisation;
    raised.site = o->stop.site;
    raised.respond_by = o->stop.respond_by;
    return show_row(r, &stop_raised_record, &raised, e);
}

static enum outcome stop(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct desk_order *o = ARENA_NEW(r->arena, struct desk_order);
    if (!o)
        return err_no_memory(e);
    TRY(desk_order_load(o, r, db, p, http_param(r, "order"), e));
    if (http_wants_json(r))
        return stop_json(r, o, e);
    if (o->stop.standing)
        return desk_stop_show(r, db, p, o, NULL, e);
    r->answer.status = 303; /* it is resolved: on with the order */
    r->answer.location = arena_printf(r->arena, "/orders/%.*s", STR(o->id));
    r->answer.body = S("");
    return OK;
}

enum http_state desk_get_stop(struct http_request *r)
{
    return show(r, "page.stop.title", stop);
}

enum http_state desk_stop_again(struct http_request *r, const struct err *refused)
{
    return show_again(r, "page.stop.title", stop, refused);
}
