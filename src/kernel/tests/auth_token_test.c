/* Passkeys and hardware tokens: what they sign shows their owner once; what was made for another
 * place, another challenge or by another key shows nobody. */
#include "kernel/tests/auth_fixture.h"
#include "kernel/tests/auth_person.h"
#include "kernel/tests/authenticator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernel/auth_impl.h"
#include "kernel/text.h"

static struct auth_fixture a;
#define F (&a.f)

#define sign_in(number, shown)    auth_person_sign_in(&a, number, shown)
#define session_of(cookie)        auth_person_session(&a, cookie)
#define enrol(session, body)      auth_person_enrol(&a, session, body)
#define credential(account, kind) auth_person_has(&a, account, kind)

static const struct proof_party party = { { "vein.example", 12 }, { "https://vein.example", 20 } };

static int set_up(void **state)
{
    (void)state;
    text_use(text_rows, text_rows_count);
    auth_fixture_open(&a);
    auth_fixture_account(&a, 1);
    auth_fixture_account(&a, 2);
    auth_fixture_role(&a, 1, "nurse", 1, 1);
    auth_fixture_role(&a, 2, "nurse", 1, 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    auth_fixture_close(&a);
    return 0;
}

static struct str by_password(int number, struct str code)
{
    const struct auth_proof shown = { .password = RIGHT_PASSWORD, .code = code };
    return auth_person_sign_in(&a, number, &shown);
}

static void later(int64_t us)
{
    env_sim_advance(&F->sim, us);
}

static struct str challenge_for(const char *of)
{
    return auth_challenge(a.auth, str_z(of), F->arena);
}

static void enrol_token(const struct auth_session *s, struct authenticator *t)
{
    struct proof_registration given;
    struct proof_token token;
    struct err e = { 0 };
    const struct str challenge = challenge_for("enrol");
    authenticator_register(t, challenge, &given, F->arena);
    if (proof_token_register(&token, &party, challenge, &given, F->arena, &e) != OK)
        fail_msg("register: %s %.*s", e.code, STR(err_param(&e, "why")));
    const struct auth_enrol_credential body = {
        .account = s->actor.account,
        .kind = S("token"),
        .name = S("blue key"),
        .token = token.id,
        .key = token.key,
        .counter = token.counter,
        .spent = INT_NONE,
    };
    fixture_must(F, enrol(s, &body), "enrol");
}

static struct auth_proof answer(struct authenticator *t, struct str challenge)
{
    return (struct auth_proof){
        .assertion = authenticator_answer(t, challenge, F->arena),
        .challenge = challenge,
        .challenged = auth_challenge_made(a.auth, S("sign-in"), challenge, F->arena),
        .party = party,
    };
}

/* partial: SIG-02 a token that its owner unlocks is enough, once for each challenge; what was made
 * for another place, another challenge or by another key is not taken */
static void a_token_signs_in(void **state)
{
    (void)state;
    struct auth_session s = session_of(by_password(1, (struct str){ 0 }));
    struct authenticator t;
    struct authenticator other;
    authenticator_open(&t, 1, party);
    authenticator_open(&other, 1, party); /* the same id, another key */
    enrol_token(&s, &t);
    assert_null(by_password(1, (struct str){ 0 }).p); /* a second factor now */
    struct auth_proof shown = answer(&t, challenge_for("sign-in"));
    const struct str cookie = sign_in(0, &shown);
    assert_int_equal(session_of(cookie).strength, PROOF_TOKEN);
    assert_true(str_is(session_of(cookie).person, "Person No. 1"));
    assert_null(sign_in(0, &shown).p); /* again */
    fixture_refused(F, "auth.sign_in_failed");

    later(TIME_HOUR);
    const struct str challenge = challenge_for("sign-in");
    static const struct proof_party evil = { { "vein.example", 12 },
                                             { "https://evil.example", 20 } };
    static const struct proof_party elsewhere = { { "evil.example", 12 },
                                                  { "https://vein.example", 20 } };
    t.party = evil;
    shown = answer(&t, challenge);
    assert_null(sign_in(0, &shown).p);
    t.party = elsewhere;
    shown = answer(&t, challenge);
    assert_null(sign_in(0, &shown).p);
    t.party = party;
    t.type = "webauthn.create";
    shown = answer(&t, challenge);
    assert_null(sign_in(0, &shown).p);
    t.type = NULL;
    t.touched = false;
    shown = answer(&t, challenge);
    assert_null(sign_in(0, &shown).p);
    t.touched = true;
    later(TIME_HOUR);
    shown = answer(&t, challenge); /* too late */
    assert_null(sign_in(0, &shown).p);
    shown = answer(&t, challenge_for("sign-in"));
    shown.challenge = challenge_for("somebody's session");
    assert_null(sign_in(0, &shown).p);
    shown = answer(&t, challenge_for("somebody's session")); /* of no use for signing in */
    assert_null(sign_in(0, &shown).p);
    other.counter = 1000;
    shown = answer(&other, challenge_for("sign-in"));
    assert_null(sign_in(0, &shown).p);
    shown = answer(&t, challenge_for("sign-in"));
    shown.assertion = S("{\"id\":\"AQcH\"}");
    assert_null(sign_in(0, &shown).p);
    later(TIME_HOUR);
    shown = answer(&t, challenge_for("sign-in"));
    assert_non_null(sign_in(0, &shown).p);
    authenticator_close(&t);
    authenticator_close(&other);
    fixture_rebuilds(F);
}

/* partial: SIG-02 a touch alone needs the password besides; a counter that goes back is noted */
static void touches_and_counters(void **state)
{
    (void)state;
    struct auth_session s = session_of(by_password(1, (struct str){ 0 }));
    struct authenticator t;
    authenticator_open(&t, 1, party);
    enrol_token(&s, &t);
    t.verifies = false;
    struct auth_proof shown = answer(&t, challenge_for("sign-in"));
    assert_null(sign_in(0, &shown).p);
    later(TIME_SECOND);
    shown = answer(&t, challenge_for("sign-in"));
    shown.password = RIGHT_PASSWORD;
    assert_int_equal(session_of(sign_in(1, &shown)).strength, PROOF_TOKEN);
    t.verifies = true;
    t.counter = 1; /* a copy */
    later(TIME_SECOND);
    shown = answer(&t, challenge_for("sign-in"));
    assert_null(sign_in(0, &shown).p);
    fixture_refused(F, "auth.sign_in_failed");
    fixture_settle(F);
    assert_true(credential(1, "token")->suspected != TIME_NONE);
    authenticator_close(&t);
    fixture_rebuilds(F);
}

static void one_token_one_person(void **state)
{
    (void)state;
    struct auth_session one = session_of(by_password(1, (struct str){ 0 }));
    struct auth_session two = session_of(by_password(2, (struct str){ 0 }));
    struct authenticator t;
    authenticator_open(&t, 1, party);
    enrol_token(&one, &t);
    const struct auth_credentials_out *row = credential(1, "token");
    assert_int_equal(fixture_files_holding(F, "blue key"), 0); /* as its owner calls it */
    const struct auth_enrol_credential body = {
        .account = two.actor.account,
        .kind = S("token"),
        .token = row->token,
        .key = row->key,
        .counter = 0,
        .spent = INT_NONE,
    };
    (void)!enrol(&two, &body);
    fixture_refused(F, "auth.credential_taken");
    authenticator_close(&t);
}

/* partial: ACC-02 who guesses a person's password does not slow their passkey, from wherever */
static void guesses_do_not_slow_a_token(void **state)
{
    (void)state;
    struct auth_session s = session_of(by_password(1, (struct str){ 0 }));
    struct authenticator t;
    authenticator_open(&t, 1, party);
    enrol_token(&s, &t);
    const struct auth_proof guess = { .password = S("not this one either") };
    for (int i = 0; i < 60; i++)
        assert_null(sign_in(1, &guess).p);
    fixture_refused(F, "auth.slow_down");
    const struct auth_proof shown = answer(&t, challenge_for("sign-in"));
    assert_non_null(sign_in(0, &shown).p);
    authenticator_close(&t);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_token_signs_in),
        T(touches_and_counters),
        T(one_token_one_person),
        T(guesses_do_not_slow_a_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
