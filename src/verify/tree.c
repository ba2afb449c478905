/* Tree and tiles, with paths as C2SP tlog-tiles spells them. */
#include "verify/tree.h"

#include <stdio.h>

struct hash verify_leaf_hash(struct str entry)
{
    static const uint8_t mark = 0;
    const struct bytes parts[] = { { &mark, 1 }, { (const uint8_t *)entry.p, entry.n } };
    return hash_parts(parts, 2);
}

struct hash verify_node_hash(const struct hash *left, const struct hash *right)
{
    uint8_t both[1 + 2 * HASH_SIZE] = { 1 };
    memcpy(both + 1, left->b, HASH_SIZE);
    memcpy(both + 1 + HASH_SIZE, right->b, HASH_SIZE);
    return hash_of(both, sizeof both);
}

static void level_push(struct verify_tree *t, uint32_t level, const struct hash *h)
{
    if (t->level[level].n == VERIFY_WIDTH)
        t->level[level].n = 0;
    t->level[level].hashes[t->level[level].n++] = *h;
}

uint32_t verify_tree_append(struct verify_tree *t, struct hash leaf)
{
    uint32_t height = 0, full = 0;
    level_push(t, 0, &leaf);
    while (t->size >> height & 1) {
        leaf = verify_node_hash(&t->stack[height], &leaf);
        height++;
        if (height % 8 == 0) {
            full++;
            if (height / 8 < VERIFY_LEVELS)
                level_push(t, height / 8, &leaf);
        }
    }
    t->stack[height] = leaf;
    t->size++;
    return full;
}

struct hash verify_tree_root(const struct verify_tree *t)
{
    if (t->size == 0)
        return hash_of("", 0);
    uint32_t height = 0;
    while (!(t->size >> height & 1))
        height++;
    struct hash root = t->stack[height];
    while (++height < 64)
        if (t->size >> height & 1)
            root = verify_node_hash(&t->stack[height], &root);
    return root;
}

uint64_t verify_level_count(uint64_t size, uint32_t level)
{
    return level * 8 >= 64 ? 0 : size >> level * 8;
}

/* N in threes of digits, each but the last behind an x and before a slash. */
static size_t index_path(char *out, size_t max, uint64_t index)
{
    uint64_t groups[7];
    size_t n = 0, at = 0;
    do
        groups[n++] = index % 1000;
    while ((index /= 1000) > 0);
    while (n-- > 0)
        at += (size_t)snprintf(out + at, max - at, n > 0 ? "x%03u/" : "%03u", (unsigned)groups[n]);
    return at;
}

void verify_tile_path(char out[VERIFY_TILE_PATH_MAX], uint32_t level, uint64_t index,
                      uint32_t width)
{
    char path[40], part[16] = "", kind[16] = "entries";
    index_path(path, sizeof path, index);
    if (width != VERIFY_WIDTH)
        snprintf(part, sizeof part, ".p/%u", width);
    if (level != VERIFY_ENTRIES)
        snprintf(kind, sizeof kind, "%u", level);
    snprintf(out, VERIFY_TILE_PATH_MAX, "tile/%s/%s%s", kind, path, part);
}

static bool number(uint64_t *out, struct str s, size_t digits_max)
{
    uint64_t value = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(s.p[i] - '0');
    }
    *out = value;
    return s.n > 0 && s.n <= digits_max;
}

bool verify_tile_path_read(uint32_t *level, uint64_t *index, uint32_t *width, struct str path)
{
    struct str rest = path;
    uint64_t value = VERIFY_ENTRIES, part = VERIFY_WIDTH;
    if (!str_is(str_cut(&rest, '/'), "tile") || !rest.p)
        return false;
    const struct str kind = str_cut(&rest, '/');
    if (!rest.p ||
        (!str_is(kind, "entries") && (!number(&value, kind, 1) || value >= VERIFY_LEVELS)))
        return false;
    *level = (uint32_t)value;
    *index = 0;
    struct str group = str_cut(&rest, '/');
    for (int i = 0; i < 5 && group.n == 4 && group.p[0] == 'x' && rest.p; i++) {
        if (!number(&value, str_from(group, 1), 3))
            return false;
        *index = (*index + value) * 1000;
        group = str_cut(&rest, '/');
    }
    if (rest.p) {
        if (!str_ends(group, S(".p")) || !number(&part, rest, 3))
            return false;
        group.n -= 2;
    }
    if (!number(&value, group, 3))
        return false;
    *index += value;
    *width = (uint32_t)part;
    char again[VERIFY_TILE_PATH_MAX]; /* one form only */
    verify_tile_path(again, *level, *index, *width);
    return str_is(path, again) && part > 0 && part <= VERIFY_WIDTH;
}
