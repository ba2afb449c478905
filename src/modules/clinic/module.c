/* Wiring of the clinic module. */
#include "gen/clinic/schema.sql.h"
#include "modules/clinic/clinic.h"

#define RECORDS "modules/clinic/events.def"
#include "base/record_tables.h"
#include "kernel/define_events.h"
#undef RECORDS
#define RECORDS "modules/clinic/commands.def"
#include "base/record_tables.h"
#include "kernel/define_commands.h"
#undef RECORDS

const struct module clinic_module = {
    .name = "clinic",
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    .schema = &clinic_schema,
};
