/* The Merkle tree of RFC 6962, grown leaf by leaf: 64 hashes for its root, and the tile of 256
 * hashes in which each level of tiles stands at the moment. */
#ifndef VEIN_VERIFY_TREE_H
#define VEIN_VERIFY_TREE_H

#include "base/hash.h"

enum { VERIFY_WIDTH = 256, VERIFY_LEVELS = 8, VERIFY_TILE_SIZE = VERIFY_WIDTH * HASH_SIZE };

struct verify_tree {
    uint64_t size;
    struct hash
        stack[64]; /* stack[h]: root of a perfect subtree of 2^h leaves, where bit h is set */
    struct {
        uint32_t n; /* 1 … 256; a full tile stays until the next hash of its level */
        struct hash hashes[VERIFY_WIDTH];
    } level[VERIFY_LEVELS];
};

struct hash verify_leaf_hash(struct str entry);
struct hash verify_node_hash(const struct hash *left, const struct hash *right);

/* Appends a leaf; returns how many levels, from 0 on, now have a full tile. */
uint32_t verify_tree_append(struct verify_tree *t, struct hash leaf);

struct hash verify_tree_root(const struct verify_tree *t);

/* Hashes that level `level` of tiles has in a tree of this size. */
uint64_t verify_level_count(uint64_t size, uint32_t level);

enum { VERIFY_TILE_PATH_MAX = 64, VERIFY_ENTRIES = VERIFY_LEVELS /* "level" of entry bundles */ };
/* The path of a tile or bundle: "tile/0/x001/000.p/5". */
void verify_tile_path(char out[VERIFY_TILE_PATH_MAX], uint32_t level, uint64_t index,
                      uint32_t width);
/* The same backwards; false for anything but a canonical path. */
bool verify_tile_path_read(uint32_t *level, uint64_t *index, uint32_t *width, struct str path);

#endif
