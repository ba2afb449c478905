/* Identity: units with their parents, and the checks of who and what they are (COI-01 … COI-12).
 *
 * A check compares what was read with what the current step expects and is one of pass, fail or no read.
 * A pass by as many persons as the point asks for notes the fact "check:<point>" at the task, without
 * which the task cannot be done. A fail stops the order, names the safe state, opens a deviation, all in
 * the transaction of the check. What was read is never trusted to be the right thing because the caller
 * says so: the server resolves every text itself. */
#ifndef VEIN_MODULES_IDENTITY_IDENTITY_H
#define VEIN_MODULES_IDENTITY_IDENTITY_H

#include "gen/identity/queries.sql.h"
#include "modules/order/order.h"
#include "modules/quality/quality.h"

struct identity_make_state {
    struct flow_view flow;
    struct str din;        /* normalised, 15 characters, or absent */
    bool din_taken;        /* by a unit of another order */
    bool label_taken;
    struct str label;
    size_t nparents;
    struct identity_unit_out parents[20];
    struct order_order_out order;
};
struct identity_unit_state {
    bool found;
    struct identity_unit_out unit;
    struct flow_view flow;
    struct order_order_out order;
};
struct identity_check_state {
    struct flow_view flow;
    struct order_order_out order;
    bool stopped;
    size_t nexpected; /* live units of the task's kinds */
    struct identity_units_out expected[40];
    size_t nothers; /* accounts that passed this point at this task already */
    struct str others[8];
};

#define RECORDS "modules/identity/events.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS
#define RECORDS "modules/identity/commands.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS

extern const struct module identity_module;

/* The ten mandatory points and their safe states: journey.md's table as data. */
extern const struct flow_point identity_points[];
extern const size_t identity_npoints;
/* Persons that a point asks for: 1 or 2; a manual entry always asks for 2. */
int identity_persons(struct str point);

/* --- symbols --- */

/* Donation identification number (ISBT 128 ST-001): 13 characters, two flag characters. check character
 * by ISO 7064 mod 37-2. */
char identity_din_check(const char din[13]);
/* "=W0000 22 000687 88", "W000022000687S", "=W00002200068788", with blanks or without: the 15 characters
 * "W00002200068788"; REFUSED "identity.din_malformed", "identity.din_check" {expected}. */
enum outcome identity_din_read(struct str *out, struct str text, struct arena *arena, struct err *e);

/* What a scanned text is. ISBT 128 data structures by data identifier (longest prefix), GS1 element
 * strings (FNC1 as GS, or parentheses), vein's own labels ("vein:u:<label>"), wristbands; else free. */
enum identity_symbol_kind {
    SYMBOL_UNKNOWN,
    SYMBOL_UNIT,     /* vein's own label */
    SYMBOL_COI,      /* &/ or plain, with valid check characters */
    SYMBOL_DIN,
    SYMBOL_PRODUCT,
    SYMBOL_PATIENT,  /* &# or a wristband's plain number */
    SYMBOL_OTHER,    /* a known data structure of no use to a check: expiry, blood group … */
};
struct identity_symbol {
    enum identity_symbol_kind kind;
    const char *structure; /* "ISBT 128 001", "GS1 01", "vein" */
    struct str value;      /* normalised */
};
enum { IDENTITY_SYMBOLS_MAX = 16 };
/* A scan may hold several (compound messages). At most IDENTITY_SYMBOLS_MAX; never refuses. */
size_t identity_symbols_read(struct identity_symbol *out, struct str scan, struct arena *arena);

/* --- units, for other modules --- */

/* Declares the unit's stream and reads it; load_unknown when there is none. Names its order's party of the
 * task as scope is the caller's business. */
enum outcome load_unit(struct load *l, struct str unit, struct identity_unit_out *out, struct err *e);
/* Takes quantity from a unit (declared by load_unit); ends it when nothing is left. */
enum outcome identity_reduce(struct decision *d, const struct identity_unit_out *unit,
                             struct quantity by, const char *how, struct str child, struct err *e);
void identity_end(struct decision *d, const struct identity_unit_out *unit, const char *how);

#endif
