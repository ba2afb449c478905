/* Where somebody folds the log of changes, it still begins anew, and what was committed is there
 * when the database is opened again. (That nothing acknowledged is lost whenever the program or the
 * power ends is shown by kill and power_work.) */
#define _GNU_SOURCE /* unshare */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/store_fold.h"
#include "kernel/store_impl.h"

enum { COMMITS = 160, ROWS = 200 /* of a page each */, PAGE = 4096, FRAME = PAGE + 24 };

static char folder[64];
static char path[100];
static struct store *store;
static struct db *writer;
static struct err e;

static void open_store(bool create)
{
    const struct store_options options = { .path = path, .create = create };
    assert_int_equal(store_open(&store, &options, &e), OK);
    assert_int_equal(store_writer(&writer, store, &e), OK);
}

static void close_store(void)
{
    db_close(writer);
    store_close(store);
}

static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/vein-fold-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/db", folder);
    open_store(true);
    return 0;
}

static int teardown(void **state)
{
    char command[128];
    (void)state;
    (void)umount2(folder, MNT_DETACH); /* of a test that failed */
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static void run(const char *text)
{
    assert_int_equal(writer->engine->script(writer->connection, text, &e), OK);
}

static long log_pages(void)
{
    char name[120];
    struct stat s;
    snprintf(name, sizeof name, "%s-wal", path);
    return stat(name, &s) == 0 ? (long)(s.st_size / FRAME) : 0;
}

static void commit(unsigned n)
{
    char text[300];
    snprintf(text, sizeof text,
             "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < %d)"
             " INSERT INTO t SELECT %u * %d + i, zeroblob(3900) FROM r",
             ROWS, n, ROWS);
    run(text);
}

static int64_t rows_of(struct db *db)
{
    static const struct field field[] = { { "n", FIELD_INT, REQUIRED, 0, 0, NULL } };
    static const struct record record = { "count", sizeof(int64_t), field, 1 };
    static const struct sql count = { "count", "SELECT count(*) AS n FROM t",
                                      "SELECT count(*) AS n FROM t", NULL, &record };
    struct arena *arena = arena_new(1 << 16);
    int64_t n = 0;
    bool found;
    assert_int_equal(db_get(db, &count, NULL, &n, arena, &found, &e), OK);
    arena_free(arena);
    return n;
}

static int64_t rows(void)
{
    return rows_of(writer);
}

/* 32,000 pages are written, and nobody writes while they are folded, so that the log begins anew
 * again and again. */
static void a_folded_log_begins_anew(void **state)
{
    (void)state;
    struct store_fold *fold;
    assert_int_equal(store_fold_open(&fold, store, &e), OK);
    assert_non_null(fold);
    run("CREATE TABLE t (i INTEGER PRIMARY KEY, b BLOB)");
    long longest = 0;
    for (unsigned n = 0; n < COMMITS; n++) {
        commit(n);
        longest = log_pages() > longest ? log_pages() : longest;
        assert_int_equal(store_fold_step(fold, &e), OK);
    }
    assert_in_range(longest, 8000, 10000); /* it is left to grow, and no further */
    store_fold_close(fold);
    close_store();
    open_store(false);
    assert_int_equal(rows(), COMMITS * ROWS);
    close_store();
}

/* Whoever folds came and did nothing: the log grows, and what is in it is not lost. Once nobody
 * folds any more the writer does it as ever. */
static void without_steps_it_grows_and_nothing_is_lost(void **state)
{
    (void)state;
    struct store_fold *fold;
    assert_int_equal(store_fold_open(&fold, store, &e), OK);
    run("CREATE TABLE t (i INTEGER PRIMARY KEY, b BLOB)");
    for (unsigned n = 0; n < COMMITS / 2; n++)
        commit(n);
    const long grown = log_pages();
    assert_true(grown > 15000);
    store_fold_close(fold);
    for (unsigned n = COMMITS / 2; n < COMMITS; n++)
        commit(n);
    assert_true(log_pages() < grown + 1000); /* it began anew, in the file that was there */
    close_store();
    open_store(false);
    assert_int_equal(rows(), COMMITS * ROWS);
    close_store();
}

/* Somebody reads whenever it is folded, so that a little is always left, as under load. 120 commits
 * of 200 pages are more than the disk has. */
static void the_log_does_not_fill_a_small_disk(void **state)
{
    (void)state;
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", folder, "tmpfs", 0, "size=64m") != 0) {
        print_message("skip: no disk of our own can be mounted\n");
        skip();
    }
    close_store();
    open_store(true);
    struct store_fold *fold;
    struct db *reader;
    assert_int_equal(store_reader(&reader, store, &e), OK);
    assert_int_equal(store_fold_open(&fold, store, &e), OK);
    run("CREATE TABLE t (i INTEGER PRIMARY KEY, b BLOB)");
    commit(0);
    for (unsigned n = 0; n < 60; n++) {
        assert_int_equal(db_begin(reader, &e), OK);
        (void)rows_of(reader);
        run("UPDATE t SET b = randomblob(3900)");
        assert_int_equal(store_fold_step(fold, &e), OK);
        assert_int_equal(db_commit(reader, &e), OK);
        run("UPDATE t SET b = randomblob(3900)");
    }
    assert_in_range(log_pages(), 1, 12000);
    db_close(reader);
    store_fold_close(fold);
    close_store();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_folded_log_begins_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(without_steps_it_grows_and_nothing_is_lost, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_log_does_not_fill_a_small_disk, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
