/* Records under more than one pair of eyes: two persons enter unseen by each other, another one
 * reviews a correction, and each signs for themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "kernel/flow_record.h"
#include "kernel/tests/flow_count.h"

static struct trial t;
static struct fixture_person third, reviewer;

static int set_up(void **state)
{
    (void)state;
    trial_open(&t);
    fixture_person(&t.nurse, 1, 1, 1,
                   "flow.complete flow.correct flow.sign flow.review_correction trial.note"
                   " role.nurse");
    fixture_person(&t.second, 2, 1, 1,
                   "flow.complete flow.sign sign.withdraw trial.note role.nurse");
    fixture_person(&third, 6, 1, 1, "flow.complete flow.correct flow.sign role.nurse");
    fixture_person(&reviewer, 7, 1, 1, "flow.review_correction flow.sign");
    count_load(&t);
    assert_int_equal(trial_begin(&t, 1, "counting"), OK);
    assert_int_equal(trial_note_fact(&t, &t.nurse, "identify", "check:patient"), OK);
    assert_int_equal(trial_complete(&t, &t.nurse, "identify", ""), OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    trial_close(&t);
    return 0;
}

#define CELLS(n)        "{'name':'cells','entered':'" n "'}"
#define REMARKED(n, as) CELLS(n) ",{'name':'remark','entered':'" as "'}"

static enum outcome enter(const struct fixture_person *who, const char *inputs)
{
    return trial_complete(&t, who, "count", inputs);
}

static void assert_answer(const char *json)
{
    if (!str_is(t.f.answer.body, json))
        fail_msg("%.*s", STR(t.f.answer.body));
}

static struct db *reader(void)
{
    struct db *db;
    struct err e = { 0 };
    assert_int_equal(store_reader_take(&db, t.f.node.store, &e), OK);
    return db;
}

static const struct flow_field_history *history(const char *field, size_t *n)
{
    const struct flow_field_history *out;
    struct db *db = reader();
    struct err e = { 0 };
    const struct flow_history_of of = {
        .order = str_z(t.order),
        .task = S("count"),
        .field = field ? str_z(field) : (struct str){ 0 },
        .looks = looker_new(t.f.node.keys, (struct str){ 0 }, "test", t.f.arena),
        .open_sealed = true,
    };
    assert_int_equal(flow_history_read(&out, n, db, &of, t.f.arena, &e), OK);
    store_reader_give(t.f.node.store, db);
    return out;
}

static struct flow_standing standing(void)
{
    struct flow_standing out;
    struct db *db = reader();
    struct err e = { 0 };
    struct definition form;
    bool found;
    assert_int_equal(define_find(&form, db, S("form"), S("count"), 1, 0, t.f.arena, &found, &e),
                     OK);
    assert_int_equal(
        flow_standing_read(&out, db, str_z(t.order), S("count"), form.body, t.f.arena, &e), OK);
    store_reader_give(t.f.node.store, db);
    return out;
}

/* --- double entry --- */

/* partial: INT-07 */
static void two_persons_agree(void **state)
{
    (void)state;
    size_t n;
    assert_int_equal(enter(&t.nurse, REMARKED("12.5", "clear")), OK);
    assert_answer("{\"entry\":\"first\"}");
    assert_true(trial_is_open(&t, "count"));
    (void)history(NULL, &n);
    assert_int_equal(n, 0); /* nobody sees it meanwhile */
    assert_int_equal(enter(&t.second, REMARKED("12.50", "clear")), OK);
    assert_answer("{\"entry\":\"agrees\"}");
    assert_false(trial_is_open(&t, "count"));
    struct flow_view v = trial_view(&t);
    assert_true(str_is(flow_value(&v, S("count"), S("twice"), t.f.arena), "25.00 10*6"));

    /* Both entries, who and when, stay. */
    const struct flow_field_history *h = history("cells", &n);
    assert_int_equal(n, 1);
    assert_int_equal(h->n, 3);
    assert_int_equal(h->said[0].how, FLOW_ENTERED);
    assert_true(str_is(h->said[0].value, "12.5 10*6"));
    assert_true(str_eq(h->said[0].by, t.nurse.actor.name));
    assert_int_equal(h->said[1].how, FLOW_ENTERED);
    assert_true(str_is(h->said[1].value, "12.50 10*6"));
    assert_true(str_eq(h->said[1].by, t.second.actor.name));
    assert_int_equal(h->said[2].how, FLOW_RECORDED);
    h = history("remark", &n);
    assert_true(h->said[0].sealed && str_is(h->said[0].value, "clear"));
    fixture_rebuilds(&t.f);
}

/* One person is one person, whatever session they send from. */
static void one_person_cannot_be_two(void **state)
{
    (void)state;
    assert_int_equal(enter(&t.nurse, CELLS("12")), OK);
    struct fixture_person again = t.nurse;
    again.actor.session = fixture_id('5', 99);
    again.actor.device = S("another");
    assert_int_equal(enter(&again, CELLS("12")), REFUSED);
    fixture_refused(&t.f, "flow.entered_by_you");
    assert_true(trial_is_open(&t, "count"));
}

static void a_difference_names_fields_and_no_values(void **state)
{
    (void)state;
    assert_int_equal(enter(&t.nurse, REMARKED("12", "clear")), OK);
    assert_int_equal(enter(&t.second, REMARKED("21", "cloudy")), OK);
    assert_answer("{\"entry\":\"differs\",\"fields\":[\"cells\",\"remark\"]}");
    assert_true(trial_is_open(&t, "count"));
    struct flow_standing s = standing();
    assert_int_equal(s.nentries, 2);
    assert_true(str_is(s.differs, "cells remark"));
    /* The third agrees with one of them. */
    assert_int_equal(enter(&third, REMARKED("12", "clear")), OK);
    assert_answer("{\"entry\":\"agrees\"}");
    assert_false(trial_is_open(&t, "count"));
    fixture_rebuilds(&t.f);
}

static void who_erred_enters_again(void **state)
{
    (void)state;
    assert_int_equal(enter(&t.nurse, CELLS("12")), OK);
    assert_int_equal(enter(&t.second, CELLS("21")), OK);
    /* With their own first entry nobody agrees. */
    assert_int_equal(enter(&t.second, CELLS("22")), OK);
    assert_answer("{\"entry\":\"differs\",\"fields\":[\"cells\"]}");
    /* An entry that its person gave up no longer counts. */
    assert_int_equal(enter(&t.nurse, CELLS("21")), OK);
    assert_answer("{\"entry\":\"differs\",\"fields\":[\"cells\"]}");
    assert_int_equal(enter(&t.second, CELLS("21")), OK);
    assert_answer("{\"entry\":\"agrees\"}");
}

/* An absent value is a difference as well, and what is wrong is told before anything is kept. */
static void entries_are_checked_like_any(void **state)
{
    (void)state;
    assert_int_equal(enter(&t.nurse, CELLS("twelve")), REFUSED);
    fixture_refused(&t.f, "form.problems");
    assert_int_equal(enter(&t.nurse, CELLS("12")), OK);
    assert_int_equal(enter(&t.second, REMARKED("12", "cloudy")), OK);
    assert_answer("{\"entry\":\"differs\",\"fields\":[\"remark\"]}");
}

/* --- two tabs at once --- */

static void two_tabs_of_one_person(void **state)
{
    (void)state;
    static struct count_sent a, b;
    count_submit(&t, &a, &t.nurse, 1, "12");
    count_submit(&t, &b, &t.nurse, 2, "12");
    count_run(&t);
    assert_int_equal(a.answer.error.outcome, OK);
    assert_int_equal(b.answer.error.outcome, REFUSED);
    assert_string_equal(b.answer.error.code, "flow.entered_by_you");
    assert_true(trial_is_open(&t, "count"));
}

/* Both sent before either was kept: still one is the first and the other is held against it. */
static void two_persons_at_once(void **state)
{
    (void)state;
    static struct count_sent a, b;
    count_submit(&t, &a, &t.nurse, 1, "12");
    count_submit(&t, &b, &t.second, 2, "13");
    count_run(&t);
    assert_true(str_is(a.answer.body, "{\"entry\":\"first\"}"));
    assert_true(str_is(b.answer.body, "{\"entry\":\"differs\",\"fields\":[\"cells\"]}"));
    assert_true(trial_is_open(&t, "count"));
}

/* --- review --- */

static enum outcome correct(const struct fixture_person *who, const char *cells)
{
    return fixture_send(&t.f, who, "flow.correct", "misread",
                        "{'order':'%s','task':'count','inputs':[{'name':'cells','entered':'%s'}]}",
                        t.order, cells);
}

static enum outcome review(const struct fixture_person *who, int64_t record, const char *verdict,
                           const char *comment)
{
    return fixture_send(&t.f, who, "flow.review_correction", NULL,
                        "{'order':'%s','task':'count','record':%lld,'verdict':'%s'%s}", t.order,
                        (long long)record, verdict, comment);
}

static void done(void)
{
    assert_int_equal(enter(&t.nurse, CELLS("12")), OK);
    assert_int_equal(enter(&t.second, CELLS("12")), OK);
}

static size_t waiting(void)
{
    struct db *db = reader();
    struct err e = { 0 };
    struct record_list list;
    const struct flow_record_waiting_in in = { t.nurse.actor.organisation, 0, S(""), 0 };
    assert_int_equal(db_list(db, &sql_flow_record_waiting, &in, &list, 200, t.f.arena, &e), OK);
    store_reader_give(t.f.node.store, db);
    return list.n;
}

/* shows: EBR-02 */
static void ebr_02_a_correction_is_reviewed_by_another(void **state)
{
    (void)state;
    size_t n;
    done();
    assert_int_equal(waiting(), 0);
    assert_int_equal(review(&reviewer, 1, "accepted", ""), REFUSED);
    fixture_refused(&t.f, "flow.no_correction");
    assert_int_equal(correct(&t.nurse, "13"), OK);
    assert_int_equal(waiting(), 1);
    struct flow_standing s = standing();
    assert_int_equal(s.nwaiting, 1);
    const int64_t record = s.corrections[0].version;
    assert_int_equal(record, s.record);
    assert_int_equal(review(&t.nurse, record, "accepted", ""), REFUSED);
    fixture_refused(&t.f, "flow.own_correction");
    assert_int_equal(review(&t.second, record, "accepted", ""), REFUSED);
    fixture_refused(&t.f, "gate.forbidden");
    assert_int_equal(review(&t.stranger, record, "accepted", ""), REFUSED);
    fixture_refused(&t.f, "gate.unknown");
    assert_int_equal(review(&reviewer, record, "fine", ""), REFUSED);
    fixture_refused(&t.f, "flow.unknown_verdict");
    assert_int_equal(review(&reviewer, record, "questioned", ""), REFUSED);
    fixture_refused(&t.f, "flow.comment_needed");
    assert_int_equal(review(&reviewer, record, "questioned", ",'comment':'by whom counted?'"), OK);
    assert_int_equal(waiting(), 1); /* it still waits */
    assert_int_equal(correct(&third, "14"), OK);
    s = standing();
    assert_int_equal(s.ncorrections, 2);
    assert_int_equal(waiting(), 1); /* the new one alone */
    assert_int_equal(review(&t.nurse, s.record, "accepted", ""), OK);
    assert_int_equal(waiting(), 0);
    assert_int_equal(review(&reviewer, s.record, "accepted", ""), REFUSED);
    fixture_refused(&t.f, "flow.reviewed_before");

    /* Nothing is deleted: first value and both corrections stand, with who, when and why. */
    const struct flow_field_history *h = history("cells", &n);
    assert_int_equal(h->n, 5);
    assert_true(str_is(h->said[2].value, "12 10*6") && h->said[2].how == FLOW_RECORDED);
    assert_true(str_is(h->said[3].value, "13 10*6") && h->said[3].how == FLOW_CORRECTED);
    assert_true(str_eq(h->said[3].by, t.nurse.actor.name));
    assert_true(str_is(h->said[3].why, "misread"));
    assert_true(str_eq(h->said[4].by, third.actor.name));
    assert_true(h->said[3].recorded < h->said[4].recorded);
    s = standing();
    assert_true(str_is(s.corrections[0].verdict, "questioned"));
    assert_true(s.corrections[0].comment.n > 0 &&
                !strstr(arena_str(t.f.arena, s.corrections[0].comment).p, "whom"));
    fixture_rebuilds(&t.f);
}

/* --- signatures --- */

static enum outcome sign(const struct fixture_person *who, int64_t record, const char *place)
{
    return fixture_send(&t.f, who, "flow.sign", NULL,
                        "{'order':'%s','task':'count','record':%lld,'place':'%s'}", t.order,
                        (long long)record, place);
}

static void places_are_signed_in_order_each_by_another(void **state)
{
    (void)state;
    assert_int_equal(sign(&t.nurse, 1, "counted"), REFUSED);
    fixture_refused(&t.f, "flow.not_done");
    done();
    struct flow_standing s = standing();
    assert_int_equal(s.nplaces, 2);
    assert_true(s.places[0].next && !s.places[1].next);
    assert_int_equal(sign(&t.nurse, s.record, "checked"), REFUSED);
    fixture_refused(&t.f, "flow.place_before");
    assert_int_equal(sign(&t.nurse, s.record, "approved"), REFUSED);
    fixture_refused(&t.f, "flow.unknown_place");
    assert_int_equal(sign(&reviewer, s.record, "counted"), REFUSED);
    fixture_refused(&t.f, "flow.wrong_role");
    assert_int_equal(sign(&t.nurse, s.record, "counted"), OK);
    assert_int_equal(sign(&t.second, s.record, "counted"), REFUSED);
    fixture_refused(&t.f, "flow.signed_before");
    assert_int_equal(sign(&t.nurse, s.record, "checked"), REFUSED);
    fixture_refused(&t.f, "flow.signed_by_you");
    assert_int_equal(trial_note_fact(&t, &t.operator, "receive", "check:receipt"), OK);
    assert_int_equal(trial_complete(&t, &t.operator, "receive", ""), REFUSED);
    fixture_refused(&t.f, "flow.guard");
    assert_int_equal(sign(&t.second, s.record, "checked"), OK);

    /* What is corrected is signed anew, and what it had held up is held up again. */
    assert_int_equal(correct(&third, "13"), OK);
    assert_int_equal(trial_complete(&t, &t.operator, "receive", ""), REFUSED);
    fixture_refused(&t.f, "flow.guard");
    assert_int_equal(sign(&t.nurse, s.record, "counted"), REFUSED);
    fixture_refused(&t.f, "flow.record_changed");
    s = standing();
    assert_true(s.places[0].next && !s.places[0].by.p);
    assert_int_equal(sign(&t.second, s.record, "counted"), OK);
    assert_int_equal(sign(&t.nurse, s.record, "checked"), OK);
    s = standing();
    assert_true(str_eq(s.places[1].by, t.nurse.actor.name));
    assert_int_equal(trial_complete(&t, &t.operator, "receive", ""), OK);
    fixture_rebuilds(&t.f);
}

/* A signature that is withdrawn frees its place, and what rested on it is held up again. */
static void a_withdrawn_signature_frees_its_place(void **state)
{
    (void)state;
    done();
    struct flow_standing s = standing();
    assert_int_equal(sign(&t.nurse, s.record, "counted"), OK);
    assert_int_equal(sign(&t.second, s.record, "checked"), OK);
    struct ledger_row *rows;
    struct event event;
    struct err e = { 0 };
    size_t n;
    struct db *db = reader();
    assert_int_equal(ledger_read(db, t.f.answer.sequence, 1, &rows, &n, t.f.arena, &e), OK);
    store_reader_give(t.f.node.store, db);
    assert_int_equal(event_read(&event, t.f.arena, rows[0].leaf, &e), OK);
    const struct str id = arena_str(t.f.arena, event.id);
    assert_int_equal(fixture_send(&t.f, &t.second, "sign.withdraw", "not mine to say",
                                  "{'signature':'%.*s'}", STR(id)),
                     OK);
    fixture_settle(&t.f);
    s = standing();
    assert_true(s.places[0].by.p && !s.places[1].by.p && s.places[1].next);
    assert_int_equal(trial_note_fact(&t, &t.operator, "receive", "check:receipt"), OK);
    assert_int_equal(trial_complete(&t, &t.operator, "receive", ""), REFUSED);
    fixture_refused(&t.f, "flow.guard");
    assert_int_equal(sign(&third, s.record, "checked"), OK);
    assert_int_equal(trial_complete(&t, &t.operator, "receive", ""), OK);
    fixture_rebuilds(&t.f);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(two_persons_agree),
        TEST(one_person_cannot_be_two),
        TEST(a_difference_names_fields_and_no_values),
        TEST(who_erred_enters_again),
        TEST(entries_are_checked_like_any),
        TEST(two_tabs_of_one_person),
        TEST(two_persons_at_once),
        TEST(ebr_02_a_correction_is_reviewed_by_another),
        TEST(places_are_signed_in_order_each_by_another),
        TEST(a_withdrawn_signature_frees_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
