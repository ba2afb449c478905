/* Dead effects: what a policy should have done and could not (policy.h), as rows that an authorised
 * person sees and decides on, with reason: replay it as it is or mended, or drop it. Each decision
 * is an event. While an effect is dead, later effects of the same policy for the same distribution
 * key wait behind it; those of others do not.
 *
 * Rights: the page's "operation.see"; "effect.replay" and "effect.drop" in the organisation of the
 * event, at its site or at all. Refusals: "effect.not_dead" {state} for one that was decided. */
#ifndef VEIN_KERNEL_EFFECT_H
#define VEIN_KERNEL_EFFECT_H

#include "gen/kernel/effect.sql.h"
#include "kernel/module.h"

struct effect_state {
    bool found;
    struct effect_find_out row;
};

#define RECORDS "kernel/effect_events.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS
#define RECORDS "kernel/effect_commands.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS

extern const struct module effect_module;

#endif
