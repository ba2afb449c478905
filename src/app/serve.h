/* A serving program: a node, its writer's thread, sessions, and the pages and API over HTTP. What
 * `vein serve` and `vein demo` stand on, and the tests over real sockets. */
#ifndef VEIN_APP_SERVE_H
#define VEIN_APP_SERVE_H

#include <pthread.h>

#include "app/params.h"
#include "kernel/app.h"

struct serve_options {
    const struct env *env; /* NULL: the system's */
    const char *path;      /* of the database; it must exist unless create */
    bool create;
    const struct params *params;
    unsigned argon_mib; /* 0: the default; tests use less */
    int64_t time_scale; /* simulated seconds per second, so that sessions last; 0: 1 */
    bool silent;        /* no demonstration's or test's lines on standard output */
};

struct serve {
    struct app app;
    struct node node;
    const struct env *env;
    struct posting *posting;
    struct providing *providing;
    pthread_t writer;
    bool running;      /* the writer's thread */
    pthread_t worker;  /* steps the workers */
    pthread_t sweeper; /* of files that nobody needs */
    pthread_t folder;  /* of the store's log (store_fold.h) */
    struct store_fold *fold;
    bool folding;
    bool working;
    bool sweeping;
    int work_stop;           /* atomic: both shall end */
    int stop;                /* atomic: the writer shall end when its queue is empty */
    pthread_mutex_t watched; /* guards app.server between the writer, which tells it of commits, and
                                who starts and stops it */
    char certificate[1100];  /* TLS files in use; empty: plain HTTP on loopback */
    char key[1100];
    struct err failed; /* why the writer ended, if it did by itself */
};

/* `s` must stay where it is until serve_close. */
enum outcome serve_open(struct serve *s, const struct serve_options *options, struct err *e);
/* Workers and sweeper (serve_work.c), once the node is open and until nobody asks any more. */
enum outcome serve_work_start(struct serve *s, struct err *e);
void serve_work_stop(struct serve *s);

/* Whether "HOST:PORT" is this machine alone, where plain HTTP may be served; and its host. */
bool serve_loopback(const char *listen);
void serve_host(char *out, size_t size, const char *listen);

/* Finishes what runs, signs, closes. */
void serve_close(struct serve *s);

#endif
