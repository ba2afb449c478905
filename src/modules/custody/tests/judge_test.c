/* Temperatures judged: at the limits, over gaps, at both ends of a leg; never by a mean. */
#include "modules/custody/readings.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NONE   INT64_MIN
#define C(x)   ((custody_degrees)((x)*10000))
#define MIN(m) ((m)*TIME_MINUTE)

static const struct custody_range fresh = { C(1), C(10), C(2), C(8), MIN(15) };
static const struct custody_range frozen = { NONE, C(-130), NONE, C(-150), MIN(15) };

static struct custody_judged_time t;

static void judge(const struct custody_range *range, int64_t since, int64_t until,
                  const struct custody_reading *p, size_t n)
{
    const struct custody_readings r = { p, n };
    custody_judge(&t, &r, range, since, until);
}
#define JUDGE(range, since, until, ...)                                                            \
    do {                                                                                           \
        const struct custody_reading p_[] = { __VA_ARGS__ };                                       \
        judge(range, since, until, p_, sizeof p_ / sizeof p_[0]);                                  \
    } while (0)

/* partial: CCH-02 (at the limit is inside; beyond it every minute counts) */
static void cch_02_exactly_at_the_limit_is_inside(void **state)
{
    (void)state;
    JUDGE(&fresh, 0, MIN(30), { 0, C(1) }, { MIN(10), C(10) }, { MIN(20), C(8) });
    assert_int_equal(t.below_us + t.above_us, 0);
    assert_int_equal(t.alert_us, MIN(20)); /* 1 and 10 are beyond the alert limits, 8 is not */
    assert_true(t.coldest == C(1) && t.warmest == C(10));
    JUDGE(&fresh, 0, MIN(30), { 0, C(1) - 1 }, { MIN(10), C(10) + 1 }, { MIN(20), C(5) });
    assert_int_equal(t.below_us, MIN(10));
    assert_int_equal(t.above_us, MIN(10));
    JUDGE(&frozen, 0, MIN(10), { 0, C(-130) });
    assert_int_equal(t.above_us, 0);
    JUDGE(&frozen, 0, MIN(10), { 0, C(-196) });
    assert_int_equal(t.below_us + t.alert_us, 0); /* no cold is too cold for it */
}

/* partial: CCH-02 (a mean would be well inside, and lies) */
static void cch_02_no_mean_hides_an_excursion(void **state)
{
    (void)state;
    struct custody_reading p[11];
    for (int i = 0; i < 11; i++)
        p[i] = (struct custody_reading){ MIN(10) * i, i == 5 ? C(-120) : C(-160) };
    judge(&frozen, 0, MIN(110), p, 11);
    assert_int_equal(t.above_us, MIN(10));
    assert_true(t.warmest == C(-120));
    /* Several times beyond it add up. */
    JUDGE(&fresh, 0, MIN(50), { 0, C(11) }, { MIN(10), C(5) }, { MIN(20), C(12) },
          { MIN(30), C(5) }, { MIN(40), C(0) });
    assert_int_equal(t.above_us, MIN(20));
    assert_int_equal(t.below_us, MIN(10));
}

/* partial: CCH-02 (what was not recorded is told, and is no good reading) */
static void cch_02_time_without_a_reading(void **state)
{
    (void)state;
    JUDGE(&fresh, 0, MIN(60), { 0, C(5) }, { MIN(15), C(5) }, { MIN(30), C(5) }, { MIN(45), C(5) });
    assert_int_equal(t.missing_us, 0); /* as long as may be */
    JUDGE(&fresh, 0, MIN(60), { 0, C(5) }, { MIN(40), C(5) }, { MIN(50), C(5) });
    assert_int_equal(t.missing_us, MIN(25));
    /* One that was outside stands no longer either: what came then nobody knows. */
    JUDGE(&fresh, 0, MIN(60), { 0, C(11) }, { MIN(50), C(5) });
    assert_int_equal(t.above_us, MIN(15));
    assert_int_equal(t.missing_us, MIN(35));
    /* Both ends: it began late, and ended early. */
    JUDGE(&fresh, 0, MIN(60), { MIN(20), C(5) }, { MIN(30), C(5) });
    assert_int_equal(t.missing_us, MIN(20) + MIN(15));
    assert_int_equal(t.longest_us, MIN(20));
    JUDGE(&fresh, 0, MIN(40), { MIN(15), C(5) }, { MIN(30), C(5) });
    assert_int_equal(t.missing_us, 0);
}

static void what_is_of_another_leg_does_not_count(void **state)
{
    (void)state;
    JUDGE(&fresh, MIN(60), MIN(90), { 0, C(21) }, { MIN(55), C(5) }, { MIN(65), C(6) },
          { MIN(80), C(6) }, { MIN(95), C(21) });
    assert_int_equal(t.n, 3);
    assert_true(t.coldest == C(5) && t.warmest == C(6)); /* 5 stood when it began */
    assert_int_equal(t.above_us + t.missing_us, 0);
    JUDGE(&fresh, MIN(60), MIN(90), { 0, C(5) }, { MIN(120), C(5) });
    assert_int_equal(t.n, 0);
    JUDGE(&fresh, MIN(60), MIN(60), { MIN(60), C(12) }); /* handed on at once */
    assert_int_equal(t.n, 1);
    assert_true(t.warmest == C(12));
    /* One that runs is judged up to its last reading. */
    JUDGE(&fresh, 0, TIME_NONE, { 0, C(5) }, { MIN(10), C(12) }, { MIN(20), C(5) });
    assert_int_equal(t.above_us, MIN(10));
    assert_int_equal(t.missing_us, 0);
}

/* Every count of readings up to some hundreds keeps its extremes, its ends and its order. */
static void thinned_no_extreme_is_lost(void **state)
{
    (void)state;
    enum { MOST = 40 };
    struct arena *arena = arena_new(1 << 20);
    struct custody_reading p[500];
    struct custody_readings out;
    struct err e = { 0 };
    for (size_t n = 1; n < 500; n += 7) {
        size_t low = n / 3;
        size_t high = n - 1 - n / 4;
        for (size_t i = 0; i < n; i++)
            p[i] = (struct custody_reading){ (int64_t)i * TIME_MINUTE, C(5) + (int64_t)(i % 5) };
        p[low].celsius = C(-3);
        p[high].celsius = C(30);
        const struct custody_readings all = { p, n };
        arena_reset(arena);
        assert_int_equal(custody_readings_thin(&out, &all, MOST, arena, &e), OK);
        assert_true(out.n <= MOST && (n > MOST || out.n == n));
        assert_true(out.p[0].at == p[0].at && out.p[out.n - 1].at == p[n - 1].at);
        bool cold = false;
        bool warm = false;
        for (size_t i = 0; i < out.n; i++) {
            cold |= out.p[i].celsius == p[low].celsius;
            warm |= out.p[i].celsius == p[high].celsius;
            assert_true(i == 0 || out.p[i].at > out.p[i - 1].at);
        }
        assert_true(cold && warm);
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cch_02_exactly_at_the_limit_is_inside),
        cmocka_unit_test(cch_02_no_mean_hides_an_excursion),
        cmocka_unit_test(cch_02_time_without_a_reading),
        cmocka_unit_test(what_is_of_another_leg_does_not_count),
        cmocka_unit_test(thinned_no_extreme_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
