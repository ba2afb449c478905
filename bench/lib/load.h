/* Load over HTTP: clients on keep-alive connections, each with one request under way, all driven by
 * one thread. A client is a person with a session of their own. */
#ifndef VEIN_BENCH_LOAD_H
#define VEIN_BENCH_LOAD_H

#include <stddef.h>
#include <stdint.h>

enum { LOAD_CLIENTS_MAX = 260 };

struct load_result {
    double seconds;
    uint64_t answered;
    double p50_ms;
    double p95_ms;
    double p99_ms;
    double p999_ms;
    uint64_t led; /* of load_ask: answered by a way to go on */
    size_t bytes; /* of the last answer's body, of load_ask and load_pages */
};

/* Connects to 127.0.0.1:port and signs persons 0 … n - 1 in: they are the next n clients. Other
 * servers may have been opened before. */
void load_open(int port, size_t n);
/* The same, all of them as one person, each with a session of their own. */
void load_open_as(int port, size_t n, size_t person);
/* One that signs in nowhere, for a server that asks nobody who they are. */
void load_open_plain(int port);
void load_close(void);

/* Each of the n clients from first on sends one command a second for so many seconds, not all at
 * once: the body is made by its client's number. What is measured is from when it was due, so that
 * who had to wait for their own last answer waited. Ends the program at any answer but 200. */
void load_paced(struct load_result *out, size_t first, size_t n, int64_t seconds,
                const char *command, void (*body)(char *to, size_t size, size_t client));

/* Lets the first n clients open deviations for so many seconds. Half a second before, to
 * warm up, does not count. `mark` is called when the time that counts begins and when it ends.
 * Ends the program at any answer but 200. */
void load_run(struct load_result *out, size_t n, double seconds, void (*mark)(void));

/* Clients first … first + n - 1 together get each of the paths once: the first of them the first,
 * the next the next, and so on in turn, so that who gets which does not change. Ends the program at
 * any answer but 200. */
void load_pages(struct load_result *out, size_t first, size_t n, const char *const *paths,
                size_t npaths);

/* One client reads a list from its beginning to its end: from the path on, each time where the
 * answer's "next" leads, until it leads nowhere new. *rows: how many it gave; `end` is then the
 * path that was asked for last. */
enum { LOAD_PATH_MAX = 200 };
void load_follow(struct load_result *out, size_t client, char end[LOAD_PATH_MAX], uint64_t *rows);

/* One client sends n commands, one after the other, and after each answer reads the log's
 * checkpoint until it is another one; the result is of these waits. */
void load_signed(struct load_result *out, size_t client, size_t n);

/* What pages are asked for as from now on: "text/html", "application/json". */
void load_accept(const char *media);

/* One client asks n times, one request after the other: posts the form that `form` writes
 * (URL-encoded) to the path, or gets it where there is none. Ends the program at any answer but 200
 * and 303. */
void load_ask(struct load_result *out, size_t client, size_t n, const char *path,
              void (*form)(char *to, size_t size, uint64_t number));

#endif
