/* Journeys: a workflow tried before it is effective. Nothing is kept: no command is sent, no event
 * made, nothing written. What is decided is decided by the very functions that decide for orders
 * (flow.complete, flow.correct, flow.repeat, the timers' commands …), over a state in memory; what
 * they say happened is folded into that state as apply makes rows of it (flow_fold.c).
 *
 * Imagined journeys are YAML (flow_journey.def, docs/workflows.md): steps, and what is expected of
 * them. A recorded one is the history of an order that is there, under another version.
 *
 * What a trial knows less of than a running order: identity checks, units and hand-overs are facts
 * that are noted; object access and signatures are not asked; two persons who enter a form are
 * taken to agree; fields of a form that a journey does not name are filled in with an example that
 * the form takes. Forms without a version are taken in their newest.
 *
 * Bounds: FLOW_JOURNEY_*; a journey beyond them is REFUSED "journey.too_long" {max}. No wall clock
 * is read: what bounds its time are its steps, its lines and the formulas that it runs. */
#ifndef VEIN_KERNEL_FLOW_JOURNEY_H
#define VEIN_KERNEL_FLOW_JOURNEY_H

#include "kernel/flow.h"
#include "kernel/text.h"

#define RECORDS "kernel/flow_journey.def"
#include "base/record_structs.h"
#undef RECORDS

enum {
    FLOW_JOURNEY_YAML_MAX = 256 << 10,
    FLOW_JOURNEY_LINES_MAX = 4000,
    FLOW_JOURNEY_FORMULAS_MAX = 2000, /* run in all: each has a budget of its own (formula.h) */
    FLOW_JOURNEY_TIMERS_MAX = 5000,   /* that fire */
    FLOW_JOURNEY_EVENTS_MAX = 5000,   /* of a recorded journey */
    FLOW_JOURNEY_ARENA = 48 << 20,    /* that a caller gives one */
};

/* One line of the report. */
struct flow_journey_line {
    enum flow_journey_sort {
        JOURNEY_STEP,    /* what is done */
        JOURNEY_FOLLOWS, /* what follows from it */
        JOURNEY_REFUSED, /* and was to be */
        JOURNEY_FAILED,  /* not as expected */
        JOURNEY_DIFFERS, /* not as recorded */
    } sort;
    int64_t at;
    size_t step;     /* from 1; 0: of none */
    const char *key; /* of its text, with these parameters */
    struct text_param params[4];
    size_t nparams;
};
struct flow_journey_report {
    struct str title;
    const struct flow_journey_line *lines;
    size_t n;
    size_t nfailed;         /* expectations that did not hold */
    size_t ndiffers;        /* places where a recorded journey would have gone otherwise */
    const struct str *open; /* titles of the tasks that are open at its end */
    size_t nopen;
};

struct flow_journey_trial {
    const struct definition *workflow;
    const struct define_context *context; /* where forms are found; its now_us says which are */
    struct str language;                  /* of refusals in the report */
};

/* Reads a journey. Refusals are those of yaml_read and yaml_bind, with line and column, and
 * "journey.unclear" {step}: a step that does several things. */
enum outcome flow_journey_read(const struct flow_journey **out, struct str yaml,
                               struct arena *arena, struct err *e);

/* Runs it. REFUSED "journey.other_workflow" {workflow}, "journey.unknown_form" {form}, or beyond
 * the bounds; an expectation that does not hold is a line of the report. */
enum outcome flow_journey_run(struct flow_journey_report *out, const struct flow_journey *journey,
                              const struct flow_journey_trial *trial, struct err *e);

/* Replays what happened to an order under the trial's version: its tasks as they were done, with
 * their times and records, its loops, corrections, holds and end. Told is where this version would
 * have gone otherwise; the replay then goes on as history did. Sealed values are not opened: a form
 * that differs is judged by its other fields. Who may see the order is the caller's to ask. REFUSED
 * "journey.unknown_order", "journey.other_workflow", "flow.part_missing". */
enum outcome flow_journey_replay(struct flow_journey_report *out, struct db *db, struct str order,
                                 const struct flow_journey_trial *trial, struct err *e);

/* The whole report, a line each with its time; and what is open at its end. */
void flow_journey_write(struct buf *b, const struct flow_journey_report *report,
                        struct str language, struct arena *arena);

/* define_kind.trial of workflows: runs the journey that is the input; passed where every
 * expectation held. REFUSED "journey.needed" without one, and as flow_journey_read and
 * flow_journey_run. */
enum outcome flow_journey_trial(struct define_trial *out, const struct define_context *context,
                                const struct definition *workflow, struct str input, struct err *e);

/* A line without its time, in the arena. */
struct str flow_journey_text(const struct flow_journey_line *line, struct str language,
                             struct arena *arena);

#endif
