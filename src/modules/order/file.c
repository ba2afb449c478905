/* Files of an order: seen by the parties that see files (flow_share.h), sealed with its patient's
 * key; added by who may at the site that prescribed it. */
#include "base/id.h"
#include "kernel/file.h"
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

static enum outcome scope(struct db *db, struct str id, struct file_scope *out, bool *found,
                          struct arena *arena, struct err *e)
{
    struct order_order_out row;
    TRY(find(db, id, &row, found, arena, e));
    if (*found)
        *out = (struct file_scope){
            .organisation = row.organisation,
            .site = row.site,
            .subject = row.patient,
            .key = arena_printf(arena, "order/%.*s", STR(id)),
            .order = row.order_id,
            .product = row.product,
        };
    return arena_exhausted(arena) ? err_no_memory(e) : OK;
}

const struct file_rule order_file_rules[ORDER_FILE_RULES] = { { "order", "order.see", see,
                                                                scope } };
