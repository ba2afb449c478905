/* Fuzzer of what is searched for: any bytes are refused or become identifiers and words that can
 * stand in the index, and folding twice is folding once. Corpus: tests/corpus/search. */
#include <stdlib.h>

#include "kernel/search_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t scan(struct str *out, size_t max, struct str text, struct arena *arena)
{
    (void)arena;
    for (size_t i = 0; i < max; i++)
        out[i] = str_from(text, i);
    return max;
}

static const char *const when[] = { NULL };
static const struct search_rule rules[] = { { .name = "trial", .when = when, .scan = scan } };
static const struct module trial = { .name = "trial", .searches = rules, .nsearches = 1 };
static const struct module *const modules[] = { &trial };

static void promises_kept(struct str token, size_t size, struct arena *arena)
{
    BUG_ON(token.n == 0 || token.n > size || !str_utf8_valid(token));
    BUG_ON(str_find(token, ' ') < token.n);
    BUG_ON(!str_eq(search_folded(token, 0, arena), token));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena *arena;
    static struct registry *registry;
    struct err e = { 0 };
    if (!arena) {
        arena = arena_new(1 << 20);
        BUG_ON(registry_new(&registry, modules, 1, &e) != OK);
    }
    arena_reset(arena);
    /* A copy of exactly this size, so that a read beyond its end is seen. */
    char *copy = malloc(size + (size == 0));
    BUG_ON(!copy);
    memcpy(copy, data, size);
    struct search_terms terms;
    const struct str text = { copy, size };
    const enum outcome o = search_terms_read(&terms, text, registry, arena, &e);
    BUG_ON(o == FAULT);
    BUG_ON(o == OK && size <= SEARCH_TEXT_MAX && !str_utf8_valid(str_trim(text)));
    for (size_t i = 0; o == OK && i < terms.nidentifiers; i++)
        promises_kept(terms.identifiers[i], size, arena);
    for (size_t i = 0; o == OK && i < terms.words.n; i++) {
        BUG_ON(terms.words.nways[i] == 0 || terms.words.nways[i] > SEARCH_WAYS);
        for (size_t k = 0; k < terms.words.nways[i]; k++)
            promises_kept(terms.words.ways[i][k], size, arena);
    }
    free(copy);
    return 0;
}
