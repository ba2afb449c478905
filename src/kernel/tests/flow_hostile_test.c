/* Workflows that lead round a mandatory point, lead nowhere, or are too large: none can be loaded,
 * and each is told where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "kernel/tests/flow_paths.h"
#include "kernel/text.h"

static struct trial t;

static int set_up(void **state)
{
    (void)state;
    text_use(text_rows, text_rows_count);
    trial_open(&t);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    trial_close(&t);
    return 0;
}

static char text[60000];

/* paths_workflow with one text in place of another. */
static void alter(const char *what, const char *by)
{
    const char *at = strstr(paths_workflow, what);
    if (!at)
        fail_msg("the workflow has no: %s", what);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - paths_workflow), paths_workflow, by,
             at + strlen(what));
}

static void is_refused(const char *code, const char *at)
{
    struct err e = { 0 };
    int line = 1;
    char expected[16];
    if (trial_load(&t, text, &e) != REFUSED || strcmp(e.code, code) != 0)
        fail_msg("%s: %s\n%s", code, e.code ? e.code : "loaded", text);
    const char *found = strstr(text, at);
    assert_non_null(found);
    for (const char *c = text; c < found; c++)
        line += *c == '\n';
    snprintf(expected, sizeof expected, "%d", line);
    if (!str_is(err_param(&e, "line"), expected))
        fail_msg("%s: line %.*s, not %s", code, STR(err_param(&e, "line")), expected);
    struct str told = text_error(t.f.arena, S("en"), &e);
    struct str hint = text_error_hint(t.f.arena, S("en"), &e);
    assert_null(memchr(told.p, '{', told.n));
    assert_null(memchr(hint.p, '{', hint.n));
}

static void refuses(const char *what, const char *by, const char *code, const char *at)
{
    alter(what, by);
    is_refused(code, at);
}

static void loads(const char *what, const char *by)
{
    struct err e = { 0 };
    alter(what, by);
    char *version = strstr(text, "name: paths");
    static int n;
    version[6] = (char)('a' + n++); /* each under a name of its own */
    if (trial_load(&t, text, &e) != OK)
        fail_msg("%s -> %s: %s %s", what, by, e.code, e.nparams ? e.params[0].value : "");
}

static void it_loads_as_it_stands(void **state)
{
    (void)state;
    loads("title: All", "title: Everything");
}

/* shows: COI-02 */
static void coi_02_no_branch_leads_round_a_point(void **state)
{
    (void)state;
    /* given although nobody released: the guard is gone */
    refuses("    - {name: decided, text: released or supplied, any: [release, supply]}\n", "",
            "flow.act_avoidable", "act: give");
    /* one of the two alternatives has no such act */
    refuses("any: [release, supply]", "any: [release, ask]", "flow.act_avoidable", "act: give");
    /* supply is a step like any other */
    refuses("    act: supply\n    checks: [supplied]\n", "", "flow.act_avoidable", "act: give");
    /* released are other units than those that are given */
    refuses("    checks: [released]\n    units: [cells]\n",
            "    checks: [released]\n    units: [bag]\n", "flow.act_avoidable", "act: give");
    /* what is given says not on what it works */
    refuses("    checks: [bedside]\n    units: [cells]\n", "    checks: [bedside]\n",
            "flow.units_missing", "act: give");
    /* beside release, not behind it */
    refuses("    after: [release, supply]\n    guards:\n"
            "    - {name: decided, text: released or supplied, any: [release, supply]}\n",
            "    after: [wash, test]\n    guards:\n", "flow.act_avoidable", "act: give");
    /* the receipt is skipped, and what was not received is washed */
    refuses("     checks: [receipt], units: [bag]}\n",
            "     checks: [receipt], units: [bag],\n"
            "     when: [{name: far, text: it came from afar, fact: far}]}\n",
            "flow.act_avoidable", "act: release");
    /* release is skipped, and what was not released is carried */
    refuses("  - name: supply\n",
            "  - {name: carry, title: Carry, part: maker, role: operator, after: [release],\n"
            "     units: [cells]}\n  - name: supply\n",
            "flow.act_avoidable", "name: within");
    /* more cells come into being when the others are released */
    refuses("  - name: supply\n",
            "  - {name: more, title: More, part: maker, role: operator, late: true,\n"
            "     after: [wash, test], units: [bag], makes: [cells]}\n  - name: supply\n",
            "flow.act_avoidable", "act: give");
    /* "not refused" is not "released" */
    refuses("any: [release, supply]", "task: test, field: adequate, is_not: 'no'",
            "flow.act_avoidable", "act: give");
}

static void what_is_certain_is_enough(void **state)
{
    (void)state;
    /* the only way leads through it */
    loads("     checks: [receipt], units: [bag]}\n",
          "     checks: [receipt], units: [bag]}\n"
          "  - {name: look, title: Look, part: maker, role: operator, act: process,\n"
          "     checks: [step], units: [bag],\n"
          "     when: [{name: far, text: it came from afar, fact: far}]}\n");
    /* skipped together: what follows asks for it */
    loads("any: [release, supply]", "done: release");
}

static void branches_lead_somewhere(void **state)
{
    (void)state;
    refuses("after: [wash, test]\n    when: [{name: outside",
            "after: [wash, tests]\n    when: [{name: outside", "flow.unknown_task",
            "after: [wash, tests]");
    refuses("after: [receive]", "after: [give]", "flow.not_earlier", "after: [give]"); /* a cycle */
    refuses("after: [receive]", "after: [test]", "flow.not_earlier", "after: [test]");
    refuses("after: [receive]", "after: [receive, receive]", "flow.name_twice",
            "after: [receive, receive]");
    refuses("    after: [wash, test]\n    when: [{name: outside",
            "    after: [wash]\n    when: [{name: outside", "flow.unsettled",
            "when: [{name: outside");
    refuses("done: ask}", "done: asked}", "flow.unknown_task", "done: asked}");
    refuses("when: [{name: asked, text: it was asked for, done: ask}]",
            "when: [{name: asked, text: it was asked for, done: ask},\n"
            "      {name: good, text: good, task: test, field: adequate, is: 'yes'}]",
            "flow.unreachable", "{name: asked");
    refuses("any: [release, supply]", "any: [release, supplied]", "flow.unknown_task",
            "any: [release, supplied]");
    refuses("any: [release, supply]", "any: [release, supply], done: test", "flow.guard_unclear",
            "name: decided");
    refuses("is_not: 'no'", "is_not: 'no', is: 'yes'", "flow.guard_unclear", "name: not_failed");
    refuses("is_not: 'no'", "is_not: 'never'", "flow.not_comparable", "field: adequate, is_not");
}

static void loops_and_ladders(void **state)
{
    (void)state;
    refuses("to: wash, times: 2", "to: give, times: 2", "flow.loop_not_back",
            "from: [release, ask");
    refuses("to: wash, times: 2", "to: release, times: 2", "flow.loop_conditional",
            "to: release, times: 2");
    refuses("to: wash, times: 2", "to: wish, times: 2", "flow.unknown_task", "to: wish");
    refuses("to: wash, times: 2", "to: wash, times: 10", "flow.loop_times", "to: wash, times: 10");
    refuses("to: wash, times: 2", "to: wash, times: 0", "flow.loop_times", "to: wash, times: 0");
    refuses("units: quarantine", "units: sell", "flow.unknown_fate", "units: sell");
    refuses("name: rewash", "name: recollect", "flow.name_twice", "name: recollect, title: Wash");
    refuses("{after: PT15M, role: operator", "{after: soon, role: operator",
            "flow.malformed_duration", "after: soon");
    refuses("{after: PT15M, role: operator", "{after: PT15M, role: nobody", "flow.unknown_role",
            "role: nobody");
    refuses("tell: [{role: nurse, part: site}", "tell: [{role: nurse, part: ward}",
            "flow.unknown_part", "part: ward");
}

/* A workflow of a thousand stages is refused, the largest that loads is served */
static void a_thousand_stages(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct buf b = buf_over(text, sizeof text);
    buf_z(&b, TRIAL_HEAD("workflow", "long", "1") "product: trial\nmaterial: fresh\n"
                                                  "parts: [site]\nstages:\n");
    for (int i = 0; i < 1000 && b.n + 100 < sizeof text; i++)
        buf_printf(&b, "- {name: s%d, title: S, tasks: []}\n", i);
    buf_char(&b, '\0');
    assert_true(buf_ok(&b));
    assert_int_equal(trial_load(&t, text, &e), REFUSED);
    assert_true(err_param(&e, "line").p != NULL);

    enum { TASKS = 300 };
    b = buf_over(text, sizeof text);
    buf_z(&b, TRIAL_HEAD("workflow", "long", "1") "product: trial\nmaterial: fresh\n"
                                                  "parts: [site, maker]\nstages:\n");
    for (int i = 0; i < TASKS; i++) {
        if (i % 100 == 0)
            buf_printf(&b, "- name: s%d\n  title: S\n  tasks:\n", i / 100);
        buf_printf(&b, "  - {name: t%d, title: T, part: site, role: nurse%s}\n", i,
                   i == 0   ? ", act: collect, checks: [patient]"
                   : i == 1 ? ", act: receive, checks: [receipt]"
                            : "");
    }
    buf_char(&b, '\0');
    assert_true(buf_ok(&b));
    if (trial_load(&t, text, &e) != OK)
        fail_msg("%s %s", e.code, e.nparams ? e.params[0].value : "");
    assert_int_equal(trial_begin(&t, 1, "long"), OK);
    for (int i = 0; i < TASKS; i++) {
        char task[12];
        snprintf(task, sizeof task, "t%d", i);
        if (i < 2)
            assert_int_equal(
                trial_note_fact(&t, &t.nurse, task, i == 0 ? "check:patient" : "check:receipt"),
                OK);
        if (trial_complete(&t, &t.nurse, task, "") != OK)
            fail_msg("%s: %s", task, t.f.error.code);
    }
    assert_true(str_is(trial_view(&t).how, "finished"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_loads_as_it_stands),
        cmocka_unit_test(coi_02_no_branch_leads_round_a_point),
        cmocka_unit_test(what_is_certain_is_enough),
        cmocka_unit_test(branches_lead_somewhere),
        cmocka_unit_test(loops_and_ladders),
        cmocka_unit_test(a_thousand_stages),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
