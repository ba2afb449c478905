/* Wiring of the identity module. */
#include "gen/identity/schema.sql.h"
#include "modules/identity/identity.h"

#define RECORDS "modules/identity/events.def"
#include "base/record_tables.h"
#include "kernel/define_events.h"
#undef RECORDS
#define RECORDS "modules/identity/commands.def"
#include "base/record_tables.h"
#include "kernel/define_commands.h"
#undef RECORDS

const struct module identity_module = {
    .name = "identity",
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    .schema = &identity_schema,
    .points = identity_points,
    .npoints = IDENTITY_POINTS,
};
