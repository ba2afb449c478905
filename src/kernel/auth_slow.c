/* Tries are slowed, never locked: who tries a login from an address waits longer with each failure,
 * who comes from one address and tries many logins too, so that a guesser gets nowhere and cannot
 * shut anyone out. Where the account signed in before (a device's cookie), its tries are counted by
 * themselves, whatever others do elsewhere. A try counts before
 * its password is looked at, so that many at once gain nothing. Logins that do not exist count like
 * those that do. Wrong keys are counted by themselves: a device whose key has expired slows no
 * person behind the same address. In memory: a restart forgives, and of more than 4,096 the oldest
 * are forgotten, of those who have not to wait first, of PINs with wrong tries last; who has to
 * wait makes no rows, and so cannot crowd out any. A PIN that was wrong too often stands in the
 * ledger. Where several servers serve one database each tells the others of its tries
 * (auth_share.c): what comes at all of them within the same moments is counted everywhere a moment
 * later. */
#include <arpa/inet.h>

#include "kernel/auth_impl.h"

/* Tries before the first wait; and how long the longest is. A login that is guessed at from many
 * places waits shortly at most: that slows the many, and whoever owns it comes in by a device that
 * is known, or by a token. */
static const struct budget {
    int64_t free_tries;
    int64_t max_s;
} budgets[] = { { 5, AUTH_SLOW_MAX_S }, { 20, AUTH_SLOW_MAX_S }, { 30, 30 } };
enum { OF_PAIR, OF_PEER, OF_LOGIN, OF_PIN };
#define SLOW_FORGET_US TIME_HOUR

static uint64_t slow_key(struct auth *a, const char *kind, struct str text)
{
    char storage[512];
    struct buf b = buf_over(storage, sizeof storage);
    buf_z(&b, kind);
    buf_str(&b, text);
    struct hash h = keyring_digest(a->node->keys, "slow", buf_get(&b));
    uint64_t key;
    memcpy(&key, h.b, sizeof key);
    return key | 1;
}

/* An IPv6 address counts by its network, of which one house has all addresses. */
static uint64_t peer_key(struct auth *a, const struct auth_slow_of *of)
{
    const struct str peer = of->peer;
    char text[INET6_ADDRSTRLEN] = { 0 };
    struct in6_addr address;
    if (peer.n < sizeof text && peer.n > 0)
        memcpy(text, peer.p, peer.n);
    if (inet_pton(AF_INET6, text, &address) == 1)
        return slow_key(a, of->keys ? "key network/" : "network/",
                        (struct str){ (const char *)address.s6_addr, 8 });
    return slow_key(a, of->keys ? "key address/" : "address/", peer);
}

/* What a row is kept for, the more the longer. */
static int worth(const struct auth_slow *row, int64_t now)
{
    if (row->key == 0)
        return 0;
    if (row->pin && row->tries > 0)
        return 3;
    return row->until_us > now ? 2 : 1;
}

/* Worth less, or the older of two that are worth the same. */
static bool goes_first(const struct auth_slow *row, const struct auth_slow *other, int64_t now)
{
    const int one = worth(row, now);
    const int two = worth(other, now);
    return one != two ? one < two : row->last_us < other->last_us;
}

static struct auth_slow *slow_row(struct auth *a, uint64_t key, int64_t now)
{
    struct auth_slow *set = a->slow[(key >> 1) % AUTH_SLOW_SETS];
    struct auth_slow *oldest = &set[0];
    for (size_t i = 0; i < AUTH_WAYS; i++) {
        struct auth_slow *row = &set[i];
        if (row->key == key)
            return row;
        if (goes_first(row, oldest, now))
            oldest = row;
    }
    *oldest = (struct auth_slow){ .key = key, .last_us = now, .until_us = now };
    return oldest;
}

/* The same, where what was long ago is forgiven. */
static struct auth_slow *slow_row_lately(struct auth *a, uint64_t key, int64_t now)
{
    struct auth_slow *row = slow_row(a, key, now);
    if (now - row->last_us > SLOW_FORGET_US)
        row->tries = 0;
    return row;
}

/* Until when it has to wait; makes no row. */
static int64_t slow_until(const struct auth *a, uint64_t key)
{
    const struct auth_slow *set = a->slow[(key >> 1) % AUTH_SLOW_SETS];
    for (size_t i = 0; i < AUTH_WAYS; i++)
        if (set[i].key == key)
            return set[i].until_us;
    return INT64_MIN;
}

static void slow_count(struct auth_slow *row, int64_t now, int which)
{
    const struct budget *budget = &budgets[which];
    row->tries++;
    row->last_us = now;
    int64_t over = row->tries - budget->free_tries;
    int64_t seconds = over < 0 ? 0 : over > 8 ? budget->max_s : INT64_C(1) << over;
    if (seconds > budget->max_s)
        seconds = budget->max_s;
    row->until_us = now + seconds * TIME_SECOND;
}

/* What a try counts for: asking a provider by address alone, beside what is guessed there; a
 * token's by itself, whatever was guessed at its login; by known device, or by login and address,
 * address, login. A key's id stands for its login. */
struct counted {
    uint64_t key[3];
    int budget[3];
    size_t n;
};

static uint64_t pair_key(struct auth *a, const struct auth_slow_of *of, uint64_t other)
{
    char storage[200];
    struct buf b = buf_over(storage, sizeof storage);
    buf_hex(&b, &other, sizeof other);
    buf_str(&b, of->login);
    return slow_key(a, "pair/", buf_get(&b));
}

static struct counted counted_of(struct auth *a, const struct auth_slow_of *of)
{
    const uint64_t peer = peer_key(a, of);
    if (of->provider)
        return (struct counted){
            .key = { pair_key(a, &(struct auth_slow_of){ .login = S("\nprovider") }, peer) },
            .budget = { OF_PEER },
            .n = 1,
        };
    if (of->token.p)
        return (struct counted){
            .key = { pair_key(a, &(struct auth_slow_of){ .login = of->token }, peer) },
            .budget = { OF_PAIR },
            .n = 1,
        };
    if (of->device.p)
        return (struct counted){
            .key = { pair_key(a, of, slow_key(a, "device/", of->device)) },
            .budget = { OF_PAIR },
            .n = 1,
        };
    return (struct counted){
        .key = { pair_key(a, of, peer), peer,
                 slow_key(a, of->keys ? "key login/" : "login/", of->login) },
        .budget = { OF_PAIR, OF_PEER, OF_LOGIN },
        .n = of->login.n > 0 ? 3 : 2,
    };
}

bool auth_slow_try(struct auth *a, const struct auth_slow_of *of, int64_t *seconds)
{
    const struct counted c = counted_of(a, of);
    int64_t now = env_mono(a->node->env);
    int64_t until = INT64_MIN;
    pthread_mutex_lock(&a->lock);
    for (size_t i = 0; i < c.n; i++) {
        const int64_t one = slow_until(a, c.key[i]);
        until = one > until ? one : until;
    }
    bool free = until <= now;
    for (size_t i = 0; free && i < c.n; i++) {
        slow_count(slow_row_lately(a, c.key[i], now), now, c.budget[i]);
        auth_share(a, AUTH_WORD_TRY, c.key[i], c.budget[i]);
    }
    pthread_mutex_unlock(&a->lock);
    *seconds = free ? 0 : (until - now + TIME_SECOND - 1) / TIME_SECOND;
    return free;
}

enum outcome auth_slow_take(struct auth *a, const struct auth_slow_of *of, struct arena *arena,
                            struct err *e)
{
    int64_t seconds;
    if (auth_slow_try(a, of, &seconds))
        return OK;
    return REFUSE(e, "auth.slow_down",
                  { "seconds", arena_printf(arena, "%lld", (long long)seconds) });
}

/* A right try tells nothing of the wrong ones from elsewhere, which share the row where it is not
 * forgiven all. */
static void slow_right(struct auth *a, uint64_t key, int64_t now, bool all)
{
    struct auth_slow *row = slow_row_lately(a, key, now);
    if (all)
        row->tries = 0;
    else if (row->tries > 0)
        row->tries--;
    row->until_us = now;
}

void auth_slow_clear(struct auth *a, const struct auth_slow_of *of)
{
    const struct counted c = counted_of(a, of);
    int64_t now = env_mono(a->node->env);
    pthread_mutex_lock(&a->lock);
    for (size_t i = 0; i < c.n; i++) {
        slow_right(a, c.key[i], now, i == 0);
        auth_share(a, i == 0 ? AUTH_WORD_CLEAR : AUTH_WORD_RIGHT, c.key[i], 0);
    }
    pthread_mutex_unlock(&a->lock);
}

/* --- PINs: no time forgives a wrong one, only a full sign-in --- */

static int64_t pin_count(struct auth *a, uint64_t key, int64_t now)
{
    struct auth_slow *row = slow_row(a, key, now);
    row->pin = true;
    row->last_us = now;
    return row->tries < AUTH_PIN_TRIES ? ++row->tries : 0;
}

int64_t auth_pin_try(struct auth *a, struct str account)
{
    const uint64_t key = slow_key(a, "pin/", account);
    pthread_mutex_lock(&a->lock);
    const int64_t try = pin_count(a, key, env_mono(a->node->env));
    auth_share(a, AUTH_WORD_TRY, key, OF_PIN);
    pthread_mutex_unlock(&a->lock);
    return try;
}

static void row_forget(struct auth *a, uint64_t key, int64_t now)
{
    *slow_row(a, key, now) = (struct auth_slow){ .key = key, .last_us = now, .until_us = now };
}

void auth_pin_forget(struct auth *a, struct str account)
{
    const uint64_t key = slow_key(a, "pin/", account);
    pthread_mutex_lock(&a->lock);
    row_forget(a, key, env_mono(a->node->env));
    auth_share(a, AUTH_WORD_CLEAR, key, 0);
    pthread_mutex_unlock(&a->lock);
}

/* --- other servers --- */

void auth_slow_heard(struct auth *a, enum auth_word word, uint64_t key, int budget)
{
    const int64_t now = env_mono(a->node->env);
    if (word == AUTH_WORD_CLEAR)
        row_forget(a, key, now);
    else if (word == AUTH_WORD_RIGHT)
        slow_right(a, key, now, false);
    else if (budget == OF_PIN)
        (void)pin_count(a, key, now);
    else if (budget >= 0 && budget < OF_PIN)
        slow_count(slow_row_lately(a, key, now), now, budget);
}
