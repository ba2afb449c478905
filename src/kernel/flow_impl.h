/* Shared by the files of flow: the workflow by number and name, what prepare leaves, and how events
 * of an order's stream are said. */
#ifndef VEIN_KERNEL_FLOW_IMPL_H
#define VEIN_KERNEL_FLOW_IMPL_H

#include "kernel/flow.h"

#define RECORDS "kernel/flow_pins.def"
#include "base/record_structs.h"
#undef RECORDS

/* Longest limit of a workflow: a follow-up of fifteen years has room. */
#define FLOW_LIMIT_MAX (36500 * TIME_DAY)

/* --- the workflow --- */

/* Task number n, from 1 through all stages, and its stage; NULL beyond the last. */
const struct flow_task *flow_task_at(const struct workflow *w, int64_t number,
                                     const struct flow_stage **stage);
/* By name, with its number if wanted; NULL when there is none. */
const struct flow_task *flow_task_named(const struct workflow *w, struct str name, int64_t *number);
int64_t flow_tasks_count(const struct workflow *w);
/* Numbers of the tasks that number n waits for. */
size_t flow_waits_for(int64_t out[FLOW_AFTER_MAX], const struct workflow *w, int64_t number);
/* Tasks that a guard looks at. */
enum { FLOW_GUARD_TASKS_MAX = 13 };
size_t flow_guard_tasks(struct str out[FLOW_GUARD_TASKS_MAX], const struct flow_guard *g);
/* The task `to` and all that rest upon it: wait for it, or look at it, or at one that does. */
void flow_resting(bool out[FLOW_TASKS_MAX + 1], const struct workflow *w, int64_t to);
const struct flow_loop *flow_loop_named(const struct workflow *w, struct str name);
/* A limit of a workflow that was checked when it was loaded. */
int64_t flow_duration(struct str text);

/* Where a check of a workflow stands: its path is the beginning of the paths that it names. */
struct flow_check {
    const struct define_context *context;
    const struct workflow *w;
    const struct flow_task *task;
    int64_t number;
    char path[64]; /* "stages.2.tasks.0." */
};
__attribute__((format(printf, 2, 3))) struct str flow_check_at(const struct flow_check *p,
                                                               const char *format, ...);
/* Goes to task number n. */
void flow_check_go(struct flow_check *p, int64_t number);
/* Branches, joins and loops as a whole: that each leads somewhere, and that none leads round a
 * mandatory point (flow_paths.c). */
enum outcome flow_check_paths(struct flow_check *p, struct err *e);

/* Registered points, one after the other; NULL behind the last. */
const struct flow_point *flow_point_at(size_t i);

/* --- an order --- */

/* The fact as noted for this task; NULL when it is not. */
const struct flow_fact *flow_fact_find(const struct flow_view *v, struct str task, struct str fact);
/* The order is neither ended nor held. */
enum outcome flow_runs(const struct flow_view *v, struct err *e);
/* The actor has the role at this party's site; REFUSED "flow.wrong_role" {role}. */
enum outcome flow_has_role(const struct actor *actor, struct str role, struct str organisation,
                           struct str site, struct err *e);
/* The party of this part: every part of the workflow has one. */
const struct flow_party *flow_party_of(const struct flow_view *v, struct str part);
/* The condition of the task that does not hold at this time; NULL when all hold. */
const struct flow_guard *flow_when_fails(const struct flow_view *v, const struct flow_task *task,
                                         int64_t at);

/* --- the rules of modules (flow_rule.c) --- */

/* A rule knows this word of a task's `closed`. */
bool flow_rules_close(struct str word);
enum outcome flow_rules_load(struct load *l, struct str task, struct flow_view *v, struct err *e);
enum outcome flow_rules_hold(struct decision *d, const struct flow_view *v,
                             const struct flow_task *task, const struct form_record *record,
                             struct err *e);

/* What modules had to contribute is there, and by two persons where the task says so. */
enum outcome flow_task_facts(const struct flow_view *v, const struct flow_task *task,
                             const struct actor *actor, struct err *e);

/* --- a state in memory, by folding events: for trials (flow_fold.c) --- */

enum { FLOW_FOLDED_CORRECTIONS_MAX = 1000 };
struct flow_folded_correction { /* that waits for review */
    struct str task;
    int64_t version;
    bool questioned;
};
struct flow_folded {
    struct flow_view view; /* its lists are the arrays below */
    struct flow_folded_correction *corrections;
    size_t ncorrections;
    struct flow_open_task *tasks;
    struct flow_skip *skipped;
    struct flow_past *past;
    struct flow_fact *facts;
};
struct flow_folding { /* what of an event's envelope counts */
    int64_t at;
    struct str by;   /* actor */
    int64_t version; /* of the stream */
};
/* Empty, with room for all that an order may have; the caller sets view.workflow. */
enum outcome flow_folded_new(struct flow_folded *out, struct arena *arena, struct err *e);
/* One more event; its payload must live as long. flow.moved is not folded: a trial runs under one
 * version. REFUSED "journey.too_long" {max} where there is no more room. */
enum outcome flow_fold(struct flow_folded *f, const struct event_type *type, const void *payload,
                       const struct flow_folding *of, struct err *e);
/* A record as rows keep it: JSON without its secrets. */
enum outcome flow_record_json(struct str *out, const struct form_record *record,
                              struct arena *arena, struct err *e);

/* --- what prepare leaves for flow.complete and flow.correct --- */

struct flow_filled {
    enum outcome outcome; /* OK, or REFUSED with what is wrong: told after all other refusals */
    struct err error;
    struct form_record record; /* without a form: nothing */
    struct str before;         /* correction: the record it rests upon */
    bool double_entry;         /* two persons enter the form, unseen by each other … */
    const struct form *partly; /* … or some fields of this one; NULL: all */
    int64_t base; /* partly: version of the round's first entry, which says the rest; 0: none yet */
};

/* Keeps what was entered so far, where the task has a form (flow_keep.c). */
enum outcome flow_keep_decide(struct decision *d, const struct flow_complete *body,
                              const struct flow_open_task *opened, struct err *e);
/* The task was done: nothing is kept for it any more. */
enum outcome flow_kept_drop(struct db *db, struct str order, struct str task, struct err *e);

/* --- events --- */

struct stream flow_stream(struct str order);
void flow_happened(struct decision *d, struct str order, const struct event_type *type,
                   const void *payload);
/* What follows from an order's state: every task whose turn has come opens or is skipped; the end
 * when nothing is left to do. `at` is when it came to be so. */
void flow_follow(struct decision *d, const struct flow_view *v, int64_t at);
/* Opens task number n; `since` when it stood open before, under another version. */
void flow_open(struct decision *d, const struct flow_view *v, int64_t number, int64_t since);
/* The state with one more task done. */
enum outcome flow_with_done(struct flow_view *out, const struct flow_view *v, struct str task,
                            int64_t at, const struct form_record *record, struct arena *arena,
                            struct err *e);
/* Versions effective now of the forms that a workflow names without one. REFUSED
 * "flow.unknown_form" {form}. */
enum outcome flow_pins_now(const struct flow_pin **out, size_t *n, const struct workflow *w,
                           struct load *l, struct err *e);
enum outcome flow_pins_of(const struct flow_pin **out, size_t *n, const struct workflow *w,
                          const struct define_context *context, struct err *e);
enum outcome flow_pins_read(const struct flow_pin **out, size_t *n, struct str json,
                            struct arena *arena, struct err *e);
enum outcome flow_pins_write(struct buf *out, const struct flow_pin *pins, size_t n, struct err *e);

/* Next action, oldest due and overdue of the order, after its tasks changed: from apply. */
enum outcome flow_refresh(struct db *db, struct str order, struct err *e);

#endif
