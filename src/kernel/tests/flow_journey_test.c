/* A workflow tried before it counts: what is decided on trial is what is decided for orders, what
 * is expected and does not come is told, history held against another version tells where it would
 * have gone otherwise, nothing is kept, and nothing that is written in a journey takes the machine
 * down. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernel/flow_impl.h"
#include "kernel/flow_journey.h"
#include "kernel/flow_record.h"
#include "kernel/tests/flow_paths.h"

static struct trial t;
static struct arena *arena;
static struct arena *own; /* of one journey */
static struct db *db;

static int set_up(void **state)
{
    (void)state;
    struct err e = { 0 };
    trial_open(&t);
    if (trial_load(&t, paths_workflow, &e) != OK)
        fail_msg("%s", e.code);
    arena = arena_new(FLOW_JOURNEY_ARENA);
    own = arena_new(FLOW_JOURNEY_ARENA);
    assert_true(arena && own);
    assert_int_equal(store_reader_take(&db, t.f.node.store, &e), OK);
    text_use(text_rows, text_rows_count);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    store_reader_give(t.f.node.store, db);
    arena_free(arena);
    arena_free(own);
    trial_close(&t);
    return 0;
}

static struct flow_journey_report report;
static struct err why;

static struct define_context context(void)
{
    return (struct define_context){ .db = db, .now_us = INT64_MAX, .arena = arena };
}

static enum outcome imagine(const struct definition *w, const char *yaml)
{
    struct define_context c = context();
    const struct flow_journey_trial trial = { w, &c, S("en") };
    const struct flow_journey *journey;
    why = (struct err){ 0 };
    arena_reset(own);
    c.arena = own;
    TRY(flow_journey_read(&journey, str_z(yaml), own, &why));
    return flow_journey_run(&report, journey, &trial, &why);
}

/* The definition of a text that no store has. */
static struct definition definition(const char *yaml)
{
    const struct define_context c = context();
    struct definition d;
    struct err e = { 0 };
    if (define_read(&d, &c, str_z(yaml), &e) != OK)
        fail_msg("%s at %.*s", e.code, STR(err_param(&e, "at")));
    return d;
}

static bool told(enum flow_journey_sort sort, const char *key, const char *value)
{
    for (size_t i = 0; i < report.n; i++) {
        const struct flow_journey_line *l = &report.lines[i];
        bool same = l->sort == sort && strcmp(l->key, key) == 0;
        bool has = !value;
        for (size_t k = 0; k < l->nparams; k++)
            has |= value && str_is(l->params[k].value, value);
        if (same && has)
            return true;
    }
    return false;
}

static void tell_failures(void)
{
    for (size_t i = 0; i < report.n; i++)
        if (report.lines[i].sort == JOURNEY_FAILED || report.lines[i].sort == JOURNEY_DIFFERS) {
            struct str text = flow_journey_text(&report.lines[i], S("en"), arena);
            print_message("step %zu: %.*s\n", report.lines[i].step, STR(text));
        }
}

#define HEAD(workflow) "title: T\nworkflow: " workflow "\nstarts: 2026-01-05T08:00:00Z\nsteps:\n"

static void expected(const struct definition *w, const char *yaml)
{
    if (imagine(w, yaml) != OK)
        fail_msg("%s %.*s", why.code, STR(err_param(&why, "line")));
    if (report.nfailed > 0)
        tell_failures();
    assert_int_equal(report.nfailed, 0);
}

static void a_journey_goes_as_orders_do(void **state)
{
    (void)state;
    const struct definition w = definition(trial_workflow);
    expected(
        &w,
        HEAD("trial") "- {open: [collect], state: running}\n"
                      "- {complete: pack, refused: flow.not_open}\n"
                      "- {check: patient, at: collect, person: x}\n"
                      "- {complete: collect, person: x, with: {volume: 40, adequate: 'yes'},\n"
                      "   refused: flow.second_person}\n"
                      "- {complete: collect, with: {volume: 900}, refused: form.problems}\n"
                      "- {complete: collect, with: {volume: 40, adequate: 'yes'}, opens: [pack]}\n"
                      "- {wait: PT3H, overdue: [pack]}\n"
                      "- {complete: pack, opens: [receive]}\n"
                      "- {complete: receive, by: nurse, refused: flow.wrong_role}\n"
                      "- {complete: receive, refused: flow.guard, guard: enough}\n"
                      "- {correct: collect, with: {volume: 60}}\n"
                      "- {complete: receive, bare: true, refused: flow.check_missing}\n"
                      "- {complete: receive, opens: [sterility, wash]}\n"
                      "- {complete: wash, refused: flow.guard_early, guard: rested}\n"
                      "- {wait: PT1H}\n"
                      "- {complete: wash, refused: flow.guard, guard: signed}\n"
                      "- {fact: signed, at: wash}\n"
                      "- {complete: wash, opens: [release]}\n"
                      "- {hold: true, state: held}\n"
                      "- {complete: sterility, refused: flow.held}\n"
                      "- {resume: true}\n"
                      "- {complete: release, refused: flow.guard, guard: sterile}\n"
                      "- {complete: sterility}\n"
                      "- {complete: release, opens: [follow_up]}\n"
                      "- {complete: follow_up, state: ended}\n"
                      "- {complete: follow_up, refused: flow.ended}\n");
}

static void loops_branches_and_ladders_are_tried(void **state)
{
    (void)state;
    const struct definition w = definition(paths_workflow);
    expected(
        &w,
        HEAD("paths") "- {complete: collect, with: {volume: 100, adequate: 'yes'}}\n"
                      "- {complete: receive, opens: [wash, test]}\n"
                      "- {wait: PT1H, told: [operator]}\n"
                      "- {wait: PT2H, told: [nurse]}\n"
                      "- {loop: rewash, refused: flow.loop_not_here}\n"
                      "- {loop: recollect, opens: [collect]}\n"
                      "- {complete: collect, with: {volume: 100, adequate: 'yes'}}\n"
                      "- {complete: receive}\n"
                      "- {loop: recollect, refused: flow.loop_spent}\n"
                      "- {check: receipt, at: receive, failed: true, state: stopped}\n"
                      "- {complete: wash, refused: stop.stopped}\n"
                      "- {wait: PT1H, told: [operator, nurse]}\n"
                      "- {resolve: continue}\n"
                      "- {complete: wash}\n"
                      "- {complete: test, with: {volume: 100, adequate: 'no'},\n"
                      "   opens: [culture, ask], skips: [release]}\n"
                      "- {complete: culture, with: {volume: 1, adequate: 'no'}, opens: [alarm],\n"
                      "   told: [nurse, operator]}\n"
                      "- {complete: ask, opens: [supply]}\n"
                      "- {complete: supply, opens: [give]}\n"
                      "- {complete: give, refused: flow.guard, guard: not_failed}\n"
                      "- {end: died, refused: flow.material_unstated}\n"
                      "- {end: died, material: discard, state: ended}\n");
}

static void what_is_not_as_expected_is_told(void **state)
{
    (void)state;
    const struct definition w = definition(trial_workflow);
    assert_int_equal(
        imagine(&w, HEAD("trial") "- {complete: collect, with: {volume: 40}, opens: [receive]}\n"
                                  "- {complete: pack, refused: flow.guard}\n"
                                  "- {complete: pack}\n"
                                  "- {open: [collect], state: held}\n"),
        OK);
    assert_int_equal(report.nfailed, 5);
    assert_true(told(JOURNEY_FAILED, "journey.expected_opens", "pack"));
    assert_true(told(JOURNEY_FAILED, "journey.expected_refusal", "flow.guard"));
    assert_true(told(JOURNEY_FAILED, "journey.unexpected", "flow.done_before"));
    assert_true(told(JOURNEY_FAILED, "journey.expected_open", "receive"));
    assert_true(told(JOURNEY_FAILED, "journey.expected_state", "held"));
}

static void a_journey_that_cannot_be_read_names_its_place(void **state)
{
    (void)state;
    const struct definition w = definition(trial_workflow);
    assert_int_equal(imagine(&w, HEAD("trial") "- {complete: collect, wait: P1D}\n"), REFUSED);
    assert_string_equal(why.code, "journey.unclear");
    assert_true(str_is(err_param(&why, "line"), "5"));
    assert_int_equal(imagine(&w, HEAD("trial") "- {finish: collect}\n"), REFUSED);
    assert_string_equal(why.code, "define.unknown_field");
    assert_int_equal(imagine(&w, HEAD("paths") "- {wait: P1D}\n"), REFUSED);
    assert_string_equal(why.code, "journey.other_workflow");
}

/* --- what a trial folds is what rows say --- */

static void folded(struct flow_folded *f, struct str order)
{
    struct stream stream = stream_of("flow", order);
    struct ledger_row *rows;
    struct err e = { 0 };
    size_t n;
    assert_int_equal(flow_folded_new(f, arena, &e), OK);
    assert_int_equal(ledger_read_stream(db, stream_str(&stream), 1, 500, &rows, &n, arena, &e), OK);
    for (size_t i = 0; i < n; i++) {
        struct event event;
        const void *payload;
        assert_int_equal(event_read(&event, arena, rows[i].leaf, &e), OK);
        const struct event_type *type =
            registry_event(t.f.node.registry, event.type, event.type_version);
        assert_int_equal(registry_payload(type, &event, &payload, arena, &e), OK);
        const struct flow_folding of = { event.happened, event.actor, event.version };
        assert_int_equal(flow_fold(f, type, payload, &of, &e), OK);
    }
    assert_true(n > 20);
}

static void same_task(const struct flow_open_task *a, const struct flow_open_task *b)
{
    assert_true(str_eq(a->task, b->task) && str_eq(a->form, b->form));
    assert_true(str_eq(a->organisation, b->organisation) && str_eq(a->site, b->site));
    assert_int_equal(a->number, b->number);
    assert_int_equal(a->pass, b->pass);
    assert_int_equal(a->done, b->done);
    assert_int_equal(a->overdue, b->overdue);
    assert_int_equal(a->unreviewed, b->unreviewed);
    assert_int_equal(a->opened, b->opened);
    assert_int_equal(a->due, b->due);
    if (a->done)
        assert_int_equal(a->done_at, b->done_at);
    assert_true((!a->done || str_eq(a->by, b->by)) && a->recorded == b->recorded);
    if (!str_eq(a->json, b->json))
        fail_msg("%.*s: %.*s, rows have %.*s", STR(a->task), STR(a->json), STR(b->json));
}

static void same_state(const struct flow_view *a, const struct flow_view *b)
{
    assert_int_equal(a->state, b->state);
    assert_int_equal(a->ntasks, b->ntasks);
    assert_int_equal(a->nskipped, b->nskipped);
    assert_int_equal(a->npast, b->npast);
    assert_int_equal(a->nfacts, b->nfacts);
    for (size_t i = 0; i < a->ntasks; i++)
        same_task(&a->tasks[i], &b->tasks[i]);
    for (size_t i = 0; i < a->nskipped; i++) {
        assert_true(str_eq(a->skipped[i].task, b->skipped[i].task));
        assert_int_equal(a->skipped[i].number, b->skipped[i].number);
    }
    for (size_t i = 0; i < a->npast; i++) {
        bool found = false;
        for (size_t k = 0; k < b->npast; k++)
            found |= str_eq(a->past[i].task, b->past[k].task) &&
                     a->past[i].pass == b->past[k].pass && str_eq(a->past[i].loop, b->past[k].loop);
        assert_true(found);
    }
    for (size_t i = 0; i < a->nfacts; i++) {
        const struct flow_fact *f = NULL;
        for (size_t k = 0; k < b->nfacts; k++)
            if (str_eq(b->facts[k].task, a->facts[i].task) &&
                str_eq(b->facts[k].fact, a->facts[i].fact))
                f = &b->facts[k];
        assert_non_null(f);
        assert_true(str_eq(f->by, a->facts[i].by) && f->at == a->facts[i].at);
    }
}

#define ADEQUATE(word) "{'name':'volume','entered':'100'},{'name':'adequate','entered':'" word "'}"

static void do_it(const struct fixture_person *who, const char *task, const char *inputs,
                  const char *fact)
{
    if (fact)
        assert_int_equal(trial_note_fact(&t, who, task, fact), OK);
    if (trial_complete(&t, who, task, inputs) != OK)
        fail_msg("%s: %s", task, t.f.error.code);
}

static void collected_and_tested(const char *adequate)
{
    assert_int_equal(trial_note_fact(&t, &t.nurse, "collect", "made:bag"), OK);
    do_it(&t.nurse, "collect", ADEQUATE("yes"), "check:patient");
    do_it(&t.operator, "receive", "", "check:receipt");
    do_it(&t.operator, "wash", "", "made:cells");
    do_it(&t.operator, "test", adequate, NULL);
}

/* The folded state is what flow_read reads of the rows, through loops, skips, corrections, holds.
 */
static void folding_is_what_rows_say(void **state)
{
    (void)state;
    struct flow_folded f;
    assert_int_equal(trial_begin(&t, 1, "paths"), OK);
    collected_and_tested(ADEQUATE("yes"));
    assert_int_equal(fixture_send(&t.f, &t.operator, "trial.note", NULL,
                                  "{'order':'%s','task':'release','fact':'check:released'}",
                                  t.order),
                     OK);
    fixture_person(&t.operator, 4, 2, 2, "flow.complete trial.note role.operator flow.repeat");
    assert_int_equal(fixture_send(&t.f, &t.operator, "flow.repeat", "again",
                                  "{'order':'%s','loop':'rewash'}", t.order),
                     OK);
    do_it(&t.operator, "wash", "", "made:cells");
    assert_int_equal(
        fixture_send(&t.f, &t.coordinator, "flow.hold", "why", "{'order':'%s'}", t.order), OK);
    assert_int_equal(
        fixture_send(&t.f, &t.coordinator, "flow.resume", "why", "{'order':'%s'}", t.order), OK);
    assert_int_equal(fixture_send(&t.f, &t.nurse, "flow.correct", "slip",
                                  "{'order':'%s','task':'collect','inputs':"
                                  "[{'name':'volume','entered':'99'}]}",
                                  t.order),
                     OK);
    do_it(&t.operator, "culture", ADEQUATE("no"), NULL);
    const struct flow_view rows = trial_view(&t);
    folded(&f, str_z(t.order));
    assert_true(rows.npast > 0 && rows.nskipped > 0);
    same_state(&f.view, &rows);
}

static void replay(const char *yaml)
{
    const struct definition w = definition(yaml);
    const struct define_context c = context();
    const struct flow_journey_trial trial = { &w, &c, S("en") };
    why = (struct err){ 0 };
    if (flow_journey_replay(&report, db, str_z(t.order), &trial, &why) != OK)
        fail_msg("%s", why.code);
}

/* The paths workflow with one text in place of another. */
static const char *otherwise(const char *from, const char *to)
{
    const char *at = strstr(paths_workflow, from);
    assert_non_null(at);
    return arena_printf(arena, "%.*s%s%s", (int)(at - paths_workflow), paths_workflow, to,
                        at + strlen(from))
        .p;
}

static void given_order(void)
{
    assert_int_equal(trial_begin(&t, 2, "paths"), OK);
    collected_and_tested(ADEQUATE("yes"));
    env_sim_advance(&t.f.sim, 5 * TIME_HOUR);
    do_it(&t.operator, "release", "", "check:released");
    do_it(&t.nurse, "give", "", "check:bedside");
    do_it(&t.operator, "culture", ADEQUATE("yes"), NULL);
}

static void history_under_its_own_version_is_the_same(void **state)
{
    (void)state;
    given_order();
    replay(paths_workflow);
    tell_failures();
    assert_int_equal(report.ndiffers, 0);
    assert_int_equal(report.nopen, 0);
}

static void history_tells_where_a_version_leads_elsewhere(void **state)
{
    (void)state;
    given_order();
    replay(otherwise("    when: [{name: within, text: the result is within, task: test, field: "
                     "adequate,\n       is: 'yes'}]\n",
                     "    when: [{name: within, text: enough, task: test, field: volume,\n"
                     "       at_least: 200}]\n"));
    assert_true(told(JOURNEY_DIFFERS, "journey.opened_then_skipped_here", "Release"));
    assert_true(told(JOURNEY_DIFFERS, "journey.would_refuse", "Release"));

    replay(otherwise("    - {name: decided,", "    - {name: soon, text: given within an hour, of: "
                                              "test, within: PT1H}\n    - {name: decided,"));
    assert_true(told(JOURNEY_DIFFERS, "journey.would_refuse", "Give"));
    assert_int_equal(report.ndiffers, 1);

    replay(otherwise("  - {name: culture, title: Culture,",
                     "  - {name: look, title: Look, part: maker, role: operator,\n"
                     "     after: [test]}\n"
                     "  - {name: culture, title: Culture,"));
    assert_true(told(JOURNEY_DIFFERS, "journey.opens_here", "Look"));
    assert_true(told(JOURNEY_DIFFERS, "journey.not_finished", NULL));
    assert_int_equal(report.nopen, 1);

    replay(otherwise("    act: release\n", "    limit: PT1H\n    act: release\n"));
    assert_true(told(JOURNEY_DIFFERS, "journey.overdue_here", "Release"));
    assert_int_equal(report.ndiffers, 1);
}

static const char apheresis_3[] = TRIAL_HEAD(
    "form", "apheresis",
    "3") "fields:\n"
         "- {name: volume, label: Volume, type: quantity, unit: mL, required: true}\n"
         "- {name: duration, label: Duration, type: quantity, unit: min, required: true}\n"
         "- name: adequate\n"
         "  label: Adequate\n"
         "  type: choice\n"
         "  choices: [{value: 'yes', label: Yes}, {value: 'no', label: No}]\n";

static void history_tells_of_forms_that_differ(void **state)
{
    (void)state;
    struct err e = { 0 };
    given_order();
    assert_int_equal(trial_load(&t, apheresis_3, &e), OK);
    store_reader_give(t.f.node.store, db);
    assert_int_equal(store_reader_take(&db, t.f.node.store, &e), OK);
    replay(paths_workflow); /* forms in their newest version: one asks for more */
    assert_true(told(JOURNEY_DIFFERS, "journey.form_refuses", "Collect"));
    assert_true(told(JOURNEY_DIFFERS, "journey.form_refuses", "Culture"));
    replay(otherwise("     after: [wash, test], form: apheresis}\n",
                     "     after: [wash, test], form: apheresis, form_version: 1}\n"));
    assert_true(told(JOURNEY_DIFFERS, "journey.form_refuses", "Collect"));
    assert_false(told(JOURNEY_DIFFERS, "journey.form_refuses", "Culture"));
}

/* --- nothing is kept, and nothing takes the machine down --- */

static int64_t events(void)
{
    struct ledger_row *rows;
    struct err e = { 0 };
    size_t n;
    assert_int_equal(ledger_read_last(db, &rows, &n, arena, &e), OK);
    return n > 0 ? rows[0].sequence : -1;
}

static void nothing_is_kept(void **state)
{
    (void)state;
    struct err e = { 0 };
    given_order();
    store_reader_give(t.f.node.store, db);
    assert_int_equal(store_reader_take(&db, t.f.node.store, &e), OK);
    int64_t before = events();
    loops_branches_and_ladders_are_tried(NULL);
    replay(paths_workflow);
    store_reader_give(t.f.node.store, db);
    assert_int_equal(store_reader_take(&db, t.f.node.store, &e), OK);
    assert_int_equal(events(), before);
    assert_true(before > 20);
}

static const char *many_steps(const char *step, size_t n)
{
    struct buf b = buf_in(arena, 512 << 10);
    buf_z(&b, HEAD("trial"));
    for (size_t i = 0; i < n; i++)
        buf_z(&b, step);
    buf_char(&b, '\0');
    return buf_get(&b).p;
}

static void a_journey_without_end_is_refused(void **state)
{
    (void)state;
    const struct definition w = definition(trial_workflow);
    assert_int_equal(imagine(&w, many_steps("- {wait: P30000D}\n", 500)), OK);
    assert_int_equal(imagine(&w, many_steps("- {wait: P1D}\n", 501)), REFUSED);
    assert_string_equal(why.code, "define.too_long");
    assert_int_equal(imagine(&w, many_steps("- {say: x, complete: collect, by: courier, opens: "
                                            "[a], skips: [b], told: [c], overdue: [d], open: [e], "
                                            "state: ended, refused: none}\n",
                                            500)),
                     REFUSED);
    assert_string_equal(why.code, "journey.too_long");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_journey_goes_as_orders_do, set_up, tear_down),
        cmocka_unit_test_setup_teardown(loops_branches_and_ladders_are_tried, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_as_expected_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_journey_that_cannot_be_read_names_its_place, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(folding_is_what_rows_say, set_up, tear_down),
        cmocka_unit_test_setup_teardown(history_under_its_own_version_is_the_same, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(history_tells_where_a_version_leads_elsewhere, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(history_tells_of_forms_that_differ, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_journey_without_end_is_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
