/* Wiring: the routes of the kernel's own pages. */
#include "kernel/api.h"
#include "kernel/asset.h"
#include "kernel/display.h"
#include "kernel/table.h"
#include "kernel/pages_access.h"
#include "kernel/pages_api.h"
#include "kernel/pages_draft.h"
#include "kernel/pages_post.h"

enum {
    PAGES_TRY_MAX = 256 << 10,
    PAGES_DRAFT_MAX = 512 << 10, /* a document, as a form sends it */
    PAGES_ACT_MAX = 64 << 10,
    PAGES_DISPLAY_MAX = 4 << 10,
};

static const struct route module_routes[] = {
    ROUTE("GET", "/assets/{rest*}", "public", 0, asset_get, "help.asset",
          .media_type = "application/octet-stream"),
    ROUTE("GET", "/definitions", "definition.see", 0, pages_get_definitions, "help.definitions",
          .rows = &define_list_out_record, .query = "kind sort after format"),
    ROUTE("GET", "/definitions/{kind}/{name}/{version}", "definition.see", 0, pages_get_definition,
          "help.definition", .media_type = "application/json"),
    ROUTE("GET", "/definitions/drafts", "definition.see", 0, pages_get_drafts, "help.drafts",
          .rows = &draft_list_out_record, .query = "before"),
    ROUTE("GET", "/definitions/drafts/{draft}", "definition.see", 0, pages_get_draft, "help.draft",
          .row = &draft_one_out_record),
    ROUTE("GET", "/definitions/drafts/{draft}/acts", "definition.see", 0, pages_get_draft_acts,
          "help.draft_acts", .rows = &pages_act_record),
    ROUTE("GET", "/definitions/drafts/{draft}/differences", "definition.see", 0,
          pages_get_draft_differences, "help.draft_differences", .rows = &pages_difference_record),
    ROUTE("POST", "/definitions/drafts/{draft}/do/{command}", "definition.see", PAGES_ACT_MAX,
          pages_post_draft, "help.draft_do"),
    ROUTE("GET", "/definitions/draft", "define.draft", 0, pages_get_draft_new, "help.draft_new"),
    ROUTE("POST", "/definitions/draft", "define.draft", PAGES_DRAFT_MAX, pages_post_draft_new,
          "command.define.draft"),
    ROUTE("GET", "/definitions/{kind}/{name}/{version}/yaml", "definition.see", 0,
          pages_get_version_yaml, "help.definition_yaml", .media_type = "text/plain"),
    ROUTE("GET", "/definitions/{kind}/{name}/{version}/differences", "definition.see", 0,
          pages_get_version_differences, "help.definition_differences",
          .rows = &pages_difference_record, .query = "from"),
    ROUTE("POST", "/definitions/{kind}/{name}/{version}/retire", "define.retire", PAGES_ACT_MAX,
          pages_post_retire, "command.define.retire"),
    ROUTE("GET", "/definitions/form/{name}/print", "definition.see", 0, pages_print_form,
          "help.print_form"),
    ROUTE("GET", "/definitions/form/{name}/try", "definition.see", 0, pages_try_form, "help.try"),
    ROUTE("POST", "/definitions/form/{name}/try", "definition.see", PAGES_TRY_MAX, pages_try_form,
          "help.try"),
    ROUTE("GET", "/definitions/workflow/{name}/try", "definition.see", 0, pages_try_workflow,
          "help.journey"),
    ROUTE("POST", "/definitions/workflow/{name}/try", "definition.see", PAGES_TRY_MAX,
          pages_try_workflow, "help.journey"),
    ROUTE("GET", "/definitions/{kind}/{name}/{version}/print", "definition.see", 0,
          pages_print_definition, "help.definition_print", .media_type = "application/pdf"),
    ROUTE("GET", "/ledger", "ledger.see", 0, pages_get_ledger, "help.ledger",
          .media_type = "application/json"),
    ROUTE("GET", "/notifications", "signed_in", 0, pages_get_notifications, "help.notifications",
          .rows = &notify_inbox_out_record, .query = "of"),
    ROUTE("GET", "/notifications/bell", "signed_in", 0, pages_get_bell, "help.bell"),
    ROUTE("GET", "/operations", "signed_in", 0, pages_get_operations, "help.operations",
          .rows = &job_list_out_record),
    ROUTE("GET", "/operations/effects", "operation.see", 0, pages_get_operations,
          "help.operations_effects", .rows = &effect_list_out_record),
    ROUTE("GET", "/operations/messages", "operation.see", 0, pages_get_operations,
          "help.operations_messages", .rows = &outbox_list_out_record, .query = "state"),
    ROUTE("GET", "/operations/received", "operation.see", 0, pages_get_operations,
          "help.operations_received", .rows = &outbox_received_list_out_record),
    ROUTE("GET", "/rota", "rota.see", 0, pages_get_rota, "help.rota",
          .rows = &rota_list_out_record),
    ROUTE("GET", "/access", "access.see", 0, pages_get_access, "help.access",
          .rows = &auth_access_out_record),
    ROUTE("GET", "/access/print", "access.see", 0, pages_print_access, "help.access_print",
          .media_type = "application/pdf"),
    ROUTE("GET", "/emergency", "emergency.take", 0, pages_get_take, "help.take"),
    ROUTE("GET", "/emergencies", "emergency.see", 0, pages_get_emergencies, "help.emergencies",
          .rows = &auth_emergency_list_out_record),
    ROUTE("GET", "/emergencies/{emergency}", "emergency.see", 0, pages_get_emergency,
          "help.emergency", .row = &auth_emergency_out_record),
    ROUTE("GET", "/display", "public", 0, display_get, "help.display", .query = "next"),
    ROUTE("POST", "/columns", "signed_in", TABLE_FORM_MAX, table_post_columns, "help.columns"),
    ROUTE("POST", "/display", "public", PAGES_DISPLAY_MAX, display_post, "help.display_post"),
    ROUTE("GET", "/help", "public", 0, pages_get_help, "help.help"),
    ROUTE("GET", "/help/api", "public", 0, pages_get_api, "help.api"),
    ROUTE("GET", "/help/api/commands/{name}", "public", 0, pages_get_api_command,
          "help.api_command"),
    ROUTE("GET", "/help/api/reads/{slug}", "public", 0, pages_get_api_read, "help.api_read"),
    ROUTE("GET", "/health", "public", 0, pages_get_health, "help.health",
          .media_type = "application/json"),
    ROUTE("GET", "/ready", "public", 0, pages_get_ready, "help.ready",
          .media_type = "application/json"),
    ROUTE("GET", "/tlog/{rest*}", "public", 0, pages_get_tlog, "help.tlog",
          .media_type = "text/plain"),
    ROUTE("GET", "/live", "signed_in", 0, pages_get_live, "help.live",
          .media_type = "text/event-stream", .query = "topics"),
    ROUTE("GET", "/api/openapi.json", "public", 0, api_get_openapi, "help.openapi",
          .media_type = "application/json"),
    ROUTE("GET", "/api/session", "signed_in", 0, api_get_session, "help.session",
          .row = &api_session_record),
    ROUTE("GET", "/api/changes", "signed_in", 0, api_get_changes, "help.changes",
          .rows = &api_change_record, .query = "after wait"),
};

static const struct sign_view module_signs[] = {
    { "define.review", pages_draft_signed, NULL },
    { "define.approve", pages_draft_signed, pages_drafts_approvable },
    { "emergency.review", pages_emergency_judged, NULL },
};

const struct module pages_module = {
    .name = "pages",
    MODULE_ARRAY(signs),
    MODULE_ARRAY(routes),
};
