#include "modules/clinic/tests/ward.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define COMMANDS                                                                                   \
    "clinic.thaw clinic.give clinic.finish clinic.conclude clinic.expire_thaw stop.resolve"

struct custody_trial ward;
struct identity_units_out bags[3]; /* 50 mL each */

void ward_ready(const char *product, const char *last, int n, const char *weight)
{
    custody_trial_open(&ward, &clinic_module, COMMANDS);
    custody_trial_order(&ward, 1, product);
    custody_trial_do(&ward, last, n, weight);
    for (int i = 0; i < n; i++)
        bags[i] = custody_trial_unit(&ward, "final_bag", (size_t)i);
}

/* Two frozen bags at the hospital, the patient ready. */
int ward_open_frozen(void **state)
{
    (void)state;
    ward_ready("frozen", "readiness", 2, "61 kg");
    return 0;
}

int ward_open_fresh(void **state)
{
    (void)state;
    ward_ready("fresh", "readiness", 2, "61 kg");
    return 0;
}

int ward_close_order(void **state)
{
    (void)state;
    custody_trial_close(&ward);
    return 0;
}

/* --- steps --- */

enum outcome ward_step(const struct fixture_person *who, const char *command, const char *task,
                       int bag, const char *more)
{
    return fixture_send(&ward.f, who, command, NULL, "{'order':'%s','task':'%s','unit':'%.*s'%s}",
                        ward.order, task, STR(bags[bag].unit), more);
}

enum outcome ward_thaw(const char *task, int bag)
{
    return ward_step(&ward.nurse, "clinic.thaw", task, bag, "");
}

enum outcome ward_give(int bag)
{
    return ward_step(&ward.nurse, "clinic.give", "administer", bag, "");
}

enum outcome ward_finish(int bag, const char *more)
{
    return ward_step(&ward.nurse, "clinic.finish", "administer", bag, more);
}

void ward_check(const struct fixture_person *who, const char *task, const char *point, int bag,
                bool complete)
{
    assert_int_equal(
        custody_trial_check(&ward, who, task, point, bags[bag].label, (struct str){ 0 }), OK);
    assert_string_equal(fixture_answer(&ward.f, "result"), "pass");
    assert_int_equal(strcmp(fixture_answer(&ward.f, "complete"), "true") == 0, complete);
}

void ward_check_by_two(const char *task, const char *point, int bag)
{
    ward_check(&ward.nurse, task, point, bag, false);
    ward_check(&ward.nurse_2, task, point, bag, true);
}

void ward_thaw_first(void)
{
    ward_check_by_two("thaw", "before_thaw", 0);
    assert_int_equal(ward_thaw("thaw", 0), OK);
    assert_int_equal(custody_trial_complete(&ward, &ward.nurse, "thaw", ""), OK);
}

void ward_give_first(void)
{
    ward_thaw_first();
    ward_check_by_two("administer", "administration", 0);
    assert_int_equal(ward_give(0), OK);
}

void ward_refused(enum outcome o, const char *code)
{
    assert_int_equal(o, REFUSED);
    fixture_refused(&ward.f, code);
}

size_t ward_deviations(void)
{
    struct quality_of_order_in in = { str_z(ward.order) };
    return fixture_list(&ward.f, &sql_quality_of_order, &in).n;
}

struct clinic_bags_out ward_bag_row(size_t i)
{
    struct clinic_bags_in in = { str_z(ward.order) };
    struct record_list rows = fixture_list(&ward.f, &sql_clinic_bags, &in);
    assert_true(i < rows.n);
    return ((const struct clinic_bags_out *)rows.p)[i];
}

size_t ward_clocks(void)
{
    struct clinic_clocks_in in = { ward.nurse.actor.organisation, ward.nurse.actor.site };
    return fixture_list(&ward.f, &sql_clinic_clocks, &in).n;
}
