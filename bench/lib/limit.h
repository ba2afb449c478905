/* What the engine alone can do: SQLite, with the store's own settings, writing the very rows that
 * the gate wrote, into a database that holds what stood there before them. */
#ifndef VEIN_BENCH_LIMIT_H
#define VEIN_BENCH_LIMIT_H

#include <stddef.h>
#include <stdint.h>

struct limit_result {
    double rate;         /* commands whose rows were written in a second */
    double processor_us; /* of the processor's time for the rows of one */
};

/* Writes rows of commands, `group` commands a transaction, for at most so many seconds. `from` is
 * the place in the log of the first; each of them made one event. scratch is a path. */
struct limit_result limit_measure(const char *database, const char *scratch, int64_t from,
                                  size_t group, double seconds);

/* Number of events in the ledger; a server may go on writing. */
int64_t limit_events(const char *database);

#endif
