/* A unit: what it is, what it was made of, what was made of it, who holds it and held it. */
#include "base/id.h"
#include "gen/desk/pages/unit.html.h"
#include "modules/desk/desk.h"

enum { LEGS_MAX = 200 };

static enum outcome legs(struct desk_unit_view *v, struct db *db, struct page *p, struct err *e)
{
    struct custody_legs_in in = { v->unit.unit };
    struct record_list list;
    struct arena *a = p->b->arena;
    TRY(db_list(db, &sql_custody_legs, &in, &list, LEGS_MAX, a, e));
    struct desk_leg *out = ARENA_ARRAY(a, list.n + 1, struct desk_leg);
    if (!out)
        return err_no_memory(e);
    const struct custody_legs_out *rows = list.p;
    for (size_t i = 0; i < list.n; i++) {
        const struct custody_legs_out *leg = &rows[list.n - 1 - i]; /* the present holder first */
        out[i] = (struct desk_leg){
            .leg = leg,
            .site = auth_site_name(db, leg->site, a),
            .receiver = leg->receiver.p ? show_person(p, db, leg->receiver) : S(""),
        };
    }
    v->legs = out;
    v->nlegs = list.n;
    return OK;
}

static enum outcome unit(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct desk_unit_view *v = ARENA_NEW(r->arena, struct desk_unit_view);
    struct identity_unit_in in = { http_param(r, "unit") };
    struct record_list list;
    bool found = false;
    if (!v)
        return err_no_memory(e);
    if (id_valid(in.unit))
        TRY(db_get(db, &sql_identity_unit, &in, &v->unit, r->arena, &found, e));
    if (!found)
        return REFUSE(e, "gate.unknown", { "kind", S("unit") });
    TRY(desk_order_load(&v->o, r, db, p, v->unit.order_id, e));
    if (http_wants_json(r))
        return show_row(r, sql_identity_unit.out, &v->unit, e);
    struct identity_ancestors_in up = { v->unit.order_id, v->unit.unit };
    struct identity_descendants_in down = { v->unit.order_id, v->unit.unit };
    TRY(db_list(db, &sql_identity_ancestors, &up, &list, DESK_UNITS_MAX, r->arena, e));
    v->parents = list.p;
    v->nparents = list.n;
    TRY(db_list(db, &sql_identity_descendants, &down, &list, DESK_UNITS_MAX, r->arena, e));
    v->children = list.p;
    v->nchildren = list.n;
    TRY(legs(v, db, p, e));
    v->made_by = show_person(p, db, v->unit.made_by);
    v->holder = v->nlegs > 0 ? v->legs[0].site : auth_site_name(db, v->unit.site, r->arena);
    page_unit(p, v);
    return OK;
}

enum http_state desk_get_unit(struct http_request *r)
{
    return show(r, "page.unit.title", unit);
}
