/* What every engine of the store must do with a whole database: who may write, how schemas are made
 * and brought forward, hashes, copies, and what a killed process leaves. */
#include "kernel/tests/store_bench.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "kernel/store_copy.h"

static void test_there_is_one_writer(void **state)
{
    struct bench *b = *state;
    struct db *second = NULL;
    ASSERT_CODE(store_writer(&second, b->store, &b->e), REFUSED, "store.in_use");
    struct store *other = NULL;
    ASSERT_OK(store_open(&other, &b->options, &b->e));
    ASSERT_CODE(store_writer(&second, other, &b->e), REFUSED, "store.in_use");
    db_close(b->writer);
    b->writer = NULL;
    ASSERT_OK(store_writer(&second, other, &b->e));
    ASSERT_CODE(store_writer(&b->writer, b->store, &b->e), REFUSED, "store.in_use");
    db_close(second);
    store_close(other);
    ASSERT_OK(store_writer(&b->writer, b->store, &b->e));
}

static void test_a_schema_is_dropped_and_made_again(void **state)
{
    struct bench *b = *state;
    struct str name;
    assert_true(sql_schema_table(&store_rows_schema, 0, &name) && str_is(name, "sample"));
    assert_true(sql_schema_table(&store_rows_schema, 1, &name) && str_is(name, "place"));
    assert_false(sql_schema_table(&store_rows_schema, 2, &name));

    place_add(b->writer, 1, 1);
    ASSERT_OK(db_begin(b->writer, &b->e));
    ASSERT_OK(db_schema(b->writer, &store_rows_schema, &b->e)); /* changes nothing */
    assert_int_equal(number_of(b->writer, &sql_place_count), 1);
    ASSERT_OK(db_schema_drop(b->writer, &store_rows_schema, &b->e));
    ASSERT_OK(db_schema_drop(b->writer, &store_rows_schema, &b->e));
    ASSERT_OK(db_schema(b->writer, &store_rows_schema, &b->e));
    ASSERT_OK(db_commit(b->writer, &b->e));
    assert_int_equal(number_of(b->writer, &sql_place_count), 0);
    place_add(b->writer, 1, 1);
}

static const struct sql_schema forward_2 = {
    "forward_2", "CREATE TABLE forward (a INTEGER NOT NULL); INSERT INTO forward VALUES (1)"
};
static const struct sql_schema forward_3 = { "forward_3",
                                             "ALTER TABLE forward RENAME TO forwarded" };
static const struct sql_schema forward_4 = { "forward_4", "INSERT INTO forward VALUES (2)" };

static void test_steps_lead_forward_or_nowhere(void **state)
{
    struct bench *b = *state;
    const struct sql_schema *const steps[] = { &forward_2, &forward_3, &forward_4 };
    for (int64_t n = 2; n <= 3; n++) {
        ASSERT_OK(db_begin(b->writer, &b->e));
        if (n == 3) { /* the last step finds what the one before took away */
            ASSERT_CODE(db_migrate(b->writer, steps, 3, 1, &b->e), FAULT, "store.corrupt");
            assert_non_null(strstr(b->e.detail, "forward_4"));
        } else {
            ASSERT_OK(db_migrate(b->writer, steps, 2, 1, &b->e));
        }
        db_rollback(b->writer);
    }
    ASSERT_OK(db_begin(b->writer, &b->e)); /* nothing of it stayed */
    ASSERT_OK(db_migrate(b->writer, steps, 1, 1, &b->e));
    ASSERT_OK(db_migrate(b->writer, steps, 1, 2, &b->e)); /* there is nothing beyond */
    ASSERT_OK(db_commit(b->writer, &b->e));
    ASSERT_OK(db_begin(b->writer, &b->e));
    ASSERT_OK(db_migrate(b->writer, steps, 2, 2, &b->e)); /* from where the last one ended */
    ASSERT_OK(db_commit(b->writer, &b->e));
}

static struct hash hash_place(struct bench *b, int64_t want)
{
    struct hash h;
    int64_t count = -1;
    ASSERT_OK(db_table_hash(b->writer, S("place"), &count, &h, &b->e));
    assert_int_equal(count, want);
    return h;
}

static void test_a_tables_hash_is_of_its_rows(void **state)
{
    struct bench *b = *state;
    ASSERT_OK(db_begin(b->writer, &b->e));
    struct hash none = hash_place(b, 0);
    place_add(b->writer, 1, 5);
    place_add(b->writer, 2, 6);
    struct hash two = hash_place(b, 2);
    db_rollback(b->writer);
    assert_true(hash_eq(none, hash_place(b, 0)));
    place_add(b->writer, 2, 6);
    place_add(b->writer, 1, 5);
    assert_true(hash_eq(two, hash_place(b, 2))); /* whatever the order they came in */
    struct place in = { 2, 7 };
    ASSERT_OK(db_run(b->writer, &sql_place_set, &in, NULL, &b->e));
    assert_false(hash_eq(two, hash_place(b, 2)));
}

static void test_a_backup_is_one_moment(void **state)
{
    struct bench *b = *state;
    for (int64_t i = 0; i < 500; i++)
        place_add(b->writer, i, 2);
    ASSERT_OK(db_begin(b->writer, &b->e));
    place_add(b->writer, 1000, 1); /* not committed: not in the copy */
    const char *path = b->place->spare();
    if (store_backup(b->store, path, &b->e) != OK)
        fail_msg("backup: %s: %s", b->e.code, b->e.detail);
    ASSERT_OK(db_commit(b->writer, &b->e));
    ASSERT_CODE(store_backup(b->store, path, &b->e), REFUSED, "store.exists");

    struct store *copy = NULL;
    struct db *db = NULL;
    struct store_options options = { .path = path, .vfs = b->options.vfs };
    ASSERT_OK(store_open(&copy, &options, &b->e));
    ASSERT_OK(store_reader(&db, copy, &b->e));
    assert_int_equal(number_of(db, &sql_place_sum), 1000);
    db_close(db);
    ASSERT_OK(store_writer(&db, copy, &b->e)); /* a restored copy can be gone on with */
    place_add(db, 1000, 1);
    db_close(db);
    store_close(copy);
}

static void test_read_only(void **state)
{
    struct bench *b = *state;
    struct store_options options = b->place->fresh();
    struct store *s = store_with_rows(&options);
    store_close(s);
    options.create = false;
    options.read_only = true;
    ASSERT_OK(store_open(&s, &options, &b->e));
    struct db *db = NULL;
    ASSERT_CODE(store_writer(&db, s, &b->e), FAULT, "store.read_only");
    ASSERT_OK(store_reader(&db, s, &b->e));
    assert_int_equal(number_of(db, &sql_place_count), 0);
    db_close(db);
    store_close(s);
}

static void test_what_is_retired_can_be_read(void **state)
{
    struct bench *b = *state;
    struct db *db = NULL;
    place_add(b->writer, 1, 1);
    ASSERT_OK(db_begin(b->writer, &b->e));
    ASSERT_OK(store_retire(b->writer, "postgresql://v:secret@elsewhere/vein", &b->e));
    ASSERT_OK(db_commit(b->writer, &b->e));
    db_close(b->writer);
    ASSERT_CODE(store_writer(&b->writer, b->store, &b->e), REFUSED, "store.retired");
    b->writer = NULL;
    assert_true(str_is(err_param(&b->e, "place"), "postgresql://v@elsewhere/vein"));
    ASSERT_CODE(store_writer(&db, b->store, &b->e), REFUSED, "store.retired"); /* again */
    ASSERT_OK(store_reader(&db, b->store, &b->e));
    assert_int_equal(number_of(db, &sql_place_count), 1);
    db_close(db);
}

static const struct sql_schema *const known_schemas[] = { &store_rows_schema };
static const struct store_known rows_known = { known_schemas, 1 };

static enum outcome copy_to(struct bench *b, struct store_new **out, const char *to,
                            const struct store_known *known)
{
    struct store_copied copied;
    struct db *from = NULL;
    ASSERT_OK(store_reader(&from, b->store, &b->e));
    ASSERT_OK(db_begin(from, &b->e));
    const enum outcome o = store_new_fill(out, &copied, from, to, known, &b->e);
    db_close(from);
    return o;
}

static void assert_absent(struct bench *b, const struct store_options *options)
{
    struct store *s = NULL;
    struct store_options look = *options;
    look.create = false;
    ASSERT_CODE(store_open(&s, &look, &b->e), REFUSED, "store.not_found");
}

static void test_a_copy_is_held_until_its_end(void **state)
{
    struct bench *b = *state;
    struct store_new *made = NULL;
    struct store *s = NULL;
    struct db *other = NULL;
    place_add(b->writer, 1, 1);
    const struct store_options to = b->place->fresh();
    ASSERT_OK(copy_to(b, &made, to.path, &rows_known));
    ASSERT_OK(store_open(&s, &to, &b->e));
    ASSERT_CODE(store_writer(&other, s, &b->e), REFUSED, "store.in_use");
    store_new_end(made, true);
    ASSERT_OK(store_writer(&other, s, &b->e));
    assert_int_equal(number_of(other, &sql_place_count), 1);
    db_close(other);
    store_close(s);
    made = NULL;
    ASSERT_CODE(copy_to(b, &made, to.path, &rows_known), REFUSED, "store.exists");
    assert_null(made);
}

static void test_a_copy_that_fails_leaves_nothing(void **state)
{
    struct bench *b = *state;
    struct store_new *made = NULL;
    place_add(b->writer, 1, 1);
    const struct store_options to = b->place->fresh();
    ASSERT_OK(copy_to(b, &made, to.path, &rows_known));
    store_new_end(made, false);
    assert_absent(b, &to);
    const struct store_known none = { 0 };
    ASSERT_CODE(copy_to(b, &made, to.path, &none), REFUSED, "store.unknown_table");
    assert_absent(b, &to);
}

/* Somebody else begins a database of that name at the same time: theirs stays. */
static void test_a_copy_takes_nobody_elses_place(void **state)
{
    struct bench *b = *state;
    struct store_new *made = NULL;
    struct db *theirs = NULL;
    const struct store_options to = b->place->fresh();
    struct store *s = NULL;
    ASSERT_OK(store_open(&s, &to, &b->e));
    ASSERT_OK(store_writer(&theirs, s, &b->e));
    assert_int_equal(copy_to(b, &made, to.path, &rows_known), REFUSED);
    ASSERT_OK(db_begin(theirs, &b->e));
    ASSERT_OK(db_schema(theirs, &store_rows_schema, &b->e));
    ASSERT_OK(db_commit(theirs, &b->e));
    place_add(theirs, 7, 1);
    assert_int_equal(number_of(theirs, &sql_place_count), 1);
    db_close(theirs);
    store_close(s);
}

/* In a child: writes for ever, telling the last committed number through the pipe. */
static _Noreturn void write_until_killed(const struct store_options *options, int to)
{
    struct err e = { 0 };
    struct store *s = NULL;
    struct db *db = NULL;
    if (store_open(&s, options, &e) != OK || store_writer(&db, s, &e) != OK)
        _exit(1);
    for (int64_t i = 0;; i++) {
        place_add(db, i, 1);
        if (write(to, &i, sizeof i) != (ssize_t)sizeof i)
            _exit(1);
    }
}

static void test_killed_writer_keeps_its_commits(void **state)
{
    struct bench *b = *state;
    for (int round = 0; round < 5; round++) {
        struct store_options options = b->place->fresh();
        store_close(store_with_rows(&options));
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        fflush(NULL);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            write_until_killed(&options, ends[1]);
        close(ends[1]);
        int64_t last = -1;
        for (int i = 0; i < 20 + 37 * round; i++)
            assert_int_equal(read(ends[0], &last, sizeof last), sizeof last);

        /* While it lives, it alone may write and all may read. */
        struct store *s = NULL;
        struct db *db = NULL;
        ASSERT_OK(store_open(&s, &options, &b->e));
        ASSERT_CODE(store_writer(&db, s, &b->e), REFUSED, "store.in_use");
        ASSERT_OK(store_reader(&db, s, &b->e));
        assert_true(number_of(db, &sql_place_count) > last);
        db_close(db);

        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
        while (read(ends[0], &last, sizeof last) == (ssize_t)sizeof last)
            ;
        close(ends[0]);
        ASSERT_OK(store_writer(&db, s, &b->e)); /* free again, without help */
        int64_t count = number_of(db, &sql_place_count);
        assert_true(count == last + 1 || count == last + 2);
        place_add(db, -1, 1);
        db_close(db);
        store_close(s);
    }
}

int store_conformance_whole(const char *name)
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, store_bench_setup, store_bench_teardown)
    const struct CMUnitTest tests[] = {
        ROW(test_there_is_one_writer),
        ROW(test_a_schema_is_dropped_and_made_again),
        ROW(test_steps_lead_forward_or_nowhere),
        ROW(test_a_tables_hash_is_of_its_rows),
        ROW(test_a_backup_is_one_moment),
        ROW(test_read_only),
        ROW(test_killed_writer_keeps_its_commits),
        ROW(test_what_is_retired_can_be_read),
        ROW(test_a_copy_is_held_until_its_end),
        ROW(test_a_copy_that_fails_leaves_nothing),
        ROW(test_a_copy_takes_nobody_elses_place),
    };
#undef ROW
    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
