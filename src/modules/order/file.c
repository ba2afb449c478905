/* Files of an order: seen by who may see it, at its own site or as a party of it, and sealed with
 * its patient's key. */
#include "base/id.h"
#include "kernel/file.h"
#include "kernel/flow.h"
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
    const struct flow_right right = { id, "order.see" };
    bool found;
    TRY(find(db, id, &row, &found, arena, e));
    *may = found && actor_may(actor, S("order.see"), row.organisation, row.site);
    return found && !*may ? flow_party_may(may, db, actor, &right, arena, e) : OK;
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
    };
    TRY(parties(out, db, id, arena, e));
    return arena_exhausted(arena) ? err_no_memory(e) : OK;
}

const struct file_rule order_file_rules[ORDER_FILE_RULES] = { { "order", "order.see", see,
                                                                scope } };
