/* A module of its own for the tests of the gate. */
#ifndef VEIN_KERNEL_THING_H
#define VEIN_KERNEL_THING_H

#include "kernel/module.h"
#include "kernel/sign.h"

struct thing_state {
    struct str thing;
    int64_t total;
    int64_t version;
};

#define RECORDS "kernel/tests/thing.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS
#define RECORDS "kernel/tests/thing_commands.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS

extern const struct module thing_module; /* adding 100 makes its policy add 1 more,
                                          * adding 200 makes it send what is refused */
extern const struct sql sql_thing_total; /* thing_key → thing_total */
/* What apply does: what it should, a fault of the module's own, for things whose id ends in 2 a row
 * that the table refuses, or it forgets to clear the timer that fired. */
extern enum thing_apply {
    THING_APPLIES,
    THING_FAILS,
    THING_BREAKS_A_CONSTRAINT,
    THING_KEEPS_TIMERS
} thing_apply;
extern bool thing_refuses_timers; /* but for things whose id ends in 2 */

#endif
