/* How many events a second `vein verify` checks, on a ledger of 300,000 events that the gate made,
 * beside the rate of SHA-256 over the very same bytes. The verifier reads and hashes in a thread
 * each, so both the time that passed and the processor's time are told; the rate per core is by the
 * latter.
 *
 *   bench_verify [EVENTS]    300000, half of them deviations opened, half closed
 *   bench_verify FILE        a ledger that is there, named with a slash */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/lib/fill.h"
#include "bench/lib/line.h"
#include "bench/lib/people.h"
#include "verify/verify.h"

enum {
    PATH = 300,
    GATHER = 1024,
    GATHER_BYTES = 1 << 20
}; /* leaves, and bytes, hashed between two looks at the clock */

/* --- measuring --- */

static double processor_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct rate {
    uint64_t events;
    uint64_t bytes;
    double passed_s;
    double processor_s;
};

static struct rate verify_measure(const char *path)
{
    static struct verify_report report;
    struct verify_options options = { 0 };
    int64_t start = bench_now();
    double before = processor_now();
    if (!verify_db(path, &options, &report))
        bench_die(report.reason, NULL);
    return (struct rate){ report.count, report.bytes, (double)(bench_now() - start) / 1e6,
                          processor_now() - before };
}

static void hash_spans(struct rate *r, const uint8_t *bytes, const size_t *lengths, size_t n)
{
    const double before = processor_now();
    for (size_t i = 0; i < n; bytes += lengths[i++]) {
        struct hash h = hash_of(bytes, lengths[i]);
        __asm__ volatile("" : : "r"(&h) : "memory"); /* the hash is made, though nobody reads it */
    }
    r->processor_s += processor_now() - before;
    r->events += n;
}

/* Once over each leaf, already in memory. Asking for the time costs as much as a hash: leaves are
 * gathered first, and the time is asked for once for all of them. */
static struct rate hash_measure(const char *path)
{
    static uint8_t bytes[GATHER_BYTES];
    static size_t lengths[GATHER];
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "SELECT leaf FROM ledger_event ORDER BY seq", -1, &s, NULL) !=
            SQLITE_OK)
        bench_die("could not read the ledger", NULL);
    struct rate r = { 0 };
    size_t n = 0, used = 0;
    while (sqlite3_step(s) == SQLITE_ROW) {
        const void *leaf = sqlite3_column_text(s, 0);
        const size_t length = (size_t)sqlite3_column_bytes(s, 0);
        if (n == GATHER || length > sizeof bytes - used) {
            hash_spans(&r, bytes, lengths, n);
            n = used = 0;
        }
        memcpy(bytes + used, leaf, length);
        used += length;
        lengths[n++] = length;
        r.bytes += length;
    }
    hash_spans(&r, bytes, lengths, n);
    r.passed_s = r.processor_s;
    sqlite3_finalize(s);
    sqlite3_close(db);
    return r;
}

static void tell(const char *what, const struct rate *r)
{
    double events = (double)r->events;
    printf("%-8s %9llu %8.1f %8.2f %8.2f %12.0f %12.0f\n", what, (unsigned long long)r->events,
           (double)r->bytes / 1e6, r->passed_s, r->processor_s, events / r->passed_s,
           events / r->processor_s);
}

int main(int argc, char **argv)
{
    const bool there = argc > 1 && strchr(argv[1], '/');
    setvbuf(stdout, NULL, _IOLBF, 0);
    char folder[PATH];
    char path[PATH + 8];
    bench_folder(folder, sizeof folder, "verify");
    snprintf(path, sizeof path, "%s%s", there ? argv[1] : folder, there ? "" : "/db");
    if (!there) {
        people_make(path, 1);
        fill_ledger(path, (uint64_t)bench_number(argc > 1 ? argv[1] : NULL, 300000), 0);
    }
    (void)verify_measure(path); /* brings the file into memory */
    struct rate verify = verify_measure(path);
    struct rate hash = hash_measure(path);
    printf("%-8s %9s %8s %8s %8s %12s %12s\n", "", "events", "MB", "passed s", "cpu s", "events/s",
           "per core/s");
    tell("verify", &verify);
    tell("sha-256", &hash);
    line_add(&(struct line){ .part = "e",
                             .what = "verified, a second and core",
                             .figure = (double)verify.events / verify.processor_s,
                             .unit = "events",
                             .beside = "SHA-256 of the same leaves",
                             .limit = (double)hash.events / hash.processor_s,
                             .at_least = 300000 });
    line_add(&(struct line){ .part = "e",
                             .what = "verified, a second, two threads",
                             .figure = (double)verify.events / verify.passed_s,
                             .unit = "events" });
    return 0;
}
