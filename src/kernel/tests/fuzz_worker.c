/* Fuzzes what the parent takes from a child's socket: heads, lengths, refusals and faults, in
 * pieces of any size. The first byte says how the rest is cut. Whatever comes, no more is kept than
 * the row allows, and what is called whole is whole. */
#include <stdlib.h>

#include "kernel/worker_impl.h"

static const char *const refusals[] = { "print.too_long", "print.malformed", NULL };
static const struct worker_kind kind = {
    .name = "fuzz",
    .out_max = 4096,
    .refusals = refusals,
};

static void check_error(const struct worker_reader *r)
{
    struct err e = { 0 };
    const enum outcome o = worker_reader_error(r, &kind, &e);
    BUG_ON((o == OK) != (r->frame.kind == WORKER_RESULT));
    if (o == REFUSED)
        BUG_ON(strcmp(e.code, refusals[0]) != 0 && strcmp(e.code, refusals[1]) != 0);
    for (const char *p = e.detail; *p; p++)
        BUG_ON(*p < ' ' || *p > '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n == 0)
        return 0;
    const size_t piece = 1 + data[0] % 64;
    struct worker_reader r;
    worker_reader_begin(&r);
    enum worker_read got = WORKER_READ_MORE;
    for (size_t at = 1; at < n && got == WORKER_READ_MORE; at += piece)
        got = worker_reader_feed(&r, &kind, 1, data + at, n - at < piece ? n - at : piece);
    BUG_ON(r.body.n > kind.out_max || r.body.capacity > kind.out_max);
    if (got == WORKER_READ_DONE) {
        BUG_ON(r.frame.job != 1 || r.body.n != r.frame.length);
        check_error(&r);
    }
    worker_reader_end(&r);
    return 0;
}
