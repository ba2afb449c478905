/* Strict JSON and its canonical form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/json.h"
#include "base/test.h"

static struct arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = arena_new(64 * 1024 * 1024);
    return arena ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const struct json *read_ok(struct str text)
{
    struct err e = { 0 };
    const struct json *v = NULL;
    if (json_read(&v, arena, text, &json_limits_default, &e) != OK)
        fail_msg("%.*s: %s", STR(text), e.code);
    assert_non_null(v);
    return v;
}

static void check_refused(struct str text, const char *code, const char *line, const char *column,
                          const char *expected)
{
    struct err e = { 0 };
    const struct json *v = NULL;
    if (json_read(&v, arena, text, &json_limits_default, &e) != REFUSED)
        fail_msg("%.*s was read", STR(text));
    assert_null(v);
    assert_string_equal(e.code, code);
    if (line)
        assert_string_equal(err_param(&e, "line").p, line);
    if (column)
        assert_string_equal(err_param(&e, "column").p, column);
    if (expected)
        assert_string_equal(err_param(&e, "expected").p, expected);
}

static void check_canonical(struct str text, const char *canonical)
{
    char storage[1024];
    struct buf b = buf_over(storage, sizeof storage - 1);
    json_write_value(&b, read_ok(text));
    assert_true(buf_ok(&b));
    storage[b.n] = '\0';
    assert_string_equal(storage, canonical);
}

static void reads_every_kind_of_value(void **state)
{
    (void)state;
    const struct json *v = read_ok(S(" { \"a\" : [ 1.10 , -0e+5, true,false,null ], \"b\":{} } "));
    assert_int_equal(v->type, JSON_OBJECT);
    assert_int_equal(v->count, 2);
    const struct json *a = json_get(v, "a");
    assert_int_equal(a->count, 5);
    assert_true(str_is(a->raw, "[ 1.10 , -0e+5, true,false,null ]"));
    assert_true(str_is(a->child->text, "1.10")); /* not 1.1 */
    assert_true(str_is(a->child->next->text, "-0e+5"));
    assert_int_equal(a->child->next->next->type, JSON_TRUE);
    assert_true(str_is(a->next->key, "b"));
    assert_null(json_get(v, "c"));
    assert_null(json_get(a, "a"));
    assert_null(json_get_str(v, "a").p);
    assert_true(str_is(json_get_str(read_ok(S("{\"k\":\"\"}")), "k"), ""));
    assert_non_null(json_get_str(read_ok(S("{\"k\":\"\"}")), "k").p);
}

static void decodes_escapes_and_borrows_plain_text(void **state)
{
    (void)state;
    struct str plain = S("\"caf\xC3\xA9 of the ward\"");
    assert_ptr_equal(read_ok(plain)->text.p, plain.p + 1);
    struct str s =
        read_ok(S("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20AC\\ud83d\\ude00\""))->text;
    assert_true(str_is(s, "\"\\/\b\f\n\r\tA\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"));
    assert_true(str_eq(read_ok(S("\"a\\u0000b\""))->text, S("a\0b")));
}

static void writes_canonically(void **state)
{
    (void)state;
    check_canonical(S(" [ 1 , { \"b\" : [ ] , \"a\" : { \"x\":null } } , \"\\/\\u0041\" ] "),
                    "[1,{\"b\":[],\"a\":{\"x\":null}},\"/A\"]");
    check_canonical(S("\"\\u0000\\u001F\\u007f\\u0008\\u000c\\n\\r\\t\\\"\\\\\""),
                    "\"\\u0000\\u001f\x7F\\b\\f\\n\\r\\t\\\"\\\\\"");
    check_canonical(S("[1.10,1e5]"), "[1.10,1e5]");
    check_canonical(S("[{\"k\":{\"v\":[1,[2]]}},3]"), "[{\"k\":{\"v\":[1,[2]]}},3]");
    struct buf b = buf_in(arena, 100); /* a member alone, without its siblings */
    json_write_value(&b, json_get(read_ok(S("{\"a\":[1],\"b\":2}")), "a"));
    assert_true(str_is(buf_get(&b), "[1]"));
}

static void writer_sets_the_commas(void **state)
{
    (void)state;
    struct buf b = buf_in(arena, 200);
    struct json_out o = json_out(&b);
    json_begin_object(&o);
    json_key(&o, "a");
    json_begin_array(&o);
    json_int(&o, INT64_MIN);
    json_bool(&o, true);
    json_begin_object(&o);
    json_end(&o);
    json_null(&o);
    json_end(&o);
    json_key(&o, "b\n");
    json_str(&o, (struct str){ 0 });
    json_key(&o, "c");
    json_raw(&o, S("[1]"));
    json_end(&o);
    assert_true(str_is(buf_get(&b), "{\"a\":[-9223372036854775808,true,{},null],\"b\\n\":null,"
                                    "\"c\":[1]}"));
    (void)read_ok(buf_get(&b));
}

static void refuses_what_is_not_json(void **state)
{
    (void)state;
    const char *const texts[] = {
        "",          " ",         "[",
        "]",         "[1",        "[1,]",
        "[,1]",      "{",         "{\"a\"}",
        "{a:1}",     "{\"a\":}",  "{\"a\":1,}",
        "{\"a\" 1}", "01",        "-",
        "1.",        ".5",        "+1",
        "1e",        "1e+",       "0x1",
        "NaN",       "tru",       "nul",
        "True",      "'a'",       "\"a",
        "\"\\x\"",   "\"\\u12\"", "\"\\u12g4\"",
        "1 2",       "[1]]",      "\"\\",
        "/**/1",     "[1}",       "{\"a\":1]",
        "\"\t\"",    "\"\n\"",    "\xEF\xBB\xBF 1",
        "--1",       "\v1",       "[1 2]",
        "{1:2}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        check_refused(str_z(texts[i]), "json.syntax", NULL, NULL, NULL);
    check_refused((struct str){ 0 }, "json.syntax", "1", "1", "value");
    check_refused(S("\"\0\""), "json.syntax", "1", "2", "escape");
    check_refused(S("1\0"), "json.syntax", "1", "2", "end of text");
    check_refused(S("{\n  \"a\": 1,\n  \"b\" 2 }"), "json.syntax", "3", "7", ":");
    check_refused(S("[1\n;"), "json.syntax", "2", "1", ", or ]");
}

static void refuses_bad_unicode(void **state)
{
    (void)state;
    check_refused(S("\"a\xFF\""), "json.encoding", "1", "3", NULL);
    check_refused(S("[1,\n\"\xC3\xA9\xC0\x80\"]"), "json.encoding", "2", "4", NULL);
    check_refused(S("\"\xED\xA0\x80\""), "json.encoding", "1", "2", NULL); /* surrogate */
    check_refused(S("\"\xF4\x90\x80\x80\""), "json.encoding", "1", "2", NULL);
    check_refused(S("\"\xE2\x82\""), "json.encoding", "1", "2", NULL);
    check_refused(S("\"x\\ud800\""), "json.encoding", "1", "3", NULL);
    check_refused(S("\"\\ud800\\u0041\""), "json.encoding", "1", "2", NULL);
    check_refused(S("\"\\udc00\""), "json.encoding", "1", "2", NULL);
    check_refused(S("{\"\x80\":1}"), "json.encoding", "1", "3", NULL);
}

static void refuses_duplicate_keys(void **state)
{
    (void)state;
    check_refused(S("{\"a\":1,\n \"b\":2, \"a\" : 3}"), "json.duplicate_key", "2", "9", NULL);
    check_refused(S("{\"a\":1,\"\\u0061\":3}"), "json.duplicate_key", "1", "8", NULL);
    check_refused(S("[{\"\\\"\":{},\"\\\"\":3}]"), "json.duplicate_key", "1", "11", NULL);
    check_refused(S("{\"\":1,\"\":3}"), "json.duplicate_key", "1", "7", NULL);
    (void)read_ok(S("{\"a\":{\"a\":1},\"b\":{\"a\":1},\"aa\":[{\"a\":1},{\"a\":2}]}"));
    struct buf b = buf_in(arena, 64 * 1024);
    buf_char(&b, '{');
    for (int i = 0; i < 1000; i++)
        buf_printf(&b, "\"k%d\":%d,", i, i);
    size_t n = b.n;
    buf_z(&b, "\"k1000\":0}");
    assert_int_equal(read_ok(buf_get(&b))->count, 1001);
    buf_cut(&b, n);
    buf_z(&b, "\"k500\":0}");
    check_refused(buf_get(&b), "json.duplicate_key", "1", NULL, NULL);
}

static void keeps_its_limits(void **state)
{
    (void)state;
    const struct json_limits limits = { 20, 3, 5 };
    const struct json *v;
    struct err e = { 0 };
    assert_int_equal(json_read(&v, arena, S("[[[1]]]"), &limits, &e), OK);
    assert_int_equal(json_read(&v, arena, S("[[[[]]]]"), &limits, &e), REFUSED);
    assert_string_equal(e.code, "json.too_deep");
    assert_int_equal(json_read(&v, arena, S("[1,2,3,4]"), &limits, &e), OK);
    assert_int_equal(json_read(&v, arena, S("[1,2,3,4,5]"), &limits, &e), REFUSED);
    assert_string_equal(e.code, "json.too_large");
    assert_int_equal(json_read(&v, arena, S("                    1"), &limits, &e), REFUSED);
    assert_string_equal(e.code, "json.too_large");
    assert_string_equal(err_param(&e, "max").p, "20");
    static char deep[1024 * 1024];
    memset(deep, '[', sizeof deep);
    check_refused((struct str){ deep, sizeof deep }, "json.too_deep", NULL, NULL, NULL);
}

/* The costliest documents that the limits allow are read in a moment. */
static void hostile_documents_cost_little(void **state)
{
    (void)state;
    struct buf b = buf_new(1024 * 1024);
    buf_char(&b, '{');
    for (unsigned i = 0; b.n < 1024 * 1024 - 30; i++)
        buf_printf(&b, "%s\"%08u\":0", i ? "," : "", i * 2654435761u % 100000000u);
    buf_char(&b, '}');
    clock_t from = clock();
    const struct json *v;
    struct err e = { 0 };
    enum outcome outcome = json_read(&v, arena, buf_get(&b), &json_limits_default, &e);
    assert_true(clock() - from < CLOCKS_PER_SEC);
    assert_true(outcome == OK || strcmp(e.code, "json.duplicate_key") == 0);
    buf_free(&b);
}

static void integers_are_exact(void **state)
{
    (void)state;
    int64_t v = 0;
    assert_true(json_to_int(&v, read_ok(S("9223372036854775807"))));
    assert_true(v == INT64_MAX);
    assert_true(json_to_int(&v, read_ok(S("-9223372036854775808"))));
    assert_true(v == INT64_MIN);
    assert_true(json_to_int(&v, read_ok(S("-0"))));
    assert_true(v == 0);
    assert_false(json_to_int(&v, read_ok(S("9223372036854775808"))));
    assert_false(json_to_int(&v, read_ok(S("-9223372036854775809"))));
    assert_false(json_to_int(&v, read_ok(S("99999999999999999999"))));
    assert_false(json_to_int(&v, read_ok(S("1.0"))));
    assert_false(json_to_int(&v, read_ok(S("1e2"))));
    assert_false(json_to_int(&v, read_ok(S("\"1\""))));
    assert_false(json_to_int(&v, NULL));
}

static void every_failed_allocation_is_a_fault(void **state)
{
    (void)state;
    struct str text = S("{\"a\\n\":[1,{\"b\":\"\\t\"}],\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,"
                        "\"h\":1,\"i\":1,\"j\":1,\"k\":1,\"l\":1,\"m\":1,\"n\":1,\"o\":1,\"p\":1,"
                        "\"q\":1,\"r\":1}");
    size_t failures = 0;
    for (;; failures++) {
        struct err e = { 0 };
        const struct json *v;
        memory_fail_at(failures + 1);
        enum outcome outcome = json_read(&v, arena, text, &json_limits_default, &e);
        bool failed = memory_failed();
        memory_fail_at(0);
        assert_int_equal(outcome, failed ? FAULT : OK);
        if (!failed)
            break;
        assert_null(v);
        arena_reset(arena);
    }
    assert_true(failures > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_kind_of_value),
        cmocka_unit_test(decodes_escapes_and_borrows_plain_text),
        cmocka_unit_test(writes_canonically),
        cmocka_unit_test(writer_sets_the_commas),
        cmocka_unit_test(refuses_what_is_not_json),
        cmocka_unit_test(refuses_bad_unicode),
        cmocka_unit_test(refuses_duplicate_keys),
        cmocka_unit_test(keeps_its_limits),
        cmocka_unit_test(hostile_documents_cost_little),
        cmocka_unit_test(integers_are_exact),
        cmocka_unit_test(every_failed_allocation_is_a_fault),
    };
    return cmocka_run_group_tests_name("json", tests, setup, teardown);
}
