/* The ledger: chained, undone, forgotten, committed, opened again, against a model that is a list.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "kernel/tests/ledger_fixture.h"

static struct ledger_fixture f;

static int setup(void **state)
{
    (void)state;
    ledger_fixture_open(&f);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    ledger_fixture_close(&f);
    return 0;
}

static void assert_ok(enum outcome o, const struct err *e)
{
    if (o != OK)
        fail_msg("%s: %s", e->code, e->detail);
}

static void append(const char *stream)
{
    struct err e = { 0 };
    assert_ok(ledger_fixture_append(&f, (struct ledger_fixture_event){ .stream = stream }, -1, &e),
              &e);
}

static struct event event_at(struct arena *arena, struct str leaf)
{
    struct event event;
    struct err e = { 0 };
    assert_ok(event_read(&event, arena, leaf, &e), &e);
    return event;
}

static int64_t head(const char *stream)
{
    int64_t version = -1;
    struct err e = { 0 };
    assert_ok(ledger_head(f.db, str_z(stream), &version, &e), &e);
    return version;
}

/* Root of the stored leaves, computed from nothing else. */
static struct hash root_of_rows(uint64_t *size);

static struct checkpoint last_checkpoint(void)
{
    struct checkpoint c;
    struct str note;
    struct err e = { 0 };
    assert_ok(ledger_last_checkpoint(f.db, &note, f.arena, &e), &e);
    assert_non_null(note.p);
    assert_ok(checkpoint_read(&c, note, &e), &e);
    return c;
}

/* ---- what is written -------------------------------------------------------------------------*/

static void events_of_a_stream_are_chained(void **state)
{
    (void)state;
    struct ledger_row *rows;
    size_t n;
    struct err e = { 0 };
    ledger_fixture_begin(&f);
    append("unit/a");
    append("unit/b");
    append("unit/a");
    ledger_fixture_commit(&f);
    env_sim_step_clock(&f.sim, -TIME_HOUR); /* a wrong administrator */
    ledger_fixture_begin(&f);
    append("unit/a");
    ledger_fixture_commit(&f);

    assert_ok(ledger_read_stream(f.db, S("unit/a"), 1, 10, &rows, &n, f.arena, &e), &e);
    assert_int_equal(n, 3);
    static const int64_t places[] = { 0, 2, 3 };
    struct hlc clock = { 0 };
    for (size_t i = 0; i < n; i++) {
        struct event event = event_at(f.arena, rows[i].leaf);
        struct hlc next;
        char hex[HASH_HEX + 1] = "";
        assert_int_equal(rows[i].sequence, places[i]);
        assert_int_equal(event.version, i + 1);
        assert_int_equal(event.format, EVENT_FORMAT);
        assert_true(str_is(event.node, "n1"));
        if (i > 0)
            hash_hex(hex, merkle_leaf(rows[i - 1].leaf));
        assert_true(str_is(event.previous, hex));
        assert_true(hlc_read(&next, event.logical));
        assert_true(hlc_cmp(clock, next) < 0);
        clock = next;
    }
    struct event last = event_at(f.arena, rows[2].leaf);
    assert_int_equal(last.recorded, f.sim.now_us); /* as the clock said, wrong or not */
    assert_int_equal(head("unit/a"), 3);
    assert_int_equal(head("unit/b"), 1);
    assert_int_equal(head("unit/c"), 0);
}

static void events_of_a_key_come_newest_first(void **state)
{
    (void)state;
    static const char *streams[] = { "unit/a", "unit/b", "order/o" };
    struct ledger_row *rows;
    size_t n;
    struct err e = { 0 };
    ledger_fixture_begin(&f);
    for (int i = 0; i < 30; i++) {
        append("unit/other");
        assert_ok(ledger_fixture_append(
                      &f, (struct ledger_fixture_event){ streams[i % 3], "order/o", NULL }, -1, &e),
                  &e);
    }
    ledger_fixture_commit(&f);
    int64_t before = -1, expected = 59;
    for (int page = 0; page < 4; page++) {
        assert_ok(ledger_read_key(f.db, S("order/o"), before, 8, &rows, &n, f.arena, &e), &e);
        assert_int_equal(n, page < 3 ? 8 : 6);
        for (size_t i = 0; i < n; i++, expected -= 2)
            assert_int_equal(rows[i].sequence, expected);
        before = rows[n - 1].sequence;
    }
    assert_ok(ledger_read(f.db, 10, 5, &rows, &n, f.arena, &e), &e);
    assert_int_equal(n, 5);
    assert_int_equal(rows[4].sequence, 14);
}

/* Of the event ahead the leaf, but where that is the row before. */
static void events_of_a_key_come_with_what_is_ahead(void **state)
{
    (void)state;
    struct ledger_row_ahead *rows;
    struct ledger_row *all;
    size_t n;
    struct err e = { 0 };
    const struct ledger_fixture_event ours = { "order/o", "order/o", NULL };
    ledger_fixture_begin(&f);
    assert_ok(ledger_fixture_append(&f, ours, -1, &e), &e);
    assert_ok(ledger_fixture_append(&f, ours, -1, &e), &e);
    append("unit/other");
    assert_ok(ledger_fixture_append(&f, ours, -1, &e), &e);
    ledger_fixture_commit(&f);
    assert_ok(ledger_read(f.db, 0, 10, &all, &n, f.arena, &e), &e);
    assert_ok(ledger_read_key_ahead(f.db, S("order/o"), -1, 10, &rows, &n, f.arena, &e), &e);
    assert_int_equal(n, 3);
    assert_null(rows[0].ahead.p);
    assert_null(rows[1].ahead.p);
    assert_int_equal(rows[2].sequence, 3);
    assert_true(str_eq(rows[2].leaf, all[3].leaf) && str_eq(rows[2].ahead, all[2].leaf));
    assert_ok(ledger_read_key_ahead(f.db, S("order/o"), 0, 1, &rows, &n, f.arena, &e), &e);
    assert_int_equal(n, 1);
    assert_true(rows[0].sequence == 1 && str_eq(rows[0].ahead, all[0].leaf));
}

static void changed_heads_are_refused(void **state)
{
    (void)state;
    const struct ledger_fixture_event a = { .stream = "unit/a" };
    struct err e = { 0 };
    ledger_fixture_begin(&f);
    assert_int_equal(ledger_fixture_append(&f, a, 1, &e), REFUSED);
    assert_string_equal(e.code, "ledger.changed");
    assert_ok(ledger_fixture_append(&f, a, 0, &e), &e);
    assert_int_equal(ledger_fixture_append(&f, a, 0, &e), REFUSED); /* also within the group */
    assert_ok(ledger_fixture_append(&f, a, 1, &e), &e);
    assert_int_equal(ledger_mark(f.ledger), 2);
    ledger_fixture_commit(&f);
    ledger_fixture_begin(&f);
    assert_int_equal(ledger_fixture_append(&f, a, 1, &e), REFUSED);
    assert_ok(ledger_fixture_append(&f, a, 2, &e), &e);
    ledger_fixture_commit(&f);
    assert_int_equal(head("unit/a"), 3);
}

static void stream_keeps_its_key(void **state)
{
    (void)state;
    struct err e = { 0 };
    ledger_fixture_begin(&f);
    append("unit/a");
    assert_int_equal(ledger_fixture_append(
                         &f, (struct ledger_fixture_event){ "unit/a", "order/o", NULL }, -1, &e),
                     FAULT);
    assert_string_equal(e.code, "ledger.key_differs");
    db_rollback(f.db);
    ledger_forget(f.ledger);
}

static void group_and_event_have_a_greatest_size(void **state)
{
    (void)state;
    static char payload[EVENT_LEAF_MAX + 1];
    memset(payload, 'a', sizeof payload - 1);
    payload[0] = payload[sizeof payload - 2] = '"';
    struct ledger_fixture_event large = { "unit/a", NULL, payload };
    struct err e = { 0 };
    ledger_fixture_begin(&f);
    assert_int_equal(ledger_fixture_append(&f, large, -1, &e), REFUSED);
    assert_string_equal(e.code, "event.too_large");
    for (int i = 0; i < LEDGER_GROUP_MAX; i++)
        append("unit/a");
    assert_int_equal(
        ledger_fixture_append(&f, (struct ledger_fixture_event){ .stream = "unit/a" }, -1, &e),
        FAULT);
    assert_string_equal(e.code, "ledger.group_full");
    ledger_fixture_commit(&f);
    assert_int_equal(ledger_size(f.ledger), LEDGER_GROUP_MAX);
    payload[sizeof payload - 600] = '"';
    payload[sizeof payload - 599] = 0;
    ledger_fixture_begin(&f);
    assert_ok(ledger_fixture_append(&f, large, -1, &e), &e);
    ledger_fixture_commit(&f);
    ledger_fixture_restart(&f);
}

/* ---- against a model -------------------------------------------------------------------------*/

enum { MODEL_STREAMS = 5, MODEL_EVENTS = 6000, MODEL_GROUPS = 900 };

struct model {
    uint8_t stream[MODEL_EVENTS]; /* of each event, by its place */
    size_t durable;
    size_t n;
};

static uint32_t chance(uint32_t below)
{
    static uint64_t x = 42;
    x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(x >> 33) % below;
}

static int64_t model_version(const struct model *m, size_t n, uint8_t stream)
{
    int64_t version = 0;
    for (size_t i = 0; i < n; i++)
        version += m->stream[i] == stream;
    return version;
}

/* A command: some events in a savepoint, kept or undone. */
static void model_command(struct model *m)
{
    struct err e = { 0 };
    size_t mark = ledger_mark(f.ledger), before = m->n;
    assert_ok(db_savepoint(f.db, &e), &e);
    for (uint32_t k = chance(5); k > 0; k--) {
        char name[16];
        uint8_t stream = (uint8_t)chance(MODEL_STREAMS);
        snprintf(name, sizeof name, "unit/%u", stream);
        const struct ledger_fixture_event what = { .stream = name };
        int64_t version = model_version(m, m->n, stream);
        assert_int_equal(ledger_fixture_append(&f, what, version + 1, &e), REFUSED);
        assert_ok(ledger_fixture_append(&f, what, version, &e), &e);
        m->stream[m->n++] = stream;
    }
    if (chance(3) == 0) {
        assert_ok(db_savepoint_undo(f.db, &e), &e);
        ledger_undo(f.ledger, mark);
        m->n = before;
    } else {
        assert_ok(db_savepoint_keep(f.db, &e), &e);
    }
}

static void model_compare(const struct model *m)
{
    uint64_t size;
    struct err e = { 0 };
    assert_int_equal(ledger_size(f.ledger), m->durable);
    for (uint8_t s = 0; s < MODEL_STREAMS; s++) {
        char name[16];
        snprintf(name, sizeof name, "unit/%u", s);
        assert_int_equal(head(name), model_version(m, m->durable, s));
    }
    assert_ok(ledger_checkpoint(f.ledger, f.db, &e), &e);
    struct checkpoint c = last_checkpoint();
    struct hash root = root_of_rows(&size);
    assert_int_equal(c.size, m->durable);
    assert_int_equal(size, m->durable);
    assert_true(hash_eq(c.root, root));
}

static enum outcome no_tile(void *context, const struct merkle_full_tile *tile, struct err *e)
{
    (void)context, (void)tile, (void)e;
    return OK;
}

static struct hash root_of_rows(uint64_t *size)
{
    static struct merkle_edge edge;
    memset(&edge, 0, sizeof edge);
    struct err e = { 0 };
    size_t n;
    do {
        struct ledger_row *rows;
        arena_reset(f.arena);
        assert_ok(ledger_read(f.db, (int64_t)edge.size, 500, &rows, &n, f.arena, &e), &e);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(rows[i].sequence, edge.size);
            assert_ok(merkle_append(&edge, merkle_leaf(rows[i].leaf), no_tile, NULL, &e), &e);
        }
    } while (n > 0);
    *size = edge.size;
    return merkle_root(&edge);
}

static void interleavings_agree_with_the_model(void **state)
{
    (void)state;
    static struct model m;
    memset(&m, 0, sizeof m);
    struct err e = { 0 };
    size_t restarts = 0, forgotten = 0;
    for (size_t group = 0; group < MODEL_GROUPS && m.n + 200 < MODEL_EVENTS; group++) {
        env_sim_advance(&f.sim, chance(3));
        ledger_fixture_begin(&f);
        for (uint32_t k = 1 + chance(4); k > 0; k--)
            model_command(&m);
        switch (chance(4)) {
        case 0: /* fails before, or at its commit */
            if (chance(2) == 0)
                assert_ok(ledger_prepare(f.ledger, f.db, &e), &e);
            db_rollback(f.db);
            ledger_forget(f.ledger);
            m.n = m.durable;
            forgotten++;
            break;
        default:
            ledger_fixture_commit(&f);
            m.durable = m.n;
        }
        if (group % 100 == 99)
            model_compare(&m);
        if (chance(40) == 0) {
            ledger_fixture_restart(&f);
            restarts++;
        }
    }
    model_compare(&m);
    print_message("%zu events, %zu groups forgotten, %zu restarts\n", m.durable, forgotten,
                  restarts);
    assert_true(m.durable > 1000 && restarts > 5 && forgotten > 50);
}

/* ---- checkpoints and restart -----------------------------------------------------------------*/

static void checkpoint_speaks_of_durable_events_only(void **state)
{
    (void)state;
    struct err e = { 0 };
    int64_t since;
    assert_true(ledger_checkpoint_due(f.ledger, &since)); /* the empty log is signed, too */
    assert_ok(ledger_checkpoint(f.ledger, f.db, &e), &e);
    assert_int_equal(last_checkpoint().size, 0);
    assert_false(ledger_checkpoint_due(f.ledger, &since));

    env_sim_advance(&f.sim, 5);
    ledger_fixture_begin(&f);
    append("unit/a");
    assert_false(ledger_checkpoint_due(f.ledger, &since));
    assert_ok(ledger_prepare(f.ledger, f.db, &e), &e);
    assert_false(ledger_checkpoint_due(f.ledger, &since));
    db_rollback(f.db);
    ledger_forget(f.ledger);
    assert_false(ledger_checkpoint_due(f.ledger, &since));

    int64_t then = f.sim.mono_us;
    ledger_fixture_fill(&f, 1);
    env_sim_advance(&f.sim, 50);
    ledger_fixture_fill(&f, 2);
    assert_true(ledger_checkpoint_due(f.ledger, &since));
    assert_int_equal(since, then); /* of the first that waits */
    assert_ok(ledger_checkpoint(f.ledger, f.db, &e), &e);
    assert_int_equal(last_checkpoint().size, 2);
    assert_ok(ledger_checkpoint(f.ledger, f.db, &e), &e);
    assert_false(ledger_checkpoint_due(f.ledger, &since));
}

static void restart_goes_on(void **state)
{
    (void)state;
    static const uint64_t sizes[] = { 1, 2, 255, 256, 257, 511, 512, 513 };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint64_t size;
        struct err e = { 0 };
        int64_t since;
        ledger_fixture_fill(&f, sizes[i]);
        ledger_fixture_restart(&f);
        assert_int_equal(ledger_size(f.ledger), sizes[i]);
        assert_true(ledger_checkpoint_due(f.ledger, &since));
        if (i % 2 == 0)
            assert_ok(ledger_checkpoint(f.ledger, f.db, &e), &e);
        ledger_fixture_restart(&f);
        assert_int_equal(ledger_checkpoint_due(f.ledger, &since), i % 2 != 0);
        if (i % 2 == 0)
            assert_true(hash_eq(last_checkpoint().root, root_of_rows(&size)));
    }
    assert_int_equal(head("unit/many"), 513);
}

/* Logical time goes on where it was, also when the wall clock came back earlier. */
static void clock_goes_on_after_a_restart(void **state)
{
    (void)state;
    struct ledger_row *rows;
    size_t n;
    struct err e = { 0 };
    struct hlc first, second;
    ledger_fixture_fill(&f, 1);
    env_sim_step_clock(&f.sim, -TIME_DAY);
    ledger_fixture_restart(&f);
    ledger_fixture_fill(&f, 2);
    assert_ok(ledger_read(f.db, 0, 2, &rows, &n, f.arena, &e), &e);
    assert_true(hlc_read(&first, event_at(f.arena, rows[0].leaf).logical));
    assert_true(hlc_read(&second, event_at(f.arena, rows[1].leaf).logical));
    assert_true(hlc_cmp(first, second) < 0);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(events_of_a_stream_are_chained),
        T(events_of_a_key_come_newest_first),
        T(events_of_a_key_come_with_what_is_ahead),
        T(changed_heads_are_refused),
        T(stream_keeps_its_key),
        T(group_and_event_have_a_greatest_size),
        T(interleavings_agree_with_the_model),
        T(checkpoint_speaks_of_durable_events_only),
        T(restart_goes_on),
        T(clock_goes_on_after_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
