/* The scrubber: reads what lies on the disk again, piece by piece and for ever, so that a page that
 * has rotted is met while there are still backups without it.
 *
 * One step is one tile: its 256 events are read and hashed, and compared with the hashes that were
 * stored when they were written, and these with the tile above. What is behind the last full tile
 * was read at the node's opening. It reads beside the writer, never waits, and goes on after it
 * found damage: each place is told once a turn, and the node says so on /health and its ledger's
 * page until a restart. It sees what the system gives it, which may come from its cache. It is no
 * verification: that is `vein verify`, which trusts nothing stored. */
#ifndef VEIN_KERNEL_SCRUB_H
#define VEIN_KERNEL_SCRUB_H

#include "kernel/ledger.h"

enum { SCRUB_EVERY_US = 1000000, SCRUB_PLACE_MAX = 60 };

struct scrub;

/* What pages say of it; a copy. */
struct scrub_report {
    uint64_t tiles;              /* read since the start */
    uint64_t turns;              /* through the whole ledger */
    int64_t turned_us;           /* wall time at which the last turn ended; TIME_NONE: none has */
    uint64_t damaged;            /* places, in all turns */
    char place[SCRUB_PLACE_MAX]; /* the last of them: "events 256 to 511" */
};

enum outcome scrub_open(struct scrub **out, struct store *store, const struct env *env,
                        struct err *e);
void scrub_close(struct scrub *s);

/* Reads the next tile when SCRUB_EVERY_US have passed since the last; by the thread that runs the
 * node. FAULT only for what kept it from reading; damage is no fault of the step. */
enum outcome scrub_step(struct scrub *s, struct err *e);

/* By any thread. */
struct scrub_report scrub_report(struct scrub *s);

#endif
