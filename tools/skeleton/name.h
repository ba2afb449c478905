/* The @name@ log of a site. */
#ifndef VEIN_MODULES_@NAME@_@NAME@_H
#define VEIN_MODULES_@NAME@_@NAME@_H

#include "gen/@name@/queries.sql.h"
#include "kernel/module.h"

/* What load leaves for decide. */
struct @name@_state {
    bool at_site;
};

#define RECORDS "modules/@name@/events.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS
#define RECORDS "modules/@name@/commands.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS

extern const struct module @name@_module;

#endif
