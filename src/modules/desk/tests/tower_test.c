/* The control tower reads one kind of trouble after the other where there are many orders, and all
 * of them where there are few. Both give the same orders in the same order, page by page: ORC-05.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/auth.h"
#include "kernel/flow_record.h"
#include "kernel/stop.h"
#include "kernel/tests/fixture.h"
#include "kernel/timer.h"
#include "modules/desk/tower_impl.h"

enum { ORDERS = 300, ORGANISATIONS = 3, SITES = 2, TEXT_MAX = 1 << 20 };

static char text[TEXT_MAX];
static uint64_t seed;
static struct fixture f;
static struct db *db; /* a reader */

static unsigned draw(unsigned below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)((seed >> 33) % below);
}

static const char *organisation(unsigned k)
{
    static char id[ORGANISATIONS][40];
    snprintf(id[k], sizeof id[k], "00000000-0000-8000-8000-00000000010%u", k);
    return id[k];
}

static const char *site(unsigned k)
{
    static char id[SITES][40];
    snprintf(id[k], sizeof id[k], "00000000-0000-8000-8000-00000000020%u", k);
    return id[k];
}

/* --- rows of any state --- */

static void order(struct buf *b, unsigned i)
{
    static const char *const states[] = { "running", "held", "ended" };
    static const char *const products[] = { "one", "two" };
    char id[40];
    const char *state = states[draw(3)];
    const bool over = strcmp(state, "ended") == 0;
    const unsigned late = over ? 0 : draw(2);
    snprintf(id, sizeof id, "%08x-0000-8000-8000-%012x", draw(1U << 30), i);
    buf_printf(b,
               "INSERT INTO order_order VALUES ('%s','p','VC-%u','o','s','%s',1,'C83.3','eu','c',"
               "'70 kg','1','d','placed','w',1,1,'a',1);",
               id, i, products[draw(2)]);
    /* few times, so that many orders share one */
    buf_printf(b,
               "INSERT INTO flow_order (order_id, state, workflow, workflow_version, workflow_hash,"
               " pins, started, due_by, next_number, overdue, repeats) VALUES ('%s','%s','w',1,'h',"
               "'[]',1,%u,1,%u,0);",
               id, state, 1000 + draw(5), late);
    for (unsigned k = 0; k < ORGANISATIONS; k++)
        for (unsigned part = draw(3); part > 0; part--) /* none, one or two */
            buf_printf(b, "INSERT INTO flow_party VALUES ('%s','%s','part%u','%s',%d);", id,
                       organisation(k), part, site(draw(SITES)), over);
    if (draw(4) == 0)
        buf_printf(b,
                   "INSERT INTO stop_order (order_id, standing, point, safe_state, acts,"
                   " organisation, raised) VALUES ('%s',%u,'p','s','','o',1);",
                   id, draw(2));
    if (!over)
        buf_printf(b,
                   "INSERT INTO flow_task (order_id, number, task, title, stage, role, part,"
                   " organisation, site, late, pass, ladder, opened, due_by, overdue, open)"
                   " VALUES ('%s',1,'t','T','stage%u','r','p','o','%s',0,1,0,1,1000,%u,%u);",
                   id, draw(2), site(draw(SITES)), late, draw(5) > 0);
}

static void orders(void)
{
    struct buf b = buf_over(text, sizeof text - 1);
    seed = 7;
    for (unsigned i = 0; i < ORDERS; i++)
        order(&b, i);
    assert_true(buf_ok(&b));
    text[b.n] = '\0';
    test_db_by_hand(f.path, text);
}

/* --- both ways --- */

static struct tower_listed page(const struct tower_ask *ask, bool few)
{
    struct tower_listed out;
    struct err e = { 0 };
    const enum outcome o = tower_list(&out, ask, few, db, f.arena, &e);
    if (o != OK)
        fail_msg("%s: %s", e.code, e.detail);
    return out;
}

static int64_t due_of(const struct tower_order *last)
{
    const struct desk_tower_in in = { last->order, last->trouble };
    struct desk_tower_out row;
    struct err e = { 0 };
    bool found;
    assert_int_equal(db_get(db, &sql_desk_tower, &in, &row, f.arena, &found, &e), OK);
    assert_true(found);
    return row.due_by;
}

/* Reads to the end; returns how many there were. */
static size_t compared(struct tower_ask ask)
{
    size_t all = 0;
    for (bool more = true; more;) {
        const struct tower_listed one = page(&ask, true);
        const struct tower_listed other = page(&ask, false);
        assert_int_equal(one.n, other.n);
        for (size_t i = 0; i < one.n; i++) {
            assert_true(str_eq(one.orders[i].order, other.orders[i].order));
            assert_int_equal(one.orders[i].trouble, other.orders[i].trouble);
        }
        more = one.n == TOWER_LISTED;
        if (!more)
            return all + one.n;
        const struct tower_order *last = &one.orders[TOWER_LISTED - 2];
        ask.after_trouble = last->trouble;
        ask.after_due = due_of(last);
        ask.after_order = last->order;
        all += TOWER_LISTED - 1;
    }
    return all;
}

static void counted_alike(const struct tower_ask *ask)
{
    struct desk_counts_few_out one, other;
    struct err e = { 0 };
    assert_int_equal(tower_count(&one, ask, true, db, f.arena, &e), OK);
    assert_int_equal(tower_count(&other, ask, false, db, f.arena, &e), OK);
    assert_int_equal(one.live, other.live);
    assert_int_equal(one.stopped, other.stopped);
    assert_int_equal(one.late, other.late);
    assert_int_equal(one.held, other.held);
    assert_true(one.live > 0);
}

static const struct {
    const char *product, *stage;
    bool at_site;
} filters[4] = {
    { .product = NULL }, { .product = "one" }, { .stage = "stage1" }, { .at_site = true }
};

/* Each state, without a filter and with one of each kind. */
static void listed_alike(const struct tower_ask *ask)
{
    static const char *const states[] = { "live", "held", "ended" };
    for (size_t s = 0; s < 3; s++)
        for (size_t k = 0; k < 4; k++) {
            struct tower_ask one = *ask;
            one.state = str_z(states[s]);
            one.product = str_z(filters[k].product);
            one.stage = str_z(filters[k].stage);
            one.at_site = str_z(filters[k].at_site ? site(1) : NULL);
            one.after_trouble = -1;
            one.after_order = S("");
            const size_t n = compared(one);
            if (k < 2 && !ask->reach.p)
                assert_true(n > 0);
        }
}

static void both_ways_list_and_count_the_same(void **state)
{
    (void)state;
    struct err e = { 0 };
    orders();
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    for (unsigned i = 0; i < ORGANISATIONS; i++) {
        struct tower_ask ask = { .organisation = str_z(organisation(i)) };
        const struct str reaches[] = {
            { 0 },
            arena_printf(f.arena, ",%s|*,", site(0)),
            arena_printf(f.arena, ",%s|two,", site(1)),
            S(",*|one,"),
        };
        for (size_t r = 0; r < 4; r++) {
            ask.reach = reaches[r];
            ask.site = r == 1 ? str_z(site(0)) : r == 2 ? str_z(site(1)) : (struct str){ 0 };
            counted_alike(&ask);
            listed_alike(&ask);
        }
    }
}

/* --- in the order of what is foreseen --- */

static size_t asked_for; /* levels */

/* Of one in four, by its id. */
static enum outcome level_of(int *level, void *context, struct str order, struct err *e)
{
    (void)context;
    (void)e;
    asked_for++;
    *level = order.p[7] < '4' ? DESK_RISK_HIGH : DESK_RISK_WATCH;
    return OK;
}

static struct tower_listed foreseen(const struct tower_ask *ask, bool few, int64_t now)
{
    static struct app app;
    struct tower_listed out;
    struct err e = { 0 };
    app.node = &f.node;
    struct http_request r = { .arena = f.arena, .context = &app };
    if (tower_list_foreseen(&out, ask, few, db, &r, level_of, NULL, now, &e) != OK)
        fail_msg("%s: %s", e.code, e.detail);
    return out;
}

/* Reads to the end. Whoever is in trouble first, then who is at high risk, then the others; each
 * kind by when they are due. */
static size_t read_in_order(struct tower_ask ask, bool few)
{
    struct tower_order before = { S(""), -1, 0 };
    size_t all = 0;
    for (;;) {
        const struct tower_listed one = foreseen(&ask, few, 1);
        const bool more = one.n == TOWER_LISTED;
        for (size_t i = 0; i < one.n - more; i++) {
            const struct tower_order *o = &one.orders[i];
            assert_true(o->trouble > before.trouble ||
                        (o->trouble == before.trouble &&
                         (o->due > before.due ||
                          (o->due == before.due && str_cmp(o->order, before.order) > 0))));
            if (o->trouble >= TOWER_HIGH)
                assert_int_equal(o->trouble == TOWER_HIGH, o->order.p[7] < '4');
            before = *o;
            all++;
        }
        if (!more)
            return all;
        ask.after_trouble = before.trouble;
        ask.after_due = before.due;
        ask.after_order = before.order;
    }
}

static void those_at_high_risk_stand_before_the_others(void **state)
{
    (void)state;
    struct err e = { 0 };
    orders();
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    struct tower_ask ask = {
        .organisation = str_z(organisation(0)),
        .state = S("live"),
        .after_trouble = -1,
        .after_order = S(""),
    };
    const size_t live = compared(ask);
    assert_true(live > 2 * TOWER_LISTED);
    for (size_t rounds = 0; rounds < ORDERS; rounds++) { /* some levels are found for each page */
        asked_for = 0;
        (void)foreseen(&ask, true, 1);
        assert_true(asked_for <= 60);
        if (asked_for == 0)
            break;
    }
    assert_int_equal(asked_for, 0); /* what was found is kept … */
    assert_int_equal(read_in_order(ask, true), live);
    assert_int_equal(read_in_order(ask, false), live);
    (void)foreseen(&ask, true, 1 + 2 * TIME_MINUTE);
    assert_true(asked_for > 0); /* … for a while */
}

static int open_all(void **state)
{
    static const struct module *const modules[] = {
        &stop_module, &timer_module,       &define_module,  &auth_module,
        &flow_module, &flow_record_module, &quality_module, &order_module,
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
        cmocka_unit_test_setup_teardown(both_ways_list_and_count_the_same, open_all, close_all),
        cmocka_unit_test_setup_teardown(those_at_high_risk_stand_before_the_others, open_all,
                                        close_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
