/* Wiring of the custody module. */
#include "gen/custody/schema.sql.h"
#include "modules/custody/custody.h"

#define RECORDS "modules/custody/events.def"
#include "base/record_tables.h"
#include "kernel/define_events.h"
#undef RECORDS
#define RECORDS "modules/custody/commands.def"
#include "base/record_tables.h"
#include "kernel/define_commands.h"
#undef RECORDS

const struct module custody_module = {
    .name = "custody",
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    .schema = &custody_schema,
};
