/* Levels of risk as they were found last, kept in the process: a list that begins with those at
 * high risk would else forecast hundreds of orders for each page. Nothing but the order of lists
 * rests on them; what a row says of its risk is found for that row. */
#ifndef VEIN_MODULES_DESK_RISK_KEPT_H
#define VEIN_MODULES_DESK_RISK_KEPT_H

#include "base/str.h"

enum {
    DESK_RISKS_KEPT = 8192
}; /* orders; one takes the place of another whose id falls together */

/* Of a node's order; *found_us: when. False where none is kept. */
bool desk_risk_kept(int *level, int64_t *found_us, const void *node, struct str order);
void desk_risk_keep(const void *node, struct str order, int level, int64_t now_us);

#endif
