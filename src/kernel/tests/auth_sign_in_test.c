/* Signing in: nobody learns from it which logins exist, guessing is slow, nobody is shut out, and
 * no secret of it stands anywhere in the clear. */
#define _GNU_SOURCE /* memmem */
#include "kernel/tests/auth_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/id.h"
#include "kernel/auth_impl.h"
#include "kernel/text.h"

static struct auth_fixture a;
#define F    (&a.f)
#define HOME "192.0.2.1"

static int set_up(void **state)
{
    (void)state;
    text_use(text_rows, text_rows_count);
    auth_fixture_open(&a);
    auth_fixture_account(&a, 1);
    auth_fixture_role(&a, 1, "nurse", 1, 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    auth_fixture_close(&a);
    return 0;
}

static struct str try(const char *login, struct str password, const char *peer)
{
    return auth_fixture_sign_in(&a, login, password, peer);
}

/* The reasons in a security stream, in their order. */
static void security_says(struct str organisation, size_t wanted, const char *const *why)
{
    struct db *db;
    struct err e = { 0 };
    struct ledger_row *rows;
    size_t n;
    struct stream s = stream_of("security", organisation);
    assert_int_equal(store_reader_take(&db, F->node.store, &e), OK);
    assert_int_equal(ledger_read_stream(db, stream_str(&s), 1, 50, &rows, &n, F->arena, &e), OK);
    store_reader_give(F->node.store, db);
    assert_int_equal(n, wanted);
    for (size_t i = 0; i < n; i++) {
        struct event event;
        const struct json *payload;
        assert_int_equal(event_read(&event, F->arena, rows[i].leaf, &e), OK);
        assert_true(str_is(event.type, "session.refused"));
        assert_true(str_is(event.actor, "system/auth"));
        assert_int_equal(json_read(&payload, F->arena, event.payload, &json_limits_default, &e),
                         OK);
        assert_true(str_is(json_get_str(payload, "why"), why[i]));
    }
}

/* partial: ACC-02 one text for every reason, each written down */
static void all_refusals_look_the_same(void **state)
{
    (void)state;
    auth_fixture_account(&a, 2);
    assert_int_equal(fixture_send(F, &a.program, "account.close", "left", "{'account':'%s'}",
                                  fixture_id('a', 2).p),
                     OK);
    assert_int_equal(fixture_send(F, &a.program, "account.make", NULL,
                                  "{'organisation':'%s','login':'unset','name':'N'}",
                                  fixture_id('o', 1).p),
                     OK);
    static const struct {
        const char *login;
        struct str password;
    } tries[] = {
        { "person1", { "not the password", 16 } },
        { "person2", { "not the password", 16 } },
        { "person2", { "seven herons over the weir", 26 } },
        { "unset", { "not the password", 16 } },
        { "nobody", { "not the password", 16 } },
        { "", { "not the password", 16 } },
        { "person1", { NULL, 0 } },
        { "two words", { "not the password", 16 } },
    };
    struct str text = { 0 };
    for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
        assert_null(try(tries[i].login, tries[i].password, HOME).p);
        fixture_refused(F, "auth.sign_in_failed");
        assert_int_equal(F->error.nparams, 0);
        struct str now = text_error(F->arena, S("en"), &F->error);
        if (i > 0)
            assert_true(str_eq(now, text));
        text = now;
    }
    static const char *const known[] = { "password", "password", "closed", "password", "password" };
    static const char *const unknown[] = { "unknown", "unknown", "unknown" };
    security_says(fixture_id('o', 1), 5, known);
    struct id self = id_derive(F->node.vkey, S("node"), 0);
    security_says(id_str(&self), 3, unknown);
}

/* How long a refused try takes, in real time. */
static int64_t took_us(const char *login, int round)
{
    char peer[40];
    struct err e = { 0 };
    struct str cookie;
    snprintf(peer, sizeof peer, "198.51.100.%d", round);
    env_sim_advance(&F->sim, 2 * TIME_HOUR); /* nothing is slowed */
    const clock_t before = clock(); /* of the processor: a busy machine makes anything take long */
    enum outcome o = auth_fixture_enter(a.auth, str_z(login), S("not the password"), str_z(peer),
                                        &cookie, F->arena, &e);
    const clock_t after = clock();
    assert_int_equal(o, REFUSED);
    assert_string_equal(e.code, "auth.sign_in_failed");
    return (int64_t)(after - before) * TIME_SECOND / CLOCKS_PER_SEC;
}

static void an_unknown_login_costs_the_same_work(void **state)
{
    (void)state;
    test_db_needs_file("beside Argon2 with 8 MiB the round trips to a server can be seen");
    auth_close(a.auth);
    struct err e = { 0 };
    struct auth_options options = { .node = &F->node, .argon_mib = 8 };
    assert_int_equal(auth_open(&a.auth, &options, &e), OK);
    struct str hash;
    assert_int_equal(auth_password_hash(a.auth, &hash, RIGHT_PASSWORD, F->arena, &e), OK);
    assert_int_equal(fixture_send(F, &a.program, "account.change_password", NULL,
                                  "{'account':'%s','password':'%s'}", fixture_id('a', 1).p, hash.p),
                     OK);
    int64_t known = INT64_MAX;
    int64_t unknown = INT64_MAX;
    for (int round = 0; round < 6; round++) { /* in turns; the quickest of each */
        int64_t a_known = took_us("person1", round);
        int64_t an_unknown = took_us("nobody", round);
        known = a_known < known ? a_known : known;
        unknown = an_unknown < unknown ? an_unknown : unknown;
    }
    printf("known %lld us, unknown %lld us\n", (long long)known, (long long)unknown);
    assert_true(unknown > known / 2 && unknown < known * 2);
    fixture_settle(F);
}

/* partial: ACC-02 guessing is slowed per login, known or not, and ends in no lock-out */
static void guessing_a_login_is_slow(void **state)
{
    (void)state;
    static const char *const logins[] = { "person1", "nobody" };
    int64_t waits[2][16] = { 0 };
    for (int k = 0; k < 2; k++) {
        const char *peer = k == 0 ? "203.0.113.1" : "203.0.113.2";
        for (int i = 0; i < 16; i++) {
            assert_null(try(logins[k], S("not the password"), peer).p);
            if (str_is(str_z(F->error.code), "auth.slow_down")) {
                assert_true(str_to_u63(&waits[k][i], err_param(&F->error, "seconds")));
                env_sim_advance(&F->sim, waits[k][i] * TIME_SECOND);
                assert_null(try(logins[k], S("not the password"), peer).p);
            }
            fixture_refused(F, "auth.sign_in_failed");
            assert_true(waits[k][i] <= AUTH_SLOW_MAX_S);
            assert_true(i < 5 ? waits[k][i] == 0 : waits[k][i] >= waits[k][i - 1]);
        }
    }
    assert_memory_equal(waits[0], waits[1], sizeof waits[0]); /* known or not */
    assert_int_equal(waits[1][15], AUTH_SLOW_MAX_S);
    assert_non_null(
        try("person1", RIGHT_PASSWORD, HOME).p); /* who guesses elsewhere stops nobody */
    env_sim_advance(&F->sim, AUTH_SLOW_MAX_S * TIME_SECOND);
    assert_non_null(try("person1", RIGHT_PASSWORD, "203.0.113.1").p);
    assert_null(try("person1", S("not the password"), "203.0.113.1").p); /* begins anew */
    assert_null(try("person1", S("not the password"), "203.0.113.1").p);
    fixture_refused(F, "auth.sign_in_failed");
}

/* Signs in with a device's cookie of this digest. */
static enum outcome try_at(const char *device, struct str password, const char *peer)
{
    struct str cookie;
    const struct auth_proof shown = { .password = password };
    const struct auth_from from = { .peer = str_z(peer), .device = str_z(device) };
    F->error = (struct err){ 0 };
    auth_fixture_write(&a);
    const enum outcome o =
        auth_sign_in(a.auth, S("person1"), &shown, &from, &cookie, F->arena, &F->error);
    auth_fixture_written(&a);
    return o;
}

/* partial: ACC-02 an attack from many addresses, and from the ward's own, does not stop the nurse
 * at a device where she has signed in before; a device that others know gives the attacker nothing
 */
static void an_attack_does_not_stop_the_nurse(void **state)
{
    (void)state;
    char device[HASH_HEX + 1];
    char strange[HASH_HEX + 1];
    snprintf(device, sizeof device, "%064d", 1);
    snprintf(strange, sizeof strange, "%064d", 2);
    assert_int_equal(try_at(device, RIGHT_PASSWORD, HOME), OK);
    for (int i = 0; i < 60; i++) { /* of a thousand machines, and through the ward's own address */
        char peer[40];
        snprintf(peer, sizeof peer, i % 2 ? HOME : "203.0.%d.1", i);
        assert_int_equal(try_at(strange, S("not the password"), peer), REFUSED);
    }
    assert_int_equal(try_at(strange, RIGHT_PASSWORD, HOME), REFUSED);
    fixture_refused(F, "auth.slow_down");
    assert_int_equal(try_at(strange, RIGHT_PASSWORD, "198.51.100.77"), REFUSED); /* the login's */
    int64_t seconds;
    assert_true(str_to_u63(&seconds, err_param(&F->error, "seconds")));
    assert_true(seconds <= 30);
    assert_int_equal(try_at(device, RIGHT_PASSWORD, HOME), OK);
    for (int i = 0; i < 8; i++) /* but what is known is slowed by its own tries */
        (void)!try_at(device, S("not the password"), HOME);
    assert_int_equal(try_at(device, RIGHT_PASSWORD, HOME), REFUSED);
    fixture_refused(F, "auth.slow_down");
}

static void guessing_from_an_address_is_slow(void **state)
{
    (void)state;
    bool slowed = false;
    for (int i = 0; i < 30 && !slowed; i++) {
        char login[20];
        char peer[60]; /* one network */
        snprintf(login, sizeof login, "guess%d", i);
        snprintf(peer, sizeof peer, "2001:db8:1:2::%x", i + 1);
        assert_null(try(login, S("not the password"), peer).p);
        slowed = str_is(str_z(F->error.code), "auth.slow_down");
        assert_true(!slowed || i >= 20);
    }
    assert_true(slowed);
    assert_null(try("person1", RIGHT_PASSWORD, "2001:db8:1:2::ffff").p);
    fixture_refused(F, "auth.slow_down");
    assert_non_null(try("person1", RIGHT_PASSWORD, "2001:db8:1:3::1").p);
}

/* Who has to wait cannot crowd out the memory of it, were there ever so many logins to try. */
static void waiting_is_not_forgotten(void **state)
{
    (void)state;
    const char *peer = "192.0.2.7";
    for (int i = 0; !str_is(str_z(F->error.code), "auth.slow_down"); i++) {
        char login[20];
        snprintf(login, sizeof login, "guess%d", i);
        assert_true(i < 30);
        assert_null(try(login, S("not the password"), peer).p);
    }
    for (int i = 0; i < 40000; i++) {
        char login[20];
        int64_t seconds;
        snprintf(login, sizeof login, "crowd%d", i);
        const struct auth_slow_of of = { .login = str_z(login), .peer = str_z(peer) };
        assert_false(auth_slow_try(a.auth, &of, &seconds));
    }
}

static void stands_in(const char *path, struct str what, bool wanted)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return;
    static char bytes[32 << 20];
    size_t n = fread(bytes, 1, sizeof bytes, file);
    (void)fclose(file);
    bool found = memmem(bytes, n, what.p, what.n) != NULL;
    if (found != wanted)
        fail_msg("%.*s in %s", STR(what), path);
}

/* partial: SEC-02 neither password nor its hash nor a session's secret is in any file */
static void no_secret_stands_in_the_files(void **state)
{
    (void)state;
    struct str cookie = try("person1", RIGHT_PASSWORD, HOME);
    assert_non_null(cookie.p);
    struct auth_session s;
    assert_int_equal(auth_fixture_find(&a, cookie, &s), OK);
    static const char *const ends[] = { "", "-wal", ".keys", ".root" };
    for (size_t i = 0; i < 4; i++) {
        char path[120];
        if (test_db_on_server() && i < 2)
            continue;
        snprintf(path, sizeof path, "%s%s", F->files, ends[i]);
        stands_in(path, RIGHT_PASSWORD, false);
        stands_in(path, S("$argon2id$"), false);
        stands_in(path, cookie, false);
        stands_in(path, s.csrf, false);
    }
    fixture_settle(F);
    auth_fixture_restart(&a);
    assert_int_equal(auth_fixture_find(&a, cookie, &s), OK);
}

/* Who was erased is gone: no sign-in, and no new password under a key that must not come back. */
static void an_erased_account_is_gone(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct str hash;
    assert_int_equal(keyring_destroy(F->node.keys, fixture_id('a', 1), &e), OK);
    assert_null(try("person1", RIGHT_PASSWORD, HOME).p);
    fixture_refused(F, "auth.sign_in_failed");
    assert_int_equal(auth_password_hash(a.auth, &hash, RIGHT_PASSWORD, F->arena, &e), OK);
    (void)!fixture_send(F, &a.program, "account.change_password", NULL,
                        "{'account':'%s','password':'%s'}", fixture_id('a', 1).p, hash.p);
    fixture_refused(F, "seal.erased");
    fixture_rebuilds(F);
}

/* partial: ACC-02 wrong PINs are forgiven by a full sign-in alone, however long one waits */
static void no_time_forgives_a_pin(void **state)
{
    (void)state;
    const struct str account = fixture_id('a', 1);
    for (int i = 0; i < AUTH_PIN_TRIES; i++) {
        assert_true(auth_pin_try(a.auth, account));
        env_sim_advance(&a.f.sim, 2 * TIME_HOUR);
    }
    assert_false(auth_pin_try(a.auth, account));
    assert_true(try("person1", RIGHT_PASSWORD, HOME).p != NULL);
    assert_true(auth_pin_try(a.auth, account));
}

/* Others' sign-ins make no room of the tries of a PIN. */
static void others_do_not_crowd_out_a_pin(void **state)
{
    (void)state;
    const struct str account = fixture_id('a', 1);
    for (int i = 1; i < AUTH_PIN_TRIES; i++)
        assert_int_equal(auth_pin_try(a.auth, account), i);
    for (int i = 0; i < 20000; i++) {
        char peer[40];
        char login[40];
        int64_t seconds;
        snprintf(peer, sizeof peer, "10.%d.%d.1", i / 250, i % 250);
        snprintf(login, sizeof login, "login%d", i);
        const struct auth_slow_of of = { .login = str_z(login), .peer = str_z(peer) };
        assert_true(auth_slow_try(a.auth, &of, &seconds));
    }
    assert_int_equal(auth_pin_try(a.auth, account), AUTH_PIN_TRIES);
    assert_int_equal(auth_pin_try(a.auth, account), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(all_refusals_look_the_same), T(an_unknown_login_costs_the_same_work),
        T(guessing_a_login_is_slow),   T(guessing_from_an_address_is_slow),
        T(waiting_is_not_forgotten),   T(no_secret_stands_in_the_files),
        T(an_erased_account_is_gone),  T(an_attack_does_not_stop_the_nurse),
        T(no_time_forgives_a_pin),     T(others_do_not_crowd_out_a_pin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
