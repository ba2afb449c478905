/* How a product's material travels: ranges that mean something, once for each kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "modules/order/order_impl.h"

static struct arena *arena;

static const char *code_of(const char *rows)
{
    static const struct define_kind *const kinds[] = { &product_kind };
    static struct err e;
    char yaml[1000];
    struct definition d;
    const struct define_context context = { .arena = arena };
    define_use(kinds, 1);
    arena_reset(arena);
    snprintf(yaml, sizeof yaml,
             "kind: product\nname: p\nversion: 1\ntitle: P\neffective: 2026-01-01T00:00:00Z\n"
             "workflow: w\ncoi_pattern: 'TR-@@@@-@@@@-@@@@-%%%%'\nmaterial: fresh\n"
             "indications: [C83.3]\njurisdictions: [eu]\ndoses: [{per_kg: 2e6}]\n"
             "transport: [%s]\n",
             rows);
    e = (struct err){ 0 };
    return define_read(&d, &context, str_z(yaml), &e) == OK ? "" : e.code;
}

static void ranges_mean_something(void **state)
{
    (void)state;
    arena = arena_new(64 << 20);
    assert_string_equal(code_of("{unit: bag, low: 1, high: 10, alert_low: 2, alert_high: 8, "
                                "every: PT15M}, {unit: vial, high: -130, alert_high: -150}"),
                        "");
    assert_string_equal(code_of("{unit: bag, low: 2, high: 2}"), ""); /* both ends are inside */
    assert_string_equal(code_of("{unit: bag, high: 8}, {unit: bag, high: 9}"),
                        "order.transport_twice");
    assert_string_equal(code_of("{unit: bag}"), "order.transport_empty");
    assert_string_equal(code_of("{unit: bag, alert_high: 8}"), "order.transport_empty");
    assert_string_equal(code_of("{unit: bag, high: 8.00001}"), "order.transport_degrees");
    assert_string_equal(code_of("{unit: bag, low: 8, high: 2}"), "order.transport_order");
    assert_string_equal(code_of("{unit: bag, low: 1, high: 8, alert_high: 9}"),
                        "order.transport_alert");
    assert_string_equal(code_of("{unit: bag, low: 1, high: 8, alert_low: 0}"),
                        "order.transport_alert");
    assert_string_equal(code_of("{unit: bag, high: 8, every: 15}"), "flow.malformed_duration");
    assert_string_equal(code_of("{unit: bag, high: 8, every: PT0M}"), "flow.malformed_duration");
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(ranges_mean_something) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
