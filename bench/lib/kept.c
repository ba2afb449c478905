#include "bench/lib/kept.h"

#include <stdio.h>

#include "bench/lib/people.h"
#include "bench/lib/server.h"

static void take(char *out, size_t size, struct str *rest)
{
    const struct str word = str_cut(rest, ' ');
    snprintf(out, size, "%.*s", STR(word));
}

void kept_read(struct kept *out, const char *path)
{
    char file[400], line[300];
    snprintf(file, sizeof file, "%s.kept", path);
    FILE *from = fopen(file, "r");
    if (!from)
        bench_die(file, NULL);
    out->n = 0;
    while (out->n < HISTORY_KEPT && fgets(line, sizeof line, from)) {
        struct history_order *o = &out->orders[out->n++];
        struct str rest = str_trim(str_z(line));
        take(o->order, sizeof o->order, &rest);
        take(o->coi, sizeof o->coi, &rest);
        take(o->pseudonym, sizeof o->pseudonym, &rest);
        take(o->family, sizeof o->family, &rest);
        take(o->given, sizeof o->given, &rest);
        take(o->number, sizeof o->number, &rest);
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
