/* Whoever serves lets a thread of its own fold the store's log of changes into the database, so
 * that the writer need not stand still for it. Steps, as all loops: a thread calls them every few
 * milliseconds. An engine that looks after its log itself does nothing here. */
#ifndef VEIN_KERNEL_STORE_FOLD_H
#define VEIN_KERNEL_STORE_FOLD_H

#include "kernel/store.h"

struct store_fold;

/* From now on the writer leaves it to these steps; closed before the store is, and by who steps.
 * *out is NULL where the engine needs none. */
enum outcome store_fold_open(struct store_fold **out, struct store *s, struct err *e);
/* Does what is to be done now; returns at once when nothing is. */
enum outcome store_fold_step(struct store_fold *f, struct err *e);
void store_fold_close(struct store_fold *f); /* NULL does nothing */

#endif
