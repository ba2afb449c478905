/* What differs between two documents, by what things are called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/define_differ.h"
#include "kernel/tests/define_sample.h"

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    define_sample_use();
    arena = arena_new(64 << 20);
    return arena ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

#define HEAD "kind: plan\nname: car-t\nversion: 1\ntitle: Plan\neffective: 2026-01-01T00:00:00Z\n"

static struct definition read(const char *body)
{
    struct definition d;
    struct err e = { 0 };
    const struct define_context context = { .arena = arena };
    if (define_read(&d, &context, arena_printf(arena, HEAD "%s", body), &e) != OK)
        fail_msg("%s %s", e.code, err_param(&e, "line").p);
    return d;
}

/* One line a change: "changed stages.one.tasks.a.minutes 60 > 30". */
static const char *told(const char *before, const char *after)
{
    static char text[4000];
    struct buf b = buf_over(text, sizeof text - 1);
    const struct definition from = read(before);
    const struct definition to = read(after);
    struct differ d;
    struct err e = { 0 };
    assert_int_equal(differ_definitions(&d, &from, &to, arena, &e), OK);
    for (size_t i = 0; i < d.n; i++) {
        const struct differ_change *c = &d.changes[i];
        buf_printf(&b, "%s ", differ_word(c->what));
        for (size_t k = 0; k < c->nsteps; k++)
            buf_printf(&b, "%s%s%s%.*s", k > 0 ? "." : "", c->steps[k].field,
                       c->steps[k].item.n > 0 ? "." : "", STR(c->steps[k].item));
        buf_printf(&b, " %.*s > %.*s\n", STR(c->before), STR(c->after));
    }
    assert_true(buf_ok(&b));
    text[b.n] = '\0';
    assert_int_equal(differ_same(&sample_plan_record, from.body, to.body, arena), d.n == 0);
    return text;
}

/* partial: ORC-02 the difference between two versions, as its reader understands it */
static void by_what_things_are_called(void **state)
{
    (void)state;
    static const char old[] = "instructions: as before\n"
                              "stages:\n"
                              "- name: make\n"
                              "  tasks:\n"
                              "  - {name: thaw, minutes: 60, checks: [bag, label]}\n"
                              "  - {name: fill, text: Fill it}\n"
                              "- name: ship\n"
                              "  tasks: [{name: pack}]\n";
    assert_string_equal(told(old, old), "");
    assert_string_equal(told(old, "stages:\n"
                                  "- name: make\n"
                                  "  tasks:\n"
                                  "  - name: thaw\n"
                                  "    minutes: 30\n"
                                  "    checks: [bag, seal]\n"
                                  "    guards: [{name: warm, min: \"36.5\", strict: true}]\n"
                                  "  - {name: weigh}\n"
                                  "  - {name: fill, text: Fill it}\n"
                                  "- name: ship\n"
                                  "  tasks: [{name: pack}]\n"),
                        "removed instructions as before > \n"
                        "changed stages.make.tasks.thaw.minutes 60 > 30\n"
                        "added stages.make.tasks.thaw.checks  > seal\n"
                        "removed stages.make.tasks.thaw.checks label > \n"
                        "added stages.make.tasks.thaw.guards.warm  > warm, 36.5, strict\n"
                        "added stages.make.tasks.weigh  > weigh\n");
}

/* One item that moved is one change, however many it passed; a new name is no new thing. */
static void moved_and_renamed(void **state)
{
    (void)state;
    static const char old[] = "stages:\n- name: s\n  tasks: [{name: a}, {name: b}, {name: c, "
                              "minutes: 5}, {name: d}]\n";
    assert_string_equal(told(old, "stages:\n- name: s\n  tasks: [{name: b}, {name: c, minutes: "
                                  "5}, {name: d}, {name: a}]\n"),
                        "moved stages.s.tasks.a  > \n");
    assert_string_equal(told(old, "stages:\n- name: s\n  tasks: [{name: a}, {name: b}, {name: x, "
                                  "minutes: 5}, {name: d}]\n"),
                        "renamed stages.s.tasks.x c > x\n");
    assert_string_equal(told(old, "stages:\n- name: s\n  tasks: [{name: a}, {name: b}, {name: x, "
                                  "minutes: 6}, {name: d}]\n"),
                        "added stages.s.tasks.x  > x, 6\nremoved stages.s.tasks.c c, 5 > \n");
    assert_string_equal(
        told("stages:\n- name: s\n  tasks: [{name: a, minutes: 5}, {name: b, minutes: 5}]\n",
             "stages:\n- name: s\n  tasks: [{name: x, minutes: 5}, {name: y, minutes: 5}]\n"),
        "renamed stages.s.tasks.x a > x\nrenamed stages.s.tasks.y b > y\n");
    assert_string_equal(told("stages:\n- name: s\n  tasks: [{name: a, checks: [p, q]}]\n",
                             "stages:\n- name: s\n  tasks: [{name: a, checks: [q, p]}]\n"),
                        "moved stages.s.tasks.a.checks  > \n");
}

/* A definition written is read as the same one, whatever its texts look like. */
static void written_and_read_again(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "instructions: |-\n  one\n\n  two: with a colon\n  # no comment\n"
        "stages:\n- name: one\n  tasks: [{name: a, text: \"true\"}]\n",
        "instructions: \"- looks like a list \"\nsince: 2026-01-02\n"
        "extra: {a: [1, {b: \"1\"}], c: true, d: \"true\", e: []}\n"
        "stages:\n- name: one\n  tasks:\n  - {name: a, text: \"1e5\", minutes: 5}\n"
        "  - name: b\n    text: \"tab\\there, quote \\\" and \\\\ and ü\"\n"
        "    guards: [{name: g, min: \"0.50\", volume: 12.5 mL, strict: true}, {name: h}]\n",
        "instructions: \"two\\nlines \\nwith a blank at an end\"\n"
        "stages:\n- name: one\n  tasks: [{name: a, text: \"no\"}, {name: b, text: \"null\"}]\n",
        "stages:\n- name: one\n  tasks: [{name: a, text: \"NO\"}, {name: b, text: \"True\"}]\n",
        "instructions: \" begins with a blank\\nand goes on\"\n"
        "stages:\n- name: one\n  tasks: [{name: a, text: \"ends\\n\"}]\n",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        const struct definition d = read(bodies[i]);
        struct definition again;
        struct err e = { 0 };
        const struct define_context context = { .arena = arena };
        struct buf b = buf_in(arena, 100000);
        assert_int_equal(define_write(&b, &d, arena, &e), OK);
        const char *text = arena_str(arena, buf_get(&b)).p;
        if (strstr(d.json.p, "NO")) /* nor is it a truth to a reader of YAML 1.1 */
            assert_true(strstr(text, "\"NO\"") && strstr(text, "\"True\""));
        if (define_read(&again, &context, buf_get(&b), &e) != OK)
            fail_msg("%zu: %s line %s:\n%.*s", i, e.code, err_param(&e, "line").p,
                     STR(buf_get(&b)));
        assert_string_equal(again.hash.p, d.hash.p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(by_what_things_are_called, set_up, tear_down),
        cmocka_unit_test_setup_teardown(moved_and_renamed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(written_and_read_again, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
