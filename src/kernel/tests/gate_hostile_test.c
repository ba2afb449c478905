/* What the gate owes to everyone else while someone means harm, or a module is wrong: no answer, no
 * existence, no id of another; no event that cannot be read again; no standstill. */
#include "kernel/gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/id.h"
#include "kernel/flow.h"
#include "kernel/stop.h"
#include "kernel/tests/fixture.h"
#include "kernel/tests/thing.h"

#define T   "00000000-0000-8000-a000-740000000001"
#define T2  "00000000-0000-8000-a000-740000000002"
#define ID1 "00000000-0000-7000-a000-000000000001"
#define ID2 "00000000-0000-7000-a000-000000000002"

static struct fixture f;
static struct fixture_person worker, colleague, stranger;
static const struct module *const modules[] = { &flow_module, &stop_module, &timer_module,
                                                &thing_module };

static int open_node(void **state)
{
    (void)state;
    thing_apply = THING_APPLIES;
    fixture_open(&f, modules, 4);
    fixture_person(&worker, 1, 1, 1, "thing.add");
    fixture_person(&colleague, 2, 1, 1, "thing.add");
    fixture_person(&stranger, 3, 2, 2, "thing.add");
    return 0;
}

static int close_node(void **state)
{
    (void)state;
    fixture_close(&f);
    return 0;
}

static int64_t total(const char *thing)
{
    struct db *db;
    struct err e = { 0 };
    struct thing_key key = { str_z(thing) };
    struct thing_total row = { 0 };
    bool found;
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    assert_int_equal(db_get(db, &sql_thing_total, &key, &row, f.arena, &found, &e), OK);
    store_reader_give(f.node.store, db);
    return found ? row.total : 0;
}

static enum outcome send(const struct fixture_person *who, const char *id, const char *body)
{
    return fixture_send_as(&f, who, str_z(id), "thing.add", NULL, body);
}

/* An id belongs to who used it first: nobody else gets the answer that was given, or makes with it
 * an event or a thing of the same id. */
static void an_id_is_of_no_use_to_another(void **state)
{
    (void)state;
    assert_int_equal(send(&worker, ID1, "{\"by\":5}"), OK); /* makes a thing named by the id */
    uint64_t size = ledger_size(f.node.ledger);
    static const struct fixture_person *const others[] = { &colleague, &stranger };
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(send(others[i], ID1, "{\"by\":5}"), REFUSED);
        fixture_refused(&f, "gate.key_reused");
        assert_null(f.answer.body.p);
    }
    assert_int_equal(ledger_size(f.node.ledger), size);
    assert_int_equal(total(ID1), 5);
    assert_int_equal(send(&worker, ID1, "{\"by\":5}"), OK);
    assert_true(f.answer.repeated);
}

/* What is recorded of the request beside its body is part of it. */
static void another_reason_or_time_is_another_request(void **state)
{
    (void)state;
    const char *body = "{\"thing\":\"" T "\",\"by\":1}";
    assert_int_equal(fixture_send_as(&f, &worker, S(ID1), "thing.add", "spilt", body), OK);
    assert_int_equal(fixture_send_as(&f, &worker, S(ID1), "thing.add", "spilt", body), OK);
    assert_true(f.answer.repeated);
    assert_int_equal(fixture_send_as(&f, &worker, S(ID1), "thing.add", "lost", body), REFUSED);
    fixture_refused(&f, "gate.key_reused");
    struct gate_command later = {
        .id = S(ID1),
        .name = S("thing.add"),
        .body = str_z(body),
        .actor = &worker.actor,
        .happened = f.sim.now_us - TIME_HOUR,
        .entered = TIME_NONE,
        .reason = S("spilt"),
        .arena = f.arena,
    };
    f.error = (struct err){ 0 };
    assert_int_equal(gate_run(f.node.gate, &later, NULL, &f.error), REFUSED);
    fixture_refused(&f, "gate.key_reused");
}

static enum outcome send_at(const struct fixture_person *who, const char *id, int64_t happened)
{
    struct gate_command c = {
        .id = str_z(id),
        .name = S("thing.add"),
        .body = S("{\"thing\":\"" T "\",\"by\":1}"),
        .actor = &who->actor,
        .happened = happened,
        .entered = TIME_NONE,
        .arena = f.arena,
    };
    f.error = (struct err){ 0 };
    f.answer = (struct gate_answer){ 0 };
    return gate_run(f.node.gate, &c, &f.answer, &f.error);
}

/* Guards and windows rest on when a thing is said to have happened. */
static void a_stated_time_is_bounded(void **state)
{
    (void)state;
    const int64_t now = f.sim.now_us;
    assert_int_equal(send_at(&worker, ID1, now + GATE_AHEAD_MAX_US + 1), REFUSED);
    fixture_refused(&f, "gate.happened_later");
    assert_int_equal(send_at(&worker, ID1, now - GATE_LATE_MAX_US - 1), REFUSED);
    fixture_refused(&f, "gate.happened_long_ago");
    assert_int_equal(send_at(&worker, ID1, INT64_MAX), REFUSED);
    fixture_refused(&f, "gate.happened_later");
    assert_int_equal(send_at(&worker, ID1, now + GATE_AHEAD_MAX_US), OK);

    const int64_t before = now + GATE_AHEAD_MAX_US - GATE_BEFORE_MAX_US;
    assert_int_equal(send_at(&worker, ID2, before - 1), REFUSED);
    fixture_refused(&f, "gate.happened_before");
    assert_int_equal(send_at(&worker, ID2, before), OK);
    assert_int_equal(total(T), 2);

    /* An answer that got lost is given again, however late. */
    env_sim_advance(&f.sim, GATE_LATE_MAX_US);
    assert_int_equal(send_at(&worker, ID2, before), OK);
    assert_true(f.answer.repeated);

    /* A timer's due time, an import's source. */
    struct fixture_person program = worker;
    program.actor.grants = NULL;
    program.actor.ngrants = 0;
    program.actor.system = true;
    program.actor.name = S("system/import");
    assert_int_equal(send_at(&program, T2, now - 2 * GATE_LATE_MAX_US), OK);
}

/* What is expected of a stream is answered only for streams that the command rests upon, so that
 * the versions of foreign streams cannot be asked for one by one. */
static void expectations_ask_nothing_of_foreign_streams(void **state)
{
    (void)state;
    assert_int_equal(send(&worker, ID1, "{\"thing\":\"" T "\",\"by\":1}"), OK);
    static const struct gate_expect asked[] = {
        { S("thing/" T), 0 }, { S("thing/" T), 1 }, { S("thing/" ID2), 0 },
        { S(""), 0 },         { { NULL, 0 }, 0 },
    };
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        struct gate_command c = {
            .id = S(ID2),
            .name = S("thing.add"),
            .body = S("{\"thing\":\"" T2 "\",\"by\":1}"),
            .actor = &stranger.actor,
            .happened = TIME_NONE,
            .entered = TIME_NONE,
            .expects = &asked[i],
            .nexpects = 1,
            .arena = f.arena,
        };
        f.error = (struct err){ 0 };
        assert_int_equal(gate_run(f.node.gate, &c, NULL, &f.error), REFUSED);
        fixture_refused(&f, "gate.unread_stream");
    }
}

/* A reason that the event cannot hold is refused, and whatever else would make an event that cannot
 * be read again is that command's own fault: the log stays readable for the next start. */
static void nothing_unreadable_gets_into_the_log(void **state)
{
    (void)state;
    static char reason[4001];
    const char *body = "{\"thing\":\"" T "\",\"by\":1}";
    memset(reason, 'x', sizeof reason - 1);
    assert_int_equal(fixture_send_as(&f, &worker, S(ID1), "thing.add", reason, body), REFUSED);
    fixture_refused(&f, "record.too_long");
    assert_true(str_is(err_param(&f.error, "field"), "reason"));
    assert_int_equal(fixture_send_as(&f, &worker, S(ID1), "thing.add", "\xff\xfe", body), REFUSED);
    fixture_refused(&f, "record.malformed");
    reason[1000] = '\0';
    assert_int_equal(fixture_send_as(&f, &worker, S(ID1), "thing.add", reason, body), OK);

    struct fixture_person odd = worker;
    odd.actor.device =
        S("a device whose name is far longer than the eighty bytes that the row of an "
          "event gives it");
    assert_int_equal(fixture_send_as(&f, &odd, S(ID2), "thing.add", NULL, body), FAULT);
    assert_string_equal(f.error.code, "ledger.unreadable");
    assert_int_equal(total(T), 1);
    fixture_reopen(&f);
    fixture_rebuilds(&f);
    assert_int_equal(fixture_send_as(&f, &worker, S(ID2), "thing.add", NULL, body), OK);
}

static enum outcome outcomes[3];
static void keep_outcome(void *context, const struct gate_answer *answer)
{
    *(enum outcome *)context = answer->error.outcome;
}

/* A row that a table refuses is the fault of the member whose event made it: its neighbours of the
 * same group and whoever comes later are served. */
static void a_broken_constraint_harms_no_other(void **state)
{
    (void)state;
    static const char *const things[] = { T, T2, T };
    struct gate_command commands[3];
    char bodies[3][80];
    struct id ids[3];
    thing_apply = THING_BREAKS_A_CONSTRAINT; /* for T2 */
    for (size_t i = 0; i < 3; i++) {
        snprintf(bodies[i], sizeof bodies[i], "{\"thing\":\"%s\",\"by\":1}", things[i]);
        ids[i] = id_derive(S("group"), S("c"), i);
        commands[i] = (struct gate_command){
            .id = id_str(&ids[i]),
            .name = S("thing.add"),
            .body = str_z(bodies[i]),
            .actor = &worker.actor,
            .happened = TIME_NONE,
            .entered = TIME_NONE,
            .arena = f.arena,
        };
        struct err e = { 0 };
        assert_int_equal(gate_submit(f.node.gate, &commands[i], keep_outcome, &outcomes[i], &e),
                         OK);
    }
    fixture_settle(&f);
    assert_int_equal(outcomes[0], OK);
    assert_int_equal(outcomes[1], FAULT);
    assert_int_equal(outcomes[2], OK);
    assert_int_equal(total(T), 2);
    assert_int_equal(total(T2), 0);
    assert_int_equal(ledger_size(f.node.ledger), 2);
    thing_apply = THING_APPLIES;
    assert_int_equal(send(&worker, ID1, "{\"thing\":\"" T2 "\",\"by\":1}"), OK);
    fixture_rebuilds(&f);
}

/* The right at one's own site gives none elsewhere, and what is refused says nothing of the thing:
 * a stopped order's stop, resolved by a stranger, is as unknown as one that does not exist. */
static void foreign_equals_unknown(void **state)
{
    (void)state;
    struct fixture_person elsewhere, helper;
    fixture_person(&elsewhere, 4, 2, 2, "stop.resolve");
    fixture_person(&helper, 5, 1, 1, "thing.calm");
    assert_int_equal(
        send(&worker, ID1, "{\"thing\":\"" T "\",\"by\":1,\"order\":\"" T2 "\",\"stop\":true}"),
        OK);
    static const char *const orders[] = { T2, T };
    struct err errors[2];
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(fixture_send(&f, &elsewhere, "stop.resolve", "why",
                                      "{'order':'%s','decision':'continue'}", orders[i]),
                         REFUSED);
        errors[i] = f.error;
    }
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(errors[i].code, "gate.unknown");
        assert_int_equal(errors[i].nparams, 1);
        assert_true(str_is(err_param(&errors[i], "kind"), "stop"));
    }
    assert_int_equal(fixture_send(&f, &helper, "stop.resolve", "why",
                                  "{'order':'" T2 "','decision':'continue'}"),
                     REFUSED);
    fixture_refused(&f, "gate.forbidden");
}

/* A safe act goes on only in a stop that names it. */
static void a_safe_act_needs_its_safe_state(void **state)
{
    (void)state;
    struct fixture_person calm;
    fixture_person(&calm, 6, 1, 1, "thing.calm");
    static const char *const orders[] = { T, T2 };
    for (int i = 0; i < 2; i++) {
        assert_int_equal(fixture_send(&f, &worker, "thing.add", NULL,
                                      "{'thing':'" T "','order':'%s','by':%d,'stop':true}",
                                      orders[i], 3 + i),
                         OK);
        assert_int_equal(fixture_send(&f, &calm, "thing.calm", NULL,
                                      "{'thing':'" T "','order':'%s'}", orders[i]),
                         i == 0 ? REFUSED : OK);
    }
}

/* A database that does not hold what was written: nothing is acknowledged, and nothing more is
 * written until a restart has read what is there. This one forgets every second event of a key. */
static void what_reads_back_otherwise_shuts_the_gate(void **state)
{
    (void)state;
    const char *body = "{\"thing\":\"" T "\",\"by\":1}";
    test_db_needs_file("ON CONFLICT IGNORE of a column is SQLite's");
    assert_int_equal(send(&worker, ID1, body), OK);
    test_db_by_hand(
        f.path,
        "ALTER TABLE ledger_event RENAME TO kept; CREATE TABLE ledger_event "
        "(seq INTEGER PRIMARY KEY, key TEXT UNIQUE ON CONFLICT IGNORE, stream TEXT, version "
        "INTEGER, leaf TEXT) STRICT; INSERT INTO ledger_event SELECT * FROM kept");
    assert_int_equal(send(&worker, ID2, body), FAULT);
    assert_string_equal(f.error.code, "ledger.reread");
    assert_int_equal(total(T), 1);
    test_db_by_hand(f.path, "DROP TABLE ledger_event; ALTER TABLE kept RENAME TO ledger_event");
    assert_int_equal(send(&worker, ID2, body), FAULT);
    assert_string_equal(f.error.code, "ledger.reread");
    fixture_reopen(&f);
    assert_int_equal(ledger_size(f.node.ledger), 1);
    assert_int_equal(send(&worker, ID2, body), OK);
    assert_int_equal(total(T), 2);
}

/* Whoever can write the database cannot make a retry tell another command's answer. */
static void an_answer_is_told_for_its_command_only(void **state)
{
    (void)state;
    assert_int_equal(send(&worker, ID1, "{\"by\":5}"), OK);
    assert_int_equal(send(&worker, ID2, "{\"by\":5}"), OK);
    test_db_by_hand(
        f.path, "UPDATE gate_command SET answer = (SELECT answer FROM gate_command WHERE command = "
                "'" ID2 "') WHERE command = '" ID1 "'");
    assert_int_equal(send(&worker, ID1, "{\"by\":5}"), FAULT);
    assert_string_equal(f.error.code, "seal.damaged");
    assert_int_equal(send(&worker, ID2, "{\"by\":5}"), OK);
    assert_true(f.answer.repeated);
}

/* A program that somebody put into the file is not run, and is found. */
static void a_trigger_does_nothing_and_is_found(void **state)
{
    (void)state;
    struct err e = { 0 };
    assert_int_equal(store_check(f.node.store, &e), OK);
    test_db_needs_file("a trigger runs there; what finds it is store_postgres_test");
    test_db_by_hand(
        f.path,
        "CREATE TRIGGER quiet AFTER INSERT ON ledger_event BEGIN DELETE FROM ledger_head; END");
    assert_int_equal(send(&worker, ID1, "{\"thing\":\"" T "\",\"by\":1}"), OK);
    assert_int_equal(send(&worker, ID2, "{\"thing\":\"" T "\",\"by\":1}"), OK);
    assert_int_equal(total(T), 2);
    assert_int_equal(store_check(f.node.store, &e), FAULT);
    assert_string_equal(e.code, "store.corrupt");
    test_db_by_hand(f.path, "DROP TRIGGER quiet");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, open_node, close_node)
    const struct CMUnitTest tests[] = {
        CASE(an_id_is_of_no_use_to_another),
        CASE(another_reason_or_time_is_another_request),
        CASE(a_stated_time_is_bounded),
        CASE(expectations_ask_nothing_of_foreign_streams),
        CASE(nothing_unreadable_gets_into_the_log),
        CASE(a_broken_constraint_harms_no_other),
        CASE(what_reads_back_otherwise_shuts_the_gate),
        CASE(an_answer_is_told_for_its_command_only),
        CASE(a_trigger_does_nothing_and_is_found),
        CASE(foreign_equals_unknown),
        CASE(a_safe_act_needs_its_safe_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
