/* Review of an order's audit trail, by exception: each exception is judged, with a comment or as
 * one that calls for no action, and then who did nothing of what is marked signs that they looked
 * through the trail up to an event. Each review begins where the last one ended, and covers at most
 * TRAIL_REVIEW_MAX events and TRAIL_REVIEW_EXCEPTIONS exceptions: a longer trail is reviewed in
 * several.
 *
 * Refusals of trail.judge: "trail.no_exception" {event} where no exception of the order stands at
 * that place, "trail.reviewed_before" {event} where a review covers it, "trail.own_act" {event},
 * "trail.verdict" {verdict}, "trail.comment_needed".
 * Of trail.review: "trail.review_nothing" where no event of the order lies behind the last review
 * and up to the place that is named, "trail.own_act" {event} where the reviewer is the actor of an
 * exception in it, "trail.review_too_long" {max, up_to}, "trail.unjudged" {n, event}.
 *
 * A task whose `closed` names "trail_review" is completed only when a review of the order's trail
 * stands and no exception lies behind the last one: "trail.unreviewed" {n}. */
#ifndef VEIN_KERNEL_TRAIL_REVIEW_H
#define VEIN_KERNEL_TRAIL_REVIEW_H

#include "gen/kernel/trail_review.sql.h"
#include "kernel/flow.h"
#include "kernel/show.h"
#include "kernel/sign.h"
#include "kernel/trail.h"

enum { TRAIL_REVIEW_MAX = 1000, TRAIL_REVIEW_EXCEPTIONS = 100 };

struct trail_marked {
    int64_t at;      /* place in the log */
    struct str type; /* of the event */
    struct str says; /* codes of what it is, separated by blanks */
    struct str actor;
    struct event event;
    const struct trail_review_verdicts_out *verdict; /* NULL: not judged yet */
};

/* What lies between two places of an order's trail. */
struct trail_stretch {
    int64_t events;
    const struct trail_marked *marked; /* in the order of the log */
    size_t nmarked;
    size_t unjudged;
    int64_t last; /* place of its newest event; -1: there is none */
    bool more;    /* events lie behind it that one review does not take */
};
/* Events of the order with from < place <= up_to, from the first on, as many as one review takes;
 * what is found lives in the arena. */
struct trail_stretch_of {
    struct str order;
    int64_t from;
    int64_t up_to;
};
enum outcome trail_stretch_read(struct trail_stretch *out, struct db *db,
                                const struct registry *registry, const struct trail_stretch_of *of,
                                struct arena *arena, struct err *e);

/* How far an order's trail is reviewed by signatures that stand, each where the one before ended,
 * and the last of them; from is -1 where there is none. */
struct trail_reviewed_last {
    bool found;
    int64_t from;
    struct trail_review_standing_out row;
};
enum outcome trail_reviewed_last(struct trail_reviewed_last *out, struct db *db, struct str order,
                                 struct arena *arena, struct err *e);

struct trail_review_state {
    struct flow_view flow;
    int64_t from;
    struct trail_stretch stretch;
};
struct trail_judge_state {
    struct flow_view flow;
    int64_t from;
    bool found; /* an exception of the order stands there */
    struct trail_marked marked;
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

/* --- pages (trail_review_page.c) --- */

struct trail_marked_view {
    const struct trail_marked *marked;
    struct trail_row row;
    struct str trail;   /* where it stands in the trail */
    struct str comment; /* of its verdict */
    struct str judge;
    bool own;
};
struct trail_review_page {
    struct str order;
    struct str called; /* the order, as people call it */
    struct str path;
    struct trail_stretch stretch;
    const struct trail_marked_view *rows;
    size_t n;
    bool may_judge;
    bool may_sign;
    bool own; /* one of them is the reader's own act */
    int64_t at;
    int64_t up_to;
    struct str person;
    struct str comment;
    struct show_refusal refused;
};
http_handler_fn trail_get_review;
sign_show_fn trail_review_signed;

struct trail_signed_line {
    const struct trail_review_line *line;
    struct str comment;
};
struct trail_signed_view {
    struct str called; /* the order, as people call it */
    const struct trail_review_content *content;
    const struct trail_signed_line *rows;
    size_t n;
};

#endif
