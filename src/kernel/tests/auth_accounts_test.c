/* Accounts by their pages, for who administers them: one is made, somebody answers for who it is,
 * roles are given and taken, it is closed and comes back without roles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/id.h"
#include "kernel/tests/served.h"

#define PAGE "text/html"

static struct served s;

static int set_up(void **state)
{
    (void)state;
    served_open_everywhere(&s, NULL, 0,
                           "account.see, account.make, account.sanction, account.give_role, "
                           "account.take_role, account.close, account.reopen");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    served_close(&s);
    return 0;
}

static void assert_says(const char *text)
{
    if (!strstr(served_answer(), text))
        fail_msg("no \"%s\" in:\n%s", text, served_answer());
}

static void assert_silent(const char *text)
{
    if (strstr(served_answer(), text))
        fail_msg("\"%s\" in:\n%s", text, served_answer());
}

/* The page that the answer leads to, opened; its path without "/access". */
static const char *follow(void)
{
    static char path[120];
    const char *at = strstr(served_answer(), "Location: /accounts/");
    assert_non_null(at);
    snprintf(path, sizeof path, "%.*s", (int)strcspn(at + 10, "\r"), at + 10);
    assert_int_equal(served_get(&s, path, PAGE), 200);
    return path;
}

/* Sends the command from the account's page, and opens that again. */
static void act(const char *account, const char *command, const char *fields, int status)
{
    char path[80], form[400];
    snprintf(path, sizeof path, "/commands/%s", command);
    snprintf(form, sizeof form, "account=%s&_reason=trial&_next=/accounts&%s", account, fields);
    assert_int_equal(served_post(&s, path, form), status);
    snprintf(path, sizeof path, "/accounts/%s/access", account);
    assert_int_equal(served_get(&s, path, PAGE), 200);
}

/* partial: ACC-01 — an account begins without role and password; no role before somebody has seen
 * who it is */
static void an_account_lives_by_its_pages(void **state)
{
    char form[300], account[ID_LENGTH + 1], of_nurse[80];
    (void)state;
    snprintf(of_nurse, sizeof of_nurse, "role=nurse&organisation=%s", fixture_id('o', 1).p);
    assert_int_equal(served_get(&s, "/accounts", PAGE), 200);
    assert_says("person1");
    snprintf(form, sizeof form, "organisation=%s&name=Nora+Quill&login=nora&kind=person",
             fixture_id('o', 1).p);
    assert_int_equal(served_post(&s, "/accounts", form), 303);
    snprintf(account, sizeof account, "%.36s", follow() + strlen("/accounts/"));
    assert_says("Nora Quill");
    assert_says("No role");
    assert_says("/commands/account.sanction");
    assert_silent("/commands/account.give_role");
    act(account, "account.give_role", of_nurse, 422);
    act(account, "account.sanction", "how=passport&checked=2026-01-01T00:00:00Z", 303);
    assert_silent("/commands/account.sanction");
    assert_says("/commands/account.give_role");
    act(account, "account.give_role", of_nurse, 303);
    assert_says("/commands/account.take_role");
    act(account, "account.take_role", of_nurse, 303);
    assert_says("No role");
    act(account, "account.give_role", of_nurse, 303);
    act(account, "account.close", "", 303);
    assert_says("/commands/account.reopen");
    assert_silent("/commands/account.give_role");
    act(account, "account.reopen", "", 303);
    assert_says("No role");
}

/* partial: ACC-01 — nobody closes the account that they act by */
static void nobody_closes_their_own_account(void **state)
{
    char form[200];
    (void)state;
    snprintf(form, sizeof form, "account=%s&_reason=trial&_next=/accounts", fixture_id('a', 1).p);
    assert_int_equal(served_post(&s, "/commands/account.close", form), 422);
    assert_says("nobody changes their own rights");
    assert_int_equal(served_get(&s, "/accounts", PAGE), 200);
}

/* partial: ACC-01 — a role here of who belongs elsewhere is seen and taken; of the account itself
 * no more is seen, and nothing once the role is gone */
static void a_role_of_a_stranger_is_taken(void **state)
{
    char path[80], form[300];
    (void)state;
    auth_fixture_written(&s.a); /* the program itself goes beside the server's writer */
    assert_int_equal(fixture_send(&s.a.f, &s.a.program, "account.make", NULL,
                                  "{'account':'%s','organisation':'%s','login':'guest',"
                                  "'name':'Gerda Guest'}",
                                  fixture_id('a', 7).p, fixture_id('o', 2).p),
                     OK);
    auth_fixture_write(&s.a);
    snprintf(path, sizeof path, "/accounts/%s/access", fixture_id('a', 7).p);
    assert_int_equal(served_get(&s, path, PAGE), 404);
    auth_fixture_written(&s.a);
    auth_fixture_role(&s.a, 7, "nurse", 1, 0);
    auth_fixture_write(&s.a);
    assert_int_equal(served_get(&s, "/accounts", PAGE), 200);
    assert_silent(path);
    assert_int_equal(served_get(&s, "/accounts?of=guests", PAGE), 200);
    assert_says(path);
    assert_int_equal(served_get(&s, path, PAGE), 200);
    assert_says("an account of Organisation 2");
    assert_says("/commands/account.take_role");
    assert_silent("/commands/account.give_role");
    assert_silent("/commands/account.close");
    assert_silent("id=\"sessions\"");
    snprintf(form, sizeof form,
             "account=%s&role=nurse&organisation=%s&_reason=trial&_next=/accounts",
             fixture_id('a', 7).p, fixture_id('o', 1).p);
    assert_int_equal(served_post(&s, "/commands/account.take_role", form), 303);
    assert_int_equal(served_get(&s, path, PAGE), 404);
}

/* What was entered comes back with the reason. */
static void a_login_that_is_taken_is_said(void **state)
{
    char form[300];
    (void)state;
    snprintf(form, sizeof form, "organisation=%s&name=Otto+Second&login=person1&kind=person",
             fixture_id('o', 1).p);
    assert_int_equal(served_post(&s, "/accounts", form), 422);
    assert_says("value=\"Otto Second\"");
    assert_says("value=\"person1\"");
}

/* The pages of a list name each of the crowd once, in its order; *pages of them. */
static size_t named(const char *path, int *pages, bool back)
{
    char next[200], last[40] = "";
    size_t found = 0;
    snprintf(next, sizeof next, "%s", path);
    for (*pages = 0; next[0]; (*pages)++) {
        assert_int_equal(served_get(&s, next, PAGE), 200);
        for (const char *at = served_answer(); (at = strstr(at, "<bdi>Crowd ")); found++) {
            char name[40];
            at += strlen("<bdi>");
            snprintf(name, sizeof name, "%.9s", at);
            assert_true(!last[0] || (back ? strcmp(name, last) < 0 : strcmp(name, last) > 0));
            snprintf(last, sizeof last, "%s", name);
        }
        const char *more = strstr(served_answer(), "&amp;before=");
        const char *from = more;
        while (from && from[-1] != '"')
            from--;
        snprintf(next, sizeof next, "%.*s&%.*s", from ? (int)(more - from) : 0, from ? from : "",
                 more ? (int)strcspn(more + 5, "\"") : 0, more ? more + 5 : "");
        if (!more)
            next[0] = 0;
    }
    return found;
}

/* More people than a page holds: it says so, and the pages together name each of them once. */
static void the_list_goes_on(void **state)
{
    enum { MORE = 95 };
    static const char *const orders[] = { "/accounts", "/accounts?sort=-person",
                                          "/accounts?sort=login", "/accounts?sort=-login",
                                          "/accounts?sort=roles" };
    char form[200];
    int pages;
    (void)state;
    for (int i = 0; i < MORE; i++) {
        snprintf(form, sizeof form, "organisation=%s&name=Crowd+%03d&login=crowd%03d&kind=person",
                 fixture_id('o', 1).p, i, i);
        assert_int_equal(served_post(&s, "/accounts", form), 303);
    }
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        assert_int_equal(named(orders[i], &pages, strchr(orders[i], '-') != NULL), MORE);
        assert_int_equal(pages, 3);
    }
    assert_int_equal(named("/accounts?of=guests", &pages, false), 0);
    assert_int_equal(served_get(&s, "/accounts?before=nobody", PAGE), 400);
}

/* The bar leads nowhere that the person may not go, and who has no orders does not begin there. */
static void the_bar_leads_where_one_may_go(void **state)
{
    (void)state;
    assert_int_equal(served_get(&s, "/accounts", PAGE), 200);
    assert_says("<a href=\"/accounts\" aria-current");
    assert_silent("href=\"/definitions\"");
    assert_silent("href=\"/work\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_account_lives_by_its_pages),
        cmocka_unit_test(nobody_closes_their_own_account),
        cmocka_unit_test(a_role_of_a_stranger_is_taken),
        cmocka_unit_test(a_login_that_is_taken_is_said),
        cmocka_unit_test(the_list_goes_on),
        cmocka_unit_test(the_bar_leads_where_one_may_go),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
