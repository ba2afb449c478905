/* Drafts: the way of a definition into force, by people.
 *
 *   draft → tried → reviewed → approved → released: in force from a date on → superseded
 *     └─ rejected, withdrawn, or replaced by the author's next: it ends, and its text stays
 *
 * - A draft belongs to the organisation that made it; nobody else learns of it (404 gate.unknown).
 *   One of a name is on its way at a time.
 * - Review and approval are signed (sign.h), over the event that made the draft.
 * - Each act names the hash of the text that it is about: REFUSED "define.other_hash" {hash}.
 * - Where the kind has a sandbox (define_kind.trial) the last trial must have passed before a draft
 *   is reviewed. The program tries exactly the draft's text; what came of it is recorded.
 * - It is reviewed by another person than its author, and approved by those whom the table says
 *   (definition approval.definitions): each role by a person of its own, never by the author, and
 * by who reviewed it only where the table allows that. Without a rule for its kind nothing is
 *   approved. A reviewer's "rejected" ends it at any time before it is released.
 * - It is released for a date, now or ahead, and not before the date that the document says. Then
 *   it is checked again, as things are at that date. Until the date has come it can be withdrawn.
 * - The program reviews, approves and releases nothing. It may draft: what a new version of it
 * ships for a definition that is there already.
 *
 * Refusals beside those: define.draft "define.draft_open" {name} while another's draft, or one that
 * was reviewed already, is on its way, and those of reading a document (define_read) and of
 * define_follows; all others "define.closed" {how}; "define.own_draft", "define.reviewed_already",
 * "define.not_tried", "define.no_sandbox" {kind}, "define.not_reviewed", "define.not_approved",
 * "define.approved_already", "define.own_review", "define.no_rule" {kind}, "define.role_not_asked"
 * {role}, "define.role_given" {role}, "define.role_not_held" {role}, "define.people_only",
 * "define.in_the_past", "define.before_planned" {effective}, "define.in_force".
 *
 * A review or approval whose signature was withdrawn or rejected (sign_act.h) counts no more: it
 * takes another before the draft is released. */
#ifndef VEIN_KERNEL_DRAFT_H
#define VEIN_KERNEL_DRAFT_H

#include "gen/kernel/draft.sql.h"
#include "kernel/define.h"

enum { DRAFT_TRIAL_ARENA = 64 << 20 };

#define RECORDS "kernel/approval.def"
#include "base/record_structs.h"
#undef RECORDS
extern const struct define_kind approval_kind;

/* The table's rule for a kind; NULL: there is none, or no table. *version is the table's. */
enum outcome approval_find(const struct approval_rule **out, int64_t *version, struct db *db,
                           struct str kind, int64_t at_us, struct arena *arena, struct err *e);

#define RECORDS "kernel/draft_events.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS

struct draft_make_state {
    const struct definition *read; /* what was prepared */
    int64_t last_version;
    bool foreign;
    bool open; /* another is on its way */
    struct draft_open_out other;
};
struct draft_state {
    struct draft_one_out row;
    const struct draft_deciders_out *deciders;
    size_t ndeciders;
    const struct approval_rule *rule; /* NULL: none */
    int64_t approvals;                /* version of the table */
    int64_t last_version;             /* of its definition */
    bool foreign;
    bool holds[8]; /* whether the actor holds the rule's roles, in their order */
};
#define RECORDS "kernel/draft_commands.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS

/* Whether this person may do it now, as the command would decide: OK or its refusal. For pages. */
enum draft_act {
    DRAFT_TRY,
    DRAFT_ACCEPT,
    DRAFT_REJECT,
    DRAFT_APPROVE, /* in a role */
    DRAFT_RELEASE,
    DRAFT_WITHDRAW,
};
enum outcome draft_may(enum draft_act act, const struct draft_state *s, const struct actor *actor,
                       struct str role, struct err *e);
/* What draft_may and the commands rest on, but for what belongs to the gate. */
enum outcome draft_read(struct draft_state *s, struct db *db, struct str draft,
                        const struct actor *actor, int64_t now_us, bool *found, struct arena *arena,
                        struct err *e);

extern const struct module draft_module;

#endif
