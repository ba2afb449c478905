/* Wiring of the quality module. */
#include "gen/quality/schema.sql.h"
#include "kernel/trail.h"
#include "modules/quality/pages.h"
#include "modules/quality/tell.h"

#define EVENTS   "modules/quality/events.def"
#define COMMANDS "modules/quality/commands.def"
#include "kernel/wire.h"

static const struct route module_routes[] = {
    ROUTE("GET", "/deviations", "deviation.see", 0, quality_get_deviations, "help.deviations",
          .rows = &quality_list_out_record, .query = "state risk sort before format"),
    ROUTE("GET", "/deviations/new", "deviation.open", 0, quality_get_open, "help.deviation_new",
          .query = "order unit"),
    ROUTE("POST", "/deviations/new", "deviation.open", QUALITY_FORM_MAX, quality_post_open,
          "help.deviation_open"),
    ROUTE("GET", "/deviations/{deviation}", "deviation.see", 0, quality_get_deviation,
          "help.deviation", .row = &quality_deviation_out_record),
    ROUTE("POST", "/deviations/{deviation}/close", "deviation.close", QUALITY_FORM_MAX,
          quality_post_close, "help.deviation_close"),
};

static enum outcome deviation_seen(bool *out, struct db *db, const struct actor *actor,
                                   struct str id, struct arena *arena, struct err *e)
{
    const struct quality_deviation_in in = { id };
    struct quality_deviation_out row;
    TRY(db_get(db, &sql_quality_deviation, &in, &row, arena, out, e));
    if (!*out)
        return OK;
    TRY(flow_actor(&actor, db, actor, row.order_id, arena, e));
    *out = actor_may(actor, S("deviation.see"), row.organisation, row.site);
    return OK;
}

static const struct trail_mark module_marks[] = {
    { "deviation.opened", TRAIL_FAILED, NULL, NULL },
};

static const struct watch module_watches[] = {
    { "deviation", "deviation.see", deviation_seen, NULL },
};

static void use(void)
{
    flow_use_rule(&quality_release_rule);
}

static enum outcome deviation_called(struct str *out, struct db *db, struct str id,
                                     struct arena *arena, struct err *e)
{
    const struct quality_deviation_in in = { id };
    struct quality_deviation_out row = { 0 };
    bool found;
    TRY(db_get(db, &sql_quality_deviation, &in, &row, arena, &found, e));
    *out = row.number;
    return OK;
}

static const struct thing_name module_names[] = { { "deviation", deviation_called } };

const struct module quality_module = {
    .name = "quality",
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    MODULE_ARRAY(marks),
    .policies = quality_policies,
    .npolicies = QUALITY_POLICIES,
    MODULE_ARRAY(routes),
    MODULE_ARRAY(watches),
    MODULE_ARRAY(names),
    .schema = &quality_schema,
    .use = use,
    .searches = quality_searches,
    .nsearches = QUALITY_SEARCHES,
};
