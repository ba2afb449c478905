/* The SQLite engine: the conformance suite, then what only a file and a disk can show. */
#include "base/tests/folder.h"
#include "kernel/tests/store_conformance.h"
#include "kernel/tests/store_disk.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define ASSERT_CODE(expr, outcome, want) ASSERT_CODE_IN(e, expr, outcome, want)

static char folder[64];
static char path[128];

/* A path in the folder that no test had before. */
static const char *spare(void)
{
    static unsigned n;
    static char made[128];
    snprintf(made, sizeof made, "%s/%u.db", folder, ++n);
    return made;
}

static struct store_options fresh(void)
{
    snprintf(path, sizeof path, "%s", spare());
    return (struct store_options){ .path = path, .create = true };
}

static int folder_make(void **state)
{
    (void)state;
    test_folder(folder, sizeof folder, "store");
    return 0;
}

static int folder_remove(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static void write_at(long offset, const void *bytes, size_t n)
{
    FILE *f = fopen(path, offset == 0 ? "wb" : "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, offset, SEEK_SET), 0);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static void test_opens_only_what_is_ours(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct store *s = NULL;
    struct store_options options = fresh();
    options.create = false;
    ASSERT_CODE(store_open(&s, &options, &e), REFUSED, "store.not_found");
    assert_true(str_is(err_param(&e, "path"), path));

    char command[256];
    snprintf(command, sizeof command, "sqlite3 %s 'CREATE TABLE theirs (a)'", path);
    if (system(command) == 0)
        ASSERT_CODE(store_open(&s, &options, &e), REFUSED, "store.not_vein");
    char text[8192];
    memset(text, 'x', sizeof text);
    write_at(0, text, sizeof text);
    options.create = true;
    ASSERT_CODE(store_open(&s, &options, &e), FAULT, "store.corrupt");
}

static void test_a_file_is_for_its_owner(void **state)
{
    (void)state;
    struct store_options options = fresh();
    store_close(store_with_rows(&options));
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void test_a_damaged_page_is_a_fault(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct store_options options = fresh();
    struct store *s = store_with_rows(&options);
    struct db *db = NULL;
    ASSERT_OK(store_writer(&db, s, &e));
    ASSERT_OK(db_begin(db, &e));
    for (int64_t i = 0; i < 2000; i++)
        place_add(db, i, i);
    ASSERT_OK(db_commit(db, &e));
    db_close(db);
    store_close(s); /* checkpoints into the file */

    char garbage[4096 * 4];
    memset(garbage, 0xa5, sizeof garbage);
    write_at(4096 * 5, garbage, sizeof garbage);
    options.create = false;
    ASSERT_OK(store_open(&s, &options, &e));
    ASSERT_OK(store_reader(&db, s, &e));
    struct record_list list;
    struct arena *arena = arena_new(1 << 20);
    ASSERT_CODE(db_list(db, &sql_place_list, NULL, &list, 2000, arena, &e), FAULT, "store.corrupt");
    char copy[128];
    snprintf(copy, sizeof copy, "%s", spare());
    ASSERT_CODE(store_backup(s, copy, &e), FAULT, "store.corrupt");
    assert_int_equal(access(copy, F_OK), -1); /* no half copy stays */
    arena_free(arena);
    db_close(db);
    store_close(s);
}

/* Adds places in transactions of ten until a fault; returns how many were committed. */
static int64_t fill(struct db *db, struct err *e)
{
    for (int64_t done = 0;; done += 10) {
        if (db_begin(db, e) != OK)
            return done;
        enum outcome outcome = OK;
        for (int64_t i = 0; i < 10 && outcome == OK; i++) {
            struct place in = { done + i, 1 };
            outcome = db_run(db, &sql_place_add, &in, NULL, e);
        }
        if (outcome != OK || db_commit(db, e) != OK) {
            db_rollback(db);
            return done;
        }
    }
}

static void check_after(const struct store_options *options, int64_t want)
{
    struct err e = { 0 };
    struct store *s = NULL;
    struct db *db = NULL;
    ASSERT_OK(store_open(&s, options, &e));
    ASSERT_OK(store_writer(&db, s, &e));
    assert_int_equal(number_of(db, &sql_place_count), want);
    place_add(db, -1, 1);
    db_close(db);
    store_close(s);
}

static void test_a_full_disk_loses_no_commit(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct store_options options = fresh();
    options.vfs = store_disk_vfs();
    struct store *s = store_with_rows(&options);
    struct db *db = NULL;
    ASSERT_OK(store_writer(&db, s, &e));
    store_disk_room(200000);
    int64_t committed = fill(db, &e);
    assert_string_equal(e.code, "store.disk_full");
    assert_true(committed > 0);
    ASSERT_CODE(db_begin(db, &e), FAULT, "store.disk_full"); /* nothing is acknowledged any more */
    db_close(db);
    ASSERT_OK(store_reader(&db, s, &e));
    assert_int_equal(number_of(db, &sql_place_count), committed);
    db_close(db);
    store_close(s);
    store_disk_room(-1);
    check_after(&options, committed);
}

/* shows: a failed sync is never retried */
static void test_a_failed_sync_ends_the_connection(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct store_options options = fresh();
    options.vfs = store_disk_vfs();
    struct store *s = store_with_rows(&options);
    struct db *db = NULL;
    ASSERT_OK(store_writer(&db, s, &e));
    place_add(db, 1, 1);
    ASSERT_OK(db_begin(db, &e));
    place_add(db, 2, 1);
    store_disk_fail_sync(true);
    ASSERT_CODE(db_commit(db, &e), FAULT, "store.io");
    store_disk_fail_sync(false);
    ASSERT_CODE(db_begin(db, &e), FAULT, "store.io");
    struct place in = { 3, 1 };
    ASSERT_CODE(db_run(db, &sql_place_add, &in, NULL, &e), FAULT, "store.io");
    db_close(db);
    ASSERT_OK(store_reader(&db, s, &e));
    assert_int_equal(number_of(db, &sql_place_count), 1);
    db_close(db);
    store_close(s);
}

static void test_a_really_full_disk(void **state)
{
    (void)state;
    char mountpoint[96];
    char file[128];
    snprintf(mountpoint, sizeof mountpoint, "%s/small", folder);
    snprintf(file, sizeof file, "%s/full.db", mountpoint);
    assert_int_equal(mkdir(mountpoint, 0700), 0);
    if (mount("none", mountpoint, "tmpfs", 0, "size=512k") != 0) {
        printf("skip: a small file system of its own cannot be mounted here\n");
        skip();
    }
    struct err e = { 0 };
    struct store_options options = { .path = file, .create = true };
    struct store *s = store_with_rows(&options);
    struct db *db = NULL;
    ASSERT_OK(store_writer(&db, s, &e));
    int64_t committed = fill(db, &e);
    assert_string_equal(e.code, "store.disk_full");
    assert_true(committed > 0);
    db_close(db);
    ASSERT_OK(store_reader(&db, s, &e));
    assert_int_equal(number_of(db, &sql_place_count), committed);
    db_close(db);
    store_close(s);
    assert_int_equal(umount(mountpoint), 0);
}

int main(void)
{
    static const struct store_place place = { "store on sqlite", fresh, spare };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opens_only_what_is_ours),
        cmocka_unit_test(test_a_file_is_for_its_owner),
        cmocka_unit_test(test_a_damaged_page_is_a_fault),
        cmocka_unit_test(test_a_full_disk_loses_no_commit),
        cmocka_unit_test(test_a_failed_sync_ends_the_connection),
        cmocka_unit_test(test_a_really_full_disk),
    };
    if (folder_make(NULL) != 0)
        return 1;
    int failed = store_conformance(&place);
    failed += cmocka_run_group_tests_name("sqlite", tests, NULL, NULL);
    return failed + folder_remove(NULL);
}
