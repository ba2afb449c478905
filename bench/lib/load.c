/* Signs people in and lets them send: one thread, epoll, no request before the last is answered. */
#define _GNU_SOURCE /* strcasestr */
#include "bench/lib/load.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/id.h"
#include "bench/lib/people.h"

enum { ANSWER_MAX = 1 << 19, LATENCIES_MAX = 4 << 20, WARM_US = 500000, DESCRIPTION = 900 };

struct client {
    int fd;
    int port;
    char cookie[128];
    char csrf[80];
    char out[PERSON_BODY_MAX + 1024];
    char in[ANSWER_MAX];
    size_t nin;
    int64_t began_us;
    uint64_t next; /* of a course's paths */
};

static struct client clients[LOAD_CLIENTS_MAX];
static size_t nclients;
static uint64_t next_number;
static uint32_t *latencies;
static const char *accepted = "text/html";

/* Sends a request made by its arguments. */
__attribute__((format(printf, 2, 3))) static void request(struct client *c, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int made = vsnprintf(c->out, sizeof c->out, format, arguments);
    va_end(arguments);
    size_t n = (size_t)made;
    for (size_t at = 0; at < n;) {
        ssize_t wrote = send(c->fd, c->out + at, n - at, MSG_NOSIGNAL);
        if (wrote <= 0)
            bench_die("the server closed the connection", NULL);
        at += (size_t)wrote;
    }
    c->nin = 0;
}

/* Length of the whole answer once its head is there; 0: not yet. */
static size_t answer_length(struct client *c)
{
    c->in[c->nin] = '\0';
    const char *end = strstr(c->in, "\r\n\r\n");
    const char *length = strcasestr(c->in, "\r\nContent-Length: ");
    if (!end)
        return 0;
    size_t body = length && length < end ? strtoul(length + 18, NULL, 10) : 0;
    return (size_t)(end + 4 - c->in) + body;
}

/* Reads what is there; true when the answer is whole. */
static bool read_some(struct client *c)
{
    ssize_t got = recv(c->fd, c->in + c->nin, ANSWER_MAX - 1 - c->nin, 0);
    if (got <= 0)
        bench_die("the server closed the connection", NULL);
    c->nin += (size_t)got;
    size_t length = answer_length(c);
    return length > 0 && c->nin >= length;
}

static void wait_answer(struct client *c)
{
    while (!read_some(c))
        ;
}

static void take(char *out, size_t size, const char *in, const char *before, char after)
{
    const char *at = strstr(in, before);
    at = at ? at + strlen(before) : NULL;
    const char *end = at ? strchr(at, after) : NULL;
    if (!end || (size_t)(end - at) >= size)
        bench_die(in, NULL);
    memcpy(out, at, (size_t)(end - at));
    out[end - at] = '\0';
}

static void sign_in(struct client *c, size_t number)
{
    char form[200];
    int n =
        snprintf(form, sizeof form, "login=person%zu&password=seven+herons+over+the+weir", number);
    request(c,
            "POST /sign-in HTTP/1.1\r\nHost: bench\r\nContent-Length: %d\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n\r\n%s",
            n, form);
    wait_answer(c);
    take(c->cookie, sizeof c->cookie, c->in, "Set-Cookie: ", ';');
    request(c, "GET /site HTTP/1.1\r\nHost: bench\r\nCookie: %s\r\n\r\n", c->cookie);
    wait_answer(c);
    take(c->csrf, sizeof c->csrf, c->in, "name=\"_csrf\" value=\"", '"');
}

static void join(struct client *c)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)c->port) };
    const int on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address) != 0)
        bench_die("could not connect", NULL);
    (void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* Whoever says nothing for long is cut off, and comes back. */
static void come_back(struct client *c)
{
    char one;
    if (recv(c->fd, &one, 1, MSG_PEEK | MSG_DONTWAIT) != 0)
        return;
    close(c->fd);
    join(c);
}

static struct client *next_client(int port)
{
    if (!latencies)
        latencies = calloc(LATENCIES_MAX, sizeof *latencies);
    if (!latencies || nclients == LOAD_CLIENTS_MAX)
        bench_die("too many clients", NULL);
    struct client *c = &clients[nclients++];
    c->port = port;
    join(c);
    return c;
}

static void open_clients(int port, size_t n, size_t person, size_t step)
{
    for (size_t i = 0; i < n; i++)
        sign_in(next_client(port), person + i * step);
}

void load_open(int port, size_t n)
{
    open_clients(port, n, 0, 1);
}

void load_open_as(int port, size_t n, size_t person)
{
    open_clients(port, n, person, 0);
}

void load_open_plain(int port)
{
    (void)next_client(port);
}

void load_close(void)
{
    for (size_t i = 0; i < nclients; i++)
        close(clients[i].fd);
    nclients = 0;
    free(latencies);
    latencies = NULL;
}

void load_accept(const char *media)
{
    accepted = media;
}

static void send_command(struct client *c)
{
    char body[PERSON_BODY_MAX];
    size_t nbody = people_deviation(body, next_number++, DESCRIPTION);
    struct id id = id_new(&env_system);
    c->began_us = bench_now();
    request(c,
            "POST /commands/deviation.open HTTP/1.1\r\nHost: bench\r\nCookie: %s\r\n"
            "X-CSRF-Token: %s\r\nIdempotency-Key: %s\r\nAccept: application/json\r\n"
            "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%.*s",
            c->cookie, c->csrf, id.text, nbody, (int)nbody, body);
}

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

struct course {
    int poll;
    int64_t from_us, to_us; /* what is answered between counts */
    size_t under_way;
    uint64_t answered;
    const char *const *paths; /* dealt out to the clients; NULL: commands are sent */
    uint64_t npaths;
    size_t nclients;
};

static void send_page(struct client *c, const char *path)
{
    c->began_us = bench_now();
    request(c, "GET %s HTTP/1.1\r\nHost: bench\r\nAccept: %s\r\nCookie: %s\r\n\r\n", path, accepted,
            c->cookie);
}

static void send_next(struct course *r, struct client *c)
{
    const uint64_t at = c->next;
    c->next += r->nclients;
    if (!r->paths && bench_now() < r->to_us)
        send_command(c);
    else if (r->paths && at < r->npaths)
        send_page(c, r->paths[at]);
    else
        r->under_way--;
}

static void answer_came(struct course *r, struct client *c)
{
    int64_t now = bench_now();
    if (strncmp(c->in, "HTTP/1.1 200 ", 13) != 0)
        bench_die(c->in, NULL);
    if (now >= r->from_us && now < r->to_us && r->answered < LATENCIES_MAX)
        latencies[r->answered++] = (uint32_t)(now - c->began_us);
    send_next(r, c);
}

static void wait_answers(struct course *r)
{
    struct epoll_event events[LOAD_CLIENTS_MAX];
    int ready = epoll_wait(r->poll, events, LOAD_CLIENTS_MAX, 10000);
    if (ready <= 0 && errno != EINTR)
        bench_die("no answer for ten seconds", NULL);
    for (int i = 0; i < ready; i++)
        if (read_some(events[i].data.ptr))
            answer_came(r, events[i].data.ptr);
}

static void start(struct course *r, size_t first, size_t n)
{
    r->poll = epoll_create1(EPOLL_CLOEXEC);
    r->under_way = r->nclients = n;
    for (size_t i = first; i < first + n; i++) {
        clients[i].next = i - first;
        come_back(&clients[i]);
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = &clients[i] };
        if (epoll_ctl(r->poll, EPOLL_CTL_ADD, clients[i].fd, &event) != 0)
            bench_die("epoll", NULL);
        send_next(r, &clients[i]);
    }
}

static struct load_result result(uint64_t n, double seconds)
{
    qsort(latencies, n, sizeof *latencies, by_size);
    return (struct load_result){
        .seconds = seconds,
        .answered = n,
        .p50_ms = latencies[n / 2] / 1e3,
        .p95_ms = latencies[n * 95 / 100] / 1e3,
        .p99_ms = latencies[n * 99 / 100] / 1e3,
        .p999_ms = latencies[n * 999 / 1000] / 1e3,
    };
}

static double since(int64_t from_us)
{
    return (double)(bench_now() - from_us) / 1e6;
}

void load_run(struct load_result *out, size_t n, double seconds, void (*mark)(void))
{
    struct course r = { .from_us = bench_now() + WARM_US };
    bool began = false;
    r.to_us = r.from_us + (int64_t)(seconds * 1e6);
    start(&r, 0, n);
    while (r.under_way > 0) {
        wait_answers(&r);
        bool counts = bench_now() >= r.from_us && bench_now() < r.to_us;
        if (counts != began)
            mark();
        began = counts;
    }
    close(r.poll);
    *out = result(r.answered, seconds);
}

static size_t body_length(const struct client *c)
{
    const char *end = strstr(c->in, "\r\n\r\n");
    return end ? c->nin - (size_t)(end + 4 - c->in) : 0;
}

void load_pages(struct load_result *out, size_t first, size_t n, const char *const *paths,
                size_t npaths)
{
    struct course r = { .to_us = INT64_MAX, .paths = paths, .npaths = npaths };
    const int64_t from_us = bench_now();
    start(&r, first, n);
    while (r.under_way > 0)
        wait_answers(&r);
    close(r.poll);
    *out = result(r.answered, since(from_us));
    out->bytes = body_length(&clients[first]);
}

static uint64_t count(const char *in, const char *what)
{
    uint64_t n = 0;
    for (const char *at = strstr(in, what); at; at = strstr(at + 1, what))
        n++;
    return n;
}

void load_follow(struct load_result *out, size_t client, char end[LOAD_PATH_MAX], uint64_t *rows)
{
    struct client *c = &clients[client];
    char next[LOAD_PATH_MAX];
    const int64_t from_us = bench_now();
    uint64_t n = 0;
    come_back(c);
    *rows = 0;
    for (bool on = true; on && n < LATENCIES_MAX; n++) {
        c->began_us = bench_now();
        request(c,
                "GET %s HTTP/1.1\r\nHost: bench\r\nAccept: application/json\r\nCookie: %s\r\n\r\n",
                end, c->cookie);
        wait_answer(c);
        latencies[n] = (uint32_t)(bench_now() - c->began_us);
        if (strncmp(c->in, "HTTP/1.1 200 ", 13) != 0)
            bench_die(c->in, NULL);
        *rows += count(c->in, "\"cursor\":");
        take(next, sizeof next, c->in, "\"next\":\"", '"');
        on = strcmp(next, end) != 0;
        memcpy(end, next, sizeof next);
    }
    *out = result(n, since(from_us));
}

void load_ask(struct load_result *out, size_t client, size_t n, const char *path,
              void (*form)(char *to, size_t size, uint64_t number))
{
    struct client *c = &clients[client];
    char body[PERSON_BODY_MAX];
    const int64_t from_us = bench_now();
    uint64_t led = 0;
    come_back(c);
    for (size_t i = 0; i < n && i < LATENCIES_MAX; i++) {
        if (form)
            form(body, sizeof body, i);
        c->began_us = bench_now();
        if (form)
            request(c,
                    "POST %s HTTP/1.1\r\nHost: bench\r\nCookie: %s\r\nX-CSRF-Token: %s\r\n"
                    "Content-Type: application/x-www-form-urlencoded\r\n"
                    "Content-Length: %zu\r\n\r\n%s",
                    path, c->cookie, c->csrf, strlen(body), body);
        else
            send_page(c, path);
        wait_answer(c);
        latencies[i] = (uint32_t)(bench_now() - c->began_us);
        const bool leads = strncmp(c->in, "HTTP/1.1 303 ", 13) == 0;
        if (strncmp(c->in, "HTTP/1.1 200 ", 13) != 0 && !leads)
            bench_die(c->in, NULL);
        led += leads;
    }
    *out = result(n, since(from_us));
    out->led = led;
    out->bytes = body_length(c);
}

/* Size of the tree that the checkpoint names: its second line. */
static uint64_t signed_size(struct client *c)
{
    request(c, "GET /tlog/checkpoint HTTP/1.1\r\nHost: bench\r\n\r\n");
    wait_answer(c);
    const char *body = strstr(c->in, "\r\n\r\n");
    const char *second = body ? strchr(body + 4, '\n') : NULL;
    if (strncmp(c->in, "HTTP/1.1 200 ", 13) != 0 || !second)
        bench_die(c->in, NULL);
    return strtoull(second + 1, NULL, 10);
}

#define PATIENCE_US INT64_C(10000000)

void load_signed(struct load_result *out, size_t client, size_t n)
{
    struct client *c = &clients[client];
    const int64_t from_us = bench_now();
    uint64_t before = signed_size(c);
    for (size_t i = 0; i < n; i++) {
        send_command(c);
        wait_answer(c);
        if (strncmp(c->in, "HTTP/1.1 200 ", 13) != 0)
            bench_die(c->in, NULL);
        const int64_t durable = bench_now();
        uint64_t now = before;
        while (now == before) {
            if (bench_now() - durable > PATIENCE_US)
                bench_die("no checkpoint within ten seconds", NULL);
            now = signed_size(c);
        }
        before = now;
        latencies[i] = (uint32_t)(bench_now() - durable);
    }
    *out = result(n, since(from_us));
}

/* --- at a pace --- */

struct pace {
    int poll;
    const char *command;
    void (*body)(char *to, size_t size, size_t client);
    size_t first, n;
    int64_t from_us;
    uint64_t sent; /* of all rounds: number sent % n is due at the same part of each second */
    uint64_t answered;
};

static int64_t due(const struct pace *p, uint64_t number)
{
    return p->from_us + (int64_t)(number / p->n) * 1000000 +
           (int64_t)(number % p->n) * 1000000 / (int64_t)p->n;
}

static void send_paced(struct pace *p)
{
    struct client *c = &clients[p->first + p->sent % p->n];
    char body[PERSON_BODY_MAX];
    const struct id id = id_new(&env_system);
    if (c->next > 0)
        bench_die("a scanner was not answered for a second", NULL);
    p->body(body, sizeof body, p->sent % p->n);
    c->began_us = due(p, p->sent++);
    c->next = 1;
    request(c,
            "POST /commands/%s HTTP/1.1\r\nHost: bench\r\nCookie: %s\r\n"
            "X-CSRF-Token: %s\r\nIdempotency-Key: %s\r\nAccept: application/json\r\n"
            "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
            p->command, c->cookie, c->csrf, id.text, strlen(body), body);
}

static void take_paced(struct pace *p, struct client *c)
{
    if (strncmp(c->in, "HTTP/1.1 200 ", 13) != 0)
        bench_die(c->in, NULL);
    c->next = 0;
    latencies[p->answered++] = (uint32_t)(bench_now() - c->began_us);
}

void load_paced(struct load_result *out, size_t first, size_t n, int64_t seconds,
                const char *command, void (*body)(char *to, size_t size, size_t client))
{
    struct epoll_event events[LOAD_CLIENTS_MAX];
    struct pace p = { .poll = epoll_create1(EPOLL_CLOEXEC),
                      .command = command,
                      .body = body,
                      .first = first,
                      .n = n,
                      .from_us = bench_now() + 10000 };
    const uint64_t all = n * (uint64_t)seconds;
    for (size_t i = first; i < first + n; i++) {
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = &clients[i] };
        come_back(&clients[i]);
        clients[i].next = 0;
        if (epoll_ctl(p.poll, EPOLL_CTL_ADD, clients[i].fd, &event) != 0)
            bench_die("epoll", NULL);
    }
    while (p.answered < all) {
        const int64_t wait = p.sent < all ? due(&p, p.sent) - bench_now() : PATIENCE_US;
        const struct timespec rest = { .tv_sec = wait > 0 ? wait / 1000000 : 0,
                                       .tv_nsec = wait > 0 ? wait % 1000000 * 1000 : 0 };
        const int ready = epoll_pwait2(p.poll, events, LOAD_CLIENTS_MAX, &rest, NULL);
        if (ready == 0 && p.sent == all)
            bench_die("no answer within ten seconds", NULL);
        for (int i = 0; i < ready; i++)
            if (read_some(events[i].data.ptr))
                take_paced(&p, events[i].data.ptr);
        while (p.sent < all && due(&p, p.sent) <= bench_now())
            send_paced(&p);
    }
    close(p.poll);
    *out = result(p.answered, (double)seconds);
}
