#include "kernel/scrub.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "kernel/ledger_impl.h"

enum { SCRUB_ARENA_MAX = 2 * MERKLE_WIDTH * (EVENT_LEAF_MAX + 64) };

struct scrub {
    struct store *store;
    const struct env *env;
    struct arena *arena;
    uint64_t next; /* tile of level 0 */
    int64_t read_mono_us;
    pthread_mutex_t lock; /* of the report */
    struct scrub_report report;
};

enum outcome scrub_open(struct scrub **out, struct store *store, const struct env *env,
                        struct err *e)
{
    struct scrub *s = calloc(1, sizeof *s);
    struct arena *arena = arena_new(SCRUB_ARENA_MAX);
    if (!s || !arena) {
        free(s);
        arena_free(arena);
        return err_no_memory(e);
    }
    s->store = store;
    s->env = env;
    s->arena = arena;
    s->read_mono_us = env->mono_us(env->context);
    s->report.turned_us = TIME_NONE;
    pthread_mutex_init(&s->lock, NULL);
    *out = s;
    return OK;
}

void scrub_close(struct scrub *s)
{
    if (!s)
        return;
    pthread_mutex_destroy(&s->lock);
    arena_free(s->arena);
    free(s);
}

/* The hash of each level above that this tile completes is the root of the tile below. */
static enum outcome tiles_agree(bool *good, struct db *db, uint64_t tile,
                                const struct hash leaves[MERKLE_WIDTH], struct err *e)
{
    struct hash hashes[MERKLE_WIDTH];
    struct hash root = merkle_perfect(leaves, MERKLE_WIDTH);
    TRY(ledger_tile_read(hashes, MERKLE_WIDTH, db, 0, tile, e));
    *good = memcmp(hashes, leaves, sizeof hashes) == 0;
    for (uint32_t level = 1; *good; level++) {
        const size_t at = (size_t)(tile % MERKLE_WIDTH);
        tile /= MERKLE_WIDTH;
        TRY(ledger_tile_read(hashes, at + 1, db, level, tile, e));
        *good = hash_eq(hashes[at], root);
        if (at + 1 < MERKLE_WIDTH)
            return OK;
        root = merkle_perfect(hashes, MERKLE_WIDTH);
    }
    return OK;
}

/* *n is how many events there are from the tile's first on, MERKLE_WIDTH at most. */
static enum outcome tile_scrub(struct scrub *s, struct db *db, size_t *n, bool *good, struct err *e)
{
    struct ledger_row *rows;
    struct hash leaves[MERKLE_WIDTH];
    const int64_t first = (int64_t)(s->next * MERKLE_WIDTH);
    *good = true;
    TRY(ledger_read(db, first, MERKLE_WIDTH, &rows, n, s->arena, e));
    for (size_t i = 0; i < *n; i++) {
        leaves[i] = merkle_leaf(rows[i].leaf);
        *good = *good && rows[i].sequence == first + (int64_t)i;
    }
    return *n == MERKLE_WIDTH && *good ? tiles_agree(good, db, s->next, leaves, e) : OK;
}

static void scrub_turned(struct scrub *s)
{
    s->next = 0;
    pthread_mutex_lock(&s->lock);
    s->report.turns++;
    s->report.turned_us = s->env->now_us(s->env->context);
    pthread_mutex_unlock(&s->lock);
}

static void scrub_passed(struct scrub *s, bool good, const char *why)
{
    pthread_mutex_lock(&s->lock);
    s->report.tiles++;
    if (!good) {
        s->report.damaged++;
        snprintf(s->report.place, sizeof s->report.place, "events %llu to %llu",
                 (unsigned long long)(s->next * MERKLE_WIDTH),
                 (unsigned long long)(s->next * MERKLE_WIDTH + MERKLE_WIDTH - 1));
        LOG(s->env, LOG_ERROR, "scrub.damaged",
            LOG_F_INT("first", (int64_t)(s->next * MERKLE_WIDTH)), LOG_F_CODE("why", why));
    }
    pthread_mutex_unlock(&s->lock);
    s->next++;
}

/* What cannot be read because it is damaged is damage; what cannot be read now is a fault. */
static bool is_damage(const struct err *e)
{
    return str_is(str_z(e->code), "ledger.damaged") || str_is(str_z(e->code), "store.corrupt");
}

enum outcome scrub_step(struct scrub *s, struct err *e)
{
    const int64_t now = s->env->mono_us(s->env->context);
    if (now - s->read_mono_us < SCRUB_EVERY_US)
        return OK;
    s->read_mono_us = now;
    struct db *db;
    size_t n = 0;
    bool good = false;
    struct err why = { 0 };
    TRY(store_reader_take(&db, s->store, e));
    arena_reset(s->arena);
    enum outcome o = tile_scrub(s, db, &n, &good, &why);
    store_reader_give(s->store, db);
    if (o == OK && n < MERKLE_WIDTH) {
        scrub_turned(s);
        return OK;
    }
    if (o != OK && !is_damage(&why)) {
        *e = why;
        return o;
    }
    scrub_passed(s, good && o == OK, o == OK ? "hash" : why.code);
    return OK;
}

struct scrub_report scrub_report(struct scrub *s)
{
    pthread_mutex_lock(&s->lock);
    struct scrub_report report = s->report;
    pthread_mutex_unlock(&s->lock);
    return report;
}
