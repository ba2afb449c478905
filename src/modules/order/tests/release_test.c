/* What lets a product go: results within the specification of the order's own version of the
 * product, and no open deviation that the workflow, or its risk, holds against it. */
#include "modules/order/tests/order_ground.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "modules/quality/quality.h"

#define SPECIFIED(version, viability)                                                              \
    HEAD("product", "trial", version)                                                              \
    "workflow: trial\ncoi_pattern: \"" PATTERN "\"\nmaterial: fresh\nindications: [C83.3]\n"       \
    "jurisdictions: [eu]\ndoses:\n- {per_kg: 2e6, cap: 2e8}\nspecification:\n"                     \
    "- {test: viability, title: Viability, unit: '%', at_least: " viability "}\n"                  \
    "- {test: endotoxin, title: Endotoxin, unit: '{EU}/mL', at_most: 0.5}\n"                       \
    "- {test: virus, title: Virus, is: absent}\n"                                                  \
    "- {test: sterility, title: Sterility, is: no_growth, may_follow_release: true}\n"

#define TESTS                                                                                      \
    HEAD("form", "tests", "1")                                                                     \
    "fields:\n"                                                                                    \
    "- {name: viability, label: V, type: quantity, unit: '%', min: 0, max: 100}\n"                 \
    "- {name: endotoxin, label: E, type: quantity, unit: '{EU}/mL', min: 0, max: 100}\n"           \
    "- {name: virus, label: R, type: choice, choices: [{value: absent, label: A}, {value: "        \
    "present, label: P}]}\n"                                                                       \
    "- {name: sterility, label: S, type: choice, choices: [{value: pending, label: P}, {value: "   \
    "no_growth, label: N}, {value: growth, label: G}]}\n"

#define DECISION                                                                                   \
    HEAD("form", "decision", "1")                                                                  \
    "fields:\n"                                                                                    \
    "- {name: decision, label: D, type: choice, required: true, choices: [{value: release, "       \
    "label: R}, {value: conditional, label: C}, {value: reject, label: N}]}\n"

#define WORKFLOW(closed)                                                                           \
    HEAD("workflow", "trial", "2")                                                                 \
    "product: trial\nmaterial: fresh\nparts: [site, maker]\nstages:\n"                             \
    "- name: only\n  title: Only\n  tasks:\n"                                                      \
    "  - {name: test, title: Test, part: site, role: nurse, form: tests}\n"                        \
    "  - {name: decide, title: Decide, part: site, role: nurse, form: decision, records: [test], " \
    "closed: [" closed "]}\n"

static struct fixture_person nurse, quality;

static int open_release(void **state)
{
    open_node(state);
    fixture_person(&nurse, 5, 1, 1, "flow.complete flow.correct role.nurse deviation.open");
    fixture_person(&quality, 6, 1, 1, "deviation.close");
    must_load(TESTS);
    must_load(DECISION);
    must_load(WORKFLOW("major"));
    must_load(SPECIFIED("2", "70"));
    placed();
    return 0;
}

/* Values with blanks between; "-" leaves one out. */
static enum outcome results(const char *command, const char *viability, const char *endotoxin,
                            const char *virus, const char *sterility)
{
    const char *const names[] = { "viability", "endotoxin", "virus", "sterility" };
    const char *const values[] = { viability, endotoxin, virus, sterility };
    char inputs[600] = "";
    size_t n = 0;
    for (int i = 0; i < 4; i++)
        if (values[i][0] != '-')
            n += (size_t)snprintf(inputs + n, sizeof inputs - n, "%s{'name':'%s','entered':'%s'}",
                                  n > 0 ? "," : "", names[i], values[i]);
    return fixture_send(&f, &nurse, command,
                        strcmp(command, "flow.correct") == 0 ? "mistyped" : NULL,
                        "{'order':'%s','task':'test','inputs':[%s]}", order, inputs);
}

static enum outcome decide(const char *command, const char *decision)
{
    return fixture_send(&f, &nurse, command,
                        strcmp(command, "flow.correct") == 0 ? "second thoughts" : NULL,
                        "{'order':'%s','task':'decide','inputs':[{'name':'decision','entered':'%s'}"
                        "]}",
                        order, decision);
}

static void refused(const char *code, const char *param, const char *value)
{
    fixture_refused(&f, code);
    assert_true(str_is(err_param(&f.error, param), value));
}

/* partial: REL-02 nothing outside its specification is released, and the refusal says what is
 * wrong, found against what was asked for */
static void rel_02_outside_its_specification_nothing_is_released(void **state)
{
    (void)state;
    static const struct {
        const char *values[4];
        const char *test, *value, *limit;
    } outside[] = {
        { { "69.9", "0.2", "absent", "no_growth" }, "Viability", "69.9 %", "at least 70 %" },
        { { "90", "0.51", "absent", "no_growth" },
          "Endotoxin",
          "0.51 {EU}/mL",
          "at most 0.5 {EU}/mL" },
        { { "90", "0.2", "present", "no_growth" }, "Virus", "present", "absent" },
        { { "90", "0.2", "absent", "growth" }, "Sterility", "growth", "no_growth" },
    };
    assert_int_equal(results("flow.complete", "70", "0.5", "absent", "no_growth"), OK);
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        const char *const *v = outside[i].values;
        assert_int_equal(results("flow.correct", v[0], v[1], v[2], v[3]), OK);
        for (int k = 0; k < 2; k++) {
            assert_int_equal(decide("flow.complete", k == 0 ? "release" : "conditional"), REFUSED);
            refused("order.out_of_specification", "test", outside[i].test);
            assert_true(str_is(err_param(&f.error, "value"), outside[i].value));
            assert_true(str_is(err_param(&f.error, "limit"), outside[i].limit));
        }
    }
    assert_int_equal(results("flow.correct", "70", "0.5", "absent", "no_growth"), OK);
    assert_int_equal(decide("flow.complete", "release"), OK); /* both ends are within */
}

static void what_is_missing_is_not_within(void **state)
{
    (void)state;
    assert_int_equal(results("flow.complete", "90", "-", "absent", "no_growth"), OK);
    assert_int_equal(decide("flow.complete", "release"), REFUSED);
    refused("order.result_missing", "test", "Endotoxin");
    assert_int_equal(decide("flow.complete", "conditional"), REFUSED);
    refused("order.result_missing", "test", "Endotoxin");
    assert_int_equal(results("flow.correct", "90", "0.1", "absent", "pending"), OK);
    assert_int_equal(decide("flow.complete", "release"), REFUSED);
    refused("order.result_pending", "test", "Sterility");
    assert_int_equal(decide("flow.complete", "conditional"), OK);
}

/* What may not be released can be rejected, and a rejection is not corrected into a release. */
static void a_rejection_waits_for_nothing_and_stands(void **state)
{
    (void)state;
    assert_int_equal(results("flow.complete", "12", "0.1", "present", "growth"), OK);
    assert_int_equal(decide("flow.complete", "reject"), OK);
    assert_int_equal(decide("flow.correct", "release"), REFUSED);
    refused("order.out_of_specification", "test", "Viability");
}

/* A tightened product holds for the orders prescribed from then on. */
static void the_specification_is_the_orders_own(void **state)
{
    (void)state;
    must_load(SPECIFIED("3", "95"));
    assert_int_equal(results("flow.complete", "80", "0.1", "absent", "no_growth"), OK);
    assert_int_equal(decide("flow.complete", "release"), OK);
}

static void deviation_opened(char out[40], const char *risk)
{
    fixture_must(&f,
                 fixture_send(&f, &nurse, "deviation.open", NULL,
                              "{'order':'%s','kind':'other','risk':'%s','description':'d'}", order,
                              risk),
                 "open");
    answered(out, 40, "deviation");
}

/* partial: REL-01 open deviations hold a release up: which, and until when, is said */
static void rel_01_open_deviations_hold_it_up(void **state)
{
    (void)state;
    char minor[40], major[40], critical[40];
    assert_int_equal(results("flow.complete", "90", "0.1", "absent", "no_growth"), OK);
    deviation_opened(minor, "minor");
    deviation_opened(major, "major");
    deviation_opened(critical, "critical");
    const char *const held[] = { critical, major };
    for (int i = 0; i < 2; i++) {
        assert_int_equal(decide("flow.complete", "release"), REFUSED);
        refused("deviation.open_before", "deviation", held[i]);
        assert_true(str_starts(err_param(&f.error, "number"), S("DEV-")));
        fixture_must(&f,
                     fixture_send(&f, &quality, "deviation.close", "looked into",
                                  "{'deviation':'%s','cause':'handling','conclusion':'c'}",
                                  held[i]),
                     "close");
    }
    assert_int_equal(decide("flow.complete", "release"), OK); /* a minor one, here, does not */
    fixture_rebuilds(&f);
}

static void another_orders_deviation_holds_nothing_up(void **state)
{
    (void)state;
    char site[40];
    assert_int_equal(results("flow.complete", "90", "0.1", "absent", "no_growth"), OK);
    fixture_must(&f,
                 fixture_send(&f, &nurse, "deviation.open", NULL,
                              "{'kind':'other','risk':'critical','description':'of the site'}"),
                 "open");
    answered(site, sizeof site, "deviation");
    assert_int_equal(decide("flow.complete", "release"), OK);
}

/* A misspelt class of risk would hold nothing up: it is not loaded. */
static void a_workflow_names_what_there_is(void **state)
{
    (void)state;
    struct err e = { 0 };
    assert_int_equal(load_text(WORKFLOW("majr"), &e), REFUSED);
    assert_string_equal(e.code, "flow.unknown_closed");
}

#define RELEASE(test) cmocka_unit_test_setup_teardown(test, open_release, close_node)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RELEASE(rel_02_outside_its_specification_nothing_is_released),
        RELEASE(what_is_missing_is_not_within),
        RELEASE(a_rejection_waits_for_nothing_and_stands),
        RELEASE(the_specification_is_the_orders_own),
        RELEASE(rel_01_open_deviations_hold_it_up),
        RELEASE(another_orders_deviation_holds_nothing_up),
        RELEASE(a_workflow_names_what_there_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
