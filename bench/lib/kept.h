/* What bench_orders left beside a database: some of its live orders. */
#ifndef VEIN_BENCH_KEPT_H
#define VEIN_BENCH_KEPT_H

#include "bench/lib/history.h"

struct kept {
    struct history_order orders[HISTORY_KEPT];
    size_t n;
};

/* Of the database at path; ends the bench when there are none. */
void kept_read(struct kept *out, const char *path);
/* Makes a database of so many orders at path, by bench_orders. */
void kept_make(const char *path, uint64_t orders);

#endif
