/* Instants, dates, durations and the hybrid logical clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/hlc.h"

static void assert_written(int64_t us, const char *want)
{
    char storage[CLOCK_TEXT_LENGTH];
    struct buf b = buf_over(storage, sizeof storage);
    clock_write(&b, us);
    assert_true(buf_ok(&b));
    assert_int_equal(b.n, CLOCK_TEXT_LENGTH);
    assert_memory_equal(storage, want, CLOCK_TEXT_LENGTH);
}

static void known_instants_read_and_write(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t us;
    } known[] = {
        { "1970-01-01T00:00:00.000000Z", 0 },
        { "1969-12-31T23:59:59.999999Z", -1 },
        { "0001-01-01T00:00:00.000000Z", INT64_C(-62135596800000000) },
        { "1582-10-15T00:00:00.000000Z", INT64_C(-12219292800000000) },
        { "1900-02-28T23:59:59.000000Z", INT64_C(-2203891201000000) },
        { "1900-03-01T00:00:00.000000Z", INT64_C(-2203891200000000) },
        { "2000-02-29T12:34:56.000000Z", INT64_C(951827696000000) },
        { "2026-11-22T09:30:00.000000Z", INT64_C(1795339800000000) },
        { "2038-01-19T03:14:08.000001Z", INT64_C(2147483648000001) },
        { "2100-02-28T00:00:00.000000Z", INT64_C(4107456000000000) },
        { "9999-12-31T23:59:59.999999Z", INT64_C(253402300799999999) },
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        int64_t us;
        assert_true(clock_read(&us, str_z(known[i].text)));
        assert_int_equal(us, known[i].us);
        assert_written(known[i].us, known[i].text);
    }
    assert_written(INT64_MAX, "9999-12-31T23:59:59.999999Z");
    assert_written(TIME_NONE, "0001-01-01T00:00:00.000000Z");
}

/* Day after day through all years: the date advances as a calendar does, and reads back. */
static void every_day_follows_the_day_before(void **state)
{
    (void)state;
    static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int64_t us = INT64_C(-62135596800000000);
    for (int year = 1; year <= 9999; year++) {
        const bool leap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0);
        for (int month = 1; month <= 12; month++) {
            const int last = lengths[month - 1] + (leap && month == 2);
            for (int day = 1; day <= last; day++, us += TIME_DAY) {
                char storage[CLOCK_TEXT_LENGTH];
                struct buf b = buf_over(storage, sizeof storage);
                clock_write(&b, us);
                const int date = ((storage[0] - '0') * 1000 + (storage[1] - '0') * 100 +
                                  (storage[2] - '0') * 10 + storage[3] - '0') *
                                     10000 +
                                 ((storage[5] - '0') * 10 + storage[6] - '0') * 100 +
                                 (storage[8] - '0') * 10 + storage[9] - '0';
                if (date != year * 10000 + month * 100 + day)
                    fail_msg("wrote %.10s for %d-%d-%d", storage, year, month, day);
                int64_t back;
                if (!clock_read(&back, buf_get(&b)) || back != us)
                    fail_msg("%.27s does not read back", storage);
            }
        }
    }
}

static void offsets_are_applied_and_parts_may_be_short(void **state)
{
    (void)state;
    const int64_t noon = INT64_C(1795348800000000); /* 2026-11-22T12:00Z */
    static const char *const same[] = {
        "2026-11-22T12:00Z",         "2026-11-22t12:00:00z",      "2026-11-22T12:00:00.0Z",
        "2026-11-22T13:30:00+01:30", "2026-11-22T07:00-05:00",    "2026-11-23T02:00:00+14:00",
        "2026-11-21T12:01:00-23:59", "2026-11-22T12:00:00-00:00",
    };
    int64_t us;
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        assert_true(clock_read(&us, str_z(same[i])));
        assert_int_equal(us, noon);
    }
    assert_true(clock_read(&us, S("2026-11-22T12:00:00.5Z")));
    assert_int_equal(us, noon + 500000);
    assert_true(clock_read(&us, S("2026-11-22T12:00:00.00012Z")));
    assert_int_equal(us, noon + 120);
}

static void instants_that_do_not_exist_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "2026-11-22",
        "2026-11-22T12:00",  /* no zone */
        "2026-11-22 12:00Z", /* blank */
        "2026-11-22T12Z",
        "2026-11-22T24:00Z",
        "2026-11-22T12:60Z",
        "2026-12-31T23:59:60Z", /* leap second */
        "2026-11-22T12:00:00.Z",
        "2026-11-22T12:00:00.1234567Z",
        "2026-11-22T12:00.5Z",
        "2026-11-22T12:00:00,5Z",
        "2026-11-22T12:00:00+0100",
        "2026-11-22T12:00:00+24:00",
        "2026-11-22T12:00:00+01:60",
        "2026-11-22T12:00:00ZZ",
        "2026-11-22T12:00:00Z ",
        " 2026-11-22T12:00:00Z",
        "2100-02-29T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "-001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+00:01", /* before year 1 once applied */
        "9999-12-31T23:59:59-00:01", /* behind year 9999 */
        "12026-11-22T12:00:00Z",
        "2026-1-2T12:00:00Z",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t us = 42;
        if (clock_read(&us, str_z(bad[i])) || us != 42)
            fail_msg("accepted %s", bad[i]);
    }
}

static void dates(void **state)
{
    (void)state;
    assert_true(clock_date_valid(S("2000-02-29")));
    assert_true(clock_date_valid(S("2024-02-29")));
    assert_true(clock_date_valid(S("0001-01-01")));
    assert_true(clock_date_valid(S("9999-12-31")));
    static const char *const bad[] = { "",          "1900-02-29", "2100-02-29",  "2026-02-30",
                                       "2026-2-3",  "20260203",   "2026-02-03T", "0000-12-31",
                                       "2026/02/03" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(clock_date_valid(str_z(bad[i])));
}

static void durations(void **state)
{
    (void)state;
    int64_t us;
    assert_true(clock_duration_read(&us, S("P14D")) && us == 14 * TIME_DAY);
    assert_true(clock_duration_read(&us, S("PT72H")) && us == 72 * TIME_HOUR);
    assert_true(clock_duration_read(&us, S("PT30M")) && us == 30 * TIME_MINUTE);
    assert_true(clock_duration_read(&us, S("PT0S")) && us == 0);
    assert_true(clock_duration_read(&us, S("P1DT2H3M4S")) &&
                us == TIME_DAY + 2 * TIME_HOUR + 3 * TIME_MINUTE + 4 * TIME_SECOND);
    static const char *const bad[] = {
        "",      "P",    "PT",     "P1DT",           "1D",
        "P1M",   "P1Y",  "P1W",    "PT1D",           "P1H",
        "-P1D",  "P-1D", "PT1M1H", "PT1.5H",         "P1D ",
        "PT1H1", "p1d",  "PT1H1H", "P999999999999D", "P99999999999999999999D"
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (clock_duration_read(&us, str_z(bad[i])))
            fail_msg("accepted %s", bad[i]);
    }
}

static void hlc_never_runs_backward_when_the_clock_steps(void **state)
{
    (void)state;
    static const int64_t steps[] = { 1, -TIME_DAY, 5, 0, TIME_DAY, TIME_DAY, -3 * TIME_DAY, 1 };
    int64_t now = INT64_C(1795339800000000);
    struct hlc last = { 0 };
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        now += steps[i];
        for (int j = 0; j < 3; j++) {
            const struct hlc next = hlc_next(last, now);
            assert_true(hlc_cmp(next, last) > 0);
            assert_true(next.us >= now);
            last = next;
        }
    }
    assert_int_equal(hlc_next(last, last.us + 1).count, 0); /* follows the clock when it can */
}

static void hlc_merge_respects_remotes_but_not_those_far_ahead(void **state)
{
    (void)state;
    const int64_t now = INT64_C(1795339800000000);
    const struct hlc last = { now - 5, 3 };
    struct hlc out;
    assert_true(hlc_merge(&out, last, (struct hlc){ now + 1000, 7 }, now));
    assert_int_equal(out.us, now + 1000);
    assert_int_equal(out.count, 8);
    assert_true(hlc_merge(&out, last, (struct hlc){ now - TIME_DAY, 7 }, now));
    assert_int_equal(out.us, now);
    assert_int_equal(out.count, 0);
    assert_true(hlc_merge(&out, (struct hlc){ now, 9 }, (struct hlc){ now, 4 }, now));
    assert_int_equal(out.count, 10);
    assert_true(hlc_merge(&out, last, (struct hlc){ now + HLC_AHEAD_MAX_US, 0 }, now));
    assert_false(hlc_merge(&out, last, (struct hlc){ now + HLC_AHEAD_MAX_US + 1, 0 }, now));
    assert_int_equal(hlc_cmp(out, hlc_next(last, now)), 0);
}

static void hlc_text_reads_back_even_at_the_greatest_count(void **state)
{
    (void)state;
    char storage[64];
    struct buf b = buf_over(storage, sizeof storage);
    struct hlc h;
    assert_true(hlc_read(&h, S("1795339800000000.999999999")));
    const struct hlc next = hlc_next(h, 0);
    assert_true(hlc_cmp(next, h) > 0);
    hlc_write(&b, next);
    assert_true(str_is(buf_get(&b), "1795339800000001.0"));
    assert_true(hlc_read(&h, buf_get(&b)));
    static const char *const bad[] = {
        "", "1", "1.", ".1", "1.2.3", "-1.0", "01.0", "1.1000000000"
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(hlc_read(&h, str_z(bad[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_instants_read_and_write),
        cmocka_unit_test(every_day_follows_the_day_before),
        cmocka_unit_test(offsets_are_applied_and_parts_may_be_short),
        cmocka_unit_test(instants_that_do_not_exist_are_refused),
        cmocka_unit_test(dates),
        cmocka_unit_test(durations),
        cmocka_unit_test(hlc_never_runs_backward_when_the_clock_steps),
        cmocka_unit_test(hlc_merge_respects_remotes_but_not_those_far_ahead),
        cmocka_unit_test(hlc_text_reads_back_even_at_the_greatest_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
