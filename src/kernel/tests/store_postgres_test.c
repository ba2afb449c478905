/* The PostgreSQL engine: the conformance suite, then what only a server and a killed process can
 * show. On the server that VEIN_POSTGRES names (tools/with-postgres starts one); without it nothing
 * is tested here, and said so. */
#include "base/tests/folder.h"
#include "kernel/tests/store_conformance.h"

#include <libpq-fe.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/env.h"
#include "kernel/store_copy.h"
#include "kernel/store_impl.h"
#include "kernel/store_name.h"
#include "kernel/tests/postgres_place.h"

#define ASSERT_CODE(expr, outcome, want) ASSERT_CODE_IN(e, expr, outcome, want)

static char folder[64];

/* A file in the folder that no test had before. */
static const char *spare(void)
{
    static unsigned n;
    static char made[128];
    snprintf(made, sizeof made, "%s/%u.db", folder, ++n);
    return made;
}

static void test_opens_only_what_is_ours(void **state)
{
    (void)state;
    char text[200];
    struct err e = { 0 };
    struct store *s = NULL;
    struct store_options options = postgres_fresh();
    options.create = false;
    ASSERT_CODE(store_open(&s, &options, &e), REFUSED, "store.not_found");
    struct store_url url;
    ASSERT_OK(store_url_read(&url, postgres_path, &e));
    snprintf(text, sizeof text, "CREATE SCHEMA %s; CREATE TABLE %s.theirs (a INT)", url.schema,
             url.schema);
    postgres_administer(text);
    for (int i = 0; i < 2; i++) {
        options.create = i == 1;
        ASSERT_CODE(store_open(&s, &options, &e), REFUSED, "store.not_vein");
        assert_true(str_starts(str_z(postgres_path), str_from(err_param(&e, "path"), SIZE_MAX)));
    }
    options.path = "postgresql:///nowhere?host=/tmp";
    ASSERT_CODE(store_open(&s, &options, &e), FAULT, "store.io");
}

/* An administrator may make the schema beforehand, for a role that may make none. */
static void test_an_empty_schema_may_be_ours(void **state)
{
    (void)state;
    char text[200];
    struct err e = { 0 };
    struct store_options options = postgres_fresh();
    struct store_url url;
    ASSERT_OK(store_url_read(&url, postgres_path, &e));
    snprintf(text, sizeof text, "CREATE SCHEMA %s", url.schema);
    postgres_administer(text);
    store_close(store_with_rows(&options));
    ASSERT_OK(store_remove(postgres_path, &e));
    struct store *s = NULL;
    options.create = false;
    ASSERT_CODE(store_open(&s, &options, &e), REFUSED, "store.not_found");
}

/* What the server quotes of a value stays there. */
static void test_a_fault_quotes_no_value(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct store_options options = postgres_fresh();
    struct store *s = store_with_rows(&options);
    struct db *db = NULL;
    ASSERT_OK(store_writer(&db, s, &e));
    struct place in = { 424242, 1 };
    ASSERT_OK(db_run(db, &sql_place_add, &in, NULL, &e));
    ASSERT_CODE(db_run(db, &sql_place_add, &in, NULL, &e), FAULT, "store.constraint");
    assert_null(strstr(e.detail, "424242"));
    assert_non_null(strstr(e.detail, "place_pkey"));
    db_close(db);
    store_close(s);
}

/* shows: what a writer sent when its connection was lost is not retried */
static void test_a_lost_writer_stays_lost(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct store_options options = postgres_fresh();
    struct store *s = store_with_rows(&options);
    struct db *db = NULL;
    ASSERT_OK(store_writer(&db, s, &e));
    place_add(db, 1, 1);
    ASSERT_OK(db_begin(db, &e));
    place_add(db, 2, 1);
    postgres_end_backends("state = 'idle in transaction'");
    ASSERT_CODE(db_commit(db, &e), FAULT, "store.failed");
    ASSERT_CODE(db_begin(db, &e), FAULT, "store.failed");
    db_close(db);
    ASSERT_OK(store_writer(&db, s, &e)); /* the lock went with the connection */
    assert_int_equal(number_of(db, &sql_place_count), 1);
    ASSERT_OK(db_begin(db, &e));
    postgres_end_backends("state = 'idle in transaction'");
    struct place in = { 3, 1 };
    ASSERT_CODE(db_run(db, &sql_place_add, &in, NULL, &e), FAULT, "store.failed");
    db_rollback(db);
    ASSERT_CODE(db_run(db, &sql_place_add, &in, NULL, &e), FAULT, "store.failed");
    db_close(db);
    store_close(s);
}

static void test_a_lost_reader_is_replaced(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct store_options options = postgres_fresh();
    struct store *s = store_with_rows(&options);
    struct db *db = NULL;
    ASSERT_OK(store_reader_take(&db, s, &e));
    assert_int_equal(number_of(db, &sql_place_count), 0);
    store_reader_give(s, db);
    postgres_end_backends("true"); /* while it is idle */
    ASSERT_OK(store_reader_take(&db, s, &e));
    assert_int_equal(number_of(db, &sql_place_count), 0);
    postgres_end_backends("true"); /* while it is out */
    struct arena *arena = arena_new(1 << 16);
    struct number out;
    bool found = false;
    ASSERT_CODE(db_get(db, &sql_place_count, NULL, &out, arena, &found, &e), FAULT, "store.io");
    arena_free(arena);
    store_reader_give(s, db);
    ASSERT_OK(store_reader_take(&db, s, &e));
    assert_int_equal(number_of(db, &sql_place_count), 0);
    store_reader_give(s, db);
    store_close(s);
}

static void test_a_commit_is_on_the_disk(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct store_options options = postgres_fresh();
    char set[STORE_NAME_MAX + 64];
    snprintf(set, sizeof set, "%s&options=-csynchronous_commit%%3Doff", postgres_path);
    options.path = set;
    struct store *s = store_with_rows(&options);
    struct db *db = NULL;
    struct arena *arena = arena_new(1 << 16);
    static const char asked[] = "SELECT current_setting('synchronous_commit')";
    const struct sql setting = { "test.setting", asked, asked, NULL, &named_record };
    struct named out;
    bool found = false;
    ASSERT_OK(store_writer(&db, s, &e));
    ASSERT_OK(db_get(db, &setting, NULL, &out, arena, &found, &e));
    assert_true(found && str_is(out.text, "on"));
    arena_free(arena);
    db_close(db);
    store_close(s);
}

static struct hash hash_of_sample(struct store *s)
{
    struct err e = { 0 };
    struct db *db = NULL;
    struct hash hash;
    int64_t count = 0;
    ASSERT_OK(store_reader(&db, s, &e));
    ASSERT_OK(db_table_hash(db, S("sample"), &count, &hash, &e));
    assert_int_equal(count, 4);
    db_close(db);
    return hash;
}

static struct store *store_with_samples(const struct store_options *options)
{
    struct err e = { 0 };
    struct store *s = store_with_rows(options);
    struct db *db = NULL;
    static const char *const texts[] = { "b", "B", "\xc3\xa4", NULL };
    ASSERT_OK(store_writer(&db, s, &e));
    for (int64_t i = 0; i < 4; i++) {
        struct stored in;
        record_clear(&stored_record, &in);
        in.number = i * INT64_C(1) << 40;
        in.text = str_z(texts[i]);
        in.blob =
            (struct bytes){ i % 2 == 0 ? (const uint8_t *)"\0\xff" : NULL, i % 2 == 0 ? 2 : 0 };
        ASSERT_OK(db_run(db, &sql_sample_add, &in, NULL, &e));
    }
    db_close(db);
    return s;
}

static void test_a_tables_hash_is_the_same_on_both(void **state)
{
    (void)state;
    struct store_options here = postgres_fresh();
    struct store_options file = { .path = spare(), .create = true };
    struct store *a = store_with_samples(&here);
    struct store *b = store_with_samples(&file);
    const struct hash one = hash_of_sample(a);
    const struct hash other = hash_of_sample(b);
    assert_true(hash_eq(one, other));
    store_close(a);
    store_close(b);
}

static void test_a_check_reads_everything(void **state)
{
    (void)state;
    char text[600];
    struct err e = { 0 };
    struct store_options options = postgres_fresh();
    struct store_url url;
    struct store *s = store_with_samples(&options);
    ASSERT_OK(store_url_read(&url, postgres_path, &e));
    postgres_administer("CREATE EXTENSION IF NOT EXISTS amcheck");
    ASSERT_OK(store_check(s, &e));
    snprintf(text, sizeof text, "CREATE VIEW %s.theirs AS SELECT 1 AS a", url.schema);
    postgres_administer(text);
    ASSERT_CODE(store_check(s, &e), FAULT, "store.corrupt");
    snprintf(text, sizeof text, "DROP VIEW %s.theirs", url.schema);
    postgres_administer(text);
    ASSERT_OK(store_check(s, &e));
    /* An index that lacks a row: it says to be valid, and is not filled. */
    snprintf(text, sizeof text,
             "UPDATE pg_index SET indisready = false, indisvalid = false"
             " WHERE indexrelid = CAST('%s.place_units' AS regclass);"
             "INSERT INTO %s.place VALUES (7, 7);"
             "UPDATE pg_index SET indisready = true, indisvalid = true"
             " WHERE indexrelid = CAST('%s.place_units' AS regclass)",
             url.schema, url.schema, url.schema);
    postgres_administer(text);
    ASSERT_CODE(store_check(s, &e), FAULT, "store.corrupt");
    store_close(s);
}

static bool flushed(struct db *db, bool more)
{
    struct err e = { 0 };
    bool done = false;
    ASSERT_OK(db_flush(db, &store_rows_schema, more, &done, &e));
    for (int i = 0; i < 500 && !done; i++) {
        usleep(20000); /* the server ends a connection in its own time */
        ASSERT_OK(db_flush(db, &store_rows_schema, false, &done, &e));
    }
    return done;
}

static const char *vacuums(const char *table)
{
    char text[200];
    struct err e = { 0 };
    struct store_url url;
    ASSERT_OK(store_url_read(&url, postgres_path, &e));
    snprintf(text, sizeof text,
             "SELECT pg_stat_force_next_flush(); SELECT vacuum_count FROM pg_stat_user_tables"
             " WHERE schemaname = '%s' AND relname = '%s'",
             url.schema, table);
    return postgres_administer(text);
}

/* Of what was deleted, the tables' files hold no row any more that anybody could read. */
static void test_flushing_waits_for_readers(void **state)
{
    (void)state;
    struct err e = { 0 };
    bool done = true;
    struct store_options options = postgres_fresh();
    struct store *s = store_with_rows(&options);
    struct db *db = NULL, *reader = NULL;
    ASSERT_OK(store_writer(&db, s, &e));
    ASSERT_OK(db_begin(db, &e));
    static const struct sql_schema other = { "other", "CREATE TABLE other (a INTEGER) STRICT" };
    ASSERT_OK(db_schema(db, &other, &e));
    ASSERT_OK(db_commit(db, &e));
    place_add(db, 1, 1);
    ASSERT_OK(store_reader(&reader, s, &e));
    ASSERT_OK(db_begin(reader, &e));
    assert_int_equal(number_of(reader, &sql_place_count), 1);
    struct place in = { 1, 2 };
    ASSERT_OK(db_run(db, &sql_place_set, &in, NULL, &e));
    ASSERT_OK(db_flush(db, &store_rows_schema, true, &done, &e));
    assert_false(done);
    db_close(reader);
    assert_true(flushed(db, false));
    assert_string_not_equal(vacuums("place"), "0");
    assert_string_equal(vacuums("other"), "0"); /* nothing was deleted there */
    db_close(db);
    store_close(s);
}

/* While it takes long the writer goes on; what was deleted meanwhile it may not have seen. */
static void test_flushing_keeps_nobody_waiting(void **state)
{
    (void)state;
    enum { LOOKS = 5 };
    char text[300];
    struct err e = { 0 };
    bool done = true;
    struct store_options options = postgres_fresh();
    struct store *s = store_with_rows(&options);
    struct store_url url;
    struct db *db = NULL;
    ASSERT_OK(store_url_read(&url, postgres_path, &e));
    ASSERT_OK(store_writer(&db, s, &e));
    PGconn *held = PQconnectdb(postgres_server);
    snprintf(text, sizeof text,
             "BEGIN; LOCK TABLE %s.place IN ROW EXCLUSIVE MODE;"
             " LOCK TABLE %s.sample IN SHARE UPDATE EXCLUSIVE MODE",
             url.schema, url.schema);
    PQclear(PQexec(held, text));
    do { /* once no reader of another test is in the way */
        ASSERT_OK(db_flush(db, &store_rows_schema, true, &done, &e));
        assert_false(done);
    } while (strcmp(postgres_administer("SELECT count(*) FROM pg_stat_activity WHERE"
                                        " query LIKE 'VACUUM %' AND wait_event_type = 'Lock'"),
                    "0") == 0);
    place_add(db, 1, 1);
    assert_int_equal(number_of(db, &sql_place_count), 1);
    const int64_t before = env_mono(&env_system);
    for (int i = 0; i < LOOKS; i++)
        ASSERT_OK(db_flush(db, &store_rows_schema, true, &done, &e));
    assert_true(env_mono(&env_system) - before < 30 * TIME_SECOND); /* the lock goes on */
    PQfinish(held);
    assert_false(done);
    assert_true(flushed(db, false));
    assert_string_equal(vacuums("place"), "2"); /* the one that was under way, and its own */
    db_close(db);
    store_close(s);
}

/* A role that is not the owner is warned and no more; that is not done. */
static void test_a_table_left_out_is_told(void **state)
{
    (void)state;
    char text[400];
    struct err e = { 0 };
    bool done = true;
    struct store_options options = postgres_fresh();
    struct store *s = store_with_rows(&options);
    struct store_url url;
    struct db *db = NULL;
    ASSERT_OK(store_url_read(&url, postgres_path, &e));
    store_close(s);
    snprintf(text, sizeof text,
             "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'lesser') THEN"
             " CREATE ROLE lesser LOGIN; END IF; END $$; GRANT ALL ON SCHEMA %s TO lesser;"
             " GRANT ALL ON ALL TABLES IN SCHEMA %s TO lesser",
             url.schema, url.schema);
    postgres_administer(text);
    char as_lesser[STORE_NAME_MAX + 32];
    snprintf(as_lesser, sizeof as_lesser, "%s&user=lesser", postgres_path);
    const struct store_options less = { .path = as_lesser };
    ASSERT_OK(store_open(&s, &less, &e));
    ASSERT_OK(store_writer(&db, s, &e));
    place_add(db, 1, 1);
    enum outcome o = db_flush(db, &store_rows_schema, true, &done, &e);
    for (int i = 0; i < 500 && o == OK && !done; i++) { /* another's look at rows, a slow machine */
        usleep(20000);
        o = db_flush(db, &store_rows_schema, false, &done, &e);
    }
    assert_int_equal(o, FAULT);
    assert_string_equal(e.code, "store.not_vacuumed");
    assert_false(done);
    assert_non_null(strstr(e.detail, "place"));
    place_add(db, 2, 1); /* the writer is none the worse */
    db_close(db);
    store_close(s);
}

/* What a comment says is somebody else's text until it is known. */
static void test_a_copy_runs_no_text_of_others(void **state)
{
    (void)state;
    static const char *const comments[] = {
        "CREATE TABLE place (place INTEGER NOT NULL PRIMARY KEY, units INTEGER DEFAULT (random()))",
        "CREATE TABLE place (place INTEGER); CREATE TABLE more (a INTEGER)",
        "CREATE TABLE more (place INTEGER NOT NULL PRIMARY KEY, units INTEGER NOT NULL)",
        "DROP TABLE sample",
    };
    static const struct sql_schema *const schemas[] = { &store_rows_schema };
    const struct store_known known = { schemas, 1 };
    char text[400];
    struct err e = { 0 };
    struct store_copied copied;
    struct store_url url;
    struct store_options options = postgres_fresh();
    struct store *s = store_with_samples(&options);
    ASSERT_OK(store_url_read(&url, postgres_path, &e));
    for (size_t i = 0; i < sizeof comments / sizeof comments[0]; i++) {
        const char *to = spare();
        snprintf(text, sizeof text, "COMMENT ON TABLE %s.place IS '%s'", url.schema, comments[i]);
        postgres_administer(text);
        ASSERT_CODE(store_copy_all(&copied, postgres_path, to, &known, &e), REFUSED,
                    "store.unknown_table");
        assert_int_not_equal(access(to, F_OK), 0);
        if (i > 0) /* the first makes its table and nothing else */
            ASSERT_CODE(store_backup(s, to, &e), REFUSED, "store.unknown_table");
    }
    store_close(s);
}

/* Samples in a file, once this was run there. */
static const char *file_after(const char *text)
{
    struct err e = { 0 };
    const char *path = spare();
    struct store_options file = { .path = path, .create = true };
    struct store *s = store_with_samples(&file);
    struct db *db = NULL;
    ASSERT_OK(store_writer(&db, s, &e));
    ASSERT_OK(db->engine->script(db->connection, text, &e));
    db_close(db);
    store_close(s);
    return path;
}

/* More rows than one COPY takes, absent values, and one of several megabytes. (store_copy compares
 * what became of them.) */
static void test_many_rows_are_copied(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct store_copied copied;
    const char *file = file_after("WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r"
                                  " WHERE i < 45000) INSERT INTO place SELECT i + 1000, i FROM r;"
                                  "UPDATE sample SET blob = zeroblob(5000000) WHERE number ="
                                  " (SELECT min(number) FROM sample)");
    (void)postgres_fresh();
    ASSERT_OK(store_copy_all(&copied, file, postgres_path, NULL, &e));
    assert_true(copied.rows > 45000);
}

/* What the server does not take is told, and nothing of the copy stays. */
static void test_a_copy_that_is_refused_leaves_nothing(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct store_copied copied;
    struct store *s = NULL;
    const char *file = file_after("UPDATE sample SET text = CAST(x'41ff' AS TEXT)");
    struct store_options options = postgres_fresh();
    options.create = false;
    assert_int_equal(store_copy_all(&copied, file, postgres_path, NULL, &e), FAULT);
    assert_non_null(strstr(e.detail, "sample"));
    ASSERT_CODE(store_open(&s, &options, &e), REFUSED, "store.not_found");
}

int main(void)
{
    static const struct store_place place = { "store on postgres", postgres_fresh, spare };
    postgres_server = getenv("VEIN_POSTGRES");
    if (postgres_server == NULL) {
        printf("skip: VEIN_POSTGRES is not set: the store on PostgreSQL is not tested here\n");
        printf("1..0\n");
        return 0;
    }
    test_folder(folder, sizeof folder, "store");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opens_only_what_is_ours),
        cmocka_unit_test(test_an_empty_schema_may_be_ours),
        cmocka_unit_test(test_a_fault_quotes_no_value),
        cmocka_unit_test(test_a_lost_writer_stays_lost),
        cmocka_unit_test(test_a_lost_reader_is_replaced),
        cmocka_unit_test(test_a_commit_is_on_the_disk),
        cmocka_unit_test(test_a_tables_hash_is_the_same_on_both),
        cmocka_unit_test(test_a_check_reads_everything),
        cmocka_unit_test(test_flushing_waits_for_readers),
        cmocka_unit_test(test_flushing_keeps_nobody_waiting),
        cmocka_unit_test(test_a_table_left_out_is_told),
        cmocka_unit_test(test_a_copy_runs_no_text_of_others),
        cmocka_unit_test(test_many_rows_are_copied),
        cmocka_unit_test(test_a_copy_that_is_refused_leaves_nothing),
    };
    int failed = store_conformance(&place);
    failed += cmocka_run_group_tests_name("postgres", tests, NULL, NULL);
    char command[96];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return failed + system(command);
}
