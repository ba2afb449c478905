/* Ladders of escalation: the durable timers of what is to be done, a task or a resolution, one a
 * rung. They are set and cleared from apply, so that they fire once each, on time, across restarts,
 * clock steps and rebuilding (timer.h), and end when the thing is done. */
#ifndef VEIN_KERNEL_LADDER_H
#define VEIN_KERNEL_LADDER_H

#include "kernel/timer.h"

#define RECORDS "kernel/ladder.def"
#include "base/record_structs.h"
#undef RECORDS

enum { LADDER_RUNGS_MAX = 6, LADDER_BODY_MAX = 800 };

/* The timer "<what>.<rung>" of the stream, which sends `command` with `body`. */
struct ladder_timer {
    struct str stream;
    struct str what; /* at most 70 bytes */
    size_t rung;     /* from 1 */
    struct str command;
    const struct record *record; /* of the body */
    const void *body;
};
enum outcome ladder_set(struct db *db, const struct ladder_timer *timer, int64_t at, struct err *e);
/* One rung that has fired; or, for rung 0, all of them. */
enum outcome ladder_clear(struct db *db, struct str stream, struct str what, size_t rung,
                          struct err *e);

#endif
