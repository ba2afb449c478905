/* Wiring of the order module. */
#include "gen/order/schema.sql.h"
#include "modules/order/pages.h"

#define EVENTS   "modules/order/events.def"
#define COMMANDS "modules/order/commands.def"
#include "kernel/wire.h"

static const struct define_kind *const module_kinds[] = { &product_kind };

static const struct route module_routes[] = {
    ROUTE("GET", "/patients", "order.see", 0, order_get_patients, "help.patients"),
    ROUTE("GET", "/patients/new", "patient.enrol", 0, order_get_enrol, "help.enrol"),
    ROUTE("POST", "/patients/new", "patient.enrol", ORDER_FORM_MAX, order_post_enrol,
          "help.enrol_post"),
    ROUTE("GET", "/patients/{patient}", "order.see", 0, order_get_patient, "help.patient"),
    ROUTE("POST", "/patients/{patient}/correct", "patient.correct", ORDER_FORM_MAX,
          order_post_correct, "help.correct"),
    ROUTE("POST", "/patients/{patient}/prescribe", "order.prescribe", ORDER_FORM_MAX,
          order_post_prescribe, "help.prescribe"),
    ROUTE("GET", "/prescriptions/{order}", "order.place", 0, order_get_place, "help.place"),
    ROUTE("POST", "/prescriptions/{order}/place", "order.place", ORDER_FORM_MAX, order_post_place,
          "help.place_post"),
};

const struct module order_module = {
    .name = "order",
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    MODULE_ARRAY(routes),
    MODULE_ARRAY(kinds),
    .schema = &order_schema,
    .files = order_file_rules,
    .nfiles = ORDER_FILE_RULES,
};
