/* Fuzzes what the print worker decodes. What is taken keeps every bound that drawing rests on, and
 * the page of it is well escaped: no tag but our own. */
#include <stdlib.h>

#include "kernel/print.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct arena *arena = arena_new(32 << 20);
    struct print_document d;
    struct err e = { 0 };
    if (arena && n < 65536 &&
        print_decode(&d, (struct str){ (const char *)data, n }, arena, &e) == OK) {
        struct buf b = buf_in(arena, 8 << 20);
        struct page p = { .b = &b, .language = S("en") };
        for (size_t i = 0; i < d.blocks.n; i++) {
            const struct print_block *block = &d.blocks.p[i];
            BUG_ON(block->columns.n > 24 || (block->rows.n > 0 && block->columns.n == 0));
            for (size_t r = 0; r < block->rows.n; r++)
                BUG_ON(block->rows.p[r].cells.n != block->columns.n);
            if (str_is(block->kind, "heading"))
                BUG_ON(block->level < 1 || block->level > 3);
        }
        print_html(&p, &d);
        struct buf again = buf_in(arena, 8 << 20);
        BUG_ON(buf_ok(&b) && print_encode(&again, &d, &e) != OK);
    }
    arena_free(arena);
    return 0;
}
