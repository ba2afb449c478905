/* The tree against the definitions of RFC 6962, spelled out here once more in their plain recursive
 * form, and against published vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernel/merkle.h"

enum { SMALL = 300, LARGE = 65537 };

static struct hash leaves[LARGE];
static struct hash roots[SMALL + 1];

static struct hash leaf_of(uint64_t i)
{
    return merkle_leaf((struct str){ (const char *)&i, sizeof i });
}

/* MTH of RFC 6962 2.1 over leaves low <= i < high. */
static struct hash plain_root(uint64_t low, uint64_t high)
{
    if (low == high)
        return merkle_empty();
    if (high - low == 1)
        return leaves[low];
    uint64_t k = 1;
    while (2 * k < high - low)
        k *= 2;
    return merkle_node(plain_root(low, low + k), plain_root(low + k, high));
}

static enum outcome plain_hash(void *context, uint32_t level, uint64_t index, struct hash *out,
                               struct err *e)
{
    (void)e;
    uint64_t width = UINT64_C(1) << (8 * level);
    const uint64_t *size = context;
    assert_true((index + 1) * width <= *size); /* never asks for what is not complete */
    *out = plain_root(index * width, (index + 1) * width);
    return OK;
}

static enum outcome no_tile(void *context, const struct merkle_full_tile *tile, struct err *e)
{
    (void)context, (void)tile, (void)e;
    return OK;
}

static int fill(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < LARGE; i++)
        leaves[i] = leaf_of(i);
    for (uint64_t n = 0; n <= SMALL; n++)
        roots[n] = plain_root(0, n);
    return 0;
}

/* The eight entries and roots that logs of RFC 6962 are tested with. */
static void published_roots(void **state)
{
    (void)state;
    static const struct {
        struct str entry;
        const char *root;
    } rows[] = {
        { S(""), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d" },
        { S("\x00"), "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125" },
        { S("\x10"), "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77" },
        { S("\x20\x21"), "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" },
        { S("\x30\x31"), "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4" },
        { S("\x40\x41\x42\x43"),
          "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef" },
        { S("\x50\x51\x52\x53\x54\x55\x56\x57"),
          "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c" },
        { S("\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f"),
          "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328" },
    };
    static struct merkle_edge edge;
    char hex[HASH_HEX + 1];
    hash_hex(hex, merkle_root(&edge));
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err e = { 0 };
        assert_int_equal(merkle_append(&edge, merkle_leaf(rows[i].entry), no_tile, NULL, &e), OK);
        hash_hex(hex, merkle_root(&edge));
        assert_string_equal(hex, rows[i].root);
    }
}

/* Full tiles come lowest level first, each once and in order, and hold what the definition says. */
struct seen {
    uint64_t tiles[MERKLE_LEVELS_MAX];
};

static enum outcome check_tile(void *context, const struct merkle_full_tile *tile, struct err *e)
{
    (void)e;
    struct seen *seen = context;
    assert_int_equal(tile->index, seen->tiles[tile->level]++);
    uint64_t width = UINT64_C(1) << (8 * tile->level);
    for (uint64_t i = 0; i < MERKLE_WIDTH; i++) {
        uint64_t low = (tile->index * MERKLE_WIDTH + i) * width;
        assert_true(hash_eq(tile->hashes[i], plain_root(low, low + width)));
    }
    return OK;
}

static void edge_grows_by_definition(void **state)
{
    (void)state;
    static struct merkle_edge edge;
    struct seen seen = { 0 };
    struct err e = { 0 };
    for (uint64_t i = 0; i < LARGE; i++) {
        assert_int_equal(merkle_append(&edge, leaves[i], check_tile, &seen, &e), OK);
        if (i + 1 <= SMALL)
            assert_true(hash_eq(merkle_root(&edge), roots[i + 1]));
        else if (i % 4099 == 0 || i + 2 >= LARGE)
            assert_true(hash_eq(merkle_root(&edge), plain_root(0, i + 1)));
    }
    assert_int_equal(seen.tiles[0], 256);
    assert_int_equal(seen.tiles[1], 1);
    assert_int_equal(edge.level[0].n, 1);
    assert_int_equal(edge.level[1].n, 0);
    assert_int_equal(edge.level[2].n, 1);
}

/* A fault of whoever stores tiles is passed on. */
static enum outcome failing_tile(void *context, const struct merkle_full_tile *tile, struct err *e)
{
    (void)context, (void)tile;
    return err_fault(e, "store.io", "no");
}

static void fault_of_storage_is_passed_on(void **state)
{
    (void)state;
    static struct merkle_edge edge;
    struct err e = { 0 };
    for (uint64_t i = 0; i < MERKLE_WIDTH - 1; i++)
        assert_int_equal(merkle_append(&edge, leaves[i], failing_tile, NULL, &e), OK);
    assert_int_equal(merkle_append(&edge, leaves[0], failing_tile, NULL, &e), FAULT);
}

/* Any bit of any hash, one hash less, one more. */
static void inclusion_refuses_others(uint64_t i, uint64_t size, struct hash *path, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        path[k].b[(i + k) % HASH_SIZE] ^= (uint8_t)(1 << (size % 8));
        assert_false(merkle_inclusion_holds(leaves[i], i, size, path, n, roots[size]));
        path[k].b[(i + k) % HASH_SIZE] ^= (uint8_t)(1 << (size % 8));
    }
    path[n] = leaves[0];
    assert_false(merkle_inclusion_holds(leaves[i], i, size, path, n + 1, roots[size]));
    if (n > 0)
        assert_false(merkle_inclusion_holds(leaves[i], i, size, path, n - 1, roots[size]));
    assert_false(merkle_inclusion_holds(leaves[i + 1], i, size, path, n, roots[size]));
    assert_false(merkle_inclusion_holds(leaves[i], i, size, path, n, roots[size - 1]));
    assert_false(merkle_inclusion_holds(leaves[i], size, size, path, n, roots[size]));
    if (size > 1)
        assert_false(merkle_inclusion_holds(leaves[i], i ^ 1, size, path, n, roots[size]));
}

static void each_leaf_of_each_size_is_proven(void **state)
{
    (void)state;
    for (uint64_t size = 1; size <= SMALL; size++)
        for (uint64_t i = 0; i < size; i++) {
            struct hash path[MERKLE_PROOF_MAX + 1];
            size_t n;
            struct err e = { 0 };
            assert_int_equal(merkle_inclusion(path, &n, i, size, plain_hash, &size, &e), OK);
            assert_true(merkle_inclusion_holds(leaves[i], i, size, path, n, roots[size]));
            inclusion_refuses_others(i, size, path, n);
        }
}

static void consistency_refuses_others(uint64_t old, uint64_t size, struct hash *path, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        path[k].b[(old + k) % HASH_SIZE] ^= 1;
        assert_false(merkle_consistency_holds(old, roots[old], size, roots[size], path, n));
        path[k].b[(old + k) % HASH_SIZE] ^= 1;
    }
    path[n] = leaves[0];
    assert_false(merkle_consistency_holds(old, roots[old], size, roots[size], path, n + 1));
    if (n > 0)
        assert_false(merkle_consistency_holds(old, roots[old], size, roots[size], path, n - 1));
    assert_false(merkle_consistency_holds(old, roots[old + 1], size, roots[size], path, n));
    if (old > 0)
        assert_false(merkle_consistency_holds(old, roots[old], size, roots[old - 1], path, n));
    assert_false(merkle_consistency_holds(size + 1, roots[old], size, roots[size], path, n));
}

static void each_size_grows_into_each_later_one(void **state)
{
    (void)state;
    for (uint64_t size = 0; size < SMALL; size++)
        for (uint64_t old = 0; old <= size; old++) {
            struct hash path[MERKLE_PROOF_MAX + 1];
            size_t n;
            struct err e = { 0 };
            assert_int_equal(merkle_consistency(path, &n, old, size, plain_hash, &size, &e), OK);
            assert_true(merkle_consistency_holds(old, roots[old], size, roots[size], path, n));
            consistency_refuses_others(old, size, path, n);
        }
}

static void proofs_cross_three_levels_of_tiles(void **state)
{
    (void)state;
    static const uint64_t sizes[] = { 511, 512, 513, 65535, 65536, 65537 };
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        uint64_t size = sizes[s];
        struct hash root = plain_root(0, size);
        for (uint64_t i = 0; i < size; i += 1 + size / 7) {
            struct hash path[MERKLE_PROOF_MAX];
            size_t n;
            struct err e = { 0 };
            assert_int_equal(merkle_inclusion(path, &n, i, size, plain_hash, &size, &e), OK);
            assert_true(merkle_inclusion_holds(leaves[i], i, size, path, n, root));
            assert_int_equal(merkle_consistency(path, &n, i + 1, size, plain_hash, &size, &e), OK);
            assert_true(merkle_consistency_holds(i + 1, plain_root(0, i + 1), size, root, path, n));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_roots),
        cmocka_unit_test(edge_grows_by_definition),
        cmocka_unit_test(fault_of_storage_is_passed_on),
        cmocka_unit_test(each_leaf_of_each_size_is_proven),
        cmocka_unit_test(each_size_grows_into_each_later_one),
        cmocka_unit_test(proofs_cross_three_levels_of_tiles),
    };
    return cmocka_run_group_tests(tests, fill, NULL);
}
