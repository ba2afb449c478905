/* Records and their corrections: what was entered first is never lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "gen/kernel/flow.sql.h"
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

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ebr_02_corrections_keep_the_first),
        TEST(correction_that_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
