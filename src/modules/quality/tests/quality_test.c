/* Deviations: opened by anyone at a site, closed once, by another, unknown to strangers. */
#include "modules/quality/quality.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/id.h"
#include "kernel/stop.h"
#include "kernel/tests/fixture.h"

#define RIGHTS "deviation.open deviation.close"

static struct fixture f;
static struct fixture_person finder, closer, stranger;
static char deviation[ID_LENGTH + 1];

static int open_node(void **state)
{
    (void)state;
    static const struct module *const modules[] = { &stop_module, &timer_module, &define_module,
                                                    &flow_module, &quality_module };
    fixture_open(&f, modules, 5);
    fixture_person(&finder, 1, 1, 1, RIGHTS);
    fixture_person(&closer, 2, 1, 1, RIGHTS);
    fixture_person(&stranger, 3, 2, 2, RIGHTS);
    return 0;
}

static int close_node(void **state)
{
    (void)state;
    fixture_close(&f);
    return 0;
}

/* Opens one and keeps its id. */
static struct str open_one(void)
{
    assert_int_equal(fixture_send(&f, &finder, "deviation.open", NULL,
                                  "{'kind':'excursion','risk':'major',"
                                  "'description':'probe of shipper 7 read -119 C for 4 min'}"),
                     OK);
    struct err e = { 0 };
    const struct json *answer;
    assert_int_equal(json_read(&answer, f.arena, f.answer.body, &json_limits_default, &e), OK);
    snprintf(deviation, sizeof deviation, "%.*s", STR(json_get_str(answer, "deviation")));
    return json_get_str(answer, "number");
}

static enum outcome close_by(const struct fixture_person *who)
{
    return fixture_send(&f, who, "deviation.close", "investigated",
                        "{'deviation':'%s','cause':'logger_handling',"
                        "'conclusion':'the lid stood open while it was read'}",
                        deviation);
}

static struct quality_deviation_out row(void)
{
    struct db *db;
    struct err e = { 0 };
    struct quality_deviation_in in = { str_z(deviation) };
    struct quality_deviation_out out = { 0 };
    bool found;
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    assert_int_equal(db_get(db, &sql_quality_deviation, &in, &out, f.arena, &found, &e), OK);
    store_reader_give(f.node.store, db);
    assert_true(found);
    return out;
}

/* partial: QMS-03 (opened, classified, closed by another with cause and conclusion) */
static void qms_03_is_closed_once_and_by_another(void **state)
{
    (void)state;
    struct str number = open_one();
    assert_true(str_starts(number, S("DEV-2026-")));
    assert_int_equal(number.n, strlen("DEV-2026-7QX4-K2MH"));
    assert_true(row().open);
    assert_int_equal(close_by(&finder), REFUSED);
    fixture_refused(&f, "deviation.own");
    assert_true(row().open);
    assert_int_equal(close_by(&closer), OK);
    assert_false(row().open);
    assert_true(str_is(row().cause, "logger_handling"));
    assert_true(str_eq(row().closer, closer.actor.name));
    assert_int_equal(close_by(&closer), REFUSED);
    fixture_refused(&f, "deviation.closed_before");
    fixture_rebuilds(&f);
}

static void a_stranger_cannot_tell_it_from_an_unknown_one(void **state)
{
    (void)state;
    (void)open_one();
    assert_int_equal(close_by(&stranger), REFUSED);
    fixture_refused(&f, "gate.unknown");
    struct err foreign = f.error;
    snprintf(deviation, sizeof deviation, "%.*s", STR(fixture_id('d', 1)));
    assert_int_equal(close_by(&stranger), REFUSED);
    fixture_refused(&f, "gate.unknown");
    assert_string_equal(f.error.params[0].value, foreign.params[0].value);
}

static void closing_needs_a_reason_and_opening_a_known_risk(void **state)
{
    (void)state;
    (void)open_one();
    assert_int_equal(fixture_send(&f, &closer, "deviation.close", NULL,
                                  "{'deviation':'%s','cause':'x','conclusion':'y'}", deviation),
                     REFUSED);
    fixture_refused(&f, "gate.reason_needed");
    assert_int_equal(fixture_send(&f, &finder, "deviation.open", NULL,
                                  "{'kind':'other','risk':'grave','description':'d'}"),
                     REFUSED);
    fixture_refused(&f, "deviation.unknown_risk");
    assert_int_equal(
        fixture_send(&f, &finder, "deviation.open", NULL,
                     "{'kind':'other','risk':'minor','description':'d','order':'%.*s'}",
                     STR(fixture_id('r', 9))),
        REFUSED);
    fixture_refused(&f, "gate.unknown");
}

/* partial: SEC-01 (the texts are sealed in ledger and rows) */
static void sec_01_texts_are_sealed(void **state)
{
    (void)state;
    (void)open_one();
    assert_int_equal(close_by(&closer), OK);
    struct quality_deviation_out out = row();
    assert_true(seal_is(out.description));
    assert_true(seal_is(out.conclusion));
    struct err e = { 0 };
    struct str plain;
    assert_int_equal(seal_open(f.node.keys, &plain, out.opened_event, S("description"),
                               out.description, f.arena, &e),
                     OK);
    assert_true(str_is(plain, "probe of shipper 7 read -119 C for 4 min"));
}

static void lists_page_by_key_and_state(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        (void)open_one();
    assert_int_equal(close_by(&closer), OK);
    struct db *db;
    struct err e = { 0 };
    struct record_list rows;
    struct quality_list_in in = {
        .organisation = finder.actor.organisation,
        .site = finder.actor.site,
        .open = true,
        .at = INT64_MAX,
        .id = S(""),
        .most = 40,
    };
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    assert_int_equal(db_list(db, &sql_quality_list, &in, &rows, 200, f.arena, &e), OK);
    assert_int_equal(rows.n, 2);
    const struct quality_list_out *first = rows.p;
    assert_true(first[0].opened > first[1].opened);
    in.at = first[0].opened;
    in.id = first[0].deviation;
    assert_int_equal(db_list(db, &sql_quality_list, &in, &rows, 200, f.arena, &e), OK);
    assert_int_equal(rows.n, 1);
    in.at = 0;
    assert_int_equal(db_list(db, &sql_quality_list_oldest, &in, &rows, 200, f.arena, &e), OK);
    assert_int_equal(rows.n, 2);
    first = rows.p;
    assert_true(first[0].opened < first[1].opened);
    in.site = stranger.actor.site;
    assert_int_equal(db_list(db, &sql_quality_list_oldest, &in, &rows, 200, f.arena, &e), OK);
    assert_int_equal(rows.n, 0);
    store_reader_give(f.node.store, db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(qms_03_is_closed_once_and_by_another, open_node,
                                        close_node),
        cmocka_unit_test_setup_teardown(a_stranger_cannot_tell_it_from_an_unknown_one, open_node,
                                        close_node),
        cmocka_unit_test_setup_teardown(closing_needs_a_reason_and_opening_a_known_risk, open_node,
                                        close_node),
        cmocka_unit_test_setup_teardown(sec_01_texts_are_sealed, open_node, close_node),
        cmocka_unit_test_setup_teardown(lists_page_by_key_and_state, open_node, close_node),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
