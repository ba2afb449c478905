/* Shared by the files of flow: the workflow by number and name, what prepare leaves, and how events
 * of an order's stream are said. */
#ifndef VEIN_KERNEL_FLOW_IMPL_H
#define VEIN_KERNEL_FLOW_IMPL_H

#include "gen/kernel/flow.sql.h"
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
/* A limit of a workflow that was checked when it was loaded. */
int64_t flow_duration(struct str text);

/* The pinned workflow, parsed once in the process. FAULT "flow.workflow_gone" when the store has
 * another under this name and version, or none. */
struct flow_pinned {
    struct str name;
    int64_t version;
    struct str hash;
};
enum outcome flow_workflow_pinned(const struct workflow **out, struct db *db,
                                  const struct flow_pinned *pinned, struct arena *arena,
                                  struct err *e);

/* Registered points, one after the other; NULL behind the last. */
const struct flow_point *flow_point_at(size_t i);

/* --- an order --- */

/* The fact as noted for this task; NULL when it is not. */
const struct flow_fact *flow_fact_find(const struct flow_view *v, struct str task, struct str fact);
/* The order is neither ended nor held. */
enum outcome flow_runs(const struct flow_view *v, struct err *e);

/* --- what prepare leaves for flow.complete and flow.correct --- */

struct flow_filled {
    enum outcome outcome; /* OK, or REFUSED with what is wrong: told after all other refusals */
    struct err error;
    struct form_record record; /* without a form: nothing */
    struct str before;         /* correction: the record it rests upon */
    bool double_entry;         /* two persons enter the form, unseen by each other */
};

/* --- events --- */

struct stream flow_stream(struct str order);
void flow_happened(struct decision *d, struct str order, const struct event_type *type,
                   const void *payload);
/* Opens task `from` and, while those are late, the ones behind it. */
void flow_open_from(struct decision *d, const struct flow_view *v, int64_t from);

#endif
