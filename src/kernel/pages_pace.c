/* How long each stage of a workflow took, at its definition. */
#include "kernel/chart.h"
#include "kernel/flow_pace.h"
#include "kernel/pages.h"

enum { TIMES = 3 }; /* a tenth, half, nine tenths */

/* To a tenth of a day. */
static struct decimal days(int64_t us)
{
    if (us == TIME_NONE)
        return decimal_none();
    return (struct decimal){ .coefficient = (us + TIME_DAY / 20) / (TIME_DAY / 10), .scale = 1 };
}

static bool put_row(struct chart_row *row, struct page *p, const struct flow_pace *pace)
{
    struct arena *a = p->b->arena;
    const bool few = pace->middle == TIME_NONE;
    char digits[PAGE_DIGITS_MAX];
    const struct text_param params[] = { { "count", page_str_int(digits, pace->orders) } };
    struct buf about = buf_in(a, 200);
    struct decimal *values = ARENA_ARRAY(a, TIMES, struct decimal);
    if (!values)
        return false;
    text_write(&about, p->language, few ? S("pace.few") : S("pace.orders"), params, 1);
    values[0] = days(pace->early);
    values[1] = days(pace->middle);
    values[2] = days(pace->late);
    *row = (struct chart_row){ .name = pace->stage, .about = buf_get(&about), .values = values };
    return true;
}

enum outcome pages_workflow_pace(struct chart **out, struct page *p, struct db *db,
                                 const struct definition *d, struct err *e)
{
    struct arena *a = p->b->arena;
    struct flow_pace pace[FLOW_PACE_STAGES_MAX];
    size_t n;
    *out = NULL;
    if (define_kind_find(d->kind) != &workflow_kind)
        return OK;
    TRY(flow_pace_read(pace, &n, db, d->name, d->body, a, e));
    struct chart *chart = ARENA_NEW(a, struct chart);
    struct str *series = ARENA_ARRAY(a, TIMES, struct str);
    struct chart_row *rows = ARENA_ARRAY(a, n + 1, struct chart_row);
    if (!chart || !series || !rows)
        return err_no_memory(e);
    series[0] = text_find(p->language, S("pace.early"));
    series[1] = text_find(p->language, S("pace.middle"));
    series[2] = text_find(p->language, S("pace.late"));
    for (size_t i = 0; i < n; i++)
        if (!put_row(&rows[i], p, &pace[i]))
            return err_no_memory(e);
    *chart = (struct chart){
        .kind = CHART_RANGE,
        .title = text_find(p->language, S("pace.title")),
        .unit = text_find(p->language, S("pace.days")),
        .low = decimal_none(),
        .high = decimal_none(),
        .rows_are = text_find(p->language, S("pace.stage")),
        .series = series,
        .nseries = TIMES,
        .rows = rows,
        .nrows = n,
    };
    *out = chart;
    return OK;
}
