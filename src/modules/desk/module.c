/* Wiring of the desk module: routes, and what is found of what they show. */
#include "modules/desk/audit.h"
#include "modules/desk/datum.h"
#include "modules/desk/documents.h"
#include "modules/desk/gallery.h"
#include "modules/desk/map.h"
#include "modules/desk/order.h"
#include "modules/desk/people.h"

enum { FORM_MAX = 256 << 10 };

static const struct route module_routes[] = {
    ROUTE("GET", "/", "tower.see", 0, desk_get_tower, "help.tower", .rows = &desk_tower_out_record,
          .query = "state product stage site risk forecast wall rows after"),
    ROUTE("GET", "/map", "tower.see", 0, desk_get_map, "help.map", .rows = &desk_moving_record,
          .query = "order wall"),
    ROUTE("GET", "/help/gallery", "public", 0, desk_get_gallery, "help.gallery"),
    ROUTE("GET", "/work", "work.see", 0, desk_get_work, "help.work", .rows = &desk_work_out_record,
          .query = "of after"),
    ROUTE("GET", "/orders/{order}", "order.see", 0, desk_get_order, "help.order",
          .row = &order_order_out_record),
    ROUTE("POST", "/orders/{order}/do/{command}", "signed_in", FORM_MAX, desk_post_order,
          "help.order_do"),
    ROUTE("GET", "/orders/{order}/stop", "order.see", 0, desk_get_stop, "help.stop",
          .row = &stop_raised_record),
    ROUTE("GET", "/orders/{order}/review", "order.see", 0, desk_get_review, "help.order_review"),
    ROUTE("GET", "/orders/{order}/units", "order.see", 0, desk_get_units, "help.order_units",
          .rows = &identity_units_out_record),
    ROUTE("GET", "/orders/{order}/custody", "order.see", 0, desk_get_custody, "help.order_custody",
          .rows = &desk_custody_record),
    ROUTE("GET", "/orders/{order}/custody/readings", "order.see", 0, desk_get_readings,
          "help.order_readings", .query = "unit leg series"),
    ROUTE("POST", "/orders/{order}/custody/readings", "signed_in", FORM_MAX, desk_post_readings,
          "help.order_readings_add", .files = "order"),
    ROUTE("GET", "/orders/{order}/custody/readings/{series}", "order.see", 0, desk_get_series,
          "help.order_series", .media_type = "text/csv"),
    ROUTE("GET", "/orders/{order}/forms", "order.see", 0, desk_get_forms, "help.order_forms"),
    ROUTE("GET", "/orders/{order}/documents", "order.see", 0, desk_get_documents,
          "help.order_documents", .rows = &desk_document_record),
    ROUTE("POST", "/orders/{order}/documents", "file.store", FORM_MAX, desk_post_documents,
          "help.order_documents_add", .files = "order"),
    ROUTE("GET", "/orders/{order}/people", "order.see", 0, desk_get_people, "help.order_people",
          .rows = &desk_named_record),
    ROUTE("POST", "/orders/{order}/people", "flow.name_person", FORM_MAX, desk_post_people,
          "command.flow.name_person"),
    ROUTE("GET", "/orders/{order}/coi", "order.see", 0, desk_get_coi, "help.coi"),
    ROUTE("GET", "/orders/{order}/coi/report", "order.see", 0, desk_get_coi_report,
          "help.coi_report"),
    ROUTE("GET", "/orders/{order}/coi/print", "order.see", 0, desk_get_coi_print, "help.coi_print",
          .media_type = "application/pdf"),
    ROUTE("GET", "/orders/{order}/coi/bundle", "coi.export", 0, desk_get_coi_bundle,
          "help.coi_bundle", .media_type = "application/x-tar", .query = "identity"),
    ROUTE("POST", "/orders/{order}/audit", "trail.bundle", FORM_MAX, desk_post_audit,
          "command.trail.bundle"),
    ROUTE("GET", "/orders/{order}/audit/{export}", "trail.bundle", 0, desk_get_audit,
          "help.audit_bundle", .media_type = "application/x-tar", .query = "identity"),
    ROUTE("POST", "/orders/{order}/coi/disclose", "identity.disclose", FORM_MAX, desk_post_coi,
          "help.coi_disclose"),
    ROUTE("GET", "/orders/{order}/tasks/{task}", "order.see", 0, desk_get_task, "help.task",
          .row = &flow_task_record),
    ROUTE("POST", "/orders/{order}/tasks/{task}/complete", "flow.complete", FORM_MAX,
          desk_post_complete, "help.task_complete", .files = "order"),
    ROUTE("GET", "/orders/{order}/tasks/{task}/history", "order.see", 0, desk_get_history,
          "help.task_history", .rows = &flow_history_row_record),
    ROUTE("GET", "/orders/{order}/tasks/{task}/print", "order.see", 0, desk_get_print,
          "help.task_print"),
    ROUTE("GET", "/orders/{order}/data", "order.see", 0, desk_get_datum, "help.order_data",
          .rows = &desk_datum_row_record, .query = "of"),
    ROUTE("GET", "/corrections", "flow.review_correction", 0, desk_get_corrections,
          "help.corrections", .rows = &flow_record_waiting_out_record),
    ROUTE("POST", "/orders/{order}/tasks/{task}/correct", "flow.correct", FORM_MAX,
          desk_post_correct, "help.task_correct", .files = "order"),
    ROUTE("POST", "/orders/{order}/tasks/{task}/do/{command}", "signed_in", FORM_MAX,
          desk_post_task, "help.task_do"),
    ROUTE("GET", "/units/{unit}", "unit.see", 0, desk_get_unit, "help.unit",
          .row = &identity_unit_out_record),
    ROUTE("GET", "/units/{unit}/label", "unit.make", 0, desk_get_label, "help.unit_label",
          .row = &identity_made_record),
    ROUTE("POST", "/units/{unit}/do/{command}", "signed_in", FORM_MAX, desk_post_unit,
          "help.unit_do"),
};

static const struct watch module_watches[] = {
    { "order", "order.see", desk_order_seen, desk_order_event_seen },
};

static const struct sign_view module_signs[] = {
    { "flow.sign", desk_sign_show, desk_sign_waiting },
};

static const struct thing_head module_heads[] = {
    { "order", desk_trail_head },
};

const struct module desk_module = {
    .name = "desk",
    MODULE_ARRAY(routes),
    MODULE_ARRAY(watches),
    MODULE_ARRAY(signs),
    MODULE_ARRAY(heads),
    .searches = desk_searches,
    .nsearches = DESK_SEARCHES,
};
