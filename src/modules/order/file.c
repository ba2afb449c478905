/* Files of an order: seen by who may see orders at its site, sealed with its patient's key. Parties
 * elsewhere that take part in the order do not see them yet. */
#include "base/id.h"
#include "kernel/file.h"
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
    *may = *may && actor_may(actor, S("order.see"), row.organisation, row.site);
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
        };
    return arena_exhausted(arena) ? err_no_memory(e) : OK;
}

const struct file_rule order_file_rules[ORDER_FILE_RULES] = { { "order", "order.see", see,
                                                                scope } };
