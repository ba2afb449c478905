/* Drafts of others, without a rule, over people, and with mistakes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/tests/draft_people.h"

/* --- others --- */

/* Another organisation's draft is answered as one that is not there */
static void a_foreign_draft_is_unknown(void **state)
{
    (void)state;
    struct fixture_person stranger, traveller;
    fixture_person(&stranger, 8, 2, 9,
                   "define.draft define.review define.approve define.release define.withdraw "
                   "define.note_trial role.quality_manager");
    traveller = stranger; /* has rights in both, and acts for the other */
    traveller.grants[traveller.actor.ngrants++] =
        (struct grant){ .permission = S("define.review"),
                        .organisation = author.actor.organisation };
    traveller.actor.grants = traveller.grants;
    must(drafts(&author, plan(1, "one")));
    char theirs[40];
    snprintf(theirs, sizeof theirs, "%s", draft);
    const char *const ids[] = { theirs, "00000000-0000-8000-a000-000000000077" };
    for (size_t i = 0; i < 2; i++) {
        snprintf(draft, sizeof draft, "%s", ids[i]);
        refused(tries(&stranger, "one"), "gate.unknown");
        assert_string_equal(f.error.params[0].value, "draft");
        refused(reviews(&stranger, "rejected"), "gate.unknown");
        refused(reviews(&traveller, "rejected"), "gate.unknown");
        refused(approves(&stranger, "quality_manager"), "gate.unknown");
        refused(releases(&stranger, NULL), "gate.unknown");
        refused(fixture_send(&f, &stranger, "define.withdraw", "x", "{'draft':'%s'}", draft),
                "gate.unknown");
    }
    /* Nor does one of theirs stand in our way, or ours in theirs, until one of them is in force. */
    must(drafts(&stranger, plan(1, "ours")));
    snprintf(draft, sizeof draft, "%s", theirs);
    must(drafts(&author, plan(1, "one")));
    must(tries(&author, "one"));
    must(reviews(&reviewer, "accepted"));
    must(approves(&admin, "administrator"));
    must(approves(&quality, "quality_manager"));
    must(releases(&quality, NULL));
    refused(drafts(&stranger, plan(2, "ours")), "define.foreign");
}

static void without_a_rule_nothing_is_approved(void **state)
{
    (void)state;
    must(drafts(&author, "kind: list\nname: l\nversion: 1\ntitle: List\n"
                         "effective: 2026-01-01T00:00:00Z\nitems: [a]\n"));
    refused(tries(&author, ""), "define.no_sandbox");
    must(reviews(&reviewer, "accepted")); /* nothing to try: a list has no sandbox */
    refused(approves(&quality, "quality_manager"), "define.no_rule");

    /* The table changes as everything does; it cannot lose the rule for itself. */
    refused(drafts(&author, "kind: approval\nname: definitions\nversion: 2\ntitle: Table\n"
                            "effective: 2026-01-01T00:00:00Z\nrules:\n"
                            "- {kinds: [list], roles: [physician]}\n"),
            "approval.not_itself");
    char kept[40];
    char kept_hash[80];
    snprintf(kept, sizeof kept, "%s", draft);
    snprintf(kept_hash, sizeof kept_hash, "%s", hash);
    must(drafts(&author,
                "kind: approval\nname: definitions\nversion: 2\ntitle: Table\n"
                "effective: 2026-01-01T00:00:00Z\nrules:\n"
                "- {kinds: [approval, list], roles: [quality_manager, quality_manager]}\n"));
    must(reviews(&reviewer, "accepted"));
    must(approves(&reviewer, "quality_manager")); /* this kind's rule lets the reviewer */
    must(releases(&quality, NULL));
    snprintf(draft, sizeof draft, "%s", kept);
    snprintf(hash, sizeof hash, "%s", kept_hash);
    must(approves(&quality, "quality_manager"));
    assert_string_equal(fixture_answer(&f, "complete"), "false"); /* two of that role now */
    must(approves(&both, "quality_manager"));
    assert_string_equal(fixture_answer(&f, "complete"), "true");
    must(releases(&quality, NULL));
}

/* What people brought is theirs: the program loads no version over it. */
static void the_program_does_not_load_over_people(void **state)
{
    (void)state;
    struct err e = { 0 };
    bool changed;
    struct db *db;
    to_approved(1, "one");
    must(releases(&quality, NULL));
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    const struct define_context context = { .db = db, .now_us = f.sim.now_us, .arena = f.arena };
    assert_int_equal(define_load_text(f.node.gate, &context, author.actor.organisation,
                                      str_z(plan(2, "by the program")), &changed, &e),
                     REFUSED);
    store_reader_give(f.node.store, db);
    assert_string_equal(e.code, "define.by_people");
}

/* A mistake is told by its line, before anything is kept. */
static void a_mistake_at_its_place(void **state)
{
    (void)state;
    refused(drafts(&author, "kind: plan\nname: x\nversion: 1\ntitle: X\n"
                            "effective: 2026-01-01T00:00:00Z\nstages:\n- name: one\n"
                            "  tasks: [{name: b}, {name: b}]\n"),
            "gate.unknown");
    assert_string_equal(err_param(&f.error, "line").p, "8");
    refused(drafts(&author, "kind: plan\n\tname: x\n"), "define.control");
    assert_int_equal(
        fixture_list(&f, &sql_draft_list,
                     &(struct draft_list_in){ author.actor.organisation, INT64_MAX, S(""), 10 })
            .n,
        0);
}
int main(void)
{
    const struct CMUnitTest tests[] = {
#define DRAFTS(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        DRAFTS(a_foreign_draft_is_unknown),
        DRAFTS(without_a_rule_nothing_is_approved),
        DRAFTS(the_program_does_not_load_over_people),
        DRAFTS(a_mistake_at_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
