/* How many durable commands a second the gate takes over HTTP, from 1, 16 and 64 people, beside
 * what SQLite alone does with the identical rows, singly and in groups of the mean size that the
 * gate reached. The server is the real `vein serve` beside this program; the rows are read from its
 * database afterwards. Client, server and disk share one machine, so the gate is measured with its
 * load on the same cores, and the limit alone. Where others use the machine too, the processor's
 * time is firmer than rates: that of the server, all threads together, beside SQLite's.
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
#include "bench/lib/load.h"
#include "bench/lib/people.h"
#include "bench/lib/server.h"

enum { RUNS = 3, PATH = 300, WAL_INDEX_CHANGES = 2 /* word of SQLite's WalIndexHdr */ };

static const size_t clients_of[RUNS] = { 1, 16, 64 };

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

static void print_table(void)
{
    printf("%7s %11s %8s %8s %6s %8s | %9s %10s %8s | %s\n", "clients", "commands/s", "p50 ms",
           "p99 ms", "group", "cpu us", "single/s", "grouped/s", "cpu us", "of grouped");
    for (size_t i = 0; i < RUNS; i++) {
        const struct run *r = &runs[i];
        printf("%7zu %11.0f %8.2f %8.2f %6.1f %8.1f | %9.0f %10.0f %8.1f | %.2f\n", r->clients,
               r->rate, r->load.p50_ms, r->load.p99_ms, r->group, r->server_us, r->single.rate,
               r->batched.rate, r->batched.processor_us, r->rate / r->batched.rate);
    }
    const struct run *last = &runs[RUNS - 1];
    printf("aim: half of the grouped rate at %zu clients: %s\n", last->clients,
           last->rate * 2 >= last->batched.rate ? "reached" : "missed");
}

static void write_json(const char *path)
{
    FILE *to = fopen(path, "w");
    if (!to)
        bench_die("could not write the result", NULL);
    fprintf(to, "{\"command\":\"deviation.open\",\"runs\":[");
    for (size_t i = 0; i < RUNS; i++) {
        const struct run *r = &runs[i];
        fprintf(to,
                "%s\n{\"clients\":%zu,\"seconds\":%.1f,\"commands\":%llu,\"commands_per_s\":%.0f,"
                "\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"group\":%.2f,\"server_us\":%.1f,"
                "\"single_per_s\":%.0f,\"grouped_per_s\":%.0f,\"grouped_us\":%.1f,"
                "\"of_grouped\":%.3f}",
                i > 0 ? "," : "", r->clients, r->load.seconds, (unsigned long long)r->load.answered,
                r->rate, r->load.p50_ms, r->load.p99_ms, r->group, r->server_us, r->single.rate,
                r->batched.rate, r->batched.processor_us, r->rate / r->batched.rate);
    }
    fprintf(to, "\n]}\n");
    if (fclose(to) != 0)
        bench_die("could not write the result", NULL);
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
    people_make(path, LOAD_CLIENTS_MAX);
    server = server_start(vein, path, &port);
    load_open(port, LOAD_CLIENTS_MAX);
    wal_index_open(path);
    for (size_t i = 0; i < RUNS; i++)
        run(&runs[i], clients_of[i], path, seconds);
    load_close();
    server_stop(server);
    print_table();
    write_json("build/bench/gate.json");
    return 0;
}
