/* The planned dose of a product for a weight: exact decimals, the first row that fits. */
#include "modules/order/order.h"

static const struct product_dose *dose_row(const struct product *product, struct decimal kg)
{
    for (size_t i = 0; i < product->doses.n; i++) {
        const struct product_dose *row = &product->doses.p[i];
        bool from = !decimal_present(row->weight_from) || decimal_cmp(kg, row->weight_from) >= 0;
        bool to = !decimal_present(row->weight_to) || decimal_cmp(kg, row->weight_to) <= 0;
        if (from && to)
            return row;
    }
    return NULL;
}

/* Cells in total: what is absent stays so. */
static enum outcome dose_total(struct decimal *out, struct decimal total, struct decimal per_kg,
                               struct decimal kg, struct err *e)
{
    *out = total;
    return decimal_present(per_kg) ? decimal_mul(out, per_kg, kg, e) : OK;
}

static struct decimal dose_capped(struct decimal cells, struct decimal cap)
{
    bool over = decimal_present(cap) && decimal_present(cells) && decimal_cmp(cells, cap) > 0;
    return over ? cap : cells;
}

/* As laboratories write it: 8.6e7, 410000 as 4.1e5, 43.5. */
static void write_cells(struct buf *b, struct decimal d)
{
    char digits[DECIMAL_TEXT_MAX];
    struct buf plain = buf_over(digits, sizeof digits);
    d = decimal_reduce(d);
    decimal_write(&plain, d);
    struct str text = buf_get(&plain);
    if (d.scale > 0 || text.n < 6) {
        buf_str(b, text);
        return;
    }
    size_t last = text.n;
    while (last > 1 && text.p[last - 1] == '0')
        last--;
    buf_char(b, text.p[0]);
    if (last > 1) {
        buf_char(b, '.');
        buf_put(b, text.p + 1, last - 1);
    }
    buf_char(b, 'e');
    buf_int(b, (int64_t)text.n - 1);
}

static void write_range(struct buf *b, const struct product_dose *row)
{
    if (decimal_present(row->weight_from)) {
        buf_z(b, "≥ ");
        decimal_write(b, row->weight_from);
        buf_z(b, decimal_present(row->weight_to) ? " kg, " : " kg: ");
    }
    if (decimal_present(row->weight_to)) {
        buf_z(b, "≤ ");
        decimal_write(b, row->weight_to);
        buf_z(b, " kg: ");
    }
}

/* " (8.6e6–2.15e8)", " (≤ 2e8)", " (≥ 1e7)". */
static void write_limits(struct buf *b, const struct order_dose *dose)
{
    const bool min = decimal_present(dose->min), max = decimal_present(dose->max);
    buf_z(b, min && max ? " (" : min ? " (≥ " : " (≤ ");
    if (min)
        write_cells(b, dose->min);
    buf_z(b, min && max ? "–" : "");
    if (max)
        write_cells(b, dose->max);
    buf_char(b, ')');
}

/* "≤ 50 kg: 2e6/kg × 43 kg = 8.6e7 (8.6e6–2.15e8)", "2e6/kg × 120 kg = 2.4e8, ≤ 2e8: 2e8 (≤ 2e8)".
 */
static enum outcome dose_working(struct order_dose *out, const struct product_dose *row,
                                 struct decimal kg, struct decimal uncapped, struct arena *arena,
                                 struct err *e)
{
    struct buf b = buf_in(arena, 300);
    write_range(&b, row);
    if (decimal_present(row->per_kg)) {
        write_cells(&b, row->per_kg);
        buf_z(&b, "/kg × ");
        decimal_write(&b, kg);
        buf_z(&b, " kg = ");
    }
    write_cells(&b, uncapped);
    if (decimal_cmp(uncapped, out->target) != 0) {
        buf_z(&b, ", ≤ ");
        write_cells(&b, row->cap);
        buf_z(&b, ": ");
        write_cells(&b, out->target);
    }
    if (decimal_present(out->min) || decimal_present(out->max))
        write_limits(&b, out);
    out->working = buf_get(&b);
    return buf_check(&b, e);
}

enum outcome order_dose_plan(struct order_dose *out, const struct product *product,
                             struct quantity weight, struct arena *arena, struct err *e)
{
    struct quantity kg;
    TRY(quantity_convert(&kg, weight, S("kg"), e));
    if (decimal_sign(kg.value) <= 0)
        return REFUSE(e, "order.weight_not_positive");
    const struct product_dose *row = dose_row(product, kg.value);
    if (!row) {
        char text[DECIMAL_TEXT_MAX + 8];
        struct buf b = buf_over(text, sizeof text);
        quantity_write(&b, kg);
        return REFUSE(e, "order.no_dose", { "weight", buf_get(&b) });
    }
    struct decimal target;
    TRY(dose_total(&target, row->total, row->per_kg, kg.value, e));
    TRY(dose_total(&out->min, row->total_min, row->per_kg_min, kg.value, e));
    TRY(dose_total(&out->max, row->total_max, row->per_kg_max, kg.value, e));
    if (!decimal_present(out->max))
        out->max = row->cap;
    out->row = row;
    out->others = product->doses.n > 1;
    out->kg = kg.value;
    out->uncapped = target;
    out->target = dose_capped(target, row->cap);
    out->min = dose_capped(out->min, row->cap);
    out->max = dose_capped(out->max, row->cap);
    return dose_working(out, row, kg.value, target, arena, e);
}
