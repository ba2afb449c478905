/* Sharing: what each part of an order sees of it and does in it, as data.
 *
 * The definition of kind "sharing" named "parts" says it for every part; the workflow that an order
 * is pinned to may narrow it, never widen it: where both speak, both must allow. Without the
 * definition a part sees its own records, the patient, the plan, and all units and hand-overs, who
 * prescribed sees everything, and each does what the roles of its people permit.
 *
 * A part's row:
 *   records   parts whose tasks' records it reads; its own always; "*": of all
 *   tasks     further tasks whose records it reads
 *   units     kinds of unit it sees; "*": all
 *   sees      words that modules ask for: custody, deviation, patient (the pseudonym), identity
 *             (who the patient is), plan (dates), file, report, bundle; "*": all
 *   does      commands about the whole order that it may send, if its people's roles permit them
 *             as well; what is done at a task is the task's part's; "*": all
 *
 * Where it counts: load_flow names only those parties as scope whose part does the command (others
 * are known to know of the order: "gate.forbidden"), and every query asks struct flow_sight. What
 * is not seen is answered as what does not exist. */
#ifndef VEIN_KERNEL_FLOW_SHARE_H
#define VEIN_KERNEL_FLOW_SHARE_H

#include "kernel/flow.h"

extern const struct define_kind sharing_kind;

/* The part of who prescribed an order and takes no part in it by the workflow's words. */
#define FLOW_PRESCRIBER S("prescriber")
#define FLOW_SPONSOR    S("sponsor") /* whose product it is: a party without a task */

enum { FLOW_SIGHT_MAX = FLOW_PARTIES_MAX + 1 };

/* What one actor sees of one order: all that one of the parts they stand at sees. */
struct flow_sight {
    const struct sharing *sharing;    /* NULL: not defined */
    const struct workflow *workflow;  /* NULL: the order has not started */
    struct str parts[FLOW_SIGHT_MAX]; /* where the actor holds "order.see" */
    size_t nparts;                    /* 0: they do not know of the order */
};

/* For an order's view and an actor that was narrowed to its product (flow_actor). `prescriber`:
 * where it was prescribed; MAY be NULL. */
enum outcome flow_sight_read(struct flow_sight *out, struct db *db, const struct flow_view *v,
                             const struct actor *actor, const struct flow_party *prescriber,
                             struct err *e);
bool flow_sees(const struct flow_sight *s, const char *what);
bool flow_sees_unit(const struct flow_sight *s, struct str kind);
bool flow_sees_record(const struct flow_sight *s, const struct flow_task *task);
/* Whether one of the parts may send this command about the whole order. */
bool flow_does(const struct flow_sight *s, struct str command);

/* In load: whether this part may send the command. */
bool flow_part_does(const struct sharing *sharing, const struct workflow *w, struct str part,
                    struct str command);
bool flow_part_sees(const struct sharing *sharing, const struct workflow *w, struct str part,
                    const char *what);
bool flow_part_sees_unit(const struct sharing *sharing, const struct workflow *w, struct str part,
                         struct str kind);
/* The matrix in force at a time (0: the newest, whenever it takes effect); NULL when none is. */
enum outcome flow_sharing_find(const struct sharing **out, struct db *db, int64_t at_us,
                               struct arena *arena, struct err *e);

#endif
