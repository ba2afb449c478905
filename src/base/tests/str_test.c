/* Strings: absent and empty text, cutting, strict numbers, and UTF-8 at its edges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/str.h"

#define ABSENT ((struct str){ 0 })

static void assert_str(struct str got, const char *want)
{
    assert_non_null(got.p);
    assert_int_equal(got.n, strlen(want));
    assert_memory_equal(got.p, want, got.n);
}

static void absent_and_empty_text_are_safe_everywhere(void **state)
{
    (void)state;
    assert_true(str_eq(ABSENT, S("")));
    assert_int_equal(str_cmp(ABSENT, S("")), 0);
    assert_int_equal(str_find(ABSENT, 'x'), 0);
    assert_null(str_from(ABSENT, 3).p);
    assert_null(str_trim(ABSENT).p);
    assert_true(str_starts(S("a"), ABSENT));
    assert_true(str_ends(ABSENT, S("")));
    assert_false(str_ends(ABSENT, S("a")));
    assert_true(str_utf8_valid(ABSENT));
    struct str rest = ABSENT;
    assert_null(str_cut(&rest, ',').p);
}

static void order_is_by_unsigned_byte_then_length(void **state)
{
    (void)state;
    assert_true(str_cmp(S("a"), S("\xC3\xA4")) < 0);
    assert_true(str_cmp(S("ab"), S("a")) > 0);
    assert_true(str_cmp(S("a\0a"), S("a\0b")) < 0);
    assert_true(str_cmp(S("Z"), S("a")) < 0);
}

static void cutting_walks_a_list_to_its_end(void **state)
{
    (void)state;
    struct str rest = S("a,,b,");
    assert_str(str_cut(&rest, ','), "a");
    assert_str(str_cut(&rest, ','), "");
    assert_str(str_cut(&rest, ','), "b");
    assert_non_null(rest.p); /* something stands behind the last comma: empty text */
    assert_str(str_cut(&rest, ','), "");
    assert_null(rest.p);
}

static void trims_blanks_and_nothing_else(void **state)
{
    (void)state;
    assert_str(str_trim(S(" \t\r\n a b \n")), "a b");
    assert_str(str_trim(S(" \n")), "");
    assert_str(str_trim(S("\va\f")), "\va\f");
    assert_true(str_starts(S("unit.receive"), S("unit.")));
    assert_false(str_starts(S("unit"), S("unit.")));
    assert_true(str_ends(S("page.html"), S(".html")));
}

static void numbers_are_strict(void **state)
{
    (void)state;
    int64_t v = -1;
    assert_true(str_to_u63(&v, S("0")) && v == 0);
    assert_true(str_to_u63(&v, S("999999999999999999")) && v == 999999999999999999);
    static const char *const bad[] = {
        "", "00", "01", "+1", "-1", " 1", "1 ", "1.0", "1e3", "0x1", "1000000000000000000"
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(str_to_u63(&v, str_z(bad[i])));
    assert_false(str_to_u63(&v, S("1\0")));
}

static void hexadecimal_digits_are_those_alone(void **state)
{
    (void)state;
    static const char digits[] = "0123456789abcdefABCDEF";
    int found = 0;
    for (int i = 0; i < 22; i++)
        assert_int_equal(str_hex_digit(digits[i]), i < 16 ? i : i - 6);
    for (int c = -128; c < 128; c++)
        found += str_hex_digit((char)c) >= 0;
    assert_int_equal(found, 22);
}

static void utf8_first_and_last_of_each_length(void **state)
{
    (void)state;
    static const char *const good[] = {
        "\x7F",
        "\xC2\x80",
        "\xDF\xBF",
        "\xE0\xA0\x80",
        "\xED\x9F\xBF",
        "\xEE\x80\x80",
        "\xEF\xBF\xBD",
        "\xEF\xBF\xBF",
        "\xEF\xBB\xBF",
        "\xF0\x90\x80\x80",
        "\xF4\x8F\xBF\xBF",
        "\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(str_utf8_valid(str_z(good[i])));
    assert_true(str_utf8_valid(S("a\0b"))); /* NUL is a character */
}

static void utf8_ill_formed_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\x80",
        "\xBF",
        "a\x80z", /* continuation alone */
        "\xC3",
        "\xE1\x80",
        "\xF1\x80\x80",
        "\xC3 ", /* cut short */
        "\xC0\xAF",
        "\xC1\xBF",
        "\xE0\x80\xAF",
        "\xE0\x9F\xBF",
        "\xF0\x80\x80\xAF",
        "\xF0\x8F\xBF\xBF",
        "\xC0\x80", /* overlong */
        "\xED\xA0\x80",
        "\xED\xAD\xBF",
        "\xED\xBF\xBF",             /* surrogates */
        "\xED\xA0\x80\xED\xB0\x80", /* and a pair of them */
        "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80",
        "\xF8\x88\x80\x80\x80",
        "\xFE",
        "\xFF",
        "\xE1\x80\xC0",
        "\xF1\x80\xC0\x80",
        "\xF1\x80\x80\xC0",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(str_utf8_valid(str_z(bad[i])));
    assert_false(str_utf8_valid((struct str){ "\xE2\x82\xAC", 2 })); /* the end is the length's */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absent_and_empty_text_are_safe_everywhere),
        cmocka_unit_test(order_is_by_unsigned_byte_then_length),
        cmocka_unit_test(cutting_walks_a_list_to_its_end),
        cmocka_unit_test(trims_blanks_and_nothing_else),
        cmocka_unit_test(numbers_are_strict),
        cmocka_unit_test(hexadecimal_digits_are_those_alone),
        cmocka_unit_test(utf8_first_and_last_of_each_length),
        cmocka_unit_test(utf8_ill_formed_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
