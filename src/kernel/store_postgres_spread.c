/* Tables spread over several PostgreSQL by the extension Citus: asked to, one by one. What is
 * spread already stays, so that a call that was interrupted is made again. */
#include <stdio.h>

#include "kernel/store_postgres_impl.h"

enum outcome pg_can_spread(const char *path, struct err *e)
{
    struct store_url url;
    struct pg_connection *c = NULL;
    int64_t n = 0;
    TRY(store_url_read(&url, path, e));
    TRY(pg_open(&c, &url, ROLE_READER, e));
    enum outcome o = pg_ask(c, "SELECT count(*) FROM pg_extension WHERE extname = 'citus'", &n,
                            "look for the extension", e);
    if (o == OK && n == 0)
        o = REFUSE(e, "store.no_citus", { "path", str_z(url.shown) });
    pg_disconnect(c);
    return o;
}

/* Whether Citus knows it. */
static enum outcome is_spread(struct pg_connection *c, const char *table, bool *is, struct err *e)
{
    char text[256];
    int64_t n = 0;
    snprintf(text, sizeof text,
             "SELECT count(*) FROM pg_dist_partition"
             " WHERE logicalrelid = CAST('%s' AS regclass)",
             table);
    TRY(pg_ask(c, text, &n, "look how a table is spread", e));
    *is = n > 0;
    return OK;
}

/* The key that it was made with may lack the column by which it is spread: then another, which
 * has it, stands in its place, and an index for who looks by the first. */
static void put_key(struct buf *b, const struct store_spread *row)
{
    buf_printf(b, "ALTER TABLE %s DROP CONSTRAINT %s_pkey,", row->table, row->table);
    buf_printf(b, " ADD CONSTRAINT %s_pkey PRIMARY KEY (%s, %s);", row->table, row->column,
               row->key);
    buf_printf(b, "CREATE INDEX %s_%s ON %s (%s);", row->table, row->key, row->table, row->key);
}

/* All of it or nothing: what is sent as one is one transaction. */
static enum outcome spread_one(struct pg_connection *c, const struct store_spread *row,
                               struct err *e)
{
    char text[600];
    struct buf b = buf_over(text, sizeof text - 1);
    if (row->key)
        put_key(&b, row);
    if (row->column)
        buf_printf(&b, "SELECT create_distributed_table('%s', '%s')", row->table, row->column);
    else
        buf_printf(&b, "SELECT create_reference_table('%s')", row->table);
    BUG_ON(!buf_ok(&b));
    text[b.n] = '\0';
    return pg_run(c, text, NULL, "spread a table", e);
}

enum outcome pg_spread(void *connection, const struct store_spread *rows, size_t n, size_t *changed,
                       struct err *e)
{
    struct pg_connection *c = connection;
    for (size_t i = 0; i < n; i++) {
        bool is = false;
        TRY(is_spread(c, rows[i].table, &is, e));
        if (is)
            continue;
        if (spread_one(c, &rows[i], e) != OK)
            return err_context(e, "table %s", rows[i].table);
        ++*changed;
    }
    return OK;
}
