/* Sealed fields: they open in their place and nowhere else, any change is noticed, and a ciphertext
 * made to open under two keys opens under one at most. */
#define _GNU_SOURCE /* memmem */
#include "base/tests/folder.h"
#include "kernel/keyring_impl.h"

#include <openssl/bn.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <setjmp.h>
#include <cmocka.h>

#define SUBJECT S("0193a5c0-0000-7000-8000-000000000001")
#define OTHER   S("0193a5c0-0000-7000-8000-000000000002")
#define EVENT   S("0193a5c0-1111-7000-8000-000000000001")
#define PATH    S("patient.family_name")
#define PLAIN   S("Quennell-Marchbanks") /* a name that stands nowhere else */

static char folder[64];
static char keys_path[96];
static char root_path[96];
static struct keyring *k;
static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    test_folder(folder, sizeof folder, "seal");
    snprintf(keys_path, sizeof keys_path, "%s/db.keys", folder);
    snprintf(root_path, sizeof root_path, "%s/db.root", folder);
    const struct keyring_options options = {
        .env = &env_system, .path = keys_path, .root_path = root_path, .create = true
    };
    struct err e = { 0 };
    arena = arena_new(64 << 20);
    assert_int_equal(keyring_open(&k, &options, &e), OK);
    assert_int_equal(keyring_subject(k, SUBJECT, S("hospital"), &e), OK);
    assert_int_equal(keyring_subject(k, OTHER, S("hospital"), &e), OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    keyring_close(k);
    arena_free(arena);
    unlink(keys_path);
    unlink(root_path);
    return rmdir(folder);
}

static struct str sealed_of(struct str plain)
{
    struct str out;
    struct err e = { 0 };
    assert_int_equal(seal_text(k, &out, SUBJECT, EVENT, PATH, plain, arena, &e), OK);
    assert_true(seal_is(out));
    return out;
}

static void assert_damaged(struct str event, struct str path, struct str sealed)
{
    struct str plain;
    struct err e = { 0 };
    assert_int_equal(seal_open(k, &plain, event, path, sealed, arena, &e), FAULT);
    assert_true(strcmp(e.code, "seal.damaged") == 0 || strcmp(e.code, "seal.no_key") == 0);
    assert_null(strstr(e.detail, PLAIN.p));
}

static void round_trip(void **state)
{
    (void)state;
    struct err e = { 0 };
    const size_t lengths[] = { 0, 1, 15, 16, 17, 1000, SEAL_PLAIN_MAX };
    char *text = malloc(SEAL_PLAIN_MAX + 1);
    memset(text, 'x', SEAL_PLAIN_MAX + 1);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        const struct str plain = { text, lengths[i] };
        struct str opened;
        assert_int_equal(seal_open(k, &opened, EVENT, PATH, sealed_of(plain), arena, &e), OK);
        assert_true(str_eq(opened, plain));
        assert_non_null(opened.p);
    }
    struct str out;
    assert_int_equal(seal_text(k, &out, SUBJECT, EVENT, PATH,
                               (struct str){ text, SEAL_PLAIN_MAX + 1 }, arena, &e),
                     REFUSED);
    assert_false(str_eq(sealed_of(PLAIN), sealed_of(PLAIN))); /* equal texts look different */
    free(text);
}

static void opens_in_its_place_only(void **state)
{
    (void)state;
    const struct str sealed = sealed_of(PLAIN);
    assert_damaged(OTHER, PATH, sealed);
    assert_damaged(EVENT, S("patient.given_name"), sealed);
    /* The border between event and path belongs to the place as well. */
    assert_damaged(S("0193a5c0-1111-7000-8000-000000000001p"), S("atient.family_name"), sealed);
    /* Another subject's name in front. */
    char *text = malloc(sealed.n);
    memcpy(text, sealed.p, sealed.n);
    text[3 + OTHER.n - 1] = '2';
    assert_damaged(EVENT, PATH, (struct str){ text, sealed.n });
    free(text);
}

static void every_flipped_bit_is_noticed(void **state)
{
    (void)state;
    const struct str sealed = sealed_of(PLAIN);
    char *text = malloc(sealed.n);
    for (size_t i = 0; i < sealed.n * 8; i++) {
        memcpy(text, sealed.p, sealed.n);
        text[i / 8] = (char)(text[i / 8] ^ (1 << i % 8));
        assert_damaged(EVENT, PATH, (struct str){ text, sealed.n });
    }
    for (size_t n = 0; n < sealed.n; n++) {
        memcpy(text, sealed.p, n);
        assert_damaged(EVENT, PATH, (struct str){ text, n });
    }
    free(text);
}

/* shows: SEC-01 */
static void erased_is_refused(void **state)
{
    (void)state;
    const struct str sealed = sealed_of(PLAIN);
    struct str out;
    struct err e = { 0 };
    assert_int_equal(keyring_destroy(k, SUBJECT, &e), OK);
    assert_int_equal(seal_open(k, &out, EVENT, PATH, sealed, arena, &e), REFUSED);
    assert_string_equal(e.code, "seal.erased");
    assert_int_equal(seal_text(k, &out, SUBJECT, EVENT, PATH, PLAIN, arena, &e), REFUSED);
    assert_int_equal(seal_text(k, &out, S("nobody"), EVENT, PATH, PLAIN, arena, &e), FAULT);
    assert_string_equal(e.code, "seal.no_key");
    assert_int_equal(seal_text(k, &out, OTHER, EVENT, PATH, PLAIN, arena, &e), OK);
}

static void plain_text_stands_in_no_file(void **state)
{
    (void)state;
    const struct str sealed = sealed_of(PLAIN);
    assert_null(memmem(sealed.p, sealed.n, PLAIN.p, PLAIN.n));
    const char *paths[] = { keys_path, root_path };
    for (int i = 0; i < 2; i++) {
        char content[4096];
        FILE *f = fopen(paths[i], "rb");
        assert_non_null(f);
        const size_t n = fread(content, 1, sizeof content, f);
        fclose(f);
        assert_true(n > 0 && n < sizeof content);
        assert_null(memmem(content, n, PLAIN.p, PLAIN.n));
    }
}

static void disclosed_key_opens_one_field(void **state)
{
    (void)state;
    const struct str sealed = sealed_of(PLAIN);
    struct str other, plain;
    struct err e = { 0 };
    uint8_t key[SEAL_FIELD_KEY_SIZE];
    assert_int_equal(seal_text(k, &other, SUBJECT, EVENT, S("other"), PLAIN, arena, &e), OK);
    assert_int_equal(seal_field_key(k, key, EVENT, PATH, sealed, &e), OK);
    assert_int_equal(seal_open_disclosed(&plain, key, sealed, arena, &e), OK);
    assert_true(str_eq(plain, PLAIN));
    assert_int_equal(seal_open_disclosed(&plain, key, other, arena, &e), FAULT);
}

static void secrets_of_the_node(void **state)
{
    (void)state;
    struct bytes sealed;
    struct str plain;
    struct err e = { 0 };
    assert_int_equal(
        seal_secret(k, &sealed, (struct seal_place){ "answer", S("one") }, PLAIN, arena, &e), OK);
    assert_int_equal(
        seal_secret_open(k, &plain, (struct seal_place){ "answer", S("one") }, sealed, arena, &e),
        OK);
    assert_true(str_eq(plain, PLAIN));
    assert_int_equal(
        seal_secret_open(k, &plain, (struct seal_place){ "token", S("one") }, sealed, arena, &e),
        FAULT);
    assert_int_equal(
        seal_secret_open(k, &plain, (struct seal_place){ "answer", S("two") }, sealed, arena, &e),
        FAULT);
    uint8_t *copy = malloc(sealed.n);
    for (size_t i = 0; i < sealed.n; i++) {
        memcpy(copy, sealed.p, sealed.n);
        copy[i] ^= 1;
        const struct bytes changed = { copy, sealed.n };
        assert_int_equal(seal_secret_open(k, &plain, (struct seal_place){ "answer", S("one") },
                                          changed, arena, &e),
                         FAULT);
        assert_int_equal(seal_secret_open(k, &plain, (struct seal_place){ "answer", S("one") },
                                          (struct bytes){ copy, i }, arena, &e),
                         FAULT);
    }
    free(copy);
}

/* -- The attack that the commitment is for ------------------------------------------------------
 */

/* One-time key (r, s) of Poly1305 for an encryption key and nonce, clamped. */
static void poly_key(BIGNUM *r, BIGNUM *s, const uint8_t key[32], const uint8_t nonce[24])
{
    uint8_t subkey[32], block[32] = { 0 };
    crypto_core_hchacha20(subkey, nonce, key, NULL);
    uint8_t inner[12] = { 0 };
    memcpy(inner + 4, nonce + 16, 8);
    crypto_stream_chacha20_ietf_xor(block, block, sizeof block, inner, subkey);
    for (int i = 3; i < 16; i += 4)
        block[i] &= 15;
    for (int i = 4; i < 16; i += 4)
        block[i] &= 252;
    BN_lebin2bn(block, 16, r);
    BN_lebin2bn(block + 16, 16, s);
}

/* What the attacker knows of one key, in the field of 2^130-5. */
struct equation {
    BIGNUM *r, *s;
    BIGNUM *rest;  /* the authenticator's sum but for the two blocks of ciphertext */
    BIGNUM *scale; /* 1 / r^2 */
};

static BIGNUM *field_size; /* 2^130-5 */
static BIGNUM *pad_bit;    /* 2^128, which every block has on top */
static BN_CTX *scratch;

static void add_block(BIGNUM *sum, const void *block)
{
    BIGNUM *t = BN_lebin2bn(block, 16, NULL);
    BN_add(t, t, pad_bit);
    BN_add(sum, sum, t);
    BN_free(t);
}

/* The sum is (head blocks) r^… + x r^3 + y r^2 + lengths r, x and y being the ciphertext. */
static struct equation equation_of(const uint8_t key[32], const uint8_t nonce[24], struct str head)
{
    struct equation q = { BN_new(), BN_new(), BN_new(), BN_new() };
    poly_key(q.r, q.s, key, nonce);
    for (size_t at = 0; at < head.n; at += 16) {
        uint8_t block[16] = { 0 };
        memcpy(block, head.p + at, head.n - at < 16 ? head.n - at : 16);
        add_block(q.rest, block);
        BN_mod_mul(q.rest, q.rest, q.r, field_size, scratch);
    }
    BN_mod_sqr(q.scale, q.r, field_size, scratch);
    BN_mod_mul(q.rest, q.rest, q.scale, field_size, scratch);
    BN_mod_inverse(q.scale, q.scale, field_size, scratch);
    const uint8_t lengths[16] = { [0] = (uint8_t)head.n, [8] = 32 };
    add_block(q.rest, lengths);
    BN_mod_mul(q.rest, q.rest, q.r, field_size, scratch);
    return q;
}

/* out = (tag - s - rest) / r^2, which must be x r + y. */
static void right_side(BIGNUM *out, const struct equation *q, const uint8_t tag[16])
{
    BN_lebin2bn(tag, 16, out);
    BN_mod_sub(out, out, q->s, field_size, scratch);
    BN_mod_sub(out, out, q->rest, field_size, scratch);
    BN_mod_mul(out, out, q->scale, field_size, scratch);
}

/* Solves both equations for x and y; true when they are blocks, that is, between 2^128 and 2^129.
 */
static bool solve(uint8_t out[48], const struct equation q[2])
{
    BIGNUM *x = BN_new(), *y = BN_new(), *v = BN_new(), *t = BN_new();
    do { /* no carry disturbs a tag above both s */
        randombytes_buf(out + 32, 16);
        BN_lebin2bn(out + 32, 16, t);
    } while (BN_cmp(t, q[0].s) < 0 || BN_cmp(t, q[1].s) < 0);
    right_side(y, &q[0], out + 32);
    right_side(v, &q[1], out + 32);
    BN_mod_sub(x, y, v, field_size, scratch);
    BN_mod_sub(t, q[0].r, q[1].r, field_size, scratch);
    BN_mod_inverse(t, t, field_size, scratch);
    BN_mod_mul(x, x, t, field_size, scratch);
    BN_mod_mul(t, x, q[0].r, field_size, scratch);
    BN_mod_sub(y, y, t, field_size, scratch);
    const bool fits = BN_num_bits(x) == 129 && BN_num_bits(y) == 129;
    if (fits) {
        BN_sub(x, x, pad_bit);
        BN_sub(y, y, pad_bit);
        BN_bn2lebinpad(x, out, 16);
        BN_bn2lebinpad(y, out + 16, 16);
    }
    BN_free(x), BN_free(y), BN_free(v), BN_free(t);
    return fits;
}

static bool opens(const uint8_t frame[48], const uint8_t key[32], const uint8_t nonce[24],
                  struct str head)
{
    uint8_t plain[32];
    return crypto_aead_xchacha20poly1305_ietf_decrypt(
               plain, NULL, NULL, frame, 48, (const uint8_t *)head.p, head.n, nonce, key) == 0;
}

/* Two blocks of ciphertext and a tag that are good under both keys. */
static void forge(uint8_t out[48], const uint8_t keys[2][32], const uint8_t nonce[24],
                  struct str head)
{
    scratch = BN_CTX_new();
    field_size = BN_new();
    pad_bit = BN_new();
    BN_set_bit(pad_bit, 128);
    BN_set_bit(field_size, 130);
    BN_sub_word(field_size, 5);
    struct equation q[2];
    for (int i = 0; i < 2; i++)
        q[i] = equation_of(keys[i], nonce, head);
    /* The attack on the cipher alone works, hence the commitment. One try in sixteen has blocks
     * that fit. */
    int tries = 0;
    while (!solve(out, q) || !opens(out, keys[0], nonce, head) || !opens(out, keys[1], nonce, head))
        assert_true(++tries < 100000);
    for (int i = 0; i < 2; i++) {
        BN_free(q[i].r), BN_free(q[i].s), BN_free(q[i].rest), BN_free(q[i].scale);
    }
    BN_free(field_size), BN_free(pad_bit), BN_CTX_free(scratch);
}

static void two_keys_never_open_one_text(void **state)
{
    (void)state;
    const struct str paths[2] = { S("a"), S("b") };
    const struct str head = S("s1:0193a5c0-0000-7000-8000-000000000001:");
    uint8_t secrets[2][32], commitments[2][32];
    struct err e = { 0 };
    for (int i = 0; i < 2; i++) {
        uint8_t key[SEAL_FIELD_KEY_SIZE];
        struct str any;
        assert_int_equal(seal_text(k, &any, SUBJECT, EVENT, paths[i], PLAIN, arena, &e), OK);
        assert_int_equal(seal_field_key(k, key, EVENT, paths[i], any, &e), OK);
        key_derive(secrets[i], key, "vein seal 1 encryption", NULL, 0);
        key_derive(commitments[i], key, "vein seal 1 commitment", NULL, 0);
    }
    uint8_t frame[32 + 24 + 48] = { 0 };
    randombytes_buf(frame + 32, 24);
    forge(frame + 56, (const uint8_t(*)[32])secrets, frame + 32, head);
    for (int i = 0; i < 2; i++) { /* the attacker may choose which commitment stands in front */
        char text[256];
        struct str plain;
        memcpy(frame, commitments[i], 32);
        memcpy(text, head.p, head.n);
        sodium_bin2base64(text + head.n, sizeof text - head.n, frame, sizeof frame,
                          sodium_base64_VARIANT_ORIGINAL);
        const struct str sealed = str_z(text);
        assert_int_equal(seal_open(k, &plain, EVENT, paths[i], sealed, arena, &e), OK);
        assert_damaged(EVENT, paths[1 - i], sealed);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(round_trip),
        TEST(opens_in_its_place_only),
        TEST(every_flipped_bit_is_noticed),
        TEST(erased_is_refused),
        TEST(plain_text_stands_in_no_file),
        TEST(disclosed_key_opens_one_field),
        TEST(secrets_of_the_node),
        TEST(two_keys_never_open_one_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
