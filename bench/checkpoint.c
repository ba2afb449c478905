/* From an event to the signed checkpoint that covers it: bench_checkpoint [EVENTS [VEIN]]. One
 * person opens deviations one after the other; after each answer, which is when the event is
 * durable, /tlog/checkpoint is asked for until it has grown. 100 events. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/lib/line.h"
#include "bench/lib/load.h"
#include "bench/lib/people.h"
#include "bench/lib/server.h"

enum { PATH = 300 };

int main(int argc, char **argv)
{
    const size_t n = (size_t)bench_number(argc > 1 ? argv[1] : NULL, 100);
    const char *vein = argc > 2 ? argv[2] : "build/gcc/vein";
    char folder[PATH - 20], path[PATH];
    struct load_result r;
    int port;
    bench_folder(folder, sizeof folder, "checkpoint");
    snprintf(path, sizeof path, "%s/vein.db", folder);
    people_make(path, 1);
    const pid_t server = server_start(vein, path, &port);
    load_open(port, 1);
    load_signed(&r, 0, n);
    load_close();
    server_stop(server);
    bench_remove(path);
    line_add(&(struct line){
        .part = "c", .what = "event to signed checkpoint, p50", .figure = r.p50_ms, .unit = "ms" });
    line_add(&(struct line){ .part = "c",
                             .what = "event to signed checkpoint, p99",
                             .figure = r.p99_ms,
                             .unit = "ms",
                             .at_most = 100 });
    return 0;
}
