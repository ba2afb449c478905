/* The whole of a database, row by row, into another: how a copy in a file is made of PostgreSQL,
 * and how a system moves between the engines. */
#include "kernel/store_copy.h"

#include <stdio.h>

#include "kernel/store_impl.h"
#include "kernel/store_name.h"
#include "kernel/store_sqlite_impl.h"

enum { COPY_COLUMNS_MAX = 64, COPY_TEXT_MAX = 1 << 20, COPY_LIST_MAX = 8 << 20 };

struct copying {
    struct db *from, *to;
    struct arena *arena; /* of the list of what was made */
    struct made *made;
    size_t n;
};

struct made {
    bool table;
    struct str name;
    const char *text;
};

/* -- What the schemas made -------------------------------------------------------------------- */

static struct str text_in(struct arena *arena, const struct store_value *v)
{
    return v->kind == VALUE_TEXT
               ? arena_printf(arena, "%.*s", (int)v->bytes.n, (const char *)v->bytes.p)
               : (struct str){ 0 };
}

static enum outcome made_row(struct copying *c, void *statement, struct err *e)
{
    const struct store_engine *engine = c->from->engine;
    struct store_value kind, name, text;
    enum { MADE_MAX = 2000 };
    if (c->made == NULL)
        c->made = arena_array(c->arena, MADE_MAX, sizeof *c->made);
    if (c->made == NULL)
        return err_no_memory(e);
    if (c->n == MADE_MAX)
        return err_fault(e, "store.corrupt", "more than %d tables and indexes", MADE_MAX);
    engine->column(statement, 0, &kind);
    engine->column(statement, 1, &name);
    engine->column(statement, 2, &text);
    struct made *made = &c->made[c->n++];
    *made = (struct made){
        .table = str_is((struct str){ (const char *)kind.bytes.p, kind.bytes.n }, "table"),
        .name = text_in(c->arena, &name),
        .text = text_in(c->arena, &text).p,
    };
    return made->name.p == NULL ? err_no_memory(e) : OK;
}

static enum outcome made_read(struct copying *c, struct err *e)
{
    const struct store_engine *engine = c->from->engine;
    const struct sql q = { "store.made", engine->made, engine->made, NULL, NULL };
    void *statement = NULL;
    bool row = true;
    TRY(engine->prepare(&statement, c->from->connection, &q, e));
    enum outcome o = OK;
    while (o == OK && row) {
        o = engine->step(statement, &row, e);
        if (o == OK && row)
            o = made_row(c, statement, e);
    }
    engine->finalize(statement);
    return o;
}

static enum outcome make(struct copying *c, bool tables, struct err *e)
{
    for (size_t i = 0; i < c->n; i++) {
        if (c->made[i].table != tables)
            continue;
        if (c->made[i].text == NULL)
            return err_fault(e, "store.corrupt", "%.*s has no text in SQLite's words",
                             STR(c->made[i].name));
        TRY(c->to->engine->script(c->to->connection, c->made[i].text, e));
    }
    return OK;
}

/* -- Rows ------------------------------------------------------------------------------------- */

static enum outcome read_begin(void **out, size_t *ncolumns, struct copying *c, struct str table,
                               struct err *e)
{
    char text[256];
    const struct sql q = { "store.copy_read", text, text, NULL, NULL };
    snprintf(text, sizeof text, "SELECT * FROM %.*s", STR(table));
    TRY(c->from->engine->prepare(out, c->from->connection, &q, e));
    *ncolumns = c->from->engine->columns(*out);
    return OK;
}

/* Parameters of the columns' own kinds. */
static enum outcome write_begin(void **out, size_t ncolumns, struct copying *c, struct str table,
                                struct err *e)
{
    char names[COPY_COLUMNS_MAX][8];
    struct field fields[COPY_COLUMNS_MAX] = { 0 };
    const struct record in = { .name = "copy", .fields = fields, .nfields = ncolumns };
    char named[2048], numbered[2048];
    struct buf a = buf_over(named, sizeof named - 1), b = buf_over(numbered, sizeof numbered - 1);
    if (ncolumns == 0 || ncolumns > COPY_COLUMNS_MAX)
        return err_fault(e, "store.corrupt", "%.*s has %zu columns", STR(table), ncolumns);
    buf_printf(&a, "INSERT INTO %.*s VALUES (", STR(table));
    buf_str(&b, buf_get(&a));
    for (size_t i = 0; i < ncolumns; i++) {
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
    return c->to->engine->prepare(out, c->to->connection, &q, e);
}

static enum outcome copy_row(struct copying *c, void *read, void *write, size_t ncolumns,
                             struct err *e)
{
    bool row = false;
    for (size_t i = 0; i < ncolumns; i++) {
        struct store_value v;
        c->from->engine->column(read, i, &v);
        if (v.kind == VALUE_OTHER)
            return err_fault(e, "store.corrupt", "a value of a kind that vein never stores");
        TRY(c->to->engine->bind(write, i, &v, e));
    }
    const enum outcome o = c->to->engine->step(write, &row, e);
    c->to->engine->reset(write);
    return o;
}

static enum outcome copy_rows(struct copying *c, void *read, void *write, size_t ncolumns,
                              int64_t *rows, struct err *e)
{
    c->from->engine->cursor(read); /* so that no time limit of a statement is for all of it */
    for (bool row = true;;) {
        TRY(c->from->engine->step(read, &row, e));
        if (!row)
            return OK;
        TRY(copy_row(c, read, write, ncolumns, e));
        ++*rows;
    }
}

static enum outcome copy_table(struct copying *c, struct str table, int64_t *rows, struct err *e)
{
    void *read = NULL, *write = NULL;
    size_t ncolumns = 0;
    enum outcome o = read_begin(&read, &ncolumns, c, table, e);
    if (o == OK)
        o = write_begin(&write, ncolumns, c, table, e);
    if (o == OK)
        o = copy_rows(c, read, write, ncolumns, rows, e);
    if (read != NULL)
        c->from->engine->finalize(read);
    if (write != NULL)
        c->to->engine->finalize(write);
    return o == OK ? OK : err_context(e, "table %.*s", STR(table));
}

static enum outcome compare(struct copying *c, struct str table, struct err *e)
{
    int64_t count[2] = { 0 };
    struct hash hash[2];
    TRY(db_table_hash(c->from, table, &count[0], &hash[0], e));
    TRY(db_table_hash(c->to, table, &count[1], &hash[1], e));
    if (count[0] == count[1] && hash_eq(hash[0], hash[1]))
        return OK;
    return err_fault(e, "store.corrupt", "table %.*s: %lld rows became %lld, or others", STR(table),
                     (long long)count[0], (long long)count[1]);
}

static enum outcome copy_all(struct store_copied *out, struct copying *c, struct err *e)
{
    TRY(made_read(c, e));
    TRY(make(c, true, e));
    for (size_t i = 0; i < c->n; i++)
        if (c->made[i].table)
            TRY(copy_table(c, c->made[i].name, &out->rows, e));
    TRY(make(c, false, e));
    for (size_t i = 0; i < c->n; i++)
        if (c->made[i].table) {
            TRY(compare(c, c->made[i].name, e));
            out->tables++;
        }
    return OK;
}

enum outcome store_copy(struct store_copied *out, struct db *from, struct db *to, struct err *e)
{
    struct copying c = { .from = from, .to = to, .arena = arena_new(COPY_LIST_MAX) };
    *out = (struct store_copied){ 0 };
    BUG_ON(!from->in_transaction || !to->in_transaction);
    enum outcome o = c.arena ? copy_all(out, &c, e) : err_no_memory(e);
    arena_free(c.arena);
    return db_fault(to, o, e);
}

/* -- Into a new database ---------------------------------------------------------------------- */

/* `from` is in a transaction. */
static enum outcome fill(struct store_copied *out, struct db *from, struct store *to_store,
                         struct err *e)
{
    struct db *to = NULL;
    TRY(store_writer(&to, to_store, e));
    enum outcome o = db_begin(to, e);
    if (o == OK)
        o = store_copy(out, from, to, e);
    if (o == OK)
        o = db_commit(to, e);
    db_close(to);
    return o;
}

/* REFUSED "store.exists" unless there is none of this name. */
static enum outcome vacant(const char *path, struct err *e)
{
    struct store *there = NULL;
    struct err absent = { 0 };
    char shown[STORE_NAME_MAX];
    const struct store_options options = { .path = path, .read_only = true };
    TRY(store_name_shown(shown, sizeof shown, path, e));
    if (store_open(&there, &options, &absent) == OK)
        store_close(there);
    if (absent.outcome == FAULT) {
        *e = absent;
        return FAULT;
    }
    return str_is(str_z(absent.code), "store.not_found")
               ? OK
               : REFUSE(e, "store.exists", { "path", str_z(shown) });
}

enum outcome store_copy_new(struct store_copied *out, struct db *from, const char *to_path,
                            struct err *e)
{
    struct store *to = NULL;
    const struct store_options options = { .path = to_path, .create = true };
    TRY(vacant(to_path, e));
    TRY(store_open(&to, &options, e));
    const enum outcome o = fill(out, from, to, e);
    store_close(to);
    struct err ignored = { 0 };
    if (o != OK)
        (void)!store_remove(to_path, &ignored);
    return o;
}

static enum outcome copy_snapshot(struct store_copied *out, struct store *s, const char *to_path,
                                  struct err *e)
{
    struct db *from = NULL;
    TRY(store_reader(&from, s, e));
    enum outcome o = db_begin(from, e);
    if (o == OK)
        o = store_copy_new(out, from, to_path, e);
    db_close(from);
    return o;
}

enum outcome store_copy_all(struct store_copied *out, const char *from, const char *to,
                            struct err *e)
{
    struct store *store;
    const struct store_options options = { .path = from };
    *out = (struct store_copied){ 0 };
    TRY(store_open(&store, &options, e));
    const enum outcome o = copy_snapshot(out, store, to, e);
    store_close(store);
    return o;
}

enum outcome store_copy_file(struct store *s, const char *to_path, struct err *e)
{
    struct store_copied copied;
    struct err ignored = { 0 };
    TRY(copy_snapshot(&copied, s, to_path, e));
    const enum outcome o = sqlite_file_settle(to_path, e);
    if (o != OK)
        (void)!store_remove(to_path, &ignored);
    return o;
}

/* -- Retired ---------------------------------------------------------------------------------- */

/* A table of its own, which no schema names: where it stands, nobody writes any more. */
#define RETIRED "store_retired"

static const struct sql_schema retired_schema = { "store_retired",
                                                  "CREATE TABLE IF NOT EXISTS " RETIRED
                                                  " (place TEXT NOT NULL) STRICT" };

enum outcome store_retire(struct db *db, const char *to, struct err *e)
{
    char shown[STORE_NAME_MAX];
    static const char text[] = "INSERT INTO " RETIRED " VALUES (:place)";
    static const struct field fields[] = { { .name = "place", .kind = FIELD_TEXT } };
    static const struct record in = { "retired", sizeof(struct str), fields, 1 };
    static const struct sql q = { "store.retire", text, "INSERT INTO " RETIRED " VALUES ($1)", &in,
                                  NULL };
    TRY(store_name_shown(shown, sizeof shown, to, e));
    const struct str place = str_z(shown);
    TRY(db_schema(db, &retired_schema, e));
    return db_run(db, &q, &place, NULL, e);
}

static enum outcome retired_to(struct copying *c, struct err *e)
{
    static const char text[] = "SELECT place FROM " RETIRED;
    const struct sql q = { "store.retired", text, text, NULL, NULL };
    const struct store_engine *engine = c->from->engine;
    struct store_value place = { .kind = VALUE_NULL };
    void *statement = NULL;
    bool row = false;
    TRY(engine->prepare(&statement, c->from->connection, &q, e));
    enum outcome o = engine->step(statement, &row, e);
    if (o == OK && row)
        engine->column(statement, 0, &place);
    if (o == OK)
        o = REFUSE(e, "store.retired", { "place", text_in(c->arena, &place) });
    engine->finalize(statement);
    return o;
}

enum outcome store_check_living(struct db *db, struct err *e)
{
    struct copying c = { .from = db, .arena = arena_new(COPY_LIST_MAX) };
    enum outcome o = c.arena ? made_read(&c, e) : err_no_memory(e);
    for (size_t i = 0; o == OK && i < c.n; i++)
        if (str_is(c.made[i].name, RETIRED))
            o = retired_to(&c, e);
    arena_free(c.arena);
    return o;
}
