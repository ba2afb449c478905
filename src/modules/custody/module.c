/* Wiring of the custody module. */
#include "gen/custody/schema.sql.h"
#include "kernel/trail.h"
#include "modules/custody/custody.h"

#define EVENTS   "modules/custody/events.def"
#define COMMANDS "modules/custody/commands.def"
#include "kernel/wire.h"

static const struct trail_mark module_marks[] = {
    { "custody.refused", TRAIL_FAILED, NULL, NULL },
    { "custody.declined", TRAIL_FAILED, NULL, NULL },
    { "custody.readings_corrected", TRAIL_CORRECTION, NULL, NULL },
};

static void use(void)
{
    identity_use_holder(custody_holder);
}

const struct module custody_module = {
    .name = "custody",
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    MODULE_ARRAY(marks),
    .schema = &custody_schema,
    .use = use,
};
