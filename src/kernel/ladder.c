/* Ladders: timers by rung. */
#include "kernel/ladder.h"

#define RECORDS "kernel/ladder.def"
#include "base/record_tables.h"
#undef RECORDS

static struct str timer_name(struct buf *b, struct str what, size_t rung)
{
    buf_str(b, what);
    buf_printf(b, ".%zu", rung);
    return buf_get(b);
}

enum outcome ladder_set(struct db *db, const struct ladder_timer *timer, int64_t at, struct err *e)
{
    char name_storage[TIMER_NAME_MAX];
    char body_storage[LADDER_BODY_MAX];
    struct buf name = buf_over(name_storage, sizeof name_storage);
    struct buf body = buf_over(body_storage, sizeof body_storage);
    struct json_out out = json_out(&body);
    TRY(record_to_json(timer->record, timer->body, &out, NULL, e));
    TRY(buf_check(&body, e));
    return timer_set(db, timer->stream, timer_name(&name, timer->what, timer->rung), at,
                     timer->command, buf_get(&body), e);
}

enum outcome ladder_clear(struct db *db, struct str stream, struct str what, size_t rung,
                          struct err *e)
{
    size_t first = rung > 0 ? rung : 1;
    size_t last = rung > 0 ? rung : LADDER_RUNGS_MAX;
    for (size_t i = first; i <= last; i++) {
        char storage[TIMER_NAME_MAX];
        struct buf name = buf_over(storage, sizeof storage);
        TRY(timer_clear(db, stream, timer_name(&name, what, i), e));
    }
    return OK;
}
