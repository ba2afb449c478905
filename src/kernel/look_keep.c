/* Keeping looks: what waits is written by the writer's thread, one transaction for all of it. */
#include <pthread.h>
#include <stdlib.h>

#include "base/id.h"
#include "base/log.h"
#include "gen/kernel/look.sql.h"
#include "kernel/look_impl.h"

enum { KEEP_ARENA_MAX = 8 << 20, LEAF_MAX = 4096 };
#define OTHERS_US TIME_SECOND /* between looks at what others kept */

struct known {
    uint64_t key;
    int64_t until; /* monotonic; 0: nothing is known here */
};
struct looks {
    struct looks_options options;
    struct arena *arena;
    pthread_mutex_t lock; /* of all up to the next comment */
    struct look_wait *first;
    struct look_wait **last;
    size_t waiting;
    struct known known[LOOK_KNOWN];
    /* the writer's own */
    bool leads;
    int64_t looked;   /* monotonic: when the last row was read last, where others write as well */
    int64_t sequence; /* of the last row */
    struct hash head;
    int64_t anchored; /* sequence */
    int64_t before;   /* what `anchored` was before the anchor that is under way */
    int64_t since;    /* monotonic: when the first look came that is not anchored */
    bool awaited;     /* an anchor is under way */
    struct id id;
    struct actor actor;
    struct gate_command command;
    char body[80];
};

/* --- opening --- */

static enum outcome read_last(struct looks *l, struct err *e)
{
    struct look_last_out last;
    bool found;
    TRY(db_get(l->options.writer, &sql_look_last, NULL, &last, l->arena, &found, e));
    l->sequence = found ? last.seq : 0;
    l->head = found ? look_hash_of(last.hash) : (struct hash){ 0 };
    l->looked = env_mono(l->options.env);
    return OK;
}

static enum outcome read_head(struct looks *l, struct err *e)
{
    struct look_anchor_last_out anchor;
    struct look_at_out at;
    bool found;
    char hex[HASH_HEX + 1];
    TRY(read_last(l, e));
    if (!registry_command(l->options.registry, S("look.anchor")))
        return OK;
    TRY(db_get(l->options.writer, &sql_look_anchor_last, NULL, &anchor, l->arena, &found, e));
    if (!found)
        return OK;
    const struct look_at_in in = { anchor.sequence };
    l->anchored = anchor.sequence;
    TRY(db_get(l->options.writer, &sql_look_at, &in, &at, l->arena, &found, e));
    if (found)
        hash_hex(hex, look_hash_of(at.hash));
    if (!found || !str_is(anchor.head, hex))
        LOG(l->options.env, LOG_ERROR, "look.damaged", LOG_F_INT("sequence", anchor.sequence));
    return OK;
}

enum outcome looks_open(struct looks **out, const struct looks_options *options, struct err *e)
{
    struct looks *l = calloc(1, sizeof *l);
    struct arena *arena = arena_new(KEEP_ARENA_MAX);
    if (!l || !arena) {
        free(l);
        arena_free(arena);
        return err_no_memory(e);
    }
    l->options = *options;
    l->arena = arena;
    l->last = &l->first;
    l->leads = true;
    l->actor = (struct actor){
        .name = S("system/look"),
        .organisation = S("00000000-0000-8000-8000-000000000000"), /* the node's own */
        .system = true,
    };
    pthread_mutex_init(&l->lock, NULL);
    const enum outcome o = read_head(l, e);
    if (o != OK) {
        looks_close(l);
        return o;
    }
    l->since = env_mono(options->env);
    *out = l;
    return OK;
}

enum outcome looks_lead(struct looks *l, bool leads, struct err *e)
{
    l->leads = leads;
    if (!leads || l->awaited)
        return OK;
    arena_reset(l->arena);
    return read_head(l, e);
}

void looks_close(struct looks *l)
{
    if (!l)
        return;
    pthread_mutex_destroy(&l->lock);
    arena_free(l->arena);
    free(l);
}

/* --- what is known already --- */

static uint64_t key_of(const struct look_entry *x)
{
    const struct str parts[] = { x->session, x->actor, x->subject, x->what,
                                 x->right,   x->way,   x->page };
    uint64_t key = 0;
    struct bytes bytes[2 * sizeof parts / sizeof parts[0]];
    size_t n = 0;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        bytes[n++] = (struct bytes){ (const uint8_t *)parts[i].p, parts[i].n };
        bytes[n++] = (struct bytes){ (const uint8_t *)"", 1 };
    }
    const struct hash h = hash_parts(bytes, n);
    memcpy(&key, h.b, sizeof key);
    return key;
}

bool looks_known(struct looks *l, const struct look_entry *entry)
{
    const uint64_t key = key_of(entry);
    pthread_mutex_lock(&l->lock);
    const struct known *k = &l->known[key % LOOK_KNOWN];
    const bool known = k->key == key && k->until > env_mono(l->options.env);
    pthread_mutex_unlock(&l->lock);
    return known;
}

static void remember(struct looks *l, const struct look_wait *w)
{
    const int64_t until = env_mono(l->options.env) + LOOK_AGAIN_US;
    for (size_t i = 0; i < w->n; i++) {
        const uint64_t key = key_of(&w->entries[i]);
        l->known[key % LOOK_KNOWN] = (struct known){ key, until };
    }
}

/* --- what waits --- */

enum outcome looks_keep(struct looks *l, struct look_wait *w, struct err *e)
{
    w->next = NULL;
    w->error = (struct err){ 0 };
    pthread_mutex_lock(&l->lock);
    const bool full = l->waiting == LOOK_QUEUE_MAX;
    if (!full) {
        *l->last = w;
        l->last = &w->next;
        l->waiting++;
    }
    pthread_mutex_unlock(&l->lock);
    if (full)
        return REFUSE(e, "look.busy");
    gate_wake(l->options.gate);
    return OK;
}

/* The first of what waits, cut off; NULL: nothing. */
static struct look_wait *take(struct looks *l)
{
    pthread_mutex_lock(&l->lock);
    struct look_wait *group = l->first;
    struct look_wait **end = &group;
    for (size_t n = 0; *end && n < LOOK_GROUP_MAX; n++) {
        end = &(*end)->next;
        l->waiting--;
    }
    l->first = *end;
    if (!l->first)
        l->last = &l->first;
    *end = NULL;
    pthread_mutex_unlock(&l->lock);
    return group;
}

static enum outcome write_one(struct looks *l, const struct look_entry *given, struct err *e)
{
    struct look_entry entry = *given;
    struct buf leaf = buf_in(l->arena, LEAF_MAX);
    struct json_out out = json_out(&leaf);
    entry.sequence = l->sequence + 1;
    TRY(record_to_json(&look_entry_record, &entry, &out, NULL, e));
    TRY(buf_check(&leaf, e));
    const struct hash head = look_chain(l->head, buf_get(&leaf));
    const struct look_add_in in = {
        .seq = entry.sequence,
        .subject = entry.subject,
        .actor = entry.actor,
        .organisation = entry.organisation,
        .leaf = buf_get(&leaf),
        .hash = { head.b, HASH_SIZE },
    };
    TRY(db_run(l->options.writer, &sql_look_add, &in, NULL, e));
    l->sequence = entry.sequence;
    l->head = head;
    return OK;
}

static enum outcome write_group(struct looks *l, const struct look_wait *group, struct err *e)
{
    TRY(db_begin(l->options.writer, e));
    arena_reset(l->arena);
    enum outcome o = db_shared(l->options.writer) ? read_last(l, e) : OK;
    for (const struct look_wait *w = group; w && o == OK; w = w->next)
        for (size_t i = 0; i < w->n && o == OK; i++) {
            arena_reset(l->arena);
            o = write_one(l, &w->entries[i], e);
        }
    if (o == OK)
        return db_commit(l->options.writer, e);
    db_rollback(l->options.writer);
    return o;
}

static void answer(struct looks *l, struct look_wait *group, const struct err *error)
{
    if (error->outcome == OK) {
        pthread_mutex_lock(&l->lock);
        for (const struct look_wait *w = group; w; w = w->next)
            remember(l, w);
        pthread_mutex_unlock(&l->lock);
    }
    for (struct look_wait *w = group; w;) {
        struct look_wait *next = w->next; /* w is gone once it is told */
        w->error = *error;
        w->done(w);
        w = next;
    }
}

/* --- anchors --- */

static void anchored(void *context, const struct gate_answer *answer)
{
    struct looks *l = context;
    l->awaited = false;
    if (answer->error.outcome == OK)
        return;
    l->anchored = l->before; /* the next one covers it */
    log_err(l->options.env, "look.not_anchored", &answer->error);
}

static enum outcome send_anchor(struct looks *l, gate_done_fn *done, struct err *e)
{
    struct buf what = buf_over(l->body, sizeof l->body);
    buf_printf(&what, "look anchor %lld", (long long)l->sequence);
    l->id = gate_own_id(l->options.gate, buf_get(&what));
    what = buf_over(l->body, sizeof l->body);
    buf_printf(&what, "{\"node\":\"%.*s\"}", STR(l->options.node));
    arena_reset(l->arena);
    l->command = (struct gate_command){
        .id = id_str(&l->id),
        .name = S("look.anchor"),
        .body = buf_get(&what),
        .actor = &l->actor,
        .happened = TIME_NONE,
        .entered = TIME_NONE,
        .arena = l->arena,
    };
    l->awaited = true;
    l->before = l->anchored;
    l->anchored = l->sequence; /* what comes meanwhile is the next one's */
    const enum outcome o = gate_submit(l->options.gate, &l->command, done, l, e);
    l->awaited = o == OK;
    if (o != OK)
        l->anchored = l->before;
    return o;
}

static bool may_anchor(const struct looks *l)
{
    return l->leads && !l->awaited && l->sequence > l->anchored &&
           registry_command(l->options.registry, S("look.anchor"));
}

static void anchor_step(struct looks *l)
{
    struct err e = { 0 };
    const int64_t now = env_mono(l->options.env);
    if (l->leads && db_shared(l->options.writer) && now - l->looked >= OTHERS_US) {
        arena_reset(l->arena);
        if (read_last(l, &e) != OK)
            return; /* whatever it is, the next transaction meets it */
    }
    if (l->sequence == l->anchored)
        l->since = now;
    if (!may_anchor(l) ||
        (now - l->since < LOOK_ANCHOR_US && l->sequence - l->anchored < LOOK_ANCHOR_MAX))
        return;
    l->since = now;
    if (send_anchor(l, anchored, &e) != OK)
        log_err(l->options.env, "look.not_anchored", &e);
}

enum outcome looks_anchor_now(struct looks *l, struct err *e)
{
    bool busy;
    TRY(looks_step(l, &busy, e));
    if (!may_anchor(l))
        return OK;
    TRY(send_anchor(l, anchored, e));
    while (l->awaited) {
        size_t ran;
        TRY(gate_step(l->options.gate, &ran, e));
    }
    return OK;
}

enum outcome looks_step(struct looks *l, bool *busy, struct err *e)
{
    const int64_t sequence = l->sequence;
    const struct hash head = l->head;
    struct err own = { 0 };
    (void)e;
    *busy = false;
    if (l->awaited) /* its command stands in the arena */
        return OK;
    struct look_wait *group = take(l);
    if (group && write_group(l, group, &own) != OK) {
        l->sequence = sequence;
        l->head = head;
        log_err(l->options.env, "look.not_kept", &own);
    }
    answer(l, group, &own);
    *busy = group != NULL;
    anchor_step(l);
    return OK;
}
