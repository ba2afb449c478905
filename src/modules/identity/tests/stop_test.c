/* A mismatch stops: which ones, what, until whom. */
#include "modules/identity/tests/story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "kernel/stop.h"

/* partial: COI-04 */
static void coi_04_every_kind_of_mismatch_stops(void **state)
{
    (void)state;
    trial_id_do(&t, &a, "receive");
    trial_id_do(&t, &b, "receive");
    char scans[6][400];
    snprintf(scans[0], sizeof scans[0], "%s", own_bag(&b));
    snprintf(scans[1], sizeof scans[1], "%s,%s", own_bag(&a), own_bag(&b));
    snprintf(scans[2], sizeof scans[2], "%s,%s", own_bag(&a), trial_id_units(&t, &a, "tube"));
    snprintf(scans[3], sizeof scans[3], "%s,'&/%s'", own_bag(&a), b.coi);
    snprintf(scans[4], sizeof scans[4], "%s,'=G12349865432177'", own_bag(&a));
    snprintf(scans[5], sizeof scans[5], "'?!',%s", own_bag(&b));
    size_t ofothers = 0;
    for (size_t i = 0; i < 6; i++) {
        uint64_t before = ledger_size(t.f.node.ledger);
        assert_int_equal(check(&t.plant, "sample", "before_qc_sampling", scans[i], ""), OK);
        is("fail");
        assert_string_equal(fixture_answer(&t.f, "stop"), "true");
        assert_string_equal(fixture_answer(&t.f, "safe_state"), "no_sample");
        assert_true(stopped());
        /* check, stop and deviation, and the other order's: one command, one group */
        bool others = i != 2 && i != 4;
        ofothers += others;
        assert_int_equal(t.f.answer.nevents, others ? 6 : 3);
        assert_int_equal(ledger_size(t.f.node.ledger), before + t.f.answer.nevents);
        assert_int_equal(deviations(&a), i + 1);
        assert_int_equal(deviations(&b), ofothers);
        assert_int_equal(resolve(&t.quality_plant), OK);
    }
    fixture_rebuilds(&t.f);
}

/* partial: COI-04 */
static void coi_04_nothing_of_a_stopped_order_goes_on(void **state)
{
    (void)state;
    trial_id_do(&t, &a, "receive");
    trial_id_do(&t, &b, "receive");
    trial_id_pass(&t, &a, "sample", "before_qc_sampling");
    assert_true(trial_id_fact(&t, &a, "sample", "check:before_qc_sampling"));
    assert_int_equal(check(&t.plant_2, "sample", "before_qc_sampling", own_bag(&b), ""), OK);
    is("fail");
    struct str unit = ((const struct identity_units_out *)fixture_list(
                           &t.f, &sql_identity_units, &(struct identity_units_in){ str_z(a.id) })
                           .p)
                          ->unit;
    assert_int_equal(fixture_send(&t.f, &t.plant, "unit.sample", NULL,
                                  "{'unit':'%.*s','task':'sample','kind':'qc_sample',"
                                  "'quantity':'2 mL'}",
                                  STR(unit)),
                     REFUSED);
    refused("stop.stopped");
    assert_int_equal(trial_id_complete(&t, &a, "sample"), REFUSED);
    refused("stop.stopped");
    assert_int_equal(
        fixture_send(&t.f, &t.plant, "unit.discard", "why", "{'unit':'%.*s'}", STR(unit)), REFUSED);
    refused("stop.stopped");
    /* only someone who took no part resolves it, with a reason */
    assert_int_equal(resolve(&t.plant_2), REFUSED);
    refused("stop.not_independent");
    assert_int_equal(resolve(&t.plant), REFUSED); /* passed at this task before */
    refused("stop.not_independent");
    assert_int_equal(fixture_send(&t.f, &t.quality_plant, "stop.resolve", NULL,
                                  "{'order':'%s','decision':'continue'}", a.id),
                     REFUSED);
    refused("gate.reason_needed");
    assert_int_equal(resolve(&t.quality_plant), OK);
    assert_false(trial_id_fact(&t, &a, "sample", "check:before_qc_sampling"));
    assert_int_equal(trial_id_complete(&t, &a, "sample"), REFUSED);
    refused("flow.check_missing");
    /* what was identified before the stop is identified again before it is acted on */
    assert_int_equal(fixture_send(&t.f, &t.plant, "unit.sample", NULL,
                                  "{'unit':'%.*s','task':'sample','kind':'qc_sample',"
                                  "'quantity':'2 mL'}",
                                  STR(unit)),
                     REFUSED);
    refused("identity.check_first");
    trial_id_do(&t, &a, "sample");
}

static struct stop_state stop_of(const struct trial_order *o)
{
    struct stop_state out;
    struct db *db;
    struct err e = { 0 };
    assert_int_equal(store_reader_take(&db, t.f.node.store, &e), OK);
    assert_int_equal(stop_find(db, str_z(o->id), &out, t.f.arena, &e), OK);
    store_reader_give(t.f.node.store, db);
    return out;
}

/* partial: COI-04, COI-09 (whose bag stands at another's step is stopped as well, and not told
 * whose step it was) */
static void coi_04_the_other_patients_order_stops_too(void **state)
{
    (void)state;
    trial_id_do(&t, &a, "receive");
    trial_id_do(&t, &b, "receive");
    trial_id_pass(&t, &b, "sample", "before_qc_sampling");
    assert_int_equal(check(&t.plant, "sample", "before_qc_sampling", own_bag(&b), ""), OK);
    is("fail");
    struct stop_state other = stop_of(&b);
    assert_true(other.standing);
    assert_true(
        str_starts(str_z(own_bag(&b)), arena_printf(t.f.arena, "'vein:u:%.*s.", STR(other.read))));
    assert_null(other.expected.p);
    assert_true(str_eq(other.site, t.plant.actor.site));
    assert_int_equal(deviations(&b), 1);
    assert_false(trial_id_fact(&t, &b, "sample", "check:before_qc_sampling"));
    assert_int_equal(trial_id_complete(&t, &b, "sample"), REFUSED);
    refused("stop.stopped");
    assert_int_equal(resolve(&t.quality_plant), OK);
    assert_true(stop_of(&b).standing); /* each by itself */
    assert_int_equal(fixture_send(&t.f, &t.quality_plant, "stop.resolve", "bag is back",
                                  "{'order':'%s','decision':'continue'}", b.id),
                     OK);
    trial_id_do(&t, &b, "sample"); /* identified anew */
    fixture_rebuilds(&t.f);
}

/* A long list is cut where a reader sees it. */
static void what_a_stop_leaves_out_it_counts(void **state)
{
    (void)state;
    char scans[3000] = "";
    trial_id_do(&t, &a, "receive");
    for (int i = 0; i < 20; i++) {
        size_t used = strlen(scans);
        char din[14];
        snprintf(din, sizeof din, "W999926%06d", i);
        snprintf(scans + used, sizeof scans - used, "%s'%s%c'", used ? "," : "", din,
                 identity_din_check(din));
    }
    assert_int_equal(check(&t.plant, "sample", "before_qc_sampling", scans, ""), OK);
    is("fail");
    struct stop_state stop = stop_of(&a);
    assert_true(stop.read.n <= 200);
    assert_true(str_ends(stop.read, S(" more")));
}

/* partial: COI-04 (a stop stands where the task is: who checks in a session elsewhere does not
 * choose who resolves it) */
static void coi_04_a_stop_stands_where_the_task_is(void **state)
{
    (void)state;
    trial_id_do(&t, &a, "receive");
    trial_id_do(&t, &b, "receive");
    struct fixture_person elsewhere = t.plant;
    elsewhere.actor.organisation = t.nurse.actor.organisation;
    elsewhere.actor.site = t.nurse.actor.site;
    assert_int_equal(check(&elsewhere, "sample", "before_qc_sampling", own_bag(&b), ""), OK);
    is("fail");
    assert_int_equal(resolve(&t.quality), REFUSED);
    refused("gate.unknown");
    assert_int_equal(resolve(&t.quality_plant), OK);
}

/* partial: COI-11 (in part: safe state, permitted acts, time to respond) */
static void coi_11_a_stop_names_its_safe_state(void **state)
{
    (void)state;
    trial_id_do(&t, &a, "receive");
    trial_id_do(&t, &b, "receive");
    assert_int_equal(check(&t.plant, "sample", "before_qc_sampling", own_bag(&b), ""), OK);
    struct db *db;
    struct err e = { 0 };
    struct stop_state stop;
    assert_int_equal(store_reader_take(&db, t.f.node.store, &e), OK);
    assert_int_equal(stop_find(db, str_z(a.id), &stop, t.f.arena, &e), OK);
    store_reader_give(t.f.node.store, db);
    assert_true(str_is(stop.safe_state, "no_sample"));
    assert_true(str_is(stop.point, "before_qc_sampling"));
    assert_true(stop_permits(&stop, S("identity.check")));
    assert_false(stop_permits(&stop, S("unit.sample")));
    assert_in_range(stop.respond_by - stop.raised, 14 * TIME_MINUTE, 15 * TIME_MINUTE);
    /* a check is permitted, and counts for nothing */
    assert_int_equal(check(&t.plant, "sample", "before_qc_sampling", own_bag(&a), ""), OK);
    is("pass");
    assert_string_equal(fixture_answer(&t.f, "complete"), "false");
    assert_false(trial_id_fact(&t, &a, "sample", "check:before_qc_sampling"));
    assert_int_equal(resolve(&t.quality_plant), OK);
    assert_int_equal(trial_id_complete(&t, &a, "sample"), REFUSED);
    refused("flow.check_missing");
}

/* partial: COI-04 (a second mismatch moves neither the time to respond nor who decides, and counts)
 */
static void coi_04_a_second_mismatch_does_not_replace_the_first(void **state)
{
    (void)state;
    trial_id_do(&t, &a, "receive");
    trial_id_do(&t, &b, "receive");
    assert_int_equal(check(&t.plant, "sample", "before_qc_sampling", own_bag(&b), ""), OK);
    struct stop_state first = stop_of(&a);
    env_sim_advance(&t.f.sim, 4 * TIME_MINUTE);
    assert_int_equal(check(&t.plant_2, "sample", "before_qc_sampling", own_bag(&b), ""), OK);
    is("fail");
    assert_string_equal(fixture_answer(&t.f, "stop"), "true");
    assert_int_equal(deviations(&a), 2);
    struct stop_state second = stop_of(&a);
    assert_int_equal(second.raised, first.raised);
    assert_int_equal(second.respond_by, first.respond_by);
    assert_int_equal(resolve(&t.plant_2), REFUSED); /* who found it took part as well */
    refused("stop.not_independent");
    assert_int_equal(resolve(&t.quality_plant), OK);
    assert_false(stopped());
    fixture_rebuilds(&t.f);
}

/* … but a mismatch stops whatever the guards say. */
static void a_mismatch_stops_before_its_time_too(void **state)
{
    (void)state;
    trial_id_do(&t, &a, "fill");
    assert_int_equal(
        check(&t.plant, "release", "before_release", trial_id_units(&t, &a, "qc_sample"), ""), OK);
    is("fail");
    assert_true(stopped());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(coi_04_every_kind_of_mismatch_stops),
        TEST(coi_04_nothing_of_a_stopped_order_goes_on),
        TEST(coi_04_the_other_patients_order_stops_too),
        TEST(what_a_stop_leaves_out_it_counts),
        TEST(coi_04_a_stop_stands_where_the_task_is),
        TEST(coi_04_a_second_mismatch_does_not_replace_the_first),
        TEST(coi_11_a_stop_names_its_safe_state),
        TEST(a_mismatch_stops_before_its_time_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
