/* The scrubber meets what has rotted, tells where, and goes on. */
#define _GNU_SOURCE /* memmem */
#include "kernel/scrub.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/log.h"
#include "kernel/tests/ledger_fixture.h"

static struct ledger_fixture f;
static struct scrub *scrub;
static int told;

static void sink(void *context, struct str line)
{
    (void)context;
    told += memmem(line.p, line.n, "scrub.damaged", 13) != NULL;
}

static int setup(void **state)
{
    (void)state;
    struct err e = { 0 };
    ledger_fixture_open(&f);
    ledger_fixture_fill(&f, 70000); /* 273 full tiles: the second level has a full tile too */
    assert_int_equal(scrub_open(&scrub, f.store, &f.sim.env, &e), OK);
    told = 0;
    log_set_sink(sink, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    log_set_sink(NULL, NULL);
    scrub_close(scrub);
    ledger_fixture_close(&f);
    return 0;
}

/* One turn; what the scrubber then says. */
static struct scrub_report turn(void)
{
    struct scrub_report r = scrub_report(scrub);
    const uint64_t turns = r.turns;
    for (int i = 0; r.turns == turns; i++) {
        struct err e = { 0 };
        assert_in_range(i, 0, 300);
        env_sim_advance(&f.sim, SCRUB_EVERY_US);
        assert_int_equal(scrub_step(scrub, &e), OK);
        r = scrub_report(scrub);
    }
    return r;
}

static void all_of_it_is_read_at_its_pace(void **state)
{
    (void)state;
    struct err e = { 0 };
    assert_int_equal(scrub_step(scrub, &e), OK); /* not yet due */
    assert_int_equal(scrub_report(scrub).tiles, 0);
    struct scrub_report r = turn();
    assert_int_equal(r.tiles, 273);
    assert_int_equal(r.damaged, 0);
    assert_int_equal(r.turned_us, f.sim.now_us);
    assert_int_equal(turn().tiles, 2 * 273);
    assert_int_equal(told, 0);
}

static void what_has_changed_is_told_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *undo, *place;
    } damages[] = {
        { "UPDATE ledger_event SET leaf = replace(leaf, 'test.h', 'test.i') WHERE seq = 300",
          "UPDATE ledger_event SET leaf = replace(leaf, 'test.i', 'test.h') WHERE seq = 300",
          "events 256 to 511" },
        { "UPDATE ledger_event SET seq = 900000 WHERE seq = 69000",
          "UPDATE ledger_event SET seq = 69000 WHERE seq = 900000", "events 68864 to 69119" },
        { "UPDATE ledger_tile SET hashes = CAST(substr(hashes, 33) || substr(hashes, 1, 32) AS "
          "BLOB) WHERE level = 1 AND idx = 0",
          "UPDATE ledger_tile SET hashes = CAST(substr(hashes, -32) || substr(hashes, 1, 8160) AS "
          "BLOB) WHERE level = 1 AND idx = 0",
          "events 65280 to 65535" },
        { "UPDATE ledger_tile SET hashes = zeroblob(32) WHERE level = 2", NULL,
          "events 65280 to 65535" },
    };
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        const uint64_t before = scrub_report(scrub).damaged;
        ledger_fixture_sql(&f, damages[i].sql);
        struct scrub_report r = turn();
        assert_true(r.damaged > before);
        assert_string_equal(r.place, damages[i].place);
        if (damages[i].undo)
            ledger_fixture_sql(&f, damages[i].undo);
    }
    assert_true(told > 4); /* the shifted tile disagrees at each of its places */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_it_is_read_at_its_pace),
        cmocka_unit_test(what_has_changed_is_told_with_its_place),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
