/* Records of an order's tasks once they are there, and on their way there: signed at the places of
 * their form, corrected under another person's eyes, entered by two persons unseen by each other,
 * and shown with everything that was ever entered.
 *
 * Two persons. A form with `double_entry` is sent by flow.complete as any other, and is done only
 * when the last entries of two persons agree: quantities by number and unit, everything else as it
 * was understood. Until then an entry is "flow.entry_made"; who enters sees nothing of another's.
 * The answer tells how it stands (flow_entered); where entries differ, it names the fields, never a
 * value, and either person enters again, or a third one. Refusals: "flow.entered_by_you" {task}
 * while nobody else has entered, "flow.entries_max" {max}. What a person has at hand is their
 * account: from a second session, device or tab they are the same person.
 * Where only some fields are `entry: double`, the first person fills in the whole form, and whoever
 * enters after that these fields alone ("flow.entered_once" {field}); the rest is the first one's.
 * What this does not do: hide from a person who may export the ledger what stands in it.
 *
 * Review. A correction waits until another person than its own has accepted it
 * (flow.review_correction). Questioned, it goes on waiting until it is corrected anew (and that
 * waits) or accepted after all. Refusals: "flow.no_correction" {task}, "flow.unknown_verdict"
 * {verdict}, "flow.own_correction", "flow.comment_needed" (to question), "flow.reviewed_before".
 *
 * Signatures' places. Signed one after the other in the form's order, on the record as it stands,
 * each by another person with the place's role where the task is done (flow.sign); a correction
 * asks for all of them again. Refusals: "flow.not_done" {task}, "flow.record_changed" {task},
 * "flow.unknown_place" {place}, "flow.place_before" {place}, "flow.signed_before" {place},
 * "flow.wrong_role" {role}, "flow.signed_by_you" {place}. Each is noted as the fact
 * "signed:<place>", which a guard of a later task may ask for, and withdrawn by a correction. What
 * is shown and signed is the record that stands, its event's payload, with the place and its words.
 */
#ifndef VEIN_KERNEL_FLOW_RECORD_H
#define VEIN_KERNEL_FLOW_RECORD_H

#include "gen/kernel/flow.sql.h"
#include "gen/kernel/flow_record.sql.h"
#include "kernel/flow.h"

enum { FLOW_ENTRIES_MAX = 20 /* of one task */, FLOW_VERSIONS_MAX = 1000 /* of a record */ };

extern const struct module flow_record_module;

/* What load finds for flow.review_correction and flow.sign. */
struct flow_review {
    struct flow_view flow;
    bool found;
    struct str corrected_by;
    struct str verdict;
};
struct flow_signing {
    struct flow_view flow;
    int64_t record; /* version that stands; INT_NONE: none */
    const struct flow_record_signatures_out *signatures;
    size_t n;
};

#define RECORDS "kernel/flow_record_events.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS
#define RECORDS "kernel/flow_record_commands.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS

/* Of a policy: flow.unsign, when the signature at a place was withdrawn or rejected. */
enum outcome flow_unsign_after(struct db *db, const struct event *event, const void *payload,
                               struct policy_send *out, bool *send, struct arena *arena,
                               struct err *e);

/* --- how the record of a task stands, for pages --- */

struct flow_standing_place {
    struct form_place place;
    struct str by; /* actor; absent: not signed yet */
    int64_t at;
    bool next; /* the one to be signed now */
};
struct flow_standing {
    int64_t record; /* version; INT_NONE: there is none */
    struct flow_standing_place places[FORM_PLACES_MAX];
    size_t nplaces;
    const struct flow_record_corrections_out *corrections; /* the first first */
    size_t ncorrections;
    size_t nwaiting; /* of them */
    /* While the task is open, where two persons enter: who entered, not what. */
    const struct flow_record_entries_now_out *entries;
    size_t nentries;
    struct str differs; /* names of fields of the last entry, separated by blanks */
};
enum outcome flow_standing_read(struct flow_standing *out, struct db *db, struct str order,
                                struct str task, const struct form *form, struct arena *arena,
                                struct err *e);

/* --- history --- */

/* One value of a field at one time. */
struct flow_said {
    enum flow_saying { FLOW_RECORDED, FLOW_CORRECTED, FLOW_ENTERED } how;
    int64_t record; /* stream version */
    struct str entered;
    struct str value; /* absent: none, or sealed and not opened */
    struct str mark;
    bool sealed;
    bool removed;  /* there was a value before, and none now */
    struct str by; /* actor */
    int64_t happened;
    int64_t recorded;
    struct str why; /* opened; absent: none given, or it cannot be opened any more */
};
struct flow_field_history {
    struct str name; /* "volume.3" */
    const struct flow_said
        *said; /* the first first; what a correction left as it was is left out */
    size_t n;
};

/* Every value that a task's record ever had, field by field in the order in which they first came;
 * of one field where `field` is given. Entries of two persons are among them once the task is done,
 * and never before. `looks` opens reasons and, with `open_sealed`, what is sealed; NULL: neither.
 */
struct flow_history_of {
    struct str order;
    struct str task;
    struct str field; /* absent: all */
    int64_t since;    /* of flow_history_html: what was said behind this version alone; 0: all */
    struct looker *looks;
    bool open_sealed;
    struct str trace; /* of flow_history_html, MAY: labels lead there, the field's name behind it */
};
enum outcome flow_history_read(const struct flow_field_history **out, size_t *n, struct db *db,
                               const struct flow_history_of *of, struct arena *arena,
                               struct err *e);

/* What pages/record_history.html shows. */
struct flow_said_view {
    const struct flow_said *said;
    struct str how; /* key of its text */
    struct str value;
    struct str about;   /* of a file, behind its name */
    struct str path;    /* where it leads; absent: nowhere */
    struct str entered; /* absent where it says the same */
    struct str mark;    /* key of its text */
    struct str who;
};
struct flow_field_view {
    struct str label;
    struct str row;   /* absent: the field stands once */
    struct str trace; /* where it comes from and where it went; absent: nowhere */
    const struct flow_said_view *said;
    size_t n;
};
/* The history as a table, for any page; empty when nothing was recorded. */
enum outcome flow_history_html(struct html *out, struct page *p, struct db *db,
                               const struct flow_history_of *of, const struct form *form,
                               struct err *e);
/* What it is made of. */
enum outcome flow_history_views(const struct flow_field_view **out, size_t *n, struct page *p,
                                struct db *db, const struct flow_history_of *of,
                                const struct form *form, struct err *e);
/* As rows for JSON (flow_history_row); what is sealed is never opened there. */
enum outcome flow_history_rows(const struct flow_history_row **out, size_t *n, struct db *db,
                               const struct flow_history_of *of, struct arena *arena,
                               struct err *e);

/* --- for flow itself --- */

/* What file fields may hold: the files that are stored with the order ("order" in file.h). The
 * name that its sender gave a file is opened for `looks`; NULL: it is not told. */
struct flow_files_of {
    struct db *db;
    struct str order;
    struct looker *looks;
};
struct form_files flow_files(struct flow_files_of *of);

/* Where two persons enter: what was entered before, held against what was filled in now. */
struct flow_entries {
    size_t n;                  /* in this round */
    int64_t last;              /* number of the last one ever */
    bool base_changed;         /* not the first entry that prepare found */
    bool mine;                 /* among them one of the actor's */
    bool others;               /* and one of somebody else */
    bool agrees;               /* the last one of somebody else says the same */
    const struct str *differs; /* else the fields in which the nearest differs */
    size_t ndiffers;
};
enum outcome flow_entries_load(struct load *l, const struct flow_complete *body,
                               struct flow_view *state, struct err *e);
/* *agreed false: the entry is made, and the task goes on being open. */
enum outcome flow_entry_decide(struct decision *d, const struct flow_complete *body,
                               const struct flow_view *state, bool *agreed, struct err *e);
/* The same to a reader: quantities by number and unit, all else by its text. */
bool flow_same_value(const struct form_value *a, const struct form_value *b);
/* A correction: it waits for review, and signatures are asked for anew. */
enum outcome flow_correction_add(struct db *db, const struct event *event, struct str order,
                                 struct str task, struct err *e);
void flow_signatures_withdraw(struct decision *d, const struct flow_view *v, struct str task);

#endif
