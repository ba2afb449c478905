/* The pages of an order, one for each of its parts: what comes next and all that happened, units,
 * chain of identity, custody, forms, documents, people, audit trail. They stand under one head that
 * says whose order it is and how it stands, and that every page about an order has. */
#ifndef VEIN_MODULES_DESK_ORDER_H
#define VEIN_MODULES_DESK_ORDER_H

#include "kernel/draw.h"
#include "modules/desk/desk.h"

#define RECORDS "modules/desk/leg.def"
#include "base/record_structs.h"
#undef RECORDS

enum {
    DESK_TABS_MAX = 9,
    DESK_LEGS_MAX = 4 * DESK_UNITS_MAX, /* of an order; what is beyond stands on the units' pages */
};

/* --- the head --- */

struct desk_tab {
    struct str path;
    const char *word; /* key */
    bool here;
};
struct desk_head_view {
    const struct desk_order *o;
    struct desk_stop_told stop; /* where one stands */
    struct desk_tab tabs[DESK_TABS_MAX];
    size_t ntabs;
};

/* --- what comes next, and what happened --- */

struct desk_event {
    int64_t happened;
    struct str type;
    struct str text;
    struct str detail;
    struct str who;
    const char *icon;
    const char *class;
    struct str task; /* name; absent: of none */
    bool recorded;   /* it was done, and its record is the reader's to see */
    bool failed;     /* a check that did not match */
    bool new_day;
    struct str day;
    struct str clock; /* "09:30 UTC" */
};
struct desk_task_line {
    const struct flow_task *task;
    const struct flow_open_task *open;
    struct str owner;
    struct str by;
    struct html record; /* what was entered; empty: no form, or not theirs to see */
    struct html signed_by;
    bool seen; /* its page is theirs to see */
};
struct desk_date { /* one line of the form of planned dates */
    struct str id;
    struct str what;
    struct str what_name; /* of its two fields */
    struct str planned_name;
    struct str planned; /* RFC 3339; empty: not planned */
};
struct desk_loop {
    const struct flow_loop *loop;
    struct str id;
    struct str reason_id;
    struct str taken;
    struct str times;
    struct str units;
};
struct desk_order_view {
    struct desk_order o;
    struct html head;
    struct order_dose_words dose;
    struct show_refusal refused;
    struct html drawing;
    struct str owner; /* of the next task */
    bool next_mine;   /* it is the reader's to do */
    struct str done;  /* title of the task that they have just completed; absent: none */
    struct str sign; /* its page, where its record waits for their signature; absent: it does not */
    struct desk_task_line *open;
    size_t nopen;
    const struct desk_to_discard_out *discard; /* after a stop was resolved so */
    size_t ndiscard;
    const struct quality_of_order_out *deviations;
    size_t ndeviations;
    const struct order_dates_out *dates;
    size_t ndates;
    const struct desk_outlook *outlook; /* forecast.h; NULL: there is none, or not theirs to see */
    const struct desk_event *events;
    size_t nevents;
    bool sees_patient; /* at least by the pseudonym: the prescription too */
    bool sees_next;    /* the next task's page */
    bool all;          /* everything is shown, not only what is looked for first */
    int64_t older;     /* sequence before which the timeline goes on; -1: it is whole */
    struct str topic;
    bool may_hold;
    bool may_resume;
    bool may_end;
    bool may_report; /* a deviation */
    bool may_schedule;
    const struct flow_record_waiting_of_out *waiting; /* corrections that nobody accepted yet */
    size_t nwaiting;
    bool may_move;
    bool may_approve; /* the move that waits: proposed by another */
    bool may_decline;
    bool moving;               /* one waits */
    struct flow_move_out move; /* it */
    struct pages_differences move_differences;
    struct str mover;
    struct str decliner; /* of the last proposal; absent: it was not declined */
    struct str move_version;
    const struct desk_loop *loops; /* that the reader may take now */
    size_t nloops;
    const struct desk_date *plan; /* dates to be entered, those planned filled in */
    size_t nplan;
};
/* Its lists, as far as the reader's parts see them. */
enum outcome desk_order_lists(struct desk_order_view *v, struct db *db, struct arena *a,
                              struct err *e);
/* What happened, newest first: DESK_EVENTS_SHOWN before the place that the request names. */
enum outcome desk_order_timeline(struct desk_order_view *v, struct http_request *r, struct db *db,
                                 struct page *p, struct err *e);
/* The order's tasks drawn in time; empty where none has opened. */
enum outcome desk_order_drawing(struct html *out, struct page *p, const struct desk_order *o,
                                struct err *e);
/* Tasks that are open, or were done; the newest first. Without their records. */
enum outcome desk_task_lines(struct desk_task_line **out, size_t *n, struct page *p, struct db *db,
                             const struct desk_order *o, bool done, struct err *e);

/* --- forms --- */

struct desk_forms_view {
    struct desk_order o;
    struct html head;
    struct desk_task_line *done;
    size_t ndone;
    struct desk_task_line *open;
    size_t nopen;
};

/* --- units --- */

struct desk_unit_line {
    const struct identity_units_out *row;
    struct str holder; /* now, or last; absent: not theirs to see */
    int64_t until;     /* of the time after its thaw; TIME_NONE: it does not run */
};
struct desk_units_view {
    struct desk_order o;
    struct html head;
    struct html genealogy;
    const struct desk_unit_line *rows; /* live ones first */
    size_t n;
};
/* The order's units of the kinds that the reader's parts see. */
enum outcome desk_units_read(const struct identity_units_out **out, size_t *n, struct db *db,
                             const struct desk_order *o, struct arena *a, struct err *e);
/* How a unit that ended so stands in a drawing; empty: it is live. */
enum draw_state desk_unit_state(struct str how);

/* --- custody --- */

/* Temperatures of a leg as one logger gave them, judged for the unit that fared worst. */
struct desk_band { /* drawn, in thousandths of its width; range_to 0: there is no range */
    int64_t range_from, range_to;
    int64_t from, to;
};
struct desk_reading {
    int64_t at;
    struct str iso; /* of its time, for programs */
    struct str value;
    struct str shown; /* with the language's decimal sign */
};
struct desk_series {
    const struct custody_series_out *row;
    const struct custody_judged_out *judged;
    struct str order;
    struct str verdict; /* code */
    enum show_tone tone;
    struct str range; /* empty: none */
    struct str coldest, warmest;
    struct str low, high; /* limits of action, as programs read them */
    struct desk_band band;
    const struct desk_reading *readings; /* as many as are drawn */
    size_t nreadings;
    struct str by;
    bool may_correct;
    bool sees_deviation;
};
struct desk_hand_over {             /* what passed together, or came into being together */
    const struct desk_custody *leg; /* the first of them */
    struct str from;                /* site; absent: where it came into being */
    struct str to;
    struct str giver;
    struct str receiver;
    struct str seals;
    const struct desk_custody *const *units; /* all of them */
    size_t nunits;
    const struct desk_series *series; /* in force first */
    size_t nseries;
    size_t nforce;                           /* of them */
    struct str next_organisation, next_site; /* who took it over from there; absent: nobody yet */
    bool may_add;                            /* temperatures */
    bool held;                               /* a live unit is there still */
    bool new_day;
    struct str day;
    struct str clock;
};
struct desk_custody_view {
    struct desk_order o;
    struct html head;
    const struct desk_hand_over *rows; /* the newest first */
    size_t n;
    bool moving; /* something of it is on its way, and on the map */
};
/* --- temperatures (order_temperature.c) --- */

struct desk_temperatures {
    struct record_list series; /* struct custody_series_out */
    struct record_list judged; /* struct custody_judged_out */
};
enum outcome desk_temperatures_read(struct desk_temperatures *out, struct db *db, struct str order,
                                    struct arena *a, struct err *e);
/* What a leg's own series say, for its row. */
void desk_temperatures_tell(struct desk_custody *leg, const struct desk_temperatures *t);
/* Of what passed together, for its place on the page. */
enum outcome desk_temperatures_show(struct desk_hand_over *out, struct page *p, struct db *db,
                                    const struct desk_order *o, const struct desk_temperatures *t,
                                    struct err *e);

struct desk_readings_view { /* the form that gives them */
    struct desk_order o;
    struct html head;
    struct show_refusal refused;
    const struct desk_custody *units; /* of whose legs they are */
    size_t nunits;
    struct str from, to; /* sites */
    int64_t since, until;
    int64_t series;    /* that is corrected; INT_NONE: none is */
    struct str logger; /* of it */
    struct str zone;   /* of the place where one works; absent: not known */
    const struct http_request *r;
};
http_handler_fn desk_get_readings, desk_post_readings, desk_get_series;

/* Every leg of the order's units that the reader's parts see (struct custody_order_legs_out), by
 * unit and number. None where custody is not theirs to see. */
enum outcome desk_legs_read(struct record_list *out, struct db *db, const struct desk_order *o,
                            struct arena *a, struct err *e);

/* The head as the kernel's pages of an order have it (struct thing_head). */
enum outcome desk_trail_head(struct html *out, struct http_request *r, struct db *db,
                             struct page *p, struct str id, struct err *e);

/* The same as rows for people and programs, conditions opened, temperatures told. */
enum outcome desk_custody_rows(struct desk_custody **out, size_t *n, struct http_request *r,
                               struct db *db, const struct desk_order *o,
                               struct desk_temperatures *t, struct err *e);
/* The same with nothing that is sealed opened: conditions are empty. */
enum outcome desk_custody_unopened(struct desk_custody **out, size_t *n, struct db *db,
                                   const struct desk_order *o, struct arena *a, struct err *e);
/* Organisations that carry, and whether this is one of them. */
enum outcome desk_carriers(struct record_list *out, struct db *db, struct arena *a, struct err *e);
bool desk_carries(const struct record_list *carriers, struct str organisation);
/* They passed together. */
bool desk_together(const struct desk_custody *a, const struct desk_custody *b);

http_handler_fn desk_get_units, desk_get_custody, desk_get_forms;

#endif
