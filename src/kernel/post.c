/* Hands tries to children and takes what they say. Submitting happens on the writer's thread,
 * answers come on the workers'. */
#include "kernel/post.h"

#include <pthread.h>
#include <stdlib.h>

#define RECORDS "kernel/post.def"
#include "base/record_tables.h"
#undef RECORDS

enum { TRY_ARENA_MAX = 2 << 20 };

static const char *const readable[] = {
    "/etc/ssl",           "/usr/share/ca-certificates",
    "/etc/resolv.conf",   "/etc/hosts",
    "/etc/nsswitch.conf", "/etc/host.conf",
    "/etc/gai.conf",      "/etc/services",
    "/usr/lib/ssl",       NULL,
};

const struct worker_kind post_kind = {
    .name = "post",
    .program = "vein-post",
    .children = POST_CHILDREN,
    .jobs = 200,
    .wall_ms = POST_WALL_MS,
    .cpu_s = 120,
    .memory_max = (size_t)1 << 30,
    .in_max = POST_FRAME_MAX,
    .out_max = 4096,
    .network = true,
    .read = readable,
};

enum try_state { TRY_FREE, TRY_SENT, TRY_ENDED };

struct
try {
    struct post *post;
    enum try_state state;
    uint64_t ticket;
    struct arena *arena;
    struct outbox_result result;
};

struct post {
    struct post_options options;
    struct outbox_transport transport;
    pthread_mutex_t lock; /* guards states and results */
    struct try tries[OUTBOX_SLOTS];
};

/* Codes are static: those that a child may say. */
static const char *code_of(struct str code)
{
    static const char *const codes[] = { "outbox.timeout", "outbox.connection", "outbox.tls",
                                         "outbox.answer",  "outbox.redirect",   "outbox.inside",
                                         "outbox.url",     "outbox.plain" };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (str_is(code, codes[i]))
            return codes[i];
    return "outbox.worker";
}

static void result_read(struct outbox_result *out, struct bytes bytes, struct arena *arena)
{
    const struct json *json;
    struct post_result r;
    struct err e = { 0 };
    struct str text = { (const char *)bytes.p, bytes.n };
    if (json_read(&json, arena, text, &json_limits_default, &e) != OK ||
        record_from_json(&post_result_record, &r, arena, json, &e) != OK)
        return;
    out->delivered = r.delivered;
    out->hopeless = r.hopeless;
    out->status = r.status;
    out->code = r.delivered ? NULL : code_of(r.code);
    out->answer = (struct str){ (const char *)r.answer.p, r.answer.n };
}

static void try_done(void *context, const struct worker_result *result)
{
    struct try *t = context;
    struct outbox_result out = {
        .ticket = t->ticket,
        .code =
            str_is(str_z(result->error.code), "worker.slow") ? "outbox.timeout" : "outbox.worker",
        .status = INT_NONE,
    };
    if (result->error.outcome == OK)
        result_read(&out, result->out, t->arena);
    pthread_mutex_lock(&t->post->lock);
    t->result = out;
    t->state = TRY_ENDED;
    pthread_mutex_unlock(&t->post->lock);
}

static const struct str protocols[] = {
    [OUTBOX_WEBHOOK] = S("webhook"),
    [OUTBOX_MAIL] = S("mail"),
    [OUTBOX_WITNESS] = S("witness"),
};

static enum outcome request_write(struct bytes *out, const struct post *p,
                                  const struct outbox_request *r, struct arena *arena,
                                  struct err *e)
{
    struct post_header *headers = ARENA_ARRAY(arena, r->nheaders + 1, struct post_header);
    if (!headers)
        return err_no_memory(e);
    for (size_t i = 0; i < r->nheaders; i++)
        headers[i] = (struct post_header){ r->headers[i].name, r->headers[i].value };
    struct post_request wire = {
        .protocol = protocols[r->protocol],
        .url = r->url,
        .headers = { headers, r->nheaders },
        .body = { (const uint8_t *)r->body.p, r->body.n },
        .from = r->from,
        .to = r->to,
        .user = r->user,
        .password = r->password,
        .allowed = r->allowed,
        .trusted = { (const uint8_t *)p->options.trusted.p, p->options.trusted.n },
        .starttls = r->starttls,
        .timeout_ms = r->timeout_us / 1000,
    };
    struct buf b = buf_in(arena, POST_FRAME_MAX);
    struct json_out json = json_out(&b);
    TRY(record_to_json(&post_request_record, &wire, &json, NULL, e));
    TRY(buf_check(&b, e));
    *out = (struct bytes){ (const uint8_t *)b.p, b.n };
    return OK;
}

static struct try *try_find(struct post *p, enum try_state state)
{
    struct try *found = NULL;
    pthread_mutex_lock(&p->lock);
    for (size_t i = 0; i < OUTBOX_SLOTS && !found; i++)
        if (p->tries[i].state == state)
            found = &p->tries[i];
    pthread_mutex_unlock(&p->lock);
    return found;
}

static bool post_send(void *context, uint64_t ticket, const struct outbox_request *request)
{
    struct post *p = context;
    struct err e = { 0 };
    struct bytes frame;
    struct try *t = try_find(p, TRY_FREE);
    if (!t)
        return false;
    arena_reset(t->arena);
    t->ticket = ticket;
    t->state = TRY_SENT;
    if (request_write(&frame, p, request, t->arena, &e) == OK &&
        workers_submit(p->options.workers, post_kind.name, frame, try_done, t, &e) == OK)
        return true;
    t->state = TRY_FREE;
    return false;
}

static bool post_next(void *context, struct outbox_result *out)
{
    struct post *p = context;
    struct try *t = try_find(p, TRY_ENDED);
    if (!t)
        return false;
    *out = t->result;
    t->state = TRY_FREE; /* of TRY_ENDED no other thread takes notice */
    return true;
}

enum outcome post_open(struct post **out, const struct post_options *options, struct err *e)
{
    struct post *p = calloc(1, sizeof *p);
    if (!p)
        return err_no_memory(e);
    p->options = *options;
    p->transport = (struct outbox_transport){ p, post_send, post_next };
    pthread_mutex_init(&p->lock, NULL);
    bool memory = true;
    for (size_t i = 0; i < OUTBOX_SLOTS; i++) {
        p->tries[i].post = p;
        p->tries[i].arena = arena_new(TRY_ARENA_MAX);
        memory &= p->tries[i].arena != NULL;
    }
    if (!memory) {
        post_close(p);
        return err_no_memory(e);
    }
    *out = p;
    return OK;
}

void post_close(struct post *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < OUTBOX_SLOTS; i++)
        arena_free(p->tries[i].arena);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

const struct outbox_transport *post_transport(const struct post *p)
{
    return &p->transport;
}
