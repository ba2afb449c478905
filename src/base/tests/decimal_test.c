/* Exact decimals: the grammar of what is entered, golden values of every operation, the laws of
 * arithmetic over numbers drawn by chance (the extremes among them), and each refusal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/quantity.h"

enum { ROUNDS = 20000 };

static struct decimal number(const char *text)
{
    struct err e = { 0 };
    struct decimal d;
    if (decimal_read(&d, str_z(text), &e) != OK)
        fail_msg("%s is refused: %s", text, e.code);
    return d;
}

static void assert_text(struct decimal d, const char *expected)
{
    char storage[DECIMAL_TEXT_MAX + 1] = { 0 };
    struct buf b = buf_over(storage, DECIMAL_TEXT_MAX);
    decimal_write(&b, d);
    assert_true(buf_ok(&b));
    assert_string_equal(storage, expected);
}

static void assert_same(struct decimal a, struct decimal b)
{
    assert_true(a.coefficient == b.coefficient);
    assert_int_equal(a.scale, b.scale);
}

static void assert_refused(enum outcome outcome, const struct err *e, const char *code)
{
    assert_int_equal(outcome, REFUSED);
    assert_string_equal(e->code, code);
}

static uint64_t chance(void)
{
    static uint64_t state = 20260101;
    uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Any number of digits and decimals; each tenth is the largest there is. */
static struct decimal any_number(void)
{
    unsigned digits = 1 + (unsigned)(chance() % DECIMAL_DIGITS_MAX);
    bool largest = chance() % 10 == 0;
    struct decimal d = { .scale = (int)(chance() % (DECIMAL_SCALE_MAX + 1)) };
    if (largest)
        digits = DECIMAL_DIGITS_MAX;
    for (unsigned i = 0; i < digits; i++)
        d.coefficient = d.coefficient * 10 + (largest ? 9 : (int)(chance() % 10));
    if (chance() % 2 == 0)
        d.coefficient = -d.coefficient;
    return d;
}

static void numbers_are_read_as_laboratories_write_them(void **state)
{
    (void)state;
    static const struct {
        const char *text, *written;
    } rows[] = {
        { "7", "7" },
        { "0", "0" },
        { "-0", "0" },
        { "-0.00", "0.00" },
        { "1.10", "1.10" },
        { "-12.50", "-12.50" },
        { "0.5", "0.5" },
        { "2e6", "2000000" },
        { "1.5E-3", "0.0015" },
        { "1.50e+1", "15.0" },
        { "1.5e1", "15" },
        { "0e999999999999999999999999999999999999999999", "0" },
        { "1e37", "10000000000000000000000000000000000000" },
        { "0.000000000000000000000000000001", "0.000000000000000000000000000001" },
        { "0.0000000000000000000000000000000000001e10", "0.000000000000000000000000001" },
        { "-99999999999999999999999999999999999999", "-99999999999999999999999999999999999999" },
        { "12345678.901234567890123456789012345678", "12345678.901234567890123456789012345678" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_text(number(rows[i].text), rows[i].written);
}

static void what_is_no_number_is_refused(void **state)
{
    (void)state;
    static const char *const not_numbers[] = {
        "",   "-",    ".5",    "5.",    "+5",  "05",    "-05", "00",    "1,5", "1 ",
        " 1", "1e",   "1e+",   "1e1.5", "0x1", "1.2.3", "--1", "NaN",   "Inf", "1_000",
        "e5", "1.e5", "1 000", "½",     "٣",   "1f",    "-.5", "1e--5", "1\n",
    };
    for (size_t i = 0; i < sizeof not_numbers / sizeof not_numbers[0]; i++) {
        struct err e = { 0 };
        struct decimal d = decimal_of(42);
        assert_refused(decimal_read(&d, str_z(not_numbers[i]), &e), &e, "quantity.not_a_number");
        assert_same(d, decimal_of(42));
    }
    static const char *const grouped[] = { "1,234", "-12,345", "123,456,789" };
    for (size_t i = 0; i < sizeof grouped / sizeof grouped[0]; i++) {
        struct err two = { 0 };
        struct decimal d = decimal_of(42);
        assert_refused(decimal_read(&d, str_z(grouped[i]), &two), &two, "quantity.grouped");
        assert_same(d, decimal_of(42));
    }
    struct err e = { 0 };
    struct decimal d;
    assert_refused(decimal_read(&d, (struct str){ "1\0002", 3 }, &e), &e, "quantity.not_a_number");
    assert_refused(decimal_read(&d, (struct str){ NULL, 0 }, &e), &e, "quantity.not_a_number");
}

static void what_passes_the_limits_is_refused_not_rounded(void **state)
{
    (void)state;
    static const char *const beyond[] = {
        "100000000000000000000000000000000000000",
        "999999999999999999999999999999999999999",
        "1e38",
        "-1e38",
        "1e-31",
        "0e-31",
        "1e999999999999999999999",
        "1e-999999999999999999999",
        "0.0000000000000000000000000000010",
        "1.00000000000000000000000000000000000000",
        "340282366920938463463374607431768211457",
    };
    for (size_t i = 0; i < sizeof beyond / sizeof beyond[0]; i++) {
        struct err e = { 0 };
        struct decimal d;
        assert_refused(decimal_read(&d, str_z(beyond[i]), &e), &e, "quantity.out_of_range");
    }
}

enum operation { ADD, SUB, MUL, DIV, ROUND, CMP };

static enum outcome operate(struct decimal *out, enum operation operation, struct decimal a,
                            struct decimal b, int scale, struct err *e)
{
    if (operation == ADD)
        return decimal_add(out, a, b, e);
    if (operation == SUB)
        return decimal_sub(out, a, b, e);
    if (operation == MUL)
        return decimal_mul(out, a, b, e);
    if (operation == DIV)
        return decimal_div(out, a, b, scale, e);
    if (operation == ROUND)
        return decimal_round(out, a, scale, e);
    *out = decimal_of(decimal_cmp(a, b));
    return OK;
}

static void operations_give_the_golden_values(void **state)
{
    (void)state;
#define VECTOR(operation, scale, a, b, result) { operation, scale, a, b, result },
    static const struct {
        enum operation operation;
        int scale;
        const char *a, *b, *result;
    } rows[] = {
#include "base/tests/decimal_vectors.def"
    };
#undef VECTOR
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err e = { 0 };
        struct decimal out;
        enum outcome outcome = operate(&out, rows[i].operation, number(rows[i].a),
                                       number(rows[i].b), rows[i].scale, &e);
        if (rows[i].result[0] == '\0') {
            assert_refused(outcome, &e, "quantity.out_of_range");
            continue;
        }
        assert_int_equal(outcome, OK);
        assert_text(out, rows[i].result);
    }
}

static void halves_go_to_the_even_neighbour(void **state)
{
    (void)state;
    static const struct {
        const char *number;
        int scale;
        const char *rounded;
    } rows[] = {
        { "0.5", 0, "0" },
        { "1.5", 0, "2" },
        { "2.5", 0, "2" },
        { "-0.5", 0, "0" },
        { "-1.5", 0, "-2" },
        { "-2.5", 0, "-2" },
        { "2.50001", 0, "3" },
        { "2.49999", 0, "2" },
        { "0.125", 2, "0.12" },
        { "0.135", 2, "0.14" },
        { "99.995", 2, "100.00" },
        { "1.1", 3, "1.100" },
        { "0.0449", 1, "0.0" },
        { "9999999999999999999999999999999999999.5", 0, "10000000000000000000000000000000000000" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err e = { 0 };
        struct decimal out;
        assert_int_equal(decimal_round(&out, number(rows[i].number), rows[i].scale, &e), OK);
        assert_text(out, rows[i].rounded);
    }
}

/* By the definition, not by the method: no further away than half a unit of the last place, and
 * even where it is just that. */
static void products_round_half_even_where_asked(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        int scale;
        const char *product;
    } rows[] = {
        { "0.5", "0.5", 1, "0.2" },
        { "0.5", "0.7", 1, "0.4" },
        { "-0.5", "0.5", 1, "-0.2" },
        { "2", "3", 5, "6" },
        { "0.333333333333333333333333", "0.666666666666666666666667", 24,
          "0.222222222222222222222222" },
        { "99999999999999.999999999999999999999999", "0.00000000000000000000000049", 24,
          "0.000000000049000000000000" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err e = { 0 };
        struct decimal out;
        assert_int_equal(
            decimal_mul_round(&out, number(rows[i].a), number(rows[i].b), rows[i].scale, &e), OK);
        assert_text(out, rows[i].product);
    }
    struct err e = { 0 };
    struct decimal big = number("99999999999999.999999999999999999999999");
    struct decimal out;
    assert_refused(decimal_mul_round(&out, big, big, 24, &e), &e, "quantity.out_of_range");
    assert_refused(decimal_mul_round(&out, big, big, 31, &e), &e, "quantity.out_of_range");
    assert_refused(decimal_mul_round(&out, big, decimal_none(), 2, &e), &e, "quantity.absent");
}

static void rounding_keeps_to_its_definition(void **state)
{
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        struct err e = { 0 };
        struct decimal d = any_number();
        d.coefficient /= 1000; /* leaves room for the differences below */
        int scale = (int)(chance() % (unsigned)(d.scale + 1));
        struct decimal r, away, twice;
        assert_int_equal(decimal_round(&r, d, scale, &e), OK);
        assert_int_equal(r.scale, scale);
        assert_int_equal(decimal_sub(&away, r, d, &e), OK);
        assert_int_equal(decimal_add(&twice, away, away, &e), OK);
        if (twice.coefficient < 0)
            twice.coefficient = -twice.coefficient;
        int half = decimal_cmp(twice, (struct decimal){ 1, scale });
        assert_true(half <= 0);
        if (half == 0)
            assert_true(r.coefficient % 2 == 0);
    }
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        struct err e = { 0 };
        struct decimal d = any_number();
        struct decimal back;
        char storage[DECIMAL_TEXT_MAX];
        struct buf b = buf_over(storage, sizeof storage);
        decimal_write(&b, d);
        assert_true(buf_ok(&b));
        assert_int_equal(decimal_read(&back, buf_get(&b), &e), OK);
        assert_same(back, d);
    }
}

static void sums_products_and_quotients_undo_one_another(void **state)
{
    (void)state;
    int sums = 0, products = 0;
    for (int i = 0; i < ROUNDS; i++) {
        struct err e = { 0 };
        struct decimal a = any_number();
        struct decimal b = any_number();
        struct decimal ab, ba, back;
        if (decimal_add(&ab, a, b, &e) == OK) {
            sums++;
            assert_int_equal(decimal_add(&ba, b, a, &e), OK);
            assert_same(ab, ba);
            assert_int_equal(decimal_sub(&back, ab, b, &e), OK);
            assert_int_equal(decimal_cmp(back, a), 0);
        }
        if (decimal_mul(&ab, a, b, &e) == OK && b.coefficient != 0) {
            products++;
            assert_int_equal(decimal_mul(&ba, b, a, &e), OK);
            assert_same(ab, ba);
            int scale = decimal_reduce(a).scale;
            assert_int_equal(decimal_div(&back, ab, b, scale, &e), OK);
            assert_int_equal(decimal_cmp(back, a), 0);
        }
    }
    assert_true(sums > ROUNDS / 10 && products > ROUNDS / 100);
}

static void comparison_is_an_order(void **state)
{
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        struct decimal a = any_number();
        struct decimal b = chance() % 4 == 0 ? decimal_reduce(a) : any_number();
        struct decimal c = any_number();
        int ab = decimal_cmp(a, b);
        int bc = decimal_cmp(b, c);
        assert_int_equal(ab, -decimal_cmp(b, a));
        assert_int_equal(decimal_cmp(a, a), 0);
        if (ab >= 0 && bc >= 0)
            assert_true(decimal_cmp(a, c) >= 0);
        if (ab == 0)
            assert_same(decimal_reduce(a), decimal_reduce(b));
        assert_int_equal(decimal_cmp(a, decimal_of(0)), decimal_sign(a));
    }
    assert_int_equal(decimal_cmp(number("1.1"), number("1.10")), 0);
    assert_true(decimal_cmp(decimal_none(), number("-99999999999999999999999999999999999999")) < 0);
    assert_int_equal(decimal_cmp(decimal_none(), decimal_none()), 0);
}

static void zeros_give_way_before_a_sum_is_refused(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct decimal most = number("99999999999999999999999999999999999999");
    struct decimal fine = number("0.000000000000000000000000000000");
    struct decimal out;
    assert_int_equal(decimal_add(&out, most, fine, &e), OK);
    assert_same(out, most);
    assert_refused(decimal_add(&out, most, decimal_of(1), &e), &e, "quantity.out_of_range");
    assert_same(out, most);
    assert_int_equal(decimal_sub(&out, most, most, &e), OK);
    assert_text(out, "0");
    assert_refused(decimal_mul(&out, most, decimal_of(2), &e), &e, "quantity.out_of_range");
    struct decimal least = number("0.000000000000000000000000000001");
    assert_refused(decimal_mul(&out, least, number("0.1"), &e), &e, "quantity.out_of_range");
    assert_int_equal(decimal_mul(&out, least, number("10"), &e), OK);
    assert_text(out, "0.000000000000000000000000000010");
    assert_int_equal(decimal_mul(&out, number("2.50"), number("4.0"), &e), OK);
    assert_text(out, "10.000");
}

static void what_cannot_be_computed_is_refused(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct decimal one = decimal_of(1);
    struct decimal out;
    assert_refused(decimal_div(&out, one, number("0.00"), 2, &e), &e, "quantity.division_by_zero");
    assert_refused(decimal_div(&out, one, one, 31, &e), &e, "quantity.out_of_range");
    assert_refused(decimal_div(&out, one, one, -1, &e), &e, "quantity.out_of_range");
    assert_refused(decimal_round(&out, one, 31, &e), &e, "quantity.out_of_range");
    assert_refused(decimal_round(&out, number("123456789"), 30, &e), &e, "quantity.out_of_range");
    assert_refused(decimal_add(&out, one, decimal_none(), &e), &e, "quantity.absent");
    assert_refused(decimal_sub(&out, decimal_none(), one, &e), &e, "quantity.absent");
    assert_refused(decimal_mul(&out, one, decimal_none(), &e), &e, "quantity.absent");
    assert_refused(decimal_div(&out, one, decimal_none(), 0, &e), &e, "quantity.absent");
    assert_refused(decimal_round(&out, decimal_none(), 0, &e), &e, "quantity.absent");
    assert_int_equal(decimal_sign(decimal_none()), 0);
    assert_text(decimal_none(), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_as_laboratories_write_them),
        cmocka_unit_test(what_is_no_number_is_refused),
        cmocka_unit_test(what_passes_the_limits_is_refused_not_rounded),
        cmocka_unit_test(operations_give_the_golden_values),
        cmocka_unit_test(halves_go_to_the_even_neighbour),
        cmocka_unit_test(products_round_half_even_where_asked),
        cmocka_unit_test(rounding_keeps_to_its_definition),
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(sums_products_and_quotients_undo_one_another),
        cmocka_unit_test(comparison_is_an_order),
        cmocka_unit_test(zeros_give_way_before_a_sum_is_refused),
        cmocka_unit_test(what_cannot_be_computed_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
