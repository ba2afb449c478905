/* What goes through a whole database on PostgreSQL: the check of its storage, taking it away, the
 * set of tables beside it, forgetting what was deleted. */
#include "kernel/store_postgres_impl.h"

#include <stdio.h>

/* Runs the text that each row of a query holds in its one column. */
static enum outcome run_each(struct pg_connection *c, const char *query, const char *doing,
                             struct err *e)
{
    PGresult *r = NULL;
    TRY(pg_run(c, query, &r, doing, e));
    enum outcome o = OK;
    for (int i = 0; o == OK && i < PQntuples(r); i++)
        o = pg_run(c, PQgetvalue(r, i, 0), NULL, doing, e);
    PQclear(r);
    return o;
}

/* vein makes tables and indexes only; what else stands there, somebody put there. */
static enum outcome no_programs(struct pg_connection *c, struct err *e)
{
    int64_t n = 0;
    TRY(pg_ask(c,
               "SELECT (SELECT count(*) FROM pg_class WHERE relnamespace = n"
               " AND relkind NOT IN ('r', 'i'))"
               " + (SELECT count(*) FROM pg_trigger t JOIN pg_class r ON r.oid = t.tgrelid"
               " WHERE r.relnamespace = n AND NOT t.tgisinternal)"
               " + (SELECT count(*) FROM pg_rewrite w JOIN pg_class r ON r.oid = w.ev_class"
               " WHERE r.relnamespace = n)"
               " + (SELECT count(*) FROM pg_proc WHERE pronamespace = n)"
               " FROM (SELECT CAST(CAST(quote_ident(current_schema()) AS regnamespace) AS oid)"
               " AS n) AS ours",
               &n, "check", e));
    return n == 0
               ? OK
               : err_fault(e, "store.corrupt",
                           "%lld views, triggers or functions that are none of ours", (long long)n);
}

/* Every row of every table with all its values, which meets a damaged page and a value that cannot
 * be read back. */
static const char read_tables[] =
    "SELECT 'SELECT count(octet_length(CAST(t AS TEXT))) FROM ' || quote_ident(relname) || ' t'"
    " FROM pg_class WHERE relnamespace = CAST(quote_ident(current_schema()) AS regnamespace)"
    " AND relkind = 'r' ORDER BY relname";

/* That each index is in order and lacks no row, where the extension is there and we may. */
static const char check_indexes[] =
    "SELECT 'SELECT ' || CAST(f.oid AS regproc) || '(' || CAST(i.oid AS TEXT) || ', true)'"
    " FROM pg_class i JOIN pg_am a ON a.oid = i.relam AND a.amname = 'btree'"
    " JOIN pg_extension x ON x.extname = 'amcheck'"
    " JOIN pg_proc f ON f.pronamespace = x.extnamespace AND f.proname = 'bt_index_check'"
    " AND f.pronargs = 2 AND has_function_privilege(f.oid, 'EXECUTE')"
    " WHERE i.relnamespace = CAST(quote_ident(current_schema()) AS regnamespace)"
    " AND i.relkind = 'i' ORDER BY i.relname";

enum outcome pg_check(void *node, struct err *e)
{
    void *connection = NULL;
    TRY(pg_connect(&connection, node, ROLE_READER, e));
    struct pg_connection *c = connection;
    enum outcome o = no_programs(c, e);
    if (o == OK)
        o = run_each(c, read_tables, "read a table", e);
    if (o == OK)
        o = run_each(c, check_indexes, "check an index", e);
    pg_disconnect(c);
    return o;
}

enum outcome pg_discard(void *connection, struct err *e)
{
    struct pg_connection *c = connection;
    char text[STORE_SCHEMA_MAX + 64];
    snprintf(text, sizeof text, "DROP SCHEMA \"%s\" CASCADE", c->url->schema);
    return pg_run(c, text, NULL, "remove the schema", e);
}

/* -- The set of tables beside it --------------------------------------------------------------- */

enum outcome pg_beside(void *p, const char *path, struct err *e)
{
    struct pg_connection *c = p;
    struct store_url url = { .schema = "" };
    if (path != NULL)
        TRY(store_url_read(&url, path, e));
    snprintf(c->beside, sizeof c->beside, "%s", url.schema);
    return OK;
}

const char *pg_beside_name(void *p)
{
    struct pg_connection *c = p;
    return c->beside;
}

/* -- What was deleted ------------------------------------------------------------------------- */

/* A small one is over soon after it began; later looks keep nobody waiting. */
enum { VACUUM_PATIENCE_MS = 200, VACUUM_LOOK_MS = 1 };

static enum outcome readers_in_the_way(struct pg_connection *c, int64_t *n, struct err *e)
{
    return pg_ask(c,
                  "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                  " AND pid <> pg_backend_pid() AND backend_xmin IS NOT NULL"
                  " AND CAST(CAST(backend_xmin AS TEXT) AS BIGINT)"
                  " <> CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS TEXT) AS BIGINT)"
                  " % 4294967296",
                  n, "flush", e);
}

/* The writer goes on meanwhile: on its own connection it would wait for all of it. */
static enum outcome vacuum_begin(struct pg_connection *c, const char *tables, struct err *e)
{
    char text[1100];
    struct pg_connection *v = NULL;
    snprintf(text, sizeof text, "VACUUM %s", tables);
    TRY(pg_open(&v, c->url, ROLE_READER, e));
    v->warned = false;
    if (!PQsendQuery(v->pq, text)) {
        const enum outcome o = pg_fault(v, NULL, "vacuum", e);
        pg_disconnect(v);
        return o;
    }
    c->vacuum = v;
    c->vacuum_is_old = false;
    return OK;
}

/* *over: it is, and the tables are clean; a table that the server left out is a fault. */
static enum outcome vacuum_look(struct pg_connection *v, int patience_ms, bool *over, struct err *e)
{
    enum outcome o = OK;
    *over = pg_result_soon(v, patience_ms);
    if (!*over)
        return v->lost ? pg_fault(v, NULL, "vacuum", e) : OK;
    for (PGresult *r = pg_next(v); r != NULL; r = pg_next(v)) {
        if (PQresultStatus(r) != PGRES_COMMAND_OK && o == OK)
            o = pg_fault(v, r, "vacuum", e);
        PQclear(r);
    }
    if (o == OK && v->lost)
        o = pg_fault(v, NULL, "vacuum", e);
    return o == OK && v->warned ? err_fault(e, "store.io", "%s", v->warning) : o;
}

static enum outcome vacuum_end(struct pg_connection *c, enum outcome o, struct err *e)
{
    pg_disconnect(c->vacuum);
    c->vacuum = NULL;
    if (o == OK)
        return OK;
    const struct err why = *e;
    return err_fault(e, "store.not_vacuumed", "%s", why.detail);
}

/* VACUUM takes out rows that nobody can see any more. Whoever began to read before they were
 * deleted sees them still: until then it is not done. */
enum outcome pg_flush(void *connection, const char *tables, bool more, bool *done, struct err *e)
{
    struct pg_connection *c = connection;
    int64_t readers = 0;
    bool over = false;
    int patience_ms = VACUUM_LOOK_MS;
    *done = false;
    c->vacuum_is_old |= more;
    if (c->vacuum == NULL) {
        TRY(readers_in_the_way(c, &readers, e));
        if (readers > 0)
            return OK;
        struct err why = { 0 };
        if (vacuum_begin(c, tables, &why) != OK)
            return err_fault(e, "store.not_vacuumed", "%s", why.detail);
        patience_ms = VACUUM_PATIENCE_MS;
    }
    const enum outcome o = vacuum_look(c->vacuum, patience_ms, &over, e);
    if (o == OK && !over)
        return OK;
    TRY(vacuum_end(c, o, e));
    *done = !c->vacuum_is_old;
    return OK;
}
