/* What the program takes from the world without asking anyone: clock and chance. Everything that
 * needs them is handed an env; a simulation hands out its own, and a seed replays a run. (The disk
 * is a seam of its own: the store opens its file through a named SQLite VFS.) */
#ifndef VEIN_BASE_ENV_H
#define VEIN_BASE_ENV_H

#include <stdatomic.h>

#include "base/str.h"

struct env {
    void *context;
    /* Microseconds since 1970-01-01T00:00:00Z, as the wall clock says it. May step. */
    int64_t (*now_us)(void *context);
    /* Microseconds of a clock that never steps; only differences mean anything. */
    int64_t (*mono_us)(void *context);
    /* n bytes fit for keys. Cannot fail: where the system gives none, the program stops. */
    void (*random)(void *context, void *out, size_t n);
};

/* The real clock and the kernel's random numbers. */
extern const struct env env_system;

/* A world of its own: starts at start_us, moves only by env_sim_advance, draws from the seed. */
struct env_sim {
    struct env env; /* hand out &sim.env */
    int64_t now_us;
    int64_t mono_us;
    atomic_ullong counter; /* several threads may draw */
    uint8_t seed[32];
};
void env_sim_init(struct env_sim *sim, uint64_t seed, int64_t start_us);
void env_sim_advance(struct env_sim *sim, int64_t by_us);
/* Steps the wall clock alone, as a wrong administrator or a bad time server does. */
void env_sim_step_clock(struct env_sim *sim, int64_t by_us);

static inline int64_t env_now(const struct env *env)
{
    return env->now_us(env->context);
}
static inline int64_t env_mono(const struct env *env)
{
    return env->mono_us(env->context);
}
static inline void env_random(const struct env *env, void *out, size_t n)
{
    env->random(env->context, out, n);
}

#endif
