/* Fridges: what is read is kept with who and when, and a reading outside the limits is never
 * without its deviation. */
#include "modules/fridge/fridge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/stop.h"
#include "kernel/tests/fixture.h"
#include "kernel/tests/served.h"
#include "modules/quality/quality.h"

#define RIGHTS "fridge.register fridge.check fridge.retire"

static struct fixture f;
static struct fixture_person nurse, stranger;
static char fridge[40];

static int open_node(void **state)
{
    (void)state;
    static const struct module *const modules[] = {
        &stop_module, &timer_module, &define_module, &flow_module, &quality_module, &fridge_module,
    };
    fixture_open(&f, modules, 6);
    fixture_person(&nurse, 1, 1, 1, RIGHTS);
    fixture_person(&stranger, 2, 2, 2, RIGHTS);
    return 0;
}

static int close_node(void **state)
{
    (void)state;
    fixture_close(&f);
    return 0;
}

static void register_one(void)
{
    fixture_must(&f,
                 fixture_send(&f, &nurse, "fridge.register", NULL,
                              "{'name':'Ward fridge 2','lowest':'2','highest':'8'}"),
                 "register");
    snprintf(fridge, sizeof fridge, "%s", fixture_answer(&f, "fridge"));
}

static enum outcome check(const struct fixture_person *who, const char *temperature)
{
    return fixture_send(&f, who, "fridge.check", NULL, "{'fridge':'%s','temperature':'%s'}", fridge,
                        temperature);
}

static size_t deviations(void)
{
    const struct quality_list_in in = { .organisation = nurse.actor.organisation,
                                        .site = nurse.actor.site,
                                        .open = true,
                                        .at = INT64_MAX,
                                        .id = S(""),
                                        .most = 10 };
    fixture_settle(&f);
    return fixture_list(&f, &sql_quality_list, &in).n;
}

static void a_reading_outside_the_limits_opens_one_deviation(void **state)
{
    (void)state;
    register_one();
    fixture_must(&f, check(&nurse, "8"), "check");
    assert_string_equal(fixture_answer(&f, "within"), "true"); /* the limit itself is right */
    assert_int_equal(deviations(), 0);
    fixture_must(&f, check(&nurse, "8.1"), "check");
    assert_string_equal(fixture_answer(&f, "within"), "false");
    assert_int_equal(deviations(), 1);
    assert_int_equal(deviations(), 1);
    fixture_rebuilds(&f);
}

static void every_check_stays_with_who_read_it(void **state)
{
    (void)state;
    register_one();
    fixture_must(&f, check(&nurse, "4.0"), "check");
    fixture_must(&f, check(&nurse, "4.5"), "check");
    const struct fridge_checks_in in = { str_z(fridge), INT64_MAX };
    const struct record_list list = fixture_list(&f, &sql_fridge_checks, &in);
    const struct fridge_checks_out *rows = list.p;
    assert_int_equal(list.n, 2);
    assert_true(rows[0].number > rows[1].number);
    assert_true(decimal_cmp(rows[1].temperature, decimal_of(4)) == 0);
    assert_int_equal(rows[1].temperature.scale, 1); /* as it was read: 4.0, not 4 */
    assert_true(str_eq(rows[0].checker, nurse.actor.name));
}

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    assert_int_equal(fixture_send(&f, &nurse, "fridge.register", NULL,
                                  "{'name':'Ward fridge 3','lowest':'8','highest':'2'}"),
                     REFUSED);
    fixture_refused(&f, "fridge.limits_reversed");
    register_one();
    fixture_must(&f,
                 fixture_send(&f, &nurse, "fridge.retire", "its door does not close any more",
                              "{'fridge':'%s'}", fridge),
                 "retire");
    assert_int_equal(check(&nurse, "4"), REFUSED);
    fixture_refused(&f, "fridge.retired");
}

static void a_stranger_cannot_tell_it_from_an_unknown_one(void **state)
{
    (void)state;
    register_one();
    assert_int_equal(check(&stranger, "4"), REFUSED);
    fixture_refused(&f, "gate.unknown");
    snprintf(fridge, sizeof fridge, "%s", fixture_id('f', 1).p);
    assert_int_equal(check(&stranger, "4"), REFUSED);
    fixture_refused(&f, "gate.unknown");
}

/* The whole way of a person: the page, its form, a form that is refused, the same as JSON. */
static void a_person_registers_and_checks_on_the_pages(void **state)
{
    (void)state;
    static struct served s;
    static const struct module *const modules[] = { &quality_module, &fridge_module };
    served_open(&s, modules, 2, "fridge.see, fridge.register, fridge.check, deviation.see");
    assert_int_equal(served_get(&s, "/fridges", "text/html"), 200);
    assert_non_null(strstr(served_answer(), "No fridge is registered here."));
    assert_int_equal(served_post(&s, "/fridges", "name=Ward+fridge+2&lowest=8&highest=2"), 422);
    assert_non_null(strstr(served_answer(), "value=\"Ward fridge 2\"")); /* nothing is lost */
    assert_int_equal(served_post(&s, "/fridges", "name=Ward+fridge+2&lowest=2&highest=8"), 303);
    assert_int_equal(served_get(&s, "/fridges", "application/json"), 200);
    const char *row = strstr(served_answer(), "\"fridge\":\"");
    assert_non_null(row);
    snprintf(fridge, sizeof fridge, "%.36s", row + strlen("\"fridge\":\""));
    char path[80];
    char form[120];
    snprintf(path, sizeof path, "/fridges/%s/check", fridge);
    snprintf(form, sizeof form, "fridge=%s&temperature=9.5&note=the+door+stood+open", fridge);
    assert_int_equal(served_post(&s, path, form), 303);
    snprintf(path, sizeof path, "/fridges/%s", fridge);
    assert_int_equal(served_get(&s, path, "text/html"), 200);
    assert_non_null(strstr(served_answer(), "9.5 °C"));
    assert_non_null(strstr(served_answer(), "the door stood open"));
    served_wait(&s, "/deviations", "application/json", "\"kind\":\"excursion\"");
    served_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_reading_outside_the_limits_opens_one_deviation, open_node,
                                        close_node),
        cmocka_unit_test_setup_teardown(every_check_stays_with_who_read_it, open_node, close_node),
        cmocka_unit_test_setup_teardown(what_makes_no_sense_is_refused, open_node, close_node),
        cmocka_unit_test_setup_teardown(a_stranger_cannot_tell_it_from_an_unknown_one, open_node,
                                        close_node),
        cmocka_unit_test(a_person_registers_and_checks_on_the_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
