/* Fuzzer of what scanners give: any bytes become at most IDENTITY_SYMBOLS_MAX symbols, whose values
 * keep their promises. Corpus: tests/corpus/scan. */
#include <stdlib.h>

#include "modules/identity/identity_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void promises_kept(const struct identity_symbol *s, struct arena *arena)
{
    struct err e = { 0 };
    struct str again;
    BUG_ON((s->kind == SYMBOL_UNKNOWN) != (s->structure == NULL));
    if (s->kind == SYMBOL_DIN) {
        BUG_ON(s->value.n != 15 || identity_din_check(s->value.p) == '\0');
        BUG_ON(identity_din_read(&again, s->value, arena, &e) != OK || !str_eq(again, s->value));
    }
    if (s->kind == SYMBOL_UNIT)
        BUG_ON(!identity_label_read(&again, s->value, arena) || !str_eq(again, s->value));
    if (s->kind == SYMBOL_COI)
        BUG_ON(!order_coi_valid(s->value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena *arena;
    if (!arena)
        arena = arena_new(1 << 20);
    arena_reset(arena);
    /* A copy of exactly this size, so that a read beyond its end is seen. */
    char *copy = malloc(size + (size == 0));
    BUG_ON(!copy);
    memcpy(copy, data, size);
    struct identity_symbol symbols[IDENTITY_SYMBOLS_MAX];
    size_t n = identity_symbols_read(symbols, (struct str){ copy, size }, arena);
    BUG_ON(n == 0 || n > IDENTITY_SYMBOLS_MAX);
    for (size_t i = 0; i < n; i++)
        promises_kept(&symbols[i], arena);
    struct str all = { copy, size };
    if (size < 300)
        BUG_ON(size > 0 && str_utf8_valid(all) && identity_name_is(all, S(""), S(""), arena));
    free(copy);
    return 0;
}
