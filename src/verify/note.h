/* Verifier keys, signed notes and checkpoints from strangers (C2SP signed-note, tlog-checkpoint).
 */
#ifndef VEIN_VERIFY_NOTE_H
#define VEIN_VERIFY_NOTE_H

#include "verify/report.h"

enum { VERIFY_NAME_MAX = 255, VERIFY_KEYS_MAX = 16, VERIFY_NOTE_MAX = 64 * 1024 };

struct verify_key {
    char name[VERIFY_NAME_MAX + 1];
    uint8_t id[4];
    uint8_t public_key[32];
    bool witness; /* signs cosignatures (type 04), else notes (01) */
};

struct verify_keys {
    struct verify_key key[VERIFY_KEYS_MAX];
    size_t n;
};

/* Keys one a line, the last LF may be missing. */
bool verify_keys_read(struct verify_keys *out, struct str text, const char *item,
                      struct verify_report *r);

/* The same of witnesses (C2SP tlog-cosignature, Ed25519). No name and no key twice: a witness that
 * was counted twice would be two. */
bool verify_witnesses_read(struct verify_keys *out, struct str text, const char *item,
                           struct verify_report *r);

/* The text of a witness's key, from which verify_witnesses_read makes it again; false for a name
 * that none may have. */
enum { VERIFY_VKEY_MAX = VERIFY_NAME_MAX + 64 };
bool verify_witness_vkey(char out[VERIFY_VKEY_MAX], struct str name, const uint8_t public_key[32]);

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

/* The form alone, signed by whomever: for who must know the origin before it can know the key. */
bool verify_checkpoint_form(struct verify_checkpoint *out, struct str *origin, struct str note,
                            const char *item, struct verify_report *r);

/* Who of these witnesses cosigned the note's text, and when as they say it (seconds since 1970, the
 * newest where one signed several times). A cosignature under a known key that does not hold
 * refuses; signatures by others are ignored. Says nothing of the log's own signature. */
struct verify_cosigned {
    size_t n; /* how many of them */
    bool by[VERIFY_KEYS_MAX];
    uint64_t at[VERIFY_KEYS_MAX];
};
bool verify_cosigned_read(struct verify_cosigned *out, struct str note,
                          const struct verify_keys *witnesses, const char *item,
                          struct verify_report *r);
/* One signature line, with or without its LF, as a witness answers it; *at stays where it is not by
 * this key. */
bool verify_cosignature_holds(uint64_t *at, struct str line, struct str text,
                              const struct verify_key *witness);
/* The line that a witness adds to a checkpoint's text. */
enum { VERIFY_COSIGNATURE_MAX = 400 };
void verify_cosign(char out[VERIFY_COSIGNATURE_MAX], struct str text, uint64_t at,
                   const struct verify_key *witness, const uint8_t secret_key[64]);

/* The same for any signed note: its text, with its last LF, signed under this name. */
bool verify_note_read(struct str *text, struct str note, struct str name,
                      const struct verify_keys *keys, const char *item, struct verify_report *r);

/* Plain decimal without sign and leading zeros, at most 2^63-1. */
bool verify_decimal(uint64_t *out, struct str s);

/* Takes one line, without its LF, off *rest; false when there is no LF. */
bool verify_line(struct str *line, struct str *rest);

/* Takes lines of a hash in base64 each, and the blank line behind them, off *rest; false for
 * another line or more than max of them. */
bool verify_hash_lines(struct hash *out, size_t max, size_t *n, struct str *rest);

/* Canonical padded base64 of at most max bytes. */
bool verify_base64(uint8_t *out, size_t max, size_t *n, struct str s);

#endif
