/* For those who implement an engine of the store, and for the store's own files.
 *
 * The store knows records, schemas, caches, transactions and the pool; an engine knows one kind of
 * database. It gives values in and out one by one and maps every error of its library to a code of
 * store.h.
 * All slots MUST be there, but where it says MAY. A connection is used by one thread at a time; a
 * node (what store_open made) by several. */
#ifndef VEIN_KERNEL_STORE_IMPL_H
#define VEIN_KERNEL_STORE_IMPL_H

#include <pthread.h>

#include "base/err.h"
#include "kernel/store.h"

enum store_value_kind {
    VALUE_NULL,
    VALUE_INT,
    VALUE_TEXT,
    VALUE_BLOB,
    VALUE_OTHER, /* of a kind that vein never stores: only out of a damaged or foreign file */
};

struct store_value {
    enum store_value_kind kind;
    int64_t number;
    struct bytes bytes; /* of text and blob; NULL for these: no memory */
};

/* What a connection is for. */
enum store_role {
    ROLE_READER,
    ROLE_POOLED, /* a reader that whoever asks over HTTP waits for */
    ROLE_WRITER, /* the only one */
    ROLE_SHARED, /* one of several, of which one at a time is in a transaction */
};
static inline bool store_role_writes(enum store_role role)
{
    return role == ROLE_WRITER || role == ROLE_SHARED;
}

struct store_engine {
    const char *name;
    const char *begin_write; /* takes the right to write at once */
    const char *begin_read;
    /* As begin_write, of a transaction whose commit waits for no disk; and what is run before the
     * next that must wait for it (NULL: nothing). */
    const char *begin_derived;
    const char *derived_end;
    /* Query of what the schemas made: ("table" | "index", name, text in SQLite's words), tables
     * first, each in the order of its making. */
    const char *made;

    /* MUST find the database, or make it when asked to, and check that it is one of ours. */
    enum outcome (*open)(void **node, const struct store_options *options, struct err *e);
    void (*close)(void *node);
    /* Takes a whole database away, with what the engine keeps beside it. */
    enum outcome (*remove)(const char *path, struct err *e);

    /* A writer MUST be refused as "store.in_use" while another process or store has one, and the
     * right MUST be free again when the process that held it is dead. Of an engine with
     * begin_shared those in ROLE_SHARED are beside each other, and beside no other writer. A reader
     * MUST NOT write. */
    enum outcome (*connect)(void **connection, void *node, enum store_role role, struct err *e);
    void (*disconnect)(void *connection);
    /* Whether a connection that lay idle can still be asked. */
    bool (*usable)(void *connection);
    /* MUST say no after the engine rolled back by itself. */
    bool (*in_transaction)(void *connection);
    /* Runs the statements of a schema, written in SQLite's types. */
    enum outcome (*script)(void *connection, const char *text, struct err *e);

    enum outcome (*prepare)(void **statement, void *connection, const struct sql *q, struct err *e);
    void (*finalize)(void *statement);
    /* Parameter i of q->in. MUST copy what it is given. A field of kind LIST is of whatever kind
     * the table's column is. */
    enum outcome (*bind)(void *statement, size_t i, const struct store_value *value, struct err *e);
    /* Before the first step: other statements will run between the steps of this one. */
    void (*cursor)(void *statement);
    /* The first step runs the statement. *row false: it is done. */
    enum outcome (*step)(void *statement, bool *row, struct err *e);
    /* Both or neither: sends a statement that gives no rows, in a transaction, without waiting for
     * its end; and waits for all that was so sent, FAULT of the first that failed. Whatever else is
     * asked of the connection MUST settle first, and fail in its place. */
    enum outcome (*post)(void *statement, struct err *e);
    enum outcome (*settle)(void *connection, struct err *e);
    /* Ends the run and forgets the parameters. */
    void (*reset)(void *statement);
    size_t (*columns)(void *statement);
    /* Column i of the row; its bytes are borrowed until the next step or reset. */
    void (*column)(void *statement, size_t i, struct store_value *value);
    int64_t (*changed)(void *connection);

    /* All or none, of an engine with something quicker than statements: the rows of a table, each
     * with all of its columns in their order, in a transaction, nothing else being asked of the
     * connection meanwhile. load_end frees it in any case; `whole`: FAULT unless all are there. */
    enum outcome (*load_begin)(void **load, void *connection, const char *table, size_t ncolumns,
                               struct err *e);
    enum outcome (*load_row)(void *load, const struct store_value *values, struct err *e);
    enum outcome (*load_end)(void *load, bool whole, struct err *e);

    /* MUST be one moment's state while others write, durable when it returns, and MUST leave
     * nothing at to_path when it fails. NULL: row by row (store_copy.c). */
    enum outcome (*backup)(void *node, const char *to_path, struct err *e);
    enum outcome (*check)(void *node, struct err *e);

    /* Another database of the same kind, named as store_options name it, known in the connection's
     * statements by what beside_name says; or no more, with NULL. */
    enum outcome (*beside)(void *connection, const char *path, struct err *e);
    const char *(*beside_name)(void *connection);
    /* What stands before a table's name in a statement that must mean none of the set beside, which
     * an engine may look into for a name that is not among its own. */
    const char *own;

    /* Empties the log of changes into the database, or the tables (names with commas between) of
     * what was deleted. MUST say no while a reader is in the way, and when what it did began before
     * `more` was deleted. */
    enum outcome (*flush)(void *connection, const char *tables, bool more, bool *done,
                          struct err *e);

    /* As store_can_spread and db_spread. NULL, both: this engine has one machine. */
    enum outcome (*can_spread)(const char *path, struct err *e);
    enum outcome (*spread)(void *connection, const struct store_spread *rows, size_t n,
                           size_t *changed, struct err *e);

    /* Takes away the whole database whose writer this connection is, outside a transaction, and
     * while it is: nobody else may have written there. Nothing but finalize and disconnect goes
     * after it. */
    enum outcome (*discard)(void *connection, struct err *e);

    /* Of a writer in ROLE_SHARED; all NULL where there is but one writer. */
    /* Begins a transaction when no other's is under way, and sees all that those before it
     * committed; it MUST be the only one until the engine has ended it, whatever becomes of its
     * process. FAULT "store.busy" after a bounded wait. */
    enum outcome (*begin_shared)(void *connection, struct err *e);
    /* Takes what one connection at a time has, until it ends, if it is free or ours. */
    enum outcome (*lead)(void *connection, bool *lead, struct err *e);
    /* In a transaction: the others shall hear of it once it is committed. After "" its commit MUST
     * be as durable as one that wrote. */
    enum outcome (*tell)(void *connection, const char *text, struct err *e);
    /* Whether others told since the last time, and what. MUST NOT wait. */
    bool (*heard)(void *connection, db_heard_fn *heard, void *context);

    /* Folds the log into the database beside the writer (store_fold.h). MAY be absent, together. */
    enum outcome (*fold_open)(void **folder, void *node, struct err *e);
    enum outcome (*fold_step)(void *folder, struct err *e);
    void (*fold_close)(void *folder);
};

/* The rows of a table into an empty one of the same name and columns (store_copy_rows.c). `table`
 * ends with a NUL and is a plain name. */
enum outcome store_copy_rows(struct db *from, struct db *to, struct str table, int64_t *rows,
                             struct err *e);

extern const struct store_engine store_engine_sqlite;
extern const struct store_engine store_engine_postgres;

struct store {
    const struct store_engine *engine;
    void *node;
    bool read_only, served;
    pthread_mutex_t lock; /* of all below */
    bool has_writer;
    size_t connections;  /* open now, pooled or not */
    size_t taken, nidle; /* of the pool */
    struct db *idle[STORE_READERS_MAX];
};

enum {
    DB_STATEMENTS_MAX = 1024, /* distinct statements of one connection */
    DB_SAVEPOINTS_MAX = 8,    /* nested */
    DB_SLOTS = 2 * DB_STATEMENTS_MAX,
};

struct db_statement {
    const struct sql *q; /* NULL: a free slot */
    void *handle;
    bool open;      /* a cursor stands on it */
    unsigned depth; /* of savepoints where the cursor was opened */
    uint64_t run;   /* counts its cursors */
};

struct db {
    struct store *store;
    const struct store_engine *engine;
    void *connection; /* NULL: lost, and not made anew yet */
    enum store_role role;
    const char *failed;  /* code with which a commit failed: nothing goes any more */
    bool in_transaction; /* as the caller sees it */
    bool hasty;          /* its last transaction was derived: commits may wait for no disk */
    const char *doomed;  /* code of the fault after which the transaction must be rolled back */
    unsigned savepoints;
    size_t nstatements;
    size_t nopen;                            /* cursors */
    struct db_statement statement[DB_SLOTS]; /* hash table by the address of q */
};

/* Parameters and rows. Absent is NULL, decimals and quantities are text. A column that does not
 * hold what its kind says is FAULT "store.corrupt". */
enum outcome store_bind_record(const struct store_engine *engine, void *statement,
                               const struct record *r, const void *in, struct err *e);
enum outcome store_fetch_record(const struct store_engine *engine, void *statement,
                                const struct record *r, void *out, struct arena *arena,
                                struct err *e);

/* Moves behind the next CREATE TABLE or CREATE INDEX and tells what it makes. */
struct store_made {
    bool table; /* else an index */
    struct str name;
};
bool store_made_next(struct store_made *out, struct str *rest);

/* REFUSED "store.retired" {place} when store_retire was here. */
enum outcome store_check_living(struct db *db, struct err *e);

/* The store's whole content, as it is at one moment, in a new SQLite file. */
enum outcome store_copy_file(struct store *s, const char *to_path, struct err *e);

static inline bool db_writes(const struct db *db)
{
    return store_role_writes(db->role);
}

/* One statement without rows, whatever the connection's state is. */
enum outcome db_run_unchecked(struct db *db, const struct sql *q, const void *in, struct err *e);
/* What is committed from now on waits for the disk again. */
enum outcome db_end_haste(struct db *db, struct err *e);
void db_end_cursor(struct db *db, struct db_statement *s);
/* Forgets the statements and closes the connection. */
void db_disconnect(struct db *db);

/* Notes a fault: inside a transaction nothing but db_rollback goes after it. Returns outcome. */
enum outcome db_fault(struct db *db, enum outcome outcome, const struct err *e);

/* FAULT when the connection has failed or its transaction waits to be rolled back. */
enum outcome db_check(const struct db *db, struct err *e);

#endif
