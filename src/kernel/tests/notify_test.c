/* The right people are told, once for a cause, by the page and by what they gave; who does not
 * answer is followed by the next; nothing personal leaves. */
#include "kernel/notify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/id.h"
#include "kernel/auth.h"
#include "kernel/effect.h"
#include "kernel/flow.h"
#include "kernel/job.h"
#include "kernel/rota.h"
#include "kernel/stop.h"
#include "kernel/tests/fixture.h"

static struct fixture f;
static struct fixture_person program;
static struct fixture_person nurse;
static struct fixture_person lead;
static struct fixture_person stranger;

static const struct module *const modules[] = {
    &auth_module,   &define_module, &effect_module, &flow_module, &job_module,
    &notify_module, &outbox_module, &rota_module,   &stop_module, &timer_module,
};

static void load(const char *yaml)
{
    struct err e = { 0 };
    bool changed;
    struct db *db;
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    struct define_context context = { .db = db, .now_us = f.sim.now_us, .arena = f.arena };
    if (define_load_text(f.node.gate, &context, program.actor.organisation, str_z(yaml), &changed,
                         &e) != OK)
        fail_msg("%s: %s %s", yaml, e.code, e.params[0].value);
    store_reader_give(f.node.store, db);
}

static void role(const char *name)
{
    load(arena_printf(f.arena,
                      "kind: role\nname: %s\nversion: 1\ntitle: A role\n"
                      "effective: 2026-01-01T00:00:00Z\npermissions: [unit.see]\n",
                      name)
             .p);
}

static void account(const struct fixture_person *p, const char *login, const char *role_name)
{
    assert_int_equal(fixture_send(&f, &program, "account.make", NULL,
                                  "{'account':'%.*s','organisation':'%.*s','login':'%s',"
                                  "'name':'%s'}",
                                  STR(p->actor.account), STR(p->actor.organisation), login, login),
                     OK);
    assert_int_equal(fixture_send(&f, &program, "account.give_role", "set up",
                                  "{'account':'%.*s','role':'%s','organisation':'%.*s',"
                                  "'site':'%.*s'}",
                                  STR(p->actor.account), role_name, STR(p->actor.organisation),
                                  STR(p->actor.site)),
                     OK);
}

static int open_node(void **state)
{
    (void)state;
    text_use(text_rows, text_rows_count);
    modules_use(modules, sizeof modules / sizeof modules[0]);
    fixture_open(&f, modules, sizeof modules / sizeof modules[0]);
    fixture_person(&program, 9, 1, 1, "");
    program.actor.system = true;
    fixture_person(&nurse, 1, 1, 1, "notification.acknowledge contact.set");
    fixture_person(&lead, 2, 1, 1,
                   "notification.acknowledge rota.plan rota.hand_over rota.withdraw");
    fixture_person(&stranger, 3, 2, 2, "notification.acknowledge contact.set rota.plan");
    assert_int_equal(fixture_send(&f, &program, "organisation.make", NULL,
                                  "{'organisation':'%.*s','name':'Halden','kind':'hospital'}",
                                  STR(nurse.actor.organisation)),
                     OK);
    assert_int_equal(fixture_send(&f, &program, "site.make", NULL,
                                  "{'site':'%.*s','organisation':'%.*s','name':'Ward',"
                                  "'kind':'ward','zone':'Europe/Berlin'}",
                                  STR(nurse.actor.site), STR(nurse.actor.organisation)),
                     OK);
    role("nurse");
    role("lead");
    account(&nurse, "nurse.one", "nurse");
    account(&lead, "lead.one", "lead");
    load("kind: notification\nname: alarm\nversion: 1\ntitle: Alarm\n"
         "effective: 2026-01-01T00:00:00Z\nurgency: critical\ntext: notify.stop_raised\n"
         "channels: [mail]\nladder:\n  - {after_min: 0, role: nurse}\n"
         "  - {after_min: 15, role: lead}\nrepeat_min: 30\nrepeats: 2\n");
    load("kind: notification\nname: calm\nversion: 1\ntitle: Calm\n"
         "effective: 2026-01-01T00:00:00Z\nurgency: normal\ntext: notify.task_overdue\n"
         "channels: [mail]\nquiet_from_h: 20\nquiet_to_h: 6\nladder:\n"
         "  - {after_min: 0, role: asked}\n");
    return 0;
}

static int close_node(void **state)
{
    (void)state;
    fixture_close(&f);
    return 0;
}

static struct str raise_for(const char *kind, const char *cause)
{
    assert_int_equal(fixture_send(&f, &program, "notification.raise", NULL,
                                  "{'kind':'%s','cause':'%s','label':'K2MH','link':'/orders/1',"
                                  "'organisation':'%.*s','site':'%.*s','role':'nurse'}",
                                  kind, cause, STR(nurse.actor.organisation),
                                  STR(nurse.actor.site)),
                     OK);
    return arena_str(f.arena, str_z(fixture_answer(&f, "notification")));
}

static struct notify_find_out row(struct str notification)
{
    struct db *db;
    struct err e = { 0 };
    struct notify_find_in in = { notification };
    struct notify_find_out out;
    bool found;
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    assert_int_equal(db_get(db, &sql_notify_find, &in, &out, f.arena, &found, &e), OK);
    store_reader_give(f.node.store, db);
    assert_true(found);
    return out;
}

static bool told(struct str notification, const struct fixture_person *who)
{
    struct db *db;
    struct err e = { 0 };
    struct notify_was_told_in in = { notification, who->actor.account };
    struct notify_was_told_out out;
    bool found;
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    assert_int_equal(db_get(db, &sql_notify_was_told, &in, &out, f.arena, &found, &e), OK);
    store_reader_give(f.node.store, db);
    return found;
}

static struct record_list messages(void)
{
    struct db *db;
    struct err e = { 0 };
    struct outbox_list_in in = { nurse.actor.organisation, S("queued") };
    struct record_list list;
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    assert_int_equal(db_list(db, &sql_outbox_list, &in, &list, 100, f.arena, &e), OK);
    store_reader_give(f.node.store, db);
    return list;
}

static void go_on(int64_t us)
{
    for (int64_t gone = 0; gone < us; gone += TIME_MINUTE) {
        env_sim_advance(&f.sim, TIME_MINUTE);
        fixture_settle(&f);
    }
}

/* partial: CCH-05. Told rung by rung until someone answers; the last one again, and then no more.
 */
static void who_does_not_answer_is_followed_by_the_next(void **state)
{
    (void)state;
    struct str id = raise_for("alarm", "stop/1");
    assert_true(told(id, &nurse));
    assert_false(told(id, &lead));
    go_on(14 * TIME_MINUTE);
    assert_false(told(id, &lead));
    fixture_reopen(&f); /* its timer is durable */
    go_on(2 * TIME_MINUTE);
    assert_true(told(id, &lead));
    assert_int_equal(row(id).rung, 1);
    go_on(TIME_DAY);
    assert_int_equal(row(id).repeats, 2);
    assert_true(str_is(row(id).state, "standing"));
    const uint64_t size = ledger_size(f.node.ledger);
    go_on(TIME_DAY);
    assert_int_equal(ledger_size(f.node.ledger), size);
    fixture_rebuilds(&f);
}

/* partial: CCH-05. One for a cause while it stands, whoever raises it how often; a new one when it
 * comes again. */
static void a_cause_is_told_once(void **state)
{
    (void)state;
    struct str id = raise_for("alarm", "stop/1");
    const uint64_t size = ledger_size(f.node.ledger);
    assert_true(str_eq(raise_for("alarm", "stop/1"), id));
    assert_int_equal(ledger_size(f.node.ledger), size);
    assert_int_equal(
        fixture_send(&f, &program, "notification.end", NULL, "{'kind':'alarm','cause':'stop/1'}"),
        OK);
    assert_true(str_is(row(id).state, "ended"));
    go_on(TIME_HOUR);
    assert_false(told(id, &lead)); /* what is over is not told on */
    assert_true(str_eq(raise_for("alarm", "stop/1"), id));
    assert_true(str_is(row(id).state, "standing"));
    fixture_rebuilds(&f);
}

/* partial: CCH-05. */
static void an_acknowledgement_keeps_it_quiet(void **state)
{
    (void)state;
    struct str id = raise_for("alarm", "stop/1");
    assert_int_equal(fixture_send(&f, &stranger, "notification.acknowledge", NULL,
                                  "{'notification':'%.*s'}", STR(id)),
                     REFUSED);
    fixture_refused(&f, "gate.unknown");
    assert_int_equal(fixture_send(&f, &nurse, "notification.acknowledge", NULL,
                                  "{'notification':'%.*s'}", STR(id)),
                     OK);
    assert_true(str_eq(row(id).by_account, nurse.actor.account));
    go_on(TIME_HOUR);
    assert_false(told(id, &lead));
    assert_true(str_eq(raise_for("alarm", "stop/1"), id)); /* quiet while it stands */
    assert_true(str_is(row(id).state, "acknowledged"));
    assert_int_equal(fixture_send(&f, &lead, "notification.acknowledge", NULL,
                                  "{'notification':'%.*s'}", STR(id)),
                     REFUSED);
    fixture_refused(&f, "notification.over");
    fixture_rebuilds(&f);
}

/* Mail to whom gave an address, which nobody finds in the ledger, and whose owner alone sets it. */
static void an_address_is_its_owners_and_sealed(void **state)
{
    (void)state;
    struct str id = raise_for("alarm", "stop/1");
    assert_int_equal(messages().n, 0);
    assert_int_equal(fixture_send(&f, &nurse, "contact.set", NULL,
                                  "{'account':'%.*s','mail':'nurse@ward.example'}",
                                  STR(nurse.actor.account)),
                     OK);
    assert_int_equal(fixture_send(&f, &stranger, "contact.set", NULL,
                                  "{'account':'%.*s','mail':'me@elsewhere.example'}",
                                  STR(nurse.actor.account)),
                     REFUSED);
    fixture_refused(&f, "gate.unknown");
    assert_int_equal(fixture_send(&f, &nurse, "contact.set", NULL,
                                  "{'account':'%.*s','mail':'a@b.example>\\nBcc: all'}",
                                  STR(nurse.actor.account)),
                     REFUSED);
    id = raise_for("alarm", "stop/2");
    struct record_list list = messages();
    const struct outbox_list_out *rows = list.p;
    assert_int_equal(list.n, 1);
    assert_true(str_is(rows[0].partner, "mail"));
    assert_true(str_is(rows[0].kind, "notification"));
    struct db *db;
    struct err e = { 0 };
    struct ledger_row *leaves;
    size_t n;
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    assert_int_equal(ledger_read(db, 0, 200, &leaves, &n, f.arena, &e), OK);
    store_reader_give(f.node.store, db);
    for (size_t i = 0; i < n; i++)
        assert_null(strstr(arena_str(f.arena, leaves[i].leaf).p, "ward.example"));
    assert_true(told(id, &nurse));
    fixture_rebuilds(&f);
}

/* At night what is not critical waits for the morning at the site: 06:00 in Berlin. */
static void quiet_hours_are_those_of_the_site(void **state)
{
    (void)state;
    int64_t night;
    int64_t morning;
    assert_true(clock_read(&night, S("2026-11-03T22:30:00Z")));
    assert_true(clock_read(&morning, S("2026-11-04T05:00:00Z"))); /* winter: one hour ahead */
    env_sim_advance(&f.sim, night - f.sim.now_us);
    assert_int_equal(fixture_send(&f, &nurse, "contact.set", NULL,
                                  "{'account':'%.*s','mail':'nurse@ward.example'}",
                                  STR(nurse.actor.account)),
                     OK);
    struct str id = raise_for("calm", "task/1");
    assert_true(told(id, &nurse)); /* the page does not wait */
    const struct outbox_list_out *rows = messages().p;
    assert_int_equal(messages().n, 1);
    assert_in_range(rows[0].not_before - morning, 0, TIME_SECOND);
    raise_for("alarm", "stop/1"); /* critical */
    rows = messages().p;
    assert_int_equal(messages().n, 2);
    assert_true(rows[0].not_before == 0 || rows[1].not_before == 0);
}

/* A night in which the clock is put forward or back ends by the clock on the wall. */
static void quiet_hours_across_a_change_of_the_clock(void **state)
{
    (void)state;
    static const struct {
        const char *zone;
        const char *night;
        const char *morning; /* six o'clock there */
    } nights[] = {
        { "America/New_York", "2026-11-01T03:00:00Z", "2026-11-01T11:00:00Z" }, /* back */
        { "Europe/London", "2027-03-27T23:00:00Z", "2027-03-28T05:00:00Z" },    /* forward */
        { "America/New_York", "2027-03-14T04:00:00Z", "2027-03-14T10:00:00Z" }, /* forward */
        { "Europe/London", "2027-10-30T22:00:00Z", "2027-10-31T06:00:00Z" },    /* back */
    };
    assert_int_equal(fixture_send(&f, &nurse, "contact.set", NULL,
                                  "{'account':'%.*s','mail':'nurse@ward.example'}",
                                  STR(nurse.actor.account)),
                     OK);
    static const int order[] = { 0, 2, 1, 3 }; /* as they come */
    for (size_t k = 0; k < 4; k++) {
        int i = order[k];
        int64_t night, morning;
        struct str site = fixture_id('t', 20 + i);
        assert_true(clock_read(&night, str_z(nights[i].night)));
        assert_true(clock_read(&morning, str_z(nights[i].morning)));
        env_sim_advance(&f.sim, night - f.sim.now_us);
        fixture_settle(&f);
        assert_int_equal(fixture_send(&f, &program, "site.make", NULL,
                                      "{'site':'%.*s','organisation':'%.*s','name':'S%d',"
                                      "'kind':'ward','zone':'%s'}",
                                      STR(site), STR(nurse.actor.organisation), i, nights[i].zone),
                         OK);
        assert_int_equal(fixture_send(&f, &program, "account.give_role", "set up",
                                      "{'account':'%.*s','role':'nurse','organisation':'%.*s',"
                                      "'site':'%.*s'}",
                                      STR(nurse.actor.account), STR(nurse.actor.organisation),
                                      STR(site)),
                         OK);
        const size_t before = messages().n;
        assert_int_equal(fixture_send(&f, &program, "notification.raise", NULL,
                                      "{'kind':'calm','cause':'c/%d','label':'K2MH','link':'/o/1',"
                                      "'organisation':'%.*s','site':'%.*s','role':'nurse'}",
                                      i, STR(nurse.actor.organisation), STR(site)),
                         OK);
        bool found = false;
        const struct outbox_list_out *rows = messages().p;
        assert_int_equal(messages().n, before + 1);
        for (size_t m = 0; m < before + 1; m++)
            found |= rows[m].not_before >= morning && rows[m].not_before < morning + TIME_MINUTE;
        if (!found)
            fail_msg("%s: not until %s", nights[i].zone, nights[i].morning);
    }
}

/* --- the rota --- */

static struct str plan(const struct fixture_person *who, const struct fixture_person *by,
                       int from_h, int to_h)
{
    char from[CLOCK_TEXT_LENGTH + 1];
    char to[CLOCK_TEXT_LENGTH + 1];
    struct buf a = buf_over(from, sizeof from);
    struct buf b = buf_over(to, sizeof to);
    clock_write(&a, f.sim.now_us + from_h * TIME_HOUR);
    clock_write(&b, f.sim.now_us + to_h * TIME_HOUR);
    if (fixture_send(&f, by, "rota.plan", NULL,
                     "{'site':'%.*s','role':'nurse','account':'%.*s','from':'%.*s','to':'%.*s'}",
                     STR(nurse.actor.site), STR(who->actor.account), STR(buf_get(&a)),
                     STR(buf_get(&b))) != OK)
        return (struct str){ 0 };
    return arena_str(f.arena, str_z(fixture_answer(&f, "duty")));
}

static struct fixture_person second;

/* partial: CCH-05. Who is on call is told alone; after a handover the other; in a gap everyone. */
static void who_is_on_call_is_told(void **state)
{
    (void)state;
    fixture_person(&second, 4, 1, 1, "notification.acknowledge");
    account(&second, "nurse.two", "nurse");
    struct str both = raise_for("alarm", "stop/gap");
    assert_true(told(both, &nurse) && told(both, &second));
    struct str duty = plan(&nurse, &lead, 0, 8);
    assert_true(duty.p != NULL);
    env_sim_advance(&f.sim, TIME_MINUTE);
    struct str first = raise_for("alarm", "stop/1");
    assert_true(told(first, &nurse));
    assert_false(told(first, &second));
    assert_int_equal(fixture_send(&f, &lead, "rota.hand_over", NULL,
                                  "{'duty':'%.*s','account':'%.*s'}", STR(duty),
                                  STR(second.actor.account)),
                     OK);
    struct str other = raise_for("alarm", "stop/2");
    assert_false(told(other, &nurse));
    assert_true(told(other, &second));
    go_on(9 * TIME_HOUR);
    struct str after = raise_for("alarm", "stop/3");
    assert_true(told(after, &nurse) && told(after, &second));
    fixture_rebuilds(&f);
}

/* Who is taken off the rota is not told any more, and what is over stays as it was. */
static void a_duty_is_withdrawn_before_it_ends(void **state)
{
    (void)state;
    static const char *const why = "on leave from tomorrow";
    fixture_person(&second, 4, 1, 1, "notification.acknowledge");
    account(&second, "nurse.two", "nurse");
    struct str duty = plan(&nurse, &lead, 0, 8);
    env_sim_advance(&f.sim, TIME_MINUTE);
    assert_false(told(raise_for("alarm", "stop/1"), &second));
    assert_int_equal(fixture_send(&f, &lead, "rota.withdraw", why, "{'duty':'%.*s'}", STR(duty)),
                     OK);
    assert_true(told(raise_for("alarm", "stop/2"), &second)); /* a gap: everyone */
    duty = plan(&nurse, &lead, 1, 2);
    go_on(3 * TIME_HOUR);
    assert_int_equal(fixture_send(&f, &lead, "rota.withdraw", why, "{'duty':'%.*s'}", STR(duty)),
                     REFUSED);
    fixture_refused(&f, "rota.ended");
    fixture_rebuilds(&f);
}

static void a_rota_holds_one_person_who_can(void **state)
{
    (void)state;
    assert_true(plan(&nurse, &lead, 1, 5).p != NULL);
    assert_null(plan(&nurse, &lead, 4, 6).p);
    fixture_refused(&f, "rota.overlaps");
    assert_null(plan(&lead, &lead, 5, 6).p);
    fixture_refused(&f, "rota.no_role");
    assert_null(plan(&nurse, &lead, 6, 6).p);
    fixture_refused(&f, "rota.times");
    assert_null(plan(&nurse, &stranger, 5, 6).p);
    fixture_refused(&f, "gate.unknown");
    struct rota_gap gaps[4];
    const struct rota_list_out duties[] = { { .from_us = 10, .to_us = 20 },
                                            { .from_us = 20, .to_us = 25 },
                                            { .from_us = 40, .to_us = 90 } };
    assert_int_equal(rota_gaps(gaps, 4, duties, 3, 0, 60), 2);
    assert_int_equal(gaps[0].from, 0);
    assert_int_equal(gaps[0].to, 10);
    assert_int_equal(gaps[1].from, 25);
    assert_int_equal(gaps[1].to, 40);
    assert_int_equal(rota_gaps(gaps, 4, duties, 3, 50, 100), 1);
    assert_int_equal(gaps[0].from, 90);
    fixture_rebuilds(&f);
}

static enum outcome refused_step(struct job_work *w, enum job_turn *turn, struct err *e)
{
    (void)w;
    (void)turn;
    return REFUSE(e, "job.ledger_damaged");
}

/* A job that fails is told to those who decide, and no longer when somebody decided. */
static void what_was_given_up_is_told(void **state)
{
    (void)state;
    load("kind: notification\nname: work_failed\nversion: 1\ntitle: Failed\n"
         "effective: 2026-01-01T00:00:00Z\nurgency: high\ntext: notify.work_failed\nladder:\n"
         "  - {after_min: 0, role: lead}\n");
    static const struct job_kind refused = { "refused", "job.queue", &job_nothing_record, 0,
                                             refused_step };
    static const struct job_kind *const kinds[] = { &refused };
    job_use(kinds, 1);
    struct fixture_person owner;
    fixture_person(&owner, 5, 1, 1, "job.queue job.replay ledger.see");
    assert_int_equal(fixture_send(&f, &owner, "job.queue", NULL, "{'kind':'refused'}"), OK);
    const char *job = fixture_answer(&f, "job");
    fixture_settle(&f);
    struct str cause = arena_printf(f.arena, "job/%s", job);
    const struct id n = notify_id(S("work_failed"), cause);
    assert_true(told(id_str(&n), &lead));
    assert_int_equal(fixture_send(&f, &owner, "job.replay", "a new disk", "{'job':'%s'}", job), OK);
    const uint64_t size = ledger_size(f.node.ledger);
    fixture_settle(&f); /* it ends with the decision, and is raised anew when the job fails again */
    assert_int_equal(ledger_size(f.node.ledger), size + 3);
    assert_true(str_is(row(id_str(&n)).state, "standing"));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, open_node, close_node)
    const struct CMUnitTest tests[] = {
        CASE(who_does_not_answer_is_followed_by_the_next),
        CASE(a_cause_is_told_once),
        CASE(an_acknowledgement_keeps_it_quiet),
        CASE(an_address_is_its_owners_and_sealed),
        CASE(quiet_hours_are_those_of_the_site),
        CASE(quiet_hours_across_a_change_of_the_clock),
        CASE(who_is_on_call_is_told),
        CASE(a_duty_is_withdrawn_before_it_ends),
        CASE(a_rota_holds_one_person_who_can),
        CASE(what_was_given_up_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
