/* Review by exception: what of an order deviates from the expected, each line with the way to its
 * evidence, and how much was looked at besides that does not.
 *
 * Nothing of it is stored: it is read anew each time of what there is. Results are held against the
 * specification of the pinned product, as the rule of release does it, other values have the mark
 * that their form's limits gave them; deviations, checks that did not match or were typed,
 * temperatures beyond their range or absent, corrections, places that nobody signed, tasks that
 * were late or done again, and what the audit trail marks and nobody judged.
 *
 * It is shown to whose parts of the order see all of its records, and deviations, custody and
 * report: who sees less cannot be told that nothing else deviates. */
#ifndef VEIN_MODULES_DESK_REVIEW_H
#define VEIN_MODULES_DESK_REVIEW_H

#include "kernel/flow.h"
#include "kernel/show.h"

struct desk_order;

enum { DESK_EXCEPTIONS_MAX = 400 }; /* of an order; beyond: `more` */

struct desk_exception {
    const char *kind; /* key of a word: "page.review.result" */
    enum show_tone tone;
    bool open;         /* something is still to be done about it; else it is there to be judged */
    struct str what;   /* "Endotoxin" */
    struct str detail; /* "0.8 EU/mL, expected ≤ 0.5 EU/mL · Test" */
    struct str word;   /* how it stands */
    struct str path;   /* of its evidence */
};
/* What was looked at and is as expected. */
struct desk_regular {
    const char *what; /* key */
    int64_t n;
    struct str path;
};
enum { DESK_REGULARS = 6 };
struct desk_review {
    const struct desk_exception *rows; /* open ones first, of them the gravest */
    size_t n;
    size_t nopen;
    bool more; /* there are others: nothing is said of the rest */
    struct desk_regular regular[DESK_REGULARS];
};

/* The reader sees enough of the order. */
bool desk_review_seen(const struct desk_order *o);
/* The task decides by it: it stands in a stage in which the product is let go, or rests on results
 * or on what may not stand open. */
bool desk_review_for(const struct desk_order *o, const struct flow_task *task);
enum outcome desk_review_read(struct desk_review *out, struct http_request *r, struct db *db,
                              struct page *p, const struct desk_order *o, struct err *e);

http_handler_fn desk_get_review;

/* --- inside (review_records.c, review_events.c) --- */

struct review_making {
    struct desk_review *out;
    struct desk_exception *rows;
    const struct desk_order *o;
    struct http_request *r;
    struct db *db;
    struct page *p;
    struct arena *a;
};
enum review_regular {
    REVIEW_RECORDS,
    REVIEW_RESULTS,
    REVIEW_VALUES,
    REVIEW_SIGNATURES,
    REVIEW_CHECKS,
    REVIEW_TEMPERATURES
};
void review_add(struct review_making *m, struct desk_exception x);
/* The catalogue's text, with at most two parameters; those without a name are none. */
struct str review_say(const struct review_making *m, const char *key, struct text_param first,
                      struct text_param second);
struct str review_word(const struct review_making *m, const char *key);
/* "/orders/<id><rest>". */
struct str review_path(const struct review_making *m, const char *rest);
struct str review_task_path(const struct review_making *m, struct str task, const char *rest);

enum outcome review_records(struct review_making *m, struct err *e);
enum outcome review_events(struct review_making *m, struct err *e);

#endif
