/* Where tests of the PostgreSQL engine lie: schemas on the server that VEIN_POSTGRES names, and an
 * administrator beside them. */
#ifndef VEIN_KERNEL_POSTGRES_PLACE_H
#define VEIN_KERNEL_POSTGRES_PLACE_H

#include "kernel/store.h"
#include "kernel/store_name.h"

extern const char *postgres_server; /* to be set first */
extern char postgres_path[STORE_NAME_MAX];

/* A schema that no test had before: its name is postgres_path from now on. */
struct store_options postgres_fresh(void);
/* SQL from beside, as an administrator would run it; the first value of its answer. */
const char *postgres_administer(const char *text);
/* Ends vein's connections for which this condition of pg_stat_activity holds; there are some. */
void postgres_end_backends(const char *which);

#endif
