/* The inside of the pool: jobs, children, and how a child is started and let go. */
#ifndef VEIN_KERNEL_WORKER_POOL_H
#define VEIN_KERNEL_WORKER_POOL_H

#include <pthread.h>
#include <sys/types.h>

#include "kernel/worker_impl.h"

enum { WORKER_FOLDER_MAX = 1024 };

struct worker_job {
    struct worker_job *next;
    const struct worker_kind *kind;
    struct bytes in;
    worker_done_fn *done;
    void *context;
};

/* Ending: killed, not reaped yet, and its job is answered then. */
enum child_state { CHILD_NONE, CHILD_IDLE, CHILD_BUSY, CHILD_ENDING };

struct worker_child {
    enum child_state state;
    pid_t pid;
    int fd;
    const struct worker_kind *kind;
    unsigned done;
    int64_t idle_us; /* since when */
    struct worker_job *job;
    uint32_t number;
    uint8_t head[WORKER_HEAD];
    size_t sent; /* of head and job */
    int64_t began_us;
    int64_t deadline_us;
    const char *why; /* code of its job's fault, when it is ending */
    struct worker_reader reader;
};

struct workers {
    struct workers_options options;
    char folder[WORKER_FOLDER_MAX];
    int wake;
    pthread_mutex_t lock; /* of the queue */
    struct worker_job *queue;
    size_t nqueued;
    uint32_t number;
    struct worker_child children[WORKER_CHILDREN_MAX];
};

/* Starts a program of the folder as an idle child. FAULT "worker.died" when it cannot be. */
enum outcome worker_spawn(struct worker_child *out, const char *folder,
                          const struct worker_kind *kind, struct err *e);

#endif
