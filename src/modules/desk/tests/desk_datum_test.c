/* The page of a datum: from the record to it, its origin with what was said before, where it went,
 * and the same for programs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/tests/http_client.h"
#include "modules/desk/tests/desk_trial.h"

static int ask(const char *path, const char *accept)
{
    const struct str request =
        arena_printf(desk_trial.a.f.arena,
                     "GET %s HTTP/1.1\r\nHost: x\r\nAccept: %s\r\nCookie: vein=%.*s\r\n\r\n", path,
                     accept, STR(desk_trial.cookies[1]));
    return client_ask(desk_trial.app.server, request, desk_trial.got, sizeof desk_trial.got);
}

static void note(const char *text, const char *path, const char *reason)
{
    if (reason)
        desk_trial_get(1, desk_trial_path("/tasks/test?correct=1"));
    const char *had = reason ? arena_printf(desk_trial.a.f.arena, "%.*s",
                                            STR(desk_trial_hidden(desk_trial.got, "_had")))
                                   .p
                             : NULL;
    desk_trial_form();
    desk_trial_text("note", text);
    if (reason) {
        desk_trial_text("_had", had);
        desk_trial_text("_reason", reason);
    }
    assert_int_equal(desk_trial_post(1, desk_trial_path(path)), 303);
}

/* partial: AUD-03 from the record's page to the datum, and on to the decision that used it */
static void a_value_tells_its_origin_and_where_it_went(void **state)
{
    (void)state;
    note("as read", "/tasks/test/complete", NULL);
    note("as read again", "/tasks/test/correct", "misread");
    desk_trial_get(1, desk_trial_path("/tasks/test"));
    HAS("/data?of=field/test/note\"");
    desk_trial_get(1, desk_trial_path("/data?of=field/test/note"));
    HAS("as read again");
    HAS(">as read</span>"); /* what stood before */
    HAS("misread");
    HAS("Form result, version 1");
    HAS("/data?of=task/test/done\"");
    HAS("Record of the task, on paper");
    desk_trial_get(1, desk_trial_path("/data?of=task/test/done"));
    HAS("/data?of=field/test/note\""); /* and back */
    desk_trial_get(1, desk_trial_path("/data?of=prescribed/dose"));
    HAS("2e6/kg");
    HAS("/data?of=prescribed/weight\"");
    HAS("71.5 kg");
}

static void programs_read_the_same(void **state)
{
    (void)state;
    note("as read", "/tasks/test/complete", NULL);
    assert_int_equal(ask(desk_trial_path("/data?of=field/test/note"), "application/json"), 200);
    HAS("{\"relation\":\"self\",\"depth\":0,\"datum\":\"field/test/note\"");
    HAS("\"relation\":\"said\"");
    HAS("\"how\":\"recorded\"");
    HAS("{\"relation\":\"use\",\"depth\":1,\"datum\":\"task/test/done\",\"through\":"
        "\"field/test/note\",\"kind\":\"task\",\"title\":\"Test\"");
    assert_int_equal(ask(desk_trial_path("/data?of=field/test/other"), "application/json"), 404);
    assert_int_equal(ask(desk_trial_path("/data"), "application/json"), 404);
}

#define TRIAL(test) cmocka_unit_test_setup_teardown(test, desk_trial_open, desk_trial_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRIAL(a_value_tells_its_origin_and_where_it_went),
        TRIAL(programs_read_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
