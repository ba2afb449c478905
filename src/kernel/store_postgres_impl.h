/* What the files of the PostgreSQL engine share. */
#ifndef VEIN_KERNEL_STORE_POSTGRES_IMPL_H
#define VEIN_KERNEL_STORE_POSTGRES_IMPL_H

#include <libpq-fe.h>

#include "kernel/store_impl.h"
#include "kernel/store_name.h"

struct pg_statement;

struct pg_connection {
    PGconn *pq;
    const struct store_url *url; /* of the node */
    bool writer;
    bool lost;                      /* the connection is gone, or waited for too long */
    int64_t changed;                /* rows, by the last statement */
    uint64_t numbers;               /* of statements and cursors: names that were never used */
    struct pg_statement *streaming; /* its rows are still on their way */
    char beside[STORE_SCHEMA_MAX + 1];
};

/* FAULT with the code of store.h for what the server or the connection said. */
enum outcome pg_fault(struct pg_connection *c, const PGresult *r, const char *doing, struct err *e);

/* The next result of what was sent, NULL behind the last or when the connection is lost. Waits for
 * a bounded time. */
PGresult *pg_next(struct pg_connection *c);
/* Runs SQL of ours, one or more statements; *result, if wanted, is the last one's and to be
 * cleared. */
enum outcome pg_run(struct pg_connection *c, const char *text, PGresult **result, const char *doing,
                    struct err *e);
/* The one number that a query answers; NULL is 0. */
enum outcome pg_ask(struct pg_connection *c, const char *text, int64_t *out, const char *doing,
                    struct err *e);

/* A connection to the node's database; a writer holds the right to be the one. */
enum outcome pg_connect(void **out, void *node, bool writer, struct err *e);
void pg_disconnect(void *connection);

/* The slots of struct store_engine that concern a statement. */
enum outcome pg_statement_prepare(void **out, void *connection, const struct sql *q, struct err *e);
void pg_statement_finalize(void *p);
enum outcome pg_statement_bind(void *p, size_t i, const struct store_value *v, struct err *e);
void pg_statement_cursor(void *p);
enum outcome pg_statement_step(void *p, bool *row, struct err *e);
void pg_statement_reset(void *p);
size_t pg_statement_columns(void *p);
void pg_statement_column(void *p, size_t i, struct store_value *v);
/* Takes into memory what is on its way, so that another statement can run. */
enum outcome pg_statement_settle(struct pg_connection *c, struct err *e);

/* The slots that go through the whole database (store_postgres_whole.c). */
enum outcome pg_check(void *node, struct err *e);
enum outcome pg_flush(void *connection, bool *done, struct err *e);

#endif
