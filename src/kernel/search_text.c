/* Texts as tokens: what a thing is found by, and what was asked for. */
#include "base/fold.h"
#include "kernel/search_impl.h"

struct str search_folded(struct str text, unsigned flags, struct arena *arena)
{
    struct buf b = buf_in(arena, text.n + 1);
    fold_text(&b, text, FOLD_DIGITS | flags);
    return buf_ok(&b) ? buf_get(&b) : S("");
}

size_t search_ways(struct str out[SEARCH_WAYS], struct str word, struct arena *arena)
{
    out[0] = search_folded(word, 0, arena);
    out[1] = search_folded(word, FOLD_TWO, arena);
    if (out[0].n == 0)
        return 0;
    return str_eq(out[0], out[1]) ? 1 : 2;
}

/* Of a sealed rule a digest, of which the rule is a part: the same name in two rules is not seen to
 * be the same. */
struct str search_token(const struct search_rule *rule, struct keyring *keys,
                        enum search_class class, struct str folded, struct arena *arena)
{
    struct buf b = buf_in(arena, folded.n + SEARCH_TEXT_MAX);
    if (rule->sealed) {
        buf_z(&b, rule->name);
        buf_char(&b, '\0');
        buf_char(&b, (char)class);
        buf_str(&b, folded);
        const struct hash keyed = keyring_digest(keys, "search", buf_get(&b));
        buf_cut(&b, 0);
        buf_char(&b, (char)class);
        buf_base64(&b, keyed.b, SEARCH_KEYED);
        buf_cut(&b, 1 + (SEARCH_KEYED * 4 + 2) / 3); /* without its padding */
    } else {
        buf_char(&b, (char)class);
        buf_str(&b, folded);
    }
    return buf_ok(&b) ? buf_get(&b) : (struct str){ 0 };
}

struct str search_next_of(struct str *list)
{
    return str_cut(list, ' ');
}

bool search_rule_at(const struct registry *registry, size_t place, const struct search_rule **out)
{
    size_t n;
    const struct module *const *modules = registry_modules(registry, &n);
    for (size_t m = n; m > 0; m--) {
        if (place < modules[m - 1]->nsearches) {
            *out = &modules[m - 1]->searches[place];
            return true;
        }
        place -= modules[m - 1]->nsearches;
    }
    return false;
}

bool search_waits_for(const struct registry *registry, struct str type)
{
    const struct search_rule *rule;
    for (size_t i = 0; search_rule_at(registry, i, &rule); i++)
        for (const char *const *name = rule->when; *name; name++)
            if (str_is(type, *name))
                return true;
    return false;
}

/* --- what was asked for --- */

static void identifier(struct search_terms *t, struct str text, struct arena *arena)
{
    const struct str folded = search_folded(text, 0, arena);
    if (folded.n == 0 || str_among(folded, t->identifiers, t->nidentifiers) ||
        t->nidentifiers == SEARCH_IDENTIFIERS_MAX)
        return;
    t->identifiers[t->nidentifiers++] = folded;
}

enum outcome search_terms_read(struct search_terms *out, struct str text,
                               const struct registry *registry, struct arena *arena, struct err *e)
{
    const struct search_rule *rule;
    struct str scanned[SEARCH_IDENTIFIERS_MAX];
    *out = (struct search_terms){ 0 };
    text = str_trim(text);
    if (text.n > SEARCH_TEXT_MAX)
        return REFUSE(e, "search.too_long", { "max", S("200") });
    if (!str_utf8_valid(text))
        return REFUSE(e, "search.malformed");
    for (size_t i = 0; search_rule_at(registry, i, &rule); i++) {
        const size_t n = rule->scan ? rule->scan(scanned, SEARCH_IDENTIFIERS_MAX, text, arena) : 0;
        for (size_t k = 0; k < n; k++)
            if (str_utf8_valid(scanned[k]))
                identifier(out, scanned[k], arena);
    }
    identifier(out, text, arena);
    struct search_words *w = &out->words;
    for (struct str rest = text, word; w->n < SEARCH_WORDS_MAX && (word = fold_word(&rest)).p;) {
        w->nways[w->n] = search_ways(w->ways[w->n], word, arena);
        w->n += w->nways[w->n] > 0;
    }
    return arena_exhausted(arena) ? err_no_memory(e) : OK;
}
