/* Keys and checkpoints: one form only, no weak key, no second form of a signature. */
#define _GNU_SOURCE
#include "verify/note.h"
#include "verify/tests/made.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>
#include <cmocka.h>

#define ROOT "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

static struct verify_report report;
static struct made *maker;
static struct verify_keys keys;

static bool checkpoint_good(struct str note)
{
    struct verify_checkpoint c;
    report = (struct verify_report){ 0 };
    return verify_checkpoint_read(&c, note, &keys, "checkpoint", &report);
}

static bool signed_good(const char *text)
{
    char note[MADE_NOTE_MAX];
    const size_t n = made_note(note, maker, text);
    return checkpoint_good((struct str){ note, n });
}

static bool key_good(const char *text)
{
    struct verify_keys out;
    report = (struct verify_report){ 0 };
    return verify_keys_read(&out, str_z(text), "vkey", &report);
}

static int set_up(void **state)
{
    (void)state;
    char vkey[MADE_NOTE_MAX];
    maker = made_new("log.example/a", 3);
    made_vkey(vkey, maker);
    assert_true(verify_keys_read(&keys, str_z(vkey), "vkey", &report));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    made_free(maker);
    return 0;
}

static void text_has_one_form(void **state)
{
    (void)state;
    assert_true(signed_good("log.example/a\n0\n" ROOT "\n"));
    assert_true(signed_good("log.example/a\n9223372036854775807\n" ROOT "\n"));
    assert_true(signed_good("log.example/a\n5\n" ROOT "\nextension\nanother one\n"));
    static const char *const bad[] = {
        "log.example/b\n0\n" ROOT "\n", /* signed, but under the name of another log */
        "log.example/a\n9223372036854775808\n" ROOT "\n",
        "log.example/a\n05\n" ROOT "\n",
        "log.example/a\n+5\n" ROOT "\n",
        "log.example/a\n-5\n" ROOT "\n",
        "log.example/a\n\n" ROOT "\n",
        "log.example/a\n5 \n" ROOT "\n",
        "log.example/a\n5\n",
        "log.example/a\n",
        "\n5\n" ROOT "\n",
        "log.example/a\n5\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n",
        "log.example/a\n5\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\n",
        "log.example/a\n5\n47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "log.example/a\n5\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuF\xD5=\n",
        "log.example/a\r\n5\n" ROOT "\n",
        "log.example/a\n5\n" ROOT "\n\nmore\n",
        "log.example/a\n5\n" ROOT "\n\x01\n",
        "log.example/a\n5\n" ROOT "\n\xFF\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (signed_good(bad[i]))
            fail_msg("accepted: %s", bad[i]);
}

static void signature_lines(void **state)
{
    (void)state;
    char note[MADE_NOTE_MAX], other[MADE_NOTE_MAX];
    size_t n = made_checkpoint(note, maker, 0);
    /* A stranger's signature beside it is passed over, one that is malformed is not. */
    struct made *stranger = made_new("w\xC3\xADtness/b", 9);
    const size_t m = made_checkpoint(other, stranger, 0);
    const char *line = memmem(other, m, "\xE2\x80\x94", 3);
    assert_non_null(line);
    char both[2 * MADE_NOTE_MAX];
    int b = snprintf(both, sizeof both, "%s%s", note, line);
    assert_true(checkpoint_good((struct str){ both, (size_t)b }));
    assert_false(checkpoint_good((struct str){ other, m })); /* alone it is worth nothing */
    both[b - 3] = '!';
    assert_false(checkpoint_good((struct str){ both, (size_t)b }));
    static const char *const bad[] = { "\n",
                                       "x\n",
                                       "\xE2\x80\x94 \n",
                                       "\xE2\x80\x94 a\n",
                                       "\xE2\x80\x94 a AAAA\n",
                                       "- a AAAAAAA=\n",
                                       "\xE2\x80\x94 a\xC2\xA0x AAAAAAA=\n",
                                       "\xE2\x80\x94 a+b AAAAAAA=\n",
                                       "\xE2\x80\x94 a AAAAAAA= \n",
                                       "\xE2\x80\x94 a AAAAAAA=" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        b = snprintf(both, sizeof both, "%s%s", note, bad[i]);
        assert_false(checkpoint_good((struct str){ both, (size_t)b }));
    }
    b = snprintf(both, sizeof both, "%s\xE2\x80\x94 a AAAAAAA=\n", note);
    assert_true(checkpoint_good((struct str){ both, (size_t)b }));
    /* Every flipped bit and every cut of the whole note. */
    for (size_t i = 0; i < n * 8; i++) {
        note[i / 8] = (char)(note[i / 8] ^ 1 << i % 8);
        assert_false(checkpoint_good((struct str){ note, n }));
        note[i / 8] = (char)(note[i / 8] ^ 1 << i % 8);
    }
    for (size_t i = 0; i < n; i++)
        assert_false(checkpoint_good((struct str){ note, i }));
    assert_true(checkpoint_good((struct str){ note, n }));
    made_free(stranger);
}

/* S plus the group's order is the same number to a careless verifier. */
static void signature_has_one_form(void **state)
{
    (void)state;
    static const uint8_t order[32] = { 0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58,       0xD6,
                                       0x9C, 0xF7, 0xA2, 0xDE, 0xF9, 0xDE, 0x14, [31] = 0x10 };
    char note[MADE_NOTE_MAX];
    const size_t n = made_checkpoint(note, maker, 0);
    char *text = (char *)memmem(note, n, "/a ", 3) + 3;
    char *base64 = memmem(text, n - (size_t)(text - note), "/a ", 3);
    base64 = base64 ? base64 + 3 : text;
    uint8_t raw[68];
    size_t got;
    assert_true(verify_base64(raw, sizeof raw, &got, (struct str){ base64, 92 }));
    unsigned carry = 0;
    for (int i = 0; i < 32; i++) {
        carry += (unsigned)raw[36 + i] + order[i];
        raw[36 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    char again[100];
    sodium_bin2base64(again, sizeof again, raw, sizeof raw, sodium_base64_VARIANT_ORIGINAL);
    memcpy(base64, again, 92);
    assert_false(checkpoint_good((struct str){ note, n }));
}

static void make_key(char out[MADE_NOTE_MAX], const char *name, uint8_t type, const uint8_t raw[32])
{
    uint8_t text[200];
    char hex[9], base64[64];
    const size_t n = (size_t)snprintf((char *)text, sizeof text, "%s\n", name);
    text[n] = type;
    memcpy(text + n + 1, raw, 32);
    const struct hash h = hash_of(text, n + 33);
    sodium_bin2hex(hex, sizeof hex, h.b, 4);
    sodium_bin2base64(base64, sizeof base64, text + n, 33, sodium_base64_VARIANT_ORIGINAL);
    snprintf(out, MADE_NOTE_MAX, "%s+%s+%s", name, hex, base64);
}

static void weak_keys_are_refused(void **state)
{
    (void)state;
    static const char *const weak[] = {
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0200000000000000000000000000000000000000000000000000000000000000",
    };
    char key[MADE_NOTE_MAX];
    make_key(key, "log.example/a", 1, maker->public_key);
    assert_true(key_good(key));
    for (size_t i = 0; i < sizeof weak / sizeof *weak; i++) {
        uint8_t raw[32];
        sodium_hex2bin(raw, 32, weak[i], 64, NULL, NULL, NULL);
        make_key(key, "log.example/a", 1, raw);
        if (key_good(key))
            fail_msg("accepted: %s", weak[i]);
    }
    make_key(key, "log.example/a", 2, maker->public_key);
    assert_false(key_good(key));
    static const char *const names[] = {
        "", "a b", "a\tb", "a\xC2\x85", "\xE3\x80\x80", "\xC3\xBC"
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        make_key(key, names[i], 1, maker->public_key);
        assert_false(key_good(key));
    }
    make_key(key, "log.example/a", 1, maker->public_key);
    const size_t n = strlen(key);
    for (size_t i = 0; i < n; i++) {
        key[i] ^= 1;
        assert_false(key_good(key));
        key[i] ^= 1;
    }
    for (size_t i = 0; i < n; i++)
        assert_false(key_good((key[n - i - 1] = '\0', key)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_has_one_form),
        cmocka_unit_test(signature_lines),
        cmocka_unit_test(signature_has_one_form),
        cmocka_unit_test(weak_keys_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
