/* The parent's side: a queue, children by kind, and one step function that never waits. Only
 * workers_submit and workers_wake are for any thread: the queue and its count are under the lock,
 * children belong to whoever steps. */
#include "kernel/worker.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/sandbox.h"
#include "kernel/worker_pool.h"

enum { REAP_MS = 5, READ_AT_ONCE = 64 << 10 };

static void answer_job(struct worker_job *job, struct worker_result *result)
{
    job->done(job->context, result);
    free(job);
}

static void answer_error(struct worker_job *job, const struct err *e)
{
    struct worker_result result = { .error = *e };
    answer_job(job, &result);
}

/* --- a child at work --- */

/* Kills it; its job, if it has one, is answered when it is known how it ended. */
static void child_kill(struct worker_child *c, const char *code)
{
    kill(c->pid, SIGKILL);
    close(c->fd);
    c->fd = -1;
    c->state = CHILD_ENDING;
    c->why = code;
}

static void child_answer(struct workers *w, struct worker_child *c)
{
    struct worker_job *job = c->job;
    struct worker_result result = {
        .out = { (const uint8_t *)buf_get(&c->reader.body).p, c->reader.body.n },
        .wall_us = env_mono(w->options.env) - c->began_us,
        .memory_peak = (int64_t)c->reader.frame.memory_kib << 10,
    };
    if (worker_reader_error(&c->reader, c->kind, &result.error) != OK)
        result.out = (struct bytes){ 0 };
    const bool unread = c->sent < WORKER_HEAD + job->in.n; /* it answered before it knew */
    const bool garbage = result.error.code && strcmp(result.error.code, "worker.garbage") == 0;
    c->job = NULL;
    c->done++;
    c->state = CHILD_IDLE;
    c->idle_us = env_mono(w->options.env);
    answer_job(job, &result);
    worker_reader_end(&c->reader);
    if (garbage || unread || c->done >= c->kind->jobs)
        child_kill(c, NULL);
}

/* Sends what the socket takes; false when the child does not listen any more. */
static bool child_send(struct worker_child *c)
{
    const struct bytes in = c->job->in;
    while (c->sent < WORKER_HEAD + in.n) {
        const uint8_t *p = c->sent < WORKER_HEAD ? c->head + c->sent : in.p + c->sent - WORKER_HEAD;
        const size_t n =
            c->sent < WORKER_HEAD ? WORKER_HEAD - c->sent : in.n + WORKER_HEAD - c->sent;
        const ssize_t put = send(c->fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (put < 0)
            return errno == EAGAIN || errno == EINTR;
        c->sent += (size_t)put;
    }
    return true;
}

static void child_read(struct workers *w, struct worker_child *c)
{
    uint8_t bytes[READ_AT_ONCE];
    for (;;) {
        const ssize_t n = recv(c->fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n <= 0) {
            child_kill(c, "worker.died");
            return;
        }
        switch (worker_reader_feed(&c->reader, c->kind, c->number, bytes, (size_t)n)) {
        case WORKER_READ_MORE:
            continue;
        case WORKER_READ_DONE:
            child_answer(w, c);
            return;
        case WORKER_READ_NO_MEMORY:
            child_kill(c, "base.no_memory");
            return;
        case WORKER_READ_GARBAGE:
            child_kill(c, "worker.garbage");
            return;
        }
    }
}

/* A child that is idle has nothing to say: a word, or its end, and it goes. */
static void child_idle(struct workers *w, struct worker_child *c)
{
    char byte;
    const ssize_t n = recv(c->fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
    if (n >= 0 || (errno != EAGAIN && errno != EINTR) ||
        env_mono(w->options.env) - c->idle_us > WORKER_IDLE_US)
        child_kill(c, NULL);
}

/* How it ended is known: its job's fault says so. */
static void child_ended(struct worker_child *c, int status)
{
    struct err e = { 0 };
    struct worker_job *job = c->job;
    if (job && WIFSIGNALED(status))
        (void)err_fault(&e, c->why, "%s: ended by signal %d", c->kind->name, WTERMSIG(status));
    else if (job)
        (void)err_fault(&e, c->why, "%s: ended with status %d", c->kind->name, WEXITSTATUS(status));
    worker_reader_end(&c->reader);
    *c = (struct worker_child){ .fd = -1 };
    if (job)
        answer_error(job, &e);
}

static void child_step(struct workers *w, struct worker_child *c)
{
    int status;
    if (c->state == CHILD_BUSY) {
        if (!child_send(c))
            child_kill(c, "worker.died");
        else
            child_read(w, c);
        if (c->state == CHILD_BUSY && env_mono(w->options.env) > c->deadline_us)
            child_kill(c, "worker.slow");
    } else if (c->state == CHILD_IDLE) {
        child_idle(w, c);
    }
    if (c->state == CHILD_ENDING && waitpid(c->pid, &status, WNOHANG) == c->pid)
        child_ended(c, status);
}

/* --- who does what --- */

/* An idle child of the kind, or a free place for one. NULL: wait. */
static struct worker_child *child_for(struct workers *w, const struct worker_kind *kind)
{
    struct worker_child *place = NULL;
    struct worker_child *other = NULL;
    unsigned of_kind = 0;
    for (size_t i = 0; i < WORKER_CHILDREN_MAX; i++) {
        struct worker_child *c = &w->children[i];
        if (c->state == CHILD_IDLE && c->kind == kind)
            return c;
        of_kind += c->state != CHILD_NONE && c->kind == kind;
        if (c->state == CHILD_NONE)
            place = c;
        else if (c->state == CHILD_IDLE)
            other = c;
    }
    if (of_kind >= kind->children)
        return NULL;
    if (!place && other)
        child_kill(other, NULL); /* its place is free when it has been reaped */
    return place;
}

static bool give(struct workers *w, struct worker_job *job)
{
    struct err e = { 0 };
    struct worker_child *c = child_for(w, job->kind);
    if (!c)
        return false;
    if (c->state == CHILD_NONE && worker_spawn(c, w->folder, job->kind, &e) != OK) {
        answer_error(job, &e);
        return true;
    }
    c->state = CHILD_BUSY;
    c->job = job;
    c->sent = 0;
    c->number = ++w->number;
    c->began_us = env_mono(w->options.env);
    c->deadline_us = c->began_us + (int64_t)job->kind->wall_ms * 1000;
    worker_frame_write(c->head, &(struct worker_frame){
                                    .kind = WORKER_JOB, .job = c->number, .length = job->in.n });
    worker_reader_begin(&c->reader);
    child_step(w, c);
    return true;
}

/* The first job of the queue whose kind is not among the `full`; NULL: none. */
static struct worker_job *take(struct workers *w, const struct worker_kind *const *full,
                               size_t nfull)
{
    pthread_mutex_lock(&w->lock);
    struct worker_job **at = &w->queue;
    for (; *at; at = &(*at)->next) {
        bool waits = false;
        for (size_t i = 0; i < nfull; i++)
            waits = waits || full[i] == (*at)->kind;
        if (!waits)
            break;
    }
    struct worker_job *job = *at;
    if (job) {
        *at = job->next;
        w->nqueued--;
    }
    pthread_mutex_unlock(&w->lock);
    return job;
}

static void put_back(struct workers *w, struct worker_job *job)
{
    pthread_mutex_lock(&w->lock);
    job->next = w->queue;
    w->queue = job;
    w->nqueued++;
    pthread_mutex_unlock(&w->lock);
}

static void give_out(struct workers *w)
{
    const struct worker_kind *full[WORKER_KINDS_MAX];
    size_t nfull = 0;
    struct worker_job *job;
    while ((job = take(w, full, nfull)) != NULL) {
        if (give(w, job))
            continue;
        full[nfull++] = job->kind;
        put_back(w, job);
    }
}

void workers_step(struct workers *w, bool *busy)
{
    uint64_t woken;
    while (read(w->wake, &woken, sizeof woken) > 0)
        ;
    for (size_t i = 0; i < WORKER_CHILDREN_MAX; i++)
        if (w->children[i].state != CHILD_NONE)
            child_step(w, &w->children[i]);
    give_out(w);
    pthread_mutex_lock(&w->lock);
    *busy = w->queue != NULL;
    pthread_mutex_unlock(&w->lock);
    for (size_t i = 0; i < WORKER_CHILDREN_MAX; i++)
        *busy = *busy || w->children[i].state == CHILD_BUSY || w->children[i].job;
}

void workers_wait(struct workers *w, int64_t timeout_us)
{
    struct pollfd fds[WORKER_CHILDREN_MAX + 1] = { { .fd = w->wake, .events = POLLIN } };
    nfds_t n = 1;
    const int64_t now = env_mono(w->options.env);
    int64_t until = now + timeout_us;
    for (size_t i = 0; i < WORKER_CHILDREN_MAX; i++) {
        const struct worker_child *c = &w->children[i];
        if (c->state == CHILD_ENDING && until > now + REAP_MS * 1000)
            until = now + REAP_MS * 1000;
        if (c->state == CHILD_BUSY && until > c->deadline_us)
            until = c->deadline_us;
        if (c->state != CHILD_BUSY && c->state != CHILD_IDLE)
            continue;
        const bool unsent = c->state == CHILD_BUSY && c->sent < WORKER_HEAD + c->job->in.n;
        fds[n++] = (struct pollfd){ .fd = c->fd, .events = unsent ? POLLIN | POLLOUT : POLLIN };
    }
    poll(fds, n, until > now ? (int)((until - now + 999) / 1000) : 0);
}

void workers_wake(struct workers *w)
{
    const uint64_t one = 1;
    if (write(w->wake, &one, sizeof one) < 0)
        BUG_ON(errno != EAGAIN); /* full: it is awake */
}

enum outcome workers_submit(struct workers *w, const char *kind, struct bytes in,
                            worker_done_fn *done, void *context, struct err *e)
{
    const struct worker_kind *row = NULL;
    for (size_t i = 0; i < w->options.nkinds; i++)
        if (strcmp(w->options.kinds[i]->name, kind) == 0)
            row = w->options.kinds[i];
    if (!row)
        return REFUSE(e, "worker.unknown_kind", { "kind", str_z(kind) });
    if (in.n > row->in_max) {
        char max[24];
        struct buf b = buf_over(max, sizeof max);
        buf_int(&b, (int64_t)row->in_max);
        return REFUSE(e, "worker.too_large", { "max", buf_get(&b) });
    }
    struct worker_job *job = malloc(sizeof *job);
    if (!job)
        return err_no_memory(e);
    *job = (struct worker_job){ .kind = row, .in = in, .done = done, .context = context };
    pthread_mutex_lock(&w->lock);
    struct worker_job **at = &w->queue;
    size_t of_kind = 0;
    for (; *at; at = &(*at)->next)
        of_kind += (*at)->kind == row;
    const bool room = w->nqueued < WORKER_QUEUE_MAX && (row->queue == 0 || of_kind < row->queue);
    if (room) {
        *at = job;
        w->nqueued++;
    }
    pthread_mutex_unlock(&w->lock);
    if (!room) {
        free(job);
        return REFUSE(e, "worker.busy");
    }
    workers_wake(w);
    return OK;
}

int workers_landlock(void)
{
    return sandbox_landlock();
}
