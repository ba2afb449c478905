/* Many things out of few: copies of the rows of a network that was simulated, with ids, identifiers
 * and names of their own, and the rows of the search index in the shape in which its follower
 * writes them, sorted and at once. Copied patients are sealed under the key of the one they are
 * copied from; copied units belong to the orders that were there. */
#ifndef VEIN_BENCH_COPIES_H
#define VEIN_BENCH_COPIES_H

#include "kernel/node.h"

enum { COPIES_KEPT = 64, COPIES_TEXT = 40, COPIES_FAMILIES = 4000, COPIES_GIVENS = 400 };

/* Identifiers of some of them. Names are "Family<n>x" and "Given<n>x", of which the first
 * sixteenth is common. */
struct copies {
    char label[COPIES_KEPT][COPIES_TEXT];
    char din[COPIES_KEPT][COPIES_TEXT];
    char coi[COPIES_KEPT][COPIES_TEXT];
    char pseudonym[COPIES_KEPT][COPIES_TEXT];
    char number[COPIES_KEPT][COPIES_TEXT];
};

/* n things beside those of the idle node at path: of a hundred 1 order, 7 patients, 7 deviations,
 * 85 units. */
const struct copies *copies_make(const struct node *of, const char *path, size_t n);

#endif
