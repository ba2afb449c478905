/* Custody: one holder at any time, passed by two sides; what refuses; what a retry gives. */
#include "modules/custody/custody.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "kernel/stop.h"
#include "kernel/tests/fixture.h"

#define ALL "custody.begin custody.offer custody.accept custody.decline custody.withdraw"

static struct fixture f;
static struct fixture_person nurse, courier, other;
static char unit[40];

static int open_node(void **state)
{
    (void)state;
    static const struct module *const modules[] = { &stop_module, &timer_module, &custody_module };
    fixture_open(&f, modules, 3);
    fixture_person(&nurse, 1, 1, 1, ALL);
    fixture_person(&courier, 2, 2, 2, ALL);
    fixture_person(&other, 3, 3, 3, ALL);
    snprintf(unit, sizeof unit, "%.*s", STR(fixture_id('u', 1)));
    return 0;
}

static int close_node(void **state)
{
    (void)state;
    fixture_close(&f);
    return 0;
}

static enum outcome begin(void)
{
    return fixture_send(&f, &nurse, "custody.begin", NULL, "{'unit':'%s'}", unit);
}

static enum outcome offer(const struct fixture_person *from, const struct fixture_person *to)
{
    return fixture_send(&f, from, "custody.offer", NULL,
                        "{'unit':'%s','to_organisation':'%.*s','to_site':'%.*s',"
                        "'container':'BOX-7','seals':['A1','A2']}",
                        unit, STR(to->actor.organisation), STR(to->actor.site));
}

static enum outcome accept(const struct fixture_person *who, const char *container,
                           const char *seals)
{
    return fixture_send(&f, who, "custody.accept", NULL,
                        "{'unit':'%s','container':'%s','seals':[%s]}", unit, container, seals);
}

static struct custody_unit_out holder(void)
{
    struct db *db;
    struct err e = { 0 };
    struct custody_unit_in in = { str_z(unit) };
    struct custody_unit_out row = { 0 };
    bool found;
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    assert_int_equal(db_get(db, &sql_custody_unit, &in, &row, f.arena, &found, &e), OK);
    store_reader_give(f.node.store, db);
    assert_true(found);
    return row;
}

/* shows: COC-01 */
static void coc_01_passes_by_two_sides(void **state)
{
    (void)state;
    assert_int_equal(begin(), OK);
    assert_true(str_eq(holder().site, nurse.actor.site));
    assert_int_equal(offer(&nurse, &courier), OK);
    assert_true(str_eq(holder().site, nurse.actor.site)); /* an offer changes no holder */
    assert_int_equal(accept(&courier, "BOX-7", "'A1','A2'"), OK);
    assert_true(str_eq(holder().site, courier.actor.site));
    assert_int_equal(holder().offered, TIME_NONE);
    fixture_rebuilds(&f);
}

/* shows: COC-02 */
static void coc_02_every_leg_is_kept(void **state)
{
    (void)state;
    assert_int_equal(begin(), OK);
    assert_int_equal(offer(&nurse, &courier), OK);
    assert_int_equal(accept(&courier, "BOX-7", "'A1','A2'"), OK);
    assert_int_equal(offer(&courier, &other), OK);
    assert_int_equal(accept(&other, "BOX-7", "'A1','A2'"), OK);
    struct db *db;
    struct err e = { 0 };
    struct record_list legs;
    struct custody_legs_in in = { str_z(unit) };
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    assert_int_equal(db_list(db, &sql_custody_legs, &in, &legs, 10, f.arena, &e), OK);
    store_reader_give(f.node.store, db);
    assert_int_equal(legs.n, 3);
    const struct custody_legs_out *leg = legs.p;
    assert_true(str_eq(leg[1].giver, nurse.actor.name));
    assert_true(str_eq(leg[1].receiver, courier.actor.name));
    assert_true(str_eq(leg[2].site, other.actor.site));
    assert_true(leg[0].since < leg[1].since && leg[1].since < leg[2].since);
}

static void only_the_sides_take_part(void **state)
{
    (void)state;
    assert_int_equal(begin(), OK);
    assert_int_equal(offer(&other, &courier), REFUSED); /* foreign equals unknown */
    fixture_refused(&f, "gate.unknown");
    struct err foreign = f.error;
    assert_int_equal(fixture_send(&f, &other, "custody.offer", NULL,
                                  "{'unit':'%.*s','to_organisation':'%.*s','to_site':'%.*s'}",
                                  STR(fixture_id('u', 99)), STR(other.actor.organisation),
                                  STR(other.actor.site)),
                     REFUSED);
    assert_string_equal(f.error.code, foreign.code);
    assert_string_equal(f.error.params[0].value, foreign.params[0].value);

    assert_int_equal(offer(&nurse, &courier), OK);
    assert_int_equal(accept(&other, "BOX-7", "'A1','A2'"), REFUSED);
    fixture_refused(&f, "gate.unknown");
    assert_int_equal(accept(&nurse, "BOX-7", "'A1','A2'"), REFUSED);
    fixture_refused(&f, "gate.unknown");
    assert_true(str_eq(holder().site, nurse.actor.site));
}

/* shows: COC-03 */
static void coc_03_other_seals_or_container_are_refused(void **state)
{
    (void)state;
    assert_int_equal(begin(), OK);
    assert_int_equal(offer(&nurse, &courier), OK);
    assert_int_equal(accept(&courier, "BOX-8", "'A1','A2'"), REFUSED);
    fixture_refused(&f, "custody.container_differs");
    assert_int_equal(accept(&courier, "BOX-7", "'A1','A3'"), REFUSED);
    fixture_refused(&f, "custody.seals_differ");
    assert_int_equal(accept(&courier, "BOX-7", "'A1'"), REFUSED);
    assert_true(str_eq(holder().site, nurse.actor.site));
    assert_int_equal(accept(&courier, "BOX-7", "'A1','A2'"), OK);
}

static void declined_and_withdrawn_stay_with_the_giver(void **state)
{
    (void)state;
    assert_int_equal(begin(), OK);
    assert_int_equal(begin(), REFUSED);
    fixture_refused(&f, "custody.begun_before");
    assert_int_equal(offer(&nurse, &courier), OK);
    assert_int_equal(offer(&nurse, &other), REFUSED);
    fixture_refused(&f, "custody.offered_before");
    assert_int_equal(fixture_send(&f, &courier, "custody.decline", NULL, "{'unit':'%s'}", unit),
                     REFUSED);
    fixture_refused(&f, "gate.reason_needed");
    assert_int_equal(
        fixture_send(&f, &courier, "custody.decline", "seal torn", "{'unit':'%s'}", unit), OK);
    assert_int_equal(offer(&nurse, &other), OK);
    assert_int_equal(
        fixture_send(&f, &nurse, "custody.withdraw", "wrong box", "{'unit':'%s'}", unit), OK);
    assert_int_equal(accept(&other, "BOX-7", "'A1','A2'"), REFUSED);
    assert_true(str_eq(holder().site, nurse.actor.site));
    fixture_rebuilds(&f);
}

static void a_stranger_learns_nothing_of_an_open_offer(void **state)
{
    (void)state;
    assert_int_equal(begin(), OK);
    assert_int_equal(offer(&nurse, &courier), OK);
    assert_int_equal(offer(&other, &courier), REFUSED);
    fixture_refused(&f, "gate.unknown");
    assert_int_equal(fixture_send(&f, &other, "custody.begin", NULL, "{'unit':'%s'}", unit),
                     REFUSED);
    fixture_refused(&f, "gate.unknown");
}

/* Two sides are two persons, also where one person has the right at both. */
static void nobody_hands_over_to_themselves(void **state)
{
    (void)state;
    assert_int_equal(begin(), OK);
    assert_int_equal(offer(&nurse, &courier), OK);
    struct fixture_person both = nurse;
    both.actor.grants = (const struct grant[]){ { S("custody.accept"), courier.actor.organisation,
                                                  courier.actor.site } };
    both.actor.ngrants = 1;
    assert_int_equal(accept(&both, "BOX-7", "'A1','A2'"), REFUSED);
    fixture_refused(&f, "custody.giver_accepts");
    assert_true(str_eq(holder().site, nurse.actor.site));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(coc_01_passes_by_two_sides, open_node, close_node),
        cmocka_unit_test_setup_teardown(coc_02_every_leg_is_kept, open_node, close_node),
        cmocka_unit_test_setup_teardown(only_the_sides_take_part, open_node, close_node),
        cmocka_unit_test_setup_teardown(coc_03_other_seals_or_container_are_refused, open_node,
                                        close_node),
        cmocka_unit_test_setup_teardown(declined_and_withdrawn_stay_with_the_giver, open_node,
                                        close_node),
        cmocka_unit_test_setup_teardown(a_stranger_learns_nothing_of_an_open_offer, open_node,
                                        close_node),
        cmocka_unit_test_setup_teardown(nobody_hands_over_to_themselves, open_node, close_node),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
