/* What the page of a unit shows beside the unit itself: where it was, whose child it is, what
 * became of it. */
#ifndef VEIN_MODULES_DESK_UNIT_H
#define VEIN_MODULES_DESK_UNIT_H

#include "modules/custody/custody.h"
#include "modules/identity/identity.h"

struct desk_leg {
    const struct custody_legs_out *leg;
    struct str site;
    struct str receiver;
    struct str condition; /* as stated, opened; absent: none */
};
struct desk_kin { /* a line of the family's tree */
    struct str unit;
    struct str kind;
    struct str label;
    struct quantity quantity; /* taken from the one above; of the unit itself: what is left */
    struct str how;           /* it ended; absent: it is live */
    size_t depth;             /* from 0 */
    enum { DESK_PARENT, DESK_SELF, DESK_CHILD } side;
    bool again; /* shown above already: it has several parents */
};
struct desk_account { /* what became of its quantity */
    int64_t happened;
    struct str who;
    struct str what;
    struct str by; /* taken; empty: nothing */
    struct str left;
};
enum {
    DESK_PIECES = 8,
    DESK_PIECES_SHOWN = 3,
    DESK_PARENTS = 20
}; /* of one form, and shown at first */
struct desk_piece {
    int64_t number; /* from 1 */
    struct str kind_name;
    struct str quantity_name;
    struct str kind; /* as entered */
    struct str quantity;
};
struct desk_other { /* a unit that it may be combined with */
    const struct identity_units_out *row;
    struct str unit_name; /* of its two inputs */
    struct str quantity_name;
    bool chosen; /* as entered */
    struct str quantity;
};

#endif
