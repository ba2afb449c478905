/* What the files of the SQLite engine share. */
#ifndef VEIN_KERNEL_STORE_SQLITE_IMPL_H
#define VEIN_KERNEL_STORE_SQLITE_IMPL_H

#include "kernel/store_impl.h"

#include <sqlite3.h>
#include <stdatomic.h>

enum { SQLITE_BUSY_MS = 5000, SQLITE_PATH_MAX = 4096 };

/* Who folds the log (store_sqlite_fold.c). */
enum { SQLITE_FOLD_NOBODY, SQLITE_FOLD_IDLE, SQLITE_FOLD_WANTED };

struct sqlite_node {
    sqlite3_vfs *vfs;
    atomic_int fold;    /* SQLITE_FOLD_… */
    atomic_int folded;  /* pages of the log, as far as who folds knows */
    atomic_int longest; /* pages, that the log may have where somebody folds */
    bool read_only;
    char *lock_path;
    char path[];
};

struct sqlite_connection {
    sqlite3 *db;
    sqlite3 *lock; /* of the writer */
};

/* FAULT with the code of store.h for a result of SQLite; db may be NULL. */
enum outcome sqlite_fault(sqlite3 *db, int rc, const char *doing, struct err *e);

enum outcome sqlite_execute(sqlite3 *db, const char *text, const char *doing, struct err *e);
/* The one number that a PRAGMA answers. */
enum outcome sqlite_ask(sqlite3 *db, const char *pragma, int64_t *out, struct err *e);
enum outcome sqlite_open_file(sqlite3 **out, const struct sqlite_node *node, const char *path,
                              int flags, struct err *e);
/* What a file or a user function in it may not do to us, and what both engines must agree on. */
enum outcome sqlite_configure(sqlite3 *db, bool writer, struct err *e);
/* SQLite would make the file readable for all. */
enum outcome sqlite_create_private(const struct sqlite_node *node, const char *path, struct err *e);

/* The slots that go through the whole database (store_sqlite_whole.c). */
enum outcome sqlite_whole_backup(void *node, const char *to_path, struct err *e);
enum outcome sqlite_whole_check(void *node, struct err *e);
enum outcome sqlite_whole_beside(void *connection, const char *path, struct err *e);
const char *sqlite_whole_beside_name(void *connection);
enum outcome sqlite_whole_flush(void *connection, const char *tables, bool more, bool *done,
                                struct err *e);
/* Of a file of ours that was filled and closed: one file in rollback mode, durable. */
enum outcome sqlite_file_settle(const char *path, struct err *e);

/* The log of changes (store_sqlite_fold.c). */
void sqlite_fold_watch(struct sqlite_node *node, sqlite3 *writer);
enum outcome sqlite_fold_open(void **out, void *node, struct err *e);
enum outcome sqlite_fold_step(void *folder, struct err *e);
void sqlite_fold_close(void *folder);

/* The slots of struct store_engine that concern a statement. */
enum outcome sqlite_statement_prepare(void **out, void *connection, const struct sql *q,
                                      struct err *e);
void sqlite_statement_finalize(void *p);
enum outcome sqlite_statement_bind(void *p, size_t i, const struct store_value *v, struct err *e);
void sqlite_statement_cursor(void *p);
enum outcome sqlite_statement_step(void *p, bool *row, struct err *e);
void sqlite_statement_reset(void *p);
size_t sqlite_statement_columns(void *p);
void sqlite_statement_column(void *p, size_t i, struct store_value *v);

#endif
