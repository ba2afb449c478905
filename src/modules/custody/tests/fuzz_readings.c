/* Fuzzer of loggers' tables: any bytes are refused, or become readings in the order of time that
 * come back from their compact form as they were. The first byte says which zone the table's times
 * are of. Corpus: tests/corpus/readings. */
#include <stdlib.h>

#include "modules/custody/readings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void promises_kept(const struct custody_readings *r, struct arena *arena)
{
    static const struct custody_range range = { 10000, 100000, 20000, 80000, TIME_HOUR };
    struct custody_readings again;
    struct custody_judged_time t;
    struct err e = { 0 };
    struct buf b = buf_in(arena, 1 << 20);
    BUG_ON(r->n == 0 || r->n > CUSTODY_READINGS_MAX);
    for (size_t i = 1; i < r->n; i++)
        BUG_ON(r->p[i].at <= r->p[i - 1].at || r->p[i].at % TIME_SECOND != 0);
    custody_readings_write(&b, r);
    BUG_ON(!buf_ok(&b));
    BUG_ON(custody_readings_expand(&again, r->p[0].at, buf_get(&b), arena, &e) != OK);
    BUG_ON(again.n != r->n || memcmp(again.p, r->p, r->n * sizeof *r->p) != 0);
    const int64_t since = r->p[0].at;
    custody_judge(&t, r, &range, since, r->p[r->n - 1].at);
    BUG_ON(t.n == 0 || t.coldest > t.warmest);
    BUG_ON(t.below_us + t.above_us + t.alert_us + t.missing_us > r->p[r->n - 1].at - since);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const zones[] = { "", "Europe/Berlin", "UTC", "Asia/Kathmandu" };
    static struct arena *arena;
    if (!arena)
        arena = arena_new(8 << 20);
    arena_reset(arena);
    if (size == 0)
        return 0;
    char *copy = malloc(size); /* of exactly this size, so that a read beyond its end is seen */
    BUG_ON(!copy);
    memcpy(copy, data + 1, size - 1);
    struct custody_readings out;
    struct err e = { 0 };
    const enum outcome o = custody_table_read(&out, (struct str){ copy, size - 1 },
                                              str_z(zones[data[0] % 4]), arena, &e);
    BUG_ON(o == FAULT);
    if (o == OK)
        promises_kept(&out, arena);
    free(copy);
    return 0;
}
