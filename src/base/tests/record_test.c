/* Records: one table of fields for JSON, posted pairs, rows of the database and what is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/test.h"
#include "base/tests/sample.h"

#define UNIT "0193a1b2-0000-7000-8000-000000000001"
#define HASH "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

static const char whole[] =
    "{\"role\":\"apheresis.nurse\",\"note\":\"caf\xC3\xA9\\nward\",\"born\":\"1980-02-29\","
    "\"contact\":{\"phone\":[\"1\"]},\"count\":-3,\"consent\":true,"
    "\"happened\":\"2026-11-22T09:30:00.000000Z\",\"dose\":\"1.10\",\"file\":\"" HASH "\","
    "\"answers\":[1,{\"b\":null,\"a\":\"x\"}],\"digest\":\"AP8Q\",\"units\":[{\"unit\":\"" UNIT
    "\",\"volume\":\"12.50 mL\",\"marks\":[\"a\",\"\"]},{\"unit\":\"" UNIT "\",\"marks\":[]}]}";

static struct arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = arena_new(4 * 1024 * 1024);
    return arena ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const struct json *parse(const char *text)
{
    struct err e = { 0 };
    const struct json *v = NULL;
    assert_int_equal(json_read(&v, arena, str_z(text), &json_limits_default, &e), OK);
    return v;
}

static struct sample from_json(const char *text)
{
    struct sample s;
    struct err e = { 0 };
    if (record_from_json(&sample_record, &s, arena, parse(text), &e) != OK)
        fail_msg("%s: %s %s", text, e.code, e.params[0].value);
    return s;
}

static struct str to_json(const struct sample *s, const struct record_sealer *sealer)
{
    struct buf b = buf_in(arena, 4096);
    struct json_out out = json_out(&b);
    struct err e = { 0 };
    assert_int_equal(record_to_json(&sample_record, s, &out, sealer, &e), OK);
    assert_true(buf_ok(&b));
    return buf_get(&b);
}

static void check_param(const struct err *e, const char *name, const char *value)
{
    struct str found = err_param(e, name);
    if (!str_is(found, value))
        fail_msg("%s: %s is %.*s and not %s", e->code, name, STR(found), value);
}

static void check_json_refused(const char *text, const char *code, const char *field,
                               const char *expected)
{
    struct sample s;
    struct err e = { 0 };
    if (record_from_json(&sample_record, &s, arena, parse(text), &e) != REFUSED)
        fail_msg("%s was read", text);
    if (strcmp(e.code, code) != 0)
        fail_msg("%s: %s and not %s", text, e.code, code);
    check_param(&e, "field", field);
    if (expected)
        check_param(&e, "expected", expected);
}

static void json_gives_every_kind_and_the_same_json(void **state)
{
    (void)state;
    struct sample s = from_json(whole);
    assert_true(str_is(s.role, "apheresis.nurse"));
    assert_true(str_is(s.note, "caf\xC3\xA9\nward"));
    assert_true(str_is(s.contact, "{\"phone\":[\"1\"]}"));
    assert_true(s.count == -3 && s.consent);
    assert_true(s.dose.coefficient == 110 && s.dose.scale == 2);
    assert_true(str_is(s.answers, "[1,{\"b\":null,\"a\":\"x\"}]"));
    assert_int_equal(s.digest.n, 3);
    assert_memory_equal(s.digest.p, "\x00\xFF\x10", 3);
    assert_int_equal(s.units.n, 2);
    assert_true(str_is(s.units.p[0].volume.unit, "mL"));
    assert_int_equal(s.units.p[0].marks.n, 2);
    assert_false(quantity_present(s.units.p[1].volume));
    assert_true(str_is(to_json(&s, NULL), whole));
}

static void what_is_absent_stays_absent(void **state)
{
    (void)state;
    struct sample s = from_json("{\"count\":null,\"consent\":false,\"role\":\"x\"}");
    assert_null(s.note.p);
    assert_true(s.count == INT_NONE && s.happened == TIME_NONE && !decimal_present(s.dose));
    assert_null(s.units.p);
    assert_true(str_is(to_json(&s, NULL), "{\"role\":\"x\"}"));
    s = from_json("{\"role\":\"x\",\"note\":\"\",\"answers\":null,\"units\":[],\"digest\":\"\"}");
    assert_true(s.note.p && s.note.n == 0);
    assert_true(str_is(to_json(&s, NULL), "{\"role\":\"x\",\"note\":\"\",\"answers\":null,"
                                          "\"digest\":\"\",\"units\":[]}"));
}

static void json_refusals_name_the_field(void **state)
{
    (void)state;
    check_json_refused("[]", "record.wrong_type", "sample", "object");
    check_json_refused("{}", "record.missing", "role", NULL);
    check_json_refused("{\"role\":null}", "record.missing", "role", NULL);
    check_json_refused("{\"role\":\"x\",\"no<b>\":1}", "record.unknown_field", "no?b?", NULL);
    check_json_refused("{\"role\":1}", "record.wrong_type", "role", "code");
    check_json_refused("{\"role\":\"\"}", "record.malformed", "role", "code");
    /* Verifiers refuse events with reals: they must not come in. */
    check_json_refused("{\"answers\":[1,{\"a\":1.5}]}", "record.malformed", "answers", "json");
    check_json_refused("{\"answers\":1e5}", "record.malformed", "answers", "json");
    check_json_refused("{\"answers\":-0}", "record.malformed", "answers", "json");
    check_json_refused("{\"answers\":[[[[[[[[[[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]]]]]]]]]]]}",
                       "record.malformed", "answers", "json");
    check_json_refused("{\"role\":\".x\"}", "record.malformed", "role", "code");
    check_json_refused("{\"role\":\"a_very_long_name_of_a_role\"}", "record.too_long", "role",
                       NULL);
    check_json_refused("{\"note\":\"a\\r\"}", "record.malformed", "note", "text");
    check_json_refused("{\"note\":\"\\u0000\"}", "record.malformed", "note", "text");
    check_json_refused("{\"note\":\"\\u007f\"}", "record.malformed", "note", "text");
    check_json_refused("{\"note\":\"\\u0085\"}", "record.malformed", "note", "text");
    check_json_refused("{\"born\":\"1981-02-29\"}", "record.malformed", "born", "date");
    check_json_refused("{\"born\":\"s1:x:AAAA\"}", "record.malformed", "born", "date");
    check_json_refused("{\"count\":\"1\"}", "record.wrong_type", "count", "integer");
    check_json_refused("{\"count\":1.0}", "record.malformed", "count", "integer");
    check_json_refused("{\"count\":-9223372036854775808}", "record.malformed", "count", "integer");
    check_json_refused("{\"consent\":\"true\"}", "record.wrong_type", "consent", "boolean");
    check_json_refused("{\"happened\":\"2026-11-22T09:30\"}", "record.malformed", "happened",
                       "time");
    check_json_refused("{\"happened\":\"1\"}", "record.malformed", "happened", "time");
    check_json_refused("{\"dose\":1.5}", "record.wrong_type", "dose", "decimal");
    check_json_refused("{\"dose\":\"1,5\"}", "quantity.not_a_number", "dose", NULL);
    check_json_refused("{\"file\":\"9F\"}", "record.malformed", "file", "hash");
    check_json_refused("{\"digest\":\"AP8\"}", "record.malformed", "digest", "base64");
    check_json_refused("{\"digest\":\"AP8Q\\n\"}", "record.malformed", "digest", "base64");
    check_json_refused("{\"digest\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
                       "record.too_long", "digest", NULL);
    check_json_refused("{\"units\":{}}", "record.wrong_type", "units", "list");
    check_json_refused("{\"units\":[1]}", "record.wrong_type", "units.0", "object");
    check_json_refused("{\"units\":[{\"unit\":\"" UNIT "\"},{}]}", "record.missing", "units.1.unit",
                       NULL);
    check_json_refused("{\"units\":[{\"volume\":\"1 furlong\"}]}", "quantity.unknown_unit",
                       "units.0.volume", NULL);
    check_json_refused("{\"units\":[{\"marks\":[\"a\",2]}]}", "record.wrong_type",
                       "units.0.marks.1", "text");
    check_json_refused("{\"units\":[{\"marks\":[\"\",\"\",\"\",\"\"]}]}", "record.too_long",
                       "units.0.marks", NULL);
    check_json_refused("{\"units\":[{},{},{},{},{}]}", "record.too_long", "units", NULL);
}

#define PAIR(n, v)                                                                                 \
    {                                                                                              \
        S(n), S(v)                                                                                 \
    }
#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static void pairs_give_the_same_record(void **state)
{
    (void)state;
    const struct record_pair pairs[] = {
        PAIR("units.1.unit", UNIT),
        PAIR("_csrf", "x"),
        PAIR("_csrf", "y"),
        PAIR("consent", "true"),
        PAIR("role", "apheresis.nurse"),
        PAIR("note", "caf\xC3\xA9\r\nward"),
        PAIR("units.0.marks.1", ""),
        PAIR("units.0.marks.2", "b"),
        PAIR("units.0.marks.0", "a"),
        PAIR("units.0.volume", "12.50 mL"),
        PAIR("units.0.unit", UNIT),
        PAIR("count", "-3"),
        PAIR("dose", ""),
        PAIR("answers", " [1, {\"a\": \"\\u0062\"}]"),
        PAIR("happened", "2026-11-22T10:30+01:00"),
    };
    struct sample s;
    struct err e = { 0 };
    enum outcome outcome = record_from_pairs(&sample_record, &s, arena, pairs, COUNT(pairs), &e);
    if (outcome != OK)
        fail_msg("%s %s", e.code, e.params[0].value);
    assert_true(str_is(to_json(&s, NULL),
                       "{\"role\":\"apheresis.nurse\",\"note\":\"caf\xC3\xA9\\nward\",\"count\":-3,"
                       "\"consent\":true,\"happened\":\"2026-11-22T09:30:00.000000Z\","
                       "\"answers\":[1,{\"a\":\"b\"}],\"units\":[{\"unit\":\"" UNIT
                       "\",\"volume\":\"12.50 mL\",\"marks\":[\"a\",\"b\"]},{\"unit\":\"" UNIT
                       "\"}]}"));
}

static void many_items_come_in_the_order_of_their_numbers(void **state)
{
    (void)state;
    static const struct field field = { "marks", FIELD_TEXTS, OPTIONAL, 0, 0, NULL };
    static const struct record list = { "list", sizeof(struct record_list), &field, 1 };
    struct record_pair pairs[12];
    for (size_t i = 0; i < COUNT(pairs); i++) {
        size_t k = COUNT(pairs) - 1 - i;
        pairs[i].name = arena_printf(arena, "marks.%zu", k);
        pairs[i].value = arena_printf(arena, "%zu", k);
    }
    struct record_list out;
    struct err e = { 0 };
    assert_int_equal(record_from_pairs(&list, &out, arena, pairs, COUNT(pairs), &e), OK);
    assert_int_equal(out.n, COUNT(pairs));
    for (size_t i = 0; i < out.n; i++)
        assert_true(str_eq(((const struct str *)out.p)[i], arena_printf(arena, "%zu", i)));
}

static void pairs_refusals_name_the_field(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *value;
        const char *code;
        const char *field;
    } rows[] = {
        { "role", "y", "record.duplicate_field", "role" },
        { "role.x", "y", "record.unknown_field", "role" },
        { "rol", "y", "record.unknown_field", "rol" },
        { "", "y", "record.unknown_field", "" },
        { "note", "a\rb", "record.malformed", "note" },
        { "note", "\xFF", "record.malformed", "note" },
        { "consent", "1", "record.malformed", "consent" },
        { "happened", "1764000000000000", "record.malformed", "happened" },
        { "contact", "{", "record.malformed", "contact" },
        { "dose", "x", "quantity.not_a_number", "dose" },
        { "units", "x", "record.wrong_type", "units" },
        { "units.0", "x", "record.wrong_type", "units.0" },
        { "units.1.unit", UNIT, "record.unknown_field", "units.1" },
        { "units.00.unit", UNIT, "record.unknown_field", "units.00" },
        { "units.x.unit", UNIT, "record.unknown_field", "units.x" },
        { "units..unit", UNIT, "record.unknown_field", "units." },
        { "units.99999999999999999999.unit", UNIT, "record.unknown_field",
          "units.99999999999999999999" },
        { "units.0.volume", "1 mL", "record.missing", "units.0.unit" },
        { "units.0.unit", "x", "record.malformed", "units.0.unit" },
        { "units.0.unit.x", UNIT, "record.unknown_field", "units.0.unit" },
        { "units.0.marks.0.x", "y", "record.unknown_field", "units.0.marks.0" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct record_pair pairs[] = { PAIR("role", "x"),
                                             { str_z(rows[i].name), str_z(rows[i].value) } };
        struct sample s;
        struct err e = { 0 };
        if (record_from_pairs(&sample_record, &s, arena, pairs, 2, &e) != REFUSED)
            fail_msg("%s was read", rows[i].name);
        if (strcmp(e.code, rows[i].code) != 0)
            fail_msg("%s: %s and not %s", rows[i].name, e.code, rows[i].code);
        check_param(&e, "field", rows[i].field);
    }
}

static enum outcome seal(void *context, struct str *out, struct str path, struct str plain,
                         struct err *e)
{
    (void)e;
    struct buf *paths = context;
    buf_str(paths, path);
    buf_char(paths, ' ');
    *out = arena_printf(arena, "s1:%zu:%040d", plain.n, 0);
    return OK;
}

static void sealed_fields_pass_through_the_sealer_and_back(void **state)
{
    (void)state;
    struct sample s = from_json(whole);
    struct buf paths = buf_in(arena, 200);
    const struct record_sealer sealer = { .context = &paths, .seal = seal };
    struct str document = arena_str(arena, to_json(&s, &sealer));
    assert_true(str_is(buf_get(&paths), "note born contact "));
    assert_null(strstr(document.p, "1980"));
    assert_null(strstr(document.p, "phone"));

    const struct json *v = NULL;
    struct err e = { 0 };
    assert_int_equal(json_read(&v, arena, document, &json_limits_default, &e), OK);
    assert_int_equal(record_from_json(&sample_record, &s, arena, v, &e), REFUSED);
    assert_int_equal(record_from_sealed_json(&sample_record, &s, arena, v, &e), OK);
    assert_true(str_starts(s.born, S("s1:10:")));
    assert_true(str_starts(s.contact, S("s1:15:")));
    assert_true(str_eq(to_json(&s, NULL), document));

    const struct field *born = record_field(&sample_record, S("born"));
    assert_int_equal(record_set_text(born, &s, s.contact, &e), OK);
    assert_true(str_starts(s.born, S("s1:15:")));
}

static void check_text(struct sample *s, const char *name, const char *text, const char *again)
{
    const struct field *f = record_field(&sample_record, str_z(name));
    struct err e = { 0 };
    assert_non_null(f);
    if (record_set_text(f, s, str_z(text), &e) != OK)
        fail_msg("%s: %s", name, e.code);
    struct str shown = record_text(f, s, arena);
    if (!str_is(shown, again))
        fail_msg("%s: %.*s", name, STR(shown));
    assert_int_equal(record_set_text(f, s, (struct str){ 0 }, &e), OK);
}

static void rows_set_and_show_single_fields(void **state)
{
    (void)state;
    struct sample s;
    struct err e = { 0 };
    record_clear(&sample_record, &s);
    check_text(&s, "note", "x", "x");
    check_text(&s, "count", "-12", "-12");
    check_text(&s, "consent", "1", "true");
    check_text(&s, "consent", "0", "false");
    check_text(&s, "happened", "1000000", "1970-01-01T00:00:01.000000Z");
    check_text(&s, "happened", "2026-11-22T10:30:00+01:00", "2026-11-22T09:30:00.000000Z");
    check_text(&s, "dose", "-1.50", "-1.50");
    check_text(&s, "answers", "{\"a\":[1,\"x\"]}", "{\"a\":[1,\"x\"]}");
    check_text(&s, "digest", "ab\x01", "YWIB");
    const struct field *answers = record_field(&sample_record, S("answers"));
    assert_int_equal(record_set_text(answers, &s, S("[1, 2]"), &e), REFUSED); /* not canonical */
    assert_string_equal(e.code, "record.malformed");
    assert_int_equal(record_set_text(answers, &s, S("[1"), &e), REFUSED);
    assert_null(record_text(record_field(&sample_record, S("dose")), &s, arena).p);
    assert_null(record_text(record_field(&sample_record, S("units")), &s, arena).p);
    assert_null(record_field(&sample_record, S("nothing")));
    s.count = 1; /* clearing one field touches no other */
    assert_int_equal(record_set_text(answers, &s, (struct str){ 0 }, &e), OK);
    assert_true(s.count == 1);
}

static void every_failed_allocation_is_a_fault(void **state)
{
    (void)state;
    const struct json *v = parse(whole);
    const struct record_pair pairs[] = {
        PAIR("role", "x"),          PAIR("note", "a\r\nb"),       PAIR("answers", "[1]"),
        PAIR("units.0.unit", UNIT), PAIR("units.0.marks.0", "a"), PAIR("digest", "AP8Q")
    };
    const struct field *answers = record_field(&sample_record, S("answers"));
    size_t failures = 0;
    for (int way = 0; way < 3; way++) {
        for (size_t nth = 1;; nth++) {
            struct sample s;
            struct err e = { 0 };
            memory_fail_at(nth);
            enum outcome outcome = FAULT;
            if (way == 0)
                outcome = record_from_json(&sample_record, &s, arena, v, &e);
            else if (way == 1)
                outcome = record_from_pairs(&sample_record, &s, arena, pairs, COUNT(pairs), &e);
            else
                outcome = record_set_text(answers, &s, S("[1,{}]"), &e);
            bool failed = memory_failed();
            memory_fail_at(0);
            assert_int_equal(outcome, failed ? FAULT : OK);
            if (!failed)
                break;
            failures++;
        }
    }
    assert_true(failures >= 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_gives_every_kind_and_the_same_json),
        cmocka_unit_test(what_is_absent_stays_absent),
        cmocka_unit_test(json_refusals_name_the_field),
        cmocka_unit_test(pairs_give_the_same_record),
        cmocka_unit_test(many_items_come_in_the_order_of_their_numbers),
        cmocka_unit_test(pairs_refusals_name_the_field),
        cmocka_unit_test(sealed_fields_pass_through_the_sealer_and_back),
        cmocka_unit_test(rows_set_and_show_single_fields),
        cmocka_unit_test(every_failed_allocation_is_a_fault),
    };
    return cmocka_run_group_tests_name("record", tests, setup, teardown);
}
