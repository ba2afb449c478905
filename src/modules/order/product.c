/* The kind of definition "product": what its shape alone cannot say. */
#include <stdio.h>

#include "modules/order/order_impl.h"

#define RECORDS "modules/order/product.def"
#include "base/record_tables.h"
#undef RECORDS

/* A refusal at one field of an entry of a list: "doses.1.per_kg". */
static enum outcome wrong(struct err *e, const char *code, const char *list, size_t i,
                          const char *field)
{
    char at[80];
    (void)snprintf(at, sizeof at, "%s.%zu.%s", list, i, field);
    return REFUSE(e, code, { "at", str_z(at) });
}

static bool positive(struct decimal d)
{
    return !decimal_present(d) || decimal_sign(d) > 0;
}

/* No value is above none. */
static bool ordered(struct decimal low, struct decimal high)
{
    return !decimal_present(low) || !decimal_present(high) || decimal_cmp(low, high) <= 0;
}

static enum outcome check_dose(const struct product_dose *d, size_t i, struct err *e)
{
    const bool per_kg = decimal_present(d->per_kg);
    if (per_kg == decimal_present(d->total))
        return wrong(e, "order.dose_one_target", "doses", i, per_kg ? "total" : "per_kg");
    const struct decimal target = per_kg ? d->per_kg : d->total;
    const struct decimal low = per_kg ? d->per_kg_min : d->total_min;
    const struct decimal high = per_kg ? d->per_kg_max : d->total_max;
    if (decimal_present(per_kg ? d->total_min : d->per_kg_min) ||
        decimal_present(per_kg ? d->total_max : d->per_kg_max))
        return wrong(e, "order.dose_mixed", "doses", i, per_kg ? "per_kg" : "total");
    if (!positive(target) || !positive(low) || !positive(high) || !positive(d->cap))
        return wrong(e, "order.dose_not_positive", "doses", i, per_kg ? "per_kg" : "total");
    if (!ordered(low, target) || !ordered(target, high))
        return wrong(e, "order.dose_outside", "doses", i, per_kg ? "per_kg" : "total");
    if (!ordered(d->weight_from, d->weight_to))
        return wrong(e, "order.dose_no_weight", "doses", i, "weight_to");
    return OK;
}

static enum outcome check_limit(const struct product_limit *l, size_t i, struct err *e)
{
    if (!decimal_present(l->at_least) && !decimal_present(l->at_most) && !l->is.p)
        return wrong(e, "order.limit_empty", "specification", i, "test");
    if (!ordered(l->at_least, l->at_most))
        return wrong(e, "order.limit_empty", "specification", i, "at_most");
    return OK;
}

/* A row that fits all leaves nothing to those below it, and one for where the product is not
 * permitted fits no order. */
static enum outcome check_way(const struct product *p, size_t i, struct err *e)
{
    const struct product_way *way = &p->ways.p[i];
    if (way->jurisdictions.n == 0 && way->regimes.n == 0)
        return wrong(e, "order.way_for_all", "ways", i, "jurisdictions");
    for (size_t k = 0; k < way->jurisdictions.n; k++)
        if (!str_among(way->jurisdictions.p[k], p->jurisdictions.p, p->jurisdictions.n))
            return wrong(e, "order.way_for_none", "ways", i, "jurisdictions");
    return OK;
}

static bool degrees(struct decimal d)
{
    return !decimal_present(d) || decimal_reduce(d).scale <= 4;
}

/* A range with an end, its alert limits within it, once for each kind. */
static enum outcome check_transport(const struct product *p, size_t i, struct err *e)
{
    const struct product_transport *t = &p->transport.p[i];
    int64_t every;
    for (size_t k = 0; k < i; k++)
        if (str_eq(p->transport.p[k].unit, t->unit))
            return wrong(e, "order.transport_twice", "transport", i, "unit");
    if (!decimal_present(t->low) && !decimal_present(t->high))
        return wrong(e, "order.transport_empty", "transport", i, "high");
    if (!degrees(t->low) || !degrees(t->high) || !degrees(t->alert_low) || !degrees(t->alert_high))
        return wrong(e, "order.transport_degrees", "transport", i, "low");
    if (!ordered(t->low, t->high) || !ordered(t->alert_low, t->alert_high))
        return wrong(e, "order.transport_order", "transport", i, "high");
    if (!ordered(t->low, t->alert_low) || !ordered(t->alert_low, t->high))
        return wrong(e, "order.transport_alert", "transport", i, "alert_low");
    if (!ordered(t->alert_high, t->high) || !ordered(t->low, t->alert_high))
        return wrong(e, "order.transport_alert", "transport", i, "alert_high");
    if (t->every.p && (!clock_duration_read(&every, t->every) || every <= 0))
        return REFUSE(e, "flow.malformed_duration", { "value", t->every },
                      { "at", S("transport") });
    return OK;
}

struct str order_workflow_name(const struct product *p, const struct order_order_out *order)
{
    for (size_t i = 0; i < p->ways.n; i++) {
        const struct product_way *way = &p->ways.p[i];
        if ((way->jurisdictions.n == 0 ||
             str_among(order->jurisdiction, way->jurisdictions.p, way->jurisdictions.n)) &&
            (way->regimes.n == 0 || str_among(order->regime, way->regimes.p, way->regimes.n)))
            return way->workflow;
    }
    return p->workflow;
}

static enum outcome product_check(const struct define_context *context, const void *body,
                                  struct err *e)
{
    (void)context;
    const struct product *product = body;
    TRY(order_coi_pattern_check(product->coi_pattern, e));
    if (product->doses.n == 0)
        return REFUSE(e, "order.dose_none", { "at", S("doses") });
    for (size_t i = 0; i < product->doses.n; i++)
        TRY(check_dose(&product->doses.p[i], i, e));
    for (size_t i = 0; i < product->specification.n; i++)
        TRY(check_limit(&product->specification.p[i], i, e));
    for (size_t i = 0; i < product->ways.n; i++)
        TRY(check_way(product, i, e));
    for (size_t i = 0; i < product->transport.n; i++)
        TRY(check_transport(product, i, e));
    int64_t duration;
    if (product->post_thaw.p && !clock_duration_read(&duration, product->post_thaw))
        return REFUSE(e, "flow.malformed_duration", { "value", product->post_thaw },
                      { "at", S("post_thaw") });
    return OK;
}

const struct define_kind product_kind = {
    .name = "product",
    .shape = &product_record,
    .check = product_check,
    .trial = order_product_trial,
};

enum outcome order_product(struct db *db, const struct order_order_out *order,
                           struct definition *out, struct arena *arena, struct err *e)
{
    bool found;
    TRY(define_find(out, db, S("product"), order->product, order->product_version, 0, arena, &found,
                    e));
    if (!found)
        return err_fault(e, "order.product_gone", "%.*s version %lld", STR(order->product),
                         (long long)order->product_version);
    return OK;
}
