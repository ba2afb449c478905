/* Forms: what is kept of what was entered, what is refused and where, what is computed, and what
 * stays personal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/test.h"
#include "kernel/tests/form_fixture.h"

/* The refusal of the kind's check and where, "" when it has none. */
static const char *checked(const char *fields)
{
    static char text[200];
    struct err e = { 0 };
    struct str json = arena_printf(form_arena, "{\"fields\":[%s]}", fields);
    const struct define_context context = { .arena = form_arena };
    if (form_kind.check(&context, form_read(json), &e) == OK)
        return "";
    struct buf b = buf_over(text, sizeof text - 1);
    buf_printf(&b, "%s %.*s", e.code, STR(err_param(&e, "at")));
    text[b.n] = '\0';
    return text;
}

#define F(name, rest) "{\"name\":\"" name "\",\"label\":\"L\"," rest "}"

/* The problems as "field code,field code". */
static const char *problems_of(const char *const *entries)
{
    static char text[2000];
    struct definition d = form_definition(form_infusion);
    struct record_pair pairs[FORM_PAIRS_MAX];
    struct form_filled f;
    struct err e = { 0 };
    const struct form_filling in = { .form = &d,
                                     .inputs = pairs,
                                     .ninputs = form_pairs(pairs, entries) };
    assert_int_equal(form_fill(&f, &in, form_arena, &e), REFUSED);
    assert_string_equal(e.code, "form.problems");
    struct buf b = buf_over(text, sizeof text - 1);
    for (size_t i = 0; i < f.nproblems; i++)
        buf_printf(&b, "%s%.*s %s", i ? "," : "", STR(f.problems[i].field),
                   f.problems[i].error.code);
    text[b.n] = '\0';
    return text;
}

#define PROBLEMS(...) problems_of((const char *const[]){ __VA_ARGS__, NULL })

static const struct form_value *value_of(const struct form_record *r, const char *name)
{
    for (size_t i = 0; i < r->values.n; i++)
        if (str_is(r->values.p[i].name, name))
            return &r->values.p[i];
    return NULL;
}

static void assert_value(const struct form_record *r, const char *name, const char *entered,
                         const char *value, const char *mark)
{
    const struct form_value *v = value_of(r, name);
    if (!v)
        fail_msg("no value of %s", name);
    if (!str_eq(v->entered, str_z(entered)) || !str_eq(v->value, str_z(value)) ||
        !str_eq(v->mark, str_z(mark)))
        fail_msg("%s is %.*s, %.*s, %.*s", name, STR(v->entered), STR(v->value), STR(v->mark));
}

/* partial: MES-03 */
static void keeps_entered_understood_and_computed(void **state)
{
    (void)state;
    struct form_record r = FILLED("weight=70000 g", "volume= 12.50 ", "cells=30", "site=left",
                                  "taken=2026-11-22T10:30+01:00", "thawed=false",
                                  "lane=", "note=one\r\ntwo", "_csrf=x");
    assert_true(str_is(r.form, "infusion"));
    assert_int_equal(r.form_version, 3);
    assert_value(&r, "weight", "70000 g", "70.000 kg", NULL);
    assert_value(&r, "volume", "12.50", "12.50 mL", NULL);
    assert_value(&r, "site", "left", "left", NULL);
    assert_value(&r, "taken", "2026-11-22T10:30+01:00", "2026-11-22T09:30:00.000000Z", NULL);
    assert_value(&r, "thawed", "false", "false", NULL);
    assert_value(&r, "note", "one\ntwo", "one\ntwo", NULL);
    assert_value(&r, "total", NULL, "375 10*6", NULL);
    assert_value(&r, "dose_per_kg", NULL, "5.36 10*6/kg", NULL);
    assert_null(value_of(&r, "lane"));
    assert_null(value_of(&r, "_csrf"));
    assert_true(str_is(form_record_value(&r, S("volume")), "12.50 mL"));
    assert_null(form_record_value(&r, S("bag")).p);
}

/* What is kept must pass as an event's payload. */
static void record_goes_through_json(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct form_record r = FILLED("volume=1", "cells=2", "weight=50", "person=A", "note=a\tb");
    struct buf b = buf_in(form_arena, 10000);
    struct json_out o = json_out(&b);
    const struct json *value;
    struct form_record back;
    assert_int_equal(record_to_json(&form_record_record, &r, &o, NULL, &e), OK);
    assert_int_equal(json_read(&value, form_arena, buf_get(&b), &json_limits_default, &e), OK);
    assert_int_equal(record_from_json(&form_record_record, &back, form_arena, value, &e), OK);
    assert_int_equal(back.values.n, r.values.n);
    assert_int_equal(back.secrets.n, 1);
}

static void rounds_once(void **state)
{
    (void)state;
    /* 0.5 is kept as 0 (half to even), and the dose is of 0.5, not of 0. */
    struct form_record r = FILLED("volume=0.5", "cells=1", "weight=40");
    assert_value(&r, "total", NULL, "0 10*6", NULL);
    assert_value(&r, "dose_per_kg", NULL, "0.01 10*6/kg", "low");
}

static void limits_mark_and_refuse(void **state)
{
    (void)state;
    struct form_record r = FILLED("volume=1", "weight=39.9");
    assert_value(&r, "weight", "39.9", "39.9 kg", "low");
    r = FILLED("volume=1", "weight=120.1");
    assert_value(&r, "weight", "120.1", "120.1 kg", "high");
    r = FILLED("volume=1", "weight=120.0");
    assert_value(&r, "weight", "120.0", "120.0 kg", NULL);
    r = FILLED("volume=1", "site=left");
    assert_value(&r, "site", "left", "left", NULL);
    r = FILLED("volume=1", "site=right");
    assert_value(&r, "site", "right", "right", "unexpected");
    assert_string_equal(PROBLEMS("volume=1", "weight=0.9"), "weight form.below_min");
    assert_string_equal(PROBLEMS("volume=1", "weight=300001 g"), "weight form.above_max");
    assert_string_equal(PROBLEMS("volume=100", "weight=50", "cells=51"),
                        "dose_per_kg form.above_max");
}

static void absent_inputs_leave_computed_absent(void **state)
{
    (void)state;
    struct form_record r = FILLED("volume=1", "cells=  ");
    assert_null(value_of(&r, "total"));
    assert_null(value_of(&r, "dose_per_kg"));
    assert_null(value_of(&r, "cells"));
}

static void sealed_values_are_secrets(void **state)
{
    (void)state;
    struct form_record r = FILLED("volume=1", "person=Ada", "born=1815-12-10");
    assert_null(value_of(&r, "person"));
    assert_null(value_of(&r, "born"));
    assert_int_equal(r.secrets.n, 2);
    assert_true(str_is(r.secrets.p[0].name, "born"));
    assert_true(str_is(r.secrets.p[0].entered, "1815-12-10"));
    assert_true(str_is(r.secrets.p[1].entered, "Ada"));
}

static void each_problem_stands_at_its_field(void **state)
{
    (void)state;
    assert_string_equal(PROBLEMS("weight=50"), "volume form.required");
    assert_string_equal(PROBLEMS("volume=  "), "volume form.required");
    assert_string_equal(PROBLEMS("volume=1", "volume=2"), "volume form.duplicate");
    assert_string_equal(PROBLEMS("volume=1", "nobody=2"), "nobody form.unknown_field");
    assert_string_equal(PROBLEMS("volume=1", "total=5"), "total form.computed");
    assert_string_equal(PROBLEMS("volume=12,5"), "volume quantity.not_a_number");
    assert_string_equal(PROBLEMS("volume=1 kg"), "volume quantity.units_differ");
    assert_string_equal(PROBLEMS("volume=1 foo"), "volume quantity.unknown_unit");
    assert_string_equal(PROBLEMS("volume=1e99"), "volume quantity.out_of_range");
    assert_string_equal(PROBLEMS("volume=1", "site=middle"), "site form.not_a_choice");
    assert_string_equal(PROBLEMS("volume=1", "thawed=yes"), "thawed form.not_a_choice");
    assert_string_equal(PROBLEMS("volume=1", "taken=2026-11-22T10:30"), "taken form.not_a_time");
    assert_string_equal(PROBLEMS("volume=1", "born=2026-02-30"), "born form.not_a_date");
    assert_string_equal(PROBLEMS("volume=1", "person=123456789012345678901"),
                        "person form.too_long");
    assert_string_equal(PROBLEMS("volume=1", "bag=A\x1d\x42"), "bag form.not_text");
    assert_string_equal(PROBLEMS("volume=1", "note=\xff"), "note form.not_text");
    assert_string_equal(PROBLEMS("volume=x", "site=x", "weight=0", "x=1"),
                        "x form.unknown_field,weight form.below_min,volume quantity.not_a_number,"
                        "site form.not_a_choice");
}

static void formula_problems_stand_at_their_field(void **state)
{
    (void)state;
    struct definition d =
        form_definition("{\"fields\":[" F("a", "\"type\":\"quantity\",\"unit\":\"1\"") "," F(
            "b", "\"type\":"
                 "\"computed\","
                 "\"unit\":\"1\","
                 "\"formula\":\"1 "
                 "/ a\"") "," F("c", "\"type\":\"computed\",\"unit\":\"1\",\"formula\":\"a == "
                                     "0\"") "," F("d", "\"type\":"
                                                       "\"computed\","
                                                       "\"unit\":\"1\","
                                                       "\"formula\":"
                                                       "\"while a == 0 "
                                                       "do end return "
                                                       "1\"") "]}");
    struct form_filled f;
    struct err e = { 0 };
    const struct record_pair zero = { S("a"), S("0") };
    const struct form_filling in = { .form = &d, .inputs = &zero, .ninputs = 1 };
    assert_int_equal(form_fill(&f, &in, form_arena, &e), REFUSED);
    assert_int_equal(f.nproblems, 3);
    const struct form_problem *problems = f.problems;
    assert_string_equal(problems[0].error.code, "quantity.division_by_zero");
    assert_string_equal(problems[1].error.code, "form.no_number");
    assert_string_equal(problems[2].error.code, "formula.budget");
}

static void too_many_problems_are_cut(void **state)
{
    (void)state;
    struct definition d = form_definition(form_infusion);
    static struct record_pair pairs[1000];
    for (size_t i = 0; i < 1000; i++)
        pairs[i] = (struct record_pair){ S("x"), S("y") };
    struct form_filled f;
    struct err e = { 0 };
    const struct form_filling in = { .form = &d, .inputs = pairs, .ninputs = 1000 };
    assert_int_equal(form_fill(&f, &in, form_arena, &e), REFUSED);
    assert_int_equal(f.nproblems, FORM_PROBLEMS_MAX);
}

#define COMPUTED(formula) "\"type\":\"computed\",\"unit\":\"1\",\"formula\":\"" formula "\""
#define QUANTITY(rest)    "\"type\":\"quantity\",\"unit\":\"1\"" rest

static void definitions_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *fields;
        const char *refusal;
    } rows[] = {
        { F("a", QUANTITY("")) "," F("b", COMPUTED("c + a")) "," F("c", COMPUTED("a")), "" },
        { F("a-b", QUANTITY("")), "form.bad_name fields.0.name" },
        { F("end", QUANTITY("")), "form.bad_name fields.0.name" },
        { F("max", QUANTITY("")), "form.bad_name fields.0.name" },
        { F("1a", QUANTITY("")), "form.bad_name fields.0.name" },
        { F("a", QUANTITY("")) "," F("a", QUANTITY("")), "form.name_twice fields.1.name" },
        { F("a", "\"type\":\"number\""), "form.unknown_type fields.0.type" },
        { F("a", "\"type\":\"quantity\""), "form.lacks fields.0.type" },
        { F("a", "\"type\":\"computed\",\"unit\":\"1\""), "form.lacks fields.0.type" },
        { F("a", "\"type\":\"choice\""), "form.lacks fields.0.type" },
        { F("a", "\"type\":\"text\",\"max\":\"3\""), "form.unfitting fields.0.max" },
        { F("a", "\"sealed\":true," COMPUTED("1")), "form.unfitting fields.0.sealed" },
        { F("a", "\"type\":\"quantity\",\"unit\":\"foo\""), "quantity.unknown_unit fields.0.unit" },
        { F("a", QUANTITY(",\"min\":\"2\",\"max\":\"1.5\"")), "form.limits_order fields.0.max" },
        { F("a", QUANTITY(",\"low\":\"2\",\"high\":\"1\"")), "form.limits_order fields.0.high" },
        { F("a", QUANTITY(",\"min\":\"2\",\"low\":\"1\"")), "form.limits_order fields.0.low" },
        { F("a", QUANTITY(",\"min\":\"1\",\"low\":\"1.0\",\"max\":\"1\"")), "" },
        { F("a", "\"type\":\"text\",\"length\":0"), "form.bad_number fields.0.length" },
        { F("a", "\"digits\":31," COMPUTED("1")), "form.bad_number fields.0.digits" },
        { F("a", "\"type\":\"choice\",\"choices\":[{\"value\":\"x\",\"label\":\"X\"},"
                 "{\"value\":\"x\",\"label\":\"Y\"}]"),
          "form.choice_twice fields.0.choices" },
        { F("a", COMPUTED("b")) "," F("b", COMPUTED("a")), "form.cycle fields.0.formula" },
        { F("b", QUANTITY("")) "," F("a", COMPUTED("a + b")), "form.cycle fields.1.formula" },
        { F("a", COMPUTED("0.5")), "formula.fraction fields.0.formula" },
        { F("b", QUANTITY("")) "," F("a", COMPUTED("b + c")), "formula.unknown fields.1.formula" },
        { F("b", "\"sealed\":true," QUANTITY("")) "," F("a", COMPUTED("b")),
          "formula.unknown fields.1.formula" },
        { F("a", COMPUTED("1 +")), "formula.syntax fields.0.formula" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(checked(rows[i].fields), rows[i].refusal);
    struct err e = { 0 };
    const struct define_context context = { .arena = form_arena };
    assert_int_equal(form_kind.check(&context, form_read(str_z(form_infusion)), &e), OK);
}

static void every_failing_allocation_is_a_fault(void **state)
{
    (void)state;
    struct definition d = form_definition(form_infusion);
    struct record_pair pairs[FORM_PAIRS_MAX];
    size_t n = form_pairs(pairs, (const char *const[]){ "volume=1", "cells=2", "weight=5 kg",
                                                        "taken=2026-11-22T10:30Z", NULL });
    bool failed = true;
    for (size_t nth = 1; failed; nth++) {
        struct arena *a = arena_new(1 << 20);
        struct form_filled f;
        struct err e = { 0 };
        const struct form_filling in = { .form = &d, .inputs = pairs, .ninputs = n };
        memory_fail_at(nth);
        enum outcome outcome = form_fill(&f, &in, a, &e);
        failed = memory_failed();
        memory_fail_at(0);
        /* Lua may free garbage and try again, and then all is well. */
        if (failed && outcome != OK)
            assert_int_equal(outcome, FAULT);
        if (outcome == OK)
            assert_true(str_is(form_record_value(&f.record, S("total")), "2 10*6"));
        if (!failed)
            assert_int_equal(outcome, OK);
        arena_free(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_entered_understood_and_computed),
        cmocka_unit_test(record_goes_through_json),
        cmocka_unit_test(rounds_once),
        cmocka_unit_test(limits_mark_and_refuse),
        cmocka_unit_test(absent_inputs_leave_computed_absent),
        cmocka_unit_test(sealed_values_are_secrets),
        cmocka_unit_test(each_problem_stands_at_its_field),
        cmocka_unit_test(formula_problems_stand_at_their_field),
        cmocka_unit_test(too_many_problems_are_cut),
        cmocka_unit_test(definitions_are_checked),
        cmocka_unit_test(every_failing_allocation_is_a_fault),
    };
    return cmocka_run_group_tests(tests, form_arena_open, form_arena_close);
}
