/* How long a page of the audit trail takes among a million events: bench_trail [EVENTS [VEIN]].
 *
 * What is real: forty orders with their whole journeys by `vein simulate`; the ledger's own append
 * for each further event (chained, hashed, in the tree), the follower that indexes them, and the
 * server, which is asked over HTTP for whole pages by a person with a real role. What is not: the
 * million was not done by commands. Its events are copies of the simulated orders' with orders,
 * units, patients and deviations of their own; persons and places are those of the forty. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/cli.h"
#include "base/id.h"
#include "base/log.h"
#include "bench/lib/load.h"
#include "bench/lib/people.h"
#include "bench/lib/server.h"
#include "kernel/ledger.h"
#include "kernel/node_impl.h"
#include "kernel/trail.h"

enum { PATH = 300, ASKED = 200, LEAVES_MAX = 400000, IDS_MAX = 20000, ID_TAIL = 6 };

static struct node node;
static char *leaves[LEAVES_MAX]; /* of the simulated orders */
static size_t nleaves;
static char ids[IDS_MAX][ID_LENGTH + 1]; /* of what is made anew in each copy, sorted */
static size_t nids;
static char order[ID_LENGTH + 1], unit[ID_LENGTH + 1], actor[100];

/* --- the simulated network --- */

static sqlite3 *raw(const char *path)
{
    sqlite3 *db = NULL;
    if (sqlite3_open(path, &db) != SQLITE_OK)
        bench_die(path, NULL);
    return db;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void read_ids(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *s;
    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
        bench_die(sql, NULL);
    while (sqlite3_step(s) == SQLITE_ROW && nids < IDS_MAX)
        snprintf(ids[nids++], sizeof ids[0], "%s", (const char *)sqlite3_column_text(s, 0));
    sqlite3_finalize(s);
}

static void read_network(const char *path)
{
    sqlite3 *db = raw(path);
    sqlite3_stmt *s;
    read_ids(db, "SELECT DISTINCT substr(stream, -36) FROM ledger_event WHERE key LIKE 'order/%' "
                 "AND length(stream) - instr(stream, '/') = 36");
    qsort(ids, nids, sizeof ids[0], by_text);
    if (sqlite3_prepare_v2(db,
                           "SELECT leaf FROM ledger_event WHERE key LIKE 'order/%' "
                           "AND length(stream) - instr(stream, '/') = 36 ORDER BY seq",
                           -1, &s, NULL) != SQLITE_OK)
        bench_die("events", NULL);
    while (sqlite3_step(s) == SQLITE_ROW && nleaves < LEAVES_MAX)
        leaves[nleaves++] = strdup((const char *)sqlite3_column_text(s, 0));
    sqlite3_finalize(s);
    sqlite3_close(db);
    if (nleaves == 0)
        bench_die("no events", NULL);
}

/* --- copies --- */

/* Ids of the network's things get a tail of their own: text of the same length. */
static void renew(char *leaf, unsigned copy)
{
    char tail[ID_TAIL + 1];
    snprintf(tail, sizeof tail, "%06x", copy & 0xFFFFFF);
    for (char *at = leaf; (at = strchr(at, '-')); at++) {
        char id[ID_LENGTH + 1];
        if (at - leaf < 8 || strlen(at) < ID_LENGTH - 8)
            continue;
        memcpy(id, at - 8, ID_LENGTH);
        id[ID_LENGTH] = '\0';
        if (!bsearch(id, ids, nids, sizeof ids[0], by_text))
            continue;
        memcpy(at - 8 + ID_LENGTH - ID_TAIL, tail, ID_TAIL);
        at += ID_LENGTH - 9;
    }
}

static void append(const char *from, unsigned copy, uint64_t number, struct arena *arena)
{
    struct err e = { 0 };
    struct event event;
    int64_t sequence;
    arena_reset(arena);
    char *leaf = arena_array(arena, strlen(from) + 1, 1);
    if (!leaf)
        bench_die("memory", NULL);
    memcpy(leaf, from, strlen(from) + 1);
    renew(leaf, copy);
    if (event_read(&event, arena, str_z(leaf), &e) != OK)
        bench_die("event", &e);
    const struct id id = id_derive(S("bench"), S("event"), number);
    event.id = event.command = arena_str(arena, id_str(&id));
    event.happened = event.entered = env_now(node.env);
    if (ledger_append(node.ledger, node.impl->writer, &event, -1, &sequence, arena, &e) != OK)
        bench_die("append", &e);
}

static void group(uint64_t *made, uint64_t n, struct arena *arena)
{
    struct err e = { 0 };
    struct db *db = node.impl->writer;
    if (db_begin(db, &e) != OK)
        bench_die("begin", &e);
    for (size_t i = 0; i < LEDGER_GROUP_MAX / 2 && *made < n; i++, ++*made)
        append(leaves[*made % nleaves], (unsigned)(*made / nleaves + 1), *made, arena);
    if (ledger_prepare(node.ledger, db, &e) != OK || db_commit(db, &e) != OK)
        bench_die("commit", &e);
    ledger_committed(node.ledger);
}

/* Rows by which it is decided who sees the copied orders. */
static void copy_orders(const char *path, uint64_t copies)
{
    static const char *const sql[] = {
        "CREATE TEMP TABLE o AS SELECT * FROM order_order",
        "CREATE TEMP TABLE p AS SELECT * FROM flow_party",
        "CREATE TEMP TABLE f AS SELECT * FROM flow_order",
    };
    sqlite3 *db = raw(path);
    char text[600];
    for (size_t i = 0; i < sizeof sql / sizeof sql[0]; i++)
        sqlite3_exec(db, sql[i], NULL, NULL, NULL);
    sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
    for (uint64_t k = 1; k <= copies; k++) {
        snprintf(text, sizeof text,
                 "UPDATE o SET order_id = substr(order_id, 1, 30) || '%06x', "
                 "coi = substr(coi, 1, 14) || '%06x'; "
                 "INSERT INTO order_order SELECT * FROM o; "
                 "UPDATE p SET order_id = substr(order_id, 1, 30) || '%06x'; "
                 "INSERT INTO flow_party SELECT * FROM p;"
                 "UPDATE f SET order_id = substr(order_id, 1, 30) || '%06x'; "
                 "INSERT INTO flow_order SELECT * FROM f;",
                 (unsigned)k, (unsigned)k, (unsigned)k, (unsigned)k);
        if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
            bench_die(sqlite3_errmsg(db), NULL);
    }
    sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    sqlite3_close(db);
}

/* --- who asks --- */

/* The maker's quality, who see all orders. */
static void person(const char *path)
{
    char organisation[40], site[40];
    const struct people_place at = { organisation, site };
    sqlite3 *db = raw(path);
    sqlite3_stmt *s;
    if (sqlite3_prepare_v2(db,
                           "SELECT organisation, site, order_id FROM flow_party "
                           "WHERE part = 'manufacture' LIMIT 1",
                           -1, &s, NULL) != SQLITE_OK ||
        sqlite3_step(s) != SQLITE_ROW)
        bench_die("party", NULL);
    snprintf(organisation, 40, "%s", (const char *)sqlite3_column_text(s, 0));
    snprintf(site, 40, "%s", (const char *)sqlite3_column_text(s, 1));
    snprintf(order, sizeof order, "%s", (const char *)sqlite3_column_text(s, 2));
    sqlite3_finalize(s);
    sqlite3_prepare_v2(db, "SELECT unit FROM identity_unit LIMIT 1", -1, &s, NULL);
    if (sqlite3_step(s) == SQLITE_ROW)
        snprintf(unit, sizeof unit, "%s", (const char *)sqlite3_column_text(s, 0));
    sqlite3_finalize(s);
    sqlite3_prepare_v2(db,
                       "SELECT json_extract(leaf, '$.actor') FROM ledger_event WHERE leaf LIKE "
                       "'%\"flow.task_done\"%account/%' LIMIT 1",
                       -1, &s, NULL);
    if (sqlite3_step(s) == SQLITE_ROW)
        snprintf(actor, sizeof actor, "%s", (const char *)sqlite3_column_text(s, 0));
    sqlite3_finalize(s);
    sqlite3_close(db);
    people_add(&node, &at, 0, "qa_specialist");
}

/* --- what is asked --- */

static bool measure(FILE *json, const char *name, bool first, const char *target)
{
    struct load_result r;
    load_ask(&r, 0, ASKED, target, NULL);
    printf("%44s %8.2f %8.2f\n", name, r.p50_ms, r.p99_ms);
    fprintf(json, "%s\n{\"ask\":\"%s\",\"p50_ms\":%.3f,\"p99_ms\":%.3f}", first ? "" : ",", name,
            r.p50_ms, r.p99_ms);
    return r.p99_ms < 200;
}

static void measure_all(FILE *json)
{
    char t[600];
    bool good = true;
    fprintf(json, "{\"runs\":[");
    printf("%44s %8s %8s\n", "", "p50 ms", "p99 ms");
    good &= measure(json, "everything, newest", true, "/trail");
    snprintf(t, sizeof t, "/trail/order/%.30s%06x", order, 1u);
    good &= measure(json, "one order", false, t);
    snprintf(t, sizeof t, "/trail/unit/%.30s%06x", unit, 1u);
    good &= measure(json, "one unit", false, t);
    snprintf(t, sizeof t, "/trail?actor=%s", actor);
    good &= measure(json, "one person", false, t);
    good &= measure(json, "one kind of act", false, "/trail?type=flow.record_corrected");
    good &= measure(json, "a kind that nothing is of", false, "/trail?type=rota.withdrawn");
    good &= measure(json, "failed checks", false, "/trail?exception=failed");
    snprintf(t, sizeof t, "/trail?exception=failed&actor=%s", actor);
    good &= measure(json, "failed checks of one person", false, t);
    snprintf(t, sizeof t, "/trail?type=session.opened&actor=%s", actor);
    good &= measure(json, "two filters that nothing has together", false, t);
    snprintf(t, sizeof t, "/trail?type=flow.task_done&actor=%s&from=2027-03-01&to=2027-03-31",
             actor);
    good &= measure(json, "a kind, a person and a month", false, t);
    snprintf(t, sizeof t, "/trail?type=flow.task_done&before=%d", 500000);
    good &= measure(json, "a kind, half a million back", false, t);
    fprintf(json, "\n]}\n");
    printf("aim: p99 under 200 ms: %s\n", good ? "reached" : "missed");
}

static void fill(const char *path, uint64_t n)
{
    static struct env_sim sim;
    struct err e = { 0 };
    size_t nmodules;
    const struct module *const *modules = cli_modules(&nmodules);
    env_sim_init(&sim, 11, env_now(&env_system));
    const struct node_options options = {
        .env = &sim.env, .path = path, .modules = modules, .nmodules = nmodules
    };
    if (node_open(&node, &options, &e) != OK)
        bench_die("node", &e);
    person(path);
    struct arena *arena = arena_new(16 << 20);
    const int64_t from = bench_now();
    for (uint64_t made = 0; made < n;) {
        env_sim_advance(&sim, TIME_HOUR * 4);
        group(&made, n, arena);
    }
    const int64_t appended = bench_now();
    if (trail_catch_up(node.trail, &e) != OK ||
        ledger_checkpoint(node.ledger, node.impl->writer, &e) != OK)
        bench_die("index", &e);
    const double seconds = (double)(bench_now() - appended) / 1e6;
    printf("%llu events appended in %.0f s, indexed in %.0f s (%.0f a second)\n",
           (unsigned long long)n, (double)(appended - from) / 1e6, seconds, (double)n / seconds);
    arena_free(arena);
    node_close(&node);
    copy_orders(path, n / nleaves + 1);
}

int main(int argc, char **argv)
{
    const uint64_t n = (uint64_t)bench_number(argc > 1 ? argv[1] : NULL, 1000000);
    const char *vein = argc > 2 ? argv[2] : "build/gcc/vein";
    char folder[PATH - 20], path[PATH], out[PATH];
    int port;
    bench_folder(folder, sizeof folder, "trail");
    snprintf(path, sizeof path, "%s/vein.db", folder);
    snprintf(out, sizeof out, "%s/result.json", folder);
    log_set_level(LOG_ERROR);
    bench_remove(path);
    server_simulate(vein, path, "40");
    read_network(path);
    fill(path, n);
    const pid_t pid = server_start(vein, path, &port);
    load_open(port, 1);
    FILE *json = fopen(out, "w");
    if (!json)
        bench_die("could not write the result", NULL);
    measure_all(json);
    fclose(json);
    load_close();
    server_stop(pid);
    bench_remove(path);
    return 0;
}
