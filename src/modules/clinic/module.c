/* Wiring of the clinic module. */
#include "gen/clinic/schema.sql.h"
#include "modules/clinic/clinic.h"

#define EVENTS   "modules/clinic/events.def"
#define COMMANDS "modules/clinic/commands.def"
#include "kernel/wire.h"

const struct module clinic_module = {
    .name = "clinic",
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    .schema = &clinic_schema,
};
