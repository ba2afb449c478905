/* Streams of events, many connections at once, slow and dead clients, and the end of a server with
 * all of that under way. */
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/http_impl.h"
#include "kernel/tests/http_client.h"

enum { STREAMS = 60, CONNECTIONS_MAX = 512 };

static char got[70000];

/* Reads on, behind what `got` has of it, until it has the text. */
static bool got_with(int fd, const char *text)
{
    size_t n = strlen(got);
    while (!strstr(got, text)) {
        struct pollfd ready = { .fd = fd, .events = POLLIN };
        if (n == sizeof got - 1 || poll(&ready, 1, 5000) != 1)
            return false;
        const ssize_t more = recv(fd, got + n, sizeof got - 1 - n, 0);
        if (more <= 0)
            return false;
        n += (size_t)more;
        got[n] = '\0';
    }
    return true;
}

/* Opens a stream and reads its head and greeting. */
static int open_stream_as(const struct http_server *s, const char *query, const char *header)
{
    char request[300];
    const int fd = client_connect(s);
    snprintf(request, sizeof request, "GET /live%s HTTP/1.1\r\nHost: x\r\n%s\r\n", query, header);
    client_send(fd, str_z(request));
    got[0] = '\0';
    assert_true(got_with(fd, "retry: 3000"));
    assert_non_null(strstr(got, "Content-Type: text/event-stream"));
    return fd;
}

static int open_stream(const struct http_server *s)
{
    return open_stream_as(s, "", "");
}

/* Reads on until the text comes. */
static bool stream_says(int fd, const char *text, int timeout_ms)
{
    static char window[40000];
    size_t n = 0;
    struct pollfd ready = { .fd = fd, .events = POLLIN };
    while (poll(&ready, 1, timeout_ms) == 1) {
        const ssize_t more = recv(fd, window + n, sizeof window - 1 - n, 0);
        if (more <= 0)
            return false;
        n += (size_t)more;
        window[n] = '\0';
        if (strstr(window, text))
            return true;
        if (n > sizeof window / 2) {
            memmove(window, window + n - 100, 100);
            n = 100;
        }
    }
    return false;
}

static void publishes_to_those_who_watch(void **state)
{
    (void)state;
    char token[HTTP_NEWS_TOKEN_MAX], text[200];
    struct http_options options = test_options();
    options.heartbeat_s = 1;
    struct http_server *s = test_start(&options);
    const int a = open_stream(s);
    const int b = open_stream(s);
    http_publish(s, S("nobody"), S("not this"));
    http_publish(s, S("t"), S("{\"order\":1}"));
    snprintf(text, sizeof text, "event: t\nid: %.*s\ndata: {\"order\":1}\n\n",
             STR(http_news_token(s, token)));
    assert_true(stream_says(a, text, 2000));
    (void)close(a);
    http_publish(s, S("other"), S("2"));
    snprintf(text, sizeof text, "event: other\nid: %.*s\ndata: 2\n\n",
             STR(http_news_token(s, token)));
    assert_true(stream_says(b, text, 2000));
    http_publish_all(s);
    assert_true(stream_says(b, "event: reload\n", 2000));
    assert_true(stream_says(b, ":\n\n", 3000)); /* the heartbeat */
    http_stop(s);
    assert_true(client_closed_within(b, 20000));
    (void)close(b);
}

/* What came between the page and its stream is said first, and where that is not known, everything.
 */
static void nothing_is_missed_before_the_stream(void **state)
{
    (void)state;
    char token[HTTP_NEWS_TOKEN_MAX], now[HTTP_NEWS_TOKEN_MAX], query[100], header[100], text[200];
    const struct http_options options = test_options();
    struct http_server *s = test_start(&options);
    http_publish(s, S("t"), S("before"));
    snprintf(query, sizeof query, "?since=%.*s", STR(http_news_token(s, token)));
    http_publish(s, S("nobody"), S("no"));
    http_publish(s, S("t"), S("missed"));
    snprintf(text, sizeof text, "event: t\nid: %.*s\ndata: \n\n", STR(http_news_token(s, now)));
    int fd = open_stream_as(s, query, "");
    assert_true(got_with(fd, text));
    snprintf(text, sizeof text, "event: at\nid: %s\ndata: \n\n", now);
    assert_true(got_with(fd, text));
    (void)close(fd);

    /* The same of a browser that connects anew: its header is the later one, and counts. */
    snprintf(header, sizeof header, "Last-Event-ID: %s\r\n", now);
    fd = open_stream_as(s, query, header);
    assert_true(got_with(fd, "event: at"));
    assert_null(strstr(got, "event: t\n"));
    (void)close(fd);

    /* Of another server, of one that is ahead, of none; and further back than is kept. */
    static const char *const unknown[] = { "?since=0000000000000000-1", "?since=-", "?since=x" };
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        fd = open_stream_as(s, unknown[i], "");
        assert_true(got_with(fd, "event: reload"));
        (void)close(fd);
    }
    for (size_t i = 0; i < HTTP_PAST_MAX; i++)
        http_publish(s, S("t"), S("often"));
    fd = open_stream_as(s, query, "");
    assert_true(got_with(fd, "event: reload"));
    (void)close(fd);
    /* What happened often is said once; where anything may have happened, that. */
    snprintf(query, sizeof query, "?since=%.*s", STR(http_news_token(s, token)));
    for (size_t i = 0; i < HTTP_LIVE_QUEUE_MAX + 1; i++)
        http_publish(s, S("t"), S("often"));
    fd = open_stream_as(s, query, "");
    assert_true(got_with(fd, "event: at\n"));
    assert_null(strstr(got, "event: reload"));
    const char *once = strstr(got, "event: t\n");
    assert_true(once && !strstr(once + 1, "event: t\n"));
    (void)close(fd);
    http_publish_all(s);
    fd = open_stream_as(s, query, "");
    assert_true(got_with(fd, "event: reload"));
    (void)close(fd);
    snprintf(query, sizeof query, "?since=%.*s", (int)strcspn(token, "-"), token);
    snprintf(text, sizeof text, "%s-99999", query);
    fd = open_stream_as(s, text, "");
    assert_true(got_with(fd, "event: reload"));
    (void)close(fd);
    http_stop(s);
}

/* More than the queue holds: the reader is told to reload, and goes on from there. */
static void slow_reader_reloads(void **state)
{
    (void)state;
    static char data[8000];
    memset(data, 'x', sizeof data);
    const struct http_options options = test_options();
    struct http_server *s = test_start(&options);
    const int fd = open_stream(s);
    for (size_t i = 0; i < 3000; i++) /* 24 MB: more than any socket's buffer */
        http_publish(s, S("t"), (struct str){ data, sizeof data });
    assert_true(stream_says(fd, "event: reload", 5000));
    bool last = false;
    /* While it reads, one may overflow yet: then another reload tells of that. */
    for (size_t i = 0; i < 100 && !last; i++) {
        http_publish(s, S("t"), S("last"));
        last = stream_says(fd, "data: last", 200);
    }
    assert_true(last);
    (void)close(fd);
    http_stop(s);
}

/* Rounds of n requests at once, each answered by another thread, while streams are open and are
 * published to: every single one is answered. */
static size_t load(struct http_server *s, size_t n, size_t rounds)
{
    static int fds[CONNECTIONS_MAX];
    size_t answered = 0;
    for (size_t i = 0; i < n; i++)
        fds[i] = client_connect(s);
    for (size_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < n; i++)
            client_send(fds[i], i % 4 == 3 ? S("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
                                           : S("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"));
        http_publish(s, S("t"), S("round"));
        for (size_t i = 0; i < n; i++) {
            (void)client_read(fds[i], got, sizeof got);
            answered += client_status(got) == 200;
        }
    }
    for (size_t i = 0; i < n; i++)
        (void)close(fds[i]);
    return answered;
}

static void none_is_left_unanswered(void **state)
{
    (void)state;
    static const size_t counts[] = { 1, 126, 127, 128, 129, 130, 255, 256, 257, 512 };
    enum { ROUNDS = 5 };
    int streams[STREAMS];
    const struct http_options options = test_options();
    struct http_server *s = test_start(&options);
    test_resumer_start();
    for (size_t i = 0; i < STREAMS; i++)
        streams[i] = open_stream(s);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        const int64_t began = env_mono(&env_system);
        assert_int_equal(load(s, counts[i], ROUNDS), counts[i] * ROUNDS);
        print_message("# %zu connections: %d ms\n", counts[i],
                      (int)((env_mono(&env_system) - began) / 1000));
    }
    for (size_t i = 0; i < STREAMS; i++) {
        assert_true(stream_says(streams[i], "data: round", 2000));
        (void)close(streams[i]);
    }
    http_stop(s);
    test_resumer_stop();
}

/* shows: SEC-03 a slow client is cut off and does no harm to others. */
static void slow_clients_are_cut_off(void **state)
{
    (void)state;
    struct http_options options = test_options();
    options.timeout_s = 1;
    struct http_server *s = test_start(&options);
    const int silent = client_connect(s);
    const int half_head = client_connect(s);
    const int half_body = client_connect(s);
    const int dripping = client_connect(s);
    client_send(half_head, S("GET /hello HTTP/1.1\r\nHost: "));
    client_send(half_body, S("POST /raw HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nabc"));
    client_send(dripping, S("GET /hello HTTP/1.1\r\nHost: x\r\nX: "));
    bool cut = false;
    for (size_t i = 0; i < 20 && !cut; i++) { /* a byte each 300 ms is never silence */
        client_send(dripping, S("x"));
        cut = client_closed_within(dripping, 300);
        assert_int_equal(
            client_ask(s, S("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"), got, sizeof got), 200);
    }
    assert_true(cut);
    assert_true(client_closed_within(silent, 4000));
    assert_true(client_closed_within(half_head, 4000));
    assert_true(client_closed_within(half_body, 4000));
    (void)close(silent);
    (void)close(half_head);
    (void)close(half_body);
    (void)close(dripping);
    http_stop(s);
}

/* The status of one more connection, soon after others' end. */
static int served_in_the_end(const struct http_server *s)
{
    int status = 0;
    for (size_t i = 0; i < 1000 && status != 200; i++) {
        status = client_ask(s, S("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"), got, sizeof got);
        (void)poll(NULL, 0, 20);
    }
    return status;
}

/* shows: SEC-03 one address cannot take all connections, and is told so. */
static void connections_per_address_are_limited(void **state)
{
    (void)state;
    struct http_options options = test_options();
    options.connections_per_address = 4;
    options.head_s = options.timeout_s = 60;
    struct http_server *s = test_start(&options);
    int fds[5];
    test_resumer_start();
    test_hold(true);
    for (size_t i = 0; i < 4; i++) {
        fds[i] = client_connect(s);
        client_send(fds[i], S("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"));
    }
    while (test_waiting() < 4)
        (void)poll(NULL, 0, 5);
    fds[4] = client_connect(s);
    client_send(fds[4], S("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"));
    (void)client_read(fds[4], got, sizeof got);
    assert_int_equal(client_status(got), 503);
    assert_non_null(strstr(got, "\r\nRetry-After: 1\r\n"));
    assert_true(client_closed_within(fds[4], 20000));
    (void)close(fds[4]);
    fds[4] = client_connect(s); /* who asks nothing makes room, soon */
    assert_true(client_closed_within(fds[4], 20000));
    (void)close(fds[4]);
    test_hold(false);
    for (size_t i = 0; i < 4; i++) {
        (void)client_read(fds[i], got, sizeof got);
        assert_int_equal(client_status(got), 200);
    }
    assert_int_equal(client_ask(s, S("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"), got, sizeof got),
                     503);
    for (size_t i = 0; i < 4; i++) { /* and so do those of it that idle */
        assert_true(client_closed_within(fds[i], 20000));
        (void)close(fds[i]);
    }
    assert_int_equal(served_in_the_end(s), 200);
    http_stop(s);
    test_resumer_stop();
}

/* shows: SEC-03 who was at work when there was no room gives way when that is done. */
static void who_works_makes_room_after_it(void **state)
{
    (void)state;
    static const struct str hello = S("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    struct http_options options = test_options();
    options.connections_per_address = 1;
    options.timeout_s = 60;
    struct http_server *s = test_start(&options);
    test_resumer_start();
    test_hold(true);
    const int working = client_connect(s);
    client_send(working, S("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"));
    while (test_waiting() < 1)
        (void)poll(NULL, 0, 5);
    assert_int_equal(client_ask(s, hello, got, sizeof got), 503);
    assert_false(client_closed_within(working, 1500)); /* what is under way is not cut off */
    assert_int_equal(client_ask(s, hello, got, sizeof got), 503);
    test_hold(false);
    (void)client_read(working, got, sizeof got);
    assert_int_equal(client_status(got), 200);
    assert_true(client_closed_within(working, 20000));
    (void)close(working);
    assert_int_equal(served_in_the_end(s), 200);
    http_stop(s);
    test_resumer_stop();
}

/* shows: SEC-03 who idles does not keep the others out. */
static void idle_connections_make_room(void **state)
{
    (void)state;
    static const struct str hello = S("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    struct http_options options = test_options();
    options.connections = 4;
    struct http_server *s = test_start(&options);
    int fds[4];
    for (size_t i = 0; i < 4; i++) {
        fds[i] = client_connect(s);
        client_send(fds[i], hello);
        (void)client_read(fds[i], got, sizeof got);
        assert_int_equal(client_status(got), 200);
    }
    assert_false(client_closed_within(fds[0], 1500)); /* nobody needs the room */
    assert_int_equal(client_ask(s, hello, got, sizeof got), 503);
    for (size_t i = 0; i < 4; i++) {
        assert_true(client_closed_within(fds[i], 4000));
        (void)close(fds[i]);
    }
    assert_int_equal(served_in_the_end(s), 200);
    http_stop(s);
}

/* shows: SEC-03 who comes and never asks gives way before the time that a request may take. */
static void who_never_asks_makes_room(void **state)
{
    (void)state;
    static const struct str hello = S("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    struct http_options options = test_options();
    options.connections = 4;
    options.head_s = options.timeout_s = 60;
    struct http_server *s = test_start(&options);
    int fds[4];
    for (size_t i = 0; i < 4; i++)
        fds[i] = client_connect(s);
    client_send(fds[3], S("GET /hello HTTP/1.1\r\n")); /* half a head is no request */
    assert_false(client_closed_within(fds[0], 1000));
    assert_int_equal(client_ask(s, hello, got, sizeof got), 503);
    for (size_t i = 0; i < 4; i++) {
        assert_true(client_closed_within(fds[i], 8000));
        (void)close(fds[i]);
    }
    assert_int_equal(served_in_the_end(s), 200);
    http_stop(s);
}

static void *stop_server(void *context)
{
    http_stop(context);
    return NULL;
}

/* What is under way is answered, what comes now is refused, and then the server is gone. */
static void stops_while_suspended(void **state)
{
    (void)state;
    enum { WAITING = 50 };
    int fds[WAITING];
    pthread_t stopper;
    const struct http_options options = test_options();
    struct http_server *s = test_start(&options);
    test_resumer_start();
    test_hold(true);
    const int idle = client_connect(s);
    client_send(idle, S("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"));
    (void)client_read(idle, got, sizeof got);
    const int stream = open_stream(s);
    const int half = client_connect(s);
    client_send(half, S("POST /wait HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n1"));
    for (size_t i = 0; i < WAITING; i++) {
        fds[i] = client_connect(s);
        client_send(fds[i], S("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"));
    }
    while (test_waiting() < WAITING)
        (void)poll(NULL, 0, 5);
    (void)poll(NULL, 0, 50);
    assert_int_equal(pthread_create(&stopper, NULL, stop_server, s), 0);
    while (!atomic_load(&s->stopping))
        (void)poll(NULL, 0, 5);
    client_send(idle, S("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"));
    (void)client_read(idle, got, sizeof got);
    assert_int_equal(client_status(got), 503);
    assert_non_null(strstr(got, "Retry-After: 1\r\n"));
    client_send(half, S("2")); /* admitted before the stop, but too late to wait for anything */
    (void)client_read(half, got, sizeof got);
    assert_int_equal(client_status(got), 503);
    (void)close(half);
    test_hold(false);
    for (size_t i = 0; i < WAITING; i++) {
        (void)client_read(fds[i], got, sizeof got);
        assert_int_equal(client_status(got), 200);
        (void)close(fds[i]);
    }
    assert_int_equal(pthread_join(stopper, NULL), 0);
    assert_true(client_closed_within(stream, 20000));
    assert_true(client_closed_within(idle, 20000));
    (void)close(stream);
    (void)close(idle);
    test_resumer_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(publishes_to_those_who_watch),
        cmocka_unit_test(nothing_is_missed_before_the_stream),
        cmocka_unit_test(slow_reader_reloads),
        cmocka_unit_test(none_is_left_unanswered),
        cmocka_unit_test(slow_clients_are_cut_off),
        cmocka_unit_test(connections_per_address_are_limited),
        cmocka_unit_test(who_works_makes_room_after_it),
        cmocka_unit_test(idle_connections_make_room),
        cmocka_unit_test(who_never_asks_makes_room),
        cmocka_unit_test(stops_while_suspended),
    };
    struct rlimit limit;
    (void)getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max < 4096 ? limit.rlim_max : 4096;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
