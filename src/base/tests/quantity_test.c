/* Quantities: the table of units is sound, conversion is exact or refused, comparison is exact even
 * where conversion is refused, and what only looks alike never mixes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/quantity.h"

enum { ROUNDS = 20000, TEXT_MAX = 128 };

static struct quantity quantity(const char *text)
{
    struct err e = { 0 };
    struct quantity q;
    if (quantity_read(&q, str_z(text), &e) != OK)
        fail_msg("%s is refused: %s", text, e.code);
    return q;
}

static void assert_text(struct quantity q, const char *expected)
{
    char storage[TEXT_MAX + 1] = { 0 };
    struct buf b = buf_over(storage, TEXT_MAX);
    quantity_write(&b, q);
    assert_true(buf_ok(&b));
    assert_string_equal(storage, expected);
}

static void assert_refused(enum outcome outcome, const struct err *e, const char *code)
{
    assert_int_equal(outcome, REFUSED);
    assert_string_equal(e->code, code);
}

static uint64_t chance(void)
{
    static uint64_t state = 7;
    uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static bool is_code(const char *code)
{
    size_t depth = 0;
    for (const char *c = code; *c != '\0'; c++) {
        if (*c < '!' || *c > '~')
            return false;
        if (*c == '{' || *c == '[')
            depth++;
        if (*c == '}' || *c == ']')
            depth--;
        if (depth > 1)
            return false;
    }
    return depth == 0 && code[0] != '\0';
}

static void each_unit_stands_once_under_a_code_of_ucum(void **state)
{
    (void)state;
    size_t rows = 0;
    const struct unit_of_measure *unit;
    for (; (unit = unit_of_measure_row(rows)) != NULL; rows++) {
        assert_true(is_code(unit->code));
        assert_true(str_utf8_valid(str_z(unit->print)));
        assert_true(unit->dimension[0] != '\0');
        /* The first of that code: a second row would never be found. */
        assert_ptr_equal(unit_of_measure_find(str_z(unit->code)), unit);
    }
    assert_true(rows > 100);
    assert_null(unit_of_measure_row(SIZE_MAX));
    assert_string_equal(unit_of_measure_find(S("10*6/mL"))->print, "10⁶/mL");
    assert_string_equal(unit_of_measure_find(S("Cel"))->print, "°C");
}

static void only_codes_of_the_table_are_found(void **state)
{
    (void)state;
    /* UCUM is case sensitive, and its [EU] is the Ehrlich unit, not one of endotoxin. */
    static const char *const unknown[] = { "",     "ML", "ml", "mL ",  " mL",   "mLL", "cel",
                                           "[EU]", "IU", "C",  "10^6", "10*6/", "µL",  "m[IU]" };
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        assert_null(unit_of_measure_find(str_z(unknown[i])));
    assert_null(unit_of_measure_find((struct str){ NULL, 0 }));
    assert_null(unit_of_measure_find((struct str){ "mL\0", 3 }));
}

static void quantities_are_read_and_written_as_entered(void **state)
{
    (void)state;
    assert_text(quantity("12.50 mL"), "12.50 mL");
    assert_text(quantity("-196 Cel"), "-196 Cel");
    assert_text(quantity("2e6 {cells}/kg"), "2000000 {cells}/kg");
    assert_text(quantity("1.45 {copies}/{transduced_cell}"), "1.45 {copies}/{transduced_cell}");
    assert_text((struct quantity){ 0 }, "");
    static const struct {
        const char *text, *code;
    } rows[] = {
        { "", "quantity.not_a_number" },
        { "mL", "quantity.not_a_number" },
        { " 12 mL", "quantity.not_a_number" },
        { "12mL", "quantity.not_a_number" },
        { "12,5 mL", "quantity.not_a_number" },
        { "12", "quantity.no_unit" },
        { "12 ", "quantity.unknown_unit" },
        { "12  mL", "quantity.unknown_unit" },
        { "12 mL ", "quantity.unknown_unit" },
        { "12 drops", "quantity.unknown_unit" },
        { "12\tmL", "quantity.not_a_number" },
        { "1e38 mL", "quantity.out_of_range" },
        { "0.5 [EU]/mL", "quantity.unknown_unit" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err e = { 0 };
        struct quantity q;
        assert_refused(quantity_read(&q, str_z(rows[i].text), &e), &e, rows[i].code);
    }
}

static void a_refusal_repeats_only_what_can_be_a_code(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct quantity q;
    assert_refused(quantity_read(&q, S("12 drops"), &e), &e, "quantity.unknown_unit");
    assert_true(str_is(err_param(&e, "unit"), "drops"));
    struct err f = { 0 };
    assert_refused(quantity_read(&q, S("12 a b"), &f), &f, "quantity.unknown_unit");
    assert_true(str_is(err_param(&f, "unit"), "?"));
}

static void conversion_is_exact(void **state)
{
    (void)state;
    static const struct {
        const char *from, *unit, *to;
    } rows[] = {
        { "12.50 mL", "L", "0.01250 L" },
        { "0.01250 L", "mL", "12.50 mL" },
        { "1.5 L", "uL", "1500000 uL" },
        { "71.4 kg", "g", "71400 g" },
        { "90 min", "h", "1.5 h" },
        { "14 d", "wk", "2 wk" },
        { "6 s", "min", "0.1 min" },
        { "1 wk", "s", "604800 s" },
        { "0 min", "wk", "0 wk" },
        { "37.0 Cel", "K", "310.15 K" },
        { "310.15 K", "Cel", "37.00 Cel" },
        { "-196 Cel", "K", "77.15 K" },
        { "0 K", "Cel", "-273.15 Cel" },
        { "-1 Cel/min", "K/min", "-1 K/min" },
        { "98.5 %", "1", "0.985 1" },
        { "5.6 10*9", "10*6", "5600 10*6" },
        { "3.2 10*6/mL", "10*9/L", "3.2 10*9/L" },
        { "0.5 10*9/L", "{cells}/uL", "500 {cells}/uL" },
        { "2 10*8/kg", "{cells}/kg", "200000000 {cells}/kg" },
        { "5 ng/mL", "ug/L", "5 ug/L" },
        { "90 mg/dL", "g/L", "0.90 g/L" },
        { "760 mm[Hg]", "kPa", "101.324720 kPa" },
        { "66.661 kPa", "mm[Hg]", "500 mm[Hg]" },
        { "60 mL/h", "mL/min", "1 mL/min" },
        { "1.2 10*8.{TU}/mL", "{TU}/mL", "120000000 {TU}/mL" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err e = { 0 };
        struct quantity out;
        if (quantity_convert(&out, quantity(rows[i].from), str_z(rows[i].unit), &e) != OK)
            fail_msg("%s to %s is refused: %s", rows[i].from, rows[i].unit, e.code);
        assert_text(out, rows[i].to);
    }
}

static void conversion_without_a_finite_decimal_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *from, *unit, *code;
    } rows[] = {
        { "1 min", "h", "quantity.inexact" },
        { "1 d", "wk", "quantity.inexact" },
        { "1 kPa", "mm[Hg]", "quantity.inexact" },
        { "1 mL/min", "/min", "quantity.units_differ" },
        { "99999999999999999999999999999999999999 kg", "ng", "quantity.out_of_range" },
        { "0.000000000000000000000000000001 mL", "L", "quantity.out_of_range" },
        { "99999999999999999999999999999999999999 Cel", "K", "quantity.out_of_range" },
        { "1 mL", "cc", "quantity.unknown_unit" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err e = { 0 };
        struct quantity out = quantity("1 g");
        assert_refused(quantity_convert(&out, quantity(rows[i].from), str_z(rows[i].unit), &e), &e,
                       rows[i].code);
        assert_text(out, "1 g");
    }
}

static void what_only_looks_alike_does_not_mix(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        { "1 {copies}/{cell}", "1 {copies}/{transduced_cell}" },
        { "1 [iU]/mL", "1 {EU}/mL" },
        { "1 10*6", "1 1" },
        { "1 {cells}", "1 {bags}" },
        { "1 10*6/mL", "1 10*6/kg" },
        { "1 mg/kg", "1 mg/m2" },
        { "1 mmol/L", "1 mg/dL" },
        { "1 {TU}/mL", "1 {copies}/mL" },
        { "1 Cel/min", "1 Cel" },
        { "1 kg/m2", "1 g/m2" },
        { "1 [pH]", "1 1" },
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct err e = { 0 };
        struct quantity a = quantity(pairs[i][0]);
        struct quantity b = quantity(pairs[i][1]);
        struct quantity out;
        int order;
        assert_refused(quantity_convert(&out, a, b.unit, &e), &e, "quantity.units_differ");
        assert_true(str_eq(err_param(&e, "from"), a.unit) && str_eq(err_param(&e, "to"), b.unit));
        assert_refused(quantity_cmp(&order, a, b, &e), &e, "quantity.units_differ");
        assert_refused(quantity_add(&out, a, b, &e), &e, "quantity.units_differ");
        assert_refused(quantity_sub(&out, a, b, &e), &e, "quantity.units_differ");
    }
}

static void comparison_needs_no_conversion(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        int order;
    } rows[] = {
        { "1 min", "0.016666666666666666666666666666 h", 1 },
        { "1 min", "0.016666666666666666666666666667 h", -1 },
        { "60 min", "1.000 h", 0 },
        { "1 d", "0.142857142857142857142857142858 wk", -1 },
        { "-1 d", "-0.142857142857142857142857142858 wk", 1 },
        { "1 kPa", "7.50063755419210632903796822729 mm[Hg]", 1 },
        { "1 kPa", "7.50063755419210632903796822730 mm[Hg]", -1 },
        { "-150 Cel", "123.15 K", 0 },
        { "-150.000000000000000000000000000001 Cel", "123.15 K", -1 },
        { "-300 Cel", "0 K", -1 },
        { "0 Cel", "273.15 K", 0 },
        { "8 Cel", "8.0 Cel", 0 },
        { "99999999999999999999999999999999999999 Cel", "1 K", 1 },
        { "-99999999999999999999999999999999999999 Cel", "1 K", -1 },
        { "99999999999999999999999999999999999999 kg", "0.000000000000000000000000000001 pg", 1 },
        { "0.000000000000000000000000000001 pg", "99999999999999999999999999999999999999 kg", -1 },
        { "-99999999999999999999999999999999999999 wk", "-0.000000000000000000000000000001 ms",
          -1 },
        { "0 wk", "0.000000000000000000000000000001 ms", -1 },
        { "0 wk", "0.000 ms", 0 },
        { "70 %", "0.7 1", 0 },
        { "2 10*6/kg", "2000000 {cells}/kg", 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err e = { 0 };
        int order;
        assert_int_equal(quantity_cmp(&order, quantity(rows[i].a), quantity(rows[i].b), &e), OK);
        assert_int_equal(order, rows[i].order);
        assert_int_equal(quantity_cmp(&order, quantity(rows[i].b), quantity(rows[i].a), &e), OK);
        assert_int_equal(order, -rows[i].order);
    }
}

static void sums_are_in_the_unit_of_the_first(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct quantity out;
    assert_int_equal(quantity_add(&out, quantity("1.5 L"), quantity("250 mL"), &e), OK);
    assert_text(out, "1.750 L");
    assert_int_equal(quantity_sub(&out, quantity("250 mL"), quantity("0.3 L"), &e), OK);
    assert_text(out, "-50 mL");
    assert_int_equal(quantity_add(&out, quantity("37.0 Cel"), quantity("0.5 Cel"), &e), OK);
    assert_text(out, "37.5 Cel");
    assert_refused(quantity_add(&out, quantity("37.0 Cel"), quantity("0.5 K"), &e), &e,
                   "quantity.units_differ");
    assert_refused(quantity_add(&out, quantity("1 h"), quantity("1 min"), &e), &e,
                   "quantity.inexact");
    assert_text(out, "37.5 Cel");
    int order;
    struct quantity none = { .value = decimal_none() };
    struct quantity no_value = { .value = decimal_none(), .unit = S("mL") };
    struct quantity strange = { .value = decimal_of(1), .unit = S("drops") };
    struct quantity one = quantity("1 mL");
    assert_refused(quantity_add(&out, one, none, &e), &e, "quantity.absent");
    assert_refused(quantity_sub(&out, no_value, one, &e), &e, "quantity.absent");
    assert_refused(quantity_cmp(&order, none, one, &e), &e, "quantity.absent");
    assert_refused(quantity_convert(&out, none, S("mL"), &e), &e, "quantity.absent");
    assert_refused(quantity_cmp(&order, one, strange, &e), &e, "quantity.unknown_unit");
}

/* Each unit into each: refused only across dimensions or for one of the two reasons, and what is
 * converted equals its source and converts back to it. */
static void conversion_agrees_with_comparison(void **state)
{
    (void)state;
    const struct unit_of_measure *from, *to;
    for (size_t i = 0; (from = unit_of_measure_row(i)) != NULL; i++) {
        for (size_t j = 0; (to = unit_of_measure_row(j)) != NULL; j++) {
            struct err e = { 0 };
            struct quantity out, back;
            int order;
            struct quantity q = { .value = { 3 * (int)(chance() % 1000000), 2 } };
            q.unit = str_z(from->code);
            enum outcome outcome = quantity_convert(&out, q, str_z(to->code), &e);
            if (strcmp(from->dimension, to->dimension) != 0) {
                assert_refused(outcome, &e, "quantity.units_differ");
            } else if (outcome == REFUSED) {
                assert_string_equal(e.code, "quantity.inexact");
            } else {
                assert_int_equal(quantity_cmp(&order, q, out, &e), OK);
                assert_int_equal(order, 0);
                assert_int_equal(quantity_convert(&back, out, q.unit, &e), OK);
                assert_int_equal(decimal_cmp(back.value, q.value), 0);
            }
        }
    }
}

static struct quantity any_of(const char *const *units, size_t count)
{
    struct quantity q = { .unit = str_z(units[chance() % count]) };
    q.value.scale = (int)(chance() % 4);
    unsigned digits = 1 + (unsigned)(chance() % 6);
    for (unsigned i = 0; i < digits; i++)
        q.value.coefficient = q.value.coefficient * 10 + (int)(chance() % 10);
    if (chance() % 2 == 0)
        q.value.coefficient = -q.value.coefficient;
    return q;
}

static int order_of(struct quantity a, struct quantity b)
{
    struct err e = { 0 };
    int order = 99;
    assert_int_equal(quantity_cmp(&order, a, b, &e), OK);
    return order;
}

static void assert_order(const char *const *units, size_t count)
{
    for (int i = 0; i < ROUNDS; i++) {
        struct quantity a = any_of(units, count);
        struct quantity b = any_of(units, count);
        struct quantity c = any_of(units, count);
        assert_int_equal(order_of(a, b), -order_of(b, a));
        assert_int_equal(order_of(a, a), 0);
        if (order_of(a, b) >= 0 && order_of(b, c) >= 0)
            assert_true(order_of(a, c) >= 0);
    }
}

static void comparison_is_an_order_across_units(void **state)
{
    (void)state;
    assert_order((const char *const[]){ "ms", "s", "min", "h", "d", "wk" }, 6);
    assert_order((const char *const[]){ "Cel", "K" }, 2);
    assert_order((const char *const[]){ "mm[Hg]", "kPa", "mbar" }, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_unit_stands_once_under_a_code_of_ucum),
        cmocka_unit_test(only_codes_of_the_table_are_found),
        cmocka_unit_test(quantities_are_read_and_written_as_entered),
        cmocka_unit_test(a_refusal_repeats_only_what_can_be_a_code),
        cmocka_unit_test(conversion_is_exact),
        cmocka_unit_test(conversion_without_a_finite_decimal_is_refused),
        cmocka_unit_test(what_only_looks_alike_does_not_mix),
        cmocka_unit_test(comparison_needs_no_conversion),
        cmocka_unit_test(sums_are_in_the_unit_of_the_first),
        cmocka_unit_test(conversion_agrees_with_comparison),
        cmocka_unit_test(comparison_is_an_order_across_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
