/* Temperatures of a leg: whose they are to give, what they open, and that nothing given is ever
 * overwritten. */
#include "modules/custody/tests/custody_trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/id.h"
#include "kernel/text.h"

static struct custody_trial t;
static struct identity_units_out bag;
static int64_t left; /* when the courier took it … */
static int64_t came; /* … and when the plant did, two hours later */

static int open_order(void **state)
{
    (void)state;
    custody_trial_open(&t, NULL, "");
    custody_trial_order(&t, 1, "frozen");
    custody_trial_do(&t, "pick_up", 1, "");
    bag = custody_trial_unit(&t, "bag", 0);
    left = custody_trial_holder(&t, bag.unit).since;
    env_sim_advance(&t.f.sim, 2 * TIME_HOUR);
    custody_trial_do(&t, "receive", 1, "");
    came = custody_trial_holder(&t, bag.unit).since;
    return 0;
}

static int close_order(void **state)
{
    (void)state;
    custody_trial_close(&t);
    return 0;
}

/* Every ten minutes from when it left, these degrees in turn; the last of them goes on. Escaped for
 * a JSON text. */
static const char *table(int from_min, const char *const *degrees)
{
    static char text[8000];
    struct buf b = buf_over(text, sizeof text - 1);
    for (int64_t at = left + from_min * TIME_MINUTE; at <= came; at += 10 * TIME_MINUTE) {
        clock_write(&b, at);
        buf_printf(&b, ",%s\\n", *degrees);
        degrees += degrees[1] != NULL;
    }
    assert_true(buf_ok(&b));
    text[b.n] = '\0';
    return text;
}
#define TABLE(from, ...) table(from, (const char *const[]){ __VA_ARGS__, NULL })

static enum outcome add(const struct fixture_person *who, const char *logger, const char *text)
{
    return fixture_send(&t.f, who, "custody.add_readings", NULL,
                        "{'legs':[{'unit':'%.*s'}],'logger':'%s','table':'%s'}", STR(bag.unit),
                        logger, text);
}

static void added(const char *logger, const char *text, const char *result)
{
    fixture_must(&t.f, add(&t.operator, logger, text), logger);
    assert_string_equal(fixture_answer(&t.f, "result"), result);
}

static struct record_list judged(void)
{
    const struct custody_judged_in in = { str_z(t.order) };
    return fixture_list(&t.f, &sql_custody_judged, &in);
}

static struct record_list series(void)
{
    const struct custody_series_in in = { str_z(t.order) };
    return fixture_list(&t.f, &sql_custody_series, &in);
}

static size_t deviations(void)
{
    const struct quality_of_order_in in = { str_z(t.order) };
    return fixture_list(&t.f, &sql_quality_of_order, &in).n;
}

/* partial: COC-02, CCH-04 (by loggers' tables; other devices are not yet read) */
static void coc_02_a_leg_has_its_temperatures(void **state)
{
    (void)state;
    added("TL-7", TABLE(-60, "21", "20", "9", "6", "5", "4.5", "5", "7.9", "4.25"), "inside");
    assert_int_equal(deviations(),
                     0); /* what the logger saw before it was packed is not the bag's */
    const struct custody_judged_out *row = judged().p;
    assert_int_equal(judged().n, 1);
    assert_true(row->leg > 0);
    assert_int_equal(row->since, left);
    assert_int_equal(row->until, came);
    char text[80];
    struct buf b = buf_over(text, sizeof text);
    decimal_write(&b, row->coldest);
    buf_char(&b, ' ');
    decimal_write(&b, row->warmest);
    buf_char(&b, ' ');
    decimal_write(&b, row->high);
    assert_true(str_is(buf_get(&b), "4.25 7.9 10"));
    assert_int_equal(row->missing_s, 0);
    fixture_rebuilds(&t.f);
}

/* What the system found is kept as figures, and read in each language. */
static bool said_is(const struct quality_deviation_out *row, const char *language, const char *want)
{
    struct buf b = buf_in(t.f.arena, 2000);
    struct page p = { .b = &b, .language = str_z(language) };
    return str_is(quality_said(&p, row), want);
}

/* partial: CCH-02 (opens at once, with the time out of range; alert and action) */
static void cch_02_an_excursion_opens_at_once(void **state)
{
    (void)state;
    added("TL-7", TABLE(0, "5", "8.5", "8.5", "5"), "alert");
    assert_int_equal(deviations(), 0);
    added("TL-8", TABLE(0, "5", "11", "12.5", "10", "0.5", "5"), "outside");
    assert_int_equal(deviations(), 1);
    const struct quality_deviation_in in = { str_z(fixture_answer(&t.f, "deviation")) };
    const struct quality_deviation_out *row = fixture_list(&t.f, &sql_quality_deviation, &in).p;
    assert_true(str_is(row->kind, "excursion") && str_is(row->risk, "major"));
    assert_true(str_eq(row->unit, bag.unit));
    assert_true(said_is(row, "en",
                        "Logger TL-8: 20 min above and 10 min below 1 – 10 °C; coldest 0.5 °C, "
                        "warmest 12.5 °C; 0 min without a reading"));
    assert_true(said_is(row, "de",
                        "Logger TL-8: 20 min über und 10 min unter 1 – 10 °C; kälteste 0,5 °C, "
                        "wärmste 12,5 °C; 0 min ohne Messwert"));
    added("TL-9", TABLE(90, "5"), "missing");
    assert_int_equal(deviations(), 2);
    assert_int_equal(series().n, 3); /* each logger a series of its own */
    fixture_rebuilds(&t.f);
}

static void twice_is_once_and_other_readings_are_a_correction(void **state)
{
    (void)state;
    added("TL-7", TABLE(0, "5", "11", "5"), "outside");
    added("TL-7", TABLE(0, "5", "11", "5"), "outside");
    assert_string_equal(fixture_answer(&t.f, "given_before"), "true");
    assert_int_equal(series().n, 1);
    assert_int_equal(deviations(), 1);
    assert_int_equal(add(&t.operator, "TL-7", TABLE(0, "5")), REFUSED);
    fixture_refused(&t.f, "custody.readings_known");

    assert_int_equal(fixture_send(&t.f, &t.operator, "custody.correct_readings", NULL,
                                  "{'order':'%s','series':1,'table':'%s'}", t.order, TABLE(0, "5")),
                     REFUSED);
    fixture_refused(&t.f, "gate.reason_needed");
    fixture_must(&t.f,
                 fixture_send(&t.f, &t.operator, "custody.correct_readings", "of another box",
                              "{'order':'%s','series':1,'table':'%s'}", t.order, TABLE(0, "5")),
                 "correct");
    assert_string_equal(fixture_answer(&t.f, "result"), "inside");
    const struct custody_series_out *row = series().p;
    assert_int_equal(series().n, 2);
    assert_int_equal(row[0].corrected, 2); /* what was given first is there still */
    assert_int_equal(row[1].corrected, INT_NONE);
    assert_int_equal(deviations(), 1); /* and so is what it opened: a person closes it */
    assert_int_equal(fixture_send(&t.f, &t.operator, "custody.correct_readings", "again",
                                  "{'order':'%s','series':1}", t.order),
                     REFUSED);
    fixture_refused(&t.f, "custody.corrected_before");
    fixture_must(&t.f,
                 fixture_send(&t.f, &t.operator, "custody.correct_readings", "of another order",
                              "{'order':'%s','series':2}", t.order),
                 "strike");
    assert_string_equal(fixture_answer(&t.f, "result"), "none");
    added("TL-7", TABLE(0, "5", "6"), "inside"); /* nothing of it stands in the way */
    fixture_rebuilds(&t.f);
}

static void they_are_of_that_time_and_of_those_who_held_it(void **state)
{
    (void)state;
    char day[80];
    snprintf(day, sizeof day, "2026-01-01T09:00:00Z,5\\n2026-01-01T09:10:00Z,5");
    assert_int_equal(add(&t.operator, "TL-7", day), REFUSED);
    fixture_refused(&t.f, "custody.readings_elsewhere");
    assert_int_equal(add(&t.operator, "TL-7", "2100-01-01T09:00:00Z,5"), REFUSED);
    fixture_refused(&t.f, "custody.readings_later");
    assert_int_equal(add(&t.operator, "TL-7", "2026-01-01 09:00,5"), REFUSED);
    fixture_refused(&t.f, "custody.reading_zone");
    assert_int_equal(add(&t.stranger, "TL-7", TABLE(0, "5")), REFUSED);
    fixture_refused(&t.f, "gate.unknown");
    assert_int_equal(add(&t.nurse, "TL-7", TABLE(0, "5")), REFUSED); /* gave it away before that */
    fixture_refused(&t.f, "gate.unknown");
    fixture_must(&t.f, add(&t.courier, "TL-7", TABLE(0, "5")), "the courier's own");

    /* The first leg, by its number: the nurse held the bag then. */
    assert_int_equal(fixture_send(&t.f, &t.nurse, "custody.add_readings", NULL,
                                  "{'legs':[{'unit':'%.*s','leg':0}],'logger':'F-1',"
                                  "'table':'%s'}",
                                  STR(bag.unit), TABLE(10, "5")),
                     REFUSED);
    fixture_refused(&t.f, "custody.readings_elsewhere");
    assert_int_equal(fixture_send(&t.f, &t.nurse, "custody.add_readings", NULL,
                                  "{'legs':[{'unit':'%.*s','leg':77}],'logger':'F-1',"
                                  "'table':'%s'}",
                                  STR(bag.unit), TABLE(0, "5")),
                     REFUSED);
    fixture_refused(&t.f, "gate.unknown");
    assert_int_equal(fixture_send(&t.f, &t.operator, "custody.add_readings", NULL,
                                  "{'legs':[{'unit':'%.*s'},{'unit':'%.*s'}],'logger':'F-1',"
                                  "'table':'%s'}",
                                  STR(bag.unit), STR(bag.unit), TABLE(0, "5")),
                     REFUSED);
    fixture_refused(&t.f, "custody.unit_twice");
}

static void programs_give_a_list(void **state)
{
    (void)state;
    char from[40], to[40];
    struct buf a = buf_over(from, sizeof from - 1), b = buf_over(to, sizeof to - 1);
    clock_write(&a, left + TIME_MINUTE);
    clock_write(&b, left + 11 * TIME_MINUTE);
    from[a.n] = to[b.n] = '\0';
    fixture_must(&t.f,
                 fixture_send(&t.f, &t.operator, "custody.add_readings", NULL,
                              "{'legs':[{'unit':'%.*s'}],'logger':'TL-7','readings':["
                              "{'at':'%s','celsius':'4.5'},{'at':'%s','celsius':'5.25'}]}",
                              STR(bag.unit), to, from),
                 "list");
    const struct custody_series_out *row = series().p;
    assert_true(str_is(row->readings, "5.25 +600 4.5"));
    assert_int_equal(fixture_send(&t.f, &t.operator, "custody.add_readings", NULL,
                                  "{'legs':[{'unit':'%.*s'}],'logger':'TL-8','readings':["
                                  "{'at':'%s','celsius':'900'}]}",
                                  STR(bag.unit), from),
                     REFUSED);
    fixture_refused(&t.f, "custody.reading_value");
    assert_int_equal(
        fixture_send(&t.f, &t.operator, "custody.add_readings", NULL,
                     "{'legs':[{'unit':'%.*s'}],'logger':'TL-8','table':'x','readings':"
                     "[{'at':'%s','celsius':'9'}]}",
                     STR(bag.unit), from),
        REFUSED);
    fixture_refused(&t.f, "custody.readings_both");
    assert_int_equal(fixture_send(&t.f, &t.operator, "custody.add_readings", NULL,
                                  "{'legs':[{'unit':'%.*s'}],'logger':'TL-8'}", STR(bag.unit)),
                     REFUSED);
    fixture_refused(&t.f, "custody.readings_none");
}

/* Two weeks, every five minutes, to four decimals: as much as an event holds. */
static void a_series_as_long_as_may_be(void **state)
{
    (void)state;
    static char text[CUSTODY_TABLE_MAX + 1];
    struct buf b = buf_over(text, CUSTODY_TABLE_MAX);
    for (int64_t i = 0; i < CUSTODY_READINGS_MAX; i++) {
        clock_write(&b, came - (CUSTODY_READINGS_MAX - 1 - i) * 5 * TIME_MINUTE);
        buf_printf(&b, ",%d.%04d\\n", 3 + (int)(i % 4), 1 + (int)(i % 9999));
    }
    assert_true(buf_ok(&b));
    text[b.n] = '\0';
    static char body[sizeof text + 200];
    snprintf(body, sizeof body,
             "{\"legs\":[{\"unit\":\"%.*s\"}],\"logger\":\"TL-7\",\"table\":\"%s\"}", STR(bag.unit),
             text);
    const struct id id = id_derive(S("long"), S("series"), 1);
    fixture_must(
        &t.f, fixture_send_as(&t.f, &t.operator, id_str(&id), "custody.add_readings", NULL, body),
        "a long series");
    fixture_rebuilds(&t.f);
}

int main(void)
{
    text_use(text_rows, text_rows_count);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(coc_02_a_leg_has_its_temperatures, open_order, close_order),
        cmocka_unit_test_setup_teardown(cch_02_an_excursion_opens_at_once, open_order, close_order),
        cmocka_unit_test_setup_teardown(twice_is_once_and_other_readings_are_a_correction,
                                        open_order, close_order),
        cmocka_unit_test_setup_teardown(they_are_of_that_time_and_of_those_who_held_it, open_order,
                                        close_order),
        cmocka_unit_test_setup_teardown(programs_give_a_list, open_order, close_order),
        cmocka_unit_test_setup_teardown(a_series_as_long_as_may_be, open_order, close_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
