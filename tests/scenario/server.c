/* The server under test: a process of its own, with a database of its own. */
#define _GNU_SOURCE /* pipe2 */
#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/tests/folder.h"
#include "tests/scenario/scenario.h"

enum { WORDS_MAX = 16 };

extern char **environ;

void server_folder(struct server *s)
{
    test_folder(s->folder, sizeof s->folder, "scenario");
    const char *kind = getenv("VEIN_TEST_DB");
    const char *where = getenv("VEIN_POSTGRES");
    if (!kind || strcmp(kind, "postgres") != 0)
        snprintf(s->db, sizeof s->db, "%s/db", s->folder);
    else if (where)
        snprintf(s->db, sizeof s->db, "%s&schema=scenario_%d&files=%s/db", where, (int)getpid(),
                 s->folder);
    else
        scenario_fail("VEIN_POSTGRES names no server");
}

/* Starts the program; *from is what it prints. */
static pid_t start(struct server *s, const char *const *words, int *from)
{
    int ends[2];
    char *argv[WORDS_MAX + 2] = { (char *)(uintptr_t)s->vein };
    for (size_t i = 0; words[i] && i < WORDS_MAX; i++)
        argv[i + 1] = (char *)(uintptr_t)words[i];
    if (pipe2(ends, O_CLOEXEC) != 0)
        scenario_fail("pipe: %s", strerror(errno));
    pid_t pid = fork();
    if (pid == 0) {
        char log[120];
        snprintf(log, sizeof log, "%s/log", s->folder);
        int to = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
        dup2(ends[1], STDOUT_FILENO);
        dup2(to, STDERR_FILENO);
        for (int i = 0; i < s->nsettings; i++)
            putenv(s->settings[i]);
        execv(s->vein, argv);
        _exit(127);
    }
    if (pid < 0)
        scenario_fail("fork: %s", strerror(errno));
    close(ends[1]);
    *from = ends[0];
    return pid;
}

int server_run(struct server *s, const char *const *words, char *out, size_t size)
{
    int from;
    int status;
    size_t n = 0;
    ssize_t got;
    pid_t pid = start(s, words, &from);
    while (n < size - 1 && (got = read(from, out + n, size - 1 - n)) > 0)
        n += (size_t)got;
    out[n] = '\0';
    close(from);
    if (waitpid(pid, &status, 0) != pid)
        scenario_fail("waitpid: %s", strerror(errno));
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

void server_start(struct server *s)
{
    int from;
    size_t n = 0;
    const char *const words[] = { "serve", "--db", s->db, "--listen", "127.0.0.1:0", NULL };
    s->pid = start(s, words, &from);
    while (n < sizeof s->url - 1 && read(from, s->url + n, 1) == 1 && s->url[n] != '\n')
        n++;
    s->url[n] = '\0';
    close(from);
    if (n == 0)
        scenario_fail("the server does not start");
}

static int end(struct server *s, int signal)
{
    int status;
    kill(s->pid, signal);
    if (waitpid(s->pid, &status, 0) != s->pid)
        scenario_fail("waitpid: %s", strerror(errno));
    s->pid = 0;
    return status;
}

void server_stop(struct server *s)
{
    int status = end(s, SIGTERM);
    if (status != 0)
        scenario_fail("the server ended with status %#x", (unsigned)status);
}

void server_kill(struct server *s)
{
    end(s, SIGKILL);
}

void server_remove(struct server *s)
{
    static const char *const names[] = { "db",      "db-wal",  "db-shm", "db.lock",
                                         "db.keys", "db.root", "log" };
    if (s->pid > 0)
        server_kill(s);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[120];
        snprintf(path, sizeof path, "%s/%s", s->folder, names[i]);
        unlink(path);
    }
    rmdir(s->folder);
}

#define EVENTS "ledger_event WHERE stream NOT LIKE 'session/%' AND stream NOT LIKE 'security/%'"

static int64_t server_events_postgres(void)
{
    int64_t n = 0;
    char text[300];
    PGconn *pq = PQconnectdb(getenv("VEIN_POSTGRES"));
    snprintf(text, sizeof text, "SELECT count(*) FROM scenario_%d.%s", (int)getpid(), EVENTS);
    PGresult *r = PQexec(pq, text);
    if (PQresultStatus(r) != PGRES_TUPLES_OK || !str_to_u63(&n, str_z(PQgetvalue(r, 0, 0))))
        scenario_fail("could not read the ledger: %s", PQerrorMessage(pq));
    PQclear(r);
    PQfinish(pq);
    return n;
}

int64_t server_events(const struct server *s)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;
    if (s->db[0] != '/')
        return server_events_postgres();
    if (sqlite3_open_v2(s->db, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "SELECT count(*) FROM " EVENTS, -1, &q, NULL) != SQLITE_OK ||
        sqlite3_step(q) != SQLITE_ROW)
        scenario_fail("could not read the ledger: %s", sqlite3_errmsg(db));
    int64_t n = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    sqlite3_close(db);
    return n;
}
