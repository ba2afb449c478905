/* What is sent: status, the strict headers that every answer carries, ETag, body. */
#include "kernel/http_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/log.h"

enum { ETAG_DIGITS = 16, ETAG_SIZE = ETAG_DIGITS + 3, HTTP_MADE_PIECE = 64 << 10 };

#define POLICY                                                                                     \
    "default-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; "             \
    "form-action 'self'"

/* The camera reads labels. */
static const char *const strict_headers[][2] = {
    { "X-Content-Type-Options", "nosniff" },
    { "Referrer-Policy", "no-referrer" },
    { "Cross-Origin-Opener-Policy", "same-origin" },
    { "Cross-Origin-Resource-Policy", "same-origin" },
    { "Permissions-Policy", "camera=(self), microphone=(), geolocation=()" },
};

/* A path of this server; a handler may have taken it from outside, so anything else leads home. */
static const char *local_path(const struct http_exchange *x)
{
    const struct str path = x->request.answer.location;
    const bool local =
        path.n > 0 && path.p[0] == '/' && (path.n == 1 || (path.p[1] != '/' && path.p[1] != '\\'));
    return local ? arena_str(x->request.arena, path).p : "/";
}

static bool add(struct MHD_Response *response, const char *name, const char *value)
{
    return value && MHD_add_response_header(response, name, value) == MHD_YES;
}

static bool add_optional(const struct http_exchange *x, struct MHD_Response *response)
{
    const struct http_answer *answer = &x->request.answer;
    char number[24];
    bool ok = true;
    if (http_secure(&x->request))
        ok = ok && add(response, "Strict-Transport-Security", "max-age=31536000");
    if (x->allow.p)
        ok = ok && add(response, "Allow", arena_str(x->request.arena, x->allow).p);
    if (answer->location.p)
        ok = ok && add(response, "Location", local_path(x));
    for (size_t i = 0; i < HTTP_ANSWER_COOKIES_MAX; i++) {
        if (answer->set_cookie[i].p)
            ok = ok &&
                 add(response, "Set-Cookie", arena_str(x->request.arena, answer->set_cookie[i]).p);
    }
    if (x->close)
        ok = ok && add(response, "Connection", "close");
    if (x->request.rate.p) {
        ok = ok && add(response, "RateLimit", arena_str(x->request.arena, x->request.rate).p);
        ok = ok && add(response, "RateLimit-Policy",
                       arena_str(x->request.arena, x->request.rate_policy).p);
    }
    if (answer->retry_after_s > 0) {
        (void)snprintf(number, sizeof number, "%" PRId64, answer->retry_after_s);
        ok = ok && add(response, "Retry-After", number);
    }
    for (size_t i = 0; i < HTTP_ANSWER_HEADERS_MAX && answer->headers[i].name; i++)
        ok = ok && add(response, answer->headers[i].name,
                       arena_str(x->request.arena, answer->headers[i].value).p);
    return ok;
}

bool http_answer_headers(const struct http_exchange *x, struct MHD_Response *response)
{
    const struct http_answer *answer = &x->request.answer;
    const char *type = answer->media_type ? answer->media_type : "text/html; charset=utf-8";
    bool ok = true;
    for (size_t i = 0; i < sizeof strict_headers / sizeof strict_headers[0]; i++)
        ok = ok && add(response, strict_headers[i][0], strict_headers[i][1]);
    ok = ok && add(response, "Content-Security-Policy",
                   answer->wasm ? "script-src 'self' 'wasm-unsafe-eval'; " POLICY : POLICY);
    ok = ok && add(response, "Cache-Control",
                   answer->immutable ? "public, max-age=31536000, immutable" : "private, no-store");
    if (answer->status != 204 && answer->status != 304)
        ok = ok && add(response, "Content-Type", type);
    return ok && add_optional(x, response);
}

/* The tag of a GET's whole answer, quoted; false when it has none. */
static bool make_etag(char out[ETAG_SIZE], const struct http_request *r)
{
    const bool read = str_is(r->method, "GET") || str_is(r->method, "HEAD");
    if (!read || r->answer.status != 200 || r->answer.no_etag || r->answer.made.read)
        return false;
    char hex[HASH_HEX + 1];
    hash_hex(hex, hash_of(r->answer.body.p, r->answer.body.n));
    (void)snprintf(out, ETAG_SIZE, "\"%.*s\"", ETAG_DIGITS, hex);
    return true;
}

/* --- bodies that are made while they are sent --- */

static ssize_t made_read(void *context, uint64_t at, char *out, size_t n)
{
    const struct http_body *body = context;
    const ptrdiff_t got = body->read(body->context, (int64_t)at, out, n);
    return got > 0 ? got : (ssize_t)MHD_CONTENT_READER_END_WITH_ERROR;
}

static void made_free(void *context)
{
    struct http_body *body = context;
    body->free(body->context);
    free(body);
}

/* The body outlives the exchange by the time that the library needs to let it go. */
static struct MHD_Response *make_response_of_body(struct http_answer *answer)
{
    struct http_body *body = malloc(sizeof *body);
    struct MHD_Response *response = NULL;
    if (body) {
        *body = answer->made;
        response = MHD_create_response_from_callback((uint64_t)body->size, HTTP_MADE_PIECE,
                                                     made_read, body, made_free);
    }
    if (!response) {
        answer->made.free(answer->made.context);
        free(body);
    }
    answer->made = (struct http_body){ 0 };
    return response;
}

static struct MHD_Response *make_response(struct http_exchange *x)
{
    struct http_request *r = &x->request;
    char etag[ETAG_SIZE];
    const bool tagged = make_etag(etag, r);
    if (tagged && http_etag_matches(http_header(r, "If-None-Match"), str_z(etag))) {
        r->answer.status = 304;
        r->answer.body = S("");
    }
    /* The body lives in the arena, which outlives the sending. */
    struct MHD_Response *response =
        r->answer.made.read
            ? make_response_of_body(&r->answer)
            : MHD_create_response_from_buffer(r->answer.body.n, (void *)(uintptr_t)r->answer.body.p,
                                              MHD_RESPMEM_PERSISTENT);
    if (response &&
        (!http_answer_headers(x, response) || (tagged && !add(response, "ETag", etag)))) {
        MHD_destroy_response(response);
        return NULL;
    }
    return response;
}

enum MHD_Result http_answer_send(struct http_exchange *x)
{
    struct http_request *r = &x->request;
    BUG_ON(!x->live && (r->answer.status < 200 || r->answer.status > 599));
    struct MHD_Response *response = x->live ? http_live_response(x) : make_response(x);
    if (!response) { /* no memory, or a header with a line end in it */
        LOG(x->server->options.env, LOG_ERROR, "http.answer_failed");
        response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
        r->answer.status = 500;
        if (!response)
            return MHD_NO;
    }
    x->phase = HTTP_PHASE_ANSWERED;
    http_connection_limit(x->server, x->peer, x->live ? 0 : 10 * x->server->timeout_s);
    if (x->live) /* a stream ends when the server does */
        http_exchange_worked(x);
    x->live = NULL;
    const enum MHD_Result result =
        MHD_queue_response(x->connection, (unsigned)r->answer.status, response);
    MHD_destroy_response(response);
    return result;
}

/* -- Status of errors -------------------------------------------------------------------------- */

/* The first row that fits; a code that begins with '*' fits by its end, one that ends with '*' by
 * its beginning. */
static const struct {
    const char *code;
    int status;
} statuses[] = {
    { "auth.sign_in", 401 },
    { "auth.sign_in_failed", 401 },
    { "auth.proof_failed", 401 },
    { "auth.enrol_first", 403 },
    { "auth.locked", 423 },
    { "auth.key_refused", 401 },
    { "auth.key_page", 406 },
    { "auth.csrf", 403 },
    { "*.forbidden", 403 },
    { "http.cross_site", 403 },
    { "*.unknown", 404 },
    { "tlog.entries", 404 },
    { "http.method", 405 },
    { "http.timeout", 408 },
    { "ledger.changed", 409 },
    { "sign.changed", 409 },
    { "http.length_required", 411 },
    { "*.too_large", 413 },
    { "http.uri_too_long", 414 },
    { "auth.certificate_form", 415 },
    { "http.headers_too_large", 431 },
    { "auth.slow_down", 429 },
    { "http.too_many_requests", 429 },
    { "http.too_many_of_session", 429 },
    { "api.log_restarted", 410 },
    { "gate.key_reused", 422 },
    { "file.offset", 409 },
    { "*.busy", 503 },
    { "openid.unreachable", 503 },
    { "http.stopping", 503 },
    { "http.too_many_streams", 503 },
    { "store.disk_full", 503 },
    { "store.failed", 503 },
    { "store.io", 503 },
    { "store.read_only", 503 },
    { "gate.newer_event", 503 },
    { "http.*", 400 },
    { "json.*", 400 },
    { "record.*", 400 },
    { "quantity.*", 400 },
    { "api.wait", 400 },
    { "gate.malformed*", 400 },
};

static bool code_fits(struct str code, struct str pattern)
{
    if (pattern.p[0] == '*')
        return str_ends(code, str_from(pattern, 1));
    if (pattern.p[pattern.n - 1] == '*')
        return str_starts(code, (struct str){ pattern.p, pattern.n - 1 });
    return str_eq(code, pattern);
}

int http_status(const struct err *e)
{
    BUG_ON(e->outcome == OK);
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        const bool fits = code_fits(str_z(e->code), str_z(statuses[i].code));
        if (fits && (e->outcome == REFUSED || statuses[i].status == 503))
            return statuses[i].status;
    }
    return e->outcome == REFUSED ? 422 : 500;
}
