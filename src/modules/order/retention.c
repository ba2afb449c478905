/* How long a patient's data must be kept: duties are data, of the kind "retention"; what they are
 * held against are the patient's orders. */
#include "modules/order/order.h"

#define RECORDS "modules/order/retention.def"
#include "base/record_tables.h"
#undef RECORDS

enum { YEARS_MAX = 200, ORDERS_MAX = 200 };

static const char *const conditions[] = { "order_open", "task_open", "deviation_open",
                                          "material_kept" };
enum { CONDITIONS = sizeof conditions / sizeof conditions[0] };

static bool condition_known(struct str name)
{
    for (size_t i = 0; i < CONDITIONS; i++)
        if (str_is(name, conditions[i]))
            return true;
    return false;
}

static enum outcome retention_check(const struct define_context *context, const void *body,
                                    struct err *e)
{
    const struct retention *r = body;
    (void)context;
    for (size_t i = 0; i < r->duties.n; i++) {
        const struct retention_duty *d = &r->duties.p[i];
        char at[60];
        struct buf b = buf_over(at, sizeof at);
        buf_z(&b, "duties.");
        buf_int(&b, (int64_t)i);
        buf_z(&b, ".name");
        if ((d->years != INT_NONE) == (d->as_long_as.p != NULL))
            return REFUSE(e, "order.duty_one_end", { "at", buf_get(&b) });
        if (d->as_long_as.p && !condition_known(d->as_long_as))
            return REFUSE(e, "order.duty_condition", { "condition", d->as_long_as },
                          { "at", buf_get(&b) });
        if (!d->as_long_as.p && (d->years < 1 || d->years > YEARS_MAX))
            return REFUSE(e, "order.duty_years", { "at", buf_get(&b) });
    }
    return OK;
}

const struct define_kind retention_kind = {
    .name = "retention",
    .shape = &retention_record,
    .check = retention_check,
};

static bool concerns(const struct str *list, size_t n, struct str value)
{
    return n == 0 || str_among(value, list, n);
}

/* The same day so many years later; of 29 February the day after where there is none. */
static int64_t years_later(int64_t us, int64_t years)
{
    char text[CLOCK_TEXT_LENGTH + 1];
    int64_t year = 0, later = us;
    struct buf b = buf_over(text, sizeof text);
    clock_write(&b, us);
    (void)str_to_u63(&year, (struct str){ text, 4 });
    struct buf digits = buf_over(text, 5);
    buf_int(&digits, year + years);
    text[4] = '-';
    if (!clock_read(&later, buf_get(&b))) {
        memcpy(text + 5, "03-01", 5);
        BUG_ON(!clock_read(&later, buf_get(&b)));
    }
    return later;
}

/* Whether the duty runs for this order, and until when. */
static bool runs(const struct retention_duty *d, const struct order_duties_of_patient_out *order,
                 int64_t now_us, int64_t *until)
{
    *until = TIME_NONE;
    if (!concerns(d->jurisdictions.p, d->jurisdictions.n, order->jurisdiction) ||
        !concerns(d->regimes.p, d->regimes.n, order->regime))
        return false;
    if (str_is(d->as_long_as, "order_open"))
        return order->placed != TIME_NONE && order->ended == TIME_NONE;
    if (str_is(d->as_long_as, "task_open"))
        return order->tasks > 0;
    if (str_is(d->as_long_as, "deviation_open"))
        return order->deviations > 0;
    if (str_is(d->as_long_as, "material_kept"))
        return str_is(order->material, "retain");
    if (order->placed == TIME_NONE) /* a prescription of which nothing came */
        return false;
    *until = years_later(order->ended == TIME_NONE ? now_us : order->ended, d->years);
    return now_us < *until;
}

/* Whether any duty says for how many years an order like this one is kept. */
static bool has_years(const struct definition *rules, size_t n,
                      const struct order_duties_of_patient_out *order)
{
    for (size_t k = 0; k < n; k++) {
        const struct retention *r = rules[k].body;
        for (size_t m = 0; m < r->duties.n; m++)
            if (r->duties.p[m].years != INT_NONE &&
                concerns(r->duties.p[m].jurisdictions.p, r->duties.p[m].jurisdictions.n,
                         order->jurisdiction) &&
                concerns(r->duties.p[m].regimes.p, r->duties.p[m].regimes.n, order->regime))
                return true;
    }
    return false;
}

enum outcome order_duties(struct order_duties *out, struct db *db, struct str patient,
                          int64_t now_us, struct arena *arena, struct err *e)
{
    const struct order_duties_of_patient_in in = { patient };
    const struct definition *rules;
    struct record_list list;
    size_t n;
    *out = (struct order_duties){ 0 };
    TRY(define_effective(&rules, &n, db, S("retention"), now_us, arena, e));
    TRY(db_list(db, &sql_order_duties_of_patient, &in, &list, ORDERS_MAX, arena, e));
    const struct order_duties_of_patient_out *orders = list.p;
    out->no_rules = n == 0;
    for (size_t i = 0; i < list.n; i++) {
        if (orders[i].placed != TIME_NONE && !has_years(rules, n, &orders[i]))
            out->unruled = (struct order_unruled){ orders[i].jurisdiction, orders[i].regime };
        for (size_t k = 0; k < n; k++) {
            const struct retention *r = rules[k].body;
            for (size_t m = 0; m < r->duties.n && out->n < ORDER_DUTIES_MAX; m++) {
                int64_t until;
                if (runs(&r->duties.p[m], &orders[i], now_us, &until))
                    out->p[out->n++] = (struct order_duty){ &r->duties.p[m], orders[i].coi, until };
            }
        }
    }
    return OK;
}
