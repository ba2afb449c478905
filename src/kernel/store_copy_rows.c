/* The rows of one table into another database. */
#include "kernel/store_impl.h"

#include <stdio.h>

enum { COPY_COLUMNS_MAX = 64 };

static enum outcome read_begin(void **out, size_t *ncolumns, struct db *from, struct str table,
                               struct err *e)
{
    char text[256];
    const struct sql q = { "store.copy_read", text, text, NULL, NULL };
    snprintf(text, sizeof text, "SELECT * FROM %.*s", STR(table));
    TRY(from->engine->prepare(out, from->connection, &q, e));
    *ncolumns = from->engine->columns(*out);
    return OK;
}

/* A table's rows on their way: by the engine's own way to load many, or by a statement for each. */
struct writing {
    const struct store_engine *engine;
    size_t ncolumns;
    void *load, *insert; /* one of them */
};

/* Parameters of the columns' own kinds. */
static enum outcome insert_begin(struct writing *w, void *connection, struct str table,
                                 struct err *e)
{
    char names[COPY_COLUMNS_MAX][8];
    struct field fields[COPY_COLUMNS_MAX] = { 0 };
    const struct record in = { .name = "copy", .fields = fields, .nfields = w->ncolumns };
    char named[2048], numbered[2048];
    struct buf a = buf_over(named, sizeof named - 1), b = buf_over(numbered, sizeof numbered - 1);
    buf_printf(&a, "INSERT INTO %.*s VALUES (", STR(table));
    buf_str(&b, buf_get(&a));
    for (size_t i = 0; i < w->ncolumns; i++) {
        snprintf(names[i], sizeof names[i], "c%zu", i + 1);
        fields[i] = (struct field){ .name = names[i], .kind = FIELD_LIST };
        buf_printf(&a, "%s:%s", i > 0 ? ", " : "", names[i]);
        buf_printf(&b, "%s$%zu", i > 0 ? ", " : "", i + 1);
    }
    buf_char(&a, ')');
    buf_char(&b, ')');
    BUG_ON(!buf_ok(&a) || !buf_ok(&b));
    named[a.n] = numbered[b.n] = '\0';
    const struct sql q = { "store.copy_write", named, numbered, &in, NULL };
    return w->engine->prepare(&w->insert, connection, &q, e);
}

static enum outcome write_begin(struct writing *w, void *connection, struct str table,
                                struct err *e)
{
    if (w->ncolumns == 0 || w->ncolumns > COPY_COLUMNS_MAX)
        return err_fault(e, "store.corrupt", "%.*s has %zu columns", STR(table), w->ncolumns);
    return w->engine->load_begin
               ? w->engine->load_begin(&w->load, connection, table.p, w->ncolumns, e)
               : insert_begin(w, connection, table, e);
}

static enum outcome write_row(struct writing *w, const struct store_value *values, struct err *e)
{
    bool row = false;
    if (w->load)
        return w->engine->load_row(w->load, values, e);
    for (size_t i = 0; i < w->ncolumns; i++)
        TRY(w->engine->bind(w->insert, i, &values[i], e));
    const enum outcome o = w->engine->step(w->insert, &row, e);
    w->engine->reset(w->insert);
    return o;
}

static enum outcome write_end(struct writing *w, enum outcome o, struct err *e)
{
    if (w->insert)
        w->engine->finalize(w->insert);
    if (!w->load)
        return o;
    const enum outcome loaded = w->engine->load_end(w->load, o == OK, e);
    return o == OK ? loaded : o;
}

static enum outcome copy_row(struct writing *w, const struct store_engine *from, void *read,
                             struct err *e)
{
    struct store_value values[COPY_COLUMNS_MAX];
    for (size_t i = 0; i < w->ncolumns; i++) {
        from->column(read, i, &values[i]);
        if (values[i].kind == VALUE_OTHER)
            return err_fault(e, "store.corrupt", "a value of a kind that vein never stores");
    }
    return write_row(w, values, e);
}

static enum outcome copy_rows(struct writing *w, const struct store_engine *from, void *read,
                              int64_t *rows, struct err *e)
{
    from->cursor(read); /* so that no time limit of a statement is for all of it */
    for (bool row = true;;) {
        TRY(from->step(read, &row, e));
        if (!row)
            return OK;
        TRY(copy_row(w, from, read, e));
        ++*rows;
    }
}

enum outcome store_copy_rows(struct db *from, struct db *to, struct str table, int64_t *rows,
                             struct err *e)
{
    struct writing w = { .engine = to->engine };
    void *read = NULL;
    enum outcome o = read_begin(&read, &w.ncolumns, from, table, e);
    if (o == OK)
        o = write_begin(&w, to->connection, table, e);
    if (o == OK)
        o = copy_rows(&w, from->engine, read, rows, e);
    o = write_end(&w, o, e);
    if (read != NULL)
        from->engine->finalize(read);
    return o == OK ? OK : err_context(e, "table %.*s", STR(table));
}
