/* Inside the control tower. */
#ifndef VEIN_MODULES_DESK_TOWER_IMPL_H
#define VEIN_MODULES_DESK_TOWER_IMPL_H

#include "modules/desk/tower.h"

/* Ranks of orders without a standing stop, as the index flow_order_rank has them. */
enum { TOWER_LATE = 1, TOWER_HELD = 2, TOWER_RUNNING = 3, TOWER_ENDED = 4 };
enum {
    TOWER_LISTED = DESK_ROWS + 1, /* the last tells that there is another page */
    TOWER_FIRST = 24,             /* that come with the page itself, as a screen shows them */
    TOWER_COUNTED = 201,          /* more are shown as "200+" */
    TOWER_MOST = TOWER_AHEAD + TOWER_LISTED,
};
/* What simply runs (TOWER_RUNNING) as lists that foresee go on behind it: those of the first
 * TOWER_AHEAD that are at high risk, then all others. */
enum { TOWER_HIGH = TOWER_RUNNING, TOWER_REST = 4 };

/* What is asked: the organisation whose parts count, its people's reach (show_reach) and the one
 * site that this names, filters (absent: any), and behind which row. */
struct tower_ask {
    struct str organisation;
    struct str reach;
    struct str site; /* absent: reach names no site, or a product at any */
    struct str state;
    struct str product;
    struct str stage;
    struct str at_site;
    struct str risk; /* high, watch */
    bool wall;       /* for a display that everybody sees: nobody is named */
    bool json;
    bool foresees; /* rows say what is at risk, and that orders them */
    bool troubled; /* those that are stopped, late or held alone */
    size_t rows;   /* of a page, DESK_ROWS at most */
    size_t most;   /* that are listed; 0: TOWER_LISTED */
    int64_t after_trouble;
    int64_t after_due;
    struct str after_order;
};

struct tower_order {
    struct str order;
    int64_t trouble;
    int64_t due;
};
struct tower_listed {
    struct tower_order orders[TOWER_MOST];
    size_t n;
};

/* Whether so few orders are in reach that all of them may be read; of those that have ended, where
 * these are asked for. False for those that are stopped. */
enum outcome tower_is_few(bool *few, const struct tower_ask *ask, struct db *db,
                          struct arena *arena, struct err *e);
/* The next orders, in their order. */
enum outcome tower_list(struct tower_listed *out, const struct tower_ask *ask, bool few,
                        struct db *db, struct arena *arena, struct err *e);
/* Of the organisation's live orders in reach, whatever is filtered; where they are not few, each
 * kind is counted up to TOWER_COUNTED only. */
enum outcome tower_count(struct desk_counts_few_out *out, const struct tower_ask *ask, bool few,
                         struct db *db, struct arena *arena, struct err *e);

/* A page of them as it is shown. Where risk is asked for, which no index knows, orders are gone
 * through until the page is full or TOWER_LOOKED were looked at; the next page goes on behind the
 * last of these. */
enum { TOWER_LOOKED = 400 };
struct tower_rows {
    struct desk_tower_row *rows;
    struct desk_tower_out *as_json; /* the same, in a row */
    size_t n;
    size_t looked;
    bool more; /* behind `last` */
    struct desk_tower_out last;
    struct tower_order listed; /* the same, as the list has it */
};
/* The level of risk of an order; that of one which may not be seen is none. */
typedef enum outcome tower_level_fn(int *level, void *context, struct str order, struct err *e);
/* The next TOWER_LISTED of a list that foresees. Levels are those that were found last
 * (risk_kept.h); the oldest are found anew, some at a time. */
enum outcome tower_list_foreseen(struct tower_listed *out, const struct tower_ask *ask, bool few,
                                 struct db *db, struct http_request *r, tower_level_fn *level,
                                 void *context, int64_t now_us, struct err *e);

enum outcome tower_rows(struct tower_rows *out, const struct tower_ask *ask, bool few,
                        struct http_request *r, struct db *db, struct page *p, struct err *e);

#endif
