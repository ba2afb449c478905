/* What the files of the SQLite engine share. */
#ifndef VEIN_KERNEL_STORE_SQLITE_IMPL_H
#define VEIN_KERNEL_STORE_SQLITE_IMPL_H

#include "kernel/store_impl.h"

#include <sqlite3.h>

struct sqlite_connection {
    sqlite3 *db;
    sqlite3 *lock; /* of the writer */
};

/* FAULT with the code of store.h for a result of SQLite; db may be NULL. */
enum outcome sqlite_fault(sqlite3 *db, int rc, const char *doing, struct err *e);

/* The slots of struct store_engine that concern a statement. */
enum outcome sqlite_statement_prepare(void **out, void *connection, const struct sql *q,
                                      struct err *e);
void sqlite_statement_finalize(void *p);
enum outcome sqlite_statement_bind(void *p, size_t i, const struct store_value *v, struct err *e);
enum outcome sqlite_statement_step(void *p, bool *row, struct err *e);
void sqlite_statement_reset(void *p);
size_t sqlite_statement_columns(void *p);
void sqlite_statement_column(void *p, size_t i, struct store_value *v);

#endif
