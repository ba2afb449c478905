/* vein demo: a living network on an embedded database. At the first start its history is made on
 * simulated time, by commands; then it serves, and its people go on working. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/cli.h"
#include "app/demo_clock.h"
#include "app/demo_folder.h"
#include "app/serve.h"
#include "app/sim.h"
#include "base/log.h"

enum {
    DEMO_SEED = 1,
    DEMO_ORDERS_MAX = 1000,
    DEMO_DAYS_MAX = 365,
    DEMO_PATH_MAX = 900,
};
static const char demo_password[] = "vein-demonstration";

struct demo {
    struct demo_clock clock;
    struct network network;
    struct serve serve;
    struct sim *sim;
    pthread_t people;
    int stop;
    int64_t speed;
    int64_t orders;
    int64_t days; /* of history */
    char path[DEMO_PATH_MAX + 20];
};

/* --- history --- */

static void go(void *context, int64_t now_us)
{
    demo_clock_set(context, now_us);
}

static enum outcome history_people(struct demo *d, struct node *n, struct err *e)
{
    struct auth *auth;
    struct auth_options options = { .node = n };
    struct sender sender = { .node = n, .arena = arena_new(4 << 20), .seed = S("demonstration") };
    struct arena *arena = arena_new(1 << 20);
    struct str hash;
    enum outcome o = arena && sender.arena ? auth_open(&auth, &options, e) : err_no_memory(e);
    if (o == OK) {
        o = auth_password_hash(auth, &hash, str_z(demo_password), arena, e);
        if (o == OK)
            o = network_make(&d->network, &sender, hash, e);
        auth_close(auth);
    }
    arena_free(arena);
    arena_free(sender.arena);
    return o;
}

static enum outcome history(struct demo *d, struct err *e)
{
    int64_t now = env_now(&env_system);
    struct node n;
    demo_clock_init(&d->clock, now - d->days * TIME_DAY);
    struct node_options options = { .env = &d->clock.env, .path = d->path, .create = true };
    options.modules = cli_modules(&options.nmodules);
    TRY(node_open(&n, &options, e));
    struct sim_options sim = {
        .node = &n,
        .seed = DEMO_SEED,
        .orders = (size_t)d->orders,
        .from_us = now - d->days * TIME_DAY,
        .to_us = now - TIME_DAY,
        .each = true,
        .forever = true,
    };
    enum outcome o = ledger_size(n.ledger) > 0 ? OK : history_people(d, &n, e);
    if (o == OK)
        o = sim_open(&d->sim, &sim, &d->network, e);
    if (o == OK)
        o = sim_run(d->sim, &n, go, &d->clock, now, e);
    sim_close(d->sim);
    d->sim = NULL;
    node_close(&n);
    return o;
}

/* The history, where there is no whole one: one that was interrupted begins anew. */
static enum outcome history_once(struct demo *d, const char *dir, struct err *e)
{
    struct demo_folder folder;
    bool fresh;
    TRY(demo_folder_begin(&folder, d->path, &fresh, e));
    enum outcome o = OK;
    if (fresh) {
        printf("making %d days of history in %s …\n", (int)d->days, dir);
        fflush(stdout);
        o = history(d, e);
        if (o == OK)
            o = demo_folder_made(&folder, e);
    }
    demo_folder_end(&folder);
    return o;
}

/* --- living --- */

/* The last recorded time, so that a demonstration that ran ahead of the day goes on from there. */
static enum outcome last_recorded(struct demo *d, int64_t *out, struct err *e)
{
    struct node n;
    struct node_options options = { .path = d->path, .read_only = true };
    options.modules = cli_modules(&options.nmodules);
    TRY(node_open(&n, &options, e));
    struct arena *arena = arena_new(1 << 20);
    struct db *db;
    struct ledger_row *rows;
    size_t found = 0;
    enum outcome o = arena ? store_reader_take(&db, n.store, e) : err_no_memory(e);
    if (o == OK) {
        o = ledger_read_last(db, &rows, &found, arena, e);
        struct event event;
        if (o == OK && found > 0)
            o = event_read(&event, arena, rows[0].leaf, e);
        *out = o == OK && found > 0 ? event.recorded : 0;
        store_reader_give(n.store, db);
    }
    arena_free(arena);
    node_close(&n);
    return o;
}

static void *people(void *context)
{
    struct demo *d = context;
    while (!__atomic_load_n(&d->stop, __ATOMIC_ACQUIRE)) {
        struct err e = { 0 };
        int64_t next;
        if (sim_step(d->sim, 4, &next, &e) == FAULT)
            log_err(&d->clock.env, "demo.people", &e);
        usleep(50000);
    }
    return NULL;
}

static enum outcome live(struct demo *d, const char *listen, struct err *e)
{
    int64_t recorded;
    int64_t now = env_now(&env_system);
    struct params params;
    TRY(last_recorded(d, &recorded, e));
    demo_clock_init(&d->clock, recorded > now ? recorded : now);
    demo_clock_run(&d->clock, d->speed);
    TRY(params_read(&params, NULL, e));
    snprintf(params.listen, sizeof params.listen, "%s", listen);
    struct serve_options options = {
        .env = &d->clock.env,
        .path = d->path,
        .params = &params,
        .time_scale = d->speed,
    };
    TRY(serve_open(&d->serve, &options, e));
    struct sim_options sim = {
        .node = &d->serve.node,
        .serving = true,
        .seed = DEMO_SEED,
        .orders = (size_t)d->orders,
        .from_us = env_now(&d->clock.env),
        .to_us = env_now(&d->clock.env) + 10 * TIME_DAY,
        .each = true,
        .forever = true,
    };
    enum outcome o = network_read(&d->network, &d->serve.node, e);
    if (o == OK)
        o = sim_open(&d->sim, &sim, &d->network, e);
    if (o == OK && pthread_create(&d->people, NULL, people, d) != 0)
        o = err_no_memory(e);
    if (o != OK)
        serve_close(&d->serve);
    return o;
}

/* --- what is printed --- */

/* Everyone, by site and role: a check by two persons needs two sign-ins. */
static void print_sign_ins(const struct demo *d)
{
    const struct network *n = &d->network;
    printf("Sign in as (password of all: %s)", demo_password);
    for (size_t s = 0; s < n->nsites; s++) {
        printf("\n%s", n->sites[s].name);
        for (size_t i = 0; i < n->npeople; i++) {
            const struct network_person *p = &n->people[i];
            if (p->site != s)
                continue;
            bool same = i > 0 && p[-1].site == s && strcmp(p[-1].role, p->role) == 0;
            if (!same)
                printf("\n  %-18s", p->role);
            printf(" %s", p->login);
        }
    }
    printf("\n");
}

static enum outcome choose_path(struct demo *d, const char *dir, struct err *e)
{
    if (strlen(dir) > DEMO_PATH_MAX)
        return REFUSE(e, "node.path_too_long");
    if (mkdir(dir, 0700) != 0 && access(dir, W_OK) != 0)
        return REFUSE(e, "demo.dir", { "path", str_z(dir) });
    snprintf(d->path, sizeof d->path, "%s/vein.db", dir);
    return OK;
}

static int64_t within(int64_t value, int64_t least, int64_t most)
{
    return value < least ? least : value > most ? most : value;
}

int cli_demo(int argc, char **argv)
{
    const char *dir = "vein-demo";
    const char *listen = "127.0.0.1:8080";
    int64_t speed = 60;
    int64_t orders = 60;
    int64_t days = 80;
    const struct cli_option options[] = { { "dir", CLI_TEXT, &dir, false },
                                          { "listen", CLI_TEXT, &listen, false },
                                          { "speed", CLI_NUMBER, &speed, false },
                                          { "orders", CLI_NUMBER, &orders, false },
                                          { "days", CLI_NUMBER, &days, false } };
    static struct demo d;
    struct err e = { 0 };
    int code;
    if (!cli_read(argc, argv, options, 5, NULL, 0, &code))
        return code;
    d.speed = within(speed, 1, 3600);
    d.orders = within(orders, 0, DEMO_ORDERS_MAX);
    d.days = within(days, 2, DEMO_DAYS_MAX);
    log_set_level(LOG_ERROR);
    if (choose_path(&d, dir, &e) != OK || history_once(&d, dir, &e) != OK)
        return cli_error(&e);
    cli_serve_signals(); /* until here Ctrl-C ends it at once, and the next start begins anew */
    if (live(&d, listen, &e) != OK)
        return cli_error(&e);
    print_sign_ins(&d);
    printf("vein runs at %s://%.*s, %lld times as fast as the day. Stop it with Ctrl-C.\n",
           d.serve.certificate[0] ? "https" : "http", STR(http_address(d.serve.app.server)),
           (long long)d.speed);
    fflush(stdout);
    cli_serve_until_signal();
    __atomic_store_n(&d.stop, 1, __ATOMIC_RELEASE);
    pthread_join(d.people, NULL);
    sim_close(d.sim);
    return cli_serve_end(&d.serve);
}
