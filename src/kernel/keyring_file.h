/* The form of the keyring file, and how its root key is had. Private to the keyring.
 *
 * The file is a row of slots of SLOT_SIZE bytes; the first is the header. A slot is appended and
 * synced once, and written once more when its key is destroyed: zeros over the wrapped key, in
 * place. It is a format of our own and no SQLite file because of that: a database journals the page
 * with the key before it overwrites it, and only unlinks the journal. Two slots share a sector of
 * the disk and none straddles one, so none is ever half written. */
#ifndef VEIN_KERNEL_KEYRING_FILE_H
#define VEIN_KERNEL_KEYRING_FILE_H

#include "kernel/keyring_impl.h"

enum {
    SLOT_SIZE = 256,
    SLOT_NONCE = 24,
    SLOT_WRAPPED = KEY_SIZE + 16,
    SLOT_SIGNED = SLOT_SIZE - 32, /* bytes of a slot that its code covers */
    SLOTS_MAX = 1 << 24,          /* a file of 4 GiB */
    HEADER_SALT = 16,
};

enum slot_state { SLOT_LIVE = 1, SLOT_ERASED = 2 };
enum slot_kind { SLOT_NODE = 1, SLOT_SUBJECT = 2 };
enum root_source { ROOT_FILE = 1, ROOT_PASSPHRASE = 2 };

struct header {
    char magic[16];
    uint8_t source; /* enum root_source */
    uint8_t zero[3];
    uint32_t passes; /* of Argon2id, little-endian as on every machine vein runs on */
    uint32_t memory_kib;
    uint8_t salt[HEADER_SALT];
    uint8_t zeros[SLOT_SIGNED - 44];
    uint8_t code[32];
};
_Static_assert(sizeof(struct header) == SLOT_SIZE, "the header is one slot");

struct slot {
    uint8_t state;
    uint8_t kind;
    uint8_t name_n;
    uint8_t zero;
    uint32_t index; /* its own place in the file */
    char name[SUBJECT_MAX];
    uint8_t nonce[SLOT_NONCE];
    uint8_t wrapped[SLOT_WRAPPED]; /* zeros when erased */
    uint8_t zeros[SLOT_SIGNED - 160];
    uint8_t code[32]; /* HMAC over what stands before, under a key of the root's */
};
_Static_assert(sizeof(struct slot) == SLOT_SIZE, "a slot is one slot");

/* Keys that the root key gives, and the node's own, in memory that is locked and guarded. */
struct keyring_secrets {
    uint8_t wrap[KEY_SIZE];
    uint8_t code[KEY_SIZE];
    uint8_t node[NODE_KEYS][KEY_SIZE];
};

/* The code of a header or slot, both SLOT_SIZE bytes. */
void slot_code(uint8_t code[32], const struct keyring_secrets *s, const void *slot);
bool slot_holds(const struct keyring_secrets *s, const void *slot);

/* Makes a live slot with the key wrapped in it. */
void slot_wrap(struct slot *out, const struct keyring_secrets *s, const struct env *env,
               enum slot_kind kind, struct str name, uint32_t index, const uint8_t key[KEY_SIZE]);
/* False when it was altered. */
bool slot_unwrap(uint8_t key[KEY_SIZE], const struct keyring_secrets *s, const struct slot *slot);

/* Opens a secret file; *fd is -1 when it is absent. REFUSED "seal.mode". */
enum outcome keyring_file_open(int *fd, const char *path, struct err *e);

/* Makes the keyring file at options->path with the node's keys, and the root key file if it is
 * asked for and absent; both durable. When another process is first, its file stays. */
enum outcome keyring_file_create(const struct keyring_options *options, struct err *e);

/* Fills wrap and code as header and options say; REFUSED "seal.wrong_root", "seal.not_found". */
enum outcome keyring_root(struct keyring_secrets *s, const struct header *header,
                          const struct keyring_options *options, struct err *e);

#endif
