/* The ledger: chained, undone, forgotten, committed, opened again, against a model that is a list.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/test.h"
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

static int64_t head(const char *stream)
{
    int64_t version = -1;
    struct err e = { 0 };
    assert_ok(ledger_head(f.db, str_z(stream), &version, &e), &e);
    return version;
}

/* Between writing and reading back, as a broken disk would. */
static void alter(const char *text)
{
    struct err e = { 0 };
    char words[TEST_DB_SQL_MAX];
    test_db_words(words, text);
    const struct sql_schema script = { .name = "altered", .text = words };
    assert_ok(db_schema(f.db, &script, &e), &e);
}

/* Rows that are not what was written; the last event is number 4, of unit/a. */
static void altered_rows_are_found_before_the_commit(void **state)
{
    (void)state;
    static const char *alterations[] = {
        "UPDATE ledger_event SET leaf = replace(leaf, 'test.', 'tess.') WHERE seq = 4",
        "UPDATE ledger_event SET leaf = leaf || ' ' WHERE seq = 4",
        "UPDATE ledger_event SET version = 9 WHERE seq = 4",
        "UPDATE ledger_event SET key = 'order/other' WHERE seq = 4",
        "UPDATE ledger_event SET stream = 'unit/other' WHERE seq = 4",
        "DELETE FROM ledger_event WHERE seq = 4",
        "UPDATE ledger_event SET seq = seq + 100 WHERE seq = 4",
        "INSERT INTO ledger_event VALUES (11, 'k', 's', 4, '{}')",
        "UPDATE ledger_event SET leaf = '{}' WHERE seq = 3",
    };
    ledger_fixture_fill(&f, 3);
    for (size_t i = 0; i < sizeof alterations / sizeof alterations[0]; i++) {
        struct err e = { 0 };
        ledger_fixture_begin(&f);
        append("unit/b");
        append("unit/a");
        alter(alterations[i]);
        assert_int_equal(ledger_prepare(f.ledger, f.db, &e), FAULT);
        assert_string_equal(e.code, "ledger.reread");
        db_rollback(f.db);
        ledger_forget(f.ledger);
    }
    ledger_fixture_begin(&f);
    append("unit/a");
    ledger_fixture_commit(&f);
    assert_int_equal(ledger_size(f.ledger), 4);
    assert_int_equal(head("unit/a"), 1);
}

static void altered_heads_are_found_before_the_commit(void **state)
{
    (void)state;
    static const char *alterations[] = {
        "UPDATE ledger_head SET hash = zeroblob(32) WHERE stream = 'unit/a'",
        "UPDATE ledger_head SET version = 0 WHERE stream = 'unit/a'",
        "DELETE FROM ledger_head WHERE stream = 'unit/a'",
    };
    for (size_t i = 0; i < sizeof alterations / sizeof alterations[0]; i++) {
        struct err e = { 0 };
        ledger_fixture_begin(&f);
        append("unit/a");
        alter(alterations[i]);
        assert_int_equal(ledger_prepare(f.ledger, f.db, &e), FAULT);
        assert_string_equal(e.code, "ledger.reread");
        db_rollback(f.db);
        ledger_forget(f.ledger);
    }
}

static void damage_is_found_at_opening(void **state)
{
    (void)state;
    static const struct {
        const char *damage, *repair;
    } rows[] = {
        { "UPDATE ledger_event SET leaf = leaf || ' ' WHERE seq = 599",
          "UPDATE ledger_event SET leaf = trim(leaf) WHERE seq = 599" },
        { "UPDATE ledger_event SET leaf = leaf || ' ' WHERE seq = 520",
          "UPDATE ledger_event SET leaf = trim(leaf) WHERE seq = 520" },
        { "UPDATE ledger_event SET seq = 1000 WHERE seq = 550",
          "UPDATE ledger_event SET seq = 550 WHERE seq = 1000" },
        { "UPDATE ledger_event SET seq = -1000 WHERE seq = 599", /* the tail cut off */
          "UPDATE ledger_event SET seq = 599 WHERE seq = -1000" },
        { "UPDATE ledger_event SET seq = -1000 WHERE seq = 512",
          "UPDATE ledger_event SET seq = 512 WHERE seq = -1000" },
        { "UPDATE ledger_tile SET idx = 77 WHERE level = 0 AND idx = 1",
          "UPDATE ledger_tile SET idx = 1 WHERE idx = 77" },
        { "UPDATE ledger_tile SET level = 7 WHERE level = 1",
          "UPDATE ledger_tile SET level = 1 WHERE level = 7" },
        { "UPDATE ledger_head SET version = version + 1",
          "UPDATE ledger_head SET version = version - 1" },
        { "UPDATE ledger_head SET version = version - 1",
          "UPDATE ledger_head SET version = version + 1" },
        { "UPDATE ledger_checkpoint SET note = replace(note, '600', '599')",
          "UPDATE ledger_checkpoint SET note = replace(note, '599', '600')" },
        { "UPDATE ledger_checkpoint SET note = note || 'x'",
          "UPDATE ledger_checkpoint SET note = substr(note, 1, length(note) - 1)" },
    };
    struct err e = { 0 };
    ledger_fixture_fill(&f, 600);
    assert_ok(ledger_checkpoint(f.ledger, f.db, &e), &e);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ledger_fixture_sql(&f, rows[i].damage);
        enum outcome o = ledger_fixture_reopen(&f, &e);
        if (o != FAULT || strcmp(e.code, "ledger.damaged") != 0)
            fail_msg("not found: %s", rows[i].damage);
        ledger_fixture_sql(&f, rows[i].repair);
        e = (struct err){ 0 };
        assert_ok(ledger_fixture_reopen(&f, &e), &e);
    }
}

/* Events behind the last checkpoint, or before the first, rest on the tiles alone. */
static void an_altered_tile_is_found_without_a_checkpoint(void **state)
{
    (void)state;
    struct err e = { 0 };
    ledger_fixture_fill(&f, 600);
    ledger_fixture_sql(&f, "UPDATE ledger_tile SET hashes = zeroblob(64) WHERE level = 1");
    assert_int_equal(ledger_fixture_reopen(&f, &e), FAULT);
    assert_string_equal(e.code, "ledger.damaged");
}

static void ledger_belongs_to_one_key(void **state)
{
    (void)state;
    const uint8_t other[32] = { 8 };
    struct note_signer own = f.signer;
    struct err e = { 0 };
    assert_ok(note_signer_init(&f.signer, S("vein.example/n1"), other, &e), &e);
    assert_int_equal(ledger_fixture_reopen(&f, &e), REFUSED);
    assert_string_equal(e.code, "ledger.other_key");
    f.signer = own;
    e = (struct err){ 0 };
    assert_ok(ledger_fixture_reopen(&f, &e), &e);
}

static void opening_without_memory_is_a_fault(void **state)
{
    (void)state;
    test_db_needs_file("what libpq allocates fails as well, and with it the connection is lost");
    ledger_fixture_fill(&f, 300);
    size_t n = 0;
    bool failed;
    do {
        struct err e = { 0 };
        memory_fail_at(++n);
        enum outcome o = ledger_fixture_reopen(&f, &e);
        failed = memory_failed();
        memory_fail_at(0);
        assert_int_equal(o, failed ? FAULT : OK);
    } while (failed);
    assert_true(n > 10);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(altered_rows_are_found_before_the_commit),
        T(altered_heads_are_found_before_the_commit),
        T(damage_is_found_at_opening),
        T(an_altered_tile_is_found_without_a_checkpoint),
        T(ledger_belongs_to_one_key),
        T(opening_without_memory_is_a_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
