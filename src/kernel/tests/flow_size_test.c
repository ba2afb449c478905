/* Definitions larger than any customer's are refused, and the largest that are not are served, in
 * bounded time and memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernel/flow_journey.h"
#include "kernel/tests/flow_trial.h"

enum { SECONDS_MAX = 20, ARENA = 64 << 20 };

static struct trial t;
static struct arena *arena;
static int64_t began;

static int set_up(void **state)
{
    (void)state;
    trial_open(&t);
    arena = arena_new(ARENA);
    assert_non_null(arena);
    began = env_now(&env_system);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assert_true(env_now(&env_system) - began < SECONDS_MAX * TIME_SECOND);
    arena_free(arena);
    trial_close(&t);
    return 0;
}

static const char *form(size_t nfields)
{
    struct buf b = buf_in(arena, 4 << 20);
    buf_z(&b, TRIAL_HEAD("form", "large", "1") "fields:\n");
    for (size_t i = 0; i < nfields; i++)
        buf_printf(&b, "- {name: f%zu, label: F, type: bool}\n", i);
    buf_char(&b, '\0');
    assert_true(buf_ok(&b));
    return buf_get(&b).p;
}

static const char *workflow(size_t nstages, size_t ntasks)
{
    struct buf b = buf_in(arena, 4 << 20);
    buf_z(&b, TRIAL_HEAD("workflow", "large",
                         "1") "product: trial\nmaterial: fresh\nparts: [site, maker]\nstages:\n");
    for (size_t i = 0; i < nstages; i++) {
        buf_printf(&b, "- name: s%zu\n  title: S\n  tasks:\n", i);
        for (size_t k = 0; k < ntasks; k++) {
            size_t n = i * ntasks + k;
            const char *act = n == 0   ? ", act: collect, checks: [patient]"
                              : n == 1 ? ", act: receive, checks: [receipt]"
                                       : "";
            buf_printf(&b, "  - {name: t%zu, title: T, part: site, role: nurse%s}\n", n, act);
        }
    }
    buf_char(&b, '\0');
    assert_true(buf_ok(&b));
    return buf_get(&b).p;
}

static void refused(const char *yaml, const char *code)
{
    struct err e = { 0 };
    assert_int_equal(trial_load(&t, yaml, &e), REFUSED);
    assert_string_equal(e.code, code);
    assert_true(err_param(&e, "line").p || strcmp(code, "define.too_large") == 0);
}

/* 10,000 fields are refused at their list; so is one field beyond 400; 400 are served. */
static void a_form_of_ten_thousand_fields_is_refused(void **state)
{
    (void)state;
    struct err e = { 0 };
    refused(form(10000), "define.too_many");
    refused(form(401), "define.too_long");
    arena_reset(arena);
    if (trial_load(&t, form(400), &e) != OK)
        fail_msg("%s", e.code);
}

/* 1,000 stages are refused, and so is what has more than 300 tasks; 300 in 40 stages run. */
static void a_workflow_of_a_thousand_stages_is_refused(void **state)
{
    (void)state;
    refused(workflow(1000, 1), "define.too_long");
    refused(workflow(41, 1), "define.too_long");
    refused(workflow(31, 10), "flow.tasks_max");
}

static void the_largest_workflow_is_served(void **state)
{
    (void)state;
    struct err e = { 0 };
    const char *yaml = workflow(30, 10);
    if (trial_load(&t, yaml, &e) != OK)
        fail_msg("%s", e.code);
    assert_int_equal(trial_begin(&t, 1, "large"), OK);
    assert_int_equal(trial_note_fact(&t, &t.nurse, "t0", "check:patient"), OK);
    assert_int_equal(trial_complete(&t, &t.nurse, "t0", ""), OK);
    assert_int_equal(trial_note_fact(&t, &t.nurse, "t1", "check:receipt"), OK);
    for (int i = 1; i < 300; i++) {
        char task[8];
        snprintf(task, sizeof task, "t%d", i);
        if (trial_complete(&t, &t.nurse, task, "") != OK)
            fail_msg("%s: %s", task, t.f.error.code);
    }
    assert_int_equal(trial_view(&t).state, FLOW_ENDED);
}

/* And the same on trial: every task of it done in one journey. */
static void the_largest_workflow_is_tried(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct db *db;
    struct definition w;
    struct flow_journey_report report;
    const struct flow_journey *journey;
    assert_int_equal(store_reader_take(&db, t.f.node.store, &e), OK);
    const struct define_context context = { .db = db, .now_us = INT64_MAX, .arena = arena };
    if (define_read(&w, &context, str_z(workflow(30, 10)), &e) != OK)
        fail_msg("%s", e.code);
    struct buf b = buf_in(arena, 256 << 10);
    buf_z(&b, "title: All\nworkflow: large\nstarts: 2026-01-05T08:00:00Z\nsteps:\n");
    for (int i = 0; i < 300; i++)
        buf_printf(&b, "- {complete: t%d}\n", i);
    buf_z(&b, "- {state: ended}\n");
    const struct flow_journey_trial trial = { &w, &context, S("en") };
    assert_int_equal(flow_journey_read(&journey, buf_get(&b), arena, &e), OK);
    if (flow_journey_run(&report, journey, &trial, &e) != OK)
        fail_msg("%s", e.code);
    assert_int_equal(report.nfailed, 0);
    store_reader_give(t.f.node.store, db);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_form_of_ten_thousand_fields_is_refused),
        TEST(a_workflow_of_a_thousand_stages_is_refused),
        TEST(the_largest_workflow_is_served),
        TEST(the_largest_workflow_is_tried),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
