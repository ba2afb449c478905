/* The form of the keyring file, and how its root key is had. Private to the keyring.
 *
 * The file is a row of slots of SLOT_SIZE bytes. The first two are headers, of which one is in use
 * and the other zeros, but for the moment in which the root key changes. A slot is appended and
 * synced once, written again in its place when the key above it changes, and when its key is
 * destroyed: zeros over the wrapped key. It is a format of our own and no SQLite file because of
 * that: a database journals the page with the key before it overwrites it, and only unlinks the
 * journal. Two slots share a sector of the disk and none straddles one, so none is ever half
 * written.
 *
 *   root key (file, passphrase, token) > secret of the keyring (in the header) > keys of the node
 *   and of organisations > keys of subjects
 *
 * A file of version 1 has one header, its slots begin one place earlier, and all of its keys are
 * wrapped by the root key itself. It is read as it is, and changed only by keyring_upgrade. */
#ifndef VEIN_KERNEL_KEYRING_FILE_H
#define VEIN_KERNEL_KEYRING_FILE_H

#include <pthread.h>

#include "kernel/keyring_impl.h"

enum {
    SLOT_SIZE = 256,
    SLOT_NONCE = 24,
    SLOT_WRAPPED = KEY_SIZE + 16,
    SLOT_SIGNED = SLOT_SIZE - 32, /* bytes of a slot that its code covers */
    SLOTS_MAX = 1 << 24,          /* a file of 4 GiB */
    HEADERS = 2,
    HEADER_SALT = 16,
    KEYRING_PATH_MAX = 4096,
};

enum slot_state { SLOT_LIVE = 1, SLOT_ERASED = 2 };
enum slot_kind { SLOT_NODE = 1, SLOT_SUBJECT = 2, SLOT_ORGANISATION = 3 };
enum root_source { ROOT_FILE = 1, ROOT_PASSPHRASE = 2, ROOT_TOKEN = 3 };

struct header {
    char magic[16];
    uint8_t source; /* enum root_source */
    uint8_t zero[3];
    uint32_t passes; /* of Argon2id, little-endian as on every machine vein runs on */
    uint32_t memory_kib;
    uint8_t salt[HEADER_SALT]; /* of the passphrase; of a token: the id of its key */
    /* From version 2 on: */
    uint32_t generation; /* counts root keys, from 1 */
    uint8_t nonce[SLOT_NONCE];
    uint8_t wrapped[SLOT_WRAPPED]; /* the keyring's secret, under the root key */
    uint8_t before_nonce[SLOT_NONCE];
    uint8_t before[SLOT_WRAPPED]; /* that of the generation before, while slots still rest on it */
    uint8_t zeros[SLOT_SIGNED - 192];
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
    uint32_t under; /* place of the key that wraps it; 0: the keyring's secret. Of an erased
                       subject: of the key that wrapped it, until that is destroyed as well */
    uint32_t turn;  /* of an organisation: counts its keys */
    uint32_t generation;
    uint8_t zeros[SLOT_SIGNED - 172];
    uint8_t code[32]; /* HMAC over what stands before, under a key of the generation's secret */
};
_Static_assert(sizeof(struct slot) == SLOT_SIZE, "a slot is one slot");

/* What a secret of the keyring gives. */
struct keyring_above {
    uint8_t secret[KEY_SIZE];
    uint8_t wrap[KEY_SIZE];
    uint8_t code[KEY_SIZE];
};

/* In memory that is locked, guarded and left out of core dumps. */
struct keyring_secrets {
    uint32_t generation;
    bool two;                      /* slots of the generation before may still be there */
    struct keyring_above above[2]; /* by the generation's lowest bit */
    uint8_t node[NODE_KEYS][KEY_SIZE];
};

struct entry {
    uint64_t name_hash;
    uint32_t slot; /* 0: free, since slot 0 is a header */
};

struct keyring {
    const struct env *env;
    int fd;
    bool failed; /* a write or sync failed: nothing is written any more (under `writing`) */
    bool old;    /* a file of version 1: read only */
    bool held;   /* the file system is read only */
    int header;  /* which of the two is in use */
    bool waning; /* a subject was destroyed whose organisation's key is to follow (under `writing`)
                  */
    pthread_mutex_t writing;
    pthread_rwlock_t index_lock;
    uint8_t name_key[16];
    struct entry *table; /* of subjects: open addressing, at most half full */
    uint32_t capacity;   /* power of two */
    uint32_t used;
    uint32_t *organisations; /* slots of theirs, two each at the most */
    uint32_t norganisations;
    uint32_t nslots; /* slots of the file that are in the tables, with the headers */
    keyring_faults_fn *fails;
    void *context;
    struct keyring_secrets *secrets;
};

/* First slot behind the headers. */
static inline uint32_t keyring_first(const struct keyring *k)
{
    return k->old ? 1 : HEADERS;
}

/* --- slots (keyring_file.c) --- */

/* The keys by which a slot or header of this generation is wrapped and coded; NULL: of none that is
 * known. */
const struct keyring_above *keyring_above(const struct keyring_secrets *s, uint32_t generation);
void keyring_above_set(struct keyring_secrets *s, uint32_t generation,
                       const uint8_t secret[KEY_SIZE]);

void slot_code(uint8_t code[32], const struct keyring_above *a, const void *slot);
bool slot_holds(const struct keyring_secrets *s, const struct slot *slot);

/* Makes a live slot of the newest generation with the key wrapped in it by `above`, the key at
 * place `under`; NULL: by the keyring's secret. */
struct slot_plan {
    enum slot_kind kind;
    struct str name;
    uint32_t index;
    uint32_t under;
    uint32_t turn;
    const uint8_t *above;
};
void slot_wrap(struct slot *out, const struct keyring_secrets *s, const struct env *env,
               const struct slot_plan *plan, const uint8_t key[KEY_SIZE]);
/* False when it was altered. */
bool slot_unwrap(uint8_t key[KEY_SIZE], const struct keyring_secrets *s, const struct slot *slot,
                 const uint8_t *above);
/* Zeros over the key; the rest stays. */
void slot_erase(struct slot *slot, const struct keyring_secrets *s);

bool slot_read(const struct keyring *k, struct slot *out, uint32_t index);
/* Whether it is what was once written in place `index`. */
bool slot_sound(const struct keyring *k, const struct slot *slot, uint32_t index);
/* Reads slot `index` and checks all of it. */
enum outcome slot_load(const struct keyring *k, struct slot *out, uint32_t index, struct err *e);
/* Writes one slot in its place; durable after keyring_sync. */
enum outcome slot_put(struct keyring *k, const void *slot, uint32_t index, struct err *e);
enum outcome keyring_sync(struct keyring *k, struct err *e);
/* Both. */
enum outcome slot_store(struct keyring *k, const struct slot *slot, struct err *e);
static inline struct str slot_name(const struct slot *slot)
{
    return (struct str){ slot->name, slot->name_n };
}

/* Goes on with a root key's change that was interrupted. `other`: the header that is not in use.
 * Under the file's lock. */
enum outcome keyring_root_finish(struct keyring *k, const struct header *other,
                                 const struct keyring_options *options, struct err *e);

/* The key of an organisation's slot; the caller wipes it. *good false: that is no live one (any
 * more): look again at what rests on it. */
enum outcome organisation_key(const struct keyring *k, uint8_t key[KEY_SIZE], uint32_t index,
                              bool *good, struct err *e);

/* Runs while no one else writes, here or in another process. */
typedef enum outcome keyring_change_fn(struct keyring *k, void *context, struct err *e);
enum outcome keyring_change(struct keyring *k, keyring_change_fn *change, void *context,
                            struct err *e);
bool keyring_lock(const struct keyring *k);

/* Takes in slots that others appended. Under the file's lock. */
enum outcome table_refresh(struct keyring *k, struct err *e);
/* Forgets the tables and reads the file from its beginning, with headers and keys of the node.
 * Under the file's lock. */
enum outcome keyring_reload(struct keyring *k, const struct keyring_options *options,
                            struct err *e);

/* --- many slots (keyring_scan.c): under the lock --- */

typedef enum outcome slots_fn(void *context, const struct slot *slot, struct err *e);

/* Runs for each slot from `from` up to the one before `to`, in order, as it stands in the file;
 * whether it is sound is not asked. FAULT "seal.io". */
enum outcome slots_each(const struct keyring *k, uint32_t from, uint32_t to, slots_fn *run,
                        void *context, struct err *e);
/* Whether all of these are sound; many of them are shared among threads. FAULT "seal.damaged" of
 * the first that is not. */
enum outcome slots_check(const struct keyring *k, uint32_t from, uint32_t to, struct err *e);

/* --- organisations (keyring_renew.c): under the lock --- */

/* The organisation's living key, made if there is none: its slot's place. */
enum outcome organisation_ensure(struct keyring *k, struct str organisation, uint32_t *index,
                                 struct err *e);
/* Renews the key of each organisation of which a subject's was destroyed, and goes on with what was
 * interrupted. *subjects, if wanted, counts those wrapped anew. */
enum outcome organisations_finish(struct keyring *k, int64_t *subjects, struct err *e);

/* --- files --- */

/* Opens a secret file; *fd is -1 when it is absent. REFUSED "seal.mode". */
enum outcome keyring_file_open(int *fd, const char *path, struct err *e);

/* Puts content at path, durably and whole, unless there is something. */
enum outcome keyring_file_put(const char *path, const void *content, size_t n,
                              const struct env *env, struct err *e);
/* Zeros over the whole file, synced, then unlinked; does nothing where there is none. */
enum outcome keyring_file_wipe(const char *path, struct err *e);
enum outcome keyring_folder_sync(const char *path, struct err *e);

/* Makes the keyring file at options->path with the node's keys, and the root key file if it is
 * asked for and absent; both durable. When another process is first, its file stays. */
enum outcome keyring_file_create(const struct keyring_options *options, struct err *e);
/* Headers and the node's slots of a new file, its keys as given. */
enum { KEYRING_BIRTH = HEADERS + NODE_KEYS };
enum outcome keyring_birth(uint8_t out[KEYRING_BIRTH * SLOT_SIZE], struct keyring_secrets *s,
                           const uint8_t keys[NODE_KEYS][KEY_SIZE],
                           const struct keyring_options *options, struct err *e);

/* --- the root key (keyring_root.c) --- */

extern const char keyring_magic[2][16]; /* of versions 1 and 2 */

/* A new root key where the options say one is made: the key file if it is absent, a key in the
 * token. Fills source and salt. */
enum outcome root_make(struct header *header, const struct keyring_options *options, struct err *e);
/* Wraps the keyring's secret into the header; its other fields are filled before. */
enum outcome root_wrap(struct header *header, const uint8_t secret[KEY_SIZE],
                       const struct keyring_options *options, struct err *e);
/* Fills generation and above as header and options say; REFUSED "seal.wrong_root",
 * "seal.not_found". */
enum outcome root_open(struct keyring_secrets *s, const struct header *header,
                       const struct keyring_options *options, struct err *e);
void header_code(struct header *header, const struct keyring_secrets *s);
enum outcome root_file_read(uint8_t root[KEY_SIZE], bool *there, const char *path, struct err *e);
enum outcome root_file_create(const char *path, const struct env *env, struct err *e);

#endif
