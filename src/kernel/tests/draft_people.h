/* The people of the tests of drafts, and what they send: each test program has its own. */
#ifndef VEIN_KERNEL_TESTS_DRAFT_PEOPLE_H
#define VEIN_KERNEL_TESTS_DRAFT_PEOPLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/id.h"
#include "kernel/draft.h"
#include "kernel/sign_act.h"
#include "kernel/stop.h"
#include "kernel/tests/define_sample.h"
#include "kernel/tests/fixture.h"
#include "kernel/timer.h"

static const struct module *const modules[] = { &stop_module,  &timer_module, &define_module,
                                                &draft_module, &sign_module,  &sign_act_module };
static const struct define_kind *const kinds[] = { &sample_plan_kind, &sample_list_kind,
                                                   &approval_kind };
static const char table[] = "kind: approval\nname: definitions\nversion: 1\ntitle: Table\n"
                            "effective: 2026-01-01T00:00:00Z\nrules:\n"
                            "- {kinds: [approval], roles: [quality_manager], "
                            "reviewer_approves: true}\n"
                            "- {kinds: [plan], roles: [administrator, quality_manager]}\n";

static struct fixture f;
static struct fixture_person author, reviewer, admin, quality, both;
static char draft[40];
static char hash[80];

static inline int set_up(void **state)
{
    (void)state;
    fixture_open(&f, modules, sizeof modules / sizeof modules[0]);
    define_use(kinds, 3);
    fixture_person(&author, 1, 1, 1,
                   "define.draft define.note_trial define.review define.approve define.withdraw "
                   "role.quality_manager");
    fixture_person(&reviewer, 2, 1, 2,
                   "define.review define.approve sign.withdraw "
                   "role.quality_manager");
    fixture_person(&admin, 3, 1, 1, "define.approve role.administrator");
    fixture_person(&quality, 4, 1, 2,
                   "define.approve define.release define.retire define.withdraw "
                   "role.quality_manager");
    fixture_person(&both, 5, 1, 1,
                   "define.approve sign.reject role.administrator role.quality_manager");
    fixture_define(&f, &author, table);
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    fixture_rebuilds(&f);
    fixture_close(&f);
    return 0;
}

/* --- what they send --- */

static inline enum outcome drafts(const struct fixture_person *who, const char *yaml)
{
    char body[4000];
    struct buf b = buf_over(body, sizeof body);
    buf_z(&b, "{\"yaml\":");
    json_quote(&b, str_z(yaml));
    buf_char(&b, '}');
    struct id id = id_derive(S("fixture"), S("draft"), f.commands++);
    enum outcome o = fixture_send_as(&f, who, arena_str(f.arena, id_str(&id)), "define.draft",
                                     "shorter", arena_str(f.arena, buf_get(&b)).p);
    if (o == OK) {
        snprintf(draft, sizeof draft, "%s", fixture_answer(&f, "draft"));
        snprintf(hash, sizeof hash, "%s", fixture_answer(&f, "hash"));
    }
    return o;
}

static inline const char *plan(int version, const char *text)
{
    static char yaml[600];
    snprintf(yaml, sizeof yaml,
             "kind: plan\nname: car-t\nversion: %d\ntitle: Plan\n"
             "effective: 2026-01-01T00:00:00Z\ninstructions: %s\n"
             "stages:\n- name: one\n  tasks: [{name: a}]\n",
             version, text);
    return yaml;
}

static inline enum outcome tries(const struct fixture_person *who, const char *input)
{
    return fixture_send(&f, who, "define.note_trial", NULL,
                        "{'draft':'%s','hash':'%s','input':'%s'}", draft, hash, input);
}

static inline enum outcome reviews(const struct fixture_person *who, const char *verdict)
{
    return fixture_send(&f, who, "define.review", "read against the old one",
                        "{'draft':'%s','hash':'%s','verdict':'%s'}", draft, hash, verdict);
}

static inline enum outcome approves(const struct fixture_person *who, const char *role)
{
    return fixture_send(&f, who, "define.approve", NULL, "{'draft':'%s','hash':'%s','role':'%s'}",
                        draft, hash, role);
}

static inline enum outcome releases(const struct fixture_person *who, const char *at)
{
    if (!at)
        return fixture_send(&f, who, "define.release", NULL, "{'draft':'%s','hash':'%s'}", draft,
                            hash);
    return fixture_send(&f, who, "define.release", NULL,
                        "{'draft':'%s','hash':'%s','effective':'%s'}", draft, hash, at);
}

static inline void refused(enum outcome o, const char *code)
{
    assert_int_equal(o, REFUSED);
    fixture_refused(&f, code);
}

static inline void must(enum outcome o)
{
    fixture_must(&f, o, "as it should");
}

static inline void to_approved(int version, const char *text)
{
    must(drafts(&author, plan(version, text)));
    must(tries(&author, "one"));
    must(reviews(&reviewer, "accepted"));
    must(approves(&admin, "administrator"));
    must(approves(&quality, "quality_manager"));
}

/* The version in force at a time; NULL: now. */
static inline int64_t in_force(const char *at)
{
    struct definition d;
    struct db *db;
    struct err e = { 0 };
    bool found;
    int64_t at_us = f.sim.now_us;
    assert_true(!at || clock_read(&at_us, str_z(at)));
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    assert_int_equal(define_find(&d, db, S("plan"), S("car-t"), 0, at_us, f.arena, &found, &e), OK);
    store_reader_give(f.node.store, db);
    return found ? d.version : 0;
}

static inline const char *state_of(const char *of)
{
    const struct draft_one_in in = { str_z(of) };
    const struct record_list list = fixture_list(&f, &sql_draft_one, &in);
    assert_int_equal(list.n, 1);
    return arena_str(f.arena, ((const struct draft_one_out *)list.p)->state).p;
}

#endif
