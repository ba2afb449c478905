/* Sessions: how one is opened, what it permits, and everything that ends it. */
#include "kernel/tests/auth_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct auth_fixture a;
#define F    (&a.f)
#define HOME "192.0.2.1"

static int set_up(void **state)
{
    (void)state;
    auth_fixture_open(&a);
    auth_fixture_account(&a, 1);
    auth_fixture_account(&a, 2);
    auth_fixture_role(&a, 1, "nurse", 1, 1);
    auth_fixture_role(&a, 2, "nurse", 1, 0);
    auth_fixture_role(&a, 2, "lead", 2, 3);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    auth_fixture_close(&a);
    return 0;
}

static struct str sign_in(int number)
{
    char login[20];
    snprintf(login, sizeof login, "person%d", number);
    struct str cookie = auth_fixture_sign_in(&a, login, RIGHT_PASSWORD, HOME);
    if (!cookie.p)
        fail_msg("sign-in: %s", F->error.code);
    return cookie;
}

static bool lives(struct str cookie)
{
    struct auth_session s;
    return auth_fixture_find(&a, cookie, &s) == OK;
}

/* Why the session of a cookie ended, as its last event says. */
static const char *ended(const struct auth_session *s)
{
    struct db *db;
    struct err e = { 0 };
    struct ledger_row *rows;
    size_t n;
    struct stream stream = stream_of("session", s->id);
    assert_int_equal(store_reader_take(&db, F->node.store, &e), OK);
    assert_int_equal(ledger_read_stream(db, stream_str(&stream), 2, 1, &rows, &n, F->arena, &e),
                     OK);
    store_reader_give(F->node.store, db);
    if (n == 0)
        return "open";
    struct event event;
    const struct json *payload;
    assert_int_equal(event_read(&event, F->arena, rows[0].leaf, &e), OK);
    assert_int_equal(json_read(&payload, F->arena, event.payload, &json_limits_default, &e), OK);
    return json_get_str(payload, "why").p ? arena_str(F->arena, json_get_str(payload, "why")).p
                                          : "";
}

static void a_session_is_the_person_at_their_site(void **state)
{
    (void)state;
    struct auth_session s;
    assert_int_equal(auth_fixture_find(&a, sign_in(1), &s), OK);
    assert_true(str_is(s.person, "Person No. 1"));
    assert_true(str_is(s.site_name, "Site 1")); /* their only one */
    assert_true(str_is(s.actor.name, "account/00000000-0000-8000-a000-610000000001"));
    assert_true(str_eq(s.actor.site, fixture_id('s', 1)));
    assert_true(str_eq(s.actor.organisation, fixture_id('o', 1)));
    assert_true(str_is(s.actor.zone, "Europe/Berlin"));
    assert_false(s.actor.system);
    for (int again = 0; again < 2; again++) { /* read, then kept */
        assert_true(
            actor_may(&s.actor, S("custody.offer"), fixture_id('o', 1), fixture_id('s', 1)));
        assert_false(
            actor_may(&s.actor, S("custody.offer"), fixture_id('o', 1), fixture_id('s', 2)));
        assert_false(
            actor_may(&s.actor, S("account.give_role"), fixture_id('o', 1), fixture_id('s', 1)));
        assert_int_equal(auth_fixture_find(&a, sign_in(1), &s), OK);
    }
    assert_false(lives(S("")));
    assert_false(lives(S("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")));
    fixture_refused(F, "auth.sign_in");
}

/* partial: ACC-01 one works at one site at a time, and only where one has a role */
static void one_chooses_among_several_sites(void **state)
{
    (void)state;
    struct auth_session s;
    struct auth_session there;
    struct str cookie = sign_in(2);
    assert_int_equal(auth_fixture_find(&a, cookie, &s), OK);
    assert_null(s.actor.site.p);
    struct record_list sites;
    struct err e = { 0 };
    assert_int_equal(auth_sites(a.auth, s.actor.account, &sites, F->arena, &e), OK);
    assert_int_equal(sites.n, 3);

    env_sim_advance(&F->sim, TIME_MINUTE);
    const struct auth_from from = { .peer = S(HOME) };
    struct str moved;
    auth_fixture_write(&a);
    enum outcome o = auth_move(a.auth, &s, fixture_id('s', 3), &from, &moved, F->arena, &e);
    auth_fixture_written(&a);
    assert_int_equal(o, OK);
    assert_false(lives(cookie));
    assert_string_equal(ended(&s), "moved");
    assert_int_equal(auth_fixture_find(&a, moved, &there), OK);
    assert_true(str_eq(there.actor.organisation, fixture_id('o', 2)));
    assert_int_equal(there.expires, s.expires); /* moving prolongs nothing */
    assert_true(
        actor_may(&there.actor, S("account.give_role"), fixture_id('o', 2), fixture_id('s', 3)));
    assert_false(
        actor_may(&there.actor, S("account.give_role"), fixture_id('o', 1), fixture_id('s', 1)));

    assert_int_equal(auth_fixture_find(&a, sign_in(1), &s), OK);
    auth_fixture_write(&a);
    o = auth_move(a.auth, &s, fixture_id('s', 2), &from, &moved, F->arena, &e);
    auth_fixture_written(&a);
    assert_int_equal(o, REFUSED);
    assert_string_equal(e.code, "auth.site_unknown");
}

/* partial: ACC-01 rights that end, end at once */
static void what_changes_the_account_ends_its_sessions(void **state)
{
    (void)state;
    static const struct {
        const char *command;
        const char *rest;
    } changes[] = {
        { "account.give_role", ",'role':'lead'" },
        { "account.take_role", ",'role':'lead'" },
        { "account.close", NULL },
    };
    struct str other = sign_in(2);
    for (size_t i = 0; i < 3; i++) {
        struct auth_session s;
        struct str cookie = sign_in(1);
        assert_int_equal(auth_fixture_find(&a, cookie, &s), OK);
        char rest[120] = "";
        if (changes[i].rest)
            snprintf(rest, sizeof rest, "%s,'organisation':'%s'", changes[i].rest,
                     fixture_id('o', 1).p);
        assert_int_equal(fixture_send(F, &a.program, changes[i].command, "because",
                                      "{'account':'%s'%s}", fixture_id('a', 1).p, rest),
                         OK);
        assert_false(lives(cookie));
        fixture_refused(F, "auth.sign_in");
        assert_string_equal(ended(&s), "closed");
        assert_true(lives(other));
    }
    fixture_rebuilds(F);
}

static void a_new_password_ends_sessions_and_replaces_the_old(void **state)
{
    (void)state;
    struct str cookie = sign_in(1);
    struct str hash;
    struct err e = { 0 };
    struct str password = S("nine otters under the pier");
    assert_int_equal(auth_password_hash(a.auth, &hash, password, F->arena, &e), OK);
    assert_int_equal(fixture_send(F, &a.program, "account.change_password", NULL,
                                  "{'account':'%s','password':'%s'}", fixture_id('a', 1).p, hash.p),
                     OK);
    assert_false(lives(cookie));
    assert_null(auth_fixture_sign_in(&a, "person1", RIGHT_PASSWORD, HOME).p);
    fixture_refused(F, "auth.sign_in_failed");
    assert_non_null(auth_fixture_sign_in(&a, "PERSON1", password, HOME).p);
}

/* partial: ACC-02 sessions end by idleness and by their expiry */
static void idle_and_expired(void **state)
{
    (void)state;
    struct auth_session s;
    struct str idle = sign_in(1);
    struct str used = sign_in(2);
    assert_int_equal(auth_fixture_find(&a, idle, &s), OK);
    for (int i = 0; i < 3; i++) {
        env_sim_advance(&F->sim, 10 * TIME_MINUTE + TIME_SECOND);
        assert_true(lives(used));
    }
    assert_false(lives(idle));
    assert_string_equal(ended(&s), "idle");
    assert_false(lives(idle));

    assert_int_equal(auth_fixture_find(&a, used, &s), OK);
    for (int i = 0; i < 34; i++) { /* to 12 hours less a little */
        env_sim_advance(&F->sim, 20 * TIME_MINUTE);
        assert_true(lives(used));
    }
    env_sim_advance(&F->sim, 20 * TIME_MINUTE);
    assert_false(lives(used));
    assert_string_equal(ended(&s), "expired");
}

static void a_restart_begins_idleness_anew(void **state)
{
    (void)state;
    struct str cookie = sign_in(1);
    env_sim_advance(&F->sim, 29 * TIME_MINUTE);
    auth_fixture_restart(&a);
    env_sim_advance(&F->sim, 29 * TIME_MINUTE);
    assert_true(lives(cookie));
    env_sim_advance(&F->sim, 31 * TIME_MINUTE);
    assert_false(lives(cookie));
    cookie = sign_in(1);
    auth_fixture_restart(&a);
    env_sim_advance(&F->sim, 31 * TIME_MINUTE);
    assert_false(lives(cookie));
}

static void signing_out_ends_it(void **state)
{
    (void)state;
    struct auth_session s;
    struct err e = { 0 };
    struct str cookie = sign_in(1);
    assert_int_equal(auth_fixture_find(&a, cookie, &s), OK);
    auth_fixture_write(&a);
    enum outcome o = auth_sign_out(a.auth, &s, &e);
    auth_fixture_written(&a);
    assert_int_equal(o, OK);
    assert_false(lives(cookie));
    assert_string_equal(ended(&s), "signed_out");
}

static void only_the_program_opens_sessions(void **state)
{
    (void)state;
    struct fixture_person person;
    fixture_person(&person, 1, 1, 1, "session.open session.refuse");
    person.grants[0].site = (struct str){ 0 };
    (void)!fixture_send(F, &person, "session.open", NULL,
                        "{'account':'%s','token':'%064d','expires':'2030-01-01T00:00:00Z'}",
                        fixture_id('a', 2).p, 0);
    fixture_refused(F, "auth.program_only");
    (void)!fixture_send(F, &person, "session.refuse", NULL, "{'why':'password'}");
    fixture_refused(F, "auth.program_only");
}

/* partial: ACC-01 a changed role counts at once for who is signed in */
static void a_new_version_of_a_role_counts(void **state)
{
    (void)state;
    struct auth_session s;
    struct str cookie = sign_in(1);
    assert_int_equal(auth_fixture_find(&a, cookie, &s), OK);
    auth_fixture_load_role(&a, "nurse", 2, "unit.see, unit.receive");
    struct gate_happened happened = { 0, "define.loaded", { "definition/role.nurse" } };
    auth_committed(a.auth, &happened, 1);
    assert_int_equal(auth_fixture_find(&a, cookie, &s), OK);
    struct str o = fixture_id('o', 1);
    assert_true(actor_may(&s.actor, S("unit.receive"), o, fixture_id('s', 1)));
    assert_false(actor_may(&s.actor, S("custody.offer"), o, fixture_id('s', 1)));
}

static void routes_are_for_whom_they_say(void **state)
{
    (void)state;
    struct auth_session s;
    assert_int_equal(auth_fixture_find(&a, sign_in(1), &s), OK);
    static const struct {
        const char *access;
        const char *stranger; /* code, NULL: may */
        const char *nurse;
    } rows[] = {
        { "public", NULL, NULL },
        { "signed_in", "auth.sign_in", NULL },
        { "unit.see", "auth.sign_in", NULL },
        { "custody.offer", "auth.sign_in", NULL },
        { "account.give_role", "auth.sign_in", "auth.forbidden" },
        { "unit.se", "auth.sign_in", "auth.forbidden" },
        { "", "auth.sign_in", "auth.forbidden" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err e = { 0 };
        assert_int_equal(auth_allow(rows[i].access, NULL, &e), rows[i].stranger ? REFUSED : OK);
        if (rows[i].stranger)
            assert_string_equal(e.code, rows[i].stranger);
        assert_int_equal(auth_allow(rows[i].access, &s, &e), rows[i].nurse ? REFUSED : OK);
        if (rows[i].nurse)
            assert_string_equal(e.code, rows[i].nurse);
    }
}

static void a_form_belongs_to_one_session(void **state)
{
    (void)state;
    struct auth_session one;
    struct auth_session same_person;
    assert_int_equal(auth_fixture_find(&a, sign_in(1), &one), OK);
    assert_int_equal(auth_fixture_find(&a, sign_in(1), &same_person), OK);
    assert_true(auth_csrf_agrees(&one, one.csrf));
    assert_false(auth_csrf_agrees(&one, same_person.csrf));
    assert_false(auth_csrf_agrees(&one, (struct str){ 0 }));
    assert_false(auth_csrf_agrees(&one, S("")));
    assert_false(auth_csrf_agrees(&one, str_from(one.csrf, 1)));
}

static void names_for_pages(void **state)
{
    (void)state;
    struct db *db;
    struct err e = { 0 };
    assert_int_equal(store_reader_take(&db, F->node.store, &e), OK);
    assert_true(str_is(auth_account_name(db, fixture_id('a', 1), F->arena), "Person No. 1"));
    assert_true(str_is(auth_site_name(db, fixture_id('s', 2), F->arena), "Site 2"));
    assert_true(str_is(auth_organisation_name(db, fixture_id('o', 2), F->arena), "Organisation 2"));
    assert_true(str_is(auth_site_name(db, fixture_id('s', 9), F->arena), "00000009"));
    store_reader_give(F->node.store, db);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_session_is_the_person_at_their_site),
        T(one_chooses_among_several_sites),
        T(what_changes_the_account_ends_its_sessions),
        T(a_new_password_ends_sessions_and_replaces_the_old),
        T(idle_and_expired),
        T(a_restart_begins_idleness_anew),
        T(signing_out_ends_it),
        T(only_the_program_opens_sessions),
        T(a_new_version_of_a_role_counts),
        T(routes_are_for_whom_they_say),
        T(a_form_belongs_to_one_session),
        T(names_for_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
