/* Several writers of one database on PostgreSQL: turns, the lead, news, a connection made anew. On
 * the server that VEIN_POSTGRES names; without it nothing is tested here, and said so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/tests/postgres_place.h"
#include "kernel/tests/store_conformance.h"

#define ASSERT_CODE(expr, outcome, want) ASSERT_CODE_IN(e, expr, outcome, want)

static void keep_text(void *context, struct str text)
{
    snprintf(context, 20, "%.*s", STR(text));
}

/* shows: of several writers one at a time writes, and each sees what the others wrote; one leads,
 * on the connection that writes; whoever has to be alone is refused beside them */
static void test_writers_take_turns(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct store_options options = postgres_fresh();
    struct store *s = store_with_rows(&options);
    struct store *t = NULL;
    struct db *a = NULL, *b = NULL;
    ASSERT_OK(store_open(&t, &options, &e));
    ASSERT_OK(store_writer_shared(&a, s, &e));
    ASSERT_OK(store_writer_shared(&b, t, &e));
    assert_true(db_shared(a));
    ASSERT_OK(db_begin(a, &e));
    place_add(a, 1, 1);
    ASSERT_CODE(db_begin(b, &e), FAULT, "store.busy"); /* after a while */
    ASSERT_OK(db_begin_aside(b, &e));
    db_rollback(b);
    ASSERT_OK(db_tell(a, "abc 1", &e));
    ASSERT_OK(db_commit(a, &e));
    ASSERT_OK(db_begin(b, &e));
    assert_int_equal(number_of(b, &sql_place_count), 1);
    db_rollback(b);
    char heard[20] = "";
    assert_true(db_heard(b, keep_text, heard));
    assert_string_equal(heard, "abc 1");
    assert_false(db_heard(b, keep_text, heard));
    assert_false(db_heard(a, keep_text, heard)); /* its own */
    db_close(a);
    db_close(b);
    store_close(t);
    store_close(s);
}

/* shows: an answer that rests on what another wrote is as durable as that; a text that may be lost
 * waits for no disk */
static void test_waking_is_durable_and_telling_is_not(void **state)
{
    (void)state;
    struct err e = { 0 };
    const char *text = "SELECT count(pg_current_xact_id_if_assigned())";
    const struct sql writes = { "test.writes", text, text, NULL, sql_place_count.out };
    struct store_options options = postgres_fresh();
    struct store *s = store_with_rows(&options);
    struct db *db = NULL;
    ASSERT_OK(store_writer_shared(&db, s, &e));
    ASSERT_OK(db_begin(db, &e));
    ASSERT_OK(db_tell(db, "abc 1", &e));
    assert_int_equal(number_of(db, &writes), 0);
    ASSERT_OK(db_tell(db, "", &e));
    assert_int_equal(number_of(db, &writes), 1);
    ASSERT_OK(db_commit(db, &e));
    db_close(db);
    store_close(s);
}

static void test_one_writer_leads(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct store_options options = postgres_fresh();
    struct store *s = store_with_rows(&options);
    struct store *t = NULL, *u = NULL;
    struct db *a = NULL, *b = NULL, *alone = NULL;
    bool lead = false;
    ASSERT_OK(store_open(&t, &options, &e));
    ASSERT_OK(store_open(&u, &options, &e));
    ASSERT_OK(store_writer_shared(&a, s, &e));
    ASSERT_OK(store_writer_shared(&b, t, &e));
    ASSERT_OK(db_lead(a, &lead, &e));
    assert_true(lead);
    ASSERT_OK(db_lead(b, &lead, &e));
    assert_false(lead);
    ASSERT_CODE(store_writer(&alone, u, &e), REFUSED, "store.in_use");
    db_close(a);
    for (int i = 0; i < 500 && !lead; i++, usleep(20000)) /* its session ends in its own time */
        ASSERT_OK(db_lead(b, &lead, &e));
    assert_true(lead);
    db_close(b);
    ASSERT_OK(store_writer(&alone, u, &e));
    assert_false(db_shared(alone));
    ASSERT_CODE(store_writer_shared(&b, t, &e), REFUSED, "store.in_use");
    db_close(alone);
    store_close(u);
    store_close(t);
    store_close(s);
}

static void test_a_lost_writer_begins_anew(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct store_options options = postgres_fresh();
    struct store *s = store_with_rows(&options);
    struct db *db = NULL;
    bool lead = false;
    ASSERT_OK(store_writer_shared(&db, s, &e));
    ASSERT_OK(db_lead(db, &lead, &e));
    ASSERT_OK(db_begin(db, &e));
    place_add(db, 1, 1);
    postgres_end_backends("state = 'idle in transaction'");
    ASSERT_CODE(db_commit(db, &e), FAULT, "store.failed");
    ASSERT_CODE(db_begin(db, &e), FAULT, "store.failed"); /* until somebody begins anew */
    ASSERT_OK(db_again(db, &e));
    assert_int_equal(number_of(db, &sql_place_count), 0);
    ASSERT_OK(db_begin(db, &e));
    place_add(db, 2, 1);
    ASSERT_OK(db_commit(db, &e));
    ASSERT_OK(db_lead(db, &lead, &e));
    assert_true(lead);
    db_close(db);
    store_close(s);
}

static void test_what_cannot_be_written(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct store *s = NULL;
    struct db *db = NULL;
    const struct place in = { 1, 1 };
    char other[STORE_NAME_MAX + 64];
    struct store_options options = postgres_fresh();
    store_close(store_with_rows(&options));
    const char *rest = strstr(postgres_server, "/postgres?");
    assert_non_null(rest);
    snprintf(other, sizeof other, "%.*s/nowhere%s", (int)(rest - postgres_server), postgres_server,
             rest + strlen("/postgres"));
    options = (struct store_options){ .path = other };
    ASSERT_CODE(store_open(&s, &options, &e), REFUSED, "store.not_found"); /* in any language */
    snprintf(other, sizeof other, "%s&options=-cdefault_transaction_read_only%%3Don",
             postgres_path);
    ASSERT_OK(store_open(&s, &options, &e));
    ASSERT_OK(store_writer(&db, s, &e));
    ASSERT_CODE(db_run(db, &sql_place_add, &in, NULL, &e), FAULT, "store.read_only");
    db_close(db);
    store_close(s);
}

int main(void)
{
    postgres_server = getenv("VEIN_POSTGRES");
    if (postgres_server == NULL) {
        printf("skip: VEIN_POSTGRES is not set: several writers are not tested here\n");
        printf("1..0\n");
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writers_take_turns),
        cmocka_unit_test(test_waking_is_durable_and_telling_is_not),
        cmocka_unit_test(test_one_writer_leads),
        cmocka_unit_test(test_a_lost_writer_begins_anew),
        cmocka_unit_test(test_what_cannot_be_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
