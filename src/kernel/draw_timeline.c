/* A timeline: lanes from above, time from left to right. */
#include "kernel/draw_impl.h"

enum {
    NAMES = 190, /* width of the lanes' names */
    PLOT = 760,
    END = 24,
    ROW = 26,
    BAR = 18,
    AXIS = 34,
    TICKS_MAX = 9,
    LANE_LETTERS = 26,
    LETTER = 7, /* px of a letter, about */
    ROWS_MAX = 400,
};

/* A span as it is drawn: where, and in which row of its lane. */
struct bar {
    int from;
    int to;
    int row;
};

struct chart {
    struct page p;
    const struct draw_timeline *t;
    struct arena *arena;
    int64_t from_us;
    int64_t to_us;
    struct bar *bars;
    int *tops; /* of each lane, in rows; one more than lanes */
};

static int x_of(const struct chart *c, int64_t us)
{
    const double part = (double)(us - c->from_us) / (double)(c->to_us - c->from_us);
    return NAMES + (int)(part * PLOT + 0.5);
}

/* --- the extent --- */

static void widen(struct chart *c, int64_t us)
{
    if (us == TIME_NONE)
        return;
    c->from_us = c->from_us == TIME_NONE || us < c->from_us ? us : c->from_us;
    c->to_us = c->to_us == TIME_NONE || us > c->to_us ? us : c->to_us;
}

static void set_extent(struct chart *c)
{
    const struct draw_timeline *t = c->t;
    c->from_us = c->to_us = TIME_NONE;
    widen(c, t->now_us);
    for (size_t i = 0; i < t->nspans; i++) {
        widen(c, t->spans[i].from_us);
        widen(c, t->spans[i].to_us);
    }
    for (size_t i = 0; i < t->npoints; i++)
        widen(c, t->points[i].at_us);
    if (c->from_us == TIME_NONE)
        c->from_us = c->to_us = 0;
    if (c->to_us - c->from_us < TIME_HOUR)
        c->to_us = c->from_us + TIME_HOUR;
}

/* --- rows within lanes: each span in the first that is free where it begins --- */

static enum outcome set_rows(struct chart *c, struct err *e)
{
    const struct draw_timeline *t = c->t;
    int *free_from = ARENA_ARRAY(c->arena, ROWS_MAX, int);
    c->bars = ARENA_ARRAY(c->arena, t->nspans + 1, struct bar);
    c->tops = ARENA_ARRAY(c->arena, t->nlanes + 1, int);
    if (!free_from || !c->bars || !c->tops)
        return err_no_memory(e);
    for (size_t lane = 0; lane < t->nlanes; lane++) {
        int rows = 1;
        memset(free_from, 0, ROWS_MAX * sizeof *free_from);
        for (size_t i = 0; i < t->nspans; i++) {
            const struct draw_span *s = &t->spans[i];
            if (s->lane != lane)
                continue;
            const int64_t end = s->to_us != TIME_NONE    ? s->to_us
                                : t->now_us != TIME_NONE ? t->now_us
                                                         : c->to_us;
            struct bar *b = &c->bars[i];
            b->from = x_of(c, s->from_us);
            b->to = x_of(c, end) < b->from + 3 ? b->from + 3 : x_of(c, end);
            while (b->row < ROWS_MAX - 1 && free_from[b->row] > b->from)
                b->row++;
            free_from[b->row] = b->to + 2;
            rows = b->row + 1 > rows ? b->row + 1 : rows;
        }
        c->tops[lane + 1] = c->tops[lane] + rows;
    }
    return OK;
}

static int y_of(const struct chart *c, size_t lane, int row)
{
    return AXIS + (c->tops[lane] + row) * ROW + ROW / 2;
}

/* --- the axis --- */

static const int64_t steps[] = { TIME_HOUR,      3 * TIME_HOUR, 6 * TIME_HOUR,
                                 12 * TIME_HOUR, TIME_DAY,      2 * TIME_DAY,
                                 7 * TIME_DAY,   14 * TIME_DAY, 28 * TIME_DAY };

static void tick(struct chart *c, int64_t us, bool with_day)
{
    const struct str whole = page_time(&c->p, us, c->arena); /* "22 Nov 2026, 09:30 UTC" */
    const size_t comma = str_find(whole, ',');
    struct str text = { whole.p, comma };
    if (!with_day && comma < whole.n)
        text = str_trim(str_from(whole, comma + 1));
    if (!with_day && text.n > 5)
        text.n = 5;
    const int x = x_of(c, us);
    const int bottom = AXIS + c->tops[c->t->nlanes] * ROW;
    svg_format(&c->p, "<g class=\"tick\"><line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>", x,
               AXIS - 6, x, bottom);
    svg_text(&c->p, x + 3, AXIS - 10, NULL, text, LANE_LETTERS);
    buf_z(c->p.b, "</g>");
}

/* The first of each so many months; found day by day, for months have no length. */
static void month_ticks(struct chart *c)
{
    int64_t day = c->from_us - c->from_us % TIME_DAY;
    const int64_t months = (c->to_us - c->from_us) / (30 * TIME_DAY) / TICKS_MAX + 1;
    const int64_t every = months <= 3 ? months : months <= 6 ? 6 : (months + 11) / 12 * 12;
    for (; day <= c->to_us; day += TIME_DAY) {
        char text[CLOCK_TEXT_LENGTH + 1];
        struct buf b = buf_over(text, sizeof text);
        int64_t year = 0;
        int64_t month = 0;
        clock_write(&b, day); /* 2026-11-22T… */
        if (day < c->from_us || memcmp(text + 8, "01", 2) != 0)
            continue;
        for (size_t i = 0; i < 4; i++)
            year = year * 10 + text[i] - '0';
        month = (text[5] - '0') * 10 + text[6] - '1';
        if ((year * 12 + month) % every == 0)
            tick(c, day, true);
    }
}

static void put_axis(struct chart *c)
{
    const size_t n = sizeof steps / sizeof steps[0];
    size_t i = 0;
    while (i < n && (c->to_us - c->from_us) / steps[i] > TICKS_MAX)
        i++;
    if (i >= n - 1) {
        month_ticks(c);
        return;
    }
    int64_t at = c->from_us - ((c->from_us % steps[i]) + steps[i]) % steps[i];
    for (; at <= c->to_us; at += steps[i])
        if (at >= c->from_us)
            tick(c, at, steps[i] >= TIME_DAY || at % TIME_DAY == 0);
}

/* --- what is on it --- */

static void put_lanes(struct chart *c)
{
    for (size_t i = 0; i < c->t->nlanes; i++) {
        const int top = AXIS + c->tops[i] * ROW;
        svg_format(&c->p, "<g class=\"lane\"><line x1=\"0\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>", top,
                   NAMES + PLOT + END, top);
        svg_title(&c->p, c->t->lanes[i].label, (struct str){ 0 }, (struct str){ 0 });
        svg_text(&c->p, 4, top + ROW / 2 + 5, NULL, c->t->lanes[i].label, LANE_LETTERS);
        buf_z(c->p.b, "</g>");
    }
}

/* From when to when, for the title. */
static struct str when(struct chart *c, int64_t from, int64_t to)
{
    const struct str begin = page_time(&c->p, from, c->arena);
    if (to == TIME_NONE)
        return begin;
    return arena_printf(c->arena, "%.*s – %.*s", STR(begin), STR(page_time(&c->p, to, c->arena)));
}

static void put_spans(struct chart *c)
{
    for (size_t i = 0; i < c->t->nspans; i++) {
        const struct draw_span *s = &c->t->spans[i];
        const struct bar *b = &c->bars[i];
        const int y = y_of(c, s->lane, b->row);
        const int room = (b->to - b->from - 8) / LETTER;
        svg_group(&c->p, "span", s->state, s->href);
        svg_title(&c->p, s->label, when(c, s->from_us, s->to_us), s->word);
        svg_format(&c->p, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"4\"/>", b->from,
                   y - BAR / 2, b->to - b->from, BAR);
        if (room >= 4 && s->label.n > 0)
            svg_text(&c->p, b->from + 5, y + 5, NULL, s->label, (size_t)room);
        svg_group_end(&c->p, s->href);
    }
}

static void put_points(struct chart *c)
{
    for (size_t i = 0; i < c->t->npoints; i++) {
        const struct draw_point *o = &c->t->points[i];
        const int x = x_of(c, o->at_us);
        const int y = y_of(c, o->lane, 0);
        svg_group(&c->p, "point", o->state, o->href);
        svg_title(&c->p, o->label, when(c, o->at_us, TIME_NONE), o->word);
        svg_format(&c->p, "<path d=\"M%d %dl7 7l-7 7l-7 -7z\"/>", x, y - 7);
        svg_group_end(&c->p, o->href);
    }
}

static void put_now(struct chart *c)
{
    const int x = x_of(c, c->t->now_us);
    const int bottom = AXIS + c->tops[c->t->nlanes] * ROW;
    svg_format(&c->p, "<g class=\"now\"><line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>", x, 8, x,
               bottom);
    svg_text(&c->p, x - 4, 16, NULL, c->t->now, LANE_LETTERS);
    buf_z(c->p.b, "</g>");
}

static enum outcome bounds(const struct draw_timeline *t, struct err *e)
{
    if (t->nlanes > DRAW_LANES_MAX)
        return REFUSE(e, "draw.too_large", { "max", S("60") });
    if (t->nspans + t->npoints > DRAW_MARKS_MAX)
        return REFUSE(e, "draw.too_large", { "max", S("2000") });
    for (size_t i = 0; i < t->nspans; i++)
        BUG_ON(t->spans[i].lane >= t->nlanes);
    for (size_t i = 0; i < t->npoints; i++)
        BUG_ON(t->points[i].lane >= t->nlanes);
    return OK;
}

enum outcome draw_timeline(struct html *out, const struct draw_timeline *t, struct arena *arena,
                           struct err *e)
{
    struct buf b = buf_in(arena, DRAW_BYTES_MAX);
    const struct str language = t->language.n > 0 ? t->language : S("en");
    struct chart c = { .p = { .b = &b, .language = language }, .t = t, .arena = arena };
    TRY(bounds(t, e));
    set_extent(&c);
    TRY(set_rows(&c, e));
    bool leads = false;
    for (size_t i = 0; i < t->nspans; i++)
        leads |= t->spans[i].href.n > 0;
    const struct svg_size size = { NAMES + PLOT + END, AXIS + c.tops[t->nlanes] * ROW + 8 };
    svg_begin(&c.p, "timeline", size, leads, t->title);
    put_lanes(&c);
    put_axis(&c);
    put_spans(&c);
    put_points(&c);
    if (t->now_us != TIME_NONE)
        put_now(&c);
    svg_end(&c.p);
    TRY(buf_check(&b, e));
    out->markup = buf_get(&b);
    return OK;
}
