/* Inside the simulation: an order as its people see it, chance, and the acts of a task. */
#ifndef VEIN_APP_SIM_IMPL_H
#define VEIN_APP_SIM_IMPL_H

#include "app/sim.h"
#include "modules/identity/identity.h"

struct sim_order {
    struct id patient;
    struct id order;
    char coi[48];
    char family[40];
    char given[40];
    bool female;
    char birth_date[12];
    char number[24];  /* hospital number on the wristband */
    size_t treatment; /* index of its hospital's site */
    unsigned weight;  /* in tenths of a kilogram */
    bool fresh;       /* lunacel, else corvicel */
    unsigned mishaps;
    int64_t next;      /* when its next act is due */
    int64_t withdraws; /* when, if it does */
    int step;          /* before it is placed: enrol, prescribe, place */
    unsigned turn;     /* acts so far: varies who of several does it */
    bool over;
};

struct sim {
    struct sim_options options;
    const struct network *network;
    struct sender sender;
    struct sim_order *orders;
    size_t norders;
    size_t *heap; /* orders by `next` */
    size_t nheap;
    struct id seed;
    struct id session;
    uint64_t begun; /* orders so far, over all runs of this seed */
    uint64_t rng[2];
    struct sim_counts counts;
    struct arena *arena;        /* of one act */
    char last_wrong[64];        /* a unit's label, to present wrongly at another order … */
    struct id last_wrong_order; /* … than its own */
};

/* Uniform in [0, below). */
uint64_t sim_draw(struct sim *s, uint64_t below);
/* True with a chance of `per` in 100,000. */
bool sim_chance(struct sim *s, uint64_t per);
/* A duration between two, in minutes. */
int64_t sim_minutes(struct sim *s, int64_t from, int64_t to);

/* What befalls order number k: drawn, or what a demonstration shows by it. */
unsigned sim_befalls(struct sim *s, uint64_t k);

/* Sends, and counts a refusal as unexpected. */
enum outcome sim_must(struct sim *s, enum outcome o, const char *what, const struct err *e);

/* One act at the first open task of an order: everything that the task asks for, then its
 * completion. *after is how long the next takes. */
enum outcome sim_task(struct sim *s, struct sim_order *o, const struct flow_view *v,
                      const struct flow_open_task *open, int64_t *after, struct err *e);

/* Planned dates, counted from now and so much later: a slot that moved has them planned anew. */
enum outcome sim_schedule(struct sim *s, const struct sim_order *o, int64_t later, struct err *e);

/* What flow.end says of the material, for the body: the patient's wish is followed where there is
 * one. */
const char *sim_material(const struct flow_view *v, const char *wish);

struct task_at_hand {
    struct sim *s;
    struct sim_order *o;
    const struct flow_view *v;
    const struct flow_open_task *open;
    const struct flow_task *task;
    const struct network_person *who;
    char name[64];
    char doing[100];
    const struct identity_units_out *units; /* live, of the task's kinds */
    size_t nunits;
    bool stopped; /* a wrong label was presented: nothing more for now */
};
/* Remembers what was being done, for the report of a refusal that the journey did not foresee. */
enum outcome sim_at_hand(struct task_at_hand *t, enum outcome o, const char *what,
                         const struct err *e);
/* Things that happen at a task now and then, before its work; *ended: nothing more for now. */
enum outcome sim_mishaps(struct task_at_hand *t, bool *ended, struct err *e);
/* A refusal that the journey foresees: a window missed, cells that are not viable, a product that
 * is neither released nor supplied. */
enum outcome sim_foreseen(struct task_at_hand *t, const struct err *why, bool *was, struct err *e);

/* Live units of the kinds that the task identifies; read anew after each change. */
enum outcome sim_read_units(struct task_at_hand *t, struct err *e);
/* What the task makes and has not made yet, of what it identified. */
enum outcome sim_make_units(struct task_at_hand *t, struct err *e);
/* What the logger says that came with them, once they are taken over. */
enum outcome sim_temperatures(struct task_at_hand *t, struct err *e);
/* Discards what is to be discarded, because a loop was taken or the order ended. */
enum outcome sim_discard_past(struct sim *s, const struct sim_order *o, struct err *e);
/* Text of a member of a command's answer. */
struct str sim_member(struct sim *s, struct str answer, const char *key);

/* The inputs of a task's form as the body member 'inputs':[…], in the arena. */
struct str sim_inputs(struct sim *s, const struct sim_order *o, const struct definition *form);

/* How long it takes until this task is done once it is open. */
int64_t sim_duration(const struct sim_order *o, const char *task);

#endif
