/* Where each table lies in a database of several machines: the rows of spread.def. */
#ifndef VEIN_APP_SPREAD_H
#define VEIN_APP_SPREAD_H

#include "kernel/store.h"

/* Tables that are spread, in the order in which they are. */
const struct store_spread *spread_rows(size_t *n);
/* Tables that stay on the first machine. */
const char *const *spread_here(size_t *n);

#endif
