/* The definitions that ship. The program loads the first version of each by itself, when a system
 * is set up; from then on they change only by what people do to drafts (kernel/draft.h). */
#ifndef VEIN_APP_SHIPPED_H
#define VEIN_APP_SHIPPED_H

#include "kernel/node.h"

/* Before there are people: loads what is not there yet, in the order in which they rest upon each
 * other, on behalf of the organisation. Afterwards, and of what is there already, what is new is
 * only drafted, once, for the organisation whose it is; but for the table of approvals, without
 * which they could not decide. *changed counts what was loaded or drafted. */
enum outcome shipped_load(struct node *n, struct str organisation, size_t *changed, struct err *e);

#endif
