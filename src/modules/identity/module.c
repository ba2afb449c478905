/* Wiring of the identity module. */
#include "gen/identity/schema.sql.h"
#include "kernel/trail.h"
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

static const struct trail_mark module_marks[] = {
    { "identity.checked", TRAIL_FAILED, "result", "fail" },
    { "identity.checked", TRAIL_FAILED, "result", "no_read" },
    { "identity.checked", TRAIL_TYPED, "method", "manual" },
    { "identity.voided", TRAIL_OVERRIDE, NULL, NULL },
};

static const struct trail_before module_befores[] = {
    { "unit.reduced", "unit.made unit.reduced", NULL, "left=quantity", false },
    { "unit.ended", "unit.made unit.reduced", NULL, NULL, false },
};

static void use(void)
{
    quality_use_unit(order_of);
}

static enum outcome unit_called(struct str *out, struct db *db, struct str id, struct arena *arena,
                                struct err *e)
{
    const struct identity_unit_in in = { id };
    struct identity_unit_out row = { 0 };
    bool found;
    TRY(db_get(db, &sql_identity_unit, &in, &row, arena, &found, e));
    *out = row.label;
    return OK;
}

static const struct thing_name module_names[] = { { "unit", unit_called } };

const struct module identity_module = {
    .name = "identity",
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    MODULE_ARRAY(marks),
    MODULE_ARRAY(befores),
    MODULE_ARRAY(names),
    .schema = &identity_schema,
    .points = identity_points,
    .npoints = IDENTITY_POINTS,
    .use = use,
};
