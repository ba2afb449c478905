#include "app/tests/power_work.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/cli.h"
#include "app/sim.h"
#include "base/id.h"
#include "base/tests/folder.h"
#include "kernel/node_impl.h"
#include "kernel/search.h"
#include "kernel/tests/fixture.h"
#include "kernel/tests/store_disk.h"
#include "kernel/text.h"

enum { READ_CHUNK = 500, LEAVES_MAX = 20000, TURNS_MAX = 10000, ORDERS_DAYS = 15 };

struct power_work power_work;

static const int64_t start_us = INT64_C(1767600000) * TIME_SECOND;
static struct env_sim sim;
static struct node node;

static void must(enum outcome o, const struct err *e)
{
    if (o != OK)
        fail_msg("%s %s %s", e->code, e->params[0].value, e->detail);
}

/* -- What was said --------------------------------------------------------------------------- */

static void answered(const struct gate_command *command, const struct command_type *type,
                     const void *body, const struct gate_answer *answer)
{
    (void)type;
    (void)body;
    struct power_work *w = &power_work;
    const uint64_t size = node.ledger ? ledger_size(node.ledger) : 0;
    if (answer->error.outcome != OK || answer->repeated || command->asks)
        return;
    assert_true(w->nsaid < POWER_COMMANDS_MAX);
    struct power_said *said = &w->said[w->nsaid++];
    *said = (struct power_said){ .at = power_disk_length(w->disk),
                                 .sequence = answer->sequence,
                                 .nevents = (int64_t)answer->nevents };
    snprintf(said->id, sizeof said->id, "%.*s", STR(command->id));
    if (w->ngroups == 0 || w->groups[w->ngroups - 1] != size)
        w->groups[w->ngroups++] = size;
}

/* The checkpoint that stands now can be had at /tlog/. */
static void publish(void)
{
    struct power_work *w = &power_work;
    struct err e = { 0 };
    struct db *db;
    struct str note;
    arena_reset(w->arena);
    must(gate_checkpoint_step(node.gate, 0, &e), &e);
    must(store_reader_take(&db, node.store, &e), &e);
    must(ledger_last_checkpoint(db, &note, w->arena, &e), &e);
    store_reader_give(node.store, db);
    assert_true(w->nnotes < POWER_NOTES_MAX && note.n < POWER_NOTE_SIZE);
    struct power_note *kept = &w->notes[w->nnotes++];
    kept->at = power_disk_length(w->disk);
    memcpy(kept->text, note.p, note.n);
}

/* -- What is done ---------------------------------------------------------------------------- */

enum outcome power_work_open(struct node *out, struct env_sim *clock, const char *path,
                             struct err *e)
{
    struct node_options options = {
        .env = &clock->env,
        .path = path,
        .vfs = store_disk_vfs(),
        .create = true,
        .answered = clock == &sim ? answered : NULL,
    };
    text_use(text_rows, text_rows_count);
    options.modules = cli_modules(&options.nmodules);
    if (clock != &sim)
        env_sim_init(clock, 12, start_us + 2 * ORDERS_DAYS * TIME_DAY);
    return node_open(out, &options, e);
}

static void open_node(void)
{
    struct err e = { 0 };
    char path[80];
    snprintf(path, sizeof path, "%s/db", power_work.folder);
    must(power_work_open(&node, &sim, path, &e), &e);
}

struct asked {
    struct gate_command command;
    struct id id;
    struct gate_answer *answer;
};

static void keep(void *context, const struct gate_answer *answer)
{
    *(struct gate_answer *)context = *answer;
}

void power_work_ask(struct node *n, uint64_t first, size_t count, struct gate_answer *answers,
                    struct arena *arena)
{
    static struct fixture_person person;
    struct gate_command commands[POWER_GROUP_MAX];
    struct id ids[POWER_GROUP_MAX];
    size_t ran = 1;
    assert_true(count <= POWER_GROUP_MAX);
    fixture_person(&person, 3, 1, 2, "deviation.open");
    for (size_t i = 0; i < count; i++) {
        struct err e = { 0 };
        ids[i] = id_derive(S("power"), S("command"), first + i);
        commands[i] = (struct gate_command){
            .id = id_str(&ids[i]),
            .name = S("deviation.open"),
            .body =
                S("{\"kind\":\"other\",\"risk\":\"minor\",\"description\":\"the lamp is out\"}"),
            .actor = &person.actor,
            .happened = TIME_NONE,
            .entered = TIME_NONE,
            .arena = arena,
        };
        answers[i] = (struct gate_answer){ .error.outcome = FAULT };
        must(gate_submit(n->gate, &commands[i], keep, &answers[i], &e), &e);
    }
    for (struct err e = { 0 }; ran > 0;)
        must(gate_step(n->gate, &ran, &e), &e);
}

static void ask(size_t count)
{
    static uint64_t next;
    struct gate_answer answers[POWER_GROUP_MAX];
    const size_t before = power_work.nsaid;
    env_sim_advance(&sim, 1000);
    arena_reset(power_work.arena);
    power_work_ask(&node, next, count, answers, power_work.arena);
    assert_int_equal(power_work.nsaid, before + count);
    for (size_t i = 0; i < count; i++) {
        power_work.said[before + i].asked = true;
        power_work.said[before + i].number = next++;
    }
}

/* Policies, indexes, jobs, until nothing is left to do. */
static void settle(void)
{
    struct err e = { 0 };
    bool busy = true;
    for (int turns = 0; busy; turns++) {
        assert_true(turns < TURNS_MAX);
        must(node_step(&node, 0, &busy, &e), &e);
    }
    publish();
}

/* As if its tables had been made by a program that had others. */
static void was_of_another_program(void)
{
    sqlite3 *db;
    char path[80];
    snprintf(path, sizeof path, "%s/db", power_work.folder);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, store_disk_vfs()),
                     SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "PRAGMA synchronous = FULL; UPDATE node_projection "
                                  "SET hash = replace(hash, 'a', 'b')",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void flush(void)
{
    struct err e = { 0 };
    bool done = false;
    must(db_flush(node.impl->writer, search_module.schema, true, &done, &e), &e);
    assert_true(done);
}

static void groups(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ask(1 + i % POWER_GROUP_MAX);
        if (i % 3 == 2)
            publish();
    }
    settle();
}

static void go(void *context, int64_t now_us)
{
    (void)context;
    env_sim_advance(&sim, now_us - sim.now_us);
}

/* What ships, people, and the first days of some orders. */
static void people(void)
{
    static struct network network;
    struct err e = { 0 };
    struct sim *s = NULL;
    struct sender sender = { .node = &node, .arena = arena_new(4 << 20), .seed = S("network") };
    must(network_make(&network, &sender, (struct str){ 0 }, &e), &e);
    publish();
    const struct sim_options run = { .node = &node,
                                     .seed = 11,
                                     .orders = 2,
                                     .from_us = sim.now_us,
                                     .to_us = sim.now_us + TIME_DAY };
    must(sim_open(&s, &run, &network, &e), &e);
    must(sim_run(s, &node, go, NULL, sim.now_us + ORDERS_DAYS * TIME_DAY, &e), &e);
    sim_close(s);
    arena_free(sender.arena);
}

static void keep_leaves(void)
{
    struct power_work *w = &power_work;
    struct err e = { 0 };
    struct db *db;
    size_t n = 1;
    arena_free(w->arena);
    w->arena = arena_new(64 << 20);
    w->leaves = ARENA_ARRAY(w->arena, LEAVES_MAX, struct str);
    must(store_reader_take(&db, node.store, &e), &e);
    while (n > 0) {
        struct ledger_row *rows;
        must(ledger_read(db, (int64_t)w->nleaves, READ_CHUNK, &rows, &n, w->arena, &e), &e);
        assert_true(w->nleaves + n < LEAVES_MAX);
        for (size_t i = 0; i < n; i++)
            w->leaves[w->nleaves++] = rows[i].leaf;
    }
    store_reader_give(node.store, db);
}

void power_work_do(void)
{
    struct power_work *w = &power_work;
    test_folder(w->folder, sizeof w->folder, "power");
    w->arena = arena_new(8 << 20);
    w->disk = power_disk_new(w->folder);
    env_sim_init(&sim, 11, start_us);
    open_node();
    snprintf(w->vkey, sizeof w->vkey, "%.*s", STR(node.vkey));
    groups(6);
    people();
    settle();
    flush();
    groups(12);
    node_close(&node);
    open_node();
    groups(6);
    node_close(&node);
    was_of_another_program();
    open_node(); /* builds them anew */
    groups(12);
    flush();
    groups(6);
    keep_leaves();
    node_close(&node);
    power_disk_stop(w->disk);
}

void power_work_free(void)
{
    power_disk_free(power_work.disk);
    arena_free(power_work.arena);
}
