/* Units: nothing is acted on unidentified, nothing crosses orders, quantities reconcile, and the
 * genealogy is complete. */
#include "modules/identity/tests/story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct str first_unit(const struct trial_order *o, const char *kind)
{
    struct identity_units_in in = { str_z(o->id) };
    struct record_list rows = fixture_list(&t.f, &sql_identity_units, &in);
    const struct identity_units_out *row = rows.p;
    for (size_t i = 0; i < rows.n; i++)
        if (str_is(row[i].kind, kind))
            return row[i].unit;
    fail_msg("no %s", kind);
    return (struct str){ 0 };
}

static struct quantity left(struct str unit)
{
    struct identity_unit_in in = { unit };
    return ((const struct identity_unit_out *)fixture_list(&t.f, &sql_identity_unit, &in).p)
        ->quantity;
}

static bool holds(struct str unit, const char *quantity)
{
    char text[80];
    struct buf buf = buf_over(text, sizeof text);
    quantity_write(&buf, left(unit));
    return str_is(buf_get(&buf), quantity);
}

static enum outcome split(const char *task, struct str unit, const char *pieces, const char *more)
{
    return fixture_send(&t.f, &t.plant, "unit.split", NULL,
                        "{'unit':'%.*s','task':'%s','pieces':[%s]%s}", STR(unit), task, pieces,
                        more);
}

/* partial: COI-08 (the genealogy of every unit begins at the patient) */
static void coi_08_nothing_comes_from_nothing(void **state)
{
    (void)state;
    char label[16];
    trial_id_do(&t, &a, "sample");
    trial_id_pass(&t, &a, "wash", "before_processing");
    assert_int_equal(trial_id_make(&t, &t.plant, &a, "wash", "culture", "1 L", "", label), REFUSED);
    refused("identity.parent_needed");
    assert_int_equal(
        trial_id_make(&t, &t.plant, &a, "wash", "culture", "1 L", ",'parents':[]", label), REFUSED);
    refused("identity.parent_needed");
}

/* partial: COI-08 (in part) */
static void coi_08_quantities_reconcile(void **state)
{
    (void)state;
    trial_id_do(&t, &a, "sample");
    trial_id_pass(&t, &a, "wash", "before_processing");
    struct str bag = first_unit(&a, "bag");
    assert_true(holds(bag, "198 mL")); /* 2 mL went into the sample */
    assert_int_equal(split("wash", bag,
                           "{'kind':'culture','quantity':'0.1 L'},"
                           "{'kind':'culture','quantity':'98.5 mL'}",
                           ""),
                     REFUSED);
    refused("identity.too_much");
    assert_int_equal(split("wash", bag,
                           "{'kind':'culture','quantity':'0.1 L'},"
                           "{'kind':'culture','quantity':'98 mL'}",
                           ",'loss':'0.001 mL'"),
                     REFUSED);
    refused("identity.too_much");
    assert_int_equal(split("wash", bag, "{'kind':'culture','quantity':'0 mL'}", ""), REFUSED);
    refused("identity.not_positive");
    assert_int_equal(split("wash", bag, "{'kind':'culture','quantity':'5 g'}", ""), REFUSED);
    refused("quantity.units_differ");
    assert_int_equal(split("wash", bag, "{'kind':'final_bag','quantity':'5 mL'}", ""), REFUSED);
    refused("identity.kind_not_made");
    assert_true(holds(bag, "198 mL"));
    assert_int_equal(split("wash", bag,
                           "{'kind':'culture','quantity':'0.1 L'},"
                           "{'kind':'culture','quantity':'90 mL'}",
                           ",'loss':'3.5 mL'"),
                     OK);
    assert_true(holds(bag, "4.5 mL"));
    assert_int_equal(split("wash", bag, "{'kind':'culture','quantity':'4.5 mL'}", ""), OK);
    struct identity_unit_in in = { bag };
    const struct identity_unit_out *row = fixture_list(&t.f, &sql_identity_unit, &in).p;
    assert_true(row->ended != TIME_NONE);
    assert_true(str_is(row->how, "used_up"));
    assert_int_equal(split("wash", bag, "{'kind':'culture','quantity':'1 mL'}", ""), REFUSED);
    refused("identity.unit_ended");
    fixture_rebuilds(&t.f);
}

/* partial: COI-08 (in part) */
static void coi_08_never_across_patients(void **state)
{
    (void)state;
    trial_id_do(&t, &a, "sample");
    trial_id_do(&t, &b, "sample");
    trial_id_pass(&t, &a, "wash", "before_processing");
    trial_id_pass(&t, &b, "wash", "before_processing");
    char label[16], more[300];
    struct str own = first_unit(&a, "bag");
    snprintf(more, sizeof more, ",'parents':[{'unit':'%.*s'},{'unit':'%.*s'}]", STR(own),
             STR(first_unit(&b, "bag")));
    assert_int_equal(trial_id_make(&t, &t.plant, &a, "wash", "culture", "1 L", more, label),
                     REFUSED);
    refused("identity.other_order");
    snprintf(more, sizeof more, ",'parents':[{'unit':'%.*s'},{'unit':'%.*s'}]", STR(own), STR(own));
    assert_int_equal(trial_id_make(&t, &t.plant, &a, "wash", "culture", "1 L", more, label),
                     REFUSED);
    refused("identity.parent_twice");
    snprintf(more, sizeof more, ",'parents':[{'unit':'%.*s'}]", STR(first_unit(&a, "tube")));
    assert_int_equal(trial_id_make(&t, &t.plant, &a, "wash", "culture", "1 L", more, label),
                     REFUSED);
    refused("identity.unit_not_of_task");
    assert_true(holds(own, "198 mL"));
}

/* shows: COI-05 */
static void coi_05_material_is_identified_before_it_is_acted_on(void **state)
{
    (void)state;
    trial_id_do(&t, &a, "receive");
    char label[16], more[120];
    struct str bag = first_unit(&a, "bag");
    enum outcome sampled = fixture_send(&t.f, &t.plant, "unit.sample", NULL,
                                        "{'unit':'%.*s','task':'sample','kind':'qc_sample',"
                                        "'quantity':'2 mL'}",
                                        STR(bag));
    assert_int_equal(sampled, REFUSED);
    refused("identity.check_first");
    trial_id_do(&t, &a, "sample");
    snprintf(more, sizeof more, ",'parents':[{'unit':'%.*s'}]", STR(bag));
    assert_int_equal(trial_id_make(&t, &t.plant, &a, "wash", "culture", "1 L", more, label),
                     REFUSED);
    refused("identity.check_first");
    assert_int_equal(trial_id_make(&t, &t.nurse, &a, "wash", "culture", "1 L", "", label), REFUSED);
    refused("gate.unknown"); /* not at this site */
    trial_id_pass(&t, &a, "wash", "before_processing");
    assert_int_equal(trial_id_make(&t, &t.plant, &a, "wash", "culture", "1 L", more, label), OK);
    assert_true(holds(bag, "0 mL"));
}

/* Nothing is taken in a task whose points do not stand before the act. */
static void a_task_without_a_point_before_the_act_takes_nothing(void **state)
{
    (void)state;
    trial_id_do(&t, &a, "fill");
    env_sim_advance(&t.f.sim, 2 * TIME_HOUR);
    struct str bag = first_unit(&a, "final_bag");
    assert_int_equal(split("release", bag, "{'kind':'final_bag','quantity':'1 mL'}", ""), REFUSED);
    refused("identity.unchecked_task");
    trial_id_pass(&t, &a, "release", "before_release");
    assert_int_equal(split("release", bag, "{'kind':'final_bag','quantity':'1 mL'}", ""), REFUSED);
    refused("identity.unchecked_task");
}

static bool is_kin(const struct record_list *rows, struct str unit)
{
    const struct identity_ancestors_out *row = rows->p;
    for (size_t i = 0; i < rows->n; i++)
        if (str_eq(row[i].parent, unit) || str_eq(row[i].child, unit))
            return true;
    return false;
}

/* partial: COI-08 (in part) */
static void coi_08_genealogy_is_complete_both_ways(void **state)
{
    (void)state;
    trial_id_do(&t, &a, "fill");
    trial_id_do(&t, &b, "fill");
    struct str bag = first_unit(&a, "bag");
    struct str final = first_unit(&a, "final_bag");
    struct identity_ancestors_in up = { str_z(a.id), final };
    struct record_list rows = fixture_list(&t.f, &sql_identity_ancestors, &up);
    assert_int_equal(rows.n, 2);
    const struct identity_ancestors_out *parent = rows.p;
    assert_true(str_eq(parent[0].parent, first_unit(&a, "culture")));
    assert_true(str_eq(parent[1].parent, bag));
    assert_int_equal(parent[1].distance, 2);
    assert_true(str_is(parent[1].kind, "bag"));
    struct identity_descendants_in down = { str_z(a.id), bag };
    rows = fixture_list(&t.f, &sql_identity_descendants, &down);
    assert_int_equal(rows.n, 3);
    assert_true(is_kin(&rows, final));
    assert_true(is_kin(&rows, first_unit(&a, "qc_sample")));
    assert_false(is_kin(&rows, first_unit(&b, "final_bag")));
}

static void donation_numbers_stay_with_their_order(void **state)
{
    (void)state;
    char label[16], scans[60];
    trial_id_pass(&t, &a, AT);
    trial_id_pass(&t, &b, AT);
    assert_int_equal(trial_id_make(&t, &t.nurse, &a, "collect", "bag", "200 mL",
                                   ",'din':'W000022000687T'", label),
                     REFUSED);
    refused("identity.din_check");
    assert_int_equal(trial_id_make(&t, &t.nurse, &a, "collect", "bag", "200 mL",
                                   ",'din':'W000022000687S'", label),
                     OK);
    assert_int_equal(trial_id_make(&t, &t.nurse, &b, "collect", "bag", "200 mL",
                                   ",'din':'=W00002200068700'", label),
                     REFUSED);
    refused("identity.din_taken");
    /* exclusive by a stream of its own: it begins once, and every use reads it */
    struct db *db;
    struct err e = { 0 };
    int64_t version;
    assert_int_equal(store_reader_take(&db, t.f.node.store, &e), OK);
    assert_int_equal(ledger_head(db, S("din/W00002200068788"), &version, &e), OK);
    store_reader_give(t.f.node.store, db);
    assert_int_equal(version, 1);
    /* two units of one donation: the number tells the order and identifies neither */
    assert_int_equal(trial_id_make(&t, &t.nurse, &a, "collect", "bag", "100 mL",
                                   ",'din':'W000022000687S'", label),
                     OK);
    snprintf(scans, sizeof scans, "'=W00002200068788','%s'", label);
    assert_int_equal(check(&t.nurse, "collect", "label_at_chair", scans, ""), OK);
    is("no_read");
    assert_int_equal(store_reader_take(&db, t.f.node.store, &e), OK);
    assert_int_equal(ledger_head(db, S("din/W00002200068788"), &version, &e), OK);
    store_reader_give(t.f.node.store, db);
    assert_int_equal(version, 1);
    fixture_rebuilds(&t.f);
}

static void discarded_units_are_expected_no_more(void **state)
{
    (void)state;
    char tube[16];
    trial_id_pass(&t, &a, AT);
    assert_int_equal(trial_id_make(&t, &t.nurse, &a, "collect", "bag", "200 mL", "", tube), OK);
    assert_int_equal(trial_id_make(&t, &t.nurse, &a, "collect", "tube", "4 mL", "", tube), OK);
    struct str unit = first_unit(&a, "tube");
    assert_int_equal(
        fixture_send(&t.f, &t.nurse, "unit.discard", NULL, "{'unit':'%.*s'}", STR(unit)), REFUSED);
    refused("gate.reason_needed");
    assert_int_equal(
        fixture_send(&t.f, &t.stranger, "unit.discard", "mine", "{'unit':'%.*s'}", STR(unit)),
        REFUSED);
    refused("gate.unknown");
    struct err foreign = t.f.error;
    assert_int_equal(fixture_send(&t.f, &t.stranger, "unit.discard", "mine", "{'unit':'%.*s'}",
                                  STR(fixture_id('u', 99))),
                     REFUSED);
    refused("gate.unknown");
    assert_string_equal(t.f.error.params[0].value, foreign.params[0].value);
    assert_int_equal(
        fixture_send(&t.f, &t.nurse, "unit.discard", "dropped", "{'unit':'%.*s'}", STR(unit)), OK);
    assert_int_equal(check(&t.nurse, "collect", "label_at_chair", own_bag(&a), ""), OK);
    is("pass");
    char scans[200];
    snprintf(scans, sizeof scans, "%s,'%s'", own_bag(&a), trial_id_symbol(&t, str_z(tube)));
    assert_int_equal(check(&t.helper, "collect", "label_at_chair", scans, ""), OK);
    is("fail");
    assert_int_equal(resolve(&t.quality), OK);
    /* the fail took the nurse's pass away: both read again */
    assert_int_equal(check(&t.helper, "collect", "label_at_chair", own_bag(&a), ""), OK);
    assert_string_equal(fixture_answer(&t.f, "complete"), "false");
}

static void a_used_up_unit_is_a_mismatch(void **state)
{
    (void)state;
    trial_id_do(&t, &a, "receive");
    char bag[200];
    snprintf(bag, sizeof bag, "%s", own_bag(&a));
    trial_id_do(&t, &a, "wash"); /* all of the bag went into the culture */
    char scans[400];
    snprintf(scans, sizeof scans, "%s,%s", trial_id_units(&t, &a, "culture"), bag);
    assert_int_equal(check(&t.plant, "fill", "before_processing", scans, ""), OK);
    is("fail");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(coi_08_nothing_comes_from_nothing),
        TEST(coi_08_quantities_reconcile),
        TEST(coi_08_never_across_patients),
        TEST(coi_05_material_is_identified_before_it_is_acted_on),
        TEST(coi_08_genealogy_is_complete_both_ways),
        TEST(donation_numbers_stay_with_their_order),
        TEST(discarded_units_are_expected_no_more),
        TEST(a_task_without_a_point_before_the_act_takes_nothing),
        TEST(a_used_up_unit_is_a_mismatch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
