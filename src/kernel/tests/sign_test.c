/* What binds a signature to its signer, its command, and what was shown; and every way of taking
 * one for another. */
#include "kernel/sign_act.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/id.h"
#include "kernel/auth.h"
#include "kernel/flow.h"
#include "kernel/stop.h"
#include "kernel/tests/fixture.h"
#include "kernel/tests/thing.h"
#include "kernel/text.h"

#define T   "00000000-0000-8000-a000-740000000001"
#define T2  "00000000-0000-8000-a000-740000000002"
#define ID1 "00000000-0000-7000-a000-000000000001"
#define ID2 "00000000-0000-7000-a000-000000000002"

#define UPON "sign.countersign sign.withdraw sign.reject"

static struct fixture f;
static struct fixture_person worker, other, program;
static const struct module *const modules[] = { &flow_module, &stop_module,    &timer_module,
                                                &auth_module, &define_module,  &thing_module,
                                                &sign_module, &sign_act_module };

static int open_node(void **state)
{
    (void)state;
    thing_apply = THING_APPLIES;
    text_use(text_rows, text_rows_count);
    fixture_open(&f, modules, sizeof modules / sizeof modules[0]);
    fixture_person(&worker, 1, 1, 1, "thing.add thing.approve " UPON);
    fixture_person(&other, 2, 1, 1, "thing.add thing.approve " UPON);
    fixture_person(&program, 3, 1, 1, "");
    program.actor.system = true;
    worker.actor.session = fixture_id('e', 1);
    assert_int_equal(fixture_send(&f, &worker, "thing.add", NULL, "{'thing':'" T "','by':5}"), OK);
    assert_int_equal(fixture_send(&f, &worker, "thing.add", NULL, "{'thing':'" T2 "','by':5}"), OK);
    return 0;
}

static int close_node(void **state)
{
    (void)state;
    fixture_close(&f);
    return 0;
}

/* A command of the worker's, as it would be sent. */
static struct gate_command approve(const char *id, const char *body)
{
    return (struct gate_command){
        .id = str_z(id),
        .name = S("thing.approve"),
        .body = str_z(body),
        .actor = &worker.actor,
        .happened = TIME_NONE,
        .entered = TIME_NONE,
        .arena = f.arena,
    };
}

#define BODY   "{\"thing\":\"" T "\"}"
#define REJECT "{\"thing\":\"" T "\",\"reject\":true}"

static struct sign_given given;

/* A signature on this, proved. */
static void sign_it(const char *id, const char *body)
{
    struct gate_command c = approve(id, body);
    f.error = (struct err){ 0 };
    fixture_must(&f, fixture_sign(&f, &c, &given), "sign");
}

static enum outcome run(struct gate_command c)
{
    f.error = (struct err){ 0 };
    f.answer = (struct gate_answer){ 0 };
    c.signature = &given;
    return gate_run(f.node.gate, &c, &f.answer, &f.error);
}

static void refused(struct gate_command c, const char *code)
{
    const uint64_t size = ledger_size(f.node.ledger);
    assert_int_equal(run(c), REFUSED);
    assert_string_equal(f.error.code, code);
    assert_int_equal(ledger_size(f.node.ledger), size);
}

/* The n-th event of the last, as it stands in the log. */
static struct event event_at(int64_t sequence)
{
    struct db *db;
    struct err e = { 0 };
    struct ledger_row *rows;
    struct event event;
    size_t n;
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    assert_int_equal(ledger_read(db, sequence, 1, &rows, &n, f.arena, &e), OK);
    store_reader_give(f.node.store, db);
    assert_int_equal(n, 1);
    assert_int_equal(event_read(&event, f.arena, rows[0].leaf, &e), OK);
    return event;
}

static struct sign_signature signature_of(const struct event *event)
{
    const struct json *json;
    struct err e = { 0 };
    struct sign_signature s;
    assert_int_equal(json_read(&json, f.arena, event->signature, &json_limits_default, &e), OK);
    assert_int_equal(record_from_json(&sign_signature_record, &s, f.arena, json, &e), OK);
    return s;
}

/* partial: SIG-01 bound to the signer, meaning, time and content; it cannot leave its event */
static void a_signature_stands_in_its_event(void **state)
{
    (void)state;
    sign_it(ID1, BODY);
    const struct event made = event_at(0);
    assert_int_equal(run(approve(ID1, BODY)), OK);
    assert_int_equal(f.answer.nevents, 2);
    const struct event first = event_at(f.answer.sequence);
    const struct event second = event_at(f.answer.sequence + 1);
    assert_null(second.signature.p); /* one signature, one event */
    const struct sign_signature s = signature_of(&first);
    assert_true(str_eq(s.signer, worker.actor.account));
    assert_true(str_eq(first.actor, worker.actor.name));
    assert_true(str_is(s.what.p->command, "thing.approve"));
    assert_true(str_is(s.what.p->kind, "thing"));
    assert_true(str_is(s.what.p->id, T));
    assert_true(str_is(s.what.p->meaning, "approved"));
    assert_true(str_is(s.what.p->stream, "thing/" T));
    assert_int_equal(s.what.p->version, 1);
    assert_int_equal(s.what.p->at, 0);
    assert_int_equal(s.time, given.time);

    char hex[HASH_HEX + 1]; /* anyone can compute them again, from the log alone */
    hash_hex(hex, hash_of(made.payload.p, made.payload.n));
    assert_true(str_is(s.what.p->content, hex));
    const char *what =
        strstr(arena_str(f.arena, first.signature).p, "\"what\":") + strlen("\"what\":");
    const char *end = strstr(what, "},\"shown\"") + 1;
    hash_hex(hex, hash_of(what, (size_t)(end - what)));
    assert_true(str_is(s.shown, hex));
    char time[CLOCK_TEXT_LENGTH + 1] = { 0 };
    struct buf b = buf_over(time, CLOCK_TEXT_LENGTH);
    clock_write(&b, s.time);
    const struct str bound =
        arena_printf(f.arena, "[\"vein.sign/1\",\"%.*s\",\"%.*s\",\"%.*s\",\"" ID1 "\",\"%s\"]",
                     STR(s.shown), STR(s.signer), STR(first.session), time);
    hash_hex(hex, hash_of(bound.p, bound.n));
    assert_true(str_is(s.challenge, hex));
    fixture_rebuilds(&f);
}

static void without_one_nothing_happens(void **state)
{
    (void)state;
    struct gate_command c = approve(ID1, BODY);
    assert_int_equal(gate_run(f.node.gate, &c, &f.answer, &f.error), REFUSED);
    assert_string_equal(f.error.code, "sign.needed");
    c.name = S("thing.add");
    c.body = S("{\"by\":1}");
    c.asks = true; /* what is not signed has nothing to ask for */
    assert_int_equal(gate_run(f.node.gate, &c, &f.answer, &f.error), REFUSED);
    assert_string_equal(f.error.code, "sign.unsigned");
}

static void asking_leaves_nothing(void **state)
{
    (void)state;
    const uint64_t size = ledger_size(f.node.ledger);
    struct gate_command c = approve(ID1, BODY);
    c.asks = true;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(gate_run(f.node.gate, &c, &f.answer, &f.error), OK);
        assert_false(f.answer.repeated);
        assert_int_equal(f.answer.sequence, -1);
        assert_non_null(strstr(arena_str(f.arena, f.answer.body).p,
                               "\"content\":{\"thing\":\"" T "\",\"by\":5}"));
    }
    assert_int_equal(ledger_size(f.node.ledger), size);
    fixture_person(&other, 2, 2, 2, "thing.approve"); /* who may not know of it learns nothing */
    c.body = S("{\"thing\":\"00000000-0000-8000-a000-740000000009\"}");
    c.actor = &other.actor;
    assert_int_equal(gate_run(f.node.gate, &c, &f.answer, &f.error), REFUSED);
    assert_string_equal(f.error.code, "gate.unknown");
}

static void it_is_for_one_command_alone(void **state)
{
    (void)state;
    sign_it(ID1, BODY);
    refused(approve(ID2, BODY), "sign.command"); /* replayed */
    given.command = S(ID2);
    refused(approve(ID2, BODY), "sign.forged"); /* and made out for another */
    given.command = S(ID1);
    refused(approve(ID1, "{\"thing\":\"" T2 "\"}"), "sign.changed"); /* moved to another thing */
    refused(approve(ID1, REJECT), "sign.changed");                   /* of another meaning */
    assert_int_equal(run(approve(ID1, BODY)), OK);
    assert_int_equal(run(approve(ID1, BODY)), OK); /* the same again does nothing */
    assert_true(f.answer.repeated);
}

static void what_has_changed_since_is_not_signed(void **state)
{
    (void)state;
    sign_it(ID1, BODY);
    assert_int_equal(fixture_send(&f, &other, "thing.add", NULL, "{'thing':'" T "','by':1}"), OK);
    refused(approve(ID1, BODY), "sign.changed");
    sign_it(ID1, BODY);
    assert_int_equal(run(approve(ID1, BODY)), OK);
}

static void of_two_who_race_one_signs_what_it_saw(void **state)
{
    (void)state;
    sign_it(ID1, BODY);
    const struct sign_given mine = given;
    struct gate_command theirs = approve(ID2, BODY);
    theirs.actor = &other.actor;
    f.error = (struct err){ 0 };
    fixture_must(&f, fixture_sign(&f, &theirs, &given), "sign");
    assert_int_equal(run(theirs), OK);
    given = mine;
    refused(approve(ID1, BODY), "sign.changed");
}

static void it_is_one_persons_in_one_session(void **state)
{
    (void)state;
    sign_it(ID1, BODY);
    struct gate_command c = approve(ID1, BODY);
    c.actor = &other.actor;
    refused(c, "sign.signer");
    struct actor elsewhere = worker.actor;
    elsewhere.session = fixture_id('e', 2);
    c.actor = &elsewhere;
    refused(c, "sign.session");
    elsewhere.session = (struct str){ 0 };
    refused(c, "sign.session");
    elsewhere = worker.actor;
    elsewhere.system = true; /* a program signs nothing */
    refused(c, "sign.person");
}

/* Each part of it is under the seal of who saw the proof. */
static void nothing_of_it_can_be_altered(void **state)
{
    (void)state;
    sign_it(ID1, BODY);
    const struct sign_given good = given;
    given.name = S("account/00000000-0000-8000-a000-610000000002");
    refused(approve(ID1, BODY), "sign.forged");
    given = good;
    given.time -= TIME_SECOND; /* re-dated */
    refused(approve(ID1, BODY), "sign.forged");
    given = good;
    given.strength = SIGN_PASSWORD;
    refused(approve(ID1, BODY), "sign.forged");
    given = good;
    given.components = S("password");
    refused(approve(ID1, BODY), "sign.forged");
    given = good;
    given.assertion = S("AAAA");
    refused(approve(ID1, BODY), "sign.forged");
    given = good;
    given.credential = S("AAAA");
    refused(approve(ID1, BODY), "sign.forged");
    given = good;
    given.shown = (struct str){ given.shown.p, given.shown.n - 1 }; /* truncated */
    refused(approve(ID1, BODY), "sign.forged");
    given = good;
    given.proved.b[0] ^= 1;
    refused(approve(ID1, BODY), "sign.forged");
    given = good;
    assert_int_equal(run(approve(ID1, BODY)), OK);
}

static void it_is_given_now(void **state)
{
    (void)state;
    struct gate_command c = approve(ID1, BODY);
    sign_it(ID1, BODY);
    c.happened = env_now(&f.sim.env) - TIME_HOUR;
    refused(c, "sign.happened");
    env_sim_advance(&f.sim, SIGN_AGE_MAX_US + TIME_SECOND);
    refused(approve(ID1, BODY), "sign.late");
    sign_it(ID1, BODY);
    given.time += GATE_AHEAD_MAX_US + TIME_MINUTE;
    fixture_must(&f, sign_seal(&given, f.node.keys, &f.error), "seal");
    refused(approve(ID1, BODY), "sign.late");
}

static void a_command_without_event_is_not_signed(void **state)
{
    (void)state;
    sign_it(ID1, "{\"thing\":\"" T "\",\"silent\":true}");
    assert_int_equal(run(approve(ID1, "{\"thing\":\"" T "\",\"silent\":true}")), FAULT);
    assert_string_equal(f.error.code, "sign.nothing");
}

static void simulated_people_sign_in_simulated_ledgers_alone(void **state)
{
    (void)state;
    f.strength = SIGN_SIMULATED;
    sign_it(ID1, BODY);
    refused(approve(ID1, BODY), "sign.simulated");
    assert_int_equal(fixture_send(&f, &worker, "sign.simulate", NULL, "{'node':'" T "'}"), REFUSED);
    fixture_refused(&f, "gate.unknown"); /* a person does not say so, whatever a role says */
    fixture_must(&f, fixture_send(&f, &program, "sign.simulate", NULL, "{'node':'" T "'}"),
                 "begin");
    assert_int_equal(run(approve(ID1, BODY)), OK);
    const struct event event = event_at(f.answer.sequence);
    assert_true(str_is(signature_of(&event).strength, "simulated"));
    assert_int_equal(fixture_send(&f, &program, "sign.simulate", NULL, "{'node':'" T2 "'}"),
                     REFUSED);
    fixture_refused(&f, "sign.not_new");
    fixture_rebuilds(&f);
}

static void a_ledger_with_people_never_becomes_a_simulated_one(void **state)
{
    (void)state;
    const char *organisation = fixture_id('o', 1).p;
    fixture_must(&f,
                 fixture_send(&f, &program, "organisation.make", NULL,
                              "{'organisation':'%s','name':'Example','kind':'hospital'}",
                              organisation),
                 "organisation");
    fixture_must(&f,
                 fixture_send(&f, &program, "account.make", NULL,
                              "{'organisation':'%s','login':'example','name':'An Example'}",
                              organisation),
                 "account");
    assert_int_equal(fixture_send(&f, &program, "sign.simulate", NULL, "{'node':'" T "'}"),
                     REFUSED);
    fixture_refused(&f, "sign.not_new");
}

static enum outcome upon(const struct fixture_person *who, const char *act, struct str signature)
{
    return fixture_send(&f, who, act, "because", "{'signature':'%.*s'}", STR(signature));
}

static void signatures_are_signed_upon(void **state)
{
    (void)state;
    sign_it(ID1, BODY);
    assert_int_equal(run(approve(ID1, BODY)), OK);
    const struct event first = event_at(f.answer.sequence);
    const struct str signature = arena_str(f.arena, first.id);
    (void)upon(&worker, "sign.countersign", signature);
    fixture_refused(&f, "sign.own");
    (void)upon(&worker, "sign.reject", signature);
    fixture_refused(&f, "sign.own");
    fixture_must(&f, upon(&other, "sign.countersign", signature), "countersign");
    const struct event made = event_at(f.answer.sequence);
    const struct sign_signature s = signature_of(&made);
    assert_true(str_is(s.what.p->kind, "signature"));
    assert_true(str_eq(s.what.p->id, signature));
    char hex[HASH_HEX + 1]; /* over the signature as its event holds it */
    hash_hex(hex, hash_of(first.signature.p, first.signature.n));
    assert_true(str_is(s.what.p->content, hex));
    (void)upon(&other, "sign.countersign", signature);
    fixture_refused(&f, "sign.countersigned_before");
    (void)upon(&other, "sign.withdraw", signature);
    fixture_refused(&f, "sign.anothers");
    (void)upon(&worker, "sign.withdraw", S(ID2));
    fixture_refused(&f, "gate.unknown");
    (void)upon(&worker, "sign.countersign", made.id);
    fixture_refused(&f, "sign.act");
    fixture_must(&f, upon(&worker, "sign.withdraw", signature), "withdraw");
    const struct event withdrawal = event_at(f.answer.sequence);
    (void)upon(&other, "sign.countersign", withdrawal.id);
    fixture_refused(&f, "sign.act");
    (void)upon(&other, "sign.reject", withdrawal.id);
    fixture_refused(&f, "sign.act");
    (void)upon(&worker, "sign.withdraw", withdrawal.id);
    fixture_refused(&f, "sign.act");
    (void)upon(&worker, "sign.withdraw", signature);
    fixture_refused(&f, "sign.void");
    (void)upon(&other, "sign.reject", signature);
    fixture_refused(&f, "sign.void");
    fixture_must(&f, upon(&worker, "sign.reject", made.id), "reject"); /* a countersignature */
    fixture_rebuilds(&f);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_node, close_node)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_signature_stands_in_its_event),
        TEST(without_one_nothing_happens),
        TEST(asking_leaves_nothing),
        TEST(it_is_for_one_command_alone),
        TEST(what_has_changed_since_is_not_signed),
        TEST(of_two_who_race_one_signs_what_it_saw),
        TEST(it_is_one_persons_in_one_session),
        TEST(nothing_of_it_can_be_altered),
        TEST(it_is_given_now),
        TEST(a_command_without_event_is_not_signed),
        TEST(simulated_people_sign_in_simulated_ledgers_alone),
        TEST(a_ledger_with_people_never_becomes_a_simulated_one),
        TEST(signatures_are_signed_upon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
