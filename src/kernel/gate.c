/* The queue and the group. Senders queue on any thread; one thread takes what has queued, runs it
 * in one transaction, commits, and only then answers. No timer gathers a group: what arrived during
 * the last sync is the next group. */
#include "kernel/gate.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/id.h"
#include "base/log.h"
#include "kernel/gate_impl.h"
#include "kernel/sign_strength.h"

enum {
    GROUP_TRIES = 3, /* among others, of a group whose turn did not come or was cut short */
    MEMBER_ARENA_MAX = 128 << 20,
    GROUP_BODIES_MAX = 8 << 20, /* bytes of bodies in one group */
};
_Static_assert((int)GATE_GROUP_MAX *(int)GATE_EVENTS_MAX <= (int)LEDGER_GROUP_MAX,
               "no member is refused for what its group holds already");

struct gate {
    struct store *store;
    struct gate_writer writer;
    gate_committed_fn *committed;
    void *context;
    gate_answered_fn *answered;

    pthread_mutex_t lock;
    pthread_cond_t arrived;
    struct gate_item queue[GATE_QUEUE_MAX]; /* a ring */
    size_t first;
    size_t count;
    bool shut;
    bool woken; /* gate_wait ends */

    struct gate_item group[GATE_GROUP_MAX]; /* the writer's own */
    struct gate_happened happened[LEDGER_GROUP_MAX];
    size_t nseen;   /* of them, recorded by others */
    bool strange;   /* something that this program does not know was among it */
    bool begins;    /* anew (gate_again): a try that failed leaves the ledger … */
    uint64_t known; /* … half read, and what it held before the first is here */
    struct hash known_root;
    struct err failed;             /* the fault after which nothing more is written */
    _Atomic(const char *) failure; /* its code, for any thread; NULL: none */
};

enum outcome gate_open(struct gate **out, const struct gate_options *options, struct err *e)
{
    struct gate *g = calloc(1, sizeof *g);
    struct arena *arena = arena_new(MEMBER_ARENA_MAX);
    struct sign_rules *rules = NULL;
    if (!g || !arena || sign_rules_new(&rules, e) != OK) {
        free(g);
        arena_free(arena);
        return err_no_memory(e);
    }
    g->writer = (struct gate_writer){
        .env = options->env,
        .db = options->writer,
        .ledger = options->ledger,
        .keys = options->keys,
        .registry = options->registry,
        .rules = rules,
        .arena = arena,
        .happened = g->happened,
    };
    g->store = options->store;
    g->committed = options->committed;
    g->context = options->context;
    g->answered = options->answered;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&g->arrived, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&g->lock, NULL);
    *out = g;
    return OK;
}

void gate_close(struct gate *g)
{
    if (!g)
        return;
    BUG_ON(g->count != 0);
    pthread_cond_destroy(&g->arrived);
    pthread_mutex_destroy(&g->lock);
    sign_rules_free(g->writer.rules);
    arena_free(g->writer.arena);
    free(g);
}

struct id gate_own_id(const struct gate *g, struct str what)
{
    char hex[HASH_HEX + 1];
    hash_hex(hex, keyring_digest(g->writer.keys, "command", what));
    return id_derive(str_z(hex), S("command"), 0);
}

/* It must fit the event as its row says: it is sealed there, where nobody checks it again. */
static enum outcome reason_check(struct str reason, struct err *e)
{
    struct field field = *record_field(&event_record, S("reason"));
    field.flags = OPTIONAL;
    field.offset = 0;
    struct str checked;
    return record_set_text(&field, &checked, reason, e);
}

enum outcome gate_memory_held(const struct arena *arena, enum outcome o, struct err *e)
{
    if (!arena_exhausted(arena))
        return o;
    *e = (struct err){ 0 };
    return err_no_memory(e);
}

/* What must stand beside the body. Who asks what would be signed has given neither yet. */
static enum outcome item_complete(const struct gate_item *item, struct err *e)
{
    const struct gate_command *c = item->command;
    const bool is_signed = item->type->flags & COMMAND_SIGNED;
    const bool needs_reason = item->type->flags & COMMAND_NEEDS_REASON;
    if (item->type->flags & (COMMAND_JUDGES | COMMAND_SIGNED | COMMAND_PERSON))
        TRY(actor_person(c->actor, e));
    if (c->asks)
        return is_signed ? OK : REFUSE(e, "sign.unsigned", { "command", c->name });
    if (needs_reason && str_trim(c->reason).n == 0)
        return REFUSE(e, "gate.reason_needed", { "command", c->name });
    if (is_signed && !c->signature)
        return REFUSE(e, "sign.needed", { "command", c->name });
    return reason_check(c->reason, e);
}

/* The body as the type's struct, and the digest that tells a retry from another request. */
static enum outcome item_read(struct gate *g, struct gate_item *item, struct err *e)
{
    const struct gate_command *c = item->command;
    const struct record *r = item->type->body;
    struct json_limits limits = json_limits_default;
    limits.bytes = GATE_BODY_MAX;
    const struct json *json;
    TRY(json_read(&json, c->arena, c->body.n > 0 ? c->body : S("{}"), &limits, e));
    void *body = arena_alloc(c->arena, r->size);
    if (!body)
        return err_no_memory(e);
    TRY(record_from_json(r, body, c->arena, json, e));
    item->body = body;

    struct buf canonical = buf_in(c->arena, 2 * GATE_BODY_MAX);
    struct json_out out = json_out(&canonical);
    json_begin_array(&out);
    json_str(&out, c->actor->organisation);
    json_str(&out, c->actor->name);
    json_str(&out, c->name);
    json_str(&out, c->reason);
    json_int(&out, c->happened);
    TRY(record_to_json(r, body, &out, NULL, e));
    json_end(&out);
    TRY(buf_check(&canonical, e));
    item->digest = keyring_digest(g->writer.keys, "idempotency", buf_get(&canonical));
    return OK;
}

static enum outcome item_prepare(struct gate *g, struct gate_item *item, struct err *e)
{
    if (!item->type->prepare)
        return OK;
    struct prepare p = {
        .registry = g->writer.registry,
        .keys = g->writer.keys,
        .arena = item->command->arena,
        .command = item->command,
        .now_us = env_now(g->writer.env),
    };
    TRY(store_reader_take(&p.db, g->store, e));
    enum outcome o = item->type->prepare(&p, item->body, e);
    store_reader_give(g->store, p.db);
    item->prepared = p.prepared;
    return o;
}

static void gate_tell(const struct gate *g, const struct gate_item *item,
                      const struct gate_answer *answer)
{
    if (g->answered)
        g->answered(item->command, item->type, item->body, answer);
}

static bool queue_full(struct gate *g)
{
    pthread_mutex_lock(&g->lock);
    bool full = g->shut || g->count == GATE_QUEUE_MAX;
    pthread_mutex_unlock(&g->lock);
    return full;
}

enum outcome gate_submit(struct gate *g, const struct gate_command *command, gate_done_fn *done,
                         void *context, struct err *e)
{
    struct gate_item item = { .command = command, .done = done, .context = context };
    const char *failure = gate_failure(g);
    if (failure)
        return err_fault(e, failure, "nothing is written");
    if (queue_full(g))
        return REFUSE(e, "gate.busy"); /* before any work: there is too much of it already */
    if (!id_valid(command->id))
        return REFUSE(e, "gate.malformed_id");
    item.type = registry_command(g->writer.registry, command->name);
    if (!item.type)
        return REFUSE(e, "gate.unknown_command", { "command", command->name });
    TRY(item_complete(&item, e));
    const enum outcome read = item_read(g, &item, e);
    if (read != OK)
        return gate_memory_held(command->arena, read, e);
    const enum outcome prepared = item_prepare(g, &item, e);
    if (gate_memory_held(command->arena, prepared, e) != OK) {
        const struct gate_answer refused = { .error = *e, .sequence = -1 };
        gate_tell(g, &item, &refused);
        return e->outcome;
    }

    pthread_mutex_lock(&g->lock);
    bool full = g->shut || g->count == GATE_QUEUE_MAX;
    if (!full) {
        g->queue[(g->first + g->count) % GATE_QUEUE_MAX] = item;
        g->count++;
        pthread_cond_signal(&g->arrived);
    }
    pthread_mutex_unlock(&g->lock);
    return full ? REFUSE(e, "gate.busy") : OK;
}

static size_t group_take(struct gate *g)
{
    size_t n = 0, bytes = 0;
    pthread_mutex_lock(&g->lock);
    while (g->count > 0 && n < GATE_GROUP_MAX && bytes < GROUP_BODIES_MAX) {
        g->group[n] = g->queue[g->first];
        bytes += g->group[n++].command->body.n;
        g->first = (g->first + 1) % GATE_QUEUE_MAX;
        g->count--;
    }
    pthread_mutex_unlock(&g->lock);
    return n;
}

/* --- what others recorded, where several write --- */

static void seen_tell(struct gate *g)
{
    if (g->committed && g->nseen > 0)
        g->committed(g->context, g->happened, g->nseen);
    g->nseen = 0;
}

static void seen(void *context, int64_t sequence, const struct event *event)
{
    struct gate *g = context;
    const struct event_type *type =
        registry_event(g->writer.registry, event->type, event->type_version);
    if (g->nseen == LEDGER_GROUP_MAX)
        seen_tell(g);
    struct gate_happened *h = &g->happened[g->nseen++];
    *h = (struct gate_happened){ .sequence = sequence, .type = type ? type->name : "" };
    if (event->key.n <= STREAM_MAX)
        memcpy(h->key.text, event->key.p, event->key.n);
    g->strange |= !type;
}

enum outcome gate_follow(struct gate *g, struct err *e)
{
    if (!db_shared(g->writer.db))
        return OK;
    TRY(ledger_follow(g->writer.ledger, g->writer.db, seen, g, e));
    seen_tell(g);
    return g->strange ? err_fault(e, "gate.newer_event", "another server is of a newer version")
                      : OK;
}

enum outcome gate_again(struct gate *g, struct err *e)
{
    struct ledger *l = g->writer.ledger;
    bool same;
    if (!g->begins) {
        seen_tell(g);
        g->known = ledger_size(l);
        g->known_root = ledger_root(l);
    }
    g->begins = true;
    g->nseen = 0; /* that the try before this one had read */
    TRY(ledger_again(l, g->writer.db, e));
    TRY(ledger_was(&same, l, g->writer.db, g->known, g->known_root, e));
    if (!same)
        LOG(g->writer.env, LOG_ERROR, "gate.events_lost", LOG_F_INT("known", (int64_t)g->known),
            LOG_F_INT("size", (int64_t)ledger_size(l)));
    TRY(ledger_see(l, g->writer.db, same ? g->known : ledger_size(l), seen, g, e));
    seen_tell(g);
    if (!same && g->committed)
        g->committed(g->context, NULL, 0);
    g->begins = false;
    gate_fail(g, &(struct err){ 0 });
    return OK;
}

const char *gate_failure(const struct gate *g)
{
    return g->failure;
}

void gate_fail(struct gate *g, const struct err *e)
{
    g->failed = *e;
    g->failure = e->code;
}

/* --- the group --- */

/* From BEGIN to COMMIT. What others recorded before is told before anything is decided. */
static enum outcome group_write(struct gate *g, size_t n, struct err *e)
{
    struct gate_writer *w = &g->writer;
    w->nhappened = 0;
    TRY(db_begin(w->db, e));
    enum outcome o = gate_follow(g, e);
    for (size_t i = 0; i < n && o == OK; i++)
        o = gate_member_run(w, &g->group[i], e);
    if (o == OK)
        o = ledger_prepare(w->ledger, w->db, e);
    if (o == OK)
        o = db_tell(w->db, "", e);
    if (o == OK)
        o = db_commit(w->db, e);
    if (o != OK) {
        db_rollback(w->db);
        ledger_forget(w->ledger);
    }
    return o;
}

static bool is_busy(const struct err *e)
{
    return str_is(str_z(e->code), "store.busy");
}

/* Where others write, their turn may have been long, or the server may have ended ours (a deadlock
 * with a vacuum): nothing was committed and nobody answered. */
static enum outcome group_try(struct gate *g, size_t n, struct err *e)
{
    const int tries = db_shared(g->writer.db) ? GROUP_TRIES : 1;
    enum outcome o = group_write(g, n, e);
    for (int i = 1; i < tries && o == FAULT && is_busy(e); i++) {
        *e = (struct err){ 0 };
        o = group_write(g, n, e);
    }
    return o;
}

/* A fault of the group is the answer of every member: nothing of any of them happened. */
static void group_fail(struct gate *g, size_t n, const struct err *e)
{
    for (size_t i = 0; i < n; i++)
        g->group[i].answer = (struct gate_answer){ .error = *e, .sequence = -1 };
    log_err(g->writer.env, "gate.group_failed", e);
    if (!is_busy(e))
        gate_fail(g, e);
}

enum outcome gate_step(struct gate *g, size_t *ran, struct err *e)
{
    size_t n = group_take(g);
    *ran = n;
    if (n == 0)
        return OK;

    enum outcome o = g->failed.outcome;
    if (o != OK)
        *e = g->failed;
    else
        o = group_try(g, n, e);
    if (o == OK) {
        ledger_committed(g->writer.ledger);
        if (g->committed && g->writer.nhappened > 0)
            g->committed(g->context, g->writer.happened, g->writer.nhappened);
    } else {
        group_fail(g, n, e);
    }
    for (size_t i = 0; i < n; i++) {
        gate_tell(g, &g->group[i], &g->group[i].answer);
        g->group[i].done(g->group[i].context, &g->group[i].answer);
    }
    return o;
}

enum outcome gate_checkpoint_step(struct gate *g, int64_t after_us, struct err *e)
{
    int64_t since;
    if (g->failed.outcome != OK || !ledger_checkpoint_due(g->writer.ledger, &since))
        return OK;
    if (env_mono(g->writer.env) - since < after_us)
        return OK;
    enum outcome o = ledger_checkpoint(g->writer.ledger, g->writer.db, e);
    if (o == FAULT)
        group_fail(g, 0, e);
    return o;
}

void gate_wait(struct gate *g, int64_t timeout_us)
{
    int64_t until_us = env_mono(&env_system) + timeout_us; /* threads wait in the real world */
    struct timespec until = { .tv_sec = until_us / TIME_SECOND,
                              .tv_nsec = until_us % TIME_SECOND * 1000 };
    pthread_mutex_lock(&g->lock);
    while (g->count == 0 && !g->shut && !g->woken)
        if (pthread_cond_timedwait(&g->arrived, &g->lock, &until) != 0)
            break;
    g->woken = false;
    pthread_mutex_unlock(&g->lock);
}

void gate_wake(struct gate *g)
{
    pthread_mutex_lock(&g->lock);
    g->woken = true;
    pthread_cond_signal(&g->arrived);
    pthread_mutex_unlock(&g->lock);
}

void gate_shut(struct gate *g)
{
    pthread_mutex_lock(&g->lock);
    g->shut = true;
    pthread_cond_broadcast(&g->arrived);
    pthread_mutex_unlock(&g->lock);
}

struct run_wait {
    struct gate_answer answer;
    bool done;
};

static void run_done(void *context, const struct gate_answer *answer)
{
    struct run_wait *wait = context;
    wait->answer = *answer;
    wait->done = true;
}

enum outcome gate_run(struct gate *g, const struct gate_command *command,
                      struct gate_answer *answer, struct err *e)
{
    struct run_wait wait = { 0 };
    TRY(gate_submit(g, command, run_done, &wait, e));
    while (!wait.done) {
        size_t ran;
        struct err step = { 0 };
        (void)!gate_step(g, &ran, &step); /* a fault is this member's answer too */
    }
    if (answer)
        *answer = wait.answer;
    if (wait.answer.error.outcome != OK)
        *e = wait.answer.error;
    return wait.answer.error.outcome;
}

struct send_wait {
    pthread_mutex_t lock;
    pthread_cond_t answered;
    bool done;
    struct gate_answer answer;
};

static void send_done(void *context, const struct gate_answer *answer)
{
    struct send_wait *wait = context;
    pthread_mutex_lock(&wait->lock);
    wait->answer = *answer;
    wait->done = true;
    pthread_cond_signal(&wait->answered);
    pthread_mutex_unlock(&wait->lock);
}

enum outcome gate_send(struct gate *g, const struct gate_command *command,
                       struct gate_answer *answer, struct err *e)
{
    struct send_wait wait = { .lock = PTHREAD_MUTEX_INITIALIZER,
                              .answered = PTHREAD_COND_INITIALIZER };
    TRY(gate_submit(g, command, send_done, &wait, e));
    pthread_mutex_lock(&wait.lock);
    while (!wait.done)
        pthread_cond_wait(&wait.answered, &wait.lock);
    pthread_mutex_unlock(&wait.lock);
    if (answer)
        *answer = wait.answer;
    if (wait.answer.error.outcome != OK)
        *e = wait.answer.error;
    return wait.answer.error.outcome;
}
