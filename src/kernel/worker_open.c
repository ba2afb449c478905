/* Pools opened and closed, children started; and the pool for callers who wait themselves. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/worker_pool.h"

enum { RUN_WAIT_US = 50000 };

/* 0, 1 and 2 lead nowhere; 3 is the socket; nothing else stays open. */
static int actions(posix_spawn_file_actions_t *a, int fd)
{
    int failed = posix_spawn_file_actions_adddup2(a, fd, WORKER_SOCKET);
    for (int i = 0; i < WORKER_SOCKET && !failed; i++)
        failed = posix_spawn_file_actions_addopen(a, i, "/dev/null", O_RDWR, 0);
    return failed ? failed : posix_spawn_file_actions_addclosefrom_np(a, WORKER_SOCKET + 1);
}

/* A group of its own, so that the terminal's signals pass it by; no signal blocked or ignored. */
static int attributes(posix_spawnattr_t *a)
{
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    int failed = posix_spawnattr_setflags(a, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                 POSIX_SPAWN_SETPGROUP);
    failed = failed ? failed : posix_spawnattr_setsigmask(a, &none);
    failed = failed ? failed : posix_spawnattr_setsigdefault(a, &all);
    return failed ? failed : posix_spawnattr_setpgroup(a, 0);
}

static int start(pid_t *pid, const char *path, const struct worker_kind *kind, int fd)
{
    static char worker[] = "worker";
    static char locale[] = "LC_ALL=C.UTF-8";
    char name[64];
    char program[WORKER_FOLDER_MAX + 64];
    snprintf(name, sizeof name, "%s", kind->name);
    snprintf(program, sizeof program, "%s", path);
    char *const argv[] = { program, worker, name, NULL };
    char *const environment[] = { locale, NULL };
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    if (posix_spawn_file_actions_init(&files) != 0)
        return ENOMEM;
    int failed = posix_spawnattr_init(&attr);
    if (!failed) {
        failed = actions(&files, fd);
        failed = failed ? failed : attributes(&attr);
        failed = failed ? failed : posix_spawn(pid, path, &files, &attr, argv, environment);
        posix_spawnattr_destroy(&attr);
    }
    posix_spawn_file_actions_destroy(&files);
    return failed;
}

enum outcome worker_spawn(struct worker_child *out, const char *folder,
                          const struct worker_kind *kind, struct err *e)
{
    int pair[2];
    char path[WORKER_FOLDER_MAX + 64];
    snprintf(path, sizeof path, "%s%s%s", strchr(kind->program, '/') ? "" : folder,
             strchr(kind->program, '/') ? "" : "/", kind->program);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return err_fault(e, "worker.died", "socketpair: %m");
    struct worker_child c = { .state = CHILD_IDLE, .kind = kind, .fd = pair[0] };
    errno = start(&c.pid, path, kind, pair[1]);
    if (errno != 0)
        (void)err_fault(e, "worker.died", "%s cannot be started: %m", kind->program);
    close(pair[1]);
    if (errno != 0 || c.pid == 0) {
        close(pair[0]);
        return FAULT;
    }
    *out = c;
    return OK;
}

/* The folder that this program stands in. */
static bool own_folder(char out[WORKER_FOLDER_MAX])
{
    const ssize_t n = readlink("/proc/self/exe", out, WORKER_FOLDER_MAX - 1);
    if (n <= 0)
        return false;
    out[n] = '\0';
    char *slash = strrchr(out, '/');
    if (slash)
        *slash = '\0';
    return slash != NULL;
}

enum outcome workers_open(struct workers **out, const struct workers_options *options,
                          struct err *e)
{
    BUG_ON(options->nkinds > WORKER_KINDS_MAX);
    struct workers *w = calloc(1, sizeof *w);
    if (!w)
        return err_no_memory(e);
    w->options = *options;
    for (size_t i = 0; i < WORKER_CHILDREN_MAX; i++)
        w->children[i].fd = -1;
    if (options->folder)
        snprintf(w->folder, sizeof w->folder, "%s", options->folder);
    w->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (w->wake < 0 || (!options->folder && !own_folder(w->folder))) {
        if (w->wake >= 0)
            close(w->wake);
        free(w);
        return err_fault(e, "worker.died", "the pool cannot be made: %m");
    }
    pthread_mutex_init(&w->lock, NULL);
    *out = w;
    return OK;
}

static void closed(struct worker_job *job)
{
    struct worker_result result = { 0 };
    (void)err_fault(&result.error, "worker.closed", "%s: the program ends", job->kind->name);
    job->done(job->context, &result);
    free(job);
}

void workers_close(struct workers *w)
{
    if (!w)
        return;
    for (size_t i = 0; i < WORKER_CHILDREN_MAX; i++) {
        struct worker_child *c = &w->children[i];
        if (c->state == CHILD_NONE)
            continue;
        kill(c->pid, SIGKILL);
        if (c->fd >= 0)
            close(c->fd);
        while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
            ;
        worker_reader_end(&c->reader);
        if (c->job)
            closed(c->job);
    }
    for (struct worker_job *job = w->queue, *next; job; job = next) {
        next = job->next;
        closed(job);
    }
    pthread_mutex_destroy(&w->lock);
    close(w->wake);
    free(w);
}

/* --- for callers who wait --- */

struct waiting {
    struct worker_result *result;
    struct bytes *out;
    struct arena *arena;
    bool done;
};

static void waited(void *context, const struct worker_result *result)
{
    struct waiting *x = context;
    struct str copy = arena_str(
        x->arena, (struct str){ (const char *)result->out.p, result->out.p ? result->out.n : 0 });
    *x->result = *result;
    *x->out = (struct bytes){ (const uint8_t *)copy.p, copy.n };
    if (result->out.p && !copy.p)
        (void)err_no_memory(&x->result->error);
    x->result->out = *x->out;
    x->done = true;
}

enum outcome workers_run(struct workers *w, const char *kind, struct bytes in, struct bytes *out,
                         struct worker_result *result, struct arena *arena, struct err *e)
{
    struct worker_result own;
    struct waiting x = { .result = result ? result : &own, .out = out, .arena = arena };
    TRY(workers_submit(w, kind, in, waited, &x, e));
    while (!x.done) {
        bool busy;
        workers_step(w, &busy);
        if (!x.done)
            workers_wait(w, RUN_WAIT_US);
    }
    if (x.result->error.outcome != OK)
        *e = x.result->error;
    return x.result->error.outcome;
}
