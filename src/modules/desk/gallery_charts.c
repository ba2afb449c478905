/* Charts of made-up data: within their limits with a gap, outside of them, nothing yet, one point
 * alone, and spans. */
#include "modules/desk/gallery.h"

enum { POINTS = 9, LINES = 2, SPANS = 3, TIMES = 3 };

#define NONE INT64_MIN

static const int64_t ordinary[POINTS][LINES] = {
    { 42, 51 }, { 44, 52 }, { 43, 55 }, { 47, NONE }, { 46, NONE },
    { 45, 54 }, { 41, 52 }, { 40, 50 }, { 43, 51 },
};
static const int64_t outside[POINTS][LINES] = {
    { 42, 50 }, { 55, 52 }, { 71, 53 }, { 86, 55 }, { 93, 54 },
    { 74, 50 }, { 52, 41 }, { 38, 24 }, { 41, 16 },
};

/* In tenths; NONE: a gap. */
static struct decimal tenths(int64_t n)
{
    return n == NONE ? decimal_none() : (struct decimal){ .coefficient = n, .scale = 1 };
}

/* Hour by hour, as loggers tell. */
static void over_time(struct chart *c, struct page *p, const struct gallery_view *v,
                      const int64_t (*told)[LINES], size_t n)
{
    struct arena *a = p->b->arena;
    struct chart_row *rows = ARENA_ARRAY(a, n + 1, struct chart_row);
    struct decimal *values = ARENA_ARRAY(a, n * LINES + 1, struct decimal);
    if (!rows || !values)
        return;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < LINES; k++)
            values[i * LINES + k] = tenths(told[i][k]);
        rows[i] = (struct chart_row){ .at = v->dated + (int64_t)i * TIME_HOUR,
                                      .values = values + i * LINES };
    }
    *c = (struct chart){ .kind = CHART_TIME,
                         .title = text_find(p->language, S("gallery.temperature")),
                         .unit = S("°C"),
                         .low = decimal_of(2),
                         .high = decimal_of(8),
                         .rows_are = text_find(p->language, S("gallery.time")),
                         .series = v->loggers,
                         .nseries = n == 1 ? 1 : LINES,
                         .rows = rows,
                         .nrows = n };
}

static void spans(struct chart *c, struct page *p, const struct gallery_view *v)
{
    static const int64_t took[SPANS][TIMES] = { { 5, 10, 24 }, { 92, 118, 171 }, { 20, 31, 46 } };
    struct arena *a = p->b->arena;
    struct chart_row *rows = ARENA_ARRAY(a, SPANS + 1, struct chart_row);
    struct decimal *values = ARENA_ARRAY(a, SPANS * TIMES, struct decimal);
    if (!rows || !values)
        return;
    for (size_t i = 0; i < SPANS; i++) {
        for (size_t k = 0; k < TIMES; k++)
            values[i * TIMES + k] = tenths(took[i][k]);
        rows[i] = (struct chart_row){ .name = v->orders[0].stages[i].title,
                                      .values = values + i * TIMES };
    }
    *c = (struct chart){ .kind = CHART_RANGE,
                         .title = text_find(p->language, S("gallery.spans")),
                         .unit = text_find(p->language, S("pace.days")),
                         .low = decimal_none(),
                         .high = decimal_none(),
                         .rows_are = text_find(p->language, S("pace.stage")),
                         .series = v->times,
                         .nseries = TIMES,
                         .rows = rows,
                         .nrows = SPANS };
}

void gallery_charts(struct gallery_view *v, struct page *p)
{
    v->loggers[0] = text_find(p->language, S("gallery.logger_a"));
    v->loggers[1] = text_find(p->language, S("gallery.logger_b"));
    v->times[0] = text_find(p->language, S("pace.early"));
    v->times[1] = text_find(p->language, S("pace.middle"));
    v->times[2] = text_find(p->language, S("pace.late"));
    over_time(&v->charts[0], p, v, ordinary, POINTS);
    over_time(&v->charts[1], p, v, outside, POINTS);
    over_time(&v->charts[2], p, v, ordinary, 0);
    over_time(&v->charts[3], p, v, ordinary, 1);
    spans(&v->charts[4], p, v);
}
