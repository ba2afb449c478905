/* Pages: what is printed stays what it was, wherever it stands. Each hostile string is rendered in
 * every context and the page is read again by a tokenizer of its own: the same tags and attributes
 * must come out as for a harmless word, and their decoded values must be the string. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include <cmocka.h>

#include "gen/kernel/tests/pages/hostile.html.h"
#include "gen/kernel/tests/pages/unit.html.h"
#include "kernel/page.h"

static const struct text_row rows[] = {
    { "de", "page.decimal", "," },
    { "en", "page.decimal", "." },
    { "en", "page.duration_days", "{sign}{first} d {second} h" },
    { "en", "page.duration_hours", "{sign}{first} h {second} min" },
    { "en", "page.duration_minutes", "{sign}{first} min" },
    { "en", "page.duration_seconds", "{sign}{first} s" },
    { "en", "page.month.11", "Nov" },
    { "en", "page.time", "{day} {month} {year}, {clock} {zone}" },
    { "en", "test.hostile", "<{what}>" },
    { "en", "test.reason", "label & bag differ" },
    { "en", "test.unit", "Unit {id}: {count}" },
};

static int use_rows(void **state)
{
    (void)state;
    text_use(rows, sizeof rows / sizeof rows[0]);
    return 0;
}

/* -- A tokenizer as the HTML standard has it, as far as our output goes ------------------------ */

enum { TOKENS_MAX = 400, VALUE_MAX = 2048 };

struct token {
    char what[VALUE_MAX]; /* "<p", "title", "text", … */
    char value[VALUE_MAX];
};

struct tokens {
    struct token t[TOKENS_MAX];
    size_t n;
};

/* The character at p, which may be written as an entity, and how many bytes that takes. */
static char decode_one(const char *p, size_t n, size_t *length)
{
    static const char *const entities[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&#39;" };
    static const char characters[] = "&<>\"'";
    for (size_t k = 0; k < sizeof entities / sizeof entities[0]; k++) {
        *length = strlen(entities[k]);
        if (*length <= n && memcmp(p, entities[k], *length) == 0)
            return characters[k];
    }
    *length = 1;
    return *p;
}

static void decode(char *to, const char *p, size_t n)
{
    size_t length = 0;
    size_t step;
    for (size_t i = 0; i < n; i += step) {
        assert_true(length + 1 < VALUE_MAX);
        to[length++] = decode_one(p + i, n - i, &step);
    }
    to[length] = '\0';
}

static void add(struct tokens *to, const char *what, size_t nwhat, const char *value, size_t n)
{
    assert_true(to->n < TOKENS_MAX && nwhat < VALUE_MAX);
    struct token *t = &to->t[to->n++];
    memcpy(t->what, what, nwhat);
    t->what[nwhat] = '\0';
    decode(t->value, value, n);
}

/* Attributes from p to the >, unquoted ones as well, as a browser reads them. */
static const char *read_attributes(struct tokens *to, const char *p)
{
    for (;;) {
        p += strspn(p, " \t\n/");
        if (*p == '>' || *p == '\0')
            return *p ? p + 1 : p;
        const char *name = p;
        p += strcspn(p, " \t\n/>=");
        const size_t nname = (size_t)(p - name);
        p += strspn(p, " \t\n");
        if (*p != '=') {
            add(to, name, nname, "", 0);
            continue;
        }
        p++;
        p += strspn(p, " \t\n");
        const char quote[] = { *p, '\0' };
        const bool quoted = *p == '"' || *p == '\'';
        const char *value = quoted ? p + 1 : p;
        p = value + strcspn(value, quoted ? quote : " \t\n>");
        add(to, name, nname, value, (size_t)(p - value));
        p += quoted && *p;
    }
}

static void tokenize(struct tokens *to, const char *p)
{
    to->n = 0;
    while (*p) {
        if (*p != '<') {
            const size_t n = strcspn(p, "<");
            add(to, "text", 4, p, n);
            p += n;
            continue;
        }
        const size_t n = 1 + strcspn(p + 1, " \t\n/>") + (p[1] == '/');
        const bool script = n == 7 && memcmp(p, "<script", 7) == 0;
        add(to, p, n, "", 0);
        p = read_attributes(to, p + n);
        if (script) {
            const char *end = strstr(p, "</script");
            assert_non_null(end);
            add(to, "script", 6, p, (size_t)(end - p));
            p = end;
        }
    }
}

static void render(struct tokens *to, char *html, size_t size, struct str s, bool on)
{
    struct buf b = buf_over(html, size - 1);
    struct page p = { .b = &b, .language = S("en") };
    page_hostile(&p, s, on);
    assert_true(buf_ok(&b));
    html[b.n] = '\0';
    tokenize(to, html);
}

static const char *const hostile[] = {
    "<script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</textarea><img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "\" onmouseover=\"alert(1)",
    "' onmouseover='alert(1)",
    "\"><svg onload=alert(1)>",
    "'><svg onload=alert(1)>",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "-->{= s}<!--",
    "&lt;script&gt;",
    "&#x6A;avascript:alert(1)",
    "&quot; onclick=&quot;x",
    "a=b&c=d#e?f/../g",
    "{what}{raw}{= s}",
    "`${alert(1)}`",
    "]]><![CDATA[",
    "<!DOCTYPE x",
    "\\u003cscript\\u003e",
    "\xE2\x80\xA8\xE2\x80\xA9",
    "//evil.example/x",
    "%22%3E%3Cscript%3E",
};

/* What stands for "harmless" in `plain` must be s in got; in URLs percent-decoded. */
static void assert_filled(const struct token *plain, const struct token *got, const char *s)
{
    char storage[VALUE_MAX];
    char value_storage[VALUE_MAX];
    struct buf expected = buf_over(storage, sizeof storage);
    struct buf value = buf_over(value_storage, sizeof value_storage);
    const char *from = plain->value;
    for (const char *hit; (hit = strstr(from, "harmless")); from = hit + 8) {
        buf_put(&expected, from, (size_t)(hit - from));
        buf_z(&expected, s);
    }
    buf_z(&expected, from);
    const bool url = strcmp(got->what, "href") == 0 || strcmp(got->what, "hx-post") == 0;
    for (const char *p = got->value; *p; p++) {
        char c = *p;
        if (url && c == '%') {
            const char digits[] = { p[1], p[2], '\0' };
            c = (char)strtoul(digits, NULL, 16);
            p += 2;
        }
        buf_char(&value, c);
    }
    assert_true(str_eq(buf_get(&value), buf_get(&expected)));
}

/* A URL that is whole in the page: either given up or with a harmless scheme, if any. */
static void assert_safe_url(const char *url)
{
    const size_t n = strcspn(url, ":/?#");
    if (url[n] == ':')
        assert_true(strncasecmp(url, "http:", 5) == 0 || strncasecmp(url, "https:", 6) == 0);
    assert_int_equal(url[strcspn(url, "<>\"' \t\n")], 0);
}

static void assert_same_shape(const struct tokens *plain, const struct tokens *got, const char *s)
{
    assert_int_equal(got->n, plain->n);
    for (size_t i = 0; i < got->n; i++) {
        const struct token *a = &plain->t[i];
        const struct token *b = &got->t[i];
        assert_string_equal(b->what, a->what);
        if (strcmp(b->what, "script") == 0)
            assert_null(strpbrk(b->value, "<>&"));
        else if (strcmp(a->what, "href") == 0 && strncmp(a->value, "harmless", 8) == 0)
            assert_safe_url(b->value);
        else
            assert_filled(a, b, s);
    }
}

/* Nothing of it becomes a tag, an attribute, another scheme, or is lost. */
static void hostile_text_stays_text(void **state)
{
    (void)state;
    static struct tokens plain;
    static struct tokens got;
    static char html[65536];
    for (size_t on = 0; on < 2; on++) {
        render(&plain, html, sizeof html, S("harmless"), on == 1);
        for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
            char bracketed[200];
            render(&got, html, sizeof html, str_z(hostile[i]), on == 1);
            assert_same_shape(&plain, &got, hostile[i]);
            (void)snprintf(bracketed, sizeof bracketed, "<b>%s</b>", hostile[i]);
            render(&got, html, sizeof html, str_z(bracketed), on == 1);
            assert_same_shape(&plain, &got, bracketed);
        }
    }
}

static void assert_put(void (*put)(struct page *, struct str), struct str s, const char *expected)
{
    char storage[300];
    struct buf b = buf_over(storage, sizeof storage);
    struct page p = { .b = &b };
    put(&p, s);
    assert_int_equal(b.n, strlen(expected));
    assert_memory_equal(b.p, expected, b.n);
}

static void puts_by_place(void **state)
{
    (void)state;
    assert_put(page_put_text, S("a\0b\x1B\x7F"),
               "a\xEF\xBF\xBD"
               "b\xEF\xBF\xBD\xEF\xBF\xBD");
    assert_put(page_put_text, S("\xC3("), "\xEF\xBF\xBD(");
    assert_put(page_put_text, S("a\r\nb\r"), "a\nb\xEF\xBF\xBD");
    assert_put(page_put_text, S("\xC3\xA4"), "\xC3\xA4");
    assert_put(page_put_url, S("/a b?c=d&e='\"#f"), "/a%20b?c=d&amp;e=%27%22#f");
    assert_put(page_put_url, S("HTTPS://x/"), "HTTPS://x/");
    assert_put(page_put_url, S("httpx:y"), "#");
    assert_put(page_put_url, S("java\0script:y"), "#");
    assert_put(page_put_url, S("java\nscript:y"), "#");
    assert_put(page_put_url, S(":x"), "#");
    assert_put(page_put_url, S("a/b:c"), "a/b:c");
    assert_put(page_put_url_part, S("../a?b#c:d%&\0\xC3\xA4"), "..%2Fa%3Fb%23c%3Ad%25%26%00%C3%A4");
    assert_put(page_put_json, S("{\"a\":\"</script>&\xE2\x80\xA8\xE2\x80\xA9\xE2\x80\xAA\"}"),
               "{\"a\":\"\\u003c/script\\u003e\\u0026\\u2028\\u2029\xE2\x80\xAA\"}");
}

static struct str unit_page(struct buf *b, const struct page_unit *unit)
{
    struct page p = { .b = b, .language = S("en"), .body = { S("<hr>") } };
    page_unit(&p, unit);
    assert_true(buf_ok(b));
    buf_char(b, '\0');
    return buf_get(b);
}

static void blocks_print_what_holds(void **state)
{
    (void)state;
    const struct page_part parts[] = {
        { S("1"), "first", 12, true },
        { S("2"), "<second>", 0, false },
        { S("3"), "third", INT64_MIN, false },
    };
    char storage[2000];
    struct buf b = buf_over(storage, sizeof storage);
    assert_string_equal(
        unit_page(&b, &(struct page_unit){ .id = S("U"), .parts = parts, .nparts = 3 }).p,
        "<h1 class=\"unit\">Unit U: 3</h1>\n<ul>\n\n"
        "<li><a href=\"/units/1\" aria-current=\"true\">first</a>\n12</li>\n\n"
        "<li><a href=\"/units/2\">&lt;second&gt;</a>\n</li>\n\n"
        "<li><a href=\"/units/3\">third</a>\n</li>\n</ul>\n"
        "<pre>\n  U\n</pre>\n<p data-kind=\"120\">U</p><hr>\n\n");
    buf_cut(&b, 0);
    assert_string_equal(unit_page(&b, &(struct page_unit){ .id = S("U") }).p,
                        "<h1 class=\"unit\">Unit U: 0</h1>\n<p>none</p>\n"
                        "<pre>\n  U\n</pre>\n<p data-kind=\"120\">U</p><hr>\n\n");
    buf_cut(&b, 0);
    const struct page_unit stopped = { .id = S("U"), .stopped = true, .reason = S("test.reason") };
    assert_string_equal(unit_page(&b, &stopped).p,
                        "<h1 class=\"unit stopped\">Unit U: 0</h1>\n"
                        "<p role=\"alert\">label &amp; bag differ</p>\n"
                        "<pre>\n  U\n</pre>\n<p data-kind=\"120\">U</p><hr>\n\n");
}

static void assert_text(struct str s, const char *expected)
{
    assert_int_equal(s.n, strlen(expected));
    assert_memory_equal(s.p, expected, s.n);
}

static void values_as_people_write_them(void **state)
{
    (void)state;
    struct arena *a = arena_new(100000);
    struct page p = { .language = S("en") };
    struct err e = { 0 };
    int64_t t = 0;
    assert_true(clock_read(&t, S("2026-11-02T09:30:59Z")));
    assert_text(page_time(&p, t, a), "2 Nov 2026, 09:30 UTC");
    assert_true(clock_read(&t, S("2026-11-22T00:00:00Z")));
    assert_text(page_time(&p, t, a), "22 Nov 2026, 00:00 UTC");
    assert_text(page_time(&p, TIME_NONE, a), "");
    p.zone = zone_find(S("Europe/Berlin"), a); /* by the clock there, past midnight */
    assert_text(page_time(&p, t + 23 * TIME_HOUR + 30 * TIME_MINUTE, a), "23 Nov 2026, 00:30 CET");
    p.zone = zone_find(S("Europe/Istanbul"), a);
    assert_text(page_time(&p, t, a), "22 Nov 2026, 03:00 UTC+03");
    p.zone = NULL;
    p.language = S("de");
    struct decimal half;
    assert_int_equal(decimal_read(&half, S("-0.50"), &e), OK);
    assert_text(page_decimal(&p, half, a), "-0,50");
    assert_text(page_quantity(&p, (struct quantity){ half, S("mL") }, a), "-0,50\xC2\xA0mL");
    p.language = S("en");
    assert_text(page_duration(&p, 2 * TIME_HOUR + 10 * TIME_MINUTE, a), "2 h 10 min");
    assert_text(page_duration(&p, -TIME_MINUTE, a), "\xE2\x88\x92"
                                                    "1 min");
    assert_text(page_duration(&p, 3 * TIME_DAY - 1, a), "2 d 23 h");
    assert_text(page_duration(&p, 40 * TIME_SECOND, a), "40 s");
    assert_text(page_duration(&p, 0, a), "0 s");
    struct quantity q;
    assert_int_equal(quantity_read(&q, S("12.50 mL"), &e), OK);
    assert_text(page_quantity(&p, q, a), "12.50\xC2\xA0mL");
    assert_text(page_quantity(&p, (struct quantity){ 0 }, a), "");
    assert_text(page_id(S("0192f1c0-0000-7000-8000-0123456789ab")), "456789ab");
    assert_text(page_id(S("short")), "short");
    arena_free(a);
}

/* A message that would be too large fails the page rather than being cut. */
static void too_large_fails(void **state)
{
    (void)state;
    static char big[PAGE_MESSAGE_MAX + 1];
    memset(big, 'x', sizeof big);
    struct buf b = buf_new(1 << 20);
    struct page p = { .b = &b, .language = S("en") };
    const struct text_param what = { "what", { big, sizeof big } };
    page_put_message(&p, S("test.hostile"), &what, 1, page_put_text);
    assert_false(buf_ok(&b));
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_text_stays_text), cmocka_unit_test(puts_by_place),
        cmocka_unit_test(blocks_print_what_holds), cmocka_unit_test(values_as_people_write_them),
        cmocka_unit_test(too_large_fails),
    };
    return cmocka_run_group_tests(tests, use_rows, NULL);
}
