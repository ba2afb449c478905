/* Statements sent without waiting for their end (libpq's pipeline mode): the writes of a group then
 * cost one round trip for many. Pipeline mode is on only while something is posted: whatever else
 * is asked of the connection settles that first. */
#include "kernel/store_postgres_impl.h"

enum { POSTED_MAX = 100, POSTED_BYTES_MAX = 256 << 10 };

enum outcome pg_post(struct pg_connection *c, const char *name, int n, const char *const *values,
                     const int *lengths, const int *formats, struct err *e)
{
    if (c->nposted == 0) {
        TRY(pg_statement_settle(c, e));
        if (c->lost || !PQenterPipelineMode(c->pq))
            return pg_fault(c, NULL, "write", e);
        c->posted_bytes = 0;
    }
    c->nposted++; /* whether or not it is sent: pipeline mode is to be left */
    for (int i = 0; i < n; i++)
        c->posted_bytes += (size_t)lengths[i];
    if (!PQsendQueryPrepared(c->pq, name, n, values, lengths, formats, 1))
        return pg_fault(c, NULL, "write", e);
    return c->nposted >= POSTED_MAX || c->posted_bytes >= POSTED_BYTES_MAX ? pg_post_settle(c, e)
                                                                           : OK;
}

/* The first that failed; those behind it were not run. */
static enum outcome read_results(struct pg_connection *c, struct err *e)
{
    enum outcome o = OK;
    bool synced = false;
    while (!synced && !c->lost) {
        PGresult *r = pg_next(c); /* NULL: the end of one statement */
        const ExecStatusType is = PQresultStatus(r);
        synced = is == PGRES_PIPELINE_SYNC;
        if (r && is == PGRES_FATAL_ERROR && o == OK)
            o = pg_fault(c, r, "write", e);
        PQclear(r);
    }
    if (o == OK && c->lost)
        o = pg_fault(c, NULL, "write", e);
    return o;
}

enum outcome pg_post_settle(struct pg_connection *c, struct err *e)
{
    if (c->nposted == 0)
        return OK;
    c->nposted = 0;
    c->lost |= !PQpipelineSync(c->pq);
    const enum outcome o = read_results(c, e);
    c->lost |= !PQexitPipelineMode(c->pq);
    return o;
}
