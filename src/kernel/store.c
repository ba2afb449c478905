/* The store without its engine: connections, the cache of prepared statements and the pool of
 * readers. Transactions are in store_transaction.c; records go in and out in store_value.c; schemas
 * are in store_schema.c. */
#include "kernel/store_impl.h"

#include <pthread.h>
#include <stdlib.h>

#include "kernel/store_name.h"

/* -- The store and its connections ------------------------------------------------------------ */

static const struct store_engine *engine_of(const char *path)
{
    return store_name_is_url(path) ? &store_engine_postgres : &store_engine_sqlite;
}

enum outcome store_open(struct store **out, const struct store_options *options, struct err *e)
{
    struct store *s = calloc(1, sizeof *s);
    if (s == NULL)
        return err_no_memory(e);
    s->engine = engine_of(options->path);
    s->read_only = options->read_only;
    s->served = options->served;
    enum outcome outcome = s->engine->open(&s->node, options, e);
    if (outcome != OK) {
        free(s);
        return outcome;
    }
    BUG_ON(pthread_mutex_init(&s->lock, NULL) != 0);
    *out = s;
    return OK;
}

static void pool_empty(struct store *s);

void store_close(struct store *s)
{
    if (s == NULL)
        return;
    pool_empty(s);
    BUG_ON(s->connections != 0);
    s->engine->close(s->node);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static enum outcome connect_db(struct db **out, struct store *s, enum store_role role,
                               struct err *e)
{
    struct db *db = calloc(1, sizeof *db);
    if (db == NULL)
        return err_no_memory(e);
    db->store = s;
    db->engine = s->engine;
    db->role = role;
    enum outcome outcome = s->engine->connect(&db->connection, s->node, role, e);
    if (outcome == OK && db_writes(db))
        outcome = store_check_living(db, e);
    if (outcome != OK) {
        if (db->connection != NULL)
            s->engine->disconnect(db->connection);
        free(db);
        return outcome;
    }
    pthread_mutex_lock(&s->lock);
    s->connections++;
    pthread_mutex_unlock(&s->lock);
    *out = db;
    return OK;
}

static enum outcome take_writer(struct db **out, struct store *s, enum store_role role,
                                struct err *e)
{
    if (s->read_only)
        return err_fault(e, "store.read_only", "the store was opened to read");
    pthread_mutex_lock(&s->lock);
    bool other = s->has_writer;
    s->has_writer = true;
    pthread_mutex_unlock(&s->lock);
    if (other)
        return REFUSE(e, "store.in_use");
    enum outcome outcome = connect_db(out, s, role, e);
    if (outcome != OK) {
        pthread_mutex_lock(&s->lock);
        s->has_writer = false;
        pthread_mutex_unlock(&s->lock);
    }
    return outcome;
}

enum outcome store_writer(struct db **out, struct store *s, struct err *e)
{
    return take_writer(out, s, ROLE_WRITER, e);
}

enum outcome store_writer_shared(struct db **out, struct store *s, struct err *e)
{
    return take_writer(out, s, ROLE_SHARED, e);
}

enum outcome store_reader(struct db **out, struct store *s, struct err *e)
{
    return connect_db(out, s, ROLE_READER, e);
}

/* A reader cannot fold the write-ahead log into the file; so that the writer, closing last, does,
 * the pool is emptied first. */
static void pool_empty(struct store *s)
{
    for (;;) {
        pthread_mutex_lock(&s->lock);
        struct db *idle = s->nidle > 0 ? s->idle[--s->nidle] : NULL;
        pthread_mutex_unlock(&s->lock);
        if (idle == NULL)
            return;
        db_close(idle);
    }
}

void db_close(struct db *db)
{
    if (db == NULL)
        return;
    if (db_writes(db))
        pool_empty(db->store);
    if (db->in_transaction)
        db_rollback(db);
    db_disconnect(db);
    struct store *s = db->store;
    pthread_mutex_lock(&s->lock);
    s->connections--;
    if (db_writes(db))
        s->has_writer = false;
    pthread_mutex_unlock(&s->lock);
    free(db);
}

enum outcome store_reader_take(struct db **out, struct store *s, struct err *e)
{
    struct db *db = NULL;
    pthread_mutex_lock(&s->lock);
    bool full = s->taken == STORE_READERS_MAX;
    if (!full) {
        s->taken++;
        if (s->nidle > 0)
            db = s->idle[--s->nidle];
    }
    pthread_mutex_unlock(&s->lock);
    if (full)
        return err_fault(e, "store.busy", "all %d readers are taken", STORE_READERS_MAX);
    if (db != NULL && !s->engine->usable(db->connection)) {
        db_close(db);
        db = NULL;
    }
    const enum store_role role = s->served ? ROLE_POOLED : ROLE_READER;
    enum outcome outcome = db != NULL ? OK : connect_db(&db, s, role, e);
    if (outcome != OK) {
        pthread_mutex_lock(&s->lock);
        s->taken--;
        pthread_mutex_unlock(&s->lock);
        return outcome;
    }
    *out = db;
    return OK;
}

void store_reader_give(struct store *s, struct db *db)
{
    if (db == NULL)
        return;
    BUG_ON(db->store != s || db_writes(db));
    if (db->in_transaction)
        db_rollback(db);
    const bool keep = !db->failed && s->engine->usable(db->connection);
    pthread_mutex_lock(&s->lock);
    BUG_ON(s->taken == 0);
    s->taken--;
    if (keep)
        s->idle[s->nidle++] = db;
    pthread_mutex_unlock(&s->lock);
    if (!keep)
        db_close(db);
}

enum outcome store_backup(struct store *s, const char *path, struct err *e)
{
    return s->engine->backup ? s->engine->backup(s->node, path, e) : store_copy_file(s, path, e);
}

enum outcome store_remove(const char *path, struct err *e)
{
    return engine_of(path)->remove(path, e);
}

enum outcome store_check(struct store *s, struct err *e)
{
    return s->engine->check(s->node, e);
}

/* -- Statements ------------------------------------------------------------------------------- */

enum outcome db_check(const struct db *db, struct err *e)
{
    if (db->failed)
        return err_fault(e, db->failed, "a commit or rollback of this connection failed before");
    if (db->doomed != NULL)
        return err_fault(e, db->doomed, "the transaction met a fault before and must roll back");
    return OK;
}

enum outcome db_fault(struct db *db, enum outcome outcome, const struct err *e)
{
    if (outcome == FAULT && db->in_transaction && db->doomed == NULL)
        db->doomed = e->code;
    return outcome;
}

/* The prepared statement of q, made at its first use and kept as long as the connection. */
static enum outcome statement_of(struct db *db, const struct sql *q, struct db_statement **out,
                                 struct err *e)
{
    size_t i = ((uintptr_t)q / sizeof(void *)) % DB_SLOTS;
    while (db->statement[i].q != NULL && db->statement[i].q != q)
        i = (i + 1) % DB_SLOTS;
    struct db_statement *s = &db->statement[i];
    if (s->q == NULL) {
        BUG_ON(db->nstatements == DB_STATEMENTS_MAX);
        TRY(db->engine->prepare(&s->handle, db->connection, q, e));
        s->q = q;
        db->nstatements++;
    }
    BUG_ON(s->open);
    *out = s;
    return OK;
}

static enum outcome bind(struct db *db, const struct sql *q, const void *in,
                         struct db_statement **out, struct err *e)
{
    TRY(statement_of(db, q, out, e));
    return store_bind_record(db->engine, (*out)->handle, q->in, in, e);
}

static enum outcome start(struct db *db, const struct sql *q, const void *in,
                          struct db_statement **out, struct err *e)
{
    TRY(db_check(db, e));
    return bind(db, q, in, out, e);
}

static enum outcome run(struct db *db, const struct sql *q, const void *in, bool wait,
                        struct err *e)
{
    struct db_statement *s = NULL;
    enum outcome outcome = bind(db, q, in, &s, e);
    bool row = false;
    if (outcome == OK)
        outcome = wait ? db->engine->step(s->handle, &row, e) : db->engine->post(s->handle, e);
    if (s != NULL)
        db->engine->reset(s->handle);
    BUG_ON(row);
    return outcome == OK ? OK : err_context(e, "%s", q->name);
}

enum outcome db_run_unchecked(struct db *db, const struct sql *q, const void *in, struct err *e)
{
    return run(db, q, in, true, e);
}

enum outcome db_settle(struct db *db, struct err *e)
{
    return db->engine->settle ? db_fault(db, db->engine->settle(db->connection, e), e) : OK;
}

enum outcome db_run(struct db *db, const struct sql *q, const void *in, int64_t *changed,
                    struct err *e)
{
    BUG_ON(q->out != NULL);
    TRY(db_check(db, e));
    if (!db->in_transaction) /* it commits by itself */
        TRY(db_end_haste(db, e));
    const bool wait = !db->in_transaction || changed != NULL || !db->engine->post;
    enum outcome outcome = run(db, q, in, wait, e);
    if (outcome == OK && changed != NULL)
        *changed = db->engine->changed(db->connection);
    return db_fault(db, outcome, e);
}

/* A row into the record, if there is one. */
static enum outcome next_row(struct db *db, struct db_statement *s, void *out, struct arena *arena,
                             bool *row, struct err *e)
{
    TRY(db->engine->step(s->handle, row, e));
    if (!*row)
        return OK;
    return store_fetch_record(db->engine, s->handle, s->q->out, out, arena, e);
}

enum outcome db_get(struct db *db, const struct sql *q, const void *in, void *out,
                    struct arena *arena, bool *found, struct err *e)
{
    BUG_ON(q->out == NULL);
    struct db_statement *s = NULL;
    enum outcome outcome = start(db, q, in, &s, e);
    bool second = false;
    *found = false;
    if (outcome == OK)
        outcome = next_row(db, s, out, arena, found, e);
    if (outcome == OK && *found)
        outcome = db->engine->step(s->handle, &second, e);
    if (s != NULL)
        db->engine->reset(s->handle);
    BUG_ON(second);
    return outcome == OK ? OK : db_fault(db, err_context(e, "%s", q->name), e);
}

static enum outcome list_rows(struct db *db, struct db_statement *s, struct record_list *out,
                              size_t max, struct arena *arena, struct err *e)
{
    size_t size = s->q->out->size;
    size_t capacity = 0;
    char *rows = NULL;
    *out = (struct record_list){ NULL, 0 };
    for (size_t n = 0;; n++) {
        bool row = false;
        TRY(db->engine->step(s->handle, &row, e));
        if (!row) {
            *out = (struct record_list){ rows, n };
            return OK;
        }
        if (n == max)
            return REFUSE(e, "store.too_many");
        if (n == capacity) {
            capacity = capacity == 0 ? 16 : 2 * capacity;
            capacity = capacity > max ? max : capacity;
            char *larger = arena_array(arena, capacity, size);
            if (larger == NULL)
                return err_no_memory(e);
            if (n > 0)
                memcpy(larger, rows, n * size);
            rows = larger;
        }
        TRY(store_fetch_record(db->engine, s->handle, s->q->out, rows + n * size, arena, e));
    }
}

enum outcome db_list(struct db *db, const struct sql *q, const void *in, struct record_list *out,
                     size_t max, struct arena *arena, struct err *e)
{
    BUG_ON(q->out == NULL);
    struct db_statement *s = NULL;
    enum outcome outcome = start(db, q, in, &s, e);
    if (outcome == OK)
        outcome = list_rows(db, s, out, max, arena, e);
    if (s != NULL)
        db->engine->reset(s->handle);
    return outcome == OK ? OK : db_fault(db, err_context(e, "%s", q->name), e);
}

void db_end_cursor(struct db *db, struct db_statement *s)
{
    db->engine->reset(s->handle);
    s->open = false;
    db->nopen--;
}

enum outcome db_rows_open(struct db_rows *rows, struct db *db, const struct sql *q, const void *in,
                          struct err *e)
{
    BUG_ON(q->out == NULL);
    struct db_statement *s = NULL;
    *rows = (struct db_rows){ .db = db, .q = q };
    enum outcome outcome = start(db, q, in, &s, e);
    if (outcome != OK)
        return db_fault(db, err_context(e, "%s", q->name), e);
    db->engine->cursor(s->handle);
    s->open = true;
    s->depth = db->savepoints;
    db->nopen++;
    rows->statement = s;
    rows->run = ++s->run;
    return OK;
}

enum outcome db_rows_next(struct db_rows *rows, void *out, struct arena *arena, bool *more,
                          struct err *e)
{
    struct db_statement *s = rows->statement;
    *more = false;
    if (s == NULL)
        return OK;
    BUG_ON(!s->open || s->run != rows->run); /* its transaction or savepoint has ended */
    enum outcome outcome = db_check(rows->db, e);
    if (outcome == OK)
        outcome = next_row(rows->db, s, out, arena, more, e);
    if (outcome == OK && *more)
        return OK;
    db_rows_close(rows);
    return outcome == OK ? OK : db_fault(rows->db, err_context(e, "%s", rows->q->name), e);
}

void db_rows_close(struct db_rows *rows)
{
    struct db_statement *s = rows->statement;
    rows->statement = NULL;
    if (s != NULL && s->open && s->run == rows->run)
        db_end_cursor(rows->db, s);
}
