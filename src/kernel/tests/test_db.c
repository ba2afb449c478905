#include "kernel/tests/test_db.h"

#include <libpq-fe.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/store_name.h"

static struct {
    pid_t owner; /* children drop nothing */
    unsigned n;
} made;

bool test_db_on_server(void)
{
    const char *kind = getenv("VEIN_TEST_DB");
    return kind && strcmp(kind, "postgres") == 0;
}

void test_db_needs_file(const char *why)
{
    if (!test_db_on_server())
        return;
    printf("skip: on PostgreSQL: %s\n", why);
    skip();
}

static PGconn *server(void)
{
    const char *where = getenv("VEIN_POSTGRES");
    assert_non_null(where);
    PGconn *pq = PQconnectdb(where);
    if (PQstatus(pq) != CONNECTION_OK)
        fail_msg("%s", PQerrorMessage(pq));
    return pq;
}

static void run_there(const char *what)
{
    char text[128];
    PGconn *pq = server();
    snprintf(text, sizeof text, "%s DATABASE test_%d", what, (int)getpid());
    PGresult *r = PQexec(pq, text);
    if (PQresultStatus(r) != PGRES_COMMAND_OK)
        fail_msg("%s: %s", text, PQerrorMessage(pq));
    PQclear(r);
    PQfinish(pq);
}

static void drop(void)
{
    if (made.owner == getpid())
        run_there("DROP");
}

/* The server's URL has "/postgres?" for the database. */
void test_db_name(char out[TEST_DB_NAME_MAX], const char *files)
{
    if (!test_db_on_server()) {
        snprintf(out, TEST_DB_NAME_MAX, "%s", files);
        return;
    }
    if (made.owner != getpid()) {
        made.owner = getpid();
        made.n = 0;
        run_there("CREATE");
        atexit(drop);
    }
    const char *where = getenv("VEIN_POSTGRES");
    const char *rest = strstr(where, "/postgres?");
    assert_non_null(rest);
    snprintf(out, TEST_DB_NAME_MAX, "%.*s/test_%d?%s&schema=t%u&files=%s", (int)(rest - where),
             where, (int)getpid(), rest + strlen("/postgres?"), ++made.n, files);
}

static int by_hand_in_file(const char *path, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    const int changed = sqlite3_changes(db);
    sqlite3_close(db);
    return changed;
}

static int64_t ask_file(const char *path, const char *query)
{
    sqlite3 *db;
    sqlite3_stmt *s = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_prepare_v2(db, query, -1, &s, NULL) != SQLITE_OK || sqlite3_step(s) != SQLITE_ROW)
        fail_msg("%s: %s", query, sqlite3_errmsg(db));
    const int64_t n = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    sqlite3_close(db);
    return n;
}

/* On the database's own server, with its tables in the path. */
static int64_t on_server(const char *name, const char *sql, bool asks)
{
    struct store_url url;
    struct err e = { 0 };
    char path[STORE_SCHEMA_MAX + 32];
    int64_t n = 0;
    assert_int_equal(store_url_read(&url, name, &e), OK);
    PGconn *pq = PQconnectdb(url.libpq);
    snprintf(path, sizeof path, "SET search_path = \"%s\"", url.schema);
    PQclear(PQexec(pq, path));
    PGresult *r = PQexec(pq, sql);
    const ExecStatusType is = PQresultStatus(r);
    if (is != (asks ? PGRES_TUPLES_OK : PGRES_COMMAND_OK))
        fail_msg("%s: %s", sql, PQerrorMessage(pq));
    (void)!str_to_u63(&n, str_z(asks ? PQgetvalue(r, 0, 0) : PQcmdTuples(r)));
    PQclear(r);
    PQfinish(pq);
    return n;
}

int test_db_by_hand(const char *name, const char *sql)
{
    return store_name_is_url(name) ? (int)on_server(name, sql, false) : by_hand_in_file(name, sql);
}

int64_t test_db_ask(const char *name, const char *query)
{
    return store_name_is_url(name) ? on_server(name, query, true) : ask_file(name, query);
}

bool test_db_exists(const char *name)
{
    struct store *store;
    struct err e = { 0 };
    const struct store_options options = { .path = name, .read_only = true };
    if (store_open(&store, &options, &e) != OK)
        return !str_is(str_z(e.code), "store.not_found");
    store_close(store);
    return true;
}

void test_db_copy(const char *folder, struct store *s)
{
    struct err e = { 0 };
    char copy[128];
    snprintf(copy, sizeof copy, "%s/copy", folder);
    unlink(copy);
    if (test_db_on_server() && store_backup(s, copy, &e) != OK)
        fail_msg("%s: %s", e.code, e.detail);
}

/* SQLite's function with its one number, and the same in PostgreSQL's words around it. */
static const struct {
    struct str sqlite;
    const char *before, *behind;
} words[] = {
    { { "zeroblob(", 9 }, "decode(repeat('00', ", "), 'hex')" },
    { { "randomblob(", 11 },
      "(SELECT substr(decode(string_agg(md5(CAST(i AS TEXT)), ''), 'hex'), 1, ",
      ") FROM generate_series(1, 1000) i)" },
};

void test_db_words(char out[TEST_DB_SQL_MAX], const char *sql)
{
    struct buf b = buf_over(out, TEST_DB_SQL_MAX - 1);
    struct str rest = str_z(sql);
    while (rest.n > 0) {
        size_t i = test_db_on_server() ? 0 : 2;
        while (i < 2 && !str_starts(rest, words[i].sqlite))
            i++;
        if (i == 2) {
            buf_char(&b, rest.p[0]);
            rest = str_from(rest, 1);
            continue;
        }
        rest = str_from(rest, words[i].sqlite.n);
        const struct str size = str_cut(&rest, ')');
        buf_printf(&b, "%s%.*s%s", words[i].before, STR(size), words[i].behind);
    }
    assert_true(buf_ok(&b));
    out[b.n] = '\0';
}
