/* The keyring in use. What stays in memory of a subject is where its slot is; the slot itself is
 * read from the file whenever its key is needed (one pread from the page cache), so that a key
 * destroyed by any process is gone for all at once and no subject's key lies around in the clear.
 *
 * Locks: `writing` (and the file's own lock, against other processes) for whoever appends, destroys
 * or takes in what others appended; `index_lock` for the table alone. Nobody waits for a disk while
 * holding index_lock. */
#include "kernel/keyring_file.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct entry {
    uint64_t name_hash;
    uint32_t slot; /* 0: free, since slot 0 is the header */
};

struct keyring {
    const struct env *env;
    int fd;
    bool failed; /* a write or sync failed: nothing is written any more (under `writing`) */
    pthread_mutex_t writing;
    pthread_rwlock_t index_lock;
    uint8_t name_key[crypto_shorthash_KEYBYTES];
    struct entry *table; /* open addressing, at most half full */
    uint32_t capacity;   /* power of two */
    uint32_t used;
    uint32_t nslots; /* slots of the file that are in the table, with the header */
    struct keyring_secrets *secrets;
};

bool keyring_subject_valid(struct str subject)
{
    for (size_t i = 0; i < subject.n; i++) {
        const char c = subject.p[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            c != '-' && c != '_' && c != '.' && c != '/')
            return false;
    }
    return subject.n > 0 && subject.n <= SUBJECT_MAX;
}

static uint64_t name_hash(const struct keyring *k, struct str name)
{
    uint64_t hash;
    crypto_shorthash((uint8_t *)&hash, (const uint8_t *)name.p, name.n, k->name_key);
    return hash;
}

static bool slot_read(const struct keyring *k, struct slot *out, uint32_t index)
{
    return pread(k->fd, out, sizeof *out, (off_t)index * SLOT_SIZE) == SLOT_SIZE;
}

/* Reads slot `index` and checks all of it. Readers hold no lock of the file: one that meets a key
 * being destroyed may see half of it, and looks again. */
static enum outcome slot_load(const struct keyring *k, struct slot *out, uint32_t index,
                              struct err *e)
{
    for (int tries = 0; tries < 100; tries++) {
        if (slot_read(k, out, index) && slot_holds(k->secrets, out) && out->index == index &&
            out->name_n > 0 && out->name_n <= SUBJECT_MAX)
            return OK;
        sched_yield();
    }
    return err_fault(e, "seal.damaged", "slot %u of the keyring is damaged", index);
}

/* -- The table: which slot is a subject's
 * --------------------------------------------------------*/

static void table_put(struct entry *table, uint32_t capacity, struct entry entry)
{
    uint32_t at = (uint32_t)entry.name_hash & (capacity - 1);
    while (table[at].slot != 0)
        at = (at + 1) & (capacity - 1);
    table[at] = entry;
}

static enum outcome table_grow(struct keyring *k, struct err *e)
{
    const uint32_t capacity = k->capacity ? k->capacity * 2 : 1024;
    struct entry *table = calloc(capacity, sizeof *table);
    if (!table)
        return err_no_memory(e);
    for (uint32_t i = 0; i < k->capacity; i++)
        if (k->table[i].slot != 0)
            table_put(table, capacity, k->table[i]);
    free(k->table);
    k->table = table;
    k->capacity = capacity;
    return OK;
}

static enum outcome table_add(struct keyring *k, const struct slot *slot, struct err *e)
{
    if (k->used * 2 >= k->capacity)
        TRY(table_grow(k, e));
    const struct str name = { slot->name, slot->name_n };
    table_put(k->table, k->capacity,
              (struct entry){ .name_hash = name_hash(k, name), .slot = slot->index });
    k->used++;
    return OK;
}

/* The subject's slot as it is in the file now; *found false when it has none in the table. */
static enum outcome table_find(struct keyring *k, struct slot *out, bool *found, struct str subject,
                               struct err *e)
{
    const uint64_t hash = name_hash(k, subject);
    enum outcome outcome = OK;
    *found = false;
    pthread_rwlock_rdlock(&k->index_lock);
    uint32_t at = (uint32_t)hash & (k->capacity - 1);
    for (; outcome == OK && k->table[at].slot != 0; at = (at + 1) & (k->capacity - 1)) {
        if (k->table[at].name_hash != hash)
            continue;
        outcome = slot_load(k, out, k->table[at].slot, e);
        if (outcome == OK && str_eq(subject, (struct str){ out->name, out->name_n })) {
            *found = true;
            break;
        }
    }
    pthread_rwlock_unlock(&k->index_lock);
    return outcome;
}

static bool all_zero(const struct slot *slot)
{
    return sodium_is_zero((const uint8_t *)slot, sizeof *slot) == 1;
}

/* Takes in the slots that came to the file since, while no one else writes. At the end of the file
 * a part of a slot, or zeros, are what a crash left of a key that nobody was told of: the next key
 * overwrites them. */
static enum outcome table_refresh(struct keyring *k, struct err *e)
{
    struct stat st;
    if (fstat(k->fd, &st) != 0)
        return err_fault(e, "seal.io", "keyring: %m");
    const uint32_t nslots = (uint32_t)(st.st_size / SLOT_SIZE);
    enum outcome outcome = OK;
    pthread_rwlock_wrlock(&k->index_lock);
    for (uint32_t i = k->nslots; outcome == OK && i < nslots; i++) {
        struct slot slot;
        if (i + 1 == nslots && slot_read(k, &slot, i) && all_zero(&slot))
            break;
        outcome = slot_load(k, &slot, i, e);
        if (outcome == OK && slot.kind == SLOT_SUBJECT)
            outcome = table_add(k, &slot, e);
        if (outcome == OK)
            k->nslots = i + 1;
    }
    pthread_rwlock_unlock(&k->index_lock);
    return outcome;
}

/* -- Opening and closing ------------------------------------------------------------------------
 */

static enum outcome load_node_keys(struct keyring *k, struct err *e)
{
    for (uint32_t i = 0; i < NODE_KEYS; i++) {
        struct slot slot;
        TRY(slot_load(k, &slot, i + 1, e));
        if (slot.kind != SLOT_NODE || !slot_unwrap(k->secrets->node[i], k->secrets, &slot))
            return err_fault(e, "seal.damaged", "the keyring lacks a key of the node");
    }
    return OK;
}

static bool lock_file(const struct keyring *k)
{
    int locked;
    do
        locked = flock(k->fd, LOCK_EX);
    while (locked != 0 && errno == EINTR);
    return locked == 0;
}

static enum outcome load(struct keyring *k, const struct keyring_options *options, struct err *e)
{
    TRY(keyring_file_open(&k->fd, options->path, e));
    if (k->fd < 0 && options->create) {
        TRY(keyring_file_create(options, e));
        TRY(keyring_file_open(&k->fd, options->path, e));
    }
    if (k->fd < 0)
        return REFUSE(e, "seal.not_found", { "file", str_z(options->path) });
    struct header header;
    if (pread(k->fd, &header, sizeof header, 0) != sizeof header)
        return err_fault(e, "seal.damaged", "%s is no keyring", options->path);
    TRY(keyring_root(k->secrets, &header, options, e));
    TRY(load_node_keys(k, e));
    k->nslots = 1;
    TRY(table_grow(k, e));
    if (!lock_file(k))
        return err_fault(e, "seal.io", "lock keyring: %m");
    const enum outcome outcome = table_refresh(k, e);
    flock(k->fd, LOCK_UN);
    return outcome;
}

enum outcome keyring_open(struct keyring **out, const struct keyring_options *options,
                          struct err *e)
{
    *out = NULL;
    BUG_ON(sodium_init() < 0);
    struct keyring *k = calloc(1, sizeof *k);
    if (!k)
        return err_no_memory(e);
    k->env = options->env;
    k->fd = -1;
    env_random(k->env, k->name_key, sizeof k->name_key); /* of this table only */
    BUG_ON(pthread_mutex_init(&k->writing, NULL) != 0);
    BUG_ON(pthread_rwlock_init(&k->index_lock, NULL) != 0);
    k->secrets = sodium_malloc(sizeof *k->secrets); /* guarded, and locked if the system lets us */
    const enum outcome outcome = k->secrets ? load(k, options, e) : err_no_memory(e);
    if (outcome == OK)
        *out = k;
    else
        keyring_close(k);
    return outcome;
}

void keyring_close(struct keyring *k)
{
    if (!k)
        return;
    sodium_free(k->secrets); /* wipes */
    free(k->table);
    if (k->fd >= 0)
        close(k->fd);
    pthread_mutex_destroy(&k->writing);
    pthread_rwlock_destroy(&k->index_lock);
    free(k);
}

/* -- Keys of subjects ---------------------------------------------------------------------------
 */

/* Writes one slot in its place, durably. After a failure nobody knows what is on the disk, so that
 * nothing is written any more until a restart has read it. */
static enum outcome slot_store(struct keyring *k, const struct slot *slot, struct err *e)
{
    k->failed = true;
    errno = 0; /* stays so when the disk took only a part */
    if (pwrite(k->fd, slot, sizeof *slot, (off_t)slot->index * SLOT_SIZE) != SLOT_SIZE)
        return err_fault(e, "seal.io", "write keyring: %m");
    if (fdatasync(k->fd) != 0)
        return err_fault(e, "seal.io", "sync keyring: %m");
    k->failed = false;
    return OK;
}

static enum outcome append_subject(struct keyring *k, struct str subject, struct err *e)
{
    if (k->nslots >= SLOTS_MAX)
        return err_fault(e, "seal.full", "the keyring holds %u keys", k->nslots);
    uint8_t key[KEY_SIZE];
    struct slot slot;
    env_random(k->env, key, sizeof key);
    slot_wrap(&slot, k->secrets, k->env, SLOT_SUBJECT, subject, k->nslots, key);
    sodium_memzero(key, sizeof key);
    TRY(slot_store(k, &slot, e));
    return table_refresh(k, e);
}

static enum outcome erase_slot(struct keyring *k, struct slot *slot, struct err *e)
{
    slot->state = SLOT_ERASED;
    memset(slot->nonce, 0, sizeof slot->nonce);
    memset(slot->wrapped, 0, sizeof slot->wrapped);
    slot_code(slot->code, k->secrets, slot);
    return slot_store(k, slot, e);
}

typedef enum outcome change_fn(struct keyring *k, struct slot *slot, bool found, struct str subject,
                               struct err *e);

/* Runs change on the subject's slot while no one else writes, here or in another process. */
static enum outcome change_subject(struct keyring *k, struct str subject, change_fn *change,
                                   struct err *e)
{
    if (!keyring_subject_valid(subject))
        return err_fault(e, "seal.no_key", "malformed name of a subject");
    struct slot slot;
    bool found = false;
    enum outcome outcome = OK;
    pthread_mutex_lock(&k->writing);
    const bool locked = lock_file(k);
    if (!locked || k->failed)
        outcome = err_fault(e, "seal.io", "%s",
                            locked ? "an earlier write to the keyring failed" : "lock keyring");
    if (outcome == OK)
        outcome = table_refresh(k, e);
    if (outcome == OK)
        outcome = table_find(k, &slot, &found, subject, e);
    if (outcome == OK)
        outcome = change(k, &slot, found, subject, e);
    if (locked)
        flock(k->fd, LOCK_UN);
    pthread_mutex_unlock(&k->writing);
    return outcome;
}

static enum outcome ensure(struct keyring *k, struct slot *slot, bool found, struct str subject,
                           struct err *e)
{
    if (!found)
        return append_subject(k, subject, e);
    return slot->state == SLOT_LIVE ? OK : REFUSE(e, "seal.erased", { "subject", subject });
}

static enum outcome destroy(struct keyring *k, struct slot *slot, bool found, struct str subject,
                            struct err *e)
{
    (void)subject;
    if (!found)
        return err_fault(e, "seal.no_key", "the subject has no key");
    return slot->state == SLOT_LIVE ? erase_slot(k, slot, e) : OK;
}

enum outcome keyring_subject(struct keyring *k, struct str subject, struct err *e)
{
    if (keyring_subject_valid(subject)) {
        struct slot slot;
        bool found;
        TRY(table_find(k, &slot, &found, subject, e)); /* the common case takes no lock to write */
        if (found)
            return ensure(k, &slot, found, subject, e);
    }
    return change_subject(k, subject, ensure, e);
}

enum outcome keyring_destroy(struct keyring *k, struct str subject, struct err *e)
{
    return change_subject(k, subject, destroy, e);
}

/* For a subject whose key another process may have made. */
static enum outcome only_look(struct keyring *k, struct slot *slot, bool found, struct str subject,
                              struct err *e)
{
    (void)k, (void)slot, (void)subject;
    return found ? OK : err_fault(e, "seal.no_key", "the subject has no key");
}

enum outcome keyring_subject_key(struct keyring *k, uint8_t key[KEY_SIZE], struct str subject,
                                 struct err *e)
{
    struct slot slot;
    bool found = false;
    if (keyring_subject_valid(subject))
        TRY(table_find(k, &slot, &found, subject, e));
    if (!found) {
        TRY(change_subject(k, subject, only_look, e));
        TRY(table_find(k, &slot, &found, subject, e));
        BUG_ON(!found);
    }
    if (slot.state != SLOT_LIVE)
        return REFUSE(e, "seal.erased", { "subject", subject });
    if (!slot_unwrap(key, k->secrets, &slot))
        return err_fault(e, "seal.damaged", "slot %u of the keyring does not open", slot.index);
    return OK;
}

enum outcome keyring_look(struct keyring *k, struct str subject, enum seal_key *out, struct err *e)
{
    struct slot slot;
    bool found = false;
    if (keyring_subject_valid(subject))
        TRY(table_find(k, &slot, &found, subject, e));
    *out = !found ? SEAL_KEY_NONE : slot.state == SLOT_LIVE ? SEAL_KEY_LIVE : SEAL_KEY_ERASED;
    return OK;
}

/* -- Keys of the node ---------------------------------------------------------------------------
 */

void keyring_purpose_key(struct keyring *k, uint8_t key[KEY_SIZE], enum node_key node,
                         const char *purpose)
{
    const struct str part = str_z(purpose);
    key_derive(key, k->secrets->node[node], "vein keyring 1 purpose", &part, 1);
}

void keyring_signer_seed(struct keyring *k, uint8_t seed[32], struct str origin)
{
    if (origin.n == 0)
        keyring_purpose_key(k, seed, NODE_SIGNER, "seed");
    else
        key_derive(seed, k->secrets->node[NODE_SIGNER], "vein keyring 1 epoch", &origin, 1);
}

struct hash keyring_digest(struct keyring *k, const char *purpose, struct str text)
{
    uint8_t key[KEY_SIZE];
    struct hash out;
    keyring_purpose_key(k, key, NODE_INDEX, purpose);
    key_hmac(out.b, key, &(struct bytes){ (const uint8_t *)(text.p ? text.p : ""), text.n }, 1);
    sodium_memzero(key, sizeof key);
    return out;
}

void keyring_random(struct keyring *k, void *out, size_t n)
{
    env_random(k->env, out, n);
}
