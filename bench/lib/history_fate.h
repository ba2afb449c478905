/* The few orders of which the many are made. */
#ifndef VEIN_BENCH_HISTORY_FATE_H
#define VEIN_BENCH_HISTORY_FATE_H

#include "bench/lib/history.h"

enum fate { FATE_ENDED, FATE_RUNNING, FATE_HELD, FATE_LATE, FATE_STOPPED, FATES };

enum {
    FATE_EVENTS_MAX = HISTORY_EVENTS + 1, /* who is stopped has one more */
    FATE_THINGS_MAX = 4,
    FATE_PLAINS_MAX = 12,
};

/* An event as the gate made it. */
struct fate_event {
    struct event event;
    const struct event_type *type;
    const void *payload;                /* sealed fields still sealed */
    struct str plains[FATE_PLAINS_MAX]; /* what they hold, in the order in which they are sealed */
    struct str reason;                  /* opened; absent: none */
    size_t command;                     /* of the order's */
    size_t ordinal;                     /* of the command's events */
};

struct fate_order {
    struct fate_event events[FATE_EVENTS_MAX];
    size_t nevents;
    struct str answers[FATE_EVENTS_MAX]; /* of its commands */
    size_t ncommands;
    struct str things[FATE_THINGS_MAX]; /* ids that it made: patient, order, then others */
    size_t nthings;
    struct str coi, pseudonym, deviation; /* numbers for people; the last may be absent */
    struct str pattern;                   /* of the coi */
};

/* The network's first of a kind; without one the bench ends. */
const struct network_site *fate_site(const struct network *network, const char *kind);

/* One order of each fate at a hospital, in the arena. The clock moves on by weeks. */
void fate_make(struct fate_order out[FATES], struct node *n, struct env_sim *env,
               const struct network *network, const struct network_site *hospital, bool fresh,
               struct arena *arena);

#endif
