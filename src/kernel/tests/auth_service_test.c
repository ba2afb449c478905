/* What a service account has and gets, by the gate alone: nothing to sign in with, certificates;
 * and whom a provider names, which is a person's. */
#include "kernel/tests/auth_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "kernel/auth_impl.h"

enum { ROBOT = 7 };

static struct auth_fixture a;
static struct fixture_person keeper;

static void must(enum outcome o)
{
    if (o != OK)
        fail_msg("%s: %s", a.f.error.code, a.f.error.detail);
}

static int set_up(void **state)
{
    (void)state;
    auth_fixture_open(&a);
    auth_fixture_load_role(&a, "robot", 1, "unit.see");
    auth_fixture_account(&a, 1);
    must(fixture_send(&a.f, &a.program, "account.make", NULL,
                      "{'account':'%s','organisation':'%s','login':'robot','name':'Fridge 3',"
                      "'kind':'service'}",
                      fixture_id('a', ROBOT).p, fixture_id('o', 1).p));
    auth_fixture_role(&a, ROBOT, "robot", 1, 0);
    fixture_person(&keeper, 90, 1, 1,
                   "key.issue key.revoke certificate.enrol certificate.revoke account.issue_setup");
    for (size_t i = 0; i < keeper.actor.ngrants; i++)
        keeper.grants[i].site = (struct str){ 0 };
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    auth_fixture_close(&a);
    return 0;
}

/* A service account has nothing that signs in, and gets nothing. */
static void a_system_does_not_sign_in(void **state)
{
    (void)state;
    const struct str robot = fixture_id('a', ROBOT);
    assert_false(auth_fixture_sign_in(&a, "robot", RIGHT_PASSWORD, "192.0.2.1").p);
    (void)!fixture_send(&a.f, &keeper, "account.issue_setup", "x",
                        "{'account':'%s','digest':'%064d','expires':'2026-10-27T00:00:00Z'}",
                        robot.p, 7);
    fixture_refused(&a.f, "auth.service_by_key");
    (void)!fixture_send(&a.f, &a.program, "session.open", NULL,
                        "{'account':'%s','token':'%064d','expires':'2026-12-02T00:00:00Z'}",
                        robot.p, 7);
    fixture_refused(&a.f, "auth.service_by_key");
    (void)!fixture_send(&a.f, &a.program, "credential.enrol", NULL,
                        "{'account':'%s','kind':'badge','digest':'%064d'}", robot.p, 7);
    fixture_refused(&a.f, "auth.service_by_key");
    (void)!fixture_send(&a.f, &a.program, "account.make", NULL,
                        "{'organisation':'%s','login':'x','name':'X','kind':'machine'}",
                        fixture_id('o', 1).p);
    fixture_refused(&a.f, "auth.kind_unknown");
    (void)!fixture_send(&a.f, &keeper, "key.issue", "x",
                        "{'account':'%s','name':'X','digest':'%064d','scopes':['account.see'],"
                        "'expires':'2027-02-02T00:00:00Z'}",
                        fixture_id('a', 1).p, 7);
    fixture_refused(&a.f, "auth.key_of_person");
}

/* A certificate is one account's, and is revoked as a key is. */
static void certificates_are_enrolled_and_revoked(void **state)
{
    (void)state;
#define CERTIFICATE                                                                                \
    "{'account':'%s','name':'Fridge','fingerprint':'%064d','scopes':['unit.see'],"                 \
    "'expires':'2027-02-02T00:00:00Z'}"
    must(fixture_send(&a.f, &keeper, "certificate.enrol", "new", CERTIFICATE,
                      fixture_id('a', ROBOT).p, 7));
    char id[60];
    snprintf(id, sizeof id, "%s", fixture_answer(&a.f, "id"));
    (void)!fixture_send(&a.f, &keeper, "certificate.enrol", "again", CERTIFICATE,
                        fixture_id('a', ROBOT).p, 7);
    fixture_refused(&a.f, "auth.credential_taken");
    (void)!fixture_send(&a.f, &keeper, "key.revoke", "x", "{'key':'%s'}", id);
    fixture_refused(&a.f, "gate.unknown");
    must(fixture_send(&a.f, &keeper, "certificate.revoke", "lost", "{'certificate':'%s'}", id));
    must(fixture_send(&a.f, &keeper, "certificate.enrol", "again", CERTIFICATE,
                      fixture_id('a', ROBOT).p, 7));
    fixture_rebuilds(&a.f);
}

static void first_of(struct event *out, struct str stream)
{
    struct err e = { 0 };
    struct db *db;
    struct ledger_row *rows;
    size_t n;
    assert_int_equal(store_reader_take(&db, a.f.node.store, &e), OK);
    assert_int_equal(ledger_read_stream(db, stream, 1, 1, &rows, &n, a.f.arena, &e), OK);
    assert_int_equal(n, 1);
    assert_int_equal(event_read(out, a.f.arena, rows[0].leaf, &e), OK);
    store_reader_give(a.f.node.store, db);
}

/* What is sent for somebody says by what and in which emergency, and is looked at again as a
 * command of theirs is. */
static void what_is_sent_for_somebody_is_theirs(void **state)
{
    (void)state;
    struct fixture_person robot;
    struct err e = { 0 };
    struct event event;
    must(fixture_send(&a.f, &keeper, "certificate.enrol", "new", CERTIFICATE,
                      fixture_id('a', ROBOT).p, 7));
    fixture_person(&robot, ROBOT, 1, 1, "site.make");
    robot.actor.key = arena_str(a.f.arena, str_z(fixture_answer(&a.f, "id")));
    robot.actor.device = S("certificate/of-a-fridge");
    robot.actor.emergency = fixture_id('e', 1);
    robot.actor.system = true; /* which may give ids */
    struct auth_make_site site = { fixture_id('s', 7), fixture_id('o', 1), S("Shelf"), S("depot"),
                                   S("UTC") };
    const struct stream stream = stream_of("site", site.site);
    auth_fixture_write(&a);
    assert_int_equal(auth_send(a.auth, &robot.actor, &auth_make_site_command, &site, true, &e), OK);
    auth_fixture_written(&a);
    first_of(&event, stream_str(&stream));
    assert_true(str_eq(event.device, robot.actor.device));
    assert_int_equal(event.links.n, 1);
    assert_true(str_eq(event.links.p[0].id, robot.actor.emergency));
    must(fixture_send(&a.f, &keeper, "certificate.revoke", "lost", "{'certificate':'%.*s'}",
                      STR(robot.actor.key)));
    site.site = fixture_id('s', 8);
    auth_fixture_write(&a);
    assert_int_equal(auth_send(a.auth, &robot.actor, &auth_make_site_command, &site, true, &e),
                     REFUSED);
    assert_string_equal(e.code, "auth.key_over");
    auth_fixture_written(&a);
}

/* Whom a provider names is one account's, and no system's. */
static void identities_are_linked_once(void **state)
{
    (void)state;
#define IDENTITY "{'account':'%s','digest':'%064d','name':'maria'}"
    struct fixture_person admin;
    auth_fixture_account(&a, 2);
    fixture_person(&admin, 92, 1, 1, "identity.link");
    admin.grants[0].site = (struct str){ 0 };
    (void)!fixture_send(&a.f, &admin, "identity.link", NULL, IDENTITY, fixture_id('a', 1).p, 7);
    fixture_refused(&a.f, "gate.reason_needed");
    must(
        fixture_send(&a.f, &admin, "identity.link", "new here", IDENTITY, fixture_id('a', 1).p, 7));
    (void)!fixture_send(&a.f, &admin, "identity.link", "x", IDENTITY, fixture_id('a', 2).p, 7);
    fixture_refused(&a.f, "auth.credential_taken");
    (void)!fixture_send(&a.f, &admin, "identity.link", "x", IDENTITY, fixture_id('a', ROBOT).p, 8);
    fixture_refused(&a.f, "auth.service_by_key");
    (void)!fixture_send(&a.f, &keeper, "identity.link", "x", IDENTITY, fixture_id('a', 2).p, 9);
    fixture_refused(&a.f, "gate.forbidden");
    assert_int_equal(fixture_files_holding(&a.f, "maria"), 0);
    fixture_rebuilds(&a.f);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_system_does_not_sign_in),
        T(certificates_are_enrolled_and_revoked),
        T(what_is_sent_for_somebody_is_theirs),
        T(identities_are_linked_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
