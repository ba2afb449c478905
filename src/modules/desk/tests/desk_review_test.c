/* Review by exception: what deviates stands there with the way to its evidence, what is still open
 * first; nothing is said of an order that the reader does not see whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/tests/http_client.h"
#include "modules/desk/tests/desk_trial.h"

#define HEAD(kind, name)                                                                           \
    "kind: " kind "\nname: " name "\nversion: 1\ntitle: Trial\n"                                   \
    "effective: 2026-01-01T00:00:00Z\n"
#define PERMISSIONS                                                                                \
    "permissions: [role.tester, order.see, flow.complete, flow.correct, deviation.see, "           \
    "deviation.open]\n"

#define TESTER HEAD("role", "tester") PERMISSIONS
#define LOOKER HEAD("role", "looker") PERMISSIONS
#define RESULTS                                                                                    \
    HEAD("form", "results")                                                                        \
    "fields:\n"                                                                                    \
    "- {name: endotoxin, label: Endotoxin, type: quantity, unit: \"{EU}/mL\", required: true}\n"   \
    "- {name: sterility, label: Sterility, type: choice, required: true, choices: [{value: "       \
    "pending, label: Not finished}, {value: no_growth, label: No growth}]}\n"
#define CULTURE                                                                                    \
    HEAD("form", "culture")                                                                        \
    "fields:\n"                                                                                    \
    "- {name: warmth, label: Warmth, type: quantity, unit: Cel, required: true, low: 36.5, high: " \
    "37.5}\n"                                                                                      \
    "- {name: shut, label: Lid shut, type: choice, choices: [{value: yes, label: Shut}, {value: "  \
    "no, label: Open, unexpected: true}]}\n"                                                       \
    "- {name: seen, label: Seen, type: signature, meaning: I have seen it, role: tester}\n"
#define WORKFLOW                                                                                   \
    HEAD("workflow", "trial")                                                                      \
    "product: trial\nmaterial: fresh\nparts: [site]\nstages:\n"                                    \
    "- name: making\n  title: Making\n  tasks:\n"                                                  \
    "  - {name: test, title: Test, part: site, role: tester, form: results}\n"                     \
    "  - {name: culture, title: Culture, part: site, role: tester, form: culture}\n"               \
    "- name: release\n  title: Release\n  tasks:\n"                                                \
    "  - {name: dispose, title: Dispose, part: site, role: tester, records: "                      \
    "[test]}\n"
#define PRODUCT                                                                                    \
    HEAD("product", "trial")                                                                       \
    "workflow: trial\ncoi_pattern: \"VN-@@@@-@@@@-@@@@-%%\"\nmaterial: fresh\n"                    \
    "indications: [C83.3]\njurisdictions: [eu]\ndoses:\n- {per_kg: 2e6, cap: 2e8}\n"               \
    "specification:\n"                                                                             \
    "- {test: endotoxin, title: Endotoxin, unit: \"{EU}/mL\", at_most: 0.5}\n"                     \
    "- {test: sterility, title: Sterility, is: no_growth, may_follow_release: true}\n"

static const char *const definitions[] = {
    TESTER, LOOKER, RESULTS, CULTURE, WORKFLOW, PRODUCT, NULL
};
/* Who prescribed sees hand-overs alone, the site what it does itself. */
static const char *const narrow[] = {
    TESTER,
    LOOKER,
    RESULTS,
    CULTURE,
    WORKFLOW "shares:\n- {part: prescriber, sees: [custody]}\n- {part: site, sees: [custody]}\n",
    PRODUCT,
    NULL,
};

static int open_whole(void **state)
{
    desk_trial.own = definitions;
    return desk_trial_open(state);
}

static int open_narrow(void **state)
{
    desk_trial.own = narrow;
    return desk_trial_open(state);
}

static int close_trial(void **state)
{
    desk_trial.own = NULL;
    return desk_trial_close(state);
}

static void complete(const char *task, const char *const *values)
{
    desk_trial_form();
    for (size_t i = 0; values[i]; i += 2)
        desk_trial_text(values[i], values[i + 1]);
    const struct str path = arena_printf(desk_trial.a.f.arena, "/tasks/%s/complete", task);
    if (desk_trial_post(1, desk_trial_path(path.p)) != 303)
        fail_msg("%s: %s", task, desk_trial.got);
}

static void run(const char *endotoxin, const char *sterility, const char *warmth, const char *shut)
{
    complete("test", (const char *const[]){ "endotoxin", endotoxin, "sterility", sterility, NULL });
    complete("culture", (const char *const[]){ "warmth", warmth, "shut", shut, NULL });
}

static void correct(const char *warmth)
{
    desk_trial_get(1, desk_trial_path("/tasks/culture?correct=1"));
    const struct str had = desk_trial_hidden(desk_trial.got, "_had");
    desk_trial_form();
    desk_trial_text("warmth", warmth);
    desk_trial_text("shut", "no");
    desk_trial_text("_had", arena_printf(desk_trial.a.f.arena, "%.*s", STR(had)).p);
    desk_trial_text("_reason", "misread");
    assert_int_equal(desk_trial_post(1, desk_trial_path("/tasks/culture/correct")), 303);
}

static void deviate(void)
{
    struct fixture *f = &desk_trial.a.f;
    auth_fixture_written(&desk_trial.a);
    if (fixture_send(f, &desk_trial.a.program, "deviation.open", NULL,
                     "{'order':'%s','kind':'procedure','risk':'major','description':'Left open.'}",
                     desk_trial.order) != OK)
        fail_msg("%s %s", f->error.code, f->error.detail);
    auth_fixture_write(&desk_trial.a);
}

/* Where the text begins on the page, which has it. */
static const char *at(const char *text)
{
    const char *out = strstr(desk_trial.got, text);
    if (!out)
        fail_msg("without: %s", text);
    return out;
}

#define COUNTS(what, n) HAS(what "</span> <strong>" n "</strong>")

/* partial: EBR-03 what is as expected is counted, of what was really looked at */
static void nothing_deviates_and_that_is_counted(void **state)
{
    (void)state;
    run("0.1", "no_growth", "37.0", "yes");
    desk_trial_get(1, desk_trial_path("/review"));
    COUNTS("Results within specification", "2");
    COUNTS("Other values as expected", "2");
    COUNTS("Records of tasks", "2");
    HAS("Still open: 1"); /* nobody signed the culture yet */
    HAS("I have seen it");
    LACKS("For your judgement");
    desk_trial_get(1, desk_trial_path("/tasks/culture"));
    LACKS("id=\"review\""); /* only where it is decided by it */
    desk_trial_get(1, desk_trial_path("/tasks/dispose"));
    HAS("id=\"review\"");
    HAS("Still open: 1");
    desk_trial_get(1, desk_trial_path(""));
    HAS("/review\"");
}

/* partial: EBR-03 what deviates comes first, with the way to it; partial: REL-01 what is missing or
 * open */
static void each_exception_leads_to_its_evidence(void **state)
{
    (void)state;
    run("0.8", "pending", "38.1", "no");
    deviate();
    correct("38.0");
    desk_trial_get(1, desk_trial_path("/review"));
    HAS("0.8\u00a0EU/mL, expected ≤ 0.5\u00a0EU/mL · Test");
    HAS(desk_trial_path("/tasks/test\""));
    HAS("it may follow the release");
    HAS("38.0\u00a0°C, expected 36.5 – 37.5\u00a0°C · Culture");
    HAS(desk_trial_path("/data?of=field/culture/warmth\""));
    HAS("Open · Culture");
    HAS(desk_trial_path("/data?of=field/culture/shut\""));
    HAS("href=\"/deviations/");
    HAS(desk_trial_path("/tasks/culture#corrections\""));
    HAS("Still open: 5"); /* result, sterility, deviation, signature, correction */
    HAS("For your judgement: 2");
    COUNTS("Records of tasks", "2");
    LACKS("Results within specification");
    const char *judged = at("For your judgement");
    assert_true(at(">Endotoxin<") < at(">Sterility<"));
    assert_true(at(">Sterility<") < judged);
    assert_true(judged < at(">Warmth<"));
}

static void who_sees_a_part_is_told_nothing_of_the_rest(void **state)
{
    (void)state;
    run("0.1", "no_growth", "37.0", "yes");
    const struct str request =
        arena_printf(desk_trial.a.f.arena,
                     "GET %s HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nCookie: vein=%.*s\r\n\r\n",
                     desk_trial_path("/review"), STR(desk_trial.cookies[1]));
    assert_int_equal(
        client_ask(desk_trial.app.server, request, desk_trial.got, sizeof desk_trial.got), 404);
    desk_trial_get(1, desk_trial_path("/tasks/dispose"));
    LACKS("id=\"review\"");
    desk_trial_get(1, desk_trial_path(""));
    LACKS("/review\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_deviates_and_that_is_counted, open_whole,
                                        close_trial),
        cmocka_unit_test_setup_teardown(each_exception_leads_to_its_evidence, open_whole,
                                        close_trial),
        cmocka_unit_test_setup_teardown(who_sees_a_part_is_told_nothing_of_the_rest, open_narrow,
                                        close_trial),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
