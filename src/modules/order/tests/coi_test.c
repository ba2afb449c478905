/* Chain-of-identity identifiers: check characters by the standard's definition, patterns, chance.
 */
#include "modules/order/order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/id.h"

static const char alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/* By the definition, another way than the program's: the sum of value times weight, the weights
 * being powers of 36 modulo 1271 from the right; with check characters it is 1 modulo 1271. */
static void checks_of(const char *body, char out[3])
{
    long weight = 36L * 36 % 1271, sum = 0;
    for (size_t i = strlen(body); i-- > 0;) {
        const char *at = strchr(alphabet, body[i]);
        if (!at)
            continue;
        sum += (at - alphabet) * weight;
        weight = weight * 36 % 1271;
    }
    for (long check = 0; check < 1271; check++)
        if ((sum + check) % 1271 == 1) {
            snprintf(out, 3, "%c%c", alphabet[check / 36], alphabet[check % 36]);
            return;
        }
    fail();
}

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(16 << 20);
    return arena ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* partial: COI-01 */
static void coi_01_carries_check_characters_by_definition(void **state)
{
    (void)state;
    char checks[3];
    checks_of("ISO79", checks); /* ISO 7064's own example */
    assert_string_equal(checks, "3W");
    assert_true(order_coi_valid(S("ISO793W")));
    for (int i = 0; i < 2000; i++) {
        struct str coi = order_coi_make(S("VN-@@@@-####-@@@@-%%"), S("seed"), (uint64_t)i, arena);
        char body[ORDER_COI_MAX];
        snprintf(body, sizeof body, "%.*s", (int)coi.n - 2, coi.p);
        checks_of(body, checks);
        assert_memory_equal(coi.p + coi.n - 2, checks, 2);
        assert_true(order_coi_valid(coi));
    }
}

/* partial: COI-01 */
static void coi_01_finds_every_wrong_character_and_exchange(void **state)
{
    (void)state;
    struct str coi = order_coi_make(S("VN-@@@@-@@@@-@@@@-%%"), S("seed"), 1, arena);
    char wrong[ORDER_COI_MAX];
    memcpy(wrong, coi.p, coi.n);
    for (size_t i = 0; i < coi.n; i++) {
        if (coi.p[i] == '-')
            continue;
        for (const char *c = alphabet; *c; c++) {
            wrong[i] = *c;
            assert_int_equal(order_coi_valid((struct str){ wrong, coi.n }), *c == coi.p[i]);
        }
        wrong[i] = coi.p[i];
        if (i + 1 == coi.n || coi.p[i + 1] == '-' || coi.p[i + 1] == coi.p[i])
            continue;
        wrong[i] = coi.p[i + 1];
        wrong[i + 1] = coi.p[i];
        assert_false(order_coi_valid((struct str){ wrong, coi.n }));
        wrong[i] = coi.p[i];
        wrong[i + 1] = coi.p[i + 1];
    }
    assert_false(order_coi_valid(S("iso793w")));
    assert_false(order_coi_valid(S("ISO 793W")));
    assert_false(order_coi_valid(S("01")));
    assert_false(order_coi_valid(S("")));
}

static int by_text(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* partial: COI-01 */
static void coi_01_repeats_for_a_retry_and_for_nothing_else(void **state)
{
    (void)state;
    enum { MANY = 20000 };
    const struct str pattern = S("VN-@@@@-@@@@-@@@-%%");
    struct str *all = ARENA_ARRAY(arena, MANY, struct str);
    assert_non_null(all);
    for (uint64_t i = 0; i < MANY; i++) {
        struct id seed = id_derive(S("orders"), S("order"), i);
        all[i] = order_coi_make(pattern, id_str(&seed), 0, arena);
        assert_true(str_eq(all[i], order_coi_make(pattern, id_str(&seed), 0, arena)));
        assert_true(str_starts(all[i], S("VN-")));
        assert_int_equal(all[i].n, pattern.n);
        for (size_t k = 3; k + 2 < all[i].n; k++)
            assert_true(pattern.p[k] == '-' ? all[i].p[k] == '-'
                                            : strchr(ID_LETTERS, all[i].p[k]) != NULL);
    }
    qsort(all, MANY, sizeof all[0], by_text);
    for (size_t i = 1; i < MANY; i++)
        assert_false(str_eq(all[i - 1], all[i]));
}

static void check_refuses(const char *pattern, const char *code)
{
    struct err e = { 0 };
    assert_int_equal(order_coi_pattern_check(str_z(pattern), &e), REFUSED);
    assert_string_equal(e.code, code);
}

static void patterns_that_say_too_little_are_refused(void **state)
{
    (void)state;
    struct err e = { 0 };
    assert_int_equal(order_coi_pattern_check(S("VN-@@@@-@@@@-@@@-%%"), &e), OK);
    assert_int_equal(order_coi_pattern_check(S("###############%%"), &e), OK);
    check_refuses("VN-@@@@-@@@@-@@-%%", "order.pattern_short");
    check_refuses("", "order.pattern_malformed");
    check_refuses("%%", "order.pattern_short");
    check_refuses("@@@@@@@@@@@@@", "order.pattern_malformed");
    check_refuses("@@@@@@%@@@@@@@%%", "order.pattern_malformed");
    check_refuses("vn@@@@@@@@@@@@@%%", "order.pattern_malformed");
    check_refuses("VN @@@@@@@@@@@@@%%", "order.pattern_malformed");
    check_refuses("@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@%%", "order.pattern_malformed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(coi_01_carries_check_characters_by_definition),
        cmocka_unit_test(coi_01_finds_every_wrong_character_and_exchange),
        cmocka_unit_test(coi_01_repeats_for_a_retry_and_for_nothing_else),
        cmocka_unit_test(patterns_that_say_too_little_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
