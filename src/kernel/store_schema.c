/* Schemas: made, dropped and compared, with nothing known of the engine. The text of a schema is
 * ours, so what cannot be read in it is a bug. */
#include "kernel/store_impl.h"
#include "kernel/store_name.h"

enum { TABLE_COLUMNS_MAX = 64, TABLE_ROW_MAX = 64 << 20 };

/* The next word of letters, digits and _; absent at the end. */
static struct str next_word(struct str *rest)
{
    size_t i = 0;
    while (i < rest->n && strchr(" \t\r\n;(),", rest->p[i]) != NULL)
        i++;
    *rest = str_from(*rest, i);
    size_t n = 0;
    while (n < rest->n && strchr(" \t\r\n;(),", rest->p[n]) == NULL)
        n++;
    struct str word = { n == 0 ? NULL : rest->p, n };
    *rest = str_from(*rest, n);
    return word;
}

bool store_made_next(struct store_made *out, struct str *rest)
{
    for (struct str word = next_word(rest); word.p != NULL; word = next_word(rest)) {
        if (!str_is(word, "CREATE"))
            continue;
        word = next_word(rest);
        if (str_is(word, "UNIQUE"))
            word = next_word(rest);
        out->table = str_is(word, "TABLE");
        BUG_ON(!out->table && !str_is(word, "INDEX"));
        word = next_word(rest);
        if (str_is(word, "IF")) {
            BUG_ON(!str_is(next_word(rest), "NOT") || !str_is(next_word(rest), "EXISTS"));
            word = next_word(rest);
        }
        out->name = word;
        BUG_ON(out->name.p == NULL);
        return true;
    }
    return false;
}

bool sql_schema_table(const struct sql_schema *schema, size_t i, struct str *name)
{
    struct str rest = str_z(schema->text);
    for (struct store_made made; store_made_next(&made, &rest);) {
        if (made.table && i-- == 0) {
            *name = made.name;
            return true;
        }
    }
    return false;
}

enum outcome db_schema(struct db *db, const struct sql_schema *schema, struct err *e)
{
    BUG_ON(!db->in_transaction);
    TRY(db_check(db, e));
    enum outcome outcome = db->engine->script(db->connection, schema->text, e);
    return outcome == OK ? OK : db_fault(db, err_context(e, "schema %s", schema->name), e);
}

enum outcome db_migrate(struct db *db, const struct sql_schema *const *scripts, size_t n,
                        int64_t from, struct err *e)
{
    BUG_ON(from < 1);
    for (size_t i = (size_t)from - 1; i < n; i++)
        TRY(db_schema(db, scripts[i], e));
    return OK;
}

static enum outcome drop(struct db *db, const char *what, struct str name, struct err *e)
{
    char text[256];
    struct buf b = buf_over(text, sizeof text - 1);
    buf_printf(&b, "DROP %s IF EXISTS %s%.*s", what, db->engine->own, STR(name));
    BUG_ON(!buf_ok(&b));
    text[b.n] = 0;
    return db->engine->script(db->connection, text, e);
}

/* Indexes first, then the tables from the last to the first: a later one may refer to an earlier.
 */
static enum outcome drop_all(struct db *db, const struct sql_schema *schema, struct err *e)
{
    size_t ntables = 0;
    struct str rest = str_z(schema->text);
    for (struct store_made made; store_made_next(&made, &rest);) {
        if (made.table)
            ntables++;
        else
            TRY(drop(db, "INDEX", made.name, e));
    }
    while (ntables > 0) {
        struct str name;
        BUG_ON(!sql_schema_table(schema, --ntables, &name));
        TRY(drop(db, "TABLE", name, e));
    }
    return OK;
}

enum outcome db_schema_drop(struct db *db, const struct sql_schema *schema, struct err *e)
{
    BUG_ON(!db->in_transaction);
    TRY(db_check(db, e));
    enum outcome outcome = drop_all(db, schema, e);
    return outcome == OK ? OK : db_fault(db, err_context(e, "schema %s", schema->name), e);
}

enum outcome db_beside(struct db *db, const char *path, struct err *e)
{
    BUG_ON(db->in_transaction);
    TRY(db_check(db, e));
    return db->engine->beside(db->connection, path, e);
}

static enum outcome take(struct db *db, struct str table, struct err *e)
{
    char text[256];
    struct buf b = buf_over(text, sizeof text - 1);
    buf_printf(&b, "INSERT INTO %.*s SELECT * FROM \"%s\".%.*s", STR(table),
               db->engine->beside_name(db->connection), STR(table));
    BUG_ON(!buf_ok(&b));
    text[b.n] = 0;
    return db->engine->script(db->connection, text, e);
}

enum outcome db_beside_take(struct db *db, const struct sql_schema *schema, struct err *e)
{
    BUG_ON(!db->in_transaction);
    TRY(db_check(db, e));
    struct str table;
    for (size_t i = 0; sql_schema_table(schema, i, &table); i++)
        if (take(db, table, e) != OK)
            return db_fault(db, err_context(e, "schema %s", schema->name), e);
    return OK;
}

/* -- Hash of a table -------------------------------------------------------------------------- */

/* Kind, number, length and bytes of each value of the row. */
static void put_row(const struct store_engine *engine, void *statement, struct buf *row)
{
    size_t n = engine->columns(statement);
    static const char kind[] = "nitbo"; /* by enum store_value_kind */
    for (size_t i = 0; i < n; i++) {
        struct store_value v;
        engine->column(statement, i, &v);
        buf_printf(row, "%c%lld,%zu:", kind[v.kind], (long long)v.number, v.bytes.n);
        buf_put(row, v.bytes.p, v.bytes.n);
    }
}

/* Each row's hash covers the one before, so that rows of any number need no memory. */
static enum outcome hash_rows(const struct store_engine *engine, void *statement, struct buf *row,
                              int64_t *count, struct hash *out, struct err *e)
{
    *count = 0;
    *out = (struct hash){ 0 };
    engine->cursor(statement); /* so that no time limit of a statement is for all of it */
    for (bool more = true;;) {
        TRY(engine->step(statement, &more, e));
        if (!more)
            return OK;
        buf_cut(row, 0);
        put_row(engine, statement, row);
        TRY(buf_check(row, e));
        struct bytes parts[2] = { { out->b, HASH_SIZE }, { (const uint8_t *)row->p, row->n } };
        *out = hash_parts(parts, 2);
        ++*count;
    }
}

static enum outcome prepare_select(struct db *db, struct str table, size_t ncolumns, void **out,
                                   struct err *e)
{
    char text[2048];
    struct buf b = buf_over(text, sizeof text - 1);
    buf_printf(&b, "SELECT * FROM %.*s", STR(table));
    for (size_t i = 0; i < ncolumns; i++)
        buf_printf(&b, "%s %zu NULLS FIRST", i == 0 ? " ORDER BY" : ",", i + 1);
    BUG_ON(!buf_ok(&b));
    text[b.n] = 0;
    struct sql q = { "store.table_hash", text, text, NULL, NULL };
    return db->engine->prepare(out, db->connection, &q, e);
}

static enum outcome hash_table(struct db *db, struct str table, int64_t *count, struct hash *out,
                               struct err *e)
{
    void *statement = NULL;
    TRY(prepare_select(db, table, 0, &statement, e));
    size_t n = db->engine->columns(statement);
    db->engine->finalize(statement);
    BUG_ON(n > TABLE_COLUMNS_MAX);
    TRY(prepare_select(db, table, n, &statement, e));
    struct buf row = buf_new(TABLE_ROW_MAX);
    enum outcome outcome = hash_rows(db->engine, statement, &row, count, out, e);
    buf_free(&row);
    db->engine->finalize(statement);
    return outcome;
}

enum outcome db_table_hash(struct db *db, struct str table, int64_t *count, struct hash *out,
                           struct err *e)
{
    TRY(db_check(db, e));
    enum outcome outcome = hash_table(db, table, count, out, e);
    return outcome == OK ? OK : db_fault(db, err_context(e, "table %.*s", STR(table)), e);
}

enum outcome db_flush(struct db *db, const struct sql_schema *schema, bool more, bool *done,
                      struct err *e)
{
    char tables[1024];
    struct buf b = buf_over(tables, sizeof tables - 1);
    struct str table;
    BUG_ON(db->in_transaction);
    TRY(db_check(db, e));
    for (size_t i = 0; sql_schema_table(schema, i, &table); i++)
        buf_printf(&b, "%s%.*s", i > 0 ? ", " : "", STR(table));
    BUG_ON(!buf_ok(&b));
    tables[b.n] = 0;
    return db->engine->flush(db->connection, tables, more, done, e);
}

enum outcome store_can_spread(const char *path, struct err *e)
{
    if (!store_name_is_url(path))
        return REFUSE(e, "store.one_machine", { "path", str_z(path) });
    return store_engine_postgres.can_spread(path, e);
}

enum outcome db_spread(struct db *db, const struct store_spread *rows, size_t n, size_t *changed,
                       struct err *e)
{
    BUG_ON(db->in_transaction || !db_writes(db) || db->engine->spread == NULL);
    TRY(db_check(db, e));
    *changed = 0;
    return db->engine->spread(db->connection, rows, n, changed, e);
}
