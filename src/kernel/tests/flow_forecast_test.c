/* Forecasts by hand and by what is known of sums. partial: ORC-08 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/flow_forecast.h"
#include "kernel/tests/flow_trial.h"

/* --- a workflow, and what its tasks took --- */

enum { TASKS_MAX = 10, ROWS_MAX = 2000 };

static struct flow_task tasks[TASKS_MAX];
static struct flow_stage stage;
static struct workflow workflow;
static struct flow_open_task opened[TASKS_MAX];
static struct flow_skip skipped[TASKS_MAX];
static struct flow_took_lately_out rows[ROWS_MAX];
static struct flow_view view;
static size_t nrows;
static struct arena *arena;
static const int64_t now = INT64_C(1795426200) * TIME_SECOND;

static int empty(void **state)
{
    (void)state;
    memset(tasks, 0, sizeof tasks);
    memset(opened, 0, sizeof opened);
    stage = (struct flow_stage){ .name = S("stage"), .tasks = { tasks, 0 } };
    workflow = (struct workflow){ .stages = { &stage, 1 } };
    view = (struct flow_view){ .found = true, .workflow = &workflow };
    view.tasks = opened;
    view.skipped = skipped;
    nrows = 0;
    return 0;
}

/* Tasks are added in the order of their names, as rows are sorted. */
static struct flow_task *task(const char *name)
{
    struct flow_task *t = &tasks[stage.tasks.n++];
    t->name = str_z(name);
    return t;
}

static void took(const char *name, int64_t us)
{
    assert_true(nrows < ROWS_MAX);
    rows[nrows++] = (struct flow_took_lately_out){ str_z(name), us };
}

static void took_hours(const char *name, int hours, int times)
{
    for (int i = 0; i < times; i++)
        took(name, hours * TIME_HOUR);
}

static void is_open(const char *name, int64_t number, int64_t since)
{
    opened[view.ntasks++] = (struct flow_open_task){
        .task = str_z(name), .number = number, .opened = since, .done_at = TIME_NONE
    };
}

static struct flow_moment ask_of(const struct flow_target *target)
{
    struct flow_lately lately;
    struct flow_moment out;
    struct err e = { 0 };
    arena_reset(arena);
    assert_int_equal(flow_lately_of(&lately, rows, nrows, arena, &e), OK);
    assert_int_equal(flow_forecast(&out, target, 1, &view, &lately, now, &e), OK);
    return out;
}

static struct flow_moment ask(const char *name)
{
    const struct flow_target target = { { str_z(name) }, 1 };
    return ask_of(&target);
}

static void is_exactly(struct flow_moment m, int kind, int64_t at)
{
    assert_int_equal(m.kind, kind);
    assert_int_equal(m.early, at);
    assert_int_equal(m.middle, at);
    assert_int_equal(m.late, at);
}

/* In hours from now, to within so many. */
static void is_about(int64_t at, double hours, double within)
{
    const double got = (double)(at - now) / (double)TIME_HOUR;
    if (got < hours - within || got > hours + within)
        fail_msg("%.2f hours from now, not %.2f", got, hours);
}

/* --- one after the other, side by side --- */

static void one_after_the_other(void **state)
{
    (void)state;
    task("a");
    task("b");
    task("c");
    took_hours("a", 10, 8);
    took_hours("b", 5, 8);
    took_hours("c", 1, 8);
    opened[0] = (struct flow_open_task){
        .task = S("a"), .number = 1, .done = true, .opened = now - 9, .done_at = now - 7
    };
    view.ntasks = 1;
    is_open("b", 2, now);
    is_exactly(ask("a"), FLOW_DONE, now - 7);
    is_exactly(ask("b"), FLOW_FORECAST, now + 5 * TIME_HOUR);
    is_exactly(ask("c"), FLOW_FORECAST, now + 6 * TIME_HOUR);
    assert_int_equal(ask("d").kind, FLOW_NEVER);
    view.state = FLOW_ENDED;
    assert_int_equal(ask("c").kind, FLOW_NEVER);
    is_exactly(ask("a"), FLOW_DONE, now - 7);
}

static void a_join_waits_for_the_longest_and_late_ones_hold_up_nobody(void **state)
{
    static struct str after[2] = { { "b", 1 }, { "c", 1 } };
    static struct str before[1] = { { "a", 1 } };
    (void)state;
    task("a");
    task("b")->after.p = before;
    tasks[1].after.n = 1;
    task("c")->after.p = before;
    tasks[2].after.n = 1;
    task("d")->after.p = after;
    tasks[3].after.n = 2;
    task("e")->late = true;
    task("f");
    took_hours("a", 1, 8);
    took_hours("b", 2, 8);
    took_hours("c", 7, 8);
    took_hours("d", 1, 8);
    took_hours("e", 100, 8);
    took_hours("f", 1, 8);
    is_open("a", 1, now);
    is_exactly(ask("d"), FLOW_FORECAST, now + 9 * TIME_HOUR);
    is_exactly(ask("f"), FLOW_FORECAST, now + 10 * TIME_HOUR);
    is_exactly(ask("e"), FLOW_FORECAST, now + 109 * TIME_HOUR);
}

/* --- spread --- */

/* Evenly from 0 to so many hours, as the middles of 100 parts. */
static void took_evenly(const char *name, int hours)
{
    for (int i = 0; i < 100; i++)
        took(name, (2 * i + 1) * hours * TIME_HOUR / 200);
}

/* One task's samples share out what it took evenly; a sum's are within a few per cent. */
static void a_spread_is_told(void **state)
{
    (void)state;
    task("a");
    task("b");
    took_evenly("a", 100);
    took_evenly("b", 100);
    is_open("a", 1, now);
    const struct flow_moment one = ask("a"), both = ask("b");
    is_about(one.early, 10, 1);
    is_about(one.middle, 50, 1);
    is_about(one.late, 90, 1);
    /* The sum of two even ones is a triangle: a tenth of it lies below the root of 2/10. */
    is_about(both.early, 44.7, 8);
    is_about(both.middle, 100, 8);
    is_about(both.late, 155.3, 8);
}

/* The tasks' draws do not go hand in hand: the spread of a sum grows by the root of their number.
 */
static void a_long_way_evens_out(void **state)
{
    enum { STEPS = 9 };
    static const char *const names[STEPS] = { "a", "b", "c", "d", "e", "f", "g", "h", "i" };
    (void)state;
    for (size_t i = 0; i < STEPS; i++) {
        task(names[i]);
        took_evenly(names[i], 12);
    }
    is_open("a", 1, now);
    const struct flow_moment m = ask("i");
    is_about(m.middle, 54, 2.5);
    is_about(m.late, 54 + 1.2816 * 12 * 0.2887 * 3, 2.5); /* 0.2887: deviation of an even one */
    is_about(m.early, 54 - 1.2816 * 12 * 0.2887 * 3, 2.5);
}

/* --- what is open for a while --- */

static void what_was_spent_is_known(void **state)
{
    (void)state;
    task("a");
    took_evenly("a", 100);
    is_open("a", 1, now - 50 * TIME_HOUR);
    const struct flow_moment m = ask("a");
    is_about(m.early, 5, 1); /* evenly from 50 to 100, and once in 51 longer */
    is_about(m.middle, 25.5, 1);
    is_about(m.late, 46, 1);
    assert_true(m.early > now);
}

static void longer_than_ever_counts_as_begun_now(void **state)
{
    (void)state;
    task("a");
    took_hours("a", 10, 8);
    is_open("a", 1, now - 30 * TIME_HOUR);
    is_exactly(ask("a"), FLOW_FORECAST, now + 10 * TIME_HOUR);
}

/* --- conditions --- */

static void a_branch_is_taken_as_most_took_it(void **state)
{
    static struct flow_guard when = { .name = S("w"), .text = S("w"), .done = S("x") };
    (void)state;
    task("a");
    struct flow_task *b = task("b");
    b->when.p = &when;
    b->when.n = 1;
    task("c");
    took_hours("a", 1, 8);
    for (int i = 0; i < 8; i++)
        took("b", INT_NONE);
    took_hours("b", 20, 8);
    took_hours("c", 1, 8);
    is_open("a", 1, now);
    is_exactly(ask("c"), FLOW_FORECAST, now + 22 * TIME_HOUR); /* as many took it as not */
    rows[16].took = INT_NONE;
    is_exactly(ask("c"), FLOW_FORECAST, now + 2 * TIME_HOUR);
    assert_int_equal(ask("b").kind, FLOW_NEVER);
}

/* Whatever most did: the first of the four is done, so that the condition holds. */
static void a_condition_that_can_be_told_is_told(void **state)
{
    static struct flow_guard when = { .name = S("w"), .text = S("w"), .done = S("a") };
    (void)state;
    task("a");
    task("b");
    task("c")->when.p = &when;
    tasks[2].when.n = 1;
    task("d");
    took_hours("b", 1, 8);
    for (int i = 0; i < 20; i++)
        took("c", INT_NONE);
    took_hours("c", 20, 8);
    took_hours("d", 1, 8);
    opened[view.ntasks++] = (struct flow_open_task){
        .task = S("a"), .number = 1, .done = true, .opened = now - 9, .done_at = now - 8
    };
    is_open("b", 2, now);
    is_exactly(ask("d"), FLOW_FORECAST, now + 22 * TIME_HOUR);
    when.done = S("b"); /* open yet */
    is_exactly(ask("d"), FLOW_FORECAST, now + 2 * TIME_HOUR);
}

/* --- too few were seen --- */

static void limits_stand_for_what_was_not_seen(void **state)
{
    (void)state;
    task("a")->limit = S("PT10H");
    task("b")->limit = S("P1D");
    task("c")->limit = S("PT1H");
    task("d");
    took_hours("a", 4, 8);
    took_hours("b", 3, 7);
    took_hours("c", 1, 8);
    took_hours("d", 1, 7);
    is_open("a", 1, now);
    is_exactly(ask("a"), FLOW_FORECAST, now + 4 * TIME_HOUR);
    is_exactly(ask("b"), FLOW_BY_LIMITS, now + 28 * TIME_HOUR);
    is_exactly(ask("c"), FLOW_BY_LIMITS, now + 29 * TIME_HOUR);
    assert_int_equal(ask("d").kind, FLOW_UNKNOWN);
}

/* Both of a target's tasks: the last of them, of those that are not passed by. */
static void a_target_of_several_tasks(void **state)
{
    static struct flow_guard when = { .name = S("w"), .text = S("w"), .done = S("x") };
    const struct flow_target target = { { S("b"), S("c") }, 2 };
    (void)state;
    task("a");
    task("b");
    task("c")->when.p = &when;
    tasks[2].when.n = 1;
    took_hours("a", 1, 8);
    took_hours("b", 2, 8);
    for (int i = 0; i < 8; i++)
        took("c", INT_NONE);
    is_open("a", 1, now);
    is_exactly(ask_of(&target), FLOW_FORECAST, now + 3 * TIME_HOUR);
}

/* --- from the log's own rows --- */

static struct trial t;

/* What is done and skipped is kept, also what a loop undoes, and rebuilt from the log alike. */
static void what_tasks_took_is_kept(void **state)
{
    struct db *db;
    struct err e = { 0 };
    (void)state;
    trial_open(&t);
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(trial_begin(&t, i, "trial"), OK);
        env_sim_advance(&t.f.sim, i * TIME_HOUR);
        trial_do(&t, "collect");
        trial_do(&t, "pack");
    }
    assert_int_equal(store_reader_take(&db, t.f.node.store, &e), OK);
    const struct flow_took_lately_in in = { S("trial"), FLOW_SEEN_MAX };
    struct record_list list;
    assert_int_equal(db_list(db, &sql_flow_took_lately, &in, &list, 100, t.f.arena, &e), OK);
    store_reader_give(t.f.node.store, db);
    const struct flow_took_lately_out *kept = list.p;
    assert_int_equal(list.n, 6);
    for (int64_t i = 0; i < 3; i++) { /* the quickest first */
        assert_true(str_is(kept[i].task, "collect"));
        assert_true(kept[i].took >= (i + 1) * TIME_HOUR);
        assert_true(kept[i].took < (i + 1) * TIME_HOUR + TIME_MINUTE);
    }
    assert_true(str_is(kept[3].task, "pack"));
    fixture_rebuilds(&t.f);
    trial_close(&t);
}

int main(void)
{
    arena = arena_new(4 << 20);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(one_after_the_other, empty),
        cmocka_unit_test_setup(a_join_waits_for_the_longest_and_late_ones_hold_up_nobody, empty),
        cmocka_unit_test_setup(a_spread_is_told, empty),
        cmocka_unit_test_setup(a_long_way_evens_out, empty),
        cmocka_unit_test_setup(what_was_spent_is_known, empty),
        cmocka_unit_test_setup(longer_than_ever_counts_as_begun_now, empty),
        cmocka_unit_test_setup(a_branch_is_taken_as_most_took_it, empty),
        cmocka_unit_test_setup(a_condition_that_can_be_told_is_told, empty),
        cmocka_unit_test_setup(limits_stand_for_what_was_not_seen, empty),
        cmocka_unit_test_setup(a_target_of_several_tasks, empty),
        cmocka_unit_test_setup(what_tasks_took_is_kept, empty),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(arena);
    return failed;
}
