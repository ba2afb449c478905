/* The readers of a bundle's parts: proofs of every leaf of every small tree, one form of each line,
 * values along a path, and a report that says what its events say and nothing else. */
#include "verify/bundle.h"
#include "verify/tree.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { LEAVES = 40 };
static struct hash leaves[LEAVES];

/* RFC 6962, 2.1: root and audit path by their recursion. */
static struct hash root_of(size_t from, size_t n)
{
    size_t k = 1;
    if (n == 1)
        return leaves[from];
    while (k * 2 < n)
        k *= 2;
    const struct hash left = root_of(from, k), right = root_of(from + k, n - k);
    return verify_node_hash(&left, &right);
}

static void path_of(struct verify_proof *p, size_t at, size_t from, size_t n)
{
    size_t k = 1;
    if (n == 1)
        return;
    while (k * 2 < n)
        k *= 2;
    const bool left = at < k;
    path_of(p, left ? at : at - k, left ? from : from + k, left ? k : n - k);
    p->hashes[p->n++] = left ? root_of(from + k, n - k) : root_of(from, k);
}

static void a_proof_holds_for_its_leaf_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEAVES; i++)
        leaves[i] = hash_of(&i, sizeof i);
    for (size_t size = 1; size <= LEAVES; size++) {
        struct hash root = root_of(0, size);
        for (size_t at = 0; at < size; at++) {
            struct verify_proof p = { .index = at };
            path_of(&p, at, 0, size);
            assert_true(verify_proof_holds(&p, leaves[at], size, &root));
            assert_false(verify_proof_holds(&p, leaves[(at + 1) % LEAVES], size, &root));
            p.index = size;
            assert_false(verify_proof_holds(&p, leaves[at], size, &root));
            p.index = at;
            p.hashes[p.n++] = root; /* one more than there may be */
            assert_false(verify_proof_holds(&p, leaves[at], size, &root));
            p.n--;
            if (p.n > 0) {
                p.hashes[p.n - 1].b[7] ^= 1;
                assert_false(verify_proof_holds(&p, leaves[at], size, &root));
                p.n--;
                assert_false(verify_proof_holds(&p, leaves[at], size, &root));
            }
        }
    }
}

#define HEX "9b7c9f1bc8d58abae8d5c5d00fa4b9f85eb73673b37e67fb6f61a5401c769c31"
#define KEY "AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTE="

static void a_line_has_one_form(void **state)
{
    (void)state;
    static const char *const files[] = {
        HEX " 12 event/7",
        HEX " 012 event/7\n",
        HEX "  12 event/7\n",
        HEX " 12\n",
        HEX " 12 ../secret\n",
        HEX " 12 Event/7\n",
        HEX " -1 event/7\n",
        "9B 12 event/7\n",
        HEX " 12 event/7 more\n",
        " 12 event/7\n",
        "\n",
    };
    static const char *const keys[] = {
        "7 family " KEY,    "07 family " KEY "\n", "7  " KEY "\n",           "7 family AQ==\n",
        "family " KEY "\n", "7 family\n",          "7 family " KEY "AA==\n", "7 Family " KEY "\n",
    };
    struct verify_file file;
    struct verify_field_key field;
    struct str rest = S(HEX " 12 event/7\nrest");
    assert_true(verify_file_line(&file, &rest));
    assert_true(file.size == 12 && str_is(file.path, "event/7") && str_is(rest, "rest"));
    rest = S("7 identifiers.0.value " KEY "\n");
    assert_true(verify_field_line(&field, &rest));
    assert_true(field.index == 7 && str_is(field.path, "identifiers.0.value") && rest.n == 0);
    /* "../secret" has letters of a path; it is no name that a manifest has in any place */
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        rest = str_z(files[i]);
        if (verify_file_line(&file, &rest) && !str_is(file.path, "../secret"))
            fail_msg("accepted: %s", files[i]);
    }
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        rest = str_z(keys[i]);
        if (verify_field_line(&field, &rest))
            fail_msg("accepted: %s", keys[i]);
    }
}

static void a_proof_has_one_form(void **state)
{
    (void)state;
    static const char good[] = "c2sp.org/tlog-proof@v1\nindex 5\n" KEY "\n\nlog\n6\n";
    static const char *const bad[] = {
        "c2sp.org/tlog-proof@v2\nindex 5\n\nlog\n",
        "c2sp.org/tlog-proof@v1\nindex 05\n\nlog\n",
        "c2sp.org/tlog-proof@v1\nextra AA==\nindex 5\n\nlog\n",
        "c2sp.org/tlog-proof@v1\nindex 5\nAQ==\n\nlog\n",
        ("c2sp.org/tlog-proof@v1\nindex 5\n" KEY),
    };
    struct verify_proof p;
    assert_true(verify_proof_read(&p, str_z(good)));
    assert_true(p.index == 5 && p.n == 1 && str_is(p.note, "log\n6\n"));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(verify_proof_read(&p, str_z(bad[i])));
}

static void values_are_found_along_a_path(void **state)
{
    (void)state;
    struct verify_scanner *s = verify_scanner_new();
    const struct str value = S("{\"a\":{\"b\":[1,{\"c\":\"x\"},[]]},\"b\":\"y\\n\",\"list\":[]}");
    struct str out;
    assert_true(verify_member_path(s, value, S("a.b.1.c"), &out) && str_is(out, "\"x\""));
    assert_true(verify_member_path(s, value, S("a.b.0"), &out) && str_is(out, "1"));
    assert_true(verify_member(s, value, S("b"), &out) && str_is(out, "\"y\\n\""));
    assert_false(verify_member_text(s, value, "b", &out)); /* escapes */
    static const char *const none[] = {
        "a.b.3", "a.b.00", "a.c", "list.0", "b.0", "", "a.b.1.c.d"
    };
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_false(verify_member_path(s, value, str_z(none[i]), &out));
    verify_scanner_free(s);
}

static void a_report_is_what_the_events_say(void **state)
{
    (void)state;
    struct verify_scanner *s = verify_scanner_new();
    const struct str leaf = S("{\"stream\":\"unit/u\",\"type\":\"unit.ended\",\"place\":\"p\","
                              "\"payload\":{\"unit\":\"u\",\"how\":\"broken\",\"more\":1}}");
    const struct str other = S("{\"type\":\"no.statement\",\"payload\":{}}");
    const struct verify_opened opened = { S("reason"), S("a \"b\"\n\x01") };
    const struct verify_told told[] = { { 7, leaf, &opened, 1 }, { 8, other, NULL, 0 } };
    const struct verify_claims claims = { S("o"), S("log"), 9, S("AA="), told, 2 };
    static const char head[] = "{\"format\":\"vein.coi/1\",\"order\":\"o\",\"log\":\"log\","
                               "\"size\":9,\"root\":\"AA=\",\"statements\":[";
    static const char said[] =
        "{\"event\":7,\"section\":\"unit\",\"type\":\"unit.ended\",\"stream\":\"unit/u\","
        "\"place\":\"p\",\"said\":{\"unit\":\"u\",\"how\":\"broken\"},"
        "\"opened\":{\"reason\":\"a \\\"b\\\"\\n\\u0001\"}}";
    char report[1000];
    int64_t event;
    const int n = snprintf(report, sizeof report, "%s%s]}\n", head, said);
    assert_true(verify_claims_hold(&claims, str_z(report), s, &event));
    for (int i = 0; i < n; i++) { /* no byte may differ */
        report[i] ^= 1;
        assert_false(verify_claims_hold(&claims, str_z(report), s, &event));
        report[i] ^= 1;
    }
    assert_false(verify_claims_hold(&claims, (struct str){ report, (size_t)n - 1 }, s, &event));
    snprintf(report, sizeof report, "%s]}\n", head);
    assert_false(verify_claims_hold(&claims, str_z(report), s, &event));
    assert_int_equal(event, 7);
    verify_scanner_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_proof_holds_for_its_leaf_alone),
        cmocka_unit_test(a_line_has_one_form),
        cmocka_unit_test(a_proof_has_one_form),
        cmocka_unit_test(values_are_found_along_a_path),
        cmocka_unit_test(a_report_is_what_the_events_say),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
