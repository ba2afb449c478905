/* Inside search: tokens, and the rows of one thing. */
#ifndef VEIN_KERNEL_SEARCH_IMPL_H
#define VEIN_KERNEL_SEARCH_IMPL_H

#include "gen/kernel/search.sql.h"
#include "kernel/search.h"

enum search_class { SEARCH_IDENTIFIER = 'i', SEARCH_WORD = 'w' };

enum {
    SEARCH_WAYS = 2,       /* of spelling a word: ü as u, and as ue */
    SEARCH_KEYED = 16,     /* bytes of a keyed digest that are kept */
    SEARCH_PREFIX_MIN = 2, /* bytes of a word that is found by its beginning */
};
#define SEARCH_ANYWHERE   S("*")
#define SEARCH_LAST_START "\xF4\x8F\xBF\xBF" /* behind every text that begins so: U+10FFFF */

/* A folded text as it stands in the index. */
struct str search_token(const struct search_rule *rule, struct keyring *keys,
                        enum search_class class, struct str folded, struct arena *arena);
/* Folded, digits kept; `flags` of fold_text besides. The text is valid UTF-8. */
struct str search_folded(struct str text, unsigned flags, struct arena *arena);
/* A word in each way of spelling it; how many. None for what folds to nothing. */
size_t search_ways(struct str out[SEARCH_WAYS], struct str word, struct arena *arena);

/* All rules: those of later modules, which know more of the field, first. False: the place is
 * beyond the last. */
bool search_rule_at(const struct registry *registry, size_t place, const struct search_rule **out);

/* Whether a text is one of a list that is parted by blanks; the next of one. */
struct str search_next_of(struct str *list);

/* What was asked for. */
struct search_words {
    size_t n;
    size_t nways[SEARCH_WORDS_MAX];
    struct str ways[SEARCH_WORDS_MAX][SEARCH_WAYS];
};
struct search_terms {
    size_t nidentifiers;
    struct str identifiers[SEARCH_IDENTIFIERS_MAX]; /* folded */
    struct search_words words;
};
/* REFUSED "search.too_long" {max}, "search.malformed". */
enum outcome search_terms_read(struct search_terms *out, struct str text,
                               const struct registry *registry, struct arena *arena, struct err *e);

/* Whether any rule waits for events of this name. */
bool search_waits_for(const struct registry *registry, struct str type);

#endif
