/* What each event of custody makes of the unit's rows. */
#include "modules/custody/custody.h"

enum outcome custody_seals_write(struct buf *b, const struct str *seals, size_t n, struct err *e)
{
    struct json_out out = json_out(b);
    json_begin_array(&out);
    for (size_t i = 0; i < n; i++)
        json_str(&out, seals[i]);
    json_end(&out);
    return buf_check(b, e);
}

enum outcome custody_offered_apply(struct db *db, const struct event *event,
                                   const struct custody_offered *payload, struct err *e)
{
    char storage[8192];
    struct buf seals = buf_over(storage, sizeof storage);
    TRY(custody_seals_write(&seals, payload->seals.p, payload->seals.n, e));
    struct custody_unit_offer_in in = {
        .unit = payload->unit,
        .organisation = payload->from_organisation,
        .site = payload->from_site,
        .to_organisation = payload->to_organisation,
        .to_site = payload->to_site,
        .offered = event->happened,
        .giver = event->actor,
        .offer_event = event->id,
        .condition = payload->condition,
        .container = payload->container,
        .seals = buf_get(&seals),
    };
    return db_run(db, &sql_custody_unit_offer, &in, NULL, e);
}

enum outcome custody_accepted_apply(struct db *db, const struct event *event,
                                    const struct custody_accepted *payload, struct err *e)
{
    char storage[8192];
    struct buf seals = buf_over(storage, sizeof storage);
    TRY(custody_seals_write(&seals, payload->seals.p, payload->seals.n, e));
    struct custody_unit_pass_in pass = { payload->unit, payload->organisation, payload->site,
                                         event->happened };
    TRY(db_run(db, &sql_custody_unit_pass, &pass, NULL, e));
    struct custody_leg_add_in leg = {
        .unit = payload->unit,
        .number = event->version,
        .organisation = payload->organisation,
        .site = payload->site,
        .since = event->happened,
        .giver = payload->giver,
        .receiver = event->actor,
        .event = event->id,
        .condition = payload->condition,
        .container = payload->container,
        .seals = buf_get(&seals),
    };
    return db_run(db, &sql_custody_leg_add, &leg, NULL, e);
}

/* The first versions are as the second, but that the condition was kept in plain: shown as it is.
 */
enum outcome custody_offered_1_apply(struct db *db, const struct event *event,
                                     const struct custody_offered_1 *payload, struct err *e)
{
    struct custody_offered now = {
        .unit = payload->unit,
        .order = payload->order,
        .from_organisation = payload->from_organisation,
        .from_site = payload->from_site,
        .to_organisation = payload->to_organisation,
        .to_site = payload->to_site,
        .condition = payload->condition,
        .container = payload->container,
        .seals = { payload->seals.p, payload->seals.n },
    };
    return custody_offered_apply(db, event, &now, e);
}

enum outcome custody_accepted_1_apply(struct db *db, const struct event *event,
                                      const struct custody_accepted_1 *payload, struct err *e)
{
    struct custody_accepted now = {
        .unit = payload->unit,
        .from_organisation = payload->from_organisation,
        .from_site = payload->from_site,
        .organisation = payload->organisation,
        .site = payload->site,
        .giver = payload->giver,
        .condition = payload->condition,
        .container = payload->container,
        .seals = { payload->seals.p, payload->seals.n },
    };
    return custody_accepted_apply(db, event, &now, e);
}

enum outcome custody_declined_apply(struct db *db, const struct event *event,
                                    const struct custody_declined *payload, struct err *e)
{
    (void)event;
    struct custody_unit_keep_in in = { payload->unit };
    return db_run(db, &sql_custody_unit_keep, &in, NULL, e);
}

enum outcome custody_withdrawn_apply(struct db *db, const struct event *event,
                                     const struct custody_withdrawn *payload, struct err *e)
{
    (void)event;
    struct custody_unit_keep_in in = { payload->unit };
    return db_run(db, &sql_custody_unit_keep, &in, NULL, e);
}

enum outcome custody_refused_apply(struct db *db, const struct event *event,
                                   const struct custody_refused *payload, struct err *e)
{
    (void)db;
    (void)event;
    (void)payload;
    (void)e;
    return OK; /* the offer stands as it was; the deviation has a row of its own */
}

/* --- temperatures --- */

static enum outcome judged_apply(struct db *db, struct str order, int64_t number,
                                 const struct custody_judged *j, struct err *e)
{
    const struct custody_judged_add_in in = {
        .order_id = order,
        .number = number,
        .unit = j->unit,
        .leg = j->leg,
        .since = j->since,
        .until = j->until,
        .low = j->low,
        .high = j->high,
        .alert_low = j->alert_low,
        .alert_high = j->alert_high,
        .every_s = j->every_s,
        .coldest = j->coldest,
        .warmest = j->warmest,
        .below_s = j->below_s,
        .above_s = j->above_s,
        .alert_s = j->alert_s,
        .missing_s = j->missing_s,
        .longest_s = j->longest_s,
    };
    return db_run(db, &sql_custody_judged_add, &in, NULL, e);
}

static enum outcome series_apply(struct db *db, const struct event *event, struct str order,
                                 const struct custody_series *series, struct err *e)
{
    const struct custody_series_add_in in = {
        .order_id = order,
        .number = event->version,
        .logger = series->logger,
        .begins = series->begins,
        .count = series->count,
        .readings = series->readings,
        .deviation = series->deviation,
        .given = event->happened,
        .given_by = event->actor,
        .event = event->id,
    };
    TRY(db_run(db, &sql_custody_series_add, &in, NULL, e));
    for (size_t i = 0; i < series->legs.n; i++)
        TRY(judged_apply(db, order, event->version, &series->legs.p[i], e));
    return OK;
}

enum outcome custody_readings_added_apply(struct db *db, const struct event *event,
                                          const struct custody_readings_added *payload,
                                          struct err *e)
{
    return payload->series.n > 0 ? series_apply(db, event, payload->order, &payload->series.p[0], e)
                                 : OK;
}

enum outcome custody_readings_corrected_apply(struct db *db, const struct event *event,
                                              const struct custody_readings_corrected *payload,
                                              struct err *e)
{
    const struct custody_series_correct_in in = { payload->order, payload->corrects,
                                                  event->version };
    TRY(db_run(db, &sql_custody_series_correct, &in, NULL, e));
    return payload->series.n > 0 ? series_apply(db, event, payload->order, &payload->series.p[0], e)
                                 : OK;
}
