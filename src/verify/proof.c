/* Proofs that an event is in the log of a checkpoint (C2SP tlog-proof, RFC 9162). */
#include "verify/bundle.h"
#include "verify/tree.h"

enum { HASH_TEXT = 44 };

static bool take_line(struct str *line, struct str *rest)
{
    const size_t n = str_find(*rest, '\n');
    if (n == rest->n)
        return false;
    *line = (struct str){ rest->p, n };
    *rest = str_from(*rest, n + 1);
    return true;
}

bool verify_proof_read(struct verify_proof *out, struct str text)
{
    static const struct str index = S("index ");
    struct str line;
    out->n = 0;
    if (!take_line(&line, &text) || !str_is(line, "c2sp.org/tlog-proof@v1") ||
        !take_line(&line, &text) || !str_starts(line, index) ||
        !verify_decimal(&out->index, str_from(line, index.n)))
        return false;
    for (;;) {
        size_t n = 0;
        if (!take_line(&line, &text))
            return false;
        if (line.n == 0)
            break;
        if (out->n == VERIFY_PROOF_HASHES_MAX || line.n != HASH_TEXT ||
            !verify_base64(out->hashes[out->n].b, HASH_SIZE, &n, line) || n != HASH_SIZE)
            return false;
        out->n++;
    }
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
