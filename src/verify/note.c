/* Keys and checkpoints, byte by byte. Where the C2SP texts leave room this is strict: one form
 * only. */
#include "verify/note.h"

#include <sodium.h>
#include <stdio.h>

#define DASH "\xE2\x80\x94 "

enum {
    TYPE_ED25519 = 1,
    TYPE_COSIGNATURE = 4,
    ROOT_TEXT = 44,
    DECIMAL_DIGITS_MAX = 19,
    ID = 4,
    TIME = 8,
    SIGNATURE = 64,
};

bool verify_decimal(uint64_t *out, struct str s)
{
    if (s.n == 0 || s.n > DECIMAL_DIGITS_MAX || (s.n > 1 && s.p[0] == '0'))
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(s.p[i] - '0');
    }
    *out = value;
    return value <= INT64_MAX;
}

bool verify_line(struct str *line, struct str *rest)
{
    const size_t n = str_find(*rest, '\n');
    if (n == rest->n)
        return false;
    *line = (struct str){ rest->p, n };
    *rest = str_from(*rest, n + 1);
    return true;
}

/* libsodium takes some bytes beyond ASCII for letters, so they are looked at here; what it asks of
 * padding and of the last bits leaves one spelling of the same bytes. */
bool verify_base64(uint8_t *out, size_t max, size_t *n, struct str s)
{
    const char *end = NULL;
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= 0x80)
            return false;
    return s.n > 0 && s.n % 4 == 0 && s.n <= VERIFY_NOTE_MAX &&
           sodium_base642bin(out, max, s.p, s.n, NULL, n, &end, sodium_base64_VARIANT_ORIGINAL) ==
               0 &&
           end == s.p + s.n;
}

bool verify_hash_lines(struct hash *out, size_t max, size_t *n, struct str *rest)
{
    struct str line;
    for (*n = 0; verify_line(&line, rest); ++*n) {
        size_t bytes = 0;
        if (line.n == 0)
            return true;
        if (*n == max || line.n != ROOT_TEXT ||
            !verify_base64(out[*n].b, HASH_SIZE, &bytes, line) || bytes != HASH_SIZE)
            return false;
    }
    return false;
}

/* Length of the character with the Unicode property White_Space at s, or 0. */
static size_t blank_at(struct str s)
{
    static const struct {
        const char *first, *last;
    } ranges[] = {
        { "\t", "\r" },
        { " ", " " },
        { "\xC2\x85", "\xC2\x85" },
        { "\xC2\xA0", "\xC2\xA0" },
        { "\xE1\x9A\x80", "\xE1\x9A\x80" },
        { "\xE2\x80\x80", "\xE2\x80\x8A" },
        { "\xE2\x80\xA8", "\xE2\x80\xA9" },
        { "\xE2\x80\xAF", "\xE2\x80\xAF" },
        { "\xE2\x81\x9F", "\xE2\x81\x9F" },
        { "\xE3\x80\x80", "\xE3\x80\x80" },
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        const size_t n = strlen(ranges[i].first);
        if (s.n >= n && memcmp(s.p, ranges[i].first, n) >= 0 && memcmp(s.p, ranges[i].last, n) <= 0)
            return n;
    }
    return 0;
}

static bool good_name(struct str name)
{
    for (size_t i = 0; i < name.n; i++)
        if ((uint8_t)name.p[i] < ' ' || name.p[i] == '+' || blank_at(str_from(name, i)))
            return false;
    return name.n > 0;
}

/* -- Keys ---------------------------------------------------------------------------------------
 */

static bool key_read(struct verify_key *out, struct str line, uint8_t type, const char *item,
                     struct verify_report *r)
{
    struct str rest = line;
    const struct str name = str_cut(&rest, '+');
    const struct str id = rest.p ? str_cut(&rest, '+') : rest; /* the key itself may hold a plus */
    if (!rest.p)
        return verify_bad(r, item, "not of the form name+id+key");
    uint8_t raw[64];
    size_t n = 0;
    if (!good_name(name) || name.n > VERIFY_NAME_MAX)
        return verify_bad(r, item, "key name is empty, too long, or holds a blank or control");
    for (size_t i = 0; i < name.n; i++)
        if ((uint8_t)name.p[i] > '~')
            return verify_bad(r, item, "key name is not ASCII");
    if (!verify_base64(raw, sizeof raw, &n, rest))
        return verify_bad(r, item, "key is not canonical base64");
    if (n != 1 + sizeof out->public_key || raw[0] != type)
        return verify_bad(r, item, "key is not an Ed25519 key of 32 bytes that signs %s",
                          type == TYPE_ED25519 ? "notes" : "cosignatures");
    out->witness = type == TYPE_COSIGNATURE;
    memcpy(out->public_key, raw + 1, sizeof out->public_key);
    if (!crypto_core_ed25519_is_valid_point(out->public_key))
        return verify_bad(r, item, "key is no point of the curve's main group, or of small order");
    memcpy(out->name, name.p, name.n);
    out->name[name.n] = '\0';
    const struct hash h = hash_parts((const struct bytes[]){ { (const uint8_t *)name.p, name.n },
                                                             { (const uint8_t *)"\n", 1 },
                                                             { raw, n } },
                                     3);
    char hex[9];
    memcpy(out->id, h.b, sizeof out->id);
    sodium_bin2hex(hex, sizeof hex, out->id, sizeof out->id);
    if (!str_is(id, hex))
        return verify_bad(r, item, "key id is not %s, which name and key hash to", hex);
    return true;
}

static bool keys_read(struct verify_keys *out, struct str text, uint8_t type, const char *item,
                      struct verify_report *r)
{
    out->n = 0;
    if (text.n > 0 && text.p[text.n - 1] == '\n')
        text.n--;
    struct str rest = text;
    do {
        if (out->n == VERIFY_KEYS_MAX)
            return verify_bad(r, item, "more than %d keys", VERIFY_KEYS_MAX);
        if (!key_read(&out->key[out->n++], str_cut(&rest, '\n'), type, item, r))
            return false;
    } while (rest.p);
    return true;
}

bool verify_keys_read(struct verify_keys *out, struct str text, const char *item,
                      struct verify_report *r)
{
    return keys_read(out, text, TYPE_ED25519, item, r);
}

bool verify_witnesses_read(struct verify_keys *out, struct str text, const char *item,
                           struct verify_report *r)
{
    if (!keys_read(out, text, TYPE_COSIGNATURE, item, r))
        return false;
    for (size_t i = 0; i < out->n; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(out->key[i].name, out->key[k].name) == 0 ||
                memcmp(out->key[i].public_key, out->key[k].public_key, 32) == 0)
                return verify_bad(r, item, "the same witness twice, or two names of one key");
    return true;
}

bool verify_witness_vkey(char out[VERIFY_VKEY_MAX], struct str name, const uint8_t public_key[32])
{
    uint8_t raw[1 + 32] = { TYPE_COSIGNATURE };
    char base64[sodium_base64_ENCODED_LEN(sizeof raw, sodium_base64_VARIANT_ORIGINAL)], hex[9];
    if (!good_name(name) || name.n > VERIFY_NAME_MAX)
        return false;
    for (size_t i = 0; i < name.n; i++)
        if ((uint8_t)name.p[i] > '~')
            return false;
    memcpy(raw + 1, public_key, 32);
    const struct hash h = hash_parts((const struct bytes[]){ { (const uint8_t *)name.p, name.n },
                                                             { (const uint8_t *)"\n", 1 },
                                                             { raw, sizeof raw } },
                                     3);
    sodium_bin2hex(hex, sizeof hex, h.b, ID);
    sodium_bin2base64(base64, sizeof base64, raw, sizeof raw, sodium_base64_VARIANT_ORIGINAL);
    snprintf(out, VERIFY_VKEY_MAX, "%.*s+%s+%s", STR(name), hex, base64);
    return true;
}

void verify_key_text(char out[VERIFY_KEY_TEXT_MAX], const struct verify_key *key)
{
    char hex[9];
    sodium_bin2hex(hex, sizeof hex, key->id, sizeof key->id);
    snprintf(out, VERIFY_KEY_TEXT_MAX, "%s+%s", key->name, hex);
}

/* -- Signatures ---------------------------------------------------------------------------------
 */

/* RFC 8032, 5.1.7: S below the group's order, else a signature would have a second form. */
static bool below_order(const uint8_t s[32])
{
    static const uint8_t order[32] = { 0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58,       0xD6,
                                       0x9C, 0xF7, 0xA2, 0xDE, 0xF9, 0xDE, 0x14, [31] = 0x10 };
    for (int i = 31; i >= 0; i--)
        if (s[i] != order[i])
            return s[i] < order[i];
    return false;
}

static bool signed_by(const struct verify_key *key, struct str text, const uint8_t *signature)
{
    return below_order(signature + 32) &&
           crypto_sign_verify_detached(signature, (const uint8_t *)text.p, text.n,
                                       key->public_key) == 0;
}

struct note {
    struct str text; /* with its last LF */
    struct str tail; /* the signature lines */
};

/* Takes the note apart at its last blank line. */
static bool note_split(struct note *out, struct str note, const char *item, struct verify_report *r)
{
    if (note.n > VERIFY_NOTE_MAX)
        return verify_bad(r, item, "longer than %d bytes", VERIFY_NOTE_MAX);
    if (!str_utf8_valid(note))
        return verify_bad(r, item, "not UTF-8");
    size_t blank = 0;
    for (size_t i = 0; i < note.n; i++) {
        if ((uint8_t)note.p[i] < ' ' && note.p[i] != '\n')
            return verify_bad(r, item, "control character at byte %zu", i);
        if (i > 0 && note.p[i] == '\n' && note.p[i - 1] == '\n')
            blank = i;
    }
    if (note.n == 0 || note.p[note.n - 1] != '\n')
        return verify_bad(r, item, "does not end in a line feed");
    if (blank == 0 || blank + 1 == note.n)
        return verify_bad(r, item, "no signature line behind a blank line");
    out->text = (struct str){ note.p, blank };
    out->tail = (struct str){ note.p + blank + 1, note.n - blank - 2 };
    return true;
}

/* One signature line; *good counts known keys of the origin's name. */
static bool signature_line(size_t *good, struct str line, struct str text, struct str origin,
                           const struct verify_keys *keys, const char *item,
                           struct verify_report *r)
{
    uint8_t raw[VERIFY_NOTE_MAX];
    size_t n = 0;
    if (!str_starts(line, S(DASH)))
        return verify_bad(r, item, "signature line does not begin with an em dash and a space");
    struct str body = str_from(line, sizeof DASH - 1);
    const struct str name = str_cut(&body, ' ');
    if (!body.p || !good_name(name))
        return verify_bad(r, item, "signature line has no proper key name");
    if (!verify_base64(raw, sizeof raw, &n, body) || n < 5)
        return verify_bad(r, item, "signature is not the canonical base64 of id and signature");
    for (size_t i = 0; i < keys->n; i++) {
        const struct verify_key *key = &keys->key[i];
        if (!str_is(name, key->name) || memcmp(raw, key->id, sizeof key->id) != 0)
            continue;
        if (n != sizeof key->id + 64 || !signed_by(key, text, raw + sizeof key->id))
            return verify_bad(r, item, "signature by %s does not hold", key->name);
        *good += str_eq(name, origin);
    }
    return true;
}

/* At least one known key of this name signed it, and none falsely. */
static bool signed_under(const struct note *parts, struct str name, const struct verify_keys *keys,
                         const char *item, struct verify_report *r)
{
    size_t good = 0;
    struct str rest = parts->tail;
    while (rest.p)
        if (!signature_line(&good, str_cut(&rest, '\n'), parts->text, name, keys, item, r))
            return false;
    if (good == 0)
        return verify_bad(r, item, "no signature by %s%s under the log's own name",
                          keys->key[0].name, keys->n > 1 ? " or another known key" : "");
    return true;
}

static bool checkpoint_parse(struct verify_checkpoint *out, struct str *origin, struct note *parts,
                             struct str note, const char *item, struct verify_report *r)
{
    if (!note_split(parts, note, item, r))
        return false;
    struct str rest = { parts->text.p, parts->text.n - 1 };
    *origin = str_cut(&rest, '\n');
    const struct str size = rest.p ? str_cut(&rest, '\n') : rest;
    const struct str root = rest.p ? str_cut(&rest, '\n') : rest;
    if (!root.p)
        return verify_bad(r, item, "text has fewer than 3 lines");
    if (origin->n == 0)
        return verify_bad(r, item, "origin is empty");
    if (!verify_decimal(&out->size, size))
        return verify_bad(r, item, "tree size is not a plain decimal below 2^63");
    uint8_t raw[48];
    size_t n = 0;
    if (root.n != ROOT_TEXT || !verify_base64(raw, sizeof raw, &n, root) || n != HASH_SIZE)
        return verify_bad(r, item, "root is not the canonical base64 of 32 bytes");
    memcpy(out->root.b, raw, HASH_SIZE);
    while (rest.p) /* extension lines */
        if (str_cut(&rest, '\n').n == 0)
            return verify_bad(r, item, "text has an empty line");
    return true;
}

bool verify_checkpoint_form(struct verify_checkpoint *out, struct str *origin, struct str note,
                            const char *item, struct verify_report *r)
{
    struct note parts;
    return checkpoint_parse(out, origin, &parts, note, item, r);
}

bool verify_checkpoint_read(struct verify_checkpoint *out, struct str note,
                            const struct verify_keys *keys, const char *item,
                            struct verify_report *r)
{
    struct note parts;
    struct str origin;
    return checkpoint_parse(out, &origin, &parts, note, item, r) &&
           signed_under(&parts, origin, keys, item, r);
}

bool verify_note_read(struct str *text, struct str note, struct str name,
                      const struct verify_keys *keys, const char *item, struct verify_report *r)
{
    struct note parts;
    if (!note_split(&parts, note, item, r) || !signed_under(&parts, name, keys, item, r))
        return false;
    *text = parts.text;
    return true;
}

/* -- Cosignatures -------------------------------------------------------------------------------
 */

/* What a witness signs: when, and the checkpoint's text. False when it is too long for a note. */
static bool cosigned_message(char out[VERIFY_NOTE_MAX + 64], size_t *n, struct str text,
                             uint64_t at)
{
    const int head = snprintf(out, 64, "cosignature/v1\ntime %llu\n", (unsigned long long)at);
    if (head < 0 || text.n > VERIFY_NOTE_MAX)
        return false;
    memcpy(out + head, text.p, text.n);
    *n = (size_t)head + text.n;
    return true;
}

enum line_is { LINE_OTHERS, LINE_GOOD, LINE_BAD };

static enum line_is cosignature(uint64_t *at, struct str line, struct str text,
                                const struct verify_key *key)
{
    uint8_t raw[256];
    char message[VERIFY_NOTE_MAX + 64];
    size_t n = 0;
    struct str body = str_from(line, sizeof DASH - 1);
    const struct str name = str_cut(&body, ' ');
    if (!str_starts(line, S(DASH)) || !body.p || !str_is(name, key->name) ||
        !verify_base64(raw, sizeof raw, &n, body) || n < ID || memcmp(raw, key->id, ID) != 0)
        return LINE_OTHERS;
    uint64_t when = 0;
    for (int i = 0; n == ID + TIME + SIGNATURE && i < TIME; i++)
        when = when << 8 | raw[ID + i];
    if (n != ID + TIME + SIGNATURE || when > INT64_MAX ||
        !cosigned_message(message, &n, text, when) ||
        !signed_by(key, (struct str){ message, n }, raw + ID + TIME))
        return LINE_BAD;
    *at = when;
    return LINE_GOOD;
}

bool verify_cosignature_holds(uint64_t *at, struct str line, struct str text,
                              const struct verify_key *witness)
{
    if (line.n > 0 && line.p[line.n - 1] == '\n')
        line.n--;
    return cosignature(at, line, text, witness) == LINE_GOOD;
}

bool verify_cosigned_read(struct verify_cosigned *out, struct str note,
                          const struct verify_keys *witnesses, const char *item,
                          struct verify_report *r)
{
    struct note parts;
    *out = (struct verify_cosigned){ 0 };
    if (!note_split(&parts, note, item, r))
        return false;
    while (parts.tail.p) {
        const struct str line = str_cut(&parts.tail, '\n');
        for (size_t i = 0; i < witnesses->n; i++) {
            uint64_t at = 0;
            const enum line_is is = cosignature(&at, line, parts.text, &witnesses->key[i]);
            if (is == LINE_BAD)
                return verify_bad(r, item, "cosignature by %s does not hold",
                                  witnesses->key[i].name);
            if (is == LINE_OTHERS)
                continue;
            out->n += !out->by[i];
            out->by[i] = true;
            out->at[i] = at > out->at[i] ? at : out->at[i];
        }
    }
    return true;
}

void verify_cosign(char out[VERIFY_COSIGNATURE_MAX], struct str text, uint64_t at,
                   const struct verify_key *witness, const uint8_t secret_key[64])
{
    char message[VERIFY_NOTE_MAX + 64];
    char base64[sodium_base64_ENCODED_LEN(ID + TIME + SIGNATURE, sodium_base64_VARIANT_ORIGINAL)];
    uint8_t raw[ID + TIME + SIGNATURE];
    size_t n = 0;
    out[0] = '\0';
    if (!cosigned_message(message, &n, text, at))
        return;
    memcpy(raw, witness->id, ID);
    for (int i = 0; i < TIME; i++)
        raw[ID + i] = (uint8_t)(at >> (56 - 8 * i));
    crypto_sign_detached(raw + ID + TIME, NULL, (const uint8_t *)message, n, secret_key);
    sodium_bin2base64(base64, sizeof base64, raw, sizeof raw, sodium_base64_VARIANT_ORIGINAL);
    snprintf(out, VERIFY_COSIGNATURE_MAX, DASH "%s %s\n", witness->name, base64);
}
