#include "app/demo_clock.h"

static int64_t now(void *context)
{
    const struct demo_clock *c = context;
    if (c->since_us == 0)
        return c->now_us;
    return c->now_us + (env_mono(&env_system) - c->since_us) * c->speed;
}

static void chance(void *context, void *out, size_t n)
{
    (void)context;
    env_random(&env_system, out, n);
}

void demo_clock_init(struct demo_clock *c, int64_t start_us)
{
    *c = (struct demo_clock){
        .env = { .context = c, .now_us = now, .mono_us = now, .random = chance },
        .now_us = start_us,
    };
}

void demo_clock_set(struct demo_clock *c, int64_t now_us)
{
    c->now_us = now_us;
}

void demo_clock_run(struct demo_clock *c, int64_t speed)
{
    c->speed = speed;
    c->since_us = env_mono(&env_system);
}
