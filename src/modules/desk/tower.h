/* The control tower as its page shows it. */
#ifndef VEIN_MODULES_DESK_TOWER_H
#define VEIN_MODULES_DESK_TOWER_H

#include "modules/desk/forecast.h"

/* Running orders that fall due first: of these the ones at high risk stand before the others. */
enum { TOWER_AHEAD = 360 };

struct desk_tower_row {
    const struct desk_tower_out *row;
    struct desk_order o;
    struct str owner;
    int64_t viability; /* the countdown that ends first; TIME_NONE: none runs */
    struct desk_outlook outlook;
    bool sees_plan;
    struct desk_risk risk;
};
struct desk_option {
    struct str value;
    struct str label;
    bool chosen;
};
struct desk_counted {
    int64_t n;
    struct str text; /* "200+" where it is more */
};
struct desk_tower_view {
    struct desk_counted live, stopped, late, held;
    const struct desk_tower_row *rows;
    size_t n;
    const struct desk_option *states;
    size_t nstates;
    const struct desk_option *products;
    size_t nproducts;
    const struct desk_option *stages;
    size_t nstages;
    const struct desk_option *sites;
    size_t nsites;
    const struct desk_option *risks;
    size_t nrisks;
    bool filtered;
    bool narrowed;    /* by what no count above the list says */
    struct str state; /* as asked for */
    struct str risk;
    bool wall;
    struct str to_wall; /* path of the same list for a wall */
    struct str here;    /* path of this very page … */
    struct str turn;    /* … and of the one that follows upon it: behind the last, the first */
    bool ranked;        /* by risk as well */
    size_t looked;      /* orders gone through for a risk, where there are more; else 0 */
    bool may_enrol;
    struct str next; /* path of the next page; absent at the end */
    struct str rest; /* path of the rows that come when the page is there; absent: none */
};

#endif
