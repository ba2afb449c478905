/* What was made and what was passed before an order went back counts for nothing afterwards, and is
 * not lost: every unit is still there, with what is to become of it. */
#include "modules/identity/tests/story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static enum outcome take(const char *loop)
{
    return fixture_send(&t.f, &t.plant, "flow.repeat", "why", "{'order':'%s','loop':'%s'}", a.id,
                        loop);
}

static const struct identity_units_out *units(size_t *n)
{
    struct identity_units_in in = { str_z(a.id) };
    struct record_list rows = fixture_list(&t.f, &sql_identity_units, &in);
    *n = rows.n;
    return rows.p;
}

/* The unit of this kind and pass. */
static struct identity_units_out unit(const char *kind, int64_t pass)
{
    size_t n;
    const struct identity_units_out *row = units(&n);
    for (size_t i = 0; i < n; i++)
        if (str_is(row[i].kind, kind) && row[i].pass == pass)
            return row[i];
    fail_msg("no %s of pass %d", kind, (int)pass);
    return (struct identity_units_out){ 0 };
}

static const char *scan(struct str label)
{
    static char text[4][80];
    static unsigned next;
    char *out = text[next++ % 4];
    snprintf(out, sizeof text[0], "'%s'", trial_id_symbol(&t, label));
    return out;
}

/* shows: COI-02 a unit of an earlier pass satisfies no check of a later one: it stops the order */
static void coi_02_an_earlier_bag_stops_the_order(void **state)
{
    (void)state;
    trial_id_do(&t, &a, "hand_over");
    assert_int_equal(take("recollect"), OK);
    const char *before = scan(unit("bag", 1).label);
    assert_true(str_is(unit("bag", 1).fate, "discard"));
    assert_int_equal(trial_id_complete(&t, &a, "collect"), REFUSED); /* no check holds any more */
    refused("flow.check_missing");
    trial_id_do(&t, &a, "collect");
    assert_int_equal(trial_id_complete(&t, &a, "hand_over"), REFUSED);
    refused("flow.check_missing");
    const char *both = arena_printf(t.f.arena, "%s,%s", before, own_bag(&a)).p;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            check(&t.nurse, "hand_over", "handover_to_courier", i == 0 ? before : both, ""), OK);
        is("fail");
        assert_true(stopped());
        assert_int_equal(resolve(&t.quality), OK);
    }
    trial_id_do(&t, &a, "hand_over");
    assert_int_equal(unit("bag", 2).past, false);
    fixture_rebuilds(&t.f);
}

/* Two persons pass together or not at all: one before the order went back is none after it. */
static void half_a_check_does_not_outlive_its_pass(void **state)
{
    (void)state;
    trial_id_do(&t, &a, "collect");
    assert_int_equal(take("recollect"), OK);
    assert_int_equal(check(&t.nurse, AT, trial_id_patient(&a), trial_id_stated(&a)), OK);
    assert_string_equal(fixture_answer(&t.f, "complete"), "false"); /* the helper's was before */
    assert_int_equal(check(&t.helper, AT, trial_id_patient(&a), trial_id_stated(&a)), OK);
    assert_string_equal(fixture_answer(&t.f, "complete"), "true");
}

static enum outcome make(const char *task, const char *kind, struct str parent,
                         const char *quantity)
{
    return fixture_send(&t.f, &t.plant, "unit.make", NULL,
                        "{'order':'%s','task':'%s','kind':'%s','quantity':'50 mL',"
                        "'parents':[{'unit':'%.*s','quantity':'%s'}]}",
                        a.id, task, kind, STR(parent), quantity);
}

/* partial: COI-08 a second manufacture from what is left: genealogy and quantities reconcile */
static void coi_08_made_again_from_what_is_left(void **state)
{
    (void)state;
    trial_id_do(&t, &a, "sample");
    struct str bag = unit("bag", 1).unit;
    trial_id_pass(&t, &a, "wash", "before_processing");
    assert_int_equal(make("wash", "culture", bag, "100 mL"), OK);
    assert_int_equal(trial_id_complete(&t, &a, "wash"), OK);
    trial_id_pass(&t, &a, "fill", "before_processing");
    struct str culture = unit("culture", 1).unit;
    assert_int_equal(make("fill", "final_bag", culture, "10 mL"), OK);
    assert_int_equal(take("remake"), OK);

    assert_int_equal(make("wash", "culture", bag, "98 mL"), REFUSED); /* not identified again */
    refused("identity.check_first");
    trial_id_pass(&t, &a, "wash", "before_processing");
    assert_int_equal(make("wash", "culture", culture, "1 mL"),
                     REFUSED); /* made in the task, once */
    refused("identity.earlier_pass");
    assert_int_equal(make("wash", "culture", bag, "98 mL"), OK);
    assert_int_equal(trial_id_complete(&t, &a, "wash"), OK);
    trial_id_pass(&t, &a, "fill", "before_processing");
    assert_int_equal(make("fill", "final_bag", culture, "1 mL"), REFUSED);
    refused("identity.earlier_pass");
    assert_int_equal(make("fill", "final_bag", unit("culture", 2).unit, "50 mL"), OK);
    assert_int_equal(trial_id_complete(&t, &a, "fill"), OK);

    /* nothing is lost: 200 = 2 sampled + 100 + 98, and both ways stand in the genealogy */
    struct identity_descendants_in in = { str_z(a.id), bag };
    struct record_list rows = fixture_list(&t.f, &sql_identity_descendants, &in);
    assert_int_equal(rows.n, 5); /* sample, two cultures, two final bags */
    assert_true(str_is(unit("bag", 1).how, "used_up"));
    assert_true(unit("culture", 1).past && str_is(unit("culture", 1).fate, "quarantine"));
    assert_true(unit("final_bag", 1).past && str_is(unit("final_bag", 1).fate, "quarantine"));
    assert_false(unit("final_bag", 2).past);
    size_t n;
    (void)units(&n);
    assert_int_equal(n, 7); /* bag, tube, sample, two cultures, two final bags */
    trial_id_do(&t, &a, "administer");
    fixture_rebuilds(&t.f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(coi_02_an_earlier_bag_stops_the_order),
        TEST(half_a_check_does_not_outlive_its_pass),
        TEST(coi_08_made_again_from_what_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
