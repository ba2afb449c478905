/* Inside the control tower. */
#ifndef VEIN_MODULES_DESK_TOWER_IMPL_H
#define VEIN_MODULES_DESK_TOWER_IMPL_H

#include "modules/desk/tower.h"

/* Ranks of orders without a standing stop, as the index flow_order_rank has them. */
enum { TOWER_LATE = 1, TOWER_HELD = 2, TOWER_RUNNING = 3, TOWER_ENDED = 4 };
enum {
    TOWER_LISTED = DESK_ROWS + 1, /* the last tells that there is another page */
    TOWER_COUNTED = 201,          /* more are shown as "200+" */
};

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
    size_t rows;     /* of a page, DESK_ROWS at most */
    int64_t after_trouble;
    int64_t after_due;
    struct str after_order;
};

struct tower_order {
    struct str order;
    int64_t trouble;
};
struct tower_listed {
    struct tower_order orders[TOWER_LISTED];
    size_t n;
};

/* Whether so few orders are in reach that all of them may be read; of those that have ended, where
 * these are asked for. False for those that are stopped. */
enum outcome tower_is_few(bool *few, const struct tower_ask *ask, struct db *db,
                          struct arena *arena, struct err *e);
/* The next TOWER_LISTED orders, in their order. */
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
};
enum outcome tower_rows(struct tower_rows *out, const struct tower_ask *ask, bool few,
                        struct http_request *r, struct db *db, struct page *p, struct err *e);

#endif
