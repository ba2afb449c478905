/* Asking the provider, by children. A request waits for it without a thread; who asks is not signed
 * in, and so is slowed by address. */
#include "kernel/openid_impl.h"

static void told(void *context, const struct worker_result *result)
{
    struct openid_asking *x = context;
    const struct json *json;
    x->error = result->error;
    if (result->error.outcome == OK) {
        const struct str text = arena_str(
            x->request->arena, (struct str){ (const char *)result->out.p, result->out.n });
        if (json_read(&json, x->request->arena, text, &json_limits_default, &x->error) == OK)
            (void)!record_from_json(&openid_result_record, &x->result, x->request->arena, json,
                                    &x->error);
    }
    http_resume(x->request);
}

static struct auth_slow_of asker(const struct http_request *r)
{
    return (struct auth_slow_of){ .peer = http_peer(r), .provider = true };
}

enum outcome openid_ask(struct http_request *r, struct openid_asking *x, struct openid_job *job,
                        struct err *e)
{
    const struct openid *o = app_of(r)->openid;
    const struct auth_slow_of slow = asker(r);
    struct buf b = buf_in(r->arena, OPENID_FRAME_MAX);
    struct json_out json = json_out(&b);
    TRY(auth_slow_take(app_of(r)->auth, &slow, r->arena, e));
    job->issuer = o->setup.issuer;
    job->client = o->setup.client;
    job->secret = o->setup.secret;
    job->claim = o->setup.claim;
    job->trusted = (struct bytes){ (const uint8_t *)o->setup.trusted.p, o->setup.trusted.n };
    job->now_s = env_now(app_of(r)->node->env) / TIME_SECOND;
    job->timeout_ms = OPENID_TIMEOUT_S * 1000;
    TRY(record_to_json(&openid_job_record, job, &json, NULL, e));
    TRY(buf_check(&b, e));
    x->request = r;
    r->pending = x;
    return workers_submit(o->workers, openid_kind.name, (struct bytes){ (const uint8_t *)b.p, b.n },
                          told, x, e);
}

void openid_asked_well(struct http_request *r)
{
    const struct auth_slow_of slow = asker(r);
    auth_slow_clear(app_of(r)->auth, &slow);
}

/* The children's own words are for the log; a person is told what to do. */
enum http_state openid_failed(struct http_request *r, const struct err *e)
{
    struct err plain = *e;
    if (e->outcome == FAULT)
        log_err(app_of(r)->node->env, "openid.failed", e);
    else
        LOG(app_of(r)->node->env, LOG_WARNING, "openid.refused", LOG_F_CODE("code", e->code),
            LOG_F_CODE("what", arena_str(r->arena, err_param(e, "what")).p));
    if (e->outcome == FAULT && str_starts(str_z(e->code), S("worker.")))
        (void)!REFUSE(&plain, "openid.unreachable", { "what", S("") });
    return auth_sign_in_refused(r, &plain);
}

/* --- where people sign in --- */

static bool lately(const struct env *env, int64_t then_us, int64_t seconds)
{
    return then_us > 0 && env_mono(env) - then_us < seconds * TIME_SECOND;
}

static void looked_at(bool *found, bool *failed, struct openid *o, const struct env *env)
{
    pthread_mutex_lock(&o->lock);
    *found = lately(env, o->found_us, OPENID_FOUND_S);
    *failed = lately(env, o->failed_us, OPENID_FAILED_S);
    pthread_mutex_unlock(&o->lock);
}

static enum http_state found(struct http_request *r)
{
    struct openid_asking *x = r->pending;
    struct openid *o = app_of(r)->openid;
    const struct str address = x->result.authorize;
    const int64_t now = env_mono(app_of(r)->node->env);
    if (x->error.outcome == OK && (address.n == 0 || address.n > OPENID_AUTHORIZE_MAX))
        (void)!REFUSE(&x->error, "openid.unreachable", { "what", S("") });
    const bool good = x->error.outcome == OK;
    pthread_mutex_lock(&o->lock);
    if (good) {
        memcpy(o->authorize, address.p, address.n);
        o->authorize[address.n] = '\0';
        o->found_us = now;
    }
    o->failed_us = good ? 0 : now;
    pthread_mutex_unlock(&o->lock);
    if (!good)
        return openid_failed(r, &x->error);
    openid_asked_well(r);
    return x->then(r);
}

enum http_state openid_with_provider(struct http_request *r, http_handler_fn *then)
{
    struct err e = { 0 };
    struct openid *o = app_of(r)->openid;
    struct openid_job job = { .step = S("find") };
    struct openid_asking *x = ARENA_NEW(r->arena, struct openid_asking);
    bool is_found, has_failed;
    if (!o)
        return auth_get_sign_in(r); /* there is nothing to begin, or to come back from */
    if (!x && err_no_memory(&e) != OK)
        return app_problem(r, &e);
    looked_at(&is_found, &has_failed, o, app_of(r)->node->env);
    if (is_found)
        return then(r);
    if (has_failed && REFUSE(&e, "openid.unreachable", { "what", S("lately") }) != OK)
        return openid_failed(r, &e);
    x->then = then;
    r->resumed = found;
    return openid_ask(r, x, &job, &e) == OK ? HTTP_WAIT : openid_failed(r, &e);
}
