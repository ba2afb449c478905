/* Where an order's journey leads: its milestones as planned, as they were and as they are forecast,
 * and what that puts at risk. */
#ifndef VEIN_MODULES_DESK_FORECAST_H
#define VEIN_MODULES_DESK_FORECAST_H

#include "kernel/flow_forecast.h"
#include "modules/desk/desk.h"

enum { DESK_MILESTONES = 5 };

struct desk_milestone {
    struct str what;           /* "infusion" */
    int64_t planned;           /* TIME_NONE: it is not */
    struct flow_moment moment; /* when it was, or will be */
    bool next;                 /* the first that is still to come */
};
struct desk_outlook {
    struct desk_milestone milestones[DESK_MILESTONES]; /* in the order of the journey */
    struct flow_moment uses[DESK_COUNTDOWNS_MAX]; /* what each countdown runs for is done then */
};
struct desk_risk {
    enum desk_risk_level { DESK_RISK_NONE, DESK_RISK_WATCH, DESK_RISK_HIGH } level;
    struct str why; /* in a few words; empty: none */
};

/* How long the tasks of workflows took of late, each read once for a page, into this arena. */
struct desk_lately {
    struct arena *arena;
    struct {
        struct str workflow;
        struct flow_lately of;
    } read[16];
    size_t n;
};

/* Of an order whose flow was found. */
enum outcome desk_outlook(struct desk_outlook *out, const struct desk_order *o, struct db *db,
                          struct desk_lately *lately, int64_t now_us, struct err *e);

/* Fills the view of the order's page (order.h), for who sees its plan. */
struct desk_order_view;
enum outcome desk_order_foresee(struct desk_order_view *v, struct db *db, struct page *p,
                                struct err *e);
/* A planned date of this name is one of a journey's milestones. */
bool desk_is_milestone(struct str what);

/* What is known to go wrong, or may: the gravest, and of those as grave the first in this order.
 * High: stopped, something to be discarded, the time of living material over or likely over before
 * it is used, a task late that others wait for, a milestone likely a day and more behind its plan.
 * Watch: on hold, that time short or possibly too short, another task late, a milestone possibly
 * a day and more behind its plan. */
struct desk_risk desk_risk(const struct desk_order *o, const struct desk_outlook *outlook,
                           struct page *p);

/* When the milestone that this task reaches was, or will be; NULL: it reaches none. */
const struct flow_moment *desk_reached_by(const struct desk_outlook *outlook,
                                          const struct flow_task *task);

/* It was, or is likely to be, a day and more behind its plan; or should have been by now. */
bool desk_behind(const struct desk_milestone *m, int64_t now_us);
/* "high", "watch", "none". */
const char *desk_risk_name(int level);
/* For {= …}: the day when it was done, or the days in which it will be ("12–16 Dec"); by limits
 * alone the last of them; empty where nothing is known. */
struct str desk_when(struct page *p, const struct flow_moment *m);

#endif
