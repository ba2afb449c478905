/* Identity: units with their parents, and the checks of who and what they are (COI-01 … COI-12).
 *
 * A check compares what was read with what the current step expects and is one of pass, fail or no
 * read. A pass by as many persons as the point asks for notes the fact "check:<point>" at the task,
 * without which the task cannot be done. A fail stops the order, names the safe state, opens a
 * deviation, all in the transaction of the check. What was read is never trusted to be the right
 * thing because the caller says so: the server resolves every text itself. */
#ifndef VEIN_MODULES_IDENTITY_IDENTITY_H
#define VEIN_MODULES_IDENTITY_IDENTITY_H

#include "gen/identity/queries.sql.h"
#include "kernel/stop.h"
#include "modules/order/order.h"
#include "modules/quality/quality.h"

/* --- symbols --- */

/* Donation identification number (ISBT 128 ST-001): 13 characters, two flag characters. check
 * character by ISO 7064 mod 37-2. */
char identity_din_check(const char din[13]);
/* "=W0000 22 000687 88", "W000022000687S", "=W00002200068788", with blanks or without: the 15
 * characters "W00002200068788"; REFUSED "identity.din_malformed", "identity.din_check" {expected}.
 */
enum outcome identity_din_read(struct str *out, struct str text, struct arena *arena,
                               struct err *e);

/* What a scanned text is. ISBT 128 data structures by data identifier (longest prefix), GS1 element
 * strings (FNC1 as GS, or parentheses), vein's own labels ("vein:u:<label>"), wristbands; else
 * free. */
enum identity_symbol_kind {
    SYMBOL_UNKNOWN,
    SYMBOL_UNIT, /* vein's own label */
    SYMBOL_COI,  /* &/ or plain, with valid check characters */
    SYMBOL_DIN,
    SYMBOL_PRODUCT,
    SYMBOL_PATIENT, /* &# or a wristband's plain number */
    SYMBOL_OTHER,   /* a known data structure of no use to a check: expiry, blood group … */
};
struct identity_symbol {
    enum identity_symbol_kind kind;
    const char *structure; /* "ISBT 128 001", "GS1 01", "vein" */
    struct str value;      /* normalised */
    struct str proof;      /* of a label's symbol, as read: not yet compared */
    bool typed; /* names a unit as people read it from the label, not as its symbol does */
};
enum { IDENTITY_SYMBOLS_MAX = 16 };
/* A scan may hold several (compound messages). At most IDENTITY_SYMBOLS_MAX; never refuses. */
size_t identity_symbols_read(struct identity_symbol *out, struct str scan, struct arena *arena);

/* The text of a label's symbol, "vein:u:23456789ABCD.7QX4K2MH": the label, and eight letters that
 * only the node can make (a keyed digest of the label) and that are printed nowhere for people. So
 * whoever types what the label shows, or a page, is told from a scanner by the node itself. */
struct keyring;
struct str identity_symbol(struct keyring *keys, struct str label, struct arena *arena);

/* --- who holds a unit: what custody, above, tells --- */

struct identity_holder {
    struct str organisation;
    struct str site;
    struct str to_site; /* that it is offered to; absent: to none */
};
/* In load: declares what it reads. Set once, by modules_use; while it is not set, every unit is
 * where it is looked for. */
typedef enum outcome identity_holder_fn(struct load *l, struct str unit,
                                        struct identity_holder *out, struct err *e);
void identity_use_holder(identity_holder_fn *holder);

/* --- what the commands rest upon --- */

enum {
    IDENTITY_EXPECTED_MAX = 36, /* live units that one check identifies; beyond: refused */
    IDENTITY_PARENTS_MAX = 20,
    IDENTITY_PIECES_MAX = 40,
    IDENTITY_ORDER_UNITS_MAX = 500, /* of one order, ended ones too: what pages and reports list */
    IDENTITY_OTHERS_MAX = 4,        /* other orders that one mismatch stops as well */
};

/* A unit that a command takes from, and the points that identified it at the command's task. */
struct identity_source {
    struct identity_unit_out unit;
    bool here; /* the site of the command's task holds it */
    size_t npoints;
    struct str points[8];
};
struct identity_make_state {
    struct flow_view flow;
    struct str din; /* normalised, 15 characters, or absent */
    struct err din_error;
    bool din_taken; /* by a unit of another order */
    bool din_new;   /* no order has it */
    bool label_taken;
    struct str unit;
    struct str label;
    struct str symbol;
    int64_t room; /* units that the order may have besides */
    size_t nparents;
    struct identity_source parents[IDENTITY_PARENTS_MAX];
};
struct identity_unit_state {
    struct identity_source source;
    struct flow_view flow;
    struct stop_things *stopped; /* of a discard */
    bool label_taken;
    int64_t room;                          /* units that the order may have besides */
    struct identity_holder holder;         /* of a unit that is lost */
    struct str units[IDENTITY_PIECES_MAX]; /* that come into being */
    struct str labels[IDENTITY_PIECES_MAX];
    struct str symbols[IDENTITY_PIECES_MAX];
};

struct identity_disclose_state {
    struct str patient;
    bool by_name; /* the actor may call the patient by name */
};

/* A symbol that was read, and what the node knows of it. */
struct identity_seen {
    enum identity_symbol_kind kind;
    struct str value;
    bool patient; /* a number of the order's patient */
    bool vague;   /* a plain number, not read as a wristband's: it may be anything */
    bool typed;   /* as struct identity_symbol */
    bool known;   /* a unit has this label, or units have this donation number */
    bool ended;
    struct str unit; /* the one that has it, if it is one */
    struct str order;
};
/* Another order, of which something was read where this one's was expected. */
struct identity_other {
    struct flow_view flow;
    const struct flow_open_task
        *at; /* its task that is open, or was done last: where it is stopped */
    struct str read;
    struct str unit; /* if it was one */
};
struct identity_check_state {
    struct flow_view flow;
    struct order_order_out order;
    bool stopped;
    struct str safe_state; /* of the stop */
    size_t nlive;     /* units of the task's kinds: the first of expected; what a stop is about */
    size_t nexpected; /* nlive, where the point expects units */
    struct identity_expected_out expected[IDENTITY_EXPECTED_MAX];
    bool here[IDENTITY_EXPECTED_MAX]; /* the task's site holds it, or it is offered to it */
    size_t nseen;
    const struct identity_seen *seen;
    size_t nconcerned; /* running orders beyond IDENTITY_OTHERS_MAX are not stopped by this check */
    struct identity_other concerned[IDENTITY_OTHERS_MAX];
    size_t nothers; /* accounts that passed this point with the same set at this task already, … */
    bool aged;      /* … and one that did so too long ago to count */
    struct identity_others_out others[8];
    size_t ncheckers; /* others who checked at this task: cannot resolve a stop of it */
    struct str checkers[9];
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

/* The mandatory points and their safe states (points.def). */
enum {
#define POINT(name, ...) IDENTITY_POINT_##name,
#include "modules/identity/points.def"
#undef POINT
    IDENTITY_POINTS
};
extern const struct flow_point identity_points[IDENTITY_POINTS];
/* Persons that a point asks for: 1 or 2 (points.def); a manual entry always asks for 2. */
int identity_persons(struct str point);
/* How long one person's pass waits for the other's (points.def). */
int64_t identity_pass_age(struct str point);
/* What is read there: the patient with the order's identifier, the units of the task, or both. */
bool identity_point_asks_patient(struct str point);
bool identity_point_asks_units(struct str point);
/* Of its units one or more, because they are acted on one by one. */
bool identity_point_one_by_one(struct str point);
/* Passed any time before the task is done, so behind what the task makes. */
bool identity_point_after(struct str point);
/* It may be passed at tasks with this act too, once it was passed at one of its own. */
bool identity_point_also(struct str point, struct str act);

/* --- units, for other modules --- */

/* The kinds of a task's units as queries here and in custody take them: ",apheresis_bag,tube,"; of
 * no task (NULL) none. */
enum outcome identity_kinds(struct str *out, const struct flow_task *task, struct arena *arena,
                            struct err *e);

/* Declares the unit's stream and reads it; load_unknown when there is none. It names no scope: that
 * is for the caller, who knows the task. */
enum outcome load_unit(struct load *l, struct str unit, struct identity_unit_out *out,
                       struct err *e);
/* Takes quantity from a unit (declared by load_unit); ends it when nothing is left. Once a unit and
 * command. REFUSED "identity.unit_ended" {label}, "identity.not_positive", "identity.too_much"
 * {label, left}, and what converting to the unit's own unit of measure refuses. */
enum outcome identity_reduce(struct decision *d, const struct identity_unit_out *unit,
                             struct quantity by, const char *how, struct str child, struct err *e);
/* Takes what was given to the patient and ends the unit; what is left went to waste. The same
 * refusals, but that nothing at all may have been given. */
enum outcome identity_give(struct decision *d, const struct identity_unit_out *unit,
                           struct quantity given, struct err *e);
void identity_end(struct decision *d, const struct identity_unit_out *unit, const char *how);
/* In decide: what was passed at this point of the order or at this task (absent: at all), by one
 * person or by all, holds no longer and is to be passed anew, for what it identified has changed.
 * Load declared "identity/<order>". */
void identity_void(struct decision *d, struct str order, struct str point, struct str task);
/* The fact of the order that a unit is being given to the patient. While it is noted the unit is
 * not discarded: REFUSED "identity.in_use" {label}. */
struct str identity_in_use(struct str unit, struct arena *arena);

#endif
