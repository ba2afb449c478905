/* What a release rests upon: the results that were recorded, against the specification of the
 * product's version that the order is pinned to. */
#include <stdio.h>

#include "modules/order/order.h"

static enum outcome release_load(const void **loaded, struct load *l, const struct flow_view *v,
                                 const struct flow_task *task, struct err *e)
{
    if (task->records.n == 0 && !str_is(task->act, "release"))
        return OK;
    struct order_order_in in = { v->order };
    struct order_order_out order;
    struct definition product;
    bool found;
    TRY(load_stream(l, stream_of("order", v->order), NULL, e));
    TRY(db_get(l->db, &sql_order_order, &in, &order, l->arena, &found, e));
    if (!found)
        return load_unknown(l, e);
    TRY(order_product(l->db, &order, &product, l->arena, e));
    *loaded = product.body;
    return OK;
}

/* "at least 70 %", "0.5 to 5 {EU}/mL", "absent". */
static struct str words(const struct product_limit *limit, struct arena *arena)
{
    struct buf b = buf_in(arena, 200);
    buf_str(&b, limit->is);
    if (decimal_present(limit->at_least)) {
        buf_z(&b, decimal_present(limit->at_most) ? "" : "at least ");
        decimal_write(&b, limit->at_least);
    }
    if (decimal_present(limit->at_most)) {
        buf_z(&b, decimal_present(limit->at_least) ? " to " : "at most ");
        decimal_write(&b, limit->at_most);
    }
    if (limit->unit.n > 0 && !limit->is.p) {
        buf_char(&b, ' ');
        buf_str(&b, limit->unit);
    }
    return buf_get(&b);
}

/* A number with another unit than the limit's is converted; one that cannot be is not within. */
static bool number_within(const struct product_limit *limit, struct str value)
{
    struct err ignored = { 0 };
    struct quantity q;
    struct decimal number;
    if (limit->unit.n > 0) {
        if (quantity_read(&q, value, &ignored) != OK ||
            quantity_convert(&q, q, limit->unit, &ignored) != OK)
            return false;
        number = q.value;
    } else {
        struct str rest = value;
        if (decimal_read(&number, str_cut(&rest, ' '), &ignored) != OK)
            return false;
    }
    return (!decimal_present(limit->at_least) || decimal_cmp(number, limit->at_least) >= 0) &&
           (!decimal_present(limit->at_most) || decimal_cmp(number, limit->at_most) <= 0);
}

bool order_within(const struct product_limit *limit, struct str value)
{
    if (limit->is.p && !str_eq(value, limit->is))
        return false;
    bool number = decimal_present(limit->at_least) || decimal_present(limit->at_most);
    return !number || number_within(limit, value);
}

static enum outcome release_may(const struct flow_ruling *r, const void *loaded, struct err *e)
{
    const struct product *product = loaded;
    if (!quality_lets_go(r))
        return OK;
    bool conditional = str_is(flow_rule_entered(r, S("decision")), "conditional");
    for (size_t i = 0; i < product->specification.n; i++) {
        const struct product_limit *limit = &product->specification.p[i];
        struct str value = flow_rule_record(r, limit->test);
        if (!value.p || str_is(value, "pending")) {
            if (limit->may_follow_release && conditional)
                continue;
            return REFUSE(
                e, limit->may_follow_release ? "order.result_pending" : "order.result_missing",
                { "test", limit->title });
        }
        if (!order_within(limit, value))
            return REFUSE(e, "order.out_of_specification", { "test", limit->title },
                          { "value", value }, { "limit", words(limit, r->arena) });
    }
    return OK;
}

const struct flow_rule order_release_rule = {
    .load = release_load,
    .may = release_may,
};
