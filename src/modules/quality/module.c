/* Wiring of the quality module. */
#include "gen/quality/schema.sql.h"
#include "modules/quality/quality.h"

#define RECORDS "modules/quality/events.def"
#include "base/record_tables.h"
#include "kernel/define_events.h"
#undef RECORDS
#define RECORDS "modules/quality/commands.def"
#include "base/record_tables.h"
#include "kernel/define_commands.h"
#undef RECORDS

const struct module quality_module = {
    .name = "quality",
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    .schema = &quality_schema,
};
