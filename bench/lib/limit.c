#include "bench/lib/limit.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench/lib/people.h"

enum { COMMANDS_MAX = 60000, COLUMNS_MAX = 24, TABLES = 4, TILE = 256, TILE_BYTES = 8192 };

/* One row of each per command, in the order of the log. */
static const struct {
    const char *name;
    const char *rows;   /* of the commands from ?1 on, ?2 of them */
    const char *before; /* what stood there before, from the attached source */
} tables[TABLES] = {
    { "ledger_event", "SELECT e.* FROM ledger_event e WHERE e.seq >= ?1 ORDER BY e.seq LIMIT ?2",
      "INSERT INTO main.ledger_event SELECT * FROM src.ledger_event WHERE seq < ?1" },
    { "ledger_head",
      "SELECT h.* FROM ledger_event e JOIN ledger_head h ON h.stream = e.stream "
      "WHERE e.seq >= ?1 ORDER BY e.seq LIMIT ?2",
      "INSERT INTO main.ledger_head SELECT * FROM src.ledger_head WHERE stream IN "
      "(SELECT stream FROM src.ledger_event WHERE seq < ?1)" },
    { "gate_command", "SELECT * FROM gate_command WHERE sequence >= ?1 ORDER BY sequence LIMIT ?2",
      "INSERT INTO main.gate_command SELECT * FROM src.gate_command WHERE sequence < ?1" },
    { "quality_deviation",
      "SELECT d.* FROM ledger_event e JOIN quality_deviation d "
      "ON d.deviation = substr(e.stream, 11) WHERE e.seq >= ?1 ORDER BY e.seq LIMIT ?2",
      "INSERT INTO main.quality_deviation SELECT * FROM src.quality_deviation WHERE "
      "'deviation/' || deviation IN (SELECT stream FROM src.ledger_event WHERE seq < ?1)" },
};

struct rows {
    int ncolumns;
    sqlite3_value **values; /* row by row */
};

static void check(sqlite3 *db, int rc, const char *doing)
{
    if (rc == SQLITE_OK || rc == SQLITE_ROW || rc == SQLITE_DONE)
        return;
    fprintf(stderr, "bench: %s: %s\n", doing, sqlite3_errmsg(db));
    exit(1);
}

static void run(sqlite3 *db, const char *text)
{
    check(db, sqlite3_exec(db, text, NULL, NULL, NULL), text);
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *text)
{
    sqlite3_stmt *s = NULL;
    check(db, sqlite3_prepare_v3(db, text, -1, SQLITE_PREPARE_PERSISTENT, &s, NULL), text);
    return s;
}

static size_t rows_read(struct rows *out, sqlite3 *db, const char *text, int64_t from)
{
    sqlite3_stmt *s = prepare(db, text);
    size_t n = 0;
    out->ncolumns = sqlite3_column_count(s);
    if (out->ncolumns > COLUMNS_MAX)
        bench_die("a table has too many columns", NULL);
    out->values = calloc((size_t)COMMANDS_MAX * (size_t)out->ncolumns, sizeof *out->values);
    sqlite3_bind_int64(s, 1, from);
    sqlite3_bind_int64(s, 2, COMMANDS_MAX);
    for (int rc; out->values && (rc = sqlite3_step(s)) != SQLITE_DONE; n++) {
        check(db, rc, text);
        for (int i = 0; i < out->ncolumns; i++)
            out->values[n * (size_t)out->ncolumns + (size_t)i] =
                sqlite3_value_dup(sqlite3_column_value(s, i));
    }
    sqlite3_finalize(s);
    return n;
}

static void rows_free(struct rows *r)
{
    for (size_t i = 0; r->values && i < (size_t)COMMANDS_MAX * (size_t)r->ncolumns; i++)
        sqlite3_value_free(r->values[i]);
    free(r->values);
}

/* The same tables, indexes and settings as the store's (kernel/store_sqlite.c). */
static sqlite3 *open_scratch(const char *scratch, const char *database, int64_t from)
{
    char text[800];
    sqlite3 *db = NULL;
    bench_remove(scratch);
    check(db, sqlite3_open(scratch, &db), "open");
    run(db, "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
            "PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 8000;"
            "PRAGMA cell_size_check = ON");
    snprintf(text, sizeof text, "ATTACH '%s' AS src", database);
    run(db, text);
    sqlite3_stmt *s = prepare(db, "SELECT sql FROM src.sqlite_schema WHERE sql IS NOT NULL AND "
                                  "tbl_name IN ('ledger_event', 'ledger_head', 'gate_command', "
                                  "'quality_deviation', 'ledger_tile') ORDER BY type DESC");
    while (sqlite3_step(s) == SQLITE_ROW)
        run(db, (const char *)sqlite3_column_text(s, 0));
    sqlite3_finalize(s);
    run(db, "BEGIN");
    for (size_t i = 0; i < TABLES; i++) {
        s = prepare(db, tables[i].before);
        sqlite3_bind_int64(s, 1, from);
        check(db, sqlite3_step(s), tables[i].before);
        sqlite3_finalize(s);
    }
    run(db, "COMMIT; DETACH src; PRAGMA wal_checkpoint(TRUNCATE)");
    return db;
}

static sqlite3_stmt *insert_into(sqlite3 *db, size_t table, int ncolumns)
{
    char text[200];
    struct buf b = buf_over(text, sizeof text - 1);
    buf_printf(&b, "INSERT INTO %s VALUES (?", tables[table].name);
    for (int i = 1; i < ncolumns; i++)
        buf_z(&b, ", ?");
    buf_z(&b, ")");
    text[b.n] = '\0';
    return prepare(db, text);
}

static void insert(sqlite3 *db, sqlite3_stmt *s, const struct rows *rows, size_t n)
{
    for (int i = 0; i < rows->ncolumns; i++)
        check(db,
              sqlite3_bind_value(s, i + 1, rows->values[n * (size_t)rows->ncolumns + (size_t)i]),
              "bind");
    check(db, sqlite3_step(s), "insert");
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
}

/* A full tile of leaves, and the tile above it, which grows. */
static void insert_tiles(sqlite3 *db, sqlite3_stmt *s, int64_t index)
{
    static const char hashes[TILE_BYTES] = { 1 };
    for (int level = 0; level < 2; level++) {
        int64_t n = level == 0 ? TILE_BYTES : (index % TILE + 1) * 32;
        sqlite3_bind_int(s, 1, level);
        sqlite3_bind_int64(s, 2, level == 0 ? index : index / TILE);
        sqlite3_bind_blob64(s, 3, hashes, (sqlite3_uint64)n, SQLITE_STATIC);
        check(db, sqlite3_step(s), "tile");
        sqlite3_reset(s);
    }
}

static double thread_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static struct limit_result write_rows(sqlite3 *db, const struct rows *rows, size_t n, size_t group,
                                      double seconds, int64_t from)
{
    sqlite3_stmt *inserts[TABLES];
    sqlite3_stmt *begin = prepare(db, "BEGIN IMMEDIATE");
    sqlite3_stmt *commit = prepare(db, "COMMIT");
    sqlite3_stmt *tile = prepare(db, "INSERT OR REPLACE INTO ledger_tile VALUES (?, ?, ?)");
    for (size_t i = 0; i < TABLES; i++)
        inserts[i] = insert_into(db, i, rows[i].ncolumns);
    double processor = thread_us();
    int64_t start = bench_now();
    int64_t passed = 0;
    size_t done = 0;
    while (done + group <= n && (double)passed < seconds * 1e6) {
        check(db, sqlite3_step(begin), "begin");
        sqlite3_reset(begin);
        for (size_t end = done + group; done < end; done++) {
            for (size_t i = 0; i < TABLES; i++)
                insert(db, inserts[i], &rows[i], done);
            int64_t sequence = from + (int64_t)done;
            if (sequence % TILE == TILE - 1)
                insert_tiles(db, tile, sequence / TILE);
        }
        check(db, sqlite3_step(commit), "commit");
        sqlite3_reset(commit);
        passed = bench_now() - start;
    }
    processor = thread_us() - processor;
    for (size_t i = 0; i < TABLES; i++)
        sqlite3_finalize(inserts[i]);
    sqlite3_finalize(begin);
    sqlite3_finalize(commit);
    sqlite3_finalize(tile);
    return (struct limit_result){ (double)done / ((double)passed / 1e6), processor / (double)done };
}

struct limit_result limit_measure(const char *database, const char *scratch, int64_t from,
                                  size_t group, double seconds)
{
    struct rows rows[TABLES];
    sqlite3 *source = NULL;
    size_t n = COMMANDS_MAX;
    check(source, sqlite3_open_v2(database, &source, SQLITE_OPEN_READONLY, NULL), "open");
    for (size_t i = 0; i < TABLES; i++) {
        size_t found = rows_read(&rows[i], source, tables[i].rows, from);
        n = found < n ? found : n;
    }
    sqlite3_close(source);
    sqlite3 *db = open_scratch(scratch, database, from);
    struct limit_result result = write_rows(db, rows, n, group, seconds, from);
    sqlite3_close(db);
    for (size_t i = 0; i < TABLES; i++)
        rows_free(&rows[i]);
    return result;
}

int64_t limit_events(const char *database)
{
    sqlite3 *db = NULL;
    check(db, sqlite3_open_v2(database, &db, SQLITE_OPEN_READONLY, NULL), "open");
    sqlite3_stmt *s = prepare(db, "SELECT count(*) FROM ledger_event");
    check(db, sqlite3_step(s), "count");
    int64_t n = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    sqlite3_close(db);
    return n;
}
