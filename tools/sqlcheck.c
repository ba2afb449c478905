/* Prepares every statement of .sql files on both engines: sqlcheck FILE…
 *
 * Schemas are made first, in the order of the files, then each query is prepared: on SQLite in
 * memory, and on the PostgreSQL that VEIN_POSTGRES names (tools/with-postgres starts an empty one).
 * Prints file:line: engine: what for each that does not prepare, or whose columns are not what its
 * header declares, and ends with 1 then. */
#include "base/dialect.h"
#include "tools/lib/sqlfile.h"

#include <libpq-fe.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Numbers of PostgreSQL's types, fixed for ever (pg_type.dat). */
enum { TYPE_BYTEA = 17, TYPE_INT8 = 20, TYPE_INT4 = 23, TYPE_TEXT = 25 };

enum { TEXT_MAX = 1 << 16 };

static size_t findings;

static void found(const struct sqlfile *file, const struct sqlfile_statement *s, const char *format,
                  ...) __attribute__((format(printf, 3, 4)));
static void found(const struct sqlfile *file, const struct sqlfile_statement *s, const char *format,
                  ...)
{
    printf("%s:%d: ", file->path, s->line);
    va_list args;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf(s->name[0] == 0 ? "\n" : " (%s)\n", s->name);
    findings++;
}

/* -- SQLite ----------------------------------------------------------------------------------- */

static void check_sqlite(void *db, const struct sqlfile *file, const struct sqlfile_statement *s)
{
    sqlite3_stmt *made = NULL;
    if (sqlite3_prepare_v2(db, s->text, -1, &made, NULL) != SQLITE_OK)
        found(file, s, "sqlite: %s", sqlite3_errmsg(db));
    else if (file->schema && sqlite3_step(made) != SQLITE_DONE)
        found(file, s, "sqlite: %s", sqlite3_errmsg(db));
    else if (!file->schema && (size_t)sqlite3_column_count(made) != s->out.n)
        found(file, s, "sqlite: %d columns, declared are %zu", sqlite3_column_count(made),
              s->out.n);
    sqlite3_finalize(made);
}

static sqlite3 *open_sqlite(void)
{
    sqlite3 *db = NULL;
    if (sqlite3_open(":memory:", &db) != SQLITE_OK)
        sqlfile_fail("sqlite", 0, "could not open a database in memory");
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
    return db;
}

/* -- PostgreSQL ------------------------------------------------------------------------------- */

static Oid type_of(const char *kind)
{
    if (strcmp(kind, "INT") == 0 || strcmp(kind, "BOOL") == 0 || strcmp(kind, "TIME") == 0)
        return TYPE_INT8;
    return strcmp(kind, "BLOB") == 0 ? TYPE_BYTEA : TYPE_TEXT;
}

static void found_postgres(const struct sqlfile *file, const struct sqlfile_statement *s,
                           PGconn *db, const PGresult *r)
{
    const char *why = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
    if (why == NULL)
        sqlfile_fail("postgres", 0, "%s", PQerrorMessage(db));
    found(file, s, "postgres: %s", why);
}

static void check_columns(const struct sqlfile *file, const struct sqlfile_statement *s,
                          const PGresult *r)
{
    if ((size_t)PQnfields(r) != s->out.n) {
        found(file, s, "postgres: %d columns, declared are %zu", PQnfields(r), s->out.n);
        return;
    }
    for (size_t i = 0; i < s->out.n; i++) {
        Oid is = PQftype(r, (int)i);
        Oid wanted = type_of(s->out.row[i].kind);
        if (is != wanted && !(is == TYPE_INT4 && wanted == TYPE_INT8))
            found(file, s, "postgres: column %s is not %s there: cast it", s->out.row[i].name,
                  wanted == TYPE_INT8    ? "BIGINT"
                  : wanted == TYPE_BYTEA ? "BYTEA"
                                         : "TEXT");
    }
}

static void check_postgres(void *db, const struct sqlfile *file, const struct sqlfile_statement *s)
{
    PGresult *r;
    if (file->schema) {
        static char text[TEXT_MAX];
        struct buf mapped = buf_over(text, sizeof text - 1);
        dialect_postgres(&mapped, str_z(s->text));
        if (!buf_ok(&mapped))
            sqlfile_fail(file->path, s->line, "a statement is longer than %d bytes", TEXT_MAX);
        text[mapped.n] = 0;
        r = PQexec(db, text);
    } else {
        Oid types[SQLFILE_FIELDS_MAX];
        for (size_t i = 0; i < s->in.n; i++)
            types[i] = type_of(s->in.row[i].kind);
        r = PQprepare(db, "", s->numbered, (int)s->in.n, types);
    }
    if (PQresultStatus(r) != PGRES_COMMAND_OK) {
        found_postgres(file, s, db, r);
    } else if (!file->schema) {
        PQclear(r);
        r = PQdescribePrepared(db, "");
        check_columns(file, s, r);
    }
    PQclear(r);
}

static PGconn *open_postgres(void)
{
    const char *where = getenv("VEIN_POSTGRES");
    if (where == NULL) {
        fprintf(stderr, "skip: sql: VEIN_POSTGRES is not set: checked on SQLite alone\n");
        return NULL;
    }
    PGconn *db = PQconnectdb(where);
    if (PQstatus(db) != CONNECTION_OK)
        sqlfile_fail("postgres", 0, "%s", PQerrorMessage(db));
    PQclear(PQexec(db, "SET client_min_messages = warning"));
    return db;
}

/* -- All files -------------------------------------------------------------------------------- */

typedef void check_fn(void *db, const struct sqlfile *file, const struct sqlfile_statement *s);

static void check_all(check_fn *check, void *db, const struct sqlfile *files, size_t n)
{
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k < files[i].n && files[i].schema == (pass == 0); k++)
                check(db, &files[i], &files[i].statement[k]);
}

int main(int argc, char **argv)
{
    size_t n = (size_t)argc - 1;
    struct sqlfile *files = calloc(n + 1, sizeof *files);
    if (files == NULL)
        return 2;
    for (size_t i = 0; i < n; i++)
        files[i] = sqlfile_read(argv[i + 1]);

    sqlite3 *sqlite = open_sqlite();
    check_all(check_sqlite, sqlite, files, n);
    sqlite3_close(sqlite);
    PGconn *postgres = open_postgres();
    if (postgres != NULL)
        check_all(check_postgres, postgres, files, n);
    PQfinish(postgres);
    free(files);
    return findings > 0;
}
