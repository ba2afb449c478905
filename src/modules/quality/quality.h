/* Quality: deviations, opened from anywhere and closed with a conclusion. */
#ifndef VEIN_MODULES_QUALITY_QUALITY_H
#define VEIN_MODULES_QUALITY_QUALITY_H

#include "gen/quality/queries.sql.h"
#include "kernel/flow.h"

struct quality_open_state {
    bool order_known;
    struct str key; /* distribution key: the order's, or absent */
};
struct quality_deviation_state {
    bool found;
    struct quality_deviation_out row;
};

#define RECORDS "modules/quality/events.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS
#define RECORDS "modules/quality/commands.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS

extern const struct module quality_module;

/* In the load of a command that may open a deviation: declares the stream of the deviation that it
 * would open (its id is derived from the command). For one that may open several, number n, from 0,
 * each by itself. */
enum outcome load_deviation(struct load *l, struct err *e);
enum outcome load_deviations(struct load *l, uint64_t n, struct err *e);
/* In decide: opens number n; fills deviation and number, whose texts live in the decision's arena.
 */
void quality_open_deviation(struct decision *d, struct quality_deviation_opened *deviation,
                            uint64_t n);

#endif
