/* Flow: an order runs under a pinned version of a workflow, task after task.
 *
 * A task opens when the one before it is done (a `late` task does not hold up the next). It is done
 * by flow.complete, which is refused with the reason and what would satisfy it, on every channel
 * alike: "flow.not_open", "flow.wrong_role" {role}, "flow.guard" {guard, text},
 * "flow.check_missing" {point}, "flow.fact_missing" {fact}, "flow.held", "flow.ended",
 * "flow.second_person", and the form's problems. What modules contribute to a task (an identity
 * check passed, a unit made, a hand-over accepted) they note as facts in the same transaction.
 *
 * Identity points. Modules register which act on material needs which point, which safe state a
 * mismatch there leads to and which commands that state permits. A workflow whose task has the act
 * must list the point in `checks`, and one whose material needs an act must have a task with it: a
 * workflow that leaves out a mandatory point cannot be loaded (COI-02): "flow.point_missing"
 * {task, point}, "flow.act_missing" {act}. */
#ifndef VEIN_KERNEL_FLOW_H
#define VEIN_KERNEL_FLOW_H

#include "kernel/define.h"
#include "kernel/form.h"

#define RECORDS "kernel/flow.def"
#include "base/record_structs.h"
#undef RECORDS

struct flow_point {
    const char *name;       /* "before_thaw" */
    const char *act;        /* act of a task that needs it: "thaw" */
    const char *material;   /* needed by every workflow of this material; "": of any; NULL: of none,
                               only where a task has the act */
    const char *safe_state; /* "back_into_storage": its text is "safe_state.<name>" */
    const char *safe_acts[8]; /* commands that the safe state permits */
    int64_t respond_us;       /* an independent resolver must be reached within */
};
/* Set once at start. */
void flow_use_points(const struct flow_point *const *tables, const size_t *ns, size_t ntables);
const struct flow_point *flow_point_find(struct str name);

extern const struct define_kind workflow_kind;
extern const struct module flow_module;

/* --- an order's state, as load finds it --- */

enum flow_state { FLOW_RUNNING, FLOW_HELD, FLOW_ENDED };

struct flow_open_task { /* open now, or done */
    struct str task;
    int64_t number;
    bool done;
    struct str organisation;
    struct str site;
    struct str form;
    int64_t form_version;
    int64_t opened;
    int64_t due;
    int64_t done_at;
    struct str by;   /* actor who completed it */
    struct str json; /* its record as last corrected: JSON of struct form_record without secrets */
};
struct flow_fact {
    struct str task;
    struct str fact;
    int64_t at;
    struct str by; /* actor */
};
struct flow_view {
    bool found;
    struct str order;
    enum flow_state state;
    struct str workflow_name;
    int64_t workflow_version;
    const struct workflow *workflow; /* pinned */
    const struct flow_party *parties;
    size_t nparties;
    const struct flow_open_task *tasks; /* that have opened, by number */
    size_t ntasks;
    const struct flow_fact *facts;
    size_t nfacts;
};

#define RECORDS "kernel/flow_events.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS
#define RECORDS "kernel/flow_commands.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS

/* For any connection: the order's state; view->found is false for an unknown order. */
enum outcome flow_read(struct db *db, struct str order, struct flow_view *out, struct arena *arena,
                       struct err *e);

/* In a module's load: reads the order's flow and stop, declares their streams, and names as scope
 * the party of the task (or, without a task, all parties). load_unknown for an unknown order. */
enum outcome load_flow(struct load *l, struct str order, struct str task, struct flow_view *out,
                       struct err *e);
/* In the load of a command that starts an order: declares the stream. */
enum outcome load_flow_new(struct load *l, struct str order, struct err *e);

/* In decide. */
const struct flow_task *flow_task_find(const struct flow_view *v, struct str task);
/* The task is open, the order runs, and the actor has its role: what every contribution to a task
 * needs. */
enum outcome flow_task_ready(const struct flow_view *v, struct str task, const struct actor *actor,
                             struct err *e);
/* And its guards hold at this time: what starting to act on material needs. */
enum outcome flow_task_guards(const struct flow_view *v, struct str task, int64_t now_us,
                              struct err *e);
bool flow_has_fact(const struct flow_view *v, struct str task, struct str fact);
/* The value of a field in a done task's record; absent when there is none. */
struct str flow_value(const struct flow_view *v, struct str task, struct str field,
                      struct arena *arena);
void flow_note(struct decision *d, const struct flow_view *v, struct str task, struct str fact);
/* Starts an order: flow.started and the first task(s) opened. REFUSED "flow.part_missing" {part}.
 */
enum outcome flow_start(struct decision *d, struct str order, const struct definition *workflow,
                        const struct flow_party *parties, size_t nparties, struct err *e);
void flow_finish(struct decision *d, struct str order, struct str how);

/* Countdowns of an order that run now. */
struct flow_countdown {
    struct str name;
    struct str title;
    int64_t until;
};
size_t flow_countdowns(const struct flow_view *v, struct flow_countdown *out, size_t max);

#endif
