/* A ledger that was taken back is, row for row, the ledger that never had more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "kernel/tests/ledger_fixture.h"

static const char *const streams[] = { "unit/one", "unit/two", "order/three", "unit/four" };

static void must(enum outcome o, const struct err *e)
{
    if (o != OK)
        fail_msg("%s: %s", e->code, e->detail);
}

/* Four streams in turn, the last of which begins late, so that a cut can end it before its first
 * event. */
static void fill(struct ledger_fixture *f, uint64_t size)
{
    struct err e = { 0 };
    while (ledger_size(f->ledger) < size) {
        uint64_t at = ledger_size(f->ledger);
        uint64_t n = size - at < 500 ? size - at : 500;
        ledger_fixture_begin(f);
        for (uint64_t i = at; i < at + n; i++)
            must(ledger_fixture_append(
                     f, (struct ledger_fixture_event){ .stream = streams[i % (i < 300 ? 3 : 4)] },
                     -1, &e),
                 &e);
        ledger_fixture_commit(f);
    }
}

static void cut(struct ledger_fixture *f, uint64_t size)
{
    struct err e = { 0 };
    must(db_begin(f->db, &e), &e);
    must(ledger_cut(f->db, size, &e), &e);
    must(db_commit(f->db, &e), &e);
}

static void assert_same_rows(struct ledger_fixture *a, struct ledger_fixture *b, uint64_t size)
{
    static const char *const tables[] = { "ledger_event", "ledger_head", "ledger_tile" };
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        int64_t counts[2];
        struct hash hashes[2];
        struct err e = { 0 };
        must(db_table_hash(a->db, str_z(tables[i]), &counts[0], &hashes[0], &e), &e);
        must(db_table_hash(b->db, str_z(tables[i]), &counts[1], &hashes[1], &e), &e);
        if (counts[0] != counts[1] || !hash_eq(hashes[0], hashes[1]))
            fail_msg("cut to %llu: %s has %lld rows, not those %lld", (unsigned long long)size,
                     tables[i], (long long)counts[0], (long long)counts[1]);
    }
}

static void compare(uint64_t full, uint64_t size)
{
    static struct ledger_fixture more;
    static struct ledger_fixture never;
    struct err e = { 0 };
    ledger_fixture_open(&more);
    ledger_fixture_open(&never);
    fill(&more, full);
    must(ledger_checkpoint(more.ledger, more.db, &e), &e);
    fill(&never, size);
    cut(&more, size);
    assert_same_rows(&more, &never, size);
    must(ledger_fixture_reopen(&more, &e), &e); /* it opens, and goes on where it was */
    assert_int_equal(ledger_size(more.ledger), size);
    assert_true(hash_eq(ledger_root(more.ledger), ledger_root(never.ledger)));
    fill(&more, size + 3);
    fill(&never, size + 3);
    assert_same_rows(&more, &never, size);
    ledger_fixture_close(&more);
    ledger_fixture_close(&never);
}

static void a_cut_leaves_what_was(void **state)
{
    static const uint64_t sizes[] = {
        0, 1, 2, 3, 255, 256, 257, 299, 301, 303, 511, 512, 513, 700
    };
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        compare(700, sizes[i]);
}

/* The third level begins at 65,536. */
static void a_cut_lowers_a_tall_tree(void **state)
{
    (void)state;
    compare(65800, 65537);
}

static void a_new_epoch_takes_no_checkpoint_of_the_old_key(void **state)
{
    static struct ledger_fixture f;
    const uint8_t seed[32] = { 9 };
    struct err e = { 0 };
    struct str note;
    char text[256] = { 0 };
    (void)state;
    ledger_fixture_open(&f);
    fill(&f, 5);
    must(ledger_checkpoint(f.ledger, f.db, &e), &e);
    must(note_signer_init(&f.signer, S("vein.example/n1~2"), seed, &e), &e);
    struct buf vkey = buf_over(text, sizeof text - 1);
    note_vkey_write(&vkey, &f.signer);
    must(db_begin(f.db, &e), &e);
    must(ledger_epoch_begin(f.db, buf_get(&vkey), &e), &e);
    must(db_commit(f.db, &e), &e);
    must(ledger_last_checkpoint(f.db, &note, f.arena, &e), &e);
    assert_null(note.p);
    must(ledger_fixture_reopen(&f, &e), &e);
    int64_t number;
    must(ledger_epoch(f.db, &number, &e), &e);
    assert_int_equal(number, 2);
    must(ledger_checkpoint(f.ledger, f.db, &e), &e);
    must(ledger_last_checkpoint(f.db, &note, f.arena, &e), &e);
    assert_memory_equal(note.p, "vein.example/n1~2\n5\n", 20);
    ledger_fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cut_leaves_what_was),
        cmocka_unit_test(a_cut_lowers_a_tall_tree),
        cmocka_unit_test(a_new_epoch_takes_no_checkpoint_of_the_old_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
