/* The Merkle tree of RFC 6962. Two shapes of the same tree meet here: the recursive one of the RFC
 * (the left part of n leaves is the largest power of two strictly below n), and tiles of 256
 * hashes. What ties them is that every left part is perfect and aligned, so that its hash follows
 * from at most 128 neighbouring hashes of one tile. */
#include "kernel/merkle.h"

enum { WIDTH_BITS = 8 };

struct hash merkle_leaf(struct str entry)
{
    const uint8_t prefix = 0;
    const struct bytes parts[] = { { &prefix, 1 }, { (const uint8_t *)entry.p, entry.n } };
    return hash_parts(parts, 2);
}

struct hash merkle_node(struct hash left, struct hash right)
{
    uint8_t text[1 + 2 * HASH_SIZE] = { 1 };
    memcpy(text + 1, left.b, HASH_SIZE);
    memcpy(text + 1 + HASH_SIZE, right.b, HASH_SIZE);
    return hash_of(text, sizeof text);
}

struct hash merkle_empty(void)
{
    return hash_of("", 0);
}

struct hash merkle_perfect(const struct hash *hashes, size_t count)
{
    BUG_ON(count == 0 || count > MERKLE_WIDTH || (count & (count - 1)) != 0);
    if (count == 1)
        return hashes[0];
    struct hash row[MERKLE_WIDTH / 2];
    for (size_t i = 0; i < count / 2; i++)
        row[i] = merkle_node(hashes[2 * i], hashes[2 * i + 1]);
    for (size_t n = count / 2; n > 1; n /= 2)
        for (size_t i = 0; i < n / 2; i++)
            row[i] = merkle_node(row[2 * i], row[2 * i + 1]);
    return row[0];
}

enum outcome merkle_append(struct merkle_edge *edge, struct hash leaf, merkle_full_fn *full,
                           void *context, struct err *e)
{
    edge->size++;
    for (uint32_t level = 0;; level++) {
        BUG_ON(level == MERKLE_LEVELS_MAX);
        struct hash *hashes = edge->level[level].hashes;
        hashes[edge->level[level].n++] = leaf;
        if (edge->level[level].n < MERKLE_WIDTH)
            return OK;
        edge->level[level].n = 0;
        const struct merkle_full_tile tile = {
            .level = level,
            .index = (edge->size >> (WIDTH_BITS * (level + 1))) - 1,
            .hashes = hashes,
        };
        TRY(full(context, &tile, e));
        leaf = merkle_perfect(hashes, MERKLE_WIDTH);
    }
}

struct hash merkle_root(const struct merkle_edge *edge)
{
    struct hash root = merkle_empty();
    bool some = false;
    /* Perfect parts from the smallest, rightmost, to the largest: the bits of the size. */
    for (size_t level = 0; level < MERKLE_LEVELS_MAX; level++) {
        size_t n = edge->level[level].n;
        for (size_t bit = 1; bit <= n; bit *= 2) {
            if ((n & bit) == 0)
                continue;
            size_t first = n & ~(2 * bit - 1);
            struct hash part = merkle_perfect(edge->level[level].hashes + first, bit);
            root = some ? merkle_node(part, root) : part;
            some = true;
        }
    }
    return root;
}

/* The largest power of two strictly below n; n > 1. */
static uint64_t split(uint64_t n)
{
    return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

/* Where proofs take their hashes from. */
struct source {
    merkle_hash_fn *get;
    void *context;
};

/* Hash of the perfect tree of 2^bits leaves that begins at leaf `low`. */
static enum outcome perfect_hash(struct hash *out, const struct source *from, uint64_t low,
                                 uint32_t bits, struct err *e)
{
    struct hash hashes[MERKLE_WIDTH];
    uint32_t level = bits / WIDTH_BITS;
    size_t count = (size_t)1 << bits % WIDTH_BITS;
    for (size_t i = 0; i < count; i++)
        TRY(from->get(from->context, level, (low >> (WIDTH_BITS * level)) + i, &hashes[i], e));
    *out = merkle_perfect(hashes, count);
    return OK;
}

/* Hash of the tree over the leaves low <= i < high, `low` as the RFC's recursion gives it. */
static enum outcome range_hash(struct hash *out, const struct source *from, uint64_t low,
                               uint64_t high, struct err *e)
{
    struct hash left[MERKLE_PROOF_MAX];
    size_t n = 0;
    while (((high - low) & (high - low - 1)) != 0) {
        uint64_t k = split(high - low);
        TRY(perfect_hash(&left[n++], from, low, (uint32_t)__builtin_ctzll(k), e));
        low += k;
    }
    TRY(perfect_hash(out, from, low, (uint32_t)__builtin_ctzll(high - low), e));
    while (n > 0)
        *out = merkle_node(left[--n], *out);
    return OK;
}

/* Proofs are found from the root down and told from the leaf up. */
static void reverse(struct hash *path, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        struct hash h = path[i];
        path[i] = path[n - 1 - i];
        path[n - 1 - i] = h;
    }
}

enum outcome merkle_inclusion(struct hash *path, size_t *n, uint64_t index, uint64_t size,
                              merkle_hash_fn *get, void *context, struct err *e)
{
    BUG_ON(index >= size);
    const struct source from = { get, context };
    uint64_t low = 0, high = size;
    for (*n = 0; high - low > 1; ++*n) {
        uint64_t middle = low + split(high - low);
        if (index < middle) {
            TRY(range_hash(&path[*n], &from, middle, high, e));
            high = middle;
        } else {
            TRY(range_hash(&path[*n], &from, low, middle, e));
            low = middle;
        }
    }
    reverse(path, *n);
    return OK;
}

enum outcome merkle_consistency(struct hash *path, size_t *n, uint64_t old, uint64_t size,
                                merkle_hash_fn *get, void *context, struct err *e)
{
    BUG_ON(old > size);
    const struct source from = { get, context };
    uint64_t low = 0, high = size;
    *n = 0;
    if (old == 0)
        return OK;
    while (old < high) {
        uint64_t middle = low + split(high - low);
        if (old <= middle) {
            TRY(range_hash(&path[(*n)++], &from, middle, high, e));
            high = middle;
        } else {
            TRY(range_hash(&path[(*n)++], &from, low, middle, e));
            low = middle;
        }
    }
    if (low > 0) /* else the verifier knows this hash: it is the old root */
        TRY(range_hash(&path[(*n)++], &from, low, high, e));
    reverse(path, *n);
    return OK;
}

/* Both checks follow RFC 9162, 2.1.3.2 and 2.1.4.2: `node` and `last` are the numbers, on the
 * present level, of the node on the path and of the rightmost one. */
bool merkle_inclusion_holds(struct hash leaf, uint64_t index, uint64_t size,
                            const struct hash *path, size_t n, struct hash root)
{
    if (index >= size)
        return false;
    uint64_t node = index, last = size - 1;
    for (size_t i = 0; i < n; i++, node >>= 1, last >>= 1) {
        if (last == 0)
            return false;
        if ((node & 1) == 0 && node != last) {
            leaf = merkle_node(leaf, path[i]);
            continue;
        }
        leaf = merkle_node(path[i], leaf);
        for (; (node & 1) == 0 && node != 0; node >>= 1)
            last >>= 1;
    }
    return last == 0 && hash_eq(leaf, root);
}

bool merkle_consistency_holds(uint64_t old, struct hash old_root, uint64_t size, struct hash root,
                              const struct hash *path, size_t n)
{
    if (old > size)
        return false;
    if (old == 0)
        return n == 0 && hash_eq(old_root, merkle_empty());
    if (old == size)
        return n == 0 && hash_eq(old_root, root);
    uint64_t node = old - 1, last = size - 1;
    for (; (node & 1) != 0; node >>= 1)
        last >>= 1;
    bool perfect = (old & (old - 1)) == 0; /* then its root is the first hash, and left out */
    if (!perfect && n == 0)
        return false;
    struct hash before = perfect ? old_root : path[0];
    struct hash after = before;
    for (size_t i = perfect ? 0 : 1; i < n; i++, node >>= 1, last >>= 1) {
        if (last == 0)
            return false;
        if ((node & 1) == 0 && node != last) {
            after = merkle_node(after, path[i]);
            continue;
        }
        before = merkle_node(path[i], before);
        after = merkle_node(path[i], after);
        for (; (node & 1) == 0 && node != 0; node >>= 1)
            last >>= 1;
    }
    return last == 0 && hash_eq(before, old_root) && hash_eq(after, root);
}
