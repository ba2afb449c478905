/* What is on its way, as the map's query finds it: what a courier holds and what is offered, and of
 * that nothing of orders that the control tower does not list for who asks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/auth.h"
#include "kernel/flow_record.h"
#include "kernel/stop.h"
#include "kernel/tests/fixture.h"
#include "kernel/timer.h"
#include "modules/desk/tower_impl.h"

enum { TEXT_MAX = 1 << 16, MOST = 400 };

static struct fixture f;
static struct db *db; /* a reader */

/* Organisations: 1 a hospital with sites 1 and 2, 2 a plant with site 3, 3 a courier with site 4,
 * 4 a hospital with site 5. */
static const char *o(int n)
{
    return fixture_id('o', n).p;
}
static const char *s(int n)
{
    return fixture_id('s', n).p;
}
static const char *order_id(int n)
{
    return fixture_id('d', n).p;
}

static void places(struct buf *b)
{
    static const char *const kinds[] = { "hospital", "manufacturer", "courier", "hospital" };
    static const int at[] = { 1, 1, 2, 3, 4 };
    for (int i = 0; i < 4; i++)
        buf_printf(b, "INSERT INTO auth_organisation VALUES ('%s','O%d','%s');", o(i + 1), i + 1,
                   kinds[i]);
    for (int i = 0; i < 5; i++)
        buf_printf(b,
                   "INSERT INTO auth_site (site, organisation, name, kind, zone)"
                   " VALUES ('%s','%s','S%d','k','UTC');",
                   s(i + 1), o(at[i]), i + 1);
}

/* An order of the hospital at this site, with plant and courier. */
static void order(struct buf *b, int n, const char *product, const char *state, int organisation,
                  int site)
{
    const struct {
        const char *part;
        int organisation, site;
    } parties[] = { { "treatment", organisation, site },
                    { "manufacture", 2, 3 },
                    { "courier", 3, 4 } };
    buf_printf(b,
               "INSERT INTO order_order VALUES ('%s','p','VC-%d','o','s','%s',1,'C83.3','eu','c',"
               "'70 kg','1','d','placed','w',1,1,'a',1);",
               order_id(n), n, product);
    buf_printf(b,
               "INSERT INTO flow_order (order_id, state, workflow, workflow_version, workflow_hash,"
               " pins, started, due_by, next_number, overdue, repeats) VALUES ('%s','%s','w',1,"
               "'h','[]',1,%d,1,0,0);",
               order_id(n), state, 100 - n);
    for (size_t i = 0; i < 3; i++)
        buf_printf(b, "INSERT INTO flow_party VALUES ('%s','%s','%s','%s',0);", order_id(n),
                   o(parties[i].organisation), parties[i].part, s(parties[i].site));
}

/* A unit, made at one site and held by another; to: offered to; 0: nobody. */
static void unit(struct buf *b, int n, int order, int made, int held, int to, bool ended)
{
    static const int of[] = { 0, 1, 1, 2, 3, 4 };
    const char *id = fixture_id('u', n).p;
    buf_printf(b,
               "INSERT INTO identity_unit (unit, order_id, kind, label, task, pass, quantity,"
               " organisation, site, made, made_by, ended) VALUES"
               " ('%s','%s','apheresis_bag','L%d','t',1,'9','%s','%s',"
               "5,'a',%s);",
               id, order_id(order), n, o(of[made]), s(made), ended ? "9" : "NULL");
    buf_printf(
        b, "INSERT INTO custody_unit (unit, organisation, site, since) VALUES ('%s','%s','%s',7);",
        id, o(of[held]), s(held));
    if (to > 0)
        buf_printf(b,
                   "UPDATE custody_unit SET to_organisation = '%s', to_site = '%s', offered = 8"
                   " WHERE unit = '%s';",
                   o(of[to]), s(to), id);
    if (held != made)
        buf_printf(
            b,
            "INSERT INTO custody_leg (unit, number, organisation, site, since, giver, receiver,"
            " event) VALUES ('%s',2,'%s','%s',7,'a','b','e');",
            id, o(of[held]), s(held));
}

static struct record_list moving(int organisation, const char *reach, int order)
{
    const struct desk_moving_in in = {
        .organisation = fixture_id('o', organisation),
        .reach = str_z(reach),
        .order_id = order ? fixture_id('d', order) : (struct str){ 0 },
        .most = MOST,
    };
    struct record_list list;
    struct err e = { 0 };
    if (db_list(db, &sql_desk_moving, &in, &list, MOST, f.arena, &e) != OK)
        fail_msg("%s: %s", e.code, e.detail);
    return list;
}

/* Which units, "1 2 3". */
static const char *found(int organisation, const char *reach, int order)
{
    static char text[200];
    const struct record_list list = moving(organisation, reach, order);
    const struct desk_moving_out *rows = list.p;
    struct buf b = buf_over(text, sizeof text - 1);
    for (size_t i = 0; i < list.n; i++)
        for (int n = 1; n < 20; n++)
            if (str_eq(rows[i].unit, fixture_id('u', n)))
                buf_printf(&b, "%s%d", b.n > 0 ? " " : "", n);
    text[b.n] = '\0';
    return text;
}

static void fill(void)
{
    static char text[TEXT_MAX];
    struct buf b = buf_over(text, sizeof text - 1);
    places(&b);
    order(&b, 1, "one", "running", 1, 1);
    order(&b, 2, "two", "held", 1, 2);
    order(&b, 3, "one", "running", 4, 5);
    order(&b, 4, "one", "ended", 1, 1);
    unit(&b, 1, 1, 1, 4, 0, false); /* with the courier */
    unit(&b, 2, 1, 1, 1, 4, false); /* offered to it */
    unit(&b, 3, 1, 1, 1, 0, false); /* lies where it was made */
    unit(&b, 4, 2, 2, 4, 3, false); /* with the courier, offered to the plant */
    unit(&b, 5, 2, 2, 4, 0, true);  /* ended on the way */
    unit(&b, 6, 3, 5, 4, 0, false); /* of another hospital's order */
    unit(&b, 7, 3, 5, 3, 0, false); /* it has arrived */
    unit(&b, 8, 4, 1, 4, 0, false); /* of an order that is over */
    assert_true(buf_ok(&b));
    text[b.n] = '\0';
    test_db_by_hand(f.path, text);
}

static void what_moves_and_nothing_else(void **state)
{
    struct err e = { 0 };
    (void)state;
    fill();
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    assert_string_equal(found(2, NULL, 0), "6 4 1 2"); /* what is due first goes first */
    assert_string_equal(found(3, NULL, 0), "6 4 1 2");
    assert_string_equal(found(2, NULL, 2), "4");
    const struct record_list list = moving(2, NULL, 0);
    const struct desk_moving_out *rows = list.p;
    assert_true(str_is(rows[1].from_site, s(2)) && rows[1].carried);
    assert_true(str_is(rows[1].to_site, s(3)) && rows[1].offered == 8);
    assert_true(str_is(rows[3].from_site, s(1)) && !rows[3].carried);
}

/* Nothing of an order that the tower does not list. partial: OPS-05 */
static void within_reach_alone(void **state)
{
    char reach[200];
    struct err e = { 0 };
    (void)state;
    fill();
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    assert_string_equal(found(1, NULL, 0), "4 1 2");
    assert_string_equal(found(4, NULL, 0), "6");
    assert_string_equal(found(9, NULL, 0), "");
    assert_string_equal(found(4, NULL, 1), ""); /* an order of others is like none */
    snprintf(reach, sizeof reach, ",%s|*,", s(1));
    assert_string_equal(found(1, reach, 0), "1 2");
    snprintf(reach, sizeof reach, ",%s|two,", s(1));
    assert_string_equal(found(1, reach, 0), "");
    assert_string_equal(found(1, ",*|two,", 0), "4");
    assert_string_equal(found(1, ",", 0), "");
}

static int open_all(void **state)
{
    static const struct module *const modules[] = {
        &stop_module,        &timer_module,   &define_module, &auth_module,     &flow_module,
        &flow_record_module, &quality_module, &order_module,  &identity_module, &custody_module,
    };
    (void)state;
    db = NULL;
    fixture_open(&f, modules, sizeof modules / sizeof modules[0]);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    if (db)
        store_reader_give(f.node.store, db);
    fixture_close(&f);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_moves_and_nothing_else, open_all, close_all),
        cmocka_unit_test_setup_teardown(within_reach_alone, open_all, close_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
