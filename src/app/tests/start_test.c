/* A start reads as much of a long log as of a short one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "app/cli.h"
#include "kernel/tests/fixture.h"
#include "kernel/tests/store_disk.h"

enum {
    TILE = 256,
    OVER = 10, /* events behind the last full tile: a start reads these again, whatever their number
                  before them */
    SHORT = 1 * TILE + OVER,
    LONG = 6 * TILE + OVER,
    DEEPER = 16, /* pages more: trees of tables grow by a level */
};

static struct fixture f;
static size_t reads;

static bool count(enum store_disk_act act)
{
    reads += act == DISK_READS;
    return false;
}

/* Reads of the disk that opening a node of so many events takes, with nothing left to do by those
 * who follow the log. */
static size_t start_reads(const struct fixture_person *who, uint64_t size)
{
    char now[CLOCK_TEXT_LENGTH + 1];
    while (ledger_size(f.node.ledger) < size) {
        struct buf b = buf_over(now, sizeof now - 1);
        clock_write(&b, env_now(&f.sim.env));
        now[b.n] = '\0';
        const enum outcome o = fixture_send(&f, who, "timer.confirm_clock",
                                            "compared with the wall", "{'wall':'%s'}", now);
        fixture_must(&f, o, "timer.confirm_clock");
    }
    fixture_settle(&f);
    fixture_reopen(&f); /* nothing is left in SQLite's log */
    assert_int_equal(ledger_size(f.node.ledger), size);
    node_close(&f.node);
    struct err e = { 0 };
    const struct node_options options = {
        .env = &f.sim.env,
        .path = f.path,
        .vfs = f.vfs,
        .modules = f.modules,
        .nmodules = f.nmodules,
    };
    reads = 0;
    store_disk_ask(count);
    const enum outcome o = node_open(&f.node, &options, &e);
    store_disk_ask(NULL);
    fixture_must(&f, o, "opening");
    return reads;
}

/* shows: OPS-01 (a start does not grow with the log) */
static void test_a_start_reads_no_more_of_a_longer_log(void **state)
{
    (void)state;
    struct fixture_person who;
    size_t n;
    const struct module *const *modules = cli_modules(&n);
    fixture_open_on(&f, modules, n, store_disk_vfs());
    fixture_person(&who, 1, 1, 1, "timer.confirm_clock");
    const size_t before = start_reads(&who, SHORT);
    const size_t after = start_reads(&who, LONG);
    print_message("%d events: %zu reads; %d events: %zu reads\n", SHORT, before, LONG, after);
    assert_in_range(before, OVER, SHORT);
    assert_in_range(after, OVER, before + DEEPER);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_start_reads_no_more_of_a_longer_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
