/* How long stages took: of whole stages alone, and of no handful of orders. partial: ORC-08 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernel/flow_forecast.h"
#include "kernel/flow_pace.h"
#include "kernel/tests/flow_trial.h"

enum { ROWS_MAX = 400 };

static struct flow_task first[] = { { .name = { "collect", 7 } }, { .name = { "pack", 4 } } };
static struct flow_task second[] = { { .name = { "receive", 7 } } };
static struct flow_stage stages[] = { { .title = { "Collection", 10 }, .tasks = { first, 2 } },
                                      { .title = { "Receipt", 7 }, .tasks = { second, 1 } } };
static const struct workflow workflow = { .stages = { stages, 2 } };

static struct flow_took_by_order_out rows[ROWS_MAX];
static size_t nrows;
static struct flow_pace pace[FLOW_PACE_STAGES_MAX];
static struct arena *arena;

static int empty(void **state)
{
    (void)state;
    nrows = 0;
    return 0;
}

/* Settled at this hour, after it was open for `took` hours; -1: skipped. */
static void row(int order, const char *task, int settled, int took)
{
    assert_true(nrows < ROWS_MAX);
    rows[nrows++] = (struct flow_took_by_order_out){
        .order_id = arena_printf(arena, "order-%03d", order),
        .task = str_z(task),
        .settled = settled * TIME_HOUR,
        .took = took < 0 ? INT_NONE : took * TIME_HOUR,
    };
}

static void work_out(void)
{
    struct err e = { 0 };
    size_t n = 0;
    assert_int_equal(flow_pace_of(pace, &n, rows, nrows, &workflow, arena, &e), OK);
    assert_int_equal(n, 2);
}

static void a_stage_takes_from_its_first_task_to_its_last(void **state)
{
    (void)state;
    for (int i = 1; i <= 11;
         i++) { /* both open at 100: the stage takes as long as the longer one */
        row(i, "pack", 101, 1);
        row(i, "collect", 100 + i * 10, i * 10);
    }
    work_out();
    assert_int_equal(pace[0].orders, 11);
    assert_int_equal(pace[0].early, 20 * TIME_HOUR);
    assert_int_equal(pace[0].middle, 60 * TIME_HOUR);
    assert_int_equal(pace[0].late, 100 * TIME_HOUR);
    assert_int_equal(pace[1].orders, 0);
    assert_true(pace[1].middle == TIME_NONE);
}

static void a_stage_half_done_and_one_skipped_do_not_count(void **state)
{
    (void)state;
    for (int i = 1; i <= 6; i++) {
        row(i, "collect", 10, 10);
        if (i > 1)
            row(i, "pack", 12, i == 2 ? -1 : 2);
        row(i, "receive", 20, -1);
    }
    work_out();
    assert_int_equal(pace[0].orders, 5); /* a task that was skipped is settled */
    assert_int_equal(pace[0].early, 10 * TIME_HOUR);
    assert_int_equal(pace[0].late, 12 * TIME_HOUR);
    assert_int_equal(pace[1].orders, 0);
}

static void of_a_handful_no_time_is_told(void **state)
{
    (void)state;
    for (int i = 1; i < FLOW_PACE_FEW; i++) {
        row(i, "collect", 10, 10);
        row(i, "pack", 12, 2);
    }
    work_out();
    assert_int_equal(pace[0].orders, FLOW_PACE_FEW - 1);
    assert_true(pace[0].early == TIME_NONE && pace[0].middle == TIME_NONE);
    assert_true(pace[0].late == TIME_NONE);
}

static struct trial t;

static void it_is_read_from_the_logs_own_rows(void **state)
{
    struct db *db;
    struct err e = { 0 };
    size_t n = 0;
    (void)state;
    trial_open(&t);
    for (int i = 1; i <= FLOW_PACE_FEW; i++) {
        assert_int_equal(trial_begin(&t, i, "trial"), OK);
        env_sim_advance(&t.f.sim, i * TIME_HOUR);
        trial_do(&t, "collect");
        trial_do(&t, "pack");
    }
    const struct flow_view view = trial_view(&t);
    assert_int_equal(store_reader_take(&db, t.f.node.store, &e), OK);
    assert_int_equal(flow_pace_read(pace, &n, db, S("trial"), view.workflow, arena, &e), OK);
    store_reader_give(t.f.node.store, db);
    assert_int_equal(n, view.workflow->stages.n);
    int64_t most = 0;
    for (size_t i = 0; i < n; i++)
        most = pace[i].orders > most ? pace[i].orders : most;
    assert_int_equal(most, FLOW_PACE_FEW);
    assert_true(pace[0].middle >= TIME_HOUR);
    trial_close(&t);
}

int main(void)
{
    arena = arena_new(8 << 20);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_stage_takes_from_its_first_task_to_its_last, empty),
        cmocka_unit_test_setup(a_stage_half_done_and_one_skipped_do_not_count, empty),
        cmocka_unit_test_setup(of_a_handful_no_time_is_told, empty),
        cmocka_unit_test(it_is_read_from_the_logs_own_rows),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(arena);
    return failed;
}
