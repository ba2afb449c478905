/* Signed notes and checkpoints. Everything is built into one bounded buffer, and what is signed is
 * the bytes that stand there, never a second rendering of them. */
#include "kernel/note.h"

#include <sodium.h>

enum {
    ALGORITHM_ED25519 = 1,
    ALGORITHM_COSIGNATURE = 4,
    KEY_ID_SIZE = 4,
    TIME_SIZE = 8,
    ROOT_BASE64 = 44,
};

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

static uint32_t key_id(struct str name, uint8_t algorithm, const uint8_t public_key[32])
{
    const uint8_t separator[] = { '\n', algorithm };
    const struct bytes parts[] = {
        { (const uint8_t *)name.p, name.n },
        { separator, sizeof separator },
        { public_key, 32 },
    };
    struct hash h = hash_parts(parts, 3);
    return (uint32_t)h.b[0] << 24 | (uint32_t)h.b[1] << 16 | (uint32_t)h.b[2] << 8 | h.b[3];
}

uint32_t note_key_id(struct str name, const uint8_t public_key[32])
{
    return key_id(name, ALGORITHM_ED25519, public_key);
}

static void id_bytes(uint8_t out[KEY_ID_SIZE], uint32_t id)
{
    for (int i = 0; i < KEY_ID_SIZE; i++)
        out[i] = (uint8_t)(id >> (24 - 8 * i));
}

static void key_id_bytes(uint8_t out[KEY_ID_SIZE], const struct note_signer *s)
{
    id_bytes(out, note_key_id(str_z(s->name), s->public_key));
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

/* -- Witnesses ----------------------------------------------------------------------------------
 */

static bool base64_read(uint8_t *out, size_t size, struct str text)
{
    const char *end = NULL;
    size_t n = 0;
    return text.n > 0 &&
           sodium_base642bin(out, size, text.p, text.n, NULL, &n, &end,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           n == size && end == text.p + text.n;
}

enum outcome note_witness_read(struct note_witness *out, struct str vkey, struct err *e)
{
    uint8_t key[1 + 32];
    char hex[2 * KEY_ID_SIZE + 1];
    struct str rest = vkey;
    const struct str name = str_cut(&rest, '+');
    const struct str id = rest.p ? str_cut(&rest, '+') : rest;
    *out = (struct note_witness){ 0 };
    if (!rest.p || !name_valid(name) || !base64_read(key, sizeof key, rest) ||
        key[0] != ALGORITHM_COSIGNATURE || !crypto_core_ed25519_is_valid_point(key + 1))
        return REFUSE(e, "note.witness_key", { "name", name });
    memcpy(out->name, name.p, name.n);
    memcpy(out->public_key, key + 1, sizeof out->public_key);
    id_bytes(out->id, key_id(name, ALGORITHM_COSIGNATURE, out->public_key));
    sodium_bin2hex(hex, sizeof hex, out->id, KEY_ID_SIZE);
    return str_is(id, hex) ? OK : REFUSE(e, "note.witness_key", { "name", name });
}

bool note_cosigned(uint64_t *at, struct str line, struct str text, const struct note_witness *w)
{
    static const struct str dash = S("\xe2\x80\x94 ");
    uint8_t raw[KEY_ID_SIZE + TIME_SIZE + crypto_sign_BYTES];
    char message[NOTE_MAX + 64];
    struct str body = str_from(line, dash.n);
    if (!str_starts(line, dash) || !str_is(str_cut(&body, ' '), w->name) || !body.p ||
        !base64_read(raw, sizeof raw, body) || memcmp(raw, w->id, KEY_ID_SIZE) != 0)
        return false;
    *at = 0;
    for (int i = 0; i < TIME_SIZE; i++)
        *at = *at << 8 | raw[KEY_ID_SIZE + i];
    struct buf b = buf_over(message, sizeof message);
    buf_printf(&b, "cosignature/v1\ntime %llu\n", (unsigned long long)*at);
    buf_str(&b, text);
    return *at <= INT64_MAX && buf_ok(&b) &&
           crypto_sign_verify_detached(raw + KEY_ID_SIZE + TIME_SIZE, (const uint8_t *)b.p, b.n,
                                       w->public_key) == 0;
}

struct str note_text(struct str note)
{
    size_t blank = 0;
    for (size_t i = 1; i < note.n; i++)
        if (note.p[i] == '\n' && note.p[i - 1] == '\n')
            blank = i;
    return (struct str){ note.p, blank };
}
