/* Shared by the files of identity. */
#ifndef VEIN_MODULES_IDENTITY_IMPL_H
#define VEIN_MODULES_IDENTITY_IMPL_H

#include "modules/identity/identity.h"

/* --- points (points.def) --- */

struct identity_rule {
    const struct flow_point *point;
    int persons;      /* who must pass it */
    bool patient;     /* expects the order's identifier and the patient */
    bool units;       /* expects all live units of the task's kinds */
    bool each;        /* or any of them, one or more */
    const char *also; /* act at whose tasks it may be passed too */
    int64_t age_us;   /* within which the persons of one pass must check */
    bool before;      /* passed before material of the task is acted on */
};
/* NULL for a point that is not one of ours. */
const struct identity_rule *identity_rule_find(struct str point);

/* --- labels --- */

enum { IDENTITY_LABEL_LENGTH = 12, IDENTITY_PROOF_LENGTH = 8 };
struct str identity_label(struct str unit, struct arena *arena);
/* As printed or typed, in any case, with blanks and hyphens or without; false unless its check
 * characters are right. */
bool identity_label_read(struct str *out, struct str text, struct arena *arena);

/* What stands behind the label in its symbol is this node's own. */
bool identity_proof_holds(struct keyring *keys, struct str label, struct str proof);

/* --- names --- */

/* Whether what was stated is this person's name: family and given in any order, without regard to
 * case, blanks, hyphens, apostrophes, commas and diacritics; umlauts also in two letters. */
bool identity_name_is(struct str stated, struct str family, struct str given, struct arena *arena);

/* --- place --- */

/* Whether the site of the task holds the unit or, while `offered` is enough, it is offered to it. A
 * task that has not opened is nowhere. */
enum outcome identity_is_here(bool *out, struct load *l, const struct flow_view *v, struct str task,
                              struct str unit, bool offered, struct err *e);

/* Who holds the unit; site absent: where it was made. */
enum outcome identity_holder_of(struct load *l, const struct identity_unit_out *unit,
                                struct identity_holder *out, struct err *e);

/* --- acts (unit.c) --- */

/* The task may be worked on, and its points that stand before the act are passed. */
enum outcome identity_may_act(struct decision *d, const struct flow_view *v, struct str task,
                              const struct flow_task **out, struct err *e);
/* Takes, and leaves in unit what is left. */
enum outcome identity_take(struct decision *d, struct identity_unit_out *unit, struct quantity by,
                           const char *how, struct str child, struct err *e);
void identity_end_if_empty(struct decision *d, const struct identity_unit_out *unit);
/* Takes from each parent for the unit of the state, and says in parts how much. */
enum outcome identity_take_parts(struct decision *d, const struct identity_make_state *state,
                                 const struct identity_part *asked, const struct flow_task *task,
                                 const char *how, struct identity_part *parts, struct err *e);
struct identity_making {
    const struct flow_view *flow;
    const struct flow_task *task;
    struct str unit;
    struct str label;
    struct str kind;
    struct str din;
    struct str product_code;
    struct quantity quantity;
    const struct identity_part *parents;
    size_t nparents;
};
/* What is said of the state's unit, made of these parts, but for kind, product code and quantity.
 * Its donation number is the command's, else the one that all parents have in common. */
struct identity_making identity_making_of(const struct identity_make_state *state,
                                          const struct flow_task *task,
                                          const struct identity_part *parts);
/* REFUSED "identity.too_many_units" {max} where the order may not have n more. */
enum outcome identity_room(int64_t room, size_t n, struct err *e);

/* The unit comes into being; the fact that it was made is the caller's to note. */
enum outcome identity_making(struct decision *d, const struct identity_making *m, struct err *e);
void identity_note_made(struct decision *d, const struct flow_view *v, struct str task,
                        struct str kind);
/* Splits into these pieces; act names it in the events: "split", "aliquot". */
enum outcome identity_divide(struct decision *d, const struct identity_split *body,
                             const struct identity_unit_state *state, const char *act,
                             struct err *e);

/* --- reconciliation (genealogy.c) --- */

/* What was taken is what was made and lost, but for a difference within the task's tolerance: none
 * without one. Quantities in any units of one dimension; the event is of `unit`. REFUSED
 * "identity.not_reconciled" {difference, tolerance}. */
struct identity_balance {
    const char *act;
    struct str unit;
    const struct flow_task *task;
    struct quantity taken;
    struct quantity made;
    struct quantity loss;       /* may be absent */
    struct quantity difference; /* out, in the unit of taken */
};
enum outcome identity_reconcile(struct decision *d, struct str order, struct identity_balance *b,
                                struct err *e);

/* --- events --- */

void identity_unit_happened(struct decision *d, struct str unit, struct str order,
                            const struct event_type *type, const void *payload);

#endif
