/* What applying the log again costs, beside writing the very rows that come of it: bench_rebuild
 * [FILE]. FILE is a database that is there; without one, one of 2,000 orders is made. Both go into
 * new databases, through the store and through SQLite alone, each in one transaction; the rows are
 * read into memory before they are written, outside the time. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli.h"
#include "base/log.h"
#include "bench/lib/kept.h"
#include "bench/lib/line.h"
#include "bench/lib/people.h"
#include "kernel/node_impl.h"

enum { PATH = 300, ORDERS = 2000, CHUNK = 2000, COLUMNS_MAX = 64 };

static struct node node;
static uint64_t rows;

/* --- by apply --- */

static double apply_all(const char *path, int64_t *events)
{
    struct store *store = NULL;
    struct db *to = NULL, *from = NULL;
    struct err e = { 0 };
    const struct store_options options = { .path = path, .create = true };
    bench_must(store_open(&store, &options, &e), "store", &e);
    bench_must(store_writer(&to, store, &e), "writer", &e);
    bench_must(store_reader_take(&from, node.store, &e), "reader", &e);
    bench_must(db_begin(from, &e), "begin", &e);
    bench_must(db_begin(to, &e), "begin", &e);
    bench_must(node_projections_make(&node, to, false, &e), "tables", &e);
    const int64_t start = bench_now();
    bench_must(node_replay(node.registry, from, to, events, &e), "replay", &e);
    bench_must(db_commit(to, &e), "commit", &e);
    const double seconds = (double)(bench_now() - start) / 1e6;
    db_rollback(from);
    store_reader_give(node.store, from);
    db_close(to);
    store_close(store);
    return seconds;
}

/* --- by SQLite alone --- */

static sqlite3 *raw(const char *path)
{
    sqlite3 *db = NULL;
    if (sqlite3_open(path, &db) != SQLITE_OK)
        bench_die(path, NULL);
    return db;
}

static void run(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        bench_die(sqlite3_errmsg(db), NULL);
}

static sqlite3_stmt *prepared(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *s = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
        bench_die(sqlite3_errmsg(db), NULL);
    return s;
}

/* The next rows, into memory; how many. */
static size_t gather(sqlite3_stmt *read, sqlite3_value **values, int columns)
{
    size_t n = 0;
    while (n < CHUNK && sqlite3_step(read) == SQLITE_ROW) {
        for (int i = 0; i < columns; i++)
            values[n * (size_t)columns + (size_t)i] =
                sqlite3_value_dup(sqlite3_column_value(read, i));
        n++;
    }
    return n;
}

static double put(sqlite3 *db, sqlite3_stmt *write, sqlite3_value **values, size_t n, int columns)
{
    const int64_t start = bench_now();
    for (size_t k = 0; k < n; k++) {
        for (int i = 0; i < columns; i++)
            sqlite3_bind_value(write, i + 1, values[k * (size_t)columns + (size_t)i]);
        if (sqlite3_step(write) != SQLITE_DONE)
            bench_die(sqlite3_errmsg(db), NULL);
        sqlite3_reset(write);
    }
    const double seconds = (double)(bench_now() - start) / 1e6;
    for (size_t i = 0; i < n * (size_t)columns; i++)
        sqlite3_value_free(values[i]);
    rows += n;
    return seconds;
}

static double table(sqlite3 *from, sqlite3 *to, struct str name)
{
    static sqlite3_value *values[CHUNK * COLUMNS_MAX];
    char text[600];
    struct buf b = buf_over(text, sizeof text - 1);
    double seconds = 0;
    buf_printf(&b, "SELECT * FROM %.*s", STR(name));
    text[b.n] = '\0';
    sqlite3_stmt *read = prepared(from, text);
    const int columns = sqlite3_column_count(read);
    buf_cut(&b, 0);
    buf_printf(&b, "INSERT OR REPLACE INTO %.*s VALUES (?", STR(name));
    for (int i = 1; i < columns; i++)
        buf_z(&b, ",?");
    buf_z(&b, ")");
    text[b.n] = '\0';
    sqlite3_stmt *write = prepared(to, text);
    for (size_t n = CHUNK; n == CHUNK;) {
        n = gather(read, values, columns);
        seconds += put(to, write, values, n, columns);
    }
    sqlite3_finalize(read);
    sqlite3_finalize(write);
    return seconds;
}

/* The rows of the tables that apply writes: all projections, but for the two indexes, which
 * followers write. */
static double write_all(const char *path, const char *to_path)
{
    size_t nmodules;
    const struct module *const *modules = registry_modules(node.registry, &nmodules);
    sqlite3 *from = raw(path), *to = raw(to_path);
    double seconds = 0;
    run(to, "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
            "PRAGMA cache_size = -65536; BEGIN");
    for (size_t i = 0; i < nmodules; i++) {
        struct str name;
        if (!modules[i]->schema)
            continue;
        run(to, modules[i]->schema->text);
        if (strcmp(modules[i]->name, "search") == 0 || strcmp(modules[i]->name, "trail") == 0)
            continue;
        for (size_t k = 0; sql_schema_table(modules[i]->schema, k, &name); k++)
            seconds += table(from, to, name);
    }
    const int64_t start = bench_now();
    run(to, "COMMIT");
    seconds += (double)(bench_now() - start) / 1e6;
    sqlite3_close(from);
    sqlite3_close(to);
    return seconds;
}

int main(int argc, char **argv)
{
    char folder[PATH - 20], path[PATH], applied[PATH], written[PATH];
    int64_t events = 0;
    int code;
    bench_folder(folder, sizeof folder, "rebuild");
    snprintf(path, sizeof path, "%s%s", argc > 1 ? argv[1] : folder, argc > 1 ? "" : "/vein.db");
    snprintf(applied, sizeof applied, "%s/applied.db", folder);
    snprintf(written, sizeof written, "%s/written.db", folder);
    bench_remove(applied);
    bench_remove(written);
    if (argc <= 1)
        kept_make(path, ORDERS);
    log_set_level(LOG_ERROR);
    if (!cli_node_open(&node, path, false, true, &code))
        bench_die("could not open the node", NULL);
    const double apply_s = apply_all(applied, &events);
    const double raw_s = write_all(path, written);
    node_close(&node);
    line_add(&(struct line){ .part = "e",
                             .what = "events applied again, as rows a second",
                             .figure = (double)rows / apply_s,
                             .unit = "rows/s",
                             .beside = "SQLite alone, the same rows",
                             .limit = (double)rows / raw_s,
                             .ratio_at_least = 0.7 });
    line_add(&(struct line){ .part = "e",
                             .what = "events applied again, a second",
                             .figure = (double)events / apply_s,
                             .unit = "events/s" });
    bench_remove(applied);
    bench_remove(written);
    if (argc <= 1)
        bench_remove(path);
    return 0;
}
