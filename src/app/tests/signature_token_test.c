/* Signing with a token, from the browser's answer to the independent verifier: what it signed is
 * this command, now, and stands in the log for anyone to check; nothing else that a token answered
 * is taken for it. And how strongly an act is signed is data, which the gate keeps. */
#include "kernel/sign_token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/id.h"
#include "kernel/auth_impl.h"
#include "kernel/flow.h"
#include "kernel/sign_act.h"
#include "kernel/sign_strength.h"
#include "kernel/stop.h"
#include "kernel/tests/auth_fixture.h"
#include "kernel/tests/auth_person.h"
#include "kernel/tests/authenticator.h"
#include "kernel/tests/thing.h"
#include "kernel/text.h"
#include "app/tests/verified.h"

#define F  (&a.f)
#define T1 "00000000-0000-8000-a000-740000000001"
#define T2 "00000000-0000-8000-a000-740000000002"

static struct auth_fixture a;
static struct auth_session session;
static struct authenticator token, foreign;
static struct sign_given given;
static const struct proof_party party = { { "vein.example", 12 }, { "https://vein.example", 20 } };
static const struct module *const modules[] = { &flow_module, &stop_module,    &timer_module,
                                                &auth_module, &define_module,  &thing_module,
                                                &sign_module, &sign_act_module };
static const struct define_kind *const kinds[] = { &role_kind, &signing_kind };

/* Of number's own, with a key of its own. */
static void enrol(struct authenticator *t, int number)
{
    struct proof_registration data;
    struct proof_token made;
    const struct auth_proof by = { .password = RIGHT_PASSWORD };
    const struct auth_session s = auth_person_session(&a, auth_person_sign_in(&a, number, &by));
    const struct str challenge = auth_challenge(a.auth, S("enrol"), F->arena);
    authenticator_open(t, (uint8_t)number, party);
    authenticator_register(t, challenge, &data, F->arena);
    fixture_must(F, proof_token_register(&made, &party, challenge, &data, F->arena, &F->error),
                 "register");
    const struct auth_enrol_credential body = {
        .account = s.actor.account,
        .kind = S("token"),
        .name = S("key"),
        .token = made.id,
        .key = made.key,
        .counter = made.counter,
        .spent = INT_NONE,
    };
    fixture_must(F, auth_person_enrol(&a, &s, &body), "enrol");
}

static struct auth_proof asserted(struct authenticator *t, struct str challenge, int64_t made)
{
    return (struct auth_proof){ .assertion = authenticator_answer(t, challenge, F->arena),
                                .challenge = challenge,
                                .challenged = made,
                                .party = party };
}

static int set_up(void **state)
{
    (void)state;
    thing_apply = THING_APPLIES;
    sign_strength_use(modules, sizeof modules / sizeof modules[0]);
    text_use(text_rows, text_rows_count);
    define_use(kinds, sizeof kinds / sizeof kinds[0]);
    auth_fixture_open_with(&a, modules, sizeof modules / sizeof modules[0]);
    auth_fixture_load_role(&a, "signer", 1, "thing.add, thing.approve");
    for (int i = 1; i <= 2; i++) {
        auth_fixture_account(&a, i);
        auth_fixture_role(&a, i, "signer", 1, 1);
    }
    enrol(&token, 1);
    enrol(&foreign, 2);
    env_sim_advance(&F->sim, TIME_SECOND);
    const struct str challenge = auth_challenge(a.auth, S("sign-in"), F->arena);
    const struct auth_proof shown =
        asserted(&token, challenge, auth_challenge_made(a.auth, S("sign-in"), challenge, F->arena));
    session = auth_person_session(&a, auth_person_sign_in(&a, 0, &shown));
    struct fixture_person maker;
    fixture_person(&maker, 9, 1, 1, "thing.add");
    fixture_must(F, fixture_send(F, &maker, "thing.add", NULL, "{'thing':'" T1 "','by':5}"), "add");
    fixture_must(F, fixture_send(F, &maker, "thing.add", NULL, "{'thing':'" T2 "','by':5}"), "add");
    env_sim_advance(&F->sim, TIME_SECOND);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    authenticator_close(&token);
    authenticator_close(&foreign);
    auth_fixture_close(&a);
    return 0;
}

static struct gate_command approve(int n, const char *thing)
{
    return (struct gate_command){
        .id = fixture_id('c', n),
        .name = S("thing.approve"),
        .body = arena_printf(F->arena, "{\"thing\":\"%s\"}", thing),
        .actor = &session.actor,
        .happened = TIME_NONE,
        .entered = TIME_NONE,
        .arena = F->arena,
    };
}

static struct str member(struct str body, const char *name)
{
    const struct json *json;
    struct err e = { 0 };
    assert_int_equal(json_read(&json, F->arena, body, &json_limits_default, &e), OK);
    return json_get_str(json, name);
}

/* What the gate answers to who asks. */
static struct str asked(int n, const char *thing, const char *name)
{
    struct gate_command c = approve(n, thing);
    struct gate_answer answer = { 0 };
    c.asks = true;
    F->error = (struct err){ 0 };
    fixture_must(F, gate_run(F->node.gate, &c, &answer, &F->error), "ask");
    return member(answer.body, name);
}

static struct str time_text(int64_t us)
{
    struct buf b = buf_in(F->arena, CLOCK_TEXT_LENGTH + 1);
    clock_write(&b, us);
    return buf_get(&b);
}

/* As a page's script does it: asks what the token is to sign, and lets it. */
static struct sign_proof answered(struct authenticator *t, int n, const char *thing)
{
    struct sign_token_ask ask;
    const struct str shown = asked(n, thing, "shown");
    fixture_must(
        F, sign_token_ask(&ask, a.auth, &session, fixture_id('c', n), shown, F->arena, &F->error),
        "ask the token");
    return (struct sign_proof){
        .command = fixture_id('c', n),
        .name = S("thing.approve"),
        .shown = shown,
        .assertion = authenticator_answer(t, ask.challenge, F->arena),
        .time = time_text(ask.time),
        .mark = ask.mark,
        .party = party,
        .peer = S("192.0.2.1"),
    };
}

static enum outcome prove(const struct sign_proof *proof)
{
    F->error = (struct err){ 0 };
    auth_fixture_write(&a);
    const enum outcome o = sign_prove(&given, a.auth, &session, proof, F->arena, &F->error);
    auth_fixture_written(&a);
    env_sim_advance(&F->sim, 10 * TIME_SECOND); /* past what slows */
    return o;
}

static enum outcome run(struct gate_command c)
{
    F->error = (struct err){ 0 };
    F->answer = (struct gate_answer){ 0 };
    c.signature = &given;
    return gate_run(F->node.gate, &c, &F->answer, &F->error);
}

static void proves_not(struct sign_proof proof, const char *code)
{
    assert_int_equal(prove(&proof), REFUSED);
    fixture_refused(F, code);
}

static struct sign_signature kept(void)
{
    struct db *db;
    struct ledger_row *rows;
    struct event event;
    const struct json *json;
    struct sign_signature s;
    size_t n;
    struct err e = { 0 };
    assert_int_equal(store_reader_take(&db, F->node.store, &e), OK);
    assert_int_equal(ledger_read(db, F->answer.sequence, 1, &rows, &n, F->arena, &e), OK);
    store_reader_give(F->node.store, db);
    assert_int_equal(event_read(&event, F->arena, rows[0].leaf, &e), OK);
    assert_int_equal(json_read(&json, F->arena, event.signature, &json_limits_default, &e), OK);
    assert_int_equal(record_from_json(&sign_signature_record, &s, F->arena, json, &e), OK);
    return s;
}

/* shows: SIG-02 a token signs: its answer stands in the event, and who knows the log alone finds it
 * right (with signature_test.c of the verifier, which finds each alteration) */
static void a_token_signs(void **state)
{
    (void)state;
    struct verify_report report;
    const struct sign_proof proof = answered(&token, 1, T1);
    fixture_must(F, prove(&proof), "prove");
    fixture_must(F, run(approve(1, T1)), "sign");
    const struct sign_signature s = kept();
    assert_true(str_is(s.strength, "token"));
    assert_true(str_is(s.components, "token+verification"));
    assert_true(str_starts(s.key, S("es256:")));
    assert_true(s.enrolled != INT_NONE);
    assert_true(str_eq(time_text(s.time), proof.time)); /* of when the token was asked */
    assert_false(sign_both(a.auth, &session));
    fixture_settle(F);
    verified(&report, F->path);
    assert_int_equal(report.signatures, 1);
    fixture_rebuilds(F);
}

/* partial: SIG-02 no answer is taken twice, for another thing, another command, another time or
 * from another's token; and none that was not made for signing */
static void nothing_else_is_taken_for_it(void **state)
{
    (void)state;
    const uint64_t size = ledger_size(F->node.ledger);
    struct sign_proof good = answered(&token, 1, T1), p = good;
    p.shown = asked(1, T2, "shown"); /* swapped between two things */
    proves_not(p, "sign.refused");
    p = good;
    p.command = fixture_id('c', 2); /* moved to another command */
    proves_not(p, "sign.refused");
    p = good;
    p.time = time_text(env_now(&F->sim.env)); /* re-dated */
    proves_not(p, "sign.refused");
    p = good;
    p.mark = asked(1, T1, "shown"); /* a time of the client's own */
    proves_not(p, "sign.refused");
    p = good;
    p.assertion.n /= 2; /* truncated */
    proves_not(p, "sign.refused");
    p = answered(&foreign, 1, T1); /* another person's token */
    proves_not(p, "sign.refused");
    token.verifies = false; /* touched by whoever was there */
    proves_not(answered(&token, 1, T1), "sign.refused");
    token.verifies = true;
    token.party.origin = S("https://evil.example");
    proves_not(answered(&token, 1, T1), "sign.refused");
    token.party = party;
    p = answered(&token, 1, T1); /* made for signing in */
    p.assertion =
        authenticator_answer(&token, auth_challenge(a.auth, S("sign-in"), F->arena), F->arena);
    proves_not(p, "sign.refused");
    p = answered(&token, 1, T1);
    env_sim_advance(&F->sim, SIGN_AGE_MAX_US + TIME_SECOND);
    proves_not(p, "sign.late");
    assert_true(ledger_size(F->node.ledger) > size); /* the refusals, each in the security stream */

    good = answered(&token, 1, T1);
    fixture_must(F, prove(&good), "prove");
    const struct sign_given mine = given;
    proves_not(good, "sign.refused"); /* once */
    given = mine;
    given.assertion = S("AA.AA.AA"); /* what was proved is what is kept */
    assert_int_equal(run(approve(1, T1)), REFUSED);
    fixture_refused(F, "sign.forged");
    given = mine;
    given.enrolled++;
    assert_int_equal(run(approve(1, T1)), REFUSED);
    fixture_refused(F, "sign.forged");
    given = mine;
    assert_int_equal(run(approve(1, T1)), OK);
    assert_int_equal(run(approve(3, T1)), REFUSED);
    fixture_refused(F, "sign.command");
}

static void a_signature_signs_nobody_in(void **state)
{
    (void)state;
    struct sign_token_ask ask;
    fixture_must(F,
                 sign_token_ask(&ask, a.auth, &session, fixture_id('c', 1), asked(1, T1, "shown"),
                                F->arena, &F->error),
                 "ask the token");
    struct auth_proof shown = asserted(
        &token, ask.challenge, auth_challenge_made(a.auth, S("sign-in"), ask.challenge, F->arena));
    assert_int_equal(shown.challenged, -1);
    assert_null(auth_person_sign_in(&a, 0, &shown).p);
    fixture_refused(F, "auth.sign_in_failed");
    shown.challenge = auth_challenge(a.auth, S("sign-in"), F->arena); /* beside a right one */
    shown.challenged = auth_challenge_made(a.auth, S("sign-in"), shown.challenge, F->arena);
    assert_null(auth_person_sign_in(&a, 0, &shown).p);
    assert_int_equal(sign_token_ask(&ask, a.auth, &session, S("1"), S("2"), F->arena, &F->error),
                     REFUSED);
    fixture_refused(F, "record.malformed");
}

static void rule(int version, const char *of, const char *strength)
{
    char yaml[500];
    snprintf(yaml, sizeof yaml,
             "kind: signing\nname: acts\nversion: %d\ntitle: Signatures\n"
             "effective: 2026-01-01T00:00:00Z\nrules:\n"
             "  - { name: one, text: a test, of: [%s], strength: %s }\n",
             version, of, strength);
    fixture_define(F, &a.program, yaml);
}

/* shows: SIG-02 the strength follows the act, by a definition, and no way of proving gets round it
 */
static void the_act_says_how_strongly(void **state)
{
    (void)state;
    const struct sign_proof weak = {
        .command = fixture_id('c', 1),
        .name = S("thing.approve"),
        .shown = asked(1, T1, "shown"),
        .login = S("person1"),
        .password = RIGHT_PASSWORD,
        .peer = S("192.0.2.1"),
    };
    assert_true(str_is(asked(1, T1, "strength"), "password")); /* what no rule names */
    rule(1, "command.sign.reject, meaning.rejected", "token");
    assert_true(str_is(asked(1, T1, "strength"), "password"));
    rule(2, "meaning.approved", "code");
    assert_true(str_is(asked(1, T1, "strength"), "code"));
    rule(3, "command.thing.approve", "token");
    assert_true(str_is(asked(1, T1, "strength"), "token"));
    fixture_must(F, prove(&weak), "prove");
    assert_int_equal(run(approve(1, T1)), REFUSED);
    fixture_refused(F, "sign.weak");
    assert_true(str_is(err_param(&F->error, "strength"), "token"));
    const struct sign_proof strong = answered(&token, 1, T1);
    fixture_must(F, prove(&strong), "prove");
    fixture_must(F, run(approve(1, T1)), "sign");
}

static void rules_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *of, *strength, *code;
    } bad[] = {
        { "approve", "token", "signing.unknown_act" },
        { "command.", "token", "signing.unknown_act" },
        { "command.thing.aprove", "token", "signing.unknown_act" },
        { "command.thing.add", "token", "signing.unknown_act" }, /* is not signed */
        { "meaning.aproved", "token", "signing.unknown_act" },
        { "word.high", "token", "signing.unknown_act" },
        { "role.", "token", "signing.unknown_act" },
        { "meaning.approved", "voice", "signing.unknown_strength" },
        { "meaning.approved", "simulated", "signing.unknown_strength" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct definition d;
        struct err e = { 0 };
        const struct define_context context = { .arena = F->arena };
        const struct str yaml = arena_printf(
            F->arena,
            "kind: signing\nname: acts\nversion: 1\ntitle: S\neffective: 2026-01-01T00:00:00Z\n"
            "rules:\n  - { name: one, text: a test, of: [%s], strength: %s }\n",
            bad[i].of, bad[i].strength);
        assert_int_equal(define_read(&d, &context, yaml, &e), REFUSED);
        assert_string_equal(e.code, bad[i].code);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_token_signs),
        T(nothing_else_is_taken_for_it),
        T(a_signature_signs_nobody_in),
        T(the_act_says_how_strongly),
        T(rules_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
