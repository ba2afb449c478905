/* The store on PostgreSQL.
 *
 * All of a database of ours lies in one schema. The schema's comment says that it is ours, and each
 * table's and index's comment holds its text in SQLite's words, so that a copy in a file can be
 * made of it (store_copy.c).
 *
 * Who may write is settled by advisory locks (store_postgres_share.c).
 *
 * Every wait has an end: for a connection, for a lock, for a statement, for a peer that does not
 * answer (keep-alives on both sides), and above them all for a result (store_postgres_ask.c). What
 * a writer sent when its connection was lost may or may not be committed: it is a "store.failed",
 * and only a new connection finds out. */
#include "kernel/store_postgres_impl.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/dialect.h"

enum {
    PG_VERSION_MIN = 140000,  /* the first that notices, within a statement, that we are gone */
    PG_SCRIPT_MAX = 16 << 20, /* bytes */
};

struct node {
    struct store_url url;
};

/* How long a statement may take, by what its connection is for: what goes through a whole database
 * has its time, nobody waits for a page for longer. */
static const int statement_s[] = {
    [ROLE_READER] = 600,
    [ROLE_POOLED] = 20,
    [ROLE_WRITER] = 600,
    [ROLE_SHARED] = 60,
};

/* -- Errors ----------------------------------------------------------------------------------- */

static const struct {
    const char *state; /* SQLSTATE, or the beginning of one */
    const char *code;
} codes[] = {
    { "23", "store.constraint" },   { "22", "store.constraint" }, { "54", "store.constraint" },
    { "53100", "store.disk_full" }, { "53300", "store.busy" },    { "25006", "store.read_only" },
    { "42501", "store.read_only" }, { "40", "store.busy" },       { "55P03", "store.busy" },
    { "57014", "store.busy" },      { "57P03", "store.busy" },    { "58", "store.io" },
    { "08", "store.io" },           { "57P", "store.io" },        { "53", "store.io" },
    { "28", "store.io" },           { "25P", "store.failed" },
};

/* A statement that does not fit the tables is what damage looks like here, too. */
static const char *code_of(const char *state)
{
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (str_starts(str_z(state), str_z(codes[i].state)))
            return codes[i].code;
    return "store.corrupt";
}

static const char *field(const PGresult *r, int which)
{
    const char *text = PQresultErrorField(r, which);
    return text ? text : "";
}

static enum outcome lost(struct pg_connection *c, const char *doing, struct err *e)
{
    const struct str said = str_trim(str_z(PQerrorMessage(c->pq)));
    return err_fault(e, store_role_writes(c->role) ? "store.failed" : "store.io",
                     "%s: the connection was lost: %.*s", doing, STR(said));
}

/* Of a class that may quote a value, the message is left out. */
enum outcome pg_fault(struct pg_connection *c, const PGresult *r, const char *doing, struct err *e)
{
    const char *state = r ? field(r, PG_DIAG_SQLSTATE) : "";
    const char *severity = r ? field(r, PG_DIAG_SEVERITY_NONLOCALIZED) : "";
    if (PQstatus(c->pq) != CONNECTION_OK || str_is(str_z(severity), "FATAL") ||
        str_is(str_z(severity), "PANIC"))
        c->lost = true;
    if (str_is(str_z(state), "53200"))
        return err_no_memory(e);
    if (c->lost || *state == '\0')
        return lost(c, doing, e);
    const char *code = code_of(state);
    const bool quotes = str_is(str_z(code), "store.constraint");
    return err_fault(e, code, "%s: %s (postgres %s, table %s, constraint %s)", doing,
                     quotes ? "refused" : field(r, PG_DIAG_MESSAGE_PRIMARY), state,
                     field(r, PG_DIAG_TABLE_NAME), field(r, PG_DIAG_CONSTRAINT_NAME));
}

/* -- Connecting ------------------------------------------------------------------------------- */

/* At a COMMIT a warning is the end of a wait for a standby: stream_next of
 * store_postgres_statement.c. Of notices there are warnings alone (configure). */
static void noticed(void *context, const PGresult *r)
{
    struct pg_connection *c = context;
    c->warned |= str_is(str_z(field(r, PG_DIAG_SEVERITY_NONLOCALIZED)), "WARNING");
    snprintf(c->warning, sizeof c->warning, "%s", field(r, PG_DIAG_MESSAGE_PRIMARY));
}

/* Ours stand before the URL's, which may say otherwise, but for the encoding. libpq's message of a
 * connection that failed names host, user and database, and no password. */
static enum outcome reach(struct pg_connection *c, struct err *e)
{
    static const char *const keys[] = {
        "connect_timeout",  "keepalives_idle",  "keepalives_interval",
        "keepalives_count", "tcp_user_timeout", "fallback_application_name",
        "dbname",           "client_encoding",  NULL
    };
    const char *const values[] = { "10",   "10",          "5",    "3", "30000",
                                   "vein", c->url->libpq, "UTF8", NULL };
    c->pq = PQconnectdbParams(keys, values, 1);
    if (c->pq == NULL)
        return err_no_memory(e);
    PQsetNoticeReceiver(c->pq, noticed, c);
    if (PQstatus(c->pq) != CONNECTION_OK) {
        char state[PG_STATE_MAX];
        pg_refused(state, c->url);
        if (str_is(str_z(state), "3D000"))
            return REFUSE(e, "store.not_found", { "path", str_z(c->url->shown) });
        const bool busy = str_is(str_z(code_of(state)), "store.busy");
        return err_fault(e, busy ? "store.busy" : "store.io", "connect: %.*s",
                         STR(str_trim(str_z(PQerrorMessage(c->pq)))));
    }
    if (PQsetnonblocking(c->pq, 1) != 0)
        return err_no_memory(e);
    if (PQserverVersion(c->pq) < PG_VERSION_MIN)
        return err_fault(e, "store.io", "PostgreSQL 14 or newer is needed, this is %d",
                         PQserverVersion(c->pq));
    return OK;
}

/* What the server would decide otherwise, and the time that each wait may take. Milliseconds where
 * nothing else is said. */
static enum outcome configure(struct pg_connection *c, struct err *e)
{
    static const char all[] =
        "SET lock_timeout = 5000;"
        "SET client_connection_check_interval = 10000; SET tcp_keepalives_idle = 10;"
        "SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;"
        "SET idle_session_timeout = 0; SET idle_in_transaction_session_timeout = 0;"
        "SET client_min_messages = warning; SET jit = off;"
        "SET default_transaction_isolation = 'read committed'";
    int64_t strange = 0;
    char text[STORE_SCHEMA_MAX + 64];
    TRY(pg_run(c, all, NULL, "configure", e));
    if (PQserverVersion(c->pq) >= 170000)
        TRY(pg_run(c, "SET transaction_timeout = 0", NULL, "configure", e));
    snprintf(text, sizeof text, "SET search_path = \"%s\", pg_temp", c->url->schema);
    TRY(pg_run(c, text, NULL, "configure", e));
    TRY(pg_patience(c, statement_s[c->role], e));
    TRY(pg_ask(c,
               "SELECT count(*) FROM pg_settings WHERE name = 'server_encoding'"
               " AND setting <> 'UTF8'",
               &strange, "configure", e));
    if (strange)
        return err_fault(e, "store.io", "the database has another encoding than UTF8");
    if (!store_role_writes(c->role))
        return pg_run(c, "SET default_transaction_read_only = on", NULL, "configure", e);
    /* A stronger setting stays. */
    return pg_run(c,
                  "SELECT set_config('synchronous_commit', 'on', false) FROM pg_settings"
                  " WHERE name = 'synchronous_commit'"
                  " AND setting NOT IN ('on', 'remote_apply')",
                  NULL, "configure", e);
}

enum outcome pg_open(struct pg_connection **out, const struct store_url *url, enum store_role role,
                     struct err *e)
{
    struct pg_connection *c = calloc(1, sizeof *c);
    if (c == NULL)
        return err_no_memory(e);
    c->url = url;
    c->role = role;
    c->wait_s = PG_BEGIN_S;
    enum outcome o = store_url_check(url, e);
    if (o == OK)
        o = reach(c, e);
    if (o == OK)
        o = configure(c, e);
    if (o != OK) {
        pg_disconnect(c);
        return o;
    }
    *out = c;
    return OK;
}

void pg_disconnect(void *p)
{
    struct pg_connection *c = p;
    if (c->vacuum != NULL)
        pg_disconnect(c->vacuum);
    PQfinish(c->pq);
    free(c);
}

enum outcome pg_connect(void **out, void *p, enum store_role role, struct err *e)
{
    const struct node *node = p;
    struct pg_connection *c = NULL;
    TRY(pg_open(&c, &node->url, role, e));
    const enum outcome o = store_role_writes(c->role) ? pg_take_place(c, e) : OK;
    if (o != OK) {
        pg_disconnect(c);
        return o;
    }
    *out = c;
    return OK;
}

/* Nobody asked: what comes is a notice, or the end. */
static bool usable(void *p)
{
    struct pg_connection *c = p;
    struct pollfd fd = { .fd = PQsocket(c->pq), .events = POLLIN };
    while (!c->lost && poll(&fd, 1, 0) > 0)
        c->lost = !PQconsumeInput(c->pq) || PQstatus(c->pq) != CONNECTION_OK;
    return !c->lost;
}

static bool in_transaction(void *p)
{
    struct pg_connection *c = p;
    const PGTransactionStatusType is = PQtransactionStatus(c->pq);
    return !c->lost && is != PQTRANS_IDLE && is != PQTRANS_UNKNOWN;
}

static enum outcome settle(void *p, struct err *e)
{
    return pg_post_settle(p, e);
}

static int64_t changed(void *p)
{
    struct pg_connection *c = p;
    return c->changed;
}

/* -- Our schema ------------------------------------------------------------------------------- */

/* An empty schema is as good as none. */
enum found { FOUND_NONE, FOUND_EMPTY, FOUND_OURS, FOUND_THEIRS };

static enum outcome look(enum found *out, struct pg_connection *c, struct err *e)
{
    char text[512];
    int64_t is = 0;
    snprintf(text, sizeof text,
             "SELECT CASE WHEN NOT EXISTS (SELECT FROM pg_class r WHERE r.relnamespace = n.oid)"
             " THEN 1 WHEN obj_description(n.oid, 'pg_namespace') LIKE 'vein %%' THEN 2"
             " ELSE 3 END FROM pg_namespace n WHERE n.nspname = '%s'",
             c->url->schema);
    TRY(pg_ask(c, text, &is, "look for the schema", e));
    *out = (enum found)is;
    return OK;
}

static enum outcome make(struct pg_connection *c, struct err *e)
{
    char text[4 * STORE_SCHEMA_MAX + 128];
    snprintf(text, sizeof text,
             "BEGIN; CREATE SCHEMA IF NOT EXISTS \"%s\";"
             "COMMENT ON SCHEMA \"%s\" IS 'vein 1'; COMMIT",
             c->url->schema, c->url->schema);
    return pg_run(c, text, NULL, "make the schema", e);
}

static enum outcome ready(struct pg_connection *c, bool may_create, struct err *e)
{
    enum found found;
    TRY(look(&found, c, e));
    if (found == FOUND_THEIRS)
        return REFUSE(e, "store.not_vein", { "path", str_z(c->url->shown) });
    if (found == FOUND_OURS)
        return OK;
    return may_create ? make(c, e) : REFUSE(e, "store.not_found", { "path", str_z(c->url->shown) });
}

static enum outcome node_open(void **out, const struct store_options *options, struct err *e)
{
    struct node *node = calloc(1, sizeof *node);
    struct pg_connection *c = NULL;
    if (node == NULL)
        return err_no_memory(e);
    enum outcome o = options->vfs ? err_fault(e, "store.io", "there is no VFS on PostgreSQL") : OK;
    if (o == OK)
        o = store_url_read(&node->url, options->path, e);
    if (o == OK)
        o = pg_open(&c, &node->url, options->read_only ? ROLE_READER : ROLE_WRITER, e);
    if (o == OK) {
        o = ready(c, options->create && !options->read_only, e);
        pg_disconnect(c);
    }
    if (o != OK) {
        free(node);
        return o;
    }
    *out = node;
    return OK;
}

static void node_close(void *p)
{
    free(p);
}

static enum outcome remove_all(const char *path, struct err *e)
{
    struct store_url url;
    struct pg_connection *c = NULL;
    int64_t ours = 0;
    char text[STORE_SCHEMA_MAX + 128];
    TRY(store_url_read(&url, path, e));
    TRY(pg_open(&c, &url, ROLE_WRITER, e));
    snprintf(text, sizeof text,
             "SELECT count(*) FROM pg_namespace WHERE nspname = '%s'"
             " AND obj_description(oid, 'pg_namespace') LIKE 'vein %%'",
             url.schema);
    enum outcome o = pg_ask(c, text, &ours, "look for the schema", e);
    if (o == OK && ours)
        o = pg_take_place(c, e); /* nothing goes that somebody writes to */
    snprintf(text, sizeof text, "DROP SCHEMA \"%s\" CASCADE", url.schema);
    if (o == OK && ours)
        o = pg_run(c, text, NULL, "remove the schema", e);
    pg_disconnect(c);
    return o;
}

/* -- Schemas ---------------------------------------------------------------------------------- */

/* Behind what makes a table or an index, its text as a comment on it. */
static void put_comment(struct buf *out, struct str statement)
{
    struct store_made made;
    struct str rest = statement;
    if (!str_starts(statement, S("CREATE ")) || !store_made_next(&made, &rest))
        return;
    buf_printf(out, "; COMMENT ON %s %.*s IS '", made.table ? "TABLE" : "INDEX", STR(made.name));
    for (size_t i = 0; i < statement.n; i++) {
        if (statement.p[i] == '\'')
            buf_char(out, '\'');
        buf_char(out, statement.p[i]);
    }
    buf_char(out, '\'');
}

static enum outcome script(void *p, const char *text, struct err *e)
{
    struct str rest = str_z(text);
    struct buf all = buf_new(PG_SCRIPT_MAX);
    for (struct str s = dialect_statement(&rest); s.p != NULL; s = dialect_statement(&rest)) {
        if (all.n > 0)
            buf_z(&all, "; ");
        dialect_postgres(&all, s);
        put_comment(&all, s);
    }
    buf_char(&all, '\0');
    enum outcome o = buf_check(&all, e);
    if (o == OK)
        o = pg_run(p, all.p, NULL, "run", e);
    buf_free(&all);
    return o;
}

const struct store_engine store_engine_postgres = {
    .name = "postgres",
    .begin_write = "BEGIN",
    .begin_read = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    .begin_derived = "BEGIN; SET LOCAL synchronous_commit = off",
    .made = "SELECT CAST(CASE relkind WHEN 'r' THEN 'table' ELSE 'index' END AS TEXT),"
            " CAST(relname AS TEXT), obj_description(oid, 'pg_class') FROM pg_class"
            " WHERE relnamespace = CAST(quote_ident(current_schema()) AS regnamespace)"
            " AND (relkind = 'r' OR obj_description(oid, 'pg_class') IS NOT NULL)"
            " ORDER BY relkind DESC, oid",
    .open = node_open,
    .close = node_close,
    .remove = remove_all,
    .connect = pg_connect,
    .disconnect = pg_disconnect,
    .usable = usable,
    .in_transaction = in_transaction,
    .script = script,
    .prepare = pg_statement_prepare,
    .finalize = pg_statement_finalize,
    .bind = pg_statement_bind,
    .cursor = pg_statement_cursor,
    .step = pg_statement_step,
    .post = pg_statement_post,
    .settle = settle,
    .load_begin = pg_load_begin,
    .load_row = pg_load_row,
    .load_end = pg_load_end,
    .reset = pg_statement_reset,
    .columns = pg_statement_columns,
    .column = pg_statement_column,
    .changed = changed,
    .backup = NULL,
    .check = pg_check,
    .beside = pg_beside,
    .beside_name = pg_beside_name,
    .own = "", /* the search path has our schema alone */
    .flush = pg_flush,
    .can_spread = pg_can_spread,
    .spread = pg_spread,
    .discard = pg_discard,
    .begin_shared = pg_begin_shared,
    .lead = pg_lead,
    .tell = pg_tell,
    .heard = pg_heard,
};
