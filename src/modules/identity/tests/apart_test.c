/* Who counts as a person at a check, and whom it binds. */
#include "modules/identity/tests/story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* shows: ACC-01 (duties kept apart bind the first of two checking persons, and whose check came to
 * nothing, as they bind who completes the point) */
static void acc_01_each_check_is_an_act(void **state)
{
    (void)state;
    fixture_define(&t.f, &t.quality,
                   "kind: segregation\nname: apart\nversion: 1\ntitle: Apart\n"
                   "effective: 2026-01-01T00:00:00Z\nrules:\n"
                   "- {name: apart, text: who collects does not hand over, of: [task.collect], "
                   "not: [task.hand_over]}\n");
    assert_int_equal(check(&t.nurse_2, AT, "", trial_id_stated(&a)), OK);
    is("no_read");
    assert_int_equal(check(&t.nurse, AT, trial_id_patient(&a), trial_id_stated(&a)), OK);
    assert_int_equal(check(&t.helper, AT, trial_id_patient(&a), trial_id_stated(&a)), OK);
    assert_string_equal(fixture_answer(&t.f, "complete"), "true");
    const struct fixture_person *const bound[] = { &t.nurse, &t.nurse_2 };
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(fixture_send(&t.f, bound[i], "flow.complete", NULL,
                                      "{'order':'%s','task':'hand_over'}", a.id),
                         REFUSED);
        fixture_refused(&t.f, "segregation.acts");
    }
    fixture_rebuilds(&t.f);
}

/* A system of the hospital, with the right to check and the nurse's role. */
static void scale(struct fixture_person *robot, char key[60])
{
    struct fixture_person program;
    fixture_person(&program, 97, 1, 1, "");
    program.actor.system = true;
    fixture_must(&t.f,
                 fixture_send(&t.f, &program, "organisation.make", NULL,
                              "{'organisation':'%s','name':'Ward','kind':'hospital'}",
                              fixture_id('o', 1).p),
                 "organisation");
    fixture_must(&t.f,
                 fixture_send(&t.f, &program, "account.make", NULL,
                              "{'account':'%s','organisation':'%s','login':'scale','name':'Scale',"
                              "'kind':'service'}",
                              fixture_id('a', 8).p, fixture_id('o', 1).p),
                 "account");
    fixture_define(&t.f, &program,
                   "kind: role\nname: scale\nversion: 1\ntitle: Scale\n"
                   "effective: 2026-01-01T00:00:00Z\npermissions: [identity.check]\n");
    fixture_must(&t.f,
                 fixture_send(&t.f, &program, "account.give_role", "new",
                              "{'account':'%s','role':'scale','organisation':'%s'}",
                              fixture_id('a', 8).p, fixture_id('o', 1).p),
                 "role");
    fixture_must(&t.f,
                 fixture_send(&t.f, &program, "key.issue", "new",
                              "{'account':'%s','name':'Scale','digest':'%064d',"
                              "'scopes':['identity.check'],'expires':'%d-06-01T00:00:00Z'}",
                              fixture_id('a', 8).p, 7, 2027),
                 "key");
    snprintf(key, 60, "%s", fixture_answer(&t.f, "id"));
    fixture_person(robot, 8, 1, 1, "identity.check role.nurse");
    robot->actor.key = str_z(key);
}

/* partial: COI-03 where two persons are asked for, a system is neither of them */
static void a_system_is_nobodys_second_person(void **state)
{
    (void)state;
    struct fixture_person robot;
    char key[60];
    scale(&robot, key);
    trial_id_do(&t, &a, "collect");
    (void)!fixture_send(&t.f, &robot, "identity.check", NULL,
                        "{'order':'%s','task':'hand_over','point':'handover_to_courier',"
                        "'method':'manual','scans':[{'text':'%.*s'}]}",
                        a.id, (int)strlen(own_bag(&a)) - 2, own_bag(&a) + 1);
    fixture_refused(&t.f, "auth.person_only");
}

static enum outcome handed_over_by(const struct fixture_person *who, const struct trial_order *o)
{
    return trial_id_check(&t, who, o, "hand_over", "handover_to_courier", "barcode",
                          trial_id_units(&t, o, "bag"), "");
}

/* partial: COI-02, COI-03 at a point of one person, too: with a system's check and one person's
 * completing, a task for two would be one person's */
static void a_system_checks_for_no_second_person(void **state)
{
    (void)state;
    struct fixture_person robot;
    struct trial_order c;
    char key[60];
    scale(&robot, key);
    trial_id_do(&t, &a, "collect");
    assert_int_equal(handed_over_by(&robot, &a), OK); /* where nobody asks for two */
    trial_id_second_person(&t);
    trial_id_order(&t, &c, 3);
    trial_id_do(&t, &c, "collect");
    assert_int_equal(handed_over_by(&robot, &c), REFUSED);
    refused("auth.person_only");
    assert_int_equal(handed_over_by(&t.nurse, &c), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(acc_01_each_check_is_an_act),
        TEST(a_system_is_nobodys_second_person),
        TEST(a_system_checks_for_no_second_person),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
