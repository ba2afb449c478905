/* What people have besides the password: one-time, recovery and set-up codes. Each shows its owner
 * once; what is revoked, expired or another's shows nobody. */
#include "kernel/tests/auth_fixture.h"
#include "kernel/tests/auth_person.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernel/auth_impl.h"
#include "kernel/text.h"

static struct auth_fixture a;
#define F           (&a.f)
#define HOME        S("192.0.2.1")
#define CODE_SECRET S("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ") /* the RFC's */

#define sign_in(number, shown)    auth_person_sign_in(&a, number, shown)
#define session_of(cookie)        auth_person_session(&a, cookie)
#define enrol(session, body)      auth_person_enrol(&a, session, body)
#define credential(account, kind) auth_person_has(&a, account, kind)

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

static void enrol_code(const struct auth_session *s)
{
    const struct auth_enrol_credential body = {
        .account = s->actor.account,
        .kind = S("code"),
        .secret = CODE_SECRET,
        .counter = INT_NONE,
        .spent = INT_NONE,
    };
    fixture_must(F, enrol(s, &body), "enrol");
}

static struct str code_now(int64_t steps)
{
    char code[PROOF_CODE_DIGITS + 1];
    const struct bytes secret = proof_code_secret(CODE_SECRET, F->arena);
    proof_code(code, secret, env_now(&F->sim.env) / PROOF_CODE_STEP_US + steps);
    return arena_str(F->arena, str_z(code));
}

static void later(int64_t us)
{
    env_sim_advance(&F->sim, us);
}

/* --- codes --- */

/* partial: SIG-02, ACC-02 with a code the password alone opens nothing; each code counts once */
static void a_code_besides_the_password(void **state)
{
    (void)state;
    struct auth_session s = session_of(by_password(1, (struct str){ 0 }));
    assert_int_equal(s.strength, PROOF_PASSWORD);
    enrol_code(&s);
    assert_null(by_password(1, (struct str){ 0 }).p);
    fixture_refused(F, "auth.sign_in_failed");
    const struct str text = text_error(F->arena, S("en"), &F->error);
    assert_null(by_password(1, code_now(2)).p);
    assert_true(str_eq(text, text_error(F->arena, S("en"), &F->error)));
    assert_null(sign_in(1, &(struct auth_proof){ .code = code_now(0) }).p);
    assert_true(str_eq(text, text_error(F->arena, S("en"), &F->error)));
    const struct str code = code_now(0);
    s = session_of(by_password(1, code));
    assert_int_equal(s.strength, PROOF_CODE);
    assert_null(by_password(1, code).p); /* seen over a shoulder */
    fixture_refused(F, "auth.sign_in_failed");
    assert_null(by_password(1, code_now(-1)).p); /* older than the last that was taken */
    later(PROOF_CODE_STEP_US);
    assert_non_null(by_password(1, code_now(0)).p);
    later(10 * TIME_MINUTE);
    assert_non_null(by_password(1, code_now(-1)).p); /* of a clock that is late */
    assert_non_null(by_password(2, (struct str){ 0 }).p);
    assert_null(by_password(2, code_now(0)).p); /* another's */
    fixture_rebuilds(F);
}

struct racer {
    struct str code;
    enum outcome outcome;
    struct arena *arena;
};

static void *race(void *context)
{
    struct racer *r = context;
    struct str cookie;
    struct err e = { 0 };
    const struct auth_proof shown = { .password = RIGHT_PASSWORD, .code = r->code };
    r->outcome =
        auth_sign_in(a.auth, S("person1"), &shown, &auth_person_from, &cookie, r->arena, &e);
    return NULL;
}

/* partial: SIG-02 of two who show the same code at once, one is let in */
static void one_code_two_who_show_it(void **state)
{
    (void)state;
    struct auth_session s = session_of(by_password(1, (struct str){ 0 }));
    enrol_code(&s);
    for (int round = 0; round < 5; round++) {
        struct racer racers[3];
        pthread_t threads[3];
        int in = 0;
        later(2 * TIME_HOUR);
        auth_fixture_write(&a);
        for (int i = 0; i < 3; i++) {
            racers[i] = (struct racer){ code_now(0), OK, arena_new(1 << 20) };
            assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
        }
        for (int i = 0; i < 3; i++) {
            pthread_join(threads[i], NULL);
            in += racers[i].outcome == OK;
            arena_free(racers[i].arena);
        }
        auth_fixture_written(&a);
        assert_int_equal(in, 1);
    }
}

/* partial: ACC-02 a recovery code stands once for a lost device, as people copy it */
static void recovery_codes(void **state)
{
    (void)state;
    struct auth_session s = session_of(by_password(1, (struct str){ 0 }));
    const struct str *codes;
    const struct str *fresh;
    enrol_code(&s);
    auth_fixture_write(&a);
    assert_int_equal(auth_make_recovery(a.auth, &s, &codes, F->arena, &F->error), OK);
    auth_fixture_written(&a);
    for (size_t i = 0; i < AUTH_RECOVERY_CODES; i++)
        for (size_t k = 0; k < i; k++)
            assert_false(str_eq(codes[i], codes[k]));
    assert_int_equal(session_of(by_password(1, codes[3])).strength, PROOF_CODE);
    assert_null(by_password(1, codes[3]).p);
    assert_null(by_password(2, codes[4]).p); /* another's */
    char typed[40];
    snprintf(typed, sizeof typed, " %.*s", STR(codes[9]));
    for (size_t i = 0; typed[i]; i++)
        typed[i] = typed[i] == '-'                      ? ' '
                   : typed[i] >= 'A' && typed[i] <= 'Z' ? (char)(typed[i] - 'A' + 'a')
                                                        : typed[i];
    later(TIME_HOUR);
    assert_non_null(by_password(1, str_z(typed)).p);
    auth_fixture_write(&a);
    assert_int_equal(auth_make_recovery(a.auth, &s, &fresh, F->arena, &F->error), OK);
    auth_fixture_written(&a);
    assert_null(by_password(1, codes[0]).p); /* replaced */
    assert_non_null(by_password(1, fresh[0]).p);
    fixture_rebuilds(F);
}

/* --- revoking --- */

/* partial: ACC-02 what is revoked shows nobody any more, and its sessions are over at once */
static void revoked_at_once(void **state)
{
    (void)state;
    struct auth_session s = session_of(by_password(1, (struct str){ 0 }));
    struct fixture_person stranger;
    enrol_code(&s);
    const struct str cookie = by_password(1, code_now(0));
    const struct str bystander = by_password(2, (struct str){ 0 });
    const struct str id = credential(1, "code")->credential;
    fixture_person(&stranger, 9, 2, 3, "credential.revoke");
    (void)!fixture_send(F, &stranger, "credential.revoke", "curious", "{'credential':'%s'}", id.p);
    fixture_refused(F, "gate.unknown");
    (void)!fixture_send(F, &a.program, "credential.revoke", NULL, "{'credential':'%s'}", id.p);
    fixture_refused(F, "gate.reason_needed");
    fixture_must(F,
                 fixture_send(F, &a.program, "credential.revoke", "telephone lost",
                              "{'credential':'%s'}", id.p),
                 "revoke");
    assert_int_equal(auth_fixture_find(&a, cookie, &s), REFUSED);
    assert_int_equal(auth_fixture_find(&a, bystander, &s), OK);
    assert_null(credential(1, "code"));
    later(PROOF_CODE_STEP_US);
    assert_null(by_password(1, code_now(0)).p);
    assert_non_null(by_password(1, (struct str){ 0 }).p);
    (void)!fixture_send(F, &a.program, "credential.revoke", "again", "{'credential':'%s'}", id.p);
    fixture_refused(F, "auth.credential_over");
    (void)!fixture_send(F, &a.program, "credential.use", NULL, "{'credential':'%s','spent':%lld}",
                        id.p, (long long)(env_now(&F->sim.env) / PROOF_CODE_STEP_US));
    fixture_refused(F, "auth.credential_over");
    const struct str all = by_password(1, (struct str){ 0 });
    fixture_must(F,
                 fixture_send(F, &a.program, "account.end_sessions", "left the shift",
                              "{'account':'%s'}", fixture_id('a', 1).p),
                 "end");
    assert_int_equal(auth_fixture_find(&a, all, &s), REFUSED);
    fixture_rebuilds(F);
}

/* partial: ACC-02 who administers ends one session of another person, with a reason, at once */
static void one_session_is_ended(void **state)
{
    (void)state;
    struct fixture_person stranger;
    const struct str one = by_password(1, (struct str){ 0 });
    const struct str two = by_password(1, (struct str){ 0 });
    struct auth_session s = session_of(one);
    fixture_person(&stranger, 9, 2, 3, "session.end");
    (void)!fixture_send(F, &stranger, "session.end", "curious", "{'session':'%.*s'}", STR(s.id));
    fixture_refused(F, "gate.unknown");
    (void)!fixture_send(F, &a.program, "session.end", NULL, "{'session':'%.*s'}", STR(s.id));
    fixture_refused(F, "gate.reason_needed");
    fixture_must(F,
                 fixture_send(F, &a.program, "session.end", "the telephone was lost",
                              "{'session':'%.*s'}", STR(s.id)),
                 "end");
    const struct str ended = s.id;
    assert_int_equal(auth_fixture_find(&a, one, &s), REFUSED);
    assert_int_equal(auth_fixture_find(&a, two, &s), OK);
    (void)!fixture_send(F, &a.program, "session.end", "again", "{'session':'%.*s'}", STR(ended));
    fixture_refused(F, "auth.session_closed");
    fixture_rebuilds(F);
}

/* --- set-up --- */

static struct str issue(int account, int64_t for_us, enum outcome wanted)
{
    char when[40];
    struct buf b = buf_over(when, sizeof when - 1);
    const struct str code = auth_setup_code(a.auth, F->arena);
    clock_write(&b, env_now(&F->sim.env) + for_us);
    const struct str text = buf_get(&b);
    const enum outcome o = fixture_send(
        F, &a.program, "account.issue_setup", "new here",
        "{'account':'%s','digest':'%s','expires':'%.*s'}", fixture_id('a', account).p,
        auth_setup_digest(a.auth, fixture_id('a', account), code, F->arena).p, STR(text));
    assert_int_equal(o, wanted);
    return code;
}

static enum outcome set_password(const char *login, struct str code, struct str fresh)
{
    F->error = (struct err){ 0 };
    auth_fixture_write(&a);
    const enum outcome o =
        auth_set_up(a.auth, str_z(login), code, fresh, &auth_person_from, F->arena, &F->error);
    auth_fixture_written(&a);
    return o;
}

/* partial: ACC-02 nobody sets another's password: an administrator hands over a code that works
 * once and for a while, and the person's second factor stays */
static void a_password_by_set_up(void **state)
{
    (void)state;
    const struct str fresh = S("nine otters under the pier");
    struct fixture_person lead;
    struct str hash;
    fixture_person(&lead, 9, 1, 1, "account.change_password");
    lead.grants[0].site = (struct str){ 0 };
    assert_int_equal(auth_password_hash(a.auth, &hash, fresh, F->arena, &F->error), OK);
    (void)!fixture_send(F, &lead, "account.change_password", NULL,
                        "{'account':'%s','password':'%s'}", fixture_id('a', 1).p, hash.p);
    fixture_refused(F, "auth.program_only");

    struct auth_session s = session_of(by_password(1, (struct str){ 0 }));
    enrol_code(&s);
    (void)issue(1, 8 * TIME_DAY, REFUSED);
    const struct str old = issue(1, TIME_DAY, OK);
    const struct str code = issue(1, TIME_DAY, OK);
    assert_int_equal(set_password("person1", old, fresh), REFUSED); /* replaced */
    fixture_refused(F, "auth.setup_failed");
    assert_int_equal(set_password("person2", code, fresh), REFUSED);
    fixture_refused(F, "auth.setup_failed");
    assert_int_equal(set_password("nobody", code, fresh), REFUSED);
    fixture_refused(F, "auth.setup_failed");
    assert_int_equal(set_password("person1", code, S("short")), REFUSED);
    fixture_refused(F, "auth.password_short"); /* and the code is not spent by that */
    assert_int_equal(set_password("person1", code, fresh), OK);
    assert_int_equal(set_password("person1", code, S("eight toads upon the lid")), REFUSED);
    fixture_refused(F, "auth.setup_failed");
    assert_int_equal(auth_fixture_find(&a, S("x"), &s), REFUSED);
    assert_null(by_password(1, code_now(0)).p);
    const struct auth_proof bare = { .password = fresh };
    assert_null(sign_in(1, &bare).p);
    const struct auth_proof both = { .password = fresh, .code = code_now(0) };
    assert_non_null(sign_in(1, &both).p);
    const struct str late = issue(2, TIME_HOUR, OK);
    later(TIME_HOUR);
    assert_int_equal(set_password("person2", late, fresh), REFUSED);
    fixture_refused(F, "auth.setup_failed");
    fixture_rebuilds(F);
}

/* partial: ACC-02 a set-up code recalls the password that there was, and ends what it opened */
static void a_code_recalls_the_password(void **state)
{
    (void)state;
    struct auth_session s;
    const struct str cookie = by_password(1, (struct str){ 0 });
    const struct str code = issue(1, TIME_DAY, OK);
    assert_int_equal(auth_fixture_find(&a, cookie, &s), REFUSED);
    assert_null(by_password(1, (struct str){ 0 }).p);
    assert_int_equal(set_password("person1", code, S("nine otters under the pier")), OK);
    const struct auth_proof fresh = { .password = S("nine otters under the pier") };
    assert_non_null(sign_in(1, &fresh).p);
    fixture_rebuilds(F);
}

/* --- roles, secrets --- */

/* partial: ACC-02, SIG-02 who has shown less than a role asks for, may only enrol */
static void a_role_asks_for_more(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct str yaml = S("kind: role\nname: strict\nversion: 1\ntitle: A role\n"
                        "effective: 2026-01-01T00:00:00Z\npermissions: [unit.see]\n"
                        "sign_in: code\nlock_minutes: 2\nsession_hours: 1\n");
    bool changed;
    const struct define_context context = { .arena = F->arena };
    assert_int_equal(
        define_load_text(F->node.gate, &context, a.program.actor.organisation, yaml, &changed, &e),
        OK);
    auth_fixture_role(&a, 1, "strict", 1, 1);
    struct auth_session s = session_of(by_password(1, (struct str){ 0 }));
    assert_int_equal(auth_allow("unit.see", &s, &e), REFUSED);
    assert_string_equal(e.code, "auth.enrol_first");
    assert_int_equal(s.actor.ngrants, 0); /* nor by any command */
    assert_int_equal(auth_allow("signed_in", &s, &e), OK);
    assert_int_equal(s.expires, env_now(&F->sim.env) + TIME_HOUR);
    assert_int_equal(s.lock_us, 2 * TIME_MINUTE);
    enrol_code(&s);
    s = session_of(by_password(1, code_now(0)));
    assert_int_equal(auth_allow("unit.see", &s, &e), OK);
    yaml = S("kind: role\nname: odd\nversion: 1\ntitle: A role\neffective: 2026-01-01T00:00:00Z\n"
             "permissions: [unit.see]\nsign_in: handshake\n");
    assert_int_equal(
        define_load_text(F->node.gate, &context, a.program.actor.organisation, yaml, &changed, &e),
        REFUSED);
}

/* partial: SEC-02 no secret stands in any file, nor who called a key what */
static void no_secret_is_kept_in_the_clear(void **state)
{
    (void)state;
    struct auth_session s = session_of(by_password(1, (struct str){ 0 }));
    const struct str *codes;
    enrol_code(&s);
    auth_fixture_write(&a);
    assert_int_equal(auth_make_recovery(a.auth, &s, &codes, F->arena, &F->error), OK);
    assert_int_equal(
        auth_enrol_badge(a.auth, &s, S("BADGE-0815-4711"), S("830274"), F->arena, &F->error), OK);
    auth_fixture_written(&a);
    const struct str setup = issue(1, TIME_DAY, OK);
    const struct str secrets[] = { CODE_SECRET,          codes[0],        setup,
                                   S("BADGE-0815-4711"), S("$argon2id$"), HOME };
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
        assert_int_equal(fixture_files_holding(F, arena_str(F->arena, secrets[i]).p), 0);
    fixture_rebuilds(F);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_code_besides_the_password),
        T(one_code_two_who_show_it),
        T(recovery_codes),
        T(revoked_at_once),
        T(one_session_is_ended),
        T(a_code_recalls_the_password),
        T(a_password_by_set_up),
        T(a_role_asks_for_more),
        T(no_secret_is_kept_in_the_clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
