/* Two servers of one database: who wins a race, that the same command is done once, what the one
 * hears of the other, and that what one alone does goes on when that one is killed. */
#include "kernel/tests/servers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/flow.h"
#include "kernel/stop.h"
#include "kernel/tests/thing.h"
#include "kernel/timer.h"

enum { RACES = 40, WAIT_MS = 5000 };

static const struct module *const modules[] = { &flow_module, &stop_module, &timer_module,
                                                &thing_module };
static struct fixture f;
static struct fixture_person person;
static struct servers both;

static int open_node(void **state)
{
    (void)state;
    if (!test_db_on_server())
        return 0;
    fixture_open(&f, modules, 4);
    fixture_person(&person, 1, 1, 1, "thing.add");
    servers_start(&both, &f, NULL);
    return 0;
}

static int close_node(void **state)
{
    (void)state;
    if (!test_db_on_server())
        return 0;
    servers_end(&both);
    fixture_close(&f);
    return 0;
}

static const char *thing(int number)
{
    return fixture_id('t', number).p;
}

static struct server_ask add(int number, int by)
{
    struct server_ask a = { .who = &person, .command = "thing.add" };
    snprintf(a.body, sizeof a.body, "{'thing':'%s','by':%d}", thing(number), by);
    return a;
}

static int64_t total(int number)
{
    const struct thing_key key = { str_z(thing(number)) };
    const struct record_list rows = fixture_list(&f, &sql_thing_total, &key);
    return rows.n == 1 ? ((const struct thing_total *)rows.p)->total : 0;
}

static void done(size_t i, const struct server_ask *a)
{
    server_ask(&both, i, a);
    const struct server_told told = server_answer(&both, i);
    if (told.outcome != OK)
        fail_msg("%s", told.code);
}

/* Any exclusive thing is a stream: who saw it as it was takes it, whoever comes later is refused.
 */
static void one_of_two_wins_a_stream(void **state)
{
    (void)state;
    servers_needed();
    size_t won[SERVERS] = { 0 };
    for (int i = 0; i < RACES; i++) {
        struct server_ask asks[SERVERS] = { add(1, 1), add(1, 1) };
        for (size_t k = 0; k < SERVERS; k++) {
            snprintf(asks[k].stream, sizeof asks[k].stream, "thing/%s", thing(1));
            asks[k].version = i;
        }
        won[servers_race(&both, asks, "ledger.changed")]++;
    }
    servers_stop(&both);
    assert_int_equal(total(1), RACES);
    assert_int_equal(won[0] + won[1], RACES);
    fixture_rebuilds(&f);
}

static void the_same_command_is_done_once(void **state)
{
    (void)state;
    servers_needed();
    int repeated = 0;
    for (int i = 0; i < RACES; i++) {
        struct server_ask a = add(1, 1);
        snprintf(a.id, sizeof a.id, "%s", fixture_id('c', i).p);
        for (size_t k = 0; k < SERVERS; k++)
            server_ask(&both, k, &a);
        for (size_t k = 0; k < SERVERS; k++) {
            const struct server_told told = server_answer(&both, k);
            assert_int_equal(told.outcome, OK);
            repeated += told.repeated;
        }
    }
    assert_int_equal(repeated, RACES);
    servers_stop(&both);
    assert_int_equal(total(1), RACES);
    fixture_rebuilds(&f);
}

static void each_hears_of_all_events_once(void **state)
{
    (void)state;
    servers_needed();
    for (int i = 0; i < RACES; i++) {
        const struct server_ask a = add(i % 3, 1);
        done((size_t)(i % SERVERS), &a);
    }
    for (size_t k = 0; k < SERVERS; k++) {
        int64_t heard = 0;
        for (int ms = 0; heard < RACES && ms < WAIT_MS; ms += 10, usleep(10000))
            heard = server_look(&both, k).heard;
        assert_int_equal(heard, RACES);
    }
    servers_stop(&both);
}

/* shows: what one server alone does, another does when that one is killed; once, and all of it */
static void the_lead_goes_on(void **state)
{
    (void)state;
    servers_needed();
    enum { KILLS = 4, EACH = 5, TIMED = 1000 };
    int64_t led = 0;
    for (int i = 0; i < KILLS; i++) {
        const size_t leads = server_look(&both, 0).leads ? 0 : 1;
        assert_true(server_look(&both, leads).leads);
        assert_false(server_look(&both, 1 - leads).leads);
        /* By 100 a policy adds 1, by 1000 a timer is set, which adds 7. */
        for (int k = 0; k < EACH; k++) {
            const struct server_ask a = add(1 + i * EACH + k, k % 2 ? 100 : TIMED);
            done(1 - leads, &a);
        }
        server_kill(&both, leads);
        for (int ms = 0; !server_look(&both, 1 - leads).leads && ms < WAIT_MS; ms += 10)
            usleep(10000);
        server_start(&both, leads);
        led += leads == 0;
    }
    const char *timed = "SELECT count(*) FROM thing WHERE total = 1007";
    int ms = 0;
    while (test_db_ask(f.path, timed) < KILLS * (EACH + 1) / 2 && ms < 2 * WAIT_MS)
        usleep(50000), ms += 50;
    servers_stop(&both);
    for (int i = 0; i < KILLS * EACH; i++)
        assert_int_equal(total(1 + i), i % EACH % 2 ? 101 : TIMED + 7);
    assert_true(led > 0 && led < KILLS); /* both had it */
    fixture_rebuilds(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_of_two_wins_a_stream, open_node, close_node),
        cmocka_unit_test_setup_teardown(the_same_command_is_done_once, open_node, close_node),
        cmocka_unit_test_setup_teardown(each_hears_of_all_events_once, open_node, close_node),
        cmocka_unit_test_setup_teardown(the_lead_goes_on, open_node, close_node),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
