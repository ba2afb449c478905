/* Rows of one table by COPY, in PostgreSQL's binary form: the server parses nothing, and nobody
 * waits for each. So many of them are one statement, lest one time limit be for a whole table. */
#include "kernel/store_postgres_impl.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    PART_ROWS = 20000,
    PART_BYTES = 64 << 20,
    SENT_BYTES = 64 << 10, /* at once */
    HEADER_BYTES = 19,
};

struct pg_load {
    struct pg_connection *c;
    size_t ncolumns;
    size_t rows, bytes; /* of this part, as far as they were sent */
    bool open;          /* a part is under way */
    struct buf out;     /* not sent yet */
    char text[128];
};

static void put_int(struct buf *out, uint64_t number, size_t n)
{
    uint8_t big[8];
    for (size_t k = 0; k < n; k++)
        big[k] = (uint8_t)(number >> 8 * (n - 1 - k));
    buf_put(out, big, n);
}

/* Waits until it is on its way, so that not all of a table is kept in memory. */
static enum outcome send_out(struct pg_load *l, struct err *e)
{
    TRY(buf_check(&l->out, e));
    if (l->out.n > 0 && PQputCopyData(l->c->pq, l->out.p, (int)l->out.n) != 1)
        l->c->lost = true; /* without waiting, it grows its own memory as it needs */
    l->bytes += l->out.n;
    buf_cut(&l->out, 0);
    return pg_sent(l->c) ? OK : pg_fault(l->c, NULL, "write", e);
}

static enum outcome part_begin(struct pg_load *l, struct err *e)
{
    static const char header[HEADER_BYTES] = "PGCOPY\n\377\r\n\0"; /* no flags, no extension */
    TRY(pg_statement_settle(l->c, e));
    if (l->c->lost || !PQsendQuery(l->c->pq, l->text))
        return pg_fault(l->c, NULL, "write", e);
    PGresult *r = pg_next(l->c);
    enum outcome o = OK;
    if (PQresultStatus(r) != PGRES_COPY_IN)
        o = pg_fault(l->c, r, "write", e);
    PQclear(r);
    while (o != OK && (r = pg_next(l->c)) != NULL)
        PQclear(r);
    l->open = o == OK;
    l->rows = l->bytes = 0;
    buf_put(&l->out, header, sizeof header);
    return o;
}

/* `why`: it is given up; the server drops what it was sent. */
static enum outcome part_end(struct pg_load *l, const char *why, struct err *e)
{
    enum outcome o = OK;
    l->open = false;
    if (!why)
        put_int(&l->out, UINT16_MAX, 2);
    if (!why)
        o = send_out(l, e);
    if (!l->c->lost && PQputCopyEnd(l->c->pq, why) != 1)
        l->c->lost = true;
    for (PGresult *r = pg_next(l->c); r != NULL; r = pg_next(l->c)) {
        if (PQresultStatus(r) != PGRES_COMMAND_OK && o == OK)
            o = pg_fault(l->c, r, "write", e);
        PQclear(r);
    }
    return o == OK && l->c->lost ? pg_fault(l->c, NULL, "write", e) : o;
}

enum outcome pg_load_begin(void **out, void *connection, const char *table, size_t ncolumns,
                           struct err *e)
{
    struct pg_load *l = calloc(1, sizeof *l);
    if (!l)
        return err_no_memory(e);
    *l = (struct pg_load){ .c = connection, .ncolumns = ncolumns, .out = buf_new(2 * PART_BYTES) };
    snprintf(l->text, sizeof l->text, "COPY %s FROM STDIN (FORMAT binary)", table);
    *out = l;
    return OK;
}

enum outcome pg_load_row(void *load, const struct store_value *values, struct err *e)
{
    struct pg_load *l = load;
    if (l->open && (l->rows >= PART_ROWS || l->bytes >= PART_BYTES))
        TRY(part_end(l, NULL, e));
    if (!l->open)
        TRY(part_begin(l, e));
    put_int(&l->out, l->ncolumns, 2);
    for (size_t i = 0; i < l->ncolumns; i++) {
        const struct store_value *v = &values[i];
        if (v->kind == VALUE_NULL) {
            put_int(&l->out, UINT32_MAX, 4);
        } else if (v->kind == VALUE_INT) {
            put_int(&l->out, 8, 4);
            put_int(&l->out, (uint64_t)v->number, 8);
        } else {
            put_int(&l->out, v->bytes.n, 4);
            buf_put(&l->out, v->bytes.p, v->bytes.n);
        }
    }
    l->rows++;
    return l->out.n >= SENT_BYTES ? send_out(l, e) : buf_check(&l->out, e);
}

enum outcome pg_load_end(void *load, bool whole, struct err *e)
{
    struct pg_load *l = load;
    struct err given_up = { 0 };
    enum outcome o = OK;
    if (l->open && whole)
        o = part_end(l, NULL, e);
    else if (l->open)
        (void)part_end(l, "given up", &given_up);
    buf_free(&l->out);
    free(l);
    return o;
}
