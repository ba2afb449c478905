/* Looks at personal data: kept before anybody hears of it, in one chain, anchored in the ledger.
 * shows: ACC-03 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/auth.h"
#include "kernel/look.h"
#include "kernel/stop.h"
#include "kernel/tests/fixture.h"

static struct fixture f;
static int told;

static int open_node(void **state)
{
    static const struct module *const modules[] = { &timer_module, &stop_module, &auth_module,
                                                    &look_module };
    (void)state;
    fixture_open(&f, modules, 4);
    told = 0;
    return 0;
}

static int close_node(void **state)
{
    (void)state;
    fixture_close(&f);
    return 0;
}

static void done(struct look_wait *w)
{
    assert_int_equal(w->error.outcome, OK);
    told++;
}

static struct look_entry entry(int subject, const char *what)
{
    return (struct look_entry){
        .at = f.sim.now_us,
        .subject = fixture_id('d', subject),
        .actor = S("account/tester"),
        .organisation = fixture_id('a', 1),
        .what = str_z(what),
        .right = S("patient.name"),
        .way = S("page"),
        .page = S("/patients/x"),
    };
}

static void keep(const struct look_entry *entries, size_t n, struct look_wait *w)
{
    struct err e = { 0 };
    *w = (struct look_wait){ .entries = entries, .n = n, .done = done };
    assert_int_equal(looks_keep(f.node.looks, w, &e), OK);
}

static void step(void)
{
    struct err e = { 0 };
    bool busy = true;
    while (busy)
        assert_int_equal(node_step(&f.node, 0, &busy, &e), OK);
}

static struct look_report checked(void)
{
    struct look_report report;
    struct err e = { 0 };
    struct db *db;
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    assert_int_equal(look_check(&report, db, &e), OK);
    store_reader_give(f.node.store, db);
    return report;
}

static void forge(const char *sql)
{
    assert_int_equal(test_db_by_hand(f.path, sql), 1);
}

static void what_waits_is_kept_together_before_anybody_is_told(void **state)
{
    struct look_entry a[2] = { entry(1, "family"), entry(2, "family") };
    struct look_entry b = entry(1, "birth_date");
    struct look_wait first, second;
    (void)state;
    keep(a, 2, &first);
    keep(&b, 1, &second);
    assert_int_equal(told, 0);
    assert_int_equal(checked().looks, 0);
    step();
    assert_int_equal(told, 2);
    assert_int_equal(checked().looks, 3);
    assert_true(checked().good);
    assert_true(looks_known(f.node.looks, &b));
    b.session = fixture_id('e', 7); /* another window is another look */
    assert_false(looks_known(f.node.looks, &b));
    f.sim.mono_us += LOOK_AGAIN_US;
    assert_false(looks_known(f.node.looks, &a[0]));
}

static void the_ledger_anchors_them_within_a_minute(void **state)
{
    struct look_entry a = entry(1, "family");
    struct look_wait w;
    (void)state;
    keep(&a, 1, &w);
    step();
    assert_int_equal(checked().anchored, 0);
    f.sim.mono_us += LOOK_ANCHOR_US;
    step();
    step();
    assert_int_equal(checked().anchored, 1);
    assert_int_equal(checked().anchors, 1);
    fixture_rebuilds(&f);
}

static void refused(void *context, const struct gate_answer *answer)
{
    (void)context;
    (void)answer;
}

/* The gate is full when an anchor is due: it comes a minute later, with nobody looking meanwhile.
 */
static void an_anchor_that_finds_no_room_comes_later(void **state)
{
    struct look_entry a = entry(1, "family");
    struct look_wait w;
    struct fixture_person p;
    struct err e = { 0 };
    bool busy;
    (void)state;
    keep(&a, 1, &w);
    step();
    fixture_person(&p, 1, 1, 1, "none");
    struct gate_command command = {
        .id = fixture_id('c', 1),
        .name = S("look.anchor"),
        .body = S("{\"node\":\"n1\"}"),
        .actor = &p.actor,
        .happened = TIME_NONE,
        .entered = TIME_NONE,
        .arena = f.arena,
    };
    size_t waiting = 0;
    while (gate_submit(f.node.gate, &command, refused, NULL, &e) == OK)
        waiting++;
    assert_int_equal(waiting, GATE_QUEUE_MAX);
    f.sim.mono_us += LOOK_ANCHOR_US;
    assert_int_equal(looks_step(f.node.looks, &busy, &e), OK);
    step();
    assert_int_equal(checked().anchors, 0);
    f.sim.mono_us += LOOK_ANCHOR_US;
    step();
    step();
    assert_int_equal(checked().anchored, 1);
}

static void closing_anchors_and_what_was_changed_is_found(void **state)
{
    struct look_entry a[3] = { entry(1, "family"), entry(2, "family"), entry(3, "family") };
    struct look_wait w;
    (void)state;
    keep(a, 3, &w);
    fixture_reopen(&f);
    assert_int_equal(told, 1);
    assert_int_equal(checked().anchored, 3);
    assert_true(checked().good);
    forge("UPDATE look_entry SET leaf = replace(leaf, 'family', 'givens') WHERE seq = 2");
    assert_false(checked().good);
    assert_int_equal(checked().damaged, 2);
    forge("UPDATE look_entry SET leaf = replace(leaf, 'givens', 'family') WHERE seq = 2");
    assert_true(checked().good);
    forge("DELETE FROM look_entry WHERE seq = 3"); /* the last one leaves no gap */
    assert_false(checked().good);
    assert_int_equal(checked().damaged, 3);
}

static void nothing_is_opened_for_nobody_and_what_is_ones_own_is_not_noted(void **state)
{
    struct err e = { 0 };
    struct str sealed, out;
    struct str event = fixture_id('f', 1);
    struct str subject = fixture_id('d', 1);
    (void)state;
    assert_int_equal(keyring_subject(f.node.keys, subject, KEYRING_NODE, &e), OK);
    assert_int_equal(
        seal_text(f.node.keys, &sealed, subject, event, S("family"), S("Example"), f.arena, &e),
        OK);
    const struct look_at at = { event, S("family"), sealed, NULL, NULL };
    assert_int_equal(look_open(NULL, &out, &at, &e), FAULT);
    assert_string_equal(e.code, "look.nobody");
    struct looker *other = looker_new(f.node.keys, fixture_id('d', 2), "order.see", f.arena);
    assert_int_equal(look_open(other, &out, &at, &e), OK);
    assert_true(str_is(out, "Example"));
    assert_int_equal(looker_subjects(other), 1);
    struct looker *self = looker_new(f.node.keys, subject, "order.see", f.arena);
    assert_int_equal(look_open(self, &out, &at, &e), OK);
    assert_int_equal(looker_subjects(self), 0);
}

static void nobody_anchors_but_the_program(void **state)
{
    struct fixture_person p;
    (void)state;
    fixture_person(&p, 1, 1, 1, "look.anchor");
    (void)!fixture_send(&f, &p, "look.anchor", NULL, "{'node':'n1'}");
    fixture_refused(&f, "gate.unknown");
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, open_node, close_node)
    const struct CMUnitTest tests[] = {
        CASE(what_waits_is_kept_together_before_anybody_is_told),
        CASE(the_ledger_anchors_them_within_a_minute),
        CASE(an_anchor_that_finds_no_room_comes_later),
        CASE(closing_anchors_and_what_was_changed_is_found),
        CASE(nothing_is_opened_for_nobody_and_what_is_ones_own_is_not_noted),
        CASE(nobody_anchors_but_the_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
