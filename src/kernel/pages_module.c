/* Wiring: the routes of the kernel's own pages. */
#include "kernel/asset.h"
#include "kernel/pages.h"
#include "kernel/pages_post.h"

enum { PAGES_TRY_MAX = 256 << 10 };

static const struct route module_routes[] = {
    ROUTE("GET", "/assets/{rest*}", "public", 0, asset_get, "help.asset"),
    ROUTE("GET", "/definitions", "definition.see", 0, pages_get_definitions, "help.definitions"),
    ROUTE("GET", "/definitions/{kind}/{name}/{version}", "definition.see", 0, pages_get_definition,
          "help.definition"),
    ROUTE("GET", "/definitions/form/{name}/print", "definition.see", 0, pages_print_form,
          "help.print_form"),
    ROUTE("GET", "/definitions/form/{name}/try", "definition.see", 0, pages_try_form, "help.try"),
    ROUTE("POST", "/definitions/form/{name}/try", "definition.see", PAGES_TRY_MAX, pages_try_form,
          "help.try"),
    ROUTE("GET", "/definitions/{kind}/{name}/{version}/print", "definition.see", 0,
          pages_print_definition, "help.definition_print"),
    ROUTE("GET", "/ledger", "ledger.see", 0, pages_get_ledger, "help.ledger"),
    ROUTE("GET", "/notifications", "signed_in", 0, pages_get_notifications, "help.notifications"),
    ROUTE("GET", "/notifications/bell", "signed_in", 0, pages_get_bell, "help.bell"),
    ROUTE("GET", "/operations", "signed_in", 0, pages_get_operations, "help.operations"),
    ROUTE("GET", "/rota", "rota.see", 0, pages_get_rota, "help.rota"),
    ROUTE("GET", "/help", "public", 0, pages_get_help, "help.help"),
    ROUTE("GET", "/health", "public", 0, pages_get_health, "help.health"),
    ROUTE("GET", "/tlog/{rest*}", "public", 0, pages_get_tlog, "help.tlog"),
    ROUTE("GET", "/live", "signed_in", 0, pages_get_live, "help.live"),
};

const struct module pages_module = {
    .name = "pages",
    MODULE_ARRAY(routes),
};
