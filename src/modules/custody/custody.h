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
 * "custody.task_needed" {task}, "identity.check_first" {point}, and those of flow_task_ready.
 *
 * Temperatures are given for a leg by who holds the unit then, or took it over from there. What is
 * beyond the product's range opens a deviation at once. Given twice the same is the same; other
 * readings of the same logger for the same leg are a correction, which has a reason. Refusals:
 * those of readings.h, "custody.readings_both", "custody.readings_long", "custody.readings_later",
 * "custody.readings_elsewhere" {label}, "custody.readings_known" {logger}, "custody.leg_unknown"
 * {label}, "custody.not_together" {label}, "custody.unit_twice" {label},
 * "custody.corrected_before", "custody.series_many" {max}. */
#ifndef VEIN_MODULES_CUSTODY_CUSTODY_H
#define VEIN_MODULES_CUSTODY_CUSTODY_H

#include "gen/custody/queries.sql.h"
#include "modules/custody/readings.h"
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

/* A leg of a unit that temperatures are of, and what its product says of such a way. */
struct custody_of_leg {
    struct custody_unit_out unit;
    struct custody_legs_out leg;
    struct custody_range range;
};
/* What the commands on temperatures rest upon: of the order's series all, corrected ones too. */
struct custody_temperature {
    struct custody_of_leg legs[CUSTODY_UNITS_MAX];
    size_t n;
    struct record_list series; /* struct custody_series_out */
    struct record_list judged; /* struct custody_judged_out */
    int64_t version;           /* of the order's stream of temperatures */
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

/* What came of a leg, worst first: "outside" its action limits, "missing" (time without a reading),
 * "recorded" (there is no range to hold it against), "alert" (beyond an alert limit), "inside". */
struct str custody_verdict(bool ranged, int64_t outside, int64_t missing, int64_t alert);
/* "2 – 8 °C", "≤ -130 °C"; empty texts: no such limit. */
struct str custody_range_text(struct str low, struct str high, struct arena *a);

/* Seals as rows keep them: a JSON array. */
enum outcome custody_seals_write(struct buf *b, const struct str *seals, size_t n, struct err *e);

#endif
