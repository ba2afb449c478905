/* Wiring of the identity module. */
#include "gen/identity/schema.sql.h"
#include "modules/identity/identity.h"

#define EVENTS   "modules/identity/events.def"
#define COMMANDS "modules/identity/commands.def"
#include "kernel/wire.h"

const struct module identity_module = {
    .name = "identity",
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    .schema = &identity_schema,
    .points = identity_points,
    .npoints = IDENTITY_POINTS,
};
