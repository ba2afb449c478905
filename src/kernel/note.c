/* Signed notes and checkpoints. Everything is built into one bounded buffer, and what is signed is
 * the bytes that stand there, never a second rendering of them. */
#include "kernel/note.h"

#include <sodium.h>

enum { ALGORITHM_ED25519 = 1, KEY_ID_SIZE = 4, ROOT_BASE64 = 44 };

static bool name_valid(struct str name)
{
    if (name.n == 0 || name.n > NOTE_KEY_NAME_MAX)
        return false;
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] <= ' ' || name.p[i] > '~' || name.p[i] == '+')
            return false;
    return true;
}

enum outcome note_signer_init(struct note_signer *s, struct str name, const uint8_t seed[32],
                              struct err *e)
{
    if (!name_valid(name))
        return REFUSE(e, "note.name_malformed", { "name", name });
    *s = (struct note_signer){ 0 };
    memcpy(s->name, name.p, name.n);
    BUG_ON(crypto_sign_seed_keypair(s->public_key, s->secret_key, seed) != 0);
    return OK;
}

uint32_t note_key_id(struct str name, const uint8_t public_key[32])
{
    const uint8_t separator[] = { '\n', ALGORITHM_ED25519 };
    const struct bytes parts[] = {
        { (const uint8_t *)name.p, name.n },
        { separator, sizeof separator },
        { public_key, 32 },
    };
    struct hash h = hash_parts(parts, 3);
    return (uint32_t)h.b[0] << 24 | (uint32_t)h.b[1] << 16 | (uint32_t)h.b[2] << 8 | h.b[3];
}

static void key_id_bytes(uint8_t out[KEY_ID_SIZE], const struct note_signer *s)
{
    uint32_t id = note_key_id(str_z(s->name), s->public_key);
    for (int i = 0; i < KEY_ID_SIZE; i++)
        out[i] = (uint8_t)(id >> (24 - 8 * i));
}

void note_vkey_write(struct buf *b, const struct note_signer *s)
{
    uint8_t id[KEY_ID_SIZE];
    uint8_t key[33] = { ALGORITHM_ED25519 };
    key_id_bytes(id, s);
    memcpy(key + 1, s->public_key, 32);
    buf_z(b, s->name);
    buf_char(b, '+');
    buf_hex(b, id, sizeof id);
    buf_char(b, '+');
    buf_base64(b, key, sizeof key);
}

void note_sign(struct buf *b, size_t start, const struct note_signer *s)
{
    uint8_t signature[KEY_ID_SIZE + crypto_sign_BYTES];
    if (!buf_ok(b))
        return;
    key_id_bytes(signature, s);
    crypto_sign_detached(signature + KEY_ID_SIZE, NULL, (const uint8_t *)b->p + start, b->n - start,
                         s->secret_key);
    buf_printf(b, "\n\xe2\x80\x94 %s ", s->name);
    buf_base64(b, signature, sizeof signature);
    buf_char(b, '\n');
}

void checkpoint_write(struct buf *b, const struct checkpoint *c, const struct note_signer *s)
{
    size_t start = b->n;
    buf_printf(b, "%s\n%llu\n", c->origin, (unsigned long long)c->size);
    buf_base64(b, c->root.b, HASH_SIZE);
    buf_char(b, '\n');
    note_sign(b, start, s);
}

/* A line with its LF; false when there is none. */
static bool take_line(struct str *line, struct str *rest)
{
    size_t n = str_find(*rest, '\n');
    if (n == rest->n)
        return false;
    *line = (struct str){ rest->p, n };
    *rest = str_from(*rest, n + 1);
    return true;
}

static bool root_read(struct hash *out, struct str line)
{
    size_t n;
    return line.n == ROOT_BASE64 &&
           sodium_base642bin(out->b, HASH_SIZE, line.p, line.n, NULL, &n, NULL,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           n == HASH_SIZE;
}

static bool parse(struct checkpoint *out, struct str note)
{
    struct str line;
    int64_t size;
    if (note.n > NOTE_MAX || !take_line(&line, &note) || line.n == 0 ||
        line.n > CHECKPOINT_ORIGIN_MAX)
        return false;
    memcpy(out->origin, line.p, line.n);
    if (!take_line(&line, &note) || !str_to_u63(&size, line))
        return false;
    out->size = (uint64_t)size;
    if (!take_line(&line, &note) || !root_read(&out->root, line))
        return false;
    if (!take_line(&line, &note) || line.n != 0 || note.n == 0)
        return false; /* our own notes have no extension lines */
    while (note.n > 0)
        if (!take_line(&line, &note) || !str_starts(line, S("\xe2\x80\x94 ")))
            return false;
    return true;
}

enum outcome checkpoint_read(struct checkpoint *out, struct str note, struct err *e)
{
    *out = (struct checkpoint){ 0 };
    if (!parse(out, note))
        return REFUSE(e, "note.malformed");
    return OK;
}
