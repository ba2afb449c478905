/* Formulas: exact results, what absence does, and what the sandbox keeps out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/test.h"
#include "kernel/formula.h"

static const struct formula_value inputs[] = {
    { .name = "tnc", .kind = FORMULA_NUMBER, .number = { 2345000000, 0 } },
    { .name = "cd3", .kind = FORMULA_NUMBER, .number = { 425, 1 } },
    { .name = "viability", .kind = FORMULA_NUMBER, .number = { 800, 1 } },
    { .name = "zero", .kind = FORMULA_NUMBER, .number = { 0, 0 } },
    { .name = "missing", .kind = FORMULA_ABSENT },
    { .name = "site", .kind = FORMULA_TEXT, .text = { "left", 4 } },
    { .name = "thawed", .kind = FORMULA_BOOL, .truth = true },
};
enum { INPUTS = sizeof inputs / sizeof inputs[0] };

/* The result as text; a refusal as "!code line"; absence as "nil". */
static const char *of(struct str source)
{
    static char text[FORMULA_TEXT_MAX + 1];
    struct buf b = buf_over(text, sizeof text - 1);
    struct arena *a = arena_new(1 << 20);
    struct formula_value v;
    struct err e = { 0 };
    enum outcome outcome = formula_run(&v, source, inputs, INPUTS, a, &e);
    if (outcome != OK)
        buf_printf(&b, "!%s %.*s", e.code, STR(err_param(&e, "line")));
    else if (v.kind == FORMULA_NUMBER)
        decimal_write(&b, v.number);
    else if (v.kind == FORMULA_TEXT)
        buf_str(&b, v.text);
    else
        buf_z(&b, v.kind == FORMULA_ABSENT ? "nil" : v.truth ? "true" : "false");
    text[b.n] = '\0';
    arena_free(a);
    return text;
}

#define IS(source, expected) assert_string_equal(of(S(source)), expected)

/* partial: MES-03 */
static void computes_exactly(void **state)
{
    (void)state;
    IS("tnc * cd3 / 100", "996625000");
    IS("decimal '0.1' + decimal '0.2'", "0.3");
    IS("decimal '0.1' + decimal '0.2' == decimal('0.30')", "true");
    IS("9007199254740993 + 0", "9007199254740993");
    IS("9223372036854775807 + 1", "9223372036854775808");
    IS("99999999999999999999999999999999999999 + 1", "!quantity.out_of_range 1");
    IS("1 / 3", "0.333333333333333333333333");
    IS("1 / 3 * (2 / 3)", "0.222222222222222222222222");
    IS("7 - 2 * 3 - -4", "5");
    IS("-(3)", "-3");
    IS("-3 - 2", "-5");
    IS("abs(-3) + abs(3)", "6");
    IS("min(3, 1, 2) .. ' to ' .. max(1, 3, 2)", "1 to 3");
    IS("round(decimal '2.5', 0) .. round(decimal '3.5', 0)", "24");
    IS("round(decimal '-0.125', 2)", "-0.12");
    IS("round(1 / 3, 30)", "0.333333333333333333333333000000");
}

static void compares_by_value(void **state)
{
    (void)state;
    IS("viability >= 80", "true");
    IS("80 <= viability and not (viability > 80)", "true");
    IS("viability == 80", "true");
    IS("viability ~= 80", "false");
    IS("10 > 9", "true");
    IS("zero == 0 and -zero == 0", "true");
    IS("site == 'left' and thawed", "true");
    IS("site == 80", "false");
}

static void statements_return(void **state)
{
    (void)state;
    IS("local a, b = 2, 3\nreturn a * b", "6");
    IS("if viability < 70 then return 'low' elseif thawed then return 'thawed' else return 1 end",
       "thawed");
    IS("local n, s = 0, 0 -- sum\nrepeat local d = n * n n = n + 1 s = s + d until d >= 100\n"
       "return s",
       "385");
    IS("local function f(n) if n <= 1 then return 1 end return n * f(n - 1) end return f(20)",
       "2432902008176640000");
    IS("local n = 0 while true do n = n + 1 if n == 5 then break end end return n", "5");
    IS("local f = function(a) return a .. '!' end return f(\"a\\\"\\n\")", "a\"\n!");
    IS("return", "nil");
}

static void absence_absorbs(void **state)
{
    (void)state;
    IS("missing", "nil");
    IS("missing + 1", "nil");
    IS("2 * (1 - missing) / 0", "nil");
    IS("-missing", "nil");
    IS("'x' .. missing", "nil");
    IS("round(missing, 2)", "nil");
    IS("max(1, missing)", "nil");
    IS("abs(missing)", "nil");
    IS("decimal(missing)", "nil");
    IS("missing >= 80", "nil");
    IS("if 80 > missing then return 'pass' else return 'fail' end", "nil");
    IS("missing == nil", "true");
    IS("tnc == nil", "false");
    IS("missing or 7", "7");
}

static void wrong_types_are_refused_with_line(void **state)
{
    (void)state;
    IS("1 / zero", "!quantity.division_by_zero 1");
    IS("local a = 1\nreturn a / zero", "!quantity.division_by_zero 2");
    IS("1 + site", "!formula.wrong_type 1");
    IS("site + site", "!formula.wrong_type 1");
    IS("'10' + 1", "!formula.wrong_type 1");
    IS("'10' * '2'", "!formula.wrong_type 1");
    IS("\n\nthawed + 1", "!formula.wrong_type 3");
    IS("site < 1", "!formula.wrong_type 1");
    IS("'a' .. thawed", "!formula.wrong_type 1");
    IS("tnc()", "!formula.wrong_type 1");
    IS("missing()", "!formula.wrong_type 1");
    IS("round(1)", "!formula.wrong_type 1");
    IS("round(1, 31)", "!quantity.out_of_range 1");
    IS("round(1, decimal '0.5')", "!quantity.out_of_range 1");
    IS("decimal(site)", "!quantity.not_a_number 1");
    IS("min()", "!formula.wrong_type 1");
    IS("abs", "!formula.wrong_type ");
}

static void refuses_when_compiled(void **state)
{
    (void)state;
    IS("", "!formula.syntax 1");
    IS("\n-- nothing", "!formula.syntax 2");
    IS("tnc +", "!formula.syntax 1");
    IS("1 +\n+ 2", "!formula.syntax 2");
    IS("1) x = (2", "!formula.unknown 1");
    IS("local a = 1\nreturn a +* 2", "!formula.syntax 2");
    IS("0.5", "!formula.fraction 1");
    IS("tnc *\n .5", "!formula.fraction 2");
    IS("1e3", "!formula.fraction 1");
    IS("0x10", "!formula.fraction 1");
    IS("0x.8p1", "!formula.fraction 1");
    IS("007", "!formula.fraction 1");
    IS("1..2", "!formula.fraction 1");
    IS("decimal '1,5'", "!quantity.not_a_number 1");
    IS("decimal(\"\")", "!quantity.not_a_number 1");
    IS("999999999999999999999999999999999999999", "!quantity.out_of_range 1");
    IS("tnc *\n viabilty", "!formula.unknown 2");
    IS("do local x = 1 end return x", "!formula.unknown 1");
    IS("local function f(a) return a end return a", "!formula.unknown 1");
    IS("local x = x return x", "!formula.unknown 1");
    IS("tnc = 1 return tnc", "!formula.syntax 1");
    IS("tnc, cd3 = 1, 2 return tnc", "!formula.syntax 1");
    IS("local a a, tnc, a = 1, 2, 3 return a", "!formula.wrong_type 1");
    IS("function f() return 1 end return f()", "!formula.syntax 1");
    IS("local x <const> = 1 return x", "!formula.unknown 1");
    IS("local _1 = 2 return 1", "!formula.syntax 1");
    IS("_1", "!formula.unknown 1");
}

/* What Lua offers and a formula must not reach. */
static void sandbox_offers_nothing_else(void **state)
{
    (void)state;
    static const char *const unknown[] = {
        "_ENV",        "_G",       "print(1)",   "load('1')",      "pairs(site)",
        "pcall(min)",  "error(1)", "require(1)", "setmetatable()", "getmetatable(site)",
        "string",      "table",    "debug",      "coroutine",      "os",
        "io",          "math",     "next",       "select",         "tostring(1)",
        "tonumber(1)", "rawget",   "type(1)",    "collectgarbage", "dofile('x')",
    };
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        assert_string_equal(of(str_z(unknown[i])), "!formula.unknown 1");
    static const char *const syntax[] = {
        "('x'):dump()",
        "('x'):rep(1000000)",
        "site.len",
        "site['len']",
        "{}",
        "#site",
        "#'abc' / #'ab'",
        "[[x]]",
        "[==[x]==]",
        "--[[x]] 1",
        "goto a ::a::",
        "::a:: return 1",
        "return ...",
        "7 // 2",
        "7 % 2",
        "2 ^ 3",
        "1 & 1",
        "1 | 1",
        "1 << 60",
        "~1",
        "'\\x41'",
        "'\\065'",
        "'\\z  a'",
        "'\\u{41}'",
        "'a\nb'",
        "'a",
        "for i = 1, 2 do end return 1",
        "return function(...) return 1 end",
        "1 \x01",
        "1; \xff",
        "1\r+ 1",
        "\x1bLua",
        "local function _f() end return 1",
    };
    for (size_t i = 0; i < sizeof syntax / sizeof syntax[0]; i++) {
        struct err e = { 0 };
        assert_int_equal(
            formula_check(str_z(syntax[i]), (const char *const[]){ "site" }, 1, NULL, &e), REFUSED);
        assert_string_equal(e.code, "formula.syntax");
        assert_true(err_param(&e, "line").n > 0);
    }
}

static double seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

/* Each would run for ever, or take all memory. */
static void budget_ends_all(void **state)
{
    (void)state;
    static const char *const bombs[] = {
        "while true do end return 1",
        "repeat until false return 1",
        "local function f() return f() end return f()",
        "local function f() return 1 + f() end return f()",
        "local function f(n) return f(n .. 'x') end return f('x')",
        "local s = 'xxxxxxxxxxxxxxxx' while true do s = s .. s end return s",
        "local s = 'xxxxxxxxxxxxxxxx' while true do s = s .. 1 end return s",
        "local n = 1 while true do n = n / 3 + 1 end return n",
        "local n = decimal '1.1' while true do local m = n * n / 7 end return n",
        "local function g() local function f() return g end return f() end "
        "while true do g() end return 1",
        "local a = 1 while true do local b = min(a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a) end "
        "return 1",
        "local f = function() return 1 end while true do local g = f f = function() return g() end "
        "end return 1",
    };
    for (size_t i = 0; i < sizeof bombs / sizeof bombs[0]; i++) {
        double from = seconds();
        const char *got = of(str_z(bombs[i]));
        assert_int_equal(strncmp(got, "!formula.budget", 15), 0);
        double took = seconds() - from;
        if (took > 1)
            fail_msg("%s took %.1f s", bombs[i], took);
    }
    struct str longest = S("local s = 'xxxxxxxxxxxxxxxxxxxx' s = s..s..s..s..s s = s..s..s..s..s "
                           "s = s..s return s..s..s..s");
    assert_int_equal(strlen(of(longest)), 4000);
}

static void long_sources_are_refused(void **state)
{
    (void)state;
    static char source[3 * FORMULA_SOURCE_MAX];
    memset(source, ' ', sizeof source);
    source[0] = '1';
    assert_string_equal(of((struct str){ source, FORMULA_SOURCE_MAX }), "1");
    assert_string_equal(of((struct str){ source, FORMULA_SOURCE_MAX + 1 }), "!formula.too_long ");
    memset(source, '(', FORMULA_SOURCE_MAX);
    assert_int_equal(strncmp(of((struct str){ source, FORMULA_SOURCE_MAX }), "!formula.syntax", 15),
                     0);
    memset(source, '-', FORMULA_SOURCE_MAX);
    assert_int_equal(strncmp(of((struct str){ source, FORMULA_SOURCE_MAX }), "!formula.syntax", 15),
                     0);
    /* More constants than one instruction can name. */
    struct buf b = buf_over(source, FORMULA_SOURCE_MAX);
    buf_z(&b, "0");
    for (int i = 1; i <= 700; i++)
        buf_printf(&b, "+%d", i);
    assert_string_equal(of(buf_get(&b)), "245350");
}

static void tells_what_is_used(void **state)
{
    (void)state;
    const char *const names[] = { "a", "b", "c" };
    bool used[3] = { false, false, false };
    struct err e = { 0 };
    assert_int_equal(formula_check(S("local b = a return b"), names, 3, used, &e), OK);
    assert_true(used[0] && !used[1] && !used[2]);
    assert_true(formula_name_valid(S("cd3_pos")));
    assert_false(formula_name_valid(S("min")) || formula_name_valid(S("end")) ||
                 formula_name_valid(S("_a")) || formula_name_valid(S("1a")) ||
                 formula_name_valid(S("a-b")) || formula_name_valid(S("")));
}

/* Random runs of the language's own words: never anything but an outcome. */
static void garbage_ends_well(void **state)
{
    (void)state;
    static const char *const words[] = {
        "local",  "if",  "then", "else", "end",  "while", "do",  "repeat", "until", "function",
        "return", "and", "or",   "not",  "nil",  "true",  "(",   ")",      ",",     "=",
        "==",     "<",   "+",    "-",    "*",    "/",     "..",  "tnc",    "x",     "missing",
        "min",    "7",   "'a'",  "\n",   "zero", "break", "abs", "round",  ";",     "decimal",
    };
    unsigned seed = 20261122;
    for (int run = 0; run < 3000; run++) {
        char source[400];
        struct buf b = buf_over(source, sizeof source);
        for (int i = 0; i < 30; i++) {
            seed = seed * 1664525U + 1013904223U;
            buf_printf(&b, "%s ", words[(seed >> 16) % (sizeof words / sizeof words[0])]);
        }
        (void)of(buf_get(&b));
    }
}

static void every_failing_allocation_is_a_fault(void **state)
{
    (void)state;
    struct str source = S("local s = 'a' .. tnc * cd3 / 100 return s .. min(tnc, 7)");
    for (size_t n = 1;; n++) {
        struct arena *a = arena_new(100000);
        struct formula_value v;
        struct err e = { 0 };
        memory_fail_at(n);
        enum outcome outcome = formula_run(&v, source, inputs, INPUTS, a, &e);
        bool failed = memory_failed();
        memory_fail_at(0);
        if (!failed) {
            assert_int_equal(outcome, OK);
            assert_true(n > 20);
            arena_free(a);
            return;
        }
        /* Lua may free garbage and try again, and then all is well. */
        if (outcome != OK) {
            assert_int_equal(outcome, FAULT);
            assert_string_equal(e.code, "base.no_memory");
        }
        arena_free(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(computes_exactly),
        cmocka_unit_test(compares_by_value),
        cmocka_unit_test(statements_return),
        cmocka_unit_test(absence_absorbs),
        cmocka_unit_test(wrong_types_are_refused_with_line),
        cmocka_unit_test(refuses_when_compiled),
        cmocka_unit_test(sandbox_offers_nothing_else),
        cmocka_unit_test(budget_ends_all),
        cmocka_unit_test(long_sources_are_refused),
        cmocka_unit_test(tells_what_is_used),
        cmocka_unit_test(garbage_ends_well),
        cmocka_unit_test(every_failing_allocation_is_a_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
