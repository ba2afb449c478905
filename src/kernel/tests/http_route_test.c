/* The pure part of http: decoding and routes, without sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernel/http_impl.h"

static struct arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = arena_new(HTTP_ARENA_MAX);
    return arena ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static enum http_state nothing(struct http_request *r)
{
    (void)r;
    return HTTP_DONE;
}

#define ROW(method, path)    ROUTE(method, path, "public", 0, nothing, "help")
#define BAD(access, path, h) ROUTE("GET", path, access, 0, h, "help")

static const struct route routes[] = {
    ROW("GET", "/"),
    ROW("GET", "/units"),
    ROW("GET", "/units/{unit}"),
    ROW("GET", "/units/new"),
    ROW("POST", "/units/{unit}/offers/{offer}"),
    ROW("GET", "/{kind}/{id}"),
    ROW("GET", "/tlog/{rest*}"),
    ROW("GET", "/tlog/checkpoint"),
};

static enum outcome router_of(struct http_router **out, const struct route *rows, size_t n,
                              struct err *e)
{
    const struct route *const tables[] = { rows };
    const struct http_options options = { .routes = tables, .nroutes = &n, .ntables = 1 };
    return http_router_new(out, &options, e);
}

static void finds_the_most_literal(void **state)
{
    (void)state;
    static const struct {
        const char *method;
        const char *target;
        const char *path; /* of the row; NULL: refused */
        const char *first;
    } rows[] = {
        { "GET", "/", "/", NULL },
        { "GET", "/units?x", "/units", NULL },
        { "GET", "/units/new", "/units/new", NULL },
        { "HEAD", "/units/%6eew", "/units/new", NULL },
        { "GET", "/units/old", "/units/{unit}", "old" },
        { "GET", "/orders/1", "/{kind}/{id}", "orders" },
        { "POST", "/units/a%2Fb/offers/2", "/units/{unit}/offers/{offer}", "a/b" },
        { "GET", "/tlog/checkpoint", "/tlog/checkpoint", NULL },
        { "GET", "/tlog/tile/0/001", "/tlog/{rest*}", "tile/0/001" },
        { "GET", "/tlog/", NULL, NULL },
        { "GET", "/units/", NULL, NULL },
        { "GET", "//", NULL, NULL },
        { "GET", "/units/1/2", NULL, NULL },
        { "HEAD", "/units/1/offers/2", NULL, NULL },
    };
    struct err e = { 0 };
    struct http_router *router;
    assert_int_equal(router_of(&router, routes, sizeof routes / sizeof routes[0], &e), OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct http_request r = { .arena = arena, .method = str_z(rows[i].method) };
        struct http_target target;
        struct str allow = { 0 };
        const struct route *route = NULL;
        assert_int_equal(http_target_read(&target, arena, str_z(rows[i].target), &e), OK);
        const enum outcome o = http_route_find(&route, &r, &allow, router, &target, &e);
        assert_int_equal(o, rows[i].path ? OK : REFUSED);
        if (rows[i].path)
            assert_string_equal(route->path, rows[i].path);
        if (rows[i].first)
            assert_true(str_is(r.params[0].value, rows[i].first));
    }
    http_router_free(router);
}

/* partial: SEC-02 a route that names no access rule does not start */
static void refuses_bad_rows(void **state)
{
    (void)state;
    static const struct {
        struct route rows[2];
        const char *code;
    } bad[] = {
        { { BAD(NULL, "/a", nothing) }, "http.no_access_rule" },
        { { BAD("", "/a", nothing) }, "http.no_access_rule" },
        { { BAD("public", NULL, nothing) }, "http.malformed_route" },
        { { BAD("public", "a", nothing) }, "http.malformed_route" },
        { { BAD("public", "/{}", nothing) }, "http.malformed_route" },
        { { BAD("public", "/{a", nothing) }, "http.malformed_route" },
        { { BAD("public", "/{a*}/b", nothing) }, "http.malformed_route" },
        { { BAD("public", "/a b", nothing) }, "http.malformed_route" },
        { { BAD("public", "/a%20b", nothing) }, "http.malformed_route" },
        { { BAD("public", "/a", NULL) }, "http.malformed_route" },
        { { ROUTE("POST", "/a", "public", HTTP_BODY_MAX + 1, nothing, "h") },
          "http.malformed_route" },
        { { BAD("public", "/{a}/{b}/{c}/{d}/{e}/{f}/{g}", nothing) }, "http.malformed_route" },
        { { ROW("GET", "/a/{x}"), ROW("GET", "/a/{y}") }, "http.route_twice" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct err e = { 0 };
        struct http_router *router = NULL;
        const size_t n = bad[i].rows[1].method ? 2 : 1;
        assert_int_equal(router_of(&router, bad[i].rows, n, &e), REFUSED);
        assert_string_equal(e.code, bad[i].code);
    }
}

static void decodes_pairs_once(void **state)
{
    (void)state;
    const struct record_pair *pairs;
    size_t n;
    struct err e = { 0 };
    assert_int_equal(
        http_pairs_read(&pairs, &n, arena, S("a=1&&b&%63=%2526+x=y&a="), "http.malformed_form", &e),
        OK);
    assert_int_equal(n, 4);
    assert_true(str_is(pairs[0].name, "a") && str_is(pairs[0].value, "1"));
    assert_true(str_is(pairs[1].name, "b") && str_is(pairs[1].value, ""));
    assert_true(str_is(pairs[2].name, "c") && str_is(pairs[2].value, "%26 x=y"));
    assert_true(str_is(pairs[3].name, "a") && str_is(pairs[3].value, ""));
    static char many[HTTP_PAIRS_MAX + 1];
    memset(many, '&', sizeof many);
    assert_int_equal(http_pairs_read(&pairs, &n, arena, (struct str){ many, HTTP_PAIRS_MAX - 1 },
                                     "http.malformed_form", &e),
                     OK);
    assert_int_equal(http_pairs_read(&pairs, &n, arena, (struct str){ many, HTTP_PAIRS_MAX },
                                     "http.malformed_form", &e),
                     REFUSED);
    assert_string_equal(e.code, "http.too_many_pairs");
}

static void reads_headers(void **state)
{
    (void)state;
    assert_true(str_is(http_media_type_read(arena, S(" Text/HTML ; charset=x")), "text/html"));
    assert_null(http_media_type_read(arena, S("text")).p);
    assert_true(str_is(http_cookie_find(S("a=1; vein=x=y; b=2"), S("vein")), "x=y"));
    assert_null(http_cookie_find(S("xvein=1; vein"), S("vein")).p);
    assert_true(http_etag_matches(S("*"), S("\"a\"")));
    assert_true(http_etag_matches(S("\"b\" ,W/\"a\""), S("\"a\"")));
    assert_false(http_etag_matches(S("\"ab\", a"), S("\"a\"")));
    assert_false(http_etag_matches((struct str){ 0 }, S("\"a\"")));
    assert_true(http_origin_is(S("https://x:1"), S("x:1")));
    assert_false(http_origin_is(S("https://x:1.evil"), S("x:1")));
    assert_false(http_origin_is(S("null"), S("null")));
    assert_false(http_origin_is(S("https://"), (struct str){ 0 }));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_most_literal),
        cmocka_unit_test(refuses_bad_rows),
        cmocka_unit_test(decodes_pairs_once),
        cmocka_unit_test(reads_headers),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
