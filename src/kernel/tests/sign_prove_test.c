/* What a person proves a signature with: two components first, one after it, and nothing of it
 * taken from the client (21 CFR 11.200). */
#include "kernel/tests/auth_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/id.h"
#include "kernel/auth_impl.h"
#include "kernel/sign.h"
#include "kernel/text.h"

#define HOME  S("192.0.2.1")
#define ID    S("00000000-0000-7000-a000-000000000001")
#define SHOWN S("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff")
#define F     (&a.f)

static struct auth_fixture a;
static struct auth_session session;
static struct str cookie;
static struct sign_given given;

static void sign_in(void)
{
    cookie = auth_fixture_sign_in(&a, "person1", RIGHT_PASSWORD, "192.0.2.1");
    assert_non_null(cookie.p);
    assert_int_equal(auth_fixture_find(&a, cookie, &session), OK);
}

static int set_up(void **state)
{
    (void)state;
    text_use(text_rows, text_rows_count);
    auth_fixture_open(&a);
    for (int i = 1; i <= 2; i++) {
        auth_fixture_account(&a, i);
        auth_fixture_role(&a, i, "nurse", 1, 0);
    }
    sign_in();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    auth_fixture_close(&a);
    return 0;
}

static enum outcome prove_of(const struct sign_proof *proof)
{
    F->error = (struct err){ 0 };
    auth_fixture_write(&a);
    const enum outcome o = sign_prove(&given, a.auth, &session, proof, F->arena, &F->error);
    auth_fixture_written(&a);
    return o;
}

static enum outcome prove(struct str login, struct str password)
{
    const struct sign_proof proof = { .command = ID,
                                      .name = S("thing.approve"),
                                      .shown = SHOWN,
                                      .login = login,
                                      .password = password,
                                      .peer = HOME };
    return prove_of(&proof);
}

#define NONE  ((struct str){ 0 })
#define WRONG S("not the password")

/* Refusals in the security stream, oldest first. */
static void security_says(size_t wanted, const char *const *why)
{
    struct db *db;
    struct err e = { 0 };
    struct ledger_row *rows;
    size_t n, found = 0;
    const struct stream s = stream_of("security", fixture_id('o', 1));
    assert_int_equal(store_reader_take(&db, F->node.store, &e), OK);
    assert_int_equal(ledger_read_stream(db, stream_str(&s), 1, 50, &rows, &n, F->arena, &e), OK);
    store_reader_give(F->node.store, db);
    for (size_t i = 0; i < n; i++) {
        struct event event;
        const struct json *payload;
        assert_int_equal(event_read(&event, F->arena, rows[i].leaf, &e), OK);
        if (!str_is(event.type, "sign.refused"))
            continue;
        assert_true(found < wanted);
        assert_int_equal(json_read(&payload, F->arena, event.payload, &json_limits_default, &e),
                         OK);
        assert_true(str_is(json_get_str(payload, "why"), why[found++]));
        assert_true(str_is(json_get_str(payload, "command"), "thing.approve"));
        assert_true(str_eq(json_get_str(payload, "account"), fixture_id('a', 1)));
    }
    assert_int_equal(found, wanted);
}

/* shows: SIG-01 two components at the first signing in a session (with sign_test.c and the pages')
 */
static void both_first_then_one(void **state)
{
    (void)state;
    assert_true(sign_both(a.auth, &session));
    assert_int_equal(prove(NONE, RIGHT_PASSWORD), REFUSED);
    fixture_refused(F, "sign.both");
    assert_int_equal(prove(S("person1"), NONE), REFUSED);
    fixture_refused(F, "sign.proof");
    assert_int_equal(prove(S(" Person1"), RIGHT_PASSWORD), OK);
    assert_true(str_is(given.components, "login+password"));
    assert_true(str_is(given.name, "Person No. 1"));
    assert_true(str_eq(given.signer, session.actor.account));
    assert_true(str_eq(given.session, session.id));
    assert_int_equal(given.time, env_now(&F->sim.env));
    assert_false(sign_both(a.auth, &session));
    assert_int_equal(prove(NONE, RIGHT_PASSWORD), OK);
    assert_true(str_is(given.components, "password"));
    assert_int_equal(prove(NONE, WRONG), REFUSED); /* never without one that only they can use */
    fixture_refused(F, "sign.refused");
}

static void after_a_pause_both_again(void **state)
{
    (void)state;
    assert_int_equal(prove(S("person1"), RIGHT_PASSWORD), OK);
    env_sim_advance(&F->sim, SIGN_QUIET_US - TIME_MINUTE);
    assert_int_equal(auth_fixture_find(&a, cookie, &session), OK); /* looking is no signing */
    assert_int_equal(prove(NONE, RIGHT_PASSWORD), OK);
    env_sim_advance(&F->sim, SIGN_QUIET_US);
    assert_int_equal(auth_fixture_find(&a, cookie, &session), OK);
    assert_int_equal(prove(NONE, RIGHT_PASSWORD), REFUSED);
    fixture_refused(F, "sign.both");
}

static void another_session_begins_anew(void **state)
{
    (void)state;
    assert_int_equal(prove(S("person1"), RIGHT_PASSWORD), OK);
    sign_in(); /* while the first goes on */
    assert_true(sign_both(a.auth, &session));
    assert_int_equal(prove(S("person1"), RIGHT_PASSWORD), OK);
    struct err e = { 0 };
    const struct auth_from from = { .peer = HOME };
    auth_fixture_write(&a);
    assert_int_equal(auth_move(a.auth, &session, fixture_id('s', 2), &from, &cookie, F->arena, &e),
                     OK);
    auth_fixture_written(&a);
    assert_int_equal(auth_fixture_find(&a, cookie, &session), OK);
    assert_true(sign_both(a.auth, &session));
    assert_int_equal(prove(S("person1"), RIGHT_PASSWORD), OK);
    auth_fixture_restart(&a); /* the memory is gone */
    assert_int_equal(auth_fixture_find(&a, cookie, &session), OK);
    assert_true(sign_both(a.auth, &session));
    assert_int_equal(prove(S("person1"), RIGHT_PASSWORD), OK);
    sign_forget(a.auth, session.id); /* locked */
    assert_true(sign_both(a.auth, &session));
}

/* Nothing tells which component was wrong, whose the name is, or whether anybody has it. */
static void wrong_proofs_look_the_same_and_are_recorded(void **state)
{
    (void)state;
    static const char *const logins[] = { "person1", "person2", "nobody", "person2" };
    struct str first = { 0 };
    assert_int_equal(prove(S("person1"), RIGHT_PASSWORD), OK);
    for (size_t i = 0; i < 4; i++) {
        sign_forget(a.auth, session.id);
        const struct str password = i == 0 || i == 3 ? WRONG : RIGHT_PASSWORD;
        assert_int_equal(prove(str_z(logins[i]), password), REFUSED);
        fixture_refused(F, "sign.refused");
        assert_int_equal(F->error.nparams, 0);
        const struct str text = text_error(F->arena, S("en"), &F->error);
        if (i > 0)
            assert_true(str_eq(first, text));
        first = text;
    }
    static const char *const why[] = { "password", "login", "login", "password" };
    security_says(4, why);
    assert_int_equal(prove(S("person1"), RIGHT_PASSWORD), OK); /* not slowed yet */
    assert_int_equal(prove(NONE, WRONG), REFUSED);
    assert_true(sign_both(a.auth, &session)); /* a wrong one takes both again */
}

static void guessing_is_slow(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(prove(S("person1"), WRONG), REFUSED);
        fixture_refused(F, "sign.refused");
    }
    assert_int_equal(prove(S("person1"), RIGHT_PASSWORD), REFUSED);
    fixture_refused(F, "auth.slow_down");
    env_sim_advance(&F->sim, 2 * TIME_SECOND);
    assert_int_equal(prove(S("person1"), RIGHT_PASSWORD), OK);
}

/* partial: SIG-02 a code beside the password signs, once */
static void a_code_signs(void **state)
{
    (void)state;
    static const struct str secret = { "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", 32 };
    const struct auth_enrol_credential body = {
        .account = session.actor.account,
        .kind = S("code"),
        .secret = secret,
        .counter = INT_NONE,
        .spent = INT_NONE,
    };
    char code[PROOF_CODE_DIGITS + 1];
    auth_fixture_write(&a);
    assert_int_equal(auth_enrol(a.auth, &session, &body, &F->error), OK);
    auth_fixture_written(&a);
    proof_code(code, proof_code_secret(secret, F->arena),
               env_now(&F->sim.env) / PROOF_CODE_STEP_US);
    struct sign_proof proof = { .command = ID,
                                .name = S("thing.approve"),
                                .shown = SHOWN,
                                .login = S("person1"),
                                .password = RIGHT_PASSWORD,
                                .peer = HOME };
    proof.code = S("000000");
    assert_int_equal(prove_of(&proof), REFUSED);
    fixture_refused(F, "sign.refused");
    proof.code = str_z(code);
    assert_int_equal(prove_of(&proof), OK);
    assert_int_equal(prove_of(&proof), REFUSED); /* the same code again */
    fixture_refused(F, "sign.refused");
}

/* partial: SEC-03 what is no answer of a token is written down and slowed, like a wrong password */
static void garbage_for_a_token_is_slow(void **state)
{
    (void)state;
    const struct sign_proof proof = { .command = ID,
                                      .name = S("thing.approve"),
                                      .shown = SHOWN,
                                      .assertion = S("x"),
                                      .time = S("2026-01-02T03:04:05Z"),
                                      .mark = S("x"),
                                      .peer = HOME };
    static const char *const why[] = { "challenge", "challenge", "challenge", "challenge",
                                       "challenge" };
    for (int i = 0; i < 5; i++) {
        assert_int_equal(prove_of(&proof), REFUSED);
        fixture_refused(F, "sign.refused");
    }
    for (int i = 0; i < 5; i++) {
        assert_int_equal(prove_of(&proof), REFUSED);
        fixture_refused(F, "auth.slow_down");
    }
    security_says(5, why);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(both_first_then_one),
        TEST(after_a_pause_both_again),
        TEST(another_session_begins_anew),
        TEST(wrong_proofs_look_the_same_and_are_recorded),
        TEST(guessing_is_slow),
        TEST(a_code_signs),
        TEST(garbage_for_a_token_is_slow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
