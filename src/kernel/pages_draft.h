/* Pages of definitions on their way: drafts with their life, what differs, and what a person may do
 * next. */
#ifndef VEIN_KERNEL_PAGES_DRAFT_H
#define VEIN_KERNEL_PAGES_DRAFT_H

#include "base/id.h"
#include "kernel/define_differ.h"
#include "kernel/draft.h"
#include "kernel/pages.h"
#include "kernel/sign.h"
#include "kernel/table.h"

#define RECORDS "kernel/pages_draft.def"
#include "base/record_structs.h"
#undef RECORDS

/* --- what differs, in words --- */

struct pages_differences {
    const struct pages_difference *rows;
    size_t n;
    bool more;    /* there are others, beyond what is shown */
    int64_t from; /* version */
    int64_t to;
};
/* Between two versions of one definition; texts in the page's arena. */
enum outcome pages_differ(struct pages_differences *out, struct page *p,
                          const struct definition *from, const struct definition *to,
                          struct err *e);

/* --- a life --- */

enum { PAGES_LIFE_STEPS = 6 };
struct pages_life_step {
    const char *key;   /* of its word: "life.drafted" */
    const char *state; /* class: done, now, next */
    struct str who;    /* absent: nobody yet */
    int64_t when;      /* TIME_NONE */
};
struct pages_life {
    struct pages_life_step steps[PAGES_LIFE_STEPS];
    size_t n;
    const struct pages_act *acts; /* oldest first, actors as people */
    size_t nacts;
    bool program; /* the program loaded it */
    int64_t loaded;
};

struct pages_approver { /* a role that the table asks for */
    struct str role;
    struct str who; /* who gave it; absent: it is open */
    bool may;       /* this person may give it */
};
struct pages_draft_view {
    struct draft_state state;
    struct definition definition;
    struct pages_doc doc;
    struct html graph;
    struct pages_life life;
    struct html signed_by;
    struct pages_differences differences;
    bool known; /* there is a version to differ from */
    struct str author;
    const struct pages_approver *approvers;
    size_t napprovers;
    struct show_refusal refused;
    const struct http_request *r;
    bool sandbox;
    struct str input; /* what a trial begins with: as it was entered, as it was tried last, … */
    bool may_try, may_accept, may_reject, may_approve, may_release, may_withdraw;
    bool may_again; /* it ended, and another may be drafted from its text */
};

struct pages_draft_row {
    const struct draft_list_out *row;
    struct str author;
    struct str waits; /* key of what waits for this person; absent: nothing */
};
struct pages_drafts_view {
    const struct pages_draft_row *rows;
    size_t n;
    struct str next;
    bool approves; /* one of them waits for this person's approval */
};

/* --- definitions in force --- */

struct pages_definitions_view {
    const struct define_list_out *rows; /* by kind and name */
    size_t n;
    struct str kind; /* empty: all */
    const struct str *kinds;
    size_t nkinds;
    struct table_view table;
    const struct pages_draft_row *drafts; /* on their way */
    size_t ndrafts;
    bool may_draft;
};
struct pages_definition_view {
    struct definition definition;
    struct pages_doc doc;
    const struct define_versions_out *versions;
    size_t nversions;
    bool effective;                            /* now */
    struct html graph;                         /* of a workflow; else empty */
    const struct define_versions_out *version; /* this one's row */
    int64_t superseded;                        /* when the next took its place; TIME_NONE */
    struct pages_life life;
    struct pages_differences differences; /* from the version before */
    bool known;                           /* there is one */
    struct chart *pace; /* of a workflow: how long its stages took; NULL: not for this reader */
    bool may_draft, may_retire;
    struct show_refusal refused;
    const struct http_request *r;
};

struct pages_draft_new_view {
    struct str yaml;
    struct str line; /* number of the refused one, … */
    struct str text; /* … and what stands there; a text area counts none */
    struct show_refusal refused;
    const struct http_request *r;
};

/* What of definitions is on its way in the person's organisation, with what waits for them. */
enum outcome pages_drafts_open(const struct pages_draft_row **out, size_t *n,
                               struct http_request *r, struct db *db, struct page *p,
                               struct err *e);
/* A draft of the person's own organisation: else REFUSED "gate.unknown". */
enum outcome pages_draft_read(struct draft_state *s, struct http_request *r, struct db *db,
                              struct page *p, struct str draft, struct err *e);
/* The draft of the route. */
enum outcome pages_draft_state(struct draft_state *s, struct http_request *r, struct db *db,
                               struct page *p, struct err *e);
/* What was done to it, oldest first, by actors as the ledger names them, what is sealed opened. */
enum outcome pages_draft_acts(struct pages_act **out, size_t *n, const struct http_request *r,
                              struct db *db, struct str draft, struct err *e);
enum outcome pages_draft_life(struct pages_life *life, struct http_request *r, struct db *db,
                              struct page *p, const struct draft_state *s, struct err *e);
/* The life of a version that is or was in force. superseded: when the next came into force, or
 * TIME_NONE. */
enum outcome pages_version_life(struct pages_life *out, struct http_request *r, struct db *db,
                                struct page *p, const struct define_versions_out *version,
                                int64_t superseded, struct err *e);
/* From the version before; *known false where there is none. */
enum outcome pages_differ_before(struct pages_differences *out, bool *known, struct page *p,
                                 struct db *db, const struct definition *d, struct err *e);
/* For signing: the draft as its event has it. */
sign_show_fn pages_draft_signed;
/* Of a draft's state, for badges; its word is "draft_state.<state>". */
enum show_tone pages_draft_tone(struct str state);

http_handler_fn pages_get_drafts, pages_get_draft, pages_post_draft, pages_get_draft_acts,
    pages_get_draft_differences, pages_get_draft_new, pages_post_draft_new,
    pages_get_version_differences, pages_get_version_yaml, pages_post_retire;

sign_waiting_fn pages_drafts_approvable;

#endif
