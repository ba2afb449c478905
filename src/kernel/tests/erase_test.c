/* What an erasure leaves to be done while the database's server leaves a table out. */
#define _GNU_SOURCE /* memmem */
#include "kernel/erase.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "kernel/node_impl.h"
#include "kernel/store_impl.h"
#include "kernel/tests/fixture.h"
#include "kernel/timer.h"

static const struct module *const modules[] = { &timer_module };
static struct fixture f;
static int tried, told;
static bool leaves_out;

static enum outcome flush(void *connection, const char *tables, bool more, bool *done,
                          struct err *e)
{
    (void)connection, (void)tables, (void)more;
    tried++;
    *done = !leaves_out;
    return leaves_out ? err_fault(e, "store.not_vacuumed", "not its owner") : OK;
}

static void sink(void *context, struct str line)
{
    (void)context;
    told += memmem(line.p, line.n, "erase.not_flushed", 17) != NULL;
}

/* One step a second. */
static void seconds(struct erasures *x, int n)
{
    struct err e = { 0 };
    for (int i = 0; i < n; i++) {
        env_sim_advance(&f.sim, TIME_SECOND);
        assert_int_equal(erasures_step(x, &e), OK);
    }
}

/* shows: what an administrator has to mend is told once and tried again, each minute and no more
 * often, until it is done */
static void a_table_left_out_is_tried_each_minute(void **state)
{
    (void)state;
    char list[120], begun[140];
    struct err e = { 0 };
    struct erasures *x = NULL;
    fixture_open(&f, modules, 1);
    struct db *db = f.node.impl->writer;
    const struct store_engine *engine = db->engine;
    struct store_engine other = *engine;
    snprintf(list, sizeof list, "%s/list", f.folder);
    snprintf(begun, sizeof begun, "%s.begun", list);
    fclose(fopen(begun, "w")); /* as a crash leaves it */
    const struct erasures_options options = {
        .writer = db,
        .keys = f.node.keys,
        .files = f.node.files,
        .registry = f.node.registry,
        .env = &f.sim.env,
        .list = list,
    };
    other.flush = flush;
    db->engine = &other;
    leaves_out = true;
    log_set_sink(sink, NULL);
    assert_int_equal(erasures_open(&x, &options, &e), OK);
    assert_int_equal(tried, 1);
    seconds(x, 59);
    assert_int_equal(tried, 1);
    seconds(x, 1);
    assert_int_equal(tried, 2);
    assert_int_equal(told, 1);
    assert_int_equal(access(begun, F_OK), 0);
    leaves_out = false;
    seconds(x, 60);
    assert_int_equal(tried, 3);
    assert_int_not_equal(access(begun, F_OK), 0);
    log_set_sink(NULL, NULL);
    db->engine = engine;
    erasures_close(x);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_left_out_is_tried_each_minute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
