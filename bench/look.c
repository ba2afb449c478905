/* What it costs that a look at a patient's data is kept: bench_look [PATIENTS [VEIN]].
 *
 * Patients of a simulated hospital are enrolled, and physicians there read the page of each, once,
 * over HTTP from a real server: every answer waits until its look is durable. Then the same people
 * read the same pages again, which is the same look (LOOK_AGAIN_US) and is not kept: the same work
 * without the keeping, in the same run. Somebody else read all of them before, so that neither is
 * the first to open a patient. Each row has people of its own: a look is a session's. The table of
 * what is known again is by hash and holds LOOK_KNOWN: a few of the second reading are kept as
 * well, which the column tells. */
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/cli.h"
#include "base/id.h"
#include "base/log.h"
#include "bench/lib/load.h"
#include "bench/lib/people.h"
#include "bench/lib/server.h"

enum { PATH = 300, ROWS = 3, PATIENTS_MAX = 10000, PAGE_PATH = 64 };

static const size_t people_of[ROWS] = { 1, 4, 16 };

static char pages[PATIENTS_MAX][PAGE_PATH];
static const char *paths[PATIENTS_MAX];
static size_t npatients;
static pid_t server;

struct pass {
    struct load_result load;
    double server_us; /* of the processor's time for a page */
    int64_t kept;
};

/* --- the ground --- */

static int64_t number_of(const char *path, const char *sql, char *text, size_t size)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK || sqlite3_step(s) != SQLITE_ROW)
        bench_die(sql, NULL);
    const int64_t out = sqlite3_column_int64(s, 0);
    if (text)
        snprintf(text, size, "%s", (const char *)sqlite3_column_text(s, 0));
    sqlite3_finalize(s);
    sqlite3_close(db);
    return out;
}

static void people(const char *path)
{
    static struct node node;
    char organisation[40], site[40], body[400];
    const struct people_place at = { organisation, site };
    int code;
    (void)number_of(path, "SELECT organisation FROM order_patient LIMIT 1", organisation, 40);
    (void)number_of(path, "SELECT site FROM order_patient LIMIT 1", site, 40);
    if (!cli_node_open(&node, path, false, false, &code))
        bench_die("could not open the node", NULL);
    for (size_t i = 0; i < npatients; i++) {
        const struct id patient = id_derive(S("bench"), S("patient"), i);
        snprintf(body, sizeof body,
                 "{\"patient\":\"%s\",\"family\":\"Family%zu\",\"given\":\"Given%zu\","
                 "\"birth_date\":\"1970-01-01\",\"sex\":\"female\",\"identifiers\":[{\"system\":"
                 "\"urn:bench\",\"value\":\"N-%zu\"}]}",
                 patient.text, i, i, i);
        people_send(&node, &at, "patient.enrol", body);
        snprintf(pages[i], PAGE_PATH, "/patients/%s", patient.text);
        paths[i] = pages[i];
    }
    for (size_t i = 0; i < 1 + 1 + 4 + 16; i++)
        people_add(&node, &at, i, "physician");
    node_close(&node);
}

/* --- reading --- */

static struct pass read_all(const char *path, size_t first, size_t n)
{
    struct pass out;
    const int64_t before = number_of(path, "SELECT count(*) FROM look_entry", NULL, 0);
    const double from_us = server_processor_us(server);
    load_pages(&out.load, first, n, paths, npatients);
    out.server_us = (server_processor_us(server) - from_us) / (double)npatients;
    out.kept = number_of(path, "SELECT count(*) FROM look_entry", NULL, 0) - before;
    return out;
}

static void measure(FILE *json, const char *path)
{
    (void)read_all(path, 0, 1);
    printf("%7s | %8s %8s %8s %8s %6s | %8s %8s %8s %8s %6s | %6s %6s\n", "people", "kept/s",
           "p50 ms", "p99 ms", "cpu us", "kept", "again/s", "p50 ms", "p99 ms", "cpu us", "kept",
           "p50", "cpu");
    fprintf(json, "{\"runs\":[");
    for (size_t i = 0, first = 1; i < ROWS; first += people_of[i++]) {
        const struct pass new = read_all(path, first, people_of[i]);
        const struct pass again = read_all(path, first, people_of[i]);
        if (new.kept < (int64_t)npatients)
            bench_die("a look was not kept", NULL);
        const double rate[] = { (double)npatients / new.load.seconds,
                                (double)npatients / again.load.seconds };
        printf("%7zu | %8.0f %8.2f %8.2f %8.0f %6lld | %8.0f %8.2f %8.2f %8.0f %6lld | %6.2f "
               "%6.2f\n",
               people_of[i], rate[0], new.load.p50_ms, new.load.p99_ms, new.server_us,
               (long long)new.kept, rate[1], again.load.p50_ms, again.load.p99_ms, again.server_us,
               (long long)again.kept, new.load.p50_ms / again.load.p50_ms,
               new.server_us / again.server_us);
        fprintf(json,
                "%s\n{\"people\":%zu,\"kept_per_s\":%.0f,\"kept_p50_ms\":%.3f,\"kept_us\":%.1f,"
                "\"again_per_s\":%.0f,\"again_p50_ms\":%.3f,\"again_us\":%.1f}",
                i > 0 ? "," : "", people_of[i], rate[0], new.load.p50_ms, new.server_us, rate[1],
                again.load.p50_ms, again.server_us);
    }
}

/* Of its row and its two entries of indexes, with the pages' unused room. */
static void weigh(FILE *json, const char *path)
{
    const int64_t n = number_of(path, "SELECT count(*) FROM look_entry", NULL, 0);
    const int64_t leaf = number_of(path, "SELECT avg(length(leaf)) FROM look_entry", NULL, 0);
    const int64_t all =
        number_of(path, "SELECT sum(pgsize) FROM dbstat WHERE name LIKE 'look_entry%'", NULL, 0);
    printf("%lld looks: %lld bytes each on disk, %lld of them the leaf\n", (long long)n,
           (long long)(all / n), (long long)leaf);
    fprintf(json, "],\n\"looks\":%lld,\"bytes\":%lld,\"leaf\":%lld}\n", (long long)n,
            (long long)(all / n), (long long)leaf);
}

int main(int argc, char **argv)
{
    npatients = (size_t)bench_number(argc > 1 ? argv[1] : NULL, 1000);
    const char *vein = argc > 2 ? argv[2] : "build/gcc/vein";
    char folder[PATH - 20], path[PATH], out[PATH];
    int port;
    if (npatients > PATIENTS_MAX)
        bench_die("too many patients", NULL);
    bench_folder(folder, sizeof folder, "look");
    snprintf(path, sizeof path, "%s/vein.db", folder);
    snprintf(out, sizeof out, "%s/result.json", folder);
    log_set_level(LOG_ERROR);
    bench_remove(path);
    server_simulate(vein, path, "1");
    people(path);
    server = server_start(vein, path, &port);
    load_open(port, 1 + 1 + 4 + 16);
    FILE *json = fopen(out, "w");
    if (!json)
        bench_die("could not write the result", NULL);
    measure(json, path);
    load_close();
    server_stop(server);
    weigh(json, path);
    fclose(json);
    bench_remove(path);
    return 0;
}
