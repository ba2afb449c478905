/* A network that has worked for some weeks, and real things in it that others may not know of. */
#ifndef VEIN_APP_TESTS_FOREIGN_NODE_H
#define VEIN_APP_TESTS_FOREIGN_NODE_H

#include "app/network.h"

#define FOREIGN_UNKNOWN "0190a6a0-0000-7000-8000-00000000abcd" /* the id of nothing */

enum { FOREIGN_KNOWN = 6 };

/* Real things, by the name that fields and paths have for them. */
struct foreign_known {
    const char *name;
    char id[40];
};
struct foreign {
    struct node node;
    struct network network;
    struct arena *arena;
    struct foreign_known known[FOREIGN_KNOWN]; /* order unit patient account organisation site */
    char task[60];                             /* of the order */
};
extern struct foreign foreign;

void foreign_open(void);
void foreign_close(void);

#endif
