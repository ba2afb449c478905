/* See http_client.h. */
#include "kernel/tests/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* -- Client ------------------------------------------------------------------------------------ */

int client_connect(const struct http_server *s)
{
    const struct str address = http_address(s);
    struct sockaddr_in to = { .sin_family = AF_INET };
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons((uint16_t)strtoul(address.p + str_find(address, ':') + 1, NULL, 10));
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

void client_send(int fd, struct str bytes)
{
    while (bytes.n > 0) {
        const ssize_t n = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);
        if (n < 0)
            return; /* the peer has closed; what it said before can still be read */
        bytes = str_from(bytes, (size_t)n);
    }
}

int client_status(const char *answer)
{
    return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? (int)strtoul(answer + 9, NULL, 10) : 0;
}

/* Length of the whole answer as far as its head tells, 0 while that is not there. */
static size_t answer_length(const char *answer)
{
    const char *end = strstr(answer, "\r\n\r\n");
    const char *length = strstr(answer, "Content-Length: ");
    if (!end)
        return 0;
    if (!length || length > end)
        return client_status(answer) == 304 || client_status(answer) == 204
                   ? (size_t)(end + 4 - answer)
                   : SIZE_MAX;
    return (size_t)(end + 4 - answer) + strtoul(length + 16, NULL, 10);
}

size_t client_read(int fd, char *to, size_t size)
{
    size_t n = 0;
    struct pollfd ready = { .fd = fd, .events = POLLIN };
    to[0] = '\0';
    while (n + 1 < size && poll(&ready, 1, 5000) == 1) {
        /* Seen first and taken then, so that the next answer stays where it is. */
        const ssize_t seen = recv(fd, to + n, size - 1 - n, MSG_PEEK);
        if (seen <= 0)
            break;
        to[n + (size_t)seen] = '\0';
        const size_t length = answer_length(to);
        const size_t left = length > n ? length - n : 0;
        const size_t take = length == 0 || left > (size_t)seen ? (size_t)seen : left;
        if (recv(fd, to + n, take, 0) != (ssize_t)take)
            break;
        n += take;
        to[n] = '\0';
        if (length != 0 && n >= length)
            break;
    }
    return n;
}

bool client_closed_within(int fd, int ms)
{
    char passed[4096];
    struct pollfd ready = { .fd = fd, .events = POLLIN };
    const int64_t until = env_mono(&env_system) + (int64_t)ms * 1000;
    do {
        if (poll(&ready, 1, 50) == 1 && recv(fd, passed, sizeof passed, 0) <= 0)
            return true;
    } while (env_mono(&env_system) < until);
    return false;
}

int client_ask(const struct http_server *s, struct str request, char *answer, size_t size)
{
    const int fd = client_connect(s);
    client_send(fd, request);
    (void)client_read(fd, answer, size);
    (void)close(fd);
    return client_status(answer);
}

void client_take(char *to, size_t size, const char *answer, const char *before, char end)
{
    const char *at = strstr(answer, before);
    assert_non_null(at);
    at += strlen(before);
    const char *stop = strchr(at, end);
    assert_non_null(stop);
    const size_t n = (size_t)(stop - at);
    assert_true(n < size);
    memcpy(to, at, n);
    to[n] = '\0';
}

/* -- The thread that resumes ------------------------------------------------------------------- */

enum { WAITING_MAX = 2048 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct http_request *waiting[WAITING_MAX];
static size_t nwaiting;
static bool held;
static bool ending;
static pthread_t resumer;

static void hand_over(struct http_request *r)
{
    (void)pthread_mutex_lock(&lock);
    BUG_ON(nwaiting == WAITING_MAX);
    waiting[nwaiting++] = r;
    (void)pthread_cond_signal(&changed);
    (void)pthread_mutex_unlock(&lock);
}

static void *resume_all(void *context)
{
    (void)context;
    (void)pthread_mutex_lock(&lock);
    while (!ending || nwaiting > 0) {
        if (nwaiting == 0 || held) {
            (void)pthread_cond_wait(&changed, &lock);
            continue;
        }
        struct http_request *r = waiting[--nwaiting];
        (void)pthread_mutex_unlock(&lock);
        http_resume(r);
        (void)pthread_mutex_lock(&lock);
    }
    (void)pthread_mutex_unlock(&lock);
    return NULL;
}

void test_hold(bool hold)
{
    (void)pthread_mutex_lock(&lock);
    held = hold;
    (void)pthread_cond_signal(&changed);
    (void)pthread_mutex_unlock(&lock);
}

size_t test_waiting(void)
{
    (void)pthread_mutex_lock(&lock);
    const size_t n = nwaiting;
    (void)pthread_mutex_unlock(&lock);
    return n;
}

void test_resumer_start(void)
{
    ending = held = false;
    assert_int_equal(pthread_create(&resumer, NULL, resume_all, NULL), 0);
}

void test_resumer_stop(void)
{
    (void)pthread_mutex_lock(&lock);
    ending = true;
    held = false;
    (void)pthread_cond_broadcast(&changed);
    (void)pthread_mutex_unlock(&lock);
    assert_int_equal(pthread_join(resumer, NULL), 0);
}

/* -- Server ------------------------------------------------------------------------------------ */

static enum http_state answer(struct http_request *r, struct str body)
{
    r->answer = (struct http_answer){ .status = 200, .media_type = "text/plain", .body = body };
    return HTTP_DONE;
}

static enum http_state hello(struct http_request *r)
{
    return answer(r, S("hello"));
}

static enum http_state unit(struct http_request *r)
{
    return answer(r, http_param(r, "unit"));
}

static enum http_state all_units(struct http_request *r)
{
    return answer(r, S("all units"));
}

static enum http_state file(struct http_request *r)
{
    return answer(r, http_param(r, "rest"));
}

static enum http_state query(struct http_request *r)
{
    return answer(r, http_query(r, "a"));
}

static enum http_state form(struct http_request *r)
{
    return answer(r, http_form(r, "a"));
}

static enum http_state raw(struct http_request *r)
{
    return answer(r, r->body);
}

static enum http_state waited(struct http_request *r)
{
    return answer(r, S("waited"));
}

static enum http_state wait_once(struct http_request *r)
{
    r->resumed = waited;
    hand_over(r);
    return HTTP_WAIT;
}

static enum http_state wait_twice(struct http_request *r)
{
    r->resumed = wait_once;
    hand_over(r);
    return HTTP_WAIT;
}

static enum http_state early(struct http_request *r)
{
    r->resumed = waited;
    http_resume(r);
    return HTTP_WAIT;
}

static enum http_state live(struct http_request *r)
{
    const struct str topics[] = { S("other"), S("t") };
    return http_live(r, topics, 2, http_query(r, "since"));
}

static enum http_state away(struct http_request *r)
{
    r->answer = (struct http_answer){ .status = 303, .location = http_query(r, "to") };
    return HTTP_DONE;
}

static enum http_state broken(struct http_request *r)
{
    r->answer = (struct http_answer){ .status = 200, .set_cookie = { S("a=b\r\nX-Evil: 1") } };
    return HTTP_DONE;
}

static enum http_state asset(struct http_request *r)
{
    r->answer = (struct http_answer){ .status = 200, .body = S("x"), .immutable = true };
    return HTTP_DONE;
}

static const struct route routes[] = {
    ROUTE("GET", "/hello", "public", 0, hello, "help"),
    ROUTE("GET", "/units/{unit}", "public", 0, unit, "help"),
    ROUTE("GET", "/units/all", "public", 0, all_units, "help"),
    ROUTE("POST", "/units/{unit}", "public", 100, unit, "help"),
    ROUTE("GET", "/files/{rest*}", "public", 0, file, "help"),
    ROUTE("GET", "/query", "public", 0, query, "help"),
    ROUTE("POST", "/form", "public", 1000, form, "help"),
    ROUTE("POST", "/raw", "public", 100, raw, "help"),
    ROUTE("GET", "/wait", "public", 0, wait_once, "help"),
    ROUTE("POST", "/wait", "public", 100, wait_once, "help"),
    ROUTE("GET", "/twice", "public", 0, wait_twice, "help"),
    ROUTE("GET", "/early", "public", 0, early, "help"),
    ROUTE("GET", "/live", "public", 0, live, "help"),
    ROUTE("GET", "/away", "public", 0, away, "help"),
    ROUTE("GET", "/broken", "public", 0, broken, "help"),
    ROUTE("GET", "/asset", "public", 0, asset, "help"),
    ROUTE("POST", "/forbidden", "never", 1000, hello, "help"),
};
static const struct route *const tables[] = { routes };
static const size_t lengths[] = { sizeof routes / sizeof routes[0] };

static enum outcome admit(struct http_request *r, struct err *e)
{
    if (strcmp(r->route->access, "public") != 0)
        return REFUSE(e, "auth.forbidden");
    return OK;
}

/* As the session's token would be. */
static enum outcome check(struct http_request *r, struct err *e)
{
    if (str_is(http_form(r, "token"), "stolen"))
        return REFUSE(e, "auth.forbidden");
    return OK;
}

struct http_options test_options(void)
{
    return (struct http_options){ .env = &env_system,
                                  .listen = "127.0.0.1:0",
                                  .routes = tables,
                                  .nroutes = lengths,
                                  .ntables = 1,
                                  .connections_per_address = 1024,
                                  .admit = admit,
                                  .check = check };
}

struct http_server *test_start(const struct http_options *options)
{
    struct http_server *s = NULL;
    struct err e = { 0 };
    if (http_start(&s, options, &e) != OK)
        fail_msg("%s %s", e.code, e.detail);
    return s;
}
