/* Inside quality: the policies that tell of deviations. */
#ifndef VEIN_MODULES_QUALITY_TELL_H
#define VEIN_MODULES_QUALITY_TELL_H

#include "modules/quality/quality.h"

enum { QUALITY_POLICIES = 2 };
extern const struct policy quality_policies[QUALITY_POLICIES];

#endif
