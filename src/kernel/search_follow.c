/* The follower: a cursor over the log, and after each event that a rule waits for the rows of what
 * it concerns. */
#include <stdlib.h>

#include "base/log.h"
#include "gen/kernel/search_schema.sql.h"
#include "kernel/search_impl.h"

enum {
    FOLLOW_ARENA_MAX = 64 << 20,
    THING_ARENA_MAX = 4 << 20,
    KEEP_EVERY = 10000, /* events that a restart looks at again, at most */
};

struct search {
    struct search_options options;
    struct arena *arena;                 /* of one step */
    struct arena *one;                   /* of one thing */
    int64_t cursor;                      /* next event to follow */
    int64_t kept;                        /* the cursor as it is stored */
    int64_t last;                        /* event that was told */
    bool behind;                         /* there may be more behind the cursor */
    int64_t followed;                    /* monotonic: when it last followed */
    int64_t swept;                       /* monotonic: when it last swept */
    size_t sweeping;                     /* the rule … */
    char swept_to[SEARCH_THING_MAX + 1]; /* … and the thing behind which it goes on */
};

bool search_among(const struct registry *registry)
{
    size_t n;
    const struct module *const *modules = registry_modules(registry, &n);
    for (size_t i = 0; i < n; i++)
        if (modules[i] == &search_module)
            return true;
    return false;
}

static enum outcome cursor_of(struct db *db, int64_t *out, struct arena *arena, struct err *e)
{
    struct search_cursor_out row;
    bool found;
    TRY(db_get(db, &sql_search_cursor, NULL, &row, arena, &found, e));
    *out = found ? row.sequence : 0;
    return OK;
}

static enum outcome cursor_set(struct db *db, int64_t sequence, struct err *e)
{
    const struct search_cursor_set_in in = { sequence };
    return db_run(db, &sql_search_cursor_set, &in, NULL, e);
}

/* --- one event --- */

static bool rule_waits(const struct search_rule *rule, struct str type)
{
    for (const char *const *name = rule->when; *name; name++)
        if (str_is(type, *name))
            return true;
    return false;
}

/* What one thing cannot say (a seal that is damaged) holds up no other: it is logged. */
static enum outcome refresh(struct db *db, struct keyring *keys, const struct search_rule *rule,
                            struct str id, struct arena *one, const struct env *env, struct err *e)
{
    arena_reset(one);
    const enum outcome o = search_refresh(db, keys, rule, id, one, e);
    if (o == OK || !str_starts(str_z(e->code), S("seal.")))
        return o;
    log_err(env, "search.unread", e);
    *e = (struct err){ 0 };
    return OK;
}

struct pass {
    const struct registry *registry;
    struct keyring *keys;
    const struct env *env;
    struct db *db; /* projections and index */
    struct arena *arena;
    struct arena *one;
};

static enum outcome follow_event(const struct pass *p, const struct event *event, struct err *e)
{
    const struct search_rule *rule;
    for (size_t i = 0; search_rule_at(p->registry, i, &rule); i++) {
        struct search_ids ids = { .n = 0 };
        if (!rule_waits(rule, event->type))
            continue;
        if (rule->concerns)
            TRY(rule->concerns(&ids, p->db, event, p->arena, e));
        else
            ids.ids[ids.n++] = stream_id(event->stream);
        for (size_t k = 0; k < ids.n; k++)
            TRY(refresh(p->db, p->keys, rule, ids.ids[k], p->one, p->env, e));
    }
    return OK;
}

/* Follows the next of `log`'s events from *at on: of at most `max` *n, 0 at the end. */
static enum outcome follow(const struct pass *p, struct db *log, int64_t *at, size_t max, size_t *n,
                           struct err *e)
{
    struct ledger_row *rows;
    arena_reset(p->arena);
    TRY(ledger_read(log, *at, max, &rows, n, p->arena, e));
    for (size_t i = 0; i < *n; i++) {
        struct event event;
        if (i > 0 && arena_used(p->arena) > FOLLOW_ARENA_MAX / 2)
            break; /* the rest is the next batch */
        TRY(event_read(&event, p->arena, rows[i].leaf, e));
        TRY(follow_event(p, &event, e));
        *at = rows[i].sequence + 1;
    }
    return OK;
}

/* --- the living index --- */

enum outcome search_again(struct search *s, struct err *e)
{
    bool there = true;
    arena_reset(s->arena);
    TRY(cursor_of(s->options.writer, &s->cursor, s->arena, e));
    TRY(ledger_reaches(&there, s->options.writer, s->cursor, s->arena, e));
    s->kept = s->cursor;
    s->behind = true;
    if (!there)
        search_restart(s); /* it was damaged: from the first event again */
    return OK;
}

enum outcome search_open(struct search **out, const struct search_options *options, struct err *e)
{
    struct search *s = calloc(1, sizeof *s);
    if (!s)
        return err_no_memory(e);
    s->options = *options;
    s->arena = arena_new(FOLLOW_ARENA_MAX);
    s->one = arena_new(THING_ARENA_MAX);
    enum outcome o = s->arena && s->one ? OK : err_no_memory(e);
    if (o == OK)
        o = search_again(s, e);
    if (o != OK) {
        arena_free(s->one);
        arena_free(s->arena);
        free(s);
        return o;
    }
    s->followed = s->swept = env_mono(options->env);
    *out = s;
    return OK;
}

static enum outcome keep(struct search *s, struct err *e)
{
    if (s->cursor == s->kept)
        return OK;
    TRY(db_begin_derived(s->options.writer, e));
    const enum outcome o = cursor_set(s->options.writer, s->cursor, e);
    if (o != OK) {
        db_rollback(s->options.writer);
        return o;
    }
    TRY(db_commit(s->options.writer, e));
    s->kept = s->cursor;
    return OK;
}

void search_close(struct search *s, bool leads)
{
    struct err e = { 0 };
    if (!s)
        return;
    if (leads && keep(s, &e) != OK) /* then a restart looks at some events again */
        log_err(s->options.env, "search.close", &e);
    arena_free(s->one);
    arena_free(s->arena);
    free(s);
}

void search_restart(struct search *s)
{
    s->cursor = s->kept = 0;
    s->behind = true;
}

void search_committed(struct search *s, const struct gate_happened *events, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (events[i].sequence != s->cursor ||
            search_waits_for(s->options.registry, str_z(events[i].type)))
            s->behind = true;
        else
            s->cursor++;
    if (n > 0)
        s->last = events[n - 1].sequence;
}

static struct pass living(const struct search *s)
{
    return (struct pass){
        .registry = s->options.registry,
        .keys = s->options.keys,
        .env = s->options.env,
        .db = s->options.writer,
        .arena = s->arena,
        .one = s->one,
    };
}

/* One batch, by one transaction with the cursor. */
static enum outcome batch(struct search *s, size_t max, size_t *n, struct err *e)
{
    const struct pass pass = living(s);
    int64_t at = s->cursor;
    TRY(db_begin_derived(s->options.writer, e));
    enum outcome o = follow(&pass, s->options.writer, &at, max, n, e);
    if (o == OK && *n > 0)
        o = cursor_set(s->options.writer, at, e);
    if (o == OK && *n > 0)
        o = db_commit(s->options.writer, e);
    else
        db_rollback(s->options.writer);
    if (o == OK && *n > 0)
        s->cursor = s->kept = at;
    s->behind = o != OK || *n > 0;
    return o;
}

/* --- keys that were destroyed --- */

/* The next sealed rule from the present place on (NULL behind the last), and things of it. */
static enum outcome sweep_list(struct search *s, const struct search_rule **rule,
                               struct record_list *list, struct err *e)
{
    while (search_rule_at(s->options.registry, s->sweeping, rule) && !(*rule)->sealed)
        s->sweeping++;
    if (!search_rule_at(s->options.registry, s->sweeping, rule)) {
        s->sweeping = 0;
        *rule = NULL;
        return OK;
    }
    const struct search_things_in in = { str_z((*rule)->name), str_z(s->swept_to), SEARCH_SWEPT };
    return db_list(s->options.writer, &sql_search_things, &in, list, SEARCH_SWEPT, s->arena, e);
}

/* Reads those anew whose key is gone. */
static enum outcome sweep_things(struct search *s, const struct search_rule *rule,
                                 const struct search_things_out *things, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        enum seal_key key;
        TRY(keyring_look(s->options.keys, things[i].thing, &key, e));
        if (key == SEAL_KEY_ERASED)
            TRY(refresh(s->options.writer, s->options.keys, rule, things[i].thing, s->one,
                        s->options.env, e));
    }
    return OK;
}

/* *more false: it came to the end, and begins anew next time. */
static enum outcome sweep(struct search *s, bool *more, struct err *e)
{
    const struct search_rule *rule;
    struct record_list list;
    arena_reset(s->arena);
    TRY(sweep_list(s, &rule, &list, e));
    *more = rule != NULL;
    if (!rule)
        return OK;
    const struct search_things_out *things = list.p;
    if (list.n > 0) {
        TRY(db_begin_aside(s->options.writer, e));
        const enum outcome o = sweep_things(s, rule, things, list.n, e);
        if (o != OK) {
            db_rollback(s->options.writer);
            return o;
        }
        TRY(db_commit(s->options.writer, e));
    }
    struct buf to = buf_over(s->swept_to, sizeof s->swept_to - 1);
    if (list.n == SEARCH_SWEPT)
        buf_str(&to, things[list.n - 1].thing);
    else
        s->sweeping++;
    s->swept_to[to.n] = '\0';
    return OK;
}

/* --- steps --- */

enum outcome search_step(struct search *s, bool idle, bool *busy, struct err *e)
{
    const int64_t now = env_mono(s->options.env);
    size_t n = 0;
    bool more;
    *busy = false;
    if (now - s->swept >= SEARCH_SWEEP_US) {
        s->swept = now;
        TRY(sweep(s, &more, e));
    }
    if (!s->behind)
        return s->cursor - s->kept > KEEP_EVERY ? keep(s, e) : OK;
    const bool far = s->last - s->cursor > SEARCH_FAR;
    if (!idle && !far && now - s->followed < SEARCH_EVERY_US)
        return OK;
    s->followed = now;
    TRY(batch(s, SEARCH_STEP_MAX, &n, e));
    *busy = n > 0;
    return OK;
}

enum outcome search_catch_up(struct search *s, struct err *e)
{
    bool again = true;
    for (size_t n = 1; n > 0;)
        TRY(batch(s, SEARCH_BATCH_MAX, &n, e));
    s->sweeping = 0;
    s->swept_to[0] = '\0';
    while (again)
        TRY(sweep(s, &again, e));
    return OK;
}

static enum outcome forget(struct search *s, struct str subject, struct err *e)
{
    const struct search_rule *rule;
    for (size_t i = 0; search_rule_at(s->options.registry, i, &rule); i++)
        if (rule->sealed)
            TRY(refresh(s->options.writer, s->options.keys, rule, subject, s->one, s->options.env,
                        e));
    return OK;
}

enum outcome search_forget(struct search *s, struct str subject, struct err *e)
{
    TRY(db_begin_aside(s->options.writer, e));
    const enum outcome o = forget(s, subject, e);
    if (o == OK)
        return db_commit(s->options.writer, e);
    db_rollback(s->options.writer);
    return o;
}

/* --- built beside, to be compared --- */

static enum outcome count_behind(struct db *log, const struct registry *registry, int64_t from,
                                 int64_t *out, struct arena *arena, struct err *e)
{
    size_t n = 1;
    for (*out = 0; n > 0;) {
        struct ledger_row *rows;
        arena_reset(arena);
        TRY(ledger_read(log, from, SEARCH_BATCH_MAX, &rows, &n, arena, e));
        for (size_t i = 0; i < n; i++) {
            struct event event;
            TRY(event_read(&event, arena, rows[i].leaf, e));
            *out += search_waits_for(registry, event.type);
            from = rows[i].sequence + 1;
        }
    }
    return OK;
}

static enum outcome build(const struct pass *p, struct db *from, int64_t *behind, struct err *e)
{
    int64_t at = 0;
    int64_t kept;
    for (size_t n = 1; n > 0;)
        TRY(follow(p, from, &at, SEARCH_BATCH_MAX, &n, e));
    TRY(cursor_of(from, &kept, p->arena, e));
    if (kept > at) /* nobody can have followed so many: damaged, and so it differs */
        kept = at;
    if (kept > 0)
        TRY(cursor_set(p->db, kept, e));
    return count_behind(from, p->registry, kept, behind, p->arena, e);
}

enum outcome search_build(struct db *from, struct db *to, const struct registry *registry,
                          struct keyring *keys, int64_t *behind, struct err *e)
{
    const struct pass pass = {
        .registry = registry,
        .keys = keys,
        .env = &env_system,
        .db = to,
        .arena = arena_new(FOLLOW_ARENA_MAX),
        .one = arena_new(THING_ARENA_MAX),
    };
    const enum outcome o =
        pass.arena && pass.one ? build(&pass, from, behind, e) : err_no_memory(e);
    arena_free(pass.one);
    arena_free(pass.arena);
    return o;
}
