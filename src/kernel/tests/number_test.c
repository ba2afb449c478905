/* Numbers with a decimal comma: read as their page asked for them, never as another number, and
 * shown again as they were typed. partial: OPS-04 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/number.h"
#include "kernel/tests/form_fixture.h"

static struct page page_in(const char *language, struct buf *b)
{
    *b = buf_in(form_arena, 200000);
    return (struct page){ .b = b, .language = str_z(language) };
}

static const char *typed(const char *text)
{
    return arena_str(form_arena, number_typed(str_z(text), form_arena)).p;
}

static void a_comma_stands_before_decimals(void **state)
{
    static const char *const same[][2] = {
        { "12,5", "12.5" },         { "-0,25 mL", "-0.25 mL" },
        { "1,234", "1.234" },       { "1,5e6 10*6/mL", "1.5e6 10*6/mL" },
        { "1234,567", "1234.567" }, { "7", "7" },
        { "12.5", "12.5" }, /* a point that parts no thousands is what it was */
        { "0.125 mL", "0.125 mL" }, { "1234.567", "1234.567" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        assert_string_equal(typed(same[i][0]), same[i][1]);
}

/* What is or is not a number; and in German it stands again as it was typed. */
static void what_may_be_two_numbers_is_none(void **state)
{
    static const struct {
        const char *typed;
        const char *code;
    } refused[] = {
        { "1.234", "quantity.grouped" },          { "-12.345", "quantity.grouped" },
        { "123.456.789", "quantity.grouped" },    { "1.500 mL", "quantity.grouped" },
        { "1.234,5", "quantity.not_a_number" },   { "1,234.5", "quantity.not_a_number" },
        { "1,234,567", "quantity.not_a_number" }, { "1.2.3", "quantity.not_a_number" },
        { "1.500e3", "quantity.not_a_number" },   { "zwölf", "quantity.not_a_number" },
    };
    struct buf b;
    struct page de = page_in("de", &b);
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct err e = { 0 };
        struct decimal d;
        struct str number = number_typed(str_z(refused[i].typed), form_arena);
        const struct str put = number;
        number.n = str_find(number, ' ');
        assert_int_equal(decimal_read(&d, number, &e), REFUSED);
        assert_string_equal(e.code, refused[i].code);
        assert_string_equal(arena_str(form_arena, number_shown(&de, put)).p, refused[i].typed);
    }
}

static void only_where_its_page_asked_for_a_comma(void **state)
{
    static const struct record_pair pairs[] = {
        { S("volume"), S("12,5 mL") },
        { S("note"), S("a,b. 1,5") },
        { S("_comma"), S("volume weight") },
        { S("weight"), S("70,25") },
        { S("other"), S("3,5") },
        { S("_comma"), S("dose.2") },
        { S("dose.2"), S("1,5") },
        { S("dose"), S("1,5") },
    };
    static const char *const want[][2] = {
        { "volume", "12.5 mL" }, { "note", "a,b. 1,5" }, { "weight", "70.25" },
        { "other", "3,5" },      { "dose.2", "1.5" },    { "dose", "1,5" },
    };
    struct http_request r = { .arena = form_arena,
                              .form = pairs,
                              .nform = sizeof pairs / sizeof pairs[0] };
    struct err e = { 0 };
    (void)state;
    for (int times = 0; times < 2; times++) { /* once, however often */
        assert_int_equal(number_read_form(&r, &e), OK);
        assert_int_equal(r.nform, sizeof want / sizeof want[0]);
        for (size_t i = 0; i < r.nform; i++) {
            assert_true(str_is(r.form[i].name, want[i][0]));
            assert_true(str_is(r.form[i].value, want[i][1]));
        }
    }
}

static const char *rendered(const char *language, const struct definition *d, const char *volume,
                            const char *weight)
{
    const struct record_pair pairs[] = { { S("volume"), str_z(volume) },
                                         { S("weight"), str_z(weight) } };
    const struct form_filling in = { .form = d, .inputs = pairs, .ninputs = 2 };
    struct form_filled f;
    struct err e = { 0 };
    struct buf b;
    struct page p = page_in(language, &b);
    (void)!form_fill(&f, &in, form_arena, &e);
    form_render(&p, &in, f.problems, f.nproblems, form_arena);
    assert_true(buf_ok(&b));
    return arena_str(form_arena, buf_get(&b)).p;
}

static void a_form_shows_and_asks_for_a_comma(void **state)
{
    struct definition d = form_definition(form_infusion);
    (void)state;
    const char *de = rendered("de", &d, "12.5", "0.5");
    assert_non_null(strstr(de, "name=\"volume\" value=\"12,5\""));
    assert_non_null(strstr(de, "name=\"weight\" value=\"0,5\""));
    assert_non_null(strstr(de, "<input type=\"hidden\" name=\"_comma\" value=\"weight volume"));
    const char *en = rendered("en", &d, "12.5", "0.5");
    assert_non_null(strstr(en, "name=\"volume\" value=\"12.5\""));
    assert_null(strstr(en, "_comma"));
    de = rendered("de", &d, "1,234", "70"); /* typed as 1.234 */
    assert_non_null(strstr(de, "name=\"volume\" value=\"1.234\""));
    assert_non_null(strstr(de, "Tausender ohne Zeichen"));
}

static void numbers_among_words(void **state)
{
    struct buf b;
    struct page de = page_in("de", &b);
    (void)state;
    assert_true(
        str_is(number_words(&de, S("1.5 mL; 2.25 mL and v1.2")), "1,5 mL; 2,25 mL and v1.2"));
    struct page en = page_in("en", &b);
    assert_true(str_is(number_words(&en, S("1.5 mL")), "1.5 mL"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_comma_stands_before_decimals),
        cmocka_unit_test(what_may_be_two_numbers_is_none),
        cmocka_unit_test(only_where_its_page_asked_for_a_comma),
        cmocka_unit_test(a_form_shows_and_asks_for_a_comma),
        cmocka_unit_test(numbers_among_words),
    };
    return cmocka_run_group_tests(tests, form_arena_open, form_arena_close);
}
