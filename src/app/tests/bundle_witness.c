#include "app/tests/bundle_witness.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "kernel/ledger_impl.h"
#include "kernel/node_impl.h"

void bundle_cosign(struct node *node, uint64_t size, size_t n,
                   char vkeys[BUNDLE_WITNESSES][VERIFY_VKEY_MAX])
{
    static struct merkle_edge edge;
    struct err e = { 0 };
    struct verify_report report = { 0 };
    struct checkpoint c = { .size = size };
    struct buf note = buf_new(NOTE_MAX * 2);
    struct db *db = node->impl->writer;
    assert_int_equal(ledger_edge_read(&edge, db, size, &e), OK);
    c.root = merkle_root(&edge);
    memcpy(c.origin, node->signer.name, sizeof c.origin);
    checkpoint_write(&note, &c, &node->signer);
    const struct str text = note_text(buf_get(&note));
    for (size_t i = 0; i < BUNDLE_WITNESSES; i++) {
        const uint8_t seed[32] = { (uint8_t)(i + 40) };
        uint8_t public_key[32], secret_key[64];
        char name[40], line[VERIFY_COSIGNATURE_MAX];
        struct verify_keys key;
        snprintf(name, sizeof name, "witness.example/w%zu", i);
        crypto_sign_seed_keypair(public_key, secret_key, seed);
        assert_true(verify_witness_vkey(vkeys[i], str_z(name), public_key));
        assert_true(verify_witnesses_read(&key, str_z(vkeys[i]), "witness", &report));
        verify_cosign(line, (struct str){ note.p, text.n }, 1795339800, &key.key[0], secret_key);
        if (i < n)
            buf_z(&note, line);
    }
    assert_int_equal(buf_check(&note, &e), OK);
    assert_int_equal(db_begin(db, &e), OK);
    assert_int_equal(ledger_cosigned_keep(db, size, buf_get(&note), &e), OK);
    assert_int_equal(db_commit(db, &e), OK);
    buf_free(&note);
}
