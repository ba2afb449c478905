/* The compiler of pages: what it makes of one, byte by byte, and what it refuses, with its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Runs pagegen over a page; what it says, then what it made. */
static int generate(const char *html, char *said, size_t size)
{
    char dir[] = "/tmp/vein-page-XXXXXX";
    char text[500];
    assert_non_null(mkdtemp(dir));
    (void)snprintf(text, sizeof text, "%s/in.html", dir);
    FILE *f = fopen(text, "wb");
    assert_non_null(f);
    assert_true(fputs(html, f) >= 0);
    assert_int_equal(fclose(f), 0);
    (void)snprintf(text, sizeof text,
                   "cd %s && '" VEIN_BUILD "/pagegen' in.html in.h in.c 2>&1 && cat in.h in.c",
                   dir);
    FILE *out = popen(text, "r");
    assert_non_null(out);
    said[fread(said, 1, size - 1, out)] = '\0';
    const int status = pclose(out);
    (void)snprintf(text, sizeof text, "rm -rf %s", dir);
    assert_int_equal(system(text), 0);
    return status;
}

static void golden_output(void **state)
{
    (void)state;
    static char html[20000];
    static char said[20000];
    static char golden[20000];
    FILE *f = fopen("src/kernel/tests/pages/unit.html", "rb");
    assert_non_null(f);
    html[fread(html, 1, sizeof html - 1, f)] = '\0';
    assert_int_equal(fclose(f), 0);
    assert_int_equal(generate(html, said, sizeof said), 0);
    f = fopen("src/kernel/tests/golden/unit.html.txt", "rb");
    assert_non_null(f);
    golden[fread(golden, 1, sizeof golden - 1, f)] = '\0';
    assert_int_equal(fclose(f), 0);
    assert_string_equal(said, golden);
}

#define HEAD "<!-- page: x (struct str s) -->\n"

static const char *const bad[][2] = {
    { "<p>x</p>\n", ":1: the first line does not name the page" },
    { "<!-- page: x -->\n", ":1: the first line does not name the page" },
    { "<!-- page: X y (int a) -->\n", ": X y is no name" },
    { "<!-- page: (int a) -->\n", ": the page has no name" },
    { "<!-- page: x ()\n-->\n", ":1: the comment does not end" },
    { HEAD "<!-- include: a.h -->\n", ": an include without quotes" },
    { HEAD "\n<p>\n<!-- include: \"a.h\" -->\n", ":4: page and include stand at the head" },
    { HEAD "<a href={= s}>", ":2: an attribute without quotes" },
    { HEAD "<a href=x>", ":2: an attribute without quotes" },
    { HEAD "<{= s}>", ":2: an expression as the name of a tag" },
    { HEAD "<b{= s}>", ":2: an expression in the name of a tag" },
    { HEAD "</b{= s}>", ":2: a closing tag holds only its name" },
    { HEAD "<b {= s}>", ":2: an expression in a tag" },
    { HEAD "<b data-{= s}=\"x\">", ":2: an expression in a tag" },
    { HEAD "<b data-{x}=\"x\">", ":2: an expression in the name of an attribute" },
    { HEAD "<b {t a.b}>", ":2: an expression in a tag" },
    { HEAD "<b\n onclick=\"x()\">", ":3: onclick is inline script" },
    { HEAD "<b ONCLICK=\"{= s}\">", ":2: onclick is inline script" },
    { HEAD "<b hx-on:click=\"x\">", ":2: hx-on:click is inline script" },
    { HEAD "<b style=\"color: {= s}\">", ":2: an inline style" },
    { HEAD "<style>b { color: red }</style>", ":2: <style> is not allowed" },
    { HEAD "<script>alert(1)</script>", ":2: an inline script" },
    { HEAD "<script>{= s}</script>", ":2: an inline script" },
    { HEAD "<script type=\"text/javascript\">x</script>", ":2: an inline script" },
    { HEAD "<script src=\"/a.js\">x</script>", ":2: content in a script with a src" },
    { HEAD "<script src=\"/a.js\">{= s}</script>", ":2: content in a script with a src" },
    { HEAD "<script src=\"/a.js\"/>", ":2: a script closed by />" },
    { HEAD "<script type=\"application/json\" src=\"/a\"></script>", ":2: an inline script" },
    { HEAD "<script type=\"{= s}\"></script>", ":2: an expression in type" },
    { HEAD "<script type=\"{if s.n}application/json{end}\">", ":2: a block in the tag of a" },
    { HEAD "<script{if s.n} src=\"/a\"{end}></script>", ":2: an expression in the name of a" },
    { HEAD "<script {if s.n}src=\"/a\"{end}></script>", ":2: a block in the tag of a script" },
    { HEAD "<script type=\"application/json\">{= s}</script>", ":2: in a JSON block only" },
    { HEAD "<script type=\"application/json\">{t a}</script>", ":2: in a JSON block only" },
    { HEAD "<script type=\"application/json\">{}", ":2: the page ends inside" },
    { HEAD "<p>{json s}</p>", ":2: {json} outside" },
    { HEAD "<img srcset=\"{= s}\">", ":2: an expression in srcset" },
    { HEAD "<iframe srcdoc='{= s}'>", ":2: an expression in srcdoc" },
    { HEAD "<b hx-vals='js:{= s}'>", ":2: an expression in hx-vals" },
    { HEAD "<meta http-equiv=\"refresh\">", ":2: http-equiv" },
    { HEAD "<a href=\"{t a.b}\">", ":2: a text in href" },
    { HEAD "<a href=\"javascript:x\">", ":2: a URL of the scheme javascript" },
    { HEAD "<a href=\"JavaScript:{= s}\">", ":2: a URL of the scheme JavaScript" },
    { HEAD "<a href=\"java{= s}script:x\">", ":2: a URL of the scheme javascript" },
    { HEAD "<a href=\"data:{= s}\">", ":2: a URL of the scheme data" },
    { HEAD "<base href=\"/\">", ":2: <base> is not allowed" },
    { HEAD "<a title=\"x\"class=\"y\">", ":2: no blank before" },
    { HEAD "<a title=\"x>\n<b>", ":3: a < in an attribute" },
    { HEAD "<a b!c>", ":2: ! in the name of an attribute" },
    { HEAD "1 < 2", ":2: a < that opens no tag" },
    { HEAD "<!-- x", ":2: the comment is not closed" },
    { HEAD "{raw}", ":2: a { that begins nothing known" },
    { HEAD "{=s}", ":2: a { that begins nothing known" },
    { HEAD "{= }", ":2: {=} holds nothing" },
    { HEAD "{= s\n}", ":2: {= …} does not end" },
    { HEAD "{= f(s}", ":2: {= …} does not end" },
    { HEAD "{= s)}", ":2: a closing ) without" },
    { HEAD "{= \"s}", ":2: a string that does not end" },
    { HEAD "{t A b}", ":2: A is no key" },
    { HEAD "{t a.b c}", ":2: behind the key" },
    { HEAD "{t a.b c= d=s}", ":2: a parameter without a value" },
    { HEAD "{if s.n}\n<p>", ":2: the block is not closed" },
    { HEAD "\n{end}", ":3: {end} without" },
    { HEAD "{else}", ":2: {else} without" },
    { HEAD "{if s.n}{else}{else}{end}", ":2: {else} that belongs to no {if}" },
    { HEAD "{if s.n}{else}{elif s.n}{end}", ":2: {elif} that belongs to no {if}" },
    { HEAD "{for int *i : a, 2}{else}{end}", ":2: {else} that belongs to no {if}" },
    { HEAD "{for i : a, 2}{end}", ":2: a {for} of another form" },
    { HEAD "{for int *i : a}{end}", ":2: a {for} of another form" },
    { HEAD "<a {for int *i : a, 2}x{end}>", ":2: a {for} in a tag" },
    { HEAD "{if s.n}\n<a {end}>", ":3: a block that begins in line 2" },
    { HEAD "<a title=\"{if s.n}\" class=\"{end}\">", ":2: a block that begins in line 2" },
    { HEAD "<a title=\"{if s.n}\"{else}{end}>", ":2: a block that begins in line 2" },
    { HEAD "<a {if s.n}href=\"{end}{= s}\">", ":2: a block that begins in line 2" },
    { HEAD "<a {if s.n}><b {end}>", ":2: a block that begins in line 2" },
    { HEAD "<a{if s.n} b{end}c>", ":2: an expression in the name of a tag" },
    { HEAD "<a d{if s.n} b{end}c>", ":2: no blank before" },
    { HEAD "<p title=\"{call y()}\">", ":2: a {call} in a tag" },
    { HEAD "{call y}", ":2: a {call} of another form" },
    { HEAD "<p title=\"{slot}\">", ":2: a {slot} in a tag" },
    { HEAD "<p", ":2: the page ends inside a tag" },
    { HEAD "a\r\n", ":0: a control character" },
    { HEAD "\xC3(", ":0: is not UTF-8" },
};

static void refuses_with_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        static char said[20000];
        const int status = generate(bad[i][0], said, sizeof said);
        if (status == 0 || !strstr(said, "in.html:") || !strstr(said, bad[i][1]))
            fail_msg("%s\nexpected %s\nsaid %s", bad[i][0], bad[i][1], said);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_output),
        cmocka_unit_test(refuses_with_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
