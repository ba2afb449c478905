/* Scenarios: a small language in which several people use a running server.
 * tests/scenarios/README.md says it; this is its interpreter, in three files: words and statements
 * (main.c), the server as a child process (server.c), requests (web.c). Whatever is not as the
 * scenario says ends the program with file, line and what was there instead. */
#ifndef VEIN_TESTS_SCENARIO_H
#define VEIN_TESTS_SCENARIO_H

#include "base/arena.h"
#include "base/str.h"

enum { SETTINGS_MAX = 8, HEADERS_MAX = 100 };

__attribute__((format(printf, 1, 2))) _Noreturn void scenario_fail(const char *format, ...);

/* --- server.c --- */

struct server {
    const char *vein; /* the program */
    char folder[64];
    char db[400]; /* a file, or a schema of its own on PostgreSQL (VEIN_TEST_DB) */
    char settings[SETTINGS_MAX][100]; /* VEIN_NAME=value */
    int nsettings;
    int pid; /* 0: not running */
    char url[80];
};

void server_folder(struct server *s);
void server_start(struct server *s);
void server_stop(struct server *s);
void server_kill(struct server *s);
void server_remove(struct server *s);
/* Runs the program with these words (ends with NULL) and waits; what it printed, and its status. */
int server_run(struct server *s, const char *const *words, char *out, size_t size);
/* Events of the ledger that are not about sessions and refused sign-ins. */
int64_t server_events(const struct server *s);
/* The same once policies have come to rest. */
int64_t scenario_at_rest(void);

/* --- web.c --- */

struct web_request {
    const char *method;
    const char *path;
    const char *cookie; /* NULL: none */
    const char *headers[HEADERS_MAX];
    size_t nheaders;
    struct str body; /* absent: none */
};
struct web_answer {
    int status;
    struct str body;
    struct str location;
    struct str cookie; /* "name=value" that was set last; absent: none was */
};
/* What it gives lives in the arena. */
void web_send(struct web_answer *out, const struct server *s, const struct web_request *r,
              struct arena *arena);

#endif
