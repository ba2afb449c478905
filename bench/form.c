/* How many forms a second are filled in (checked, computed, kept as a record) and rendered, on one
 * core: a small one, one with rows and formulas over them, and the largest there may be.
 *
 *   bench_form [SECONDS]    1 second a row */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "kernel/form.h"

extern const struct text_row text_rows[];
extern const size_t text_rows_count;

enum { ARENA = 64 << 20, HTML_MAX = 4 << 20, PAIRS_MAX = 400, SOURCE_MAX = 200 << 10 };

static struct arena *kept; /* what outlives a run */
static struct record_pair pairs[PAIRS_MAX];
static size_t npairs;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void enter(const char *name, size_t row, const char *value)
{
    pairs[npairs].name = row > 0 ? arena_printf(kept, "%s.%zu", name, row) : str_z(name);
    pairs[npairs++].value = str_z(value);
}

static void field(struct buf *b, const char *name, const char *rest)
{
    buf_printf(b, "%s{\"name\":\"%s\",\"label\":\"%s\",%s}", b->p[b->n - 1] == '[' ? "" : ",", name,
               name, rest);
}

#define QUANTITY                                                                                   \
    "\"type\":\"quantity\",\"unit\":\"mL\",\"required\":true,\"min\":\"0\",\"high\":\"90\""
#define COMPUTED(f) "\"type\":\"computed\",\"unit\":\"mL\",\"digits\":1,\"formula\":\"" f "\""

/* Five fields, one of them computed. */
static void small(struct buf *b)
{
    buf_z(b, "{\"fields\":[");
    field(b, "a", QUANTITY);
    field(b, "b", QUANTITY);
    field(b, "c", COMPUTED("a * b / 100"));
    field(b, "d", "\"type\":\"text\"");
    field(b, "e", "\"type\":\"bool\"");
    buf_z(b, "]}");
    enter("a", 0, "12.5");
    enter("b", 0, "0.075 L");
    enter("d", 0, "nothing seen");
    enter("e", 0, "true");
}

/* Eight bags of three fields, one of them computed, and three totals. */
static void bags(struct buf *b)
{
    buf_z(b, "{\"fields\":[");
    field(b, "total", COMPUTED("sum(volume)"));
    field(b, "average", COMPUTED("mean(volume)"));
    field(b, "doses", COMPUTED("sum(dose)"));
    buf_z(
        b,
        "],\"sections\":[{\"name\":\"s\",\"title\":\"Bags\",\"repeat\":{\"max\":8},\"table\":true,"
        "\"fields\":[");
    field(b, "volume", QUANTITY);
    field(b, "cells", QUANTITY);
    field(b, "dose", COMPUTED("volume * cells"));
    buf_z(b, "]}]}");
    for (size_t row = 1; row <= 8; row++) {
        enter("volume", row, "35.5");
        enter("cells", row, "20.25");
    }
}

/* 400 fields: what a form and a record may have at most. */
static void largest(struct buf *b)
{
    buf_z(b, "{\"fields\":[");
    for (int i = 0; i < FORM_FIELDS_MAX; i++) {
        struct str name = arena_printf(kept, "f%d", i);
        field(b, name.p, QUANTITY);
        enter(name.p, 0, "12.5");
    }
    buf_z(b, "]}");
}

static void bench(const char *title, void (*write)(struct buf *), double seconds)
{
    struct buf b = buf_in(kept, SOURCE_MAX);
    const struct json *json;
    struct form form;
    struct err e = { 0 };
    struct form_filled filled;
    npairs = 0;
    write(&b);
    if (json_read(&json, kept, buf_get(&b), &json_limits_default, &e) != OK ||
        record_from_json(&form_record, &form, kept, json, &e) != OK) {
        fprintf(stderr, "bench_form: %s: %s\n", title, e.code);
        exit(1);
    }
    const struct definition d = { .kind = S("form"), .name = S("f"), .version = 1, .body = &form };
    const struct form_filling in = { .form = &d, .inputs = pairs, .ninputs = npairs };
    struct arena *a = arena_new(ARENA);
    double from = now();
    size_t fills = 0, renders = 0, bytes = 0;
    for (; now() - from < seconds; fills++) {
        arena_reset(a);
        if (form_fill(&filled, &in, a, &e) != OK) {
            fprintf(stderr, "bench_form: %s: %s\n", title, e.code);
            exit(1);
        }
    }
    double fill_s = now() - from;
    from = now();
    for (; now() - from < seconds; renders++) {
        arena_reset(a);
        struct buf html = buf_in(a, HTML_MAX);
        struct page p = { .b = &html, .language = S("en") };
        form_render(&p, &in, NULL, 0, a);
        bytes = html.n;
    }
    printf("%-28s %10.0f %10.0f %10zu\n", title, (double)fills / fill_s,
           (double)renders / (now() - from), bytes);
    arena_free(a);
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? (double)strtol(argv[1], NULL, 10) : 1;
    text_use(text_rows, text_rows_count);
    kept = arena_new(ARENA);
    if (!kept)
        return 1;
    printf("%-28s %10s %10s %10s\n", "form", "fill/s", "render/s", "bytes");
    bench("5 fields, 1 computed", small, seconds);
    bench("8 bags, 11 computed", bags, seconds);
    bench("400 fields", largest, seconds);
    arena_free(kept);
    return 0;
}
