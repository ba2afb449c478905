/* Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint), byte by byte. */
#ifndef VEIN_KERNEL_NOTE_H
#define VEIN_KERNEL_NOTE_H

#include "base/buf.h"
#include "base/hash.h"

enum { NOTE_KEY_NAME_MAX = 120, NOTE_MAX = 8192, CHECKPOINT_ORIGIN_MAX = 120 };

/* An Ed25519 key pair that signs notes; the name is the log's origin, ASCII without blank or plus.
 */
struct note_signer {
    char name[NOTE_KEY_NAME_MAX + 1];
    uint8_t public_key[32];
    uint8_t secret_key[64];
};
/* From a 32-byte seed. */
enum outcome note_signer_init(struct note_signer *s, struct str name, const uint8_t seed[32],
                              struct err *e);

/* First 4 bytes of SHA-256(name LF 01 public key), big-endian. */
uint32_t note_key_id(struct str name, const uint8_t public_key[32]);

/* name+<8 hex>+base64(01 ‖ key) */
void note_vkey_write(struct buf *b, const struct note_signer *s);

/* Makes a note of the text from `start` on, which ends in a line feed: adds the blank line and the
 * signer's signature line. No text but a checkpoint's has the signer's name as its first line. */
void note_sign(struct buf *b, size_t start, const struct note_signer *s);

/* A witness's key (C2SP tlog-cosignature, Ed25519): who may cosign our checkpoints. */
struct note_witness {
    char name[NOTE_KEY_NAME_MAX + 1];
    uint8_t id[4];
    uint8_t public_key[32];
};
/* From name+id+key; REFUSED "note.witness_key". */
enum outcome note_witness_read(struct note_witness *out, struct str vkey, struct err *e);
/* Whether the signature line is this witness's over the note's text; *at: when, as it says, in
 * seconds since 1970. */
bool note_cosigned(uint64_t *at, struct str line, struct str text, const struct note_witness *w);
/* What a note's signatures are over: up to its last blank line; empty for what is no note. */
struct str note_text(struct str note);

struct checkpoint {
    char origin[CHECKPOINT_ORIGIN_MAX + 1];
    uint64_t size;
    struct hash root;
};

/* The checkpoint's text, a blank line and the signer's signature line. */
void checkpoint_write(struct buf *b, const struct checkpoint *c, const struct note_signer *s);

/* Reads the text of a note written before by ourselves (the store's own row): form only, no
 * signature is checked; REFUSED "note.malformed". Judging foreign checkpoints is verify's. */
enum outcome checkpoint_read(struct checkpoint *out, struct str note, struct err *e);

#endif
