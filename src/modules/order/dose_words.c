/* A planned dose as a pharmacist says it: what is ordered, how it follows from the weight, which
 * row of the product's rule applies, what the maximum did, and what is acceptable. */
#include "kernel/text.h"
#include "modules/order/order.h"

enum { DOSE_TEXT_MAX = 400, CELLS_MAX = 80, DOSE_PARAMS = 9 };

/* "8.6 × 10⁷", 250000 as "2.5 × 10⁵", small numbers as they are. */
static struct str cells(struct decimal d, struct arena *arena)
{
    static const char *const raised[] = { "⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹" };
    char digits[DECIMAL_TEXT_MAX];
    struct buf plain = buf_over(digits, sizeof digits);
    struct buf b = buf_in(arena, CELLS_MAX);
    d = decimal_reduce(d);
    decimal_write(&plain, d);
    const struct str text = buf_get(&plain);
    if (d.scale > 0 || text.n < 6)
        return arena_str(arena, text);
    size_t last = text.n;
    while (last > 1 && text.p[last - 1] == '0')
        last--;
    buf_char(&b, text.p[0]);
    if (last > 1) {
        buf_char(&b, '.');
        buf_put(&b, text.p + 1, last - 1);
    }
    buf_z(&b, "\u00a0×\u00a010");
    if (text.n - 1 >= 10)
        buf_z(&b, raised[(text.n - 1) / 10]);
    buf_z(&b, raised[(text.n - 1) % 10]);
    return buf_get(&b);
}

static struct str number(struct decimal d, struct arena *arena)
{
    struct buf b = buf_in(arena, CELLS_MAX);
    decimal_write(&b, decimal_reduce(d));
    return buf_get(&b);
}

/* The parameters are numbers. */
static struct str say(struct str language, struct arena *arena, const char *key,
                      const struct text_param *params, size_t n)
{
    struct buf b = buf_in(arena, DOSE_TEXT_MAX);
    struct text_param said[DOSE_PARAMS];
    BUG_ON(n > DOSE_PARAMS);
    for (size_t i = 0; i < n; i++)
        said[i] =
            (struct text_param){ params[i].name, text_decimal(arena, language, params[i].value) };
    text_write(&b, language, str_z(key), said, n);
    return buf_get(&b);
}

/* Where one of two limits may be absent: the text's key by which are there. */
static const char *by_limits(struct decimal low, struct decimal high, const char *both,
                             const char *only_low, const char *only_high)
{
    if (decimal_present(low))
        return decimal_present(high) ? both : only_low;
    return decimal_present(high) ? only_high : NULL;
}

void order_dose_say(struct order_dose_words *out, const struct order_dose *dose,
                    struct str language, struct arena *arena)
{
    const struct product_dose *row = dose->row;
    const bool capped = decimal_cmp(dose->uncapped, dose->target) != 0;
    const struct text_param params[DOSE_PARAMS] = {
        { "dose", cells(dose->target, arena) },
        { "weight", number(dose->kg, arena) },
        { "per_kg", decimal_present(row->per_kg) ? cells(row->per_kg, arena) : S("") },
        { "cells", cells(dose->uncapped, arena) },
        { "cap", decimal_present(row->cap) ? cells(row->cap, arena) : S("") },
        { "from", decimal_present(row->weight_from) ? number(row->weight_from, arena) : S("") },
        { "to", decimal_present(row->weight_to) ? number(row->weight_to, arena) : S("") },
        { "min", decimal_present(dose->min) ? cells(dose->min, arena) : S("") },
        { "max", decimal_present(dose->max) ? cells(dose->max, arena) : S("") },
    };
    enum { N = DOSE_PARAMS };
    const char *rule = by_limits(row->weight_from, row->weight_to, "dose.rule_between",
                                 "dose.rule_from", "dose.rule_to");
    const char *range =
        by_limits(dose->min, dose->max, "dose.range", "dose.range_from", "dose.range_to");
    *out = (struct order_dose_words){ .dose = say(language, arena, "dose.dose", params, N) };
    out->lines[out->n++] = say(
        language, arena, decimal_present(row->per_kg) ? "dose.by_weight" : "dose.fixed", params, N);
    out->lines[out->n++] = say(language, arena,
                               rule           ? rule
                               : dose->others ? "dose.rule_else"
                                              : "dose.rule_any",
                               params, N);
    if (decimal_present(row->cap))
        out->lines[out->n++] =
            say(language, arena, capped ? "dose.capped" : "dose.not_capped", params, N);
    if (range)
        out->lines[out->n++] = say(language, arena, range, params, N);
}

void order_dose_of(struct order_dose_words *out, const struct order_order_out *order,
                   const struct product *product, struct str language, struct arena *arena)
{
    struct order_dose dose = { 0 };
    struct err ignored = { 0 };
    if (order_dose_plan(&dose, product, order->weight, arena, &ignored) == OK &&
        decimal_cmp(dose.target, order->dose) == 0)
        order_dose_say(out, &dose, language, arena);
    else
        *out = (struct order_dose_words){ .dose = order->dose_rule };
}
