/* A logger's table: what is read, and what is refused with its line. */
#include "modules/custody/readings.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct arena *arena;
static struct custody_readings got;
static struct err why;

static int begin(void **state)
{
    (void)state;
    arena = arena_new(4 << 20);
    return arena ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static enum outcome read(const char *table, const char *zone)
{
    why = (struct err){ 0 };
    got = (struct custody_readings){ 0 };
    return custody_table_read(&got, str_z(table), str_z(zone), arena, &why);
}

static void reads(const char *table, const char *zone, const char *as)
{
    char storage[400];
    struct buf b = buf_over(storage, sizeof storage);
    if (read(table, zone) != OK)
        fail_msg("%s: line %.*s", why.code, STR(err_param(&why, "line")));
    clock_write(&b, got.p[0].at);
    buf_char(&b, ' ');
    custody_readings_write(&b, &got);
    if (!str_is(buf_get(&b), as))
        fail_msg("%.*s", STR(buf_get(&b)));
}

static void refuses(const char *table, const char *zone, const char *code, const char *line)
{
    assert_int_equal(read(table, zone), REFUSED);
    assert_string_equal(why.code, code);
    assert_true(str_is(err_param(&why, "line"), line));
}

#define TWO "2026-01-05T09:00:00.000000Z 4.2 +300 4.3"

static void tables_as_loggers_write_them(void **state)
{
    (void)state;
    reads("2026-01-05T09:00:00Z,4.2\n2026-01-05T09:05:00Z,4.3\n", NULL, TWO);
    reads("\xef\xbb\xbfTime;Temp \xc2\xb0\x43\r\n\r\n2026-01-05 09:00Z;4,2\r\n"
          "2026-01-05 10:05+01:00;4,30\r\n",
          NULL, TWO); /* byte order mark, headings, empty lines, decimal commas, an offset */
    reads("2026-01-05T09:05:00Z\t4.3\n2026-01-05T09:00:00Z\t4.2", NULL, TWO); /* newest first */
    reads("\"2026-01-05T09:00:00Z\",\"4.2\"\n\"2026-01-05T09:05:00.9Z\",\"4.3\"", NULL, TWO);
    reads("05.01.2026 10:00;4,2\n05.01.2026 10:05;4,3", "Europe/Berlin", TWO);
    reads("2026-01-05 09:00,4.2\n2026-01-05 09:05,4.3", "UTC", TWO);
    reads("2026-07-05T11:00:00,-152.4375\n2026-07-05T11:05:00,\xe2\x88\x92\x31\x35\x30",
          "Europe/Berlin", "2026-07-05T09:00:00.000000Z -152.4375 +300 -150"); /* summer */
    reads("2026-01-05T09:00:00Z,4.2\n2026-01-05T09:05:00Z,4.2\n2026-01-05T09:20:00Z,4\n"
          "2026-01-05T09:35:00Z,4\n",
          NULL, "2026-01-05T09:00:00.000000Z 4.2 +300 4.2 +900 4 4");
}

static void each_error_has_its_line(void **state)
{
    (void)state;
    refuses("", NULL, "custody.readings_none", "");
    refuses("time,temperature\n", NULL, "custody.readings_none", "");
    refuses("2026-01-05T09:00:00Z\n", NULL, "custody.reading_columns", "1");
    refuses("\n2026-01-05T09:00:00Z,4,2\n", NULL, "custody.reading_columns", "2");
    refuses("2026-01-05T09:00:00Z;4,2;ok\n", NULL, "custody.reading_columns", "1");
    refuses("2026-01-05T09:00:00Z,\"4\n", NULL, "custody.reading_columns", "1");
    refuses("t,c\n2026-01-05T09:00:00Z,4\nserial,77\n", NULL, "custody.reading_time", "3");
    refuses("01/05/2026 09:00,4\n", "UTC", "custody.reading_time", "1");
    refuses("2026-02-29T09:00:00Z,4\n", NULL, "custody.reading_time", "1");
    refuses("2026-01-05,4\n", "UTC", "custody.reading_time", "1");
    refuses("2026-01-05T09:00:00.................................,4\n", NULL,
            "custody.reading_time", "1");
    refuses("2026-01-05T09:00:00,4\n", NULL, "custody.reading_zone", "1");
    refuses("2026-01-05T09:00:00Z,4\n2026-01-05 09:05,4\n", NULL, "custody.reading_zone", "2");
    refuses("2026-01-05T09:00:00Z,4\n", "Mars/Base", "custody.unknown_zone", "");
    refuses("2026-01-05T09:00:00Z,\n", NULL, "custody.reading_value", "1");
    refuses("2026-01-05T09:00:00Z,1e9\n", NULL, "custody.reading_value", "1");
    refuses("2026-01-05T09:00:00Z,-274\n", NULL, "custody.reading_value", "1");
    refuses("2026-01-05T09:00:00Z,4.00001\n", NULL, "custody.reading_value", "1");
    refuses("2026-01-05T09:00:00Z;1.000,2\n", NULL, "custody.reading_value", "1");
    refuses("2026-01-05T09:00:00Z;4\n2026-01-05T09:05:00Z;4\n2026-01-05T10:00+01:00;5\n", NULL,
            "custody.reading_twice", "3");
}

/* Once a year a clock on the wall shows an hour twice, once it leaves one out: neither is guessed.
 */
static void no_hour_is_guessed(void **state)
{
    (void)state;
    refuses("2026-10-25 02:30,4\n", "Europe/Berlin", "custody.reading_clock", "1");
    refuses("2026-03-29 02:30,4\n", "Europe/Berlin", "custody.reading_clock", "1");
    reads("2026-10-25 01:59,4\n2026-10-25 03:00,5\n", "Europe/Berlin",
          "2026-10-24T23:59:00.000000Z 4 +7260 5");
    reads("2026-03-29 01:59,4\n2026-03-29 03:00,5\n", "Europe/Berlin",
          "2026-03-29T00:59:00.000000Z 4 +60 5");
}

/* n readings, a minute apart. */
static struct str many(size_t n)
{
    struct buf b = buf_in(arena, CUSTODY_TABLE_MAX);
    int64_t at;
    assert_true(clock_read(&at, S("2026-01-05T09:00:00Z")));
    for (size_t i = 0; i < n; i++) {
        clock_write(&b, at + (int64_t)i * TIME_MINUTE);
        buf_printf(&b, ",%zu.5\n", i % 9);
    }
    assert_true(buf_ok(&b));
    return buf_get(&b);
}

static void no_more_than_a_series_holds(void **state)
{
    (void)state;
    assert_int_equal(
        custody_table_read(&got, many(CUSTODY_READINGS_MAX), (struct str){ 0 }, arena, &why), OK);
    assert_int_equal(got.n, CUSTODY_READINGS_MAX);
    assert_int_equal(
        custody_table_read(&got, many(CUSTODY_READINGS_MAX + 1), (struct str){ 0 }, arena, &why),
        REFUSED);
    assert_string_equal(why.code, "custody.readings_many");
}

static void what_is_kept_is_what_was_given(void **state)
{
    (void)state;
    struct custody_readings again;
    struct buf b = buf_in(arena, CUSTODY_READINGS_TEXT);
    assert_int_equal(custody_table_read(&got, many(3000), (struct str){ 0 }, arena, &why), OK);
    custody_readings_write(&b, &got);
    assert_true(buf_ok(&b));
    assert_int_equal(custody_readings_expand(&again, got.p[0].at, buf_get(&b), arena, &why), OK);
    assert_int_equal(again.n, got.n);
    assert_memory_equal(again.p, got.p, got.n * sizeof *got.p);
    assert_int_equal(custody_readings_expand(&again, 0, S("4.2 +x 3"), arena, &why), FAULT);
    assert_int_equal(custody_readings_expand(&again, 0, S("4.2  3"), arena, &why), FAULT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tables_as_loggers_write_them, begin, end),
        cmocka_unit_test_setup_teardown(each_error_has_its_line, begin, end),
        cmocka_unit_test_setup_teardown(no_hour_is_guessed, begin, end),
        cmocka_unit_test_setup_teardown(no_more_than_a_series_holds, begin, end),
        cmocka_unit_test_setup_teardown(what_is_kept_is_what_was_given, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
