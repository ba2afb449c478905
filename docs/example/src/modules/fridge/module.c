/* Wiring of the fridge module. */
#include "gen/fridge/schema.sql.h"
#include "modules/fridge/pages.h"
#include "modules/quality/quality.h"

#define EVENTS   "modules/fridge/events.def"
#define COMMANDS "modules/fridge/commands.def"
#include "kernel/wire.h"

static const struct route module_routes[] = {
    ROUTE("GET", "/fridges", "fridge.see", 0, fridge_get_list, "help.fridges",
          .rows = &fridge_list_out_record),
    ROUTE("POST", "/fridges", "fridge.register", FRIDGE_FORM_MAX, fridge_post_register,
          "command.fridge.register"),
    ROUTE("GET", "/fridges/{fridge}", "fridge.see", 0, fridge_get_checks, "help.fridge",
          .rows = &fridge_checks_out_record, .query = "before"),
    ROUTE("POST", "/fridges/{fridge}/check", "fridge.check", FRIDGE_FORM_MAX, fridge_post_check,
          "command.fridge.check"),
};

/* A reading outside the limits opens a deviation at the fridge's site. The command of another
 * module is sent after the fact and surely: late is allowed, twice or never is not. */
static enum outcome open_deviation(struct db *db, const struct event *event, const void *payload,
                                   struct policy_send *out, bool *send, struct arena *arena,
                                   struct err *e)
{
    const struct fridge_checked *checked = payload;
    const struct fridge_fridge_in in = { checked->fridge };
    struct fridge_fridge_out row;
    bool found;
    (void)event;
    TRY(db_get(db, &sql_fridge_fridge, &in, &row, arena, &found, e));
    *send = found && !checked->within;
    if (!*send)
        return OK;
    struct buf b = buf_in(arena, DECIMAL_TEXT_MAX);
    decimal_write(&b, checked->temperature);
    struct quality_open *body = ARENA_NEW(arena, struct quality_open);
    if (!body)
        return err_no_memory(e);
    *body = (struct quality_open){
        .kind = S("excursion"),
        .risk = S("major"),
        .description = arena_printf(arena, "%.*s: %.*s °C", STR(row.name), STR(buf_get(&b))),
    };
    *out = (struct policy_send){ S("deviation.open"), &quality_open_record, body };
    return OK;
}

static const struct policy module_policies[] = {
    { "fridge.open_deviation", &fridge_checked_event, open_deviation },
};

static enum outcome fridge_seen(bool *out, struct db *db, const struct actor *actor, struct str id,
                                struct arena *arena, struct err *e)
{
    const struct fridge_fridge_in in = { id };
    struct fridge_fridge_out row;
    TRY(db_get(db, &sql_fridge_fridge, &in, &row, arena, out, e));
    *out = *out && actor_may(actor, S("fridge.see"), row.organisation, row.site);
    return OK;
}

static const struct watch module_watches[] = {
    { "fridge", "fridge.see", fridge_seen, NULL },
};

const struct module fridge_module = {
    .name = "fridge",
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    MODULE_ARRAY(policies),
    MODULE_ARRAY(routes),
    MODULE_ARRAY(watches),
    .schema = &fridge_schema,
};
