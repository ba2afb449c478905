/* Shared by the files of a trial: its state, its report, and how it decides. flow_journey.c decides
 * and reports, flow_journey_step.c runs imagined steps, flow_journey_fill.c fills forms in,
 * flow_journey_replay.c follows what was recorded. */
#ifndef VEIN_KERNEL_FLOW_JOURNEY_IMPL_H
#define VEIN_KERNEL_FLOW_JOURNEY_IMPL_H

#include "kernel/flow_impl.h"
#include "kernel/flow_journey.h"
#include "kernel/flow_record.h"
#include "kernel/stop.h"

enum { JOURNEY_NAMES_MAX = 600 };

struct journey_names {
    struct str p[JOURNEY_NAMES_MAX];
    size_t n;
};

struct journey {
    const struct flow_journey_trial *trial;
    const struct workflow *w;
    struct arena *arena;
    struct flow_folded now;
    int64_t at; /* the trial's clock */
    size_t step;
    struct stop_state stop;
    struct ladder_rung rungs[LADDER_RUNGS_MAX]; /* of the stop */
    size_t nrungs;
    size_t rung;
    unsigned char fired[FLOW_TASKS_MAX + 1]; /* steps of each open task's ladder */
    size_t timers;
    int64_t version; /* of the order's stream, as it would be */
    size_t formulas;
    /* What came of the step, by name. */
    struct journey_names opened, skipped, told, overdue;
    struct flow_journey_line *lines;
    size_t nlines;
    size_t nfailed;
    size_t ndiffers;
};

enum outcome journey_new(struct journey **out, const struct flow_journey_trial *trial,
                         struct err *e);
void journey_names_clear(struct journey *j);
void journey_end(struct flow_journey_report *out, const struct journey *j, struct str title);

/* A line; text parameters must live as long as the report. Beyond the maximum nothing is added, and
 * journey_checked tells. */
#define JOURNEY_SAY(j, sort, key, ...)                                                             \
    journey_say((j), (sort), (key),                                                                \
                (const struct text_param[]){ __VA_ARGS__ __VA_OPT__(, ){ NULL, { NULL, 0 } } })
void journey_say(struct journey *j, enum flow_journey_sort sort, const char *key,
                 const struct text_param *params);
/* REFUSED "journey.too_long", or FAULT, where a bound was reached. */
enum outcome journey_checked(const struct journey *j, struct err *e);
/* The outcome; a fault because the journey's own memory is used up is a refusal. */
enum outcome journey_bounded(enum outcome o, const struct flow_journey_trial *trial, struct err *e);
struct str journey_time(const struct journey *j, int64_t us);
struct str journey_why(const struct journey *j, const struct err *why);
/* Its title, or the name of a task that the workflow does not have. */
struct str journey_title(const struct journey *j, struct str task);

/* Who acts: a role at the site of a part. */
struct journey_actor {
    struct str role;
    struct str part;
    struct str person;
};
const struct actor *journey_actor(struct journey *j, const struct journey_actor *of, struct err *e);
extern const struct actor journey_program; /* timers, and what history did */

/* Decides and folds what follows; REFUSED as the command is. prepared as the command's. */
struct journey_deciding {
    const struct command_type *type;
    const void *body;
    const void *prepared;
    const struct actor *actor;
    int64_t at;
};
enum outcome journey_decide(struct journey *j, const struct journey_deciding *in, struct err *e);
/* Folds one event that is given, and says it. */
enum outcome journey_happened(struct journey *j, const struct event_type *type, const void *payload,
                              const struct flow_folding *of, struct err *e);
/* Starts the order. parties NULL: a site of its own for each part. */
struct journey_start {
    struct str order;
    const struct flow_party *parties;
    size_t nparties;
    int64_t at;
};
enum outcome journey_begin(struct journey *j, const struct journey_start *in, struct err *e);
/* The decision of flow_follow alone: what is whose turn now. */
enum outcome journey_follow(struct journey *j, int64_t at, struct err *e);
/* A record was corrected: what was skipped and is late may open (flow_reconsider). */
enum outcome journey_reconsider(struct journey *j, struct str task,
                                const struct form_record *record, int64_t at, struct err *e);

/* Time passes: what falls due until then fires, one after the other. */
enum outcome journey_until(struct journey *j, int64_t at, struct err *e);

/* Fills the form that a task has open. `before` absent: not a correction. Examples stand in for
 * fields that are asked for and not given. *out NULL: the task has none open. */
struct journey_filling {
    struct str task;
    const struct record_pair *pairs;
    size_t n;
    struct str before;
    bool examples;
};
enum outcome journey_fill(struct flow_filled **out, struct journey *j,
                          const struct journey_filling *in, struct err *e);
/* The entries of a record in JSON. */
enum outcome journey_entries(struct record_pair **pairs, size_t *n, struct journey *j,
                             struct str record, struct err *e);

#endif
