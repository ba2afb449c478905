/* Requests whose answer takes long, because a password is compared (Argon2id needs its time and
 * memory) and the writer waited for: on threads of their own, so that those of HTTP are left for
 * all others. Who comes while all are busy waits in a short line, holding no thread. */
#include "kernel/auth_pages.h"

#include "kernel/auth_impl.h"

void auth_later_open(struct auth *a)
{
    pthread_mutex_init(&a->later.lock, NULL);
    pthread_cond_init(&a->later.more, NULL);
}

void auth_later_close(struct auth *a)
{
    struct auth_later *l = &a->later;
    pthread_mutex_lock(&l->lock);
    l->stop = true;
    pthread_cond_broadcast(&l->more);
    pthread_mutex_unlock(&l->lock);
    for (size_t i = 0; i < l->nthreads; i++)
        pthread_join(l->threads[i], NULL);
    pthread_cond_destroy(&l->more);
    pthread_mutex_destroy(&l->lock);
}

/* The next in line, by a thread that has done its last one; false: there will be none. */
static bool job_take(struct auth_later *l, struct auth_job *out, bool done)
{
    pthread_mutex_lock(&l->lock);
    l->busy -= done;
    while (l->n == 0 && !l->stop)
        pthread_cond_wait(&l->more, &l->lock);
    const bool some = l->n > 0;
    if (some) {
        *out = l->jobs[l->first];
        l->first = (l->first + 1) % AUTH_JOBS_MAX;
        l->n--;
        l->busy++;
    }
    pthread_mutex_unlock(&l->lock);
    return some;
}

static enum http_state answered(struct http_request *r)
{
    (void)r;
    return HTTP_DONE;
}

static void *work(void *context)
{
    struct auth_later *l = context;
    struct auth_job job;
    for (bool done = false; job_take(l, &job, done); done = true) {
        if (job.work(job.request) != HTTP_DONE)
            continue; /* who has it now resumes it, and may have done so */
        job.request->resumed = answered;
        http_resume(job.request);
    }
    return NULL;
}

/* The threads begin with the first who needs them. Whom one of them is to take at once does not
 * stand in anybody's place. Who is signed in finds room where strangers do not, who could keep them
 * from signing otherwise. */
static bool job_put(struct auth_later *l, const struct auth_job *job)
{
    pthread_mutex_lock(&l->lock);
    const size_t most = job->request->who ? AUTH_JOBS_MAX : AUTH_STRANGERS_MAX;
    const bool room = l->n + l->busy < most;
    if (room && l->nthreads < AUTH_SIGNING_MAX &&
        pthread_create(&l->threads[l->nthreads], NULL, work, l) == 0)
        l->nthreads++;
    const bool taken = room && l->nthreads > 0;
    if (taken) {
        l->jobs[(l->first + l->n) % AUTH_JOBS_MAX] = *job;
        l->n++;
        pthread_cond_signal(&l->more);
    }
    pthread_mutex_unlock(&l->lock);
    return taken;
}

enum outcome auth_later_put(struct http_request *r, http_handler_fn *fn, struct err *e)
{
    const struct auth_job job = { r, fn };
    r->resumed = answered;
    if (job_put(&app_of(r)->auth->later, &job))
        return OK;
    return REFUSE(e, "auth.busy", { "seconds", S("3") });
}

enum http_state auth_later(struct http_request *r, http_handler_fn *fn)
{
    struct err e = { 0 };
    return auth_later_put(r, fn, &e) == OK ? HTTP_WAIT : app_problem(r, &e);
}
