/* From a scan to its durable answer, of many who scan: bench_scan [SCANNERS [FILE [VEIN]]]. 200
 * scanners, one scan a second each, of orders that wait for their patient's collection: the
 * wristband and the order are read, and the answer is pass (an event), or could not be read, or, of
 * somebody else's wristband, a stop. A stop ends the scans of its order: half of the orders are
 * kept aside, each for one wrong wristband. FILE is a database that bench_orders left; without one
 * it is made. The limit beside it is one command alone, from one client after the other. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/lib/kept.h"
#include "bench/lib/line.h"
#include "bench/lib/load.h"
#include "bench/lib/people.h"
#include "bench/lib/server.h"

enum { PATH = 300, SECONDS = 10, ORDERS = 3000, NURSE = 2, SCANNERS_MAX = 250 };

static struct kept kept;

/* One of ten cannot be read; one of fifty is wrong, for as long as there are orders to stop. */
static void scan(char *to, size_t size, size_t client)
{
    static uint64_t number;
    static size_t stopped;
    const size_t living = kept.n - kept.n / 2;
    const bool unread = number % 10 == 9;
    const bool wrong = number % 50 == 25 && stopped < kept.n / 2;
    number++;
    const struct history_order *worn = &kept.orders[client % living];
    const struct history_order *o = wrong ? &kept.orders[living + stopped++] : worn;
    char scans[200] = "";
    if (!unread)
        snprintf(scans, sizeof scans, "{\"text\":\"&#%s\"},{\"text\":\"&/%s\"}", worn->number,
                 worn->coi);
    snprintf(to, size,
             "{\"order\":\"%s\",\"task\":\"collect\",\"point\":\"patient_at_collection\","
             "\"method\":\"code_2d\",\"scans\":[%s],\"stated_name\":\"%s %s\","
             "\"stated_birth_date\":\"1970-02-03\"%s}",
             o->order, scans, o->given, o->family, unread ? ",\"no_read\":true" : "");
}

int main(int argc, char **argv)
{
    const size_t n = (size_t)bench_number(argc > 1 ? argv[1] : NULL, 200);
    const char *vein = argc > 3 ? argv[3] : "build/gcc/vein";
    char folder[PATH - 20], path[PATH], what[100];
    struct load_result alone, all;
    int port;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (n > SCANNERS_MAX)
        bench_die("too many scanners", NULL);
    bench_folder(folder, sizeof folder, "scan");
    snprintf(path, sizeof path, "%s%s", argc > 2 ? argv[2] : folder, argc > 2 ? "" : "/vein.db");
    if (argc <= 2)
        kept_make(path, ORDERS);
    kept_read(&kept, path);
    const pid_t server = server_start(vein, path, &port);
    load_open_as(port, n, NURSE);
    load_paced(&alone, 0, 1, SECONDS, "identity.check", scan);
    load_paced(&all, 0, n, SECONDS, "identity.check", scan);
    load_close();
    server_stop(server);
    snprintf(what, sizeof what, "scan to durable answer, %zu scanners, p50", n);
    line_add(&(struct line){ .part = "b",
                             .what = what,
                             .figure = all.p50_ms,
                             .unit = "ms",
                             .beside = "one scanner alone",
                             .limit = alone.p50_ms,
                             .at_most = 2 });
    snprintf(what, sizeof what, "scan to durable answer, %zu scanners, p99", n);
    line_add(&(struct line){
        .part = "b", .what = what, .figure = all.p99_ms, .unit = "ms", .at_most = 10 });
    if (argc <= 2)
        bench_remove(path);
    return 0;
}
