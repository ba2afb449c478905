/* vein simulate: whole journeys on simulated time, faster than it. The same seed on a new database
 * gives the same ledger, root and all. */
#include "app/cli.h"
#include "app/sim.h"
#include "base/log.h"
#include "kernel/note.h"

enum { SIMULATE_DAYS = 60, SIMULATE_TAIL_DAYS = 180 };

static const int64_t simulate_start = INT64_C(1767600000) * TIME_SECOND; /* 5 January 2026, 08:00 */

static void go(void *context, int64_t now_us)
{
    struct env_sim *env = context;
    env_sim_advance(env, now_us - env->now_us);
}

static void report(const struct sim_counts *c)
{
    printf("enrolled %zu finished %zu withdrawn %zu rejected %zu late %zu\n", c->enrolled,
           c->finished, c->withdrawn, c->rejected, c->late);
    printf("collected again %zu made again %zu contaminated %zu supplied outside specification %zu "
           "late failures %zu died %zu\n",
           c->collected_again, c->made_again, c->contaminated, c->supplied, c->late_failed,
           c->died);
    printf("cultured longer %zu tested again %zu units lost %zu discarded %zu\n",
           c->cultured_longer, c->tested_again, c->lost, c->discarded);
    printf("wrong labels stopped %zu not stopped %zu no reads %zu holds %zu slots moved %zu\n",
           c->stops, c->not_stopped, c->no_reads, c->holds, c->moved);
    printf("deviations %zu closed before release %zu\n", c->deviations, c->closed);
    if (c->unexpected > 0)
        printf("unexpected refusals %zu, the last: %s\n", c->unexpected, c->last_unexpected);
}

static enum outcome print_root(struct node *n, struct err *e)
{
    struct arena *arena = arena_new(1 << 16);
    struct db *db;
    struct str note;
    struct checkpoint c;
    if (!arena)
        return err_no_memory(e);
    enum outcome o = store_reader_take(&db, n->store, e);
    if (o == OK) {
        o = ledger_last_checkpoint(db, &note, arena, e);
        if (o == OK)
            o = checkpoint_read(&c, note, e);
        store_reader_give(n->store, db);
    }
    if (o == OK) {
        char hex[HASH_HEX + 1];
        hash_hex(hex, c.root);
        printf("events %llu root %s\n", (unsigned long long)c.size, hex);
    }
    arena_free(arena);
    return o;
}

static enum outcome simulate(struct node *n, struct env_sim *env, int64_t orders, int64_t seed,
                             int64_t days, bool *clean, struct err *e)
{
    static struct network network;
    struct sender sender = { .node = n, .arena = arena_new(4 << 20), .seed = S("network") };
    struct sim_options options = {
        .node = n,
        .seed = (uint64_t)seed,
        .orders = (size_t)orders,
        .from_us = env->now_us,
        .to_us = env->now_us + days * TIME_DAY,
    };
    struct sim *sim = NULL;
    if (!sender.arena)
        return err_no_memory(e);
    enum outcome o = network_make(&network, &sender, (struct str){ 0 }, e);
    if (o == OK)
        o = sim_open(&sim, &options, &network, e);
    if (o == OK)
        o = sim_run(sim, n, go, env, options.to_us + SIMULATE_TAIL_DAYS * TIME_DAY, e);
    if (o == OK) {
        report(sim_counts(sim));
        *clean = sim_counts(sim)->not_stopped == 0 && sim_counts(sim)->unexpected == 0;
        o = print_root(n, e);
    }
    sim_close(sim);
    arena_free(sender.arena);
    return o;
}

int cli_simulate(int argc, char **argv)
{
    const char *db = NULL;
    int64_t orders = 10;
    int64_t seed = 1;
    int64_t days = SIMULATE_DAYS;
    const struct cli_option options[] = { { "db", CLI_TEXT, &db, true },
                                          { "orders", CLI_NUMBER, &orders, false },
                                          { "seed", CLI_NUMBER, &seed, false },
                                          { "days", CLI_NUMBER, &days, false } };
    int code;
    if (!cli_read(argc, argv, options, 4, NULL, 0, &code))
        return code;
    if (orders < 1 || orders > SIM_ORDERS_MAX || days < 1 || days > 36500) {
        fprintf(stderr, "vein simulate: orders are 1 to %d, days 1 to 36500\n", SIM_ORDERS_MAX);
        return CLI_USAGE;
    }
    struct env_sim env;
    struct node n;
    struct err e = { 0 };
    log_set_level(LOG_ERROR);
    env_sim_init(&env, (uint64_t)seed, simulate_start);
    struct node_options node = { .env = &env.env, .path = db, .create = true };
    node.modules = cli_modules(&node.nmodules);
    if (node_open(&n, &node, &e) != OK)
        return cli_error(&e);
    bool clean = false;
    enum outcome o = ledger_size(n.ledger) > 0
                         ? REFUSE(&e, "simulate.not_new", { "path", str_z(db) })
                         : simulate(&n, &env, orders, seed, days, &clean, &e);
    node_close(&n);
    if (o != OK)
        return cli_error(&e);
    return clean ? CLI_DONE : CLI_REFUSED;
}
