/* Custody: who holds a unit. One holder at any time, passed by a hand-over of two sides. */
#ifndef VEIN_MODULES_CUSTODY_CUSTODY_H
#define VEIN_MODULES_CUSTODY_CUSTODY_H

#include "gen/custody/queries.sql.h"
#include "kernel/module.h"

/* What the commands rest upon: the unit's row, if custody of it has begun. */
struct custody_state {
    bool begun;
    struct custody_unit_out unit;
};

#define RECORDS "modules/custody/events.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS
#define RECORDS "modules/custody/commands.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS

extern const struct module custody_module;

/* Seals as rows keep them: a JSON array, of which the same text is the same seals in the same
 * order.
 */
enum outcome custody_seals_write(struct buf *b, const struct str *seals, size_t n, struct err *e);

#endif
