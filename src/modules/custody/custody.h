/* Custody: who holds a unit. One holder at any time, from where the unit came into being, passed by
 * a hand-over of two sides.
 *
 * A unit's first holder is the organisation and site of its unit.made: custody needs no command to
 * begin and has no gap. A hand-over may be done for a task of the order's workflow (`task`): when
 * all live units of the task's kinds are offered to, or held by, the receiving site, the fact
 * "offered" is noted there; when all are held by it, "accepted".
 *
 * What the receiver finds is compared with what the giver stated. A difference is no refusal but an
 * answer ("container_differs", "seals_differ") with an event and a deviation: nothing passes.
 *
 * Refusals: "custody.unit_ended" {label}, "custody.offered_before" {label}, "custody.same_holder",
 * "custody.not_receiver" {label}, "custody.not_offered" {label}, "custody.giver_accepts",
 * "custody.other_site" {label}, "custody.too_early" {label}, "custody.not_of_task" {label, task},
 * "custody.task_needed" {task}, "identity.check_first" {point}, and those of flow_task_ready. */
#ifndef VEIN_MODULES_CUSTODY_CUSTODY_H
#define VEIN_MODULES_CUSTODY_CUSTODY_H

#include "gen/custody/queries.sql.h"
#include "modules/identity/identity.h"

enum { CUSTODY_UNITS_MAX = 36 }; /* live units of one task's kinds; beyond: refused */

/* What the commands rest upon. */
struct custody_state {
    struct custody_unit_out unit;
    struct flow_view flow;
    size_t npoints;
    struct str points[8]; /* that identified the unit at the task */
    size_t nunits;
    struct custody_of_order_out units[CUSTODY_UNITS_MAX]; /* live, of the task's kinds */
};

#define RECORDS "modules/custody/events.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS
#define RECORDS "modules/custody/commands.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS

extern const struct module custody_module;

/* For other modules' loads: declares the stream of the unit's custody and reads who holds it;
 * load_unknown for an unknown unit. Names no scope. */
enum outcome load_custody(struct load *l, struct str unit, struct custody_unit_out *out,
                          struct err *e);
/* What identity asks of it (identity_use_holder). */
enum outcome custody_holder(struct load *l, struct str unit, struct identity_holder *out,
                            struct err *e);
/* And for the live units of these kinds, which a task's `units` names; at most max. */
enum outcome load_custody_of_task(struct load *l, const struct flow_view *flow, struct str task,
                                  struct custody_of_order_out *out, size_t max, size_t *n,
                                  struct err *e);

/* Seals as rows keep them: a JSON array. */
enum outcome custody_seals_write(struct buf *b, const struct str *seals, size_t n, struct err *e);

#endif
