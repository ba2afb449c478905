/* Desk: the pages where people work on orders: control tower, order, worklist, task, stop, unit.
 * They stand above the modules whose facts they bring together. Nothing is decided here: every act
 * is a command of another module, and every view is read from its tables. */
#ifndef VEIN_MODULES_DESK_DESK_H
#define VEIN_MODULES_DESK_DESK_H

#include "gen/desk/queries.sql.h"
#include "kernel/file_sent.h"
#include "kernel/flow_record.h"
#include "kernel/flow_share.h"
#include "kernel/pages_draft.h"
#include "kernel/show.h"
#include "kernel/sign_pages.h"
#include "kernel/stop.h"
#include "modules/clinic/clinic.h"
#include "modules/desk/review.h"
#include "modules/desk/step.h"
#include "modules/desk/unit.h"

extern const struct module desk_module;

enum {
    DESK_STAGES_MAX = 40,
    DESK_COUNTDOWNS_MAX = 10,
    DESK_ROWS = 40,
    DESK_UNITS_MAX = IDENTITY_ORDER_UNITS_MAX
};

/* --- an order, as every page of it needs it --- */

struct desk_stage {
    struct str title;
    enum desk_stage_state { DESK_DONE, DESK_NOW, DESK_NEXT } state;
    bool edge; /* last done, or first to come: what a narrow screen shows beside the present one */
};
struct desk_order {
    struct str id;
    struct order_order_out row;
    struct flow_view flow;
    struct stop_state stop;
    struct order_patient_view patient;
    struct str deviation; /* class of the gravest open one while the order runs; absent: none */
    bool sees_deviation;  /* else they know only that quality decides */
    struct str product;   /* title */
    const struct actor *actor; /* who asks, with the rights that hold for its product */
    struct flow_sight sight;   /* what they see of it: by the parts where they stand */
    const struct product *pinned;
    struct desk_stage stages[DESK_STAGES_MAX];
    size_t nstages;
    size_t stage;                 /* the present one */
    const struct flow_task *next; /* NULL: nothing is open */
    const struct flow_open_task *next_open;
    struct flow_countdown countdowns[DESK_COUNTDOWNS_MAX];
    size_t ncountdowns;
    enum show_tone tone; /* of its state, in a word */
    struct str word;
};
/* What is asked of the events of one order. */
struct desk_sight {
    struct db *db;
    const struct flow_sight *sight;
    const struct workflow *workflow; /* NULL: not started */
};
/* For the watch of orders' changes. */
enum outcome desk_order_seen(bool *out, struct db *db, const struct actor *actor, struct str id,
                             struct arena *arena, struct err *e);
enum outcome desk_order_event_seen(bool *out, struct db *db, const struct actor *actor,
                                   struct str id, const struct event *event, struct arena *arena,
                                   struct err *e);
/* REFUSED "gate.unknown" {kind} for an order that the actor may not see, as for one that is not. */
enum outcome desk_order_load(struct desk_order *out, struct http_request *r, struct db *db,
                             struct page *p, struct str order, struct err *e);
/* The same in two steps: all but who the patient is, which opens nothing that is sealed; then that,
 * of an order that is shown. */
enum outcome desk_order_unnamed(struct desk_order *out, struct http_request *r, struct db *db,
                                struct page *p, struct str order, struct err *e);
enum outcome desk_order_patient(struct desk_order *o, struct http_request *r, struct db *db,
                                struct err *e);
/* The task and its number, from 1 through all stages; NULL for an unknown one. */
const struct flow_open_task *desk_open_task(const struct flow_view *v, struct str task);
/* Others wait for it: every task but a late one, and a late one that acts on material until what it
 * needs is noted (a bag is thawed before it is given, and thawing goes on beside giving). */
bool desk_holds_up(const struct flow_view *v, const struct flow_task *task);
const struct flow_stage *desk_stage_of(const struct workflow *w, struct str task);
/* Role and site of who owes a task: "apheresis nurse, Collection centre". */
struct str desk_owner(struct page *p, struct db *db, struct str role, struct str site);
/* Whether the actor has the permission where the task is done. */
bool desk_may(const struct actor *actor, const char *permission, const struct flow_open_task *at);
/* They hold the role there. */
bool desk_plays(const struct actor *actor, struct str role, const struct flow_open_task *at,
                struct arena *arena);
/* Whether who asks has the permission where it was prescribed, or at one of its parties. */
bool desk_order_may(const struct desk_order *o, const char *permission);
/* How many of its stages are so, up to what a row of steps has room for (ui/vein.css). */
enum { DESK_STEPS_MAX = 12 };
size_t desk_stages(const struct desk_order *o, enum desk_stage_state state);
/* And whether their part may do it to the whole order. */
bool desk_order_does(const struct desk_order *o, const char *command);
/* The head of every page about the order: whose it is, how it stands, the stop that fills the
 * screen, and, of pages that are one of its parts, the others. here: the part, "/units", "" for the
 * first; NULL: none of them. */
enum outcome desk_order_head(struct html *out, struct http_request *r, struct db *db,
                             struct page *p, const struct desk_order *o, const char *here,
                             struct err *e);
/* Whether they see this event of the order. */
enum outcome desk_event_seen(bool *out, const struct desk_sight *s, const struct event *event,
                             struct arena *arena, struct err *e);

/* What was entered under a name into the form of this command; empty for that of another. */
struct desk_unit_view;
struct str desk_tried(const struct desk_unit_view *v, const char *command, const char *name);

/* Whether the task makes units of one kind out of such of the other. */
bool desk_takes(const struct flow_task *task, struct str from, struct str into);
/* The one live unit that such can be made of; NULL where there is none, or a choice. */
struct desk_task_view;
const struct identity_units_out *desk_only_parent(const struct desk_task_view *v, struct str kind);

/* Whether this bag is the next to be handed over, or taken over: one form at a time. */
struct desk_bag;
bool desk_turn(const struct desk_task_view *v, const struct desk_bag *bag);

/* --- worklist --- */

struct desk_work_row {
    const struct desk_work_out *row;
    struct order_patient_view patient;
    struct str owner;
    struct str stage; /* as its workflow calls it */
};
struct desk_work_view {
    const struct desk_work_row *rows;
    size_t n;
    bool no_site;
    size_t waiting; /* corrections that the actor may review */
    struct str next;
    struct str of; /* whose: "mine", "team" (of the actor's roles) or "site" */
};

/* The page of the one open task of the order that is of the actor's roles; absent where there is
 * none, or several. */
struct str desk_work_task(const struct desk_order *o, struct arena *arena);

/* --- task --- */

struct desk_check {
    struct str point;
    struct str name;
    bool passed;
    bool patient; /* the patient states who they are */
    bool units;
    int persons;
    size_t npassed;
    bool mine; /* the actor passed it already */
    bool each; /* of units one by one */
    bool also; /* a point of an earlier task's, passed here for what is left */
    bool due;  /* not passed, or a unit waits for it */
    struct str by;
};
struct desk_make {
    struct str kind;
    struct str name;
    bool made;
};
struct desk_offer {
    bool to_offer;           /* the task hands over what it holds */
    bool to_accept;          /* or takes over */
    struct str organisation; /* to whom */
    struct str site;
    struct str site_name;
    struct str container; /* of another bag that goes with this hand-over; for the next form */
    struct str seals[2];
};
struct desk_bag {
    struct custody_of_order_out unit;
    struct str holder;
    bool offered;
    bool ours;  /* held by the task's site */
    bool to_us; /* offered to it */
    bool can_thaw;
    bool can_give;
    bool can_finish;   /* whatever state the order is in */
    bool can_withdraw; /* also in a stop that permits it */
    bool check_first;  /* before it is accepted */
    struct str wants;  /* the point at which it is to be read next; absent: none */
    int64_t until;     /* of the post-thaw clock; TIME_NONE: it does not run */
    bool finished;
    bool identified;
};
/* The task's record, under more than one pair of eyes. */
struct desk_correction {
    const struct flow_record_corrections_out *row;
    struct str by;
    struct str reviewer;
    struct str comment; /* opened */
    bool may_review;
};
struct desk_place {
    const struct flow_standing_place *at;
    struct str by;
    bool may_sign;
};
struct desk_entry {
    struct str by;
    int64_t at;
};
struct desk_record_view {
    struct flow_standing standing;
    struct html history;
    const struct desk_correction *corrections;
    size_t ncorrections;
    const struct desk_place *places;
    size_t nplaces;
    bool may_sign;               /* at one of them */
    struct sign_list signatures; /* all that there are, of every version */
    struct html signed_by;       /* the same as HTML */
    bool twice;                  /* two persons enter it, unseen by each other */
    bool partly;  /* and of this form only some fields: somebody has entered the rest */
    bool entered; /* the actor did, and nobody else yet */
    const struct desk_entry *entries;
    size_t nentries;
    const struct str *differs; /* labels of the fields in which the entries differ */
    size_t ndiffers;
    struct str had; /* names of the values shown for correction, between blanks */
};
struct desk_task_view {
    const struct http_request *r;
    struct desk_order o;
    struct html head;
    const struct flow_task *task;
    const struct flow_open_task *open; /* NULL: not yet */
    struct str stage;
    struct str owner;
    bool mine; /* open, running, and of a role of the actor's here */
    struct show_refusal refused;
    struct str said; /* key of a text: what the last act gave */
    bool said_no;    /* which is not what was hoped for */
    const struct desk_check *checks;
    size_t nchecks;
    const struct desk_make *makes;
    size_t nmakes;
    const struct identity_units_out *units; /* live ones, for parents */
    size_t nunits;
    const struct desk_bag *bags; /* of the task's kinds */
    size_t nbags;
    struct desk_offer offer;
    bool samples;
    bool can_conclude;      /* no bag is left to be given, and something was */
    struct definition form; /* kind absent: none */
    const struct record_pair *inputs;
    size_t ninputs;
    const struct form_problem *problems;
    size_t nproblems;
    const struct desk_problem_link *links; /* to the fields on the page that have one */
    size_t nlinks;
    struct flow_files_of files_of;
    struct form_files files;
    struct html record;      /* of a task that is done */
    const struct str *waits; /* what is still to be done before it can be completed */
    size_t nwaits;
    bool second_person;
    bool goes_on; /* in a stop: something may be done here all the same */
    bool correcting;
    bool may_report; /* a deviation of the order */
    struct desk_record_view kept;
    struct desk_entered entered;
    struct desk_task_step *steps; /* none: the whole task is one page */
    size_t nsteps;
    size_t now;   /* the present one */
    size_t at;    /* the one that is shown */
    bool reviews; /* it is decided by what deviates, which the reader sees */
    struct desk_review review;
};

/* --- review by exception --- */

struct desk_review_view {
    struct desk_order o;
    struct html head;
    struct desk_review review;
};

/* What is shown to who signs a record. */
struct desk_signed_view {
    struct desk_order o;
    const struct flow_task *task; /* NULL: the workflow has it no more */
    int64_t version;
    struct html record;
    struct html changed; /* since it was shown before */
};

/* --- corrections that wait for review --- */

struct desk_waiting_row {
    const struct flow_record_waiting_out *row;
    struct str by;
    struct str site;
};
struct desk_waiting_view {
    const struct desk_waiting_row *rows;
    size_t n;
    struct str next;
};

/* --- stop --- */

/* Who may resolve it, at its site, and took no part in it. */
struct desk_call {
    struct str name;
    struct str role; /* its name */
    bool on_duty;    /* by the rota */
};
/* One of the things that were expected, or read. */
struct desk_said {
    struct str text;
    bool words; /* else an identifier, letter by letter */
    bool same;  /* it stands in the other list, too */
};
enum { DESK_SAID_MAX = 40 };
/* What of a stop is told wherever its order is shown. */
struct desk_stop_told {
    struct desk_said expected[DESK_SAID_MAX];
    size_t nexpected;
    struct desk_said read[DESK_SAID_MAX];
    size_t nread;
    struct str where;
    struct str phone, phone_later; /* of the site; absent: not recorded */
    struct str deviation;          /* its id; absent: unknown */
    struct str deviation_number;
    bool involved; /* the reader is */
    bool may_resolve;
    const struct desk_call *calls;
    size_t ncalls;
};
struct desk_stop_view {
    struct desk_order o;
    struct desk_stop_told told;
    struct show_refusal refused;
    const struct desk_task_view *task; /* NULL: the page of the stop itself */
};

/* --- unit --- */

struct desk_unit_view {
    int64_t version; /* of the unit's stream, which a form sends back */
    struct identity_unit_out unit;
    struct desk_order o;
    struct html head;
    struct desk_kin *kin;
    size_t nkin;
    bool alone; /* nothing before it, nothing after it */
    const struct desk_account *account;
    size_t naccount;
    const struct desk_leg *legs;
    size_t nlegs;
    struct str holder;
    struct str made_by;
    const struct flow_task *task; /* at which the reader may divide or sample it; NULL: none */
    bool samples;                 /* sample, else divide */
    bool identified;              /* for that task */
    bool may_discard;             /* and it is where the reader may */
    bool may_report;              /* a deviation of it */
    bool may_lose;                /* record a mishap, also in a stop */
    const struct desk_piece *pieces;
    size_t npieces;
    const struct desk_other *others;
    size_t nothers;
    struct str tolerance; /* of the task: "2 %" */
    struct str qr;        /* on the page of its label: path of the symbol … */
    int qr_size;          /* … and of how many units a side */
    struct show_refusal refused;
    const struct http_request *r; /* what was entered */
    struct str tried;             /* command that was refused */
};

/* Routes. */
http_handler_fn desk_get_tower, desk_get_work, desk_get_order, desk_post_order, desk_get_task,
    desk_post_task, desk_post_complete, desk_post_correct, desk_get_stop, desk_get_unit,
    desk_get_label, desk_post_unit, desk_get_people, desk_post_people, desk_get_documents,
    desk_post_documents, desk_get_history, desk_get_corrections, desk_get_print;

/* What flow.sign signs: whose record it is, and the record. */
sign_show_fn desk_sign_show;
sign_waiting_fn desk_sign_waiting; /* of the order that the query names */
/* The place of a task's record that the reader may sign next; absent: none. */
enum outcome desk_place_to_sign(struct str *out, const struct desk_order *o, struct db *db,
                                const struct flow_open_task *open, struct arena *arena,
                                struct err *e);

/* struct search_rule.tell of all rules of the desk. */
size_t desk_search_tell(struct search_said *out, size_t max, struct page *p, struct str text);
enum { DESK_SEARCHES = 2 };
extern const struct search_rule desk_searches[DESK_SEARCHES];

/* The task's page again after a refusal, and the order's and the stop's. */
enum http_state desk_task_again(struct http_request *r, const struct err *e);
enum http_state desk_order_again(struct http_request *r, const struct err *e);
enum http_state desk_stop_again(struct http_request *r, const struct err *e);
/* What is told of the standing stop. */
enum outcome desk_stop_tell(struct desk_stop_told *out, struct http_request *r, struct db *db,
                            struct page *p, const struct desk_order *o, struct err *e);
/* The stop, filling the page of a stopped order; and below it what may go on at the task (NULL: of
 * none). */
enum outcome desk_stop_show(struct http_request *r, struct db *db, struct page *p,
                            const struct desk_order *o, const struct desk_task_view *task,
                            struct err *e);

/* The task, if it is in the workflow of an order that the actor may see. */
enum outcome desk_task_find(struct desk_task_view *v, struct http_request *r, struct db *db,
                            struct page *p, struct err *e);
/* Fills v->kept, and where a correction begins the inputs with what is recorded. */
enum outcome desk_task_record(struct desk_task_view *v, struct http_request *r, struct db *db,
                              struct page *p, struct err *e);
/* The task's page with the posted form as it was filled in, and nothing sent. */
enum http_state desk_task_redraw(struct http_request *r);

/* Files that came with the posted form of a task: what its fields take is stored, then `then` goes
 * on. desk_file_problems tells of the others at their fields, FILE_SENT_MAX at most;
 * desk_files_refused is what is said above them: REFUSED "file.not_taken". */
enum http_state desk_task_files(struct http_request *r, file_sent_fn *then);
size_t desk_file_problems(struct form_problem *out, const struct http_request *r);
enum outcome desk_files_refused(struct err *e);

/* A bag's clock runs. */
bool desk_thawed(const struct desk_task_view *v);

/* The fields of a task's form, with what was entered and what is wrong with it. */
struct html desk_form(struct page *p, const struct desk_task_view *v);

/* A record as HTML; empty when its form is not known. */
enum outcome desk_record_html(struct html *out, struct page *p, const struct flow_files_of *of,
                              const struct form_record *record, struct err *e);
/* A task's record as HTML; empty when it has none. */
enum outcome desk_record(struct html *out, struct page *p, const struct flow_files_of *of,
                         const struct flow_open_task *task, struct err *e);

#endif
