/* Custody: one holder from the unit's first moment, passed by two sides; what refuses; what a task
 * of the order learns of it. */
#include "modules/custody/custody.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/id.h"
#include "modules/custody/tests/custody_trial.h"

#define PACKED                  ",'container':'BOX-7','seals':['A1','A2']"
#define OFFER(a, b, unit, more) custody_trial_offer(&t, a, b, unit, more)
#define ACCEPT(a, unit, more)   custody_trial_accept(&t, a, unit, more)

static struct custody_trial t;
static struct identity_units_out bag; /* made at collection, held by the hospital */

static int open_order(void **state)
{
    (void)state;
    custody_trial_open(&t, NULL, "");
    custody_trial_order(&t, 1, "frozen");
    custody_trial_do(&t, "collect", 1, "");
    bag = custody_trial_unit(&t, "bag", 0);
    return 0;
}

static int close_order(void **state)
{
    (void)state;
    custody_trial_close(&t);
    return 0;
}

static struct custody_unit_out holder(void)
{
    return custody_trial_holder(&t, bag.unit);
}

/* What a person says in words of their own is sealed under the order's patient, and goes with
 * them. */
static void opens(struct str event, struct str sealed, const char *as)
{
    struct str text;
    assert_int_equal(
        seal_open(t.f.node.keys, &text, event, S("condition"), sealed, t.f.arena, &t.f.error), OK);
    assert_true(str_is(text, as));
}

static bool holds(const struct fixture_person *who)
{
    return str_eq(holder().site, who->actor.site) &&
           str_eq(holder().organisation, who->actor.organisation);
}

/* partial: COC-01 (but for signatures) */
static void coc_01_begins_with_the_unit_and_passes_by_two_sides(void **state)
{
    (void)state;
    assert_true(holds(&t.nurse)); /* nobody had to begin it */
    assert_int_equal(holder().since, bag.made);
    assert_int_equal(OFFER(&t.nurse, &t.courier, bag.unit, PACKED ",'condition':'2-8 Cel'"), OK);
    assert_true(holds(&t.nurse)); /* an offer changes no holder */
    assert_true(seal_is(holder().condition));
    opens(holder().offer_event, holder().condition, "2-8 Cel");
    fixture_rebuilds(&t.f); /* the first event alone makes the row */
    assert_int_equal(ACCEPT(&t.courier, bag.unit, PACKED), OK);
    assert_true(holds(&t.courier));
    assert_int_equal(holder().offered, TIME_NONE);
    assert_null(holder().seals.p);
    fixture_rebuilds(&t.f);
}

/* partial: COC-02 (holder, place and legs; temperatures are not yet joined) */
static void coc_02_every_leg_without_a_gap(void **state)
{
    (void)state;
    assert_int_equal(OFFER(&t.nurse, &t.courier, bag.unit, PACKED), OK);
    assert_int_equal(ACCEPT(&t.courier, bag.unit, PACKED), OK);
    assert_int_equal(OFFER(&t.courier, &t.operator, bag.unit, PACKED), OK);
    assert_int_equal(ACCEPT(&t.operator, bag.unit, PACKED ",'condition':'cold'"), OK);
    struct custody_legs_in in = { bag.unit };
    struct record_list legs = fixture_list(&t.f, &sql_custody_legs, &in);
    assert_int_equal(legs.n, 3);
    const struct custody_legs_out *leg = legs.p;
    assert_int_equal(leg[0].since, bag.made);
    assert_true(str_eq(leg[0].site, t.nurse.actor.site));
    assert_true(str_eq(leg[0].receiver, bag.made_by));
    assert_int_equal(leg[0].until, leg[1].since);
    assert_true(str_eq(leg[1].giver, t.nurse.actor.name));
    assert_true(str_eq(leg[1].receiver, t.courier.actor.name));
    assert_true(str_is(leg[1].container, "BOX-7"));
    assert_int_equal(leg[1].until, leg[2].since);
    assert_true(str_eq(leg[2].site, t.operator.actor.site));
    opens(leg[2].event, leg[2].condition, "cold");
    assert_int_equal(leg[2].until, TIME_NONE);
    assert_true(leg[0].since < leg[1].since && leg[1].since < leg[2].since);

    /* Ended where it is: the last leg ends, and nothing is held any more. */
    assert_int_equal(
        fixture_send(&t.f, &t.operator, "unit.discard", "torn", "{'unit':'%.*s'}", STR(bag.unit)),
        OK);
    legs = fixture_list(&t.f, &sql_custody_legs, &in);
    leg = legs.p;
    assert_int_equal(leg[2].until, holder().ended);
    assert_true(holds(&t.operator));
}

static size_t held_by(const struct fixture_person *who)
{
    struct custody_held_in in = { who->actor.organisation, who->actor.site, 0, S("") };
    return fixture_list(&t.f, &sql_custody_held, &in).n;
}

static size_t offered_to(const struct fixture_person *who)
{
    struct custody_offers_in in = { who->actor.organisation, who->actor.site, 0, S("") };
    return fixture_list(&t.f, &sql_custody_offers, &in).n;
}

static void what_a_site_holds_and_what_waits_for_it(void **state)
{
    (void)state;
    assert_int_equal(held_by(&t.nurse), 1);
    assert_int_equal(held_by(&t.courier), 0);
    assert_int_equal(OFFER(&t.nurse, &t.courier, bag.unit, PACKED), OK);
    assert_int_equal(held_by(&t.nurse), 1);
    assert_int_equal(offered_to(&t.courier), 1);
    assert_int_equal(ACCEPT(&t.courier, bag.unit, PACKED), OK);
    assert_int_equal(held_by(&t.nurse), 0);
    assert_int_equal(held_by(&t.courier), 1);
    assert_int_equal(offered_to(&t.courier), 0);
}

static void only_the_sides_take_part(void **state)
{
    (void)state;
    assert_int_equal(OFFER(&t.stranger, &t.courier, bag.unit, ""), REFUSED);
    fixture_refused(&t.f, "gate.unknown"); /* foreign equals unknown */
    struct err foreign = t.f.error;
    assert_int_equal(OFFER(&t.stranger, &t.courier, fixture_id('u', 99), ""), REFUSED);
    assert_string_equal(t.f.error.code, foreign.code);
    assert_string_equal(t.f.error.params[0].value, foreign.params[0].value);

    assert_int_equal(OFFER(&t.nurse, &t.courier, bag.unit, PACKED), OK);
    assert_int_equal(OFFER(&t.stranger, &t.courier, bag.unit, ""), REFUSED);
    fixture_refused(&t.f, "gate.unknown"); /* and learns nothing of an open offer */
    assert_int_equal(ACCEPT(&t.stranger, bag.unit, PACKED), REFUSED);
    fixture_refused(&t.f, "gate.unknown");
    assert_int_equal(ACCEPT(&t.nurse, bag.unit, PACKED), REFUSED);
    fixture_refused(&t.f, "gate.unknown");
    assert_true(holds(&t.nurse));
}

/* Somebody with the right at all sites of the courier, signed in at another of them. */
static void the_receiver_stands_where_it_was_offered_to(void **state)
{
    (void)state;
    struct fixture_person rover;
    assert_int_equal(OFFER(&t.nurse, &t.courier, bag.unit, PACKED), OK);
    fixture_person(&rover, 9, 2, 7,
                   "custody.accept custody.offer custody.decline custody.withdraw");
    for (size_t i = 0; i < rover.actor.ngrants; i++)
        rover.grants[i].site = (struct str){ 0 };
    assert_int_equal(ACCEPT(&rover, bag.unit, PACKED), REFUSED);
    fixture_refused(&t.f, "custody.other_site");
    rover.actor.site = t.courier.actor.site;
    assert_int_equal(ACCEPT(&rover, bag.unit, PACKED), OK);
    rover.actor.site = fixture_id('s', 7);
    assert_int_equal(OFFER(&rover, &t.nurse, bag.unit, ""), REFUSED);
    fixture_refused(&t.f, "custody.other_site");
    char unit[60];
    snprintf(unit, sizeof unit, "{'unit':'%.*s'}", STR(bag.unit));
    assert_int_equal(OFFER(&t.courier, &t.nurse, bag.unit, ""), OK);
    assert_int_equal(fixture_send(&t.f, &rover, "custody.withdraw", "why", "%s", unit), REFUSED);
    fixture_refused(&t.f, "custody.other_site");
    t.f.stated = holder().offered - 1;
    assert_int_equal(fixture_send(&t.f, &t.courier, "custody.withdraw", "why", "%s", unit),
                     REFUSED);
    fixture_refused(&t.f, "custody.too_early");
    t.f.stated = 0;
    assert_int_equal(fixture_send(&t.f, &t.courier, "custody.withdraw", "why", "%s", unit), OK);
    assert_int_equal(OFFER(&t.courier, &t.operator, bag.unit, ""), OK);
    rover.actor.site = t.operator.actor.site;
    rover.actor.organisation = t.operator.actor.organisation;
    assert_int_equal(fixture_send(&t.f, &rover, "custody.decline", "why", "%s", unit), REFUSED);
    fixture_refused(&t.f, "gate.unknown");
}

static void giver_and_receiver_are_two_persons(void **state)
{
    (void)state;
    struct fixture_person both = t.courier;
    both.actor.name = t.nurse.actor.name;
    assert_int_equal(OFFER(&t.nurse, &t.courier, bag.unit, PACKED), OK);
    assert_int_equal(ACCEPT(&both, bag.unit, PACKED), REFUSED);
    fixture_refused(&t.f, "custody.giver_accepts");
}

static size_t deviations(void)
{
    struct quality_of_order_in in = { str_z(t.order) };
    return fixture_list(&t.f, &sql_quality_of_order, &in).n;
}

static void accepted_as(const char *result, const char *more)
{
    assert_int_equal(ACCEPT(&t.courier, bag.unit, more), OK);
    assert_string_equal(fixture_answer(&t.f, "result"), result);
}

/* shows: COC-03 */
static void coc_03_other_seals_or_container_stop_acceptance(void **state)
{
    (void)state;
    assert_int_equal(OFFER(&t.nurse, &t.courier, bag.unit, PACKED), OK);
    accepted_as("container_differs", ",'container':'BOX-8','seals':['A1','A2']");
    accepted_as("seals_differ", ",'container':'BOX-7','seals':['A1','A3']");
    accepted_as("seals_differ", ",'container':'BOX-7','seals':['A1']");
    accepted_as("seals_differ", ",'container':'BOX-7','seals':['A1','A2','A3']");
    accepted_as("seals_differ", ",'container':'BOX-7'");
    assert_true(holds(&t.nurse)); /* and none of it goes untold */
    assert_int_equal(deviations(), 5);
    accepted_as("accepted", ",'container':'BOX-7','seals':['A2','A1']");
    assert_true(holds(&t.courier));
    assert_int_equal(deviations(), 5);
    fixture_rebuilds(&t.f);
}

/* A unit goes to no one but a party of its order, and for a task to the one that takes over. */
static void it_goes_to_no_one_else(void **state)
{
    (void)state;
    assert_int_equal(OFFER(&t.nurse, &t.stranger, bag.unit, PACKED), REFUSED);
    fixture_refused(&t.f, "custody.not_receiver");
    assert_int_equal(OFFER(&t.nurse, &t.operator, bag.unit, ",'task':'pack_out'"), REFUSED);
    fixture_refused(&t.f, "custody.not_receiver");
    struct fixture_person nowhere = t.courier; /* the courier's site under another organisation */
    nowhere.actor.organisation = t.operator.actor.organisation;
    assert_int_equal(OFFER(&t.nurse, &nowhere, bag.unit, PACKED), REFUSED);
    fixture_refused(&t.f, "custody.not_receiver");
    assert_int_equal(OFFER(&t.nurse, &t.courier, bag.unit, ",'task':'pack_out'"), OK);
}

/* partial: COI-02 (hand-over to the courier: identified before custody passes, not behind it) */
static void coi_02_identified_before_it_is_accepted(void **state)
{
    (void)state;
    custody_trial_do(&t, "pack_out", 1, "");
    assert_int_equal(ACCEPT(&t.courier, bag.unit, ""), REFUSED);
    fixture_refused(&t.f, "custody.task_needed");
    assert_int_equal(ACCEPT(&t.courier, bag.unit, ",'task':'pick_up'"), REFUSED);
    fixture_refused(&t.f, "identity.check_first");
    assert_true(holds(&t.nurse));
    assert_int_equal(custody_trial_check(&t, &t.courier, "pick_up", "handover_to_courier",
                                         bag.label, (struct str){ 0 }),
                     OK);
    assert_int_equal(ACCEPT(&t.courier, bag.unit, ",'task':'pick_up'"), OK);
    assert_true(holds(&t.courier));
}

/* partial: COI-02 (what is identified lies where the task is done; a mismatch stops anywhere) */
static void coi_02_nothing_is_identified_from_afar(void **state)
{
    (void)state;
    custody_trial_do(&t, "deliver", 1, "");
    char unit[60];
    snprintf(unit, sizeof unit, "{'unit':'%.*s'}", STR(bag.unit));
    assert_int_equal(fixture_send(&t.f, &t.courier, "custody.withdraw", "late", "%s", unit), OK);
    assert_int_equal(custody_trial_check(&t, &t.operator, "receive", "receipt_at_manufacture",
                                         bag.label, (struct str){ 0 }),
                     REFUSED); /* the courier holds it and offers it to nobody */
    fixture_refused(&t.f, "identity.not_here");
    assert_int_equal(OFFER(&t.courier, &t.operator, bag.unit, ""), OK);
    assert_int_equal(custody_trial_check(&t, &t.operator, "receive", "receipt_at_manufacture",
                                         bag.label, (struct str){ 0 }),
                     OK);
    assert_true(custody_trial_fact(&t, "receive", "check:receipt_at_manufacture"));

    /* Withdrawn, it did not come to where it was identified. */
    assert_int_equal(fixture_send(&t.f, &t.courier, "custody.withdraw", "mixed up", "%s", unit),
                     OK);
    assert_false(custody_trial_fact(&t, "receive", "check:receipt_at_manufacture"));
    assert_int_equal(OFFER(&t.courier, &t.operator, bag.unit, ""), OK);
    assert_int_equal(ACCEPT(&t.operator, bag.unit, ",'task':'receive'"), REFUSED);
    fixture_refused(&t.f, "identity.check_first");
    fixture_rebuilds(&t.f);
}

static size_t identified(const char *task, struct str unit)
{
    struct identity_identified_in in = { str_z(t.order), str_z(task), unit };
    return fixture_list(&t.f, &sql_identity_identified, &in).n;
}

/* A bag that was identified for its thaw and then left the house is identified anew. */
static void what_left_is_identified_anew(void **state)
{
    (void)state;
    custody_trial_do(&t, "readiness", 1, "61 kg");
    struct identity_units_out product = custody_trial_unit(&t, "final_bag", 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(custody_trial_check(&t, i ? &t.nurse_2 : &t.nurse, "thaw", "before_thaw",
                                             product.label, (struct str){ 0 }),
                         OK);
    assert_int_equal(identified("thaw", product.unit), 1);
    assert_int_equal(OFFER(&t.nurse, &t.courier, product.unit, ""), OK);
    assert_int_equal(identified("thaw", product.unit), 1); /* it is still here */
    assert_int_equal(ACCEPT(&t.courier, product.unit, ""), OK);
    assert_int_equal(identified("thaw", product.unit), 0);
    assert_false(custody_trial_fact(&t, "thaw", "check:before_thaw"));
    assert_int_equal(OFFER(&t.courier, &t.nurse, product.unit, ""), OK);
    assert_int_equal(ACCEPT(&t.nurse, product.unit, ""), OK);
    assert_int_equal(identified("thaw", product.unit), 0);
    fixture_rebuilds(&t.f);
}

/* partial: SEC-01 (why a hand-over was not made is sealed under the patient's key) */
static void sec_01_reasons_are_the_patients(void **state)
{
    (void)state;
    char unit[60], under[60];
    struct order_order_in in = { str_z(t.order) };
    const struct order_order_out *order = fixture_list(&t.f, &sql_order_order, &in).p;
    snprintf(unit, sizeof unit, "{'unit':'%.*s'}", STR(bag.unit));
    snprintf(under, sizeof under, "\"reason\":\"s1:%.*s:", STR(order->patient));
    assert_int_equal(OFFER(&t.nurse, &t.courier, bag.unit, PACKED), OK);
    assert_int_equal(fixture_send(&t.f, &t.courier, "custody.decline", "of Ada", "%s", unit), OK);
    assert_int_equal(OFFER(&t.nurse, &t.courier, bag.unit, PACKED), OK);
    assert_int_equal(fixture_send(&t.f, &t.nurse, "custody.withdraw", "of Ada", "%s", unit), OK);
    struct db *db;
    struct err e = { 0 };
    struct ledger_row *rows;
    size_t n;
    char stream[60];
    snprintf(stream, sizeof stream, "custody/%.*s", STR(bag.unit));
    assert_int_equal(store_reader_take(&db, t.f.node.store, &e), OK);
    assert_int_equal(ledger_read_stream(db, str_z(stream), 1, 10, &rows, &n, t.f.arena, &e), OK);
    store_reader_give(t.f.node.store, db);
    assert_int_equal(n, 4);
    assert_non_null(strstr(arena_str(t.f.arena, rows[1].leaf).p, under));
    assert_non_null(strstr(arena_str(t.f.arena, rows[3].leaf).p, under));
}

static void declined_and_withdrawn_stay_with_the_giver(void **state)
{
    (void)state;
    assert_int_equal(OFFER(&t.nurse, &t.nurse_2, bag.unit, ""), REFUSED);
    fixture_refused(&t.f, "custody.same_holder");
    assert_int_equal(ACCEPT(&t.nurse, bag.unit, ""), REFUSED);
    fixture_refused(&t.f, "custody.not_offered");
    assert_int_equal(OFFER(&t.nurse, &t.courier, bag.unit, PACKED), OK);
    assert_int_equal(OFFER(&t.nurse, &t.operator, bag.unit, PACKED), REFUSED);
    fixture_refused(&t.f, "custody.offered_before");
    char unit[60];
    snprintf(unit, sizeof unit, "{'unit':'%.*s'}", STR(bag.unit));
    assert_int_equal(fixture_send(&t.f, &t.courier, "custody.decline", NULL, "%s", unit), REFUSED);
    fixture_refused(&t.f, "gate.reason_needed");
    assert_int_equal(fixture_send(&t.f, &t.courier, "custody.decline", "torn", "%s", unit), OK);
    assert_int_equal(OFFER(&t.nurse, &t.operator, bag.unit, PACKED), OK);
    assert_int_equal(fixture_send(&t.f, &t.nurse, "custody.withdraw", "wrong", "%s", unit), OK);
    assert_int_equal(ACCEPT(&t.operator, bag.unit, PACKED), REFUSED);
    assert_true(holds(&t.nurse));
    fixture_rebuilds(&t.f);
}

static void an_ended_unit_is_not_handed_over(void **state)
{
    (void)state;
    assert_int_equal(OFFER(&t.nurse, &t.courier, bag.unit, PACKED), OK);
    assert_int_equal(
        fixture_send(&t.f, &t.nurse, "unit.discard", "torn", "{'unit':'%.*s'}", STR(bag.unit)), OK);
    assert_int_equal(ACCEPT(&t.courier, bag.unit, PACKED), REFUSED);
    fixture_refused(&t.f, "custody.unit_ended");
    assert_int_equal(OFFER(&t.nurse, &t.courier, bag.unit, PACKED), REFUSED);
    fixture_refused(&t.f, "custody.unit_ended");
    assert_int_equal(offered_to(&t.courier), 0);
    assert_int_equal(held_by(&t.nurse), 0);
}

/* No leg begins before the one that it follows. */
static void a_stated_time_leaves_no_overlap(void **state)
{
    (void)state;
    char body[200];
    struct id id = id_derive(S("custody"), S("stated"), 0);
    snprintf(body, sizeof body,
             "{\"unit\":\"%.*s\",\"to_organisation\":\"%.*s\",\"to_site\":\"%.*s\"}", STR(bag.unit),
             STR(t.courier.actor.organisation), STR(t.courier.actor.site));
    struct gate_command c = {
        .id = id_str(&id),
        .name = S("custody.offer"),
        .body = str_z(body),
        .actor = &t.nurse.actor,
        .happened = bag.made - 1,
        .entered = TIME_NONE,
        .arena = t.f.arena,
    };
    struct err e = { 0 };
    assert_int_equal(gate_run(t.f.node.gate, &c, NULL, &e), REFUSED);
    assert_string_equal(e.code, "custody.too_early");
    c.happened = bag.made + 1;
    assert_int_equal(gate_run(t.f.node.gate, &c, NULL, &e), OK);
    assert_int_equal(holder().offered, bag.made + 1);
}

/* --- tasks --- */

static void a_task_learns_when_all_is_handed_over(void **state)
{
    (void)state;
    assert_int_equal(OFFER(&t.nurse, &t.courier, bag.unit, ",'task':'pick_up'"), REFUSED);
    fixture_refused(&t.f, "flow.not_open");
    assert_int_equal(OFFER(&t.nurse, &t.courier, bag.unit, ",'task':'none'"), REFUSED);
    fixture_refused(&t.f, "flow.unknown_task");
    assert_int_equal(OFFER(&t.coordinator, &t.courier, bag.unit, ",'task':'pack_out'"), REFUSED);
    fixture_refused(&t.f, "flow.wrong_role");
    assert_int_equal(custody_trial_complete(&t, &t.nurse, "pack_out", ""), REFUSED);
    fixture_refused(&t.f, "flow.fact_missing");
    assert_int_equal(OFFER(&t.nurse, &t.courier, bag.unit, ",'task':'pack_out'"), OK);
    assert_true(custody_trial_fact(&t, "pack_out", "offered"));
    assert_int_equal(custody_trial_complete(&t, &t.nurse, "pack_out", ""), OK);

    assert_int_equal(ACCEPT(&t.courier, bag.unit, ",'task':'pack_out'"), REFUSED);
    fixture_refused(&t.f, "flow.done_before");
    assert_int_equal(custody_trial_check(&t, &t.courier, "pick_up", "handover_to_courier",
                                         bag.label, (struct str){ 0 }),
                     OK);
    assert_int_equal(ACCEPT(&t.courier, bag.unit, ",'task':'pick_up'"), OK);
    assert_true(custody_trial_fact(&t, "pick_up", "accepted"));
    fixture_rebuilds(&t.f);
}

static void a_task_waits_for_the_last_unit(void **state)
{
    (void)state;
    custody_trial_do(&t, "retrieve", 2, "");
    struct str bags[2], labels[2];
    for (size_t i = 0; i < 2; i++) {
        labels[i] = custody_trial_unit(&t, "final_bag", i).label;
        bags[i] = custody_trial_unit(&t, "final_bag", i).unit;
        assert_int_equal(OFFER(&t.operator, & t.nurse, bags[i], PACKED), OK);
    }
    assert_int_equal(custody_trial_check(&t, &t.nurse, "arrive", "receipt_at_treatment_site",
                                         labels[0], labels[1]),
                     OK);
    assert_int_equal(ACCEPT(&t.nurse, bags[0], PACKED ",'task':'arrive'"), OK);
    assert_false(custody_trial_fact(&t, "arrive", "accepted"));
    assert_int_equal(ACCEPT(&t.nurse, bags[1], PACKED ",'task':'arrive'"), OK);
    assert_true(custody_trial_fact(&t, "arrive", "accepted"));
}

/* A bag of the apheresis is no business of the arrival of the product; nor is another's site. */
static void a_task_is_about_its_own_units_and_site(void **state)
{
    (void)state;
    custody_trial_do(&t, "retrieve", 1, "");
    assert_int_equal(OFFER(&t.operator, & t.courier, bag.unit, ""), OK);
    struct fixture_person both = t.courier;
    struct grant grants[2] = { both.grants[0], t.nurse.grants[0] };
    grants[0].permission = S("custody.accept");
    grants[1].permission = S("role.nurse");
    both.actor.grants = grants;
    both.actor.ngrants = 2;
    assert_int_equal(ACCEPT(&both, bag.unit, ",'task':'arrive'"), REFUSED);
    fixture_refused(&t.f, "custody.other_site");
    assert_int_equal(ACCEPT(&t.courier, bag.unit, ""), OK);
    assert_int_equal(OFFER(&t.courier, &t.nurse, bag.unit, ""), OK);
    assert_int_equal(ACCEPT(&t.nurse, bag.unit, ",'task':'arrive'"), REFUSED);
    fixture_refused(&t.f, "custody.not_of_task");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_order, close_order)
    const struct CMUnitTest tests[] = {
        TEST(coc_01_begins_with_the_unit_and_passes_by_two_sides),
        TEST(coc_02_every_leg_without_a_gap),
        TEST(what_a_site_holds_and_what_waits_for_it),
        TEST(only_the_sides_take_part),
        TEST(the_receiver_stands_where_it_was_offered_to),
        TEST(giver_and_receiver_are_two_persons),
        TEST(coc_03_other_seals_or_container_stop_acceptance),
        TEST(it_goes_to_no_one_else),
        TEST(coi_02_identified_before_it_is_accepted),
        TEST(coi_02_nothing_is_identified_from_afar),
        TEST(what_left_is_identified_anew),
        TEST(sec_01_reasons_are_the_patients),
        TEST(declined_and_withdrawn_stay_with_the_giver),
        TEST(an_ended_unit_is_not_handed_over),
        TEST(a_stated_time_leaves_no_overlap),
        TEST(a_task_learns_when_all_is_handed_over),
        TEST(a_task_waits_for_the_last_unit),
        TEST(a_task_is_about_its_own_units_and_site),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
