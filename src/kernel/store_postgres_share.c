/* Who may write, and when. Three advisory locks of the schema's name, so that a schema that is
 * dropped and made anew under one name is the same place:
 *
 *   place   the session's: shared by servers, exclusive to whoever wants to write alone
 *   write   the transaction's: taken first, given up by the server when the commit is visible or
 *           the transaction is gone, so that writers see all that was written before them
 *   lead    the session's, on the connection that writes: who has lost it has lost the means to
 *           write as well
 *
 * A process that is dead loses its locks with its connection. One that is cut off loses them when
 * the server's keep-alives find out, and one that hangs in a transaction, or has the lead and says
 * nothing for long, is cut off by the server. */
#include "kernel/store_postgres_impl.h"

#include <stdio.h>

enum {
    PLACE_LOCK = 0x7665696e, /* "vein" */
    WRITE_LOCK,
    LEAD_LOCK,
    PLACE_WAIT_MS = 700,   /* the server may take a moment to notice that a process has died */
    LOCK_WAIT_MS = 5000,   /* of the only writer, for others' locks on tables */
    WRITE_WAIT_MS = 3000,  /* for its turn */
    HANGS_MS = 20 * 1000,  /* in a transaction and says nothing: it is rolled back */
    SILENT_MS = 60 * 1000, /* has the lead and asks nothing: others take it */
    TEXT_MAX = STORE_SCHEMA_MAX + 300,
};

static int key_of(const struct pg_connection *c)
{
    const struct hash h = hash_of(c->url->schema, strlen(c->url->schema));
    int32_t key;
    memcpy(&key, h.b, sizeof key);
    return key;
}

/* -- The place -------------------------------------------------------------------------------- */

/* The locks are the session's and of this schema: neither may be another than it seems. */
static enum outcome check_writer(struct pg_connection *c, struct err *e)
{
    int64_t process = 0, there = 0, standby = 0;
    char text[TEXT_MAX];
    TRY(pg_ask(c, "SELECT CAST(pg_is_in_recovery() AS INTEGER)", &standby, "look at it", e));
    if (standby)
        return err_fault(e, "store.read_only", "the server is a standby, which can only be read");
    snprintf(text, sizeof text, "SELECT count(*) WHERE current_schema() = '%s'", c->url->schema);
    TRY(pg_ask(c, text, &there, "look for the schema", e));
    if (!there)
        return err_fault(e, "store.io", "the schema is gone, or its use is not granted");
    TRY(pg_ask(c, "SELECT CAST(pg_backend_pid() AS BIGINT)", &process, "look at the session", e));
    if (process != PQbackendPID(c->pq))
        return err_fault(e, "store.io", "a pool shares this session out: connect to the server");
    return OK;
}

enum outcome pg_take_place(struct pg_connection *c, struct err *e)
{
    const bool shared = c->role == ROLE_SHARED;
    char text[TEXT_MAX];
    snprintf(text, sizeof text, "SET lock_timeout = %d; SELECT pg_advisory_lock%s(%d, %d)",
             PLACE_WAIT_MS, shared ? "_shared" : "", PLACE_LOCK, key_of(c));
    if (pg_run(c, text, NULL, "take the writer's place", e) != OK)
        return str_is(str_z(e->code), "store.busy") ? REFUSE(e, "store.in_use") : e->outcome;
    snprintf(text, sizeof text,
             "SET lock_timeout = %d; SET idle_in_transaction_session_timeout = %d",
             shared ? WRITE_WAIT_MS : LOCK_WAIT_MS, shared ? HANGS_MS : 0);
    TRY(pg_run(c, text, NULL, "configure", e));
    TRY(check_writer(c, e));
    snprintf(text, sizeof text, "LISTEN vein_%08x", (unsigned)key_of(c));
    return shared ? pg_run(c, text, NULL, "listen", e) : OK;
}

/* -- A turn ----------------------------------------------------------------------------------- */

/* Each statement behind the lock sees what was committed before it. */
enum outcome pg_begin_shared(void *p, struct err *e)
{
    struct pg_connection *c = p;
    char text[TEXT_MAX];
    struct err ignored = { 0 };
    snprintf(text, sizeof text, "BEGIN; SELECT pg_advisory_xact_lock(%d, %d)", WRITE_LOCK,
             key_of(c));
    const enum outcome o = pg_run(c, text, NULL, "wait for a turn to write", e);
    if (o != OK && !c->lost && PQtransactionStatus(c->pq) != PQTRANS_IDLE)
        (void)!pg_run(c, "ROLLBACK", NULL, "roll back", &ignored);
    return o;
}

enum outcome pg_lead(void *p, bool *lead, struct err *e)
{
    struct pg_connection *c = p;
    int64_t got = 0;
    char text[TEXT_MAX];
    snprintf(text, sizeof text, "SELECT CAST(pg_try_advisory_lock(%d, %d) AS INTEGER)", LEAD_LOCK,
             key_of(c));
    TRY(pg_ask(c, text, &got, "ask for the lead", e));
    *lead = got == 1;
    snprintf(text, sizeof text, "SET idle_session_timeout = %d", SILENT_MS);
    return *lead ? pg_run(c, text, NULL, "configure", e) : OK;
}

/* -- News ------------------------------------------------------------------------------------- */

/* A NOTIFY alone writes nothing, and the commit of who wrote nothing waits for no disk and no
 * standby: so a word is written to the log of changes, which nobody reads. */
static const char write_something[] = "SELECT pg_logical_emit_message(true, 'vein', ''); ";

enum outcome pg_tell(void *p, const char *text, struct err *e)
{
    struct pg_connection *c = p;
    char all[DB_TELL_MAX + sizeof write_something + 64];
    BUG_ON(strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789 ") != strlen(text));
    BUG_ON(strlen(text) > DB_TELL_MAX);
    snprintf(all, sizeof all, "%sNOTIFY vein_%08x, '%s'", *text ? "" : write_something,
             (unsigned)key_of(c), text);
    return pg_run(c, all, NULL, "tell", e);
}

bool pg_heard(void *p, db_heard_fn *heard, void *context)
{
    struct pg_connection *c = p;
    bool others = false;
    if (c->lost || !PQconsumeInput(c->pq))
        return false; /* whoever asks next finds out */
    for (PGnotify *n = PQnotifies(c->pq); n != NULL; n = PQnotifies(c->pq)) {
        const bool other = n->be_pid != PQbackendPID(c->pq);
        if (other && *n->extra)
            heard(context, str_z(n->extra));
        others |= other;
        PQfreemem(n);
    }
    return others;
}
