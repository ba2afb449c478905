/* Hybrid logical clock (Kulkarni et al., 2014): time that follows the wall clock, never runs
 * backward at a node, and respects what was received from others. Text form
 * "<microseconds>.<count>", both plain decimals. A count at its maximum carries into the next
 * microsecond, so that no remote stamp can bring a node to one that cannot be written. */
#ifndef VEIN_BASE_HLC_H
#define VEIN_BASE_HLC_H

#include "base/buf.h"

struct hlc {
    int64_t us;
    int64_t count;
};

enum {
    HLC_AHEAD_MAX_US = 60 * 1000000, /* remote time further ahead is flagged and not merged */
    HLC_COUNT_MAX = 999999999,
};

/* The stamp of a local event at wall time now_us, after *last. */
struct hlc hlc_next(struct hlc last, int64_t now_us);

/* The stamp after receiving `remote`; false, and *out as hlc_next gives it, when the remote time
 * is more than HLC_AHEAD_MAX_US ahead of now_us. */
bool hlc_merge(struct hlc *out, struct hlc last, struct hlc remote, int64_t now_us);

int hlc_cmp(struct hlc a, struct hlc b);
void hlc_write(struct buf *b, struct hlc h);
/* False for anything but the text form, and for a count over HLC_COUNT_MAX. */
bool hlc_read(struct hlc *out, struct str s);

#endif
