/* What the change feed costs on a long log: bench_feed [EVENTS [VEIN]], 1,000,000 events that the
 * gate made, or bench_feed FILE [VEIN], a ledger that is there, named with a slash. A program reads
 * GET /api/changes over HTTP from the beginning to the end by its cursor, and then asks again and
 * again at the end, where there is nothing new. Two do so: one may see nearly all that happens, the
 * other one deviation of fifty, so that for it most of the log is passed over. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/lib/fill.h"
#include "bench/lib/load.h"
#include "bench/lib/people.h"
#include "bench/lib/server.h"

enum { PATH = 300, POLLS = 2000, EVERY = 50 };

static void measure(size_t client, const char *who, FILE *json)
{
    char at[LOAD_PATH_MAX] = "/api/changes";
    uint64_t rows;
    struct load_result all, poll;
    load_follow(&all, client, at, &rows);
    load_ask(&poll, client, POLLS, at, NULL);
    printf("%-34s %9llu %7llu %9.0f %10.0f %8.2f %8.2f %8.2f %8.2f\n", who,
           (unsigned long long)rows, (unsigned long long)all.answered,
           (double)all.answered / all.seconds, (double)rows / all.seconds, all.p50_ms, all.p99_ms,
           poll.p50_ms, poll.p99_ms);
    fprintf(json,
            "%s{\"who\":\"%s\",\"changes\":%llu,\"pages\":%llu,\"pages_per_s\":%.1f,"
            "\"page_p50_ms\":%.3f,\"page_p99_ms\":%.3f,\"poll_p50_ms\":%.3f,\"poll_p99_ms\":%.3f}",
            client > 0 ? ",\n" : "[", who, (unsigned long long)rows,
            (unsigned long long)all.answered, (double)all.answered / all.seconds, all.p50_ms,
            all.p99_ms, poll.p50_ms, poll.p99_ms);
}

int main(int argc, char **argv)
{
    const bool there = argc > 1 && strchr(argv[1], '/');
    const char *vein = argc > 2 ? argv[2] : "build/gcc/vein";
    char folder[PATH - 20], path[PATH], out[PATH];
    int port;
    setvbuf(stdout, NULL, _IOLBF, 0);
    bench_folder(folder, sizeof folder, "feed");
    snprintf(path, sizeof path, "%s%s", there ? argv[1] : folder, there ? "" : "/vein.db");
    snprintf(out, sizeof out, "%s/result.json", folder);
    if (!there) {
        people_make(path, 1);
        people_elsewhere(path, 1);
        fill_ledger(path, (uint64_t)bench_number(argc > 1 ? argv[1] : NULL, 1000000), EVERY);
    }
    const pid_t pid = server_start(vein, path, &port);
    FILE *json = fopen(out, "w");
    if (!json)
        bench_die("could not write the result", NULL);
    printf("%-34s %9s %7s %9s %10s %8s %8s %8s %8s\n", "", "changes", "pages", "pages/s",
           "changes/s", "p50 ms", "p99 ms", "poll p50", "poll p99");
    load_open(port, 2);
    measure(0, "sees 49 deviations of 50", json);
    load_close();
    load_open(port, 2); /* who says nothing for long is cut off */
    measure(1, "sees 1 deviation of 50", json);
    fprintf(json, "]\n");
    fclose(json);
    load_close();
    server_stop(pid);
    if (!there)
        bench_remove(path);
    return 0;
}
