#define _GNU_SOURCE /* memmem */
/* The review of an order's audit trail: each exception judged, all of it signed by who did none of
 * it, as much at once as one review takes, and asked for by a task. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/trail_review.h"
#include "modules/order/tests/order_ground.h"

#define FORM                                                                                       \
    HEAD("form", "decision", "1") "fields:\n- {name: note, label: N, type: text, length: 40}\n"
#define WORKFLOW                                                                                   \
    HEAD("workflow", "trial", "2")                                                                 \
    "product: trial\nmaterial: fresh\nparts: [site, maker]\nstages:\n"                             \
    "- name: only\n  title: Only\n  tasks:\n"                                                      \
    "  - {name: decide, title: Decide, part: site, role: nurse, form: decision, "                  \
    "closed: [trail_review]}\n"

static struct fixture_person registrar; /* site 1: corrects, and reviews */
static struct fixture_person other;     /* site 1: reviews, and did nothing */
static struct fixture_person nurse;

static int open_reviewed(void **state)
{
    const int o = open_node(state);
    fixture_person(&other, 7, 1, 1, "order.see trail.see trail.review trail.judge");
    fixture_person(&registrar, 9, 1, 1,
                   "patient.correct patient.name order.see trail.review trail.judge");
    fixture_person(&nurse, 5, 1, 1, "flow.complete flow.correct role.nurse");
    return o;
}
#define REVIEWED(test) cmocka_unit_test_setup_teardown(test, open_reviewed, close_node)

static void correct(const char *family)
{
    fixture_must(&f,
                 fixture_send(&f, &registrar, "patient.correct", "as in the passport",
                              "{'patient':'%s','family':'%s','given':'" GIVEN
                              "','birth_date':'" BORN "','sex':'male',"
                              "'identifiers':[{'system':'urn:hospital','value':'" NUMBER "'}],"
                              "'conditions':[{'system':'icd-10','code':'C83.3'}]}",
                              patient, family),
                 "correct");
    fixture_settle(&f);
}

static enum outcome review(const struct fixture_person *who, int64_t up_to)
{
    return fixture_send(&f, who, "trail.review", "as expected", "{'order':'%s','up_to':%lld}",
                        order, (long long)up_to);
}

static enum outcome judge(const struct fixture_person *who, int64_t at, const char *verdict,
                          const char *why)
{
    return fixture_send(&f, who, "trail.judge", why, "{'order':'%s','at':%lld,'verdict':'%s'}",
                        order, (long long)at, verdict);
}

/* What lies behind a place, in the arena of the fixture. */
static struct trail_stretch since(int64_t from)
{
    struct trail_stretch out;
    struct err e = { 0 };
    struct db *db = reading();
    const struct trail_stretch_of of = { str_z(order), from, INT64_MAX - 1 };
    assert_int_equal(trail_stretch_read(&out, db, f.node.registry, &of, f.arena, &e), OK);
    store_reader_give(f.node.store, db);
    return out;
}

static struct event last_event(void)
{
    struct event event;
    struct ledger_row *rows;
    size_t n;
    struct err e = { 0 };
    struct db *db = reading();
    assert_int_equal(ledger_read_last(db, &rows, &n, f.arena, &e), OK);
    assert_int_equal(event_read(&event, f.arena, rows[0].leaf, &e), OK);
    store_reader_give(f.node.store, db);
    return event;
}

/* shows: AUD-04 by exception: each is commented or calls for no action before somebody who did none
 * signs that the trail was reviewed, each review from where the last ended */
static void each_exception_is_judged_before_the_review_is_signed(void **state)
{
    (void)state;
    placed();
    correct("Zeisig"); /* told to the order as well, where it is an exception */
    correct("Zaunkoenig");
    const struct trail_stretch s = since(-1);
    assert_int_equal(s.nmarked, 2);
    const int64_t first = s.marked[0].at;
    const int64_t second = s.marked[1].at;
    assert_true(str_is(s.marked[0].says, "correction"));
    (void)!review(&other, s.last);
    fixture_refused(&f, "trail.unjudged");
    assert_true(str_is(err_param(&f.error, "n"), "2"));
    (void)!judge(&other, first, "commented", NULL);
    fixture_refused(&f, "trail.comment_needed");
    (void)!judge(&other, first, "fine", "why");
    fixture_refused(&f, "trail.verdict");
    (void)!judge(&other, first - 1, "no_action", NULL);
    fixture_refused(&f, "trail.no_exception");
    (void)!judge(&registrar, first, "no_action", NULL);
    fixture_refused(&f, "trail.own_act");
    fixture_must(&f, judge(&other, first, "commented", "seen in the passport"), "judge");
    (void)!review(&other, s.last);
    fixture_refused(&f, "trail.unjudged");
    assert_true(str_is(err_param(&f.error, "n"), "1"));
    fixture_must(&f, judge(&other, second, "no_action", NULL), "judge");
    (void)!review(&registrar, s.last);
    fixture_refused(&f, "trail.own_act");
    (void)!review(&stranger, s.last);
    assert_int_not_equal(f.error.outcome, OK);
    fixture_must(&f, review(&other, s.last), "review");
    assert_non_null(memmem(f.answer.body.p, f.answer.body.n, "\"exceptions\":2", 14));
    const struct event signed_by = last_event();
    assert_true(str_is(signed_by.type, "trail.reviewed"));
    assert_non_null(
        memmem(signed_by.signature.p, signed_by.signature.n, "\"meaning\":\"reviewed\"", 20));
    (void)!judge(&other, first, "no_action", NULL);
    fixture_refused(&f, "trail.reviewed_before");
    (void)!review(&other, s.last + 1000);
    fixture_refused(&f, "trail.review_nothing"); /* the review itself is nothing new */
    assert_int_equal(fixture_files_holding(&f, "seen in the passport"), 0);
    fixture_rebuilds(&f);
}

/* What is signed names each exception with what was said of it: said anew, it is another thing. */
static void what_is_signed_is_what_was_said(void **state)
{
    struct sign_given given;
    (void)state;
    placed();
    correct("Zeisig");
    const struct trail_stretch s = since(-1);
    fixture_must(&f, judge(&other, s.marked[0].at, "no_action", NULL), "judge");
    const char *body =
        arena_printf(f.arena, "{\"order\":\"%s\",\"up_to\":%lld}", order, (long long)s.last).p;
    struct gate_command c = { .id = fixture_id('c', 77),
                              .name = S("trail.review"),
                              .actor = &other.actor,
                              .happened = TIME_NONE,
                              .entered = TIME_NONE,
                              .reason = S("as expected"),
                              .arena = f.arena,
                              .body = str_z(body) };
    fixture_must(&f, fixture_sign(&f, &c, &given), "sign");
    fixture_must(&f, judge(&other, s.marked[0].at, "commented", "looked again"), "judge");
    struct err e = { 0 };
    struct gate_answer answer;
    assert_int_equal(gate_run(f.node.gate, &c, &answer, &e), REFUSED);
    assert_string_equal(e.code, "sign.changed");
    c.signature = NULL;
    c.id = fixture_id('c', 78);
    e = (struct err){ 0 };
    assert_int_equal(gate_run(f.node.gate, &c, &answer, &e), REFUSED);
    assert_string_equal(e.code, "sign.needed");
}

static void a_step_of_the_clock_is_an_exception_of_the_review(void **state)
{
    (void)state;
    placed();
    const int64_t before = since(-1).last;
    env_sim_step_clock(&f.sim, -20 * TIME_SECOND);
    fixture_must(&f, fixture_send(&f, &physician, "flow.hold", "wait", "{'order':'%s'}", order),
                 "hold");
    const struct trail_stretch s = since(before);
    assert_true(s.nmarked >= 1);
    assert_true(str_is(s.marked[0].says, "clock"));
}

/* A long trail is reviewed in several, each of which says where it ends. */
static void one_review_takes_so_much_and_says_where_it_ends(void **state)
{
    (void)state;
    placed();
    for (int i = 0; i <= TRAIL_REVIEW_EXCEPTIONS; i++)
        correct(i % 2 ? "Zeisig" : "Zaunkoenig");
    const struct trail_stretch s = since(-1);
    assert_int_equal(s.nmarked, TRAIL_REVIEW_EXCEPTIONS);
    assert_true(s.more);
    (void)!review(&other, 1000000);
    fixture_refused(&f, "trail.review_too_long");
    assert_true(
        str_eq(err_param(&f.error, "up_to"), arena_printf(f.arena, "%lld", (long long)s.last)));
    for (size_t i = 0; i < s.nmarked; i++)
        fixture_must(&f, judge(&other, s.marked[i].at, "no_action", NULL), "judge");
    fixture_must(&f, review(&other, s.last), "review");
    const struct trail_stretch rest = since(s.last);
    assert_int_equal(rest.nmarked, 1);
    assert_false(rest.more);
    fixture_must(&f, judge(&other, rest.marked[0].at, "no_action", NULL), "judge");
    fixture_must(&f, review(&other, 1000000), "review");
}

static enum outcome decide(void)
{
    return fixture_send(&f, &nurse, "flow.complete", NULL,
                        "{'order':'%s','task':'decide','inputs':[{'name':'note','entered':'x'}]}",
                        order);
}

/* Somebody rejects the signature of the review that was signed last. */
static void void_review(void)
{
    struct fixture_person critic;
    const struct trail_review_standing_in in = { str_z(order) };
    const struct record_list list = fixture_list(&f, &sql_trail_review_standing, &in);
    const struct trail_review_standing_out *row = list.p;
    assert_true(list.n > 0);
    fixture_person(&critic, 8, 1, 1, "sign.reject");
    fixture_must(&f,
                 fixture_send(&f, &critic, "sign.reject", "was not there", "{'signature':'%.*s'}",
                              STR(row[list.n - 1].event)),
                 "reject");
}

/* partial: AUD-04 the review is part of what a decision on a batch rests on */
static void a_task_that_asks_for_it_waits_for_the_review(void **state)
{
    (void)state;
    must_load(FORM);
    must_load(WORKFLOW);
    placed();
    (void)!decide();
    fixture_refused(&f, "trail.unreviewed"); /* no exception, and nobody looked */
    fixture_must(&f, review(&other, since(-1).last), "review");
    correct("Zeisig");
    (void)!decide();
    fixture_refused(&f, "trail.unreviewed");
    assert_true(str_is(err_param(&f.error, "n"), "1"));
    const struct trail_stretch s = since(-1);
    fixture_must(&f, judge(&other, s.marked[0].at, "no_action", NULL), "judge");
    (void)!decide();
    fixture_refused(&f, "trail.unreviewed"); /* judged is not signed */
    fixture_must(&f, review(&other, s.last), "review");
    void_review();
    (void)!decide();
    fixture_refused(&f, "trail.unreviewed"); /* its signature does not stand */
    const struct trail_stretch again = since(-1);
    for (size_t i = 0; i < again.nmarked; i++)
        fixture_must(&f, judge(&other, again.marked[i].at, "no_action", NULL), "judge");
    fixture_must(&f, review(&other, again.last), "review");
    fixture_must(&f, decide(), "decide");
    fixture_must(&f,
                 fixture_send(&f, &nurse, "flow.correct", "mistyped",
                              "{'order':'%s','task':'decide','inputs':[{'name':'note','entered':"
                              "'y'}]}",
                              order),
                 "correct");
    fixture_rebuilds(&f);
}

/* shows: AUD-04 who withdrew a signature judges neither that, nor a review that it is in */
static void a_withdrawal_is_judged_by_another(void **state)
{
    struct fixture_person withdrawer;
    (void)state;
    fixture_person(&withdrawer, 7, 1, 1,
                   "order.see trail.see trail.review trail.judge sign.withdraw");
    placed();
    fixture_must(&f, review(&withdrawer, since(-1).last), "review");
    const struct trail_review_standing_in in = { str_z(order) };
    const struct record_list list = fixture_list(&f, &sql_trail_review_standing, &in);
    const struct trail_review_standing_out *row = list.p;
    fixture_must(&f,
                 fixture_send(&f, &withdrawer, "sign.withdraw", "not looked through",
                              "{'signature':'%.*s'}", STR(row->event)),
                 "withdraw");
    fixture_settle(&f);
    const struct trail_stretch s = since(-1);
    assert_int_equal(s.nmarked, 1);
    assert_true(str_is(s.marked[0].type, "sign.withdrawn"));
    assert_int_equal(judge(&withdrawer, s.marked[0].at, "no_action", NULL), REFUSED);
    fixture_refused(&f, "trail.own_act");
    fixture_must(&f, judge(&registrar, s.marked[0].at, "no_action", NULL), "judge");
    assert_int_equal(review(&withdrawer, s.last), REFUSED);
    fixture_refused(&f, "trail.own_act");
    fixture_must(&f, review(&registrar, s.last), "review");
}

/* Who takes an order's bundle away says so, and only they find it, for that order and one hour. */
static void a_bundle_is_said_before_it_is_taken_away(void **state)
{
    static struct fixture_person inspector;
    (void)state;
    fixture_person(&inspector, 6, 1, 1, "order.see trail.bundle");
    placed();
    (void)!fixture_send(&f, &other, "trail.bundle", NULL, "{'order':'%s'}", order);
    fixture_refused(&f, "gate.forbidden");
    fixture_must(&f, fixture_send(&f, &inspector, "trail.bundle", NULL, "{'order':'%s'}", order),
                 "bundle");
    char taken[40];
    snprintf(taken, sizeof taken, "%s", fixture_answer(&f, "export"));
    const struct event said = last_event();
    assert_true(str_is(said.type, "trail.bundled"));
    assert_true(str_eq(said.key, arena_printf(f.arena, "order/%s", order)));
    const struct trail_bundle_of right = { str_z(taken), str_z(order), inspector.actor.name,
                                           f.sim.now_us };
    struct trail_bundle_of asked[] = { right, right, right, right, right };
    asked[1].actor = other.actor.name;
    asked[2].order = str_z(taken);
    asked[3].now_us += TRAIL_BUNDLE_US;
    asked[4].export = S("nothing");
    for (size_t i = 0; i < 5; i++) {
        struct err e = { 0 };
        bool found;
        struct db *db = reading();
        assert_int_equal(trail_bundle_find(&found, db, &asked[i], f.arena, &e), OK);
        assert_int_equal(found, i == 0);
        store_reader_give(f.node.store, db);
    }
    fixture_rebuilds(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        REVIEWED(each_exception_is_judged_before_the_review_is_signed),
        REVIEWED(what_is_signed_is_what_was_said),
        REVIEWED(a_step_of_the_clock_is_an_exception_of_the_review),
        REVIEWED(one_review_takes_so_much_and_says_where_it_ends),
        REVIEWED(a_task_that_asks_for_it_waits_for_the_review),
        REVIEWED(a_withdrawal_is_judged_by_another),
        REVIEWED(a_bundle_is_said_before_it_is_taken_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
