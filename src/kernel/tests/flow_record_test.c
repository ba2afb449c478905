/* Records and their corrections: what was entered first is never lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "gen/kernel/flow.sql.h"
#include "kernel/flow_record.h"
#include "kernel/tests/flow_trial.h"

#define FULL "{'name':'volume','entered':'100'},{'name':'adequate','entered':'yes'}"

static struct trial t;

static int set_up(void **state)
{
    (void)state;
    trial_open(&t);
    assert_int_equal(trial_begin(&t, 1, "trial"), OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    trial_close(&t);
    return 0;
}

static enum outcome correct(const char *task, const char *reason, const char *inputs)
{
    return fixture_send(&t.f, &t.nurse, "flow.correct", reason,
                        "{'order':'%s','task':'%s','inputs':[%s]}", t.order, task, inputs);
}

/* All versions of a task's record, the first first. */
static const struct flow_records_out *records(const char *task, size_t n)
{
    struct db *db;
    struct err e = { 0 };
    struct flow_records_in in = { str_z(t.order), str_z(task) };
    struct record_list list;
    assert_int_equal(store_reader_take(&db, t.f.node.store, &e), OK);
    assert_int_equal(db_list(db, &sql_flow_records, &in, &list, 10, t.f.arena, &e), OK);
    store_reader_give(t.f.node.store, db);
    assert_int_equal(list.n, n);
    return list.p;
}

static bool holds(struct str text, const char *what)
{
    return strstr(arena_str(t.f.arena, text).p, what) != NULL;
}

/* partial: EBR-02 */
static void ebr_02_corrections_keep_the_first(void **state)
{
    (void)state;
    assert_int_equal(trial_note_fact(&t, &t.nurse, "collect", "check:patient"), OK);
    assert_int_equal(trial_note_fact(&t, &t.nurse, "collect", "made:bag"), OK);
    assert_int_equal(correct("collect", "why", "{'name':'volume','entered':'99'}"), REFUSED);
    fixture_refused(&t.f, "flow.not_done");
    assert_int_equal(
        trial_complete(&t, &t.second, "collect", FULL ",{'name':'donor','entered':'Ada Example'}"),
        OK);
    assert_int_equal(correct("collect", NULL, "{'name':'volume','entered':'99'}"), REFUSED);
    fixture_refused(&t.f, "gate.reason_needed");
    /* The right to correct is not the task's role: who has another rewrites nothing here. */
    struct fixture_person other;
    fixture_person(&other, 8, 1, 1, "flow.correct role.operator");
    assert_int_equal(fixture_send(&t.f, &other, "flow.correct", "misread",
                                  "{'order':'%s','task':'collect','inputs':"
                                  "[{'name':'volume','entered':'99'},"
                                  "{'name':'donor','entered':'Ada Example'}]}",
                                  t.order),
                     REFUSED);
    fixture_refused(&t.f, "flow.wrong_role");
    assert_int_equal(correct("collect", "misread", "{'name':'volume','entered':'99'}"), REFUSED);
    fixture_refused(&t.f, "flow.sealed_again");
    assert_true(str_is(err_param(&t.f.error, "field"), "donor"));
    assert_int_equal(correct("collect", "misread",
                             "{'name':'volume','entered':'99'},"
                             "{'name':'donor','entered':'Ada Example'}"),
                     OK);
    assert_int_equal(correct("collect", "none",
                             "{'name':'volume','entered':''},"
                             "{'name':'donor','entered':'Ada Example'}"),
                     REFUSED);
    fixture_refused(&t.f, "form.problems"); /* a required value cannot be taken away */

    struct flow_view v = trial_view(&t);
    assert_true(
        str_is(flow_value(&v, S("collect"), S("volume"), t.f.arena), "99 mL")); /* counts now */
    assert_true(str_is(flow_value(&v, S("collect"), S("adequate"), t.f.arena), "yes"));

    const struct flow_records_out *row = records("collect", 2);
    assert_true(holds(row[0].record, "\"value\":\"100 mL\""));
    assert_true(holds(row[1].record, "\"value\":\"99 mL\""));
    assert_true(str_eq(row[0].entered_by, t.second.actor.name));
    assert_true(str_eq(row[1].entered_by, t.nurse.actor.name));
    assert_true(row[0].recorded < row[1].recorded && row[1].reason.n > 0);
    assert_false(holds(row[0].secrets, "Ada"));
    fixture_rebuilds(&t.f);
}

static void correction_that_changes_nothing(void **state)
{
    (void)state;
    trial_do(&t, "collect");
    assert_int_equal(correct("collect", "why", "{'name':'volume','entered':'100'}"), REFUSED);
    fixture_refused(&t.f, "flow.nothing_corrected");
}

/* --- before and after review, before and after the end --- */

static const char counted[] =
    TRIAL_HEAD("workflow", "counted",
               "1") "product: trial\n"
                    "material: fresh\n"
                    "parts: [site, maker]\n"
                    "stages:\n"
                    "- name: s\n"
                    "  title: S\n"
                    "  tasks:\n"
                    "  - {name: collect, title: Collect, part: site, role: nurse, act: collect,\n"
                    "     checks: [patient], form: apheresis}\n"
                    "  - name: receive\n"
                    "    title: Receive\n"
                    "    part: maker\n"
                    "    role: operator\n"
                    "    act: receive\n"
                    "    checks: [receipt]\n"
                    "    guards:\n"
                    "    - {name: seen, text: corrections are reviewed, reviewed: collect}\n";

static struct fixture_person reviewer;

static enum outcome review(const struct fixture_person *who, int64_t record, const char *verdict)
{
    return fixture_send(&t.f, who, "flow.review_correction", NULL,
                        "{'order':'%s','task':'collect','record':%lld,'verdict':'%s',"
                        "'comment':'looked at'}",
                        t.order, (long long)record, verdict);
}

static void begin_counted(void)
{
    struct err e = { 0 };
    fixture_person(&reviewer, 7, 1, 1, "flow.review_correction");
    fixture_person(&t.nurse, 1, 1, 1,
                   "flow.complete flow.correct flow.review_correction trial.note role.nurse");
    if (trial_load(&t, counted, &e) != OK)
        fail_msg("%s", e.code);
    assert_int_equal(trial_begin(&t, 3, "counted"), OK);
    assert_int_equal(trial_note_fact(&t, &t.nurse, "collect", "check:patient"), OK);
    assert_int_equal(trial_complete(&t, &t.nurse, "collect", FULL), OK);
    assert_int_equal(trial_note_fact(&t, &t.operator, "receive", "check:receipt"), OK);
}

/* A correction holds back what the workflow says, until a second person has accepted it. */
static void what_is_not_reviewed_holds_back(void **state)
{
    (void)state;
    begin_counted();
    assert_int_equal(correct("collect", "misread", "{'name':'volume','entered':'99'}"), OK);
    assert_int_equal(trial_complete(&t, &t.operator, "receive", ""), REFUSED);
    fixture_refused(&t.f, "flow.guard");
    assert_true(str_is(err_param(&t.f.error, "guard"), "seen"));
    int64_t first = records("collect", 2)[1].version;
    assert_int_equal(review(&t.nurse, first, "accepted"), REFUSED);
    fixture_refused(&t.f, "flow.own_correction");
    assert_int_equal(review(&reviewer, first, "questioned"), OK);
    assert_int_equal(trial_complete(&t, &t.operator, "receive", ""), REFUSED);
    fixture_refused(&t.f, "flow.guard");
    assert_int_equal(correct("collect", "again", "{'name':'volume','entered':'98'}"), OK);
    assert_int_equal(trial_complete(&t, &t.operator, "receive", ""), REFUSED);
    fixture_rebuilds(&t.f);
    assert_int_equal(review(&reviewer, records("collect", 3)[2].version, "accepted"), OK);
    assert_int_equal(trial_complete(&t, &t.operator, "receive", ""), OK);
    fixture_rebuilds(&t.f);
}

/* Such a guard asks for a task with a record, and is no condition. */
static void a_review_is_asked_for_where_there_can_be_one(void **state)
{
    (void)state;
    struct err e = { 0 };
    char text[4000];
    const char *at = strstr(counted, "guards:");
    snprintf(text, sizeof text, "%.*swhen:%s", (int)(at - counted), counted, at + 7);
    assert_int_equal(trial_load(&t, text, &e), REFUSED);
    assert_string_equal(e.code, "flow.guard_unclear");
    at = strstr(counted, ", form: apheresis");
    snprintf(text, sizeof text, "%.*s%s", (int)(at - counted), counted,
             at + strlen(", form: apheresis"));
    assert_int_equal(trial_load(&t, text, &e), REFUSED);
    assert_string_equal(e.code, "flow.guard_unclear");
}

/* partial: EBR-02. After the order has ended a record may still be put right: with a reason, marked
 * by its time as late, waiting for a second person, and the first entry stays. Nothing that was
 * done is undone by it. */
static void a_late_correction_is_seen_and_reviewed(void **state)
{
    (void)state;
    begin_counted();
    assert_int_equal(trial_complete(&t, &t.operator, "receive", ""), OK);
    assert_int_equal(trial_view(&t).state, FLOW_ENDED);
    env_sim_advance(&t.f.sim, 400 * TIME_DAY);
    assert_int_equal(correct("collect", NULL, "{'name':'volume','entered':'99'}"), REFUSED);
    fixture_refused(&t.f, "gate.reason_needed");
    assert_int_equal(correct("collect", "misread", "{'name':'volume','entered':'99'}"), OK);
    const struct flow_records_out *row = records("collect", 2);
    assert_true(holds(row[0].record, "\"value\":\"100 mL\""));
    assert_true(holds(row[1].record, "\"value\":\"99 mL\""));
    assert_true(row[1].recorded - row[0].recorded > 399 * TIME_DAY && row[1].reason.n > 0);
    const struct flow_record_waiting_in in = { t.nurse.actor.organisation, 0, S(""), 0 };
    struct record_list waiting = fixture_list(&t.f, &sql_flow_record_waiting, &in);
    assert_int_equal(waiting.n, 1);
    const struct flow_record_waiting_out *late = waiting.p;
    assert_true(str_is(late->task, "collect") && late->version == row[1].version);
    struct flow_view v = trial_view(&t);
    assert_int_equal(v.state, FLOW_ENDED); /* and nothing opens */
    assert_true(v.ntasks == 2 && v.tasks[0].done && v.tasks[1].done && v.tasks[0].unreviewed);
    assert_int_equal(review(&reviewer, row[1].version, "accepted"), OK);
    waiting = fixture_list(&t.f, &sql_flow_record_waiting, &in);
    assert_int_equal(waiting.n, 0);
    fixture_rebuilds(&t.f);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ebr_02_corrections_keep_the_first),
        TEST(correction_that_changes_nothing),
        TEST(what_is_not_reviewed_holds_back),
        TEST(a_review_is_asked_for_where_there_can_be_one),
        TEST(a_late_correction_is_seen_and_reviewed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
