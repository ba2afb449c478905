/* Opens one sealed text with a key that was disclosed (docs/ledger-format.md, "Sealed text"). */
#include "verify/bundle.h"

#include <sodium.h>
#include <stdlib.h>

enum {
    COMMITMENT = 32,
    NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    FRAME = COMMITMENT + NONCE + TAG,
};

/* HKDF-SHA-256 with the label as salt and no info, one block. */
static void derive(uint8_t out[32], const uint8_t key[VERIFY_FIELD_KEY], const char *label)
{
    static const uint8_t one = 1;
    uint8_t extracted[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, (const uint8_t *)label, strlen(label));
    crypto_auth_hmacsha256_update(&state, key, VERIFY_FIELD_KEY);
    crypto_auth_hmacsha256_final(&state, extracted);
    crypto_auth_hmacsha256_init(&state, extracted, sizeof extracted);
    crypto_auth_hmacsha256_update(&state, &one, 1);
    crypto_auth_hmacsha256_final(&state, out);
}

static bool frame_open(uint8_t *plain, size_t *n, const uint8_t *frame, size_t size,
                       struct str head, const uint8_t key[VERIFY_FIELD_KEY])
{
    uint8_t commitment[32], encryption[32];
    unsigned long long got = 0;
    if (size < FRAME)
        return false;
    derive(commitment, key, "vein seal 1 commitment");
    derive(encryption, key, "vein seal 1 encryption");
    if (sodium_memcmp(frame, commitment, COMMITMENT) != 0)
        return false;
    const uint8_t *nonce = frame + COMMITMENT;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            plain, &got, NULL, nonce + NONCE, size - COMMITMENT - NONCE, (const uint8_t *)head.p,
            head.n, nonce, encryption) != 0)
        return false;
    *n = (size_t)got;
    return true;
}

bool verify_sealed_open(uint8_t *plain, size_t *n, struct str sealed,
                        const uint8_t key[VERIFY_FIELD_KEY])
{
    struct str body = str_from(sealed, 3);
    size_t size = 0;
    if (!str_starts(sealed, S("s1:")) || str_cut(&body, ':').n == 0 || !body.p)
        return false;
    uint8_t *frame = malloc(body.n + 1);
    const struct str head = { sealed.p, sealed.n - body.n };
    const bool good = frame && verify_base64(frame, body.n, &size, body) &&
                      frame_open(plain, n, frame, size, head, key);
    free(frame);
    return good;
}
