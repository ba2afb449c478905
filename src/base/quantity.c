/* Quantities: the table of units, and conversion and comparison through it. A factor is a fraction
 * times a power of ten, so that every step is one of integers; comparison multiplies crosswise and
 * never divides, and so is exact where conversion has no finite decimal. */
#include "base/quantity.h"

#include "base/decimal_impl.h"

struct unit_row {
    struct unit_of_measure unit;
    size_t length; /* of the code */
    uint32_t numerator;
    uint32_t denominator;
    int power;
    uint32_t offset_centi;
};

#define UNIT_OFFSET(code, print, dimension, numerator, denominator, power, offset)                 \
    { { code, print, dimension }, sizeof code - 1, numerator, denominator, power, offset },
#define UNIT(code, print, dimension, numerator, denominator, power)                                \
    UNIT_OFFSET(code, print, dimension, numerator, denominator, power, 0)
static const struct unit_row rows[] = {
#include "base/quantity.def"
};
#undef UNIT
#undef UNIT_OFFSET

enum { ROWS = sizeof rows / sizeof rows[0], CODE_SHOWN_MAX = 32 };

/* The table stands in the order of its meaning; lengths differ so much that a walk through it
 * compares few codes. */
static const struct unit_row *row_find(struct str code)
{
    if (code.n == 0)
        return NULL;
    for (size_t i = 0; i < ROWS; i++) {
        const char *known = rows[i].unit.code;
        if (rows[i].length == code.n && known[0] == code.p[0] && memcmp(known, code.p, code.n) == 0)
            return &rows[i];
    }
    return NULL;
}

const struct unit_of_measure *unit_of_measure_find(struct str code)
{
    const struct unit_row *row = row_find(code);
    return row != NULL ? &row->unit : NULL;
}

const struct unit_of_measure *unit_of_measure_row(size_t i)
{
    return i < ROWS ? &rows[i].unit : NULL;
}

/* The row of a code, or the refusal. What cannot be a code is not repeated to anyone. */
static enum outcome row_get(const struct unit_row **out, struct str code, struct err *e)
{
    *out = row_find(code);
    if (*out != NULL)
        return OK;
    struct str shown = code.n <= CODE_SHOWN_MAX ? code : S("?");
    for (size_t i = 0; i < shown.n; i++) {
        if (shown.p[i] < '!' || shown.p[i] > '~') {
            shown = S("?");
            break;
        }
    }
    return REFUSE(e, "quantity.unknown_unit", { "unit", shown });
}

static bool same_dimension(const struct unit_row *a, const struct unit_row *b)
{
    return strcmp(a->unit.dimension, b->unit.dimension) == 0;
}

static enum outcome units_differ(const struct unit_row *from, const struct unit_row *to,
                                 struct err *e)
{
    return REFUSE(e, "quantity.units_differ", { "from", str_z(from->unit.code) },
                  { "to", str_z(to->unit.code) });
}

/* The rows of two units of one dimension. */
static enum outcome rows_get(const struct unit_row **from, struct str from_code,
                             const struct unit_row **to, struct str to_code, struct err *e)
{
    TRY(row_get(from, from_code, e));
    TRY(row_get(to, to_code, e));
    if (!same_dimension(*from, *to))
        return units_differ(*from, *to, e);
    return OK;
}

static enum outcome quantity_need(struct quantity q, struct err *e)
{
    if (!quantity_present(q))
        return REFUSE(e, "quantity.absent");
    return decimal_need(q.value, e);
}

enum outcome quantity_read(struct quantity *out, struct str text, struct err *e)
{
    size_t blank = 0;
    while (blank < text.n && text.p[blank] != ' ')
        blank++;
    struct quantity q = { 0 };
    TRY(decimal_read(&q.value, (struct str){ text.p, blank }, e));
    if (blank == text.n)
        return REFUSE(e, "quantity.no_unit");
    const struct unit_row *row;
    TRY(row_get(&row, (struct str){ text.p + blank + 1, text.n - blank - 1 }, e));
    q.unit = str_z(row->unit.code);
    *out = q;
    return OK;
}

void quantity_write(struct buf *b, struct quantity q)
{
    if (!quantity_present(q) || !decimal_present(q.value))
        return;
    decimal_write(b, q.value);
    buf_char(b, ' ');
    buf_str(b, q.unit);
}

static uint64_t greatest_common_divisor(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Takes out of *w and *divisor what they share. */
static void cancel(struct wide *w, uint64_t *divisor)
{
    struct wide quotient = *w;
    uint64_t common = greatest_common_divisor(*divisor, wide_div_u64(&quotient, *divisor));
    BUG_ON(wide_div_u64(w, common) != 0);
    *divisor /= common;
}

/* d times the factor from one unit to another. */
static enum outcome scale_by(struct decimal *out, struct decimal d, const struct unit_row *from,
                             const struct unit_row *to, struct err *e)
{
    struct wide w = wide_of(decimal_magnitude(d));
    BUG_ON(!wide_mul_u64(&w, (uint64_t)from->numerator * to->denominator));
    uint64_t divisor = (uint64_t)from->denominator * to->numerator;
    int scale = d.scale - from->power + to->power;
    cancel(&w, &divisor);
    while (divisor != 1) {
        /* Ten more of it cancels a two or a five; anything else never ends. */
        if (divisor % 2 != 0 && divisor % 5 != 0)
            return REFUSE(e, "quantity.inexact", { "from", str_z(from->unit.code) },
                          { "to", str_z(to->unit.code) });
        if (!wide_mul_u64(&w, 10))
            return REFUSE(e, "quantity.out_of_range");
        scale++;
        cancel(&w, &divisor);
    }
    return decimal_settle(out, d.coefficient < 0, w, scale, e);
}

static struct decimal offset_of(const struct unit_row *row)
{
    struct decimal d = { .coefficient = row->offset_centi, .scale = 2 };
    return decimal_reduce(d);
}

static enum outcome convert(struct decimal *out, struct decimal d, const struct unit_row *from,
                            const struct unit_row *to, struct err *e)
{
    if (from == to) {
        *out = d;
        return OK;
    }
    TRY(scale_by(out, d, from, to, e));
    TRY(decimal_add(out, *out, offset_of(from), e));
    return decimal_sub(out, *out, offset_of(to), e);
}

enum outcome quantity_convert(struct quantity *out, struct quantity q, struct str unit,
                              struct err *e)
{
    const struct unit_row *from;
    const struct unit_row *to;
    TRY(quantity_need(q, e));
    TRY(rows_get(&from, q.unit, &to, unit, e));
    struct quantity result = { .unit = str_z(to->unit.code) };
    TRY(convert(&result.value, q.value, from, to, e));
    *out = result;
    return OK;
}

/* A value with its sign, times 10^power. */
struct product {
    bool negative;
    struct wide magnitude;
    int power;
};

/* d of the unit `own` in the base unit, times both denominators' product: the same for both sides,
 * which makes the fractions integers. */
static struct product crosswise(struct decimal d, const struct unit_row *own,
                                const struct unit_row *other)
{
    struct product p = { .negative = d.coefficient < 0, .power = own->power - d.scale };
    p.magnitude = wide_of(decimal_magnitude(d));
    BUG_ON(!wide_mul_u64(&p.magnitude, (uint64_t)own->numerator * other->denominator));
    if (own->offset_centi == 0)
        return p;
    /* A unit with an offset has factor 1 (the test of the table says so). */
    int scale = d.scale > 2 ? d.scale : 2;
    struct wide offset = wide_of(own->offset_centi);
    BUG_ON(!wide_mul_pow10(&p.magnitude, (unsigned)(scale - d.scale)));
    BUG_ON(!wide_mul_pow10(&offset, (unsigned)(scale - 2)));
    p.power = -scale;
    if (!p.negative) {
        BUG_ON(!wide_add(&p.magnitude, p.magnitude, offset));
    } else if (wide_cmp(p.magnitude, offset) > 0) {
        p.magnitude = wide_sub(p.magnitude, offset);
    } else {
        p.magnitude = wide_sub(offset, p.magnitude);
        p.negative = false;
    }
    return p;
}

static int product_cmp(struct product a, struct product b)
{
    struct wide zero = { 0 };
    int sign_a = wide_cmp(a.magnitude, zero) * (a.negative ? -1 : 1);
    int sign_b = wide_cmp(b.magnitude, zero) * (b.negative ? -1 : 1);
    if (sign_a != sign_b)
        return sign_a < sign_b ? -1 : 1;
    if (sign_a == 0)
        return 0;
    /* The side of the higher power is brought down; where it leaves 256 bits it is the greater,
     * because the other is far below: 127 bits of coefficient and 64 of factor. */
    if (a.power >= b.power) {
        bool fits = wide_mul_pow10(&a.magnitude, (unsigned)(a.power - b.power));
        return fits ? sign_a * wide_cmp(a.magnitude, b.magnitude) : sign_a;
    }
    bool fits = wide_mul_pow10(&b.magnitude, (unsigned)(b.power - a.power));
    return fits ? sign_a * wide_cmp(a.magnitude, b.magnitude) : -sign_a;
}

enum outcome quantity_cmp(int *out, struct quantity a, struct quantity b, struct err *e)
{
    const struct unit_row *row_b;
    const struct unit_row *row_a;
    TRY(quantity_need(a, e));
    TRY(quantity_need(b, e));
    TRY(rows_get(&row_b, b.unit, &row_a, a.unit, e));
    *out = product_cmp(crosswise(a.value, row_a, row_b), crosswise(b.value, row_b, row_a));
    return OK;
}

/* b's value in a's unit, to be added. Between a unit with an offset and another one nobody can say
 * whether a level or a difference is meant. */
static enum outcome addend(struct decimal *out, struct quantity *result, struct quantity a,
                           struct quantity b, struct err *e)
{
    const struct unit_row *from;
    const struct unit_row *to;
    TRY(quantity_need(a, e));
    TRY(quantity_need(b, e));
    TRY(rows_get(&from, b.unit, &to, a.unit, e));
    if (from->offset_centi != to->offset_centi)
        return units_differ(from, to, e);
    result->unit = str_z(to->unit.code);
    return convert(out, b.value, from, to, e);
}

enum outcome quantity_add(struct quantity *out, struct quantity a, struct quantity b, struct err *e)
{
    struct quantity result = { 0 };
    struct decimal other;
    TRY(addend(&other, &result, a, b, e));
    TRY(decimal_add(&result.value, a.value, other, e));
    *out = result;
    return OK;
}

enum outcome quantity_sub(struct quantity *out, struct quantity a, struct quantity b, struct err *e)
{
    struct quantity result = { 0 };
    struct decimal other;
    TRY(addend(&other, &result, a, b, e));
    TRY(decimal_sub(&result.value, a.value, other, e));
    *out = result;
    return OK;
}
