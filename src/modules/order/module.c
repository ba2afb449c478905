/* Wiring of the order module. */
#include "gen/order/schema.sql.h"
#include "kernel/trail.h"
#include "modules/order/pages.h"

#define EVENTS   "modules/order/events.def"
#define COMMANDS "modules/order/commands.def"
#include "kernel/wire.h"

static const struct define_kind *const module_kinds[] = { &product_kind, &retention_kind };

static const struct route module_routes[] = {
    ROUTE("GET", "/patients", "order.see", 0, order_get_patients, "help.patients",
          .rows = &order_patients_out_record, .query = "sort before"),
    ROUTE("GET", "/patients/new", "patient.enrol", 0, order_get_enrol, "help.enrol"),
    ROUTE("POST", "/patients/new", "patient.enrol", ORDER_FORM_MAX, order_post_enrol,
          "help.enrol_post"),
    ROUTE("GET", "/patients/{patient}", "order.see", 0, order_get_patient, "help.patient",
          .rows = &order_of_patient_out_record),
    ROUTE("POST", "/patients/{patient}/correct", "patient.correct", ORDER_FORM_MAX,
          order_post_correct, "help.correct"),
    ROUTE("POST", "/patients/{patient}/withdraw-erasure", "patient.withdraw_erasure",
          ORDER_FORM_MAX, order_post_withdraw_erasure, "command.patient.withdraw_erasure"),
    ROUTE("POST", "/patients/{patient}/prescribe", "order.prescribe", ORDER_FORM_MAX,
          order_post_prescribe, "help.prescribe"),
    ROUTE("GET", "/prescriptions/{order}", "order.place", 0, order_get_place, "help.place",
          .rows = &auth_place_record),
    ROUTE("POST", "/prescriptions/{order}/place", "order.place", ORDER_FORM_MAX, order_post_place,
          "help.place_post"),
};

static enum outcome patient_seen(bool *out, struct db *db, const struct actor *actor, struct str id,
                                 struct arena *arena, struct err *e)
{
    const struct order_patient_in in = { id };
    struct order_patient_out row;
    TRY(db_get(db, &sql_order_patient, &in, &row, arena, out, e));
    *out = *out && actor_may(actor, S("order.see"), row.organisation, row.site);
    return OK;
}

static const struct erase_rule module_erases[] = { { "patient.erased", &sql_order_erased } };

static const struct watch module_watches[] = {
    { "patient", "order.see", patient_seen, NULL },
};

static const struct trail_mark module_marks[] = {
    { "patient.corrected", TRAIL_CORRECTION, NULL, NULL },
    { "order.patient_corrected", TRAIL_CORRECTION, NULL, NULL },
};

static const struct trail_before module_befores[] = {
    { "patient.corrected", "patient.enrolled patient.corrected", NULL, NULL, true },
    { "order.scheduled", "order.scheduled", NULL, NULL, true },
};

static const struct sign_view module_signs[] = {
    { "patient.request_erasure", order_erasing_show, NULL },
    { "patient.erase", order_erasing_show, NULL },
};

static const struct trail_opener module_openers[] = { { "patient.name", order_patient_by_name } };

static void use(void)
{
    flow_use_rule(&order_release_rule);
}

static enum outcome order_called(struct str *out, struct db *db, struct str id, struct arena *arena,
                                 struct err *e)
{
    const struct order_order_in in = { id };
    struct order_order_out row = { 0 };
    bool found;
    TRY(db_get(db, &sql_order_order, &in, &row, arena, &found, e));
    *out = row.coi;
    return OK;
}

static enum outcome patient_called(struct str *out, struct db *db, struct str id,
                                   struct arena *arena, struct err *e)
{
    const struct order_patient_in in = { id };
    struct order_patient_out row = { 0 };
    bool found;
    TRY(db_get(db, &sql_order_patient, &in, &row, arena, &found, e));
    *out = row.pseudonym;
    return OK;
}

static const struct thing_name module_names[] = {
    { "order", order_called },
    { "patient", patient_called },
};

const struct module order_module = {
    .name = "order",
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    MODULE_ARRAY(routes),
    MODULE_ARRAY(signs),
    MODULE_ARRAY(kinds),
    MODULE_ARRAY(watches),
    MODULE_ARRAY(marks),
    MODULE_ARRAY(befores),
    MODULE_ARRAY(openers),
    MODULE_ARRAY(erases),
    MODULE_ARRAY(names),
    .schema = &order_schema,
    .files = order_file_rules,
    .nfiles = ORDER_FILE_RULES,
    .use = use,
    .searches = order_searches,
    .nsearches = ORDER_SEARCHES,
};
