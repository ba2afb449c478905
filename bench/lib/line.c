#include "bench/lib/line.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/lib/people.h"

static void member(FILE *to, const char *name, double value)
{
    if (value != 0)
        fprintf(to, ",\"%s\":%.6g", name, value);
}

void line_add(const struct line *line)
{
    const char *path = getenv("VEIN_BENCH_LINES");
    printf("%s  %-58s %12.5g %s", line->part, line->what, line->figure, line->unit);
    if (line->beside)
        printf("; %s: %.5g, ratio %.3g", line->beside, line->limit, line->figure / line->limit);
    printf("\n");
    if (!path)
        return;
    FILE *to = fopen(path, "a");
    if (!to)
        bench_die(path, NULL);
    fprintf(to, "{\"part\":\"%s\",\"what\":\"%s\",\"figure\":%.6g,\"unit\":\"%s\"", line->part,
            line->what, line->figure, line->unit);
    if (line->beside)
        fprintf(to, ",\"beside\":\"%s\"", line->beside);
    member(to, "limit", line->beside ? line->limit : 0);
    member(to, "at_least", line->at_least);
    member(to, "at_most", line->at_most);
    member(to, "ratio_at_least", line->ratio_at_least);
    member(to, "ratio_at_most", line->ratio_at_most);
    fprintf(to, "}\n");
    if (fclose(to) != 0)
        bench_die(path, NULL);
}
