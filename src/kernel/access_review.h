/* Periodic access review: by a due date that an organisation sets, everyone's rights in it are
 * looked through, kept or taken one by one, and the round is signed.
 *
 * A round opens ACCESS_REVIEW_LEAD_US before it is due, and is told (notification
 * "access_review_due"); at its due date it is told of as overdue, up the ladder of
 * "access_review_overdue", until it is signed. Signing is refused while a right stands of which
 * nothing was said since it was given ("access_review.unjudged" {n}); the next round is due
 * every_days later. Nobody judges their own rights, so that two persons are needed.
 *
 * The signature (sign.h, meaning "reviewed") is over every right of the round with what was said of
 * it; of ACCESS_REVIEW_RIGHTS_MAX at most: "access_review.too_many" {max}.
 *
 * Refusals: "access_review.dates", "access_review.not_open", "access_review.other_round",
 * "access_review.unjudged" {n}, "auth.own_rights", "auth.role_not_held" {role}. */
#ifndef VEIN_KERNEL_ACCESS_REVIEW_H
#define VEIN_KERNEL_ACCESS_REVIEW_H

#include "gen/kernel/access_review.sql.h"
#include "kernel/module.h"

#define ACCESS_REVIEW_LEAD_US (30 * TIME_DAY)
enum { ACCESS_REVIEW_DAYS_MAX = 400, ACCESS_REVIEW_RIGHTS_MAX = 300 };

struct access_review_state {
    struct str organisation;
    struct access_review_find_out row;
    bool found; /* a review is planned */
    bool held;  /* the right that is judged */
    int64_t unjudged;
    struct access_review_counts_out counts;
};
#define RECORDS "kernel/access_review_events.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS
#define RECORDS "kernel/access_review_commands.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS

extern const struct module access_review_module;

#endif
