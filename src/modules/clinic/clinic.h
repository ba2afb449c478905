/* Clinic: thaw and administration, bag by bag (CLN-03, CLN-05).
 *
 * A bag goes: identified before removal → thawed (its post-thaw clock runs) → identified with the
 * patient at the bedside, after its thaw → given → finished; a fresh one begins at the bedside. One
 * bag at a time, and the next only after the last was given safely. Nothing here asks again what
 * the workflow's guards ask (fit, conditioned, rescue medication at hand); they must hold at each
 * step.
 *
 * Refusals, besides those of flow_task_ready and flow_task_guards: "clinic.wrong_task" {task},
 * "clinic.not_of_task" {label, task}, "clinic.unit_ended" {label}, "clinic.not_held" {label},
 * "clinic.not_identified" {label, point}, "clinic.dose_changed" {dose, weight},
 * "clinic.not_frozen", "clinic.no_limit" {product}, "clinic.thawed_before" {label},
 * "clinic.bag_in_use" {label}, "clinic.last_not_safe" {label}, "clinic.not_thawed" {label},
 * "clinic.thaw_expired" {label}, "clinic.too_early" {label}, "clinic.not_running" {label},
 * "clinic.volume_malformed", "clinic.too_much" {label, left}, "clinic.not_due",
 * "clinic.bags_left" {label}, "clinic.nothing_given". */
#ifndef VEIN_MODULES_CLINIC_CLINIC_H
#define VEIN_MODULES_CLINIC_CLINIC_H

#include "gen/clinic/queries.sql.h"
#include "modules/custody/custody.h"

enum { CLINIC_BAGS_MAX = 36 }; /* of an order; beyond: refused */

/* What the commands rest upon. */
struct clinic_state {
    struct flow_view flow;
    struct order_order_out order;
    const struct product *product; /* pinned */
    struct identity_unit_out unit;
    struct custody_unit_out holder; /* of the unit */
    size_t npoints;
    struct identity_identified_out points[8]; /* that identified the unit at this task */
    struct stop_things *stopped;              /* when a bag is finished */
    size_t nbags;
    struct clinic_bags_out bags[CLINIC_BAGS_MAX]; /* thawed or given, in that order */
    size_t nlive;
    struct identity_units_out live[CLINIC_BAGS_MAX]; /* of the task's kinds */
};

#define RECORDS "modules/clinic/events.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS
#define RECORDS "modules/clinic/commands.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS

extern const struct module clinic_module;

/* The patient's weight as it was recorded last: the field "weight" of the last done task whose
 * record has one; an absent quantity when there is none. */
struct quantity clinic_weight(const struct flow_view *flow, struct arena *arena);

/* REFUSED "clinic.dose_changed" {dose, weight} when the dose that was ordered lies outside what the
 * product's dose rule permits at this weight, and the refusals of order_dose_plan. */
enum outcome clinic_dose_check(const struct order_order_out *order, const struct product *product,
                               struct quantity weight, struct arena *arena, struct err *e);

#endif
