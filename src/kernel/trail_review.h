/* Review of an order's audit trail: somebody who did nothing of what is marked in it looked through
 * it up to an event, and says what they think. Each review begins where the last one ended.
 *
 * Refusals of trail.review: "trail.review_nothing" where no event of the order lies behind the last
 * review and up to the place that is named, "trail.own_act" {event} where the reviewer is the actor
 * of an exception in it, "trail.review_too_long" {max} beyond TRAIL_REVIEW_MAX events. */
#ifndef VEIN_KERNEL_TRAIL_REVIEW_H
#define VEIN_KERNEL_TRAIL_REVIEW_H

#include "kernel/flow.h"
#include "kernel/trail.h"

enum { TRAIL_REVIEW_MAX = 5000 };

/* What lies between two places of an order's trail. */
struct trail_stretch {
    int64_t events;
    int64_t exceptions;
    int64_t last; /* place of its newest event; -1: there is none */
    int64_t own;  /* place of an exception whose actor is the one asked for; -1: none */
};
/* Events of the order with from < place <= up_to. FAULT for the store's; REFUSED
 * "trail.review_too_long". */
enum outcome trail_stretch_read(struct trail_stretch *out, struct db *db,
                                const struct registry *registry, struct str order, int64_t from,
                                int64_t up_to, struct str actor, struct err *e);

struct trail_review_state {
    struct flow_view flow;
    int64_t from;
    struct trail_stretch stretch;
};
#define RECORDS "kernel/trail_review_events.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS
#define RECORDS "kernel/trail_review_commands.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS

extern const struct module trail_review_module;

#endif
