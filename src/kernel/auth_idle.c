/* When each session was last used: in memory only, a restart begins it anew. Other servers of the
 * same database are told now and then, a tenth of the time after which a session locks at most, so
 * that they take it for idle by so much too early, and never too late. */
#include "kernel/auth_impl.h"

#define AUTH_TELL_MAX_US (10 * TIME_SECOND)

static int64_t tell_us(const struct auth *a)
{
    return a->lock_us / 10 < AUTH_TELL_MAX_US ? a->lock_us / 10 : AUTH_TELL_MAX_US;
}

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

static struct auth_idle *touch(struct auth *a, uint64_t key)
{
    struct auth_idle *oldest;
    struct auth_idle *row = idle_row(a, key, &oldest);
    if (!row) {
        row = oldest;
        *row = (struct auth_idle){ .key = key };
    }
    row->seen_us = env_mono(a->node->env);
    return row;
}

void auth_idle_touch(struct auth *a, struct str session)
{
    const uint64_t key = idle_key(session);
    pthread_mutex_lock(&a->lock);
    struct auth_idle *row = touch(a, key);
    if (row->told_us == 0 || row->seen_us - row->told_us >= tell_us(a)) {
        row->told_us = row->seen_us;
        auth_share(a, AUTH_WORD_SEEN, key, 0);
    }
    pthread_mutex_unlock(&a->lock);
}

void auth_idle_heard(struct auth *a, enum auth_word word, uint64_t key)
{
    struct auth_idle *oldest;
    struct auth_idle *row = word == AUTH_WORD_SEEN ? touch(a, key) : idle_row(a, key, &oldest);
    if (row && word == AUTH_WORD_FORGET)
        row->signed_us = 0;
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

int64_t auth_signed(struct auth *a, const struct auth_session *session)
{
    struct auth_idle *oldest;
    pthread_mutex_lock(&a->lock);
    const struct auth_idle *row = idle_row(a, idle_key(session->id), &oldest);
    const bool now = row && row->signed_in == session->period;
    const int64_t signed_us = now ? row->signed_us : 0;
    pthread_mutex_unlock(&a->lock);
    return signed_us;
}

void auth_signed_set(struct auth *a, const struct auth_session *session)
{
    struct auth_idle *oldest;
    pthread_mutex_lock(&a->lock);
    struct auth_idle *row = idle_row(a, idle_key(session->id), &oldest);
    if (row) {
        row->signed_us = env_mono(a->node->env);
        row->signed_in = session->period;
    }
    pthread_mutex_unlock(&a->lock);
}

void auth_signed_forget(struct auth *a, struct str session)
{
    struct auth_idle *oldest;
    const uint64_t key = idle_key(session);
    pthread_mutex_lock(&a->lock);
    struct auth_idle *row = idle_row(a, key, &oldest);
    if (row)
        row->signed_us = 0;
    auth_share(a, AUTH_WORD_FORGET, key, 0);
    pthread_mutex_unlock(&a->lock);
}
