/* Streams of server-sent events. A stream that has nothing to say is suspended: its connection
 * costs no thread until someone publishes, the heartbeat comes, or the server stops. An event is
 * made once and shared by the queues it stands in. Everything here is under live_lock, which is
 * taken before any lock of libmicrohttpd. */
#include "kernel/http_impl.h"

#include <stdio.h>
#include <stdlib.h>

enum { LIVE_EVENT_MAX = 8192 };

struct live_event {
    size_t refs;
    size_t n;
    char text[];
};

struct live {
    struct live *next;
    struct live *previous;
    struct http_server *server;
    struct MHD_Connection *connection;
    char session[64]; /* "" where nobody is signed in */
    char account[64];
    bool over; /* its session is: it ends after what is being sent */
    char topics[HTTP_LIVE_TOPICS_MAX][HTTP_TOPIC_MAX];
    size_t ntopics;
    struct live_event *queue[HTTP_LIVE_QUEUE_MAX];
    size_t first;
    size_t n;
    struct live_event *sending;
    size_t sent;
    bool suspended;
};

static struct live_event *event_new(struct str text)
{
    struct live_event *event = malloc(sizeof *event + text.n);
    if (!event)
        return NULL;
    event->refs = 1;
    event->n = text.n;
    memcpy(event->text, text.p, text.n);
    return event;
}

static void event_drop(struct live_event *event)
{
    if (event && --event->refs == 0)
        free(event);
}

static void queue_clear(struct live *l)
{
    for (; l->n > 0; l->n--) {
        event_drop(l->queue[l->first]);
        l->first = (l->first + 1) % HTTP_LIVE_QUEUE_MAX;
    }
}

static void wake(struct live *l)
{
    if (!l->suspended)
        return;
    l->suspended = false;
    MHD_resume_connection(l->connection);
}

static void push(struct live *l, struct live_event *event)
{
    event->refs++;
    l->queue[(l->first + l->n++) % HTTP_LIVE_QUEUE_MAX] = event;
}

static struct str token(const struct http_server *s, uint64_t news, char to[HTTP_NEWS_TOKEN_MAX])
{
    const int n = snprintf(to, HTTP_NEWS_TOKEN_MAX, "%016llx-%llu", (unsigned long long)s->born,
                           (unsigned long long)news);
    return (struct str){ to, (size_t)n };
}

static struct live_event *event_of(const struct http_server *s, uint64_t news, struct str topic,
                                   struct str data)
{
    char storage[LIVE_EVENT_MAX], id[HTTP_NEWS_TOKEN_MAX];
    struct buf b = buf_over(storage, sizeof storage);
    buf_printf(&b, "event: %.*s\nid: %.*s\ndata: ", STR(topic), STR(token(s, news, id)));
    buf_str(&b, data);
    buf_z(&b, "\n\n");
    BUG_ON(!buf_ok(&b));
    return event_new(buf_get(&b));
}

/* All that waits gives way to one "reload". */
static void enqueue_reload(struct live *l)
{
    struct live_event *reload = event_of(l->server, l->server->news, S("reload"), S(""));
    if (!reload)
        return;
    queue_clear(l);
    push(l, reload);
    event_drop(reload);
    wake(l);
}

/* Puts the event last, if there is room. */
static void enqueue(struct live *l, struct live_event *event)
{
    if (l->n == HTTP_LIVE_QUEUE_MAX) {
        enqueue_reload(l);
        return;
    }
    push(l, event);
    wake(l);
}

/* --- what was published while nobody listened --- */

struct str http_news_token(struct http_server *s, char to[HTTP_NEWS_TOKEN_MAX])
{
    return s ? token(s, http_news(s), to) : S("");
}

/* The number of a token of this server, as far back as topics are known; false: all may have
 * changed. */
static bool known_since(uint64_t *news, const struct http_server *s, struct str since)
{
    char ours[HTTP_NEWS_TOKEN_MAX];
    int64_t number;
    struct str rest = since;
    const struct str born = str_cut(&rest, '-');
    struct str present = token(s, s->news, ours);
    if (!rest.p || !str_eq(born, str_cut(&present, '-')) || !str_to_u63(&number, rest))
        return false;
    *news = (uint64_t)number;
    return *news <= s->news && s->news - *news < HTTP_PAST_MAX;
}

static bool enqueue_new(struct live *l, uint64_t news, const char *topic)
{
    struct live_event *event = event_of(l->server, news, str_z(topic), S(""));
    if (event)
        enqueue(l, event);
    event_drop(event);
    return event != NULL;
}

/* The last of each topic, in their order: a stream that is cut among them is told the rest anew. */
static bool enqueue_past(struct live *l, uint64_t since)
{
    const struct http_server *s = l->server;
    uint64_t last[HTTP_LIVE_TOPICS_MAX] = { 0 };
    for (uint64_t k = since + 1; k <= s->news; k++)
        for (size_t i = 0; i < l->ntopics; i++)
            if (strcmp(s->past[k % HTTP_PAST_MAX], l->topics[i]) == 0)
                last[i] = k;
    for (uint64_t k = since + 1; k <= s->news; k++)
        for (size_t i = 0; i < l->ntopics; i++)
            if (last[i] == k && !enqueue_new(l, k, l->topics[i]))
                return false;
    return true;
}

/* A stream begins with what its page may have missed. Without memory it is not told that this was
 * all. */
static void catch_up(struct live *l, struct str since)
{
    uint64_t news;
    if (since.n == 0)
        return;
    const bool all = known_since(&news, l->server, since)
                         ? enqueue_past(l, news)
                         : enqueue_new(l, l->server->news, "reload");
    if (all)
        (void)enqueue_new(l, l->server->news, "at");
}

/* libmicrohttpd asks for bytes, and is told to wait when there are none. */
static ssize_t read_stream(void *context, uint64_t position, char *to, size_t max)
{
    (void)position;
    struct live *l = context;
    struct http_server *s = l->server;
    ssize_t result = 0;
    (void)pthread_mutex_lock(&s->live_lock);
    if (!l->sending && l->n > 0 && !l->over) {
        l->sending = l->queue[l->first];
        l->first = (l->first + 1) % HTTP_LIVE_QUEUE_MAX;
        l->n--;
        l->sent = 0;
    }
    if (l->sending) {
        const size_t left = l->sending->n - l->sent;
        const size_t n = left < max ? left : max;
        memcpy(to, l->sending->text + l->sent, n);
        l->sent += n;
        if (n == left) {
            event_drop(l->sending);
            l->sending = NULL;
        }
        result = (ssize_t)n;
    } else if (s->live_closing || l->over) {
        result = MHD_CONTENT_READER_END_OF_STREAM;
    } else {
        l->suspended = true;
        MHD_suspend_connection(l->connection);
    }
    (void)pthread_mutex_unlock(&s->live_lock);
    return result;
}

static void end_stream(void *context)
{
    struct live *l = context;
    struct http_server *s = l->server;
    (void)pthread_mutex_lock(&s->live_lock);
    if (l->previous)
        l->previous->next = l->next;
    else
        s->streams = l->next;
    if (l->next)
        l->next->previous = l->previous;
    s->nstreams--;
    queue_clear(l);
    event_drop(l->sending);
    (void)pthread_mutex_unlock(&s->live_lock);
    free(l);
}

void http_live_drop(struct live *l)
{
    if (l)
        end_stream(l);
}

static void keep_name(char to[64], struct str name)
{
    BUG_ON(name.n >= 64);
    memcpy(to, name.p ? name.p : "", name.n);
    to[name.n] = '\0';
}

/* Streams and waits of a session, together. */
static size_t count_of(const struct http_server *s, struct str session)
{
    size_t n = 0;
    for (const struct live *l = s->streams; session.p && l; l = l->next)
        n += str_is(session, l->session);
    for (const struct http_exchange *x = s->waits; session.p && x; x = x->next_wait)
        n += str_eq(session, x->request.session);
    return n;
}

enum outcome http_live_room(const struct http_server *s, const struct http_request *r,
                            struct err *e)
{
    if (s->live_closing)
        return REFUSE(e, "http.stopping");
    if (s->nstreams + s->nwaits >= s->connections_max / 2)
        return REFUSE(e, "http.too_many_streams");
    if (count_of(s, r->session) >= HTTP_OWNER_MAX)
        return REFUSE(e, "http.too_many_of_session");
    return OK;
}

enum http_state http_live(struct http_request *r, const struct str *topics, size_t n,
                          struct str since)
{
    struct http_exchange *x = (struct http_exchange *)r;
    struct http_server *s = x->server;
    struct err e = { 0 };
    BUG_ON(n > HTTP_LIVE_TOPICS_MAX || x->live);
    struct live *l = calloc(1, sizeof *l);
    struct live_event *hello = event_new(S("retry: 3000\n\n"));
    const struct str last = http_header(r, "Last-Event-ID");
    r->answer = (struct http_answer){ .status = 503, .retry_after_s = 5 };
    (void)pthread_mutex_lock(&s->live_lock);
    const bool room = http_live_room(s, r, &e) == OK;
    if (!room)
        r->answer.status = http_status(&e);
    if (room && l && hello) {
        l->server = s;
        l->connection = x->connection;
        keep_name(l->session, r->session);
        keep_name(l->account, r->account);
        for (size_t i = 0; i < n; i++) {
            BUG_ON(topics[i].n >= sizeof l->topics[0]);
            memcpy(l->topics[i], topics[i].p, topics[i].n);
        }
        l->ntopics = n;
        l->sending = hello;
        l->next = s->streams;
        if (l->next)
            l->next->previous = l;
        s->streams = l;
        s->nstreams++;
        x->live = l;
        catch_up(l, last.n > 0 ? last : since);
        r->answer = (struct http_answer){ .status = 200, .media_type = "text/event-stream" };
    }
    (void)pthread_mutex_unlock(&s->live_lock);
    if (!x->live) {
        free(l);
        free(hello);
        if (e.outcome == REFUSED && s->options.problem)
            s->options.problem(r, r->answer.status, &e);
        r->answer.retry_after_s = 5;
    }
    return HTTP_DONE;
}

uint64_t http_news(struct http_server *s)
{
    (void)pthread_mutex_lock(&s->live_lock);
    const uint64_t news = s->news;
    (void)pthread_mutex_unlock(&s->live_lock);
    return news;
}

/* -- The end of a session ---------------------------------------------------------------------- */

struct owner {
    struct str session;
    struct str account;
};

static bool is_of(struct str name, struct str wanted)
{
    return wanted.n > 0 && str_eq(name, wanted);
}

static bool is_owners(const struct http_exchange *x, const void *context)
{
    const struct owner *o = context;
    return is_of(x->request.session, o->session) || is_of(x->request.account, o->account);
}

void http_end_of(struct http_server *s, struct str session, struct str account)
{
    const struct owner owner = { session, account };
    (void)pthread_mutex_lock(&s->live_lock);
    for (struct live *l = s->streams; l; l = l->next)
        if (is_of(str_z(l->session), session) || is_of(str_z(l->account), account)) {
            l->over = true;
            wake(l);
        }
    http_wait_resume(s, is_owners, &owner, true);
    (void)pthread_mutex_unlock(&s->live_lock);
}

struct MHD_Response *http_live_response(struct http_exchange *x)
{
    enum { BLOCK = 4096 };
    struct MHD_Response *response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, BLOCK, read_stream, x->live, end_stream);
    if (!response) {
        http_live_drop(x->live);
        return NULL;
    }
    /* A proxy that collects the answer would hold every event back. */
    if (!http_answer_headers(x, response) ||
        MHD_add_response_header(response, "X-Accel-Buffering", "no") != MHD_YES) {
        MHD_destroy_response(response);
        return NULL;
    }
    return response;
}

static bool listens(const struct live *l, struct str topic)
{
    for (size_t i = 0; i < l->ntopics; i++) {
        if (str_is(topic, l->topics[i]))
            return true;
    }
    return false;
}

void http_publish(struct http_server *s, struct str topic, struct str data)
{
    BUG_ON(topic.n >= HTTP_TOPIC_MAX);
    BUG_ON(str_find(topic, '\n') < topic.n || str_find(data, '\n') < data.n);
    (void)pthread_mutex_lock(&s->live_lock);
    keep_name(s->past[++s->news % HTTP_PAST_MAX], topic);
    struct live_event *event = event_of(s, s->news, topic, data);
    for (struct live *l = s->streams; event && l; l = l->next) /* without: by the next one */
        if (listens(l, topic))
            enqueue(l, event);
    event_drop(event);
    (void)pthread_mutex_unlock(&s->live_lock);
}

void http_publish_all(struct http_server *s)
{
    (void)pthread_mutex_lock(&s->live_lock);
    s->news += HTTP_PAST_MAX; /* no token from before is known any more */
    for (struct live *l = s->streams; l; l = l->next)
        enqueue_reload(l);
    (void)pthread_mutex_unlock(&s->live_lock);
}

void http_live_heartbeat(struct http_server *s)
{
    struct live_event *beat = event_new(S(":\n\n"));
    if (!beat)
        return;
    (void)pthread_mutex_lock(&s->live_lock);
    for (struct live *l = s->streams; l; l = l->next) {
        if (l->n == 0)
            enqueue(l, beat);
    }
    event_drop(beat);
    (void)pthread_mutex_unlock(&s->live_lock);
}

void http_live_close(struct http_server *s)
{
    (void)pthread_mutex_lock(&s->live_lock);
    s->live_closing = true;
    for (struct live *l = s->streams; l; l = l->next)
        wake(l);
    (void)pthread_mutex_unlock(&s->live_lock);
}
