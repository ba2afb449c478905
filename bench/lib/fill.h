/* A ledger of many events, made by the gate: deviations opened, each closed by somebody else. */
#ifndef VEIN_BENCH_FILL_H
#define VEIN_BENCH_FILL_H

#include "kernel/node.h"

/* So many events into the node at path, half of them openings. One deviation of `every` is another
 * organisation's (people_elsewhere); 0: none. Prints how long it took. */
void fill_ledger(const char *path, uint64_t events, uint64_t every);

#endif
