#include "kernel/tests/store_bench.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static const struct store_place *current;

void store_bench_on(const struct store_place *place)
{
    current = place;
}

int store_bench_setup(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    if (b == NULL)
        return -1;
    b->place = current;
    b->options = current->fresh();
    b->store = store_with_rows(&b->options);
    b->arena = arena_new(1 << 22);
    *state = b;
    return store_writer(&b->writer, b->store, &b->e) == OK ? 0 : -1;
}

int store_bench_teardown(void **state)
{
    struct bench *b = *state;
    db_close(b->writer);
    store_close(b->store);
    arena_free(b->arena);
    free(b);
    return 0;
}

static void get_sample(struct bench *b, int64_t number, struct stored *out)
{
    struct number in = { number };
    bool found = false;
    ASSERT_OK(db_get(b->writer, &sql_sample_get, &in, out, b->arena, &found, &b->e));
    assert_true(found);
}

static void test_every_kind_comes_back(void **state)
{
    struct bench *b = *state;
    struct stored in = {
        .number = INT64_MAX,
        .text = S("Zürich\n"),
        .code = S("fresh"),
        .id = S("0193b7a0-0000-7000-8000-000000000001"),
        .flag = true,
        .at = INT64_C(1764000000000001),
        .day = S("2025-11-24"),
        .hash = S("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        .json = S("{\"a\":1}"),
        .blob = { (const uint8_t *)"\0\xff\x01", 3 },
    };
    ASSERT_OK(decimal_read(&in.ratio, S("1.10"), &b->e));
    ASSERT_OK(quantity_read(&in.volume, S("-12.50 mL"), &b->e));
    ASSERT_OK(db_run(b->writer, &sql_sample_add, &in, NULL, &b->e));
    struct stored out;
    get_sample(b, INT64_MAX, &out);
    for (size_t i = 0; i < stored_record.nfields; i++) {
        struct str want = record_text(&stored_record.fields[i], &in, b->arena);
        struct str got = record_text(&stored_record.fields[i], &out, b->arena);
        assert_true(str_eq(want, got));
    }
    assert_int_equal(out.ratio.scale, 2); /* the trailing zero is kept */
    assert_int_equal(out.blob.n, 3);
    assert_memory_equal(out.blob.p, in.blob.p, 3);
}

static void test_absent_is_not_empty(void **state)
{
    struct bench *b = *state;
    struct stored in;
    struct stored out;
    record_clear(&stored_record, &in);
    in.number = 1;
    ASSERT_OK(db_run(b->writer, &sql_sample_add, &in, NULL, &b->e));
    memset(&out, 0x5a, sizeof out);
    get_sample(b, 1, &out);
    assert_null(out.text.p);
    assert_null(out.blob.p);
    assert_int_equal(out.at, TIME_NONE);
    assert_false(out.flag);
    assert_false(decimal_present(out.ratio));
    assert_false(quantity_present(out.volume));

    in.number = 2;
    in.text = S("");
    in.blob = (struct bytes){ (const uint8_t *)"", 0 };
    ASSERT_OK(db_run(b->writer, &sql_sample_add, &in, NULL, &b->e));
    get_sample(b, 2, &out);
    assert_non_null(out.text.p);
    assert_int_equal(out.text.n, 0);
    assert_non_null(out.blob.p);
    assert_int_equal(out.blob.n, 0);
}

static void test_get_tells_when_there_is_none(void **state)
{
    struct bench *b = *state;
    struct stored out;
    struct number in = { 7 };
    bool found = true;
    ASSERT_OK(db_get(b->writer, &sql_sample_get, &in, &out, b->arena, &found, &b->e));
    assert_false(found);
}

static void test_list_has_a_maximum(void **state)
{
    struct bench *b = *state;
    for (int64_t i = 0; i < 40; i++)
        place_add(b->writer, 39 - i, i);
    struct record_list list;
    ASSERT_OK(db_list(b->writer, &sql_place_list, NULL, &list, 40, b->arena, &b->e));
    assert_int_equal(list.n, 40);
    const struct place *row = list.p;
    for (int64_t i = 0; i < 40; i++) {
        assert_int_equal(row[i].number, i);
        assert_int_equal(row[i].units, 39 - i);
    }
    ASSERT_CODE(db_list(b->writer, &sql_place_list, NULL, &list, 39, b->arena, &b->e), REFUSED,
                "store.too_many");
    ASSERT_OK(db_list(b->writer, &sql_place_list, NULL, &list, 40, b->arena, &b->e));
}

static void test_cursor_ends_or_is_left(void **state)
{
    struct bench *b = *state;
    for (int64_t i = 0; i < 3; i++)
        place_add(b->writer, i, 1);
    struct db_rows rows;
    struct place row;
    bool more = false;
    ASSERT_OK(db_rows_open(&rows, b->writer, &sql_place_list, NULL, &b->e));
    for (int64_t i = 0; i < 3; i++) {
        ASSERT_OK(db_rows_next(&rows, &row, b->arena, &more, &b->e));
        assert_true(more);
        assert_int_equal(row.number, i);
    }
    ASSERT_OK(db_rows_next(&rows, &row, b->arena, &more, &b->e));
    assert_false(more);

    ASSERT_OK(db_rows_open(&rows, b->writer, &sql_place_list, NULL, &b->e));
    ASSERT_OK(db_rows_next(&rows, &row, b->arena, &more, &b->e));
    db_rows_close(&rows);
    db_rows_close(&rows);

    /* One that is left open when its savepoint is undone is ended with it. */
    ASSERT_OK(db_begin(b->writer, &b->e));
    ASSERT_OK(db_savepoint(b->writer, &b->e));
    ASSERT_OK(db_rows_open(&rows, b->writer, &sql_place_list, NULL, &b->e));
    ASSERT_OK(db_rows_next(&rows, &row, b->arena, &more, &b->e));
    ASSERT_OK(db_savepoint_undo(b->writer, &b->e));
    struct record_list list;
    ASSERT_OK(db_list(b->writer, &sql_place_list, NULL, &list, 40, b->arena, &b->e));
    db_rows_close(&rows);
    ASSERT_OK(db_commit(b->writer, &b->e));
}

static void test_savepoints_nest(void **state)
{
    struct bench *b = *state;
    ASSERT_OK(db_begin(b->writer, &b->e));
    place_add(b->writer, 1, 1);
    ASSERT_OK(db_savepoint(b->writer, &b->e));
    place_add(b->writer, 2, 10);
    ASSERT_OK(db_savepoint(b->writer, &b->e));
    place_add(b->writer, 3, 100);
    ASSERT_OK(db_savepoint_undo(b->writer, &b->e));
    assert_int_equal(number_of(b->writer, &sql_place_sum), 11);
    ASSERT_OK(db_savepoint(b->writer, &b->e));
    place_add(b->writer, 3, 1000);
    ASSERT_OK(db_savepoint_keep(b->writer, &b->e));
    ASSERT_OK(db_savepoint_keep(b->writer, &b->e));
    ASSERT_OK(db_commit(b->writer, &b->e));
    assert_int_equal(number_of(b->writer, &sql_place_sum), 1011);

    ASSERT_OK(db_begin(b->writer, &b->e));
    place_add(b->writer, 4, 1);
    ASSERT_OK(db_savepoint(b->writer, &b->e));
    db_rollback(b->writer);
    assert_int_equal(number_of(b->writer, &sql_place_sum), 1011);
}

static void test_a_fault_dooms_its_transaction(void **state)
{
    struct bench *b = *state;
    struct place again = { 1, 5 };
    struct place negative = { 2, -1 };
    int64_t changed; /* who asks for it waits for the statement's end */
    ASSERT_OK(db_begin(b->writer, &b->e));
    place_add(b->writer, 1, 5);
    ASSERT_OK(db_savepoint(b->writer, &b->e));
    ASSERT_CODE(db_run(b->writer, &sql_place_add, &again, &changed, &b->e), FAULT,
                "store.constraint");
    ASSERT_CODE(db_run(b->writer, &sql_place_set, &again, NULL, &b->e), FAULT, "store.constraint");
    ASSERT_CODE(db_savepoint_keep(b->writer, &b->e), FAULT, "store.constraint");
    ASSERT_CODE(db_commit(b->writer, &b->e), FAULT, "store.constraint");
    db_rollback(b->writer);
    assert_int_equal(number_of(b->writer, &sql_place_count), 0);

    /* What came before the innermost savepoint can be kept. */
    ASSERT_OK(db_begin(b->writer, &b->e));
    place_add(b->writer, 1, 5);
    ASSERT_OK(db_savepoint(b->writer, &b->e));
    place_add(b->writer, 2, 7);
    ASSERT_CODE(db_run(b->writer, &sql_place_add, &again, &changed, &b->e), FAULT,
                "store.constraint");
    ASSERT_OK(db_savepoint_undo(b->writer, &b->e));
    assert_int_equal(number_of(b->writer, &sql_place_sum), 5);
    ASSERT_CODE(db_run(b->writer, &sql_place_add, &again, &changed, &b->e), FAULT,
                "store.constraint");
    ASSERT_CODE(db_commit(b->writer, &b->e), FAULT, "store.constraint");
    db_rollback(b->writer);
    assert_int_equal(number_of(b->writer, &sql_place_count), 0);

    ASSERT_CODE(db_run(b->writer, &sql_place_add, &negative, NULL, &b->e), FAULT,
                "store.constraint");
    place_add(b->writer, 1, 5); /* and the connection goes on */
}

/* A statement that nobody asked anything of may fail later: at the latest when all is waited for,
 * when its savepoint is kept, or at the commit, of which then nothing is left. */
static enum outcome fails_at_last(struct db *db, int way, struct err *e)
{
    struct place again = { 1, 5 };
    TRY(db_run(db, &sql_place_add, &again, NULL, e));
    return way == 0 ? db_settle(db, e) : way == 1 ? db_savepoint_keep(db, e) : db_commit(db, e);
}

static void test_a_fault_may_come_later(void **state)
{
    struct bench *b = *state;
    struct place again = { 1, 5 };
    for (int way = 0; way < 3; way++) {
        ASSERT_OK(db_begin(b->writer, &b->e));
        ASSERT_OK(db_savepoint(b->writer, &b->e));
        place_add(b->writer, 1, 5);
        ASSERT_CODE(fails_at_last(b->writer, way, &b->e), FAULT, "store.constraint");
        db_rollback(b->writer);
        assert_int_equal(number_of(b->writer, &sql_place_count), 0);
    }

    /* What is undone takes with it what failed and was not told yet. */
    ASSERT_OK(db_begin(b->writer, &b->e));
    place_add(b->writer, 1, 5);
    ASSERT_OK(db_savepoint(b->writer, &b->e));
    (void)!db_run(b->writer, &sql_place_add, &again, NULL, &b->e);
    ASSERT_OK(db_savepoint_undo(b->writer, &b->e));
    for (int64_t i = 0; i < 300; i++) /* more than are sent at once */
        place_add(b->writer, 10 + i, 1);
    ASSERT_OK(db_commit(b->writer, &b->e));
    assert_int_equal(number_of(b->writer, &sql_place_sum), 305);
}

/* Whether the commit of the transaction that is under way waits for the disk. */
static bool waits(struct bench *b)
{
    static const struct field field[] = { { "n", FIELD_INT, REQUIRED, 0, 0, NULL } };
    static const struct record record = { "waits", sizeof(int64_t), field, 1 };
    static const struct sql query = {
        "test.waits", "SELECT synchronous AS n FROM pragma_synchronous",
        "SELECT CASE current_setting('synchronous_commit') WHEN 'on' THEN 2 ELSE 1 END AS n", NULL,
        &record
    };
    enum { FULL = 2 };
    int64_t n = 0;
    bool found;
    ASSERT_OK(db_get(b->writer, &query, NULL, &n, b->arena, &found, &b->e));
    return n >= FULL;
}

/* An acknowledged command's commit waits for the disk, whatever was before it. */
static void test_haste_ends_with_its_transaction(void **state)
{
    struct bench *b = *state;
    for (int round = 0; round < 2; round++) {
        ASSERT_OK(db_begin_derived(b->writer, &b->e));
        assert_false(waits(b));
        if (round == 0)
            ASSERT_OK(db_commit(b->writer, &b->e));
        else
            db_rollback(b->writer);
        ASSERT_OK(db_begin_aside(b->writer, &b->e));
        assert_true(waits(b));
        ASSERT_OK(db_commit(b->writer, &b->e));
        ASSERT_OK(db_begin(b->writer, &b->e));
        assert_true(waits(b));
        db_rollback(b->writer);
        ASSERT_OK(db_begin_derived(b->writer, &b->e));
        ASSERT_OK(db_commit(b->writer, &b->e));
        place_add(b->writer, 1 + round, 5); /* a statement that commits by itself */
        assert_true(waits(b));
    }
}

static void test_a_reader_sees_commits_only(void **state)
{
    struct bench *b = *state;
    struct db *reader = NULL;
    struct db *snapshot = NULL;
    ASSERT_OK(store_reader_take(&reader, b->store, &b->e));
    ASSERT_OK(store_reader(&snapshot, b->store, &b->e));
    ASSERT_OK(db_begin(b->writer, &b->e));
    place_add(b->writer, 1, 1);
    assert_int_equal(number_of(reader, &sql_place_count), 0);
    ASSERT_OK(db_begin(snapshot, &b->e));
    assert_int_equal(number_of(snapshot, &sql_place_count), 0);
    ASSERT_OK(db_commit(b->writer, &b->e));
    assert_int_equal(number_of(reader, &sql_place_count), 1);
    assert_int_equal(number_of(snapshot, &sql_place_count), 0);
    ASSERT_OK(db_commit(snapshot, &b->e));
    assert_int_equal(number_of(snapshot, &sql_place_count), 1);

    struct place in = { 2, 2 };
    ASSERT_CODE(db_run(reader, &sql_place_add, &in, NULL, &b->e), FAULT, "store.read_only");
    db_close(snapshot);
    store_reader_give(b->store, reader);
}

static void test_the_pool_has_a_maximum(void **state)
{
    struct bench *b = *state;
    struct db *reader[STORE_READERS_MAX];
    struct db *over = NULL;
    for (size_t i = 0; i < STORE_READERS_MAX; i++)
        ASSERT_OK(store_reader_take(&reader[i], b->store, &b->e));
    ASSERT_CODE(store_reader_take(&over, b->store, &b->e), FAULT, "store.busy");
    ASSERT_OK(db_begin(reader[0], &b->e)); /* given back in a transaction: ended */
    for (size_t i = 0; i < STORE_READERS_MAX; i++)
        store_reader_give(b->store, reader[i]);
    for (size_t i = 0; i < STORE_READERS_MAX; i++)
        ASSERT_OK(store_reader_take(&reader[i], b->store, &b->e));
    for (size_t i = 0; i < STORE_READERS_MAX; i++) {
        ASSERT_OK(db_begin(reader[i], &b->e));
        store_reader_give(b->store, reader[i]);
    }
}

struct watch {
    struct store *store;
    const bool *stop;
    int64_t seen;
    int64_t wrong;
};

static void *watch_sum(void *p)
{
    struct watch *w = p;
    struct err e = { 0 };
    while (!__atomic_load_n(w->stop, __ATOMIC_ACQUIRE)) {
        struct db *db = NULL;
        if (store_reader_take(&db, w->store, &e) != OK) {
            w->wrong++;
            continue;
        }
        w->wrong += number_of(db, &sql_place_sum) != 100;
        store_reader_give(w->store, db);
        __atomic_add_fetch(&w->seen, 1, __ATOMIC_RELEASE);
    }
    return NULL;
}

static void test_many_readers_see_whole_transactions(void **state)
{
    enum { WATCHERS = 6, MOVES = 150 };
    struct bench *b = *state;
    place_add(b->writer, 1, 100);
    place_add(b->writer, 2, 0);
    bool stop = false;
    struct watch watch[WATCHERS];
    pthread_t thread[WATCHERS];
    for (size_t i = 0; i < WATCHERS; i++) {
        watch[i] = (struct watch){ .store = b->store, .stop = &stop };
        assert_int_equal(pthread_create(&thread[i], NULL, watch_sum, &watch[i]), 0);
    }
    for (size_t i = 0; i < WATCHERS; i++) /* all of them look before anything moves */
        while (__atomic_load_n(&watch[i].seen, __ATOMIC_ACQUIRE) == 0)
            sched_yield();
    for (int64_t i = 0; i < MOVES; i++) {
        struct place from = { 1, 100 - i % 100 };
        struct place to = { 2, i % 100 };
        ASSERT_OK(db_begin(b->writer, &b->e));
        ASSERT_OK(db_run(b->writer, &sql_place_set, &from, NULL, &b->e));
        ASSERT_OK(db_run(b->writer, &sql_place_set, &to, NULL, &b->e));
        ASSERT_OK(db_commit(b->writer, &b->e));
    }
    __atomic_store_n(&stop, true, __ATOMIC_RELEASE);
    int64_t seen = 0;
    for (size_t i = 0; i < WATCHERS; i++) {
        pthread_join(thread[i], NULL);
        assert_int_equal(watch[i].wrong, 0);
        seen += watch[i].seen;
    }
    assert_true(seen >= WATCHERS);
}

/* Several cursors at once, and other statements between their rows. */
static void read_interleaved(struct bench *b)
{
    enum { ROWS = 1000 };
    struct db_rows rows[2];
    struct place row;
    bool more = true;
    ASSERT_OK(db_rows_open(&rows[0], b->writer, &sql_place_list, NULL, &b->e));
    ASSERT_OK(db_rows_next(&rows[0], &row, b->arena, &more, &b->e));
    ASSERT_OK(db_rows_open(&rows[1], b->writer, &sql_place_again, NULL, &b->e));
    for (int64_t i = 0; i < ROWS; i++) {
        assert_true(more && row.number == i);
        arena_reset(b->arena);
        ASSERT_OK(db_rows_next(&rows[1], &row, b->arena, &more, &b->e));
        assert_true(more && row.number == ROWS - 1 - i);
        if (i % 100 == 0)
            assert_int_equal(number_of(b->writer, &sql_place_count), ROWS);
        ASSERT_OK(db_rows_next(&rows[0], &row, b->arena, &more, &b->e));
    }
    assert_false(more);
    db_rows_close(&rows[1]);
}

static void test_cursors_do_not_meet(void **state)
{
    struct bench *b = *state;
    ASSERT_OK(db_begin(b->writer, &b->e));
    for (int64_t i = 0; i < 1000; i++)
        place_add(b->writer, i, 1);
    read_interleaved(b);
    ASSERT_OK(db_commit(b->writer, &b->e));
    read_interleaved(b);
}

int store_conformance(const struct store_place *place)
{
    store_bench_on(place);
#define ROW(test) cmocka_unit_test_setup_teardown(test, store_bench_setup, store_bench_teardown)
    const struct CMUnitTest tests[] = {
        ROW(test_every_kind_comes_back),         ROW(test_absent_is_not_empty),
        ROW(test_get_tells_when_there_is_none),  ROW(test_list_has_a_maximum),
        ROW(test_cursor_ends_or_is_left),        ROW(test_savepoints_nest),
        ROW(test_a_fault_dooms_its_transaction), ROW(test_a_reader_sees_commits_only),
        ROW(test_the_pool_has_a_maximum),        ROW(test_many_readers_see_whole_transactions),
        ROW(test_cursors_do_not_meet),           ROW(test_haste_ends_with_its_transaction),
        ROW(test_a_fault_may_come_later),
    };
#undef ROW
    return cmocka_run_group_tests_name(place->name, tests, NULL, NULL) +
           store_conformance_whole(place->name);
}
