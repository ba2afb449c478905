/* What cannot be loaded as a workflow, and the line where it says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "kernel/tests/flow_trial.h"
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

/* The workflow as version 2 with one text put in place of another. */
static const char *altered(const char *what, const char *by)
{
    static char text[20000];
    const char *head = strstr(trial_workflow, "version: 1");
    int n = snprintf(text, sizeof text, "%.*sversion: 2%s", (int)(head - trial_workflow),
                     trial_workflow, head + strlen("version: 1"));
    assert_true(n > 0 && (size_t)n < sizeof text);
    char *at = strstr(text, what);
    if (!at)
        fail_msg("the workflow has no: %s", what);
    char rest[10000];
    snprintf(rest, sizeof rest, "%s", at + strlen(what));
    snprintf(at, sizeof text - (size_t)(at - text), "%s%s", by, rest);
    return text;
}

static int line_of(const char *text, const char *what)
{
    int line = 1;
    const char *found = strstr(text, what);
    assert_non_null(found);
    for (const char *c = text; c < found; c++)
        line += *c == '\n';
    return line;
}

/* Refused with the code, at the line where `by` (or else `at`) stands. */
static void refuses(const char *what, const char *by, const char *code, const char *at)
{
    struct err e = { 0 };
    const char *text = altered(what, by);
    enum outcome o = trial_load(&t, text, &e);
    if (o != REFUSED || strcmp(e.code, code) != 0)
        fail_msg("%s -> %s: %d %s", what, by, o, e.code ? e.code : "");
    char line[16];
    snprintf(line, sizeof line, "%d", line_of(text, at ? at : by));
    if (!str_is(err_param(&e, "line"), line))
        fail_msg("%s: line %.*s, not %s", code, STR(err_param(&e, "line")), line);
    struct str told = text_error(t.f.arena, S("en"), &e);
    struct str hint = text_error_hint(t.f.arena, S("en"), &e);
    assert_null(memchr(told.p, '{', told.n));
    assert_null(memchr(hint.p, '{', hint.n));
    assert_false(str_starts(told, S("\xE2\x9F\xA6"))); /* ⟦: a text that is missing */
}

/* shows: COI-02 */
static void coi_02_mandatory_points_cannot_be_left_out(void **state)
{
    (void)state;
    refuses("checks: [patient], ", "", "flow.point_missing", "act: collect");
    refuses("checks: [receipt]", "checks: [patient]", "flow.point_missing", "act: receive");
    refuses("    act: receive\n", "", "flow.act_missing", "material: fresh");
    refuses("material: fresh", "material: cryopreserved", "flow.act_missing", NULL);
    refuses("act: receive", "act: recieve", "flow.unknown_act", NULL);
    refuses("    title: Wash\n", "    title: Wash\n    act: process\n", "flow.point_missing",
            "act: process");
    refuses("checks: [receipt]", "checks: [reciept]", "flow.unknown_point", NULL);
}

static void points_of_other_materials_are_not_needed(void **state)
{
    (void)state;
    struct err e = { 0 };
    assert_int_equal(
        trial_load(&t,
                   altered("    title: Wash\n", "    title: Wash\n    act: thaw\n    checks: "
                                                "[before_thaw]\n"),
                   &e),
        OK);
}

static void names_and_references(void **state)
{
    (void)state;
    refuses("parts: [site, maker]", "parts: [site, maker, site]", "flow.name_twice", NULL);
    refuses("- name: manufacture", "- name: collection", "flow.name_twice",
            "- name: collection\n  title: Manufacture");
    refuses("{name: pack,", "{name: collect,", "flow.name_twice", "{name: collect, title: Pack");
    refuses("{name: enough,", "{name: in_window,", "flow.name_twice",
            "{name: in_window, text: 50 mL");
    refuses("title: Pack, part: site", "title: Pack, part: ward", "flow.unknown_part", NULL);
    refuses("title: Pack, part: site, role: nurse", "title: Pack, part: site, role: nurze",
            "flow.unknown_role", NULL);
    refuses("form: apheresis", "form: apharesis", "flow.unknown_form", NULL);
    refuses("form: apheresis", "form: apheresis, form_version: 7", "flow.unknown_form", NULL);
    refuses("limit: PT2H", "form_version: 1", "flow.version_without_form", NULL);
    refuses("from: collect", "from: colect", "flow.unknown_task", NULL);
    refuses("from: collect, until: receive", "from: receive, until: collect", "flow.not_earlier",
            NULL);
    refuses("title: Pack, part: site, role: nurse,",
            "title: Pack, part: site, role: nurse, second_person: true,",
            "flow.second_person_unchecked", NULL);
}

static void durations(void **state)
{
    (void)state;
    refuses("limit: PT2H", "limit: 2 hours", "flow.malformed_duration", NULL);
    refuses("limit: PT2H", "limit: P1M", "flow.malformed_duration", NULL);
    refuses("limit: PT2H", "limit: PT0S", "flow.malformed_duration", NULL);
    refuses("limit: PT2H", "limit: P99999D", "flow.malformed_duration", NULL);
    refuses("within: PT72H", "within: soon", "flow.malformed_duration", NULL);
    refuses("limit: PT72H", "limit: three days", "flow.malformed_duration", NULL);
}

static void guards(void **state)
{
    (void)state;
    refuses("of: collect", "of: wash", "flow.not_earlier", NULL);
    refuses("of: collect", "of: washing", "flow.unknown_task", NULL);
    refuses("done: sterility", "done: release", "flow.not_earlier", NULL);
    refuses("field: volume", "field: volumes", "flow.unknown_field", NULL);
    refuses("task: collect, field: adequate", "task: pack, field: adequate", "flow.unknown_field",
            NULL);
    refuses("is: 'yes'", "is: 'maybe'", "flow.not_comparable", "field: adequate");
    refuses("is: 'yes'", "at_least: 5", "flow.not_comparable", "field: adequate");
    refuses("field: adequate,\n       is: 'yes'", "field: donor,\n       is: 'Ada'",
            "flow.not_comparable", "field: donor");
    refuses("fact: signed", "fact: signed, done: receive", "flow.guard_unclear", NULL);
    refuses(", fact: signed", "", "flow.guard_unclear", "name: signed");
    refuses(", within: PT72H", "", "flow.guard_unclear", "name: in_window");
    refuses("field: volume,\n       at_least: 50", "field: volume", "flow.guard_unclear",
            "name: enough");
}

static void sizes(void **state)
{
    (void)state;
    char tasks[8000];
    struct buf b = buf_over(tasks, sizeof tasks);
    for (int i = 0; i < 49; i++)
        buf_printf(&b, "  - {name: l%d, title: L, part: site, role: nurse, late: true}\n", i);
    buf_char(&b, '\0');
    assert_true(buf_ok(&b));
    refuses("  - {name: follow_up, title: Follow-up, part: site, role: nurse, late: true}\n", tasks,
            "flow.opens_max", "- name: collection");
    refuses("viability:\n", "- {name: empty, title: Empty, tasks: []}\nviability:\n",
            "flow.empty_stage", "name: empty");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(coi_02_mandatory_points_cannot_be_left_out),
        cmocka_unit_test(names_and_references),
        cmocka_unit_test(durations),
        cmocka_unit_test(guards),
        cmocka_unit_test(sizes),
        cmocka_unit_test(points_of_other_materials_are_not_needed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
