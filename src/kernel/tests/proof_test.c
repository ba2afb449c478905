/* One-time codes by the vectors of their RFCs, and their secret as text and as a QR code. */
#include "kernel/proof.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/arena.h"

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const struct bytes secret = { (const uint8_t *)"12345678901234567890", 20 };

/* partial: SIG-02 RFC 4226, appendix D */
static void codes_of_counters(void **state)
{
    (void)state;
    static const char *const right[] = { "755224", "287082", "359152", "969429", "338314",
                                         "254676", "287922", "162583", "399871", "520489" };
    for (int i = 0; i < 10; i++) {
        char code[PROOF_CODE_DIGITS + 1];
        proof_code(code, secret, i);
        assert_string_equal(code, right[i]);
    }
}

/* partial: SIG-02 RFC 6238, appendix B, the last six of its eight digits */
static void codes_of_times(void **state)
{
    (void)state;
    static const struct {
        int64_t seconds;
        const char *code;
    } rows[] = {
        { 59, "287082" },         { 1111111109, "081804" }, { 1111111111, "050471" },
        { 1234567890, "005924" }, { 2000000000, "279037" }, { 20000000000, "353130" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const int64_t now = rows[i].seconds * TIME_SECOND;
        const struct str code = str_z(rows[i].code);
        const int64_t step = rows[i].seconds / 30;
        assert_int_equal(proof_code_step(secret, code, now, -1), step);
        assert_int_equal(proof_code_step(secret, code, now + 30 * TIME_SECOND, -1), step);
        assert_int_equal(proof_code_step(secret, code, now - 30 * TIME_SECOND, -1), step);
        assert_int_equal(proof_code_step(secret, code, now + 60 * TIME_SECOND, -1), -1);
        if (step > 1)
            assert_int_equal(proof_code_step(secret, code, now - 60 * TIME_SECOND, -1), -1);
        assert_int_equal(proof_code_step(secret, code, now, step), -1); /* shown already */
        assert_int_equal(proof_code_step(secret, code, now, step - 1), step);
    }
    const int64_t now = 59 * TIME_SECOND;
    assert_int_equal(proof_code_step(secret, S("28708"), now, -1), -1);
    assert_int_equal(proof_code_step(secret, S("2870820"), now, -1), -1);
    assert_int_equal(proof_code_step(secret, S(""), now, -1), -1);
    assert_int_equal(proof_code_step(secret, (struct str){ 0 }, now, -1), -1);
}

/* RFC 4648, section 10, without padding. */
static void secrets_as_text(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "f", "MY" },         { "fo", "MZXQ" },        { "foo", "MZXW6" },
        { "foob", "MZXW6YQ" }, { "fooba", "MZXW6YTB" }, { "foobar", "MZXW6YTBOI" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct bytes plain = { (const uint8_t *)rows[i][0], strlen(rows[i][0]) };
        assert_true(str_is(proof_code_secret_text(plain, arena), rows[i][1]));
        const struct bytes back = proof_code_secret(str_z(rows[i][1]), arena);
        assert_int_equal(back.n, plain.n);
        assert_memory_equal(back.p, plain.p, plain.n);
    }
    assert_int_equal(proof_code_secret(S("mzxw 6ytb oi"), arena).n, 6); /* as it is typed */
    assert_null(proof_code_secret(S("MZXW1"), arena).p);
    assert_int_equal(proof_code_secret((struct str){ 0 }, arena).n, 0);
}

static void a_qr_code_for_the_app(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct str path;
    int size;
    const struct str uri = proof_code_uri(S("vein h.example"), S("a&b=c"), S("MZXW6"), arena);
    assert_true(str_is(uri, "otpauth://totp/vein%20h.example:a%26b%3Dc?secret=MZXW6"
                            "&issuer=vein%20h.example"));
    assert_int_equal(proof_qr(&path, &size, uri, arena, &e), OK);
    assert_true(size > 8 + 21 && size < 100);
    assert_true(str_starts(path, S("M4 4h1v1h-1z"))); /* the corner of its first square */
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(codes_of_counters),
        T(codes_of_times),
        T(secrets_as_text),
        T(a_qr_code_for_the_app),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
