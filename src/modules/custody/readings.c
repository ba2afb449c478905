/* A logger's table: read line by line, each error with its line and how to write it. */
#include "modules/custody/readings.h"

#include <stdlib.h>

#include "base/zone.h"

enum { SCALE = 4, UNIT = 10000, COLDEST = -2731500, WARMEST = 3000000, TIME_TEXT_MAX = 40 };

bool custody_degrees_of(custody_degrees *out, struct decimal d)
{
    d = decimal_present(d) ? decimal_reduce(d) : d;
    if (!decimal_present(d) || d.scale > SCALE || d.coefficient < COLDEST ||
        d.coefficient > WARMEST)
        return false;
    *out = (custody_degrees)d.coefficient;
    for (int i = d.scale; i < SCALE; i++)
        *out *= 10;
    return *out >= COLDEST && *out <= WARMEST;
}

struct decimal custody_decimal_of(custody_degrees d)
{
    return decimal_reduce((struct decimal){ .coefficient = d, .scale = SCALE });
}

/* --- order --- */

static int by_time(const void *a, const void *b)
{
    const struct custody_reading *x = a;
    const struct custody_reading *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

static enum outcome twice(struct err *e, size_t line)
{
    char text[24];
    struct buf b = buf_over(text, sizeof text);
    buf_int(&b, (int64_t)line);
    return REFUSE(e, "custody.reading_twice", { "line", buf_get(&b) });
}

enum outcome custody_readings_sort(struct custody_reading *p, size_t n, struct err *e)
{
    if (n == 0)
        return REFUSE(e, "custody.readings_none");
    for (size_t i = 0; i < n; i++)
        p[i].at -= ((p[i].at % TIME_SECOND) + TIME_SECOND) % TIME_SECOND;
    qsort(p, n, sizeof *p, by_time);
    for (size_t i = 1; i < n; i++)
        if (p[i].at == p[i - 1].at)
            return twice(e, i + 1);
    return OK;
}

/* --- times --- */

struct table {
    const struct zone *zone; /* NULL: each time says its own */
    struct str zone_name;
    char parted; /* by which columns are */
    size_t line;
    struct custody_reading *p;
    size_t *lines; /* of each reading */
    size_t n;
    struct arena *arena;
};

static enum outcome wrong(const struct table *t, const char *code, struct str value, struct err *e)
{
    char text[24];
    struct buf b = buf_over(text, sizeof text);
    buf_int(&b, (int64_t)t->line);
    return REFUSE(e, code, { "line", buf_get(&b) }, { "value", value }, { "zone", t->zone_name });
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "22.11.2026 09:30" as 2026-11-22T09:30; any other text with a T for its blank. Cut at the end. */
static struct str in_order(char *out, struct str text)
{
    struct buf b = buf_over(out, TIME_TEXT_MAX);
    if (text.n >= 10 && text.p[2] == '.' && text.p[5] == '.') {
        buf_put(&b, text.p + 6, 4);
        buf_char(&b, '-');
        buf_put(&b, text.p + 3, 2);
        buf_char(&b, '-');
        buf_put(&b, text.p, 2);
        text = str_from(text, 10);
    } else if (text.n >= 10) {
        buf_put(&b, text.p, 10);
        text = str_from(text, 10);
    }
    if (text.n > 0) {
        buf_char(&b, text.p[0] == ' ' ? 'T' : text.p[0]);
        buf_str(&b, str_from(text, 1));
    }
    return buf_ok(&b) ? buf_get(&b) : S("");
}

/* It says its zone: Z, or an offset behind the clock's time. */
static bool says_zone(struct str text)
{
    for (size_t i = 11; i < text.n; i++)
        if (text.p[i] == 'Z' || text.p[i] == 'z' || text.p[i] == '+' || text.p[i] == '-')
            return true;
    return false;
}

/* What a clock on the wall showed, once and no more. False: twice, or never. */
static bool by_the_wall(int64_t *out, const struct zone *zone, int64_t shown)
{
    const int64_t before = shown - zone_time(zone, shown - TIME_DAY).offset_s * TIME_SECOND;
    const int64_t after = shown - zone_time(zone, shown + TIME_DAY).offset_s * TIME_SECOND;
    const bool first = before + zone_time(zone, before).offset_s * TIME_SECOND == shown;
    const bool second = after + zone_time(zone, after).offset_s * TIME_SECOND == shown;
    *out = first ? before : after;
    return first != second || (first && before == after);
}

static enum outcome read_time(int64_t *out, const struct table *t, struct str cell, struct err *e)
{
    char text[TIME_TEXT_MAX + 1];
    struct str time = in_order(text, cell);
    const bool zoned = says_zone(time);
    if (time.n == 0)
        return wrong(t, "custody.reading_time", cell, e);
    if (!zoned && time.n < TIME_TEXT_MAX) {
        text[time.n] = 'Z';
        time.n++;
    }
    if (time.n < 17 || !clock_read(out, time))
        return wrong(t, "custody.reading_time", cell, e);
    if (zoned)
        return OK;
    if (!t->zone)
        return wrong(t, "custody.reading_zone", cell, e);
    return by_the_wall(out, t->zone, *out) ? OK : wrong(t, "custody.reading_clock", cell, e);
}

/* --- degrees --- */

static enum outcome read_degrees(custody_degrees *out, const struct table *t, struct str cell,
                                 struct err *e)
{
    char text[TIME_TEXT_MAX];
    struct buf b = buf_over(text, sizeof text);
    struct decimal d = decimal_none();
    struct err why = { 0 };
    if (str_starts(cell, S("\xe2\x88\x92"))) { /* the minus sign of typesetters */
        buf_char(&b, '-');
        buf_str(&b, str_from(cell, 3));
    } else {
        buf_str(&b, cell);
    }
    const size_t comma = str_find(buf_get(&b), ',');
    if (comma < b.n && t->parted != ',' && str_find(buf_get(&b), '.') == b.n)
        text[comma] = '.';
    if (!buf_ok(&b) || decimal_read(&d, buf_get(&b), &why) != OK || !custody_degrees_of(out, d))
        return wrong(t, "custody.reading_value", cell, e);
    return OK;
}

/* --- lines --- */

/* The next cell of the line, without its quotes; false: a quote that does not end. */
static bool cell(struct str *out, struct str *rest, char parted)
{
    const struct str line = str_trim(*rest);
    if (line.n == 0 || line.p[0] != '"') {
        *out = str_trim(str_cut(rest, parted));
        return true;
    }
    const struct str quoted = str_from(line, 1);
    const size_t end = str_find(quoted, '"');
    *out = str_trim((struct str){ quoted.p, end });
    *rest = str_trim(str_from(quoted, end + 1));
    if (end == quoted.n || (rest->n > 0 && rest->p[0] != parted))
        return false;
    *rest = rest->n > 0 ? str_from(*rest, 1) : (struct str){ 0 };
    return true;
}

static char parted_by(struct str line)
{
    return str_find(line, ';') < line.n ? ';' : str_find(line, '\t') < line.n ? '\t' : ',';
}

static enum outcome read_line(struct table *t, struct str line, bool first, struct err *e)
{
    struct str time;
    struct str value = { 0 };
    struct str rest = line;
    const bool whole =
        cell(&time, &rest, t->parted) && rest.p && cell(&value, &rest, t->parted) && !rest.p;
    if (first && (time.n == 0 || !digit(time.p[0])))
        return OK; /* headings */
    if (!whole)
        return wrong(t, "custody.reading_columns", (struct str){ 0 }, e);
    if (t->n == CUSTODY_READINGS_MAX)
        return REFUSE(e, "custody.readings_many", { "max", S("4000") });
    TRY(read_time(&t->p[t->n].at, t, time, e));
    TRY(read_degrees(&t->p[t->n].celsius, t, value, e));
    t->lines[t->n++] = t->line;
    return OK;
}

/* Which line says what another said: for people, by its place in the table. */
static enum outcome none_twice(const struct table *t, struct err *e)
{
    struct custody_reading *copy = ARENA_ARRAY(t->arena, t->n + 1, struct custody_reading);
    if (!copy)
        return err_no_memory(e);
    if (t->n > 0)
        memcpy(copy, t->p, t->n * sizeof *copy);
    struct err why = { 0 };
    const enum outcome o = custody_readings_sort(t->p, t->n, &why);
    int64_t place = 0;
    if (o == OK || !str_to_u63(&place, err_param(&why, "line"))) {
        *e = why;
        return o;
    }
    size_t last = 0;
    for (size_t i = 0; i < t->n; i++)
        if (copy[i].at - (copy[i].at % TIME_SECOND + TIME_SECOND) % TIME_SECOND ==
            t->p[place - 1].at)
            last = t->lines[i];
    return twice(e, last);
}

enum outcome custody_table_read(struct custody_readings *out, struct str table, struct str zone,
                                struct arena *arena, struct err *e)
{
    struct table t = { .zone_name = zone.p ? zone : S(""), .arena = arena };
    if (zone.n > 0 && !(t.zone = zone_find(zone, arena)))
        return REFUSE(e, "custody.unknown_zone", { "zone", zone });
    t.p = ARENA_ARRAY(arena, CUSTODY_READINGS_MAX, struct custody_reading);
    t.lines = ARENA_ARRAY(arena, CUSTODY_READINGS_MAX, size_t);
    if (!t.p || !t.lines)
        return err_no_memory(e);
    if (str_starts(table, S("\xef\xbb\xbf")))
        table = str_from(table, 3);
    for (struct str rest = table; rest.p;) {
        const struct str line = str_trim(str_cut(&rest, '\n'));
        t.line++;
        if (line.n == 0)
            continue;
        const bool first = t.parted == 0;
        if (first)
            t.parted = parted_by(line);
        TRY(read_line(&t, line, first, e));
    }
    TRY(none_twice(&t, e));
    *out = (struct custody_readings){ t.p, t.n };
    return OK;
}

/* --- compact --- */

void custody_readings_write(struct buf *b, const struct custody_readings *r)
{
    int64_t step = 0;
    for (size_t i = 0; i < r->n; i++) {
        const int64_t now = i > 0 ? (r->p[i].at - r->p[i - 1].at) / TIME_SECOND : step;
        if (i > 0)
            buf_char(b, ' ');
        if (now != step) {
            buf_char(b, '+');
            buf_int(b, now);
            buf_char(b, ' ');
            step = now;
        }
        decimal_write(b, custody_decimal_of(r->p[i].celsius));
    }
}

enum outcome custody_readings_expand(struct custody_readings *out, int64_t begin, struct str text,
                                     struct arena *arena, struct err *e)
{
    struct custody_reading *p = ARENA_ARRAY(arena, CUSTODY_READINGS_MAX, struct custody_reading);
    int64_t step = 0;
    size_t n = 0;
    if (!p)
        return err_no_memory(e);
    for (struct str rest = text; rest.p;) {
        const struct str word = str_cut(&rest, ' ');
        struct decimal d;
        struct err why = { 0 };
        if (str_starts(word, S("+"))) {
            if (!str_to_u63(&step, str_from(word, 1)))
                return err_fault(e, "custody.readings_damaged", "a step");
            continue;
        }
        if (n == CUSTODY_READINGS_MAX || decimal_read(&d, word, &why) != OK ||
            !custody_degrees_of(&p[n].celsius, d))
            return err_fault(e, "custody.readings_damaged", "reading %zu", n + 1);
        p[n].at = n > 0 ? p[n - 1].at + step * TIME_SECOND : begin;
        n++;
    }
    *out = (struct custody_readings){ p, n };
    return OK;
}
