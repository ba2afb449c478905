/* Exact quantities: a decimal number as it was entered and a unit of UCUM (the Unified Code for
 * Units of Measure). No binary floating point anywhere: a coefficient of up to 38 digits and a
 * scale. What cannot be computed exactly within that is refused, never rounded in silence.
 * Rounding is half to even, once, where the specification says. */
#ifndef VEIN_BASE_QUANTITY_H
#define VEIN_BASE_QUANTITY_H

#include "base/buf.h"

/* Value = coefficient / 10^scale; 1.10 is {110, 2} and keeps its trailing zero. */
struct decimal {
    __int128 coefficient;
    int scale; /* 0 … DECIMAL_SCALE_MAX; DECIMAL_NONE: no value */
};

enum { DECIMAL_SCALE_MAX = 30, DECIMAL_DIGITS_MAX = 38, DECIMAL_NONE = -1, DECIMAL_TEXT_MAX = 44 };

static inline bool decimal_present(struct decimal d)
{
    return d.scale >= 0;
}
struct decimal decimal_none(void);
struct decimal decimal_of(int64_t v);

/* "-12.50", "0.5", "7", and "2e6", "1.5E-3" as laboratories write them; not ".5", "5.", "+5", "05",
 * blanks, or a decimal comma. Refusals: "quantity.not_a_number", "quantity.grouped" ("1,234", which
 * is two numbers), "quantity.out_of_range". */
enum outcome decimal_read(struct decimal *out, struct str text, struct err *e);
/* Plain notation with all digits of the scale; reading it again gives the same value and scale.
 * Writes nothing when there is no value. */
void decimal_write(struct buf *b, struct decimal d);

/* <0, 0, >0 by value: 1.1 equals 1.10. Never overflows. No value is below every value. */
int decimal_cmp(struct decimal a, struct decimal b);
int decimal_sign(struct decimal d);

/* Exact, or REFUSED "quantity.out_of_range". The scale is that of the longer operand, for products
 * the sum of both; trailing zeros behind the point go where the limits need it. All arithmetic on
 * what is not present is REFUSED "quantity.absent". */
enum outcome decimal_add(struct decimal *out, struct decimal a, struct decimal b, struct err *e);
enum outcome decimal_sub(struct decimal *out, struct decimal a, struct decimal b, struct err *e);
enum outcome decimal_mul(struct decimal *out, struct decimal a, struct decimal b, struct err *e);
/* The product rounded half-even to `scale` decimals. */
enum outcome decimal_mul_round(struct decimal *out, struct decimal a, struct decimal b, int scale,
                               struct err *e);
/* Rounded half-even to `scale` decimals; REFUSED "quantity.division_by_zero". */
enum outcome decimal_div(struct decimal *out, struct decimal a, struct decimal b, int scale,
                         struct err *e);
/* To `scale` decimals, half to even. */
enum outcome decimal_round(struct decimal *out, struct decimal d, int scale, struct err *e);

/* Without trailing zeros behind the point: the form in which equal values have equal text. */
struct decimal decimal_reduce(struct decimal d);

struct quantity {
    struct decimal value;
    struct str unit; /* UCUM code, case sensitive; "1" for a pure number; absent: no quantity */
};

static inline bool quantity_present(struct quantity q)
{
    return q.unit.p != NULL;
}

/* A unit of the shipped table (quantity.def), NULL when it is not in it. Units of one dimension
 * convert by an exact factor; international units, endotoxin units ({EU}: UCUM's [EU] is another
 * thing), cells, copies and titres are each a dimension of their own. Temperatures (Cel) convert to
 * K by their offset. */
struct unit_of_measure {
    const char *code;      /* UCUM: "10*6/mL", "Cel", "[iU]/mL", "%" */
    const char *print;     /* for people: "10⁶/mL", "°C" */
    const char *dimension; /* "volume", "mass", "count", … */
};
const struct unit_of_measure *unit_of_measure_find(struct str code);
/* Row i of the table, NULL behind the last: for help pages and tests. */
const struct unit_of_measure *unit_of_measure_row(size_t i);

/* "12.5 mL": number, one blank, code. Refusals of decimal_read, "quantity.no_unit" and
 * "quantity.unknown_unit" {unit}. The unit read is the table's own text and lives for ever. */
enum outcome quantity_read(struct quantity *out, struct str text, struct err *e);
void quantity_write(struct buf *b, struct quantity q);

/* Exact conversion; REFUSED "quantity.units_differ" {from, to} across dimensions,
 * "quantity.inexact" {from, to} where no finite decimal exists (1 min in h) and
 * "quantity.out_of_range" where one exists but passes 38 digits or 30 decimals. */
enum outcome quantity_convert(struct quantity *out, struct quantity q, struct str unit,
                              struct err *e);
/* <0, 0, >0 in *out, exact in every case: neither side is converted, both are multiplied crosswise.
 * REFUSED "quantity.units_differ" across dimensions. */
enum outcome quantity_cmp(int *out, struct quantity a, struct quantity b, struct err *e);
/* In a's unit, with the refusals of conversion. Cel with K is "quantity.units_differ": nobody can
 * say whether a level or a difference is meant. */
enum outcome quantity_add(struct quantity *out, struct quantity a, struct quantity b,
                          struct err *e);
enum outcome quantity_sub(struct quantity *out, struct quantity a, struct quantity b,
                          struct err *e);

#endif
