/* Where a partner's endpoint may lead: nowhere inside, whatever form the address takes, but to what
 * the configuration names. */
#include "kernel/post_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static enum post_place at(const char *address, uint16_t port, const char *allowed)
{
    struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(port) };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
    if (inet_pton(AF_INET, address, &four.sin_addr) == 1)
        return post_guard((const struct sockaddr *)&four, str_z(allowed));
    assert_int_equal(inet_pton(AF_INET6, address, &six.sin6_addr), 1);
    return post_guard((const struct sockaddr *)&six, str_z(allowed));
}

static void what_lies_inside_is_refused(void **state)
{
    (void)state;
    static const char *const inside[] = {
        "127.0.0.1",
        "127.8.9.1",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a00:1",
        "64:ff9b::7f00:1",
        "fe80::1",
        "fd00::5",
        "2002:7f00:1::",
        "::7f00:1",
        "ff02::1",
        "2001:db8::1",
    };
    for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++)
        assert_int_equal(at(inside[i], 443, ""), POST_INSIDE);
    struct sockaddr local = { .sa_family = AF_UNIX };
    assert_int_equal(post_guard(&local, S("127.0.0.1")), POST_INSIDE);
}

static void what_is_public_is_reached(void **state)
{
    (void)state;
    static const char *const outside[] = { "1.1.1.1",         "172.32.0.1",       "100.128.0.1",
                                           "2606:4700::1111", "64:ff9b::101:101", "192.167.1.1" };
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++)
        assert_int_equal(at(outside[i], 443, ""), POST_OUTSIDE);
}

static void what_is_named_is_allowed(void **state)
{
    (void)state;
    static const char list[] = "127.0.0.1:8080, 10.20.0.0/16,[fd00::5]:443 , fd01::/16";
    assert_true(post_guard_valid(str_z(list)));
    assert_int_equal(at("127.0.0.1", 8080, list), POST_ALLOWED);
    assert_int_equal(at("127.0.0.1", 8081, list), POST_INSIDE);
    assert_int_equal(at("::ffff:127.0.0.1", 8080, list), POST_ALLOWED);
    assert_int_equal(at("10.20.3.4", 1, list), POST_ALLOWED);
    assert_int_equal(at("10.21.3.4", 1, list), POST_INSIDE);
    assert_int_equal(at("fd00::5", 443, list), POST_ALLOWED);
    assert_int_equal(at("fd00::5", 444, list), POST_INSIDE);
    assert_int_equal(at("fd01::9", 444, list), POST_ALLOWED);
    static const char *const bad[] = { "localhost", "10.0.0.0/33", "::1/129", "1.2.3.4:70000",
                                       "[::1",      "1.2.3",       "1.2.3.4:" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(post_guard_valid(str_z(bad[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_lies_inside_is_refused),
        cmocka_unit_test(what_is_public_is_reached),
        cmocka_unit_test(what_is_named_is_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
