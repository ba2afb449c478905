/* Thaw and administration: each step in its order, each refusal, and that a bag was identified,
 * thawed in time and given alone. */
#include "modules/clinic/clinic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "modules/custody/tests/custody_trial.h"

#define COMMANDS                                                                                   \
    "clinic.thaw clinic.give clinic.finish clinic.conclude clinic.expire_thaw stop.resolve"

static struct custody_trial t;
static struct identity_units_out bags[2]; /* 50 mL each */

static void ready(const char *product, const char *last, int n, const char *weight)
{
    custody_trial_open(&t, &clinic_module, COMMANDS);
    custody_trial_order(&t, 1, product);
    custody_trial_do(&t, last, n, weight);
    for (int i = 0; i < n; i++)
        bags[i] = custody_trial_unit(&t, "final_bag", (size_t)i);
}

/* Two frozen bags at the hospital, the patient ready. */
static int open_frozen(void **state)
{
    (void)state;
    ready("frozen", "readiness", 2, "61 kg");
    return 0;
}

static int open_fresh(void **state)
{
    (void)state;
    ready("fresh", "readiness", 2, "61 kg");
    return 0;
}

static int close_order(void **state)
{
    (void)state;
    custody_trial_close(&t);
    return 0;
}

/* --- steps --- */

static enum outcome step(const struct fixture_person *who, const char *command, const char *task,
                         int bag, const char *more)
{
    return fixture_send(&t.f, who, command, NULL, "{'order':'%s','task':'%s','unit':'%.*s'%s}",
                        t.order, task, STR(bags[bag].unit), more);
}

static enum outcome thaw(const char *task, int bag)
{
    return step(&t.nurse, "clinic.thaw", task, bag, "");
}

static enum outcome give(int bag)
{
    return step(&t.nurse, "clinic.give", "administer", bag, "");
}

static enum outcome finish(int bag, const char *more)
{
    return step(&t.nurse, "clinic.finish", "administer", bag, more);
}

#define SAFE ",'volume':'50 mL','safe':true"

static void check(const struct fixture_person *who, const char *task, const char *point, int bag,
                  bool complete)
{
    bool patient = strcmp(point, "administration") == 0;
    assert_int_equal(
        custody_trial_check(&t, who, task, point, patient, bags[bag].label, (struct str){ 0 }), OK);
    assert_string_equal(fixture_answer(&t.f, "result"), "pass");
    assert_int_equal(strcmp(fixture_answer(&t.f, "complete"), "true") == 0, complete);
}

static void check_by_two(const char *task, const char *point, int bag)
{
    check(&t.nurse, task, point, bag, false);
    check(&t.nurse_2, task, point, bag, true);
}

static void thaw_first(void)
{
    check_by_two("thaw", "before_thaw", 0);
    assert_int_equal(thaw("thaw", 0), OK);
    assert_int_equal(custody_trial_complete(&t, &t.nurse, "thaw", ""), OK);
}

static void give_first(void)
{
    thaw_first();
    check_by_two("administer", "administration", 0);
    assert_int_equal(give(0), OK);
}

static void refused(enum outcome o, const char *code)
{
    assert_int_equal(o, REFUSED);
    fixture_refused(&t.f, code);
}

static size_t deviations(void)
{
    struct quality_of_order_in in = { str_z(t.order) };
    return fixture_list(&t.f, &sql_quality_of_order, &in).n;
}

static struct clinic_bags_out bag_row(size_t i)
{
    struct clinic_bags_in in = { str_z(t.order) };
    struct record_list rows = fixture_list(&t.f, &sql_clinic_bags, &in);
    assert_true(i < rows.n);
    return ((const struct clinic_bags_out *)rows.p)[i];
}

static size_t clocks(void)
{
    struct clinic_clocks_in in = { t.nurse.actor.organisation, t.nurse.actor.site };
    return fixture_list(&t.f, &sql_clinic_clocks, &in).n;
}

/* --- the way --- */

/* partial: CLN-03 (thaw countdown, bedside check by two, volume, time, reaction; dose by weight)
 * partial: CLN-05 (guards at thaw and infusion; the next bag only after the last was given safely)
 */
static void cln_03_two_frozen_bags_one_after_the_other(void **state)
{
    (void)state;
    thaw_first();
    assert_true(custody_trial_fact(&t, "thaw", "thawed"));
    assert_int_equal(clocks(), 1);
    assert_int_equal(bag_row(0).until, bag_row(0).thawed + 90 * TIME_MINUTE);
    check_by_two("administer", "administration", 0);
    assert_int_equal(give(0), OK);
    assert_int_equal(finish(0, ",'volume':'48.5 mL','safe':true,'reaction':'mild fever'"), OK);
    assert_int_equal(clocks(), 0);
    assert_false(custody_trial_fact(&t, "administer", "all_given"));

    /* What was given and what was left add up; the reaction is sealed. */
    struct clinic_bags_out row = bag_row(0);
    assert_true(str_is(row.how, "given"));
    assert_int_equal(decimal_cmp(row.volume.value, (struct decimal){ 485, 1 }), 0);
    assert_true(row.reaction.n > 0 && !str_is(row.reaction, "mild fever"));

    refused(thaw("administer", 1), "clinic.not_identified");
    check_by_two("administer", "before_thaw", 1);
    assert_int_equal(thaw("administer", 1), OK);
    check_by_two("administer", "administration", 1);
    assert_int_equal(give(1), OK);
    refused(custody_trial_complete(&t, &t.nurse, "administer", ""), "flow.fact_missing");
    assert_int_equal(finish(1, SAFE), OK);
    assert_true(custody_trial_fact(&t, "administer", "all_given"));
    assert_int_equal(custody_trial_complete(&t, &t.nurse, "administer", ""), OK);
    env_sim_advance(&t.f.sim, 3 * TIME_HOUR);
    fixture_settle(&t.f);
    assert_int_equal(deviations(), 0); /* clocks of what was given to its end are gone */
    fixture_rebuilds(&t.f);
}

static void a_fresh_product_begins_at_the_bedside(void **state)
{
    (void)state;
    refused(thaw("administer", 0), "clinic.wrong_task");
    refused(give(0), "clinic.not_identified");
    check_by_two("administer", "administration", 0);
    assert_int_equal(give(0), OK);
    assert_int_equal(clocks(), 0);
    assert_int_equal(finish(0, SAFE), OK);
    refused(thaw("administer", 1), "clinic.not_frozen");
    check_by_two("administer", "administration", 1);
    assert_int_equal(give(1), OK);
    assert_int_equal(finish(1, SAFE), OK);
    assert_true(custody_trial_fact(&t, "administer", "all_given"));
    fixture_rebuilds(&t.f);
}

/* --- identity --- */

/* partial: COI-02 (before thaw and immediately before administration), COI-12 (again at both) */
static void coi_02_only_the_bag_that_was_read_is_identified(void **state)
{
    (void)state;
    refused(thaw("thaw", 0), "clinic.not_identified");
    check(&t.nurse, "thaw", "before_thaw", 0, false);
    refused(thaw("thaw", 0), "clinic.not_identified");  /* one person is not two */
    check(&t.nurse_2, "thaw", "before_thaw", 1, false); /* nor is it with another bag */
    refused(thaw("thaw", 0), "clinic.not_identified");
    check(&t.nurse_2, "thaw", "before_thaw", 0, true);
    refused(thaw("thaw", 1), "clinic.not_identified");
    assert_int_equal(thaw("thaw", 0), OK);
    assert_int_equal(custody_trial_complete(&t, &t.nurse, "thaw", ""), OK);

    /* What was identified for the thaw is not thereby identified at the bedside. */
    refused(give(0), "clinic.not_identified");
    check(&t.nurse, "administer", "administration", 0, false);
    refused(give(0), "clinic.not_identified");
    check(&t.nurse, "administer", "administration", 0, false); /* the same person again */
    refused(give(0), "clinic.not_identified");
    check(&t.nurse_2, "administer", "administration", 0, true);
    assert_int_equal(give(0), OK);
}

/* The bedside of one patient, the bag of another: stopped, and nothing is given. */
static void another_patients_bag_stops_everything(void **state)
{
    (void)state;
    thaw_first();
    check_by_two("administer", "administration", 0);
    char order[40], coi[60];
    memcpy(order, t.order, sizeof order);
    memcpy(coi, t.coi, sizeof coi);
    custody_trial_order(&t, 2, "frozen");
    custody_trial_do(&t, "fill", 1, "");
    struct identity_units_out foreign = custody_trial_unit(&t, "final_bag", 0);
    memcpy(t.order, order, sizeof order);
    memcpy(t.coi, coi, sizeof coi);
    struct str mine = bags[0].unit;
    bags[0].unit = foreign.unit;
    refused(give(0), "gate.unknown");
    bags[0].unit = mine;
    assert_int_equal(custody_trial_check(&t, &t.nurse, "administer", "administration", true,
                                         bags[0].label, foreign.label),
                     OK);
    assert_string_equal(fixture_answer(&t.f, "stop"), "true");
    refused(give(0), "stop.stopped");
}

/* --- order of bags --- */

static void one_bag_at_a_time(void **state)
{
    (void)state;
    check_by_two("thaw", "before_thaw", 0);
    check_by_two("thaw", "before_thaw", 1);
    assert_int_equal(thaw("thaw", 0), OK);
    refused(thaw("thaw", 0), "clinic.thawed_before");
    refused(thaw("thaw", 1), "clinic.bag_in_use");
    assert_int_equal(custody_trial_complete(&t, &t.nurse, "thaw", ""), OK);
    refused(thaw("administer", 1), "clinic.wrong_task"); /* none was given yet */
    check_by_two("administer", "administration", 1);
    refused(give(1), "clinic.not_thawed");
    check_by_two("administer", "administration", 0);
    assert_int_equal(give(0), OK);
    refused(give(0), "clinic.bag_in_use");
    check_by_two("administer", "before_thaw", 1);
    refused(thaw("administer", 1), "clinic.bag_in_use");
    refused(finish(1, SAFE), "clinic.not_running");
}

static void the_next_only_after_the_last_was_safe(void **state)
{
    (void)state;
    give_first();
    check_by_two("administer", "before_thaw", 1);
    assert_int_equal(finish(0, ",'volume':'20 mL','reaction':'dyspnoea'"), OK);
    refused(thaw("administer", 1), "clinic.last_not_safe");

    /* The bag that is left is discarded, and the administration is concluded. */
    char conclude[120];
    snprintf(conclude, sizeof conclude, "{'order':'%s','task':'administer'}", t.order);
    refused(fixture_send(&t.f, &t.nurse, "clinic.conclude", "reaction", "%s", conclude),
            "clinic.bags_left");
    assert_int_equal(fixture_send(&t.f, &t.nurse, "unit.discard", "reaction", "{'unit':'%.*s'}",
                                  STR(bags[1].unit)),
                     OK);
    refused(custody_trial_complete(&t, &t.nurse, "administer", ""), "flow.fact_missing");
    assert_int_equal(fixture_send(&t.f, &t.nurse, "clinic.conclude", "reaction", "%s", conclude),
                     OK);
    assert_int_equal(custody_trial_complete(&t, &t.nurse, "administer", ""), OK);
    fixture_rebuilds(&t.f);
}

/* A mismatch at the second bag withdraws what the first had passed; the second is discarded. */
static void concluded_after_a_mismatch(void **state)
{
    (void)state;
    give_first();
    assert_int_equal(finish(0, SAFE), OK);
    assert_int_equal(custody_trial_check(&t, &t.nurse, "administer", "administration", true,
                                         custody_trial_unit(&t, "bag", 0).label, (struct str){ 0 }),
                     OK);
    assert_string_equal(fixture_answer(&t.f, "stop"), "true");
    assert_false(custody_trial_fact(&t, "administer", "check:administration"));
    assert_int_equal(fixture_send(&t.f, &t.coordinator, "stop.resolve", "wrong bag brought",
                                  "{'order':'%s','decision':'discard'}", t.order),
                     OK);
    assert_int_equal(fixture_send(&t.f, &t.nurse, "unit.discard", "in doubt", "{'unit':'%.*s'}",
                                  STR(bags[1].unit)),
                     OK);
    refused(custody_trial_complete(&t, &t.nurse, "administer", ""), "flow.check_missing");
    assert_int_equal(fixture_send(&t.f, &t.nurse, "clinic.conclude", "in doubt",
                                  "{'order':'%s','task':'administer'}", t.order),
                     OK);
    assert_int_equal(custody_trial_complete(&t, &t.nurse, "administer", ""), OK);
    fixture_rebuilds(&t.f);
}

static void nothing_is_concluded_when_nothing_was_given(void **state)
{
    (void)state;
    char body[120];
    thaw_first();
    for (int i = 0; i < 2; i++)
        assert_int_equal(fixture_send(&t.f, &t.nurse, "unit.discard", "torn", "{'unit':'%.*s'}",
                                      STR(bags[i].unit)),
                         OK);
    snprintf(body, sizeof body, "{'order':'%s','task':'administer'}", t.order);
    refused(fixture_send(&t.f, &t.nurse, "clinic.conclude", "torn", "%s", body),
            "clinic.nothing_given");
    refused(give(0), "clinic.unit_ended");
    env_sim_advance(&t.f.sim, 2 * TIME_HOUR);
    fixture_settle(&t.f); /* discarded in time: the clock ends without a deviation */
    assert_int_equal(deviations(), 0);
    assert_true(bag_row(0).expired);
}

/* --- the clock --- */

static void what_thawed_too_long_is_not_given(void **state)
{
    (void)state;
    thaw_first();
    check_by_two("administer", "administration", 0);
    refused(fixture_send(&t.f, &t.nurse, "clinic.expire_thaw", NULL, "{'order':'%s','unit':'%.*s'}",
                         t.order, STR(bags[0].unit)),
            "clinic.not_due");
    env_sim_advance(&t.f.sim, 90 * TIME_MINUTE);
    refused(give(0), "clinic.thaw_expired"); /* even before the timer ran */
    fixture_settle(&t.f);
    assert_true(bag_row(0).expired);
    assert_int_equal(deviations(), 1);
    assert_int_equal(clocks(), 1); /* shown until it is discarded */
    refused(give(0), "clinic.thaw_expired");
    fixture_rebuilds(&t.f);
}

static void what_runs_when_the_clock_runs_out_is_finished(void **state)
{
    (void)state;
    give_first();
    env_sim_advance(&t.f.sim, 2 * TIME_HOUR);
    fixture_settle(&t.f);
    assert_int_equal(deviations(), 1);
    assert_int_equal(finish(0, SAFE), OK);
    assert_true(str_is(bag_row(0).how, "given"));
}

/* --- guards, place, quantity, dose --- */

static void what_is_not_ready_is_refused(void **state)
{
    (void)state;
    assert_int_equal(step(&t.coordinator, "clinic.thaw", "thaw", 0, ""), REFUSED);
    fixture_refused(&t.f, "gate.forbidden");
    refused(step(&t.stranger, "clinic.thaw", "thaw", 0, ""), "gate.unknown");
    refused(thaw("administer", 0), "flow.not_open");
    refused(give(0), "flow.not_open");
    thaw_first();
    refused(thaw("thaw", 1), "flow.done_before");
    refused(finish(0, SAFE), "clinic.not_running");
    assert_int_equal(
        fixture_send(&t.f, &t.coordinator, "flow.hold", "asked", "{'order':'%s'}", t.order), OK);
    refused(give(0), "flow.held");
}

/* A guard that held when the patient was found fit and holds no more. */
static void guards_hold_at_each_step(void **state)
{
    (void)state;
    check_by_two("thaw", "before_thaw", 0);
    struct fixture_person nurse = t.nurse;
    struct grant grants[2] = { { S("flow.correct"), nurse.actor.organisation, nurse.actor.site },
                               { S("role.nurse"), nurse.actor.organisation, nurse.actor.site } };
    nurse.actor.grants = grants;
    nurse.actor.ngrants = 2;
    assert_int_equal(fixture_send(&t.f, &nurse, "flow.correct", "fever",
                                  "{'order':'%s','task':'readiness','inputs':["
                                  "{'name':'fit','entered':'no'}]}",
                                  t.order),
                     OK);
    refused(thaw("thaw", 0), "flow.guard");
}

static void only_what_is_here_and_meant(void **state)
{
    (void)state;
    check_by_two("thaw", "before_thaw", 0);
    struct str mine = bags[0].unit;
    bags[0].unit = custody_trial_unit(&t, "bag", 0).unit;
    refused(thaw("thaw", 0), "clinic.not_of_task");
    bags[0].unit = fixture_id('u', 99);
    refused(thaw("thaw", 0), "gate.unknown");
    bags[0].unit = mine;
    assert_int_equal(custody_trial_offer(&t, &t.nurse, &t.operator, mine, ""), OK);
    assert_int_equal(custody_trial_accept(&t, &t.operator, mine, ""), OK);
    refused(thaw("thaw", 0), "clinic.not_held");
}

/* partial: COI-08 (what was given and what is waste add up to what the bag held) */
static void coi_08_given_and_waste_reconcile(void **state)
{
    (void)state;
    give_first();
    refused(finish(0, ",'volume':'50.1 mL'"), "clinic.too_much");
    refused(finish(0, ",'volume':'-1 mL'"), "clinic.volume_malformed");
    refused(finish(0, ",'volume':'20 g'"), "quantity.units_differ");
    assert_int_equal(finish(0, ",'volume':'0.02 L','safe':true"), OK);
    refused(finish(0, SAFE), "clinic.not_running");
    refused(give(0), "clinic.unit_ended");

    struct db *db;
    struct err e = { 0 };
    struct ledger_row *rows;
    size_t n;
    char stream[60];
    snprintf(stream, sizeof stream, "unit/%.*s", STR(bags[0].unit));
    assert_int_equal(store_reader_take(&db, t.f.node.store, &e), OK);
    assert_int_equal(ledger_read_stream(db, str_z(stream), 2, 10, &rows, &n, t.f.arena, &e), OK);
    store_reader_give(t.f.node.store, db);
    assert_int_equal(n, 2); /* given, and the rest wasted */
    for (size_t i = 0; i < 2; i++) {
        struct event event;
        assert_int_equal(event_read(&event, t.f.arena, rows[i].leaf, &e), OK);
        assert_non_null(strstr(arena_str(t.f.arena, event.payload).p,
                               i ? "\"how\":\"given\",\"left\":\"30 mL\"" : "\"by\":\"0.02 L\""));
    }
}

/* A stop at the bedside and a held order do not keep the end of an infusion from being recorded. */
static void the_end_of_an_infusion_is_always_recorded(void **state)
{
    (void)state;
    give_first();
    assert_int_equal(custody_trial_check(&t, &t.nurse, "administer", "administration", true,
                                         custody_trial_unit(&t, "bag", 0).label, (struct str){ 0 }),
                     OK);
    assert_string_equal(fixture_answer(&t.f, "stop"), "true");
    assert_int_equal(fixture_send(&t.f, &t.coordinator, "flow.end", "asked",
                                  "{'order':'%s','how':'died','material':'discard'}", t.order),
                     OK);
    assert_int_equal(finish(0, ",'volume':'10 mL'"), OK);
}

static void dose_at(const char *weight, bool fits)
{
    ready("frozen", "readiness", 1, weight);
    check_by_two("thaw", "before_thaw", 0);
    if (fits)
        assert_int_equal(thaw("thaw", 0), OK);
    else
        refused(thaw("thaw", 0), "clinic.dose_changed");
    custody_trial_close(&t);
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
#define FROZEN(f) cmocka_unit_test_setup_teardown(f, open_frozen, close_order)
    const struct CMUnitTest tests[] = {
        FROZEN(cln_03_two_frozen_bags_one_after_the_other),
        cmocka_unit_test_setup_teardown(a_fresh_product_begins_at_the_bedside, open_fresh,
                                        close_order),
        FROZEN(coi_02_only_the_bag_that_was_read_is_identified),
        FROZEN(another_patients_bag_stops_everything),
        FROZEN(one_bag_at_a_time),
        FROZEN(the_next_only_after_the_last_was_safe),
        FROZEN(concluded_after_a_mismatch),
        FROZEN(nothing_is_concluded_when_nothing_was_given),
        FROZEN(what_thawed_too_long_is_not_given),
        FROZEN(what_runs_when_the_clock_runs_out_is_finished),
        FROZEN(what_is_not_ready_is_refused),
        FROZEN(guards_hold_at_each_step),
        FROZEN(only_what_is_here_and_meant),
        FROZEN(coi_08_given_and_waste_reconcile),
        FROZEN(the_end_of_an_infusion_is_always_recorded),
        cmocka_unit_test(the_dose_must_fit_the_weight_of_today),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
