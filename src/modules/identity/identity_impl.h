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

/* --- events --- */

void identity_unit_happened(struct decision *d, struct str unit, struct str order,
                            const struct event_type *type, const void *payload);

#endif
