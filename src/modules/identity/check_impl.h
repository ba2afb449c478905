/* Shared by load and decide of a check. */
#ifndef VEIN_MODULES_IDENTITY_CHECK_IMPL_H
#define VEIN_MODULES_IDENTITY_CHECK_IMPL_H

#include "modules/identity/identity_impl.h"

/* What prepare leaves: the symbols, and which of the stated things are the patient's. */
struct identity_stated {
    const struct identity_symbol *symbols;
    size_t *scan_of; /* index of the scan that each came from */
    bool *patient;   /* it is a number of the patient */
    size_t n;
    bool opened;      /* the patient was compared; the rest is false otherwise */
    struct str named; /* event that holds the data it was compared with */
    bool numbered;    /* the patient has a number that a wristband can show */
    bool name_is;
    bool birth_is;
};

/* What the point expects, in the terms in which it is recorded: the order's identifier, "patient",
 * labels of units. The array lives in the arena; on its exhaustion the result is 0. */
size_t identity_expected(const struct str **out, struct str point,
                         const struct identity_check_state *state, struct arena *arena);
/* In decide: what a fail does besides the check's own event; fills the answer. */
void identity_stop(struct decision *d, const struct identity_check *body,
                   const struct identity_check_state *state, const struct identity_checked *checked,
                   struct identity_result *answer);
/* Passes with the same hash are of the same set of things. */
void identity_set_hash(char hex[HASH_HEX + 1], const struct str *expected, size_t n);

#endif
