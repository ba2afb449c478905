/* Prepared statements of the PostgreSQL engine: values in, rows out, all in binary form.
 *
 * Rows come one by one while the server sends them, so that a result of any size needs no memory
 * here. That occupies the connection: a statement whose rows are read while others run (a cursor)
 * is therefore declared as one on the server and fetched in portions. Outside a transaction there
 * is no such thing; then what is still on its way is taken into memory when another statement
 * wants the connection. */
#include "kernel/store_postgres_impl.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"

/* Numbers of PostgreSQL's types, fixed for ever (pg_type.dat). */
enum { TYPE_OF_COLUMN = 0, TYPE_BYTEA = 17, TYPE_INT8 = 20, TYPE_INT4 = 23, TYPE_TEXT = 25 };

enum {
    PARAMETERS_MAX = 64,
    PARAMETERS_BYTES_MAX = 96 << 20,
    PORTION = 200,       /* rows of a cursor at once */
    SETTLED_MAX = 30000, /* rows in memory, about 2 KB each */
};

struct pg_statement {
    struct pg_connection *c;
    uint64_t number;
    size_t n; /* of parameters */
    struct {
        Oid type;
        bool null;
        size_t at; /* in bytes */
        int length;
    } parameter[PARAMETERS_MAX];
    struct buf bytes;

    bool wants_cursor;
    uint64_t cursor;    /* its number on the server; 0: none */
    bool running;       /* results are awaited, or a cursor stands */
    bool drained;       /* the server has sent its last row */
    PGresult *rows;     /* at hand */
    int row;            /* of them; -1 before the first */
    PGresult **settled; /* taken into memory, to be read after `rows` */
    size_t nsettled, settled_at, settled_capacity;
    char text[];
};

static Oid type_of(enum field_kind kind)
{
    switch (kind) {
    case FIELD_INT:
    case FIELD_BOOL:
    case FIELD_TIME:
        return TYPE_INT8;
    case FIELD_BLOB:
        return TYPE_BYTEA;
    case FIELD_LIST:
        return TYPE_OF_COLUMN;
    default:
        return TYPE_TEXT;
    }
}

static void name_of(char out[32], char kind, uint64_t number)
{
    snprintf(out, 32, "vein_%c%llu", kind, (unsigned long long)number);
}

/* -- Preparing -------------------------------------------------------------------------------- */

static enum outcome prepare_there(struct pg_statement *s, struct err *e)
{
    char name[32];
    Oid types[PARAMETERS_MAX];
    struct pg_connection *c = s->c;
    name_of(name, 's', s->number);
    for (size_t i = 0; i < s->n; i++)
        types[i] = s->parameter[i].type;
    TRY(pg_statement_settle(c, e));
    if (c->lost || !PQsendPrepare(c->pq, name, s->text, (int)s->n, types))
        return pg_fault(c, NULL, "prepare", e);
    enum outcome o = OK;
    bool any = false;
    for (PGresult *r = pg_next(c); r != NULL; r = pg_next(c)) {
        any = true;
        if (PQresultStatus(r) != PGRES_COMMAND_OK && o == OK)
            o = pg_fault(c, r, "prepare", e);
        PQclear(r);
    }
    return o == OK && (!any || c->lost) ? pg_fault(c, NULL, "prepare", e) : o;
}

enum outcome pg_statement_prepare(void **out, void *p, const struct sql *q, struct err *e)
{
    struct pg_connection *c = p;
    const size_t length = strlen(q->text_numbered);
    BUG_ON(length == 0);
    struct pg_statement *s = calloc(1, sizeof *s + length + 1);
    if (s == NULL)
        return err_no_memory(e);
    memcpy(s->text, q->text_numbered, length);
    s->c = c;
    s->number = ++c->numbers;
    s->n = q->in == NULL ? 0 : q->in->nfields;
    BUG_ON(s->n > PARAMETERS_MAX);
    for (size_t i = 0; i < s->n; i++) {
        s->parameter[i].type = type_of(q->in->fields[i].kind);
        s->parameter[i].null = true;
    }
    s->bytes = buf_new(PARAMETERS_BYTES_MAX);
    const enum outcome o = prepare_there(s, e);
    if (o != OK) {
        buf_free(&s->bytes);
        free(s);
        return o;
    }
    *out = s;
    return OK;
}

enum outcome pg_statement_bind(void *p, size_t i, const struct store_value *v, struct err *e)
{
    struct pg_statement *s = p;
    const size_t at = s->bytes.n;
    const uint64_t number = (uint64_t)v->number;
    uint8_t big[8];
    s->parameter[i].at = at;
    s->parameter[i].null = v->kind == VALUE_NULL || v->kind == VALUE_OTHER;
    if (v->kind == VALUE_INT) {
        for (size_t k = 0; k < sizeof big; k++)
            big[k] = (uint8_t)(number >> (56 - 8 * k));
        buf_put(&s->bytes, big, sizeof big);
    } else if (!s->parameter[i].null) {
        buf_put(&s->bytes, v->bytes.p, v->bytes.n);
    }
    s->parameter[i].length = (int)(s->bytes.n - at);
    return buf_check(&s->bytes, e);
}

/* -- Results ---------------------------------------------------------------------------------- */

static void forget(struct pg_statement *s)
{
    PQclear(s->rows);
    s->rows = NULL;
    while (s->settled_at < s->nsettled)
        PQclear(s->settled[s->settled_at++]);
    free(s->settled);
    s->settled = NULL;
    s->nsettled = s->settled_at = s->settled_capacity = 0;
    s->row = -1;
}

static void note_changed(struct pg_connection *c, PGresult *r)
{
    c->changed = 0;
    (void)!str_to_u63(&c->changed, str_z(PQcmdTuples(r)));
}

/* What a COMMIT says that is no good end: of a transaction that had failed, that it was rolled
 * back; and with a warning, that its wait for a standby was broken off: then it is done here, and
 * may be lost with this machine. */
static const char *ends_badly(const struct pg_statement *s, PGresult *r)
{
    if (!str_is(str_z(s->text), "COMMIT"))
        return NULL;
    if (str_is(str_z(PQcmdStatus(r)), "ROLLBACK"))
        return "the server rolled back instead";
    return s->c->warned ? "committed, but no standby confirmed it" : NULL;
}

/* The next result with rows in it; *rows NULL behind the last. */
static enum outcome stream_next(struct pg_statement *s, PGresult **rows, struct err *e)
{
    struct pg_connection *c = s->c;
    enum outcome o = OK;
    bool ended = false;
    *rows = NULL;
    for (;;) {
        PGresult *r = pg_next(c);
        if (r == NULL)
            break;
        const ExecStatusType is = PQresultStatus(r);
        if (is == PGRES_SINGLE_TUPLE || (is == PGRES_TUPLES_OK && PQntuples(r) > 0)) {
            *rows = r;
            return OK;
        }
        ended = true;
        if (is == PGRES_COMMAND_OK || is == PGRES_TUPLES_OK)
            note_changed(c, r);
        else if (o == OK)
            o = pg_fault(c, r, "step", e);
        const char *bad = o == OK ? ends_badly(s, r) : NULL;
        if (bad)
            o = err_fault(e, "store.failed", "%s", bad);
        PQclear(r);
    }
    s->drained = true;
    if (c->streaming == s)
        c->streaming = NULL;
    c->lost |= !ended; /* libpq says so when it has no memory */
    return o == OK && c->lost ? pg_fault(c, NULL, "step", e) : o;
}

static enum outcome keep(struct pg_statement *s, PGresult *r, struct err *e)
{
    if (s->nsettled == s->settled_capacity) {
        if (s->nsettled >= SETTLED_MAX)
            return err_no_memory(e);
        const size_t capacity = s->settled_capacity == 0 ? 64 : 2 * s->settled_capacity;
        PGresult **larger = realloc(s->settled, capacity * sizeof(PGresult *));
        if (larger == NULL)
            return err_no_memory(e);
        s->settled = larger;
        s->settled_capacity = capacity;
    }
    s->settled[s->nsettled++] = r;
    return OK;
}

enum outcome pg_statement_settle(struct pg_connection *c, struct err *e)
{
    struct pg_statement *s = c->streaming;
    enum outcome o = pg_post_settle(c, e);
    while (o == OK && s != NULL && !s->drained) {
        PGresult *r = NULL;
        o = stream_next(s, &r, e);
        if (o == OK && r != NULL && keep(s, r, e) != OK) {
            PQclear(r);
            c->lost = true; /* a row is gone: whoever reads on must not come to a good end */
            o = FAULT;
        }
    }
    return o;
}

/* -- Running ---------------------------------------------------------------------------------- */

struct sent {
    const char *value[PARAMETERS_MAX];
    int length[PARAMETERS_MAX];
    int format[PARAMETERS_MAX];
    Oid type[PARAMETERS_MAX];
};

static void send_parameters(struct sent *out, const struct pg_statement *s)
{
    for (size_t i = 0; i < s->n; i++) {
        const char *bytes = s->bytes.p ? s->bytes.p + s->parameter[i].at : "";
        out->value[i] = s->parameter[i].null ? NULL : bytes;
        out->length[i] = s->parameter[i].length;
        out->format[i] = 1;
        out->type[i] = s->parameter[i].type;
    }
}

static enum outcome stream_begin(struct pg_statement *s, struct err *e)
{
    struct pg_connection *c = s->c;
    struct sent sent;
    char name[32];
    name_of(name, 's', s->number);
    send_parameters(&sent, s);
    c->warned = false;
    if (c->lost ||
        !PQsendQueryPrepared(c->pq, name, (int)s->n, sent.value, sent.length, sent.format, 1) ||
        !PQsetSingleRowMode(c->pq))
        return pg_fault(c, NULL, "step", e);
    s->running = true;
    s->drained = false;
    c->streaming = s;
    return OK;
}

enum outcome pg_statement_post(void *p, struct err *e)
{
    const struct pg_statement *s = p;
    struct sent sent;
    char name[32];
    name_of(name, 's', s->number);
    send_parameters(&sent, s);
    return pg_post(s->c, name, (int)s->n, sent.value, sent.length, sent.format, e);
}

static enum outcome cursor_fetch(struct pg_statement *s, struct err *e)
{
    struct pg_connection *c = s->c;
    char text[80];
    char name[32];
    PGresult *rows = NULL;
    name_of(name, 'c', s->cursor);
    snprintf(text, sizeof text, "FETCH %d FROM %s", PORTION, name);
    TRY(pg_statement_settle(c, e));
    if (c->lost || !PQsendQueryParams(c->pq, text, 0, NULL, NULL, NULL, NULL, 1))
        return pg_fault(c, NULL, "fetch", e);
    enum outcome o = OK;
    for (PGresult *r = pg_next(c); r != NULL; r = pg_next(c)) {
        if (PQresultStatus(r) == PGRES_TUPLES_OK && rows == NULL) {
            rows = r;
            continue;
        }
        if (o == OK)
            o = pg_fault(c, r, "fetch", e);
        PQclear(r);
    }
    if (o == OK && (c->lost || rows == NULL))
        o = pg_fault(c, NULL, "fetch", e);
    PQclear(s->rows);
    s->rows = rows;
    s->row = -1;
    s->drained = o == OK && PQntuples(rows) < PORTION;
    return o;
}

static enum outcome cursor_begin(struct pg_statement *s, struct err *e)
{
    struct pg_connection *c = s->c;
    struct sent sent;
    char name[32];
    struct buf text = buf_new(1 << 20);
    s->cursor = ++c->numbers;
    name_of(name, 'c', s->cursor);
    buf_printf(&text, "DECLARE %s NO SCROLL CURSOR FOR %s", name, s->text);
    buf_char(&text, '\0');
    send_parameters(&sent, s);
    enum outcome o = buf_check(&text, e);
    if (o == OK && (c->lost || !PQsendQueryParams(c->pq, text.p, (int)s->n, sent.type, sent.value,
                                                  sent.length, sent.format, 1)))
        o = pg_fault(c, NULL, "declare", e);
    bool any = o != OK;
    for (PGresult *r = o == OK ? pg_next(c) : NULL; r != NULL; r = pg_next(c)) {
        any = true;
        if (PQresultStatus(r) != PGRES_COMMAND_OK && o == OK)
            o = pg_fault(c, r, "declare", e);
        PQclear(r);
    }
    if (o == OK && (!any || c->lost))
        o = pg_fault(c, NULL, "declare", e);
    buf_free(&text);
    s->running = o == OK;
    s->drained = false;
    if (o != OK)
        s->cursor = 0;
    return o == OK ? cursor_fetch(s, e) : o;
}

static bool in_block(const struct pg_connection *c)
{
    return PQtransactionStatus(c->pq) == PQTRANS_INTRANS;
}

static enum outcome begin(struct pg_statement *s, struct err *e)
{
    TRY(pg_statement_settle(s->c, e));
    return s->wants_cursor && in_block(s->c) ? cursor_begin(s, e) : stream_begin(s, e);
}

/* Makes the next portion of rows the one at hand. */
static enum outcome more(struct pg_statement *s, struct err *e)
{
    if (s->settled_at == s->nsettled && s->drained)
        return OK;
    if (s->cursor != 0)
        return cursor_fetch(s, e);
    PQclear(s->rows);
    s->rows = NULL;
    s->row = -1;
    if (s->settled_at < s->nsettled) {
        s->rows = s->settled[s->settled_at++];
        return OK;
    }
    return stream_next(s, &s->rows, e);
}

void pg_statement_cursor(void *p)
{
    struct pg_statement *s = p;
    s->wants_cursor = true;
}

enum outcome pg_statement_step(void *p, bool *row, struct err *e)
{
    struct pg_statement *s = p;
    *row = false;
    if (!s->running) {
        s->row = -1;
        TRY(begin(s, e));
    }
    if (s->rows == NULL || s->row + 1 >= PQntuples(s->rows))
        TRY(more(s, e));
    *row = s->rows != NULL && s->row + 1 < PQntuples(s->rows);
    s->row += *row;
    return OK;
}

/* A cursor ends with its transaction by itself; one that failed takes no statement. */
static void cursor_end(struct pg_statement *s)
{
    char text[64];
    char name[32];
    struct err ignored = { 0 };
    name_of(name, 'c', s->cursor);
    snprintf(text, sizeof text, "CLOSE %s", name);
    if (pg_statement_settle(s->c, &ignored) == OK && in_block(s->c))
        (void)!pg_run(s->c, text, NULL, "close", &ignored);
    s->cursor = 0;
}

void pg_statement_reset(void *p)
{
    struct pg_statement *s = p;
    struct err ignored = { 0 };
    if (s->running && s->cursor != 0)
        cursor_end(s);
    while (s->c->streaming == s && !s->drained) {
        PGresult *r = NULL;
        if (stream_next(s, &r, &ignored) != OK)
            break;
        PQclear(r);
    }
    if (s->c->streaming == s)
        s->c->streaming = NULL;
    forget(s);
    s->running = s->wants_cursor = false;
    for (size_t i = 0; i < s->n; i++)
        s->parameter[i].null = true;
    buf_cut(&s->bytes, 0);
}

/* The statement itself ends with the connection, but for those that live as long as one call. */
void pg_statement_finalize(void *p)
{
    struct pg_statement *s = p;
    pg_statement_reset(s);
    buf_free(&s->bytes);
    free(s);
}

/* -- Rows ------------------------------------------------------------------------------------- */

static size_t columns_described(struct pg_statement *s)
{
    char name[32];
    size_t n = 0;
    struct err ignored = { 0 };
    struct pg_connection *c = s->c;
    name_of(name, 's', s->number);
    if (pg_statement_settle(c, &ignored) != OK || c->lost || !PQsendDescribePrepared(c->pq, name))
        return 0;
    for (PGresult *r = pg_next(c); r != NULL; r = pg_next(c)) {
        n = PQresultStatus(r) == PGRES_COMMAND_OK ? (size_t)PQnfields(r) : n;
        PQclear(r);
    }
    return n;
}

size_t pg_statement_columns(void *p)
{
    struct pg_statement *s = p;
    return s->rows != NULL ? (size_t)PQnfields(s->rows) : columns_described(s);
}

static int64_t big_endian(const uint8_t *p, int n)
{
    uint64_t v = n == 4 && p[0] >= 0x80 ? UINT64_MAX : 0;
    for (int i = 0; i < n; i++)
        v = v << 8 | p[i];
    return (int64_t)v;
}

void pg_statement_column(void *p, size_t i, struct store_value *v)
{
    struct pg_statement *s = p;
    const int at = (int)i;
    const Oid type = PQftype(s->rows, at);
    const int n = PQgetlength(s->rows, s->row, at);
    const uint8_t *bytes = (const uint8_t *)PQgetvalue(s->rows, s->row, at);
    *v = (struct store_value){ .kind = VALUE_OTHER };
    if (PQgetisnull(s->rows, s->row, at)) {
        v->kind = VALUE_NULL;
    } else if ((type == TYPE_INT8 && n == 8) || (type == TYPE_INT4 && n == 4)) {
        v->kind = VALUE_INT;
        v->number = big_endian(bytes, n);
    } else if (type == TYPE_TEXT || type == TYPE_BYTEA) {
        v->kind = type == TYPE_TEXT ? VALUE_TEXT : VALUE_BLOB;
        v->bytes = (struct bytes){ bytes, (size_t)n };
    }
}
