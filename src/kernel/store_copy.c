/* The whole of a database, row by row, into another: how a copy in a file is made of PostgreSQL,
 * and how a system moves between the engines. */
#include "kernel/store_copy.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/dialect.h"
#include "kernel/store_impl.h"
#include "kernel/store_name.h"
#include "kernel/store_sqlite_impl.h"

enum { COPY_LIST_MAX = 8 << 20 };

struct copying {
    struct db *from, *to;
    const struct store_known *known;
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

/* -- What may be run of it -------------------------------------------------------------------- */

/* A table of its own, which no schema names: where it stands, nobody writes any more. */
#define RETIRED "store_retired"

static const struct sql_schema retired_schema = { "store_retired",
                                                  "CREATE TABLE IF NOT EXISTS " RETIRED
                                                  " (place TEXT NOT NULL) STRICT" };

/* One blank where there were some, and no IF NOT EXISTS, which SQLite does not keep. */
static struct str plain(struct arena *arena, struct str text)
{
    static const char unless[] = "IF NOT EXISTS ";
    char *out = arena_alloc(arena, text.n + 1);
    size_t n = 0;
    for (size_t i = 0; out != NULL && i < text.n; i++) {
        const bool blank = strchr(" \t\r\n", text.p[i]) != NULL;
        if (!blank || (n > 0 && out[n - 1] != ' '))
            out[n++] = blank ? ' ' : text.p[i];
        if (blank && n >= sizeof unless - 1 &&
            memcmp(out + n - (sizeof unless - 1), unless, sizeof unless - 1) == 0)
            n -= sizeof unless - 1;
    }
    return (struct str){ out, n };
}

/* The schema's own statement that makes it, if it reads as the text does; absent otherwise. */
static struct str in_schema(struct copying *c, const struct sql_schema *schema,
                            const struct made *made, struct str text)
{
    struct str rest = str_z(schema->text);
    for (struct str s = dialect_statement(&rest); s.p != NULL; s = dialect_statement(&rest)) {
        struct store_made is;
        struct str words = s;
        if (str_starts(s, S("CREATE ")) && store_made_next(&is, &words) &&
            is.table == made->table && str_eq(is.name, made->name))
            return str_eq(plain(c->arena, s), text) ? s : (struct str){ 0 };
    }
    return (struct str){ 0 };
}

static struct str known(struct copying *c, const struct made *made, struct str text)
{
    struct str own = in_schema(c, &retired_schema, made, text);
    for (size_t i = 0; !own.p && i < c->known->n; i++)
        own = in_schema(c, c->known->schemas[i], made, text);
    return own;
}

/* One statement that makes what it says under the name that it has. */
static bool is_one(const struct made *made, struct str text)
{
    static const struct {
        struct str made, then;
    } kinds[] = {
        { { "CREATE TABLE ", 13 }, { "(", 1 } },
        { { "CREATE INDEX ", 13 }, { "ON ", 3 } },
        { { "CREATE UNIQUE INDEX ", 20 }, { "ON ", 3 } },
    };
    struct str rest = text;
    if (dialect_statement(&rest).n != text.n)
        return false;
    for (size_t i = made->table ? 0 : 1; i < (made->table ? 1 : 3); i++) {
        const struct str name = str_from(text, kinds[i].made.n);
        if (str_starts(text, kinds[i].made) && str_starts(name, made->name) &&
            str_starts(str_trim(str_from(name, made->name.n)), kinds[i].then))
            return true;
    }
    return false;
}

static enum outcome make_one(struct copying *c, const struct made *made, struct err *e)
{
    if (made->text == NULL)
        return err_fault(e, "store.corrupt", "%.*s has no text in SQLite's words", STR(made->name));
    const struct str text = plain(c->arena, str_z(made->text));
    if (text.p == NULL)
        return err_no_memory(e);
    struct str run = { 0 };
    if (c->known)
        run = known(c, made, text); /* our own words, whatever comments the source's hold */
    else if (is_one(made, text))
        run = str_z(made->text);
    if (!run.p)
        return REFUSE(e, "store.unknown_table", { "name", made->name });
    const struct str script = arena_str(c->arena, run);
    return script.p ? c->to->engine->script(c->to->connection, script.p, e) : err_no_memory(e);
}

static enum outcome make(struct copying *c, bool tables, struct err *e)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->made[i].table == tables)
            TRY(make_one(c, &c->made[i], e));
    return OK;
}

/* -- All of it -------------------------------------------------------------------------------- */

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

/* They will stand in statements. */
static enum outcome names_check(const struct copying *c, struct err *e)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct str name = c->made[i].name;
        if (strspn(name.p, "abcdefghijklmnopqrstuvwxyz0123456789_") != name.n)
            return REFUSE(e, "store.unknown_table", { "name", name });
    }
    return OK;
}

static enum outcome copy_all(struct store_copied *out, struct copying *c, struct err *e)
{
    TRY(made_read(c, e));
    TRY(names_check(c, e));
    TRY(make(c, true, e));
    for (size_t i = 0; i < c->n; i++)
        if (c->made[i].table)
            TRY(store_copy_rows(c->from, c->to, c->made[i].name, &out->rows, e));
    TRY(make(c, false, e));
    for (size_t i = 0; i < c->n; i++)
        if (c->made[i].table) {
            TRY(compare(c, c->made[i].name, e));
            out->tables++;
        }
    return OK;
}

enum outcome store_copy(struct store_copied *out, struct db *from, struct db *to,
                        const struct store_known *known, struct err *e)
{
    struct copying c = {
        .from = from, .to = to, .known = known, .arena = arena_new(COPY_LIST_MAX)
    };
    *out = (struct store_copied){ 0 };
    BUG_ON(!from->in_transaction || !to->in_transaction);
    enum outcome o = c.arena ? copy_all(out, &c, e) : err_no_memory(e);
    arena_free(c.arena);
    return db_fault(to, o, e);
}

/* -- Into a new database ---------------------------------------------------------------------- */

struct store_new {
    struct store *store;
    struct db *writer;
};

/* Under the writer's lock: what is empty now is nobody's, and what is not was made by somebody else
 * since we looked. */
static enum outcome check_empty(struct db *to, const char *shown, struct err *e)
{
    struct copying c = { .from = to, .arena = arena_new(COPY_LIST_MAX) };
    enum outcome o = c.arena ? made_read(&c, e) : err_no_memory(e);
    if (o == OK && c.n > 0)
        o = REFUSE(e, "store.exists", { "path", str_z(shown) });
    arena_free(c.arena);
    return o;
}

/* *mine: whatever is there from now on, we put there. */
static enum outcome fill(struct store_copied *out, bool *mine, struct store_new *n, struct db *from,
                         const char *shown, const struct store_known *known, struct err *e)
{
    TRY(store_writer(&n->writer, n->store, e));
    TRY(db_begin(n->writer, e));
    TRY(check_empty(n->writer, shown, e));
    *mine = true;
    TRY(store_copy(out, from, n->writer, known, e));
    return db_commit(n->writer, e);
}

/* REFUSED "store.exists" unless there is none of this name. */
static enum outcome vacant(const char *path, const char *shown, struct err *e)
{
    struct store *there = NULL;
    struct err absent = { 0 };
    const struct store_options options = { .path = path, .read_only = true };
    if (store_open(&there, &options, &absent) == OK)
        store_close(there);
    if (absent.outcome == FAULT) {
        *e = absent;
        return FAULT;
    }
    if (str_is(str_z(absent.code), "store.not_found"))
        return OK;
    if (str_is(str_z(absent.code), "store.unverified")) {
        *e = absent;
        return REFUSED;
    }
    return REFUSE(e, "store.exists", { "path", str_z(shown) });
}

enum outcome store_new_fill(struct store_new **out, struct store_copied *copied, struct db *from,
                            const char *to_path, const struct store_known *known, struct err *e)
{
    char shown[STORE_NAME_MAX];
    const struct store_options options = { .path = to_path, .create = true };
    TRY(store_name_shown(shown, sizeof shown, to_path, e));
    TRY(vacant(to_path, shown, e));
    struct store_new *n = calloc(1, sizeof *n);
    if (n == NULL)
        return err_no_memory(e);
    bool mine = false;
    enum outcome o = store_open(&n->store, &options, e);
    if (o == OK)
        o = fill(copied, &mine, n, from, shown, known, e);
    if (o == OK)
        *out = n;
    else
        store_new_end(n, !mine);
    return o;
}

void store_new_end(struct store_new *n, bool keep)
{
    struct err ignored = { 0 };
    if (n == NULL)
        return;
    if (n->writer != NULL && !keep) {
        db_rollback(n->writer);
        (void)!n->writer->engine->discard(n->writer->connection, &ignored);
    }
    db_close(n->writer);
    store_close(n->store);
    free(n);
}

static enum outcome copy_snapshot(struct store_copied *out, struct store *s, const char *to_path,
                                  const struct store_known *known, struct err *e)
{
    struct db *from = NULL;
    struct store_new *n = NULL;
    TRY(store_reader(&from, s, e));
    enum outcome o = db_begin(from, e);
    if (o == OK)
        o = store_new_fill(&n, out, from, to_path, known, e);
    store_new_end(n, true);
    db_close(from);
    return o;
}

enum outcome store_copy_all(struct store_copied *out, const char *from, const char *to,
                            const struct store_known *known, struct err *e)
{
    struct store *store;
    const struct store_options options = { .path = from };
    *out = (struct store_copied){ 0 };
    TRY(store_open(&store, &options, e));
    const enum outcome o = copy_snapshot(out, store, to, known, e);
    store_close(store);
    return o;
}

enum outcome store_copy_file(struct store *s, const char *to_path, struct err *e)
{
    struct store_copied copied;
    struct err ignored = { 0 };
    TRY(copy_snapshot(&copied, s, to_path, NULL, e));
    const enum outcome o = sqlite_file_settle(to_path, e);
    if (o != OK)
        (void)!store_remove(to_path, &ignored);
    return o;
}

/* -- Retired ---------------------------------------------------------------------------------- */

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
