/* The gate's promises: once and only once, all or nothing, stops, expectations, policies, timers.
 */
#define _GNU_SOURCE /* memmem */
#include "kernel/gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/id.h"
#include "base/log.h"
#include "kernel/flow.h"
#include "kernel/node_impl.h"
#include "kernel/stop.h"
#include "kernel/tests/fixture.h"
#include "kernel/tests/store_disk.h"
#include "kernel/tests/thing.h"

#define T     "00000000-0000-8000-a000-740000000001"
#define ORDER "00000000-0000-8000-a000-6f0000000001"
#define ID1   "00000000-0000-7000-a000-000000000001"
#define ID2   "00000000-0000-7000-a000-000000000002"

static struct fixture f;
static struct fixture_person worker, resolver, stranger;
static const struct module *const modules[] = { &flow_module, &stop_module, &timer_module,
                                                &thing_module };

static int open_node(void **state)
{
    (void)state;
    thing_apply = THING_APPLIES;
    fixture_open(&f, modules, 4);
    fixture_person(&worker, 1, 1, 1, "thing.add thing.calm stop.resolve timer.confirm_clock");
    fixture_person(&resolver, 2, 1, 1, "stop.resolve");
    fixture_person(&stranger, 3, 2, 2, "thing.add stop.resolve");
    return 0;
}

static int close_node(void **state)
{
    (void)state;
    fixture_close(&f);
    return 0;
}

static struct thing_total total(void)
{
    struct db *db;
    struct err e = { 0 };
    struct thing_key key = { S(T) };
    struct thing_total row = { 0 };
    bool found;
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    assert_int_equal(db_get(db, &sql_thing_total, &key, &row, f.arena, &found, &e), OK);
    store_reader_give(f.node.store, db);
    return row;
}

static enum outcome add(int by)
{
    return fixture_send(&f, &worker, "thing.add", NULL, "{'thing':'" T "','by':%d}", by);
}

static void a_retry_gives_the_same_answer_once(void **state)
{
    (void)state;
    const char *body = "{\"thing\":\"" T "\",\"by\":5}";
    assert_int_equal(fixture_send_as(&f, &worker, S(ID1), "thing.add", NULL, body), OK);
    assert_false(f.answer.repeated);
    struct str first = f.answer.body;
    assert_true(str_is(first, "{\"thing\":\"" T "\",\"total\":5}"));
    uint64_t size = ledger_size(f.node.ledger);

    assert_int_equal(fixture_send_as(&f, &worker, S(ID1), "thing.add", NULL, body), OK);
    assert_true(f.answer.repeated);
    assert_true(str_eq(f.answer.body, first));
    assert_int_equal(ledger_size(f.node.ledger), size);
    fixture_reopen(&f); /* and across a restart */
    assert_int_equal(fixture_send_as(&f, &worker, S(ID1), "thing.add", NULL, body), OK);
    assert_true(f.answer.repeated);
    assert_int_equal(total().total, 5);

    /* Blanks and order of fields do not make it another command; another value does. */
    assert_int_equal(fixture_send_as(&f, &worker, S(ID1), "thing.add", NULL,
                                     "{ \"by\":5, \"thing\":\"" T "\" }"),
                     OK);
    assert_int_equal(
        fixture_send_as(&f, &worker, S(ID1), "thing.add", NULL, "{\"thing\":\"" T "\",\"by\":6}"),
        REFUSED);
    fixture_refused(&f, "gate.key_reused");
    fixture_rebuilds(&f);
}

static void a_refused_command_leaves_no_trace(void **state)
{
    (void)state;
    assert_int_equal(add(3), OK);
    uint64_t size = ledger_size(f.node.ledger);
    assert_int_equal(
        fixture_send_as(&f, &worker, S(ID2), "thing.add", NULL, "{\"thing\":\"" T "\",\"by\":-1}"),
        REFUSED);
    assert_int_equal(ledger_size(f.node.ledger), size);
    /* The id is free: the same id may be used for what is allowed. */
    assert_int_equal(
        fixture_send_as(&f, &worker, S(ID2), "thing.add", NULL, "{\"thing\":\"" T "\",\"by\":1}"),
        OK);
    assert_int_equal(total().total, 4);
}

static void bad_input_is_refused_before_the_queue(void **state)
{
    (void)state;
    static const struct {
        const char *id, *command, *body, *code;
    } cases[] = {
        { "nonsense", "thing.add", "{\"by\":1}", "gate.malformed_id" },
        { ID1, "thing.remove", "{}", "gate.unknown_command" },
        { ID1, "thing.add", "{\"by\":1", "json.syntax" },
        { ID1, "thing.add", "{\"by\":1,\"by\":2}", "json.duplicate_key" },
        { ID1, "thing.add", "{\"by\":1,\"to\":2}", "record.unknown_field" },
        { ID1, "thing.add", "{}", "record.missing" },
        { ID1, "thing.add", "{\"by\":\"1\"}", "record.wrong_type" },
        { ID1, "thing.add", "[1]", "record.wrong_type" },
        { ID1, "thing.add", "{\"by\":1,\"thing\":\"x\"}", "record.malformed" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(
            fixture_send_as(&f, &worker, str_z(cases[i].id), cases[i].command, NULL, cases[i].body),
            REFUSED);
        fixture_refused(&f, cases[i].code);
    }
    assert_int_equal(ledger_size(f.node.ledger), 0);
}

static void what_was_seen_must_still_be_so(void **state)
{
    (void)state;
    assert_int_equal(add(1), OK);
    const struct gate_expect seen = { S("thing/" T), 1 };
    struct gate_command c = {
        .id = S(ID1),
        .name = S("thing.add"),
        .body = S("{\"thing\":\"" T "\",\"by\":1}"),
        .actor = &worker.actor,
        .happened = TIME_NONE,
        .entered = TIME_NONE,
        .expects = &seen,
        .nexpects = 1,
        .arena = f.arena,
    };
    assert_int_equal(add(1), OK); /* someone else was quicker */
    f.error = (struct err){ 0 };
    assert_int_equal(gate_run(f.node.gate, &c, NULL, &f.error), REFUSED);
    fixture_refused(&f, "ledger.changed");
    assert_int_equal(total().total, 2);
}

/* partial: COI-04, COI-11 */
static void a_stop_stops_the_order_and_permits_its_safe_acts(void **state)
{
    (void)state;
#define ADD_TO_ORDER "{'thing':'" T "','order':'" ORDER "','by':1%s}"
    assert_int_equal(fixture_send(&f, &worker, "thing.add", NULL, ADD_TO_ORDER, ""), OK);
    assert_int_equal(fixture_send(&f, &worker, "thing.add", NULL, ADD_TO_ORDER, ",'stop':true"),
                     OK);
    assert_int_equal(fixture_send(&f, &worker, "thing.add", NULL, ADD_TO_ORDER, ""), REFUSED);
    fixture_refused(&f, "stop.stopped");
    assert_int_equal(
        fixture_send(&f, &worker, "thing.calm", NULL, "{'thing':'" T "','order':'" ORDER "'}"), OK);
    assert_int_equal(add(1), OK); /* what is no part of the order goes on */

#define RESOLVE "{'order':'" ORDER "','decision':'continue'}"
    assert_int_equal(fixture_send(&f, &worker, "stop.resolve", "my own", RESOLVE), REFUSED);
    fixture_refused(&f, "stop.not_independent");
    assert_int_equal(fixture_send(&f, &stranger, "stop.resolve", "why", RESOLVE), REFUSED);
    fixture_refused(&f, "gate.unknown");
    assert_int_equal(fixture_send(&f, &resolver, "stop.resolve", NULL, RESOLVE), REFUSED);
    fixture_refused(&f, "gate.reason_needed");
    assert_int_equal(fixture_send(&f, &resolver, "stop.resolve", "label was under ice", RESOLVE),
                     OK);
    assert_int_equal(fixture_send(&f, &resolver, "stop.resolve", "again", RESOLVE), REFUSED);
    fixture_refused(&f, "stop.not_standing");
    assert_int_equal(fixture_send(&f, &worker, "thing.add", NULL, ADD_TO_ORDER, ""), OK);
    fixture_rebuilds(&f);
}

static void a_member_that_fails_harms_no_other(void **state)
{
    (void)state;
    thing_apply = THING_FAILS;
    assert_int_equal(add(1), FAULT);
    thing_apply = THING_APPLIES;
    assert_int_equal(ledger_size(f.node.ledger), 0);
    assert_int_equal(add(2), OK);
    assert_int_equal(total().total, 2);
    assert_int_equal(fixture_send(&f, &worker, "thing.add", NULL,
                                  "{'thing':'" T "','by':1,'events':%d}", GATE_EVENTS_MAX + 1),
                     REFUSED);
    fixture_refused(&f, "gate.too_many_events");
    assert_int_equal(total().total, 2);
    fixture_rebuilds(&f);
}

static size_t answered[3];
static void count_answer(void *context, const struct gate_answer *answer)
{
    (void)context;
    answered[answer->error.outcome]++;
}

static void the_queue_has_an_end_and_answers_all(void **state)
{
    (void)state;
    static struct gate_command commands[GATE_QUEUE_MAX + 1];
    memset(answered, 0, sizeof answered);
    size_t accepted = 0;
    for (size_t i = 0; i <= GATE_QUEUE_MAX; i++) {
        struct id id = id_derive(S("queue"), S("c"), i);
        commands[i] = (struct gate_command){
            .id = arena_str(f.arena, id_str(&id)),
            .name = S("thing.add"),
            .body = i % 2 ? S("{\"by\":1}") : S("{\"by\":-1}"),
            .actor = &worker.actor,
            .happened = TIME_NONE,
            .entered = TIME_NONE,
            .arena = f.arena,
        };
        struct err e = { 0 };
        accepted += gate_submit(f.node.gate, &commands[i], count_answer, NULL, &e) == OK;
        if (i == GATE_QUEUE_MAX)
            assert_string_equal(e.code, "gate.busy");
    }
    assert_int_equal(accepted, GATE_QUEUE_MAX);
    fixture_settle(&f);
    assert_int_equal(answered[OK], GATE_QUEUE_MAX / 2);
    assert_int_equal(answered[REFUSED], GATE_QUEUE_MAX / 2);
    assert_int_equal(ledger_size(f.node.ledger), GATE_QUEUE_MAX / 2);
}

static void policies_follow_once(void **state)
{
    (void)state;
    assert_int_equal(add(100), OK);
    fixture_settle(&f);
    assert_int_equal(total().total, 101);
    fixture_reopen(&f);
    fixture_settle(&f);
    assert_int_equal(total().total, 101);
    fixture_rebuilds(&f);
}

/* partial: ORC-04 */
static void timers_fire_once_across_restarts_and_clock_steps(void **state)
{
    (void)state;
    assert_int_equal(
        fixture_send(&f, &worker, "thing.add", NULL, "{'thing':'" T "','by':1,'timer_s':3600}"),
        OK);
    int64_t before = total().total;
    env_sim_advance(&f.sim, TIME_HOUR / 2);
    fixture_settle(&f);
    assert_int_equal(total().total, before);
    fixture_reopen(&f);
    env_sim_advance(&f.sim, TIME_HOUR);
    fixture_settle(&f);
    assert_int_equal(total().total, before + 7);
    fixture_settle(&f);
    fixture_reopen(&f);
    fixture_settle(&f);
    assert_int_equal(total().total, before + 7);

    /* A day forward by the wall clock alone: held until someone confirms the clock. */
    assert_int_equal(
        fixture_send(&f, &worker, "thing.add", NULL, "{'thing':'" T "','by':1,'timer_s':7200}"),
        OK);
    before = total().total;
    env_sim_step_clock(&f.sim, TIME_DAY);
    fixture_settle(&f);
    assert_true(timers_held(f.node.timers));
    assert_int_equal(total().total, before);
    char now[CLOCK_TEXT_LENGTH + 1];
    struct buf b = buf_over(now, sizeof now - 1);
    clock_write(&b, env_now(&f.sim.env));
    now[b.n] = '\0';
    assert_int_equal(fixture_send(&f, &worker, "timer.confirm_clock", "compared with the wall",
                                  "{'wall':'%s'}", now),
                     OK);
    fixture_settle(&f);
    assert_int_equal(total().total, before + 7);
    fixture_rebuilds(&f);
}

/* shows: AUD-05 */
static void a_rebuild_is_identical_and_tells_when_not(void **state)
{
    (void)state;
    assert_int_equal(fixture_send(&f, &worker, "thing.add", "why",
                                  "{'thing':'" T "','by':100,'note':'sealed','order':'" ORDER
                                  "','stop':true}"),
                     OK);
    fixture_settle(&f);
    fixture_rebuilds(&f);
    struct err e = { 0 };
    assert_int_equal(node_rebuild(&f.node, &e), OK);
    fixture_rebuilds(&f);

    test_db_by_hand(f.path, "UPDATE thing SET total = total + 1");
    struct node_rebuild out;
    assert_int_equal(node_rebuild_check(&f.node, &out, &e), OK);
    assert_false(out.same);
    assert_memory_equal(out.difference, "thing:", 6);
    assert_int_equal(node_rebuild(&f.node, &e), OK);
    fixture_rebuilds(&f);
}

/* A full disk: the command is answered with a fault, nothing of it happened, and the gate stays
 * shut until a restart, after which the same command goes through. */
static void a_full_disk_acknowledges_nothing(void **state)
{
    (void)state;
    fixture_close(&f);
    fixture_open_on(&f, modules, 4, store_disk_vfs());
    assert_int_equal(add(1), OK);
    uint64_t size = ledger_size(f.node.ledger);
    store_disk_room(0);
    const char *body = "{\"thing\":\"" T "\",\"by\":5}";
    assert_int_equal(fixture_send_as(&f, &worker, S(ID1), "thing.add", NULL, body), FAULT);
    store_disk_room(-1);
    assert_int_equal(fixture_send_as(&f, &worker, S(ID2), "thing.add", NULL, body), FAULT);
    fixture_reopen(&f);
    assert_int_equal(ledger_size(f.node.ledger), size);
    assert_int_equal(total().total, 1);
    assert_int_equal(fixture_send_as(&f, &worker, S(ID1), "thing.add", NULL, body), OK);
    assert_int_equal(total().total, 6);
    fixture_rebuilds(&f);
}

/* shows: a ledger that was altered is found before anything is built of it */
static void nothing_is_built_of_a_damaged_ledger(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct node_options options = {
        .env = &f.sim.env, .path = f.path, .modules = modules, .nmodules = f.nmodules
    };
    assert_int_equal(add(1), OK);
    assert_int_equal(add(1), OK);
    node_close(&f.node);
    test_db_by_hand(f.path, "UPDATE ledger_event SET leaf = replace(leaf, '\"by\":1', '\"by\":7')"
                            " WHERE seq = (SELECT max(seq) FROM ledger_event)");
    test_db_by_hand(f.path, "DELETE FROM node_projection");
    for (int served = 0; served < 2; served++) {
        options.served = served;
        assert_int_equal(node_open(&f.node, &options, &e), FAULT);
        assert_string_equal(e.code, "ledger.damaged");
        e = (struct err){ 0 };
    }
    assert_int_equal(test_db_ask(f.path, "SELECT total FROM thing"), 2);
}

/* --- a connection that was lost --- */

static void count_told(void *context, const struct gate_happened *events, size_t n)
{
    (void)events;
    *(size_t *)context += n;
}

static void count_lost(void *context, struct str line)
{
    *(size_t *)context += memmem(line.p, line.n, "gate.events_lost", 16) != NULL;
}

/* The first try fails when all that the ledger knew is forgotten, and only the second succeeds;
 * between them the database may come back with `size` events. */
static void begin_anew_twice(uint64_t size, size_t *told, size_t *lost)
{
    struct err e = { 0 };
    struct db *db = f.node.impl->writer;
    f.node.impl->committed = count_told;
    f.node.impl->context = told;
    *told = *lost = 0;
    test_db_by_hand(f.path, "ALTER TABLE ledger_epoch RENAME TO ledger_gone");
    assert_int_equal(gate_again(f.node.gate, &e), FAULT);
    test_db_by_hand(f.path, "ALTER TABLE ledger_gone RENAME TO ledger_epoch");
    e = (struct err){ 0 };
    assert_int_equal(db_begin(db, &e), OK);
    assert_int_equal(ledger_cut(db, size, &e), OK);
    assert_int_equal(db_commit(db, &e), OK);
    log_set_sink(count_lost, lost);
    assert_int_equal(gate_again(f.node.gate, &e), OK);
    log_set_sink(NULL, NULL);
    f.node.impl->committed = NULL;
    assert_int_equal(ledger_size(f.node.ledger), size);
}

/* shows: a server that comes back tells no event twice, and says when what it knew is gone, in
 * however many tries */
static void who_comes_back_knows_what_it_knew(void **state)
{
    (void)state;
    size_t told, lost;
    for (int i = 0; i < 3; i++)
        assert_int_equal(add(1), OK);
    const uint64_t size = ledger_size(f.node.ledger);
    begin_anew_twice(size, &told, &lost);
    assert_int_equal(told, 0);
    assert_int_equal(lost, 0);
    begin_anew_twice(size - 1, &told, &lost);
    assert_int_equal(told, 0);
    assert_int_equal(lost, 1);
}

/* shows: SEC-01 partial: SEC-02 */
static void personal_data_is_sealed_in_leaf_and_row(void **state)
{
    (void)state;
    assert_int_equal(fixture_send(&f, &worker, "thing.add", "because Ada Lovelace asked",
                                  "{'thing':'" T "','by':1,'note':'Ada Lovelace'}"),
                     OK);
    struct thing_total row = total();
    assert_true(seal_is(row.note));
    struct db *db;
    struct err e = { 0 };
    struct ledger_row *rows;
    size_t n;
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    assert_int_equal(ledger_read(db, 0, 1, &rows, &n, f.arena, &e), OK);
    store_reader_give(f.node.store, db);
    assert_null(memmem(rows[0].leaf.p, rows[0].leaf.n, "Lovelace", 8));
    struct event event;
    struct str plain;
    assert_int_equal(event_read(&event, f.arena, rows[0].leaf, &e), OK);
    assert_int_equal(seal_open(f.node.keys, &plain, event.id, S("note"), row.note, f.arena, &e),
                     OK);
    assert_true(str_is(plain, "Ada Lovelace"));
    assert_int_equal(
        seal_open(f.node.keys, &plain, event.id, S("reason"), event.reason, f.arena, &e), OK);
    assert_true(str_is(plain, "because Ada Lovelace asked"));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, open_node, close_node)
    const struct CMUnitTest tests[] = {
        CASE(a_retry_gives_the_same_answer_once),
        CASE(a_refused_command_leaves_no_trace),
        CASE(bad_input_is_refused_before_the_queue),
        CASE(what_was_seen_must_still_be_so),
        CASE(a_stop_stops_the_order_and_permits_its_safe_acts),
        CASE(a_member_that_fails_harms_no_other),
        CASE(the_queue_has_an_end_and_answers_all),
        CASE(policies_follow_once),
        CASE(timers_fire_once_across_restarts_and_clock_steps),
        CASE(a_rebuild_is_identical_and_tells_when_not),
        CASE(a_full_disk_acknowledges_nothing),
        CASE(nothing_is_built_of_a_damaged_ledger),
        CASE(who_comes_back_knows_what_it_knew),
        CASE(personal_data_is_sealed_in_leaf_and_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
