/* Wiring of the quality module. */
#include "gen/quality/schema.sql.h"
#include "modules/quality/pages.h"
#include "modules/quality/tell.h"

#define EVENTS   "modules/quality/events.def"
#define COMMANDS "modules/quality/commands.def"
#include "kernel/wire.h"

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
    .policies = quality_policies,
    .npolicies = QUALITY_POLICIES,
    MODULE_ARRAY(routes),
    .schema = &quality_schema,
};
