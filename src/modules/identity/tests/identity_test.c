/* Checks: every result, who must take part, what is recorded. */
#include "modules/identity/tests/story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* --- who, what, when, with what --- */

/* shows: COI-03 */
static void coi_03_a_check_is_recorded_whole(void **state)
{
    (void)state;
    t.nurse.actor.device = S("scanner-7");
    assert_int_equal(check(&t.nurse, AT, trial_id_patient(&a), trial_id_stated(&a)), OK);
    is("pass");
    assert_string_equal(fixture_answer(&t.f, "complete"), "false");
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
    assert_string_equal(fixture_answer(&t.f, "complete"), "false"); /* the first never passed */
}

/* What a keyboard or another barcode gives is no read; another patient's number is a mismatch. */
static void coi_03_a_slip_is_not_another_patient(void **state)
{
    (void)state;
    char scans[3][200], body[400];
    char coi[44];
    snprintf(coi, sizeof coi, "%s", a.coi);
    coi[4] = coi[4] == 'A' ? 'C' : 'A';
    snprintf(scans[0], sizeof scans[0], "'%s','%s'", coi, a.number);
    snprintf(scans[1], sizeof scans[1], "'&/%s','%s','W00002200068789'", a.coi, a.number);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(check(&t.nurse, AT, scans[i], trial_id_stated(&a)), OK);
        is("no_read");
    }
    snprintf(body, sizeof body,
             "{'order':'%s','task':'collect','point':'patient_at_collection','method':'barcode',"
             "'scans':[{'text':'%s','field':'wristband'},{'text':'4006381333931','field':'order'}]"
             "%s}",
             a.id, a.number, trial_id_stated(&a));
    assert_int_equal(fixture_send(&t.f, &t.nurse, "identity.check", NULL, "%s", body), OK);
    is("no_read"); /* the label of a cup, where the order's was asked for */
    assert_false(stopped());
    /* The order's identifier without its hyphens is the same identifier. */
    size_t n = 0;
    for (const char *c = a.coi; *c; c++)
        if (*c != '-')
            coi[n++] = *c;
    coi[n] = '\0';
    snprintf(scans[2], sizeof scans[2], "'&/%s','%s'", coi, a.number);
    assert_int_equal(check(&t.nurse, AT, scans[2], trial_id_stated(&a)), OK);
    is("pass");
    snprintf(scans[2], sizeof scans[2], "'&/%s','%s'", a.coi, b.number);
    assert_int_equal(check(&t.nurse, AT, scans[2], trial_id_stated(&a)), OK);
    is("fail");
    assert_true(stopped());
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
    assert_string_equal(fixture_answer(&t.f, "complete"), "false");
    assert_int_equal(
        trial_id_check(&t, &t.nurse, &a, "hand_over", "handover_to_courier", "manual", bag, ""),
        OK);
    assert_string_equal(fixture_answer(&t.f, "complete"), "false"); /* the same person */
    assert_int_equal(trial_id_complete(&t, &a, "hand_over"), REFUSED);
    refused("flow.check_missing");
    assert_int_equal(
        trial_id_check(&t, &t.helper, &a, "hand_over", "handover_to_courier", "manual", bag, ""),
        OK);
    assert_string_equal(fixture_answer(&t.f, "complete"), "true");
    assert_int_equal(
        trial_id_check(&t, &t.nurse, &a, "hand_over", "handover_to_courier", "guess", bag, ""),
        REFUSED);
    refused("identity.unknown_method");
}

/* Whatever the sender calls it: what a label shows to the eye was typed, and only what stands in
 * its symbol was scanned. A symbol of somebody's own making is read by nobody. */
static void coi_03_the_node_tells_typed_from_scanned(void **state)
{
    (void)state;
    char label[16], plain[20], prefixed[40], forged[60];
    trial_id_do(&t, &a, "collect");
    struct identity_units_in in = { str_z(a.id) };
    struct record_list rows = fixture_list(&t.f, &sql_identity_units, &in);
    const struct identity_units_out *unit = rows.p;
    while (!str_is(unit->kind, "bag"))
        unit++;
    snprintf(label, sizeof label, "%.*s", STR(unit->label));
    snprintf(plain, sizeof plain, "'%s'", label);
    snprintf(prefixed, sizeof prefixed, "'vein:u:%s'", label);
    snprintf(forged, sizeof forged, "'vein:u:%s.23456789'", label);
    const char *const typed[] = { plain, prefixed };
    for (int i = 0; i < 2; i++) {
        assert_int_equal(trial_id_check(&t, &t.nurse, &a, "hand_over", "handover_to_courier",
                                        "code_2d", typed[i], ""),
                         OK);
        is("pass");
        assert_string_equal(fixture_answer(&t.f, "complete"), "false");
        assert_string_equal(fixture_answer(&t.f, "typed"), "true");
        assert_true(str_is(last_check()->method, "manual"));
    }
    assert_int_equal(check(&t.nurse, "hand_over", "handover_to_courier", forged, ""), OK);
    is("no_read");
    assert_false(stopped());
    assert_int_equal(check(&t.nurse, "hand_over", "handover_to_courier", own_bag(&a), ""), OK);
    assert_string_equal(fixture_answer(&t.f, "complete"), "true"); /* scanned: one will do */
    assert_string_equal(fixture_answer(&t.f, "typed"), "false");
    fixture_reopen(&t.f); /* the node's own, whenever it is printed */
    assert_true(str_eq(identity_symbol(t.f.node.keys, str_z(label), t.f.arena),
                       str_z(trial_id_symbol(&t, str_z(label)))));
}

/* Two persons verify together: what one saw an hour ago says nothing of what the other sees. */
static void coi_05_two_passes_lie_within_an_hour(void **state)
{
    (void)state;
    assert_int_equal(check(&t.nurse, AT, trial_id_patient(&a), trial_id_stated(&a)), OK);
    is("pass");
    env_sim_advance(&t.f.sim, 61 * TIME_MINUTE);
    assert_int_equal(check(&t.helper, AT, trial_id_patient(&a), trial_id_stated(&a)), OK);
    is("pass");
    assert_string_equal(fixture_answer(&t.f, "complete"), "false");
    assert_string_equal(fixture_answer(&t.f, "aged"), "true");
    assert_false(trial_id_fact(&t, &a, "collect", "check:patient_at_collection"));
    env_sim_advance(&t.f.sim, 59 * TIME_MINUTE);
    assert_int_equal(check(&t.nurse, AT, trial_id_patient(&a), trial_id_stated(&a)), OK);
    assert_string_equal(fixture_answer(&t.f, "complete"), "true");
    assert_string_equal(fixture_answer(&t.f, "aged"), "false");
    fixture_rebuilds(&t.f);
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
    assert_string_equal(fixture_answer(&t.f, "complete"), "true");
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
    assert_string_equal(fixture_answer(&t.f, "complete"), "false");
    assert_int_equal(check(&t.nurse, AT, trial_id_patient(&a), stated), OK);
    assert_string_equal(fixture_answer(&t.f, "complete"), "true");
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
    snprintf(scans, sizeof scans, "'%s'", trial_id_symbol(&t, str_z(bag)));
    assert_int_equal(check(&t.nurse, "collect", "label_at_chair", scans, ""), OK);
    is("no_read"); /* not all was read */
    snprintf(scans, sizeof scans, "'=W0000 22 000687 88','%s'", tube);
    assert_int_equal(check(&t.nurse, "collect", "label_at_chair", scans, ""), OK);
    is("pass"); /* the donation number identifies, because one unit has it */
    assert_int_equal(trial_id_complete(&t, &a, "collect"), REFUSED);
    refused("flow.check_missing");
    assert_int_equal(check(&t.helper, "collect", "label_at_chair", scans, ""), OK);
    assert_string_equal(fixture_answer(&t.f, "complete"), "true");
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
    assert_string_equal(fixture_answer(&t.f, "complete"), "false");
    assert_false(trial_id_fact(&t, &a, "collect", "check:label_at_chair"));
    assert_int_equal(check(&t.nurse, "collect", "label_at_chair", trial_id_units(&t, &a, NULL), ""),
                     OK);
    assert_string_equal(fixture_answer(&t.f, "complete"), "true");
}

/* --- mismatches --- */

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

static enum outcome report(const struct fixture_person *who, const struct trial_order *o,
                           struct str unit)
{
    char order[80] = "";
    if (o)
        snprintf(order, sizeof order, "'order':'%s',", o->id);
    return fixture_send(&t.f, who, "deviation.open", NULL,
                        "{%s'unit':'%.*s','kind':'damage','risk':'minor','description':'d'}", order,
                        STR(unit));
}

/* A deviation of a unit is one of its order, and of no other; what is foreign is unknown. */
static void a_deviation_names_a_unit_of_its_order(void **state)
{
    (void)state;
    trial_id_do(&t, &a, "collect");
    struct identity_units_in in = { str_z(a.id) };
    struct record_list rows = fixture_list(&t.f, &sql_identity_units, &in);
    struct str bag = arena_str(t.f.arena, ((const struct identity_units_out *)rows.p)->unit);
    assert_int_equal(report(&t.nurse, &a, bag), OK);
    assert_int_equal(report(&t.nurse, NULL, bag), OK);
    struct quality_of_order_in of = { str_z(a.id) };
    assert_int_equal(fixture_list(&t.f, &sql_quality_of_order, &of).n, 2); /* without saying it */
    assert_int_equal(report(&t.nurse, &b, bag), REFUSED);
    refused("gate.unknown");
    assert_int_equal(report(&t.nurse, &a, fixture_id('u', 9)), REFUSED);
    refused("gate.unknown");
    assert_int_equal(report(&t.stranger, NULL, bag), REFUSED);
    refused("gate.unknown");
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
        assert_string_equal(fixture_answer(&t.f, "complete"), "false");
        fixture_reopen(&t.f);
    }
    struct identity_checks_in in = { str_z(a.id) };
    struct record_list rows = fixture_list(&t.f, &sql_identity_checks, &in);
    assert_int_equal(rows.n, 5); /* two each at collection, and this one */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(coi_03_a_check_is_recorded_whole),
        TEST(coi_03_no_read_is_neither_pass_nor_fail),
        TEST(coi_03_a_slip_is_not_another_patient),
        TEST(coi_03_typed_by_two),
        TEST(coi_03_the_node_tells_typed_from_scanned),
        TEST(coi_05_two_passes_lie_within_an_hour),
        TEST(coi_05_persons_are_identified_too),
        TEST(coi_05_one_of_two_has_the_role),
        TEST(coi_12_the_patient_at_collection),
        TEST(coi_12_labelled_at_the_chair),
        TEST(both_persons_pass_the_same_set),
        TEST(coi_02_every_point_is_passed_once_through),
        TEST(a_retry_is_one_check),
        TEST(a_deviation_names_a_unit_of_its_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
