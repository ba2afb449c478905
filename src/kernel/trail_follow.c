/* The follower: a cursor over the log; of each event its tokens. */
#include <stdlib.h>

#include "base/log.h"
#include "gen/kernel/trail.sql.h"
#include "gen/kernel/trail_schema.sql.h"
#include "kernel/trail_impl.h"

enum { FOLLOW_ARENA_MAX = 64 << 20 };

struct trail {
    struct trail_options options;
    struct arena *arena; /* of one step */
    int64_t cursor;      /* next event to follow */
    int64_t last;        /* event that was told */
    bool behind;         /* there may be more behind it */
    int64_t followed;    /* monotonic: when it last followed */
};

bool trail_among(const struct registry *registry)
{
    size_t n;
    const struct module *const *modules = registry_modules(registry, &n);
    for (size_t i = 0; i < n; i++)
        if (modules[i] == &trail_module)
            return true;
    return false;
}

enum outcome trail_followed(int64_t *out, struct db *db, struct arena *arena, struct err *e)
{
    struct trail_cursor_out row;
    bool found;
    TRY(db_get(db, &sql_trail_cursor, NULL, &row, arena, &found, e));
    *out = found ? row.sequence : 0;
    return OK;
}

static enum outcome cursor_set(struct db *db, int64_t sequence, struct err *e)
{
    const struct trail_cursor_set_in in = { sequence };
    return db_run(db, &sql_trail_cursor_set, &in, NULL, e);
}

/* --- events --- */

struct pass {
    const struct registry *registry;
    struct db *log;
    struct db *to;
    struct arena *arena;
};

static enum outcome follow_event(const struct pass *p, const struct ledger_row *row, int64_t *ahead,
                                 struct err *e)
{
    struct event event;
    struct trail_tokens tokens;
    const struct json *payload;
    TRY(event_read(&event, p->arena, row->leaf, e));
    TRY(json_read(&payload, p->arena, event.payload, &json_limits_default, e));
    trail_tokens_of(&tokens, p->registry, &event, payload, *ahead, p->arena);
    if (arena_exhausted(p->arena))
        return err_no_memory(e);
    *ahead = event.recorded;
    for (size_t i = 0; i < tokens.n; i++) {
        const struct trail_token_add_in in = { tokens.tokens[i], row->sequence };
        TRY(db_run(p->to, &sql_trail_token_add, &in, NULL, e));
    }
    return OK;
}

/* Follows the next events from *at on: of at most `max` *n, 0 at the end. */
static enum outcome follow(const struct pass *p, int64_t *at, size_t max, size_t *n, struct err *e)
{
    struct ledger_row *rows;
    int64_t ahead;
    arena_reset(p->arena);
    TRY(trail_recorded(&ahead, p->log, *at - 1, p->arena, e));
    TRY(ledger_read(p->log, *at, max, &rows, n, p->arena, e));
    for (size_t i = 0; i < *n; i++) {
        if (i > 0 && arena_used(p->arena) > FOLLOW_ARENA_MAX / 2)
            break; /* the rest is the next batch */
        TRY(follow_event(p, &rows[i], &ahead, e));
        *at = rows[i].sequence + 1;
    }
    return OK;
}

/* --- the living index --- */

enum outcome trail_again(struct trail *t, struct err *e)
{
    bool there = true;
    arena_reset(t->arena);
    TRY(trail_followed(&t->cursor, t->options.writer, t->arena, e));
    TRY(ledger_reaches(&there, t->options.writer, t->cursor, t->arena, e));
    t->behind = true;
    if (!there)
        trail_restart(t); /* it was damaged: from the first event again */
    return OK;
}

enum outcome trail_open(struct trail **out, const struct trail_options *options, struct err *e)
{
    struct trail *t = calloc(1, sizeof *t);
    struct arena *arena = arena_new(FOLLOW_ARENA_MAX);
    enum outcome o = t && arena ? OK : err_no_memory(e);
    if (o == OK) {
        *t = (struct trail){ .options = *options, .arena = arena };
        t->followed = env_mono(options->env);
        o = trail_again(t, e);
    }
    if (o != OK) {
        arena_free(arena);
        free(t);
        return o;
    }
    *out = t;
    return OK;
}

void trail_close(struct trail *t)
{
    if (!t)
        return;
    arena_free(t->arena);
    free(t);
}

void trail_restart(struct trail *t)
{
    t->cursor = 0;
    t->behind = true;
}

void trail_committed(struct trail *t, int64_t last)
{
    t->last = last;
    t->behind = true;
}

/* One batch, by one transaction with the cursor. */
static enum outcome batch(struct trail *t, size_t max, size_t *n, struct err *e)
{
    struct db *db = t->options.writer;
    const struct pass pass = { t->options.registry, db, db, t->arena };
    int64_t at = t->cursor;
    TRY(db_begin_derived(db, e));
    enum outcome o = follow(&pass, &at, max, n, e);
    if (o == OK && *n > 0)
        o = cursor_set(db, at, e);
    if (o == OK && *n > 0)
        o = db_commit(db, e);
    else
        db_rollback(db);
    if (o == OK && *n > 0)
        t->cursor = at;
    t->behind = o != OK || *n > 0;
    return o;
}

enum outcome trail_step(struct trail *t, bool idle, bool *busy, struct err *e)
{
    const int64_t now = env_mono(t->options.env);
    size_t n = 0;
    *busy = false;
    const bool far = t->last - t->cursor > TRAIL_FAR;
    if (!t->behind || (!idle && !far && now - t->followed < TRAIL_EVERY_US))
        return OK;
    t->followed = now;
    TRY(batch(t, TRAIL_STEP_MAX, &n, e));
    *busy = n > 0;
    return OK;
}

enum outcome trail_catch_up(struct trail *t, struct err *e)
{
    for (size_t n = 1; n > 0;)
        TRY(batch(t, TRAIL_BATCH_MAX, &n, e));
    return OK;
}

/* --- built beside, to be compared --- */

enum outcome trail_build(struct db *from, struct db *to, const struct registry *registry,
                         int64_t *behind, struct err *e)
{
    struct arena *arena = arena_new(FOLLOW_ARENA_MAX);
    const struct pass pass = { registry, from, to, arena };
    int64_t at = 0;
    int64_t cursor = 0;
    enum outcome o = arena ? OK : err_no_memory(e);
    for (size_t n = 1; o == OK && n > 0;)
        o = follow(&pass, &at, TRAIL_BATCH_MAX, &n, e);
    if (o == OK)
        o = trail_followed(&cursor, from, arena, e);
    if (cursor > at) /* nobody can have followed so many: damaged, and so it differs */
        cursor = at;
    if (o == OK && cursor > 0)
        o = cursor_set(to, cursor, e);
    *behind = at - cursor;
    arena_free(arena);
    return o;
}
