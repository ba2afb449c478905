/* Catalogues: what textgen reads and refuses, and what text.h makes of the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/text.h"

static const struct text_row rows[] = {
    { "de", "order.placed", "Auftrag {number} erteilt" },
    { "en", "fault.other", "a fault" },
    { "en", "fault.other.hint", "try again" },
    { "en", "fault.store.busy", "the store is busy" },
    { "en", "order.open", "{" },
    { "en", "order.placed", "order {number} placed by {who}{end}" },
    { "en", "refusal.unit.unknown", "no unit {unit}" },
    { "en", "refusal.unit.unknown.hint", "scan the label again" },
};

static struct str written(struct buf *b, const char *language, const char *key)
{
    buf_cut(b, 0);
    const struct text_param params[] = { { "number", S("17{who}") }, { "who", S("") } };
    text_write(b, str_z(language), str_z(key), params, 2);
    return buf_get(b);
}

static void assert_str(struct str s, const char *expected)
{
    assert_int_equal(s.n, strlen(expected));
    assert_memory_equal(s.p, expected, s.n);
}

static void finds_and_fills(void **state)
{
    (void)state;
    text_use(rows, sizeof rows / sizeof rows[0]);
    char storage[200];
    struct buf b = buf_over(storage, sizeof storage);
    assert_str(written(&b, "de", "order.placed"), "Auftrag 17{who} erteilt");
    assert_str(written(&b, "en", "order.placed"), "order 17{who} placed by {end}");
    assert_str(written(&b, "fr", "fault.other"), "a fault");
    assert_str(written(&b, "en", "order.open"), "{");
    assert_str(written(&b, "en", "nobody.knows"), "⟦nobody.knows⟧");
    assert_null(text_find(S("en"), S("nobody.knows")).p);
}

static void errors_have_text_and_hint(void **state)
{
    (void)state;
    text_use(rows, sizeof rows / sizeof rows[0]);
    struct arena *a = arena_new(100000);
    struct err e = { 0 };
    assert_int_equal(REFUSE(&e, "unit.unknown", { "unit", S("U-1") }), REFUSED);
    assert_str(text_error(a, S("en"), &e), "no unit U-1");
    assert_str(text_error_hint(a, S("en"), &e), "scan the label again");
    assert_int_equal(err_fault(&e, "store.busy", "detail"), FAULT);
    assert_str(text_error(a, S("en"), &e), "the store is busy");
    assert_str(text_error_hint(a, S("en"), &e), "try again");
    assert_int_equal(err_fault(&e, "disk.gone", "detail"), FAULT);
    assert_str(text_error(a, S("en"), &e), "a fault");
    arena_free(a);
}

/* Every text of a refusal has its hint, in what is really linked; a fault's may be the general one.
 */
static void shipped_refusals_have_hints(void **state)
{
    (void)state;
    text_use(text_rows, text_rows_count);
    assert_true(text_rows_count > 4);
    for (size_t i = 0; i < text_rows_count; i++) {
        const struct str key = str_z(text_rows[i].key);
        if (!str_starts(key, S("refusal.")) || str_ends(key, S(".hint")))
            continue;
        char hint[300];
        (void)snprintf(hint, sizeof hint, "%s.hint", text_rows[i].key);
        if (!text_find(S("en"), str_z(hint)).p)
            fail_msg("%s has no hint", text_rows[i].key);
    }
}

/* Runs textgen over one catalogue; its words on standard error. */
static int generate(const char *po, char *said, size_t size)
{
    char dir[] = "/tmp/vein-text-XXXXXX";
    char path[100];
    char command[500];
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/text.en.po", dir);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fputs(po, f) < 0, 0);
    assert_int_equal(fclose(f), 0);
    (void)snprintf(command, sizeof command, "cd %s && '%s' out.c text.en.po 2>&1 && cat out.c", dir,
                   VEIN_BUILD "/textgen");
    FILE *out = popen(command, "r");
    assert_non_null(out);
    said[fread(said, 1, size - 1, out)] = '\0';
    const int status = pclose(out);
    (void)snprintf(command, sizeof command, "rm -rf %s", dir);
    assert_int_equal(system(command), 0);
    return status;
}

static void textgen_reads(void **state)
{
    (void)state;
    char said[4000];
    assert_int_equal(generate("# header\nmsgid \"\"\nmsgstr \"\"\n\"Language: en\\n\"\n\n"
                              "#. said to a nurse\nmsgid \"b.second\"\nmsgstr \"\"\n\"two \"\n"
                              "\"\\\"lines\\\"\\n\"\n\nmsgid \"a\"\n\".first\"\nmsgstr \"1\"\n",
                              said, sizeof said),
                     0);
    assert_non_null(strstr(said, "    { \"en\", \"a.first\",\n      \"1\" },\n"
                                 "    { \"en\", \"b.second\",\n"
                                 "      \"two \\\"lines\\\"\\n\" },\n"));
    assert_non_null(strstr(said, "text_rows_count = 2;"));
}

/* The parameters of a text, sorted, each once. */
static size_t params_of(struct str text, struct str *out, size_t max)
{
    size_t n = 0;
    while (text.n > 0) {
        text = str_from(text, str_find(text, '{'));
        const size_t close = str_find(text, '}');
        if (close == text.n)
            break;
        const struct str name = { text.p + 1, close - 1 };
        size_t at = 0;
        while (at < n && str_cmp(out[at], name) < 0)
            at++;
        if (at == n || !str_eq(out[at], name)) {
            assert_true(n < max);
            memmove(out + at + 1, out + at, (n++ - at) * sizeof *out);
            out[at] = name;
        }
        text = str_from(text, close + 1);
    }
    return n;
}

static bool same_params(struct str a, struct str b)
{
    struct str of_a[16];
    struct str of_b[16];
    const size_t n = params_of(a, of_a, 15);
    bool same = params_of(b, of_b, 15) == n;
    for (size_t i = 0; same && i < n; i++)
        same = str_eq(of_a[i], of_b[i]);
    return same;
}

/* partial: OPS-04 each language that is shipped says all that English says, with the same
 * parameters, and nothing else. */
static void languages_are_whole(void **state)
{
    (void)state;
    text_use(text_rows, text_rows_count);
    size_t languages = 0;
    size_t wrong = 0;
    struct str language = { 0 };
    while ((language = text_language_after(language)).n > 0) {
        languages++;
        for (size_t i = 0; i < text_rows_count; i++) {
            const struct text_row *row = &text_rows[i];
            const bool english = strcmp(row->language, "en") == 0;
            if (!english && !str_is(language, row->language))
                continue;
            const struct str en = text_find(S("en"), str_z(row->key));
            const struct str said = text_find_in(language, str_z(row->key));
            if (said.p && en.p && same_params(said, en))
                continue;
            printf("# %.*s: %s is %s\n", STR(language), row->key,
                   !said.p ? "missing"
                   : !en.p ? "no text of English"
                           : "with other parameters");
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
    assert_true(languages >= 2);
}

static void textgen_refuses(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        { "msgid \"a\"\nmsgstr \"1\"\nmsgid \"a\"\nmsgstr \"2\"\n", ":3: a stands twice" },
        { "msgid \"a\"\n", ":1: msgid without msgstr" },
        { "msgid \"a\"\n\nmsgid \"b\"\nmsgstr \"\"", ":1: msgid without msgstr" },
        { "\nmsgstr \"1\"\n", ":2: msgstr without msgid" },
        { "msgid \"a\"\nmsgstr \"1\nx", ":2: a string must stand in quotes" },
        { "msgid \"a\"\nmsgstr \"\\q\"\n", ":2: \\q is not known" },
        { "msgid \"a\"\nmsgstr \"x\\\"\n", ":2: the string is not closed" },
        { "msgid \"a\"\nmsgstr \"x\"y\"\n", ":2: a quote or control" },
        { "msgctxt \"a\"\n", ":1: expected msgid" },
        { "msgid \"a\"\nmsgid_plural \"b\"\n", ":2: expected msgid" },
        { "#, fuzzy\nmsgid \"a\"\nmsgstr \"b\"\n", ":1: a fuzzy entry" },
        { "msgid \"a b\"\nmsgstr \"b\"\n", ":1: the key holds a blank" },
        { "msgid \"a\"\nmsgstr \"\"\n", ":1: empty text" },
        { "\"a\"\n", ":1: a string without" },
        { "msgid \"a\"\nmsgstr \"\xC3(\"\n", ":0: is not UTF-8" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char said[4000];
        assert_int_not_equal(generate(bad[i][0], said, sizeof said), 0);
        if (!strstr(said, bad[i][1]))
            fail_msg("row %zu: %s", i, said);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_and_fills),
        cmocka_unit_test(errors_have_text_and_hint),
        cmocka_unit_test(shipped_refusals_have_hints),
        cmocka_unit_test(languages_are_whole),
        cmocka_unit_test(textgen_reads),
        cmocka_unit_test(textgen_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
