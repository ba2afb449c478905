/* The @name@ log: an entry stays with who noted it, at its site, and rebuilding gives the same. */
#include "modules/@name@/@name@.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/stop.h"
#include "kernel/tests/served.h"

static struct fixture f;
static struct fixture_person person;

static int open_node(void **state)
{
    (void)state;
    static const struct module *const modules[] = { &stop_module, &timer_module, &define_module,
                                                    &@name@_module };
    fixture_open(&f, modules, 4);
    fixture_person(&person, 1, 1, 1, "@name@.note");
    return 0;
}

static int close_node(void **state)
{
    (void)state;
    fixture_close(&f);
    return 0;
}

static struct record_list entries(void)
{
    const struct @name@_list_in in = { person.actor.organisation, person.actor.site, INT64_MAX };
    return fixture_list(&f, &sql_@name@_list, &in);
}

static void an_entry_stays_with_who_noted_it(void **state)
{
    (void)state;
    fixture_must(&f, fixture_send(&f, &person, "@name@.note", NULL, "{'text':'first'}"), "note");
    const struct record_list list = entries();
    const struct @name@_list_out *rows = list.p;
    assert_int_equal(list.n, 1);
    assert_true(str_is(rows[0].text, "first"));
    assert_true(str_eq(rows[0].actor, person.actor.name));
    fixture_rebuilds(&f);
}

static void who_is_at_no_site_is_refused(void **state)
{
    (void)state;
    person.grants[0].site = (struct str){ 0 };
    person.actor.site = (struct str){ 0 };
    assert_int_equal(fixture_send(&f, &person, "@name@.note", NULL, "{'text':'lost'}"), REFUSED);
    fixture_refused(&f, "@name@.no_site");
}

static void the_page_shows_what_its_form_noted(void **state)
{
    (void)state;
    static struct served s;
    static const struct module *const modules[] = { &@name@_module };
    served_open(&s, modules, 1, "@name@.see, @name@.note");
    assert_int_equal(served_get(&s, "/@name@", "text/html"), 200);
    assert_non_null(strstr(served_answer(), "Nothing was noted yet."));
    assert_int_equal(served_post(&s, "/@name@", "text=second"), 303);
    assert_int_equal(served_get(&s, "/@name@", "text/html"), 200);
    assert_non_null(strstr(served_answer(), "second"));
    assert_int_equal(served_get(&s, "/@name@", "application/json"), 200);
    assert_non_null(strstr(served_answer(), "\"text\":\"second\""));
    served_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_entry_stays_with_who_noted_it, open_node, close_node),
        cmocka_unit_test_setup_teardown(who_is_at_no_site_is_refused, open_node, close_node),
        cmocka_unit_test(the_page_shows_what_its_form_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
