/* The definitions that ship: loaded into a new system by `vein init --example` and by the
 * demonstration, through the same command as a customer's own. */
#ifndef VEIN_APP_SHIPPED_H
#define VEIN_APP_SHIPPED_H

#include "kernel/node.h"

/* Loads all of them, in the order in which they rest upon each other; *changed counts those that
 * were new. The actor needs the right define.load. */
enum outcome shipped_load(struct node *n, const struct actor *actor, size_t *changed,
                          struct err *e);

#endif
