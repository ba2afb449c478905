/* Buckets of tokens in a table of sets: a key stands in one of four places. Tokens are counted in
 * microseconds of filling: one request costs 1,000,000 / rate of them. */
#include "kernel/limit.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/hash.h"

enum { SETS = 1024, WAYS = 4 };

struct bucket {
    uint64_t key;    /* 0: free */
    int64_t full_us; /* monotonic: when it is full again */
};

struct limit {
    const struct env *env;
    int64_t cost_us;  /* of one request */
    int64_t depth_us; /* of a full bucket */
    int64_t burst;
    pthread_mutex_t lock;
    struct bucket bucket[SETS][WAYS];
};

enum outcome limit_open(struct limit **out, const struct limit_options *options, struct err *e)
{
    BUG_ON(options->rate < 1 || options->burst < 1);
    struct limit *l = calloc(1, sizeof *l);
    if (!l)
        return err_no_memory(e);
    l->env = options->env;
    l->cost_us = options->rate > TIME_SECOND ? 1 : TIME_SECOND / options->rate;
    l->depth_us = l->cost_us * options->burst;
    l->burst = options->burst;
    pthread_mutex_init(&l->lock, NULL);
    *out = l;
    return OK;
}

void limit_close(struct limit *l)
{
    if (!l)
        return;
    pthread_mutex_destroy(&l->lock);
    free(l);
}

static uint64_t key_of(struct str account)
{
    const struct hash h = hash_of(account.p, account.n);
    uint64_t key;
    memcpy(&key, h.b, sizeof key);
    return key | 1;
}

/* The account's bucket, a full one where it has none yet. */
static struct bucket *bucket_of(struct limit *l, uint64_t key, int64_t now)
{
    struct bucket *set = l->bucket[(key >> 1) % SETS];
    struct bucket *rested = &set[0];
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].key == key)
            return &set[i];
        if (set[i].full_us < rested->full_us)
            rested = &set[i];
    }
    *rested = (struct bucket){ key, now };
    return rested;
}

static int64_t seconds_up(int64_t us)
{
    return (us + TIME_SECOND - 1) / TIME_SECOND;
}

bool limit_take(struct limit *l, struct str account, struct limit_state *state)
{
    const int64_t now = env_mono(l->env);
    pthread_mutex_lock(&l->lock);
    struct bucket *b = bucket_of(l, key_of(account), now);
    if (b->full_us < now)
        b->full_us = now;
    const int64_t missing = b->full_us - now + l->cost_us;
    const bool taken = missing <= l->depth_us;
    if (taken)
        b->full_us += l->cost_us;
    const int64_t until_full = b->full_us - now;
    pthread_mutex_unlock(&l->lock);
    *state = (struct limit_state){
        .left = (l->depth_us - until_full) / l->cost_us,
        .full_s = seconds_up(until_full),
        .retry_s = taken ? 0 : seconds_up(missing - l->depth_us),
    };
    return taken;
}

struct str limit_policy_text(const struct limit *l, struct arena *arena)
{
    return arena_printf(arena, "\"account\";q=%lld;w=%lld", (long long)l->burst,
                        (long long)seconds_up(l->depth_us));
}

struct str limit_text(const struct limit_state *state, struct arena *arena)
{
    return arena_printf(arena, "\"account\";r=%lld;t=%lld", (long long)state->left,
                        (long long)state->full_s);
}
