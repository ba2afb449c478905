/* Makes a database of many orders, of ten real events each (bench/lib/history.h), and tells what an
 * order takes on disk: bench_orders [ORDERS [FILE]], 1,000 orders into a database that is removed
 * again; a FILE that is named stays, for other benches, with FILE.kept: identifiers of some of its
 * live orders, a line each (order, chain-of-identity identifier, pseudonym, family and given name,
 * number).
 *
 * Nothing that this program writes waits for the disk: what a crash would leave of it is thrown
 * away. (A patient's key alone would be a sync of the keyring.) */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/lib/history.h"
#include "bench/lib/line.h"
#include "bench/lib/people.h"

enum { PATH = 300 };

/* In the place of the C library's, for this program and the libraries it calls. */
int fsync(int fd)
{
    (void)fd;
    return 0;
}

int fdatasync(int fd)
{
    (void)fd;
    return 0;
}

static double bytes_of(const char *path, const char *end)
{
    char file[PATH + 10];
    struct stat s;
    snprintf(file, sizeof file, "%s%s", path, end);
    return stat(file, &s) == 0 ? (double)s.st_size : 0;
}

static void keep(const struct history *h, const char *path)
{
    char file[PATH + 10];
    snprintf(file, sizeof file, "%s.kept", path);
    FILE *to = fopen(file, "w");
    if (!to)
        bench_die(file, NULL);
    for (size_t i = 0; i < h->nkept; i++)
        fprintf(to, "%s %s %s %s %s %s\n", h->kept[i].order, h->kept[i].coi, h->kept[i].pseudonym,
                h->kept[i].family, h->kept[i].given, h->kept[i].number);
    if (fclose(to) != 0)
        bench_die(file, NULL);
}

static void tell(const struct history *h, const char *path, uint64_t orders)
{
    const double events = (double)h->events;
    const double bytes = bytes_of(path, "") + bytes_of(path, "-wal");
    const double keys = bytes_of(path, ".keys");
    char what[100];
    printf("%llu orders, %.0f events: written in %.0f s (%.0f a second); %.2f GB and %.2f GB of "
           "keys\n",
           (unsigned long long)orders, events, h->seconds, events / h->seconds, bytes / 1e9,
           keys / 1e9);
    snprintf(what, sizeof what, "bytes on disk an event, of %llu orders",
             (unsigned long long)orders);
    line_add(&(struct line){ .part = "g", .what = what, .figure = bytes / events, .unit = "B" });
    snprintf(what, sizeof what, "bytes on disk an order of ten events, of %llu",
             (unsigned long long)orders);
    line_add(&(struct line){
        .part = "g", .what = what, .figure = (bytes + keys) / (double)orders, .unit = "B" });
}

int main(int argc, char **argv)
{
    static struct history history;
    const uint64_t orders = (uint64_t)bench_number(argc > 1 ? argv[1] : NULL, 1000);
    char folder[PATH - 20], path[PATH];
    setvbuf(stdout, NULL, _IOLBF, 0);
    bench_folder(folder, sizeof folder, "orders");
    snprintf(path, sizeof path, "%s%s", argc > 2 ? argv[2] : folder, argc > 2 ? "" : "/vein.db");
    history_make(&history, path, orders);
    tell(&history, path, orders);
    if (argc > 2)
        keep(&history, path);
    else
        bench_remove(path);
    return 0;
}
