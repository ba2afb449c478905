/* Looks: who saw whose personal data, what of it, and by which right (ACC-03).
 *
 * What is sealed is opened for showing by one function, look_open; who opens otherwise fails the
 * check of the house (tools/banned.tsv). It notes the field with the request's looker. When the
 * handler is done and its answer tells it, each subject's look is kept before the answer goes out:
 * the request waits without a thread (http_options.settle) until the writer's commit, one for all
 * that wait. Could it not be kept, the answer is a fault instead. So no answer with somebody's data
 * goes out unrecorded, and a crash loses at most looks whose answer was not sent. What a person
 * sees of themselves is not kept, nor what the program opens to compare or to send.
 *
 * The same again (session, subject, fields, right, page) within LOOK_AGAIN_US is the same look: a
 * page that keeps itself live would fill the table, and cost a commit each time.
 *
 * The table stands outside the ledger, which a look must not make grow by a signed event each, and
 * endures. Each row is chained to the one before by hash, and the head of the chain is anchored in
 * the ledger as "look.anchored" within LOOK_ANCHOR_US or LOOK_ANCHOR_MAX looks, and when the node
 * closes: whoever changes, drops or inserts an anchored row without forging the ledger is found by
 * look_check (`vein check`). Rows behind the last anchor are chained alone.
 *
 * What this does not see: who reads the files of the node with its keys by other programs, or by
 * the command line on its machine; and what a person does with what they saw. */
#ifndef VEIN_KERNEL_LOOK_H
#define VEIN_KERNEL_LOOK_H

#include "kernel/module.h"

enum {
    LOOK_SUBJECTS_MAX = 1000, /* of one answer; beyond: REFUSED "look.too_many" {max} */
    LOOK_FIELDS_MAX = 12,     /* told by name of one subject; further ones as "more" */
    LOOK_QUEUE_MAX = 4096,    /* answers that wait; beyond: REFUSED "look.busy" (503) */
    LOOK_GROUP_MAX = 512,     /* of them in one commit */
    LOOK_ANCHOR_MAX = 4096,   /* looks without an anchor */
    LOOK_KNOWN = 16384,       /* looks of lately that are known again */
};
#define LOOK_ANCHOR_US TIME_MINUTE
#define LOOK_AGAIN_US  (10 * TIME_MINUTE)

#define RECORDS "kernel/look.def"
#include "base/record_structs.h"
#undef RECORDS
struct look_anchor_state {
    int64_t sequence; /* of the last look */
    int64_t count;
    char head[HASH_HEX + 1];
};
#define RECORDS "kernel/look_events.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS
#define RECORDS "kernel/look_commands.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS

/* With the routes /looks and /looks/{subject}. */
extern const struct module look_module;

/* --- opening --- */

/* What was opened for one answer, in the arena of its request. */
struct looker;
/* `right` is the permission by which the asker came here; it stands where look_open names none.
 * `self` is the asker's account: what is its own is not noted. NULL for want of memory. */
struct looker *looker_new(struct keyring *keys, struct str self, const char *right,
                          struct arena *arena);

struct look_at {
    struct str event;    /* that it was sealed for */
    struct str path;     /* of the field in it; the first part is what is told */
    struct str sealed;   /* text */
    const char *right;   /* static; NULL: the looker's */
    struct arena *arena; /* for the text; NULL: the looker's */
};
/* Opens it and notes it. Outcomes of seal_open; FAULT "look.nobody" without a looker. Text that is
 * not sealed (an older version of an event's) is given as it stands. */
enum outcome look_open(struct looker *l, struct str *out, const struct look_at *at, struct err *e);
/* The key of the one field, for a bundle that takes it away, and the text; noted likewise. */
enum outcome look_disclose(struct looker *l, struct str *out, uint8_t key[SEAL_FIELD_KEY_SIZE],
                           const struct look_at *at, struct err *e);
/* Notes what was opened otherwise: the content of a file. `what` is static. */
enum outcome look_note(struct looker *l, struct str subject, const char *what, const char *right,
                       struct err *e);
/* How many subjects were noted so far. */
size_t looker_subjects(const struct looker *l);

/* --- keeping --- */

struct looks;
struct looks_options {
    struct gate *gate; /* anchors are sent through it */
    struct db *writer;
    const struct registry *registry;
    const struct env *env;
    struct str node;
};
/* Logs "look.damaged" when the last anchored row is not what its anchor says. */
enum outcome looks_open(struct looks **out, const struct looks_options *options, struct err *e);
/* Among several, each keeps its own and who leads anchors them all, having read how it stands. What
 * was just opened leads. */
enum outcome looks_lead(struct looks *l, bool leads, struct err *e);
void looks_close(struct looks *l);

/* A request that waits; in its arena. */
struct look_wait {
    const struct look_entry *entries; /* sequence not filled in */
    size_t n;
    void (*done)(struct look_wait *w); /* on the writer's thread; w may be gone afterwards */
    void *context;
    struct err error; /* set before `done` */
    struct look_wait *next;
};
/* Queues it. REFUSED "look.busy". Any thread. */
enum outcome looks_keep(struct looks *l, struct look_wait *w, struct err *e);
/* Whether the same was kept within LOOK_AGAIN_US. Any thread. */
bool looks_known(struct looks *l, const struct look_entry *entry);

/* On the writer's thread: keeps what waits, in one transaction, and anchors when it is time. A
 * fault of the store is the answer of all that wait, and no fault of the node's step. */
enum outcome looks_step(struct looks *l, bool *busy, struct err *e);
/* Anchors what is not yet, while the gate still runs. */
enum outcome looks_anchor_now(struct looks *l, struct err *e);

/* --- checking --- */

struct look_report {
    int64_t looks;
    int64_t anchors;
    int64_t anchored; /* looks covered by the last anchor */
    bool good;
    int64_t damaged; /* where it is not: sequence of the first look that is not what it was */
};
/* Hashes the whole chain again, and compares it with each anchor. */
enum outcome look_check(struct look_report *out, struct db *db, struct err *e);

/* --- HTTP --- */

struct http_request;
/* The request's looker, for look_open; NULL where nobody is signed in. */
struct looker *look_of(const struct http_request *r);
/* For app_admit: makes it. */
enum outcome look_begin(struct http_request *r, struct err *e);
/* What was opened is not in the answer after all. */
void look_forget(struct http_request *r);
/* For http_options. */
enum http_state look_settle(struct http_request *r);

http_handler_fn look_get_all, look_get_subject;

#endif
