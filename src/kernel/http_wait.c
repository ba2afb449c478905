/* Who waits for news without a thread: a request that is suspended until something was published,
 * its time is over, its session ended, or the server stops. */
#include "kernel/http_impl.h"

bool http_wait_ended(const struct http_request *r)
{
    return ((const struct http_exchange *)r)->wait_ended;
}

static void wait_remove(struct http_server *s, struct http_exchange *x)
{
    if (x->previous_wait)
        x->previous_wait->next_wait = x->next_wait;
    else
        s->waits = x->next_wait;
    if (x->next_wait)
        x->next_wait->previous_wait = x->previous_wait;
    s->nwaits--;
}

enum outcome http_wait_news(struct http_request *r, uint64_t seen, unsigned seconds, struct err *e)
{
    struct http_exchange *x = (struct http_exchange *)r;
    struct http_server *s = x->server;
    (void)pthread_mutex_lock(&s->live_lock);
    const enum outcome o = http_live_room(s, r, e);
    const bool at_once = o == OK && s->news != seen;
    if (o == OK && !at_once) {
        x->wait_until_us = env_mono(s->options.env) + (int64_t)seconds * 1000000;
        x->previous_wait = NULL;
        x->next_wait = s->waits;
        if (x->next_wait)
            x->next_wait->previous_wait = x;
        s->waits = x;
        s->nwaits++;
    }
    (void)pthread_mutex_unlock(&s->live_lock);
    if (at_once)
        http_resume(r);
    return o;
}

/* An exchange that is resumed may be gone at once, so it leaves the list first. */
void http_wait_resume(struct http_server *s,
                      bool (*fits)(const struct http_exchange *x, const void *context),
                      const void *context, bool ended)
{
    struct http_exchange *next;
    for (struct http_exchange *x = s->waits; x; x = next) {
        next = x->next_wait;
        if (!fits(x, context))
            continue;
        x->wait_ended = ended;
        wait_remove(s, x);
        http_resume(&x->request);
    }
}

static bool is_due(const struct http_exchange *x, const void *now)
{
    return x->wait_until_us <= *(const int64_t *)now;
}

static bool is_any(const struct http_exchange *x, const void *context)
{
    (void)x;
    (void)context;
    return true;
}

void http_live_pass_news(struct http_server *s)
{
    const int64_t now = env_mono(s->options.env);
    (void)pthread_mutex_lock(&s->live_lock);
    http_wait_resume(s, s->news_passed != s->news ? is_any : is_due, &now, false);
    s->news_passed = s->news;
    (void)pthread_mutex_unlock(&s->live_lock);
}

void http_live_end_waits(struct http_server *s)
{
    (void)pthread_mutex_lock(&s->live_lock);
    s->live_closing = true;
    http_wait_resume(s, is_any, NULL, false);
    (void)pthread_mutex_unlock(&s->live_lock);
}
