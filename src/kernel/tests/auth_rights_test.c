/* Rights: whom they may be given, for what, until when; what is lent in an emergency; which duties
 * one person may not have together. */
#include "kernel/ledger.h"
#include "kernel/segregate.h"
#include "kernel/tests/auth_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct auth_fixture a;
#define F (&a.f)

static const struct define_kind *const kinds[] = { &role_kind, &segregation_kind };

static int set_up(void **state)
{
    (void)state;
    auth_fixture_open(&a);
    define_use(kinds, 2);
    for (int i = 1; i <= 4; i++)
        auth_fixture_account(&a, i);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    auth_fixture_close(&a);
    return 0;
}

static void must(enum outcome o)
{
    fixture_must(F, o, "it");
}

/* Rest: more members of the body, beginning with a comma. */
static enum outcome give(const struct fixture_person *who, int account, const char *role,
                         const char *rest)
{
    return fixture_send(F, who, "account.give_role", "needed",
                        "{'account':'%s','role':'%s','organisation':'%s','site':'%s'%s}",
                        fixture_id('a', account).p, role, fixture_id('o', 1).p,
                        fixture_id('s', 1).p, rest);
}

static enum outcome sanction(const struct fixture_person *who, int account)
{
    return fixture_send(F, who, "account.sanction", NULL,
                        "{'account':'%s','how':'passport','checked':'2026-01-01T00:00:00Z'}",
                        fixture_id('a', account).p);
}

/* Organisation-wide. */
static void chief(struct fixture_person *p, int number, const char *permissions)
{
    fixture_person(p, number, 1, 1, permissions);
    for (size_t i = 0; i < p->actor.ngrants; i++)
        p->grants[i].site = (struct str){ 0 };
}

static const char *in_minutes(int minutes)
{
    static char text[CLOCK_TEXT_LENGTH + 1];
    struct buf b = buf_over(text, sizeof text);
    clock_write(&b, F->sim.now_us + minutes * TIME_MINUTE);
    text[b.n] = '\0';
    return text;
}

/* The person as signed in at site 1 now. */
static void as_signed_in(struct fixture_person *out, struct str cookie)
{
    struct auth_session s;
    assert_int_equal(auth_fixture_find(&a, cookie, &s), OK);
    *out = (struct fixture_person){ .actor = s.actor };
}

static struct str sign_in(int number)
{
    char login[20];
    snprintf(login, sizeof login, "person%d", number);
    const struct str cookie = auth_fixture_sign_in(&a, login, RIGHT_PASSWORD, "192.0.2.1");
    assert_non_null(cookie.p);
    return cookie;
}

static bool may(const struct fixture_person *p, const char *permission)
{
    return actor_may(&p->actor, str_z(permission), fixture_id('o', 1), fixture_id('s', 1));
}

/* shows: ACC-01 nobody has a role before a person said that they saw who it is, by what and when */
static void a_role_comes_after_the_identity_was_proven(void **state)
{
    (void)state;
    struct fixture_person lead;
    chief(&lead, 1, "account.give_role account.sanction account.make account.reopen account.close");
    must(fixture_send(F, &lead, "account.make", NULL,
                      "{'organisation':'%s','login':'fresh','name':'N'}", fixture_id('o', 1).p));
    char id[40];
    snprintf(id, sizeof id, "%s", fixture_answer(F, "id"));
    static const char role[] = "{'account':'%s','role':'nurse','organisation':'%s'}";
    (void)!fixture_send(F, &lead, "account.give_role", "new", role, id, fixture_id('o', 1).p);
    fixture_refused(F, "auth.not_sanctioned");
    static const char proof[] = "{'account':'%s','how':'passport','checked':'%s'}";
    (void)!fixture_send(F, &a.program, "account.sanction", NULL, proof, id, in_minutes(0));
    fixture_refused(F, "auth.person_only");
    (void)!fixture_send(F, &lead, "account.sanction", NULL, proof, id, in_minutes(60));
    fixture_refused(F, "gate.happened_later");
    (void)!sanction(&lead, 1);
    fixture_refused(F, "auth.own_rights");
    must(fixture_send(F, &lead, "account.sanction", NULL, proof, id, in_minutes(-5)));
    (void)!fixture_send(F, &lead, "account.sanction", NULL, proof, id, in_minutes(-5));
    fixture_refused(F, "auth.sanctioned_before");
    (void)!fixture_send(F, &lead, "account.give_role", NULL, role, id, fixture_id('o', 1).p);
    fixture_refused(F, "gate.reason_needed");
    must(fixture_send(F, &lead, "account.give_role", "new", role, id, fixture_id('o', 1).p));

    /* Deactivated, not deleted; back with a reason, and without the roles of before. */
    (void)!fixture_send(F, &lead, "account.reopen", "back", "{'account':'%s'}", id);
    fixture_refused(F, "auth.account_open");
    must(fixture_send(F, &lead, "account.close", "left", "{'account':'%s'}", id));
    (void)!fixture_send(F, &lead, "account.reopen", NULL, "{'account':'%s'}", id);
    fixture_refused(F, "gate.reason_needed");
    must(fixture_send(F, &lead, "account.reopen", "back", "{'account':'%s'}", id));
    const struct auth_roles_in held = { str_z(id) };
    assert_int_equal(fixture_list(F, &sql_auth_roles, &held).n, 0);
    must(fixture_send(F, &lead, "account.give_role", "new", role, id, fixture_id('o', 1).p));
    fixture_rebuilds(F);
}

/* shows: ACC-01 a right ends at its time: in the session at once, and in the gate as well for what
 * was sent while it held */
static void a_right_ends_by_itself(void **state)
{
    (void)state;
    struct fixture_person nurse;
    char rest[120];
    auth_fixture_load_role(&a, "keeper", 1, "account.make, site.make");
    (void)!give(&a.program, 2, "keeper", ",'until':'2026-01-01T00:00:00Z'");
    fixture_refused(F, "auth.validity");
    const int64_t until = F->sim.now_us + 10 * TIME_MINUTE;
    snprintf(rest, sizeof rest, ",'until':'%s'", in_minutes(10));
    must(give(&a.program, 2, "keeper", rest));
    const struct str cookie = sign_in(2);
    as_signed_in(&nurse, cookie);
    assert_true(may(&nurse, "account.make"));
    env_sim_advance(&F->sim, until - TIME_SECOND - F->sim.now_us);
    struct fixture_person last = nurse;
    as_signed_in(&last, cookie);
    assert_true(may(&last, "account.make"));
    env_sim_advance(&F->sim, until - F->sim.now_us);
    as_signed_in(&nurse, cookie);
    assert_false(may(&nurse, "account.make"));
    for (size_t i = 0; i < last.actor.ngrants;
         i++) /* the gate does not trust what was read before */
        ((struct grant *)last.actor.grants)[i].site = (struct str){ 0 };
    (void)!fixture_send(F, &last, "account.make", NULL,
                        "{'organisation':'%s','login':'late','name':'N'}", fixture_id('o', 1).p);
    fixture_refused(F, "gate.unknown");

    snprintf(rest, sizeof rest, ",'from':'%s'", in_minutes(5));
    must(give(&a.program, 3, "keeper", rest));
    const struct auth_works_at_in at = { fixture_id('a', 3), fixture_id('s', 1), F->sim.now_us };
    assert_int_equal(fixture_list(F, &sql_auth_works_at, &at).n,
                     0);                     /* not there before it begins */
    must(give(&a.program, 3, "keeper", "")); /* at once after all */
    assert_int_equal(F->answer.nevents, 1);
    must(give(&a.program, 3, "keeper", "")); /* the same again is nothing */
    assert_int_equal(F->answer.nevents, 0);
    assert_int_equal(fixture_list(F, &sql_auth_works_at, &at).n, 1);
    fixture_rebuilds(F);
}

/* partial: ACC-01 a right for one product is none for another, nor for what belongs to none; who
 * has it for one gives no more than that */
static void a_right_for_a_product_covers_that_alone(void **state)
{
    (void)state;
    struct fixture_person lead;
    fixture_person(&lead, 1, 1, 1, "account.give_role");
    lead.grants[0].product = S("corvicel");
    assert_false(may(&lead, "account.give_role"));
    const struct actor *here = actor_for(&lead.actor, S("corvicel"), TIME_NONE, F->arena);
    assert_true(actor_may(here, S("account.give_role"), fixture_id('o', 1), fixture_id('s', 1)));
    here = actor_for(&lead.actor, S("lunacel"), TIME_NONE, F->arena);
    assert_int_equal(here->ngrants, 0);
    struct fixture_person chief_person;
    chief(&chief_person, 4, "account.sanction");
    must(sanction(&chief_person, 2));
    (void)!give(&lead, 2, "nurse", "");
    fixture_refused(F, "gate.unknown");
    (void)!give(&lead, 2, "nurse", ",'product':'lunacel'");
    fixture_refused(F, "gate.unknown");
    must(give(&lead, 2, "nurse", ",'product':'corvicel'"));
    must(give(&a.program, 2, "nurse", "")); /* beside it, for all */
    const struct auth_roles_in held = { fixture_id('a', 2) };
    assert_int_equal(fixture_list(F, &sql_auth_roles, &held).n, 2);
    (void)!fixture_send(F, &a.program, "account.take_role", "done",
                        "{'account':'%s','role':'nurse','organisation':'%s','site':'%s',"
                        "'product':'lunacel'}",
                        fixture_id('a', 2).p, fixture_id('o', 1).p, fixture_id('s', 1).p);
    fixture_refused(F, "auth.role_not_held");
    fixture_rebuilds(F);
}

/* --- segregation --- */

static void define(const char *yaml)
{
    fixture_define(F, &a.program, yaml);
}

/* shows: ACC-01 roles that exclude one another are not one person's, whichever comes first, at
 * whatever site, for an hour or for good */
static void roles_that_exclude_one_another(void **state)
{
    (void)state;
    auth_fixture_load_role(&a, "maker", 1, "unit.make");
    auth_fixture_load_role(&a, "releaser", 1, "unit.see");
    define("kind: segregation\nname: gmp\nversion: 1\ntitle: T\neffective: 2026-01-01T00:00:00Z\n"
           "rules:\n  - name: release\n    text: who makes does not release\n"
           "    of: [role.maker]\n    not: [role.releaser]\n    held: true\n");
    must(give(&a.program, 2, "maker", ""));
    (void)!give(&a.program, 2, "releaser", "");
    fixture_refused(F, "segregation.roles");
    char rest[120];
    snprintf(rest, sizeof rest, ",'until':'%s'", in_minutes(1));
    (void)!give(&a.program, 2, "releaser", rest);
    fixture_refused(F, "segregation.roles");
    (void)!fixture_send(F, &a.program, "account.give_role", "elsewhere",
                        "{'account':'%s','role':'releaser','organisation':'%s','site':'%s'}",
                        fixture_id('a', 2).p, fixture_id('o', 1).p, fixture_id('s', 2).p);
    fixture_refused(F, "segregation.roles");
    must(give(&a.program, 3, "releaser", ""));
    (void)!give(&a.program, 3, "maker", "");
    fixture_refused(F, "segregation.roles");
}

/* --- emergencies --- */

static enum outcome take(const struct fixture_person *who, const char *role, int site, int minutes)
{
    return fixture_send(F, who, "emergency.take", "nobody else is here",
                        "{'role':'%s','site':'%s','minutes':%d}", role, fixture_id('s', site).p,
                        minutes);
}

/* As the node tells auth after each commit. */
static void told(void)
{
    const struct gate_happened happened = { .type = "emergency.taken" };
    auth_committed(a.auth, &happened, 1);
}

static const char *last_link(void)
{
    static char text[60];
    struct err e = { 0 };
    struct db *db;
    struct ledger_row *rows;
    struct event event;
    size_t n;
    assert_int_equal(store_reader_take(&db, F->node.store, &e), OK);
    assert_int_equal(ledger_read(db, F->answer.sequence, 1, &rows, &n, F->arena, &e), OK);
    store_reader_give(F->node.store, db);
    assert_int_equal(n, 1);
    assert_int_equal(event_read(&event, F->arena, rows[0].leaf, &e), OK);
    snprintf(text, sizeof text, "%.*s", event.links.n > 0 ? (int)event.links.p[0].id.n : 0,
             event.links.n > 0 ? event.links.p[0].id.p : "");
    return text;
}

static void lending_role(void)
{
    define("kind: role\nname: keeper\nversion: 1\ntitle: T\neffective: 2026-01-01T00:00:00Z\n"
           "permissions: [site.make, account.make, account.give_role]\n"
           "emergency: [site.make, account.make, account.give_role]\nemergency_minutes: 90\n");
    define("kind: role\nname: staff\nversion: 1\ntitle: T\neffective: 2026-01-01T00:00:00Z\n"
           "permissions: [emergency.take, emergency.end]\n");
}

/* shows: ACC-01 emergency access: for a reason and some hours, what a role lends and no more, said
 * in every event, never a right to judge, ended by itself, open until another has reviewed it */
static void an_emergency_is_lent_marked_and_reviewed(void **state)
{
    (void)state;
    struct fixture_person nurse;
    struct fixture_person quality;
    char id[40];
    lending_role();
    must(give(&a.program, 2, "staff", ""));
    fixture_person(&quality, 3, 1, 1, "emergency.review emergency.end");
    const struct str cookie = sign_in(2);
    as_signed_in(&nurse, cookie);
    assert_false(may(&nurse, "account.make"));

    (void)!take(&nurse, "nurse", 1, 30);
    fixture_refused(F, "emergency.not_lent");
    (void)!take(&nurse, "keeper", 1, 91);
    fixture_refused(F, "emergency.minutes");
    (void)!take(&nurse, "keeper", 3, 30); /* of another organisation */
    fixture_refused(F, "gate.unknown");
    must(take(&nurse, "keeper", 1, 90));
    snprintf(id, sizeof id, "%s", fixture_answer(F, "emergency"));
    (void)!take(&nurse, "keeper", 2, 5);
    fixture_refused(F, "emergency.standing");

    told();
    as_signed_in(&nurse, cookie); /* the session goes on: nobody signs in anew in an emergency */
    assert_true(may(&nurse, "account.make"));
    (void)!give(&nurse, 4, "nurse", "");
    fixture_refused(F, "gate.forbidden"); /* lent by the definition, kept back by the gate */
    for (size_t i = 0; i < nurse.actor.ngrants; i++)
        ((struct grant *)nurse.actor.grants)[i].site = (struct str){ 0 };
    (void)!fixture_send(F, &nurse, "account.make", NULL,
                        "{'organisation':'%s','login':'urgent','name':'N'}", fixture_id('o', 1).p);
    fixture_refused(F, "gate.forbidden"); /* nor a way in */
    must(fixture_send(F, &nurse, "site.make", NULL,
                      "{'organisation':'%s','name':'Tent','kind':'ward','zone':'UTC'}",
                      fixture_id('o', 1).p));
    assert_string_equal(last_link(), id);

    static const char review[] = "{'emergency':'%s','verdict':'%s'}";
    (void)!fixture_send(F, &quality, "emergency.review", "seen", review, id, "justified");
    fixture_refused(F, "emergency.not_over");
    for (int i = 0; i < 5; i++) { /* meanwhile they work */
        env_sim_advance(&F->sim, 18 * TIME_MINUTE);
        as_signed_in(&nurse, cookie);
    }
    assert_false(may(&nurse, "account.make"));
    fixture_settle(F);
    const struct auth_emergency_in in = { str_z(id) };
    const struct auth_emergency_out *row = fixture_list(F, &sql_auth_emergency, &in).p;
    assert_int_equal(str_cmp(row->how, S("time")), 0);

    struct fixture_person self;
    fixture_person(&self, 2, 1, 1, "emergency.review");
    (void)!fixture_send(F, &self, "emergency.review", "fine", review, id, "justified");
    fixture_refused(F, "emergency.own");
    (void)!fixture_send(F, &quality, "emergency.review", NULL, review, id, "justified");
    fixture_refused(F, "gate.reason_needed");
    (void)!fixture_send(F, &quality, "emergency.review", "seen", review, id, "fine");
    fixture_refused(F, "emergency.unknown_verdict");
    must(fixture_send(F, &quality, "emergency.review", "seen", review, id, "justified"));
    (void)!fixture_send(F, &quality, "emergency.review", "seen", review, id, "justified");
    fixture_refused(F, "emergency.reviewed");
    fixture_rebuilds(F);
}

static void an_emergency_is_given_back_or_withdrawn(void **state)
{
    (void)state;
    struct fixture_person nurse;
    struct fixture_person quality;
    char id[40];
    lending_role();
    must(give(&a.program, 2, "staff", ""));
    struct fixture_person colleague;
    fixture_person(&colleague, 4, 1, 1, "emergency.end");
    fixture_person(&quality, 3, 1, 1, "emergency.end emergency.see");
    fixture_person(&nurse, 2, 1, 1, "emergency.take emergency.end");
    static const char body[] = "{'emergency':'%s'}";
    must(take(&nurse, "keeper", 1, 30));
    snprintf(id, sizeof id, "%s", fixture_answer(F, "emergency"));
    must(fixture_send(F, &nurse, "emergency.end", NULL, body, id));
    (void)!fixture_send(F, &nurse, "emergency.end", NULL, body, id);
    fixture_refused(F, "emergency.ended");
    must(take(&nurse, "keeper", 1, 30));
    snprintf(id, sizeof id, "%s", fixture_answer(F, "emergency"));
    (void)!fixture_send(F, &colleague, "emergency.end", NULL, body, id);
    fixture_refused(F, "gate.forbidden"); /* not theirs to take away */
    must(fixture_send(F, &quality, "emergency.end", NULL, body, id));
    const struct auth_emergency_in in = { str_z(id) };
    const struct auth_emergency_out *row = fixture_list(F, &sql_auth_emergency, &in).p;
    assert_int_equal(str_cmp(row->how, S("withdrawn")), 0);
    fixture_settle(F); /* its timer is gone */
    fixture_rebuilds(F);
}

/* shows: ACC-01 the access matrix goes on behind a person, and loses none */
static void the_matrix_in_parts(void **state)
{
    (void)state;
    lending_role();
    must(give(&a.program, 2, "staff", ""));
    must(give(&a.program, 2, "keeper", ""));
    struct auth_access_in in = { .most = 100, .organisation = fixture_id('o', 1) };
    const struct record_list all = fixture_list(F, &sql_auth_access, &in);
    const struct auth_access_out *row = all.p;
    assert_true(all.n >= 4);
    for (size_t i = 0; i + 1 < all.n; i++) {
        if (str_eq(row[i].account, row[i + 1].account))
            continue;
        in.after = row[i].account;
        const struct record_list rest = fixture_list(F, &sql_auth_access, &in);
        assert_int_equal(rest.n, all.n - i - 1);
        assert_true(str_eq(((const struct auth_access_out *)rest.p)->account, row[i + 1].account));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_role_comes_after_the_identity_was_proven, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_right_ends_by_itself, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_right_for_a_product_covers_that_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(roles_that_exclude_one_another, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_emergency_is_lent_marked_and_reviewed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_matrix_in_parts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_emergency_is_given_back_or_withdrawn, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
