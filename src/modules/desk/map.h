/* What is on its way: units that a courier holds, or that their holder offers to another, from
 * where to where, in orders that the control tower lists for who asks. Nothing measures where a
 * unit is: the place on its way is an estimate from the time, said so, or not said. Nobody is
 * named. */
#ifndef VEIN_MODULES_DESK_MAP_H
#define VEIN_MODULES_DESK_MAP_H

#include "modules/desk/forecast.h"

#define RECORDS "modules/desk/map.def"
#include "base/record_structs.h"
#undef RECORDS

enum {
    DESK_MOVING_MAX = 400, /* units that are read; the page says when there are more */
    DESK_SITES_MAX = 2 * DESK_MOVING_MAX, /* between which they move */
};

struct desk_map_site {
    struct str id;
    struct str name;
    struct str latitude, longitude; /* empty: not recorded */
};
struct desk_moving_row {
    const struct desk_moving *row;
    struct str id; /* of the row on the page */
    struct str what;
    struct str state; /* in words */
    const struct desk_map_site *from;
    const struct desk_map_site *to; /* NULL: not known */
    struct str carrier;             /* who holds them on the way; empty: nobody yet */
    struct str km;                  /* empty: not known */
    struct str arrival;             /* in words; empty: not theirs to see, or not known */
    struct desk_risk risk;
    struct str progress; /* estimated share of the way, "0.35"; empty: not known */
    struct str label;    /* all of it in a sentence */
};
struct desk_map_view {
    struct desk_moving_row *rows;
    struct desk_moving *as_json; /* the same, in a row */
    size_t n;
    size_t waiting, under_way, at_risk;
    bool more;        /* than DESK_MOVING_MAX */
    size_t nowhere;   /* rows that cannot be drawn: a site of theirs has no place */
    struct str order; /* what was asked for; absent: all of them */
    bool wall;
};

/* Those of one order, or (absent) of all that the actor of the request sees in the control tower,
 * in whose parts they see custody and units of the kind. */
enum outcome desk_moving(struct desk_map_view *out, struct http_request *r, struct db *db,
                         struct page *p, struct str order, struct err *e);

http_handler_fn desk_get_map;

#endif
