/* The chain of identity of one order: everything its ledger says of who and what was identified,
 * from prescription to the last bag, for a reader who has the system (page, PDF) and for one who
 * has not (a bundle, docs/bundle.md).
 *
 * All three rest on the same events up to the last signed checkpoint, read once by desk_coi_read:
 * those of the order, all of its patient's stream (whose identity is sealed), and the first of each
 * account, site and organisation that they name. What lies behind the checkpoint is left out, and
 * the report says to which size it speaks.
 *
 * Identity. Without a looker nothing that is sealed is opened: the patient is a pseudonym, and
 * free text (reasons) is left out. With it name, birth date and numbers of the patient, and
 * reasons, are opened one by one, each under a key of its own that goes into the bundle. Who may
 * ask for it is the caller's to decide (order_patient_by_name; over HTTP the event
 * identity.disclosed). */
#ifndef VEIN_MODULES_DESK_COI_H
#define VEIN_MODULES_DESK_COI_H

#include "kernel/print.h"
#include "kernel/tlog.h"
#include "modules/desk/desk.h"

enum {
    DESK_COI_EVENTS_MAX = 10000, /* of one order; beyond: REFUSED "coi.too_long" */
    DESK_COI_NAMED_MAX = 1000,   /* accounts, sites, organisations; of an audit definitions too */
    DESK_COI_MEMBERS_MAX = 12,   /* of a statement */
    DESK_COI_ARENA_MAX = 1 << 30,
};

/* What the report says of an event of this type: members of its payload, in this order. */
struct desk_coi_row {
    const char *type;
    const char *section;
    const char *members[DESK_COI_MEMBERS_MAX];
};
/* NULL for a type that the report does not tell of. */
const struct desk_coi_row *desk_coi_row_of(struct str type);

struct desk_opened {
    struct str path;
    struct str text;
    uint8_t key[SEAL_FIELD_KEY_SIZE];
};
struct desk_coi_event {
    int64_t sequence;
    struct str leaf;
    struct event event;
    const struct json *body;
    const struct desk_coi_row *row;
    const struct desk_opened *opened;
    size_t nopened;
};
struct desk_coi {
    struct arena *arena; /* all of it */
    struct str order;
    struct str patient;
    struct str vkey;
    bool identity;
    bool audit;       /* with the definitions that it ran under (audit.h) */
    struct bytes pdf; /* of an audit bundle: trail.pdf, borrowed; empty: none */
    struct tlog_prover *prover;
    struct checkpoint checkpoint;
    const struct desk_coi_event *events; /* in the order of the log */
    size_t n;
};

/* Reads on a snapshot; closed by desk_coi_close, also when it was refused. REFUSED "gate.unknown"
 * for an order that is not there (whether the asker may know of it is the caller's to see first),
 * "coi.too_long", "tlog.no_checkpoint". */
enum outcome desk_coi_read(struct desk_coi *out, struct node *n, struct db *db, struct str order,
                           struct looker *looks, struct err *e);
void desk_coi_close(struct desk_coi *c);
/* Text of a payload's member; empty when absent. */
struct str desk_coi_text(const struct desk_coi_event *x, const char *member);
/* What was opened at this path; empty when nothing was. */
struct str desk_coi_opened(const struct desk_coi_event *x, const char *path);

/* report.json of the bundle: canonical, a function of the events and what was opened alone. */
enum outcome desk_coi_report(struct buf *out, const struct desk_coi *c, struct err *e);

/* The report in words, for page and paper, in the arena of the page's buffer. */
enum outcome desk_coi_document(const struct print_document **out, struct page *p, struct db *db,
                               const struct desk_coi *c, struct err *e);

/* Files of a bundle, one after the other, each under its path; the manifest last. */
typedef enum outcome desk_coi_put_fn(void *context, const char *path, struct str content,
                                     struct err *e);
enum outcome desk_coi_bundle(struct page *p, struct db *db, const struct node *n,
                             const struct desk_coi *c, desk_coi_put_fn *put, void *context,
                             struct err *e);
/* Into a folder, which must be absent or empty: REFUSED "tlog.not_empty" {folder}. */
enum outcome desk_coi_export(struct page *p, struct db *db, const struct node *n,
                             const struct desk_coi *c, const char *folder, struct err *e);
/* As one tape archive (POSIX ustar). */
enum outcome desk_coi_tar(struct buf *out, struct page *p, struct db *db, const struct node *n,
                          const struct desk_coi *c, struct err *e);

/* Writes an archive on a snapshot. */
typedef enum outcome desk_coi_archive_fn(struct http_request *r, struct db *db, struct page *p,
                                         void *tar, struct err *e);
/* And answers with it: "<name>-<first of the order's id>.tar". */
enum http_state desk_coi_archive(struct http_request *r, desk_coi_archive_fn *fn, const char *name);

enum http_state desk_get_coi(struct http_request *r);
enum http_state desk_get_coi_report(struct http_request *r);
enum http_state desk_get_coi_print(struct http_request *r);
enum http_state desk_get_coi_bundle(struct http_request *r);
enum http_state desk_post_coi(struct http_request *r);

struct desk_coi_disclosure {
    struct str who;
    struct str to;
    struct str reason; /* opened, for who may see the name */
    int64_t at;
};
struct desk_coi_point { /* at a task, in one pass of it */
    struct str task;
    struct str point;
    int64_t pass;
    struct str title; /* of the task */
    enum {
        DESK_POINT_OPEN, /* nothing was read yet */
        DESK_POINT_HALF, /* the other person's check is missing */
        DESK_POINT_PASSED,
        DESK_POINT_FAILED
    } state;
    int64_t at;         /* of the last check; TIME_NONE: none */
    struct str persons; /* who passed it */
    int64_t mismatches;
    int64_t typed; /* passes by what was typed, not scanned */
    bool past;     /* of a pass that a loop has undone */
};
struct desk_coi_view {
    struct desk_order o;
    struct html head;
    struct html report;
    const struct desk_coi_point *points;
    size_t npoints;
    int64_t npassed;
    struct show_refusal refused;
    const struct http_request *r;
    const struct desk_coi_disclosure *disclosures;
    size_t ndisclosures;
    struct str mine; /* event of the reader's own disclosure that still stands; absent: none */
    bool may_export;
    bool may_disclose;
    bool may_audit; /* take away the audit bundle */
};
/* REFUSED "gate.unknown" to whom the order, or its report, is not to be seen. */
enum outcome desk_coi_load(struct desk_coi_view *v, struct http_request *r, struct db *db,
                           struct page *p, struct err *e);
/* The checks, point by point. */
enum outcome desk_coi_points(struct desk_coi_view *v, struct db *db, struct page *p, struct err *e);
/* Whether the event is in what was read. */
bool desk_coi_holds(const struct desk_coi *c, struct str event);

#endif
