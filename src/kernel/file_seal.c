/* Sealed pieces: see file.h for the form. The commitment stands in front for the reason that seal.c
 * gives. */
#include <sodium.h>

#include "kernel/file_impl.h"
#include "kernel/keyring_impl.h"

_Static_assert((int)FILE_NONCE == (int)crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");
_Static_assert((int)FILE_TAG == (int)crypto_aead_xchacha20poly1305_ietf_ABYTES, "tag");

enum { ASSOCIATED = ID_LENGTH + 9 };

enum outcome file_keys_make(struct file_keys *out, struct keyring *k, struct str subject,
                            struct str file, struct err *e)
{
    uint8_t key[KEY_SIZE];
    BUG_ON(file.n != ID_LENGTH);
    TRY(keyring_subject_key(k, key, subject, e));
    key_derive(key, key, "vein file 1", (const struct str[]){ file }, 1);
    key_derive(out->encryption, key, "vein file 1 encryption", NULL, 0);
    key_derive(out->commitment, key, "vein file 1 commitment", NULL, 0);
    sodium_memzero(key, sizeof key);
    memcpy(out->id, file.p, ID_LENGTH);
    out->id[ID_LENGTH] = '\0';
    return OK;
}

void file_keys_wipe(struct file_keys *k)
{
    sodium_memzero(k, sizeof *k);
}

void file_head_write(uint8_t out[FILE_HEAD], const struct file_keys *k)
{
    memcpy(out, "veinfil1", 8);
    memcpy(out + 8, k->commitment, FILE_KEY);
}

bool file_head_good(const uint8_t head[FILE_HEAD], const struct file_keys *k)
{
    return memcmp(head, "veinfil1", 8) == 0 &&
           sodium_memcmp(head + 8, k->commitment, FILE_KEY) == 0;
}

static void associate(uint8_t out[ASSOCIATED], const struct file_keys *k, int64_t number, bool last)
{
    memcpy(out, k->id, ID_LENGTH);
    for (size_t i = 0; i < 8; i++)
        out[ID_LENGTH + i] = (uint8_t)((uint64_t)number >> (8 * i));
    out[ID_LENGTH + 8] = last;
}

void file_piece_seal(uint8_t *out, const struct file_keys *k, const struct env *env, int64_t number,
                     bool last, const uint8_t *plain, size_t n)
{
    uint8_t with[ASSOCIATED];
    associate(with, k, number, last);
    env_random(env, out, FILE_NONCE);
    crypto_aead_xchacha20poly1305_ietf_encrypt(out + FILE_NONCE, NULL, plain, n, with, sizeof with,
                                               NULL, out, k->encryption);
}

bool file_piece_open(uint8_t *out, const struct file_keys *k, int64_t number, bool last,
                     const uint8_t *sealed, size_t n)
{
    uint8_t with[ASSOCIATED];
    if (n < FILE_FRAME)
        return false;
    associate(with, k, number, last);
    return crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed + FILE_NONCE,
                                                      n - FILE_NONCE, with, sizeof with, sealed,
                                                      k->encryption) == 0;
}

int64_t file_sealed_size(int64_t plain)
{
    const int64_t pieces = (plain + FILE_PIECE - 1) / FILE_PIECE;
    return FILE_HEAD + pieces * FILE_FRAME + plain;
}

/* Each part behind its length, so that no two bodies are the same text. */
struct hash file_proof(struct keyring *k, const struct file_store *body)
{
    char text[2000];
    struct buf b = buf_over(text, sizeof text);
    const struct str parts[] = { body->file,    body->kind, body->belongs, body->hash,
                                 body->subject, body->type, body->name };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        buf_printf(&b, "%zu:%.*s\n", parts[i].n, STR(parts[i]));
    buf_printf(&b, "%lld\n%lld", (long long)body->size, (long long)body->sealed_size);
    BUG_ON(!buf_ok(&b)); /* the record's bounds leave room */
    return keyring_digest(k, "file", buf_get(&b));
}
