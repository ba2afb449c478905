/* bench_print [ROWS]   pages a second of the print worker, its memory, and how long a job waits for
 * a fresh child. One document of ROWS rows (10,000) with a strip, and one of a page. */
#include <stdio.h>
#include <stdlib.h>

#include "kernel/print.h"
#include "kernel/text.h"

extern const struct text_row text_rows[];
extern const size_t text_rows_count;

static struct workers *pool;

static const struct print_document *document(struct arena *arena, int64_t rows)
{
    static const struct print_column columns[] = { { S("Reading"), INT_NONE, false, true },
                                                   { S("Time"), INT_NONE, false, false },
                                                   { S("Celsius"), INT_NONE, true, false },
                                                   { S("Remark"), INT_NONE, false, false } };
    struct err e = { 0 };
    struct print_document head;
    const struct print_document *d = NULL;
    record_clear(&print_document_record, &head);
    head.title = S("Readings of a shipment");
    head.language = S("en");
    head.date = 0;
    head.paging = S("Page {n} of {m}");
    struct print *p = print_new(arena, &head);
    print_identity(p, S("Shipment"), S("SH-2026-0042"), true);
    print_text(p, S("What the logger read, from packing to receipt."));
    print_table(p, S("Readings"), columns, 4);
    for (int64_t i = 0; i < rows; i++)
        print_row(p, NULL,
                  (const struct str[]){ arena_printf(arena, "r%05lld", (long long)i),
                                        S("22 Nov 2026, 09:30 UTC"), S("-151.2"),
                                        S("within its limits") });
    if (print_done(&d, p, &e) != OK)
        fprintf(stderr, "bench_print: %s\n", e.code);
    return d;
}

/* Seconds; the PDF in *pdf. */
static double once(int64_t rows, struct bytes *pdf, struct worker_result *result,
                   struct arena *arena)
{
    struct err e = { 0 };
    arena_reset(arena);
    const struct print_document *d = document(arena, rows);
    struct buf b = buf_in(arena, PRINT_IN_MAX);
    const int64_t began = env_mono(&env_system);
    enum outcome o = d ? print_encode(&b, d, &e) : FAULT;
    const struct str text = buf_get(&b);
    if (o == OK)
        o = workers_run(pool, "print", (struct bytes){ (const uint8_t *)text.p, text.n }, pdf,
                        result, arena, &e);
    if (o != OK) {
        fprintf(stderr, "bench_print: %s %s\n", e.code, e.detail);
        exit(1);
    }
    return (double)(env_mono(&env_system) - began) / 1e6;
}

/* "/Count N" of the page tree's root, the largest. */
static long pages_of(struct bytes pdf)
{
    long most = 0;
    for (size_t i = 0; i + 8 < pdf.n; i++)
        if (memcmp(pdf.p + i, "/Count ", 7) == 0) {
            const long n = strtol((const char *)pdf.p + i + 7, NULL, 10);
            most = n > most ? n : most;
        }
    return most;
}

int main(int argc, char **argv)
{
    static const struct worker_kind *const kinds[] = { &print_kind };
    const struct workers_options options = { .env = &env_system, .kinds = kinds, .nkinds = 1 };
    struct arena *arena = arena_new((size_t)512 << 20);
    struct err e = { 0 };
    struct bytes pdf;
    struct worker_result result;
    int64_t rows = 10000;
    text_use(text_rows, text_rows_count);
    if (!arena || (argc > 1 && !str_to_u63(&rows, str_z(argv[1]))) ||
        workers_open(&pool, &options, &e) != OK)
        return 1;
    printf("first page, child started: %.0f ms\n", 1e3 * once(1, &pdf, &result, arena));
    double best = 1e9;
    for (int i = 0; i < 10; i++) {
        const double s = once(1, &pdf, &result, arena);
        best = s < best ? s : best;
    }
    printf("one page, child running: %.1f ms (best of 10)\n", 1e3 * best);
    printf("its memory: %.0f MiB\n", (double)result.memory_peak / (1 << 20));
    const double s = once(rows, &pdf, &result, arena);
    const long pages = pages_of(pdf);
    printf("%lld rows: %ld pages in %.2f s, %.0f pages/s, %.1f MiB of PDF, %.0f MiB of memory\n",
           (long long)rows, pages, s, (double)pages / s, (double)pdf.n / (1 << 20),
           (double)result.memory_peak / (1 << 20));
    workers_close(pool);
    arena_free(arena);
    return 0;
}
