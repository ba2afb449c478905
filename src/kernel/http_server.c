/* The daemon: its address, its limits, its end.
 *
 * libmicrohttpd runs in poll mode with a pool of threads; its epoll loop stalls when a multiple of
 * 128 sockets is ready. Its time-out is one of silence, so a client that sends a byte now and then
 * would hold a connection for ever: the keeper, one thread, shuts down the socket of whoever is
 * over the time that a whole request or answer may take, and sends the streams their heartbeat. */
#include "kernel/http_impl.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "kernel/tls_make.h"

enum {
    THREADS_DEFAULT = 2,
    CONNECTIONS_DEFAULT = 1024,
    TIMEOUT_DEFAULT_S = 30,
    HEAD_DEFAULT_S = 10
};
enum { HEARTBEAT_DEFAULT_S = 15, STOP_GRACE_S = 5, BACKLOG = 511 };
enum {
    SURPLUS_S = 5, /* that a connection beyond the limits may take to ask */
    CROWDED_S = 1, /* that one may idle when there is no room */
    UNASKED_S = 3, /* likewise that one may take to ask for the first time */
};

/* -- Connections ------------------------------------------------------------------------------- */

/* Under the lock. */
static void limit(struct http_server *s, struct http_connection *c, unsigned seconds)
{
    if (seconds > STOP_GRACE_S && atomic_load(&s->stopping))
        seconds = STOP_GRACE_S;
    c->idle = false;
    c->deadline_us =
        seconds == 0 ? INT64_MAX : env_mono(s->options.env) + (int64_t)seconds * 1000000;
}

void http_connection_limit(struct http_server *s, struct http_connection *c, unsigned seconds)
{
    if (!c)
        return;
    (void)pthread_mutex_lock(&s->lock);
    limit(s, c, seconds);
    (void)pthread_mutex_unlock(&s->lock);
}

void http_connection_asked(struct http_server *s, struct http_connection *c, unsigned seconds)
{
    if (!c)
        return;
    (void)pthread_mutex_lock(&s->lock);
    limit(s, c, seconds);
    c->asked = true;
    (void)pthread_mutex_unlock(&s->lock);
}

void http_connection_idles(struct http_server *s, struct http_connection *c)
{
    if (!c)
        return;
    (void)pthread_mutex_lock(&s->lock);
    limit(s, c, env_mono(s->options.env) < c->crowded_until_us ? CROWDED_S : s->timeout_s);
    c->idle = true;
    (void)pthread_mutex_unlock(&s->lock);
}

static bool same_peer(const struct http_connection *a, const struct http_connection *b)
{
    return memcmp(a->address, b->address, sizeof a->address) == 0;
}

/* Who idles ends soon, who came and never asked, and who is at work when that is done: all of them,
 * or those of one peer. Under the lock. */
static void make_room(struct http_server *s, const struct http_connection *peer)
{
    const int64_t now = env_mono(s->options.env);
    for (struct http_connection *c = s->connections; c; c = c->next) {
        const int64_t soon = now + (c->asked ? CROWDED_S : UNASKED_S) * INT64_C(1000000);
        if (peer && !same_peer(c, peer))
            continue;
        c->crowded_until_us = now + SURPLUS_S * INT64_C(1000000);
        if ((c->idle || !c->asked) && c->deadline_us > soon)
            c->deadline_us = soon;
    }
}

/* A network of IPv6 gives its guest 2^64 addresses: all of them are one peer. */
static void peer_address(struct http_connection *c, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info && info->client_addr->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, info->client_addr, sizeof v4);
        memcpy(c->address, &v4.sin_addr, sizeof v4.sin_addr);
    } else if (info && info->client_addr->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, info->client_addr, sizeof v6);
        if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
            memcpy(c->address, &v6.sin6_addr.s6_addr[12], 4);
        else
            memcpy(c->address, &v6.sin6_addr, sizeof c->address);
    }
}

/* Of its peer, without those beyond the limits. Under the lock. */
static size_t served_of(const struct http_server *s, const struct http_connection *peer)
{
    size_t same = 0;
    for (const struct http_connection *c = s->connections; c; c = c->next)
        same += !c->surplus && same_peer(c, peer);
    return same;
}

static void connection_opened(struct http_server *s, struct MHD_Connection *connection,
                              void **context)
{
    struct http_connection *c = calloc(1, sizeof *c);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (!c || !info) {
        free(c);
        return; /* without a limit of its own: the time-out of silence still holds */
    }
    c->fd = info->connect_fd;
    peer_address(c, connection);
    (void)pthread_mutex_lock(&s->lock);
    const bool full = s->nserved >= s->connections_max;
    c->surplus = full || served_of(s, c) >= s->per_address_max;
    if (c->surplus)
        make_room(s, full ? NULL : c); /* for who comes next */
    s->nserved += !c->surplus;
    limit(s, c, c->surplus && s->head_s > SURPLUS_S ? SURPLUS_S : s->head_s);
    c->next = s->connections;
    if (c->next)
        c->next->previous = c;
    s->connections = c;
    (void)pthread_mutex_unlock(&s->lock);
    *context = c;
}

/* Comes before the socket is closed, so the keeper never shuts down another's. */
static void connection_closed(struct http_server *s, struct http_connection *c)
{
    (void)pthread_mutex_lock(&s->lock);
    s->nserved -= !c->surplus;
    if (c->previous)
        c->previous->next = c->next;
    else
        s->connections = c->next;
    if (c->next)
        c->next->previous = c->previous;
    (void)pthread_mutex_unlock(&s->lock);
    free(c);
}

static void on_connection(void *server, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        connection_opened(server, connection, context);
    else if (*context)
        connection_closed(server, *context);
}

static void end_slow(struct http_server *s)
{
    const int64_t now = env_mono(s->options.env);
    (void)pthread_mutex_lock(&s->lock);
    for (struct http_connection *c = s->connections; c; c = c->next) {
        if (c->deadline_us < now)
            (void)shutdown(c->fd, SHUT_RDWR);
    }
    (void)pthread_mutex_unlock(&s->lock);
}

static void *keep(void *context)
{
    struct http_server *s = context;
    const unsigned beat_s = s->options.heartbeat_s ? s->options.heartbeat_s : HEARTBEAT_DEFAULT_S;
    int64_t next_beat = env_mono(s->options.env) + (int64_t)beat_s * 1000000;
    struct pollfd wake = { .fd = s->keeper_wake[0], .events = POLLIN };
    while (poll(&wake, 1, HTTP_NEWS_LATE_MS) == 0 || errno == EINTR) {
        end_slow(s);
        http_live_pass_news(s);
        if (env_mono(s->options.env) >= next_beat) {
            http_live_heartbeat(s);
            next_beat += (int64_t)beat_s * 1000000;
        }
        errno = 0;
    }
    return NULL;
}

/* -- Address ----------------------------------------------------------------------------------- */

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof v4);
        return ntohl(v4.sin_addr.s_addr) >> 24 == 127;
    }
    struct sockaddr_in6 v6;
    memcpy(&v6, address, sizeof v6);
    return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
}

/* "127.0.0.1:8443", "[::1]:0", "localhost:8443": numbers only, no names to be looked up. */
static enum outcome parse_address(struct addrinfo **out, const char *listen, struct err *e)
{
    char host[64];
    const char *colon = strrchr(listen, ':');
    const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                                    .ai_socktype = SOCK_STREAM };
    size_t n = colon ? (size_t)(colon - listen) : 0;
    int64_t port;
    if (n == 0 || n >= sizeof host || !str_to_u63(&port, str_z(colon + 1)) || port > 65535)
        return REFUSE(e, "http.malformed_address", { "address", str_z(listen) });
    const bool bracketed = listen[0] == '[' && listen[n - 1] == ']';
    n -= bracketed ? 2 : 0;
    memcpy(host, listen + bracketed, n);
    host[n] = '\0';
    const char *name = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    if (getaddrinfo(name, colon + 1, &hints, out) != 0)
        return REFUSE(e, "http.malformed_address", { "address", str_z(listen) });
    return OK;
}

static enum outcome bind_address(struct http_server *s, const struct addrinfo *address,
                                 struct err *e)
{
    const int on = 1;
    const struct str listen_text = str_z(s->options.listen);
    s->listener = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->listener < 0)
        return err_fault(e, "http.socket", "socket: %m");
    (void)setsockopt(s->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address->ai_family == AF_INET6)
        (void)setsockopt(s->listener, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(s->listener, address->ai_addr, address->ai_addrlen) < 0 ||
        listen(s->listener, BACKLOG) < 0) {
        if (errno == EADDRINUSE)
            return REFUSE(e, "http.address_in_use", { "address", listen_text });
        if (errno == EACCES || errno == EADDRNOTAVAIL)
            return REFUSE(e, "http.address_denied", { "address", listen_text });
        return err_fault(e, "http.socket", "bind %s: %m", s->options.listen);
    }
    struct sockaddr_storage bound;
    socklen_t length = sizeof bound;
    char host[48];
    char port[8];
    if (getsockname(s->listener, (struct sockaddr *)&bound, &length) < 0 ||
        getnameinfo((struct sockaddr *)&bound, length, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return err_fault(e, "http.socket", "getsockname: %m");
    (void)snprintf(s->address, sizeof s->address, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host,
                   port);
    return OK;
}

/* Each connection needs a descriptor; some are left for the rest of the program. */
static enum outcome raise_descriptors(unsigned connections, struct err *e)
{
    enum { OTHERS = 128 };
    struct rlimit limit;
    const rlim_t needed = (rlim_t)connections + OTHERS;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= needed)
        return OK;
    limit.rlim_cur = needed;
    if (limit.rlim_max < needed || setrlimit(RLIMIT_NOFILE, &limit) < 0)
        return REFUSE(e, "http.few_descriptors");
    return OK;
}

/* -- Start and stop ---------------------------------------------------------------------------- */

static void quiet(void *context, const char *format, va_list args)
{
    (void)context; /* its messages may hold what clients sent */
    (void)format;
    (void)args;
}

static size_t keep_escapes(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context; /* http_decode.c decodes, from what was sent */
    (void)connection;
    return strlen(text);
}

/* How many connections beyond the limit there may be, to be told that there is no room. */
static unsigned surplus(const struct http_server *s)
{
    enum { SURPLUS_MIN = 16 };
    return s->connections_max / 2 > SURPLUS_MIN ? s->connections_max / 2 : SURPLUS_MIN;
}

static enum outcome start_daemon(struct http_server *s, bool ipv6, const struct tls_pair *tls,
                                 struct err *e)
{
    const struct http_options *o = &s->options;
    unsigned flags = MHD_USE_POLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    struct MHD_OptionItem tls_items[] = {
        { MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)tls->certificate },
        { MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)tls->key },
        { MHD_OPTION_HTTPS_PRIORITIES, 0,
          (void *)(uintptr_t) "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2" },
        { o->client_ca && s->tls ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END, 0,
          (void *)(uintptr_t)o->client_ca },
        { MHD_OPTION_END, 0, NULL },
    };
    if (ipv6)
        flags |= MHD_USE_IPv6;
    if (s->tls)
        flags |= MHD_USE_TLS;
    else
        tls_items[0].option = MHD_OPTION_END;
    s->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, http_exchange_step, s, MHD_OPTION_EXTERNAL_LOGGER, quiet, NULL,
        MHD_OPTION_LISTEN_SOCKET, s->listener, MHD_OPTION_THREAD_POOL_SIZE,
        o->threads ? o->threads : THREADS_DEFAULT, MHD_OPTION_CONNECTION_LIMIT,
        s->connections_max + surplus(s), MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        s->per_address_max + surplus(s) / 2, MHD_OPTION_CONNECTION_TIMEOUT, s->timeout_s,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_CONNECTION_MEMORY,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
        MHD_OPTION_URI_LOG_CALLBACK, http_exchange_begin, s, MHD_OPTION_NOTIFY_COMPLETED,
        http_exchange_end, s, MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_ARRAY,
        tls_items, MHD_OPTION_END);
    if (!s->daemon)
        return err_fault(e, "http.daemon", "MHD_start_daemon: %m");
    return OK;
}

static enum outcome start(struct http_server *s, struct err *e)
{
    struct addrinfo *address = NULL;
    struct tls_pair tls = { 0 };
    enum outcome o = http_router_new(&s->router, &s->options, e);
    if (o == OK && s->options.proxies)
        o = http_proxies_read(&s->proxies, s->options.proxies, e);
    if (o == OK)
        o = parse_address(&address, s->options.listen, e);
    if (o == OK && !s->tls && !is_loopback(address->ai_addr))
        o = REFUSE(e, "http.plain_outside", { "address", str_z(s->options.listen) });
    if (o == OK && s->tls)
        o = tls_load(&tls, s->options.tls_certificate, s->options.tls_key, s->options.env, e);
    if (o == OK)
        o = raise_descriptors(s->connections_max + surplus(s), e);
    if (o == OK)
        o = bind_address(s, address, e);
    if (o == OK)
        o = start_daemon(s, address->ai_family == AF_INET6, &tls, e);
    if (o == OK && (pipe(s->keeper_wake) < 0 || pthread_create(&s->keeper, NULL, keep, s) != 0))
        o = err_fault(e, "http.daemon", "keeper: %m");
    s->keeper_runs = o == OK;
    if (address)
        freeaddrinfo(address);
    tls_pair_free(&tls);
    return o;
}

enum outcome http_start(struct http_server **out, const struct http_options *options, struct err *e)
{
    BUG_ON(!options->env || !options->listen || !options->admit);
    struct http_server *s = calloc(1, sizeof *s);
    if (!s)
        return err_no_memory(e);
    s->options = *options;
    s->listener = s->keeper_wake[0] = s->keeper_wake[1] = -1;
    s->tls = options->tls_certificate != NULL;
    s->timeout_s = options->timeout_s ? options->timeout_s : TIMEOUT_DEFAULT_S;
    s->head_s = options->head_s ? options->head_s : HEAD_DEFAULT_S;
    if (s->head_s > 2 * s->timeout_s)
        s->head_s = 2 * s->timeout_s; /* as the whole request */
    s->connections_max = options->connections ? options->connections : CONNECTIONS_DEFAULT;
    s->per_address_max = options->connections_per_address ? options->connections_per_address
                                                          : s->connections_max / 2;
    (void)pthread_mutex_init(&s->lock, NULL);
    (void)pthread_mutex_init(&s->live_lock, NULL);
    env_random(options->env, &s->born, sizeof s->born);
    (void)pthread_cond_init(&s->drained, NULL);
    const enum outcome o = start(s, e);
    if (o != OK) {
        http_stop(s);
        return o;
    }
    *out = s;
    return OK;
}

struct str http_address(const struct http_server *s)
{
    return str_z(s->address);
}

/* Stopping with suspended connections aborts the program: so no new ones, then drain, then stop.
 * What waits for its handler may take its time; slow clients may not. */
static void drain(struct http_server *s)
{
    const int64_t last = env_mono(s->options.env) + STOP_GRACE_S * INT64_C(1000000);
    const MHD_socket listener = MHD_quiesce_daemon(s->daemon);
    (void)pthread_mutex_lock(&s->lock);
    atomic_store(&s->stopping, true);
    for (struct http_connection *c = s->connections; c; c = c->next) {
        if (c->deadline_us != INT64_MAX && c->deadline_us > last)
            c->deadline_us = last;
    }
    (void)pthread_mutex_unlock(&s->lock);
    http_live_end_waits(s); /* which count as working */
    (void)pthread_mutex_lock(&s->lock);
    while (s->working > 0)
        (void)pthread_cond_wait(&s->drained, &s->lock);
    (void)pthread_mutex_unlock(&s->lock);
    http_live_close(s);
    MHD_stop_daemon(s->daemon);
    if (listener == MHD_INVALID_SOCKET)
        s->listener = -1; /* the daemon has closed it */
}

void http_stop(struct http_server *s)
{
    if (!s)
        return;
    if (s->daemon)
        drain(s);
    if (s->keeper_runs) {
        (void)close(s->keeper_wake[1]);
        s->keeper_wake[1] = -1;
        (void)pthread_join(s->keeper, NULL);
    }
    for (size_t i = 0; i < 2; i++) {
        if (s->keeper_wake[i] >= 0)
            (void)close(s->keeper_wake[i]);
    }
    if (s->listener >= 0)
        (void)close(s->listener);
    http_router_free(s->router);
    (void)pthread_mutex_destroy(&s->lock);
    (void)pthread_mutex_destroy(&s->live_lock);
    (void)pthread_cond_destroy(&s->drained);
    free(s);
}
