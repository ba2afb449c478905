/* Queries. A query is a series of walks: for each rank and rule over ranges of tokens, below all
 * scopes of the actor at once, in the order of token and thing. A thing that a walk meets is judged
 * by all of its tokens (search_thing): it counts at the first of its tokens that the walk meets and
 * at its best rank alone, so that it stands in the answers once, on whatever page it comes. */
#include <stdlib.h>

#include "kernel/search_impl.h"

enum {
    RANK_EXACT,
    RANK_BEGINS,
    RANK_WORDS, /* and from here on, which word is walked over */
    RANKS = RANK_WORDS + SEARCH_WORDS_MAX,
    RANGES_MAX = SEARCH_IDENTIFIERS_MAX,
    FETCHED = 32,      /* rows of one scope at a time */
    COUNTED_MAX = 200, /* of the rows of a word */
};

/* Tokens from one to another, both with it. */
struct range {
    struct str from, last;
};
struct ranges {
    size_t n;
    struct range r[RANGES_MAX];
};

/* What of a rule was asked for. */
struct asked {
    struct ranges exact;
    struct ranges begins;
    struct ranges words[SEARCH_WORDS_MAX];
};

struct finder {
    struct db *db;
    const struct registry *registry;
    struct keyring *keys;
    const struct search_query *query;
    struct arena *arena;
    struct search_terms terms;
    struct search_hit *hits;
    size_t n;
    bool full; /* one more than was wanted was found, or enough was looked at */
    size_t looked;
    struct search_at at; /* the last that was judged */
};

/* One walk. */
struct walk {
    struct finder *f;
    int64_t rank;
    int64_t place; /* of the rule */
    const struct search_rule *rule;
    struct asked asked;
    size_t nscopes;
    struct str scopes[SEARCH_SCOPES_MAX];
};

/* --- ranges --- */

static void range_add(struct ranges *r, struct str from, bool begins, struct arena *arena)
{
    if (from.n == 0 || r->n == RANGES_MAX)
        return;
    r->r[r->n++] =
        (struct range){ from,
                        begins ? arena_printf(arena, "%.*s" SEARCH_LAST_START, STR(from)) : from };
}

static int by_first(const void *a, const void *b)
{
    return str_cmp(((const struct range *)a)->from, ((const struct range *)b)->from);
}

/* In order, and none within another: ranges of beginnings are apart or one in the other. */
static void ranges_order(struct ranges *r)
{
    size_t n = 0;
    qsort(r->r, r->n, sizeof r->r[0], by_first);
    for (size_t i = 0; i < r->n; i++)
        if (n == 0 || str_cmp(r->r[i].from, r->r[n - 1].last) > 0)
            r->r[n++] = r->r[i];
    r->n = n;
}

static bool within(const struct ranges *r, struct str token)
{
    for (size_t i = 0; i < r->n; i++)
        if (str_cmp(token, r->r[i].from) >= 0 && str_cmp(token, r->r[i].last) <= 0)
            return true;
    return false;
}

static void ask(struct asked *out, const struct finder *f, const struct search_rule *rule)
{
    const struct search_terms *t = &f->terms;
    *out = (struct asked){ 0 };
    for (size_t i = 0; i < t->nidentifiers; i++) {
        const struct str token =
            search_token(rule, f->keys, SEARCH_IDENTIFIER, t->identifiers[i], f->arena);
        range_add(&out->exact, token, false, f->arena);
        if (!rule->sealed)
            range_add(&out->begins, token, true, f->arena);
    }
    for (size_t i = 0; i < t->words.n; i++)
        for (size_t k = 0; k < t->words.nways[i]; k++) {
            const struct str word = t->words.ways[i][k];
            range_add(&out->words[i], search_token(rule, f->keys, SEARCH_WORD, word, f->arena),
                      !rule->sealed && word.n >= SEARCH_PREFIX_MIN, f->arena);
        }
    ranges_order(&out->exact);
    ranges_order(&out->begins);
    for (size_t i = 0; i < t->words.n; i++)
        ranges_order(&out->words[i]);
}

static const struct ranges *walked(const struct walk *w)
{
    return w->rank == RANK_EXACT    ? &w->asked.exact
           : w->rank == RANK_BEGINS ? &w->asked.begins
                                    : &w->asked.words[w->rank - RANK_WORDS];
}

/* --- judging a thing by its tokens --- */

static struct str first_within(const struct ranges *r, struct str tokens)
{
    while (tokens.n > 0) {
        const struct str token = search_next_of(&tokens);
        if (within(r, token))
            return token;
    }
    return (struct str){ 0 };
}

/* Its best rank; that of words is RANK_WORDS for whichever word. -1: none. */
static int64_t best(const struct walk *w, struct str tokens)
{
    if (first_within(&w->asked.exact, tokens).n > 0)
        return RANK_EXACT;
    if (first_within(&w->asked.begins, tokens).n > 0)
        return RANK_BEGINS;
    const size_t n = w->f->terms.words.n;
    for (size_t i = 0; i < n; i++)
        if (first_within(&w->asked.words[i], tokens).n == 0)
            return -1;
    return n > 0 ? RANK_WORDS : -1;
}

/* Absent when it is not in the index, or nowhere that the actor may find. */
static enum outcome thing_tokens(struct str *out, const struct walk *w, struct str thing,
                                 struct err *e)
{
    const struct search_thing_in in = { str_z(w->rule->name), thing };
    struct search_thing_out row;
    bool found;
    TRY(db_get(w->f->db, &sql_search_thing, &in, &row, w->f->arena, &found, e));
    bool here = false;
    for (struct str rest = found ? row.scopes : S(""); rest.n > 0 && !here;)
        here = str_among(search_next_of(&rest), w->scopes, w->nscopes);
    *out = here ? row.tokens : (struct str){ 0 };
    return OK;
}

static bool among_hits(const struct finder *f, const struct search_rule *rule, struct str thing)
{
    for (size_t i = 0; i < f->n; i++)
        if (str_eq(f->hits[i].thing, thing) && strcmp(f->hits[i].rule->kind, rule->kind) == 0)
            return true;
    return false;
}

static enum outcome judge(struct walk *w, struct str token, struct str thing, struct err *e)
{
    struct finder *f = w->f;
    const struct search_query *q = f->query;
    const struct search_hit hit = { w->rank, w->rule, thing };
    struct str tokens;
    bool may = false;
    f->looked++;
    TRY(thing_tokens(&tokens, w, thing, e));
    if (!str_eq(first_within(walked(w), tokens), token))
        return OK;
    const int64_t rank = best(w, tokens);
    if (rank == (w->rank > RANK_WORDS ? RANK_WORDS : w->rank) && !among_hits(f, w->rule, thing))
        TRY(q->may(q->context, &hit, &may, e));
    if (may && f->n == q->max) {
        f->full = true;
        return OK;
    }
    if (may)
        f->hits[f->n++] = hit;
    f->at = (struct search_at){ w->rank, w->place, thing };
    f->full = f->looked >= SEARCH_LOOKED_MAX;
    return OK;
}

/* --- walking --- */

static int by_place(const void *a, const void *b)
{
    const struct search_range_out *x = a, *y = b;
    const int c = str_cmp(x->token, y->token);
    return c != 0 ? c : str_cmp(x->thing, y->thing);
}

/* The next rows below all scopes, in order, each once; none that another scope could come before.
 */
static enum outcome fetch(struct search_range_out **out, size_t *n, const struct walk *w,
                          const struct search_range_out *behind, struct str last, bool *more,
                          struct err *e)
{
    struct search_range_out *rows =
        ARENA_ARRAY(w->f->arena, w->nscopes * FETCHED + 1, struct search_range_out);
    const struct search_range_out *bound = NULL;
    size_t got = 0;
    *more = false;
    if (!rows)
        return err_no_memory(e);
    for (size_t i = 0; i < w->nscopes; i++) {
        const struct search_range_in in = { .rule = str_z(w->rule->name),
                                            .scope = w->scopes[i],
                                            .token = behind->token,
                                            .thing = behind->thing,
                                            .last = last,
                                            .most = FETCHED };
        struct record_list list;
        TRY(db_list(w->f->db, &sql_search_range, &in, &list, FETCHED, w->f->arena, e));
        const struct search_range_out *one = list.p;
        for (size_t k = 0; k < list.n; k++)
            rows[got++] = one[k];
        if (list.n == FETCHED && (!bound || by_place(&one[list.n - 1], bound) < 0))
            bound = &one[list.n - 1];
        *more |= list.n == FETCHED;
    }
    qsort(rows, got, sizeof *rows, by_place);
    *n = 0;
    for (size_t i = 0; i < got && (!bound || by_place(&rows[i], bound) <= 0); i++)
        if (*n == 0 || by_place(&rows[i], &rows[*n - 1]) != 0)
            rows[(*n)++] = rows[i];
    *out = rows;
    return OK;
}

static enum outcome walk_range(struct walk *w, const struct range *r, struct search_range_out at,
                               struct err *e)
{
    bool more = true;
    while (more && !w->f->full) {
        struct search_range_out *rows;
        size_t n;
        TRY(fetch(&rows, &n, w, &at, r->last, &more, e));
        for (size_t i = 0; i < n && !w->f->full; i++)
            TRY(judge(w, rows[i].token, rows[i].thing, e));
        if (n > 0)
            at = rows[n - 1];
    }
    return OK;
}

/* From the beginning, or behind the thing that the page before ended with. */
static enum outcome walk_on(struct walk *w, struct str behind, struct err *e)
{
    const struct ranges *r = walked(w);
    struct search_range_out at = { 0 };
    struct str tokens;
    if (behind.n > 0) {
        TRY(thing_tokens(&tokens, w, behind, e));
        at = (struct search_range_out){ first_within(r, tokens), behind };
        if (at.token.n == 0)
            return REFUSE(e, "http.malformed_cursor", { "name", S("after") });
    }
    for (size_t i = 0; i < r->n && !w->f->full; i++) {
        const struct search_range_out first = { r->r[i].from, S("") };
        if (at.token.n > 0 && str_cmp(at.token, r->r[i].last) > 0)
            continue;
        TRY(walk_range(w, &r->r[i], by_place(&at, &first) > 0 ? at : first, e));
    }
    return OK;
}

/* The word that stands in the fewest rows. */
static enum outcome rarest(size_t *out, const struct walk *w, struct err *e)
{
    int64_t least = INT64_MAX;
    for (size_t i = 0; i < w->f->terms.words.n; i++) {
        int64_t n = 0;
        const struct ranges *r = &w->asked.words[i];
        for (size_t k = 0; k < r->n * w->nscopes && n < least; k++) {
            const struct range *one = &r->r[k / w->nscopes];
            const struct search_count_in in = { str_z(w->rule->name), w->scopes[k % w->nscopes],
                                                one->from, one->last, COUNTED_MAX };
            struct search_count_out row;
            bool found;
            TRY(db_get(w->f->db, &sql_search_count, &in, &row, w->f->arena, &found, e));
            n += row.n;
        }
        if (n < least) {
            least = n;
            *out = i;
        }
    }
    return OK;
}

/* --- whose rows --- */

static void scope_add(struct walk *w, struct str scope)
{
    if (scope.n > 0 && w->nscopes < SEARCH_SCOPES_MAX && !str_among(scope, w->scopes, w->nscopes))
        w->scopes[w->nscopes++] = scope;
}

/* Those where the actor holds the rule's permission; none where they cannot open its page. */
static void scopes_of(struct walk *w, const struct actor *actor)
{
    bool page = w->rule->page == NULL;
    w->nscopes = 0;
    for (size_t i = 0; i < actor->ngrants; i++) {
        const struct grant *g = &actor->grants[i];
        page |= w->rule->page && str_is(g->permission, w->rule->page);
        if (!str_is(g->permission, w->rule->permission))
            continue;
        scope_add(w, SEARCH_ANYWHERE);
        scope_add(w, g->site.p ? g->site : g->organisation);
    }
    if (!page)
        w->nscopes = 0;
}

/* --- all of it --- */

static int64_t group_of(int64_t rank)
{
    return rank < RANK_WORDS ? rank : RANK_WORDS;
}

static enum outcome walk_rule(struct finder *f, int64_t group, size_t place,
                              const struct search_rule *rule, struct err *e)
{
    const struct search_at *after = &f->query->after;
    struct walk w = { .f = f, .rank = group, .place = (int64_t)place, .rule = rule };
    const bool goes_on =
        after->rank >= 0 && group_of(after->rank) == group && after->rule == (int64_t)place;
    scopes_of(&w, f->query->actor);
    if (w.nscopes == 0 || (group == RANK_WORDS && f->terms.words.n == 0))
        return OK;
    ask(&w.asked, f, rule);
    if (arena_exhausted(f->arena))
        return err_no_memory(e);
    size_t word = 0;
    if (group == RANK_WORDS && !goes_on)
        TRY(rarest(&word, &w, e));
    w.rank = goes_on ? after->rank : group + (int64_t)word;
    return walk_on(&w, goes_on ? after->thing : (struct str){ 0 }, e);
}

static enum outcome find(struct finder *f, struct err *e)
{
    const struct search_at *after = &f->query->after;
    const struct search_rule *rule;
    const int64_t words = (int64_t)f->terms.words.n;
    if (after->rank >= RANKS || (after->rank >= RANK_WORDS && after->rank - RANK_WORDS >= words))
        return REFUSE(e, "http.malformed_cursor", { "name", S("after") });
    for (int64_t group = RANK_EXACT; group <= RANK_WORDS; group++)
        for (size_t i = 0; !f->full && search_rule_at(f->registry, i, &rule); i++) {
            const bool before =
                after->rank >= 0 && (group < group_of(after->rank) ||
                                     (group == group_of(after->rank) && (int64_t)i < after->rule));
            if (!before)
                TRY(walk_rule(f, group, i, rule, e));
        }
    return OK;
}

enum outcome search_find(struct search_answer *out, struct db *db, const struct registry *registry,
                         struct keyring *keys, const struct search_query *query,
                         struct arena *arena, struct err *e)
{
    struct finder f = {
        .db = db,
        .registry = registry,
        .keys = keys,
        .query = query,
        .arena = arena,
        .hits = ARENA_ARRAY(arena, SEARCH_PAGE, struct search_hit),
    };
    BUG_ON(query->max == 0 || query->max > SEARCH_PAGE);
    if (!f.hits)
        return err_no_memory(e);
    TRY(search_terms_read(&f.terms, query->text, registry, arena, e));
    if (f.terms.nidentifiers + f.terms.words.n > 0)
        TRY(find(&f, e));
    *out = (struct search_answer){ f.hits, f.n, f.full, f.at };
    return OK;
}
