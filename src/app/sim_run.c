/* Simulated time: everything that is due is done, then time goes to where something is due next. */
#include "app/sim.h"

enum { ACTS = 256 };

enum outcome sim_run(struct sim *s, struct node *n, sim_go_fn *go, void *context, int64_t until_us,
                     struct err *e)
{
    int64_t now = env_now(n->env);
    int64_t next = now;
    while (next != TIME_NONE && now < until_us) {
        int64_t due;
        bool busy = true;
        TRY(sim_step(s, ACTS, &next, e));
        while (busy)
            TRY(node_step(n, 0, &busy, e));
        TRY(node_next(n, &due, e));
        if (due != TIME_NONE && due > now && (next == TIME_NONE || due < next))
            next = due;
        if (next != TIME_NONE && next > now) {
            now = next < until_us ? next : until_us;
            go(context, now);
        }
    }
    return OK;
}
