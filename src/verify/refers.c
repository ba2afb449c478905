/* The bytes of what was signed, looked up once the whole log was read. */
#include "verify/refers.h"

#include <stdio.h>
#include <stdlib.h>

enum { REFERS_FIRST = 1024 };

static bool add(struct verify_refers *refers, const struct verify_refer *refer)
{
    if (refers->n == refers->capacity) {
        const size_t capacity = refers->capacity ? 2 * refers->capacity : REFERS_FIRST;
        struct verify_refer *p = realloc(refers->p, capacity * sizeof *p);
        if (!p)
            return false;
        refers->p = p;
        refers->capacity = capacity;
    }
    refers->p[refers->n++] = *refer;
    return true;
}

bool verify_refers_add(struct verify_refers *refers, uint64_t from, const struct verify_signed *s)
{
    const struct verify_refer signs = { from, s->at, s->refers_to, false };
    const struct verify_refer enrolled = { from, s->enrolled_at, s->token_of, true };
    return (!s->refers || add(refers, &signs)) && (!s->token || add(refers, &enrolled));
}

void verify_refers_free(struct verify_refers *refers)
{
    free(refers->p);
    *refers = (struct verify_refers){ 0 };
}

static int by_place(const void *a, const void *b)
{
    const struct verify_refer *x = a, *y = b;
    return x->at != y->at ? (x->at > y->at) - (x->at < y->at)
                          : (x->from > y->from) - (x->from < y->from);
}

static bool holds(struct verify_scanner *s, const struct verify_refer *refer,
                  verify_leaf_at_fn *leaf_at, void *context, struct verify_report *r)
{
    char item[40];
    struct str leaf;
    struct hash to;
    bool found = false;
    snprintf(item, sizeof item, "event %llu", (unsigned long long)refer->from);
    if (refer->at >= refer->from)
        return verify_bad(r, item,
                          refer->enrols ? "its token was enrolled after it"
                                        : "it was signed before what it signs");
    if (!leaf_at(context, refer->at, &leaf, &found, r))
        return false;
    if (!found) {
        *(refer->enrols ? &r->unenrolled : &r->unseen) += 1;
        return true;
    }
    if (refer->enrols)
        return (verify_enrols(s, &to, leaf) && hash_eq(to, refer->to)) ||
               verify_bad(r, item,
                          "its token is not the one that event %llu enrolled for its signer",
                          (unsigned long long)refer->at);
    return (verify_refers_to(s, &to, leaf) && hash_eq(to, refer->to)) ||
           verify_bad(r, item, "what was signed is not what event %llu says",
                      (unsigned long long)refer->at);
}

bool verify_refers_hold(struct verify_refers *refers, verify_leaf_at_fn *leaf_at, void *context,
                        struct verify_report *r)
{
    struct verify_scanner *s = verify_scanner_new();
    if (!s)
        return verify_bad(r, "memory", "could not get enough");
    if (refers->n > 0)
        qsort(refers->p, refers->n, sizeof *refers->p, by_place);
    bool good = true;
    for (size_t i = 0; good && i < refers->n; i++)
        good = holds(s, &refers->p[i], leaf_at, context, r);
    verify_scanner_free(s);
    return good;
}
