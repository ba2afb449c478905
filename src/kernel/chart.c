/* Words and numbers of charts. */
#include "kernel/chart.h"

struct str chart_time(struct page *p, int64_t us)
{
    enum { DATE_AND_CLOCK = 19 }; /* 2026-11-22T09:30:00 */
    char text[CLOCK_TEXT_LENGTH + 1];
    struct buf b = buf_over(text, sizeof text);
    const int64_t east = p->zone ? zone_time(p->zone, us).offset_s / 60 : 0;
    const int64_t minutes = east < 0 ? -east : east;
    clock_write(&b, us + east * TIME_MINUTE);
    return arena_printf(p->b->arena, "%.*s%c%02d:%02d", DATE_AND_CLOCK, text, east < 0 ? '-' : '+',
                        (int)(minutes / 60), (int)(minutes % 60));
}

struct str chart_mark(const struct chart *c, struct decimal value)
{
    if (!decimal_present(value))
        return S("");
    if (decimal_present(c->low) && decimal_cmp(value, c->low) < 0)
        return S("form.mark.low");
    if (decimal_present(c->high) && decimal_cmp(value, c->high) > 0)
        return S("form.mark.high");
    return S("");
}

struct str chart_number(struct page *p, struct decimal value)
{
    struct buf b = buf_in(p->b->arena, DECIMAL_TEXT_MAX);
    decimal_write(&b, value);
    return buf_get(&b);
}
