/* Orders without their patients: for research and comparison, one line of JSON an order.
 *
 * Direct identifiers are gone: names, numbers, pseudonym, ids, chain-of-identity identifier,
 * organisations, sites, people, and every text that somebody wrote. Age stands in bands of ten
 * years (from 90 on one band), weight in bands of 10 kg. All days of a patient are shifted by one
 * secret number of days, up to half a year either way, so that distances between them stay: it
 * comes from the patient's own key, and goes with it; who is erased is in no export.
 *
 * What it is not: anonymous. Rare products, indications and courses single people out, most of all
 * to who knows them; no number of people who look alike is promised (no k-anonymity), and the
 * research id joins exports. Whoever gets it needs a contract as for personal data. */
#ifndef VEIN_MODULES_DESK_DEIDENTIFY_H
#define VEIN_MODULES_DESK_DEIDENTIFY_H

#include "kernel/node.h"

enum { DEIDENTIFY_SHIFT_DAYS = 183 };

struct desk_deidentified {
    int64_t orders;
    int64_t erased; /* orders left out, whose patient is erased */
};
/* Calls `line` for each order's line, without its line feed. */
enum outcome desk_deidentify(struct desk_deidentified *out, struct node *n, struct db *db,
                             enum outcome (*line)(void *context, struct str text, struct err *e),
                             void *context, struct err *e);

#endif
