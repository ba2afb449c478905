/* Shared by load and decide of the clinic. */
#ifndef VEIN_MODULES_CLINIC_IMPL_H
#define VEIN_MODULES_CLINIC_IMPL_H

#include "modules/clinic/clinic.h"

/* How far this bag is; NULL while it is neither thawed nor given. */
const struct clinic_bags_out *clinic_bag_of(const struct clinic_state *state, struct str unit);

#endif
