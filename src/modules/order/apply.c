/* What the events of patients and orders make of their rows. Sealed fields stay sealed. */
#include "modules/order/order.h"

static enum outcome identifiers_add(struct db *db, struct str patient,
                                    const struct order_identifier *p, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        struct order_identifier_add_in row = { patient, (int64_t)i, p[i].system, p[i].value };
        TRY(db_run(db, &sql_order_identifier_add, &row, NULL, e));
    }
    return OK;
}

static enum outcome conditions_add(struct db *db, struct str patient,
                                   const struct order_condition *p, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        struct order_condition_add_in row = { patient,   (int64_t)i, p[i].system,
                                              p[i].code, p[i].title, p[i].since };
        TRY(db_run(db, &sql_order_condition_add, &row, NULL, e));
    }
    return OK;
}

enum outcome order_patient_enrolled_apply(struct db *db, const struct event *event,
                                          const struct order_patient_enrolled *p, struct err *e)
{
    struct order_patient_add_in in = {
        .patient = p->patient,
        .organisation = p->organisation,
        .site = p->site,
        .pseudonym = p->pseudonym,
        .family = p->family,
        .given = p->given,
        .birth_date = p->birth_date,
        .sex = p->sex,
        .source = p->source,
        .event = event->id,
        .enrolled = event->happened,
    };
    TRY(db_run(db, &sql_order_patient_add, &in, NULL, e));
    TRY(identifiers_add(db, p->patient, p->identifiers.p, p->identifiers.n, e));
    return conditions_add(db, p->patient, p->conditions.p, p->conditions.n, e);
}

enum outcome order_patient_corrected_apply(struct db *db, const struct event *event,
                                           const struct order_patient_corrected *p, struct err *e)
{
    struct order_patient_set_in in = { p->patient,    p->family, p->given,
                                       p->birth_date, p->sex,    event->id };
    struct order_identifiers_drop_in identifiers = { p->patient };
    struct order_conditions_drop_in conditions = { p->patient };
    TRY(db_run(db, &sql_order_patient_set, &in, NULL, e));
    if (p->named) {
        struct order_patient_name_in name = { p->patient, event->id, event->happened };
        TRY(db_run(db, &sql_order_patient_name, &name, NULL, e));
    }
    TRY(db_run(db, &sql_order_identifiers_drop, &identifiers, NULL, e));
    TRY(db_run(db, &sql_order_conditions_drop, &conditions, NULL, e));
    TRY(identifiers_add(db, p->patient, p->identifiers.p, p->identifiers.n, e));
    return conditions_add(db, p->patient, p->conditions.p, p->conditions.n, e);
}

/* It is there to be read in the order's own history; the data are the patient's. */
enum outcome order_subject_corrected_apply(struct db *db, const struct event *event,
                                           const struct order_subject_corrected *p, struct err *e)
{
    (void)db;
    (void)event;
    (void)p;
    (void)e;
    return OK;
}

enum outcome order_prescribed_apply(struct db *db, const struct event *event,
                                    const struct order_prescribed *payload, struct err *e)
{
    struct order_order_add_in in = {
        .order_id = payload->order,
        .patient = payload->patient,
        .organisation = payload->organisation,
        .site = payload->site,
        .product = payload->product,
        .product_version = payload->product_version,
        .indication = payload->indication,
        .jurisdiction = payload->jurisdiction,
        .regime = payload->regime,
        .weight = payload->weight,
        .dose = payload->dose,
        .dose_rule = payload->dose_rule,
        .prescribed = event->happened,
        .prescriber = event->actor,
    };
    return db_run(db, &sql_order_order_add, &in, NULL, e);
}

enum outcome order_placed_apply(struct db *db, const struct event *event,
                                const struct order_placed *payload, struct err *e)
{
    struct order_order_place_in in = { payload->order, payload->coi, payload->workflow,
                                       payload->workflow_version, event->happened };
    return db_run(db, &sql_order_order_place, &in, NULL, e);
}

enum outcome order_scheduled_apply(struct db *db, const struct event *event,
                                   const struct order_scheduled *payload, struct err *e)
{
    (void)event;
    for (size_t i = 0; i < payload->dates.n; i++) {
        struct order_date_set_in in = { payload->order, payload->dates.p[i].what,
                                        payload->dates.p[i].planned };
        TRY(db_run(db, &sql_order_date_set, &in, NULL, e));
    }
    return OK;
}

enum outcome order_erasure_requested_apply(struct db *db, const struct event *event,
                                           const struct order_erasure_requested *p, struct err *e)
{
    struct order_erasure_set_in in = { p->patient,      p->request, event->actor,
                                       event->happened, event->id,  event->reason };
    return db_run(db, &sql_order_erasure_set, &in, NULL, e);
}

enum outcome order_erasure_withdrawn_apply(struct db *db, const struct event *event,
                                           const struct order_erasure_withdrawn *p, struct err *e)
{
    struct order_erasure_set_in in = { .patient = p->patient, .erasure_at = TIME_NONE };
    (void)event;
    return db_run(db, &sql_order_erasure_set, &in, NULL, e);
}

enum outcome order_patient_erased_apply(struct db *db, const struct event *event,
                                        const struct order_patient_erased *p, struct err *e)
{
    struct order_erased_set_in in = { p->patient, event->happened, event->actor };
    return db_run(db, &sql_order_erased_set, &in, NULL, e);
}
