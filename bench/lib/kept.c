#include "bench/lib/kept.h"

#include <stdio.h>

#include "bench/lib/people.h"
#include "bench/lib/server.h"

void kept_read(struct kept *out, const char *path)
{
    char file[400];
    snprintf(file, sizeof file, "%s.kept", path);
    FILE *from = fopen(file, "r");
    if (!from)
        bench_die(file, NULL);
    for (out->n = 0; out->n < HISTORY_KEPT; out->n++) {
        struct history_order *o = &out->orders[out->n];
        if (fscanf(from, "%36s %39s %15s %39s %39s %39s", o->order, o->coi, o->pseudonym, o->family,
                   o->given, o->number) != 6)
            break;
    }
    fclose(from);
    if (out->n == 0)
        bench_die("no live orders", NULL);
}

void kept_make(const char *path, uint64_t orders)
{
    char number[24];
    snprintf(number, sizeof number, "%llu", (unsigned long long)orders);
    const char *const words[] = { "build/gcc/bench_orders", number, path, NULL };
    server_run(words);
}
