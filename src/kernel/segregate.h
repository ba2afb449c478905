/* Segregation of duties, as rules in data: definitions of kind "segregation". All that are
 * effective hold together.
 *
 * In an order: whoever did something in it that a rule names does nothing that the rule sets
 * against it. What counts as done is what the log says of the person, also where a loop, a
 * correction or a withdrawal took it out of the order's rows since: a task completed, a record
 * entered or corrected, one of two entries, a signature, a fact noted (a unit made), a check,
 * whatever its result and whoever's completed the point. So it is the same whatever session, site,
 * role of the day or emergency access it was done under, and taking a role back does not undo it.
 *
 * Of a person: rules with `held` refuse a role, given or lent, to who holds one that is set against
 * it anywhere, now or later: REFUSED "segregation.roles" {role, other}.
 *
 * What no definition can take away stands in the commands themselves: nobody reviews their own
 * correction, approves their own move, closes their own deviation, resolves a stop they are part
 * of, is the second person to themselves, or gives themselves rights. */
#ifndef VEIN_KERNEL_SEGREGATE_H
#define VEIN_KERNEL_SEGREGATE_H

#include "kernel/flow.h"

#define RECORDS "kernel/segregate.def"
#include "base/record_structs.h"
#undef RECORDS

extern const struct define_kind segregation_kind;

/* In load, of a command that works at a task: REFUSED "segregation.acts" {task, other, text}. */
enum outcome segregate_task(struct load *l, const struct flow_view *v, const struct flow_task *task,
                            struct err *e);

/* In load: a role that the account holds and that excludes this one; absent: none. */
enum outcome segregate_roles_load(struct str *excluded, struct load *l, struct str account,
                                  struct str role, struct err *e);

#endif
