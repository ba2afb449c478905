/* How long a page of answers takes among a million things: bench_search [THINGS [VEIN]].
 *
 * What is real: forty orders with their whole journeys by `vein simulate`, the index's own rows of
 * all things in the shape in which its follower writes them, the rows that a shown answer is read
 * from, and the server, which is asked over HTTP for whole pages by two people with real roles.
 * What is not: the million was not done by commands. Its things are copies of the forty orders',
 * patients', units' and deviations' rows with ids, identifiers and names of their own; copied
 * patients are sealed under the key of the one they are copied from; units are further units of the
 * forty orders; and the rows of the index are written sorted, at once. So this tells what a query
 * costs, not what indexing does.
 *
 * Beside each figure stands the same page without a search, from the same server in the same run.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/cli.h"
#include "base/id.h"
#include "base/log.h"
#include "bench/lib/copies.h"
#include "bench/lib/load.h"
#include "bench/lib/people.h"
#include "bench/lib/server.h"

enum {
    PATH = 300,
    ASKED = 300,
};

static struct node node;
static const struct copies *kept;

/* --- people --- */

/* Where a row of the simulated network is. */
static void place(const char *path, const char *sql, char organisation[40], char site[40])
{
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK || sqlite3_step(s) != SQLITE_ROW)
        bench_die(sql, NULL);
    snprintf(organisation, 40, "%s", (const char *)sqlite3_column_text(s, 0));
    snprintf(site, 40, "%s", (const char *)sqlite3_column_text(s, 1));
    sqlite3_finalize(s);
    sqlite3_close(db);
}

/* A physician at a hospital, and one of the maker's, who sees all orders. */
static void people(const char *path)
{
    char organisation[40], site[40];
    const struct people_place at = { organisation, site };
    struct err e = { 0 };
    int code;
    if (!cli_node_open(&node, path, false, false, &code))
        bench_die("could not open the node", NULL);
    place(path, "SELECT organisation, site FROM order_patient LIMIT 1", organisation, site);
    people_add(&node, &at, 0, "physician");
    for (int i = 0; i < 5; i++)
        people_send(&node, &at, "deviation.open",
                    "{\"kind\":\"other\",\"risk\":\"minor\",\"description\":\"pump late\"}");
    place(path, "SELECT organisation, site FROM flow_party WHERE part = 'manufacture' LIMIT 1",
          organisation, site);
    people_add(&node, &at, 1, "qa_specialist");
    if (search_catch_up(node.search, &e) != OK)
        bench_die("index", &e);
}

/* --- what is asked --- */

static void q(char *to, size_t size, const char *text)
{
    snprintf(to, size, "q=%s", text);
}

static void ask_coi(char *to, size_t size, uint64_t i)
{
    q(to, size, kept->coi[i % COPIES_KEPT]);
}
static void ask_label(char *to, size_t size, uint64_t i)
{
    q(to, size, kept->label[i % COPIES_KEPT]);
}
static void ask_din(char *to, size_t size, uint64_t i)
{
    q(to, size, kept->din[i % COPIES_KEPT]);
}
static void ask_label_begins(char *to, size_t size, uint64_t i)
{
    snprintf(to, size, "q=%.2s", kept->label[i % COPIES_KEPT]);
}
static void ask_din_begins(char *to, size_t size, uint64_t i)
{
    snprintf(to, size, "q=W%04u26", (unsigned)(i % 50));
}
static void ask_deviation_begins(char *to, size_t size, uint64_t i)
{
    (void)i;
    q(to, size, "DEV-2026");
}
static void ask_pseudonym(char *to, size_t size, uint64_t i)
{
    q(to, size, kept->pseudonym[i % COPIES_KEPT]);
}
static void ask_number(char *to, size_t size, uint64_t i)
{
    q(to, size, kept->number[i % COPIES_KEPT]);
}
static void ask_name(char *to, size_t size, uint64_t i)
{
    snprintf(to, size, "q=Family%ux", (unsigned)(i % COPIES_FAMILIES));
}
static void ask_given(char *to, size_t size, uint64_t i)
{
    snprintf(to, size, "q=Given%ux", (unsigned)(i % (COPIES_GIVENS / 16)));
}
static void ask_names(char *to, size_t size, uint64_t i)
{
    snprintf(to, size, "q=Given%ux+Family%ux", (unsigned)(i % (COPIES_GIVENS / 16)),
             (unsigned)(i * 7 % COPIES_FAMILIES));
}
static void ask_nothing(char *to, size_t size, uint64_t i)
{
    snprintf(to, size, "q=ZZZZ%08u", (unsigned)i);
}

static const struct {
    const char *name;
    void (*form)(char *to, size_t size, uint64_t i);
} asks[] = {
    { "the page without a search", NULL },
    { "nothing has it", ask_nothing },
    { "chain-of-identity identifier", ask_coi },
    { "label", ask_label },
    { "donation number", ask_din },
    { "two letters of a label", ask_label_begins },
    { "beginning of donation numbers", ask_din_begins },
    { "beginning of all deviations", ask_deviation_begins },
    { "pseudonym", ask_pseudonym },
    { "hospital number (sealed)", ask_number },
    { "family name (sealed)", ask_name },
    { "common given name (sealed)", ask_given },
    { "given and family name (sealed)", ask_names },
};
enum { ASKS = sizeof asks / sizeof asks[0] };

static void measure(FILE *json)
{
    static const char *const who[] = { "a physician, of one hospital",
                                       "the maker's quality, of all" };
    bool good = true;
    fprintf(json, "{\"runs\":[");
    for (size_t c = 0; c < 2; c++) {
        printf("%s\n%34s %8s %8s %8s\n", who[c], "", "p50 ms", "p99 ms", "led there");
        for (size_t i = 0; i < ASKS; i++) {
            struct load_result r;
            load_ask(&r, c, ASKED, "/search", asks[i].form);
            printf("%34s %8.2f %8.2f %8.0f%%\n", asks[i].name, r.p50_ms, r.p99_ms,
                   100.0 * (double)r.led / ASKED);
            fprintf(json, "%s\n{\"who\":\"%s\",\"ask\":\"%s\",\"p50_ms\":%.3f,\"p99_ms\":%.3f}",
                    c + i > 0 ? "," : "", who[c], asks[i].name, r.p50_ms, r.p99_ms);
            good = good && r.p99_ms < 50;
        }
    }
    fprintf(json, "\n]}\n");
    printf("aim: p99 under 50 ms: %s\n", good ? "reached" : "missed");
}

int main(int argc, char **argv)
{
    const size_t n = (size_t)bench_number(argc > 1 ? argv[1] : NULL, 1000000);
    const char *vein = argc > 2 ? argv[2] : "build/gcc/vein";
    char folder[PATH - 20], path[PATH], out[PATH];
    int port;
    bench_folder(folder, sizeof folder, "search");
    snprintf(path, sizeof path, "%s/vein.db", folder);
    snprintf(out, sizeof out, "%s/result.json", folder);
    log_set_level(LOG_ERROR);
    bench_remove(path);
    server_simulate(vein, path, "40");
    people(path);
    const int64_t from = bench_now();
    kept = copies_make(&node, path, n);
    node_close(&node);
    printf("%zu things in %.0f s\n", n, (double)(bench_now() - from) / 1e6);
    const pid_t pid = server_start(vein, path, &port);
    load_open(port, 2);
    FILE *json = fopen(out, "w");
    if (!json)
        bench_die("could not write the result", NULL);
    measure(json);
    fclose(json);
    load_close();
    server_stop(pid);
    bench_remove(path);
    return 0;
}
