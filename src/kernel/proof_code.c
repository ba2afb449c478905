/* One-time codes (RFC 4226, RFC 6238), their secret as base32, and as a QR code. */
#include "kernel/proof.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <qrencode.h>
#include <sodium.h>

#include "base/arena.h"
#include "base/buf.h"

enum { SHA1_SIZE = 20, MODULUS = 1000000, QR_MARGIN = 4, QR_TEXT_MAX = 1000 };

static const char *const words[] = { "none", "password", "code", "token" };

const char *proof_strength_word(enum proof_strength strength)
{
    return words[strength];
}

enum proof_strength proof_strength_of(struct str word)
{
    for (size_t i = 1; i < sizeof words / sizeof words[0]; i++)
        if (str_is(word, words[i]))
            return (enum proof_strength)i;
    return PROOF_NONE;
}

void proof_code(char out[PROOF_CODE_DIGITS + 1], struct bytes secret, int64_t step)
{
    uint8_t counter[8];
    uint8_t mac[SHA1_SIZE];
    unsigned size = sizeof mac;
    for (size_t i = 0; i < sizeof counter; i++)
        counter[i] = (uint8_t)((uint64_t)step >> (8 * (7 - i)));
    BUG_ON(!HMAC(EVP_sha1(), secret.p, (int)secret.n, counter, sizeof counter, mac, &size));
    const size_t at = mac[SHA1_SIZE - 1] & 0x0f;
    uint32_t value = ((uint32_t)mac[at] & 0x7f) << 24 | (uint32_t)mac[at + 1] << 16 |
                     (uint32_t)mac[at + 2] << 8 | mac[at + 3];
    value %= MODULUS;
    for (size_t i = PROOF_CODE_DIGITS; i > 0; i--, value /= 10)
        out[i - 1] = (char)('0' + value % 10);
    out[PROOF_CODE_DIGITS] = '\0';
}

int64_t proof_code_step(struct bytes secret, struct str code, int64_t now_us, int64_t after)
{
    char shown[PROOF_CODE_DIGITS] = { 0 };
    const bool whole = code.n == sizeof shown;
    int64_t found = -1;
    if (whole)
        memcpy(shown, code.p, sizeof shown);
    const int64_t now = now_us / PROOF_CODE_STEP_US;
    for (int64_t step = now - PROOF_CODE_AROUND; step <= now + PROOF_CODE_AROUND; step++) {
        char right[PROOF_CODE_DIGITS + 1];
        proof_code(right, secret, step);
        const bool same = sodium_memcmp(right, shown, sizeof shown) == 0;
        if (same && whole && step > after)
            found = step;
    }
    return found;
}

/* --- base32 --- */

static const char base32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

struct str proof_code_secret_text(struct bytes secret, struct arena *arena)
{
    struct buf b = buf_in(arena, 2 * secret.n + 2);
    uint32_t bits = 0;
    unsigned n = 0;
    for (size_t i = 0; i < secret.n; i++) {
        bits = bits << 8 | secret.p[i];
        for (n += 8; n >= 5; n -= 5)
            buf_char(&b, base32[bits >> (n - 5) & 31]);
    }
    if (n > 0)
        buf_char(&b, base32[bits << (5 - n) & 31]);
    return buf_get(&b);
}

struct bytes proof_code_secret(struct str text, struct arena *arena)
{
    uint8_t *out = arena_alloc(arena, text.n + 1);
    struct bytes made = { out, 0 };
    uint32_t bits = 0;
    unsigned n = 0;
    for (size_t i = 0; out && i < text.n; i++) {
        char c = text.p[i];
        if (c == ' ')
            continue;
        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        const char *at = c ? strchr(base32, c) : NULL;
        if (!at)
            return (struct bytes){ 0 };
        bits = bits << 5 | (uint32_t)(at - base32);
        n += 5;
        if (n >= 8) {
            n -= 8;
            out[made.n++] = (uint8_t)(bits >> n);
        }
    }
    return made;
}

/* --- for the app --- */

static void put_encoded(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        const unsigned char c = (unsigned char)s.p[i];
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
        if (plain)
            buf_char(b, (char)c);
        else
            buf_printf(b, "%%%02X", c);
    }
}

struct str proof_code_uri(struct str issuer, struct str login, struct str secret,
                          struct arena *arena)
{
    struct buf b = buf_in(arena, QR_TEXT_MAX);
    buf_z(&b, "otpauth://totp/");
    put_encoded(&b, issuer);
    buf_char(&b, ':');
    put_encoded(&b, login);
    buf_z(&b, "?secret=");
    buf_str(&b, secret);
    buf_z(&b, "&issuer=");
    put_encoded(&b, issuer);
    return buf_ok(&b) ? buf_get(&b) : S("");
}

enum outcome proof_qr(struct str *path, int *size, struct str text, struct arena *arena,
                      struct err *e)
{
    const struct str terminated = arena_str(arena, text);
    QRcode *code = terminated.p ? QRcode_encodeString8bit(terminated.p, 0, QR_ECLEVEL_M) : NULL;
    if (!code)
        return err_fault(e, "proof.qr", "the text has no QR code");
    struct buf b = buf_in(arena, (size_t)code->width * (size_t)code->width * 20 + 20);
    for (int y = 0; y < code->width; y++)
        for (int x = 0; x < code->width; x++)
            if (code->data[y * code->width + x] & 1)
                buf_printf(&b, "M%d %dh1v1h-1z", x + QR_MARGIN, y + QR_MARGIN);
    *size = code->width + 2 * QR_MARGIN;
    QRcode_free(code);
    *path = buf_get(&b);
    return buf_check(&b, e);
}
