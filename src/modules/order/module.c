/* Wiring of the order module. */
#include "gen/order/schema.sql.h"
#include "modules/order/order.h"

#define RECORDS "modules/order/events.def"
#include "base/record_tables.h"
#include "kernel/define_events.h"
#undef RECORDS
#define RECORDS "modules/order/commands.def"
#include "base/record_tables.h"
#include "kernel/define_commands.h"
#undef RECORDS

static const struct define_kind *const module_kinds[] = { &product_kind };

const struct module order_module = {
    .name = "order",
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    MODULE_ARRAY(kinds),
    .schema = &order_schema,
};
