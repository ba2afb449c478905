/* Transactions and savepoints, and a writer's place among others: the lead, news of their commits,
 * and a connection made anew. */
#include "kernel/store_impl.h"

static const struct sql sql_commit = { "store.commit", "COMMIT", "COMMIT", NULL, NULL };
static const struct sql sql_rollback = { "store.rollback", "ROLLBACK", "ROLLBACK", NULL, NULL };
/* Both engines take the innermost savepoint when several have one name. */
static const struct sql sql_savepoint = { "store.savepoint", "SAVEPOINT inner_part",
                                          "SAVEPOINT inner_part", NULL, NULL };
static const struct sql sql_keep = { "store.savepoint_keep", "RELEASE SAVEPOINT inner_part",
                                     "RELEASE SAVEPOINT inner_part", NULL, NULL };
static const struct sql sql_undo = { "store.savepoint_undo", "ROLLBACK TO SAVEPOINT inner_part",
                                     "ROLLBACK TO SAVEPOINT inner_part", NULL, NULL };

/* Ends the cursors that were opened at this depth of savepoints or deeper: who holds one may still
 * close it. */
static void end_cursors(struct db *db, unsigned depth)
{
    for (size_t i = 0; i < DB_SLOTS && db->nopen > 0; i++) {
        struct db_statement *s = &db->statement[i];
        if (s->open && s->depth >= depth)
            db_end_cursor(db, s);
    }
}

enum kind { TURN, ASIDE, DERIVED };

enum outcome db_end_haste(struct db *db, struct err *e)
{
    if (db->hasty && db->engine->derived_end)
        TRY(db->engine->script(db->connection, db->engine->derived_end, e));
    db->hasty = false;
    return OK;
}

static enum outcome begin(struct db *db, enum kind kind, struct err *e)
{
    const struct store_engine *engine = db->engine;
    BUG_ON(db->in_transaction);
    TRY(db_check(db, e));
    if (kind == DERIVED)
        db->hasty = true;
    else
        TRY(db_end_haste(db, e));
    if (kind == TURN && db_shared(db))
        TRY(engine->begin_shared(db->connection, e));
    else
        TRY(engine->script(db->connection,
                           kind == DERIVED ? engine->begin_derived
                           : db_writes(db) ? engine->begin_write
                                           : engine->begin_read,
                           e));
    db->in_transaction = true;
    db->savepoints = 0;
    return OK;
}

enum outcome db_begin(struct db *db, struct err *e)
{
    return begin(db, TURN, e);
}

enum outcome db_begin_aside(struct db *db, struct err *e)
{
    return begin(db, ASIDE, e);
}

enum outcome db_begin_derived(struct db *db, struct err *e)
{
    BUG_ON(!db_writes(db));
    return begin(db, DERIVED, e);
}

/* Who meets such a fault may try again; a connection whose commit met it may not. */
static bool passes(const struct err *e)
{
    const struct str code = str_z(e->code);
    return str_is(code, "store.busy") || str_is(code, "base.no_memory");
}

enum outcome db_commit(struct db *db, struct err *e)
{
    BUG_ON(!db->in_transaction);
    TRY(db_check(db, e));
    end_cursors(db, 0);
    if (db_settle(db, e) != OK) {
        db_rollback(db);
        return FAULT;
    }
    enum outcome outcome = db_run_unchecked(db, &sql_commit, NULL, e);
    if (outcome != OK) {
        /* Whether it is on the disk is not known any more; the engine may still hold its locks. */
        if (passes(e))
            outcome = err_fault(e, "store.failed", "commit: %s", e->code);
        db->failed = e->code;
        struct err ignored = { 0 };
        if (db->engine->in_transaction(db->connection))
            (void)!db_run_unchecked(db, &sql_rollback, NULL, &ignored);
    }
    db->in_transaction = false;
    return outcome;
}

void db_rollback(struct db *db)
{
    if (!db->in_transaction)
        return;
    end_cursors(db, 0);
    struct err ignored = { 0 };
    (void)!db_settle(db, &ignored);
    if (db->engine->in_transaction(db->connection) &&
        db_run_unchecked(db, &sql_rollback, NULL, &ignored) != OK)
        db->failed = passes(&ignored) ? "store.failed" : ignored.code;
    db->in_transaction = false;
    db->doomed = NULL;
}

enum outcome db_savepoint(struct db *db, struct err *e)
{
    BUG_ON(!db->in_transaction || db->savepoints == DB_SAVEPOINTS_MAX);
    TRY(db_run(db, &sql_savepoint, NULL, NULL, e));
    db->savepoints++;
    return OK;
}

enum outcome db_savepoint_keep(struct db *db, struct err *e)
{
    BUG_ON(!db->in_transaction || db->savepoints == 0);
    TRY(db_settle(db, e));
    TRY(db_run(db, &sql_keep, NULL, NULL, e));
    db->savepoints--;
    return OK;
}

/* A fault dooms what came since the innermost savepoint, because none is opened or kept after it.
 * These two spoil no more than that, unless the engine gave up the transaction by itself. */
static bool comes_back(const struct db *db)
{
    struct str code = str_z(db->doomed);
    return (str_is(code, "store.constraint") || str_is(code, "base.no_memory")) &&
           db->engine->in_transaction(db->connection);
}

enum outcome db_savepoint_undo(struct db *db, struct err *e)
{
    struct err undone = { 0 };
    BUG_ON(!db->in_transaction || db->savepoints == 0);
    (void)!db_settle(db, &undone);
    if (comes_back(db))
        db->doomed = NULL;
    end_cursors(db, db->savepoints);
    TRY(db_run(db, &sql_undo, NULL, NULL, e));
    TRY(db_run(db, &sql_keep, NULL, NULL, e));
    TRY(db_settle(db, e));
    db->savepoints--;
    return OK;
}

/* -- Among others ----------------------------------------------------------------------------- */

bool db_shared(const struct db *db)
{
    return db->role == ROLE_SHARED && db->engine->begin_shared;
}

enum outcome db_lead(struct db *db, bool *lead, struct err *e)
{
    *lead = true;
    if (!db_shared(db))
        return OK;
    TRY(db_check(db, e));
    return db_fault(db, db->engine->lead(db->connection, lead, e), e);
}

enum outcome db_tell(struct db *db, const char *text, struct err *e)
{
    BUG_ON(!db->in_transaction);
    if (!db_shared(db))
        return OK;
    TRY(db_check(db, e));
    return db_fault(db, db->engine->tell(db->connection, text, e), e);
}

bool db_heard(struct db *db, db_heard_fn *heard, void *context)
{
    return db_shared(db) && !db->failed && db->engine->heard(db->connection, heard, context);
}

void db_disconnect(struct db *db)
{
    for (size_t i = 0; i < DB_SLOTS; i++)
        if (db->statement[i].q != NULL)
            db->engine->finalize(db->statement[i].handle);
    memset(db->statement, 0, sizeof db->statement);
    db->nstatements = db->nopen = 0;
    if (db->connection != NULL)
        db->engine->disconnect(db->connection);
    db->connection = NULL;
}

void db_lose(struct db *db)
{
    BUG_ON(!db_shared(db));
    db_rollback(db);
    db->failed = "store.failed"; /* until there is another connection */
    db_disconnect(db);
}

enum outcome db_again(struct db *db, struct err *e)
{
    db_lose(db);
    TRY(db->engine->connect(&db->connection, db->store->node, db->role, e));
    db->failed = NULL;
    db->doomed = NULL;
    const enum outcome o = store_check_living(db, e);
    if (o != OK)
        db->failed = "store.failed";
    return o;
}
