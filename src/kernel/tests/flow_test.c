/* An order under its workflow: nothing out of its sequence, before its time, by the wrong person or
 * without what it needs; and nothing that was recorded is lost. */
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

static void refused(const char *code, const char *param, const char *value)
{
    fixture_refused(&t.f, code);
    if (param) {
        char got[ERR_VALUE_MAX + 1];
        snprintf(got, sizeof got, "%.*s", STR(err_param(&t.f.error, param)));
        assert_string_equal(got, value);
    }
}

static enum outcome order_command(const struct fixture_person *who, const char *name,
                                  const char *reason)
{
    return fixture_send(&t.f, who, name, reason, "{'order':'%s'}", t.order);
}

static enum outcome end_with(const char *how, const char *more)
{
    return fixture_send(&t.f, &t.coordinator, "flow.end", "why", "{'order':'%s','how':'%s'%s}",
                        t.order, how, more);
}

static enum outcome end_order(const char *how)
{
    return end_with(how, "");
}

static enum outcome correct(const char *task, const char *reason, const char *inputs)
{
    return fixture_send(&t.f, &t.nurse, "flow.correct", reason,
                        "{'order':'%s','task':'%s','inputs':[%s]}", t.order, task, inputs);
}

static struct db *reader(void)
{
    struct db *db;
    struct err e = { 0 };
    assert_int_equal(store_reader_take(&db, t.f.node.store, &e), OK);
    return db;
}

/* partial: ORC-03 */
static void orc_03_tasks_in_sequence(void **state)
{
    (void)state;
    assert_true(trial_is_open(&t, "collect"));
    assert_false(trial_is_open(&t, "pack"));
    assert_int_equal(trial_complete(&t, &t.second, "pack", ""), REFUSED);
    refused("flow.not_open", "before", "Collect");
    assert_int_equal(trial_note_fact(&t, &t.nurse, "pack", "handed_over"), REFUSED);
    refused("flow.not_open", "task", "Pack");
    assert_int_equal(trial_complete(&t, &t.coordinator, "no_such", ""), REFUSED);
    refused("flow.unknown_task", "task", "no_such");
    trial_do(&t, "collect");
    assert_true(trial_is_open(&t, "pack"));
    assert_false(trial_is_open(&t, "receive"));
    assert_int_equal(trial_complete(&t, &t.second, "collect", FULL), REFUSED);
    refused("flow.done_before", "task", "Collect");
    fixture_rebuilds(&t.f);
}

/* partial: ORC-03 */
static void orc_03_late_tasks_do_not_hold_up(void **state)
{
    (void)state;
    trial_do(&t, "collect");
    trial_do(&t, "pack");
    trial_do(&t, "receive");
    assert_true(trial_is_open(&t, "sterility"));
    assert_true(trial_is_open(&t, "wash"));
    trial_do(&t, "wash");
    assert_true(trial_is_open(&t, "release"));
    assert_int_equal(trial_complete(&t, &t.operator, "release", ""), REFUSED);
    refused("flow.guard", "text", "sterility is known");
    size_t opened = trial_view(&t).ntasks;
    trial_do(&t, "sterility");
    assert_int_equal(trial_view(&t).ntasks, opened); /* opens nothing */
    trial_do(&t, "release");
    assert_int_equal(trial_view(&t).state, FLOW_RUNNING); /* follow_up is late, and not done */
    trial_do(&t, "follow_up");
    struct flow_view v = trial_view(&t);
    assert_int_equal(v.state, FLOW_ENDED);
    assert_true(str_is(v.how, "finished"));
    fixture_rebuilds(&t.f);
}

/* partial: ORC-03 */
static void orc_03_guards_of_time(void **state)
{
    (void)state;
    trial_do(&t, "collect");
    struct flow_view v = trial_view(&t);
    struct flow_countdown countdown[4];
    assert_int_equal(flow_countdowns(&v, countdown, 4), 1);
    assert_int_equal(countdown[0].until, v.tasks[0].done_at + 72 * TIME_HOUR);
    trial_do(&t, "pack");
    assert_int_equal(trial_note_fact(&t, &t.operator, "receive", "check:receipt"), OK);
    env_sim_advance(&t.f.sim, 73 * TIME_HOUR);
    assert_int_equal(trial_complete(&t, &t.operator, "receive", ""), REFUSED);
    refused("flow.guard_late", "guard", "in_window");
    char until[40];
    struct buf b = buf_over(until, sizeof until);
    clock_write(&b, countdown[0].until);
    struct str told = err_param(&t.f.error, "until");
    assert_memory_equal(told.p, until, 10);
    assert_memory_equal(told.p + 11, until + 11, 5);
}

/* partial: ORC-03 */
static void orc_03_stated_times_cannot_meet_a_guard(void **state)
{
    (void)state;
    trial_do(&t, "collect");
    trial_do(&t, "pack");
    trial_do(&t, "receive");
    assert_int_equal(trial_complete(&t, &t.operator, "wash", ""), REFUSED);
    refused("flow.guard_early", "guard", "rested");
    struct gate_command c = {
        .id = fixture_id('c', 1),
        .name = S("flow.complete"),
        .body = arena_printf(t.f.arena, "{\"order\":\"%s\",\"task\":\"wash\"}", t.order),
        .actor = &t.operator.actor,
        .happened = env_now(&t.f.sim.env) + 2 * TIME_HOUR,
        .entered = TIME_NONE,
        .arena = t.f.arena,
    };
    t.f.error = (struct err){ 0 };
    assert_int_equal(gate_run(t.f.node.gate, &c, NULL, &t.f.error), REFUSED);
    fixture_refused(&t.f, "gate.happened_later");
    c.happened = env_now(&t.f.sim.env) + TIME_MINUTE; /* clocks differ, but not the guard */
    t.f.error = (struct err){ 0 };
    assert_int_equal(gate_run(t.f.node.gate, &c, NULL, &t.f.error), REFUSED);
    refused("flow.guard_early", "guard", "rested");
    env_sim_advance(&t.f.sim, TIME_HOUR);
    assert_int_equal(trial_complete(&t, &t.operator, "wash", ""), OK);
}

/* partial: ORC-03 a wait begins neither before the task that begins it had opened, nor does saying
 * so keep a later task's time */
static void orc_03_nothing_was_done_before_it_opened(void **state)
{
    (void)state;
    trial_do(&t, "collect");
    trial_do(&t, "pack");
    assert_int_equal(trial_note_fact(&t, &t.operator, "receive", "check:receipt"), OK);
    struct gate_command c = {
        .id = fixture_id('c', 1),
        .name = S("flow.complete"),
        .body = arena_printf(t.f.arena, "{\"order\":\"%s\",\"task\":\"receive\"}", t.order),
        .actor = &t.operator.actor,
        .happened = env_now(&t.f.sim.env) - 2 * TIME_HOUR,
        .entered = TIME_NONE,
        .arena = t.f.arena,
    };
    t.f.error = (struct err){ 0 };
    assert_int_equal(gate_run(t.f.node.gate, &c, NULL, &t.f.error), REFUSED);
    refused("flow.before_open", NULL, NULL);
    env_sim_advance(&t.f.sim,
                    2 * TIME_HOUR); /* what is entered late is recorded as it took place */
    c.happened = env_now(&t.f.sim.env) - TIME_HOUR;
    assert_int_equal(gate_run(t.f.node.gate, &c, NULL, &t.f.error), OK);
    assert_int_equal(trial_complete(&t, &t.operator, "wash", ""), OK);
}

/* partial: ORC-03 */
static void orc_03_guards_of_values_and_facts(void **state)
{
    (void)state;
    assert_int_equal(trial_note_fact(&t, &t.nurse, "collect", "check:patient"), OK);
    assert_int_equal(trial_note_fact(&t, &t.nurse, "collect", "made:bag"), OK);
    assert_int_equal(trial_complete(&t, &t.second, "collect", "{'name':'volume','entered':'49.9'}"),
                     OK);
    assert_int_equal(trial_note_fact(&t, &t.nurse, "pack", "handed_over"), OK);
    assert_int_equal(trial_complete(&t, &t.second, "pack", ""), OK);
    assert_int_equal(trial_note_fact(&t, &t.operator, "receive", "check:receipt"), OK);
    assert_int_equal(trial_complete(&t, &t.operator, "receive", ""), REFUSED);
    refused("flow.guard", "guard", "enough");
    assert_int_equal(correct("collect", "misread", "{'name':'volume','entered':'0.05 L'}"), OK);
    assert_int_equal(trial_complete(&t, &t.operator, "receive", ""), REFUSED);
    refused("flow.guard", "guard", "adequate");
    assert_int_equal(correct("collect", "forgotten", "{'name':'adequate','entered':'yes'}"), OK);
    assert_int_equal(trial_complete(&t, &t.operator, "receive", ""), OK);
    env_sim_advance(&t.f.sim, 2 * TIME_HOUR);
    assert_int_equal(trial_complete(&t, &t.operator, "wash", ""), REFUSED);
    refused("flow.guard", "guard", "signed");
    assert_int_equal(trial_note_fact(&t, &t.operator, "sterility", "signed"), OK);
    assert_int_equal(trial_complete(&t, &t.operator, "wash", ""), OK);
    fixture_rebuilds(&t.f);
}

/* shows: COI-02 */
static void coi_02_checks_facts_and_second_person(void **state)
{
    (void)state;
    assert_int_equal(trial_complete(&t, &t.second, "collect", FULL), REFUSED);
    refused("flow.check_missing", "point", "patient");
    assert_int_equal(trial_note_fact(&t, &t.nurse, "collect", "check:patient"), OK);
    assert_int_equal(trial_complete(&t, &t.second, "collect", FULL), REFUSED);
    refused("flow.made_missing", "unit", "bag");
    assert_int_equal(trial_note_fact(&t, &t.nurse, "collect", "made:bag"), OK);
    assert_int_equal(trial_complete(&t, &t.nurse, "collect", FULL), REFUSED);
    refused("flow.second_person", "point", "patient");
    /* noting it again does not make another the one who noted it first */
    assert_int_equal(trial_note_fact(&t, &t.second, "collect", "check:patient"), OK);
    assert_int_equal(trial_complete(&t, &t.nurse, "collect", FULL), REFUSED);
    refused("flow.second_person", NULL, NULL);
    assert_int_equal(trial_complete(&t, &t.second, "collect", FULL), OK);
    assert_int_equal(trial_complete(&t, &t.second, "pack", ""), REFUSED);
    refused("flow.fact_missing", "fact", "handed_over");
}

static void who_may(void **state)
{
    (void)state;
    /* elsewhere: as for an order that does not exist, whatever the form says */
    assert_int_equal(trial_complete(&t, &t.stranger, "collect", ""), REFUSED);
    refused("gate.unknown", "kind", "order");
    assert_int_equal(trial_complete(&t, &t.operator, "collect", ""), REFUSED);
    refused("gate.unknown", "kind", "order"); /* a party, but not of this task */
    assert_int_equal(trial_complete(&t, &t.coordinator, "collect", ""), REFUSED);
    refused("flow.wrong_role", "role", "nurse");
    assert_int_equal(order_command(&t.nurse, "flow.hold", "why"), REFUSED);
    refused("gate.forbidden", "command", "flow.hold");
}

static void form_is_told_last(void **state)
{
    (void)state;
    assert_int_equal(trial_complete(&t, &t.second, "collect", ""), REFUSED);
    refused("flow.check_missing", NULL, NULL);
    assert_int_equal(trial_note_fact(&t, &t.nurse, "collect", "check:patient"), OK);
    assert_int_equal(trial_note_fact(&t, &t.nurse, "collect", "made:bag"), OK);
    assert_int_equal(trial_complete(&t, &t.second, "collect", "{'name':'volume','entered':'501'}"),
                     REFUSED);
    refused("form.problems", NULL, NULL);
    assert_true(trial_is_open(&t, "collect"));
    assert_int_equal(trial_complete(&t, &t.second, "collect", FULL), OK);
    assert_int_equal(trial_note_fact(&t, &t.nurse, "pack", "handed_over"), OK);
    assert_int_equal(trial_complete(&t, &t.second, "pack", "{'name':'x','entered':'1'}"), REFUSED);
    refused("flow.no_form", NULL, NULL);
}

/* partial: ORC-07 */
static void orc_07_hold_resume_end(void **state)
{
    (void)state;
    assert_int_equal(order_command(&t.coordinator, "flow.hold", NULL), REFUSED);
    refused("gate.reason_needed", NULL, NULL);
    assert_int_equal(order_command(&t.coordinator, "flow.resume", "why"), REFUSED);
    refused("flow.not_held", NULL, NULL);
    assert_int_equal(order_command(&t.coordinator, "flow.hold", "fever"), OK);
    assert_int_equal(trial_note_fact(&t, &t.nurse, "collect", "check:patient"), REFUSED);
    refused("flow.held", NULL, NULL);
    assert_int_equal(order_command(&t.coordinator, "flow.hold", "again"), REFUSED);
    refused("flow.held", NULL, NULL);
    assert_int_equal(order_command(&t.coordinator, "flow.resume", "well"), OK);
    trial_do(&t, "collect");
    assert_int_equal(end_order("lost"), REFUSED);
    refused("flow.unknown_end", "how", "lost");
    assert_int_equal(order_command(&t.coordinator, "flow.hold", "fever"), OK);
    assert_int_equal(correct("collect", "misread", "{'name':'volume','entered':'90'}"), OK);
    assert_int_equal(end_order("withdrawn"), REFUSED); /* a bag was collected */
    refused("flow.material_unstated", NULL, NULL);
    assert_int_equal(end_with("withdrawn", ",'material':'none'"), REFUSED);
    refused("flow.material_unstated", NULL, NULL);
    assert_int_equal(end_with("withdrawn", ",'material':'retain','wish':'sell'"), REFUSED);
    refused("flow.unknown_wish", "wish", "sell");
    assert_int_equal(end_with("withdrawn", ",'material':'retain','wish':'retain'"), OK);
    assert_true(str_is(trial_view(&t).how, "withdrawn"));
    assert_int_equal(trial_complete(&t, &t.second, "pack", ""), REFUSED);
    refused("flow.ended", "how", "withdrawn");
    assert_int_equal(order_command(&t.coordinator, "flow.resume", "why"), REFUSED);
    refused("flow.ended", NULL, NULL);
    env_sim_advance(&t.f.sim, 3 * TIME_HOUR);
    fixture_settle(&t.f);
    assert_false(trial_view(&t).tasks[1].overdue); /* its timer ended with the order */
    fixture_rebuilds(&t.f);
}

static void stop_goes_before_flow(void **state)
{
    (void)state;
    trial_do(&t, "collect");
    assert_int_equal(order_command(&t.coordinator, "trial.stop", NULL), OK);
    assert_int_equal(trial_note_fact(&t, &t.nurse, "pack", "handed_over"), REFUSED);
    refused("stop.stopped", "point", "receipt");
    assert_int_equal(order_command(&t.coordinator, "flow.hold", "stopped"), OK);
    assert_int_equal(order_command(&t.coordinator, "flow.resume", "why"), REFUSED);
    refused("stop.stopped", NULL, NULL);
}

/* partial: ORC-02 */
static void orc_02_order_stays_on_its_version(void **state)
{
    (void)state;
    struct err e = { 0 };
    assert_int_equal(trial_load(&t, trial_apheresis_2, &e), OK);
    char second[8000];
    snprintf(second, sizeof second, "%s", trial_workflow);
    *strstr(second, "version: 1") = 'V';
    char *version = strstr(second, "Version: 1");
    memcpy(version, "version: 2", 10);
    memcpy(strstr(second, "at_least: 50"), "at_least: 99", 12);
    memcpy(strstr(second, "needs: [handed_over]"), "needs: [handed_ovfr]", 20);
    assert_int_equal(trial_load(&t, second, &e), OK);

    /* the old order: its own workflow, and the form that was in force when it started */
    trial_do(&t, "collect");
    trial_do(&t, "pack");
    struct flow_view v = trial_view(&t);
    assert_int_equal(v.workflow_version, 1);
    assert_int_equal(v.tasks[0].form_version, 1);

    assert_int_equal(trial_begin(&t, 2, "trial"), OK);
    v = trial_view(&t);
    assert_int_equal(v.workflow_version, 2);
    assert_int_equal(v.tasks[0].form_version, 2);
    assert_int_equal(trial_note_fact(&t, &t.nurse, "collect", "check:patient"), OK);
    assert_int_equal(trial_note_fact(&t, &t.nurse, "collect", "made:bag"), OK);
    assert_int_equal(trial_complete(&t, &t.second, "collect", FULL), REFUSED);
    refused("form.problems", NULL, NULL);
    assert_int_equal(
        trial_complete(&t, &t.second, "collect", FULL ",{'name':'duration','entered':'200'}"), OK);
    assert_int_equal(trial_note_fact(&t, &t.nurse, "pack", "handed_over"), OK);
    assert_int_equal(trial_complete(&t, &t.second, "pack", ""), REFUSED);
    refused("flow.fact_missing", "fact", "handed_ovfr");
    fixture_rebuilds(&t.f);
}

/* Starts t.order with one or two parties of these parts. */
static enum outcome start_with(const char *one, const char *two)
{
    struct str id = t.nurse.actor.organisation;
    char second[200] = "";
    if (two)
        snprintf(second, sizeof second, ",{'part':'%s','organisation':'%.*s','site':'%.*s'}", two,
                 STR(id), STR(id));
    return fixture_send(&t.f, &t.coordinator, "trial.start", NULL,
                        "{'order':'%s','workflow':'trial','parties':["
                        "{'part':'%s','organisation':'%.*s','site':'%.*s'}%s]}",
                        t.order, one, STR(id), STR(id), second);
}

static void starting(void **state)
{
    (void)state;
    assert_int_equal(trial_begin(&t, 1, "trial"), REFUSED);
    refused("flow.started_before", NULL, NULL);
    assert_int_equal(trial_begin(&t, 3, "none"), REFUSED);
    refused("flow.unknown_workflow", "workflow", "none");
    assert_int_equal(start_with("site", NULL), REFUSED);
    refused("flow.part_missing", "part", "maker");
    assert_int_equal(start_with("site", "site"), REFUSED);
    refused("flow.part_twice", "part", "site");
    assert_false(trial_view(&t).found);
}

static void retries_do_nothing_twice(void **state)
{
    (void)state;
    assert_int_equal(trial_note_fact(&t, &t.nurse, "collect", "check:patient"), OK);
    assert_int_equal(trial_note_fact(&t, &t.nurse, "collect", "made:bag"), OK);
    struct str id = fixture_id('c', 9);
    struct str body = arena_printf(t.f.arena,
                                   "{\"order\":\"%s\",\"task\":\"collect\",\"inputs\":["
                                   "{\"name\":\"volume\",\"entered\":\"100\"}]}",
                                   t.order);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(fixture_send_as(&t.f, &t.second, id, "flow.complete", NULL, body.p), OK);
        assert_int_equal(t.f.answer.repeated, i == 1);
    }
    assert_int_equal(trial_view(&t).ntasks, 2);
}

/* What the worklist of a site and the tower show. */
static void overdue_worklist_and_tower(void **state)
{
    (void)state;
    trial_do(&t, "collect");
    int64_t due = trial_view(&t).tasks[1].due;
    assert_int_equal(due, trial_view(&t).tasks[0].done_at + 2 * TIME_HOUR);
    assert_int_equal(trial_begin(&t, 2, "trial"), OK); /* nothing due */
    env_sim_advance(&t.f.sim, 2 * TIME_HOUR);
    fixture_settle(&t.f);
    fixture_settle(&t.f);

    struct db *db = reader();
    struct err e = { 0 };
    struct record_list list;
    struct flow_worklist_in in = {
        .organisation = t.nurse.actor.organisation,
        .site = t.nurse.actor.site,
        .roles = S(",courier,nurse,"),
        .after_due = 0,
        .after_order = S(""),
        .after_number = 0,
    };
    assert_int_equal(db_list(db, &sql_flow_worklist, &in, &list, 200, t.f.arena, &e), OK);
    assert_int_equal(list.n, 2);
    const struct flow_worklist_out *row = list.p;
    assert_true(str_is(row[0].task, "pack") && row[0].overdue && row[0].due == due);
    assert_true(str_is(row[1].task, "collect") && !row[1].overdue && row[1].due == TIME_NONE);
    in.after_due = row[0].due_by;
    in.after_order = row[0].order_id;
    in.after_number = row[0].number;
    assert_int_equal(db_list(db, &sql_flow_worklist, &in, &list, 200, t.f.arena, &e), OK);
    assert_int_equal(list.n, 1);
    in.roles = S(",nurs,");
    assert_int_equal(db_list(db, &sql_flow_worklist, &in, &list, 200, t.f.arena, &e), OK);
    assert_int_equal(list.n, 0);

    struct flow_tower_in tower = { t.operator.actor.organisation, S("running"), 0, S("") };
    assert_int_equal(db_list(db, &sql_flow_tower, &tower, &list, 200, t.f.arena, &e), OK);
    assert_int_equal(list.n, 2);
    const struct flow_tower_out *order = list.p;
    assert_true(order[0].overdue && order[0].due == due && str_is(order[0].task, "pack"));
    tower.organisation = t.stranger.actor.organisation;
    assert_int_equal(db_list(db, &sql_flow_tower, &tower, &list, 200, t.f.arena, &e), OK);
    assert_int_equal(list.n, 0);
    store_reader_give(t.f.node.store, db);
    fixture_rebuilds(&t.f);

    snprintf(t.order, sizeof t.order, "%.*s", STR(fixture_id('r', 1)));
    trial_do(&t, "pack"); /* overdue, but done */
    fixture_rebuilds(&t.f);
}

static void goes_on_after_a_restart(void **state)
{
    (void)state;
    trial_do(&t, "collect");
    fixture_reopen(&t.f);
    trial_do(&t, "pack");
    trial_do(&t, "receive");
    assert_true(trial_is_open(&t, "wash"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(orc_03_tasks_in_sequence),
        TEST(orc_03_late_tasks_do_not_hold_up),
        TEST(orc_03_guards_of_time),
        TEST(orc_03_stated_times_cannot_meet_a_guard),
        TEST(orc_03_nothing_was_done_before_it_opened),
        TEST(orc_03_guards_of_values_and_facts),
        TEST(coi_02_checks_facts_and_second_person),
        TEST(who_may),
        TEST(form_is_told_last),
        TEST(orc_07_hold_resume_end),
        TEST(stop_goes_before_flow),
        TEST(orc_02_order_stays_on_its_version),
        TEST(starting),
        TEST(retries_do_nothing_twice),
        TEST(overdue_worklist_and_tower),
        TEST(goes_on_after_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
