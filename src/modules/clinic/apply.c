/* What each event of the clinic makes of the bag's row, and the timer of its post-thaw clock. */
#include "kernel/timer.h"
#include "modules/clinic/clinic.h"

enum { CLOCK_NAME_MAX = 60, CLOCK_BODY_MAX = 300 };

static struct str clock_name(struct buf *name, struct str unit)
{
    buf_z(name, "thaw.");
    buf_str(name, unit);
    return buf_get(name);
}

static enum outcome clock_set(struct db *db, const struct clinic_thawed *payload, struct err *e)
{
    char name_storage[CLOCK_NAME_MAX];
    char body_storage[CLOCK_BODY_MAX];
    struct buf name = buf_over(name_storage, sizeof name_storage);
    struct buf body = buf_over(body_storage, sizeof body_storage);
    struct json_out out = json_out(&body);
    struct clinic_expire_thaw command = { payload->order, payload->unit };
    TRY(record_to_json(&clinic_expire_thaw_record, &command, &out, NULL, e));
    TRY(buf_check(&body, e));
    struct stream stream = stream_of("clinic", payload->order);
    return timer_set(db, stream_str(&stream), clock_name(&name, payload->unit), payload->until,
                     S("clinic.expire_thaw"), buf_get(&body), e);
}

static enum outcome clock_clear(struct db *db, struct str order, struct str unit, struct err *e)
{
    char storage[CLOCK_NAME_MAX];
    struct buf name = buf_over(storage, sizeof storage);
    struct stream stream = stream_of("clinic", order);
    return timer_clear(db, stream_str(&stream), clock_name(&name, unit), e);
}

enum outcome clinic_thawed_apply(struct db *db, const struct event *event,
                                 const struct clinic_thawed *payload, struct err *e)
{
    struct clinic_bag_thaw_in in = {
        .unit = payload->unit,
        .order_id = payload->order,
        .organisation = payload->organisation,
        .site = payload->site,
        .thawed = event->happened,
        .thawed_by = event->actor,
        .until = payload->until,
    };
    TRY(db_run(db, &sql_clinic_bag_thaw, &in, NULL, e));
    return clock_set(db, payload, e);
}

enum outcome clinic_given_apply(struct db *db, const struct event *event,
                                const struct clinic_given *payload, struct err *e)
{
    struct clinic_bag_give_in in = {
        .unit = payload->unit,
        .order_id = payload->order,
        .organisation = payload->organisation,
        .site = payload->site,
        .given = event->happened,
        .given_by = event->actor,
    };
    return db_run(db, &sql_clinic_bag_give, &in, NULL, e);
}

enum outcome clinic_finished_apply(struct db *db, const struct event *event,
                                   const struct clinic_finished *payload, struct err *e)
{
    struct clinic_bag_finish_in in = {
        .unit = payload->unit,
        .finished = event->happened,
        .finished_by = event->actor,
        .volume = payload->volume,
        .safe = payload->safe,
        .reaction = payload->reaction,
        .event = event->id,
    };
    TRY(db_run(db, &sql_clinic_bag_finish, &in, NULL, e));
    return clock_clear(db, payload->order, payload->unit, e);
}

enum outcome clinic_thaw_expired_apply(struct db *db, const struct event *event,
                                       const struct clinic_thaw_expired *payload, struct err *e)
{
    (void)event;
    struct clinic_bag_expire_in in = { payload->unit };
    TRY(db_run(db, &sql_clinic_bag_expire, &in, NULL, e));
    return clock_clear(db, payload->order, payload->unit, e);
}
