/* Checks: every result, every mismatch and what it stops, who must take part. */
#include "modules/identity/tests/identity_trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "kernel/stop.h"

#define AT "collect", "patient_at_collection"

static struct trial_id t;
static struct trial_order a, b;

static int set_up(void **state)
{
    (void)state;
    trial_id_open(&t);
    trial_id_order(&t, &a, 1);
    trial_id_order(&t, &b, 2);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    trial_id_close(&t);
    return 0;
}

static void refused(const char *code)
{
    fixture_refused(&t.f, code);
}

static enum outcome check(const struct fixture_person *who, const char *task, const char *point,
                          const char *scans, const char *more)
{
    return trial_id_check(&t, who, &a, task, point, "barcode", scans, more);
}

static void is(const char *result)
{
    assert_string_equal(trial_id_answer(&t, "result"), result);
}

static bool stopped(void)
{
    struct db *db;
    struct err e = { 0 };
    struct stop_state stop;
    assert_int_equal(store_reader_take(&db, t.f.node.store, &e), OK);
    assert_int_equal(stop_find(db, str_z(a.id), &stop, t.f.arena, &e), OK);
    store_reader_give(t.f.node.store, db);
    return stop.standing;
}

static size_t deviations(const struct trial_order *o)
{
    struct quality_of_order_in in = { str_z(o->id) };
    return trial_id_list(&t, &sql_quality_of_order, &in).n;
}

static const struct identity_checks_out *last_check(void)
{
    struct identity_checks_in in = { str_z(a.id) };
    struct record_list rows = trial_id_list(&t, &sql_identity_checks, &in);
    assert_true(rows.n > 0);
    return (const struct identity_checks_out *)rows.p + rows.n - 1;
}

static enum outcome resolve(const struct fixture_person *who)
{
    return fixture_send(&t.f, who, "stop.resolve", "bag found",
                        "{'order':'%s',"
                        "'decision':'continue'}",
                        a.id);
}

static const char *own_bag(const struct trial_order *o)
{
    return trial_id_units(&t, o, "bag");
}

/* --- who, what, when, with what --- */

/* shows: COI-03 */
static void coi_03_a_check_is_recorded_whole(void **state)
{
    (void)state;
    t.nurse.actor.device = S("scanner-7");
    assert_int_equal(check(&t.nurse, AT, trial_id_patient(&a), trial_id_stated(&a)), OK);
    is("pass");
    assert_string_equal(trial_id_answer(&t, "complete"), "false");
    const struct identity_checks_out *row = last_check();
    assert_true(str_eq(row->account, t.nurse.actor.account));
    assert_true(str_is(row->device, "scanner-7"));
    assert_true(str_eq(row->place, t.nurse.actor.site));
    assert_true(str_is(row->method, "barcode"));
    assert_true(row->recorded > 0 && row->happened > 0 && !row->second && !row->complete);
    char expected[100];
    snprintf(expected, sizeof expected, "[\"%s\",\"patient\"]", a.coi);
    assert_true(str_is(row->expected, expected));
    assert_true(str_is(row->seen, expected));
    assert_int_equal(check(&t.helper, AT, trial_id_patient(&a), trial_id_stated(&a)), OK);
    row = last_check();
    assert_true(row->second && row->complete);
    assert_true(trial_id_fact(&t, &a, "collect", "check:patient_at_collection"));
    fixture_rebuilds(&t.f);
}

/* shows: COI-03 */
static void coi_03_no_read_is_neither_pass_nor_fail(void **state)
{
    (void)state;
    const char *stated = trial_id_stated(&a);
    char only_coi[60];
    snprintf(only_coi, sizeof only_coi, "'%s'", a.coi);
    char with_noise[140];
    snprintf(with_noise, sizeof with_noise, "%s,'?!'", trial_id_patient(&a));
    char flagged[140];
    snprintf(flagged, sizeof flagged, "%s,'no_read':true", stated);
    const struct {
        const char *scans;
        const char *more;
    } tries[] = { { "", stated },
                  { only_coi, stated },
                  { with_noise, stated },
                  { trial_id_patient(&a), "" },
                  { trial_id_patient(&a), flagged },
                  { "'vein:u:23456789ACDE'", stated } };
    for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
        assert_int_equal(check(&t.nurse, AT, tries[i].scans, tries[i].more), OK);
        is("no_read");
        assert_true(str_is(last_check()->result, "no_read"));
    }
    assert_false(stopped());
    assert_int_equal(check(&t.helper, AT, trial_id_patient(&a), stated), OK);
    assert_string_equal(trial_id_answer(&t, "complete"), "false"); /* the first never passed */
}

/* shows: COI-03 */
static void coi_03_typed_by_two(void **state)
{
    (void)state;
    trial_id_do(&t, &a, "collect");
    const char *bag = own_bag(&a);
    assert_int_equal(
        trial_id_check(&t, &t.nurse, &a, "hand_over", "handover_to_courier", "manual", bag, ""),
        OK);
    is("pass");
    assert_string_equal(trial_id_answer(&t, "complete"), "false");
    assert_int_equal(
        trial_id_check(&t, &t.nurse, &a, "hand_over", "handover_to_courier", "manual", bag, ""),
        OK);
    assert_string_equal(trial_id_answer(&t, "complete"), "false"); /* the same person */
    assert_int_equal(trial_id_complete(&t, &a, "hand_over"), REFUSED);
    refused("flow.check_missing");
    assert_int_equal(
        trial_id_check(&t, &t.helper, &a, "hand_over", "handover_to_courier", "manual", bag, ""),
        OK);
    assert_string_equal(trial_id_answer(&t, "complete"), "true");
    assert_int_equal(
        trial_id_check(&t, &t.nurse, &a, "hand_over", "handover_to_courier", "guess", bag, ""),
        REFUSED);
    refused("identity.unknown_method");
}

/* shows: COI-05 */
static void coi_05_persons_are_identified_too(void **state)
{
    (void)state;
    trial_id_do(&t, &a, "collect");
    const char *bag = own_bag(&a);
    assert_int_equal(check(&t.stranger, "hand_over", "handover_to_courier", bag, ""), REFUSED);
    refused("gate.unknown");
    assert_int_equal(check(&t.plant, "hand_over", "handover_to_courier", bag, ""), REFUSED);
    refused("gate.unknown");
    assert_int_equal(check(&t.helper, "hand_over", "handover_to_courier", bag, ""), REFUSED);
    refused("flow.wrong_role"); /* alone, at a point for one */
    struct fixture_person nobody = t.nurse;
    nobody.actor.account = (struct str){ 0 };
    nobody.actor.name = S("device/scanner-7");
    assert_int_equal(check(&nobody, "hand_over", "handover_to_courier", bag, ""), REFUSED);
    refused("identity.account_needed");
    assert_int_equal(check(&t.nurse, "hand_over", "handover_to_courier", bag, ""), OK);
    assert_string_equal(trial_id_answer(&t, "complete"), "true");
}

/* shows: COI-05 */
static void coi_05_one_of_two_has_the_role(void **state)
{
    (void)state;
    struct fixture_person helper_2;
    fixture_person(&helper_2, 9, 1, 1, "identity.check");
    const char *stated = trial_id_stated(&a);
    assert_int_equal(check(&t.helper, AT, trial_id_patient(&a), stated), OK);
    assert_int_equal(check(&helper_2, AT, trial_id_patient(&a), stated), OK);
    is("pass");
    assert_string_equal(trial_id_answer(&t, "complete"), "false");
    assert_int_equal(check(&t.nurse, AT, trial_id_patient(&a), stated), OK);
    assert_string_equal(trial_id_answer(&t, "complete"), "true");
}

/* --- the patient --- */

/* shows: COI-12 */
static void coi_12_the_patient_at_collection(void **state)
{
    (void)state;
    const char *own = trial_id_patient(&a);
    char mixed[120], name[140], born[140];
    snprintf(mixed, sizeof mixed, "'%s','%s'", a.coi, b.number);
    snprintf(name, sizeof name, ",'stated_name':'%s','stated_birth_date':'%s'", b.name, a.born);
    snprintf(born, sizeof born, ",'stated_name':'%s','stated_birth_date':'%s'", a.name, b.born);
    const struct {
        const char *scans;
        const char *more;
    } wrong[] = { { mixed, trial_id_stated(&a) },
                  { own, name },
                  { own, born },
                  { trial_id_patient(&b), trial_id_stated(&b) } };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(check(&t.nurse, AT, wrong[i].scans, wrong[i].more), OK);
        is("fail");
        assert_true(stopped());
        assert_int_equal(resolve(&t.quality), OK);
    }
    assert_int_equal(deviations(&a), 4);
    /* what was said and what the wristband showed is nowhere in the ledger */
    struct ledger_row *rows;
    size_t n;
    struct err e = { 0 };
    struct db *db;
    struct str key = arena_printf(t.f.arena, "order/%s", a.id);
    assert_int_equal(store_reader_take(&db, t.f.node.store, &e), OK);
    assert_int_equal(ledger_read_key(db, key, -1, 1000, &rows, &n, t.f.arena, &e), OK);
    for (size_t i = 0; i < n; i++) {
        const char *leaf = arena_str(t.f.arena, rows[i].leaf).p;
        assert_null(strstr(leaf, "Example"));
        assert_null(strstr(leaf, "H-00000"));
    }
    store_reader_give(t.f.node.store, db);
}

/* shows: COI-12 */
static void coi_12_labelled_at_the_chair(void **state)
{
    (void)state;
    char bag[16], tube[16], scans[120];
    assert_int_equal(trial_id_make(&t, &t.nurse, &a, "collect", "bag", "200 mL", "", bag), REFUSED);
    refused("identity.check_first"); /* not before the patient was identified */
    trial_id_pass(&t, &a, AT);
    assert_int_equal(check(&t.nurse, "collect", "label_at_chair", "", ""), REFUSED);
    refused("identity.nothing_expected");
    assert_int_equal(trial_id_make(&t, &t.nurse, &a, "collect", "bag", "200 mL",
                                   ",'din':'=W00002200068788'", bag),
                     OK);
    assert_int_equal(trial_id_make(&t, &t.nurse, &a, "collect", "tube", "4 mL", "", tube), OK);
    snprintf(scans, sizeof scans, "'vein:u:%s'", bag);
    assert_int_equal(check(&t.nurse, "collect", "label_at_chair", scans, ""), OK);
    is("no_read"); /* not all was read */
    snprintf(scans, sizeof scans, "'=W0000 22 000687 88','%s'", tube);
    assert_int_equal(check(&t.nurse, "collect", "label_at_chair", scans, ""), OK);
    is("pass"); /* the donation number identifies, because one unit has it */
    assert_int_equal(trial_id_complete(&t, &a, "collect"), REFUSED);
    refused("flow.check_missing");
    assert_int_equal(check(&t.helper, "collect", "label_at_chair", scans, ""), OK);
    assert_string_equal(trial_id_answer(&t, "complete"), "true");
    /* what would have escaped the verification is not made any more */
    assert_int_equal(trial_id_make(&t, &t.nurse, &a, "collect", "tube", "4 mL", "", tube), REFUSED);
    refused("identity.identified_already");
    assert_int_equal(trial_id_complete(&t, &a, "collect"), OK);
}

/* A unit made between two persons' checks is part of what must be read by both. */
static void both_persons_pass_the_same_set(void **state)
{
    (void)state;
    char bag[16], tube[16];
    trial_id_pass(&t, &a, AT);
    assert_int_equal(trial_id_make(&t, &t.nurse, &a, "collect", "bag", "200 mL", "", bag), OK);
    assert_int_equal(check(&t.nurse, "collect", "label_at_chair", trial_id_units(&t, &a, NULL), ""),
                     OK);
    is("pass");
    assert_int_equal(trial_id_make(&t, &t.nurse, &a, "collect", "tube", "4 mL", "", tube), OK);
    assert_int_equal(
        check(&t.helper, "collect", "label_at_chair", trial_id_units(&t, &a, NULL), ""), OK);
    is("pass");
    assert_string_equal(trial_id_answer(&t, "complete"), "false");
    assert_false(trial_id_fact(&t, &a, "collect", "check:label_at_chair"));
    assert_int_equal(check(&t.nurse, "collect", "label_at_chair", trial_id_units(&t, &a, NULL), ""),
                     OK);
    assert_string_equal(trial_id_answer(&t, "complete"), "true");
}

/* --- mismatches --- */

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
    for (size_t i = 0; i < 6; i++) {
        uint64_t before = ledger_size(t.f.node.ledger);
        assert_int_equal(check(&t.plant, "sample", "before_qc_sampling", scans[i], ""), OK);
        is("fail");
        assert_string_equal(trial_id_answer(&t, "stop"), "true");
        assert_string_equal(trial_id_answer(&t, "safe_state"), "no_sample");
        assert_true(stopped());
        /* check, stop and deviation: one command, one group */
        assert_int_equal(t.f.answer.nevents, 3);
        assert_int_equal(ledger_size(t.f.node.ledger), before + 3);
        assert_int_equal(deviations(&a), i + 1);
        assert_int_equal(deviations(&b), 0);
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
    struct str unit = ((const struct identity_units_out *)trial_id_list(
                           &t, &sql_identity_units, &(struct identity_units_in){ str_z(a.id) })
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
    trial_id_do(&t, &b, "sample"); /* the other order is not concerned */
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

/* partial: COI-04 (a stop stands where the task is: who checks in a session elsewhere does not choose
 * who resolves it) */
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
    assert_string_equal(trial_id_answer(&t, "complete"), "false");
    assert_false(trial_id_fact(&t, &a, "sample", "check:before_qc_sampling"));
    assert_int_equal(resolve(&t.quality_plant), OK);
    assert_int_equal(trial_id_complete(&t, &a, "sample"), REFUSED);
    refused("flow.check_missing");
}

/* partial: COI-02 (in part: until the definitions of products are the shipped ones) */
static void coi_02_every_point_is_passed_once_through(void **state)
{
    (void)state;
    trial_id_do(&t, &a, "fill");
    assert_int_equal(
        check(&t.plant, "release", "before_release", trial_id_units(&t, &a, "final_bag"), ""),
        REFUSED);
    refused("flow.guard_early"); /* a pass needs the guards … */
    assert_int_equal(
        check(&t.plant, "release", "before_processing", trial_id_units(&t, &a, "final_bag"), ""),
        REFUSED);
    refused("identity.point_not_here");
    assert_int_equal(
        check(&t.nurse, "arrive", "receipt_at_treatment_site", trial_id_units(&t, &a, NULL), ""),
        REFUSED);
    refused("flow.not_open");
    trial_id_do(&t, &a, "administer");
    static const char *const facts[][2] = {
        { "collect", "patient_at_collection" },    { "collect", "label_at_chair" },
        { "hand_over", "handover_to_courier" },    { "receive", "receipt_at_manufacture" },
        { "sample", "before_qc_sampling" },        { "wash", "before_processing" },
        { "fill", "before_processing" },           { "release", "before_release" },
        { "arrive", "receipt_at_treatment_site" }, { "administer", "administration" },
    };
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        char fact[80];
        snprintf(fact, sizeof fact, "check:%s", facts[i][1]);
        assert_true(trial_id_fact(&t, &a, facts[i][0], fact));
    }
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

/* The same command again is the same check, not a second person's. */
static void a_retry_is_one_check(void **state)
{
    (void)state;
    trial_id_do(&t, &a, "collect");
    const char *body = arena_printf(t.f.arena,
                                    "{\"order\":\"%s\",\"task\":\"hand_over\",\"point\":"
                                    "\"handover_to_courier\",\"method\":\"manual\",\"scans\":[{"
                                    "\"text\":\"%.*s\"}]}",
                                    a.id, (int)strlen(own_bag(&a)) - 2, own_bag(&a) + 1)
                           .p;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(
            fixture_send_as(&t.f, &t.nurse, fixture_id('c', 7), "identity.check", NULL, body), OK);
        assert_string_equal(trial_id_answer(&t, "complete"), "false");
        fixture_reopen(&t.f);
    }
    struct identity_checks_in in = { str_z(a.id) };
    struct record_list rows = trial_id_list(&t, &sql_identity_checks, &in);
    assert_int_equal(rows.n, 5); /* two each at collection, and this one */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(coi_03_a_check_is_recorded_whole),
        TEST(coi_03_no_read_is_neither_pass_nor_fail),
        TEST(coi_03_typed_by_two),
        TEST(coi_05_persons_are_identified_too),
        TEST(coi_05_one_of_two_has_the_role),
        TEST(coi_12_the_patient_at_collection),
        TEST(coi_12_labelled_at_the_chair),
        TEST(both_persons_pass_the_same_set),
        TEST(coi_04_every_kind_of_mismatch_stops),
        TEST(coi_04_nothing_of_a_stopped_order_goes_on),
        TEST(coi_04_a_stop_stands_where_the_task_is),
        TEST(coi_11_a_stop_names_its_safe_state),
        TEST(coi_02_every_point_is_passed_once_through),
        TEST(a_mismatch_stops_before_its_time_too),
        TEST(a_retry_is_one_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
