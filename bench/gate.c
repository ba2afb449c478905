/* How many durable commands a second the gate takes over HTTP, from 1, 16, 64 and 256 people,
 * beside what SQLite alone does with the identical rows, singly and in groups of the mean size that
 * the gate reached. The server is the real `vein serve` beside this program; the rows are read from
 * its database afterwards. Client, server and disk share one machine, so the gate is measured with
 * its load on the same cores, and the limit alone. Where others use the machine too, the
 * processor's time is firmer than rates: that of the server, all threads together, beside SQLite's.
 *
 * The number of groups is the number of SQLite's transactions, which its WAL index counts; those
 * that sign checkpoints (at most 20 a second) are among them.
 *
 *   bench_gate [SECONDS [VEIN]]    4 seconds a row; build/gcc/vein */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/lib/limit.h"
#include "bench/lib/line.h"
#include "bench/lib/load.h"
#include "bench/lib/people.h"
#include "bench/lib/server.h"

enum {
    RUNS = 4,
    CLIENTS = 256,
    JUDGED = 2,
    PATH = 300,
    WAL_INDEX_CHANGES = 2 /* word of SQLite's WalIndexHdr */
};

static const size_t clients_of[RUNS] = { 1, 16, 64, 256 };

static struct run {
    size_t clients;
    int64_t from; /* place in the log of its first event */
    uint32_t marks[2];
    double processor_us[2]; /* of the server, at the marks */
    size_t nmarks;
    struct load_result load;
    double group;
    double rate;
    double server_us; /* of the processor's time for one command */
    struct limit_result single;
    struct limit_result batched;
} runs[RUNS], *now_running;

static const volatile uint32_t *wal_index;
static pid_t server;

/* --- the server --- */

static void wal_index_open(const char *path)
{
    char name[PATH + 16];
    snprintf(name, sizeof name, "%s-shm", path);
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    void *map = fd < 0 ? MAP_FAILED : mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        bench_die("could not map the WAL index", NULL);
    wal_index = map;
    close(fd);
}

static void mark(void)
{
    struct run *r = now_running;
    if (r->nmarks == 2)
        return;
    r->processor_us[r->nmarks] = server_processor_us(server);
    r->marks[r->nmarks++] = wal_index[WAL_INDEX_CHANGES];
}

/* The limit follows at once: on a machine that others use, each is measured in the same weather. */
static void run(struct run *r, size_t clients, const char *path, double seconds)
{
    char scratch[PATH + 16];
    snprintf(scratch, sizeof scratch, "%s-limit", path);
    now_running = r;
    r->clients = clients;
    r->from = limit_events(path);
    load_run(&r->load, clients, seconds, mark);
    r->rate = (double)r->load.answered / seconds;
    uint32_t groups = r->marks[1] - r->marks[0];
    r->server_us = (r->processor_us[1] - r->processor_us[0]) / (double)r->load.answered;
    r->group = (double)r->load.answered / (groups > 0 ? groups : 1);
    size_t group = (size_t)(r->group + 0.5);
    r->single = limit_measure(path, scratch, r->from, 1, seconds / 2);
    r->batched = limit_measure(path, scratch, r->from, group > 0 ? group : 1, seconds / 2);
}

/* --- what it says --- */

static void tell(const struct run *r)
{
    const bool judged = r == &runs[JUDGED];
    char what[100];
    snprintf(what, sizeof what, "SQLite, %zu clients, durable commands", r->clients);
    line_add(&(struct line){ .part = "a",
                             .what = what,
                             .figure = r->rate,
                             .unit = "/s",
                             .beside = "identical rows in groups",
                             .limit = r->batched.rate,
                             .ratio_at_least = judged ? 0.5 : 0 });
    if (r->clients == 1)
        line_add(&(struct line){ .part = "a",
                                 .what = "SQLite, 1 client, durable commands",
                                 .figure = r->rate,
                                 .unit = "/s",
                                 .beside = "identical rows singly",
                                 .limit = r->single.rate });
    const struct {
        const char *name;
        double figure;
        const char *unit;
        double at_most;
    } rest[] = { { "p50", r->load.p50_ms, "ms", 0 },
                 { "p99", r->load.p99_ms, "ms", judged ? 20 : 0 },
                 { "p99.9", r->load.p999_ms, "ms", 0 },
                 { "commands a sync", r->group, "", 0 },
                 { "processor a command", r->server_us, "us", 0 } };
    for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++) {
        snprintf(what, sizeof what, "SQLite, %zu clients, %s", r->clients, rest[i].name);
        line_add(&(struct line){ .part = "a",
                                 .what = what,
                                 .figure = rest[i].figure,
                                 .unit = rest[i].unit,
                                 .at_most = rest[i].at_most });
    }
}

int main(int argc, char **argv)
{
    double seconds = (double)bench_number(argc > 1 ? argv[1] : NULL, 4);
    const char *vein = argc > 2 ? argv[2] : "build/gcc/vein";
    char folder[PATH];
    char path[PATH + 8];
    int port;
    bench_folder(folder, sizeof folder, "gate");
    snprintf(path, sizeof path, "%s/db", folder);
    people_make(path, CLIENTS);
    server = server_start(vein, path, &port);
    load_open(port, CLIENTS);
    wal_index_open(path);
    for (size_t i = 0; i < RUNS; i++) {
        run(&runs[i], clients_of[i], path, seconds);
        tell(&runs[i]);
    }
    load_close();
    server_stop(server);
    bench_remove(path);
    return 0;
}
