/* Effects may be late: they are never lost, never doubled, and hold up no other for ever. The same
 * for timers. */
#include "kernel/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/id.h"
#include "kernel/effect.h"
#include "kernel/stop.h"
#include "kernel/tests/fixture.h"
#include "kernel/tests/thing.h"

#define T "00000000-0000-8000-a000-740000000001"
#define U "00000000-0000-8000-a000-740000000003"

static struct fixture f;
static struct fixture_person worker;
static struct fixture_person lead; /* decides on what died */
static const struct module *const modules[] = { &effect_module, &stop_module, &timer_module,
                                                &thing_module };

static int open_node(void **state)
{
    (void)state;
    thing_apply = THING_APPLIES;
    thing_refuses_timers = false;
    fixture_open(&f, modules, 4);
    fixture_person(&worker, 1, 1, 1, "thing.add");
    fixture_person(&lead, 2, 1, 1, "effect.replay effect.drop");
    return 0;
}

static int close_node(void **state)
{
    (void)state;
    fixture_close(&f);
    return 0;
}

static int64_t total(struct str thing)
{
    struct db *db;
    struct err e = { 0 };
    struct thing_key key = { thing };
    struct thing_total row = { 0 };
    bool found;
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    assert_int_equal(db_get(db, &sql_thing_total, &key, &row, f.arena, &found, &e), OK);
    store_reader_give(f.node.store, db);
    return found ? row.total : 0;
}

static void add(int by)
{
    assert_int_equal(fixture_send(&f, &worker, "thing.add", NULL, "{'thing':'" T "','by':%d}", by),
                     OK);
}

static struct event event_at(int64_t sequence)
{
    struct db *db;
    struct err e = { 0 };
    struct ledger_row *rows;
    size_t n;
    struct event event;
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    assert_int_equal(ledger_read(db, sequence, 1, &rows, &n, f.arena, &e), OK);
    store_reader_give(f.node.store, db);
    assert_int_equal(n, 1);
    assert_int_equal(event_read(&event, f.arena, rows[0].leaf, &e), OK);
    return event;
}

/* partial: INT-06. The command meets a fault, and a restart falls between: it is sent again until
 * it goes through, not all the time, and before anything behind it. */
static void an_effect_that_met_a_fault_is_not_lost(void **state)
{
    (void)state;
    add(100);
    thing_apply = THING_FAILS;
    fixture_settle(&f);
    assert_int_equal(total(S(T)), 100);
    fixture_reopen(&f);
    fixture_settle(&f);
    thing_apply = THING_APPLIES;
    fixture_settle(&f); /* not before its time */
    assert_int_equal(total(S(T)), 100);
    env_sim_advance(&f.sim, POLICY_RETRY_US);
    fixture_settle(&f);
    assert_int_equal(total(S(T)), 101);
    env_sim_advance(&f.sim, POLICY_RETRY_US);
    fixture_settle(&f);
    fixture_reopen(&f);
    fixture_settle(&f);
    assert_int_equal(total(S(T)), 101);
}

static void ignore_answer(void *context, const struct gate_answer *answer)
{
    (void)context;
    (void)answer;
}

static void an_effect_that_met_a_full_queue_is_not_lost(void **state)
{
    (void)state;
    static struct gate_command commands[GATE_QUEUE_MAX];
    add(100);
    struct err e = { 0 };
    for (size_t i = 0; i < GATE_QUEUE_MAX; i++) {
        struct id id = id_derive(S("queue"), S("c"), i);
        commands[i] = (struct gate_command){
            .id = arena_str(f.arena, id_str(&id)),
            .name = S("thing.add"),
            .body = S("{\"by\":-1}"),
            .actor = &worker.actor,
            .happened = TIME_NONE,
            .entered = TIME_NONE,
            .arena = f.arena,
        };
        assert_int_equal(gate_submit(f.node.gate, &commands[i], ignore_answer, NULL, &e), OK);
    }
    bool busy;
    assert_int_equal(policies_step(f.node.policies, &busy, &e), OK);
    fixture_settle(&f);
    env_sim_advance(&f.sim, POLICY_RETRY_US);
    fixture_settle(&f);
    assert_int_equal(total(S(T)), 101);
}

/* A crash after the effect and before the cursor was stored: its event is looked at again. */
static void an_effect_happens_once_across_a_crash(void **state)
{
    (void)state;
    add(100);
    fixture_settle(&f);
    uint64_t size = ledger_size(f.node.ledger);
    const char *sql = "DELETE FROM policy_cursor WHERE sequence = 1";
    assert_int_equal(test_db_by_hand(f.path, sql), 1); /* it was stored before */
    fixture_reopen(&f);
    fixture_settle(&f);
    assert_int_equal(total(S(T)), 101);
    assert_int_equal(ledger_size(f.node.ledger), size);
}

static void add_to(const char *thing, int by)
{
    assert_int_equal(
        fixture_send(&f, &worker, "thing.add", NULL, "{'thing':'%s','by':%d}", thing, by), OK);
}

/* Long enough for an effect to be tried as often as it is. */
static void wait_until_dead(void)
{
    for (int i = 0; i < 3 * POLICY_TRIES_MAX; i++) {
        env_sim_advance(&f.sim, POLICY_RETRY_MAX_US / 4);
        fixture_settle(&f);
    }
}

static struct effect_find_out only_effect(void)
{
    struct db *db;
    struct err e = { 0 };
    struct record_list list;
    struct effect_list_in in = { worker.actor.organisation, { 0 } };
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    assert_int_equal(db_list(db, &sql_effect_list, &in, &list, 10, f.arena, &e), OK);
    store_reader_give(f.node.store, db);
    assert_int_equal(list.n, 1);
    struct effect_find_out row;
    memcpy(&row, list.p, sizeof row); /* the same columns */
    return row;
}

/* partial: INT-06. One poisoned effect holds up the effects of its own thing, in their order, and
 * nobody else's; it dies, is seen with what and why, and a person drops it: then the others come.
 */
static void a_poisoned_effect_holds_up_its_own_thing_alone(void **state)
{
    (void)state;
    add(200); /* its effect is refused */
    add(100);
    add(100);
    add_to(U, 100);
    fixture_settle(&f);
    assert_int_equal(total(S(T)), 400);
    assert_int_equal(total(S(U)), 101);
    wait_until_dead();
    struct effect_find_out dead = only_effect();
    assert_true(str_is(dead.state, "dead"));
    assert_true(str_is(dead.policy, "thing.follow"));
    assert_true(str_is(dead.event, "thing.added"));
    assert_true(str_is(dead.code, "record.missing"));
    assert_int_equal(dead.tries, POLICY_TRIES_MAX);
    assert_int_equal(total(S(T)), 400);
    fixture_reopen(&f);
    wait_until_dead();
    assert_int_equal(only_effect().deaths, 1); /* it died once, and nothing came past it */
    assert_int_equal(total(S(T)), 400);

    assert_int_equal(
        fixture_send(&f, &worker, "effect.drop", "why", "{'effect':'%.*s'}", STR(dead.effect)),
        REFUSED);
    assert_int_equal(
        fixture_send(&f, &lead, "effect.drop", NULL, "{'effect':'%.*s'}", STR(dead.effect)),
        REFUSED);
    fixture_refused(&f, "gate.reason_needed");
    assert_int_equal(fixture_send(&f, &lead, "effect.drop", "counted by hand", "{'effect':'%.*s'}",
                                  STR(dead.effect)),
                     OK);
    fixture_settle(&f);
    assert_int_equal(total(S(T)), 402);
    assert_int_equal(
        fixture_send(&f, &lead, "effect.replay", "again", "{'effect':'%.*s'}", STR(dead.effect)),
        REFUSED);
    fixture_refused(&f, "effect.not_dead");
    fixture_rebuilds(&f);
}

/* Replayed as it is it dies again; mended it happens, once, and what waited comes after it. */
static void a_dead_effect_is_mended(void **state)
{
    (void)state;
    add(200);
    add(100);
    fixture_settle(&f);
    wait_until_dead();
    struct effect_find_out dead = only_effect();
    assert_int_equal(
        fixture_send(&f, &lead, "effect.replay", "try", "{'effect':'%.*s'}", STR(dead.effect)), OK);
    wait_until_dead();
    dead = only_effect();
    assert_true(str_is(dead.state, "dead"));
    assert_int_equal(dead.deaths, 2);
    assert_int_equal(total(S(T)), 300);
    assert_int_equal(fixture_send(&f, &lead, "effect.replay", "the number was missing",
                                  "{'effect':'%.*s','body':{'thing':'" T "','by':5}}",
                                  STR(dead.effect)),
                     OK);
    fixture_reopen(&f);
    fixture_settle(&f);
    assert_int_equal(total(S(T)), 306);
    env_sim_advance(&f.sim, TIME_HOUR);
    fixture_settle(&f);
    assert_int_equal(total(S(T)), 306);
    struct event mended = event_at((int64_t)ledger_size(f.node.ledger) - 2);
    assert_true(str_is(mended.actor, "policy/thing.follow"));
    assert_true(str_eq(mended.command, dead.effect)); /* its own id still: never twice */
    fixture_rebuilds(&f);
}

/* A fault of the module's own, for longer than it is tried. */
static void a_fault_that_stays_becomes_a_dead_letter(void **state)
{
    (void)state;
    add(100);
    thing_apply = THING_FAILS;
    fixture_settle(&f);
    wait_until_dead();
    assert_true(str_is(only_effect().code, "thing.broken"));
    thing_apply = THING_APPLIES;
    wait_until_dead();
    assert_int_equal(total(S(T)), 100);
    struct effect_find_out dead = only_effect();
    assert_int_equal(
        fixture_send(&f, &lead, "effect.replay", "mended", "{'effect':'%.*s'}", STR(dead.effect)),
        OK);
    fixture_settle(&f);
    assert_int_equal(total(S(T)), 101);
}

/* Whoever knows the event must not know the id of the command that will follow from it, or could
 * use it up before and so prevent the effect. */
static void ids_of_effects_are_foretold_by_nobody(void **state)
{
    (void)state;
    add(100);
    fixture_settle(&f);
    struct event cause = event_at(0);
    struct event effect = event_at(1);
    assert_true(str_eq(effect.cause, cause.id));
    struct id guess = id_derive(cause.id, S("thing.follow"), 0);
    assert_false(str_eq(effect.command, id_str(&guess)));
    struct id first = gate_own_id(f.node.gate, S("x"));
    struct id other = gate_own_id(f.node.gate, S("y"));
    fixture_reopen(&f);
    struct id again = gate_own_id(f.node.gate, S("x"));
    assert_string_equal(first.text, again.text);
    assert_string_not_equal(first.text, other.text);
}

/* More refused timers than one step looks at: the one behind them fires all the same, and they are
 * tried again. */
static void refused_timers_hold_up_no_other(void **state)
{
    (void)state;
    enum { REFUSED_TIMERS = TIMER_BATCH_MAX + 6 };
    thing_refuses_timers = true;
    struct str last = { 0 };
    for (int i = 0; i <= REFUSED_TIMERS; i++) {
        struct id id = id_derive(S("timers"), S("t"), (uint64_t)i);
        id.text[ID_LENGTH - 1] = i == REFUSED_TIMERS ? '2' : '3';
        last = arena_str(f.arena, id_str(&id));
        assert_int_equal(fixture_send(&f, &worker, "thing.add", NULL,
                                      "{'thing':'%.*s','by':1,'timer_s':%d}", STR(last), 3600 + i),
                         OK);
    }
    uint64_t size = ledger_size(f.node.ledger);
    int64_t before = total(last);
    env_sim_advance(&f.sim, 2 * TIME_HOUR);
    fixture_settle(&f);
    assert_int_equal(total(last), before + 7);
    assert_int_equal(ledger_size(f.node.ledger), size + 1);
    thing_refuses_timers = false;
    env_sim_advance(&f.sim, TIMER_RETRY_US);
    fixture_settle(&f);
    assert_int_equal(ledger_size(f.node.ledger), size + 1 + REFUSED_TIMERS);
    fixture_rebuilds(&f);
}

/* A module that forgets to clear its timer has it fired once all the same. */
static void a_timer_left_due_fires_once(void **state)
{
    (void)state;
    thing_apply = THING_KEEPS_TIMERS;
    assert_int_equal(
        fixture_send(&f, &worker, "thing.add", NULL, "{'thing':'" T "','by':1,'timer_s':3600}"),
        OK);
    env_sim_advance(&f.sim, 2 * TIME_HOUR);
    fixture_settle(&f);
    int64_t fired = total(S(T));
    assert_int_equal(fired, 3600 + 7);
    for (int i = 0; i < 3; i++) {
        env_sim_advance(&f.sim, TIMER_RETRY_US);
        fixture_settle(&f);
        fixture_reopen(&f);
        fixture_settle(&f);
    }
    assert_int_equal(total(S(T)), fired);
}

/* A clock that stands before what was recorded last, at start: nothing fires by it. */
static void a_clock_set_back_before_the_start_holds_timers(void **state)
{
    (void)state;
    assert_int_equal(
        fixture_send(&f, &worker, "thing.add", NULL, "{'thing':'" T "','by':1,'timer_s':3600}"),
        OK);
    node_close(&f.node);
    env_sim_step_clock(&f.sim, -TIME_HOUR);
    fixture_reopen(&f);
    assert_true(timers_held(f.node.timers));
    env_sim_advance(&f.sim, TIME_DAY);
    fixture_settle(&f);
    assert_int_equal(total(S(T)), 3600);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, open_node, close_node)
    const struct CMUnitTest tests[] = {
        CASE(an_effect_that_met_a_fault_is_not_lost),
        CASE(an_effect_that_met_a_full_queue_is_not_lost),
        CASE(an_effect_happens_once_across_a_crash),
        CASE(a_poisoned_effect_holds_up_its_own_thing_alone),
        CASE(a_dead_effect_is_mended),
        CASE(a_fault_that_stays_becomes_a_dead_letter),
        CASE(ids_of_effects_are_foretold_by_nobody),
        CASE(refused_timers_hold_up_no_other),
        CASE(a_timer_left_due_fires_once),
        CASE(a_clock_set_back_before_the_start_holds_timers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
