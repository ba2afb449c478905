/* What each event of quality makes of the deviation's row. */
#include "modules/quality/quality.h"

int64_t quality_rank(struct str risk)
{
    return str_is(risk, "critical") ? 0 : str_is(risk, "major") ? 1 : 2;
}

enum outcome quality_deviation_opened_apply(struct db *db, const struct event *event,
                                            const struct quality_deviation_opened *payload,
                                            struct err *e)
{
    struct quality_deviation_open_in in = {
        .deviation = payload->deviation,
        .number = payload->number,
        .order_id = payload->order,
        .unit = payload->unit,
        .organisation = payload->organisation,
        .site = payload->site,
        .kind = payload->kind,
        .risk = payload->risk,
        .rank = quality_rank(payload->risk),
        .opened = event->happened,
        .opener = event->actor,
        .opened_event = event->id,
        .description = payload->description,
    };
    return db_run(db, &sql_quality_deviation_open, &in, NULL, e);
}

enum outcome quality_deviation_closed_apply(struct db *db, const struct event *event,
                                            const struct quality_deviation_closed *payload,
                                            struct err *e)
{
    struct quality_deviation_close_in in = {
        .deviation = payload->deviation,
        .closed = event->happened,
        .closer = event->actor,
        .closed_event = event->id,
        .cause = payload->cause,
        .conclusion = payload->conclusion,
    };
    return db_run(db, &sql_quality_deviation_close, &in, NULL, e);
}
