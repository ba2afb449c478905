/* Databases: what SQL can do to the rows is noticed, and a server may write meanwhile. */
#define _GNU_SOURCE
#include "base/tests/folder.h"
#include "verify/tests/made.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <setjmp.h>
#include <cmocka.h>

static char folder[64];
static char path[96];
static struct verify_report report;

static int set_up(void **state)
{
    (void)state;
    test_folder(folder, sizeof folder, "verify-db");
    snprintf(path, sizeof path, "%s/vein.db", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    made_remove(folder);
    return 0;
}

static bool good(void)
{
    return verify_db(path, &(struct verify_options){ 0 }, &report);
}

static void assert_good(void)
{
    if (!good())
        fail_msg("bad %s: %s", report.bad_item, report.reason);
}

static void again(const struct made *m, size_t n, size_t upto)
{
    made_remove(folder);
    assert_int_equal(access(folder, F_OK), -1);
    made_put(folder, "x", "", 0);
    made_db(m, n, upto, path);
}

static void execute(const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    sqlite3_close(db);
}

static void good_databases(void **state)
{
    (void)state;
    struct made *m = made_new("vein.example/n1", 1);
    made_good(m, 600);
    const size_t sizes[] = { 0, 1, 255, 256, 257, 512, 600 };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        again(m, sizes[i], sizes[i]);
        assert_good();
        char hex[HASH_HEX + 1];
        hash_hex(hex, made_root(m, sizes[i]));
        assert_string_equal(report.root_hex, hex);
        assert_int_equal(report.count, sizes[i]);
    }
    again(m, 600, 520); /* some not yet signed */
    assert_good();
    assert_int_equal(report.count, 600);
    assert_int_equal(report.signed_size, 520);
    assert_int_equal(report.streams, 6);
    assert_true(report.own_key);
    made_free(m);
}

/* shows: AUD-02 */
static void altered_rows_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *item;
    } cases[] = {
        { "UPDATE ledger_event SET leaf = replace(leaf, '1.10', '1.11') WHERE seq = 100", NULL },
        { "DELETE FROM ledger_event WHERE seq = 100", "event 100" },
        { "DELETE FROM ledger_event WHERE seq = 0", "event 0" },
        { "DELETE FROM ledger_event WHERE seq = 599", NULL },
        { "DELETE FROM ledger_event WHERE seq >= 300", "checkpoint 600" },
        { "UPDATE ledger_event SET seq = seq + 1000 WHERE seq >= 300", "event 300" },
        { "UPDATE ledger_event SET seq = -1 WHERE seq = 0", "ledger_event" },
        { "UPDATE ledger_event SET seq = -1 WHERE seq = 7;"
          "UPDATE ledger_event SET seq = 7 WHERE seq = 8;"
          "UPDATE ledger_event SET seq = 8 WHERE seq = -1",
          NULL },
        { "INSERT INTO ledger_event SELECT 600, key, stream, version, leaf FROM ledger_event"
          " WHERE seq = 5",
          NULL },
        { "UPDATE ledger_event SET stream = 'unit/u9' WHERE seq = 9", "event 9" },
        { "UPDATE ledger_event SET key = 'order/9' WHERE seq = 9", "event 9" },
        { "UPDATE ledger_event SET version = 77 WHERE seq = 9", "event 9" },
        { "DELETE FROM ledger_tile WHERE level = 0 AND idx = 1", "tile/0/001" },
        { "DELETE FROM ledger_tile WHERE level = 1", "tile/1/000.p/2" },
        { "INSERT INTO ledger_tile VALUES (3, 0, x'00')", "ledger_tile" },
        { "UPDATE ledger_tile SET hashes = zeroblob(8192) WHERE level = 0 AND idx = 0",
          "tile/0/000" },
        { "UPDATE ledger_tile SET hashes = zeroblob(64) WHERE level = 1", "tile/1/000.p/2" },
        { "UPDATE ledger_tile SET hashes = zeroblob(65) WHERE level = 1", "tile/1/000.p/2" },
        { "DELETE FROM ledger_head WHERE stream = 'unit/u1'", "ledger_head" },
        { "UPDATE ledger_head SET version = version - 1 WHERE stream = 'unit/u1'", "ledger_head" },
        { "UPDATE ledger_head SET hash = zeroblob(32)", "ledger_head" },
        { "INSERT INTO ledger_head VALUES ('unit/u99', 'k', 1, zeroblob(32))", "ledger_head" },
        { "DELETE FROM ledger_checkpoint", "ledger_checkpoint" },
        { "UPDATE ledger_checkpoint SET size = 500", "checkpoint 500" },
        { "UPDATE ledger_checkpoint SET note = replace(note, '600', '599')", "checkpoint 600" },
        { "INSERT INTO ledger_checkpoint VALUES (5, 'x')", "checkpoint 5" },
        { "DELETE FROM ledger_epoch", "ledger_epoch" },
        { "UPDATE ledger_epoch SET vkey = replace(vkey, 'n1', 'n2')", "ledger_epoch" },
        { "DROP TABLE ledger_head", NULL },
        { "ALTER TABLE ledger_event RENAME TO e; CREATE VIEW ledger_event AS SELECT * FROM e",
          NULL },
    };
    struct made *m = made_new("vein.example/n1", 1);
    made_good(m, 600);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        again(m, 600, 600);
        execute(cases[i].sql);
        if (good())
            fail_msg("accepted: %s", cases[i].sql);
        if (cases[i].item && strcmp(cases[i].item, report.bad_item) != 0)
            fail_msg("%s: %s, not %s (%s)", cases[i].sql, report.bad_item, cases[i].item,
                     report.reason);
    }
    made_free(m);
}

static void damaged_file_is_refused(void **state)
{
    (void)state;
    assert_false(good()); /* absent */
    made_put(folder, "vein.db", "this is not a database, but a text of some length", 49);
    assert_false(good());
    struct made *m = made_new("vein.example/n1", 1);
    made_good(m, 600);
    again(m, 600, 600);
    execute("PRAGMA wal_checkpoint(TRUNCATE)");
    static uint8_t file[1 << 21];
    const size_t n = made_get(folder, "vein.db", file, sizeof file);
    unsigned bad = 0;
    for (size_t at = 4096; at < n; at += 16384) {
        memset(file + at + 2000, 0x5A, 100); /* some pages have free space there */
        made_put(folder, "vein.db", file, n);
        bad += !good();
        made_get(folder, "vein.db", file, sizeof file);
    }
    assert_true(bad > 0);
    made_free(m);
}

static void outside_key_and_checkpoint(void **state)
{
    (void)state;
    char since[96], text[MADE_NOTE_MAX];
    struct made *m = made_new("vein.example/n1", 1), *other = made_new("vein.example/n1", 1);
    made_good(m, 300);
    made_event(other, &(struct made_event){ .stream = 5 });
    made_good(other, 299);
    again(m, 300, 299);
    snprintf(since, sizeof since, "%s/since", folder);
    const struct verify_options options = { .since = since };
    const size_t sizes[] = { 0, 1, 256, 257, 300 };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        made_put(folder, "since", text, made_checkpoint(text, m, sizes[i]));
        assert_true(verify_db(path, &options, &report));
        made_put(folder, "since", text, made_checkpoint(text, other, sizes[i]));
        assert_int_equal(verify_db(path, &options, &report), sizes[i] == 0);
    }
    made_good(m, 1);
    made_put(folder, "since", text, made_checkpoint(text, m, 301));
    assert_false(verify_db(path, &options, &report));
    assert_non_null(strstr(report.reason, "cut back"));

    struct made *stranger = made_new("vein.example/n1", 2);
    made_vkey(text, stranger);
    made_put(folder, "key", text, strlen(text));
    snprintf(since, sizeof since, "%s/key", folder);
    assert_false(verify_db(path, &(struct verify_options){ .vkey = since }, &report));
    made_vkey(text, m);
    made_put(folder, "key", text, strlen(text));
    assert_true(verify_db(path, &(struct verify_options){ .vkey = since }, &report));
    assert_false(report.own_key);
    made_free(m);
    made_free(other);
    made_free(stranger);
}

/* -- While a server writes ----------------------------------------------------------------------
 */

struct writing {
    const struct made *m;
    bool stop;
};

static void *write_on(void *context)
{
    struct writing *w = context;
    for (size_t n = 300; n < w->m->n && !__atomic_load_n(&w->stop, __ATOMIC_RELAXED); n += 3)
        made_db(w->m, n, n - n % 7, path);
    return NULL;
}

static void server_may_write_meanwhile(void **state)
{
    (void)state;
    struct made *m = made_new("vein.example/n1", 1);
    made_good(m, 900);
    made_db(m, 300, 300, path);
    struct writing w = { .m = m };
    pthread_t thread;
    assert_good();
    const uint64_t first = report.count;
    assert_int_equal(pthread_create(&thread, NULL, write_on, &w), 0);
    /* As long as it takes until the writer was seen to go on; the two may run in any order. */
    for (int i = 0; i < 60 || (report.count == first && i < 10000); i++)
        if (!good()) {
            fprintf(stderr, "bad %s: %s\n", report.bad_item, report.reason);
            __atomic_store_n(&w.stop, true, __ATOMIC_RELAXED);
            break;
        }
    const bool ended = w.stop;
    __atomic_store_n(&w.stop, true, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
    assert_false(ended);
    assert_good();
    assert_true(report.count > first); /* it did go on */
    made_free(m);
}

/* -- The command line ---------------------------------------------------------------------------
 */

/* Runs the command with standard output in a file; its exit status. */
static int command(char *out, size_t max, char **argv)
{
    char to[128];
    int argc = 0;
    while (argv[argc])
        argc++;
    snprintf(to, sizeof to, "%s/out", folder);
    fflush(stdout);
    const int saved = dup(1);
    assert_non_null(freopen(to, "wb", stdout));
    const int status = verify_main(argc, argv);
    fflush(stdout);
    dup2(saved, 1);
    close(saved);
    const size_t n = made_get(folder, "out", out, max);
    out[n] = '\0';
    return status;
}

static void command_line(void **state)
{
    (void)state;
    char out[4096], wanted[200], hex[HASH_HEX + 1];
    struct made *m = made_new("vein.example/n1", 1);
    made_good(m, 300);
    made_db(m, 300, 290, path);
    char *plain[] = { "verify", "--db", path, NULL };
    assert_int_equal(command(out, sizeof out, plain), 0);
    hash_hex(hex, made_root(m, 300));
    snprintf(wanted, sizeof wanted, "events 300 root %s ok\n", hex);
    assert_true(strlen(out) > strlen(wanted));
    assert_string_equal(out + strlen(out) - strlen(wanted), wanted);
    assert_non_null(strstr(out, "not yet signed: 10"));
    assert_non_null(strstr(out, "not who wrote it"));

    execute("UPDATE ledger_event SET version = 77 WHERE seq = 9");
    assert_int_equal(command(out, sizeof out, plain), 1);
    assert_string_equal(out, "bad event 9: version in its row is not that of the event\n");

    char *const usage[][5] = {
        { "verify", NULL },
        { "verify", "--db", NULL },
        { "verify", "--db", path, "--what", NULL },
        { "verify", "--db", path, "--any-entries", NULL },
    };
    for (size_t i = 0; i < sizeof usage / sizeof *usage; i++)
        assert_int_equal(command(out, sizeof out, (char **)usage[i]), 2);
    char *both[] = { "verify", "--db", path, "--tlog", folder, NULL };
    assert_int_equal(command(out, sizeof out, both), 2);
    char *help[] = { "verify", "--help", NULL };
    assert_int_equal(command(out, sizeof out, help), 0);
    assert_non_null(strstr(out, "--since"));
    made_free(m);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(good_databases),
        TEST(altered_rows_are_refused),
        TEST(damaged_file_is_refused),
        TEST(outside_key_and_checkpoint),
        TEST(server_may_write_meanwhile),
        TEST(command_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
