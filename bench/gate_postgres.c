/* The gate's part of bench/postgres.sh: bench_gate_postgres URL [SECONDS [VEIN]] prints, for 1, 16,
 * 64 and 256 clients, a line of clients, commands a second, p50, p99 and p99.9 in ms, and commands
 * a sync of its log, parted by tabs. */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/lib/load.h"
#include "bench/lib/people.h"
#include "bench/lib/server.h"

enum { RUNS = 4, CLIENTS = 256 };

static const size_t clients_of[RUNS] = { 1, 16, 64, 256 };
static PGconn *asking;
static double marks[2];
static size_t nmarks;

static void mark(void)
{
    PGresult *r = PQexec(asking, "SELECT wal_sync FROM pg_stat_wal");
    if (PQresultStatus(r) != PGRES_TUPLES_OK)
        bench_die(PQerrorMessage(asking), NULL);
    if (nmarks < 2)
        marks[nmarks++] = (double)strtoll(PQgetvalue(r, 0, 0), NULL, 10);
    PQclear(r);
}

int main(int argc, char **argv)
{
    const double seconds = (double)bench_number(argc > 2 ? argv[2] : NULL, 4);
    const char *vein = argc > 3 ? argv[3] : "build/gcc/vein";
    const char *server_url = getenv("VEIN_POSTGRES");
    int port;
    if (argc < 2 || !server_url)
        bench_die("run bench/postgres.sh", NULL);
    people_make(argv[1], CLIENTS);
    asking = PQconnectdb(server_url);
    if (PQstatus(asking) != CONNECTION_OK)
        bench_die(PQerrorMessage(asking), NULL);
    const pid_t server = server_start(vein, argv[1], &port);
    load_open(port, CLIENTS);
    for (size_t i = 0; i < RUNS; i++) {
        struct load_result r;
        nmarks = 0;
        load_run(&r, clients_of[i], seconds, mark);
        const double groups = marks[1] - marks[0];
        printf("%zu\t%.1f\t%.3f\t%.3f\t%.3f\t%.2f\n", clients_of[i], (double)r.answered / r.seconds,
               r.p50_ms, r.p99_ms, r.p999_ms, (double)r.answered / (groups > 0 ? groups : 1));
    }
    load_close();
    server_stop(server);
    PQfinish(asking);
    return 0;
}
