/* Two servers of one database and one bag: who has it, who is offered it, who did the task. */
#include "modules/custody/custody.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "kernel/tests/servers.h"
#include "modules/custody/tests/custody_trial.h"

enum { BAGS = 8 };

static struct custody_trial t;
static struct servers both;
static struct identity_units_out bags[BAGS];
static char orders[BAGS][40];

static int open_orders(void **state)
{
    (void)state;
    if (!test_db_on_server())
        return 0;
    custody_trial_open(&t, NULL, "");
    for (int i = 0; i < BAGS; i++) {
        custody_trial_order(&t, i + 1, "frozen");
        custody_trial_do(&t, "collect", 1, "");
        bags[i] = custody_trial_unit(&t, "bag", 0);
        snprintf(orders[i], sizeof orders[i], "%s", t.order);
    }
    servers_start(&both, &t.f, NULL);
    return 0;
}

static int close_orders(void **state)
{
    (void)state;
    if (!test_db_on_server())
        return 0;
    servers_end(&both);
    custody_trial_close(&t);
    return 0;
}

static struct server_ask ask(const struct fixture_person *who, const char *command)
{
    struct server_ask a = { .who = who };
    snprintf(a.command, sizeof a.command, "%s", command);
    return a;
}

static struct server_ask offer(const struct fixture_person *from, const struct fixture_person *to,
                               size_t bag, const char *more)
{
    struct server_ask a = ask(from, "custody.offer");
    snprintf(a.body, sizeof a.body, "{'unit':'%.*s','to_organisation':'%.*s','to_site':'%.*s'%s}",
             STR(bags[bag].unit), STR(to->actor.organisation), STR(to->actor.site), more);
    return a;
}

static struct server_ask of_bag(const struct fixture_person *who, const char *command, size_t bag)
{
    struct server_ask a = ask(who, command);
    snprintf(a.body, sizeof a.body, "{'unit':'%.*s'}", STR(bags[bag].unit));
    snprintf(a.reason, sizeof a.reason, "it is not packed");
    return a;
}

static struct server_ask complete(const struct fixture_person *who, size_t bag)
{
    struct server_ask a = ask(who, "flow.complete");
    snprintf(a.body, sizeof a.body, "{'order':'%s','task':'pack_out','inputs':[]}", orders[bag]);
    return a;
}

static bool at(size_t bag, const struct fixture_person *who)
{
    const struct custody_unit_out now = custody_trial_holder(&t, bags[bag].unit);
    return str_eq(now.site, who->actor.site);
}

/* shows: a unit is offered to one party, passes to it or is taken back, and a task is done once,
 * whichever server is asked */
static void one_of_two_wins(void **state)
{
    (void)state;
    servers_needed();
    size_t to[BAGS], passed[BAGS];
    for (size_t i = 0; i < BAGS; i++) {
        const struct server_ask offers[] = { offer(&t.nurse, &t.courier, i, ""),
                                             offer(&t.nurse_2, &t.operator, i, "") };
        to[i] = servers_race(&both, offers, "custody.offered_before");
        const struct fixture_person *other = to[i] == 0 ? &t.courier : &t.operator;
        const struct server_ask ends[] = { of_bag(other, "custody.accept", i),
                                           of_bag(&t.nurse, "custody.withdraw", i) };
        passed[i] = servers_race(&both, ends, "custody.not_offered gate.unknown");
    }
    servers_stop(&both);
    for (size_t i = 0; i < BAGS; i++)
        assert_true(at(i, passed[i] == 1 ? &t.nurse : to[i] == 0 ? &t.courier : &t.operator));
    fixture_rebuilds(&t.f);
}

static void a_task_is_done_once(void **state)
{
    (void)state;
    if (!test_db_on_server())
        skip();
    for (size_t i = 0; i < BAGS; i++) {
        const struct server_ask first = offer(&t.nurse, &t.courier, i, ",'task':'pack_out'");
        server_ask(&both, i % SERVERS, &first);
        assert_int_equal(server_answer(&both, i % SERVERS).outcome, OK);
        const struct server_ask twice[] = { complete(&t.nurse, i), complete(&t.nurse_2, i) };
        (void)servers_race(&both, twice, "flow.done_before");
    }
    servers_stop(&both);
    fixture_rebuilds(&t.f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_of_two_wins, open_orders, close_orders),
        cmocka_unit_test_setup_teardown(a_task_is_done_once, open_orders, close_orders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
