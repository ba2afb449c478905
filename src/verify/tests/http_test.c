/* Exports from a server that answers in each of the ways HTTP has to say how long a body is. */
#define _GNU_SOURCE
#include "base/tests/folder.h"
#include "verify/tests/made.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>
#include <cmocka.h>

enum { CONTENT_MAX = 1 << 20 };

static char folder[64];
static struct verify_report report;
static uint8_t content[CONTENT_MAX];

static int set_up(void **state)
{
    (void)state;
    test_folder(folder, sizeof folder, "verify");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    made_remove(folder);
    return 0;
}

static void again(const struct made *m, size_t n)
{
    made_remove(folder);
    made_export(m, n, folder);
}

enum manner { LENGTH, CHUNKED, CLOSE, MANNERS };

struct server {
    int listener;
    enum manner manner;
    uint16_t port;
};

static void answer(int fd, const char *path, enum manner manner)
{
    char full[512], head[256];
    snprintf(full, sizeof full, "%s/%s", folder, path);
    FILE *f = fopen(full, "rb");
    const size_t n = f ? fread(content, 1, CONTENT_MAX, f) : 0;
    if (f)
        fclose(f);
    const char *status = f ? "200 OK" : "404 Not Found";
    int h = 0;
    if (manner == LENGTH)
        h = snprintf(head, sizeof head, "HTTP/1.1 %s\r\ncontent-length: %zu\r\n\r\n", status, n);
    else if (manner == CHUNKED)
        h = snprintf(head, sizeof head, "HTTP/1.1 %s\r\nTransfer-Encoding: chunked\r\n\r\n",
                     status);
    else
        h = snprintf(head, sizeof head, "HTTP/1.0 %s\r\n\r\n", status);
    send(fd, head, (size_t)h, MSG_NOSIGNAL);
    for (size_t at = 0; at < n;) {
        const size_t part = manner == CHUNKED && n - at > 1000 ? 1000 : n - at;
        if (manner == CHUNKED)
            send(fd, head, (size_t)snprintf(head, sizeof head, "%zx\r\n", part), MSG_NOSIGNAL);
        send(fd, content + at, part, MSG_NOSIGNAL);
        if (manner == CHUNKED)
            send(fd, "\r\n", 2, MSG_NOSIGNAL);
        at += part;
    }
    if (manner == CHUNKED)
        send(fd, "0\r\n\r\n", 5, MSG_NOSIGNAL);
}

/* One connection after the other; requests are small enough to come in one piece. */
static void *serve(void *context)
{
    const struct server *s = context;
    int fd;
    while ((fd = accept(s->listener, NULL, NULL)) >= 0) {
        char request[2048], path[256];
        ssize_t n;
        while ((n = recv(fd, request, sizeof request - 1, 0)) > 0) {
            request[n] = '\0';
            const char *from = request + strlen("GET /log/");
            snprintf(path, sizeof path, "%.*s", (int)strcspn(from, " "), from);
            answer(fd, path, s->manner);
            if (s->manner == CLOSE)
                break;
        }
        close(fd);
    }
    return NULL;
}

static void start(struct server *s, pthread_t *thread)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof at;
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(s->listener, 8), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&at, &n), 0);
    s->port = ntohs(at.sin_port);
    assert_int_equal(pthread_create(thread, NULL, serve, s), 0);
}

static void exports_over_http(void **state)
{
    (void)state;
    struct made *m = made_new("vein.example/n1", 1);
    made_good(m, 600);
    for (int manner = 0; manner < MANNERS; manner++) {
        again(m, 300);
        struct server server = { .manner = (enum manner)manner };
        pthread_t thread;
        char url[64];
        const struct verify_options none = { 0 };
        start(&server, &thread);
        snprintf(url, sizeof url, "http://127.0.0.1:%u/log/", server.port);
        if (!verify_tlog(url, &none, &report))
            fail_msg("bad %s: %s", report.bad_item, report.reason);
        assert_int_equal(report.count, 300);
        /* The server has gone on, and has the full tile instead of the partial one. */
        again(m, 512);
        made_put(folder, "checkpoint", content, made_checkpoint((char *)content, m, 300));
        assert_false(verify_tlog(url, &none, &report)); /* 1/000.p/1 is gone, and no full one yet */
        made_put(folder, "tile/1/000.p/1", content,
                 made_get(folder, "tile/1/000.p/2", content, CONTENT_MAX) / 2);
        assert_true(verify_tlog(url, &none, &report));
        made_get(folder, "tile/0/001", content, CONTENT_MAX);
        content[0] ^= 1;
        made_put(folder, "tile/0/001", content, 8192);
        assert_false(verify_tlog(url, &none, &report));
        shutdown(server.listener, SHUT_RDWR);
        pthread_join(thread, NULL);
        close(server.listener);
        assert_false(verify_tlog(url, &none, &report));
    }
    assert_false(verify_tlog("http://", &(struct verify_options){ 0 }, &report));
    assert_false(verify_tlog("http://h:99999/", &(struct verify_options){ 0 }, &report));
    made_free(m);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(exports_over_http),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
