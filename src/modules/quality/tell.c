/* Who is told of deviations: policies on quality's own events. */
#include "kernel/notify.h"
#include "modules/quality/tell.h"

static struct str cause_of(struct str deviation, struct arena *arena)
{
    return arena_printf(arena, "deviation/%.*s", STR(deviation));
}

static enum outcome on_opened(struct db *db, const struct event *event, const void *payload,
                              struct policy_send *out, bool *send, struct arena *arena,
                              struct err *e)
{
    const struct quality_deviation_opened *opened = payload;
    struct quality_deviation_in in = { opened->deviation };
    struct quality_deviation_out row;
    bool found;
    TRY(db_get(db, &sql_quality_deviation, &in, &row, arena, &found, e));
    if (!found || !row.open)
        return OK;
    const struct notify_raise body = {
        .kind = S("deviation_opened"),
        .cause = cause_of(opened->deviation, arena),
        .about = event->key,
        .label = opened->number,
        .link = arena_printf(arena, "/deviations/%.*s", STR(opened->deviation)),
        .organisation = opened->organisation,
        .site = opened->site,
    };
    return notify_policy_raise(out, send, db, event, &body, arena, e);
}

static enum outcome on_closed(struct db *db, const struct event *event, const void *payload,
                              struct policy_send *out, bool *send, struct arena *arena,
                              struct err *e)
{
    (void)event;
    const struct quality_deviation_closed *closed = payload;
    const struct notify_end body = {
        .kind = S("deviation_opened"),
        .cause = cause_of(closed->deviation, arena),
    };
    return notify_policy_end(out, send, db, &body, arena, e);
}

const struct policy quality_policies[QUALITY_POLICIES] = {
    { "quality.tell_opened", &quality_deviation_opened_event, on_opened },
    { "quality.tell_closed", &quality_deviation_closed_event, on_closed },
};
