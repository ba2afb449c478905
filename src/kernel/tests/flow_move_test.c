/* An order moves to another version of its workflow: by two persons, with the difference in sight,
 * and never so that a mandatory point is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "kernel/tests/flow_paths.h"

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

/* Loads trial_workflow as this version, with pairs of texts put in place of others. */
static void version(int number, const char *const *pairs, size_t npairs)
{
    static char text[2][20000];
    struct err e = { 0 };
    char *now = text[0];
    snprintf(now, sizeof text[0], "%s", trial_workflow);
    char *at = strstr(now, "version: 1");
    at[9] = (char)('0' + number);
    for (size_t i = 0; i < npairs; i++) {
        char *next = now == text[0] ? text[1] : text[0];
        at = strstr(now, pairs[2 * i]);
        if (!at)
            fail_msg("the workflow has no: %s", pairs[2 * i]);
        snprintf(next, sizeof text[0], "%.*s%s%s", (int)(at - now), now, pairs[2 * i + 1],
                 at + strlen(pairs[2 * i]));
        now = next;
    }
    if (trial_load(&t, now, &e) != OK)
        fail_msg("%s %s", e.code, e.nparams > 0 ? e.params[0].value : "");
}
#define VERSION(number, ...)                                                                       \
    version(number, (const char *const[]){ __VA_ARGS__ },                                          \
            sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *) / 2)

static enum outcome move(const struct fixture_person *who, const char *what, int number)
{
    return fixture_send(&t.f, who, what, "a change of the procedure", "{'order':'%s','version':%d}",
                        t.order, number);
}

static void move_refused(int number, const char *code, const char *param, const char *value)
{
    assert_int_equal(move(&t.coordinator, "flow.propose_move", number), REFUSED);
    fixture_refused(&t.f, code);
    if (param && !str_is(err_param(&t.f.error, param), value))
        fail_msg("%s: %.*s", param, STR(err_param(&t.f.error, param)));
}

static struct flow_move_out proposal(void)
{
    struct flow_move_in in = { str_z(t.order) };
    struct flow_move_out out;
    struct err e = { 0 };
    struct db *db;
    bool found;
    assert_int_equal(store_reader_take(&db, t.f.node.store, &e), OK);
    assert_int_equal(db_get(db, &sql_flow_move, &in, &out, t.f.arena, &found, &e), OK);
    store_reader_give(t.f.node.store, db);
    assert_true(found);
    return out;
}

#define WEIGH                                                                                      \
    "  - {name: weigh, title: Weigh, part: site, role: nurse, form: apheresis, limit: PT1H}\n"

/* partial: ORC-02 */
static void orc_02_moved_by_an_approved_change(void **state)
{
    (void)state;
    struct err e = { 0 };
    trial_do(&t, "collect");
    int64_t opened = trial_view(&t).tasks[1].opened;
    assert_int_equal(trial_load(&t, trial_apheresis_2, &e), OK);
    VERSION(2, "  - {name: pack,", WEIGH "  - {name: pack,", "limit: PT2H", "limit: PT5H",
            "  - {name: follow_up, title: Follow-up, part: site, role: nurse, late: true}\n", "");
    assert_int_equal(move(&t.nurse, "flow.propose_move", 2), REFUSED);
    fixture_refused(&t.f, "gate.forbidden");
    assert_int_equal(move(&t.stranger, "flow.propose_move", 2), REFUSED);
    fixture_refused(&t.f, "gate.unknown");
    move_refused(1, "flow.move_same", NULL, NULL);
    move_refused(7, "flow.unknown_version", "workflow", "trial");
    assert_int_equal(move(&t.approver, "flow.approve_move", 2), REFUSED);
    fixture_refused(&t.f, "flow.not_proposed");
    assert_int_equal(move(&t.coordinator, "flow.propose_move", 2), OK);
    struct flow_move_out seen = proposal();
    assert_true(str_is(seen.added, "[\"weigh\"]"));
    assert_true(str_is(seen.gone, "[\"follow_up\"]"));
    assert_true(str_is(seen.changed, "[\"pack\"]"));
    assert_int_equal(trial_view(&t).workflow_version, 1); /* nothing has moved */
    assert_int_equal(move(&t.coordinator, "flow.approve_move", 2), REFUSED);
    fixture_refused(&t.f, "flow.own_proposal");
    fixture_rebuilds(&t.f);

    env_sim_advance(&t.f.sim, TIME_HOUR);
    assert_int_equal(move(&t.approver, "flow.approve_move", 2), OK);
    struct flow_view v = trial_view(&t);
    assert_int_equal(v.workflow_version, 2);
    assert_int_equal(v.ntasks, 3);
    assert_true(str_is(v.tasks[0].task, "collect") && v.tasks[0].form_version == 1);
    assert_true(str_is(v.tasks[1].task, "weigh") && v.tasks[1].form_version == 2);
    assert_true(str_is(v.tasks[2].task, "pack"));
    assert_int_equal(v.tasks[2].opened, opened); /* its clock runs on, with the new limit */
    assert_int_equal(v.tasks[2].due, opened + 5 * TIME_HOUR);
    assert_int_equal(trial_events(&t, "flow.moved"), 1);
    assert_int_equal(move(&t.approver, "flow.approve_move", 2), REFUSED); /* once */
    fixture_rebuilds(&t.f);
    env_sim_advance(&t.f.sim, 2 * TIME_HOUR); /* the old limit has passed, not the new */
    fixture_settle(&t.f);
    assert_false(trial_view(&t).tasks[2].overdue);
    assert_true(trial_view(&t).tasks[1].overdue);
    env_sim_advance(&t.f.sim, 3 * TIME_HOUR);
    fixture_settle(&t.f);
    assert_true(trial_view(&t).tasks[2].overdue);
    trial_do(&t, "pack");
    fixture_rebuilds(&t.f);
}

/* shows: COI-02 no point is lost by a move */
static void coi_02_a_move_loses_no_point(void **state)
{
    (void)state;
    trial_do(&t, "collect");
    VERSION(2, "  - {name: pack, title", "  - {name: packing, title"); /* it is open */
    move_refused(2, "flow.move_no_place", "task", "Pack");
    /* a step with a point, before what is open */
    VERSION(3, "  - {name: pack,",
            "  - {name: rinse, title: Rinse, part: site, role: nurse, act: process,\n"
            "     checks: [step]}\n  - {name: pack,");
    move_refused(3, "flow.move_point_lost", "point", "step");
    /* a done task with one more point */
    VERSION(4, "checks: [patient], ", "checks: [patient, step], ");
    move_refused(4, "flow.move_point_lost", "task", "Collect");
    VERSION(5, "product: trial\n", "product: other\n");
    move_refused(5, "flow.move_other", "what", "other");
    VERSION(6, "parts: [site, maker]", "parts: [site, maker, ward]");
    move_refused(6, "flow.part_missing", "part", "ward");
    /* the point of an open task */
    trial_do(&t, "pack");
    VERSION(7, "    act: receive\n", "", "    checks: [receipt]\n", "", "  - {name: sterility,",
            "  - {name: arrive, title: Arrive, part: maker, role: operator,\n"
            "     act: receive, checks: [receipt]}\n  - {name: sterility,");
    move_refused(7, "flow.move_point_lost", "point", "receipt");
    fixture_rebuilds(&t.f);
}

/* What was proposed is judged again when it is approved. */
static void the_order_went_on_meanwhile(void **state)
{
    (void)state;
    VERSION(2, "  - {name: pack, title", "  - {name: packing, title");
    assert_int_equal(move(&t.coordinator, "flow.propose_move", 2), OK);
    trial_do(&t, "collect");
    assert_int_equal(move(&t.approver, "flow.approve_move", 2), REFUSED);
    fixture_refused(&t.f, "flow.move_no_place");
    assert_int_equal(trial_view(&t).workflow_version, 1);
    assert_true(trial_is_open(&t, "pack"));
}

/* What one proposes, another may decline, with a reason; the order stays where it is, and the same
 * may be proposed anew. */
static void what_is_declined_does_not_happen(void **state)
{
    (void)state;
    struct err e = { 0 };
    trial_do(&t, "collect");
    assert_int_equal(trial_load(&t, trial_apheresis_2, &e), OK);
    VERSION(2, "  - {name: pack,", WEIGH "  - {name: pack,");
    assert_int_equal(move(&t.approver, "flow.decline_move", 2), REFUSED);
    fixture_refused(&t.f, "flow.not_proposed");
    assert_int_equal(move(&t.coordinator, "flow.propose_move", 2), OK);
    assert_int_equal(move(&t.coordinator, "flow.decline_move", 2), REFUSED);
    fixture_refused(&t.f, "flow.own_proposal");
    assert_int_equal(move(&t.nurse, "flow.decline_move", 2), REFUSED);
    fixture_refused(&t.f, "gate.forbidden");
    assert_int_equal(move(&t.stranger, "flow.decline_move", 2), REFUSED);
    fixture_refused(&t.f, "gate.unknown");
    assert_int_equal(fixture_send(&t.f, &t.approver, "flow.decline_move", NULL,
                                  "{'order':'%s','version':2}", t.order),
                     REFUSED);
    fixture_refused(&t.f, "gate.reason_needed");
    assert_int_equal(move(&t.approver, "flow.decline_move", 3), REFUSED); /* another version */
    fixture_refused(&t.f, "flow.not_proposed");
    assert_int_equal(move(&t.approver, "flow.decline_move", 2), OK);
    assert_int_equal(trial_events(&t, "flow.move_declined"), 1);
    struct flow_move_out seen = proposal();
    assert_true(seen.declined != TIME_NONE && str_eq(seen.declined_by, t.approver.actor.name));
    assert_true(seen.declined_why.n > 0); /* sealed, and there */
    assert_int_equal(move(&t.approver, "flow.approve_move", 2), REFUSED);
    fixture_refused(&t.f, "flow.not_proposed");
    assert_int_equal(trial_view(&t).workflow_version, 1);
    fixture_rebuilds(&t.f);
    assert_int_equal(move(&t.coordinator, "flow.propose_move", 2), OK);
    assert_int_equal(move(&t.approver, "flow.approve_move", 2), OK);
    assert_int_equal(trial_view(&t).workflow_version, 2);
    fixture_rebuilds(&t.f);
}

static void nothing_moves_to_what_is_retired(void **state)
{
    (void)state;
    struct fixture_person quality;
    fixture_person(&quality, 7, 1, 1, "define.retire");
    VERSION(2, "limit: PT2H", "limit: PT5H");
    assert_int_equal(fixture_send(&t.f, &quality, "define.retire", "a mistake in it",
                                  "{'kind':'workflow','name':'trial','version':2}"),
                     OK);
    move_refused(2, "flow.unknown_version", "workflow", "trial");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(orc_02_moved_by_an_approved_change), TEST(coi_02_a_move_loses_no_point),
        TEST(the_order_went_on_meanwhile),        TEST(what_is_declined_does_not_happen),
        TEST(nothing_moves_to_what_is_retired),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
