/* Serving: who starts whom, in which order, and the loop of the writer's thread. */
#include "app/serve.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/cli.h"
#include "app/posting.h"
#include "app/providing.h"
#include "base/log.h"
#include "kernel/file_sent.h"
#include "kernel/limit.h"
#include "kernel/tls_make.h"

enum {
    WRITER_WAIT_US = 20000,      /* between looks at timers when nothing arrives */
    CHECKPOINT_AFTER_US = 50000, /* a checkpoint follows its events within 100 ms */
    LIVE_BATCH = 256,
};

/* --- what follows a commit --- */

/* A session that ended, or an account that changed, which ends its sessions: what is open in its
 * name ends now, and a page that is still allowed comes back by itself. */
static void end_sessions(struct http_server *server, const struct gate_happened *event)
{
    const struct str key = stream_str(&event->key);
    const struct str kind = stream_kind(key);
    if (str_is(kind, "account"))
        http_end_of(server, (struct str){ 0 }, stream_id(key));
    else if (strcmp(event->type, "credential.revoked") == 0) /* a service's: its requests */
        http_end_of(server, stream_id(key), (struct str){ 0 });
    else if (str_is(kind, "session") && strcmp(event->type, "session.opened") != 0)
        http_end_of(server, stream_id(key), (struct str){ 0 });
}

/* Tells those who watch: topics are orders ("order/…"), "tower" and "inbox". Of very many events,
 * or of some that are not known, that anything may have changed. */
static void publish(struct http_server *server, const struct gate_happened *events, size_t n)
{
    for (size_t i = 0; i < n; i++)
        end_sessions(server, &events[i]);
    if (n == 0 || n > LIVE_BATCH) {
        http_publish_all(server);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        char data[24];
        const struct str key = stream_str(&events[i].key);
        if (!str_is(stream_kind(key), "order"))
            continue;
        snprintf(data, sizeof data, "%lld", (long long)events[i].sequence);
        http_publish(server, key, str_z(data));
    }
    http_publish(server, S("tower"), S("changed"));
    for (size_t i = 0; i < n; i++)
        if (strncmp(events[i].type, "notification.", sizeof "notification." - 1) == 0) {
            http_publish(server, S("inbox"), S("changed"));
            break;
        }
}

/* How far jobs are is no event: their page is told all the same. */
static void jobs_changed(struct serve *s)
{
    pthread_mutex_lock(&s->watched);
    if (s->app.server)
        http_publish(s->app.server, S("jobs"), S("changed"));
    pthread_mutex_unlock(&s->watched);
}

static void publish_progress(struct serve *s, uint64_t *last)
{
    const uint64_t progress = jobs_progress(s->node.jobs);
    if (progress == *last)
        return;
    *last = progress;
    node_tell(&s->node, "progress");
    jobs_changed(s);
}

static void committed(void *context, const struct gate_happened *events, size_t n)
{
    struct serve *s = context;
    if (s->app.auth)
        auth_committed(s->app.auth, events, n);
    pthread_mutex_lock(&s->watched);
    if (s->app.server)
        publish(s->app.server, events, n);
    pthread_mutex_unlock(&s->watched);
}

/* What the writers of other servers tell. */
static void heard(void *context, struct str text)
{
    struct serve *s = context;
    if (str_is(text, "progress"))
        jobs_changed(s);
    else if (s->app.auth)
        auth_heard(s->app.auth, text);
}

/* --- the writer's thread --- */

/* What the gate met it has told itself; what another part met, once, however often it tries again.
 */
static void tell_fault(const struct serve *s, const char **told, const struct err *e)
{
    const char *gates = gate_failure(s->node.gate);
    const bool known =
        (gates && strcmp(gates, e->code) == 0) || (*told && strcmp(*told, e->code) == 0);
    *told = e->code;
    if (!known)
        log_err(s->env, "node.step_failed", e);
}

static void *writer(void *context)
{
    struct serve *s = context;
    bool busy = true;
    uint64_t progress = 0;
    const char *told = NULL;
    struct err e = { 0 };
    while (busy || !__atomic_load_n(&s->stop, __ATOMIC_ACQUIRE)) {
        if (!busy)
            gate_wait(s->node.gate, WRITER_WAIT_US);
        if (node_step(&s->node, CHECKPOINT_AFTER_US, &busy, &e) == OK) {
            told = NULL;
        } else {
            tell_fault(s, &told, &e);
            s->failed = e;
            busy = false;
            usleep(WRITER_WAIT_US); /* a gate that is shut answers each command with its fault */
        }
        publish_progress(s, &progress);
        auth_share_step(s->app.auth);
        struct err why = { 0 };
        if (node_leads(&s->node) && scrub_step(s->app.scrub, &why) != OK)
            log_err(s->env, "scrub.not_read", &why);
    }
    return NULL;
}

/* --- starting and stopping --- */

static enum outcome start_http(struct serve *s, const struct serve_options *o, struct err *e)
{
    static const struct route *tables[40];
    static size_t lengths[40];
    size_t n;
    const struct module *const *modules = cli_modules(&n);
    BUG_ON(n > 40);
    for (size_t i = 0; i < n; i++) {
        tables[i] = modules[i]->routes;
        lengths[i] = modules[i]->nroutes;
    }
    int64_t threads;
    int64_t connections;
    int64_t timeout;
    const struct params *p = o->params;
    TRY(params_number("threads", p->threads, 64, &threads, e));
    TRY(params_number("connections", p->connections, 10000, &connections, e));
    TRY(params_number("timeout", p->timeout, 600, &timeout, e));
    struct http_options http = {
        /* Who connects lives by the wall's clock, however fast a demonstration's runs: else its 30
         * seconds would be half a second, and a sign-in on a busy machine cut off. */
        .env = &env_system,
        .listen = p->listen,
        .tls_certificate = s->certificate[0] ? s->certificate : NULL,
        .tls_key = s->key[0] ? s->key : NULL,
        .client_ca = providing_client_ca(s->providing),
        .routes = tables,
        .nroutes = lengths,
        .ntables = n,
        .threads = (unsigned)threads,
        .connections = (unsigned)connections,
        .timeout_s = (unsigned)timeout,
        .proxies = p->proxy[0] ? p->proxy : NULL,
        .context = &s->app,
        .admit = app_admit,
        .check = app_check,
        .file = file_sent_take,
        .files_end = file_sent_end,
        .settle = look_settle,
        .problem = app_http_problem,
    };
    struct http_server *server;
    TRY(http_start(&server, &http, e));
    pthread_mutex_lock(&s->watched);
    s->app.server = server;
    pthread_mutex_unlock(&s->watched);
    return OK;
}

bool serve_loopback(const char *listen)
{
    return strncmp(listen, "127.", 4) == 0 || strncmp(listen, "[::1]:", 6) == 0 ||
           strncmp(listen, "localhost:", 10) == 0;
}

void serve_host(char *out, size_t size, const char *listen)
{
    snprintf(out, size, "%s", listen[0] == '[' ? listen + 1 : listen);
    out[strcspn(out, listen[0] == '[' ? "]" : ":")] = '\0';
}

/* The certificate that was given; for any address but loopback one of our own, made at first start.
 */
static enum outcome choose_tls(struct serve *s, const struct serve_options *o, struct err *e)
{
    const struct params *p = o->params;
    snprintf(s->certificate, sizeof s->certificate, "%s", p->tls_certificate);
    snprintf(s->key, sizeof s->key, "%s", p->tls_key);
    if (s->certificate[0] || serve_loopback(p->listen))
        return OK;
    char host[PARAM_VALUE_MAX];
    serve_host(host, sizeof host, p->listen);
    char files[NODE_PATH_MAX];
    TRY(node_files(files, sizeof files, o->path, e));
    snprintf(s->certificate, sizeof s->certificate, "%s.crt", files);
    snprintf(s->key, sizeof s->key, "%s.tls", files);
    return tls_make(s->certificate, s->key, host, &env_system, e);
}

static enum outcome choose_entries(struct serve *s, const struct params *p, struct err *e)
{
    static const char *const words[] = {
        [APP_ENTRIES_LOCAL] = "local",
        [APP_ENTRIES_ALL] = "all",
        [APP_ENTRIES_NONE] = "none",
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i], p->tlog_entries) == 0) {
            s->app.entries = (enum app_entries)i;
            return OK;
        }
    return REFUSE(e, "params.word", { "name", S("tlog_entries") },
                  { "expected", S("local, all, none") });
}

static enum outcome start_limit(struct serve *s, const struct params *p, struct err *e)
{
    /* People's clock may run fast in a demonstration; their requests come by the wall's. */
    struct limit_options options = { .env = &env_system };
    TRY(params_number("rate", p->rate, 1000000, &options.rate, e));
    TRY(params_number("burst", p->burst, 1000000, &options.burst, e));
    return limit_open(&s->app.limit, &options, e);
}

static enum outcome start_auth(struct serve *s, const struct serve_options *o, struct err *e)
{
    int64_t lock;
    int64_t idle;
    int64_t absolute;
    int64_t scale = o->time_scale > 0 ? o->time_scale : 1;
    TRY(params_number("session_lock", o->params->session_lock, 86400, &lock, e));
    TRY(params_number("session_idle", o->params->session_idle, 86400, &idle, e));
    TRY(params_number("session_absolute", o->params->session_absolute, 604800, &absolute, e));
    struct auth_options options = {
        .node = &s->node,
        .secure_cookie = s->certificate[0] != '\0',
        .lock_us = lock * scale * TIME_SECOND,
        .idle_us = idle * scale * TIME_SECOND,
        .absolute_us = absolute * scale * TIME_SECOND,
        .public_url = o->params->public_url,
        .argon_mib = o->argon_mib,
    };
    return auth_open(&s->app.auth, &options, e);
}

enum outcome serve_open(struct serve *s, const struct serve_options *options, struct err *e)
{
    *s = (struct serve){ .env = options->env ? options->env : &env_system };
    struct node_options node = {
        .env = s->env,
        .path = options->path,
        .create = options->create,
        .served = true,
        .committed = committed,
        .heard = heard,
        .context = s,
    };
    cli_root(&node);
    node.modules = cli_modules(&node.nmodules);
    pthread_mutex_init(&s->watched, NULL);
    TRY(node_open(&s->node, &node, e));
    s->app.node = &s->node;
    enum outcome o = scrub_open(&s->app.scrub, s->node.store, s->env, e);
    if (o == OK)
        o = choose_tls(s, options, e);
    if (o == OK)
        o = choose_entries(s, options->params, e);
    if (o == OK)
        o = start_limit(s, options->params, e);
    if (o == OK)
        o = start_auth(s, options, e);
    if (o == OK)
        o = posting_open(&s->posting, &s->node, options->params, e);
    if (o == OK) {
        s->running = pthread_create(&s->writer, NULL, writer, s) == 0;
        o = s->running ? serve_work_start(s, e) : err_no_memory(e);
    }
    if (o == OK)
        o = providing_open(&s->providing, options->params, s->app.workers, e);
    if (o == OK) {
        s->app.openid = providing_openid(s->providing);
        o = start_http(s, options, e);
    }
    if (o != OK)
        serve_close(s);
    return o;
}

void serve_close(struct serve *s)
{
    pthread_mutex_lock(&s->watched);
    struct http_server *server = s->app.server;
    s->app.server = NULL;
    pthread_mutex_unlock(&s->watched);
    if (server)
        http_stop(server);
    serve_work_stop(s);
    if (s->running) {
        __atomic_store_n(&s->stop, 1, __ATOMIC_RELEASE);
        pthread_join(s->writer, NULL);
    }
    posting_close(s->posting);
    providing_close(s->providing);
    auth_close(s->app.auth);
    limit_close(s->app.limit);
    scrub_close(s->app.scrub);
    node_close(&s->node);
    pthread_mutex_destroy(&s->watched);
    *s = (struct serve){ 0 };
}
