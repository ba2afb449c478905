/* The two worlds of env.h: the real one, and one that a seed replays. The simulated chance is the
 * ChaCha20 stream under the seed as key, with the number of the draw as nonce, so that no draw
 * depends on how many bytes an earlier one took. */
#include "base/env.h"

#include <pthread.h>
#include <sodium.h>
#include <time.h>

#include "base/err.h"

static int64_t clock_us(clockid_t which)
{
    struct timespec t;
    BUG_ON(clock_gettime(which, &t) != 0);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t system_now_us(void *context)
{
    (void)context;
    return clock_us(CLOCK_REALTIME);
}

static int64_t system_mono_us(void *context)
{
    (void)context;
    return clock_us(CLOCK_MONOTONIC);
}

static void sodium_start(void)
{
    BUG_ON(sodium_init() < 0);
}

static void system_random(void *context, void *out, size_t n)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)context;
    (void)pthread_once(&once, sodium_start);
    randombytes_buf(out, n);
}

const struct env env_system = {
    .now_us = system_now_us,
    .mono_us = system_mono_us,
    .random = system_random,
};

static int64_t sim_now_us(void *context)
{
    return ((const struct env_sim *)context)->now_us;
}

static int64_t sim_mono_us(void *context)
{
    return ((const struct env_sim *)context)->mono_us;
}

static void put_le64(uint8_t out[8], uint64_t v)
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(v >> (8 * i));
}

static void sim_random(void *context, void *out, size_t n)
{
    struct env_sim *sim = context;
    uint8_t nonce[crypto_stream_chacha20_NONCEBYTES];
    _Static_assert(sizeof nonce == 8, "one draw's number is one nonce");
    _Static_assert(sizeof sim->seed == crypto_stream_chacha20_KEYBYTES, "the seed is the key");
    put_le64(nonce, sim->counter++);
    crypto_stream_chacha20(out, n, nonce, sim->seed);
}

void env_sim_init(struct env_sim *sim, uint64_t seed, int64_t start_us)
{
    *sim = (struct env_sim){
        .env = { sim, sim_now_us, sim_mono_us, sim_random },
        .now_us = start_us,
    };
    put_le64(sim->seed, seed);
}

void env_sim_advance(struct env_sim *sim, int64_t by_us)
{
    BUG_ON(by_us < 0);
    sim->now_us += by_us;
    sim->mono_us += by_us;
}

void env_sim_step_clock(struct env_sim *sim, int64_t by_us)
{
    sim->now_us += by_us;
}
