/* What compiled pages print with; see page.h. All escaping stands here: text and attributes differ
 * in nothing but the place they may stand in, so one function escapes both, for either quote. */
#include "kernel/page.h"

#include <inttypes.h>
#include <stdio.h>

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

/* What stands for a byte of text, NULL: itself. */
static const char *escape_html(char c, bool utf8)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    case '\n':
    case '\t':
        return NULL;
    default:
        if ((unsigned char)c < ' ' || c == 0x7F || ((unsigned char)c > 0x7F && !utf8))
            return REPLACEMENT;
        return NULL;
    }
}

static void put_escaped(struct page *p, struct str s)
{
    const bool utf8 = str_utf8_valid(s);
    size_t plain = 0; /* where the bytes begin that stand for themselves */
    for (size_t i = 0; i < s.n; i++) {
        const bool crlf = s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n'; /* of browsers */
        const char *escape = crlf ? "" : escape_html(s.p[i], utf8);
        if (!escape)
            continue;
        buf_put(p->b, s.p + plain, i - plain);
        buf_z(p->b, escape);
        plain = i + 1;
    }
    if (s.n > plain)
        buf_put(p->b, s.p + plain, s.n - plain);
}

void page_put_text(struct page *p, struct str s)
{
    put_escaped(p, s);
}

void page_put_attribute(struct page *p, struct str s)
{
    put_escaped(p, s);
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._~", c));
}

/* Percent-encodes all but the unreserved characters of RFC 3986 and those named. */
static void put_percent(struct page *p, struct str s, const char *keep)
{
    for (size_t i = 0; i < s.n; i++) {
        const char c = s.p[i];
        if (is_unreserved(c))
            buf_char(p->b, c);
        else if (c == '&' && strchr(keep, c))
            buf_z(p->b, "&amp;");
        else if (c != '\0' && strchr(keep, c))
            buf_char(p->b, c);
        else
            buf_printf(p->b, "%%%02X", (unsigned)(unsigned char)c);
    }
}

/* A URL without scheme, or with http or https. What a browser would skip before or in a scheme
 * (blanks, control characters) is percent-encoded and so ends it. */
static bool scheme_allowed(struct str url)
{
    size_t end = 0;
    while (end < url.n && (url.p[end] == '\0' || !strchr(":/?#", url.p[end])))
        end++;
    if (end == url.n || url.p[end] != ':')
        return true;
    char scheme[6] = { 0 };
    for (size_t i = 0; i < end && i < sizeof scheme - 1; i++)
        scheme[i] = (char)(url.p[i] | 0x20);
    return (end == 4 && memcmp(scheme, "http", 4) == 0) ||
           (end == 5 && memcmp(scheme, "https", 5) == 0);
}

void page_put_url(struct page *p, struct str s)
{
    if (scheme_allowed(s))
        put_percent(p, s, "%:/?#[]@!$&()*+,;=");
    else
        buf_char(p->b, '#');
}

void page_put_url_part(struct page *p, struct str s)
{
    put_percent(p, s, "");
}

void page_put_json(struct page *p, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        const char c = s.p[i];
        const struct str rest = str_from(s, i);
        if (c == '<' || c == '>' || c == '&') {
            buf_printf(p->b, "\\u%04x", (unsigned)c);
        } else if (str_starts(rest, S("\xE2\x80\xA8")) || str_starts(rest, S("\xE2\x80\xA9"))) {
            buf_z(p->b, s.p[i + 2] == '\xA8' ? "\\u2028" : "\\u2029");
            i += 2;
        } else {
            buf_char(p->b, c);
        }
    }
}

void page_put_html(struct page *p, struct html h)
{
    buf_str(p->b, h.markup);
}

void page_put_int(struct page *p, int64_t v)
{
    if (v != INT64_MIN)
        buf_int(p->b, v);
}

void page_put_uint(struct page *p, uint64_t v)
{
    buf_printf(p->b, "%" PRIu64, v);
}

void page_put_literal(struct page *p, const char *s, size_t n)
{
    buf_put(p->b, s, n);
}

void page_put_message(struct page *p, struct str key, const struct text_param *params, size_t n,
                      void (*put)(struct page *, struct str))
{
    char storage[PAGE_MESSAGE_MAX];
    struct buf b = buf_over(storage, sizeof storage);
    text_write(&b, p->language, key, params, n);
    if (buf_ok(&b))
        put(p, buf_get(&b));
    else
        p->b->failed = true;
}

void page_put_text_z(struct page *p, const char *z)
{
    page_put_text(p, str_z(z));
}

void page_put_attribute_z(struct page *p, const char *z)
{
    page_put_attribute(p, str_z(z));
}

void page_put_url_z(struct page *p, const char *z)
{
    page_put_url(p, str_z(z));
}

void page_put_url_part_z(struct page *p, const char *z)
{
    page_put_url_part(p, str_z(z));
}

struct str page_str_s(char scratch[PAGE_DIGITS_MAX], struct str s)
{
    (void)scratch;
    return s;
}

struct str page_str_z(char scratch[PAGE_DIGITS_MAX], const char *z)
{
    (void)scratch;
    return str_z(z);
}

struct str page_str_int(char scratch[PAGE_DIGITS_MAX], int64_t v)
{
    if (v == INT64_MIN)
        return S("");
    (void)snprintf(scratch, PAGE_DIGITS_MAX, "%" PRId64, v);
    return str_z(scratch);
}

struct str page_str_uint(char scratch[PAGE_DIGITS_MAX], uint64_t v)
{
    (void)snprintf(scratch, PAGE_DIGITS_MAX, "%" PRIu64, v);
    return str_z(scratch);
}

enum { PAGE_PHRASE_MAX = 256 };

static struct str phrase(struct page *p, struct arena *a, struct str key,
                         const struct text_param *params, size_t n)
{
    struct buf b = buf_in(a, PAGE_PHRASE_MAX);
    text_write(&b, p->language, key, params, n);
    return buf_get(&b);
}

/* "CET"; where a zone has but a number, "UTC+03". */
static struct str zone_letters(struct str letters, struct arena *a)
{
    const bool number = letters.n > 0 && (letters.p[0] == '+' || letters.p[0] == '-');
    return number ? arena_printf(a, "UTC%.*s", STR(letters)) : letters;
}

/* A time by the clock of the page's place, in the words of its language. */
struct there {
    char text[CLOCK_TEXT_LENGTH + 1]; /* 2026-11-22T09:30:00.000000Z */
    struct str day, month, year, clock, zone;
};
static void there(struct there *out, struct page *p, int64_t us, struct arena *a)
{
    struct buf b = buf_over(out->text, sizeof out->text);
    const struct zone_time local =
        p->zone ? zone_time(p->zone, us) : (struct zone_time){ 0, S("UTC") };
    clock_write(&b, us + local.offset_s * TIME_SECOND);
    char key[] = "page.month.11";
    memcpy(key + sizeof key - 3, out->text + 5, 2);
    const size_t zero = out->text[8] == '0';
    out->day = (struct str){ out->text + 8 + zero, 2 - zero };
    out->month = text_find(p->language, str_z(key));
    out->year = (struct str){ out->text, 4 };
    out->clock = (struct str){ out->text + 11, 5 };
    out->zone = zone_letters(local.letters, a);
}

struct str page_time(struct page *p, int64_t us, struct arena *a)
{
    struct there t;
    if (us == TIME_NONE)
        return S("");
    there(&t, p, us, a);
    const struct text_param params[] = { { "day", t.day },
                                         { "month", t.month },
                                         { "year", t.year },
                                         { "clock", t.clock },
                                         { "zone", t.zone } };
    return phrase(p, a, S("page.time"), params, sizeof params / sizeof params[0]);
}

struct str page_day(struct page *p, int64_t us, struct arena *a)
{
    struct there t;
    if (us == TIME_NONE)
        return S("");
    there(&t, p, us, a);
    const struct text_param params[] = { { "day", t.day }, { "month", t.month } };
    return phrase(p, a, S("page.day"), params, 2);
}

struct str page_days(struct page *p, int64_t from, int64_t to, struct arena *a)
{
    struct there first, last;
    if (from == TIME_NONE || to == TIME_NONE)
        return S("");
    there(&first, p, from, a);
    there(&last, p, to, a);
    if (memcmp(first.text, last.text, 10) == 0)
        return page_day(p, to, a);
    const bool one_month = memcmp(first.text, last.text, 7) == 0;
    const struct text_param params[] = {
        { "first", one_month ? first.day : page_day(p, from, a) },
        { "last", one_month ? last.day : page_day(p, to, a) },
        { "month", last.month },
    };
    return phrase(p, a, one_month ? S("page.days_of_month") : S("page.days"), params,
                  one_month ? 3 : 2);
}

/* The two largest units that say something: 3 d 4 h, 2 h 10 min, 12 min, 40 s. */
struct str page_duration(struct page *p, int64_t us, struct arena *a)
{
    if (us == TIME_NONE)
        return S("");
    const uint64_t seconds = (us < 0 ? -(uint64_t)us : (uint64_t)us) / 1000000;
    const struct {
        struct str key;
        uint64_t first;
        uint64_t second;
    } ways[] = {
        { S("page.duration_days"), seconds / 86400, seconds / 3600 % 24 },
        { S("page.duration_hours"), seconds / 3600, seconds / 60 % 60 },
        { S("page.duration_minutes"), seconds / 60, 0 },
        { S("page.duration_seconds"), seconds, 0 },
    };
    const size_t way = seconds >= 86400 ? 0 : seconds >= 3600 ? 1 : seconds >= 60 ? 2 : 3;
    char first[PAGE_DIGITS_MAX];
    char second[PAGE_DIGITS_MAX];
    const struct text_param params[] = {
        { "sign", us < 0 && seconds > 0 ? S("\xE2\x88\x92") : S("") },
        { "first", page_str_uint(first, ways[way].first) },
        { "second", page_str_uint(second, ways[way].second) },
    };
    return phrase(p, a, ways[way].key, params, sizeof params / sizeof params[0]);
}

struct str page_decimal(struct page *p, struct decimal d, struct arena *a)
{
    struct buf b = buf_in(a, PAGE_PHRASE_MAX);
    decimal_write(&b, d);
    return text_decimal(a, p->language, buf_get(&b));
}

struct str page_quantity(struct page *p, struct quantity q, struct arena *a)
{
    if (!quantity_present(q))
        return S("");
    const struct unit_of_measure *unit = unit_of_measure_find(q.unit);
    struct buf b = buf_in(a, PAGE_PHRASE_MAX);
    buf_str(&b, page_decimal(p, q.value, a));
    if (!str_is(q.unit, "1")) {
        buf_z(&b, "\xC2\xA0"); /* no line break between number and unit */
        buf_str(&b, unit ? str_z(unit->print) : q.unit);
    }
    return buf_get(&b);
}

struct str page_id(struct str id)
{
    enum { SHOWN = 8 };
    return id.n > SHOWN ? str_from(id, id.n - SHOWN) : id;
}
