/* Verifier keys, signed notes and checkpoints from strangers (C2SP signed-note, tlog-checkpoint).
 */
#ifndef VEIN_VERIFY_NOTE_H
#define VEIN_VERIFY_NOTE_H

#include "verify/report.h"

enum { VERIFY_NAME_MAX = 255, VERIFY_KEYS_MAX = 8, VERIFY_NOTE_MAX = 64 * 1024 };

struct verify_key {
    char name[VERIFY_NAME_MAX + 1];
    uint8_t id[4];
    uint8_t public_key[32];
};

struct verify_keys {
    struct verify_key key[VERIFY_KEYS_MAX];
    size_t n;
};

/* Keys one a line, the last LF may be missing. */
bool verify_keys_read(struct verify_keys *out, struct str text, const char *item,
                      struct verify_report *r);

/* name+id, for people. */
void verify_key_text(char out[VERIFY_KEY_TEXT_MAX], const struct verify_key *key);

struct verify_checkpoint {
    uint64_t size;
    struct hash root;
};

/* Good form, and at least one signature by a known key whose name is the origin; a bad signature by
 * any known key refuses. */
bool verify_checkpoint_read(struct verify_checkpoint *out, struct str note,
                            const struct verify_keys *keys, const char *item,
                            struct verify_report *r);

/* The same for any signed note: its text, with its last LF, signed under this name. */
bool verify_note_read(struct str *text, struct str note, struct str name,
                      const struct verify_keys *keys, const char *item, struct verify_report *r);

/* Plain decimal without sign and leading zeros, at most 2^63-1. */
bool verify_decimal(uint64_t *out, struct str s);

/* Canonical padded base64 of at most max bytes. */
bool verify_base64(uint8_t *out, size_t max, size_t *n, struct str s);

#endif
