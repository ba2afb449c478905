/* Forecasts of a simulated network, asked each day of each order that runs, against what came: how
 * often the truth lies where four cases of five are said to. shows: ORC-08 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/cli.h"
#include "app/sim.h"
#include "base/log.h"
#include "base/tests/folder.h"
#include "kernel/tests/test_db.h"
#include "modules/desk/forecast.h"

enum { ORDERS = 50, DAYS = 60, TAIL_DAYS = 60, FORECASTS_MAX = 40000, SEEN_MAX = 200 };

static const int64_t start_us = INT64_C(1767600000) * TIME_SECOND;

static struct {
    char folder[64], files[96], path[TEST_DB_NAME_MAX];
    struct env_sim env;
    struct node node;
    struct network network;
    struct arena *arena;
} w;

struct forecast {
    char order[40];
    size_t milestone, npast; /* tasks undone by then */
    int64_t asked, early, middle, late;
};
static struct forecast forecasts[FORECASTS_MAX];
static size_t nforecasts, nby_limits;

static void go(void *context, int64_t now_us)
{
    env_sim_advance(context, now_us - w.env.now_us);
}

/* --- asking --- */

static void outlook(struct desk_order *o, struct desk_outlook *out, struct str order, struct db *db)
{
    struct desk_lately lately = { .arena = w.arena };
    struct err e = { 0 };
    *o = (struct desk_order){ .id = order };
    assert_int_equal(flow_read(db, order, &o->flow, w.arena, &e), OK);
    assert_true(o->flow.found);
    assert_int_equal(desk_outlook(out, o, db, &lately, w.env.now_us, &e), OK);
}

static void ask(struct str order, struct db *db)
{
    struct desk_order o;
    struct desk_outlook out;
    outlook(&o, &out, order, db);
    for (size_t i = 0; i < DESK_MILESTONES; i++) {
        const struct flow_moment *m = &out.milestones[i].moment;
        nby_limits += m->kind == FLOW_BY_LIMITS;
        if (m->kind != FLOW_FORECAST)
            continue;
        assert_true(nforecasts < FORECASTS_MAX);
        struct forecast *f = &forecasts[nforecasts++];
        *f = (struct forecast){ "", i, o.flow.npast, w.env.now_us, m->early, m->middle, m->late };
        snprintf(f->order, sizeof f->order, "%.*s", STR(order));
        assert_true(w.env.now_us <= m->early && m->early <= m->middle && m->middle <= m->late);
    }
}

/* Those that run; whoever collects has a part in all. */
static void ask_all(void)
{
    struct flow_tower_in in = { .state = S("running"), .after_due = -1, .after_order = S("") };
    struct record_list list;
    struct err e = { 0 };
    struct db *db;
    for (size_t i = 0; i < w.network.nsites; i++)
        if (strcmp(w.network.sites[i].kind, "apheresis") == 0)
            in.organisation = id_str(&w.network.sites[i].organisation_id);
    assert_int_equal(store_reader_take(&db, w.node.store, &e), OK);
    assert_int_equal(db_list(db, &sql_flow_tower, &in, &list, SEEN_MAX, w.arena, &e), OK);
    const struct flow_tower_out *rows = list.p;
    for (size_t i = 0; i < list.n; i++)
        ask(rows[i].order_id, db);
    store_reader_give(w.node.store, db);
    arena_reset(w.arena);
}

/* --- what came --- */

struct tally {
    size_t n, early, late;
    int64_t width, off; /* sums */
};

/* By days, as people read it. */
static void add(struct tally *t, const struct forecast *f, int64_t came)
{
    t->n++;
    t->early += came / TIME_DAY < f->early / TIME_DAY;
    t->late += came / TIME_DAY > f->late / TIME_DAY;
    t->width += f->late - f->early;
    t->off += llabs(came - f->middle);
}

static int inside(const struct tally *t)
{
    return t->n == 0 ? 0 : (int)((t->n - t->early - t->late) * 100 / t->n);
}

static void tell(const char *what, const struct tally *t)
{
    const int64_t n = t->n > 0 ? (int64_t)t->n : 1;
    printf("# %s: %zu forecasts, %d %% inside, %zu before, %zu behind; %.1f days wide, %.1f off\n",
           what, t->n, inside(t), t->early, t->late, (double)(t->width / n) / (double)TIME_DAY,
           (double)(t->off / n) / (double)TIME_DAY);
}

static void compare(struct tally *all, struct tally *straight, struct tally *infusion)
{
    struct err e = { 0 };
    struct db *db;
    assert_int_equal(store_reader_take(&db, w.node.store, &e), OK);
    for (size_t i = 0; i < nforecasts; i++) {
        const struct forecast *f = &forecasts[i];
        struct desk_order o;
        struct desk_outlook out;
        arena_reset(w.arena);
        outlook(&o, &out, str_z(f->order), db);
        const struct flow_moment *m = &out.milestones[f->milestone].moment;
        if (m->kind != FLOW_DONE)
            continue; /* it never came: withdrawn, died, rejected */
        add(all, f, m->middle);
        if (o.flow.npast > f->npast)
            continue; /* something was done again since */
        add(straight, f, m->middle);
        if (f->milestone == DESK_MILESTONES - 1)
            add(infusion, f, m->middle);
    }
    store_reader_give(w.node.store, db);
}

static void four_cases_of_five(void **state)
{
    struct tally all = { 0 }, straight = { 0 }, infusion = { 0 };
    struct err e = { 0 };
    struct sim *sim;
    struct sender sender = { .node = &w.node, .arena = arena_new(4 << 20), .seed = S("network") };
    const struct sim_options options = {
        .node = &w.node,
        .seed = 3,
        .orders = ORDERS,
        .from_us = start_us,
        .to_us = start_us + DAYS * TIME_DAY,
    };
    (void)state;
    assert_int_equal(network_make(&w.network, &sender, (struct str){ 0 }, &e), OK);
    assert_int_equal(sim_open(&sim, &options, &w.network, &e), OK);
    for (int day = 1; day <= DAYS + TAIL_DAYS; day++) {
        if (sim_run(sim, &w.node, go, &w.env, start_us + day * TIME_DAY, &e) != OK)
            fail_msg("%s %s", e.code, e.detail);
        ask_all();
    }
    sim_close(sim);
    arena_free(sender.arena);
    compare(&all, &straight, &infusion);
    printf("# %zu more by limits alone\n", nby_limits);
    tell("all", &all);
    tell("nothing done again since", &straight);
    tell("of these, infusion", &infusion);
    assert_true(infusion.n > 200);
    assert_in_range(inside(&all), 75, 90);
    assert_in_range(inside(&straight), 80, 95);
    assert_in_range(inside(&infusion), 75, 97);
}

static int set_up(void **state)
{
    struct err e = { 0 };
    (void)state;
    log_set_level(LOG_ERROR);
    test_folder(w.folder, sizeof w.folder, "forecast");
    snprintf(w.files, sizeof w.files, "%s/db", w.folder);
    test_db_name(w.path, w.files);
    env_sim_init(&w.env, 3, start_us);
    struct node_options options = { .env = &w.env.env, .path = w.path, .create = true };
    options.modules = cli_modules(&options.nmodules);
    w.arena = arena_new(256 << 20);
    assert_non_null(w.arena);
    if (node_open(&w.node, &options, &e) != OK)
        fail_msg("%s %s", e.code, e.detail);
    return 0;
}

static int tear_down(void **state)
{
    static const char *const names[] = { "", "-wal", "-shm", ".lock", ".keys", ".root" };
    (void)state;
    node_close(&w.node);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char file[120];
        snprintf(file, sizeof file, "%s%s", w.files, names[i]);
        unlink(file);
    }
    rmdir(w.folder);
    arena_free(w.arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(four_cases_of_five, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
