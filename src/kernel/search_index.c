/* The rows of one thing: as its rule says it now, in place of those before. */
#include <stdlib.h>

#include "base/fold.h"
#include "kernel/search_impl.h"

enum { LIST_MAX = 64 << 10 };

struct search_entry_impl {
    const struct search_rule *rule;
    size_t nscopes;
    struct str scopes[SEARCH_SCOPES_MAX];
    size_t ntokens;
    struct str tokens[SEARCH_TOKENS_MAX];
};

/* --- what the rule says --- */

static void say(struct str *list, size_t *n, size_t max, struct str text)
{
    if (text.n > 0 && *n < max && !str_among(text, list, *n))
        list[(*n)++] = text;
}

static void scope(struct search_entry *x, struct str id)
{
    say(x->impl->scopes, &x->impl->nscopes, SEARCH_SCOPES_MAX, arena_str(x->arena, id));
}

void search_scope(struct search_entry *x, struct str organisation, struct str site)
{
    scope(x, organisation);
    scope(x, site);
}

void search_everywhere(struct search_entry *x)
{
    scope(x, SEARCH_ANYWHERE);
}

static void token(struct search_entry *x, enum search_class class, struct str folded)
{
    if (folded.n > 0)
        say(x->impl->tokens, &x->impl->ntokens, SEARCH_TOKENS_MAX,
            search_token(x->impl->rule, x->keys, class, folded, x->arena));
}

void search_identifier(struct search_entry *x, struct str text)
{
    token(x, SEARCH_IDENTIFIER, search_folded(text, 0, x->arena));
}

static void word(struct search_entry *x, struct str text)
{
    struct str ways[SEARCH_WAYS];
    const size_t n = search_ways(ways, text, x->arena);
    for (size_t i = 0; i < n; i++)
        token(x, SEARCH_WORD, ways[i]);
}

void search_words(struct search_entry *x, struct str text)
{
    struct str rest = text;
    for (struct str one; (one = fold_word(&rest)).p;)
        word(x, one);
    word(x, text);
}

/* --- its rows --- */

static int by_bytes(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static struct str joined(struct str *list, size_t n, struct arena *arena)
{
    struct buf b = buf_in(arena, LIST_MAX);
    qsort(list, n, sizeof *list, by_bytes);
    for (size_t i = 0; i < n; i++) {
        buf_z(&b, i > 0 ? " " : "");
        buf_str(&b, list[i]);
    }
    return buf_ok(&b) ? buf_get(&b) : (struct str){ 0 };
}

/* Each token below each scope, added or dropped: the parameters of both are the same. */
static enum outcome each(struct db *db, const struct sql *q, struct search_token_add_in row,
                         struct str scopes, struct str tokens, struct err *e)
{
    for (struct str rest = scopes; rest.n > 0;) {
        row.scope = search_next_of(&rest);
        for (struct str left = tokens; left.n > 0;) {
            row.token = search_next_of(&left);
            TRY(db_run(db, q, &row, NULL, e));
        }
    }
    return OK;
}

enum outcome search_refresh(struct db *db, struct keyring *keys, const struct search_rule *rule,
                            struct str id, struct arena *arena, struct err *e)
{
    const struct search_thing_in key = { str_z(rule->name), id };
    const struct search_token_add_in row = { .rule = key.rule, .thing = id };
    struct search_thing_out old;
    struct search_entry x = { db, keys, arena, ARENA_NEW(arena, struct search_entry_impl) };
    bool found;
    if (!x.impl)
        return err_no_memory(e);
    if (id.n == 0 || id.n > SEARCH_THING_MAX)
        return OK;
    x.impl->rule = rule;
    TRY(rule->read(&x, id, e));
    TRY(db_get(db, &sql_search_thing, &key, &old, arena, &found, e));
    const bool stands = x.impl->nscopes > 0 && x.impl->ntokens > 0;
    const struct search_thing_set_in new = {
        .rule = key.rule,
        .thing = id,
        .scopes = joined(x.impl->scopes, x.impl->nscopes, arena),
        .tokens = joined(x.impl->tokens, x.impl->ntokens, arena),
    };
    if (arena_exhausted(arena) || !new.scopes.p || !new.tokens.p)
        return err_no_memory(e);
    if (found && stands && str_eq(old.scopes, new.scopes) && str_eq(old.tokens, new.tokens))
        return OK;
    if (found)
        TRY(each(db, &sql_search_token_drop, row, old.scopes, old.tokens, e));
    if (stands) {
        TRY(each(db, &sql_search_token_add, row, new.scopes, new.tokens, e));
        return db_run(db, &sql_search_thing_set, &new, NULL, e);
    }
    return found ? db_run(db, &sql_search_thing_drop, &key, NULL, e) : OK;
}
