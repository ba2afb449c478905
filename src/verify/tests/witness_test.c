/* What a witness decides: consistency proofs of every pair of small trees, one form of a
 * submission, each verdict, and cosignatures that hold for their text, time and key alone. */
#include "verify/witness.h"
#include "verify/bundle.h"
#include "verify/tree.h"
#include "verify/tests/made.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { LEAVES = 33, TEXT_MAX = 8192 };

static struct made *log_a;
static struct made *log_b; /* the same key, another history from event 5 on */
static struct verify_witnessed known;
static struct verify_keys witness;
static uint8_t secret_key[64];
static char witness_vkey[VERIFY_VKEY_MAX];
static struct verify_report report;

static struct hash leaf_of(const struct made *m, size_t i)
{
    return verify_leaf_hash((struct str){ m->leaf[i], m->leaf_n[i] });
}

/* The root over the leaves from <= i < from + n. */
static struct hash part_root(const struct made *m, size_t from, size_t n)
{
    static struct verify_tree t;
    memset(&t, 0, sizeof t);
    for (size_t i = 0; i < n; i++)
        verify_tree_append(&t, leaf_of(m, from + i));
    return verify_tree_root(&t);
}

/* RFC 6962, 2.1.2: the proof by its recursion, from the leaf up. */
static void subproof(struct hash *out, size_t *n, const struct made *m, size_t old, size_t from,
                     size_t size, bool whole)
{
    size_t k = 1;
    if (old == size) {
        if (!whole)
            out[(*n)++] = part_root(m, from, size);
        return;
    }
    while (k * 2 < size)
        k *= 2;
    if (old <= k) {
        subproof(out, n, m, old, from, k, whole);
        out[(*n)++] = part_root(m, from + k, size - k);
    } else {
        subproof(out, n, m, old - k, from + k, size - k, false);
        out[(*n)++] = part_root(m, from, k);
    }
}

static size_t proof_of(struct hash out[VERIFY_STEPS_MAX], const struct made *m, size_t old,
                       size_t size)
{
    size_t n = 0;
    if (old > 0)
        subproof(out, &n, m, old, 0, size, true);
    return n;
}

/* The body of an add-checkpoint of the first `size` events of m, as if `old` were known. */
static struct str submission(char out[TEXT_MAX], const struct made *m, size_t old, size_t size)
{
    struct hash steps[VERIFY_STEPS_MAX];
    char base64[48], note[MADE_NOTE_MAX];
    const size_t steps_n = old <= size ? proof_of(steps, m, old, size) : 0;
    int n = snprintf(out, TEXT_MAX, "old %zu\n", old);
    for (size_t i = 0; i < steps_n; i++) {
        sodium_bin2base64(base64, sizeof base64, steps[i].b, 32, sodium_base64_VARIANT_ORIGINAL);
        n += snprintf(out + n, TEXT_MAX - (size_t)n, "%s\n", base64);
    }
    const size_t note_n = made_checkpoint(note, m, size);
    n += snprintf(out + n, TEXT_MAX - (size_t)n, "\n%.*s", (int)note_n, note);
    return (struct str){ out, (size_t)n };
}

static enum verify_verdict verdict(const struct made *m, size_t old, size_t size)
{
    char text[TEXT_MAX];
    struct verify_submission s;
    struct verify_checkpoint c;
    assert_true(verify_submission_read(&s, submission(text, m, old, size)));
    return verify_judge(&c, &s, &known);
}

static void knows(size_t size)
{
    known.size = size;
    known.root = made_root(log_a, size);
}

static int set_up(void **state)
{
    (void)state;
    char vkey[MADE_NOTE_MAX];
    uint8_t public_key[32], seed[32] = { 9 };
    log_a = made_new("log.example/a", 3);
    made_good(log_a, LEAVES);
    log_b = made_copy(log_a, 5);
    made_raw(log_b, "something else", -1);
    made_good(log_b, LEAVES - 6);
    made_vkey(vkey, log_a);
    assert_true(verify_keys_read(&known.keys, str_z(vkey), "vkey", &report));
    crypto_sign_seed_keypair(public_key, secret_key, seed);
    assert_true(verify_witness_vkey(witness_vkey, S("witness.example/w1"), public_key));
    assert_true(verify_witnesses_read(&witness, str_z(witness_vkey), "witness", &report));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    made_free(log_a);
    made_free(log_b);
    return 0;
}

static void a_consistency_proof_holds_for_its_two_trees_alone(void **state)
{
    (void)state;
    struct hash steps[VERIFY_STEPS_MAX + 1];
    for (size_t size = 1; size <= LEAVES; size++)
        for (size_t old = 1; old <= size; old++) {
            struct hash before = part_root(log_a, 0, old), after = part_root(log_a, 0, size);
            size_t n = proof_of(steps, log_a, old, size);
            assert_true(verify_consistency_holds(old, &before, size, &after, steps, n));
            steps[n] = after; /* one more than there may be */
            assert_false(verify_consistency_holds(old, &before, size, &after, steps, n + 1));
            if (n > 0)
                assert_false(verify_consistency_holds(old, &before, size, &after, steps, n - 1));
            for (size_t i = 0; i < n; i++) {
                steps[i].b[3] ^= 1;
                assert_false(verify_consistency_holds(old, &before, size, &after, steps, n));
                steps[i].b[3] ^= 1;
            }
            before.b[0] ^= 1;
            assert_false(verify_consistency_holds(old, &before, size, &after, steps, n));
            before.b[0] ^= 1;
            after.b[0] ^= 1;
            assert_false(verify_consistency_holds(old, &before, size, &after, steps, n));
            if (old > 6) { /* the other history has a proof of its own, from its own beginning */
                after = part_root(log_b, 0, size);
                n = proof_of(steps, log_b, old, size);
                assert_false(verify_consistency_holds(old, &before, size, &after, steps, n));
            }
        }
    const struct hash root = part_root(log_a, 0, 4), empty = hash_of("", 0);
    assert_true(verify_consistency_holds(0, &empty, 4, &root, steps, 0));
    assert_false(verify_consistency_holds(0, &empty, 4, &root, steps, 1));
    assert_true(verify_consistency_holds(0, &root, 0, &empty, steps, 0));
    assert_false(verify_consistency_holds(0, &empty, 0, &root, steps, 0));
    assert_false(verify_consistency_holds(5, &root, 4, &root, steps, 0));
}

#define KEY "AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTE="

static void a_submission_has_one_form(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "old 5\n",
        "old 5\n" KEY "\n",
        "old 05\n\nlog\n",
        "old  5\n\nlog\n",
        "old -5\n\nlog\n",
        "old\n\nlog\n",
        "Old 5\n\nlog\n",
        "old 5\r\n\nlog\n",
        "old 5\nAQ==\n\nlog\n",
        "old 5\n" KEY "\r\n\nlog\n",
        "old 5\n " KEY "\n\nlog\n",
        "old 9223372036854775808\n\nlog\n",
        "5\n\nlog\n",
    };
    struct verify_submission s;
    assert_true(verify_submission_read(&s, S("old 5\n" KEY "\n\nlog\n")));
    assert_true(s.old == 5 && s.n == 1 && str_is(s.note, "log\n"));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (verify_submission_read(&s, str_z(bad[i])))
            fail_msg("accepted: %s", bad[i]);
    static char many[VERIFY_SUBMISSION_MAX + 100];
    size_t n = (size_t)snprintf(many, sizeof many, "old 5\n");
    for (int i = 0; i < VERIFY_STEPS_MAX; i++)
        n += (size_t)snprintf(many + n, sizeof many - n, KEY "\n");
    snprintf(many + n, sizeof many - n, "\nlog\n");
    assert_true(verify_submission_read(&s, str_z(many)));
    snprintf(many + n, sizeof many - n, KEY "\n\nlog\n");
    assert_false(verify_submission_read(&s, str_z(many)));
    memset(many, 'x', sizeof many);
    memcpy(many, "old 5\n\n", 7);
    assert_false(verify_submission_read(&s, (struct str){ many, sizeof many }));
}

/* shows: AUD-02. Never a fork, never a shrink. */
static void only_what_continues_is_cosigned(void **state)
{
    (void)state;
    knows(0);
    assert_int_equal(verdict(log_a, 0, 8), VERIFY_COSIGNS);
    knows(8);
    assert_int_equal(verdict(log_a, 8, 20), VERIFY_COSIGNS);
    assert_int_equal(verdict(log_a, 8, 8), VERIFY_COSIGNS); /* again: its answer was lost */
    assert_int_equal(verdict(log_a, 7, 20), VERIFY_OTHER_SIZE);
    assert_int_equal(verdict(log_a, 0, 20), VERIFY_OTHER_SIZE);
    assert_int_equal(verdict(log_a, 5, 5), VERIFY_OTHER_SIZE); /* a shrink */
    assert_int_equal(verdict(log_a, 0, 7), VERIFY_OTHER_SIZE);
    assert_int_equal(verdict(log_a, 8, 5), VERIFY_MALFORMED);
    assert_int_equal(verdict(log_b, 8, 8), VERIFY_FORKED);
    assert_int_equal(verdict(log_b, 8, 20), VERIFY_INCONSISTENT);
    assert_int_equal(verdict(log_b, 0, 20), VERIFY_OTHER_SIZE);
    knows(5); /* up to here both are the same */
    assert_int_equal(verdict(log_b, 5, 20), VERIFY_COSIGNS);
}

static void only_the_logs_own_key_is_heard(void **state)
{
    (void)state;
    char text[TEXT_MAX];
    struct verify_submission s;
    struct verify_checkpoint c;
    struct made *other = made_new("log.example/a", 4); /* the name, another key */
    made_good(other, 20);
    knows(0);
    assert_int_equal(verdict(other, 0, 8), VERIFY_UNSIGNED);
    assert_true(verify_submission_read(&s, submission(text, log_a, 0, 8)));
    assert_int_equal(verify_judge(&c, &s, NULL), VERIFY_UNKNOWN_LOG);
    s.note = S("log.example/a\n8\nnothing\n");
    assert_int_equal(verify_judge(&c, &s, &known), VERIFY_MALFORMED);
    made_free(other);
}

static void a_cosignature_holds_for_its_text_time_and_key(void **state)
{
    (void)state;
    char line[VERIFY_COSIGNATURE_MAX], note[2 * MADE_NOTE_MAX], vkey[VERIFY_VKEY_MAX];
    uint8_t public_key[32], other_secret[64], seed[32] = { 10 };
    struct verify_keys two;
    struct verify_cosigned by;
    uint64_t at = 0;
    const struct str text = S("log.example/a\n8\nroot\n");
    verify_cosign(line, text, 1795339800, &witness.key[0], secret_key);
    assert_true(verify_cosignature_holds(&at, str_z(line), text, &witness.key[0]));
    assert_int_equal(at, 1795339800);
    assert_false(
        verify_cosignature_holds(&at, str_z(line), S("log.example/a\n9\nroot\n"), &witness.key[0]));
    crypto_sign_seed_keypair(public_key, other_secret, seed);
    assert_true(verify_witness_vkey(vkey, S("witness.example/w2"), public_key));
    snprintf(note, sizeof note, "%s\n%s", witness_vkey, vkey);
    assert_true(verify_witnesses_read(&two, str_z(note), "witnesses", &report));
    assert_false(verify_cosignature_holds(&at, str_z(line), text, &two.key[1]));

    size_t n = made_checkpoint(note, log_a, 8);
    struct str signed_text = { note, n };
    struct verify_checkpoint c;
    struct str origin;
    assert_true(verify_checkpoint_form(&c, &origin, signed_text, "checkpoint", &report));
    signed_text.n = (size_t)(strstr(note, "\n\n") - note) + 1;
    assert_true(verify_cosigned_read(&by, (struct str){ note, n }, &two, "note", &report));
    assert_int_equal(by.n, 0);
    for (int i = 0; i < 2; i++) { /* twice by the same is once */
        verify_cosign(line, signed_text, 100 + (uint64_t)i, &two.key[0], secret_key);
        n += (size_t)snprintf(note + n, sizeof note - n, "%s", line);
        assert_true(verify_cosigned_read(&by, (struct str){ note, n }, &two, "note", &report));
        assert_true(by.n == 1 && by.by[0] && !by.by[1] && by.at[0] == 100 + (uint64_t)i);
    }
    verify_cosign(line, signed_text, 7, &two.key[1], other_secret);
    n += (size_t)snprintf(note + n, sizeof note - n, "%s", line);
    assert_true(verify_cosigned_read(&by, (struct str){ note, n }, &two, "note", &report));
    assert_int_equal(by.n, 2);
    verify_cosign(line, text, 7, &two.key[1], other_secret); /* moved from another checkpoint */
    n += (size_t)snprintf(note + n, sizeof note - n, "%s", line);
    assert_false(verify_cosigned_read(&by, (struct str){ note, n }, &two, "note", &report));
}

static void a_witness_counts_once(void **state)
{
    (void)state;
    char text[4 * VERIFY_VKEY_MAX], again[VERIFY_VKEY_MAX], vkey[MADE_NOTE_MAX];
    struct verify_keys keys;
    snprintf(text, sizeof text, "%s\n%s\n", witness_vkey, witness_vkey);
    assert_false(verify_witnesses_read(&keys, str_z(text), "witnesses", &report));
    assert_true(verify_witness_vkey(again, S("witness.example/alias"), witness.key[0].public_key));
    snprintf(text, sizeof text, "%s\n%s\n", witness_vkey, again);
    assert_false(verify_witnesses_read(&keys, str_z(text), "witnesses", &report));
    made_vkey(vkey, log_a); /* a log's key is no witness's, and the other way round */
    assert_false(verify_witnesses_read(&keys, str_z(vkey), "witnesses", &report));
    assert_false(verify_keys_read(&keys, str_z(witness_vkey), "vkey", &report));
    assert_false(verify_witness_vkey(again, S("two words"), witness.key[0].public_key));
    assert_false(verify_witness_vkey(again, S(""), witness.key[0].public_key));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_consistency_proof_holds_for_its_two_trees_alone),
        cmocka_unit_test(a_submission_has_one_form),
        cmocka_unit_test(only_what_continues_is_cosigned),
        cmocka_unit_test(only_the_logs_own_key_is_heard),
        cmocka_unit_test(a_cosignature_holds_for_its_text_time_and_key),
        cmocka_unit_test(a_witness_counts_once),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
