/* Thaw and administration: each step in its order, each refusal, and that a bag was identified,
 * thawed in time and given alone. */
#include "modules/clinic/tests/ward.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* --- the way --- */

/* partial: CLN-03 (thaw countdown, bedside check by two, volume, time, reaction; dose by weight)
 * partial: CLN-05 (guards at thaw and infusion; the next bag only after the last was given safely)
 */
static void cln_03_two_frozen_bags_one_after_the_other(void **state)
{
    (void)state;
    ward_thaw_first();
    assert_true(custody_trial_fact(&ward, "thaw", "thawed"));
    assert_int_equal(ward_clocks(), 1);
    assert_int_equal(ward_bag_row(0).until, ward_bag_row(0).thawed + 90 * TIME_MINUTE);
    ward_check_by_two("administer", "administration", 0);
    assert_int_equal(ward_give(0), OK);
    assert_int_equal(ward_finish(0, ",'volume':'48.5 mL','safe':true,'reaction':'mild fever'"), OK);
    assert_int_equal(ward_clocks(), 0);
    assert_false(custody_trial_fact(&ward, "administer", "all_given"));

    /* What was given and what was left add up; the reaction is sealed. */
    struct clinic_bags_out row = ward_bag_row(0);
    assert_true(str_is(row.how, "given"));
    assert_int_equal(decimal_cmp(row.volume.value, (struct decimal){ 485, 1 }), 0);
    assert_true(row.reaction.n > 0 && !str_is(row.reaction, "mild fever"));

    ward_refused(ward_thaw("administer", 1), "clinic.not_identified");
    ward_check_by_two("administer", "before_thaw", 1);
    assert_int_equal(ward_thaw("administer", 1), OK);
    ward_check_by_two("administer", "administration", 1);
    assert_int_equal(ward_give(1), OK);
    ward_refused(custody_trial_complete(&ward, &ward.nurse, "administer", ""), "flow.fact_missing");
    assert_int_equal(ward_finish(1, SAFE), OK);
    assert_true(custody_trial_fact(&ward, "administer", "all_given"));
    assert_int_equal(custody_trial_complete(&ward, &ward.nurse, "administer", ""), OK);
    env_sim_advance(&ward.f.sim, 3 * TIME_HOUR);
    fixture_settle(&ward.f);
    assert_int_equal(ward_deviations(), 0); /* clocks of what was given to its end are gone */
    fixture_rebuilds(&ward.f);
}

static void a_fresh_product_begins_at_the_bedside(void **state)
{
    (void)state;
    ward_refused(ward_thaw("administer", 0), "clinic.wrong_task");
    ward_refused(ward_give(0), "clinic.not_identified");
    ward_check_by_two("administer", "administration", 0);
    assert_int_equal(ward_give(0), OK);
    assert_int_equal(ward_clocks(), 0);
    assert_int_equal(ward_finish(0, SAFE), OK);
    ward_refused(ward_thaw("administer", 1), "clinic.not_frozen");
    ward_check_by_two("administer", "administration", 1);
    assert_int_equal(ward_give(1), OK);
    assert_int_equal(ward_finish(1, SAFE), OK);
    assert_true(custody_trial_fact(&ward, "administer", "all_given"));
    fixture_rebuilds(&ward.f);
}

/* --- identity --- */

/* partial: COI-02 (before thaw and immediately before administration), COI-12 (again at both) */
static void coi_02_only_the_bag_that_was_read_is_identified(void **state)
{
    (void)state;
    ward_refused(ward_thaw("thaw", 0), "clinic.not_identified");
    ward_check(&ward.nurse, "thaw", "before_thaw", 0, false);
    ward_refused(ward_thaw("thaw", 0), "clinic.not_identified"); /* one person is not two */
    ward_check(&ward.nurse_2, "thaw", "before_thaw", 1, false);  /* nor is it with another bag */
    ward_refused(ward_thaw("thaw", 0), "clinic.not_identified");
    ward_check(&ward.nurse_2, "thaw", "before_thaw", 0, true);
    ward_refused(ward_thaw("thaw", 1), "clinic.not_identified");
    assert_int_equal(ward_thaw("thaw", 0), OK);
    assert_int_equal(custody_trial_complete(&ward, &ward.nurse, "thaw", ""), OK);

    /* What was identified for the thaw is not thereby identified at the bedside. */
    ward_refused(ward_give(0), "clinic.not_identified");
    ward_check(&ward.nurse, "administer", "administration", 0, false);
    ward_refused(ward_give(0), "clinic.not_identified");
    ward_check(&ward.nurse, "administer", "administration", 0, false); /* the same person again */
    ward_refused(ward_give(0), "clinic.not_identified");
    ward_check(&ward.nurse_2, "administer", "administration", 0, true);
    assert_int_equal(ward_give(0), OK);
}

/* partial: COI-12 (at the bedside after the thaw: what was identified while it was frozen is not
 * what hangs there now) */
static void coi_12_the_bedside_check_follows_the_thaw(void **state)
{
    (void)state;
    ward_give_first();
    ward_check_by_two("administer", "administration", 1); /* still frozen */
    assert_int_equal(ward_finish(0, SAFE), OK);
    env_sim_advance(&ward.f.sim, 20 * TIME_HOUR);
    ward_check_by_two("administer", "before_thaw", 1);
    assert_int_equal(ward_thaw("administer", 1), OK);
    env_sim_advance(&ward.f.sim, 80 * TIME_MINUTE);
    ward_refused(ward_give(1), "clinic.not_identified");
    ward_check(&ward.nurse_2, "administer", "administration", 1, false); /* both, anew */
    ward_refused(ward_give(1), "clinic.not_identified");
    ward_check(&ward.nurse, "administer", "administration", 1, true);
    assert_int_equal(ward_give(1), OK);
    fixture_rebuilds(&ward.f);
}

/* --- order of bags --- */

static void one_bag_at_a_time(void **state)
{
    (void)state;
    ward_check_by_two("thaw", "before_thaw", 0);
    ward_check_by_two("thaw", "before_thaw", 1);
    assert_int_equal(ward_thaw("thaw", 0), OK);
    ward_refused(ward_thaw("thaw", 0), "clinic.thawed_before");
    ward_refused(ward_thaw("thaw", 1), "clinic.bag_in_use");
    assert_int_equal(custody_trial_complete(&ward, &ward.nurse, "thaw", ""), OK);
    ward_refused(ward_thaw("administer", 1), "clinic.wrong_task"); /* none was given yet */
    ward_check_by_two("administer", "administration", 1);
    ward_refused(ward_give(1), "clinic.not_thawed");
    ward_check_by_two("administer", "administration", 0);
    assert_int_equal(ward_give(0), OK);
    ward_refused(ward_give(0), "clinic.bag_in_use");
    ward_check_by_two("administer", "before_thaw", 1);
    ward_refused(ward_thaw("administer", 1), "clinic.bag_in_use");
    ward_refused(ward_finish(1, SAFE), "clinic.not_running");
}

static void the_next_only_after_the_last_was_safe(void **state)
{
    (void)state;
    ward_give_first();
    ward_check_by_two("administer", "before_thaw", 1);
    assert_int_equal(ward_finish(0, ",'volume':'20 mL','reaction':'dyspnoea'"), OK);
    ward_refused(ward_thaw("administer", 1), "clinic.last_not_safe");

    /* The bag that is left is discarded, and the administration is concluded. */
    char conclude[120];
    snprintf(conclude, sizeof conclude, "{'order':'%s','task':'administer'}", ward.order);
    ward_refused(fixture_send(&ward.f, &ward.nurse, "clinic.conclude", "reaction", "%s", conclude),
                 "clinic.bags_left");
    assert_int_equal(fixture_send(&ward.f, &ward.nurse, "unit.discard", "reaction",
                                  "{'unit':'%.*s'}", STR(bags[1].unit)),
                     OK);
    ward_refused(custody_trial_complete(&ward, &ward.nurse, "administer", ""), "flow.fact_missing");
    assert_int_equal(
        fixture_send(&ward.f, &ward.nurse, "clinic.conclude", "reaction", "%s", conclude), OK);
    assert_int_equal(custody_trial_complete(&ward, &ward.nurse, "administer", ""), OK);
    fixture_rebuilds(&ward.f);
}

static void nothing_is_concluded_when_nothing_was_given(void **state)
{
    (void)state;
    char body[120];
    ward_thaw_first();
    for (int i = 0; i < 2; i++)
        assert_int_equal(fixture_send(&ward.f, &ward.nurse, "unit.discard", "torn",
                                      "{'unit':'%.*s'}", STR(bags[i].unit)),
                         OK);
    snprintf(body, sizeof body, "{'order':'%s','task':'administer'}", ward.order);
    ward_refused(fixture_send(&ward.f, &ward.nurse, "clinic.conclude", "torn", "%s", body),
                 "clinic.nothing_given");
    ward_refused(ward_give(0), "clinic.unit_ended");
    env_sim_advance(&ward.f.sim, 2 * TIME_HOUR);
    fixture_settle(&ward.f); /* discarded in time: the clock ends without a deviation */
    assert_int_equal(ward_deviations(), 0);
    assert_true(ward_bag_row(0).expired);
}

/* --- the clock --- */

static void what_thawed_too_long_is_not_given(void **state)
{
    (void)state;
    ward_thaw_first();
    ward_check_by_two("administer", "administration", 0);
    ward_refused(fixture_send(&ward.f, &ward.nurse, "clinic.expire_thaw", NULL,
                              "{'order':'%s','unit':'%.*s'}", ward.order, STR(bags[0].unit)),
                 "clinic.not_due");
    env_sim_advance(&ward.f.sim, 90 * TIME_MINUTE);
    ward_refused(ward_give(0), "clinic.thaw_expired"); /* even before the timer ran */
    fixture_settle(&ward.f);
    assert_true(ward_bag_row(0).expired);
    assert_int_equal(ward_deviations(), 1);
    assert_int_equal(ward_clocks(), 1); /* shown until it is discarded */
    ward_refused(ward_give(0), "clinic.thaw_expired");
    fixture_rebuilds(&ward.f);
}

static void what_runs_when_the_clock_runs_out_is_finished(void **state)
{
    (void)state;
    ward_give_first();
    env_sim_advance(&ward.f.sim, 2 * TIME_HOUR);
    fixture_settle(&ward.f);
    assert_int_equal(ward_deviations(), 1);
    assert_int_equal(ward_finish(0, SAFE), OK);
    assert_true(str_is(ward_bag_row(0).how, "given"));
}

/* --- guards, place, quantity, dose --- */

static void what_is_not_ready_is_refused(void **state)
{
    (void)state;
    char order[40];
    memcpy(order, ward.order, sizeof order);
    assert_int_equal(ward_step(&ward.coordinator, "clinic.thaw", "thaw", 0, ""), REFUSED);
    fixture_refused(&ward.f, "gate.forbidden");
    ward_refused(ward_step(&ward.stranger, "clinic.thaw", "thaw", 0, ""), "gate.unknown");
    /* Foreign equals unknown, word for word, for a bag that exists and for one that does not. */
    struct err foreign = ward.f.error;
    struct str own = bags[0].unit;
    bags[0].unit = fixture_id('u', 98);
    for (int i = 0; i < 2; i++) {
        ward_refused(ward_step(&ward.stranger, "clinic.thaw", "thaw", 0, ""), "gate.unknown");
        assert_string_equal(ward.f.error.params[0].value, foreign.params[0].value);
        snprintf(ward.order, sizeof ward.order, "%.*s", STR(fixture_id('o', 97)));
    }
    bags[0].unit = own;
    snprintf(ward.order, sizeof ward.order, "%s", order);
    ward_refused(ward_thaw("administer", 0), "flow.not_open");
    ward_refused(ward_give(0), "flow.not_open");
    ward_thaw_first();
    ward_refused(ward_thaw("thaw", 1), "flow.done_before");
    ward_refused(ward_finish(0, SAFE), "clinic.not_running");
    assert_int_equal(fixture_send(&ward.f, &ward.coordinator, "flow.hold", "asked",
                                  "{'order':'%s'}", ward.order),
                     OK);
    ward_refused(ward_give(0), "flow.held");
}

/* A guard that held when the patient was found fit and holds no more. */
static void guards_hold_at_each_step(void **state)
{
    (void)state;
    ward_check_by_two("thaw", "before_thaw", 0);
    struct fixture_person nurse = ward.nurse;
    struct grant grants[2] = { { .permission = S("flow.correct"),
                                 .organisation = nurse.actor.organisation,
                                 .site = nurse.actor.site },
                               { .permission = S("role.nurse"),
                                 .organisation = nurse.actor.organisation,
                                 .site = nurse.actor.site } };
    nurse.actor.grants = grants;
    nurse.actor.ngrants = 2;
    assert_int_equal(fixture_send(&ward.f, &nurse, "flow.correct", "fever",
                                  "{'order':'%s','task':'readiness','inputs':["
                                  "{'name':'fit','entered':'no'}]}",
                                  ward.order),
                     OK);
    ward_refused(ward_thaw("thaw", 0), "flow.guard");
}

static void only_what_is_here_and_meant(void **state)
{
    (void)state;
    ward_check_by_two("thaw", "before_thaw", 0);
    struct str mine = bags[0].unit;
    bags[0].unit = custody_trial_unit(&ward, "bag", 0).unit;
    ward_refused(ward_thaw("thaw", 0), "clinic.not_of_task");
    bags[0].unit = fixture_id('u', 99);
    ward_refused(ward_thaw("thaw", 0), "gate.unknown");
    bags[0].unit = mine;
    assert_int_equal(custody_trial_offer(&ward, &ward.nurse, &ward.operator, mine, ""), OK);
    assert_int_equal(custody_trial_accept(&ward, &ward.operator, mine, ""), OK);
    ward_refused(ward_thaw("thaw", 0), "clinic.not_held");
}

/* partial: COI-08 (what was given and what is waste add up to what the bag held) */
static void coi_08_given_and_waste_reconcile(void **state)
{
    (void)state;
    ward_give_first();
    ward_refused(ward_finish(0, ",'volume':'50.1 mL'"), "clinic.too_much");
    ward_refused(ward_finish(0, ",'volume':'-1 mL'"), "clinic.volume_malformed");
    ward_refused(ward_finish(0, ",'volume':'20 g'"), "quantity.units_differ");
    assert_int_equal(ward_finish(0, ",'volume':'0.02 L','safe':true"), OK);
    ward_refused(ward_finish(0, SAFE), "clinic.not_running");
    ward_refused(ward_give(0), "clinic.unit_ended");

    struct db *db;
    struct err e = { 0 };
    struct ledger_row *rows;
    size_t n;
    char stream[60];
    snprintf(stream, sizeof stream, "unit/%.*s", STR(bags[0].unit));
    assert_int_equal(store_reader_take(&db, ward.f.node.store, &e), OK);
    assert_int_equal(ledger_read_stream(db, str_z(stream), 2, 10, &rows, &n, ward.f.arena, &e), OK);
    store_reader_give(ward.f.node.store, db);
    assert_int_equal(n, 2); /* given, and the rest wasted */
    for (size_t i = 0; i < 2; i++) {
        struct event event;
        assert_int_equal(event_read(&event, ward.f.arena, rows[i].leaf, &e), OK);
        assert_non_null(strstr(arena_str(ward.f.arena, event.payload).p,
                               i ? "\"how\":\"given\",\"left\":\"30 mL\"" : "\"by\":\"0.02 L\""));
    }
}

static void dose_at(const char *weight, bool fits)
{
    ward_ready("frozen", "readiness", 1, weight);
    ward_check_by_two("thaw", "before_thaw", 0);
    if (fits)
        assert_int_equal(ward_thaw("thaw", 0), OK);
    else
        ward_refused(ward_thaw("thaw", 0), "clinic.dose_changed");
    custody_trial_close(&ward);
}

/* Ordered for 60 kg: 1.2e8 cells; at 125 kg no less than 1.25e8, at 39 kg no more than 1.17e8. */
static void the_dose_must_fit_the_weight_of_today(void **state)
{
    (void)state;
    dose_at("39 kg", false);
    dose_at("40 kg", true);
    dose_at("120 kg", true);
    dose_at("125 kg", false);
}

int main(void)
{
#define FROZEN(f) cmocka_unit_test_setup_teardown(f, ward_open_frozen, ward_close_order)
    const struct CMUnitTest tests[] = {
        FROZEN(cln_03_two_frozen_bags_one_after_the_other),
        cmocka_unit_test_setup_teardown(a_fresh_product_begins_at_the_bedside, ward_open_fresh,
                                        ward_close_order),
        FROZEN(coi_02_only_the_bag_that_was_read_is_identified),
        FROZEN(coi_12_the_bedside_check_follows_the_thaw),
        FROZEN(one_bag_at_a_time),
        FROZEN(the_next_only_after_the_last_was_safe),
        FROZEN(nothing_is_concluded_when_nothing_was_given),
        FROZEN(what_thawed_too_long_is_not_given),
        FROZEN(what_runs_when_the_clock_runs_out_is_finished),
        FROZEN(what_is_not_ready_is_refused),
        FROZEN(guards_hold_at_each_step),
        FROZEN(only_what_is_here_and_meant),
        FROZEN(coi_08_given_and_waste_reconcile),
        cmocka_unit_test(the_dose_must_fit_the_weight_of_today),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
