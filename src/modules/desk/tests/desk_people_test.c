/* Who is meant in an order, and what a person reads where somebody else was first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/tests/http_client.h"
#include "modules/desk/desk.h"
#include "modules/desk/tests/desk_trial.h"

/* --- who is meant --- */

static int post_form(int person, const char *path, const char *form)
{
    const struct id id = id_derive(S("desk"), S("command"), desk_trial.a.f.commands++);
    struct str token =
        desk_trial_hidden(desk_trial_get(person, desk_trial_path("/people")), "_csrf");
    struct str fields =
        arena_printf(desk_trial.a.f.arena, "%s&_csrf=%.*s&_id=%s", form, STR(token), id.text);
    struct str request =
        arena_printf(desk_trial.a.f.arena,
                     "POST %s HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n"
                     "Cookie: vein=%.*s\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                     "Content-Length: %zu\r\n\r\n%.*s",
                     path, STR(desk_trial.cookies[person]), fields.n, STR(fields));
    return client_ask(desk_trial.app.server, request, desk_trial.got, sizeof desk_trial.got);
}

static int name(int person, const char *account, const char *reason)
{
    return post_form(person, desk_trial_path("/people"),
                     arena_printf(desk_trial.a.f.arena,
                                  "order=%s&part=site&role=tester&account=%s&_reason=%s",
                                  desk_trial.order, account, reason)
                         .p);
}

static void one_of_a_role_is_named_and_changed(void **state)
{
    (void)state;
    const char *one = arena_printf(desk_trial.a.f.arena, "%.*s", STR(fixture_id('a', 1))).p;
    desk_trial_get(1, desk_trial_path("/people"));
    HAS("nobody named: 1 of the role");
    HAS(">Person No. 1</option>");
    LACKS("Nobody any more");
    LACKS("name here"); /* the role has not the right to the patient's name */
    desk_trial_get(2, desk_trial_path("/people")); /* sees, and may not name */
    LACKS("Name one");
    assert_int_equal(name(2, one, "x"), 403);
    assert_int_equal(name(1, one, ""), 422); /* with a reason alone */
    HAS("<details id=\"site-tester\" open>");
    assert_int_equal(name(1, one, "treats+this+patient"), 303);
    desk_trial_get(1, desk_trial_path("/people"));
    HAS("<strong><bdi>Person No. 1</bdi></strong>");
    HAS("Nobody any more");
    assert_int_equal(name(1, one, "again"), 422); /* is named already */
    const char *other = arena_printf(desk_trial.a.f.arena, "%.*s", STR(fixture_id('a', 2))).p;
    assert_int_equal(name(1, other, "x"), 422); /* has another role */
    assert_int_equal(name(1, "", "none+any+more"), 303);
    desk_trial_get(1, desk_trial_path("/people"));
    HAS("nobody named: 1 of the role");
    fixture_rebuilds(&desk_trial.a.f);
}

/* --- somebody else was first --- */

static void whoever_comes_second_reads_who_was_first(void **state)
{
    (void)state;
    const char *form = arena_printf(desk_trial.a.f.arena, "order=%s&_reason=wait&_seen=flow/%s@1",
                                    desk_trial.order, desk_trial.order)
                           .p;
    assert_int_equal(post_form(1, desk_trial_path("/do/flow.hold"), form), 409);
    HAS("this order was changed meanwhile");
    HAS("load the page again and see whether");
    LACKS(arena_printf(desk_trial.a.f.arena, "flow/%s has", desk_trial.order)
              .p); /* a stream's name is no word */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, desk_trial_open, desk_trial_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_of_a_role_is_named_and_changed),
        TEST(whoever_comes_second_reads_who_was_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
