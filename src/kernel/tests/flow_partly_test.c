/* Single fields that two persons enter, and one task that two persons do at once: nothing is lost,
 * doubled or mixed, and the second learns why. */
#define _GNU_SOURCE /* memmem */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "kernel/tests/flow_count.h"

static struct trial t;

static int set_up(void **state)
{
    (void)state;
    trial_open(&t);
    count_load(&t);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    trial_close(&t);
    return 0;
}

#define CELLS(n) "{'name':'cells','entered':'" n "'}"

static enum outcome enter(const struct fixture_person *who, const char *inputs)
{
    return trial_complete(&t, who, "count", inputs);
}

static void assert_answer(const char *json)
{
    if (!str_is(t.f.answer.body, json))
        fail_msg("%.*s", STR(t.f.answer.body));
}

/* --- some fields by two, the rest once --- */

static const char partly_form[] = TRIAL_HEAD(
    "form", "partly",
    "1") "fields:\n"
         "- {name: cells, label: Cells, type: quantity, unit: 10*6, required: true, entry: "
         "double}\n"
         "- {name: lot, label: Lot, type: text, required: true}\n"
         "- {name: volume, label: Volume, type: quantity, unit: mL, required: true}\n"
         "- {name: total, label: Total, type: computed, unit: 10*6, formula: cells * volume}\n";

static void begin_partly(void)
{
    struct err e = { 0 };
    char text[4000];
    const char *at = strstr(count_workflow, "form: count");
    const char *name = strstr(count_workflow, "counting");
    snprintf(text, sizeof text, "%.*spartly_counting%.*sform: partly}\n",
             (int)(name - count_workflow), count_workflow, (int)(at - name) - 8, name + 8);
    snprintf(text + strlen(text), sizeof text - strlen(text), "%s",
             "  - {name: receive, title: R, part: maker, role: operator, act: receive,\n"
             "     checks: [receipt]}\n");
    if (trial_load(&t, partly_form, &e) != OK || trial_load(&t, text, &e) != OK)
        fail_msg("%s at %.*s", e.code, STR(err_param(&e, "at")));
    assert_int_equal(trial_begin(&t, 2, "partly_counting"), OK);
    assert_int_equal(trial_note_fact(&t, &t.nurse, "identify", "check:patient"), OK);
    assert_int_equal(trial_complete(&t, &t.nurse, "identify", ""), OK);
}

#define WHOLE(n) CELLS(n) ",{'name':'lot','entered':'L1'},{'name':'volume','entered':'2'}"

static void some_fields_are_entered_by_two(void **state)
{
    (void)state;
    begin_partly();
    assert_int_equal(enter(&t.nurse, CELLS("12")), REFUSED); /* the first enters all */
    fixture_refused(&t.f, "form.problems");
    assert_int_equal(enter(&t.nurse, WHOLE("12")), OK);
    assert_answer("{\"entry\":\"first\"}");
    assert_int_equal(enter(&t.second, WHOLE("12")), REFUSED); /* what is there is not given again */
    fixture_refused(&t.f, "flow.entered_once");
    assert_true(str_is(err_param(&t.f.error, "field"), "Lot"));
    assert_int_equal(enter(&t.second, CELLS("13")), OK);
    assert_answer("{\"entry\":\"differs\",\"fields\":[\"cells\"]}");
    assert_int_equal(trial_events(&t, "flow.entry_made"), 2);
    assert_null(memmem(t.payload.p, t.payload.n, "\"lot\"", 5)); /* is not the second person's */
    assert_int_equal(enter(&t.nurse, CELLS("13")), OK); /* who erred enters again, that alone */
    assert_answer("{\"entry\":\"agrees\"}");
    struct flow_view v = trial_view(&t);
    assert_true(str_is(flow_value(&v, S("count"), S("lot"), t.f.arena), "L1"));
    assert_true(str_is(flow_value(&v, S("count"), S("cells"), t.f.arena), "13 10*6"));
    assert_true(str_is(flow_value(&v, S("count"), S("total"), t.f.arena), "26 10*6"));
    fixture_rebuilds(&t.f);
}

/* What cannot be told apart is refused when it is loaded. */
static void what_two_enter_rests_on_nothing_else(void **state)
{
    (void)state;
    static const struct {
        const char *fields;
        const char *code;
    } bad[] = {
        { "- {name: a, label: A, type: text, entry: twice}\n", "form.twice_unfitting" },
        { "- {name: a, label: A, type: text, entry: double}\n"
          "- {name: b, label: B, type: text, sealed: true}\n",
          "form.sealed_once" },
        { "- {name: a, label: A, type: bool}\n"
          "- {name: b, label: B, type: text, entry: double, shown_when: {field: a, is: 'true'}}\n",
          "form.twice_unfitting" },
        { "- {name: a, label: A, type: computed, unit: mL, formula: '1', entry: double}\n",
          "form.unfitting" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct err e = { 0 };
        char text[1000];
        snprintf(text, sizeof text, "%sfields:\n%s", TRIAL_HEAD("form", "bad", "1"), bad[i].fields);
        assert_int_equal(trial_load(&t, text, &e), REFUSED);
        assert_string_equal(e.code, bad[i].code);
    }
}

/* Two first persons at once fill in a whole form each: one of them is the first, and the other is
 * told to look again, with nothing of theirs mixed in. */
static void two_first_persons_at_once(void **state)
{
    (void)state;
    static struct count_sent a, b;
    static const char whole[] = "12\"},{\"name\":\"lot\",\"entered\":\"L1\"},"
                                "{\"name\":\"volume\",\"entered\":\"2";
    begin_partly();
    count_submit(&t, &a, &t.nurse, 1, whole);
    count_submit(&t, &b, &t.second, 2, whole);
    count_run(&t);
    assert_true(str_is(a.answer.body, "{\"entry\":\"first\"}"));
    assert_int_equal(b.answer.error.outcome, REFUSED);
    assert_string_equal(b.answer.error.code, "ledger.changed");
    assert_int_equal(enter(&t.second, CELLS("12")), OK);
    assert_answer("{\"entry\":\"agrees\"}");
}

/* One task, two persons (or two tabs), no form that two enter: one has done it, the other learns
 * so, and there is one record. */
static void one_task_is_done_once(void **state)
{
    (void)state;
    static struct count_sent a, b, again;
    struct err e = { 0 };
    char text[4000];
    const char *at = strstr(count_form, "double_entry: true\n");
    snprintf(text, sizeof text, "%.*s%s", (int)(at - count_form), count_form,
             at + strlen("double_entry: true\n"));
    char *version = strstr(text, "version: 1");
    version[9] = '2';
    if (trial_load(&t, text, &e) != OK)
        fail_msg("%s", e.code);
    assert_int_equal(trial_begin(&t, 2, "counting"), OK);
    assert_int_equal(trial_note_fact(&t, &t.nurse, "identify", "check:patient"), OK);
    assert_int_equal(trial_complete(&t, &t.nurse, "identify", ""), OK);
    count_submit(&t, &a, &t.nurse, 1, "12");
    count_submit(&t, &b, &t.second, 2, "13");
    count_run(&t);
    assert_int_equal(a.answer.error.outcome, OK);
    assert_int_equal(b.answer.error.outcome, REFUSED);
    assert_string_equal(b.answer.error.code, "flow.done_before");
    assert_true(str_is(err_param(&b.answer.error, "task"), "Count"));
    count_submit(&t, &again, &t.nurse, 1, "12"); /* the same tab, sent again */
    count_run(&t);
    assert_int_equal(again.answer.error.outcome, OK);
    assert_true(again.answer.repeated);
    assert_int_equal(trial_events(&t, "flow.task_done"), 2); /* identify and count, once each */
    struct flow_view v = trial_view(&t);
    assert_true(str_is(flow_value(&v, S("count"), S("cells"), t.f.arena), "12 10*6"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(some_fields_are_entered_by_two),
        TEST(what_two_enter_rests_on_nothing_else),
        TEST(two_first_persons_at_once),
        TEST(one_task_is_done_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
