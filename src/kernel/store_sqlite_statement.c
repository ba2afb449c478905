/* Prepared statements of the SQLite engine: values in, rows out. */
#include "kernel/store_sqlite_impl.h"

#include <stdlib.h>

enum { PARAMETERS_MAX = 64 };

struct statement {
    sqlite3_stmt *handle;
    int index[PARAMETERS_MAX]; /* SQLite's number of parameter i */
};

void sqlite_statement_finalize(void *p)
{
    struct statement *s = p;
    sqlite3_finalize(s->handle);
    free(s);
}

/* SQLite numbers parameters by their place in the text, we by their place in the record. */
static void number_parameters(struct statement *s, const struct record *in)
{
    size_t n = in == NULL ? 0 : in->nfields;
    BUG_ON(n > PARAMETERS_MAX || (size_t)sqlite3_bind_parameter_count(s->handle) != n);
    for (size_t i = 0; i < n; i++) {
        char name[128];
        sqlite3_snprintf(sizeof name, name, ":%s", in->fields[i].name);
        s->index[i] = sqlite3_bind_parameter_index(s->handle, name);
        BUG_ON(s->index[i] == 0);
    }
}

enum outcome sqlite_statement_prepare(void **out, void *p, const struct sql *q, struct err *e)
{
    struct sqlite_connection *c = p;
    struct statement *s = calloc(1, sizeof *s);
    if (s == NULL)
        return err_no_memory(e);
    int rc = sqlite3_prepare_v3(c->db, q->text, -1, SQLITE_PREPARE_PERSISTENT, &s->handle, NULL);
    if (rc != SQLITE_OK) {
        free(s);
        return sqlite_fault(c->db, rc, "prepare", e);
    }
    number_parameters(s, q->in);
    *out = s;
    return OK;
}

enum outcome sqlite_statement_bind(void *p, size_t i, const struct store_value *v, struct err *e)
{
    struct statement *s = p;
    int at = s->index[i];
    int rc = SQLITE_OK;
    switch (v->kind) {
    case VALUE_NULL:
    case VALUE_OTHER:
        rc = sqlite3_bind_null(s->handle, at);
        break;
    case VALUE_INT:
        rc = sqlite3_bind_int64(s->handle, at, v->number);
        break;
    case VALUE_TEXT:
        rc = sqlite3_bind_text64(s->handle, at, (const char *)v->bytes.p, v->bytes.n,
                                 SQLITE_TRANSIENT, SQLITE_UTF8);
        break;
    case VALUE_BLOB:
        rc = sqlite3_bind_blob64(s->handle, at, v->bytes.p, v->bytes.n, SQLITE_TRANSIENT);
        break;
    }
    return rc == SQLITE_OK ? OK : sqlite_fault(sqlite3_db_handle(s->handle), rc, "bind", e);
}

/* Statements of one connection never stand in each other's way here. */
void sqlite_statement_cursor(void *p)
{
    (void)p;
}

enum outcome sqlite_statement_step(void *p, bool *row, struct err *e)
{
    struct statement *s = p;
    int rc = sqlite3_step(s->handle);
    *row = rc == SQLITE_ROW;
    return rc == SQLITE_ROW || rc == SQLITE_DONE
               ? OK
               : sqlite_fault(sqlite3_db_handle(s->handle), rc, "step", e);
}

void sqlite_statement_reset(void *p)
{
    struct statement *s = p;
    sqlite3_reset(s->handle); /* repeats the error of the step, which is known */
    sqlite3_clear_bindings(s->handle);
}

size_t sqlite_statement_columns(void *p)
{
    struct statement *s = p;
    return (size_t)sqlite3_column_count(s->handle);
}

void sqlite_statement_column(void *p, size_t i, struct store_value *v)
{
    struct statement *s = p;
    int at = (int)i;
    *v = (struct store_value){ .kind = VALUE_OTHER };
    switch (sqlite3_column_type(s->handle, at)) {
    case SQLITE_NULL:
        v->kind = VALUE_NULL;
        return;
    case SQLITE_INTEGER:
        v->kind = VALUE_INT;
        v->number = sqlite3_column_int64(s->handle, at);
        return;
    case SQLITE_TEXT:
        v->kind = VALUE_TEXT;
        v->bytes.p = sqlite3_column_text(s->handle, at);
        break;
    case SQLITE_BLOB:
        v->kind = VALUE_BLOB;
        v->bytes.p = sqlite3_column_blob(s->handle, at);
        break;
    default: /* a binary real, which we never store */
        return;
    }
    v->bytes.n = (size_t)sqlite3_column_bytes(s->handle, at);
    if (v->bytes.n == 0)
        v->bytes.p = (const uint8_t *)"";
}
