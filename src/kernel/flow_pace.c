/* Each order's rows stand together; of each stage they are gone through once. */
#include "kernel/flow_pace.h"

#include <stdlib.h>

#include "kernel/flow_forecast.h"
#include "kernel/flow_impl.h"

/* What a stage took an order, or -1: not all of it is settled, or all was skipped. */
static int64_t took(const struct flow_stage *stage, const struct flow_took_by_order_out *rows,
                    size_t n)
{
    int64_t from = INT64_MAX, to = INT64_MIN;
    for (size_t k = 0; k < stage->tasks.n; k++) {
        bool settled = false;
        for (size_t i = 0; i < n; i++) {
            if (!str_eq(rows[i].task, stage->tasks.p[k].name))
                continue;
            settled = true;
            if (rows[i].took == INT_NONE)
                continue;
            from = rows[i].settled - rows[i].took < from ? rows[i].settled - rows[i].took : from;
            to = rows[i].settled > to ? rows[i].settled : to;
        }
        if (!settled)
            return -1;
    }
    return to > from ? to - from : to == from ? 0 : -1;
}

static int by_time(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void sum_up(struct flow_pace *out, int64_t *times)
{
    const size_t n = (size_t)out->orders;
    out->early = out->middle = out->late = TIME_NONE;
    if (n < FLOW_PACE_FEW)
        return;
    qsort(times, n, sizeof times[0], by_time);
    out->early = times[n / 10];
    out->middle = times[n / 2];
    out->late = times[n - 1 - n / 10];
}

enum outcome flow_pace_of(struct flow_pace *out, size_t *n,
                          const struct flow_took_by_order_out *rows, size_t nrows,
                          const struct workflow *w, struct arena *arena, struct err *e)
{
    int64_t *times = ARENA_ARRAY(arena, nrows + 1, int64_t);
    if (!times)
        return err_no_memory(e);
    *n = w->stages.n < FLOW_PACE_STAGES_MAX ? w->stages.n : FLOW_PACE_STAGES_MAX;
    for (size_t s = 0; s < *n; s++) {
        out[s] = (struct flow_pace){ .stage = w->stages.p[s].title };
        for (size_t i = 0, end; i < nrows; i = end) {
            for (end = i + 1; end < nrows && str_eq(rows[end].order_id, rows[i].order_id);)
                end++;
            const int64_t time = took(&w->stages.p[s], &rows[i], end - i);
            if (time >= 0)
                times[out[s].orders++] = time;
        }
        sum_up(&out[s], times);
    }
    return OK;
}

enum outcome flow_pace_read(struct flow_pace *out, size_t *n, struct db *db, struct str name,
                            const struct workflow *w, struct arena *arena, struct err *e)
{
    const struct flow_took_by_order_in in = { name, FLOW_SEEN_MAX };
    struct record_list list;
    TRY(db_list(db, &sql_flow_took_by_order, &in, &list, FLOW_SEEN_MAX, arena, e));
    return flow_pace_of(out, n, list.p, list.n, w, arena, e);
}
