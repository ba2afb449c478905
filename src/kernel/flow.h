/* Flow: an order runs under a pinned version of a workflow, task after task and side by side.
 *
 * One rule opens tasks: a task's turn comes when all that it waits for (`after`; without it, the
 * task before it that is not `late`) are settled, which is done or skipped. It opens, or, where its
 * `when` does not hold at that moment, is skipped by an event that says why. Two tasks that wait
 * for the same run side by side; one that waits for several is a join. When all are settled, the
 * order has ended: "finished".
 *
 * A task is done by flow.complete, which is refused with the reason and what would satisfy it, on
 * every channel alike: "flow.not_open" {task, before}, "flow.skipped" {task, text},
 * "flow.before_open" {task, opened}, "flow.done_before" {task}, "flow.wrong_role" {role},
 * "flow.guard" {guard, text}, "flow.guard_early" {guard, text, from}, "flow.guard_late" {guard,
 * text, until}, "flow.check_missing" {point}, "flow.fact_missing" {fact}, "flow.held",
 * "flow.ended", "flow.second_person", and last the form's problems. What modules contribute to a
 * task (an identity check passed, a unit made, a hand-over accepted) they note as facts in the same
 * transaction: the first who notes a fact is who noted it.
 *
 * Loops (flow.repeat). A loop of the workflow leads back from an open task to an earlier one: that
 * and all that rests upon it are undone in one event, and done again as their next pass, as often
 * as the loop may be taken. Facts of the earlier pass are gone; its records stay in flow_past and
 * flow_record. A unit belongs to the pass of the task in which it was made: once that is past, so
 * is the unit, and no check finds it among what it expects (flow_pass, table flow_past). Refusals:
 * "flow.unknown_loop" {loop}, "flow.loop_not_here" {loop, from}, "flow.loop_spent" {loop, times},
 * "flow.wrong_role".
 *
 * Moves (flow.propose_move, flow.approve_move, flow.decline_move). An order goes on under another
 * version of its workflow when one person proposes it and another, with the right, approves; or it
 * stays where it is, when that other one declines, with a reason. Refused where what
 * was settled or is open would have no place there or a mandatory point would be lost: flow_move.c.
 *
 * Ladders. A task names who is told when it opens (flow.alerted) and, step by step, while it is not
 * done (flow.escalated, by durable timers, once each). An order may name who of a role is meant
 * (flow.name_person: "flow.part_missing" {part}, "flow.not_holder" {role}, "flow.named_before");
 * where the workflow says `person`, that one is told.
 *
 * An order is pinned at its start: to the workflow's version and, for each form that the workflow
 * names without a version, to the one effective at that moment. Both stand in flow.started. Tasks
 * are numbered from 1 through all stages.
 *
 * A correction (flow.correct), by someone with the task's role, gives values anew; what it does not
 * name stays as entered, but sealed values, which the writer cannot open, must be given again. All
 * versions of a record are kept.
 *
 * Identity points. Modules register which act on material needs which point, which safe state a
 * mismatch there leads to and which commands that state permits. A workflow whose task has the act
 * must list the point in `checks`, and one whose material needs an act must have a task with it: a
 * workflow that leaves out a mandatory point cannot be loaded (COI-02): "flow.point_missing"
 * {task, point}, "flow.act_missing" {act}. */
#ifndef VEIN_KERNEL_FLOW_H
#define VEIN_KERNEL_FLOW_H

#include "gen/kernel/flow.sql.h"
#include "kernel/define.h"
#include "kernel/form.h"
#include "kernel/ladder.h"

#define RECORDS "kernel/flow.def"
#include "base/record_structs.h"
#undef RECORDS

struct flow_point {
    const char *name;      /* "before_thaw" */
    const char *act;       /* act of a task that needs it: "thaw" */
    const char *instead;   /* that act counts as this one where others stand behind it; or NULL */
    const char *behind[4]; /* acts certainly done before on the very kinds of unit of the task … */
    const char *origin[4];  /* … or on these or what they were made of */
    bool gate;              /* what acts on the same units behind it cannot do without it */
    const char *material;   /* needed by every workflow of this material; "": of any; NULL: of none,
                               only where a task has the act */
    const char *safe_state; /* "back_into_storage": its text is "safe_state.<name>" */
    const char *safe_acts[8]; /* commands that the safe state permits */
    int64_t respond_us;       /* an independent resolver must be reached within */
    bool subject;             /* the order's subject is identified there */
};
/* Set once at start; FLOW_TABLES_MAX tables at most. */
enum { FLOW_TABLES_MAX = 16 };
void flow_use_points(const struct flow_point *const *tables, const size_t *ns, size_t ntables);
const struct flow_point *flow_point_find(struct str name);

enum {
    FLOW_TASKS_MAX = 300,  /* of a workflow */
    FLOW_OPENS_MAX = 48,   /* events by which what one completion leads to is opened or skipped */
    FLOW_AFTER_MAX = 20,   /* tasks that one waits for */
    FLOW_TIMES_MAX = 9,    /* a loop is taken */
    FLOW_PAST_MAX = 6000,  /* earlier passes of an order's tasks */
    FLOW_PARTIES_MAX = 20, /* of an order */
    FLOW_FACTS_MAX = 4000, /* of an order */
};

/* What a module asks, beyond what the workflow says, before a task is done: that a release finds
 * results and deviations as they must be. Asked at flow.complete and flow.correct alike. */
struct flow_ruling {
    const struct flow_view *flow;
    const struct flow_task *task;
    const struct form_record *record; /* as filled in or corrected; NULL: the task has no form */
    struct arena *arena;
};
struct flow_rule {
    const char *closes[4]; /* words of a task's `closed` that it knows; others are refused */
    /* In load; *loaded is what `may` gets, NULL: the rule has nothing to say of this task. Declares
     * what it reads. */
    enum outcome (*load)(const void **loaded, struct load *l, const struct flow_view *v,
                         const struct flow_task *task, struct err *e);
    /* Decides: REFUSED with what stands in the way and what would satisfy it. */
    enum outcome (*may)(const struct flow_ruling *r, const void *loaded, struct err *e);
};
enum { FLOW_RULES_MAX = 8 };
/* Once for each rule, from the module's `use`; a second time does nothing. */
void flow_use_rule(const struct flow_rule *rule);
/* The value of the last of the task's `records` that has one: absent when none has. */
struct str flow_rule_record(const struct flow_ruling *r, struct str field);
/* A value of the record itself. */
struct str flow_rule_entered(const struct flow_ruling *r, struct str field);

extern const struct define_kind workflow_kind;
extern const struct module flow_module;

/* --- an order's state, as load finds it --- */

enum flow_state { FLOW_RUNNING, FLOW_HELD, FLOW_ENDED };

struct flow_open_task { /* open now, or done */
    struct str task;
    int64_t number;
    int64_t pass; /* from 1; a loop makes it the next */
    bool done;
    bool overdue;    /* its limit passed while it was open */
    bool unreviewed; /* a correction of its record waits for review */
    struct str organisation;
    struct str site;
    struct str form;
    int64_t form_version;
    int64_t opened;
    int64_t due;
    int64_t done_at;
    struct str by; /* actor who completed it */
    int64_t
        recorded;    /* version in the flow's stream of what stands of its record; INT_NONE: none */
    struct str json; /* its record as last corrected: JSON of struct form_record without secrets */
};
struct flow_fact {
    struct str task;
    struct str fact;
    int64_t at;
    struct str by; /* actor */
};
struct flow_entries; /* flow_record.h */
struct flow_skip {   /* its turn came, and its condition did not hold */
    struct str task;
    int64_t number;
    struct str text; /* the condition, for people */
};
struct flow_past { /* an earlier pass of a task */
    struct str task;
    int64_t pass;
    struct str loop;  /* by which it was undone */
    struct str units; /* what becomes of those made in it: discard, quarantine, keep */
};
struct flow_view {
    bool found;
    struct str order;
    enum flow_state state;
    struct str how; /* it ended */
    int64_t started;
    struct str subject; /* as of struct flow_plan */
    struct str workflow_name;
    int64_t workflow_version;
    const struct workflow *workflow; /* pinned */
    const struct flow_party *parties;
    size_t nparties;
    const struct flow_open_task *tasks; /* that have opened, by number */
    size_t ntasks;
    const struct flow_skip *skipped;
    size_t nskipped;
    const struct flow_past *past;
    size_t npast;
    const struct flow_fact *facts;
    size_t nfacts;
    const struct flow_pin *pins; /* of forms that the workflow names without a version */
    size_t npins;
    const struct flow_entries *entries; /* flow.complete where two persons enter unseen; or NULL */
    const void *const *ruled; /* what the rules of modules loaded, rule by rule; or NULL */
    struct arena *arena;      /* that all of this lives in */
};

struct flow_naming {
    struct flow_view flow;
    struct str named; /* now; absent: nobody */
    bool holds;       /* the account has the role at the part's site, and is open */
};

struct flow_move_state {
    struct flow_view flow;
    bool proposed;                 /* the move that waits for approval */
    struct flow_move_out proposal; /* it */
    struct definition to;          /* the version moved to; to.kind absent: there is none */
    const struct flow_pin *pins;   /* of forms, under it */
    size_t npins;
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
 * the party of the task (or, without a task, those whose part does the command: flow_share.h). What
 * the command seals is sealed under the order's subject. load_unknown for an unknown order. */
enum outcome load_flow(struct load *l, struct str order, struct str task, struct flow_view *out,
                       struct err *e);
/* The same of a unit of this kind: parties that see no such unit are no scope at all. */
enum outcome load_flow_unit(struct load *l, struct str order, struct str task, struct str kind,
                            struct flow_view *out, struct err *e);
/* For a command that concerns an order without its flow: seals under the order's subject. */
enum outcome load_flow_subject(struct load *l, struct str order, struct err *e);
/* In the load of a command that starts an order: declares the stream, finds the workflow that is
 * effective now and the forms that go with it. REFUSED "flow.unknown_workflow" {workflow}. Names no
 * scope. (Versions of definitions never change, so their streams are not declared.) */
struct flow_plan {
    bool started;       /* the order has a workflow already */
    struct str subject; /* set by the module: under whose key all that its commands seal is sealed;
                           absent: the organisation's */
    struct definition workflow;
    const struct flow_pin *pins;
    size_t npins;
};
enum outcome load_flow_new(struct load *l, struct str order, struct str workflow,
                           struct flow_plan *out, struct err *e);

/* In decide. */
const struct flow_task *flow_task_find(const struct flow_view *v, struct str task);
/* NULL while the task has not opened (in the present pass), or when it was skipped. */
const struct flow_open_task *flow_opened(const struct flow_view *v, struct str task);
/* The present pass of a task, from 1; of one that has not opened, its next. */
int64_t flow_pass(const struct flow_view *v, struct str task);
/* The actor may take the loop now: else why not, as flow.repeat says it. */
enum outcome flow_loop_may(const struct flow_view *v, const struct flow_loop *loop,
                           const struct actor *actor, struct err *e);
/* How often a loop was taken. */
int64_t flow_loop_taken(const struct flow_view *v, const struct flow_loop *loop);
/* The task is open, the order runs, and the actor has its role: what every contribution to a task
 * needs. */
enum outcome flow_task_ready(const struct flow_view *v, struct str task, const struct actor *actor,
                             struct err *e);
/* And its guards hold at this time: what starting to act on material needs. */
enum outcome flow_task_guards(const struct flow_view *v, struct str task, int64_t now_us,
                              struct err *e);
/* Of this task, or of any when task is absent. */
bool flow_has_fact(const struct flow_view *v, struct str task, struct str fact);
/* The value of a field in a done task's record; absent when there is none. */
struct str flow_value(const struct flow_view *v, struct str task, struct str field,
                      struct arena *arena);
void flow_note(struct decision *d, const struct flow_view *v, struct str task, struct str fact);
/* From apply: keeps for ever that the event's actor did something at this task, whatever came of it
 * (segregate.h). */
enum outcome flow_did(struct db *db, const struct event *event, struct str order, struct str task,
                      struct err *e);
/* Facts beginning with `prefix` hold no longer at the tasks that are open: "check:" after a
 * mismatch, so that what was passed before it must be passed again. */
void flow_withdraw(struct decision *d, const struct flow_view *v, struct str prefix);
/* The same at one task (absent: at all). */
void flow_withdraw_at(struct decision *d, const struct flow_view *v, struct str task,
                      struct str prefix);
/* Whom a task hands over to: the party of the next task behind it that needs the fact "accepted";
 * NULL when there is none. */
const struct flow_party *flow_receiver(const struct flow_view *v, struct str task);
/* The subject's identity was corrected: "check:" facts of points that identify it hold no longer at
 * the tasks that are open, but at those for which everything they make and need was noted: what was
 * passed there has been acted upon. */
void flow_withdraw_subject(struct decision *d, const struct flow_view *v);
/* Starts an order: flow.started and the first task(s) opened. Parties beyond the workflow's parts
 * are welcome. REFUSED "flow.part_missing" {part}, "flow.part_twice" {part}, "flow.parties_max"
 * {max}, "flow.started_before". */
enum outcome flow_start(struct decision *d, struct str order, const struct flow_plan *plan,
                        const struct flow_party *parties, size_t nparties, struct err *e);
/* Names who of a role at a part's site is meant in this order (who is told by person), in a decide
 * that has declared the order's stream: flow.name_person, and a module that knows them. */
void flow_name(struct decision *d, struct str order, struct str role, struct str part,
               struct str account);
/* Whom the ladder of the order's workflow for stops tells when: for stop_raised. */
size_t flow_stop_ladder(struct ladder_rung *out, const struct flow_view *v, int64_t raised);
/* Opens late tasks that were skipped and whose `when` holds now, because the record of `task` was
 * corrected to `record`: in the decide that corrects it. */
enum outcome flow_reconsider(struct decision *d, const struct flow_view *v, struct str task,
                             const struct form_record *record, struct err *e);

/* What another version of a workflow changes, by the names of tasks. */
struct flow_difference {
    size_t nadded;
    size_t ngone;
    size_t nchanged;
    struct str added[FLOW_TASKS_MAX];
    struct str gone[FLOW_TASKS_MAX];
    struct str changed[FLOW_TASKS_MAX];
};
enum outcome flow_difference(struct flow_difference *out, const struct workflow *from,
                             const struct workflow *to, struct arena *arena, struct err *e);

/* Countdowns of an order that run now. */
struct flow_countdown {
    struct str name;
    struct str title;
    int64_t until;
};
size_t flow_countdowns(const struct flow_view *v, struct flow_countdown *out, size_t max);

/* The actor as it is before this order: with the rights that hold for its product. For an unknown
 * order, with those for all products. For queries: the gate does it in load_flow. */
enum outcome flow_actor(const struct actor **out, struct db *db, const struct actor *actor,
                        struct str order, struct arena *arena, struct err *e);

/* The version of a workflow that an order is pinned to, as its rows name it (define_pinned). FAULT
 * "flow.workflow_gone" when the store has another under this name and version, or none. */
struct flow_pinned {
    struct str name;
    int64_t version;
    struct str hash;
};
enum outcome flow_workflow_pinned(const struct workflow **out, struct db *db,
                                  const struct flow_pinned *pinned, struct arena *arena,
                                  struct err *e);

/* Whether the actor has the permission at one of the order's parties; false for an unknown order.
 */
struct flow_right {
    struct str order;
    const char *permission;
};
enum outcome flow_party_may(bool *out, struct db *db, const struct actor *actor,
                            const struct flow_right *right, struct arena *arena, struct err *e);

#endif
