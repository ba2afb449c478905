/* What the clock on the wall of a site says. */
#include "base/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"

static int64_t offset(const char *zone, const char *at)
{
    int64_t us;
    int64_t s = -1;
    assert_true(clock_read(&us, str_z(at)));
    assert_true(zone_offset(&s, str_z(zone), us));
    return s;
}

/* The hour changed on 29 March and 25 October 2026 at 01:00 UTC. */
static void summer_and_winter(void **state)
{
    (void)state;
    assert_int_equal(offset("Europe/Berlin", "2026-01-15T12:00:00Z"), 3600);
    assert_int_equal(offset("Europe/Berlin", "2026-03-29T00:59:59Z"), 3600);
    assert_int_equal(offset("Europe/Berlin", "2026-03-29T01:00:00Z"), 7200);
    assert_int_equal(offset("Europe/Berlin", "2026-10-25T00:59:59Z"), 7200);
    assert_int_equal(offset("Europe/Berlin", "2026-10-25T01:00:00Z"), 3600);
    assert_int_equal(offset("Europe/London", "2026-07-01T12:00:00Z"), 3600);
    assert_int_equal(offset("America/St_Johns", "2026-01-15T12:00:00Z"), -12600);
    assert_int_equal(offset("UTC", "2026-07-01T12:00:00Z"), 0);
}

static void letters_of_the_clock(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    const struct zone *berlin = zone_find(S("Europe/Berlin"), arena);
    const struct zone *istanbul = zone_find(S("Europe/Istanbul"), arena);
    int64_t us;
    assert_non_null(berlin);
    assert_non_null(istanbul);
    assert_true(clock_read(&us, S("2026-07-01T12:00:00Z")));
    assert_true(str_is(zone_time(berlin, us).letters, "CEST"));
    assert_int_equal(zone_time(berlin, us).offset_s, 7200);
    assert_true(str_is(zone_time(istanbul, us).letters, "+03"));
    assert_true(clock_read(&us, S("2026-12-01T12:00:00Z")));
    assert_true(str_is(zone_time(berlin, us).letters, "CET"));
    assert_null(zone_find(S("Nowhere/Atall"), arena));
    arena_free(arena);
}

static void what_is_no_zone(void **state)
{
    (void)state;
    int64_t s = 7;
    static const char *const names[] = {
        "", "Nowhere/Atall", "../../etc/passwd", "/etc/passwd", "Europe/Berlin\n", "tzdata.zi"
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_false(zone_offset(&s, str_z(names[i]), 0));
        assert_int_equal(s, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(summer_and_winter),
        cmocka_unit_test(letters_of_the_clock),
        cmocka_unit_test(what_is_no_zone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
