/* One exchange: from the first line of a request to its last byte of answer. All of it runs on the
 * connection's HTTP thread, except http_resume.
 *
 * HTTP_WAIT: the handler may have been resumed before its thread comes to suspend the connection.
 * Whoever comes second resumes: both exchange `wait`, and the one that finds the other's mark
 * calls MHD_resume_connection. Until then the exchange cannot end, because a suspended connection
 * is not served; after it, http_resume touches nothing. */
#include "kernel/http_impl.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <strings.h>

#include "base/log.h"
#include "kernel/number.h"
#include "kernel/text.h"

/* -- What handlers ask ------------------------------------------------------------------------- */

static const struct http_exchange *exchange_of(const struct http_request *r)
{
    return (const struct http_exchange *)r;
}

struct str http_header(const struct http_request *r, const char *name)
{
    return str_z(MHD_lookup_connection_value(exchange_of(r)->connection, MHD_HEADER_KIND, name));
}

struct str http_cookie(const struct http_request *r, const char *name)
{
    return http_cookie_find(http_header(r, "Cookie"), str_z(name));
}

static struct str pair_find(const struct record_pair *pairs, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (str_is(pairs[i].name, name))
            return pairs[i].value;
    }
    return (struct str){ 0 };
}

struct str http_param(const struct http_request *r, const char *name)
{
    return pair_find(r->params, HTTP_PATH_PARAMS_MAX, name);
}

struct str http_query(const struct http_request *r, const char *name)
{
    return pair_find(r->query, r->nquery, name);
}

struct str http_form(const struct http_request *r, const char *name)
{
    return pair_find(r->form, r->nform, name);
}

bool http_wants_json(const struct http_request *r)
{
    const char *accept = http_header(r, "Accept").p;
    if (r->program)
        return true;
    if (accept && strstr(accept, "text/html"))
        return false;
    if ((accept && strstr(accept, "json")) || str_starts(r->path, S("/api/")))
        return true;
    return str_is(r->media_type, "application/json");
}

/* The address of who is connected. */
static struct str socket_peer(const struct http_request *r)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange_of(r)->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    char text[INET6_ADDRSTRLEN] = "";
    if (info && info->client_addr->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, info->client_addr, sizeof v4);
        (void)inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    } else if (info && info->client_addr->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, info->client_addr, sizeof v6);
        (void)inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    }
    struct str peer = arena_str(r->arena, str_z(text));
    char plain[HTTP_ADDRESS_SIZE];
    return http_address_read(plain, peer) ? arena_str(r->arena, str_z(plain)) : peer;
}

struct joined {
    struct buf b;
    const char *name;
};

static enum MHD_Result join_header(void *context, enum MHD_ValueKind kind, const char *name,
                                   size_t nname, const char *value, size_t nvalue)
{
    (void)kind;
    struct joined *j = context;
    if (nname != strlen(j->name) || strncasecmp(name, j->name, nname) != 0)
        return MHD_YES;
    buf_z(&j->b, j->b.n > 0 ? "," : "");
    buf_put(&j->b, value, nvalue);
    return MHD_YES;
}

/* All lines of a header as one list; absent when there is none. */
static struct str whole_header(const struct http_request *r, const char *name)
{
    struct joined j = { buf_in(r->arena, HTTP_HEADER_BYTES + HTTP_HEADERS_MAX), name };
    (void)MHD_get_connection_values_n(exchange_of(r)->connection, MHD_HEADER_KIND, join_header, &j);
    return j.b.n > 0 ? buf_get(&j.b) : (struct str){ 0 };
}

struct str http_peer(const struct http_request *r)
{
    const struct http_proxies *proxies = &exchange_of(r)->server->proxies;
    const struct str peer = socket_peer(r);
    if (!http_proxies_have(proxies, peer))
        return peer;
    return http_forwarded_peer(proxies, r->arena, peer, whole_header(r, "X-Forwarded-For"));
}

bool http_secure(const struct http_request *r)
{
    const struct http_server *s = exchange_of(r)->server;
    return s->tls || (http_proxies_have(&s->proxies, socket_peer(r)) &&
                      str_is(http_header(r, "X-Forwarded-Proto"), "https"));
}

struct str http_language(const struct http_request *r, bool (*speaks)(struct str language))
{
    return http_language_choose(http_header(r, "Accept-Language"), speaks);
}

void http_resume(struct http_request *r)
{
    struct http_exchange *x = (struct http_exchange *)r;
    struct MHD_Connection *connection = x->connection;
    const int before = atomic_exchange(&x->wait, HTTP_WAIT_RESUMED);
    BUG_ON(before == HTTP_WAIT_RESUMED);
    if (before == HTTP_WAIT_SUSPENDED)
        MHD_resume_connection(connection);
}

/* -- The exchange ------------------------------------------------------------------------------ */

void *http_exchange_begin(void *server, const char *uri, struct MHD_Connection *connection)
{
    struct http_server *s = server;
    struct http_exchange *x = calloc(1, sizeof *x);
    struct arena *a = arena_new(HTTP_ARENA_MAX);
    if (!x || !a) {
        free(x);
        arena_free(a);
        return NULL;
    }
    x->server = s;
    x->connection = connection;
    x->request.arena = a;
    x->request.context = s->options.context;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    x->peer = info ? info->socket_context : NULL;
    http_connection_limit(s, x->peer, s->head_s);
    const struct str target = str_z(uri);
    x->too_long = target.n > HTTP_TARGET_MAX;
    x->target = arena_str(a, x->too_long ? S("/") : target);
    return x;
}

/* Answers with an error: the application's page for it, or plain text where it has none. */
static enum MHD_Result fail(struct http_exchange *x, const struct err *e)
{
    struct http_request *r = &x->request;
    const int status = http_status(e);
    r->answer = (struct http_answer){ .status = status };
    if (e->outcome == FAULT)
        log_err(x->server->options.env, "http.fault", e);
    if (x->server->options.problem) {
        x->server->options.problem(r, status, e);
    } else {
        r->answer.media_type = "text/plain; charset=utf-8";
        r->answer.body = text_error(r->arena, S("en"), e);
    }
    if (r->answer.retry_after_s == 0 && (status == 503 || status == 429))
        r->answer.retry_after_s = 1;
    return http_answer_send(x);
}

struct header_sum {
    size_t count;
    size_t bytes;
    size_t lengths; /* Content-Length */
};

static enum MHD_Result sum_header(void *context, enum MHD_ValueKind kind, const char *name,
                                  size_t nname, const char *value, size_t nvalue)
{
    static const char length[] = "Content-Length";
    (void)kind;
    (void)value;
    struct header_sum *sum = context;
    sum->count++;
    sum->lengths += nname == sizeof length - 1 && strncasecmp(name, length, nname) == 0;
    sum->bytes += nname + nvalue;
    return MHD_YES;
}

/* The session's token is the first line against forms of other sites; this is the second. Browsers
 * say where a request comes from; programs say nothing and carry no cookie. */
static bool from_elsewhere(const struct http_request *r)
{
    if (str_is(r->method, "GET") || str_is(r->method, "HEAD"))
        return false;
    const struct str site = http_header(r, "Sec-Fetch-Site");
    const struct str origin = http_header(r, "Origin");
    if (site.p)
        return !str_is(site, "same-origin") && !str_is(site, "none");
    return origin.p && !http_origin_is(origin, http_header(r, "Host"));
}

enum outcome http_body_too_large(size_t max, struct err *e)
{
    char text[24];
    struct buf b = buf_over(text, sizeof text);
    buf_int(&b, (int64_t)max);
    return REFUSE(e, "http.too_large", { "max", buf_get(&b) });
}

/* The form holds files, and its route takes them. */
static bool holds_files(const struct http_exchange *x)
{
    const struct http_request *r = &x->request;
    return r->route->files && x->server->options.file &&
           str_is(r->media_type, "multipart/form-data");
}

/* Length of the body from Content-Length. A body of unknown length is refused, so that none is
 * read that is too large. Of two lengths another reader of the same bytes, such as a proxy, might
 * take the other, and what is body for one were the next request for the other (RFC 9112, 6.3). */
static enum outcome body_length(size_t *out, struct http_exchange *x, size_t lengths, struct err *e)
{
    struct http_request *r = &x->request;
    const struct str length = http_header(r, "Content-Length");
    int64_t n = 0;
    x->close = lengths > 1 || http_header(r, "Transfer-Encoding").p;
    if (lengths > 1)
        return REFUSE(e, "http.malformed_length");
    if (http_header(r, "Transfer-Encoding").p)
        return REFUSE(e, "http.length_required");
    if (length.p && !str_to_u63(&n, length))
        return REFUSE(e, "http.malformed_length");
    const size_t max = r->route->body_max + (holds_files(x) ? (size_t)HTTP_FILES_BODY_MAX : 0);
    if (length.p && (uint64_t)n > max)
        return http_body_too_large(max, e);
    *out = (size_t)n;
    return OK;
}

/* All that can be judged by the head, before any of the body is read. */
static enum outcome read_head(struct http_exchange *x, struct err *e)
{
    struct http_request *r = &x->request;
    struct header_sum sum = { 0 };
    struct http_target target;
    size_t length = 0;
    http_connection_asked(x->server, x->peer, 2 * x->server->timeout_s); /* the body */
    (void)MHD_get_connection_values_n(x->connection, MHD_HEADER_KIND, sum_header, &sum);
    const bool surplus = x->peer && x->peer->surplus;
    x->close = surplus || sum.lengths > 1; /* whatever it is refused for */
    if (surplus)
        return REFUSE(e, "http.busy");
    if (x->too_long)
        return REFUSE(e, "http.uri_too_long");
    if (sum.count > HTTP_HEADERS_MAX || sum.bytes > HTTP_HEADER_BYTES)
        return REFUSE(e, "http.headers_too_large");
    TRY(http_target_read(&target, r->arena, x->target, e));
    r->path = target.path;
    r->query = target.query;
    r->nquery = target.nquery;
    r->media_type = http_media_type_read(r->arena, http_header(r, "Content-Type"));
    if (atomic_load(&x->server->stopping))
        return REFUSE(e, "http.stopping");
    TRY(http_route_find(&r->route, r, &x->allow, x->server->router, &target, e));
    if (from_elsewhere(r))
        return REFUSE(e, "http.cross_site");
    TRY(body_length(&length, x, sum.lengths, e));
    if (!holds_files(x)) {
        x->body = buf_new(length);
        return x->server->options.admit(r, e);
    }
    TRY(x->server->options.admit(r, e));
    http_connection_limit(x->server, x->peer,
                          2 * x->server->timeout_s + (unsigned)(length / HTTP_FILES_RATE));
    return http_parts_new(&x->parts, x, e);
}

static enum outcome read_form(struct http_exchange *x, struct err *e)
{
    struct http_request *r = &x->request;
    if (x->parts) {
        TRY(http_parts_end(x->parts, e));
        return number_read_form(r, e);
    }
    r->body = buf_get(&x->body);
    TRY(buf_check(&x->body, e));
    if (!str_is(r->media_type, "application/x-www-form-urlencoded"))
        return OK;
    TRY(http_pairs_read(&r->form, &r->nform, r->arena, r->body, "http.malformed_form", e));
    return number_read_form(r, e);
}

/* From here on the exchange may be suspended, so a stop waits for it; where one has begun, it is
 * too late. Under the lock, for between the two nothing may slip through. */
static enum outcome begin_work(struct http_exchange *x, struct err *e)
{
    struct http_server *s = x->server;
    (void)pthread_mutex_lock(&s->lock);
    x->counted = !atomic_load(&s->stopping);
    s->working += x->counted;
    (void)pthread_mutex_unlock(&s->lock);
    if (!x->counted)
        return REFUSE(e, "http.stopping");
    return OK;
}

void http_exchange_worked(struct http_exchange *x)
{
    struct http_server *s = x->server;
    if (!x->counted)
        return;
    x->counted = false;
    (void)pthread_mutex_lock(&s->lock);
    s->working--;
    (void)pthread_cond_broadcast(&s->drained);
    (void)pthread_mutex_unlock(&s->lock);
}

/* All that can be judged when the body is there. */
static enum outcome read_body(struct http_exchange *x, struct err *e)
{
    struct http_request *r = &x->request;
    TRY(read_form(x, e));
    if (x->server->options.check)
        TRY(x->server->options.check(r, e));
    return begin_work(x, e);
}

/* The connection waits and costs no thread. */
static enum MHD_Result wait_for(struct http_exchange *x)
{
    struct http_server *s = x->server;
    BUG_ON(!x->request.resumed);
    x->phase = HTTP_PHASE_WAITING;
    http_connection_limit(s, x->peer, 0);
    MHD_suspend_connection(x->connection);
    if (atomic_exchange(&x->wait, HTTP_WAIT_SUSPENDED) == HTTP_WAIT_RESUMED)
        MHD_resume_connection(x->connection);
    return MHD_YES;
}

static enum MHD_Result run(struct http_exchange *x, http_handler_fn *handler)
{
    atomic_store(&x->wait, HTTP_WAIT_RUNNING);
    enum http_state state = handler(&x->request);
    if (state == HTTP_DONE && x->server->options.settle)
        state = x->server->options.settle(&x->request);
    return state == HTTP_WAIT ? wait_for(x) : http_answer_send(x);
}

enum MHD_Result http_exchange_step(void *server, struct MHD_Connection *connection, const char *url,
                                   const char *method, const char *version, const char *data,
                                   size_t *ndata, void **exchange)
{
    struct http_exchange *x = *exchange;
    struct err e = { 0 };
    (void)server;
    (void)connection;
    (void)url;
    (void)version;
    if (!x)
        return MHD_NO;
    switch (x->phase) {
    case HTTP_PHASE_HEAD:
        x->request.method = arena_str(x->request.arena, str_z(method));
        x->phase = HTTP_PHASE_BODY;
        return read_head(x, &e) == OK ? MHD_YES : fail(x, &e);
    case HTTP_PHASE_BODY:
        if (x->parts)
            http_parts_take(x->parts, data, *ndata);
        else
            buf_put(&x->body, data, *ndata);
        if (*ndata > 0) {
            *ndata = 0;
            return MHD_YES;
        }
        return read_body(x, &e) == OK ? run(x, x->request.route->handler) : fail(x, &e);
    case HTTP_PHASE_WAITING:
        return run(x, x->request.resumed);
    case HTTP_PHASE_ANSWERED:
        *ndata = 0;
        return MHD_YES;
    }
    return MHD_NO;
}

void http_exchange_end(void *server, struct MHD_Connection *connection, void **exchange,
                       enum MHD_RequestTerminationCode how)
{
    struct http_server *s = server;
    struct http_exchange *x = *exchange;
    (void)connection;
    (void)how;
    if (!x)
        return;
    *exchange = NULL;
    http_connection_idles(s, x->peer); /* until the next begins */
    http_exchange_worked(x);
    http_live_drop(x->live);
    buf_free(&x->body);
    http_parts_free(x->parts);
    if (s->options.files_end && x->request.files)
        s->options.files_end(&x->request);
    arena_free(x->request.arena);
    free(x);
}
