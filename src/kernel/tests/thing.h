/* A module of its own for the tests of the gate. */
#ifndef VEIN_KERNEL_THING_H
#define VEIN_KERNEL_THING_H

#include "kernel/module.h"

struct thing_state {
    struct str thing;
    int64_t total;
};

#define RECORDS "kernel/tests/thing.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS
#define RECORDS "kernel/tests/thing_commands.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS

extern const struct module thing_module; /* adding 100 makes its policy add 1 more */
extern const struct sql sql_thing_total; /* thing_key → thing_total */
extern bool thing_apply_fails;           /* a fault of the module's own, not of the store */

#endif
