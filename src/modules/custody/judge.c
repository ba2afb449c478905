/* What a series of temperatures says of the time of a leg. */
#include "modules/custody/readings.h"

enum { STRETCH_MIN = 4 };

/* Beyond this limit; none: nothing is. */
static bool below(custody_degrees value, custody_degrees limit)
{
    return limit != INT64_MIN && value < limit;
}

static bool above(custody_degrees value, custody_degrees limit)
{
    return limit != INT64_MIN && value > limit;
}

static void stood(struct custody_judged_time *out, custody_degrees value, int64_t us,
                  const struct custody_range *range)
{
    if (out->n == 0 || value < out->coldest)
        out->coldest = value;
    if (out->n == 0 || value > out->warmest)
        out->warmest = value;
    out->n++;
    if (below(value, range->low))
        out->below_us += us;
    else if (above(value, range->high))
        out->above_us += us;
    else if (below(value, range->alert_low) || above(value, range->alert_high))
        out->alert_us += us;
}

static void without(struct custody_judged_time *out, int64_t us)
{
    if (us <= 0)
        return;
    out->missing_us += us;
    if (us > out->longest_us)
        out->longest_us = us;
}

void custody_judge(struct custody_judged_time *out, const struct custody_readings *r,
                   const struct custody_range *range, int64_t since, int64_t until)
{
    const int64_t every = range->every_us;
    *out = (struct custody_judged_time){ 0 };
    if (until == TIME_NONE)
        until = r->n > 0 && r->p[r->n - 1].at > since ? r->p[r->n - 1].at : since;
    int64_t known = since; /* up to where a reading stood */
    for (size_t i = 0; i < r->n; i++) {
        int64_t from = r->p[i].at;
        int64_t to = i + 1 < r->n ? r->p[i + 1].at : until;
        if (every > 0 && to - from > every)
            to = from + every;
        if (to > until)
            to = until;
        if (from > until || (from < since && to <= since))
            continue;
        from = from < since ? since : from;
        to = to < from ? from : to;
        const bool late = every > 0 && (known > since || from - since > every);
        if (late)
            without(out, from - known);
        stood(out, r->p[i].celsius, to - from, range);
        known = to;
    }
    if (out->n > 0 && every > 0)
        without(out, until - known);
}

/* --- for a drawing --- */

/* The coldest and the warmest of a stretch, in their order; one where they are the same. */
static size_t extremes(struct custody_reading *out, const struct custody_reading *p, size_t n)
{
    size_t low = 0;
    size_t high = 0;
    for (size_t i = 1; i < n; i++) {
        if (p[i].celsius < p[low].celsius)
            low = i;
        if (p[i].celsius > p[high].celsius)
            high = i;
    }
    out[0] = p[low < high ? low : high];
    out[1] = p[low < high ? high : low];
    return low == high ? 1 : 2;
}

enum outcome custody_readings_thin(struct custody_readings *out, const struct custody_readings *r,
                                   size_t most, struct arena *arena, struct err *e)
{
    BUG_ON(most < 2 * STRETCH_MIN);
    *out = *r;
    if (r->n <= most)
        return OK;
    struct custody_reading *kept = ARENA_ARRAY(arena, most, struct custody_reading);
    if (!kept)
        return err_no_memory(e);
    const size_t stretches = (most - 2) / 2;
    const size_t inner = r->n - 2;
    size_t n = 0;
    kept[n++] = r->p[0];
    for (size_t i = 0; i < stretches; i++) {
        const size_t from = inner * i / stretches;
        const size_t end = inner * (i + 1) / stretches;
        if (end > from)
            n += extremes(kept + n, r->p + 1 + from, end - from);
    }
    kept[n++] = r->p[r->n - 1];
    *out = (struct custody_readings){ kept, n };
    return OK;
}
