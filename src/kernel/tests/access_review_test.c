/* The periodic access review: due by a date, everyone's rights kept or taken one by one, signed. */
#include "kernel/access_review.h"
#include "kernel/stop.h"
#include "kernel/effect.h"
#include "kernel/epoch.h"
#include "kernel/file.h"
#include "kernel/flow.h"
#include "kernel/job.h"
#include "kernel/notify.h"
#include "kernel/outbox.h"
#include "kernel/rota.h"
#include "kernel/sign_act.h"
#include "kernel/tests/auth_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct auth_fixture a;
#define F (&a.f)

static struct fixture_person lead;  /* person 1 */
static struct fixture_person other; /* person 4 */

static const struct define_kind *const kinds[] = { &role_kind };
static const struct module *const modules[] = {
    &stop_module, &epoch_module, &timer_module,  &define_module,        &auth_module,
    &file_module, &sign_module,  &effect_module, &job_module,           &outbox_module,
    &flow_module, &rota_module,  &notify_module, &access_review_module, &sign_act_module,
};

static void everywhere(struct fixture_person *p)
{
    for (size_t i = 0; i < p->actor.ngrants; i++)
        p->grants[i].site = (struct str){ 0 };
}

static int set_up(void **state)
{
    (void)state;
    define_use(kinds, 1);
    auth_fixture_open_with(&a, modules, sizeof modules / sizeof modules[0]);
    for (int i = 1; i <= 3; i++) {
        auth_fixture_account(&a, i);
        auth_fixture_role(&a, i, "nurse", 1, 1);
    }
    fixture_person(&lead, 1, 1, 1,
                   "access_review.plan access_review.judge access_review.sign sign.withdraw");
    everywhere(&lead);
    fixture_person(&other, 4, 1, 1, "access_review.judge");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    auth_fixture_close(&a);
    return 0;
}

static const char *in_days(int days)
{
    static char text[2][CLOCK_TEXT_LENGTH + 1];
    static int which;
    char *out = text[which++ % 2];
    struct buf b = buf_over(out, sizeof text[0]);
    clock_write(&b, F->sim.now_us + days * TIME_DAY);
    out[b.n] = '\0';
    return out;
}

static enum outcome plan(int days)
{
    return fixture_send(F, &lead, "access_review.plan", "half-yearly",
                        "{'due':'%s','every_days':180}", in_days(days));
}

static enum outcome judge(const struct fixture_person *who, int account, const char *keep,
                          const char *reason)
{
    return fixture_send(F, who, "access_review.judge", reason,
                        "{'account':'%s','role':'nurse','site':'%s','keep':%s}",
                        fixture_id('a', account).p, fixture_id('s', 1).p, keep);
}

static struct access_review_find_out row(void)
{
    const struct access_review_find_in in = { fixture_id('o', 1) };
    const struct record_list list = fixture_list(F, &sql_access_review_find, &in);
    assert_int_equal(list.n, 1);
    return *(const struct access_review_find_out *)list.p;
}

static enum outcome sign(int64_t due)
{
    char text[CLOCK_TEXT_LENGTH + 1];
    struct buf b = buf_over(text, sizeof text);
    clock_write(&b, due);
    text[b.n] = '\0';
    return fixture_send(F, &lead, "access_review.sign", NULL, "{'due':'%s'}", text);
}

/* shows: ACC-01 access is reviewed by a due date: each right kept or taken by another than its
 * holder, signed when nothing is left, and due again */
static void a_round_from_plan_to_signature(void **state)
{
    (void)state;
    assert_int_equal(plan(0), REFUSED);
    fixture_refused(F, "access_review.dates");
    assert_int_equal(plan(60), OK);
    assert_int_equal(judge(&lead, 2, "true", NULL), REFUSED);
    fixture_refused(F, "access_review.not_open");
    env_sim_advance(&F->sim, 31 * TIME_DAY);
    fixture_settle(F);
    assert_true(row().opened != TIME_NONE);
    assert_int_equal(judge(&lead, 1, "true", NULL), REFUSED);
    fixture_refused(F, "auth.own_rights");
    assert_int_equal(judge(&lead, 9, "true", NULL), REFUSED);
    fixture_refused(F, "gate.unknown");
    assert_int_equal(judge(&lead, 2, "true", NULL), OK);
    assert_int_equal(judge(&lead, 3, "false", NULL), REFUSED);
    fixture_refused(F, "gate.reason_needed");
    assert_int_equal(judge(&lead, 3, "false", "left the ward"), OK);
    const struct auth_roles_in held = { fixture_id('a', 3) };
    assert_int_equal(fixture_list(F, &sql_auth_roles, &held).n, 0);
    assert_int_equal(sign(row().due), REFUSED);
    fixture_refused(F, "access_review.unjudged");
    assert_int_equal(judge(&other, 1, "true", NULL), OK);
    auth_fixture_role(&a, 3, "nurse", 1, 1); /* given after all: looked at again */
    assert_int_equal(sign(row().due), REFUSED);
    fixture_refused(F, "access_review.unjudged");
    assert_int_equal(judge(&lead, 3, "true", NULL), OK);
    assert_int_equal(sign(row().due + 1), REFUSED);
    fixture_refused(F, "access_review.other_round");
    const int64_t due = row().due;
    assert_int_equal(sign(due), OK);
    assert_true(row().due == due + 180 * TIME_DAY);
    assert_true(row().opened == TIME_NONE);
    fixture_rebuilds(F);
}

/* shows: ACC-01 a review that nobody signs by its date is overdue, once, and stays open */
static void a_round_that_is_late(void **state)
{
    (void)state;
    assert_int_equal(plan(20), OK); /* due so soon that it is open at once */
    env_sim_advance(&F->sim, 2 * TIME_MINUTE);
    fixture_settle(F);
    assert_true(row().opened != TIME_NONE);
    assert_false(row().overdue);
    env_sim_advance(&F->sim, 20 * TIME_DAY);
    fixture_settle(F);
    assert_true(row().overdue);
    assert_int_equal(judge(&lead, 2, "true", NULL), OK);
    (void)!fixture_send(F, &lead, "access_review.open", NULL, "{'organisation':'%s','due':'%s'}",
                        fixture_id('o', 1).p, in_days(1));
    fixture_refused(F, "gate.forbidden");
    fixture_rebuilds(F);
}

static void give(int account, const char *role, int site, const char *product)
{
    (void)!fixture_send(F, &a.program, "account.give_role", "as the ward needs it",
                        "{'account':'%s','role':'%s','organisation':'%s','site':'%s'%s%s%s}",
                        fixture_id('a', account).p, role, fixture_id('o', 1).p,
                        fixture_id('s', site).p, product ? ",'product':'" : "",
                        product ? product : "", product ? "'" : "");
    fixture_must(F, F->error.outcome, "give");
}

static void open_round(void)
{
    assert_int_equal(plan(20), OK);
    env_sim_advance(&F->sim, 2 * TIME_MINUTE);
    fixture_settle(F);
    assert_true(row().opened != TIME_NONE);
}

/* shows: ACC-01 rights at a site are judged by who may there; the whole is planned and signed by
 * who may everywhere; and an open round loses nothing that was said */
static void everyone_in_their_own_place(void **state)
{
    (void)state;
    struct fixture_person local;
    fixture_person(&local, 4, 1, 1, "access_review.plan access_review.judge access_review.sign");
    assert_int_equal(fixture_send(F, &local, "access_review.plan", "half-yearly",
                                  "{'due':'%s','every_days':180}", in_days(20)),
                     REFUSED);
    fixture_refused(F, "gate.unknown");
    give(2, "nurse", 2, NULL);
    auth_fixture_role(&a, 3, "nurse", 1, 0); /* wherever */
    open_round();
    const struct access_review_list_in here = { fixture_id('o', 1), row().due, F->sim.now_us,
                                                fixture_id('s', 1) };
    const struct record_list list = fixture_list(F, &sql_access_review_list, &here);
    assert_int_equal(list.n, 3); /* of the five */
    const struct access_review_list_in nowhere = { here.organisation, here.due, here.now, S("") };
    assert_int_equal(fixture_list(F, &sql_access_review_list, &nowhere).n, 0);
    assert_int_equal(judge(&local, 2, "true", NULL), OK);
    assert_int_equal(fixture_send(F, &local, "access_review.judge", NULL,
                                  "{'account':'%s','role':'nurse','site':'%s','keep':true}",
                                  fixture_id('a', 2).p, fixture_id('s', 2).p),
                     REFUSED);
    fixture_refused(F, "gate.unknown");
    assert_int_equal(plan(40), REFUSED);
    fixture_refused(F, "access_review.begun");
    char due[CLOCK_TEXT_LENGTH + 1];
    struct buf b = buf_over(due, sizeof due);
    clock_write(&b, row().due);
    due[b.n] = '\0';
    assert_int_equal(fixture_send(F, &local, "access_review.sign", NULL, "{'due':'%s'}", due),
                     REFUSED);
    fixture_refused(F, "gate.unknown");
}

static void judge_all(void)
{
    const struct access_review_list_in in = { .organisation = fixture_id('o', 1),
                                              .due = row().due,
                                              .now = F->sim.now_us };
    const struct record_list list = fixture_list(F, &sql_access_review_list, &in);
    const struct access_review_list_out *x = list.p;
    for (size_t i = 0; i < list.n; i++) {
        if (x[i].judged != TIME_NONE)
            continue;
        const bool own = str_eq(x[i].account, fixture_id('a', 1));
        char product[80] = "";
        if (x[i].product.p)
            snprintf(product, sizeof product, ",'product':'%.*s'", STR(x[i].product));
        (void)!fixture_send(F, own ? &other : &lead, "access_review.judge", NULL,
                            "{'account':'%.*s','role':'nurse','site':'%.*s'%s,'keep':true}",
                            STR(x[i].account), STR(x[i].site), product);
        fixture_must(F, F->error.outcome, "judge");
    }
}

/* shows: ACC-01 a round of more rights than one signature is over is signed in parts, whole
 * persons in each; what is said again takes the signature back to before its person */
static void a_large_round_is_signed_in_parts(void **state)
{
    (void)state;
    char product[20];
    for (int account = 4; account <= 15; account++) {
        auth_fixture_account(&a, account);
        for (int i = 0; i < 30; i++) {
            snprintf(product, sizeof product, "product%d", i);
            give(account, "nurse", 1, product);
        }
    }
    open_round();
    judge_all();
    const int64_t due = row().due;
    assert_int_equal(sign(due), OK); /* three, and nine persons of thirty */
    assert_true(row().due == due);
    assert_true(str_starts(row().signed_to, fixture_id('a', 12)));
    assert_int_equal(fixture_send(F, &lead, "access_review.judge", NULL,
                                  "{'account':'%s','role':'nurse','site':'%s',"
                                  "'product':'product7','keep':true}",
                                  fixture_id('a', 5).p, fixture_id('s', 1).p),
                     OK);
    assert_true(str_starts(row().signed_to, fixture_id('a', 4)));
    assert_int_equal(sign(due), OK);
    assert_true(str_starts(row().signed_to, fixture_id('a', 14)));
    assert_int_equal(sign(due), OK);
    assert_true(row().due == due + 180 * TIME_DAY);
    assert_null(row().signed_to.p);
    fixture_rebuilds(F);
}

static struct str last_signature(void)
{
    const struct sign_of_in in = { S("access_review"), fixture_id('o', 1) };
    const struct record_list list = fixture_list(F, &sql_sign_of, &in);
    assert_true(list.n > 0);
    return ((const struct sign_of_out *)list.p)[list.n - 1].event;
}

/* shows: ACC-01 a review whose signature was withdrawn counts as unsigned, and is due again */
static void a_void_signature_is_none(void **state)
{
    (void)state;
    open_round();
    judge_all();
    assert_int_equal(sign(row().due), OK);
    assert_false(row().last_void);
    fixture_must(F,
                 fixture_send(F, &lead, "sign.withdraw", "not everyone was looked at",
                              "{'signature':'%.*s'}", STR(last_signature())),
                 "withdraw");
    fixture_settle(F);
    assert_true(row().last_void);
    assert_true(row().due <= F->sim.now_us);
    assert_int_equal(plan(400), REFUSED); /* nobody puts off what is due */
    fixture_refused(F, "access_review.due_at_once");
    env_sim_advance(&F->sim, TIME_MINUTE);
    fixture_settle(F);
    assert_true(row().opened != TIME_NONE);
    judge_all();
    assert_int_equal(sign(row().due), OK);
    assert_false(row().last_void);
    assert_int_equal(plan(200), OK);
    fixture_rebuilds(F);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_round_from_plan_to_signature, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_round_that_is_late, set_up, tear_down),
        cmocka_unit_test_setup_teardown(everyone_in_their_own_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_large_round_is_signed_in_parts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_void_signature_is_none, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
