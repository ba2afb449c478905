/* Files of an order: seen by the parties that see files (flow_share.h), sealed with its patient's
 * key; added by who may at its own site or at a party's. */
#include "base/id.h"
#include "kernel/file.h"
#include "kernel/flow.h"
#include "kernel/flow_share.h"
#include "modules/order/pages.h"

static enum outcome find(struct db *db, struct str id, struct order_order_out *row, bool *found,
                         struct arena *arena, struct err *e)
{
    const struct order_order_in in = { id };
    *found = false;
    return id_valid(id) ? db_get(db, &sql_order_order, &in, row, arena, found, e) : OK;
}

static enum outcome see(struct db *db, const struct actor *actor, struct str id, bool *may,
                        struct arena *arena, struct err *e)
{
    struct order_order_out row;
    TRY(find(db, id, &row, may, arena, e));
    if (!*may)
        return OK;
    struct flow_view v;
    struct flow_sight sight;
    const struct flow_party prescriber = { FLOW_PRESCRIBER, row.organisation, row.site };
    const struct actor *here = actor_for(actor, row.product, TIME_NONE, arena);
    if (!here)
        return err_no_memory(e);
    TRY(flow_read(db, id, &v, arena, e));
    TRY(flow_sight_read(&sight, db, &v, here, &prescriber, e));
    *may = flow_sees(&sight, "file");
    return OK;
}

static enum outcome parties(struct file_scope *out, struct db *db, struct str order,
                            struct arena *arena, struct err *e)
{
    const struct flow_parties_in in = { order };
    struct record_list list;
    TRY(db_list(db, &sql_flow_parties, &in, &list, FLOW_PARTIES_MAX, arena, e));
    const struct flow_parties_out *rows = list.p;
    struct file_place *places = ARENA_ARRAY(arena, list.n + 1, struct file_place);
    if (!places)
        return err_no_memory(e);
    for (size_t i = 0; i < list.n; i++)
        places[i] = (struct file_place){ rows[i].organisation, rows[i].site };
    out->places = places;
    out->nplaces = list.n;
    return OK;
}

static enum outcome scope(struct db *db, struct str id, struct file_scope *out, bool *found,
                          struct arena *arena, struct err *e)
{
    struct order_order_out row;
    TRY(find(db, id, &row, found, arena, e));
    if (!*found)
        return OK;
    *out = (struct file_scope){
        .organisation = row.organisation,
        .site = row.site,
        .subject = row.patient,
        .key = arena_printf(arena, "order/%.*s", STR(id)),
        .order = row.order_id,
        .product = row.product,
    };
    TRY(parties(out, db, id, arena, e));
    return arena_exhausted(arena) ? err_no_memory(e) : OK;
}

const struct file_rule order_file_rules[ORDER_FILE_RULES] = { { "order", "order.see", see,
                                                                scope } };
