/* The demonstration's clock: first simulated, while history is made; then it runs, at a speed, from
 * where history ended. Chance is the system's: the demonstration's keys are real. */
#ifndef VEIN_APP_DEMO_CLOCK_H
#define VEIN_APP_DEMO_CLOCK_H

#include "base/env.h"

struct demo_clock {
    struct env env;   /* hand out &clock.env */
    int64_t now_us;   /* while it is set by hand; where running began */
    int64_t since_us; /* the real monotonic time at which running began; 0: set by hand */
    int64_t speed;
};
void demo_clock_init(struct demo_clock *c, int64_t start_us);
void demo_clock_set(struct demo_clock *c, int64_t now_us);
void demo_clock_run(struct demo_clock *c, int64_t speed);

#endif
