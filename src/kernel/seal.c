/* Sealing of single fields. From the subject's key comes the field's key (HKDF over event id and
 * path), from the field's key two more: one encrypts, one is the commitment that stands in front.
 * XChaCha20-Poly1305 alone lets someone who chooses two keys make one ciphertext that opens under
 * both, to different texts; HMAC-SHA-256 has no such pair, so the commitment decides which key it
 * was, before anything is opened. */
#include "kernel/keyring_impl.h"
#include "kernel/seal_digest.h"

#include <sodium.h>

#define PREFIX "s1:"

enum {
    COMMITMENT_SIZE = KEY_SIZE,
    NONCE_SIZE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_SIZE = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    FRAME_SIZE = COMMITMENT_SIZE + NONCE_SIZE + TAG_SIZE,
};
_Static_assert((int)SEAL_FIELD_KEY_SIZE == (int)KEY_SIZE, "a field's key is a key");

/* The parts of a sealed text. */
struct sealed {
    struct str head; /* "s1:<subject>:", the associated data */
    struct str subject;
    struct str body; /* base64 */
};

struct field_secrets {
    uint8_t encryption[KEY_SIZE];
    uint8_t commitment[COMMITMENT_SIZE];
};

static const uint8_t *octets(struct str s)
{
    return (const uint8_t *)(s.p ? s.p : "");
}

/* libsodium's decoder takes some bytes beyond ASCII for letters: without this a sealed text would
 * have several forms. */
static bool ascii(struct str s)
{
    uint8_t all = 0;
    for (size_t i = 0; i < s.n; i++)
        all |= (uint8_t)s.p[i];
    return all < 0x80;
}

static bool sealed_parse(struct sealed *out, struct str text)
{
    if (!str_starts(text, S(PREFIX)))
        return false;
    const struct str rest = str_from(text, sizeof PREFIX - 1);
    const size_t n = str_find(rest, ':');
    if (n == rest.n)
        return false;
    out->subject = (struct str){ rest.p, n };
    out->head = (struct str){ text.p, sizeof PREFIX - 1 + n + 1 };
    out->body = str_from(rest, n + 1);
    return keyring_subject_valid(out->subject) && out->body.n % 4 == 0 && ascii(out->body) &&
           out->body.n >= sodium_base64_ENCODED_LEN(FRAME_SIZE, sodium_base64_VARIANT_ORIGINAL) - 1;
}

bool seal_is(struct str text)
{
    struct sealed parts;
    return sealed_parse(&parts, text);
}

struct str seal_subject(struct str text)
{
    struct sealed parts;
    return sealed_parse(&parts, text) ? parts.subject : (struct str){ 0 };
}

static void field_key(uint8_t out[KEY_SIZE], const uint8_t subject_key[KEY_SIZE],
                      struct str event_id, struct str path)
{
    key_derive(out, subject_key, "vein seal 1 field", (const struct str[]){ event_id, path }, 2);
}

static void field_secrets(struct field_secrets *out, const uint8_t key[KEY_SIZE])
{
    key_derive(out->encryption, key, "vein seal 1 encryption", NULL, 0);
    key_derive(out->commitment, key, "vein seal 1 commitment", NULL, 0);
}

/* Lays out commitment ‖ nonce ‖ ciphertext ‖ tag as the sealed text. */
static struct str encode(struct arena *arena, struct str head, const uint8_t *frame, size_t n)
{
    struct buf text = buf_in(arena, head.n + (n + 2) / 3 * 4);
    buf_str(&text, head);
    buf_base64(&text, frame, n);
    return buf_get(&text);
}

enum outcome seal_text(struct keyring *k, struct str *out, struct str subject, struct str event_id,
                       struct str path, struct str plain, struct arena *arena, struct err *e)
{
    if (plain.n > SEAL_PLAIN_MAX)
        return REFUSE(e, "base.too_large", { "max", S("1048576") });
    uint8_t key[KEY_SIZE];
    struct field_secrets secrets;
    TRY(keyring_subject_key(k, key, subject, e));
    field_key(key, key, event_id, path);
    field_secrets(&secrets, key);
    sodium_memzero(key, sizeof key);

    const struct str head = arena_printf(arena, PREFIX "%.*s:", STR(subject));
    uint8_t *frame = arena_array(arena, FRAME_SIZE + plain.n, 1);
    if (frame && head.p) {
        memcpy(frame, secrets.commitment, COMMITMENT_SIZE);
        uint8_t *nonce = frame + COMMITMENT_SIZE;
        keyring_random(k, nonce, NONCE_SIZE);
        crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + NONCE_SIZE, NULL, octets(plain), plain.n,
                                                   octets(head), head.n, NULL, nonce,
                                                   secrets.encryption);
        *out = encode(arena, head, frame, FRAME_SIZE + plain.n);
    }
    sodium_memzero(&secrets, sizeof secrets);
    return arena_exhausted(arena) ? err_no_memory(e) : OK;
}

enum outcome seal_field_key(struct keyring *k, uint8_t key[SEAL_FIELD_KEY_SIZE],
                            struct str event_id, struct str path, struct str sealed, struct err *e)
{
    struct sealed parts;
    if (!sealed_parse(&parts, sealed))
        return err_fault(e, "seal.damaged", "the form of a sealed text is broken");
    TRY(keyring_subject_key(k, key, parts.subject, e));
    field_key(key, key, event_id, path);
    return OK;
}

/* Opens frame into out, which holds n - FRAME_SIZE bytes, if it commits to this key. */
static bool frame_open(uint8_t *out, const uint8_t *frame, size_t n, struct str head,
                       const uint8_t key[KEY_SIZE])
{
    struct field_secrets secrets;
    field_secrets(&secrets, key);
    const uint8_t *nonce = frame + COMMITMENT_SIZE;
    const bool good = sodium_memcmp(frame, secrets.commitment, COMMITMENT_SIZE) == 0 &&
                      crypto_aead_xchacha20poly1305_ietf_decrypt(
                          out, NULL, NULL, nonce + NONCE_SIZE, n - COMMITMENT_SIZE - NONCE_SIZE,
                          octets(head), head.n, nonce, secrets.encryption) == 0;
    sodium_memzero(&secrets, sizeof secrets);
    return good;
}

enum outcome seal_open_disclosed(struct str *out, const uint8_t key[SEAL_FIELD_KEY_SIZE],
                                 struct str sealed, struct arena *arena, struct err *e)
{
    struct sealed parts;
    if (!sealed_parse(&parts, sealed))
        return err_fault(e, "seal.damaged", "the form of a sealed text is broken");
    const size_t room = parts.body.n / 4 * 3;
    uint8_t *frame = arena_array(arena, room, 1);
    uint8_t *plain = arena_array(arena, room, 1);
    if (!frame || !plain)
        return err_no_memory(e);
    size_t n = 0;
    const char *end = NULL;
    if (sodium_base642bin(frame, room, parts.body.p, parts.body.n, NULL, &n, &end,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        end != parts.body.p + parts.body.n || n < FRAME_SIZE)
        return err_fault(e, "seal.damaged", "the form of a sealed text is broken");
    if (!frame_open(plain, frame, n, parts.head, key))
        return err_fault(e, "seal.damaged", "a sealed text does not belong to its place");
    *out = (struct str){ (const char *)plain, n - FRAME_SIZE };
    return OK;
}

enum outcome seal_open(struct keyring *k, struct str *out, struct str event_id, struct str path,
                       struct str sealed, struct arena *arena, struct err *e)
{
    uint8_t key[KEY_SIZE];
    TRY(seal_field_key(k, key, event_id, path, sealed, e));
    const enum outcome outcome = seal_open_disclosed(out, key, sealed, arena, e);
    sodium_memzero(key, sizeof key);
    return outcome;
}

enum outcome seal_secret(struct keyring *k, struct bytes *out, struct seal_place place,
                         struct str plain, struct arena *arena, struct err *e)
{
    uint8_t *frame = arena_array(arena, NONCE_SIZE + plain.n + TAG_SIZE, 1);
    if (!frame)
        return err_no_memory(e);
    uint8_t key[KEY_SIZE];
    keyring_purpose_key(k, key, NODE_ANSWERS, place.purpose);
    keyring_random(k, frame, NONCE_SIZE);
    crypto_aead_xchacha20poly1305_ietf_encrypt(frame + NONCE_SIZE, NULL, octets(plain), plain.n,
                                               octets(place.of), place.of.n, NULL, frame, key);
    sodium_memzero(key, sizeof key);
    *out = (struct bytes){ frame, NONCE_SIZE + plain.n + TAG_SIZE };
    return OK;
}

static bool secret_open(uint8_t *plain, struct bytes sealed, struct str of, const uint8_t *key)
{
    return crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, sealed.p + NONCE_SIZE,
                                                      sealed.n - NONCE_SIZE, octets(of), of.n,
                                                      sealed.p, key) == 0;
}

enum outcome seal_secret_open(struct keyring *k, struct str *out, struct seal_place place,
                              struct bytes sealed, struct arena *arena, struct err *e)
{
    if (sealed.n < NONCE_SIZE + TAG_SIZE)
        return err_fault(e, "seal.damaged", "a secret of the node is too short");
    uint8_t *plain = arena_array(arena, sealed.n, 1);
    if (!plain)
        return err_no_memory(e);
    uint8_t key[KEY_SIZE];
    keyring_purpose_key(k, key, NODE_ANSWERS, place.purpose);
    const bool good = secret_open(plain, sealed, place.of, key) ||
                      secret_open(plain, sealed, (struct str){ 0 }, key); /* before places were */
    sodium_memzero(key, sizeof key);
    if (!good)
        return err_fault(e, "seal.damaged", "a secret of the node does not open");
    *out = (struct str){ (const char *)plain, sealed.n - NONCE_SIZE - TAG_SIZE };
    return OK;
}

enum outcome seal_subject_digest(struct keyring *k, struct hash *out, struct str subject,
                                 const char *purpose, struct str text, struct err *e)
{
    uint8_t key[KEY_SIZE];
    const struct str part = str_z(purpose);
    TRY(keyring_subject_key(k, key, subject, e));
    key_derive(key, key, "vein keyring 2 digest", &part, 1);
    key_hmac(out->b, key, &(struct bytes){ (const uint8_t *)(text.p ? text.p : ""), text.n }, 1);
    sodium_memzero(key, sizeof key);
    return OK;
}
