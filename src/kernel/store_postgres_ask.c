/* Asking PostgreSQL and waiting for what it says, never for ever: the connection does not block,
 * and what was not sent or answered by its time is lost. */
#include "kernel/store_postgres_impl.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include "base/env.h"

enum { WAIT_MORE_S = 5, REFUSED_S = 3 };

/* -- Waiting ---------------------------------------------------------------------------------- */

/* Until the socket is ready, or the time has come; false then. */
static bool ready(PGconn *pq, short events, int64_t until_us)
{
    for (;;) {
        const int64_t left_us = until_us - env_mono(&env_system);
        struct pollfd fd = { .fd = PQsocket(pq), .events = events };
        if (left_us <= 0 || fd.fd < 0)
            return false;
        const int n = poll(&fd, 1, (int)(left_us / 1000) + 1);
        if (n > 0)
            return true;
        if (n < 0 && errno != EINTR)
            return false;
    }
}

/* All that was asked is on its way. The server may want to be read meanwhile. */
static bool sent(PGconn *pq, int64_t until_us)
{
    for (;;) {
        const int left = PQflush(pq);
        if (left <= 0)
            return left == 0;
        if (!ready(pq, POLLIN | POLLOUT, until_us) || !PQconsumeInput(pq))
            return false;
    }
}

bool pg_sent(struct pg_connection *c)
{
    c->lost |= !sent(c->pq, env_mono(&env_system) + c->wait_s * TIME_SECOND);
    return !c->lost;
}

bool pg_result_soon(struct pg_connection *c, int ms)
{
    const int64_t until_us = env_mono(&env_system) + ms * (TIME_SECOND / 1000);
    if (c->lost || !sent(c->pq, until_us))
        return false;
    while (PQisBusy(c->pq)) {
        if (!ready(c->pq, POLLIN, until_us))
            return false;
        c->lost = !PQconsumeInput(c->pq);
        if (c->lost)
            return false;
    }
    return true;
}

PGresult *pg_next(struct pg_connection *c)
{
    if (pg_result_soon(c, 1000 * c->wait_s))
        return PQgetResult(c->pq);
    c->lost = true;
    return NULL;
}

/* -- Asking ----------------------------------------------------------------------------------- */

static bool good(const PGresult *r)
{
    const ExecStatusType is = PQresultStatus(r);
    return is == PGRES_COMMAND_OK || is == PGRES_TUPLES_OK;
}

enum outcome pg_run(struct pg_connection *c, const char *text, PGresult **result, const char *doing,
                    struct err *e)
{
    TRY(pg_statement_settle(c, e));
    if (c->lost || !PQsendQuery(c->pq, text))
        return pg_fault(c, NULL, doing, e);
    PGresult *last = NULL;
    enum outcome o = OK;
    for (PGresult *r = pg_next(c); r != NULL; r = pg_next(c)) {
        if (!good(r) && o == OK)
            o = pg_fault(c, r, doing, e);
        PQclear(last);
        last = r;
    }
    if (o == OK && (c->lost || last == NULL))
        o = pg_fault(c, NULL, doing, e);
    if (o == OK && result)
        *result = last;
    else
        PQclear(last);
    return o;
}

enum outcome pg_ask(struct pg_connection *c, const char *text, int64_t *out, const char *doing,
                    struct err *e)
{
    PGresult *r = NULL;
    *out = 0;
    TRY(pg_run(c, text, &r, doing, e));
    if (PQntuples(r) == 1)
        (void)!str_to_u63(out, str_z(PQgetvalue(r, 0, 0)));
    PQclear(r);
    return OK;
}

enum outcome pg_patience(struct pg_connection *c, int seconds, struct err *e)
{
    char text[64];
    snprintf(text, sizeof text, "SET statement_timeout = %d", 1000 * seconds);
    TRY(pg_run(c, text, NULL, "configure", e));
    c->wait_s = seconds + WAIT_MORE_S;
    return OK;
}

/* -- Why a connection is refused --------------------------------------------------------------- */

/* "FATAL:  3D000: database …", as libpq writes it when it is asked to be verbose; the words around
 * the state are the server's, in its language. */
static void state_find(char state[PG_STATE_MAX], const char *said)
{
    enum { N = PG_STATE_MAX - 1 };
    for (const char *at = strstr(said, ":  "); at; at = strstr(at + 1, ":  ")) {
        const char *code = at + 3;
        if (strspn(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == N && code[N] == ':') {
            memcpy(state, code, N);
            state[N] = '\0';
        }
    }
}

void pg_refused(char state[PG_STATE_MAX], const struct store_url *url)
{
    const int64_t until_us = env_mono(&env_system) + REFUSED_S * TIME_SECOND;
    const char *const keys[] = { "dbname", NULL };
    const char *const values[] = { url->libpq, NULL };
    PGconn *pq = PQconnectStartParams(keys, values, 1);
    state[0] = '\0';
    if (pq == NULL)
        return;
    PQsetErrorVerbosity(pq, PQERRORS_VERBOSE);
    PostgresPollingStatusType now = PGRES_POLLING_WRITING;
    while (now != PGRES_POLLING_OK && now != PGRES_POLLING_FAILED &&
           ready(pq, now == PGRES_POLLING_READING ? POLLIN : POLLOUT, until_us))
        now = PQconnectPoll(pq);
    if (now == PGRES_POLLING_FAILED)
        state_find(state, PQerrorMessage(pq));
    PQfinish(pq);
}
