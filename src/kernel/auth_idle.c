/* When each session was last used: in memory only, a restart begins it anew. */
#include "kernel/auth_impl.h"

static uint64_t idle_key(struct str session)
{
    struct hash h = hash_of(session.p, session.n);
    uint64_t key;
    memcpy(&key, h.b, sizeof key);
    return key | 1;
}

static struct auth_idle *idle_row(struct auth *a, uint64_t key, struct auth_idle **oldest)
{
    struct auth_idle *set = a->idle[(key >> 1) % AUTH_IDLE_SETS];
    *oldest = &set[0];
    for (size_t i = 0; i < AUTH_WAYS; i++) {
        if (set[i].key == key)
            return &set[i];
        if (set[i].key == 0 || ((*oldest)->key != 0 && set[i].seen_us < (*oldest)->seen_us))
            *oldest = &set[i];
    }
    return NULL;
}

int64_t auth_idle_for(struct auth *a, struct str session, int64_t opened)
{
    struct auth_idle *oldest;
    int64_t now = env_mono(a->node->env);
    int64_t age = env_now(a->node->env) - opened;
    pthread_mutex_lock(&a->lock);
    const struct auth_idle *row = idle_row(a, idle_key(session), &oldest);
    const int64_t up = now - a->start_us;
    const int64_t unknown = age < up ? age : up;
    const int64_t idle = row ? now - row->seen_us : unknown;
    pthread_mutex_unlock(&a->lock);
    return idle;
}

void auth_idle_touch(struct auth *a, struct str session)
{
    struct auth_idle *oldest;
    const uint64_t key = idle_key(session);
    int64_t now = env_mono(a->node->env);
    pthread_mutex_lock(&a->lock);
    struct auth_idle *row = idle_row(a, key, &oldest);
    if (row)
        row->seen_us = now;
    else
        *oldest = (struct auth_idle){ .key = key, .seen_us = now };
    pthread_mutex_unlock(&a->lock);
}

int64_t auth_session_seen(struct auth *a, struct str session)
{
    struct auth_idle *oldest;
    int64_t seen = TIME_NONE;
    pthread_mutex_lock(&a->lock);
    const struct auth_idle *row = idle_row(a, idle_key(session), &oldest);
    if (row)
        seen = env_now(a->node->env) - (env_mono(a->node->env) - row->seen_us);
    pthread_mutex_unlock(&a->lock);
    return seen;
}

int64_t auth_signed(struct auth *a, struct str session)
{
    struct auth_idle *oldest;
    pthread_mutex_lock(&a->lock);
    const struct auth_idle *row = idle_row(a, idle_key(session), &oldest);
    const int64_t signed_us = row ? row->signed_us : 0;
    pthread_mutex_unlock(&a->lock);
    return signed_us;
}

void auth_signed_set(struct auth *a, struct str session, int64_t now_us)
{
    struct auth_idle *oldest;
    pthread_mutex_lock(&a->lock);
    struct auth_idle *row = idle_row(a, idle_key(session), &oldest);
    if (row)
        row->signed_us = now_us;
    pthread_mutex_unlock(&a->lock);
}
