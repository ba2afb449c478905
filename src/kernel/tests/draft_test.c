/* Definitions by people: draft, tried, reviewed, approved, in force from a date on, retired. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/tests/draft_people.h"

/* --- the whole way --- */

/* partial: ORC-02 versions come into force by signatures of several people;
 * partial: QMS-01 drafting, review, approval by the roles of the kind, effective date, superseding;
 * partial: VAL-03 tried in the sandbox, on exactly its text, before it can be reviewed */
static void by_steps_and_by_four_people(void **state)
{
    (void)state;
    must(drafts(&author, plan(1, "one")));
    assert_string_equal(state_of(draft), "drafted");
    assert_int_equal(in_force(NULL), 0);

    /* Reviewed only when the program has tried this very text, and it passed. */
    refused(reviews(&reviewer, "accepted"), "define.not_tried");
    must(tries(&author, "nowhere"));
    assert_string_equal(fixture_answer(&f, "passed"), "false");
    refused(reviews(&reviewer, "accepted"), "define.not_tried");
    must(tries(&author, "one"));
    assert_string_equal(fixture_answer(&f, "passed"), "true");

    refused(approves(&admin, "administrator"), "define.not_reviewed");
    must(reviews(&reviewer, "accepted"));
    refused(tries(&author, "nowhere"), "define.reviewed_already");
    refused(reviews(&reviewer, "accepted"), "define.reviewed_already");
    refused(releases(&quality, NULL), "define.not_approved");

    must(approves(&admin, "administrator"));
    assert_string_equal(fixture_answer(&f, "complete"), "false");
    assert_string_equal(state_of(draft), "reviewed");
    must(approves(&quality, "quality_manager"));
    assert_string_equal(fixture_answer(&f, "complete"), "true");
    refused(approves(&both, "quality_manager"), "define.approved_already");
    assert_int_equal(in_force(NULL), 0); /* approved is not in force */

    must(releases(&quality, NULL));
    assert_int_equal(in_force(NULL), 1);
    refused(releases(&quality, NULL), "define.closed");
    refused(fixture_send(&f, &quality, "define.withdraw", "no", "{'draft':'%s'}", draft),
            "define.in_force");

    to_approved(2, "two");
    must(releases(&quality, NULL));
    assert_int_equal(in_force(NULL), 2);
}

/* partial: ACC-01 who drafted it neither reviews nor approves it, and no role is given twice */
static void nobody_approves_their_own(void **state)
{
    (void)state;
    must(drafts(&author, plan(1, "one")));
    must(tries(&author, ""));
    refused(reviews(&author, "accepted"), "define.own_draft");
    must(reviews(&reviewer, "accepted"));
    refused(approves(&author, "quality_manager"), "define.own_draft");
    refused(approves(&reviewer, "quality_manager"), "define.own_review");
    refused(approves(&admin, "quality_manager"), "define.role_not_held");
    refused(approves(&admin, "physician"), "define.role_not_asked");
    must(approves(&both, "administrator"));
    refused(approves(&both, "quality_manager"), "define.approved_already"); /* two persons */
    refused(approves(&admin, "administrator"), "define.role_given");
    assert_string_equal(state_of(draft), "reviewed");

    /* Nor does the program. */
    struct fixture_person program = quality;
    program.actor.name = S("system/set_up");
    program.actor.system = true;
    refused(approves(&program, "quality_manager"), "define.people_only");
    refused(reviews(&program, "accepted"), "define.people_only");
    must(approves(&quality, "quality_manager"));
    refused(releases(&program, NULL), "define.people_only");
    must(releases(&quality, NULL));
}

static void only_the_text_that_was_read(void **state)
{
    (void)state;
    char read[80];
    must(drafts(&author, plan(1, "one")));
    snprintf(read, sizeof read, "%s", hash);
    char first[40];
    snprintf(first, sizeof first, "%s", draft);
    must(drafts(&author, plan(1, "two"))); /* the author thought better of it */
    assert_string_equal(state_of(first), "replaced");
    assert_string_not_equal(read, hash);
    snprintf(hash, sizeof hash, "%s", read);
    const uint64_t size = ledger_size(f.node.ledger);
    refused(tries(&author, "one"), "define.other_hash");
    refused(reviews(&reviewer, "rejected"), "define.other_hash");
    snprintf(draft, sizeof draft, "%s", first);
    refused(reviews(&reviewer, "rejected"), "define.closed");
    assert_int_equal(ledger_size(f.node.ledger), size);
}

static void approving_another_text_than_was_reviewed(void **state)
{
    (void)state;
    must(drafts(&author, plan(1, "one")));
    must(tries(&author, "one"));
    must(reviews(&reviewer, "accepted"));
    refused(drafts(&author, plan(1, "two")), "define.draft_open"); /* it is reviewed: it stays */
    snprintf(hash, sizeof hash, "%064d", 1);
    refused(approves(&admin, "administrator"), "define.other_hash");
    refused(releases(&quality, NULL), "define.not_approved");
}

/* --- two at once --- */

struct at_once {
    struct gate_command command;
    struct sign_given given;
    enum outcome outcome;
    struct err error;
};

static void answered(void *context, const struct gate_answer *answer)
{
    struct at_once *a = context;
    a->outcome = answer->error.outcome;
    a->error = answer->error;
}

/* Both read the draft as it was before; one role is one approval. */
static void two_approvals_at_once(void **state)
{
    (void)state;
    struct at_once a[2] = { 0 };
    struct err e = { 0 };
    const struct fixture_person *who[] = { &admin, &both };
    struct id ids[2];
    must(drafts(&author, plan(1, "one")));
    must(tries(&author, "one"));
    must(reviews(&reviewer, "accepted"));
    for (size_t i = 0; i < 2; i++) {
        ids[i] = id_derive(S("fixture"), S("at once"), i);
        a[i].command = (struct gate_command){
            .id = id_str(&ids[i]),
            .name = S("define.approve"),
            .body = arena_printf(f.arena,
                                 "{\"draft\":\"%s\",\"hash\":\"%s\",\"role\":\"administrator\"}",
                                 draft, hash),
            .actor = &who[i]->actor,
            .happened = TIME_NONE,
            .entered = TIME_NONE,
            .arena = f.arena,
        };
        assert_int_equal(fixture_sign(&f, &a[i].command, &a[i].given), OK);
    }
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(gate_submit(f.node.gate, &a[i].command, answered, &a[i], &e), OK);
    size_t ran;
    assert_int_equal(gate_step(f.node.gate, &ran, &e), OK);
    assert_int_equal(ran, 2);
    assert_int_equal(a[0].outcome, OK);
    assert_int_equal(a[1].outcome, REFUSED);
    assert_string_equal(a[1].error.code, "define.role_given");
    assert_string_equal(state_of(draft), "reviewed");
}

/* --- dates --- */

/* A date ahead, written in another zone, is that instant; one that has passed is none. */
static void from_a_date_on(void **state)
{
    (void)state;
    to_approved(1, "one");
    must(releases(&quality, NULL));
    to_approved(2, "two"); /* in October 2026 */
    refused(releases(&quality, "2026-10-01T00:00:00Z"), "define.in_the_past");
    must(releases(&quality, "2026-12-01T00:30:00+09:00"));
    assert_string_equal(fixture_answer(&f, "in_force"), "2026-11-30T15:30:00.000000Z");
    assert_int_equal(in_force("2026-11-30T15:29:59Z"), 1);
    assert_int_equal(in_force("2026-11-30T10:29:59-05:00"), 1);
    assert_int_equal(in_force("2026-11-30T15:30:00Z"), 2);
    assert_int_equal(in_force("2026-12-01T00:00:00Z"), 2);
    assert_int_equal(in_force(NULL), 1);

    /* Until then it can be taken back, and never comes. */
    must(fixture_send(&f, &quality, "define.withdraw", "not trained in time", "{'draft':'%s'}",
                      draft));
    assert_int_equal(in_force("2026-12-01T00:00:00Z"), 1);
    assert_string_equal(state_of(draft), "withdrawn");
    refused(drafts(&author, plan(2, "two")), "define.version_exists"); /* its number is spent */
    to_approved(3, "three");
    must(releases(&quality, NULL));
    assert_int_equal(in_force(NULL), 3);
}

static void not_before_the_document_says(void **state)
{
    (void)state;
    must(drafts(&author, "kind: plan\nname: car-t\nversion: 1\ntitle: Plan\n"
                         "effective: 2027-02-01T00:00:00Z\nstages:\n- name: one\n"
                         "  tasks: [{name: a}]\n"));
    must(tries(&author, "one"));
    must(reviews(&reviewer, "accepted"));
    must(approves(&admin, "administrator"));
    must(approves(&quality, "quality_manager"));
    refused(releases(&quality, "2027-01-31T23:59:59Z"), "define.before_planned");
    must(releases(&quality, NULL));
    assert_int_equal(in_force("2027-01-31T23:59:59Z"), 0);
    assert_int_equal(in_force("2027-02-01T00:00:00Z"), 1);
}

/* --- how it ends --- */

static void what_is_rejected_begins_anew(void **state)
{
    (void)state;
    must(drafts(&author, plan(1, "one")));
    must(tries(&author, "one"));
    must(reviews(&reviewer, "accepted"));
    must(approves(&admin, "administrator"));
    must(reviews(&reviewer, "rejected")); /* found something after all */
    refused(approves(&quality, "quality_manager"), "define.closed");
    char first[40];
    snprintf(first, sizeof first, "%s", draft);
    must(drafts(&author, plan(1, "one"))); /* even the same text is a draft of its own … */
    assert_string_not_equal(first, draft);
    refused(approves(&quality, "quality_manager"), "define.not_reviewed"); /* … from the start */
    refused(drafts(&reviewer, plan(1, "two")), "gate.forbidden");
    must(fixture_send(&f, &author, "define.withdraw", "another way", "{'draft':'%s'}", draft));
    assert_string_equal(state_of(first), "rejected");
    assert_string_equal(state_of(draft), "withdrawn");
}

/* The signature of what was done to the draft as act number n. */
static struct str signature_of(size_t n)
{
    const struct draft_acts_in in = { str_z(draft) };
    const struct record_list list = fixture_list(&f, &sql_draft_acts, &in);
    assert_true(n < list.n);
    return arena_str(f.arena, ((const struct draft_acts_out *)list.p)[n].event);
}

/* partial: QMS-01 SIG-01 a review or approval whose signature was taken back, or rejected by
 * another, counts no more, until there is one that stands */
static void only_signatures_that_stand_count(void **state)
{
    (void)state;
    to_approved(1, "one"); /* drafted, tried, accepted, approved, approved */
    must(fixture_send(&f, &both, "sign.reject", "was not in the house that day",
                      "{'signature':'%.*s'}", STR(signature_of(3))));
    refused(releases(&quality, NULL), "define.not_approved");
    must(approves(&admin, "administrator"));
    must(fixture_send(&f, &reviewer, "sign.withdraw", "read the wrong one", "{'signature':'%.*s'}",
                      STR(signature_of(2))));
    refused(releases(&quality, NULL), "define.not_approved");
    refused(approves(&both, "quality_manager"), "define.not_reviewed");
    must(reviews(&reviewer, "accepted"));
    refused(approves(&both, "quality_manager"), "define.approved_already");
    must(releases(&quality, NULL));
    assert_int_equal(in_force(NULL), 1);
}

static enum outcome retires(const char *why, int version)
{
    return fixture_send(&f, &quality, "define.retire", why,
                        "{'kind':'plan','name':'car-t','version':%d}", version);
}

/* partial: QMS-01 archiving: out of force, kept for what runs under it */
static void retired_is_in_force_no_more(void **state)
{
    (void)state;
    refused(retires("old", 1), "gate.unknown");
    to_approved(1, "one");
    must(releases(&quality, NULL));
    to_approved(2, "two");
    must(releases(&quality, "2026-12-01T00:00:00Z"));
    refused(retires("old", 2), "define.not_in_force");
    refused(retires("old", 1), "define.waits");
    must(fixture_send(&f, &quality, "define.withdraw", "not needed", "{'draft':'%s'}", draft));
    refused(fixture_send(&f, &quality, "define.retire", "old",
                         "{'kind':'plan','name':'car-t','version':1,'effective':"
                         "'2026-01-01T00:00:00Z'}"),
            "define.in_the_past");
    must(retires("nobody makes it any more", 1));
    assert_int_equal(in_force(NULL), 0); /* nor does the version before come back */
    to_approved(3, "three");
    must(releases(&quality, NULL));
    must(fixture_send(&f, &quality, "define.retire", "at the year's end",
                      "{'kind':'plan','name':'car-t','version':3,'effective':"
                      "'2099-01-01T00:00:00Z'}"));
    refused(retires("sooner", 3), "define.ends_already");
    to_approved(4, "four");
    must(releases(&quality, NULL));
    must(retires("neither", 4)); /* the end of the one before is not its own */
    refused(fixture_send(&f, &quality, "define.retire", "old",
                         "{'kind':'approval','name':'definitions','version':1}"),
            "define.needed");
}
int main(void)
{
    const struct CMUnitTest tests[] = {
#define DRAFTS(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        DRAFTS(by_steps_and_by_four_people),  DRAFTS(nobody_approves_their_own),
        DRAFTS(only_the_text_that_was_read),  DRAFTS(approving_another_text_than_was_reviewed),
        DRAFTS(two_approvals_at_once),        DRAFTS(from_a_date_on),
        DRAFTS(not_before_the_document_says), DRAFTS(what_is_rejected_begins_anew),
        DRAFTS(retired_is_in_force_no_more),  DRAFTS(only_signatures_that_stand_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
