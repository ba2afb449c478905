/* Forms on paper and rows on the page: nothing that was recorded, marked, corrected or is to be
 * signed is left off the sheet; a row is added without script; a grid can be read aloud. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernel/form_print.h"
#include "kernel/tests/form_fixture.h"

enum { HTML_MAX = 1 << 20 };

static const char body[] =
    "{\"instructions\":\"Weigh each bag.\",\"fields\":["
    "{\"name\":\"device\",\"label\":\"Device\",\"type\":\"text\",\"required\":true},"
    "{\"name\":\"thawed\",\"label\":\"Thawed\",\"type\":\"bool\"},"
    "{\"name\":\"person\",\"label\":\"Name\",\"type\":\"text\",\"sealed\":true},"
    "{\"name\":\"side\",\"label\":\"Side\",\"type\":\"choice\",\"choices\":["
    "{\"value\":\"l\",\"label\":\"Left arm\"},{\"value\":\"r\",\"label\":\"Right arm\"}],"
    "\"shown_when\":{\"field\":\"thawed\",\"is\":\"true\"}}],"
    "\"sections\":[{\"name\":\"bags\",\"title\":\"Bags\",\"table\":true,\"repeat\":{\"min\":1,"
    "\"max\":9},\"fields\":[{\"name\":\"volume\",\"label\":\"Volume\",\"type\":\"quantity\","
    "\"unit\":\"mL\",\"required\":true,\"low\":\"10\",\"max\":\"500\"},"
    "{\"name\":\"double\",\"label\":\"Double\",\"type\":\"computed\",\"unit\":\"mL\","
    "\"formula\":\"volume * 2\"}]},"
    "{\"name\":\"end\",\"title\":\"End\",\"fields\":["
    "{\"name\":\"done\",\"label\":\"Done by\",\"type\":\"signature\",\"meaning\":\"Performed\","
    "\"role\":\"operator\"}]}]}";

static char html[HTML_MAX];

static struct page page_new(struct buf *b)
{
    *b = buf_in(form_arena, HTML_MAX - 1);
    return (struct page){ .b = b, .language = S("en"), .now_us = 0 };
}

static void take(const struct page *p)
{
    assert_true(buf_ok(p->b));
    memcpy(html, p->b->p, p->b->n);
    html[p->b->n] = '\0';
    assert_null(strstr(html, "\xE2\x9F\xA6")); /* the bracket of a missing text */
}

#define HAS(text)                                                                                  \
    do {                                                                                           \
        if (!strstr(html, text))                                                                   \
            fail_msg("no %s", text);                                                               \
    } while (0)

static void print(const struct form_printing *in)
{
    struct buf b;
    struct page p = page_new(&b);
    struct print_document d;
    struct err e = { 0 };
    assert_int_equal(form_print(&d, &p, in, form_arena, &e), OK);
    assert_true(d.blocks.n > 0 && str_is(d.title, "Bags of a day"));
    print_html(&p, &d);
    take(&p);
}

static struct definition form(void)
{
    struct definition d = form_definition(body);
    d.title = S("Bags of a day");
    d.hash = S("0011");
    return d;
}

static void a_blank_has_room_for_everything(void **state)
{
    (void)state;
    const struct definition d = form();
    const struct print_fact identity[] = { { S("Patient"), S("Eva Example"), false } };
    print(&(struct form_printing){ .form = &d, .identity = identity, .nidentity = 1 });
    HAS("Eva Example");
    HAS("Weigh each bag.");
    HAS("To be filled in by hand");
    HAS("\xE2\x98\x90 Left arm   \xE2\x98\x90 Right arm");
    HAS("Asked for when \xE2\x80\x9CThawed\xE2\x80\x9D is Yes");
    HAS("<td dir=\"auto\">Device</td><td dir=\"auto\">____________</td>"
        "<td dir=\"auto\">required</td>");
    HAS("<td dir=\"auto\">7</td>"); /* one row there must be, and six to spare */
    assert_null(strstr(html, ">8</td>"));
    HAS("take another sheet");
    HAS("Performed");
    HAS("Entered into the system by");
    HAS("0011");
}

static void a_record_is_printed_whole(void **state)
{
    (void)state;
    const struct definition d = form();
    const struct record_pair pairs[] = { { S("device"), S("TH-07") },
                                         { S("person"), S("Ada") },
                                         { S("volume.1"), S("9") },
                                         { S("volume.2"), S("0.02 L") } };
    struct form_filled f;
    struct err e = { 0 };
    const struct form_filling in = { .form = &d, .inputs = pairs, .ninputs = 4 };
    assert_int_equal(form_fill(&f, &in, form_arena, &e), OK);
    const struct print_signature signed_by[] = {
        { .name = S("Olaf Operator"), .meaning = S("Performed"), .time = S("1 Jan 2026") }
    };
    const struct print_fact review[] = { { S("Ada, 2 Jan"), S("accepted: Bert"), false } };
    const struct flow_said said[] = { { .how = FLOW_RECORDED },
                                      { .how = FLOW_CORRECTED, .why = S("misread") } };
    const struct flow_said_view views[] = {
        { .said = &said[0], .how = S("history.recorded"), .value = S("8 mL"), .who = S("Ada") },
        { .said = &said[1], .how = S("history.corrected"), .value = S("9 mL"), .who = S("Bert") },
    };
    const struct flow_field_view history[] = { { S("Volume"), S("1"), S(""), views, 2 } };
    print(&(struct form_printing){
        .form = &d,
        .record = &f.record,
        .signatures = signed_by,
        .nsignatures = 1,
        .corrections = review,
        .ncorrections = 1,
        .history = history,
        .nhistory = 1,
    });
    HAS("TH-07");
    HAS("personal, not shown");
    assert_null(strstr(html, "<td dir=\"auto\">Name</td><td dir=\"auto\">Ada"));
    HAS("below what is expected");
    HAS("entered as 0.02 L");
    HAS("40\xC2\xA0mL");
    HAS("not recorded, or not asked for");
    HAS("Olaf Operator");
    HAS("accepted: Bert");
    HAS("misread");
    HAS("8 mL");
}

/* --- rows on the page --- */

static void a_row_is_added_without_script(void **state)
{
    (void)state;
    const struct definition d = form();
    struct record_pair pairs[] = { { S("volume.1"), S("9") },
                                   { S("_rows.bags"), S("2") },
                                   { S("_add"), S("bags") } };
    struct buf b;
    struct page p = page_new(&b);
    assert_true(form_redraw_wanted(pairs, 3));
    assert_false(form_redraw_wanted(pairs, 2));
    form_render(&p, &(struct form_filling){ .form = &d, .inputs = pairs, .ninputs = 3 }, NULL, 0,
                form_arena);
    take(&p);
    HAS("name=\"volume.1\" value=\"9\"");
    HAS("name=\"volume.3\"");
    assert_null(strstr(html, "name=\"volume.4\""));
    HAS("name=\"_rows.bags\" value=\"3\"");
    HAS("<button type=\"submit\" name=\"_add\" value=\"bags\" formnovalidate>");
    HAS("<legend>Bags</legend>");
    HAS("<th scope=\"col\" id=\"c-volume\">");
    HAS("<th scope=\"row\" id=\"r-bags-3\">3</th>");
    HAS("aria-labelledby=\"c-volume r-bags-3\"");
    HAS("data-shown-when=\"thawed is true\"");
    /* Nine rows are the last; and who asks for a hundred gets nine. */
    pairs[1].value = S("99");
    p = page_new(&b);
    form_render(&p, &(struct form_filling){ .form = &d, .inputs = pairs, .ninputs = 2 }, NULL, 0,
                form_arena);
    take(&p);
    assert_null(strstr(html, "name=\"volume.4\""));
    pairs[1].value = S("9");
    p = page_new(&b);
    form_render(&p, &(struct form_filling){ .form = &d, .inputs = pairs, .ninputs = 3 }, NULL, 0,
                form_arena);
    take(&p);
    HAS("name=\"volume.9\"");
    assert_null(strstr(html, "name=\"volume.10\""));
    assert_null(strstr(html, "name=\"_add\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_blank_has_room_for_everything),
        cmocka_unit_test(a_record_is_printed_whole),
        cmocka_unit_test(a_row_is_added_without_script),
    };
    return cmocka_run_group_tests(tests, form_arena_open, form_arena_close);
}
