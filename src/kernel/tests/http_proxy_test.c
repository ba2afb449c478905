/* Who is believed to stand behind a proxy, and in which language they read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/http_impl.h"
#include "kernel/tests/http_client.h"

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static struct str behind(const char *peer, const char *forwarded)
{
    struct err e = { 0 };
    struct http_proxies p;
    assert_int_equal(http_proxies_read(&p, "10.0.0.1, 10.0.0.2,::1", &e), OK);
    return http_forwarded_peer(&p, arena, str_z(peer), str_z(forwarded));
}

#define IS(value, text) assert_true(str_is(value, text))

/* What a client writes stands in front; only what a trusted proxy added is believed. */
static void only_trusted_proxies_are_believed(void **state)
{
    (void)state;
    IS(behind("192.0.2.9", "198.51.100.1"), "192.0.2.9"); /* no proxy of ours */
    IS(behind("10.0.0.1", "198.51.100.1"), "198.51.100.1");
    IS(behind("10.0.0.1", "203.0.113.5, 198.51.100.1"), "198.51.100.1"); /* the first is a lie */
    IS(behind("10.0.0.1", "203.0.113.5, 198.51.100.1, 10.0.0.2"), "198.51.100.1");
    IS(behind("::1", "2001:DB8::1"), "2001:db8::1");
    IS(behind("::1", "[2001:db8::1]:443"), "2001:db8::1");
    IS(behind("10.0.0.1", "198.51.100.1:5555"), "198.51.100.1");
    IS(behind("10.0.0.1", "::ffff:198.51.100.1"), "198.51.100.1");
    IS(behind("10.0.0.1", "198.51.100.1, unknown"), "10.0.0.1");
    IS(behind("10.0.0.1", "198.51.100.1,"), "10.0.0.1");
    IS(behind("10.0.0.1", "10.0.0.2"), "10.0.0.2");
    assert_true(str_is(
        http_forwarded_peer(&(struct http_proxies){ 0 }, arena, S("10.0.0.1"), S("198.51.100.1")),
        "10.0.0.1"));
}

static void a_list_of_proxies_is_addresses(void **state)
{
    (void)state;
    static const char *const bad[] = { "proxy.example", "10.0.0.0/8", "10.0.0.1,,10.0.0.2", "1.2.3",
                                       "300.1.1.1" };
    struct http_proxies p;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct err e = { 0 };
        assert_int_equal(http_proxies_read(&p, bad[i], &e), REFUSED);
        assert_string_equal(e.code, "http.malformed_proxy");
    }
    struct err e = { 0 };
    assert_int_equal(http_proxies_read(&p, "", &e), OK);
    assert_int_equal(p.n, 0);
}

static bool speaks(struct str language)
{
    return str_is(language, "en") || str_is(language, "de");
}

static void the_language_is_the_most_wanted_that_is_spoken(void **state)
{
    (void)state;
    static const char *const wishes[][2] = {
        { "de", "de" },           { "de-AT", "de" },      { "fr, de;q=0.5, en;q=0.4", "de" },
        { "en;q=0.8, de", "de" }, { "de;q=0", "en" },     { "de;q=0.2, en;q=0.3", "en" },
        { "fr", "en" },           { "", "en" },           { "*", "en" },
        { "de;q=x", "en" },       { "de;q=1.000", "de" }, { ";;,,-,de;q=0.001", "de" },
    };
    for (size_t i = 0; i < sizeof wishes / sizeof wishes[0]; i++) {
        const struct str is = http_language_choose(str_z(wishes[i][0]), speaks);
        if (!str_is(is, wishes[i][1]))
            fail_msg("%s: %.*s", wishes[i][0], STR(is));
    }
    IS(http_language_choose((struct str){ 0 }, speaks), "en");
}

/* HSTS behind a proxy that ends TLS, and only if it is trusted and says so. */
static void tls_before_a_trusted_proxy_counts(void **state)
{
    (void)state;
    static char got[4000];
    static const char *const heads[] = { "X-Forwarded-Proto: https\r\n",
                                         "X-Forwarded-Proto: http\r\n", "" };
    for (int trusted = 0; trusted < 2; trusted++) {
        struct http_options options = test_options();
        options.proxies = trusted ? "127.0.0.1" : NULL;
        struct http_server *s = test_start(&options);
        for (size_t i = 0; i < 3; i++) {
            char request[200];
            const int n = snprintf(request, sizeof request,
                                   "GET /hello HTTP/1.1\r\nHost: x\r\n%s\r\n", heads[i]);
            assert_int_equal(client_ask(s, (struct str){ request, (size_t)n }, got, sizeof got),
                             200);
            const bool hsts = strstr(got, "Strict-Transport-Security") != NULL;
            assert_int_equal(hsts, trusted && i == 0);
        }
        http_stop(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_trusted_proxies_are_believed),
        cmocka_unit_test(a_list_of_proxies_is_addresses),
        cmocka_unit_test(the_language_is_the_most_wanted_that_is_spoken),
        cmocka_unit_test(tls_before_a_trusted_proxy_counts),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
