/* Connections that are held: by slow senders, by who never reads, by streams of events. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "overload.h"

enum { HELD_MAX = 4096, PATIENCE_MS = 120000, READ_MAX = 65536 };

static struct {
    int fd[HELD_MAX];
    int n;
    int closed;
} held;

static bool held_open(int n, int port)
{
    if (n > HELD_MAX)
        return false;
    for (held.n = 0; held.n < n; held.n++)
        held.fd[held.n] = client_open(port, 2 + held.n % 200);
    return true;
}

static void held_close(int i)
{
    if (held.fd[i] < 0)
        return;
    close(held.fd[i]);
    held.fd[i] = -1;
    held.closed++;
}

/* Closes what the server closed; what it says is passed over. */
static void held_look(int timeout_ms)
{
    static struct pollfd polled[HELD_MAX];
    static char said[READ_MAX];
    for (int i = 0; i < held.n; i++)
        polled[i] = (struct pollfd){ .fd = held.fd[i], .events = POLLIN };
    if (poll(polled, (nfds_t)held.n, timeout_ms) <= 0)
        return;
    for (int i = 0; i < held.n; i++) {
        if (polled[i].revents == 0)
            continue;
        const ssize_t got = recv(held.fd[i], said, sizeof said, 0);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
            held_close(i);
    }
}

static void drip(int i, char byte)
{
    if (held.fd[i] >= 0 && send(held.fd[i], &byte, 1, MSG_NOSIGNAL) < 0 && errno != EAGAIN)
        held_close(i);
}

/* --- slow --- */

static struct {
    int fd;
    int port;
    int64_t asked;
    int answered;
    int refused;
    int worst_ms;
} good = { .fd = -1 };

/* The one who behaves: asks on a connection of its own, and again 100 ms after the answer. */
static void behave(void)
{
    static const char request[] = "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    char answer[4096];
    size_t body;
    const int64_t now = client_now_ms();
    if (good.fd < 0 && now - good.asked >= 100) {
        good.fd = client_open(good.port, 250);
        good.asked = now;
        struct pollfd ready = { .fd = good.fd, .events = POLLOUT };
        (void)poll(&ready, 1, 5000);
        if (send(good.fd, request, sizeof request - 1, MSG_NOSIGNAL) < 0)
            good.refused++;
    }
    const ssize_t n = good.fd < 0 ? 0 : recv(good.fd, answer, sizeof answer - 1, 0);
    if (good.fd < 0 || (n < 0 && errno == EAGAIN && now - good.asked < 10000))
        return;
    if (n > 0 && client_status(answer, (size_t)n, &body) == 200)
        good.answered++;
    else
        good.refused++;
    if (now - good.asked > good.worst_ms)
        good.worst_ms = (int)(now - good.asked);
    close(good.fd);
    good.fd = -1;
}

static void slow_begin(int i)
{
    static const char *const begin[] = {
        "GET /health HTTP/1.1\r\nHost: x\r\nX: ",
        "POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nlogin=",
        "",
    };
    const char *text = begin[i % 3];
    if (send(held.fd[i], text, strlen(text), MSG_NOSIGNAL) < 0)
        held_close(i);
}

int overload_slow(char **argv)
{
    good.port = atoi(argv[0]);
    if (!held_open(atoi(argv[1]), good.port))
        return 2;
    const int64_t began = client_now_ms();
    int64_t dripped = began;
    held_look(200); /* all are connected */
    for (int i = 0; i < held.n; i++)
        slow_begin(i);
    while (held.closed < held.n && client_now_ms() - began < PATIENCE_MS) {
        held_look(20);
        behave();
        if (client_now_ms() - dripped < 1000)
            continue;
        dripped = client_now_ms();
        for (int i = 0; i < held.n; i++)
            if (i % 3 != 2)
                drip(i, 'x');
    }
    printf("{\"clients\":%d,\"closed\":%d,\"ms\":%lld,\"answered\":%d,\"refused\":%d,"
           "\"worst_ms\":%d}\n",
           held.n, held.closed, (long long)(client_now_ms() - began), good.answered, good.refused,
           good.worst_ms);
    return held.closed == held.n ? 0 : 1;
}

/* --- deaf --- */

int overload_deaf(char **argv)
{
    char request[500];
    if (!held_open(atoi(argv[1]), atoi(argv[0])))
        return 2;
    const int n = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", argv[2]);
    const int64_t began = client_now_ms();
    while (held.closed < held.n && client_now_ms() - began < PATIENCE_MS) {
        for (int i = 0; i < held.n; i++) {
            if (held.fd[i] < 0)
                continue;
            /* It would ask for ever; that the server has let go shows as an error. */
            const ssize_t sent = send(held.fd[i], request, (size_t)n, MSG_NOSIGNAL);
            const bool gone = sent < 0 && errno != EAGAIN && errno != ENOTCONN;
            struct pollfd state = { .fd = held.fd[i] };
            if (gone || (poll(&state, 1, 0) > 0 && (state.revents & (POLLHUP | POLLERR)) != 0))
                held_close(i);
        }
        (void)poll(NULL, 0, 20);
    }
    printf("{\"clients\":%d,\"closed\":%d,\"ms\":%lld}\n", held.n, held.closed,
           (long long)(client_now_ms() - began));
    return held.closed == held.n ? 0 : 1;
}

/* --- streams --- */

int overload_streams(char **argv)
{
    char request[1000];
    int given = 0;
    int refused = 0;
    int no_retry_after = 0;
    if (!held_open(atoi(argv[2]), atoi(argv[0])))
        return 2;
    const int n = snprintf(request, sizeof request,
                           "GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: %s\r\n\r\n", argv[1]);
    for (int i = 0; i < held.n; i++) { /* one after the other: which are refused is known */
        char answer[8192] = "";
        size_t body;
        struct pollfd state = { .fd = held.fd[i], .events = POLLOUT };
        (void)poll(&state, 1, 5000);
        if (send(held.fd[i], request, (size_t)n, MSG_NOSIGNAL) < 0)
            continue;
        state.events = POLLIN;
        (void)poll(&state, 1, 5000);
        const ssize_t got = recv(held.fd[i], answer, sizeof answer - 1, 0);
        const int status = got > 0 ? client_status(answer, (size_t)got, &body) : 0;
        given += status == 200;
        refused += status == 503 || status == 429;
        no_retry_after += status != 200 && client_number(answer, "\r\nRetry-After: ") < 0;
    }
    printf("{\"clients\":%d,\"given\":%d,\"refused\":%d,\"no_retry_after\":%d}\n", held.n, given,
           refused, no_retry_after);
    return given + refused == held.n ? 0 : 1;
}
