/* Commands by many at once. Each client is in one of a few states, and poll moves it on. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "overload.h"

enum { ANSWER_MAX = 8192, REQUEST_MAX = 2048, PATIENCE_MS = 60000, ADDRESSES = 200 };

struct client {
    int fd; /* -1: none */
    int done;
    int64_t wait_until; /* before it asks again */
    int64_t asked;      /* when the request under way was begun */
    char request[REQUEST_MAX];
    size_t nrequest;
    size_t sent;
    char answer[ANSWER_MAX + 1];
    size_t nanswer;
};

static struct {
    const char *cookie, *csrf, *organisation;
    int port, clients, each;
    struct client *client;
    struct pollfd *polled;
    int acked, unavailable, no_retry_after, broken, other, open;
    int *took_ms;
} load;

static void request_make(struct client *c)
{
    char body[300];
    char id[40];
    const int number = (int)(c - load.client) * load.each + c->done;
    snprintf(id, sizeof id, "0f000000-%04x-7000-a000-%012x", (unsigned)getpid() & 0xffff,
             (unsigned)number);
    const int n = snprintf(body, sizeof body,
                           "{\"organisation\":\"%s\",\"name\":\"%s\",\"kind\":\"office\","
                           "\"zone\":\"UTC\"}",
                           load.organisation, id);
    const int all = snprintf(c->request, sizeof c->request,
                             "POST /commands/site.make HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                             "Cookie: %s\r\nX-CSRF-Token: %s\r\nAccept: application/json\r\n"
                             "Content-Type: application/json\r\nIdempotency-Key: %s\r\n"
                             "Content-Length: %d\r\n\r\n%s",
                             load.cookie, load.csrf, id, n, body);
    c->nrequest = (size_t)all;
}

static void hang_up(struct client *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

static void ask(struct client *c)
{
    if (c->fd < 0)
        c->fd = client_open(load.port, 2 + (int)(c - load.client) % ADDRESSES);
    request_make(c);
    c->sent = c->nanswer = 0;
    c->asked = client_now_ms();
}

/* No answer: asked again at once, and counted. */
static void broke(struct client *c)
{
    load.broken++;
    hang_up(c);
    c->wait_until = client_now_ms() + 100;
}

static void answered(struct client *c, int status)
{
    const long after = client_number(c->answer, "\r\nRetry-After: ");
    if (status == 200) {
        load.took_ms[load.acked++] = (int)(client_now_ms() - c->asked);
        if (++c->done == load.each) {
            hang_up(c);
            load.open--;
        } else {
            ask(c);
        }
        return;
    }
    load.unavailable += status == 503;
    load.no_retry_after += status == 503 && after < 0;
    load.other += status != 503;
    if (load.other == 1 && status != 503)
        fprintf(stderr, "%s\n", c->answer);
    hang_up(c);
    c->wait_until = client_now_ms() + (after < 0 ? 100 : after * 1000);
}

static void hear(struct client *c)
{
    const ssize_t n = recv(c->fd, c->answer + c->nanswer, ANSWER_MAX - c->nanswer, 0);
    size_t body = 0;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        broke(c);
        return;
    }
    c->nanswer += (size_t)n;
    c->answer[c->nanswer] = '\0';
    const int status = client_status(c->answer, c->nanswer, &body);
    const long length = client_number(c->answer, "\r\nContent-Length: ");
    if (status != 0 && (length < 0 || c->nanswer - body >= (size_t)length))
        answered(c, status);
}

static void say(struct client *c)
{
    const ssize_t n = send(c->fd, c->request + c->sent, c->nrequest - c->sent, MSG_NOSIGNAL);
    if (n > 0)
        c->sent += (size_t)n;
    else if (errno != EAGAIN && errno != EINTR)
        broke(c);
}

static void turn(void)
{
    const int64_t now = client_now_ms();
    nfds_t n = 0;
    for (int i = 0; i < load.clients; i++) {
        struct client *c = &load.client[i];
        if (c->fd < 0 && c->done < load.each && now >= c->wait_until)
            ask(c);
        load.polled[i] =
            (struct pollfd){ .fd = c->fd, .events = c->sent < c->nrequest ? POLLOUT : POLLIN };
        n++;
    }
    if (poll(load.polled, n, 50) <= 0)
        return;
    for (int i = 0; i < load.clients; i++) {
        struct client *c = &load.client[i];
        if (load.polled[i].revents == 0 || c->fd < 0)
            continue;
        if (c->sent < c->nrequest)
            say(c);
        else
            hear(c);
    }
}

static int compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

int overload_commands(char **argv)
{
    load.port = atoi(argv[0]);
    load.cookie = argv[1];
    load.csrf = argv[2];
    load.organisation = argv[3];
    load.clients = load.open = atoi(argv[4]);
    load.each = atoi(argv[5]);
    const size_t all = (size_t)load.clients * (size_t)load.each;
    load.client = calloc((size_t)load.clients, sizeof *load.client);
    load.polled = calloc((size_t)load.clients, sizeof *load.polled);
    load.took_ms = calloc(all, sizeof *load.took_ms);
    if (!load.client || !load.polled || !load.took_ms)
        return 2;
    for (int i = 0; i < load.clients; i++)
        load.client[i].fd = -1;
    const int64_t began = client_now_ms();
    while (load.open > 0 && client_now_ms() - began < PATIENCE_MS)
        turn();
    const int64_t ended = client_now_ms();
    qsort(load.took_ms, (size_t)load.acked, sizeof *load.took_ms, compare);
    printf("{\"wanted\":%zu,\"acked\":%d,\"unavailable\":%d,\"no_retry_after\":%d,\"broken\":%d,"
           "\"other\":%d,\"unfinished\":%d,\"ms\":%lld,\"p50_ms\":%d,\"p99_ms\":%d}\n",
           all, load.acked, load.unavailable, load.no_retry_after, load.broken, load.other,
           load.open, (long long)(ended - began), load.took_ms[load.acked / 2],
           load.took_ms[load.acked - load.acked / 100 - 1]);
    return load.other == 0 && load.open == 0 ? 0 : 1;
}
