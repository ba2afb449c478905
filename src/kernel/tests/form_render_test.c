/* Forms as HTML: every field is named, described and marked for everybody, a record shows all that
 * is kept but what is personal, and nothing anybody wrote becomes markup. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernel/tests/form_fixture.h"

enum { HTML_MAX = 200000 };

static const char *rendered(const struct definition *d, const char *const *entries)
{
    static char html[HTML_MAX];
    struct record_pair pairs[FORM_PAIRS_MAX];
    struct form_filled f;
    struct err e = { 0 };
    struct buf b = buf_over(html, sizeof html - 1);
    struct page p = { .b = &b, .language = S("en") };
    size_t n = form_pairs(pairs, entries);
    (void)!form_fill(&f, &(struct form_filling){ .form = d, .inputs = pairs, .ninputs = n },
                     form_arena, &e);
    const struct form_filling in = { .form = d, .inputs = pairs, .ninputs = n };
    form_render(&p, &in, f.problems, f.nproblems, form_arena);
    assert_true(buf_ok(&b));
    html[b.n] = '\0';
    assert_null(strstr(html, "\xE2\x9F\xA6")); /* the bracket of a missing text */
    assert_null(strstr(html, " style="));
    assert_null(strstr(html, "<script"));
    return html;
}

#define HAS(html, part)                                                                            \
    do {                                                                                           \
        if (!strstr((html), (part)))                                                               \
            fail_msg("no %s in %s", (part), (html));                                               \
    } while (0)

static void renders_for_everybody(void **state)
{
    (void)state;
    struct definition d = form_definition(form_infusion);
    const char *html = rendered(&d, (const char *const[]){ "volume=", "weight=0.5", "site=left",
                                                           "lane=g", "oops=1", NULL });
    HAS(html, "Weigh the bag.");
    HAS(html, "<label class=\"field-label\" for=\"f-weight\">Body weight");
    HAS(html, "name=\"weight\" value=\"0.5\" inputmode=\"decimal\" autocomplete=\"off\" "
              "aria-describedby=\"f-weight-unit f-weight-notes\" aria-invalid=\"true\">");
    HAS(html, "<div class=\"field-notes\" id=\"f-weight-notes\">");
    HAS(html, "a value below 1 kg is not possible");
    HAS(html, "without shoes");
    HAS(html, "Possible: 1 to 300 kg");
    HAS(html, "Expected: 40 to 120 kg");
    HAS(html, "aria-describedby=\"f-volume-unit f-volume-notes\" required aria-invalid=\"true\">");
    HAS(html, "<fieldset class=\"field choices\" role=\"radiogroup\" id=\"f-site\"");
    HAS(html, "<legend class=\"field-label\">Side");
    HAS(html, "<input type=\"radio\" name=\"site\" value=\"left\" checked>");
    HAS(html, "<input type=\"radio\" name=\"thawed\" value=\"true\">");
    HAS(html, "<select class=\"entry\" id=\"f-lane\"");
    HAS(html, "<option value=\"g\" selected>G</option>");
    HAS(html, "type=\"date\" id=\"f-born\"");
    HAS(html, "maxlength=\"200\" data-scan");
    HAS(html, "<textarea class=\"entry\" dir=\"auto\" id=\"f-note\"");
    HAS(html, "<output class=\"computed\" id=\"f-total\">");
    HAS(html, "Born <span class=\"field-mark\">optional</span> "
              "<span class=\"field-mark personal\">personal</span>");
    assert_null(strstr(html, "required</span>")); /* what need not be filled in is marked */
    HAS(html, "role=\"alert\"");
    HAS(html, "oops: the form has no such field");
    assert_null(strstr(html, "name=\"total\""));
}

static struct str open_secret(void *context, struct str field, struct str sealed)
{
    (void)context;
    return str_is(field, "born") ? (struct str){ 0 } : sealed;
}

static const struct zone *shown_in; /* NULL: UTC */

static const char *record_rendered(const struct definition *d, const struct form_record *r,
                                   form_open_fn *open)
{
    static char html[HTML_MAX];
    struct buf b = buf_over(html, sizeof html - 1);
    struct page p = { .b = &b, .language = S("en"), .zone = shown_in };
    form_render_record(&p, &(struct form_shown){ .form = d, .record = r, .open = open },
                       form_arena);
    assert_true(buf_ok(&b));
    html[b.n] = '\0';
    return html;
}

static void record_shows_all_that_is_kept(void **state)
{
    (void)state;
    struct definition d = form_definition(form_infusion);
    struct form_record r = FILLED("weight=30000 g", "volume=12.5", "site=right", "thawed=true",
                                  "taken=2026-11-22T10:30+01:00", "person=Ada", "born=1815-12-10");
    struct form_value *values = ARENA_ARRAY(form_arena, r.values.n + 1, struct form_value);
    memcpy(values, r.values.p, r.values.n * sizeof *values);
    values[r.values.n] = (struct form_value){ .name = S("older"), .value = S("kept") };
    r.values.p = values;
    r.values.n++;
    const char *html = record_rendered(&d, &r, open_secret);
    HAS(html, "<dt>Body weight</dt>");
    HAS(html, "30.000\xC2\xA0kg");
    HAS(html, "entered as 30000 g");
    HAS(html, "below what is expected");
    HAS(html, "Right arm");
    HAS(html, "Yes");
    HAS(html, "22 Nov 2026, 09:30 UTC");
    HAS(html, "entered as 2026-11-22T10:30+01:00");
    HAS(html, "Ada");
    HAS(html, "personal, not shown");
    HAS(html, "not recorded");
    HAS(html, "kept");
    assert_null(strstr(html, "1815"));
    assert_null(strstr(html, "entered as 12.5"));
    html = record_rendered(&d, &r, NULL);
    assert_null(strstr(html, "Ada"));
    shown_in = zone_find(S("Europe/Berlin"), form_arena);
    html = record_rendered(&d, &r, NULL);
    shown_in = NULL;
    HAS(html, "22 Nov 2026, 10:30 CET");
    assert_null(strstr(html, "entered as 2026")); /* by the same clock: once is enough */
}

/* The characters of markup, in their order. */
static struct str skeleton(const char *html)
{
    char *to = arena_alloc(form_arena, strlen(html) + 1);
    size_t n = 0;
    for (const char *p = html; *p; p++)
        if (strchr("<>\"'", *p))
            to[n++] = *p;
    return (struct str){ to, n };
}

/* A form whose every word is s, filled in with s, and its record: as one HTML. */
static const char *render_all(const char *s)
{
    struct str word = str_z(s);
    const struct form_choice choices[] = { { word, word, false }, { word, word, true } };
    struct form form = *form_read(str_z(form_infusion));
    struct form_field fields[20];
    struct record_pair pairs[20];
    struct form_value values[20];
    struct form_problem problems[20];
    size_t n = form.fields.n;
    for (size_t i = 0; i < n; i++) {
        fields[i] = form.fields.p[i];
        fields[i].label = fields[i].help = word;
        if (fields[i].unit.p)
            fields[i].unit = word;
        if (fields[i].choices.n == 2)
            fields[i].choices.p = choices;
        pairs[i] = (struct record_pair){ fields[i].name, word };
        values[i] = (struct form_value){ fields[i].name, S("0"), word, word };
        problems[i] = (struct form_problem){ .field = i % 2 ? fields[i].name : word };
        (void)REFUSE(&problems[i].error, "form.below_min", { "min", word }, { "unit", word });
    }
    form.instructions = word;
    form.fields.p = fields;
    const struct definition d = { .name = word, .body = &form };
    const struct form_secret secret = { S("person"), word };
    struct form_record r = { .form = word, .form_version = 1 };
    r.values.p = values;
    r.values.n = n;
    r.secrets.p = &secret;
    r.secrets.n = 1;
    struct buf b = buf_in(form_arena, HTML_MAX);
    struct page p = { .b = &b, .language = S("en") };
    const struct form_filling in = { .form = &d, .inputs = pairs, .ninputs = n };
    form_render(&p, &in, problems, n, form_arena);
    const struct form_shown shown = { .form = &d, .record = &r, .open = open_secret };
    form_render_record(&p, &shown, form_arena);
    buf_char(&b, '\0');
    assert_true(buf_ok(&b));
    return b.p;
}

static void no_text_becomes_markup(void **state)
{
    (void)state;
    static const char *const hostile[] = {
        "<script>alert(1)</script>",
        "\" onfocus=\"alert(1)\" autofocus x=\"",
        "' onfocus='alert(1)",
        "\"><img src=x onerror=alert(1)>",
        "</textarea><script>alert(1)</script>",
        "</option></select><b>",
        "--><!--",
        "{min}{unit}{entered}<i>",
        "a\xff<\xc0\"",
    };
    struct str harmless = skeleton(render_all("harmless"));
    assert_true(harmless.n > 500);
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        struct str got = skeleton(render_all(hostile[i]));
        if (!str_eq(got, harmless))
            fail_msg("%s breaks out", hostile[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(renders_for_everybody),
        cmocka_unit_test(record_shows_all_that_is_kept),
        cmocka_unit_test(no_text_becomes_markup),
    };
    return cmocka_run_group_tests(tests, form_arena_open, form_arena_close);
}
