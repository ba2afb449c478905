/* Proofs that an event is in the log of a checkpoint (C2SP tlog-proof, RFC 9162). */
#include "verify/bundle.h"
#include "verify/tree.h"

bool verify_proof_read(struct verify_proof *out, struct str text)
{
    static const struct str index = S("index ");
    struct str line;
    if (!verify_line(&line, &text) || !str_is(line, "c2sp.org/tlog-proof@v1") ||
        !verify_line(&line, &text) || !str_starts(line, index) ||
        !verify_decimal(&out->index, str_from(line, index.n)))
        return false;
    if (!verify_hash_lines(out->hashes, VERIFY_PROOF_HASHES_MAX, &out->n, &text))
        return false;
    out->note = text;
    return true;
}

bool verify_proof_holds(const struct verify_proof *p, struct hash leaf, uint64_t size,
                        const struct hash *root)
{
    uint64_t at = p->index;
    uint64_t last = size - 1;
    if (p->index >= size)
        return false;
    for (size_t i = 0; i < p->n; i++) {
        if (last == 0)
            return false;
        if (at % 2 == 1 || at == last) {
            leaf = verify_node_hash(&p->hashes[i], &leaf);
            while (at % 2 == 0 && at != 0) {
                at /= 2;
                last /= 2;
            }
        } else {
            leaf = verify_node_hash(&leaf, &p->hashes[i]);
        }
        at /= 2;
        last /= 2;
    }
    return last == 0 && hash_eq(leaf, *root);
}

/* -- Consistency --------------------------------------------------------------------------------
 * By the RFC's own recursion, which gives the hashes from the leaf up: read from their end, each is
 * the part that lies beside the one gone into. */

struct parts {
    const struct hash *hashes;
    size_t n; /* not yet taken */
    const struct hash *old_root;
    struct hash before, after; /* of the subtree at hand, at both sizes */
};

/* The subtree has `n` leaves, of which the older tree has the first m > 0; `whole`: that older tree
 * begins where all does, so that its root is known. */
static bool roots(struct parts *p, uint64_t m, uint64_t n, bool whole)
{
    if (m == n && whole) {
        p->before = p->after = *p->old_root;
        return true;
    }
    if (p->n == 0)
        return false;
    const struct hash beside = p->hashes[--p->n];
    if (m == n) {
        p->before = p->after = beside;
        return true;
    }
    uint64_t left = 1;
    while (left < n - left)
        left *= 2;
    if (m <= left) {
        if (!roots(p, m, left, whole))
            return false;
        p->after = verify_node_hash(&p->after, &beside);
        return true;
    }
    if (!roots(p, m - left, n - left, false))
        return false;
    p->before = verify_node_hash(&beside, &p->before);
    p->after = verify_node_hash(&beside, &p->after);
    return true;
}

bool verify_consistency_holds(uint64_t old, const struct hash *old_root, uint64_t size,
                              const struct hash *root, const struct hash *hashes, size_t n)
{
    struct parts p = { .hashes = hashes, .n = n, .old_root = old_root };
    if (old > size || size > INT64_MAX)
        return false;
    if (old == 0)
        return n == 0 && (size > 0 || hash_eq(*root, hash_of("", 0)));
    return roots(&p, old, size, true) && p.n == 0 && hash_eq(p.before, *old_root) &&
           hash_eq(p.after, *root);
}
