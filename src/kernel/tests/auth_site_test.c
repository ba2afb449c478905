/* How a site is reached and where it lies: who says so, what is refused, and how it is shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/tests/served.h"

#define PAGE "text/html"
#define ALL                                                                                        \
    "'phone':'+44 1632 960-150','phone_later':'+44 (1632) 960151','address':'1 Sample "            \
    "Road\\nTown',"                                                                                \
    "'latitude':'53.2460','longitude':'-1.421'"

static struct auth_fixture a;
static struct served s;
static struct fixture_person keeper;
#define F (&a.f)

static int open_alone(void **state)
{
    (void)state;
    auth_fixture_open(&a);
    fixture_person(&keeper, 60, 1, 1, "site.describe");
    return 0;
}

static int close_alone(void **state)
{
    (void)state;
    auth_fixture_close(&a);
    return 0;
}

static int open_served(void **state)
{
    (void)state;
    served_open(&s, NULL, 0, "site.describe");
    return 0;
}

static int open_everywhere(void **state)
{
    (void)state;
    served_open_everywhere(&s, NULL, 0, "site.describe, site.make");
    return 0;
}

static int close_served(void **state)
{
    (void)state;
    served_close(&s);
    return 0;
}

static enum outcome describe(int site, const char *what)
{
    return fixture_send(F, &keeper, "site.describe", "moved in", "{'site':'%s'%s%s}",
                        fixture_id('s', site).p, what[0] ? "," : "", what);
}

static struct auth_site_out row_of(int site)
{
    const struct auth_site_in in = { fixture_id('s', site) };
    const struct record_list list = fixture_list(F, &sql_auth_site, &in);
    assert_int_equal(list.n, 1);
    return *(const struct auth_site_out *)list.p;
}

static void what_is_said_stands_until_it_is_said_otherwise(void **state)
{
    (void)state;
    assert_int_equal(describe(1, ALL), OK);
    assert_int_equal(F->answer.nevents, 1);
    struct auth_site_out row = row_of(1);
    assert_true(str_is(row.phone, "+44 1632 960-150"));
    assert_true(str_is(row.address, "1 Sample Road\nTown"));
    assert_int_equal(row.latitude.coefficient, 532460); /* as it was entered */
    assert_int_equal(row.latitude.scale, 4);
    assert_int_equal(describe(1, ALL), OK); /* said again, it is no news */
    assert_int_equal(F->answer.nevents, 0);
    assert_int_equal(describe(1, "'phone':'+4416329601'"), OK);
    row = row_of(1);
    assert_true(str_is(row.phone, "+4416329601"));
    assert_null(row.phone_later.p); /* the whole is said each time */
    assert_false(decimal_present(row.latitude));
    fixture_rebuilds(F);
}

static void not_what_nobody_can_call(void **state)
{
    static const char *const wrong[] = {
        "01632 960150",      "+44",
        "+0163296015",       "+44 1632 960150 ext 3",
        "+1234567890123456", "+44 1632 96o150",
        "++441632960150",
    };
    char what[80];
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        snprintf(what, sizeof what, "'%s':'%s'", i % 2 ? "phone" : "phone_later", wrong[i]);
        (void)!describe(1, what);
        fixture_refused(F, "auth.phone_malformed");
    }
    assert_true(str_is(auth_phone_digits(S("+49 (345) 555-0100"), F->arena), "493455550100"));
    assert_true(str_is(auth_phone_digits(S("+123456789012345"), F->arena), "123456789012345"));
    assert_null(auth_phone_digits((struct str){ 0 }, F->arena).p);
}

static void not_what_lies_nowhere(void **state)
{
    static const char *const wrong[] = {
        "'latitude':'90.0001','longitude':'0'",
        "'latitude':'-91','longitude':'0'",
        "'latitude':'0','longitude':'180.00001'",
        "'latitude':'0','longitude':'-181'",
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        (void)!describe(1, wrong[i]);
        fixture_refused(F, "auth.off_the_globe");
    }
    (void)!describe(1, "'latitude':'1'");
    fixture_refused(F, "auth.half_a_place");
    (void)!describe(1, "'longitude':'1'");
    fixture_refused(F, "auth.half_a_place");
    (void)!describe(1, "'latitude':'52,5','longitude':'1'");
    fixture_refused(F, "quantity.not_a_number");
    assert_int_equal(describe(1, "'latitude':'-90.000','longitude':'180'"), OK);
    assert_int_equal(describe(1, "'latitude':'90','longitude':'-180.0'"), OK);
}

/* A site of others is like none, to who keeps those of an organisation of their own. */
static void by_who_keeps_it_and_says_why(void **state)
{
    struct fixture_person nurse;
    (void)state;
    (void)!fixture_send(F, &keeper, "site.describe", NULL, "{'site':'%s'}", fixture_id('s', 1).p);
    fixture_refused(F, "gate.reason_needed");
    (void)!describe(3, ALL);
    fixture_refused(F, "gate.unknown");
    (void)!describe(77, ALL);
    fixture_refused(F, "gate.unknown");
    fixture_person(&nurse, 61, 1, 1, "unit.see");
    (void)!fixture_send(F, &nurse, "site.describe", "x", "{'site':'%s'}", fixture_id('s', 1).p);
    fixture_refused(F, "gate.forbidden");
}

/* --- pages --- */

static void says(const char *text)
{
    if (!strstr(served_answer(), text))
        fail_msg("no \"%s\" in:\n%s", text, served_answer());
}

static void by_their_pages(void **state)
{
    char path[80], form[400];
    (void)state;
    snprintf(path, sizeof path, "/sites/%s", fixture_id('s', 1).p);
    assert_int_equal(served_get(&s, "/sites", PAGE), 200);
    says(path);
    says("No telephone number");
    snprintf(form, sizeof form,
             "site=%s&_reason=opened&phone=%%2B44+1632+960150&phone_later=&address=Road%%0D%%0ATown"
             "&latitude=53.246&longitude=-1.421",
             fixture_id('s', 1).p);
    assert_int_equal(served_post(&s, path, form), 303);
    says(path);
    assert_int_equal(served_get(&s, "/sites", PAGE), 200);
    says("href=\"tel:+441632960150\"");
    assert_int_equal(served_get(&s, path, PAGE), 200);
    says("value=\"+44 1632 960150\"");
    says(">Road\nTown</textarea>");
    assert_int_equal(served_get(&s, path, "application/json"), 200);
    says("\"latitude\":\"53.246\"");
}

/* What was entered comes back with the reason; and a site of others is none. */
static void refused_at_their_pages(void **state)
{
    char path[80], form[300];
    (void)state;
    snprintf(path, sizeof path, "/sites/%s", fixture_id('s', 1).p);
    snprintf(form, sizeof form, "site=%s&_reason=typed+wrongly&phone=01632+960150",
             fixture_id('s', 1).p);
    assert_int_equal(served_post(&s, path, form), 422);
    says("value=\"01632 960150\"");
    says("value=\"typed wrongly\"");
    says("+44 1632 960123"); /* how to write it */
    snprintf(path, sizeof path, "/sites/%s", fixture_id('s', 3).p);
    assert_int_equal(served_get(&s, path, PAGE), 404);
    assert_int_equal(served_get(&s, "/sites/nowhere", PAGE), 404);
}

/* Who makes one goes on to how it is reached; a clock that nobody knows is refused, as it could
 * never be mended. */
static void a_new_one_by_its_page(void **state)
{
    char form[300];
    (void)state;
    assert_int_equal(served_get(&s, "/sites", PAGE), 200);
    says("action=\"/sites\"");
    snprintf(form, sizeof form, "organisation=%s&name=East+Ward&kind=ward&zone=Europe/Nowhere",
             fixture_id('o', 1).p);
    assert_int_equal(served_post(&s, "/sites", form), 422);
    says("value=\"East Ward\"");
    says("value=\"ward\" selected");
    says("such as Europe/Berlin");
    snprintf(form, sizeof form, "organisation=%s&name=East+Ward&kind=ward&zone=Europe/Paris",
             fixture_id('o', 1).p);
    assert_int_equal(served_post(&s, "/sites", form), 303);
    says("Location: /sites/");
    assert_int_equal(served_get(&s, "/sites", PAGE), 200);
    says("East Ward");
}

static void not_by_who_only_describes(void **state)
{
    char form[300];
    (void)state;
    assert_int_equal(served_get(&s, "/sites", PAGE), 200);
    assert_null(strstr(served_answer(), "action=\"/sites\""));
    snprintf(form, sizeof form, "organisation=%s&name=East+Ward&kind=ward&zone=Europe/Paris",
             fixture_id('o', 1).p);
    assert_int_equal(served_post(&s, "/sites", form), 403);
}

int main(void)
{
    const struct CMUnitTest alone[] = {
        cmocka_unit_test_setup_teardown(what_is_said_stands_until_it_is_said_otherwise, open_alone,
                                        close_alone),
        cmocka_unit_test_setup_teardown(not_what_nobody_can_call, open_alone, close_alone),
        cmocka_unit_test_setup_teardown(not_what_lies_nowhere, open_alone, close_alone),
        cmocka_unit_test_setup_teardown(by_who_keeps_it_and_says_why, open_alone, close_alone),
    };
    const struct CMUnitTest pages[] = {
        cmocka_unit_test(by_their_pages),
        cmocka_unit_test(refused_at_their_pages),
        cmocka_unit_test(not_by_who_only_describes),
    };
    const struct CMUnitTest everywhere[] = {
        cmocka_unit_test(a_new_one_by_its_page),
    };
    return cmocka_run_group_tests(alone, NULL, NULL) +
           cmocka_run_group_tests(pages, open_served, close_served) +
           cmocka_run_group_tests(everywhere, open_everywhere, close_served);
}
