#define _GNU_SOURCE /* memmem */
/* The review of an emergency access: over what was done under it, by a signature that stands. */
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
#include <string.h>

#include <cmocka.h>

static struct auth_fixture a;
#define F (&a.f)

static struct fixture_person nurse;   /* person 2: takes it */
static struct fixture_person quality; /* person 3 */
static char emergency[40];

static const struct define_kind *const kinds[] = { &role_kind, &notify_kind_kind };
static const struct module *const modules[] = {
    &stop_module, &epoch_module, &timer_module,  &define_module,   &auth_module,
    &file_module, &sign_module,  &effect_module, &job_module,      &outbox_module,
    &flow_module, &rota_module,  &notify_module, &sign_act_module,
};
#define HEAD(kind, name)                                                                           \
    "kind: " kind "\nname: " name "\nversion: 1\ntitle: T\neffective: 2026-01-01T00:00:00Z\n"

static int set_up(void **state)
{
    (void)state;
    define_use(kinds, sizeof kinds / sizeof kinds[0]);
    auth_fixture_open_with(&a, modules, sizeof modules / sizeof modules[0]);
    for (int i = 1; i <= 3; i++)
        auth_fixture_account(&a, i);
    fixture_define(F, &a.program,
                   HEAD("role", "keeper") "permissions: [account.make]\n"
                                          "emergency: [account.make]\n");
    fixture_define(F, &a.program,
                   HEAD("notification", "emergency_taken") "urgency: critical\n"
                                                           "text: notify.emergency_taken\n"
                                                           "ladder: [{after_min: 0, role: "
                                                           "nurse}]\n");
    fixture_person(&nurse, 2, 1, 1, "emergency.take emergency.end account.make");
    for (size_t i = 0; i < nurse.actor.ngrants; i++)
        nurse.grants[i].site = (struct str){ 0 };
    fixture_person(&quality, 3, 1, 1, "emergency.review sign.withdraw");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    auth_fixture_close(&a);
    return 0;
}

static void take(void)
{
    fixture_must(F,
                 fixture_send(F, &nurse, "emergency.take", "nobody else is here",
                              "{'role':'keeper','site':'%s','minutes':30}", fixture_id('s', 1).p),
                 "take");
    snprintf(emergency, sizeof emergency, "%s", fixture_answer(F, "emergency"));
    nurse.actor.emergency = str_z(emergency); /* as their session has it from now on */
}

static int64_t make(const struct fixture_person *who, int number)
{
    fixture_must(F,
                 fixture_send(F, who, "account.make", NULL,
                              "{'organisation':'%s','login':'urgent%d','name':'N'}",
                              fixture_id('o', 1).p, number),
                 "make");
    return F->answer.sequence;
}

static enum outcome review(void)
{
    return fixture_send(F, &quality, "emergency.review", "seen",
                        "{'emergency':'%s','verdict':'justified'}", emergency);
}

static bool reviewed(void)
{
    const struct auth_emergency_in in = { str_z(emergency) };
    const struct auth_emergency_out *row = fixture_list(F, &sql_auth_emergency, &in).p;
    return row->reviewed != TIME_NONE;
}

static bool alarm_stands(void)
{
    char cause[60];
    snprintf(cause, sizeof cause, "emergency/%s", emergency);
    const struct id id = notify_id(S("emergency_taken"), str_z(cause));
    const struct notify_find_in in = { id_str(&id) };
    const struct record_list list = fixture_list(F, &sql_notify_find, &in);
    assert_int_equal(list.n, 1);
    return str_is(((const struct notify_find_out *)list.p)->state, "standing");
}

/* What quality would sign now. */
static struct str content(void)
{
    struct gate_answer asked = { 0 };
    struct err e = { 0 };
    const struct gate_command c = {
        .id = fixture_id('c', 1),
        .name = S("emergency.review"),
        .body =
            arena_printf(F->arena, "{\"emergency\":\"%s\",\"verdict\":\"justified\"}", emergency),
        .actor = &quality.actor,
        .happened = TIME_NONE,
        .entered = TIME_NONE,
        .reason = S("looked at"),
        .arena = F->arena,
        .asks = true,
    };
    assert_int_equal(gate_run(F->node.gate, &c, &asked, &e), OK);
    return asked.body;
}

static void says(struct str text, const char *what)
{
    if (!memmem(text.p, text.n, what, strlen(what)))
        fail_msg("%s is not in %.*s", what, STR(text));
}

/* shows: ACC-01 an emergency access is reviewed by what was done under it: each act's place in the
 * log is signed, at once and whatever an index knows */
static void what_was_done_is_signed(void **state)
{
    (void)state;
    char places[120];
    take();
    const int64_t first = make(&nurse, 1);
    (void)make(&a.program, 2); /* another's, meanwhile */
    const int64_t second = make(&nurse, 3);
    fixture_must(F, fixture_send(F, &nurse, "emergency.end", NULL, "{'emergency':'%s'}", emergency),
                 "end");
    const int64_t third = F->answer.sequence;
    snprintf(places, sizeof places, "\"places\":[{\"at\":%lld},{\"at\":%lld},{\"at\":%lld}]",
             (long long)first, (long long)second, (long long)third);
    says(content(), places);
    says(content(), "\"acts\":3");
    fixture_must(F, review(), "review");
    fixture_rebuilds(F);
}

/* shows: ACC-01 a review whose signature was withdrawn is none: the access is open, and told, again
 */
static void a_void_signature_opens_it_again(void **state)
{
    (void)state;
    take();
    fixture_settle(F);
    assert_true(alarm_stands());
    env_sim_advance(&F->sim, 31 * TIME_MINUTE);
    fixture_settle(F);
    fixture_must(F, review(), "review");
    fixture_settle(F);
    assert_true(reviewed());
    assert_false(alarm_stands());
    const struct sign_of_in in = { S("emergency"), str_z(emergency) };
    const struct record_list list = fixture_list(F, &sql_sign_of, &in);
    const struct sign_of_out *signature = list.p;
    assert_int_equal(list.n, 1);
    (void)!fixture_send(F, &quality, "emergency.unsign", NULL,
                        "{'emergency':'%s','signature':'%.*s'}", emergency, STR(signature->event));
    fixture_refused(F, "gate.forbidden");
    fixture_must(F,
                 fixture_send(F, &quality, "sign.withdraw", "looked at another",
                              "{'signature':'%.*s'}", STR(signature->event)),
                 "withdraw");
    fixture_settle(F);
    assert_false(reviewed());
    assert_true(alarm_stands());
    fixture_must(F, review(), "review");
    fixture_settle(F);
    assert_true(reviewed());
    assert_false(alarm_stands());
    fixture_rebuilds(F);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_done_is_signed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_void_signature_opens_it_again, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
