/* The server over real sockets: what it answers, what it refuses, and how it ends. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/tests/http_client.h"

static struct http_server *server;
static char got[70000];

static int start(void **state)
{
    (void)state;
    test_resumer_start();
    const struct http_options options = test_options();
    server = test_start(&options);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    http_stop(server);
    test_resumer_stop();
    return 0;
}

static int ask(const char *first_line, const char *headers, const char *body)
{
    static char request[40000];
    const int n = snprintf(request, sizeof request, "%s HTTP/1.1\r\nHost: x\r\n%s\r\n%s",
                           first_line, headers, body);
    assert_true(n > 0 && (size_t)n < sizeof request);
    return client_ask(server, (struct str){ request, (size_t)n }, got, sizeof got);
}

static const char *body(void)
{
    const char *end = strstr(got, "\r\n\r\n");
    return end ? end + 4 : "";
}

static void answers_routes(void **state)
{
    (void)state;
    assert_int_equal(ask("GET /hello", "", ""), 200);
    assert_string_equal(body(), "hello");
    assert_int_equal(ask("GET /units/a%2Fb%20%C3%A4", "", ""), 200);
    assert_string_equal(body(), "a/b \xC3\xA4");
    assert_int_equal(ask("GET /units/all", "", ""), 200);
    assert_string_equal(body(), "all units");
    assert_int_equal(ask("GET /files/0/x001/067", "", ""), 200);
    assert_string_equal(body(), "0/x001/067");
    assert_int_equal(ask("GET /query?b=1&a=x%26y+z", "", ""), 200);
    assert_string_equal(body(), "x&y z");
    assert_int_equal(ask("GET /wait", "", ""), 200);
    assert_string_equal(body(), "waited");
    assert_int_equal(ask("GET /early", "", ""), 200);
    assert_int_equal(ask("GET /twice", "", ""), 200);
    assert_string_equal(body(), "waited");
    assert_int_equal(ask("POST /form",
                         "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n"
                         "Content-Length: 9\r\n",
                         "b=1&a=%3D"),
                     200);
    assert_string_equal(body(), "=");
    assert_int_equal(ask("POST /form",
                         "Content-Type: application/x-www-form-urlencoded\r\n"
                         "Content-Length: 16\r\n",
                         "a=1&token=stolen"),
                     403);
    assert_int_equal(ask("POST /raw", "Content-Length: 5\r\n", "a=\x01%Z"), 200);
    assert_string_equal(body(), "a=\x01%Z");
}

static void every_answer_is_strict(void **state)
{
    (void)state;
    static const char *const requests[] = { "GET /hello", "GET /nowhere", "POST /hello",
                                            "GET /live",  "GET /%",       "POST /forbidden" };
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        char head[400];
        const int fd = client_connect(server);
        (void)snprintf(head, sizeof head, "%s HTTP/1.1\r\nHost: x\r\n\r\n", requests[i]);
        client_send(fd, str_z(head));
        (void)client_read(fd, got, i == 3 ? 1000 : sizeof got);
        (void)close(fd);
        assert_non_null(strstr(got, "Content-Security-Policy: default-src 'self';"));
        assert_non_null(strstr(got, "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"));
        assert_null(strstr(got, "unsafe"));
        assert_non_null(strstr(got, "X-Content-Type-Options: nosniff"));
        assert_non_null(strstr(got, "Referrer-Policy: no-referrer"));
        assert_non_null(strstr(got, "Cross-Origin-Opener-Policy: same-origin"));
        assert_non_null(strstr(got, "Cache-Control: private, no-store"));
        assert_null(strstr(got, "Strict-Transport-Security"));
    }
    assert_int_equal(ask("GET /asset", "", ""), 200);
    assert_non_null(strstr(got, "Cache-Control: public, max-age=31536000, immutable"));
    assert_int_equal(ask("GET /broken", "", ""), 500);
    assert_null(strstr(got, "Evil"));
    assert_int_equal(ask("GET /away?to=/units/1", "", ""), 303);
    assert_non_null(strstr(got, "Location: /units/1\r\n"));
    assert_int_equal(ask("GET /away?to=//evil.example", "", ""), 303);
    assert_non_null(strstr(got, "Location: /\r\n"));
    assert_int_equal(ask("GET /away?to=https://evil.example", "", ""), 303);
    assert_non_null(strstr(got, "Location: /\r\n"));
}

static void etag_and_head(void **state)
{
    (void)state;
    /* sha256("hello") = 2cf24dba5fb0a30e… */
    assert_int_equal(ask("GET /hello", "", ""), 200);
    assert_non_null(strstr(got, "ETag: \"2cf24dba5fb0a30e\"\r\n"));
    assert_int_equal(ask("GET /hello", "If-None-Match: \"x\", W/\"2cf24dba5fb0a30e\"\r\n", ""),
                     304);
    assert_string_equal(body(), "");
    assert_non_null(strstr(got, "ETag: \"2cf24dba5fb0a30e\"\r\n"));
    assert_int_equal(ask("GET /hello", "If-None-Match: \"2cf24dba5fb0a30f\"\r\n", ""), 200);
    const int fd = client_connect(server);
    client_send(fd, S("HEAD /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    ssize_t n;
    size_t all = 0;
    while ((n = read(fd, got + all, sizeof got - 1 - all)) > 0)
        all += (size_t)n;
    got[all] = '\0';
    (void)close(fd);
    assert_int_equal(client_status(got), 200);
    assert_non_null(strstr(got, "Content-Length: 5\r\n"));
    assert_string_equal(body(), "");
}

/* shows: SEC-03 each kind of malformed or oversized request has its status, and is judged by its
 * head: none of these sends the body it announces. */
static void refuses_by_the_head(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        const char *headers;
        int status;
    } bad[] = {
        { "GET /nowhere", "", 404 },
        { "GET /units/", "", 404 },
        { "GET /hello/", "", 404 },
        { "POST /hello", "", 405 },
        { "BREW /hello", "", 405 },
        { "GET /units/%", "", 400 },
        { "GET /units/%zz", "", 400 },
        { "GET /units/%00", "", 400 },
        { "GET /units/%0a", "", 400 },
        { "GET /units/%c3", "", 400 },
        { "GET /units/../hello", "", 400 },
        { "GET /units/%2e%2e/hello", "", 400 },
        { "GET /units/./x", "", 400 },
        { "GET /hello#x", "", 400 },
        { "GET http://x/hello", "", 400 },
        { "OPTIONS *", "", 400 },
        { "GET /query?a=%f", "", 400 },
        { "GET /query?a=%00", "", 400 },
        { "GET /query?a=%ff", "", 400 },
        { "POST /raw", "Content-Length: 101\r\n", 413 },
        { "POST /raw", "Content-Length: 999999999999999999\r\n", 413 },
        { "POST /raw", "Content-Length: 18446744073709551615\r\n", 400 },
        { "GET /hello", "Content-Length: 1\r\n", 413 },
        { "POST /raw", "Content-Length: x\r\n", 400 },
        { "POST /raw", "Content-Length: -1\r\n", 400 },
        { "POST /raw", "Content-Length: 1\r\nContent-Length: 2\r\n", 400 },
        { "POST /raw", "Content-Length: 0\r\ncontent-length: 5\r\n", 400 },
        { "POST /raw", "Content-Length: 1\r\nContent-Length: 1\r\n", 400 },
        { "POST /raw", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", 411 },
        { "POST /raw", "Transfer-Encoding: chunked\r\n", 411 },
        { "POST /forbidden", "Content-Length: 500\r\n", 403 },
        { "POST /raw", "Sec-Fetch-Site: cross-site\r\nContent-Length: 5\r\n", 403 },
        { "POST /raw", "Sec-Fetch-Site: same-site\r\nContent-Length: 5\r\n", 403 },
        { "POST /raw", "Origin: https://evil.example\r\nContent-Length: 5\r\n", 403 },
        { "POST /raw", "Origin: null\r\nContent-Length: 5\r\n", 403 },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const int status = ask(bad[i].line, bad[i].headers, "");
        if (status != bad[i].status)
            fail_msg("%s: %d, not %d", bad[i].line, status, bad[i].status);
    }
    assert_int_equal(ask("PUT /units/1", "", ""), 405);
    assert_non_null(strstr(got, "Allow: GET, HEAD, POST\r\n"));
    assert_int_equal(ask("POST /raw", "Sec-Fetch-Site: same-origin\r\nContent-Length: 1\r\n", "x"),
                     200);
    assert_int_equal(ask("POST /raw", "Origin: http://x\r\nContent-Length: 1\r\n", "x"), 200);
    assert_int_equal(ask("GET /hello", "Sec-Fetch-Site: cross-site\r\n", ""), 200);
}

/* Two readers of one stream of bytes that disagree where a body ends: what the first takes for a
 * body would be the next request of the second. The connection ends with the refusal. */
static void two_lengths_smuggle_nothing(void **state)
{
    (void)state;
    static const char *const heads[] = {
        "Content-Length: 0\r\nContent-Length: 29",
        "Content-Length: 29\r\nContent-Length: 0",
    };
    for (size_t i = 0; i < 2; i++) {
        char request[300];
        const int fd = client_connect(server);
        const int n = snprintf(request, sizeof request,
                               "POST /raw HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n"
                               "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n",
                               heads[i]);
        client_send(fd, (struct str){ request, (size_t)n });
        (void)client_read(fd, got, sizeof got);
        assert_int_equal(client_status(got), 400);
        assert_non_null(strstr(got, "Connection: close\r\n"));
        assert_true(client_closed_within(fd, 3000));
        (void)close(fd);
    }
}

/* shows: SEC-03 */
static void refuses_what_is_too_large(void **state)
{
    (void)state;
    static char line[9000];
    static char headers[60000];
    (void)snprintf(line, sizeof line, "GET /units/%08190d", 1);
    assert_int_equal(ask(line, "", ""), 414);
    size_t n = 0;
    for (size_t i = 0; i < 80; i++)
        n += (size_t)snprintf(headers + n, sizeof headers - n, "X-%zu: 1\r\n", i);
    assert_int_equal(ask("GET /hello", headers, ""), 431);
    (void)snprintf(headers, sizeof headers, "X: %020000d\r\n", 1);
    assert_int_equal(ask("GET /hello", headers, ""), 431);
    static char huge[1 << 20];
    memset(huge, 'x', sizeof huge);
    memcpy(huge, "GET /hello HTTP/1.1\r\nHost: x\r\nX: ", 34);
    const int status = client_ask(server, (struct str){ huge, sizeof huge }, got, sizeof got);
    assert_true(status == 0 || (status >= 400 && status < 500)); /* a reset may overtake it */
    n = (size_t)snprintf(headers, sizeof headers, "a=1");
    while (n < 990)
        n += (size_t)snprintf(headers + n, sizeof headers - n, "&");
    char length[100];
    (void)snprintf(length, sizeof length,
                   "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %zu\r\n", n);
    assert_int_equal(ask("POST /form", length, headers), 400); /* more than 512 pairs */
    assert_int_equal(ask("GET /hello", "", ""), 200);
}

static void pipelined_requests_answer_in_order(void **state)
{
    (void)state;
    const int fd = client_connect(server);
    client_send(fd,
                S("GET /units/1 HTTP/1.1\r\nHost: x\r\n\r\nGET /wait HTTP/1.1\r\nHost: x\r\n\r\n"
                  "POST /raw HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok"
                  "GET /units/4 HTTP/1.1\r\nHost: x\r\n\r\n"));
    static const char *const expected[] = { "1", "waited", "ok", "4" };
    for (size_t i = 0; i < 4; i++) {
        (void)client_read(fd, got, sizeof got);
        assert_int_equal(client_status(got), 200);
        assert_string_equal(body(), expected[i]);
    }
    (void)close(fd);
}

/* A client that leaves while its command is under way does no harm. */
static void leaving_while_suspended(void **state)
{
    (void)state;
    test_hold(true);
    const int fd = client_connect(server);
    client_send(fd, S("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"));
    while (test_waiting() == 0)
        (void)poll(NULL, 0, 5);
    (void)close(fd);
    test_hold(false);
    assert_int_equal(ask("GET /wait", "", ""), 200);
}

static const struct {
    const char *code;
    int status;
} statuses[] = {
    { "auth.sign_in", 401 },    { "auth.forbidden", 403 },   { "unit.unknown", 404 },
    { "gate.key_reused", 422 }, { "base.too_large", 413 },   { "ledger.changed", 409 },
    { "gate.busy", 503 },       { "custody.holder", 422 },   { "json.malformed", 400 },
    { "record.missing", 400 },  { "quantity.inexact", 400 },
};

static void statuses_of_errors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        struct err e = { .outcome = REFUSED, .code = statuses[i].code };
        assert_int_equal(http_status(&e), statuses[i].status);
    }
    struct err e = { .outcome = FAULT, .code = "store.busy" };
    assert_int_equal(http_status(&e), 503);
    e.code = "record.missing";
    assert_int_equal(http_status(&e), 500);
}

/* Connections that say nothing whole make room, however often a byte comes; others are served. */
static void a_head_has_its_time(void **state)
{
    (void)state;
    struct http_options options = test_options();
    options.head_s = 1;
    struct http_server *s = test_start(&options);
    const int silent = client_connect(s);
    const int slow = client_connect(s);
    client_send(slow, S("GET /hello HTTP/1.1\r\nHost: x\r\nX-Slow: "));
    bool closed = false;
    for (int i = 0; i < 40 && !closed; i++) {
        closed = client_closed_within(slow, 200);
        if (!closed)
            (void)send(slow, "a", 1, MSG_NOSIGNAL);
    }
    assert_true(closed);
    assert_true(client_closed_within(silent, 5000));
    assert_int_equal(client_ask(s, S("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"), got, sizeof got),
                     200);
    (void)close(slow);
    (void)close(silent);
    http_stop(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_routes),
        cmocka_unit_test(every_answer_is_strict),
        cmocka_unit_test(etag_and_head),
        cmocka_unit_test(refuses_by_the_head),
        cmocka_unit_test(two_lengths_smuggle_nothing),
        cmocka_unit_test(refuses_what_is_too_large),
        cmocka_unit_test(pipelined_requests_answer_in_order),
        cmocka_unit_test(leaving_while_suspended),
        cmocka_unit_test(a_head_has_its_time),
        cmocka_unit_test(statuses_of_errors),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
