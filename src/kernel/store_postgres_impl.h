/* What the files of the PostgreSQL engine share. */
#ifndef VEIN_KERNEL_STORE_POSTGRES_IMPL_H
#define VEIN_KERNEL_STORE_POSTGRES_IMPL_H

#include <libpq-fe.h>

#include "kernel/store_impl.h"
#include "kernel/store_name.h"

struct pg_statement;

enum {
    PG_BEGIN_S = 15, /* a statement's time until pg_patience says another */
    PG_STATE_MAX = 6 /* an SQLSTATE and a NUL */
};

struct pg_connection {
    PGconn *pq;
    const struct store_url *url; /* of the node */
    enum store_role role;
    int wait_s;                     /* for a result; then the connection counts as lost */
    bool lost;                      /* the connection is gone, or waited for too long */
    bool warned;                    /* by what runs or ran last … */
    char warning[200];              /* … in the server's words */
    int64_t changed;                /* rows, by the last statement */
    uint64_t numbers;               /* of statements and cursors: names that were never used */
    struct pg_statement *streaming; /* its rows are still on their way */
    size_t nposted;                 /* statements whose end is not known yet … */
    size_t posted_bytes;            /* … and their parameters */
    char beside[STORE_SCHEMA_MAX + 1];
    struct pg_connection *vacuum; /* its connection while one is under way */
    bool vacuum_is_old;           /* something was deleted since it began */
};

/* FAULT with the code of store.h for what the server or the connection said. */
enum outcome pg_fault(struct pg_connection *c, const PGresult *r, const char *doing, struct err *e);

/* -- asking (store_postgres_ask.c) -- */

/* From now on a statement may take so long, and is waited for a little longer. */
enum outcome pg_patience(struct pg_connection *c, int seconds, struct err *e);
/* The SQLSTATE with which the server refuses a connection; empty when it does not answer, or takes
 * it. libpq tells none with a connection that failed, and its text is in the server's language. */
void pg_refused(char state[PG_STATE_MAX], const struct store_url *url);
/* Whether a result can be read without waiting, at the latest after so many milliseconds; false,
 * too, when the connection is lost. */
bool pg_result_soon(struct pg_connection *c, int ms);
/* All that was asked is on its way; false when the connection is lost or the server takes nothing
 * for too long. */
bool pg_sent(struct pg_connection *c);
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

/* A connection that may write if it is for a writer, and holds no right yet. */
enum outcome pg_open(struct pg_connection **out, const struct store_url *url, enum store_role role,
                     struct err *e);

/* A connection to the node's database; a writer holds the right to be the one. */
enum outcome pg_connect(void **out, void *node, enum store_role role, struct err *e);
void pg_disconnect(void *connection);

/* -- a writer's place among others (store_postgres_share.c) -- */

/* The right to write, alone or as one of several. */
enum outcome pg_take_place(struct pg_connection *c, struct err *e);
enum outcome pg_begin_shared(void *connection, struct err *e);
enum outcome pg_lead(void *connection, bool *lead, struct err *e);
enum outcome pg_tell(void *connection, const char *text, struct err *e);
bool pg_heard(void *connection, db_heard_fn *heard, void *context);

/* The slots of struct store_engine that concern a statement. */
enum outcome pg_statement_prepare(void **out, void *connection, const struct sql *q, struct err *e);
void pg_statement_finalize(void *p);
enum outcome pg_statement_bind(void *p, size_t i, const struct store_value *v, struct err *e);
void pg_statement_cursor(void *p);
enum outcome pg_statement_step(void *p, bool *row, struct err *e);
enum outcome pg_statement_post(void *p, struct err *e);
void pg_statement_reset(void *p);
size_t pg_statement_columns(void *p);
void pg_statement_column(void *p, size_t i, struct store_value *v);
/* Takes into memory what is on its way, so that another statement can run. */
enum outcome pg_statement_settle(struct pg_connection *c, struct err *e);

/* -- statements whose end is awaited later (store_postgres_post.c) -- */

/* A prepared one, by its name and parameters in binary form. */
enum outcome pg_post(struct pg_connection *c, const char *name, int n, const char *const *values,
                     const int *lengths, const int *formats, struct err *e);
/* Waits for all that was posted. FAULT of the first that failed. */
enum outcome pg_post_settle(struct pg_connection *c, struct err *e);

/* -- rows of one table in bulk (store_postgres_load.c) -- */

enum outcome pg_load_begin(void **out, void *connection, const char *table, size_t ncolumns,
                           struct err *e);
enum outcome pg_load_row(void *load, const struct store_value *values, struct err *e);
enum outcome pg_load_end(void *load, bool whole, struct err *e);

/* The slots that go through the whole database (store_postgres_whole.c). */
enum outcome pg_check(void *node, struct err *e);
enum outcome pg_beside(void *connection, const char *path, struct err *e);
const char *pg_beside_name(void *connection);
enum outcome pg_discard(void *connection, struct err *e);
enum outcome pg_flush(void *connection, const char *tables, bool more, bool *done, struct err *e);

/* store_postgres_spread.c */
enum outcome pg_can_spread(const char *path, struct err *e);
enum outcome pg_spread(void *connection, const struct store_spread *rows, size_t n, size_t *changed,
                       struct err *e);

#endif
