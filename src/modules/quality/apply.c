/* What each event of quality makes of the deviation's row. */
#include "modules/quality/quality.h"

enum { FIGURES_BYTES = 2048 };

int64_t quality_rank(struct str risk)
{
    return str_is(risk, "critical") ? 0 : str_is(risk, "major") ? 1 : 2;
}

static enum outcome figures_write(struct buf *b, const struct quality_deviation_opened *payload,
                                  struct err *e)
{
    struct json_out out = json_out(b);
    json_begin_object(&out);
    for (size_t i = 0; i < payload->figures.n; i++) {
        char number[DECIMAL_TEXT_MAX];
        struct buf text = buf_over(number, sizeof number);
        decimal_write(&text, payload->figures.p[i].value);
        json_key_str(&out, payload->figures.p[i].name);
        json_str(&out, buf_get(&text));
    }
    json_end(&out);
    return buf_check(b, e);
}

enum outcome quality_deviation_opened_apply(struct db *db, const struct event *event,
                                            const struct quality_deviation_opened *payload,
                                            struct err *e)
{
    char storage[FIGURES_BYTES];
    struct buf figures = buf_over(storage, sizeof storage);
    TRY(figures_write(&figures, payload, e));
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
        .told = payload->told,
        .instrument = payload->instrument,
        .figures = payload->told.p ? buf_get(&figures) : (struct str){ 0 },
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
