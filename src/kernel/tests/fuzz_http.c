/* Fuzzes what http does with a client's bytes before a handler sees them: target, route, form,
 * cookies and the other headers it reads. The input is "METHOD target", then lines of headers, an
 * empty line and a body.
 *
 * What was decoded is UTF-8 without NUL, a path has no dot segments, and encoded again and decoded
 * again it is the same: nothing is decoded twice. */
#include <stdlib.h>

#include "kernel/http_impl.h"

static enum http_state nothing(struct http_request *r)
{
    (void)r;
    return HTTP_DONE;
}

static const struct route routes[] = {
    ROUTE("GET", "/", "public", 0, nothing, "help"),
    ROUTE("GET", "/units/{unit}", "public", 0, nothing, "help"),
    ROUTE("GET", "/units/new", "public", 0, nothing, "help"),
    ROUTE("POST", "/units/{unit}/offers/{offer}", "public", 0, nothing, "help"),
    ROUTE("GET", "/{kind}/{id}", "public", 0, nothing, "help"),
    ROUTE("GET", "/tlog/{rest*}", "public", 0, nothing, "help"),
};

static struct http_router *router;

static void check_text(struct str s)
{
    BUG_ON(!s.p || !str_utf8_valid(s));
    BUG_ON(s.n > 0 && memchr(s.p, '\0', s.n));
}

/* The target that names the same segments, encoded as much as can be. */
static struct str encode(struct arena *a, const struct http_target *t)
{
    struct buf b = buf_in(a, 4 * HTTP_TARGET_MAX);
    for (size_t i = 0; i < t->nsegments; i++) {
        buf_char(&b, '/');
        for (size_t k = 0; k < t->segments[i].n; k++)
            buf_printf(&b, "%%%02X", (unsigned)(unsigned char)t->segments[i].p[k]);
    }
    return buf_get(&b);
}

static void check_target(struct arena *a, const struct http_target *t)
{
    struct err e = { 0 };
    struct http_target again;
    for (size_t i = 0; i < t->nsegments; i++) {
        check_text(t->segments[i]);
        BUG_ON(str_is(t->segments[i], ".") || str_is(t->segments[i], ".."));
    }
    for (size_t i = 0; i < t->nquery; i++) {
        check_text(t->query[i].name);
        check_text(t->query[i].value);
    }
    const struct str encoded = encode(a, t);
    if (encoded.n > HTTP_TARGET_MAX)
        return;
    BUG_ON(http_target_read(&again, a, encoded, &e) != OK || again.nsegments != t->nsegments);
    for (size_t i = 0; i < t->nsegments; i++)
        BUG_ON(!str_eq(again.segments[i], t->segments[i]));
}

static void check_route(struct arena *a, struct str method, const struct http_target *target)
{
    struct err e = { 0 };
    struct str allow = { 0 };
    const struct route *route = NULL;
    struct http_request r = { .arena = a, .method = method };
    const enum outcome o = http_route_find(&route, &r, &allow, router, target, &e);
    BUG_ON((o == OK) != (route != NULL));
    for (size_t i = 0; o == OK && i < HTTP_PATH_PARAMS_MAX && r.params[i].name.p; i++) {
        check_text(r.params[i].value);
        BUG_ON(r.params[i].value.n == 0);
    }
}

static bool speaks(struct str language)
{
    return str_is(language, "de");
}

/* Whatever stands there, it is an address, and the proxy's own where it is none. */
static void check_forwarded(struct arena *a, struct str line)
{
    static const struct http_proxies proxies = { { "10.0.0.1", "::1" }, 2 };
    char address[HTTP_ADDRESS_SIZE];
    const struct str peer = http_forwarded_peer(&proxies, a, S("10.0.0.1"), line);
    BUG_ON(!http_address_read(address, peer) || !str_is(peer, address));
    BUG_ON(!str_is(http_forwarded_peer(&proxies, a, S("192.0.2.1"), line), "192.0.2.1"));
}

static void check_headers(struct arena *a, struct str lines)
{
    while (lines.n > 0) {
        const struct str line = str_cut(&lines, '\n');
        const struct str type = http_media_type_read(a, line);
        BUG_ON(type.p && str_find(type, '/') == type.n);
        const struct str cookie = http_cookie_find(line, S("a"));
        BUG_ON(cookie.p && (cookie.p < line.p || cookie.p + cookie.n > line.p + line.n));
        (void)http_etag_matches(line, S("\"0123456789abcdef\""));
        BUG_ON(http_origin_is(line, S("")));
        check_forwarded(a, line);
        const struct str language = http_language_choose(line, speaks);
        BUG_ON(!str_is(language, "en") && !speaks(language));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct route *const tables[] = { routes };
    static const size_t lengths[] = { sizeof routes / sizeof routes[0] };
    const struct http_options options = { .routes = tables, .nroutes = lengths, .ntables = 1 };
    struct err e = { 0 };
    if (!router)
        BUG_ON(http_router_new(&router, &options, &e) != OK);
    struct arena *a = arena_new(HTTP_ARENA_MAX);
    BUG_ON(!a);

    struct str body = { .p = (const char *)data, .n = size };
    struct str target_text = str_cut(&body, '\n');
    const struct str method = str_cut(&target_text, ' ');
    struct http_target target;
    if (http_target_read(&target, a, target_text, &e) == OK) {
        check_target(a, &target);
        check_route(a, method, &target);
    }
    while (body.n > 0 && body.p[0] != '\n')
        check_headers(a, str_cut(&body, '\n'));
    const struct record_pair *pairs;
    size_t n;
    if (http_pairs_read(&pairs, &n, a, str_from(body, 1), "http.malformed_form", &e) == OK) {
        for (size_t i = 0; i < n; i++) {
            check_text(pairs[i].name);
            check_text(pairs[i].value);
        }
    }
    arena_free(a);
    return 0;
}
