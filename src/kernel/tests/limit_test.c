/* Requests of an account: as many at once as the burst, then as many as the rate; one account's
 * hurry is not another's. */
#include "kernel/limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct env_sim env;
static struct limit *limit;
static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    struct err e = { 0 };
    env_sim_init(&env, 1, INT64_C(1767600000000000));
    arena = arena_new(16 << 20);
    const struct limit_options options = { .env = &env.env, .rate = 2, .burst = 5 };
    assert_int_equal(limit_open(&limit, &options, &e), OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    limit_close(limit);
    arena_free(arena);
    return 0;
}

static size_t take_all(struct str account, struct limit_state *last)
{
    size_t n = 0;
    while (limit_take(limit, account, last))
        n++;
    return n;
}

static void a_burst_then_the_rate(void **state)
{
    (void)state;
    struct limit_state s;
    assert_int_equal(take_all(S("one"), &s), 5);
    assert_int_equal(s.left, 0);
    assert_int_equal(s.retry_s, 1);
    assert_int_equal(s.full_s, 3); /* 2.5 */
    assert_int_equal(take_all(S("other"), &s), 5);
    env_sim_advance(&env, 1000000);
    assert_int_equal(take_all(S("one"), &s), 2);
    env_sim_advance(&env, 400000);
    assert_false(limit_take(limit, S("one"), &s));
    env_sim_advance(&env, 100000);
    assert_true(limit_take(limit, S("one"), &s));
    env_sim_advance(&env, INT64_C(3600000000));
    assert_int_equal(take_all(S("one"), &s), 5); /* no more than the burst is saved up */
}

static void the_headers_say_so(void **state)
{
    (void)state;
    struct limit_state s;
    assert_true(limit_take(limit, S("one"), &s));
    assert_true(str_is(limit_text(&s, arena), "\"account\";r=4;t=1"));
    assert_true(str_is(limit_policy_text(limit, arena), "\"account\";q=5;w=3"));
}

/* More accounts than there is room for: none is refused for another's sake, none gets more than a
 * full bucket, and the table does not grow. */
static void many_accounts_take_nothing_from_each_other(void **state)
{
    (void)state;
    struct limit_state s;
    for (int i = 0; i < 20000; i++) {
        struct str account = arena_printf(arena, "account %d", i);
        for (int k = 0; k < 5; k++)
            assert_true(limit_take(limit, account, &s));
        assert_false(limit_take(limit, account, &s));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_burst_then_the_rate, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_headers_say_so, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_accounts_take_nothing_from_each_other, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
