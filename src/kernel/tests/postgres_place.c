#include "kernel/tests/postgres_place.h"

#include <libpq-fe.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

const char *postgres_server;
char postgres_path[STORE_NAME_MAX];

struct store_options postgres_fresh(void)
{
    static unsigned n;
    /* A name of its own: another program's connections are not ended with it. */
    snprintf(postgres_path, sizeof postgres_path, "%s&application_name=vein_%d&schema=test_%d_%u",
             postgres_server, (int)getpid(), (int)getpid(), ++n);
    return (struct store_options){ .path = postgres_path, .create = true };
}

const char *postgres_administer(const char *text)
{
    static char value[200];
    PGconn *db = PQconnectdb(postgres_server);
    assert_int_equal(PQstatus(db), CONNECTION_OK);
    PGresult *r = PQexec(db, text);
    const ExecStatusType is = PQresultStatus(r);
    if (is != PGRES_COMMAND_OK && is != PGRES_TUPLES_OK)
        fail_msg("%s: %s", text, PQerrorMessage(db));
    snprintf(value, sizeof value, "%s", PQntuples(r) > 0 ? PQgetvalue(r, 0, 0) : "");
    PQclear(r);
    PQfinish(db);
    return value;
}

void postgres_end_backends(const char *which)
{
    char text[300];
    snprintf(text, sizeof text,
             "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
             " WHERE datname = current_database() AND application_name = 'vein_%d' AND %s",
             (int)getpid(), which);
    assert_string_not_equal(postgres_administer(text), "0");
}
