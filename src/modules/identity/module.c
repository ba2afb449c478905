/* Wiring of the identity module. */
#include "gen/identity/schema.sql.h"
#include "modules/identity/identity.h"

#define EVENTS   "modules/identity/events.def"
#define COMMANDS "modules/identity/commands.def"
#include "kernel/wire.h"

static enum outcome order_of(struct load *l, struct str unit, struct str *order, struct err *e)
{
    struct identity_unit_out row;
    TRY(load_unit(l, unit, &row, e));
    *order = row.order_id;
    return OK;
}

static void use(void)
{
    quality_use_unit(order_of);
}

const struct module identity_module = {
    .name = "identity",
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    .schema = &identity_schema,
    .points = identity_points,
    .npoints = IDENTITY_POINTS,
    .use = use,
};
