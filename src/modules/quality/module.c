/* Wiring of the quality module. */
#include "gen/quality/schema.sql.h"
#include "modules/quality/pages.h"

#define RECORDS "modules/quality/events.def"
#include "base/record_tables.h"
#include "kernel/define_events.h"
#undef RECORDS
#define RECORDS "modules/quality/commands.def"
#include "base/record_tables.h"
#include "kernel/define_commands.h"
#undef RECORDS

static const struct route module_routes[] = {
    ROUTE("GET", "/deviations", "deviation.see", 0, quality_get_deviations, "help.deviations"),
    ROUTE("GET", "/deviations/{deviation}", "deviation.see", 0, quality_get_deviation,
          "help.deviation"),
    ROUTE("POST", "/deviations/{deviation}/close", "deviation.close", QUALITY_FORM_MAX,
          quality_post_close, "help.deviation_close"),
};

const struct module quality_module = {
    .name = "quality",
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    MODULE_ARRAY(routes),
    .schema = &quality_schema,
};
