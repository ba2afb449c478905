#include "app/tests/lived.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "app/cli.h"
#include "app/tests/bundle_folder.h"
#include "base/log.h"
#include "base/tests/folder.h"
#include "kernel/text.h"

struct lived lived;

static const int64_t start_us = INT64_C(1767600000) * TIME_SECOND;

static void go(void *context, int64_t now_us)
{
    struct env_sim *sim = context;
    env_sim_advance(sim, now_us - sim->now_us);
}

void lived_open(size_t orders, int64_t days, uint64_t wrong_label_per)
{
    struct err e = { 0 };
    struct sim *sim = NULL;
    log_set_level(LOG_ERROR);
    text_use(text_rows, text_rows_count);
    test_folder(lived.folder, sizeof lived.folder, "lived");
    snprintf(lived.files, sizeof lived.files, "%s/db", lived.folder);
    test_db_name(lived.db_path, lived.files);
    env_sim_init(&lived.env, 11, start_us);
    struct node_options options = { .env = &lived.env.env, .path = lived.db_path, .create = true };
    options.modules = cli_modules(&options.nmodules);
    if (node_open(&lived.node, &options, &e) != OK)
        fail_msg("%s %s", e.code, e.detail);
    lived.sender =
        (struct sender){ .node = &lived.node, .arena = arena_new(4 << 20), .seed = S("network") };
    const struct sim_options run = { .node = &lived.node,
                                     .seed = 11,
                                     .orders = orders,
                                     .from_us = start_us,
                                     .to_us = start_us + days * TIME_DAY,
                                     .wrong_label_per = wrong_label_per };
    if (network_make(&lived.network, &lived.sender, (struct str){ 0 }, &e) != OK ||
        sim_open(&sim, &run, &lived.network, &e) != OK ||
        sim_run(sim, &lived.node, go, &lived.env, run.to_us + LIVED_TAIL_DAYS * TIME_DAY, &e) != OK)
        fail_msg("%s %s", e.code, e.detail);
    sim_close(sim);
    bundle_choose(&lived.node, lived.order, lived.other);
}

void lived_again(void)
{
    struct err e = { 0 };
    struct node_options options = { .env = &lived.env.env, .path = lived.db_path };
    options.modules = cli_modules(&options.nmodules);
    go(&lived.env, env_now(&env_system));
    if (node_open(&lived.node, &options, &e) != OK)
        fail_msg("%s %s", e.code, e.detail);
}

void lived_close(void)
{
    arena_free(lived.sender.arena);
    node_close(&lived.node);
    bundle_remove(lived.folder);
}
