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
 * it. Of more than ACCESS_REVIEW_RIGHTS_MAX it is given in parts, by person: each is over as many
 * as it may, and no person is cut in two who has not more alone; the row's signed_to is how far it
 * has come. What is said anew of somebody who is signed takes it back to before them. The last part
 * ends the round. Where a signature is withdrawn or rejected (sign_act.h), the parts of an open
 * round begin anew; a round that had ended last is shown as unsigned, and the next is due at once:
 * until that is signed nobody plans another date.
 *
 * Rights: a right at one site is judged by who may judge there; planning and signing are for who
 * may in the whole organisation. A round of which anything was judged is not planned anew.
 *
 * Refusals: "access_review.dates", "access_review.not_open", "access_review.begun" {n},
 * "access_review.due_at_once",
 * "access_review.other_round", "access_review.unjudged" {n}, "auth.own_rights". */
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
    struct access_review_counts_out counts;        /* of the round */
    const struct access_review_verdicts_out *part; /* what is signed next … */
    size_t npart;
    int64_t left;                              /* … and how many stay */
    struct access_review_signature_out voided; /* the round whose signature is void */
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
