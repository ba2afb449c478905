/* Tries are slowed, never locked: who tries a login or comes from an address waits longer with each
 * failure, so that a guesser gets nowhere and cannot shut anyone out for good. A try counts before
 * its password is looked at, so that many at once gain nothing. Logins that do not exist count like
 * those that do. In memory: a restart forgives, and of more than 4,096 the oldest are forgotten, of
 * those who have not to wait first; who has to wait makes no rows, and so cannot crowd out any. */
#include <arpa/inet.h>

#include "kernel/auth_impl.h"

enum { LOGIN_FREE = 5, PEER_FREE = 20 }; /* tries before the first wait */
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
static uint64_t peer_key(struct auth *a, struct str peer)
{
    char text[INET6_ADDRSTRLEN] = { 0 };
    struct in6_addr address;
    if (peer.n < sizeof text && peer.n > 0)
        memcpy(text, peer.p, peer.n);
    if (inet_pton(AF_INET6, text, &address) == 1)
        return slow_key(a, "network/", (struct str){ (const char *)address.s6_addr, 8 });
    return slow_key(a, "address/", peer);
}

/* Free, or not waiting, or the oldest. */
static bool goes_first(const struct auth_slow *row, const struct auth_slow *other, int64_t now)
{
    const bool waits = row->key != 0 && row->until_us > now;
    const bool other_waits = other->key != 0 && other->until_us > now;
    if (row->key == 0 || other->key == 0)
        return other->key != 0;
    return waits != other_waits ? other_waits : row->last_us < other->last_us;
}

static struct auth_slow *slow_row(struct auth *a, uint64_t key, int64_t now)
{
    struct auth_slow *set = a->slow[(key >> 1) % AUTH_SLOW_SETS];
    struct auth_slow *oldest = &set[0];
    for (size_t i = 0; i < AUTH_WAYS; i++) {
        struct auth_slow *row = &set[i];
        if (row->key == key) {
            if (now - row->last_us > SLOW_FORGET_US)
                row->tries = 0;
            return row;
        }
        if (goes_first(row, oldest, now))
            oldest = row;
    }
    *oldest = (struct auth_slow){ .key = key, .last_us = now, .until_us = now };
    return oldest;
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

static void slow_count(struct auth_slow *row, int64_t now, int64_t free_tries)
{
    row->tries++;
    row->last_us = now;
    int64_t over = row->tries - free_tries;
    int64_t seconds = over < 0 ? 0 : over > 8 ? AUTH_SLOW_MAX_S : INT64_C(1) << over;
    row->until_us = now + seconds * TIME_SECOND;
}

bool auth_slow_try(struct auth *a, struct str login, struct str peer, int64_t *seconds)
{
    uint64_t by_login = slow_key(a, "login/", login);
    uint64_t by_peer = peer_key(a, peer);
    int64_t now = env_mono(a->node->env);
    pthread_mutex_lock(&a->lock);
    int64_t until = slow_until(a, by_peer);
    const int64_t of_login = slow_until(a, by_login);
    if (of_login > until)
        until = of_login;
    bool free = until <= now;
    if (free) {
        slow_count(slow_row(a, by_login, now), now, LOGIN_FREE);
        slow_count(slow_row(a, by_peer, now), now, PEER_FREE);
    }
    pthread_mutex_unlock(&a->lock);
    *seconds = free ? 0 : (until - now + TIME_SECOND - 1) / TIME_SECOND;
    return free;
}

void auth_slow_clear(struct auth *a, struct str login, struct str peer)
{
    uint64_t by_login = slow_key(a, "login/", login);
    uint64_t by_peer = peer_key(a, peer);
    int64_t now = env_mono(a->node->env);
    pthread_mutex_lock(&a->lock);
    struct auth_slow *account = slow_row(a, by_login, now);
    account->tries = 0;
    account->until_us = now;
    struct auth_slow *address = slow_row(a, by_peer, now);
    if (address->tries > 0)
        address->tries--; /* a right try tells nothing of the wrong ones from there */
    address->until_us = now;
    pthread_mutex_unlock(&a->lock);
}
