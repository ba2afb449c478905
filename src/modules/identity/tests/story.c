#include "modules/identity/tests/story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "kernel/stop.h"

struct trial_id t;
struct trial_order a, b;

int set_up(void **state)
{
    (void)state;
    trial_id_open(&t);
    trial_id_order(&t, &a, 1);
    trial_id_order(&t, &b, 2);
    return 0;
}

int tear_down(void **state)
{
    (void)state;
    trial_id_close(&t);
    return 0;
}

void refused(const char *code)
{
    fixture_refused(&t.f, code);
}

enum outcome check(const struct fixture_person *who, const char *task, const char *point,
                   const char *scans, const char *more)
{
    return trial_id_check(&t, who, &a, task, point, "barcode", scans, more);
}

void is(const char *result)
{
    assert_string_equal(fixture_answer(&t.f, "result"), result);
}

bool stopped(void)
{
    struct db *db;
    struct err e = { 0 };
    struct stop_state stop;
    assert_int_equal(store_reader_take(&db, t.f.node.store, &e), OK);
    assert_int_equal(stop_find(db, str_z(a.id), &stop, t.f.arena, &e), OK);
    store_reader_give(t.f.node.store, db);
    return stop.standing;
}

size_t deviations(const struct trial_order *o)
{
    struct quality_of_order_in in = { str_z(o->id) };
    return fixture_list(&t.f, &sql_quality_of_order, &in).n;
}

const struct identity_checks_out *last_check(void)
{
    struct identity_checks_in in = { str_z(a.id) };
    struct record_list rows = fixture_list(&t.f, &sql_identity_checks, &in);
    assert_true(rows.n > 0);
    return (const struct identity_checks_out *)rows.p + rows.n - 1;
}

enum outcome resolve(const struct fixture_person *who)
{
    return fixture_send(&t.f, who, "stop.resolve", "bag found",
                        "{'order':'%s',"
                        "'decision':'continue'}",
                        a.id);
}

const char *own_bag(const struct trial_order *o)
{
    return trial_id_units(&t, o, "bag");
}
