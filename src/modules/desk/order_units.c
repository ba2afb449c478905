/* An order's units: each with what is left of it and who has it; their genealogy as a drawing. */
#include "gen/desk/pages/units.html.h"
#include "modules/desk/order.h"

enum { PARTS_MAX = DRAW_EDGES_MAX };

enum draw_state desk_unit_state(struct str how)
{
    if (how.n == 0)
        return DRAW_OPEN;
    return str_is(how, "given") ? DRAW_DONE : str_is(how, "used_up") ? DRAW_IDLE : DRAW_WARN;
}

enum outcome desk_units_read(const struct identity_units_out **out, size_t *n, struct db *db,
                             const struct desk_order *o, struct arena *a, struct err *e)
{
    const struct identity_units_in in = { o->id };
    struct record_list list;
    TRY(db_list(db, &sql_identity_units, &in, &list, DESK_UNITS_MAX, a, e));
    const struct identity_units_out *rows = list.p;
    struct identity_units_out *seen = ARENA_ARRAY(a, list.n + 1, struct identity_units_out);
    if (!seen)
        return err_no_memory(e);
    *out = seen;
    *n = 0;
    for (size_t i = 0; i < list.n; i++)
        if (flow_sees_unit(&o->sight, rows[i].kind))
            seen[(*n)++] = rows[i];
    return OK;
}

/* --- genealogy --- */

static size_t node_of(const struct desk_units_view *v, struct str unit)
{
    size_t i = 0;
    while (i < v->n && !str_eq(v->rows[i].row->unit, unit))
        i++;
    return i;
}

static struct draw_node node(struct page *p, const struct identity_units_out *u)
{
    struct arena *a = p->b->arena;
    const struct str word = u->ended == TIME_NONE ? text_find(p->language, S("page.unit.live"))
                                                  : show_name(p, "unit_ended", u->how);
    const struct str left = page_quantity(p, u->quantity, a);
    return (struct draw_node){
        .label =
            arena_printf(a, "%.*s %.*s", STR(show_name(p, "unit_kind", u->kind)), STR(u->label)),
        .detail = u->ended == TIME_NONE ? left : word,
        .word = word,
        .href = arena_printf(a, "/units/%.*s", STR(u->unit)),
        .state = desk_unit_state(u->how),
    };
}

/* Of those that are shown; a unit that was made of one that the reader does not see begins here. */
static enum outcome genealogy(struct desk_units_view *v, struct page *p, struct db *db,
                              struct err *e)
{
    const struct identity_parts_in in = { v->o.id };
    struct record_list list;
    struct arena *a = p->b->arena;
    TRY(db_list(db, &sql_identity_parts, &in, &list, PARTS_MAX, a, e));
    const struct identity_parts_out *part = list.p;
    struct draw_node *nodes = ARENA_ARRAY(a, v->n + 1, struct draw_node);
    struct draw_edge *edges = ARENA_ARRAY(a, list.n + 1, struct draw_edge);
    size_t nedges = 0;
    if (!nodes || !edges)
        return err_no_memory(e);
    for (size_t i = 0; i < v->n; i++)
        nodes[i] = node(p, v->rows[i].row);
    for (size_t i = 0; i < list.n; i++) {
        const size_t from = node_of(v, part[i].parent);
        const size_t to = node_of(v, part[i].child);
        if (from < v->n && to < v->n)
            edges[nedges++] =
                (struct draw_edge){ from, to, page_quantity(p, part[i].quantity, a), false };
    }
    const struct draw_graph g = {
        text_find(p->language, S("page.coi.genealogy")), DRAW_DOWN, nodes, v->n, edges, nedges
    };
    return draw_graph(&v->genealogy, &g, a, e);
}

/* --- the list --- */

static int64_t until_of(const struct record_list *bags, struct str unit)
{
    const struct clinic_bags_out *row = bags->p;
    for (size_t i = 0; i < bags->n; i++)
        if (str_eq(row[i].unit, unit) && row[i].finished == TIME_NONE)
            return row[i].until;
    return TIME_NONE;
}

/* Who has it now, or had it last. */
static struct str holder_of(const struct record_list *legs, struct str unit, struct db *db,
                            struct arena *a)
{
    const struct custody_order_legs_out *row = legs->p;
    struct str site = { 0 };
    for (size_t i = 0; i < legs->n; i++)
        if (str_eq(row[i].unit, unit))
            site = row[i].site;
    return site.p ? auth_site_name(db, site, a) : S("");
}

static enum outcome lines(struct desk_units_view *v, const struct identity_units_out *units,
                          size_t n, struct http_request *r, struct db *db, struct err *e)
{
    const struct clinic_bags_in in = { v->o.id };
    struct record_list bags;
    struct record_list legs;
    struct desk_unit_line *rows = ARENA_ARRAY(r->arena, n + 1, struct desk_unit_line);
    if (!rows)
        return err_no_memory(e);
    TRY(db_list(db, &sql_clinic_bags, &in, &bags, DESK_UNITS_MAX, r->arena, e));
    TRY(desk_legs_read(&legs, db, &v->o, r->arena, e));
    for (size_t i = 0; i < n; i++)
        rows[i] = (struct desk_unit_line){
            .row = &units[i],
            .holder = holder_of(&legs, units[i].unit, db, r->arena),
            .until = units[i].ended == TIME_NONE ? until_of(&bags, units[i].unit) : TIME_NONE,
        };
    v->rows = rows;
    v->n = n;
    return OK;
}

static enum outcome units(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct desk_units_view *v = ARENA_NEW(r->arena, struct desk_units_view);
    const struct identity_units_out *seen;
    size_t n;
    if (!v)
        return err_no_memory(e);
    TRY(desk_order_load(&v->o, r, db, p, http_param(r, "order"), e));
    TRY(desk_units_read(&seen, &n, db, &v->o, r->arena, e));
    if (http_wants_json(r))
        return show_rows(r, sql_identity_units.out, seen, n, (struct str){ 0 }, e);
    TRY(desk_order_head(&v->head, r, db, p, &v->o, "/units", e));
    TRY(lines(v, seen, n, r, db, e));
    if (n > 1)
        TRY(genealogy(v, p, db, e));
    page_units(p, v);
    return OK;
}

enum http_state desk_get_units(struct http_request *r)
{
    return show(r, "page.order.units", units);
}
