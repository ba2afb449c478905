/* The leaf has one canonical form: what differs from it in any way is refused, with its reason. */
#include "verify/leaf.h"
#include "verify/note.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>
#include <cmocka.h>

#define ID     "0193a5c0-0000-7000-8000-00000000000a"
#define HASH   "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define TIME   "2026-11-18T11:06:40.000000Z"
#define BEFORE "{\"format\":1,\"id\":\"" ID "\",\"organisation\":\"" ID "\",\"node\":\"n1\","
#define STREAM "\"stream\":\"unit/u1\",\"version\":2,\"key\":\"order/1\","
#define CHAIN  "\"previous\":\"" HASH "\",\"command\":\"" ID "\","
#define TYPE   "\"type\":\"unit.received\",\"type_version\":1,"
#define TIMES  "\"happened\":\"" TIME "\",\"entered\":\"" TIME "\",\"recorded\":\"" TIME "\","
#define WHO    "\"logical\":\"1795000000000000.7\",\"actor\":\"account/1\","
#define END    "\"payload\":{}}"

static struct verify_scanner *scanner;

static bool scan(struct verify_leaf *out, struct str text, const char **why)
{
    /* Exactly as large as the text, so that the sanitizer sees a read beyond it. */
    char *copy = malloc(text.n ? text.n : 1);
    memcpy(copy, text.p, text.n);
    size_t at;
    const bool good = verify_leaf_scan(scanner, out, (struct str){ copy, text.n }, why, &at);
    assert_true(good == (*why == NULL) && at <= text.n);
    free(copy);
    return good;
}

static void assert_good(const char *text)
{
    struct verify_leaf leaf;
    const char *why;
    if (!scan(&leaf, str_z(text), &why))
        fail_msg("%s: %s", why, text);
}

static void assert_bad(const char *text)
{
    struct verify_leaf leaf;
    const char *why;
    if (scan(&leaf, str_z(text), &why))
        fail_msg("accepted: %s", text);
}

static void good_leaves(void **state)
{
    (void)state;
    assert_good(BEFORE STREAM CHAIN TYPE TIMES WHO END);
    assert_good(BEFORE STREAM
                "\"previous\":\"" HASH "\",\"command\":\"" ID "\",\"cause\":\"" ID "\"," TYPE TIMES
                "\"logical\":\"1795000000000000.0\",\"zone\":\"UTC\","
                "\"actor\":\"a\",\"session\":\"" ID "\",\"device\":\"d\\\"\\n\",\"place\":\"p\","
                "\"links\":[{\"kind\":\"order\",\"id\":\"1\"},{\"kind\":\"unit\",\"id\":\"2\"}],"
                "\"reason\":\"s1:p1:AAAA\",\"payload\":[1,-2,0,"
                "true,false,null,\"\\u0000\\u001f\\b\\f\\r\\t\x7F/\xE2\x82\xAC\",{\"a\":{}}]}");
    struct verify_leaf leaf;
    const char *why;
    char text[] =
        BEFORE "\"stream\":\"unit/\\\"\\\\\",\"version\":1,\"key\":\"\\n\",\"command\":\"" ID
               "\"," TYPE TIMES WHO END;
    size_t at;
    assert_true(verify_leaf_scan(scanner, &leaf, str_z(text), &why, &at));
    assert_true(str_is(leaf.stream, "unit/\"\\"));
    assert_true(str_is(leaf.key, "\n"));
    assert_int_equal(leaf.version, 1);
    assert_false(leaf.has_previous);
    assert_int_equal(leaf.logical_us, 1795000000000000);
    assert_int_equal(leaf.logical_count, 7);
}

static void bad_envelopes(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "{",
        "{}",
        "[]",
        "null",
        "\xEF\xBB\xBF" BEFORE STREAM CHAIN TYPE TIMES WHO END,
        " " BEFORE STREAM CHAIN TYPE TIMES WHO END,
        BEFORE STREAM CHAIN TYPE TIMES WHO END " ",
        BEFORE STREAM CHAIN TYPE TIMES WHO END "\n",
        BEFORE STREAM CHAIN TYPE TIMES WHO END "{}",
        BEFORE STREAM CHAIN TYPE TIMES WHO "\"payload\":{},}",
        BEFORE STREAM CHAIN TYPE TIMES WHO "\"payload\":{},\"more\":1}",
        BEFORE STREAM CHAIN TYPE TIMES WHO "\"payload\": {}}",
        BEFORE STREAM CHAIN TYPE TIMES WHO ",\"payload\":{}}",
        BEFORE STREAM CHAIN TYPE TIMES WHO "\"signature\":1}",
        BEFORE STREAM CHAIN TYPE TIMES WHO "\"payload\":}",
        BEFORE STREAM TYPE CHAIN TIMES WHO END,
        BEFORE CHAIN STREAM TYPE TIMES WHO END,
        BEFORE STREAM STREAM CHAIN TYPE TIMES WHO END,
        BEFORE STREAM CHAIN TIMES WHO END,
        BEFORE STREAM CHAIN TYPE WHO END,
        BEFORE STREAM CHAIN TYPE TIMES END,
        BEFORE STREAM CHAIN TYPE TIMES WHO "\"reason\":\"x\",\"place\":\"y\"," END,
        BEFORE STREAM CHAIN TYPE TIMES WHO "\"zone\":\"x\"," END, /* before the actor */
        BEFORE STREAM CHAIN TYPE TIMES WHO "\"place\":null," END,
        BEFORE STREAM CHAIN TYPE TIMES WHO "\"reason\":\"s1:p:A\"," END,
        BEFORE STREAM CHAIN TYPE TIMES WHO "\"reason\":\"s1::AAAA\"," END,
        BEFORE STREAM CHAIN TYPE TIMES WHO "\"reason\":\"\\u0001\"," END,
        BEFORE STREAM CHAIN TYPE TIMES WHO "\"session\":\"\"," END,
        BEFORE STREAM CHAIN TYPE TIMES WHO "\"links\":{}," END,
        BEFORE STREAM CHAIN TYPE TIMES WHO "\"links\":[{}]," END,
        BEFORE STREAM CHAIN TYPE TIMES WHO "\"links\":[{\"id\":\"1\",\"kind\":\"a\"}]," END,
        BEFORE STREAM CHAIN TYPE TIMES WHO "\"links\":[{\"kind\":\"A\",\"id\":\"1\"}]," END,
        BEFORE STREAM CHAIN TYPE TIMES WHO "\"links\":[{\"kind\":\"a\",\"id\":\"1\"},]," END,
        BEFORE "\"stream\":\"unit\",\"version\":2,\"key\":\"k\"," CHAIN TYPE TIMES WHO END,
        BEFORE "\"stream\":\"/u\",\"version\":2,\"key\":\"k\"," CHAIN TYPE TIMES WHO END,
        BEFORE "\"stream\":\"unit/\",\"version\":2,\"key\":\"k\"," CHAIN TYPE TIMES WHO END,
        BEFORE "\"stream\":\"unit/1\",\"version\":2,\"key\":\"\"," CHAIN TYPE TIMES WHO END,
        BEFORE "\"stream\":\"unit/1\",\"version\":0,\"key\":\"k\"," CHAIN TYPE TIMES WHO END,
        BEFORE "\"stream\":\"unit/1\",\"version\":-2,\"key\":\"k\"," CHAIN TYPE TIMES WHO END,
        BEFORE "\"stream\":\"unit/1\",\"version\":02,\"key\":\"k\"," CHAIN TYPE TIMES WHO END,
        BEFORE "\"stream\":\"unit/1\",\"version\":2.0,\"key\":\"k\"," CHAIN TYPE TIMES WHO END,
        BEFORE "\"stream\":\"unit/1\",\"version\":\"2\",\"key\":\"k\"," CHAIN TYPE TIMES WHO END,
        BEFORE "\"stream\":\"unit/1\",\"version\":9223372036854775808,\"key\":\"k\"," CHAIN TYPE
            TIMES WHO END,
        BEFORE "\"stream\":\"unit/1\",\"version\":1,\"key\":\"k\"," CHAIN TYPE TIMES WHO END,
        BEFORE STREAM "\"command\":\"" ID "\"," TYPE TIMES WHO END, /* version 2 without previous */
        BEFORE STREAM CHAIN TYPE TIMES "\"logical\":\"1.0\",\"actor\":\"a\"," END,
        BEFORE STREAM CHAIN TYPE TIMES "\"logical\":\"1795000000000000\",\"actor\":\"a\"," END,
        BEFORE STREAM CHAIN TYPE TIMES "\"logical\":\"01795000000000000.1\",\"actor\":\"a\"," END,
        "{\"format\":2,\"id\":\"" ID "\",\"organisation\":\"" ID
        "\",\"node\":\"n1\"," STREAM CHAIN TYPE TIMES WHO END,
        "{\"format\":1,\"id\":\"0193A5C0-0000-7000-8000-00000000000a\",\"organisation\":\"" ID
        "\",\"node\":\"n1\"," STREAM CHAIN TYPE TIMES WHO END,
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_bad(bad[i]);
}

static void times_are_instants(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "2026-02-29T00:00:00.000000Z", "2026-13-01T00:00:00.000000Z",
        "2026-00-01T00:00:00.000000Z", "2026-01-00T00:00:00.000000Z",
        "2026-01-01T24:00:00.000000Z", "2026-01-01T00:60:00.000000Z",
        "2026-01-01T00:00:60.000000Z", "2026-01-01T00:00:00.00000Z",
        "2026-01-01T00:00:00Z",        "2026-01-01 00:00:00.000000Z",
        "2026-01-01T00:00:00.000000z", "0000-01-01T00:00:00.000000Z",
        "1900-02-29T00:00:00.000000Z", "2027-01-01T00:00:00.000000Z" /* after its logical time */,
    };
    static const char *const good[] = { "2000-02-29T23:59:59.999999Z",
                                        "0001-01-01T00:00:00.000000Z",
                                        "2024-02-29T00:00:00.000000Z",
                                        "2026-11-18T11:06:40.000000Z" };
    char text[2000];
#define AT(t)                                                                                      \
    snprintf(text, sizeof text,                                                                    \
             "%s\"happened\":\"" TIME "\",\"entered\":\"" TIME "\",\"recorded\":\"%s\",%s",        \
             BEFORE STREAM CHAIN TYPE, t, WHO END)
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        AT(bad[i]);
        assert_bad(text);
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        AT(good[i]);
        assert_good(text);
    }
    /* To the microsecond. */
    AT("2026-11-18T11:06:40.000001Z");
    assert_bad(text);
}

static void payloads_are_canonical(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "1.0",
        "1e5",
        "-0",
        "01",
        "-",
        "+1",
        "0x1",
        "tru",
        "True",
        "nul",
        "{\"a\":1,\"a\":2}",
        "{\"a\":{\"b\":1},\"c\":2,\"a\":3}",
        "{\"a\" :1}",
        "{\"a\":1 }",
        "[1, 2]",
        "[1,]",
        "[,1]",
        "{\"a\":1,}",
        "{a:1}",
        "{\"a\"}",
        "\"\\/\"",
        "\"\\u0041\"",
        "\"\\u000A\"",
        "\"\\u000a\"",
        "\"\\u001F\"",
        "\"\\u007f\"",
        "\"\\ud83d\\ude00\"",
        "\"\x01\"",
        "\"\n\"",
        "\"\xFF\"",
        "\"\xC0\xAF\"",
        "\"\xED\xA0\x80\"",
        "\"\xF4\x90\x80\x80\"",
        "\"\xE2\x82\"",
        "\"\\x\"",
        "\"\\\"",
        "\"",
        "'a'",
        "[",
        "]",
        "[1}",
        "{\"a\":1]",
        "//",
        "NaN",
        "Infinity",
    };
    static const char *const good[] = {
        "{\"a\":{\"a\":[{\"a\":1},{\"a\":1}]}}",
        "123456789012345678901234567890",
        "\"\"",
        "[]",
        "{\"\":0}",
        "\"0123456789abcdef\\\\\"",
        "\"\xF0\x9F\x98\x80\"",
    };
    char text[2000];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(text, sizeof text, "%s\"payload\":%s}", BEFORE STREAM CHAIN TYPE TIMES WHO,
                 bad[i]);
        assert_bad(text);
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        snprintf(text, sizeof text, "%s\"payload\":%s}", BEFORE STREAM CHAIN TYPE TIMES WHO,
                 good[i]);
        assert_good(text);
    }
}

/* Each special byte at each place of the eight that are looked at together. */
static void strings_at_every_alignment(void **state)
{
    (void)state;
    char text[2000];
    for (int before = 0; before < 20; before++)
        for (int c = 1; c < 256; c++) {
            const int n = snprintf(text, sizeof text, "%s\"payload\":\"%.*s%c!%.*s\"}",
                                   BEFORE STREAM CHAIN TYPE TIMES WHO, before,
                                   "!!!!!!!!!!!!!!!!!!!!", c, 20 - before, "!!!!!!!!!!!!!!!!!!!!");
            assert_true(n > 0);
            if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\')
                assert_good(text);
            else
                assert_bad(text);
        }
}

static void limits_hold(void **state)
{
    (void)state;
    char *text = malloc(100000);
    struct verify_leaf leaf;
    const char *why;
    const char head[] = BEFORE STREAM CHAIN TYPE TIMES WHO "\"payload\":";
    for (int extra = 0; extra < 2; extra++) { /* the longest leaf, and one byte more */
        const size_t fill = 65535 - (sizeof head - 1) - 3 + (size_t)extra;
        const int n = snprintf(text, 100000, "%s\"%0*d\"}", head, (int)fill, 0);
        assert_int_equal(scan(&leaf, (struct str){ text, (size_t)n }, &why), extra == 0);
    }
    for (int depth = 30; depth < 33; depth++) { /* the envelope is the first of 32 */
        char *p = text + snprintf(text, 100000, "%s", head);
        for (int i = 0; i < depth; i++)
            *p++ = '[';
        for (int i = 0; i < depth; i++)
            *p++ = ']';
        *p++ = '}';
        assert_int_equal(scan(&leaf, (struct str){ text, (size_t)(p - text) }, &why), depth <= 31);
    }
    char *p = text + snprintf(text, 100000, "%s{", head); /* as many members as can be */
    for (int i = 0; p - text < 65500; i++)
        p += snprintf(p, 20, "%s\"%x\":0", i ? "," : "", (unsigned)i);
    p += snprintf(p, 20, "}}");
    assert_true(scan(&leaf, (struct str){ text, (size_t)(p - text) }, &why));
    free(text);
}

/* No beginning of a leaf is a leaf. */
static void beginnings_are_refused(void **state)
{
    (void)state;
    const struct str whole = S(BEFORE STREAM CHAIN TYPE TIMES WHO END);
    struct verify_leaf leaf;
    const char *why;
    for (size_t n = 0; n < whole.n; n++)
        assert_false(scan(&leaf, (struct str){ whole.p, n }, &why));
}

static bool reason_taken(const char *text)
{
    char leaf[1024];
    struct verify_leaf out;
    const char *why;
    snprintf(leaf, sizeof leaf, BEFORE STREAM CHAIN TYPE TIMES WHO "\"reason\":\"s1:p:%s\"," END,
             text);
    return scan(&out, str_z(leaf), &why);
}

/* Every byte in each place of the end, with no, one and two of padding: a sealed reason is taken
 * exactly when its bytes can be read. partial: AUD-02 */
static void sealed_reasons_are_canonical(void **state)
{
    (void)state;
    static const char *const ends[] = { "QUJDREVG", "QUJDREU=", "QUJDRA==", "QUI=", "QQ==" };
    size_t taken = 0;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        for (size_t at = 0; at < strlen(ends[i]); at++)
            for (int c = ' '; c < 256; c++) {
                char text[16];
                uint8_t raw[16];
                size_t n;
                snprintf(text, sizeof text, "%s", ends[i]);
                text[at] = (char)c;
                if (c == '"' || c == '\\')
                    continue;
                const bool good = verify_base64(raw, sizeof raw, &n, str_z(text));
                assert_int_equal(reason_taken(text), good);
                taken += good;
            }
    assert_true(taken > 1000);
    assert_false(reason_taken("") || reason_taken("====") || reason_taken("Q==="));
}

/* The time of recording is that of its own text, whatever the two before it say. */
static void each_time_is_its_own(void **state)
{
    (void)state;
    static const char *const later = "2026-11-18T11:06:40.000001Z";
    static const char *const texts[][3] = { { TIME, TIME, TIME }, { "", TIME, TIME },
                                            { TIME, "", TIME },   { "", "", TIME },
                                            { TIME, TIME, "" },   { "", TIME, "" },
                                            { TIME, "", "" },     { "", "", "" } };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char leaf[1024];
        struct verify_leaf out;
        const char *why, *t[3];
        for (size_t k = 0; k < 3; k++)
            t[k] = texts[i][k][0] ? texts[i][k] : later;
        snprintf(leaf, sizeof leaf,
                 BEFORE STREAM CHAIN TYPE
                 "\"happened\":\"%s\",\"entered\":\"%s\",\"recorded\":\"%s\","
                 "\"logical\":\"1795000000000000.7\",\"actor\":\"a\"," END,
                 t[0], t[1], t[2]);
        assert_int_equal(scan(&out, str_z(leaf), &why), t[2] != later);
    }
}

static int set_up(void **state)
{
    (void)state;
    scanner = verify_scanner_new();
    return scanner ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    verify_scanner_free(scanner);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_leaves),
        cmocka_unit_test(bad_envelopes),
        cmocka_unit_test(times_are_instants),
        cmocka_unit_test(payloads_are_canonical),
        cmocka_unit_test(strings_at_every_alignment),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(beginnings_are_refused),
        cmocka_unit_test(sealed_reasons_are_canonical),
        cmocka_unit_test(each_time_is_its_own),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
