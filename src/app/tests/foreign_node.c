/* The node of these tests: a small network that has worked for some weeks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/cli.h"
#include "app/sim.h"
#include "app/tests/foreign_node.h"
#include "base/log.h"
#include "base/tests/folder.h"
#include "gen/kernel/flow.sql.h"
#include "kernel/tests/test_db.h"
#include "kernel/text.h"
#include "modules/identity/identity.h"

enum { ORDERS = 8, DAYS = 25 };

struct foreign foreign = {
    .known = { { "order", "" },
               { "unit", "" },
               { "patient", "" },
               { "account", "" },
               { "organisation", "" },
               { "site", "" } },
};

static const int64_t start_us = INT64_C(1767600000) * TIME_SECOND;

static struct env_sim env;
static char folder[64];

static void go(void *context, int64_t now_us)
{
    (void)context;
    env_sim_advance(&env, now_us - env.now_us);
}

static void keep(char *to, size_t size, struct str value)
{
    assert_true(value.n > 0 && value.n < size);
    memcpy(to, value.p, value.n);
    to[value.n] = '\0';
}

/* A unit that is there, its order, patient and a task. */
static void find_things(void)
{
    struct err e = { 0 };
    struct db *db;
    struct record_list list;
    struct str after = S("");
    bool found;
    assert_int_equal(store_reader_take(&db, foreign.node.store, &e), OK);
    assert_int_equal(db_list(db, &sql_identity_all, &after, &list, 200, foreign.arena, &e), OK);
    assert_true(list.n > 0);
    struct identity_unit_in unit_in = { record_text(&sql_identity_all.out->fields[0], list.p,
                                                    foreign.arena) };
    struct identity_unit_out unit;
    assert_int_equal(db_get(db, &sql_identity_unit, &unit_in, &unit, foreign.arena, &found, &e),
                     OK);
    struct order_order_in order_in = { unit.order_id };
    struct order_order_out order;
    assert_int_equal(db_get(db, &sql_order_order, &order_in, &order, foreign.arena, &found, &e),
                     OK);
    struct flow_tasks_in tasks_in = { unit.order_id };
    assert_int_equal(db_list(db, &sql_flow_tasks, &tasks_in, &list, 300, foreign.arena, &e), OK);
    assert_true(list.n > 0);
    const struct flow_tasks_out *last = (const struct flow_tasks_out *)list.p + list.n - 1;
    keep(foreign.known[0].id, sizeof foreign.known[0].id, unit.order_id);
    keep(foreign.known[1].id, sizeof foreign.known[1].id, unit.unit);
    keep(foreign.known[2].id, sizeof foreign.known[2].id, order.patient);
    keep(foreign.known[3].id, sizeof foreign.known[3].id,
         str_z(foreign.network.people[0].account.text));
    keep(foreign.known[4].id, sizeof foreign.known[4].id, order.organisation);
    keep(foreign.known[5].id, sizeof foreign.known[5].id, order.site);
    keep(foreign.task, sizeof foreign.task, last->task);
    store_reader_give(foreign.node.store, db);
}

void foreign_open(void)
{
    struct err e = { 0 };
    struct sim *sim = NULL;
    static char files[96], path[TEST_DB_NAME_MAX];
    text_use(text_rows, text_rows_count);
    log_set_level(LOG_ERROR);
    foreign.arena = arena_new(64 << 20);
    test_folder(folder, sizeof folder, "foreign");
    snprintf(files, sizeof files, "%s/db", folder);
    test_db_name(path, files);
    env_sim_init(&env, 5, start_us);
    struct node_options options = { .env = &env.env, .path = path, .create = true };
    options.modules = cli_modules(&options.nmodules);
    assert_int_equal(node_open(&foreign.node, &options, &e), OK);
    struct sender sender = { .node = &foreign.node,
                             .arena = arena_new(4 << 20),
                             .seed = S("network") };
    struct sim_options people = {
        .node = &foreign.node,
        .seed = 5,
        .orders = ORDERS,
        .from_us = start_us,
        .to_us = start_us + 5 * TIME_DAY,
    };
    if (network_make(&foreign.network, &sender, (struct str){ 0 }, &e) != OK ||
        sim_open(&sim, &people, &foreign.network, &e) != OK ||
        sim_run(sim, &foreign.node, go, NULL, start_us + DAYS * TIME_DAY, &e) != OK)
        fail_msg("%s %s", e.code, e.detail);
    sim_close(sim);
    arena_free(sender.arena);
    find_things();
}

void foreign_close(void)
{
    static const char *const names[] = { "", "-wal", "-shm", ".lock", ".keys", ".root" };
    node_close(&foreign.node);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char file[120];
        snprintf(file, sizeof file, "%s/db%s", folder, names[i]);
        unlink(file);
    }
    rmdir(folder);
    arena_free(foreign.arena);
}
