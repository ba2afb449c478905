/* What the events of patients and orders make of their rows. Sealed fields stay sealed. */
#include "modules/order/order.h"

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
    for (size_t i = 0; i < p->identifiers.n; i++) {
        const struct order_identifier *identifier = &p->identifiers.p[i];
        struct order_identifier_add_in row = { p->patient, (int64_t)i, identifier->system,
                                               identifier->value };
        TRY(db_run(db, &sql_order_identifier_add, &row, NULL, e));
    }
    for (size_t i = 0; i < p->conditions.n; i++) {
        const struct order_condition *c = &p->conditions.p[i];
        struct order_condition_add_in row = { p->patient, (int64_t)i, c->system,
                                              c->code,    c->title,   c->since };
        TRY(db_run(db, &sql_order_condition_add, &row, NULL, e));
    }
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
