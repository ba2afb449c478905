/* Bags that are acted on one by one are identified one by one. */
#include "modules/identity/tests/identity_trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct trial_id t;
static struct trial_order a;

static int set_up(void **state)
{
    (void)state;
    trial_id_open(&t);
    trial_id_order(&t, &a, 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    trial_id_close(&t);
    return 0;
}

static void at_bedside(const struct fixture_person *who, const char *scans)
{
    assert_int_equal(trial_id_check(&t, who, &a, "administer", "administration", "barcode", scans,
                                    trial_id_stated(&a)),
                     OK);
}

/* partial: COI-12 (at the bedside again), COI-03 (what was expected is what was identified) */
static void coi_12_bags_are_identified_one_by_one(void **state)
{
    (void)state;
    char label[2][16], scans[200], more[120];
    trial_id_do(&t, &a, "wash");
    trial_id_pass(&t, &a, "fill", "before_processing");
    struct identity_units_in in = { str_z(a.id) };
    struct record_list rows = fixture_list(&t.f, &sql_identity_units, &in);
    const struct identity_units_out *row = rows.p;
    while (!str_is(row->kind, "culture"))
        row++;
    snprintf(more, sizeof more, ",'parents':[{'unit':'%.*s','quantity':'50 mL'}]", STR(row->unit));
    for (int i = 0; i < 2; i++)
        assert_int_equal(
            trial_id_make(&t, &t.plant, &a, "fill", "final_bag", "50 mL", more, label[i]), OK);
    assert_int_equal(trial_id_complete(&t, &a, "fill"), OK);
    trial_id_do(&t, &a, "arrive");

    snprintf(scans, sizeof scans, "%s", trial_id_patient(&a));
    at_bedside(&t.nurse, scans);
    assert_string_equal(fixture_answer(&t.f, "result"), "no_read"); /* no bag was read */
    char of[2][240];
    for (int i = 0; i < 2; i++)
        snprintf(of[i], sizeof of[i], "%s,'%s'", scans, trial_id_symbol(&t, str_z(label[i])));
    at_bedside(&t.nurse, of[0]);
    assert_string_equal(fixture_answer(&t.f, "result"), "pass");
    at_bedside(&t.nurse_2, of[1]);
    assert_string_equal(fixture_answer(&t.f, "result"), "pass");
    assert_string_equal(fixture_answer(&t.f, "complete"), "false"); /* two bags, one person each */
    assert_false(trial_id_fact(&t, &a, "administer", "check:administration"));
    at_bedside(&t.nurse_2, of[0]);
    assert_string_equal(fixture_answer(&t.f, "complete"), "true");
    for (int i = 0; i < 2; i++) {
        struct identity_identified_in one = { str_z(a.id), S("administer"),
                                              trial_id_unit(&t, label[i]).unit };
        assert_int_equal(fixture_list(&t.f, &sql_identity_identified, &one).n, i == 0);
    }
    fixture_rebuilds(&t.f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(coi_12_bags_are_identified_one_by_one, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
