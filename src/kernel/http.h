/* HTTP: routes as rows, behind libmicrohttpd, which nothing else sees.
 *
 * A route is a row: method, path, access rule, limits, handler, help. A row without an access rule
 * is refused at start. Every answer carries the strict headers (CSP without inline script, nosniff,
 * no referrer, no framing); pages and API answers are private and carry an ETag.
 *
 * A handler that must wait for the gate returns HTTP_WAIT after it has handed `request` to whoever
 * will call http_resume(request); its connection is suspended meanwhile and costs no thread. Then
 * `request->resumed` is called on an HTTP thread to fill the answer; it may wait again. A client
 * that leaves meanwhile is not noticed: what it asked is done, and its answer lost.
 *
 * Limits (REFUSED, answered before the body is read): target 8 KiB 414, 64 headers of together
 * 16 KiB 431, body by route 413, body without Content-Length 411, bad percent-encoding, NUL, text
 * that is not UTF-8, dot segments 400, a form of another site 403, another method 405 with Allow.
 * A form that holds files (multipart/form-data) is taken where its route says so; then its body may
 * be HTTP_FILES_BODY_MAX longer, and is never held whole. Two lengths of one body are 400, and the
 * connection ends with the answer. What is no HTTP at all is answered by libmicrohttpd itself. Slow
 * clients are cut off. */
#ifndef VEIN_KERNEL_HTTP_H
#define VEIN_KERNEL_HTTP_H

#include "base/env.h"
#include "base/record.h"

enum { HTTP_PAIRS_MAX = 512, HTTP_PATH_PARAMS_MAX = 6, HTTP_BODY_MAX = 1 << 20 };
enum { HTTP_PASSED_MAX = 16 };
#define HTTP_FILES_BODY_MAX ((int64_t)2 << 30) /* bytes of all files of one form */
enum { HTTP_FILES_RATE = 64 << 10 };           /* bytes a second that their sender must keep up */

/* A file that a form sends: both as sent, UTF-8 not checked in the name. */
struct http_file {
    struct str field;
    struct str name; /* empty: no file was chosen */
};

/* A body that is made while it is sent, so that none is held whole. */
struct looker;
struct http_body {
    int64_t size; /* bytes, exactly */
    /* Up to n bytes from `at` on; 0 or less: it cannot go on, and the connection is cut, so that
     * the client sees that something is missing. On an HTTP thread. */
    ptrdiff_t (*read)(void *context, int64_t at, void *out, size_t n);
    void (*free)(void *context);
    void *context;
};

enum { HTTP_ANSWER_HEADERS_MAX = 6, HTTP_ANSWER_COOKIES_MAX = 3 };

struct http_answer {
    int status;             /* 200 … 599 */
    const char *media_type; /* static; NULL: "text/html; charset=utf-8" */
    struct str body;        /* in the request's arena or static */
    struct http_body made;  /* instead of it, where it has a `read`; has no ETag of its own */
    /* Besides those that every answer has: name (static) and value without a line end. */
    struct {
        const char *name;
        struct str value;
    } headers[HTTP_ANSWER_HEADERS_MAX];
    struct str location; /* redirects; a path of this server */
    struct str set_cookie[HTTP_ANSWER_COOKIES_MAX];
    int64_t retry_after_s; /* with 429 and 503; 0: none */
    bool immutable;        /* an asset named by its hash: cached for a year */
    bool no_etag;
    bool wasm; /* a worker's script, in which WebAssembly may run: on no page it may */
};

enum http_state { HTTP_DONE, HTTP_WAIT };

struct http_request {
    struct arena *arena; /* lives until the answer is sent */
    struct str method;
    struct str path;
    struct record_pair params[HTTP_PATH_PARAMS_MAX]; /* {name} of the route's path, decoded */
    const struct record_pair *query;
    size_t nquery;
    const struct record_pair *form; /* application/x-www-form-urlencoded body, decoded */
    size_t nform;
    /* Of a form that was refused before its files: their fields and names. What was in them is not
     * kept. */
    const struct record_pair *passed;
    size_t npassed;
    void *files;               /* what came in it as files: of who set http_options.file */
    struct str body;           /* as sent */
    struct str media_type;     /* of the body, without parameters, lower case */
    const struct route *route; /* NULL when the request was refused before one was found */
    void *context;             /* of the server's options: the application */
    void *who;                 /* set by the server's `admit`: session and actor */
    struct looker *looks;      /* likewise: what of others was opened for this answer (look.h) */
    /* Whose streams and waits these are, set by `admit`; absent: nobody's. */
    struct str session;
    struct str account;
    /* RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers), set by `admit`. */
    struct str rate;
    struct str rate_policy;
    struct http_answer answer;
    enum http_state (*resumed)(struct http_request *r);
    void *pending;             /* the handler's own, between HTTP_WAIT and `resumed` */
    bool program;              /* set by `admit`: it is no browser, whatever it accepts */
    const struct err *refused; /* while a refused form is shown again (show.h) */
};

typedef enum http_state http_handler_fn(struct http_request *r);

struct route {
    const char *method; /* "GET" (which answers HEAD, too), "POST", "PATCH", "DELETE" */
    const char *path;   /* "/units/{unit}" */
    const char *access; /* permission such as "unit.see"; "public"; "signed_in"; "locked" */
    size_t body_max;    /* bytes; 0: no body */
    http_handler_fn *handler;
    const char *help; /* key of one line for the help page and OpenAPI */
    /* What a GET answers to who asks for JSON: rows of a record with the way to the next, one
     * record, or a document of its own shape ("application/json"); else a page alone. */
    const struct record *rows;
    const struct record *row;
    const char *media_type; /* of what is neither page nor record; "": headers alone (204) */
    const char *query;      /* names of the query's parameters, separated by blanks */
    /* Of a POST whose form may hold files: the parameter of its path that names what they belong
     * to, which is also that thing's kind ("order"). NULL: none. */
    const char *files;
    /* Of a POST that only reads, because what it asks for has no place in an address: what its form
     * or JSON holds. It answers as a GET does. NULL: it sends a command. */
    const struct record *ask;
    bool program; /* of what changes something: it is for programs, too, and not a page's form */
};

/* Rows are written so that tools read them, too:
 *   ROUTE("GET", "/units/{unit}", "unit.see", 0, unit_get, "help.unit_get", .row = &unit_record)
 */
#define ROUTE(method_, path_, access_, body_max_, handler_, ...)                                   \
    {                                                                                              \
        .method = method_, .path = path_, .access = access_, .body_max = body_max_,                \
        .handler = handler_, .help = __VA_ARGS__                                                   \
    }

struct http_options {
    const struct env *env;
    const char *listen;          /* "127.0.0.1:8443", "[::1]:0"; port 0: any */
    const char *tls_certificate; /* PEM files; NULL on loopback: plain HTTP. Any other address */
    const char *tls_key;         /* without TLS is REFUSED "http.plain_outside" */
    /* PEM of the authorities whose clients' certificates are looked at: one is asked for, and
     * nobody needs one. NULL: none is asked for. */
    const char *client_ca;
    const struct route *const *routes; /* tables … */
    const size_t *nroutes;             /* … and their lengths */
    size_t ntables;
    /* Addresses, separated by commas, whose X-Forwarded-For and X-Forwarded-Proto are believed;
     * NULL: nobody's. REFUSED "http.malformed_proxy" for what is no address. */
    const char *proxies;
    unsigned threads; /* of the pool; 0: 2 */
    /* That are served at most; 0: 1024. Half as many more are answered 503 "http.busy" and end, for
     * five seconds if they ask nothing; beyond that they wait to be accepted. While all are taken,
     * connections that idle end after a second. */
    unsigned connections;
    unsigned connections_per_address; /* of them; 0: half. Of one that opens many more, some are
                                       * closed without an answer */
    unsigned timeout_s;   /* of an idle or slow connection; 0: 30. A whole request may take twice
                           * that, a whole answer ten times */
    unsigned head_s;      /* that a request's head may take from its first line on, and a new
                           * connection until it; 0: 10, never more than a whole request. So that
                           * connections that say nothing whole make room soon */
    unsigned heartbeat_s; /* of streams of events; 0: 15 */
    void *context;
    /* Decides the route's access rule and sets r->who; REFUSED answers 401 "auth.sign_in" (pages: a
     * redirect to the sign-in), 403 or 404 by code. Called before the body is read. */
    enum outcome (*admit)(struct http_request *r, struct err *e);
    /* Called when the body is read, before the handler: for what only the form tells, such as the
     * session's token. NULL: nothing to check. */
    enum outcome (*check)(struct http_request *r, struct err *e);
    /* Takes a file of a form piece by piece while it is read, on an HTTP thread; `last`: with these
     * bytes, maybe none, it is whole. Called after `check` found the form so far good; where it did
     * not, files are passed over and the rest of the form is read. What is not OK ends the form; a
     * file that is not taken is better remembered until the handler tells of it beside what else
     * was entered. NULL: no form holds files. */
    enum outcome (*file)(struct http_request *r, const struct http_file *file, struct bytes data,
                         bool last, struct err *e);
    /* The request ended, whole or not: lets go of r->files. */
    void (*files_end)(struct http_request *r);
    /* When a handler is done, before its answer goes out: it may change the answer, or wait as a
     * handler does. Called again after that. NULL: nothing. */
    enum http_state (*settle)(struct http_request *r);
    /* Renders a refusal or fault as a page or as problem details by what the client accepts: fills
     * r->answer, whose status is set. NULL: plain text. */
    void (*problem)(struct http_request *r, int status, const struct err *e);
};

struct http_server;
enum outcome http_start(struct http_server **out, const struct http_options *options,
                        struct err *e);
/* The address it listens on, "127.0.0.1:40123". */
struct str http_address(const struct http_server *s);
/* Refuses new requests (503), waits until all suspended ones are resumed and answered, stops. */
void http_stop(struct http_server *s);

/* From any thread, once per HTTP_WAIT; r must not be touched afterwards. */
void http_resume(struct http_request *r);

/* A header of the request; absent when it has none. Names are case-insensitive. */
struct str http_header(const struct http_request *r, const char *name);
struct str http_cookie(const struct http_request *r, const char *name);
struct str http_param(const struct http_request *r, const char *name);
struct str http_query(const struct http_request *r, const char *name);
struct str http_form(const struct http_request *r, const char *name);
/* True when the client asks for JSON rather than a page. */
bool http_wants_json(const struct http_request *r);
/* The client's address without port; for limits per address, never logged whole. Behind a trusted
 * proxy the last address of X-Forwarded-For that is not itself a trusted proxy's. */
struct str http_peer(const struct http_request *r);
/* The client speaks TLS: with us, or with a trusted proxy that says so. */
bool http_secure(const struct http_request *r);
/* The client showed a certificate of client_ca's, valid now: SHA-256 of its public key
 * (SubjectPublicKeyInfo, DER), as hexadecimal in the request's arena. Absent: it did not. */
struct str http_certificate(const struct http_request *r);
/* The first language of Accept-Language, by its weights, that `speaks` knows; "en" otherwise. */
struct str http_language(const struct http_request *r, bool (*speaks)(struct str language));

/* Live updates: a stream of server-sent events per connection. A handler answers with
 * http_live(r, topics, n); http_publish sends "event: topic" with the data (one line) to all whose
 * topics hold it; topics have less than 64 bytes, data at most 8,000. A slow reader's queue holds
 * HTTP_LIVE_QUEUE_MAX events; beyond that it gets one "event: reload" instead and goes on from
 * there. A heartbeat comment every 15 s.
 * Each event has an id, http_news_token's of its number; `since`, or the header Last-Event-ID,
 * which a browser sends when it connects anew, is such a token: what its topics had since then
 * comes first, without data, or "reload" where that is no longer known. "event: at" ends it, with
 * the present token. A page that was read after http_news_token misses nothing so. At most half of
 * the connections may be streams or waits; beyond that the answer is 503. Of one session there may
 * be HTTP_OWNER_MAX, streams and waits together, so that one cannot take what all need; beyond that
 * it is 429. */
enum { HTTP_LIVE_QUEUE_MAX = 64, HTTP_LIVE_TOPICS_MAX = 16, HTTP_OWNER_MAX = 8 };
enum { HTTP_PAST_MAX = 1024, HTTP_NEWS_TOKEN_MAX = 48, HTTP_TOPIC_MAX = 64 };
enum http_state http_live(struct http_request *r, const struct str *topics, size_t n,
                          struct str since);
/* Of the server that has the request; "" where there is none (tests of pages). */
struct str http_news_token(struct http_server *s, char to[HTTP_NEWS_TOKEN_MAX]);
void http_publish(struct http_server *s, struct str topic, struct str data);
/* Anything may have changed: "event: reload" to all. */
void http_publish_all(struct http_server *s);
/* Ends the streams and waits of a session, or of an account: what they stood on is no more. */
void http_end_of(struct http_server *s, struct str session, struct str account);

/* Waiting for news without a thread: a handler notes http_news, looks, and where it found nothing
 * calls http_wait_news with that number and returns HTTP_WAIT. It is resumed when anything was
 * published since, when the time is over, when its session ended, or the server stops; news may be
 * HTTP_NEWS_LATE_MS late, so that many who wait cost little. REFUSED "http.stopping" and, where
 * there is no room, "http.too_many_streams" or "http.too_many_of_session": then it is not resumed.
 */
enum { HTTP_NEWS_LATE_MS = 500 };
uint64_t http_news(struct http_server *s);
enum outcome http_wait_news(struct http_request *r, uint64_t seen, unsigned seconds, struct err *e);
/* Its session has ended while it waited. */
bool http_wait_ended(const struct http_request *r);

/* Status of an error: refusals by their code ("auth.sign_in" 401, "auth.forbidden" 403, "*.unknown"
 * 404, "auth.locked" 423, "gate.key_reused" 422, "*.too_large" 413, "sign.changed" 409, and
 * "*.busy" 503; others 422 when a rule said no, 400 when the input was malformed: "json.*",
 * "record.*", "quantity.*"), faults 500 or 503. */
int http_status(const struct err *e);

#endif
