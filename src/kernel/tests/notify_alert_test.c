/* A task opens, and those who must know are told: each role at its site, the person whom the order
 * names where the workflow means that one; once, until they acknowledge it, and no longer than
 * there is something to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/id.h"
#include "kernel/auth.h"
#include "kernel/effect.h"
#include "kernel/flow_record.h"
#include "kernel/job.h"
#include "kernel/notify.h"
#include "kernel/rota.h"
#include "kernel/stop.h"
#include "kernel/tests/flow_trial.h"

static struct trial t;
static struct fixture_person program, other, outside;

static const struct module *const modules[] = {
    &auth_module,        &define_module, &effect_module, &flow_module,
    &flow_record_module, &job_module,    &notify_module, &outbox_module,
    &rota_module,        &stop_module,   &timer_module,  &trial_module,
};
enum { MODULES = sizeof modules / sizeof modules[0] };

static const char workflow[] =
    TRIAL_HEAD("workflow", "alerting",
               "1") "product: trial\n"
                    "material: fresh\n"
                    "parts: [site, maker]\n"
                    "stages:\n"
                    "- name: s\n"
                    "  title: S\n"
                    "  tasks:\n"
                    "  - {name: collect, title: Collect, part: site, role: nurse, act: collect,\n"
                    "     checks: [patient]}\n"
                    "  - name: receive\n"
                    "    title: Receive\n"
                    "    part: maker\n"
                    "    role: operator\n"
                    "    act: receive\n"
                    "    checks: [receipt]\n"
                    "    tell:\n"
                    "    - {role: nurse, part: site, person: true}\n"
                    "    - {role: operator, part: maker}\n"
                    "    - {role: operator, part: maker}\n"
                    "  - {name: look, title: Look, part: site, role: nurse}\n";

static void account(const struct fixture_person *p, const char *login, const char *role)
{
    fixture_must(&t.f,
                 fixture_send(&t.f, &program, "account.make", NULL,
                              "{'account':'%.*s','organisation':'%.*s','login':'%s','name':'%s'}",
                              STR(p->actor.account), STR(p->actor.organisation), login, login),
                 login);
    fixture_must(&t.f,
                 fixture_send(&t.f, &program, "account.give_role", "set up",
                              "{'account':'%.*s','role':'%s','organisation':'%.*s','site':'%.*s'}",
                              STR(p->actor.account), role, STR(p->actor.organisation),
                              STR(p->actor.site)),
                 role);
}

static void place(const struct fixture_person *p, const char *name)
{
    fixture_must(&t.f,
                 fixture_send(&t.f, &program, "organisation.make", NULL,
                              "{'organisation':'%.*s','name':'%s','kind':'hospital'}",
                              STR(p->actor.organisation), name),
                 name);
    fixture_must(&t.f,
                 fixture_send(&t.f, &program, "site.make", NULL,
                              "{'site':'%.*s','organisation':'%.*s','name':'%s','kind':'ward',"
                              "'zone':'Europe/Berlin'}",
                              STR(p->actor.site), STR(p->actor.organisation), name),
                 name);
}

static int set_up(void **state)
{
    (void)state;
    t = (struct trial){ 0 };
    text_use(text_rows, text_rows_count);
    modules_use(modules, MODULES);
    fixture_open(&t.f, modules, MODULES);
    fixture_person(&program, 9, 1, 1, "");
    program.actor.system = true;
    fixture_person(&t.nurse, 1, 1, 1,
                   "flow.complete trial.note role.nurse notification.acknowledge");
    fixture_person(&other, 2, 1, 1, "flow.complete role.nurse notification.acknowledge");
    fixture_person(&t.coordinator, 3, 1, 1, "define.load trial.start flow.name_person flow.end");
    fixture_person(&t.operator, 4, 2, 2,
                   "flow.complete trial.note role.operator notification.acknowledge");
    fixture_person(&outside, 5, 2, 2, "flow.name_person");
    place(&t.nurse, "Ward");
    place(&t.operator, "Plant");
    fixture_define(&t.f, &program, TRIAL_HEAD("role", "nurse", "1") "permissions: [unit.see]\n");
    fixture_define(&t.f, &program, TRIAL_HEAD("role", "operator", "1") "permissions: [unit.see]\n");
    fixture_define(&t.f, &program, workflow);
    fixture_define(
        &t.f, &program,
        TRIAL_HEAD("notification", "task_alerted",
                   "1") "urgency: high\n"
                        "text: notify.task_alerted\nladder:\n- {after_min: 0, role: asked}\n"
                        "- {after_min: 60, role: asked, place: organisation}\n");
    account(&t.nurse, "nurse.one", "nurse");
    account(&other, "nurse.two", "nurse");
    account(&t.operator, "operator.one", "operator");
    assert_int_equal(trial_begin(&t, 1, "alerting"), OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    trial_close(&t);
    return 0;
}

static enum outcome name(const struct fixture_person *by, const char *role, const char *part,
                         const struct fixture_person *who)
{
    return fixture_send(&t.f, by, "flow.name_person", "treats this patient",
                        "{'order':'%s','role':'%s','part':'%s','account':'%.*s'}", t.order, role,
                        part, STR(who->actor.account));
}

static void collected(void)
{
    assert_int_equal(trial_note_fact(&t, &t.nurse, "collect", "check:patient"), OK);
    assert_int_equal(trial_complete(&t, &t.nurse, "collect", ""), OK);
    fixture_settle(&t.f);
}

/* What a person was told that stands, and is not acknowledged. */
static size_t told(const struct fixture_person *who, struct notify_inbox_out *first)
{
    const struct notify_inbox_in in = { who->actor.account };
    struct record_list list = fixture_list(&t.f, &sql_notify_inbox, &in);
    const struct notify_inbox_out *rows = list.p;
    size_t n = 0;
    for (size_t i = 0; i < list.n; i++) {
        if (!str_is(rows[i].state, "standing"))
            continue;
        if (first && n == 0)
            *first = rows[i];
        n++;
    }
    return n;
}

/* Each role at its site, everyone who has it there, once, though the workflow names one twice. */
static void each_role_is_told_once(void **state)
{
    (void)state;
    struct notify_inbox_out row;
    collected();
    assert_int_equal(told(&t.nurse, &row), 1);
    assert_true(str_is(row.kind, "task_alerted"));
    assert_true(str_ends(row.link, S("/tasks/receive")));
    assert_int_equal(told(&other, NULL), 1);
    assert_int_equal(told(&t.operator, NULL), 1);
    const uint64_t size = ledger_size(t.f.node.ledger);
    fixture_settle(&t.f);
    assert_int_equal(ledger_size(t.f.node.ledger), size);
    fixture_rebuilds(&t.f);
}

/* Who is named in the order is told alone; unanswered, after an hour, all who hold the role. */
static void who_is_named_is_told_first(void **state)
{
    (void)state;
    struct notify_inbox_out row;
    assert_int_equal(name(&t.coordinator, "nurse", "site", &other), OK);
    collected();
    assert_int_equal(told(&other, &row), 1);
    assert_int_equal(told(&t.nurse, NULL), 0);
    for (int i = 0; i < 61; i++) {
        env_sim_advance(&t.f.sim, TIME_MINUTE);
        fixture_settle(&t.f);
    }
    assert_int_equal(told(&t.nurse, NULL), 1);
    assert_int_equal(fixture_send(&t.f, &other, "notification.acknowledge", NULL,
                                  "{'notification':'%.*s'}", STR(row.notification)),
                     OK);
    assert_int_equal(told(&other, NULL), 0);
    assert_int_equal(told(&t.operator, NULL), 1); /* one's answer is not another's */
    fixture_rebuilds(&t.f);
}

/* An acknowledgement keeps it quiet: nobody further is told, however long it takes. */
static void what_is_acknowledged_goes_no_further(void **state)
{
    (void)state;
    struct notify_inbox_out row;
    assert_int_equal(name(&t.coordinator, "nurse", "site", &other), OK);
    collected();
    assert_int_equal(told(&other, &row), 1);
    assert_int_equal(fixture_send(&t.f, &other, "notification.acknowledge", NULL,
                                  "{'notification':'%.*s'}", STR(row.notification)),
                     OK);
    for (int i = 0; i < 5; i++) {
        env_sim_advance(&t.f.sim, TIME_HOUR);
        fixture_settle(&t.f);
    }
    assert_int_equal(told(&other, NULL) + told(&t.nurse, NULL), 0);
}

/* A person who no longer has the role there is not told; the role is. */
static void who_left_is_not_told(void **state)
{
    (void)state;
    assert_int_equal(name(&t.coordinator, "nurse", "site", &other), OK);
    fixture_must(&t.f,
                 fixture_send(&t.f, &program, "account.take_role", "moved away",
                              "{'account':'%.*s','role':'nurse','organisation':'%.*s',"
                              "'site':'%.*s'}",
                              STR(other.actor.account), STR(other.actor.organisation),
                              STR(other.actor.site)),
                 "take_role");
    collected();
    assert_int_equal(told(&other, NULL), 0);
    assert_int_equal(told(&t.nurse, NULL), 1);
}

/* Named is who has the role there, by who may, of a part that the order has. */
static void who_can_be_named(void **state)
{
    (void)state;
    assert_int_equal(name(&t.coordinator, "nurse", "site", &t.operator), REFUSED);
    fixture_refused(&t.f, "flow.not_holder");
    assert_int_equal(name(&t.coordinator, "nurse", "elsewhere", &other), REFUSED);
    fixture_refused(&t.f, "flow.part_missing");
    assert_int_equal(name(&t.nurse, "nurse", "site", &other), REFUSED);
    fixture_refused(&t.f, "gate.forbidden");
    assert_int_equal(name(&t.coordinator, "nurse", "site", &other), OK);
    assert_int_equal(name(&t.coordinator, "nurse", "site", &other), REFUSED);
    fixture_refused(&t.f, "flow.named_before");
    assert_int_equal(fixture_send(&t.f, &t.coordinator, "flow.name_person", "none any more",
                                  "{'order':'%s','role':'nurse','part':'site'}", t.order),
                     OK);
    fixture_rebuilds(&t.f);
    collected();
    assert_int_equal(told(&t.nurse, NULL), 1);
}

/* When the task is done nothing stands any more, nor for an order that ended. */
static void what_is_over_is_told_no_more(void **state)
{
    (void)state;
    collected();
    assert_int_equal(trial_note_fact(&t, &t.operator, "receive", "check:receipt"), OK);
    assert_int_equal(trial_complete(&t, &t.operator, "receive", ""), OK);
    fixture_settle(&t.f);
    assert_int_equal(told(&t.nurse, NULL) + told(&other, NULL) + told(&t.operator, NULL), 0);
    assert_int_equal(trial_begin(&t, 2, "alerting"), OK);
    collected();
    assert_int_equal(told(&t.operator, NULL), 1);
    assert_int_equal(fixture_send(&t.f, &t.coordinator, "flow.end", "withdrawn",
                                  "{'order':'%s','how':'withdrawn'}", t.order),
                     OK);
    fixture_settle(&t.f);
    assert_int_equal(told(&t.operator, NULL), 0);
    fixture_rebuilds(&t.f);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_role_is_told_once),
        TEST(who_is_named_is_told_first),
        TEST(what_is_acknowledged_goes_no_further),
        TEST(who_left_is_not_told),
        TEST(who_can_be_named),
        TEST(what_is_over_is_told_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
