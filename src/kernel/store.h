/* The store: one database, one writer, many readers.
 *
 * SQL stands in .sql files as named statements with typed parameters and columns; tools/sqlgen
 * makes of each a struct for its parameters, a struct for its row and a `struct sql`:
 *
 *   -- unit_holder (unit ID) -> (holder ID, place ID, since TIME)
 *   SELECT holder, place, since FROM custody_unit WHERE unit = :unit;
 *
 *   struct custody_unit_holder_in in = { .unit = unit };
 *   struct custody_unit_holder_out row;
 *   TRY(db_get(db, &sql_custody_unit_holder, &in, &row, arena, &found, e));
 *
 * Both are records (base/record.h): the columns of a query print as JSON and HTML by themselves.
 *
 * A failed commit or sync is never retried: the connection answers FAULT with its code
 * ("store.failed" where that would pass: "store.busy", "base.no_memory") from then on, and only
 * what reads everything anew may go on: a restart, or among several db_again. Faults: "store.busy",
 * "store.disk_full", "store.read_only", "store.io", "store.corrupt", "store.constraint",
 * "store.failed". Every one of them, and "base.no_memory", leaves the transaction to be rolled
 * back; after "store.constraint" and "base.no_memory" it is enough to undo the innermost savepoint.
 */
#ifndef VEIN_KERNEL_STORE_H
#define VEIN_KERNEL_STORE_H

#include "base/record.h"

struct sql {
    const char *name;          /* "custody.unit_holder" */
    const char *text;          /* with :name, for SQLite */
    const char *text_numbered; /* with $1 … in the order of `in`, for PostgreSQL */
    const struct record *in;   /* NULL: no parameters */
    const struct record *out;  /* NULL: no rows */
};

/* A schema is a .sql file of statements in SQLite's types, generated as text. `version` is the
 * hash of the text: a derived schema whose hash differs from the stored one is dropped and rebuilt
 * from the ledger; the enduring schema migrates forward by numbered steps. */
struct sql_schema {
    const char *name;
    const char *text;
};

struct store;
struct db; /* one connection, used by one thread at a time */

struct store_options {
    const char *path; /* an SQLite file, whose parent directory must exist, or a URL of PostgreSQL
                         (store_name.h) */
    const char *vfs;  /* of SQLite; NULL: the system's; the simulation names its own */
    bool create;      /* make it when absent or empty; else REFUSED "store.not_found" {path} */
    bool read_only;
    bool served; /* pooled readers are waited for over HTTP: on PostgreSQL 20 s for a statement */
};

/* REFUSED "store.not_vein" {path} for a database that another program made, "store.name" for a URL
 * that cannot be read. What is said of a URL never has its password. */
enum outcome store_open(struct store **out, const struct store_options *options, struct err *e);
/* All connections must have been closed. store_close(NULL) does nothing. */
void store_close(struct store *s);

/* A connection that may write; there is one at a time per store, and a second process that has the
 * file open for writing is REFUSED "store.in_use". REFUSED "store.retired" {place}: what it holds
 * was moved there (store_copy.h). */
enum outcome store_writer(struct db **out, struct store *s, struct err *e);
/* The same beside other processes that open it so (docs/decisions/0027-several-servers.md): one at
 * a time is in a transaction. REFUSED "store.in_use" while a writer is there that wants to be the
 * only one, as that is while one of these is. On SQLite there is but one all the same. */
enum outcome store_writer_shared(struct db **out, struct store *s, struct err *e);
/* A connection that sees the last commit at the moment it begins to read. */
enum outcome store_reader(struct db **out, struct store *s, struct err *e);
void db_close(struct db *db);

/* Takes a reader from the store's pool and gives it back; at most STORE_READERS_MAX are out at
 * once, beyond that FAULT "store.busy". */
enum { STORE_READERS_MAX = 32 };
enum outcome store_reader_take(struct db **out, struct store *s, struct err *e);
void store_reader_give(struct store *s, struct db *db);

/* Transactions. A reader's transaction is a snapshot. Savepoints nest inside a transaction. */
enum outcome db_begin(struct db *db, struct err *e);
enum outcome db_commit(struct db *db, struct err *e);
void db_rollback(struct db *db);
enum outcome db_savepoint(struct db *db, struct err *e);
enum outcome db_savepoint_keep(struct db *db, struct err *e);
enum outcome db_savepoint_undo(struct db *db, struct err *e);

/* A writer among several. What it holds in memory of the database is what it was at the end of its
 * last transaction; the next begins (db_begin) when nobody else's is under way, and sees what they
 * wrote meanwhile. FAULT "store.busy" when that takes too long.
 *
 * db_shared: whether others may write between two transactions; false on SQLite.
 * db_begin_aside: begins a transaction that waits for no turn, for tables that who leads alone
 *   writes, or whose rows settle by themselves who may have them (leases); between its statements
 *   others may commit.
 * db_begin_derived: the same, for tables that are made anew of the ledger where they are behind it:
 *   its commit waits for no disk and no standby. A power cut may take it, with all such commits
 *   behind it, and takes none that was waited for.
 * db_lead: takes the lead, which one connection at a time has and keeps until it ends: what must be
 *   done by one process at a time is done on the leading connection alone, and so cannot be written
 *   once that is lost. *lead where nobody else can write: true.
 * db_tell: in a transaction, wakes the others once it is committed. With "", which is nothing but
 *   the waking, the commit is as durable as one that wrote, whatever it did; with a text, of at
 *   most DB_TELL_MAX lower-case letters, digits and blanks, they are told that, and a transaction
 *   that did nothing else waits for no disk. db_heard: whether others told since the last call,
 *   without waiting; each text is given to `heard`. What is told may be lost: look all the same now
 *   and then.
 * db_again: a new connection in the place of one that was lost. All that is known of the database
 *   has to be read anew, the lead to be taken anew. It fails as store_writer_shared does, and may
 *   be called again. */
bool db_shared(const struct db *db);
enum outcome db_begin_aside(struct db *db, struct err *e);
enum outcome db_begin_derived(struct db *db, struct err *e);
enum outcome db_lead(struct db *db, bool *lead, struct err *e);
enum { DB_TELL_MAX = 7000 };
enum outcome db_tell(struct db *db, const char *text, struct err *e);
typedef void db_heard_fn(void *context, struct str text);
bool db_heard(struct db *db, db_heard_fn *heard, void *context);
enum outcome db_again(struct db *db, struct err *e);
/* Closes its connection: it is lost, with the lead, and what was not committed is not. */
void db_lose(struct db *db);

/* Runs a statement that gives no rows. *changed, if wanted, is the number of rows it changed. In a
 * transaction, where it is not wanted, an engine may send the statement and go on: that it failed
 * is told by a later call on this connection, at the latest by db_settle, which waits for all that
 * was sent, as keeping a savepoint and a commit do. */
enum outcome db_settle(struct db *db, struct err *e);
enum outcome db_run(struct db *db, const struct sql *q, const void *in, int64_t *changed,
                    struct err *e);

/* The one row, or *found false. Text of the row lives in the arena. More than one row is a bug. */
enum outcome db_get(struct db *db, const struct sql *q, const void *in, void *out,
                    struct arena *arena, bool *found, struct err *e);

/* All rows as an array of the statement's `out` record; beyond max rows REFUSED "store.too_many".
 */
enum outcome db_list(struct db *db, const struct sql *q, const void *in, struct record_list *out,
                     size_t max, struct arena *arena, struct err *e);

/* Row by row, for what does not fit in memory. *more false: the end, the cursor is closed. A cursor
 * left early is closed with db_rows_close. One cursor per statement and connection at a time. A
 * cursor ends with the transaction or savepoint it was opened in; to go on reading it then is a
 * bug. */
struct db_rows {
    struct db *db;
    const struct sql *q;
    void *statement;
    uint64_t run;
};
enum outcome db_rows_open(struct db_rows *rows, struct db *db, const struct sql *q, const void *in,
                          struct err *e);
enum outcome db_rows_next(struct db_rows *rows, void *out, struct arena *arena, bool *more,
                          struct err *e);
void db_rows_close(struct db_rows *rows);

/* Runs the statements of a schema, each CREATE … IF NOT EXISTS, or of a step between two versions
 * of one. Inside a transaction. */
enum outcome db_schema(struct db *db, const struct sql_schema *schema, struct err *e);

/* Drops every table and index that the schema's text creates. Inside a transaction. */
enum outcome db_schema_drop(struct db *db, const struct sql_schema *schema, struct err *e);

/* The way forward of an enduring schema: script i leads from version i + 1 to i + 2, and none leads
 * back. Runs those that lead on from version `from`, in their order, inside a transaction: all of
 * them happen or none. A fault names the script. */
enum outcome db_migrate(struct db *db, const struct sql_schema *const *scripts, size_t n,
                        int64_t from, struct err *e);

/* Tables of the schema in the order of its text: for the comparison of a rebuilt with a living
 * database (db_table_hash: count and hash over all rows ordered by all columns). */
enum outcome db_table_hash(struct db *db, struct str table, int64_t *count, struct hash *out,
                           struct err *e);
bool sql_schema_table(const struct sql_schema *schema, size_t i, struct str *name);

/* A second set of tables, built in a database of its own, put in the place of those of this one.
 * db_beside names that database (NULL: no more), outside a transaction; db_beside_take, inside one,
 * copies into the schema's tables, which are empty, the rows of the tables of the same names there.
 * Nobody may write there meanwhile. */
enum outcome db_beside(struct db *db, const char *path, struct err *e);
enum outcome db_beside_take(struct db *db, const struct sql_schema *schema, struct err *e);

/* Takes what was deleted from a schema's tables out of reach, outside a transaction: on SQLite what
 * the log of changes holds is written into the database and the log emptied, so that no copy is
 * left; on PostgreSQL the tables are vacuumed, on a connection of its own (docs/operations.md says
 * what stays). *done false: a reader stands in the way, or it is under way, try again; `more` says
 * whether something was deleted since it was last tried. FAULT "store.not_vacuumed": the server
 * left a table out. */
enum outcome db_flush(struct db *db, const struct sql_schema *schema, bool more, bool *done,
                      struct err *e);

/* Spreads tables over several machines, where the engine can: PostgreSQL with the extension Citus.
 * By a column, whose every value lies on one machine with all of its rows; every key of the table
 * has it. Or, without a column, as a whole on each of them. */
struct store_spread {
    const char *table;
    const char *column; /* NULL: as a whole */
    const char *key;    /* the column of the table's primary key when that lacks the first: both
                           together are its key then, and that it is unique nobody holds but us */
};
/* REFUSED "store.one_machine" {path}, "store.no_citus" {path}. */
enum outcome store_can_spread(const char *path, struct err *e);
/* The writer's, outside a transaction. What is spread already stays as it is; *changed tables were
 * not. */
enum outcome db_spread(struct db *db, const struct store_spread *rows, size_t n, size_t *changed,
                       struct err *e);

/* Removes a database that can be made anew, if it is there, with what the engine keeps beside it.
 * SQLite's is one of the system's file system. */
enum outcome store_remove(const char *path, struct err *e);

/* A consistent copy of the whole database while others write, into a new file, durable on return;
 * REFUSED "store.exists" {path} when there is one. */
enum outcome store_backup(struct store *s, const char *to_path, struct err *e);

/* Reads all of the storage: pages, trees, and that each index says what its table says (the last
 * on PostgreSQL with its extension amcheck). FAULT "store.corrupt" with what was found first. */
enum outcome store_check(struct store *s, struct err *e);

#endif
