/* What of orders and units is found: by identifiers that stand on labels and papers, by who may see
 * the order. Shown as their pages say it. */
#include "modules/desk/desk.h"

enum { PARTIES_MAX = 40 };

/* Where the order belongs: who prescribed it, and all who take part. */
static enum outcome order_scopes(struct search_entry *x, const struct order_order_out *row,
                                 struct err *e)
{
    const struct flow_parties_in in = { row->order_id };
    struct record_list list;
    TRY(db_list(x->db, &sql_flow_parties, &in, &list, PARTIES_MAX, x->arena, e));
    const struct flow_parties_out *party = list.p;
    search_scope(x, row->organisation, row->site);
    for (size_t i = 0; i < list.n; i++)
        search_scope(x, party[i].organisation, party[i].site);
    return OK;
}

static enum outcome order_read(struct search_entry *x, struct str id, struct err *e)
{
    const struct order_order_in in = { id };
    struct order_order_out row;
    bool found;
    TRY(db_get(x->db, &sql_order_order, &in, &row, x->arena, &found, e));
    if (!found || !row.coi.p)
        return OK;
    search_identifier(x, row.coi);
    search_identifier(x, row.pseudonym);
    return order_scopes(x, &row, e);
}

/* By the donation number what was collected is found: all that was made of it has the number too.
 */
static enum outcome donation(struct search_entry *x, const struct identity_unit_out *row,
                             struct err *e)
{
    const struct identity_made_of_in in = { row->order_id, row->unit };
    struct identity_made_of_out parent;
    bool made;
    TRY(db_get(x->db, &sql_identity_made_of, &in, &parent, x->arena, &made, e));
    if (!made)
        search_identifier(x, row->din);
    return OK;
}

static enum outcome unit_read(struct search_entry *x, struct str id, struct err *e)
{
    const struct identity_unit_in in = { id };
    struct identity_unit_out row;
    struct order_order_out order;
    bool found;
    TRY(db_get(x->db, &sql_identity_unit, &in, &row, x->arena, &found, e));
    if (!found)
        return OK;
    const struct order_order_in of = { row.order_id };
    search_identifier(x, row.label);
    TRY(donation(x, &row, e));
    TRY(db_get(x->db, &sql_order_order, &of, &order, x->arena, &found, e));
    return found ? order_scopes(x, &order, e) : OK;
}

/* The order, if the actor may see it. */
static enum outcome seen_order(struct desk_order **out, struct http_request *r, struct db *db,
                               struct page *p, struct str id, bool *may, struct err *e)
{
    struct err refused = { 0 };
    *out = ARENA_NEW(r->arena, struct desk_order);
    *may = false;
    if (!*out)
        return err_no_memory(e);
    const enum outcome o = desk_order_load(*out, r, db, p, id, &refused);
    *may = o == OK;
    if (o == OK || (o == REFUSED && strcmp(refused.code, "gate.unknown") == 0))
        return OK;
    *e = refused;
    return o;
}

/* The present stage; where the order does not simply run, how it stands as well. */
static struct str stage_of(const struct desk_order *o, struct arena *arena)
{
    if (o->nstages == 0 || o->flow.state == FLOW_ENDED)
        return o->word;
    const struct str title = o->stages[o->stage].title;
    if (o->tone == SHOW_OK)
        return title;
    return arena_printf(arena, "%.*s · %.*s", STR(title), STR(o->word));
}

/* What is scanned on the worklist leads to the one task that it can be for. */
static struct str task_of(const struct desk_order *o, const struct http_request *r)
{
    return str_is(http_form(r, "_work"), "1") ? desk_work_task(o, r->arena) : (struct str){ 0 };
}

static enum outcome order_show(struct search_found *out, struct http_request *r, struct db *db,
                               struct page *p, struct str id, bool *may, struct err *e)
{
    struct desk_order *o;
    TRY(seen_order(&o, r, db, p, id, may, e));
    if (!*may)
        return OK;
    out->title = arena_printf(r->arena, "%.*s · %.*s", STR(o->patient.name), STR(o->product));
    out->identifier = o->row.coi;
    out->stage = stage_of(o, r->arena);
    if (o->next_open)
        out->place = auth_site_name(db, o->next_open->site, r->arena);
    out->link = task_of(o, r);
    if (!out->link.p)
        out->link = arena_printf(r->arena, "/orders/%.*s", STR(id));
    return arena_exhausted(r->arena) ? err_no_memory(e) : OK;
}

/* Who holds the unit: the last leg. */
static enum outcome holder(struct str *out, struct db *db, const struct identity_unit_out *unit,
                           struct arena *arena, struct err *e)
{
    const struct desk_holder_in in = { unit->unit };
    struct desk_holder_out row;
    bool found;
    TRY(db_get(db, &sql_desk_holder, &in, &row, arena, &found, e));
    *out = auth_site_name(db, found ? row.site : unit->site, arena);
    return OK;
}

static enum outcome unit_show(struct search_found *out, struct http_request *r, struct db *db,
                              struct page *p, struct str id, bool *may, struct err *e)
{
    const struct identity_unit_in in = { id };
    struct identity_unit_out row;
    struct desk_order *o;
    TRY(db_get(db, &sql_identity_unit, &in, &row, r->arena, may, e));
    if (*may)
        TRY(seen_order(&o, r, db, p, row.order_id, may, e));
    *may = *may && flow_sees_unit(&o->sight, row.kind);
    if (!*may)
        return OK;
    out->title = show_name(p, "unit_kind", row.kind);
    out->identifier =
        row.din.p ? arena_printf(r->arena, "%.*s · %.*s", STR(row.label), STR(row.din)) : row.label;
    out->stage =
        row.ended == TIME_NONE ? stage_of(o, r->arena) : show_name(p, "unit_ended", row.how);
    TRY(holder(&out->place, db, &row, r->arena, e));
    out->link = row.ended == TIME_NONE ? task_of(o, r) : (struct str){ 0 };
    if (!out->link.p)
        out->link = arena_printf(r->arena, "/units/%.*s", STR(id));
    return arena_exhausted(r->arena) ? err_no_memory(e) : OK;
}

/* Of a scan, what names a thing. */
static size_t scan(struct str *out, size_t max, struct str text, struct arena *arena)
{
    struct identity_symbol symbols[IDENTITY_SYMBOLS_MAX];
    const size_t n = identity_symbols_read(symbols, text, arena);
    size_t found = 0;
    for (size_t i = 0; i < n && found < max; i++)
        if (symbols[i].kind == SYMBOL_UNIT || symbols[i].kind == SYMBOL_COI ||
            symbols[i].kind == SYMBOL_DIN || symbols[i].kind == SYMBOL_PATIENT)
            out[found++] = symbols[i].value;
    return found;
}

static const char *const order_when[] = { "order.placed", "flow.started", NULL };
static const char *const unit_when[] = { "unit.made", NULL };

const struct search_rule desk_searches[DESK_SEARCHES] = {
    {
        .name = "order",
        .kind = "order",
        .permission = "order.see",
        .when = order_when,
        .read = order_read,
        .show = order_show,
        .scan = scan,
        .tell = desk_search_tell,
    },
    {
        .name = "unit",
        .kind = "unit",
        .permission = "order.see",
        .page = "unit.see",
        .when = unit_when,
        .read = unit_read,
        .show = unit_show,
    },
};
