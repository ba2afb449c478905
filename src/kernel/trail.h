/* The audit trail: every event as a reader sees it, with what stood before and what stands now, and
 * an index that finds events by what they concern, who acted, what was done, and what a reviewer
 * looks for (AUD-01, AUD-04).
 *
 * Index. One row for each token of an event: thing, actor, type, kind of exception, as 64 bits of a
 * hash; what is found is compared with the event itself. A follower of the log writes it; it is a
 * function of the log alone, disposable, and late by TRAIL_EVERY_US; while the writer is never at
 * rest by TRAIL_FAR events, and by more where even a step after each group is too little. Of
 * several filters the lists are walked together, newest first, each skipping to where the others
 * are; a page of answers looks at no more than TRAIL_LOOKED_MAX places, and says where to go on.
 *
 * Rights. An event is told to who sees the thing that it belongs to, by that thing's own rule
 * (struct watch, as in GET /api/changes); what belongs to a thing without such a rule (an account,
 * a session) to who holds "trail.see" in the event's organisation, for all of it or where it took
 * place. What is sealed stays
 * closed unless the reader asks for it, may see it by a module's rule (struct trail_opener), and is
 * then recorded (look.h).
 *
 * Before and after. A payload is told field by field, by its record. Which earlier event of the
 * stream says what stood before, a module says by rows (struct trail_before); without one all that
 * the event says is new.
 *
 * Exceptions: "late" (recorded more than TRAIL_LATE_US after it happened, by a person), "clock"
 * (recorded more than TRAIL_CLOCK_US before the event ahead of it in the log), and what modules
 * mark by rows (struct trail_mark). */
#ifndef VEIN_KERNEL_TRAIL_H
#define VEIN_KERNEL_TRAIL_H

#include "kernel/look.h"
#include "kernel/page.h"

enum {
    TRAIL_PAGE = 50,             /* rows of a page */
    TRAIL_LOOKED_MAX = 4000,     /* places of the index that one page looks at */
    TRAIL_READ_MAX = 1000,       /* events that it reads */
    TRAIL_TOKENS_MAX = 160,      /* of one event; what is beyond is not found */
    TRAIL_CHANGES_MAX = 400,     /* fields compared of one event … */
    TRAIL_TOLD_MAX = 60,         /* … and told */
    TRAIL_BYTES_MAX = 512 << 10, /* of an answer's rows: a page ends earlier then */
    TRAIL_BACK_MAX = 2000,       /* earlier events of a stream that are looked through */
    TRAIL_STEP_MAX = 32,         /* events followed in one step between two groups of commands */
    TRAIL_FAR = 5000,            /* events behind, from which on there is a step after each group */
    TRAIL_BATCH_MAX = 256,       /* events followed at once while nobody waits */
};
#define TRAIL_EVERY_US (TIME_SECOND / 10)
#define TRAIL_LATE_US  TIME_MINUTE
#define TRAIL_CLOCK_US (5 * TIME_SECOND)

#define RECORDS "kernel/trail.def"
#include "base/record_structs.h"
#undef RECORDS

/* --- what a module says --- */

/* Kinds of exceptions, in the order in which they are told. */
enum trail_exception {
    TRAIL_LATE,
    TRAIL_CORRECTION,
    TRAIL_AFTER_SIGNATURE,
    TRAIL_OVERRIDE,
    TRAIL_FAILED,
    TRAIL_REFUSED,
    TRAIL_CLOCK,
    TRAIL_TYPED,
    TRAIL_EXCEPTIONS
};
extern const char *const trail_exception_names[TRAIL_EXCEPTIONS];

/* Events of this type are an exception: all, or those whose member says this. A value that ends in
 * "*" is a beginning; of a BOOL it is "true". */
struct trail_mark {
    const char *type;
    enum trail_exception what;
    const char *member; /* NULL: all of the type */
    const char *value;
};

/* What stood before an event of this type, in the same stream. */
struct trail_before {
    const char *type;
    const char *earlier; /* names of types, separated by blanks; the latest counts */
    const char *key;     /* members that both must have alike, separated by blanks; NULL: none */
    const char *as;      /* "left=quantity": this member's is that one's there; NULL: none */
    bool whole;          /* what is not said again is gone */
};

/* Who may have opened what is sealed under a subject of this kind. */
struct trail_opener {
    const char *right;
    /* *may for this actor; false for a subject of another kind. */
    enum outcome (*may)(bool *may, struct db *db, const struct actor *actor, struct str subject,
                        struct arena *arena, struct err *e);
};

/* Index, pages, export. */
extern const struct module trail_module;

/* --- the follower: on the writer's thread --- */

struct trail;
struct trail_options {
    struct db *writer;
    const struct registry *registry;
    const struct env *env;
};
enum outcome trail_open(struct trail **out, const struct trail_options *options, struct err *e);
void trail_close(struct trail *t);
/* Reads anew how far it is, as opening does: where another process may have led meanwhile. */
enum outcome trail_again(struct trail *t, struct err *e);
bool trail_among(const struct registry *registry);
void trail_committed(struct trail *t, int64_t last);
/* Follows the next events when the writer is `idle` or TRAIL_EVERY_US have passed; *busy while
 * there are more. */
enum outcome trail_step(struct trail *t, bool idle, bool *busy, struct err *e);
enum outcome trail_catch_up(struct trail *t, struct err *e);
/* The tables were made anew. */
void trail_restart(struct trail *t);
/* Builds the index of `to` from the events of `from`; *behind is how many events the index of
 * `from` has not followed. */
enum outcome trail_build(struct db *from, struct db *to, const struct registry *registry,
                         int64_t *behind, struct err *e);

/* --- asking: any thread --- */

/* For whom and in which words. */
struct trail_reader {
    struct db *db;
    const struct registry *registry;
    const struct actor *actor;
    struct page *page;       /* language and arena; what is given lives there */
    struct looker *looks;    /* opens what the actor may see; NULL: nothing is opened */
    struct trail_seen *seen; /* what was decided so far; and … */
    struct arena *keep;      /* … where that lives: set by trail_find */
};

struct trail_answer {
    const struct trail_row *rows; /* newest first */
    size_t n;
    int64_t next; /* before which the next page goes on; -1: that was all */
};
/* Events before place `before` in the log (-1: all). Filters are checked: REFUSED "trail.filter"
 * {field} for what is none. What the actor may not see is left out without a gap. */
enum outcome trail_find(struct trail_answer *out, struct trail_reader *r,
                        const struct trail_filter *filter, int64_t before, size_t max,
                        struct err *e);
/* Whether the actor may see what this thing's trail tells. */
enum outcome trail_sees(bool *out, struct trail_reader *r, struct str thing, struct err *e);
/* The row of one event. */
enum outcome trail_row_of(struct trail_row *out, struct trail_reader *r, int64_t sequence,
                          const struct event *event, struct err *e);

/* Exceptions of an event, a bit each; `ahead` is when the one before it in the log was recorded
 * (TIME_NONE: there is none). */
unsigned trail_exceptions(const struct registry *registry, const struct event *event,
                          const struct json *payload, int64_t ahead);

/* --- export --- */

/* What an export found: content of the file, rows, and how far it looked. What is sealed stays
 * closed in a file: it would leave the house without a trace, and its hash, which the ledger keeps,
 * would be a hash of somebody's data. */
enum { TRAIL_EXPORT_MAX = 5000, TRAIL_EXPORT_BYTES = 64 << 20 };
struct trail_file {
    struct str format;  /* "csv", "json"; of "pdf" the JSON */
    struct str content; /* in the arena that was given */
    struct hash hash;
    int64_t rows;
    int64_t up_to;
    const struct trail_row *list;
};
struct trail_export_of {
    const struct trail_filter *filter;
    struct str format;
    int64_t up_to; /* -1: all that the index has */
    int64_t made;
    struct str by; /* actor */
};
/* REFUSED "trail.format" {format}, "trail.too_many" {max}, and those of trail_find. */
enum outcome trail_file_make(struct trail_file *out, struct trail_reader *r,
                             const struct trail_export_of *of, struct arena *arena, struct err *e);

struct trail_state {
    struct stream stream;
};
struct trail_bundle_state {
    struct stream stream;
};
/* What a trail.bundled event says, for who wants to load what it names: *found false when there is
 * no such export, or it is another actor's, another order's, or older than TRAIL_BUNDLE_US. */
#define TRAIL_BUNDLE_US TIME_HOUR
struct trail_bundle_of {
    struct str export;
    struct str order;
    struct str actor;
    int64_t now_us;
};
enum outcome trail_bundle_find(bool *found, struct db *db, const struct trail_bundle_of *of,
                               struct arena *arena, struct err *e);
#define RECORDS "kernel/trail_events.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS
#define RECORDS "kernel/trail_commands.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS

/* How many events had been recorded before this time. */
enum outcome trail_size_at(int64_t *out, struct db *db, int64_t at_us, struct err *e);

#endif
