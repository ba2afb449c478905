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
        cmocka_unit_test(a_login_that_is_taken_is_said),
        cmocka_unit_test(the_bar_leads_where_one_may_go),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
