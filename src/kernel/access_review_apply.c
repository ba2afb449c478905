/* What the events of a review make of its rows and timers. */
#include "kernel/access_review.h"
#include "kernel/timer.h"

static enum outcome timers(struct db *db, const struct event *event, struct str organisation,
                           int64_t due, struct err *e)
{
    char time[CLOCK_TEXT_LENGTH + 1];
    char text[160];
    struct buf t = buf_over(time, sizeof time);
    struct buf body = buf_over(text, sizeof text);
    clock_write(&t, due);
    buf_printf(&body, "{\"organisation\":\"%.*s\",\"due\":\"%.*s\"}", STR(organisation),
               STR(buf_get(&t)));
    TRY(timer_set(db, event->stream, S("open"), due - ACCESS_REVIEW_LEAD_US,
                  S("access_review.open"), buf_get(&body), e));
    return timer_set(db, event->stream, S("overdue"), due, S("access_review.note_overdue"),
                     buf_get(&body), e);
}

enum outcome access_review_planned_apply(struct db *db, const struct event *event,
                                         const struct access_review_planned *payload, struct err *e)
{
    const struct access_review_plan_in in = { payload->organisation, payload->due,
                                              payload->every_days };
    TRY(db_run(db, &sql_access_review_plan, &in, NULL, e));
    return timers(db, event, payload->organisation, payload->due, e);
}

enum outcome access_review_opened_apply(struct db *db, const struct event *event,
                                        const struct access_review_opened *payload, struct err *e)
{
    const struct access_review_open_in in = { payload->organisation, event->recorded };
    TRY(timer_clear(db, event->stream, S("open"), e));
    return db_run(db, &sql_access_review_open, &in, NULL, e);
}

enum outcome access_review_overdue_apply(struct db *db, const struct event *event,
                                         const struct access_review_overdue *payload, struct err *e)
{
    const struct access_review_overdue_in in = { payload->organisation };
    TRY(timer_clear(db, event->stream, S("overdue"), e));
    return db_run(db, &sql_access_review_overdue, &in, NULL, e);
}

enum outcome access_review_judged_apply(struct db *db, const struct event *event,
                                        const struct access_review_judged *payload, struct err *e)
{
    const struct access_review_judge_in in = {
        .organisation = payload->organisation,
        .due = payload->due,
        .account = payload->account,
        .role = payload->role,
        .site = payload->site,
        .product = payload->product,
        .keep = payload->keep,
        .judged = event->recorded,
        .judged_by = event->actor,
    };
    const struct access_review_take_back_in back = { payload->organisation, payload->account,
                                                     payload->due };
    TRY(db_run(db, &sql_access_review_judge, &in, NULL, e));
    return db_run(db, &sql_access_review_take_back, &back, NULL, e);
}

static enum outcome signature_add(struct db *db, const struct event *event, struct str organisation,
                                  int64_t due, struct err *e)
{
    const struct access_review_signature_add_in in = { event->id, organisation, due };
    return db_run(db, &sql_access_review_signature_add, &in, NULL, e);
}

enum outcome access_review_part_signed_apply(struct db *db, const struct event *event,
                                             const struct access_review_part_signed *payload,
                                             struct err *e)
{
    const struct access_review_sign_part_in in = { payload->organisation, payload->signed_to };
    TRY(signature_add(db, event, payload->organisation, payload->due, e));
    return db_run(db, &sql_access_review_sign_part, &in, NULL, e);
}

enum outcome access_review_signed_apply(struct db *db, const struct event *event,
                                        const struct access_review_signed *payload, struct err *e)
{
    const struct access_review_sign_in in = { payload->organisation, payload->next, event->recorded,
                                              event->actor };
    TRY(signature_add(db, event, payload->organisation, payload->due, e));
    TRY(db_run(db, &sql_access_review_sign, &in, NULL, e));
    return timers(db, event, payload->organisation, payload->next, e);
}

enum outcome access_review_unsigned_apply(struct db *db, const struct event *event,
                                          const struct access_review_unsigned *payload,
                                          struct err *e)
{
    const struct access_review_unsign_part_in part = { payload->organisation, payload->due };
    const struct access_review_unsign_in whole = { payload->organisation };
    const struct access_review_again_in again = { payload->organisation, payload->again };
    TRY(db_run(db, &sql_access_review_unsign_part, &part, NULL, e));
    if (payload->last)
        TRY(db_run(db, &sql_access_review_unsign, &whole, NULL, e));
    if (payload->again == TIME_NONE)
        return OK;
    TRY(db_run(db, &sql_access_review_again, &again, NULL, e));
    return timers(db, event, payload->organisation, payload->again, e);
}
