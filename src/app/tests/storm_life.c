/* The node of a storm: how it begins, on what disk, and how it is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "app/cli.h"
#include "app/tests/bundle_folder.h"
#include "app/tests/storm.h"
#include "base/log.h"
#include "base/tests/folder.h"
#include "kernel/tests/store_disk.h"
#include "kernel/text.h"

enum { SETTLE_MAX = 60, OPENS_MAX = 6 };

static const int64_t template_start = INT64_C(1767600000) * TIME_SECOND;

/* --- the disk's faults --- */

static struct {
    bool armed;
    enum store_disk_act act;
    unsigned after; /* so many of these work */
    bool for_good;
} broken;

static bool fails(enum store_disk_act act)
{
    if (!broken.armed || act != broken.act)
        return false;
    if (broken.after > 0) {
        broken.after--;
        return false;
    }
    broken.armed = broken.for_good;
    return true;
}

bool storm_arm(struct storm *w)
{
    static const struct {
        enum store_disk_act act;
        const char *name;
        unsigned within;
    } acts[] = { { DISK_READS, "read", 40 },
                 { DISK_WRITES, "write", 60 },
                 { DISK_TEARS, "whole write", 60 },
                 { DISK_SYNCS, "sync", 6 } };
    if (storm_fault(w, 20, "the disk is full")) {
        store_disk_room(storm_draw(w, 30000));
        return true;
    }
    const size_t i = storm_draw(w, 4);
    const bool for_good = storm_draw(w, 2) == 0;
    if (!storm_fault(w, 70, "a %s fails%s", acts[i].name, for_good ? " and so do all" : ""))
        return false;
    broken.armed = true;
    broken.act = acts[i].act;
    broken.after = storm_draw(w, acts[i].within);
    broken.for_good = for_good;
    store_disk_ask(fails);
    return true;
}

void storm_disarm(void)
{
    broken.armed = false;
    store_disk_ask(NULL);
    store_disk_room(-1);
}

/* --- its lives --- */

static bool open_node(struct storm *w, struct err *e)
{
    struct node_options options = { .env = &w->env.env, .path = w->path, .vfs = store_disk_vfs() };
    options.modules = cli_modules(&options.nmodules);
    w->disk = power_disk_new(w->home);
    w->turn_began = power_disk_length(w->disk);
    w->open = node_open(&w->node, &options, e) == OK;
    return w->open;
}

static void home_next(struct storm *w)
{
    w->life++;
    snprintf(w->home, sizeof w->home, "%s/%u", w->folder, w->life);
    snprintf(w->path, sizeof w->path, "%s/db", w->home);
    BUG_ON(mkdir(w->home, 0700) != 0);
}

/* The power goes at an operation since the turn began. What the node still does then reaches no
 * disk, and what people heard of it they did not hear. */
static void cut(struct storm *w)
{
    struct power_disk *d = w->disk;
    char old[sizeof w->home];
    const size_t since = power_disk_length(d) - w->turn_began;
    const struct power_cut at = { .at = w->turn_began + storm_draw(w, (uint32_t)since + 1),
                                  .seed = w->o.seed + w->life * UINT64_C(1000003),
                                  .lies = w->o.blind ? 0 : SIZE_MAX };
    storm_tell(w, "the power goes at operation %zu of %zu", at.at, power_disk_length(d));
    storm_unheard(w, at.at);
    snprintf(old, sizeof old, "%s", w->home);
    power_disk_stop(d);
    if (w->open)
        node_close(&w->node);
    w->open = false;
    storm_partner_forget(w);
    home_next(w);
    power_disk_image(d, &at, w->home);
    power_disk_free(d);
    bundle_remove(old);
    if (storm_fault(w, 100, "a bit of the disk flips"))
        storm_rot(w);
}

void storm_lose(struct storm *w)
{
    bool hurt = true;
    storm_disarm();
    for (int opens = 0; opens < OPENS_MAX; opens++) {
        struct err e = { 0 };
        cut(w);
        hurt = storm_arm(w); /* it may befall who recovers too */
        const bool opened = open_node(w, &e);
        storm_disarm();
        if (!opened && (!hurt || e.outcome != FAULT)) {
            storm_wrong(w, "it does not open again: %s %s", e.code, e.detail);
            return;
        }
        if (opened && !storm_fault(w, 150, "the power goes while it recovers"))
            break;
    }
    struct err e = { 0 };
    if (!w->open && !open_node(w, &e)) {
        storm_wrong(w, "it does not open again: %s %s", e.code, e.detail);
        return;
    }
    storm_partner_use(w);
    storm_retry(w);
}

void storm_people_leave(struct storm *w)
{
    if (w->sim)
        w->not_stopped += sim_counts(w->sim)->not_stopped;
    sim_close(w->sim);
    w->sim = NULL;
}

bool storm_people_come(struct storm *w)
{
    const int64_t now = env_now(&w->env.env);
    const struct sim_options options = {
        .node = &w->node,
        .seed = STORM_SEED,
        .run = w->o.seed * 1000 + ++w->runs,
        .orders = STORM_ORDERS,
        .from_us = now,
        .to_us = now + TIME_DAY,
        .wrong_label_per = 8000,
        .via = storm_via,
        .via_context = w,
    };
    struct err e = { 0 };
    if (sim_open(&w->sim, &options, &w->network, &e) == OK)
        return true;
    w->sim = NULL;
    storm_tell(w, "people do not come: %s", e.code);
    return false;
}

bool storm_settle(struct storm *w)
{
    bool busy = true;
    for (int steps = 0; (busy || storm_partner_waits(w)) && steps < SETTLE_MAX; steps++) {
        struct err e = { 0 };
        if (node_step(&w->node, 0, &busy, &e) == OK || strcmp(e.code, "store.busy") == 0)
            continue;
        storm_tell(w, "the node fails: %s %s", e.code, e.detail);
        return false;
    }
    return true;
}

static void copy_files(const char *from, const char *to)
{
    static const char *const names[] = { "db", "db.keys", "db.root" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        bundle_put(to, names[i], bundle_read(from, names[i]));
}

void storm_begin(struct storm *w)
{
    struct err e = { 0 };
    log_set_level(LOG_ERROR);
    text_use(text_rows, text_rows_count);
    test_folder(w->folder, sizeof w->folder, "storm");
    (void)umask(077); /* its keys are read by nobody else */
    home_next(w);
    copy_files(w->o.template, w->home);
    env_sim_init(&w->env, w->o.seed, w->o.start_us);
    if (!open_node(w, &e) || network_read(&w->network, &w->node, &e) != OK) {
        storm_wrong(w, "it does not begin: %s %s", e.code, e.detail);
        return;
    }
    storm_partner_use(w);
}

/* --- what it begins with --- */

static void go(void *context, int64_t now_us)
{
    struct env_sim *env = context;
    env_sim_advance(env, now_us - env->now_us);
}

/* The partner that storm_partner.c plays. */
static enum outcome partner_make(struct node *n, struct str organisation, struct err *e)
{
    struct arena *arena = arena_new(4 << 20);
    struct db *db;
    bool changed;
    if (!arena)
        return err_no_memory(e);
    enum outcome o = store_reader_take(&db, n->store, e);
    if (o == OK) {
        const struct define_context context = { .db = db,
                                                .now_us = env_now(n->env),
                                                .arena = arena };
        o = define_load_text(n->gate, &context, organisation,
                             S("kind: partner\nname: storm\nversion: 1\ntitle: Storm\n"
                               "effective: 2026-01-01T00:00:00Z\nprotocol: webhook\n"
                               "endpoint: https://storm.example/\nat_once: 3\n"),
                             &changed, e);
        store_reader_give(n->store, db);
    }
    arena_free(arena);
    return o;
}

int64_t storm_template(const char *folder, int64_t days)
{
    static struct network network;
    char path[120];
    struct env_sim env;
    struct node node = { 0 };
    struct sim *sim = NULL;
    struct err e = { 0 };
    log_set_level(LOG_ERROR);
    text_use(text_rows, text_rows_count);
    snprintf(path, sizeof path, "%s/db", folder);
    env_sim_init(&env, STORM_SEED, template_start);
    struct node_options options = { .env = &env.env, .path = path, .create = true };
    options.modules = cli_modules(&options.nmodules);
    if (node_open(&node, &options, &e) != OK)
        fail_msg("%s %s", e.code, e.detail);
    struct sender sender = { .node = &node, .arena = arena_new(4 << 20), .seed = S("network") };
    const struct sim_options run = { .node = &node,
                                     .seed = STORM_SEED,
                                     .orders = STORM_ORDERS,
                                     .from_us = template_start,
                                     .to_us = template_start + TIME_DAY };
    if (network_make(&network, &sender, (struct str){ 0 }, &e) != OK ||
        partner_make(&node, id_str(&network.sites[0].organisation_id), &e) != OK ||
        sim_open(&sim, &run, &network, &e) != OK ||
        sim_run(sim, &node, go, &env, template_start + days * TIME_DAY, &e) != OK)
        fail_msg("%s %s", e.code, e.detail);
    sim_close(sim);
    node_close(&node);
    arena_free(sender.arena);
    return env.now_us;
}
