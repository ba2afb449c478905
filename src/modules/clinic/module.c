/* Wiring of the clinic module. */
#include "gen/clinic/schema.sql.h"
#include "kernel/trail.h"
#include "modules/clinic/clinic.h"

#define EVENTS   "modules/clinic/events.def"
#define COMMANDS "modules/clinic/commands.def"
#include "kernel/wire.h"

static const struct trail_mark module_marks[] = {
    { "clinic.thaw_expired", TRAIL_FAILED, NULL, NULL },
};

const struct module clinic_module = {
    .name = "clinic",
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    MODULE_ARRAY(marks),
    .schema = &clinic_schema,
};
