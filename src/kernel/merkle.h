/* The Merkle tree of RFC 6962 over the leaves of a log, and its tiles (C2SP tlog-tiles): pure
 * arithmetic on hashes, no store. Height 8, width 256. */
#ifndef VEIN_KERNEL_MERKLE_H
#define VEIN_KERNEL_MERKLE_H

#include "base/err.h"
#include "base/hash.h"

enum { MERKLE_WIDTH = 256, MERKLE_LEVELS_MAX = 8, MERKLE_PROOF_MAX = 64 };

struct hash merkle_leaf(struct str entry);                    /* SHA-256(00 ‖ entry) */
struct hash merkle_node(struct hash left, struct hash right); /* SHA-256(01 ‖ left ‖ right) */
struct hash merkle_empty(void);                               /* SHA-256("") */
/* Root of a perfect tree over `count` hashes, a power of two up to MERKLE_WIDTH. */
struct hash merkle_perfect(const struct hash *hashes, size_t count);

/* The right edge of a growing tree: for each level of tiles the hashes of the partial tile. Enough
 * to append and to compute the root; copied by value to try a group and forget it. */
struct merkle_edge {
    uint64_t size;
    struct {
        uint32_t n;
        struct hash hashes[MERKLE_WIDTH];
    } level[MERKLE_LEVELS_MAX];
};

/* A tile that has become full: level, index, its 256 hashes. */
struct merkle_full_tile {
    uint32_t level;
    uint64_t index;
    const struct hash *hashes;
};
typedef enum outcome merkle_full_fn(void *context, const struct merkle_full_tile *tile,
                                    struct err *e);

/* Appends one leaf hash; calls `full` for each tile that it completes, lowest level first.
 * After a FAULT of `full` the edge is to be thrown away. */
enum outcome merkle_append(struct merkle_edge *edge, struct hash leaf, merkle_full_fn *full,
                           void *context, struct err *e);
struct hash merkle_root(const struct merkle_edge *edge);

/* Gives the hash `index` of tile level `level` (so of 256^level leaves). */
typedef enum outcome merkle_hash_fn(void *context, uint32_t level, uint64_t index, struct hash *out,
                                    struct err *e);

/* Audit path of leaf `index` in a tree of `size` leaves, from the leaf up (RFC 6962 2.1.1).
 * `path` has room for MERKLE_PROOF_MAX. index >= size is a bug. */
enum outcome merkle_inclusion(struct hash *path, size_t *n, uint64_t index, uint64_t size,
                              merkle_hash_fn *get, void *context, struct err *e);
bool merkle_inclusion_holds(struct hash leaf, uint64_t index, uint64_t size,
                            const struct hash *path, size_t n, struct hash root);

/* Proof that the tree of `old` leaves is a prefix of that of `size` (RFC 6962 2.1.2).
 * Empty for old = 0 and old = size; old > size is a bug. */
enum outcome merkle_consistency(struct hash *path, size_t *n, uint64_t old, uint64_t size,
                                merkle_hash_fn *get, void *context, struct err *e);
bool merkle_consistency_holds(uint64_t old, struct hash old_root, uint64_t size, struct hash root,
                              const struct hash *path, size_t n);

#endif
