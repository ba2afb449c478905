/* The planned dose: published shapes of dose rules, exact at and around their break-points. */
#include "kernel/text.h"
#include "modules/order/order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct arena *arena;
static struct order_dose dose;
static struct err error;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(32 << 20);
    return arena ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static struct decimal dec(const char *text)
{
    struct decimal d = decimal_none();
    if (text)
        assert_int_equal(decimal_read(&d, str_z(text), &error), OK);
    return d;
}

struct row {
    const char *from, *to, *per_kg, *per_kg_min, *per_kg_max, *total, *total_min, *total_max, *cap;
};

static enum outcome plan(const struct row *rows, size_t n, const char *weight)
{
    struct product_dose *doses = ARENA_ARRAY(arena, n, struct product_dose);
    assert_non_null(doses);
    for (size_t i = 0; i < n; i++)
        doses[i] = (struct product_dose){
            dec(rows[i].from),       dec(rows[i].to),         dec(rows[i].per_kg),
            dec(rows[i].per_kg_min), dec(rows[i].per_kg_max), dec(rows[i].total),
            dec(rows[i].total_min),  dec(rows[i].total_max),  dec(rows[i].cap),
        };
    const struct product product = { .doses = { doses, n } };
    struct quantity q;
    error = (struct err){ 0 };
    assert_int_equal(quantity_read(&q, str_z(weight), &error), OK);
    return order_dose_plan(&dose, &product, q, arena, &error);
}

static void expect(const char *target, const char *min, const char *max)
{
    assert_int_equal(decimal_cmp(dose.target, dec(target)), 0);
    assert_int_equal(decimal_cmp(dose.min, dec(min)), 0);
    assert_int_equal(decimal_cmp(dose.max, dec(max)), 0);
}

/* 0.2–5.0e6/kg up to 50 kg, else 0.1–2.5e8 in total. */
static void per_kg_up_to_a_weight_else_in_total(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { .to = "50", .per_kg = "3e6", .per_kg_min = "0.2e6", .per_kg_max = "5.0e6" },
        { .total = "1e8", .total_min = "0.1e8", .total_max = "2.5e8" },
    };
    assert_int_equal(plan(rows, 2, "43.27 kg"), OK);
    expect("129810000", "8654000", "216350000");
    assert_true(str_is(dose.working, "≤ 50 kg: 3e6/kg × 43.27 kg = 1.2981e8 (8.654e6–2.1635e8)"));
    assert_int_equal(plan(rows, 2, "50 kg"), OK); /* up to 50 kg holds 50 kg … */
    expect("1.5e8", "1e7", "2.5e8");
    assert_int_equal(plan(rows, 2, "50.0 kg"), OK);
    expect("1.5e8", "1e7", "2.5e8");
    assert_int_equal(plan(rows, 2, "49.999 kg"), OK);
    expect("149997000", "9999800", "249995000");
    assert_int_equal(plan(rows, 2, "50.001 kg"), OK); /* … and not a gram more */
    expect("1e8", "1e7", "2.5e8");
    assert_true(str_is(dose.working, "1e8 (1e7–2.5e8)"));
    assert_int_equal(plan(rows, 2, "50001 g"), OK);
    expect("1e8", "1e7", "2.5e8");
    assert_int_equal(plan(rows, 2, "50000 g"), OK);
    expect("1.5e8", "1e7", "2.5e8");
}

/* The other side of a break-point: from 50 kg in total, below it per kg. */
static void in_total_from_a_weight_else_per_kg(void **state)
{
    (void)state;
    static const struct row rows[] = { { .from = "50", .total = "1e8" }, { .per_kg = "1e6" } };
    assert_int_equal(plan(rows, 2, "50 kg"), OK);
    expect("1e8", NULL, NULL);
    assert_int_equal(plan(rows, 2, "49.9 kg"), OK);
    expect("4.99e7", NULL, NULL);
}

/* 2e6/kg with a cap of 2e8. */
static void a_cap_binds_from_its_weight_on(void **state)
{
    (void)state;
    static const struct row rows[] = { { .per_kg = "2e6", .cap = "2e8" } };
    assert_int_equal(plan(rows, 1, "99.9 kg"), OK);
    expect("1.998e8", NULL, "2e8");
    assert_int_equal(plan(rows, 1, "100 kg"), OK);
    expect("2e8", NULL, "2e8");
    assert_true(str_is(dose.working, "2e6/kg × 100 kg = 2e8 (≤ 2e8)"));
    assert_int_equal(plan(rows, 1, "100.1 kg"), OK);
    expect("2e8", NULL, "2e8");
    assert_int_equal(plan(rows, 1, "120 kg"), OK);
    assert_true(str_is(dose.working, "2e6/kg × 120 kg = 2.4e8, ≤ 2e8: 2e8 (≤ 2e8)"));
}

/* 0.5–1.0e6/kg with a cap of 1e8: the cap binds the limits as well. */
static void a_cap_binds_the_limits(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { .per_kg = "0.75e6", .per_kg_min = "0.5e6", .per_kg_max = "1.0e6", .cap = "1e8" },
    };
    assert_int_equal(plan(rows, 1, "80 kg"), OK);
    expect("6e7", "4e7", "8e7");
    assert_int_equal(plan(rows, 1, "120 kg"), OK);
    expect("9e7", "6e7", "1e8");
    assert_int_equal(plan(rows, 1, "210 kg"), OK);
    expect("1e8", "1e8", "1e8");
}

/* 410e6 in total whatever the weight; over which days it is given stands elsewhere. */
static void one_total_for_every_weight(void **state)
{
    (void)state;
    static const struct row rows[] = { { .total = "410e6" } };
    assert_int_equal(plan(rows, 1, "41 kg"), OK);
    expect("410000000", NULL, NULL);
    assert_true(str_is(dose.working, "4.1e8"));
    assert_int_equal(plan(rows, 1, "141 kg"), OK);
    expect("410000000", NULL, NULL);
}

static void weights_without_a_row_are_refused(void **state)
{
    (void)state;
    static const struct row rows[] = { { .from = "6", .to = "50", .per_kg = "1e6" } };
    assert_int_equal(plan(rows, 1, "6 kg"), OK);
    assert_int_equal(plan(rows, 1, "5.9 kg"), REFUSED);
    assert_string_equal(error.code, "order.no_dose");
    assert_int_equal(plan(rows, 1, "50.1 kg"), REFUSED);
    assert_string_equal(error.code, "order.no_dose");
    assert_int_equal(plan(rows, 1, "0 kg"), REFUSED);
    assert_string_equal(error.code, "order.weight_not_positive");
    assert_int_equal(plan(rows, 1, "-7 kg"), REFUSED);
    assert_string_equal(error.code, "order.weight_not_positive");
    assert_int_equal(plan(rows, 1, "7 mL"), REFUSED);
    assert_string_equal(error.code, "quantity.units_differ");
}

static struct definition read_product(const char *path)
{
    static const struct define_kind *const kinds[] = { &product_kind };
    define_use(kinds, 1);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char *text = arena_alloc(arena, 10000);
    assert_non_null(text);
    size_t n = fread(text, 1, 10000, file);
    fclose(file);
    struct define_context context = { .arena = arena };
    struct definition product;
    error = (struct err){ 0 };
    if (define_read(&product, &context, (struct str){ text, n }, &error) != OK)
        fail_msg("%s: %s line %.*s", path, error.code, STR(err_param(&error, "line")));
    return product;
}

static void the_products_that_ship_are_sound(void **state)
{
    (void)state;
    static const char *const paths[] = { "defs/products/corvicel.yaml",
                                         "defs/products/lunacel.yaml" };
    for (size_t i = 0; i < 2; i++) {
        struct definition product = read_product(paths[i]);
        struct quantity weight;
        assert_int_equal(quantity_read(&weight, S("120 kg"), &error), OK);
        assert_int_equal(order_dose_plan(&dose, product.body, weight, arena, &error), OK);
        assert_true(decimal_cmp(dose.target, dec(i == 0 ? "2e8" : "1e8")) == 0);
    }
}

static void says(const struct order_dose_words *words, size_t i, const char *text)
{
    assert_true(i < words->n);
    assert_string_equal(arena_str(arena, words->lines[i]).p, text);
}

/* What a pharmacist reads: units, the weight, the row that applies, what the maximum did. */
static void said_as_a_pharmacist_says_it(void **state)
{
    (void)state;
    struct order_dose_words words;
    text_use(text_rows, text_rows_count);
    static const struct row rows[] = { { .per_kg = "2e6", .per_kg_min = "1e6", .cap = "2e8" } };
    assert_int_equal(plan(rows, 1, "120 kg"), OK);
    order_dose_say(&words, &dose, S("en"), arena);
    assert_string_equal(arena_str(arena, words.dose).p, "2\u00a0×\u00a010⁸ cells");
    assert_int_equal(words.n, 4);
    says(&words, 0,
         "2\u00a0×\u00a010⁶ cells per kg of body weight, times 120\u00a0kg, is "
         "2.4\u00a0×\u00a010⁸ cells");
    says(&words, 1, "one rule for every weight");
    says(&words, 2, "limited by the maximum of 2\u00a0×\u00a010⁸ cells");
    says(&words, 3, "acceptable from 1.2\u00a0×\u00a010⁸ to 2\u00a0×\u00a010⁸ cells");
    order_dose_say(&words, &dose, S("de"), arena);
    says(&words, 3, "zulässig von 1,2\u00a0×\u00a010⁸ bis 2\u00a0×\u00a010⁸ Zellen");

    static const struct row bands[] = { { .to = "50", .per_kg = "3e6" }, { .total = "1e8" } };
    assert_int_equal(plan(bands, 2, "43 kg"), OK);
    order_dose_say(&words, &dose, S("en"), arena);
    says(&words, 1, "rule for patients up to 50 kg");
    assert_int_equal(words.n, 2); /* no maximum, no range: nothing is said of them */
    assert_int_equal(plan(bands, 2, "51 kg"), OK);
    order_dose_say(&words, &dose, S("en"), arena);
    says(&words, 0, "the same for every weight in the rule; the patient weighs 51\u00a0kg");
    says(&words, 1, "rule for every other weight");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(per_kg_up_to_a_weight_else_in_total),
        cmocka_unit_test(in_total_from_a_weight_else_per_kg),
        cmocka_unit_test(a_cap_binds_from_its_weight_on),
        cmocka_unit_test(a_cap_binds_the_limits),
        cmocka_unit_test(one_total_for_every_weight),
        cmocka_unit_test(weights_without_a_row_are_refused),
        cmocka_unit_test(the_products_that_ship_are_sound),
        cmocka_unit_test(said_as_a_pharmacist_says_it),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
