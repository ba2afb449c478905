/* The inside of http: what its parts share. http_decode.c and http_route.c are pure (bytes in,
 * values out) and fuzzed; http_server.c holds the daemon, its connections and their time limits;
 * http_request.c one exchange from head to answer; http_answer.c what is sent; http_live.c the
 * streams of events; http_wait.c those who wait for news; http_proxy.c who stands behind a proxy
 * (pure). */
#ifndef VEIN_KERNEL_HTTP_IMPL_H
#define VEIN_KERNEL_HTTP_IMPL_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "kernel/http.h"

enum {
    HTTP_TARGET_MAX = 8192,    /* bytes of path and query as sent */
    HTTP_SEGMENTS_MAX = 16,    /* of a path */
    HTTP_HEADERS_MAX = 64,     /* of a request */
    HTTP_HEADER_BYTES = 16384, /* of all of them */
    HTTP_CONNECTION_MEMORY = 48 * 1024,
    HTTP_ARENA_MAX = 8 << 20, /* of one request */
    HTTP_ROUTES_MAX = 1024,
    HTTP_PROXIES_MAX = 16,
    HTTP_ADDRESS_SIZE = 46, /* an IPv6 address as text */
};

/* -- Decoding (pure) --------------------------------------------------------------------------- */

/* A path and query, split at / and & before anything is decoded. */
struct http_target {
    struct str path; /* as sent, without query */
    struct str segments[HTTP_SEGMENTS_MAX];
    size_t nsegments; /* "/" has one, empty */
    const struct record_pair *query;
    size_t nquery;
};

/* REFUSED "http.malformed_path" and "http.malformed_query" for what is no absolute path of
 * well-formed UTF-8: bad percent-encoding, control characters, dot segments, a fragment, more
 * than HTTP_SEGMENTS_MAX segments; "http.uri_too_long". */
enum outcome http_target_read(struct http_target *out, struct arena *a, struct str target,
                              struct err *e);

/* application/x-www-form-urlencoded. REFUSED with `code` for bad percent-encoding, NUL and what is
 * not UTF-8; "http.too_many_pairs". */
enum outcome http_pairs_read(const struct record_pair **out, size_t *n, struct arena *a,
                             struct str text, const char *code, struct err *e);

/* The media type of a Content-Type without parameters, in lower case; absent when it is none. */
struct str http_media_type_read(struct arena *a, struct str header);

/* The value of a name in a Cookie header; absent when it is not in it. */
struct str http_cookie_find(struct str header, struct str name);

/* Whether If-None-Match names the tag (with its quotes), by weak comparison. */
bool http_etag_matches(struct str header, struct str etag);

/* Whether Origin is the server that Host names. */
bool http_origin_is(struct str origin, struct str host);

/* Addresses as text in the form that inet_ntop gives, an IPv4 address in IPv6 as IPv4. */
struct http_proxies {
    char address[HTTP_PROXIES_MAX][HTTP_ADDRESS_SIZE];
    size_t n;
};
/* One address, with or without brackets and port; false for anything else. */
bool http_address_read(char out[HTTP_ADDRESS_SIZE], struct str text);
enum outcome http_proxies_read(struct http_proxies *out, const char *list, struct err *e);
bool http_proxies_have(const struct http_proxies *p, struct str address);
/* Who stands before the trusted ones: from the end of the list of X-Forwarded-For, the first that
 * is no trusted proxy's. What is no address ends the search: `peer` is all that is known. */
struct str http_forwarded_peer(const struct http_proxies *p, struct arena *a, struct str peer,
                               struct str forwarded_for);

/* See http_language. */
struct str http_language_choose(struct str header, bool (*speaks)(struct str language));

/* -- Routes (pure) ----------------------------------------------------------------------------- */

struct http_router;

/* All tables of the options. REFUSED "http.no_access_rule", "http.malformed_route",
 * "http.route_twice" with method and path. */
enum outcome http_router_new(struct http_router **out, const struct http_options *options,
                             struct err *e);
void http_router_free(struct http_router *r);

/* The row that takes the request, its params filled; a literal segment goes before a {param}. HEAD
 * takes GET's. REFUSED "http.unknown" or "http.method", and then *allow is the header's value. */
enum outcome http_route_find(const struct route **out, struct http_request *r, struct str *allow,
                             const struct http_router *router, const struct http_target *target,
                             struct err *e);

/* -- Server ------------------------------------------------------------------------------------ */

struct http_connection {
    struct http_connection *next;
    struct http_connection *previous;
    int fd;
    int64_t deadline_us;      /* monotonic; by then the request is read or the answer sent */
    int64_t crowded_until_us; /* likewise; it or its peer kept somebody out not long before it */
    uint8_t address[8]; /* of the peer: IPv4 in the first four, or the network of IPv6 (/64) */
    bool surplus;       /* beyond a limit: it is told so, and ends */
    bool idle;          /* between two requests: it gives way where there is no room */
    bool asked;         /* at least once */
};

struct http_server {
    struct http_options options;
    struct http_router *router;
    struct MHD_Daemon *daemon;
    int listener;
    char address[64];
    struct http_proxies proxies;
    bool tls;
    unsigned timeout_s;
    unsigned head_s;
    unsigned connections_max;
    unsigned per_address_max;

    atomic_bool stopping;
    pthread_mutex_t lock; /* of the connections and the count of waiting exchanges */
    pthread_cond_t drained;
    struct http_connection *connections;
    size_t nserved; /* of them that are no surplus */
    size_t working; /* exchanges from their handler's call until their answer is sent */

    pthread_mutex_t live_lock;
    struct live *streams;
    size_t nstreams;
    bool live_closing;
    struct http_exchange *waits; /* suspended until there is news */
    size_t nwaits;
    uint64_t news;        /* how often something was published */
    uint64_t news_passed; /* what those who wait were told of */
    uint64_t born;        /* drawn at the start: its numbers mean nothing to another server */
    /* Topics of the last that were published, each at its number % HTTP_PAST_MAX. */
    char past[HTTP_PAST_MAX][HTTP_TOPIC_MAX];

    pthread_t keeper; /* ends slow connections, sends heartbeats */
    int keeper_wake[2];
    bool keeper_runs;
};

enum http_phase { HTTP_PHASE_HEAD, HTTP_PHASE_BODY, HTTP_PHASE_WAITING, HTTP_PHASE_ANSWERED };
enum http_wait { HTTP_WAIT_RUNNING, HTTP_WAIT_SUSPENDED, HTTP_WAIT_RESUMED };

/* One request and its answer. `request` is first: they are cast to each other. */
struct http_exchange {
    struct http_request request;
    struct http_server *server;
    struct MHD_Connection *connection;
    struct http_connection *peer;
    enum http_phase phase;
    _Atomic int wait; /* enum http_wait; who comes second, handler or http_resume, resumes */
    bool counted;     /* in server->working */
    bool too_long;    /* the target was, and is not kept */
    struct str target;
    struct str allow;
    struct buf body;
    struct http_parts *parts; /* instead of it, where the form holds files */
    struct live *live;
    bool close; /* the connection ends with this answer */
    /* Of one that waits for news, under live_lock. */
    struct http_exchange *next_wait;
    struct http_exchange *previous_wait;
    int64_t wait_until_us; /* monotonic */
    bool wait_ended;
};

/* Sets how long the connection may take for what it does now; 0: as long as it likes. */
void http_connection_limit(struct http_server *s, struct http_connection *c, unsigned seconds);
/* The same for one whose request's head has been read. */
void http_connection_asked(struct http_server *s, struct http_connection *c, unsigned seconds);
/* Its request has ended: how long it may be until the next begins. */
void http_connection_idles(struct http_server *s, struct http_connection *c);

/* The daemon's callbacks, of http_request.c. */
void *http_exchange_begin(void *server, const char *uri, struct MHD_Connection *connection);
enum MHD_Result http_exchange_step(void *server, struct MHD_Connection *connection, const char *url,
                                   const char *method, const char *version, const char *data,
                                   size_t *ndata, void **exchange);
void http_exchange_end(void *server, struct MHD_Connection *connection, void **exchange,
                       enum MHD_RequestTerminationCode how);

/* A form that holds files, as it is read (http_part.c). Its text goes into request.form, its files
 * to options.file. What is wrong with it is told at the end. */
struct http_parts;
enum outcome http_parts_new(struct http_parts **out, struct http_exchange *exchange, struct err *e);
void http_parts_take(struct http_parts *x, const char *data, size_t n);
enum outcome http_parts_end(struct http_parts *x, struct err *e);
void http_parts_free(struct http_parts *x);
/* REFUSED "http.too_large" {max}. */
enum outcome http_body_too_large(size_t max, struct err *e);

/* The exchange keeps a stop waiting no longer. */
void http_exchange_worked(struct http_exchange *x);

/* Sends exchange->request.answer, or its stream of events. */
enum MHD_Result http_answer_send(struct http_exchange *x);
bool http_answer_headers(const struct http_exchange *x, struct MHD_Response *response);

/* Room for one more stream or wait, for everybody and for this session: http.h says which refusals.
 * Under live_lock. */
enum outcome http_live_room(const struct http_server *s, const struct http_request *r,
                            struct err *e);
/* Resumes the waits that fit, `ended` where their session is. Under live_lock. */
void http_wait_resume(struct http_server *s,
                      bool (*fits)(const struct http_exchange *x, const void *context),
                      const void *context, bool ended);

/* The response that a stream of events is, for http_answer_send. */
struct MHD_Response *http_live_response(struct http_exchange *x);
/* Of an exchange that ends without its stream having been answered. */
void http_live_drop(struct live *l);
void http_live_heartbeat(struct http_server *s);
/* Resumes those who wait, where there is news or their time is over. */
void http_live_pass_news(struct http_server *s);
/* Resumes all who wait; none may wait from now on, for the server stops. */
void http_live_end_waits(struct http_server *s);
/* Ends all streams and takes no new ones. */
void http_live_close(struct http_server *s);

#endif
