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

/* REFUSED "signing.unknown_act" {act}: no such kind, no command that is signed, no meaning;
 * "signing.unknown_strength" {strength}. */
extern const struct define_kind signing_kind;
/* Whose commands there are; set once at start, and borrowed. Without it no command is known. */
void sign_strength_use(const struct module *const *modules, size_t n);

/* The rules in force, kept bound from act to act. For one thread. */
struct sign_rules;
enum outcome sign_rules_new(struct sign_rules **out, struct err *e);
void sign_rules_free(struct sign_rules *r);

struct sign_act {
    const struct sign_shown *shown;
    const struct sign_what *what;
};
/* `arena` for this once. */
enum outcome sign_needed(enum sign_strength *out, struct sign_rules *rules,
                         const struct sign_act *act, struct db *db, int64_t now_us,
                         struct arena *arena, struct err *e);

#endif
