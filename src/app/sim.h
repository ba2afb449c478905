/* The simulated network: people who act. Whole journeys, with the mishaps and rates of practice
 * that the system can hold, through the same commands as anyone. All chance comes from the seed;
 * time is the env's. One sim step does what is due and says when the next thing is. */
#ifndef VEIN_APP_SIM_H
#define VEIN_APP_SIM_H

#include "app/network.h"
#include "kernel/flow.h"

enum { SIM_ORDERS_MAX = 100000 };

/* What befalls an order, drawn when it begins; rates are those of practice. */
enum sim_mishap {
    SIM_SLOT_MOVED = 1 << 0,
    SIM_COURIER_LATE = 1 << 1,
    SIM_BEYOND_WINDOW = 1 << 2,
    SIM_EXCURSION = 1 << 3,
    SIM_SHORT_COLLECTION = 1 << 4,
    SIM_LOW_VIABILITY = 1 << 5,
    SIM_CONTAMINATION = 1 << 6,
    SIM_EXPANSION_FAILS = 1 << 7,
    SIM_OUT_OF_SPEC = 1 << 8,
    SIM_STERILITY_FAILS = 1 << 9,
    SIM_EQUIPMENT_DOWN = 1 << 10,
    SIM_WITHDRAWS = 1 << 11,
    SIM_EXCEPTION = 1 << 12, /* out of specification, it is supplied all the same */
    SIM_SPILLED = 1 << 13,   /* a little of a bag, when it is sampled */
    SIM_BROKEN_VIAL = 1 << 14,
    SIM_SLOW_CULTURE = 1 << 15,
    SIM_TEST_INVALID = 1 << 16,
    SIM_TWO_DAYS = 1 << 17, /* collected twice, and pooled */
};

struct sim_options {
    struct node *node;
    bool serving; /* another thread runs the gate */
    uint64_t seed;
    uint64_t run;    /* how often the seed was opened before on this node */
    size_t orders;   /* that begin in the span */
    int64_t from_us; /* the span in which they begin */
    int64_t to_us;
    bool each;                /* among the first orders each way beside the straight one is taken */
    bool forever;             /* a new order begins for each that ends */
    unsigned befalls;         /* enum sim_mishap: befall every order besides what chance has */
    uint64_t wrong_label_per; /* in 100,000 checks a wrong label is presented; 0: as in practice */
    sender_via_fn *via;       /* see struct sender */
    void *via_context;
};

/* What happened, for the report. */
struct sim_counts {
    size_t enrolled;
    size_t finished;
    size_t withdrawn;       /* or died, before infusion */
    size_t died;            /* of them */
    size_t rejected;        /* out of specification, or no loop is left to take */
    size_t collected_again; /* short, not viable, contaminated */
    size_t made_again;      /* the culture did not expand */
    size_t cultured_longer;
    size_t tested_again;
    size_t lost;      /* units, or parts of them: spilled, broken */
    size_t discarded; /* units of a pass that is undone, or of an order that ended */
    size_t contaminated;
    size_t supplied;    /* outside specification */
    size_t late_failed; /* results after release */
    size_t late;        /* beyond the window */
    size_t stops;       /* wrong labels presented, each stopped */
    size_t not_stopped; /* wrong labels presented and not stopped: must be 0 */
    size_t no_reads;
    size_t holds;
    size_t deviations;
    size_t closed;     /* of them, because they held up a release */
    size_t moved;      /* slots */
    size_t unexpected; /* refusals that the journey did not foresee */
    char last_unexpected[160];
};

struct sim;
enum outcome sim_open(struct sim **out, const struct sim_options *options,
                      const struct network *network, struct err *e);
void sim_close(struct sim *s);

/* Does what is due at the env's time, at most `max` acts; *next is when the next act is due,
 * TIME_NONE when nothing is left. */
enum outcome sim_step(struct sim *s, size_t max, int64_t *next, struct err *e);
/* Sets the env's clock. */
typedef void sim_go_fn(void *context, int64_t now_us);
/* Runs simulation and node together on simulated time until then, or until nothing is left to do.
 */
enum outcome sim_run(struct sim *s, struct node *n, sim_go_fn *go, void *context, int64_t until_us,
                     struct err *e);
const struct sim_counts *sim_counts(const struct sim *s);

#endif
