/* Wiring of the custody module. */
#include "gen/custody/schema.sql.h"
#include "modules/custody/custody.h"

#define EVENTS   "modules/custody/events.def"
#define COMMANDS "modules/custody/commands.def"
#include "kernel/wire.h"

static void use(void)
{
    identity_use_holder(custody_holder);
}

const struct module custody_module = {
    .name = "custody",
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    .schema = &custody_schema,
    .use = use,
};
