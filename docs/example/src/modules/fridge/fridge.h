/* Fridges of a site: their limits, and who read what from them when. */
#ifndef VEIN_MODULES_FRIDGE_FRIDGE_H
#define VEIN_MODULES_FRIDGE_FRIDGE_H

#include "gen/fridge/queries.sql.h"
#include "kernel/module.h"

/* What load leaves for decide. */
struct fridge_state {
    struct fridge_fridge_out row; /* of the fridge that the command is about; empty for a new one */
};

#define RECORDS "modules/fridge/events.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS
#define RECORDS "modules/fridge/commands.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS

extern const struct module fridge_module;

#endif
