/* Who does and sees what of an order that several organisations share: by their part, their
 * product, and what they did in it before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/flow_share.h"
#include "kernel/tests/flow_trial.h"

static struct trial t;

static int set_up(void **state)
{
    (void)state;
    trial_open(&t);
    assert_int_equal(trial_begin(&t, 1, "trial"), OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    trial_close(&t);
    return 0;
}

static void load(const char *yaml)
{
    struct err e = { 0 };
    if (trial_load(&t, yaml, &e) != OK)
        fail_msg("%s at %.*s", e.code, STR(err_param(&e, "at")));
}

/* --- segregation --- */

#define APART                                                                                      \
    TRIAL_HEAD("segregation", "duties", "1")                                                       \
    "rules:\n- name: apart\n  text: who collects does not receive\n  of: [role.nurse]\n"           \
    "  not: [task.receive, task.wash]\n"

static void apart(enum outcome o)
{
    assert_int_equal(o, REFUSED);
    fixture_refused(&t.f, "segregation.acts");
}

/* The same person as number `account`, at the maker with the operator's role. */
static struct fixture_person *as_operator(int account)
{
    static struct fixture_person p;
    fixture_person(&p, account, 2, 2, "flow.complete flow.correct trial.note role.operator");
    return &p;
}

/* shows: ACC-01 what one person did in an order binds them in it, whatever the session, site, role
 * of the day or emergency: completing, noting, correcting */
static void what_was_done_binds(void **state)
{
    (void)state;
    load(APART);
    trial_do(&t, "collect"); /* facts by person 1, completed by person 2 */
    struct fixture_person third;
    fixture_person(&third, 7, 1, 1, "flow.correct role.nurse");
    assert_int_equal(fixture_send(&t.f, &third, "flow.correct", "misread",
                                  "{'order':'%s','task':'collect','inputs':["
                                  "{'name':'volume','entered':'101'},"
                                  "{'name':'adequate','entered':'yes'}]}",
                                  t.order),
                     OK);
    trial_do(&t, "pack");
    static const int bound[] = { 1, 2, 7 };
    for (size_t i = 0; i < 3; i++) {
        struct fixture_person *p = as_operator(bound[i]);
        apart(trial_note_fact(&t, p, "receive", "check:receipt"));
        apart(trial_complete(&t, p, "receive", ""));
        p->actor.session = fixture_id('z', 9);
        apart(trial_complete(&t, p, "receive", ""));
        for (size_t k = 0; k < p->actor.ngrants; k++)
            p->grants[k].emergency = fixture_id('e', 1);
        p->actor.emergency = fixture_id('e', 1);
        apart(trial_complete(&t, p, "receive", ""));
    }
    trial_do(&t, "receive"); /* person 4 may */
    apart(fixture_send(&t.f, as_operator(2), "flow.correct", "instead of an entry",
                       "{'order':'%s','task':'receive','inputs':[]}", t.order));
    struct fixture_person
        back; /* and the other way round: who received does not collect after all */
    fixture_person(&back, 4, 1, 1, "flow.correct role.nurse");
    apart(fixture_send(&t.f, &back, "flow.correct", "as a nurse",
                       "{'order':'%s','task':'collect','inputs':[]}", t.order));
    assert_int_equal(trial_begin(&t, 2, "trial"), OK); /* of another order it says nothing */
    fixture_rebuilds(&t.f);
}

/* --- products --- */

/* shows: ACC-01 a role for one product does nothing in an order of another, whose order is as
 * unknown as one that is not there */
static void a_role_for_another_product_is_none(void **state)
{
    (void)state;
    struct fixture_person nurse;
    fixture_person(&nurse, 1, 1, 1, "flow.complete flow.correct trial.note role.nurse");
    for (size_t i = 0; i < nurse.actor.ngrants; i++)
        nurse.grants[i].product = S("other");
    assert_int_equal(trial_note_fact(&t, &nurse, "collect", "check:patient"), REFUSED);
    fixture_refused(&t.f, "gate.unknown");
    for (size_t i = 0; i < nurse.actor.ngrants; i++)
        nurse.grants[i].product = S("trial");
    assert_int_equal(trial_note_fact(&t, &nurse, "collect", "check:patient"), OK);
    nurse.grants[0].product =
        S("other"); /* flow.complete: the task's form is not looked at either */
    assert_int_equal(trial_complete(&t, &nurse, "collect", "{'name':'x','entered':'y'}"), REFUSED);
    fixture_refused(&t.f, "gate.forbidden");
}

/* --- sharing --- */

#define SHARING                                                                                    \
    TRIAL_HEAD("sharing", "parts", "1")                                                            \
    "shares:\n"                                                                                    \
    "- {part: site, units: [bag], sees: [custody, patient], does: [flow.hold, flow.resume]}\n"     \
    "- {part: maker, records: ['*'], units: ['*'], sees: ['*'], does: ['*']}\n"

static enum outcome send(const struct fixture_person *who, const char *command)
{
    return fixture_send(&t.f, who, command, "because", "{'order':'%s'}", t.order);
}

/* shows: OPS-05 a part does to the whole order what the matrix says, whatever its people's roles;
 * who takes no part does not learn that there is such an order */
static void a_part_does_what_the_matrix_says(void **state)
{
    (void)state;
    static const char end[] = "{'order':'%s','how':'cancelled'}";
    assert_int_equal(send(&t.coordinator, "flow.hold"), OK);
    load(SHARING);
    assert_int_equal(send(&t.coordinator, "flow.resume"), OK);
    assert_int_equal(fixture_send(&t.f, &t.coordinator, "flow.end", "why", end, t.order), REFUSED);
    fixture_refused(&t.f, "gate.forbidden"); /* they know the order, it is not theirs to end */
    struct fixture_person maker;
    fixture_person(&maker, 8, 2, 2, "flow.end flow.hold");
    fixture_person(&t.stranger, 5, 3, 3, "flow.end flow.hold");
    assert_int_equal(send(&t.stranger, "flow.hold"), REFUSED);
    fixture_refused(&t.f, "gate.unknown");
    assert_int_equal(fixture_send(&t.f, &maker, "flow.end", "why", end, t.order), OK);
}

static struct flow_sight sight_of(const struct fixture_person *who)
{
    struct flow_sight s;
    struct db *db;
    struct err e = { 0 };
    const struct flow_view v = trial_view(&t);
    assert_int_equal(store_reader_take(&db, t.f.node.store, &e), OK);
    assert_int_equal(flow_sight_read(&s, db, &v, &who->actor, NULL, &e), OK);
    store_reader_give(t.f.node.store, db);
    return s;
}

static bool record_seen(const struct flow_sight *s, const char *task)
{
    const struct flow_view v = trial_view(&t);
    return flow_sees_record(s, flow_task_find(&v, str_z(task)));
}

/* shows: OPS-05 a part sees its own records and what the matrix adds; nothing of it without a part;
 * a person of two parts sees both */
static void a_part_sees_what_the_matrix_says(void **state)
{
    (void)state;
    struct fixture_person site;
    struct fixture_person maker;
    fixture_person(&site, 8, 1, 1, "order.see");
    fixture_person(&maker, 9, 2, 2, "order.see");
    struct flow_sight s = sight_of(&site);
    assert_true(record_seen(&s, "collect")); /* undefined: its own records, and no more */
    assert_false(record_seen(&s, "receive"));
    assert_false(flow_sees(&s, "deviation"));
    load(SHARING);
    s = sight_of(&site);
    assert_true(record_seen(&s, "collect"));
    assert_false(record_seen(&s, "wash"));
    assert_true(flow_sees_unit(&s, S("bag")));
    assert_false(flow_sees_unit(&s, S("sample")));
    assert_true(flow_sees(&s, "custody"));
    assert_false(flow_sees(&s, "deviation"));
    assert_true(flow_does(&s, S("flow.hold")));
    assert_false(flow_does(&s, S("flow.end")));
    s = sight_of(&maker);
    assert_true(record_seen(&s, "collect"));
    assert_true(flow_sees(&s, "deviation"));
    struct fixture_person both = site;
    both.actor.grants = both.grants;
    both.grants[1] = maker.grants[0];
    both.actor.ngrants = 2;
    s = sight_of(&both);
    assert_int_equal(s.nparts, 2);
    assert_true(record_seen(&s, "wash"));
    fixture_person(&site, 8, 1, 1, "flow.complete");
    s = sight_of(&site);
    assert_int_equal(s.nparts, 0); /* without the right to see orders: none */
    s = sight_of(&t.stranger);
    assert_int_equal(s.nparts, 0);
}

/* shows: OPS-05 a matrix counts from its date on, not from when it was given */
static void a_matrix_counts_from_its_date(void **state)
{
    (void)state;
    struct fixture_person site;
    fixture_person(&site, 8, 1, 1, "order.see");
    load(SHARING);
    load("kind: sharing\nname: parts\nversion: 2\ntitle: Trial\neffective: 2100-01-01T00:00:00Z\n"
         "shares:\n- {part: site, units: [sample], does: [flow.end]}\n"
         "- {part: maker, records: ['*'], units: ['*'], sees: ['*'], does: ['*']}\n");
    site.actor.at_us = env_now(&t.f.sim.env);
    struct flow_sight s = sight_of(&site);
    assert_true(flow_sees_unit(&s, S("bag")));
    assert_true(flow_does(&s, S("flow.hold")));
    assert_int_equal(send(&t.coordinator, "flow.hold"), OK); /* the gate takes the same */
    site.actor.at_us += 100 * 366 * TIME_DAY;
    s = sight_of(&site);
    assert_false(flow_sees_unit(&s, S("bag")));
    assert_true(flow_sees_unit(&s, S("sample")));
    assert_false(flow_does(&s, S("flow.hold")));
}

/* shows: OPS-05 a workflow narrows what its parts see and do, and never widens it */
static void a_workflow_narrows_and_never_widens(void **state)
{
    (void)state;
    struct fixture_person site;
    struct fixture_person maker;
    load(SHARING);
    load(TRIAL_HEAD(
        "workflow", "narrow",
        "1") "product: trial\nmaterial: fresh\nparts: [site, maker]\nstages:\n"
             "- name: one\n  title: One\n  tasks:\n"
             "  - {name: collect, title: Collect, part: site, role: nurse, act: collect,\n"
             "     checks: [patient], makes: [bag]}\n"
             "  - {name: receive, title: Receive, part: maker, role: operator, act: receive,\n"
             "     checks: [receipt]}\n"
             "shares:\n"
             "- {part: site, units: [bag, sample], sees: [deviation], does: [none]}\n"
             "- {part: maker, records: [none]}\n");
    assert_int_equal(trial_begin(&t, 3, "narrow"), OK);
    fixture_person(&site, 8, 1, 1, "order.see");
    fixture_person(&maker, 9, 2, 2, "order.see");
    struct flow_sight s = sight_of(&site);
    assert_true(flow_sees_unit(&s, S("bag")));
    assert_false(flow_sees_unit(&s, S("sample"))); /* the matrix does not give it */
    assert_false(flow_sees(&s, "custody"));        /* the workflow takes it */
    assert_false(flow_sees(&s, "deviation"));
    assert_int_equal(send(&t.coordinator, "flow.hold"), REFUSED);
    fixture_refused(&t.f, "gate.forbidden");
    s = sight_of(&maker);
    assert_false(record_seen(&s, "collect"));
    assert_true(record_seen(&s, "receive")); /* its own always */
    assert_true(flow_sees(&s, "deviation")); /* of what it does not speak it takes nothing */
}

static void definitions_are_checked(void **state)
{
    (void)state;
    struct err e = { 0 };
    assert_int_equal(
        trial_load(&t,
                   TRIAL_HEAD("sharing", "parts", "1") "shares:\n- {part: site}\n- {part: site}\n",
                   &e),
        REFUSED);
    assert_string_equal(e.code, "flow.part_twice");
    e = (struct err){ 0 };
    assert_int_equal(
        trial_load(&t,
                   TRIAL_HEAD("segregation", "duties",
                              "1") "rules:\n- {name: a, text: b, of: [nurse], not: [role.x]}\n",
                   &e),
        REFUSED);
    assert_string_equal(e.code, "segregation.unknown_act");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_done_binds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_role_for_another_product_is_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_part_does_what_the_matrix_says, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_part_sees_what_the_matrix_says, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_workflow_narrows_and_never_widens, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_matrix_counts_from_its_date, set_up, tear_down),
        cmocka_unit_test_setup_teardown(definitions_are_checked, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
