/* Which proof an act's signature takes, as rules in data: definitions of kind "signing". All that
 * are effective hold together, and of the rules that an act falls under the strictest counts; an
 * act that no rule names takes a password. */
#ifndef VEIN_KERNEL_SIGN_STRENGTH_H
#define VEIN_KERNEL_SIGN_STRENGTH_H

#include "kernel/define.h"
#include "kernel/sign.h"

#define RECORDS "kernel/sign_strength.def"
#include "base/record_structs.h"
#undef RECORDS

/* REFUSED "signing.unknown_act" {act}, "signing.unknown_strength" {strength}. */
extern const struct define_kind signing_kind;

enum outcome sign_needed(enum sign_strength *out, struct db *db, const struct sign_shown *shown,
                         const struct sign_what *what, int64_t now_us, struct arena *arena,
                         struct err *e);

#endif
