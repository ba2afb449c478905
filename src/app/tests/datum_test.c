/* From any value of an order to every decision that used it, and back: over the orders of a
 * simulated network, by what the definitions that ship say, and by what a reader may see.
 * shows: AUD-03 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "app/cli.h"
#include "app/tests/lived.h"
#include "modules/desk/datum.h"

enum { ORDERS = 4, DAYS = 20, ARENA = 64 << 20 };

static struct arena *arena;
static struct db *db;

static int set_up(void **state)
{
    (void)state;
    struct err e = { 0 };
    lived_open(ORDERS, DAYS, 5000);
    arena = arena_new(ARENA);
    assert_non_null(arena);
    assert_int_equal(store_reader_take(&db, lived.node.store, &e), OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    store_reader_give(lived.node.store, db);
    arena_free(arena);
    lived_close();
    return 0;
}

static struct flow_view flow;

/* The data of an order, as this sight sees it (NULL: all). */
static struct desk_data data_of(const char *id, const struct flow_sight *sight)
{
    struct desk_data out;
    struct err e = { 0 };
    struct order_order_out row;
    struct definition product;
    bool found;
    const struct order_order_in in = { str_z(id) };
    assert_int_equal(db_get(db, &sql_order_order, &in, &row, arena, &found, &e), OK);
    assert_true(found);
    assert_int_equal(flow_read(db, str_z(id), &flow, arena, &e), OK);
    assert_int_equal(order_product(db, &row, &product, arena, &e), OK);
    const struct desk_data_of of = { db, &row, &flow, product.body, sight };
    if (desk_data_read(&out, &of, arena, &e) != OK)
        fail_msg("%s %s", e.code, e.detail);
    assert_false(out.more);
    return out;
}

static size_t must_find(const struct desk_data *d, const char *id)
{
    const size_t at = desk_datum_find(d, str_z(id));
    if (at == d->n)
        fail_msg("no datum %s", id);
    return at;
}

static bool reaches(const struct desk_data *d, size_t from, size_t to, bool uses)
{
    struct desk_reached *r = ARENA_ARRAY(arena, DESK_DATUM_ROWS_MAX, struct desk_reached);
    bool more;
    const struct desk_reach of = { d, from, uses };
    const size_t n = desk_datum_reach(r, &more, &of, arena);
    for (size_t i = 0; i < n; i++)
        if (r[i].datum == to)
            return true;
    return false;
}

static void must_lead(const struct desk_data *d, const char *from, const char *to)
{
    const size_t a = must_find(d, from);
    const size_t b = must_find(d, to);
    if (!reaches(d, a, b, true))
        fail_msg("%s does not lead to %s", from, to);
    if (!reaches(d, b, a, false))
        fail_msg("%s does not come from %s", to, from);
}

/* --- tests --- */

static void the_dose_comes_from_the_weight(void **state)
{
    (void)state;
    const struct desk_data d = data_of(lived.order, NULL);
    must_lead(&d, "prescribed/weight", "prescribed/dose");
    const struct desk_datum *dose = &d.p[must_find(&d, "prescribed/dose")];
    assert_true(dose->formula.n > 0 && dose->value.n > 0);
    assert_true(str_starts(dose->by, S("account/")));
}

/* Collected cells: entered → computed → the guard that lets the material go on → the task. */
static void a_computed_value_and_the_guard_on_it_know_each_other(void **state)
{
    (void)state;
    const struct desk_data d = data_of(lived.order, NULL);
    must_lead(&d, "field/collect/tnc", "field/collect/cd3_absolute");
    must_lead(&d, "field/collect/cd3", "field/collect/cd3_absolute");
    must_lead(&d, "field/collect/tnc", "document/collect/record");
    const size_t computed = must_find(&d, "field/collect/cd3_absolute");
    assert_true(str_is(d.p[computed].formula, "tnc * cd3 / 100"));
    bool guarded = false;
    for (size_t i = 0; i < d.n; i++) {
        if (!str_is(str_z(d.p[i].kind), "guard") || !reaches(&d, i, computed, false))
            continue;
        guarded = true;
        assert_true(reaches(&d, must_find(&d, "field/collect/tnc"), i, true));
    }
    assert_true(guarded);
}

/* Rows of a table: each row's viability of its own counts, the mean of all of them. */
static void rows_are_followed_row_by_row(void **state)
{
    (void)state;
    const struct desk_data d = data_of(lived.order, NULL);
    const char *task = NULL;
    for (size_t i = 0; i < flow.ntasks && !task; i++)
        if (str_is(flow.tasks[i].form, "expansion") && flow.tasks[i].done)
            task = arena_printf(arena, "%.*s", STR(flow.tasks[i].task)).p;
    assert_non_null(task);
#define OF(name) arena_printf(arena, "field/%s/%s", task, name).p
    must_lead(&d, OF("counted_viable.1"), OF("viable_cells"));
    must_lead(&d, OF("counted_viable.1"), OF("viability"));
    const struct desk_datum *total = &d.p[must_find(&d, OF("viability"))];
    assert_true(total->value.n > 0);
}

static void a_release_knows_the_results_that_it_was_held_against(void **state)
{
    (void)state;
    const char *const orders[] = { lived.order, lived.other };
    size_t released = 0;
    for (size_t o = 0; o < 2; o++) {
        const struct desk_data d = data_of(orders[o], NULL);
        const struct desk_datum *done = &d.p[must_find(&d, "task/dispose/done")];
        if (!done->decided || done->at == TIME_NONE)
            continue;
        must_lead(&d, "field/test/viability", "limit/dispose/viability");
        must_lead(&d, "limit/dispose/viability", "task/dispose/done");
        assert_true(done->by.n > 0);
        released++;
    }
    assert_true(released > 0);
}

static void a_failed_check_knows_the_deviation_that_it_opened(void **state)
{
    (void)state;
    const struct desk_data d = data_of(lived.order, NULL);
    bool found = false;
    for (size_t i = 0; i < d.nsteps; i++) {
        const struct desk_datum *check = &d.p[d.steps[i].input];
        const struct desk_datum *use = &d.p[d.steps[i].use];
        found |= str_is(str_z(use->kind), "deviation") && str_is(str_z(check->kind), "check") &&
                 str_is(check->value, "fail");
    }
    assert_true(found);
}

/* The fact of a point comes of a check that was passed there, and of none that was not. */
static void a_fact_comes_of_checks_that_count(void **state)
{
    (void)state;
    const char *const orders[] = { lived.order, lived.other };
    size_t passed = 0;
    for (size_t o = 0; o < 2; o++) {
        const struct desk_data d = data_of(orders[o], NULL);
        for (size_t i = 0; i < d.nsteps; i++) {
            const struct desk_datum *check = &d.p[d.steps[i].input];
            const struct desk_datum *fact = &d.p[d.steps[i].use];
            if (!str_is(str_z(check->kind), "check") || !str_is(str_z(fact->kind), "fact"))
                continue;
            assert_true(str_is(check->value, "pass"));
            assert_true(str_eq(check->task, fact->task));
            assert_true(check->at <= fact->at);
            passed++;
        }
    }
    assert_true(passed > 5);
}

/* For every two data of every order: one is an input of the other just when that is a use of it.
 * And what a formula names and the record has is among the inputs: by the form's own text. */
static void forth_and_back_agree(void **state)
{
    (void)state;
    const char *const orders[] = { lived.order, lived.other };
    for (size_t o = 0; o < 2; o++) {
        const struct desk_data d = data_of(orders[o], NULL);
        assert_true(d.n > 100);
        bool *back = ARENA_ARRAY(arena, d.n * d.n, bool);
        bool *forth = ARENA_ARRAY(arena, d.n * d.n, bool);
        struct desk_reached *r = ARENA_ARRAY(arena, DESK_DATUM_ROWS_MAX, struct desk_reached);
        for (size_t i = 0; i < d.n; i++)
            for (int uses = 0; uses < 2; uses++) {
                bool more;
                const struct desk_reach of = { &d, i, uses };
                const size_t n = desk_datum_reach(r, &more, &of, arena);
                for (size_t k = 0; k < n; k++)
                    if (r[k].depth == 1 && uses)
                        forth[i * d.n + r[k].datum] = true;
                    else if (r[k].depth == 1)
                        back[r[k].datum * d.n + i] = true;
            }
        assert_memory_equal(back, forth, d.n * d.n);
        size_t computed = 0;
        for (size_t i = 0; i < d.n; i++)
            if (str_is(str_z(d.p[i].kind), "field") && d.p[i].formula.n > 0) {
                computed++;
                size_t inputs = 0;
                for (size_t k = 0; k < d.n; k++)
                    inputs += back[k * d.n + i];
                if (inputs == 0)
                    fail_msg("%.*s was computed of nothing", STR(d.p[i].id));
            }
        assert_true(computed > 3);
    }
}

/* A reader of no part sees no value of any record, and nothing that was computed of one. */
static void what_is_not_ones_own_is_left_out_and_counted(void **state)
{
    (void)state;
    const struct flow_sight none = { .workflow = NULL };
    const struct desk_data all = data_of(lived.order, NULL);
    const struct desk_data d = data_of(lived.order, &none);
    for (size_t i = 0; i < d.n; i++) {
        assert_false(str_is(str_z(d.p[i].kind), "field"));
        assert_false(str_is(str_z(d.p[i].kind), "check"));
        assert_false(str_is(str_z(d.p[i].kind), "fact"));
        assert_false(str_is(str_z(d.p[i].kind), "deviation"));
    }
    assert_true(d.n < all.n && d.hidden > 20);
    assert_int_equal(all.hidden, 0);
    size_t records = 0;
    size_t others = 0; /* what an event or a fact said */
    for (size_t i = 0; i < all.n; i++) {
        const struct str kind = str_z(all.p[i].kind);
        records += str_is(kind, "field");
        others += str_is(kind, "fact") || str_is(kind, "check") || str_is(kind, "deviation");
    }
    assert_int_equal(d.hidden, records + others);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_dose_comes_from_the_weight),
        cmocka_unit_test(a_computed_value_and_the_guard_on_it_know_each_other),
        cmocka_unit_test(rows_are_followed_row_by_row),
        cmocka_unit_test(a_release_knows_the_results_that_it_was_held_against),
        cmocka_unit_test(a_failed_check_knows_the_deviation_that_it_opened),
        cmocka_unit_test(a_fact_comes_of_checks_that_count),
        cmocka_unit_test(forth_and_back_agree),
        cmocka_unit_test(what_is_not_ones_own_is_left_out_and_counted),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
