/* Wiring of the @name@ module. */
#include "gen/@name@/schema.sql.h"
#include "modules/@name@/pages.h"

#define EVENTS   "modules/@name@/events.def"
#define COMMANDS "modules/@name@/commands.def"
#include "kernel/wire.h"

static const struct route module_routes[] = {
    ROUTE("GET", "/@name@", "@name@.see", 0, @name@_get_list, "help.@name@",
          .rows = &@name@_list_out_record, .query = "before"),
    ROUTE("POST", "/@name@", "@name@.note", @NAME@_FORM_MAX, @name@_post_note, "command.@name@.note"),
};

const struct module @name@_module = {
    .name = "@name@",
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    MODULE_ARRAY(routes),
    .schema = &@name@_schema,
};
