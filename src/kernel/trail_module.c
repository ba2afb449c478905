/* Wiring of the trail, and what of the kernel's own events a reviewer looks at. */
#include "gen/kernel/trail_schema.sql.h"
#include "kernel/trail_page.h"

#define RECORDS "kernel/trail.def"
#include "base/record_tables.h"
#undef RECORDS
#define EVENTS   "kernel/trail_events.def"
#define COMMANDS "kernel/trail_commands.def"
#include "kernel/wire.h"

enum { TRAIL_FORM_MAX = 16 << 10 };
#define ASKED "thing actor type exception from to before open"

static const struct route module_routes[] = {
    ROUTE("GET", "/trail", "trail.see", 0, trail_get_all, "help.trail", .rows = &trail_row_record,
          .query = ASKED),
    ROUTE("GET", "/trail/{kind}/{id}", "trail.see", 0, trail_get_thing, "help.trail_thing",
          .rows = &trail_row_record, .query = ASKED),
    ROUTE("POST", "/trail/export", "trail.export", TRAIL_FORM_MAX, trail_post_export,
          "command.trail.export"),
    ROUTE("GET", "/trail/exports/{export}", "trail.export", 0, trail_get_export,
          "help.trail_export", .media_type = "application/json"),
};

static const struct trail_mark module_marks[] = {
    { "flow.record_corrected", TRAIL_CORRECTION, NULL, NULL },
    { "flow.correction_reviewed", TRAIL_FAILED, "verdict", "questioned" },
    { "flow.fact_withdrawn", TRAIL_AFTER_SIGNATURE, "fact", "signed:*" },
    { "flow.facts_withdrawn", TRAIL_AFTER_SIGNATURE, "prefix", "signed:*" },
    { "flow.entries_differed", TRAIL_FAILED, NULL, NULL },
    { "flow.resumed", TRAIL_OVERRIDE, NULL, NULL },
    { "flow.repeated", TRAIL_OVERRIDE, NULL, NULL },
    { "flow.moved", TRAIL_OVERRIDE, NULL, NULL },
    { "flow.ended", TRAIL_OVERRIDE, "how", "cancelled" },
    { "stop.raised", TRAIL_FAILED, NULL, NULL },
    { "stop.resolved", TRAIL_OVERRIDE, "decision", "continue" },
    { "session.refused", TRAIL_REFUSED, NULL, NULL },
    { "sign.refused", TRAIL_REFUSED, NULL, NULL },
    { "sign.withdrawn", TRAIL_AFTER_SIGNATURE, NULL, NULL },
    { "sign.rejected", TRAIL_AFTER_SIGNATURE, NULL, NULL },
    { "timer.clock_confirmed", TRAIL_CLOCK, NULL, NULL },
    { "epoch.begun", TRAIL_OVERRIDE, NULL, NULL },
    { "effect.replayed", TRAIL_OVERRIDE, NULL, NULL },
    { "effect.dropped", TRAIL_OVERRIDE, NULL, NULL },
};

static const struct trail_before module_befores[] = {
    { "flow.record_corrected", "flow.task_done flow.record_corrected", "task", NULL, true },
    { "flow.entry_made", "flow.entry_made", "task", NULL, true },
    { "flow.entries_kept", "flow.entries_kept", "task part", NULL, true },
    { "flow.person_named", "flow.person_named", "role part", NULL, true },
    { "flow.moved", "flow.started flow.moved", NULL, "version=workflow_version", false },
    { "define.loaded", "define.loaded define.released", NULL, NULL, true },
    { "define.released", "define.loaded define.released", NULL, NULL, true },
    { "account.password_changed", "account.made account.password_changed", NULL, NULL, false },
    { "account.role_taken", "account.role_given", "role", NULL, false },
    { "contact.set", "contact.set", NULL, NULL, true },
};

const struct module trail_module = {
    .name = "trail",
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    MODULE_ARRAY(routes),
    MODULE_ARRAY(marks),
    MODULE_ARRAY(befores),
    .schema = &trail_schema,
};
