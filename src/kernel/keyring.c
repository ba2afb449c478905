/* The keyring in use. What stays in memory of a subject is where its slot is; the slot itself is
 * read from the file whenever its key is needed (one pread from the page cache), so that a key
 * destroyed by any process is gone for all at once and no subject's key lies around in the clear.
 *
 * Locks: `writing` (and the file's own lock, against other processes) for whoever appends, destroys
 * or takes in what others appended; `index_lock` for the table alone. Nobody waits for a disk while
 * holding index_lock. */
#include "kernel/keyring_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TRIES_MAX = 100 }; /* of a reader that meets keys being wrapped anew */
_Static_assert(sizeof((struct keyring *)0)->name_key == crypto_shorthash_KEYBYTES, "its key");

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
    table_put(k->table, k->capacity,
              (struct entry){ .name_hash = name_hash(k, slot_name(slot)), .slot = slot->index });
    k->used++;
    k->waning |= slot->state == SLOT_ERASED && slot->under != 0;
    return OK;
}

static enum outcome organisation_add(struct keyring *k, const struct slot *slot, struct err *e)
{
    uint32_t *grown =
        reallocarray(k->organisations, k->norganisations + 1, sizeof *k->organisations);
    if (!grown)
        return err_no_memory(e);
    k->organisations = grown;
    k->organisations[k->norganisations++] = slot->index;
    return OK;
}

static enum outcome slot_add(struct keyring *k, const struct slot *slot, struct err *e)
{
    return slot->kind == SLOT_SUBJECT        ? table_add(k, slot, e)
           : slot->kind == SLOT_ORGANISATION ? organisation_add(k, slot, e)
                                             : OK;
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
        if (outcome == OK && str_eq(subject, slot_name(out))) {
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

static enum outcome slot_take(void *context, const struct slot *slot, struct err *e)
{
    struct keyring *k = context;
    TRY(slot_add(k, slot, e));
    k->nslots = slot->index + 1;
    return OK;
}

/* Takes in the slots that came to the file since, while no one else writes. At the end of the file
 * a part of a slot, or zeros, are what a crash left of a key that nobody was told of: the next key
 * overwrites them. */
enum outcome table_refresh(struct keyring *k, struct err *e)
{
    struct stat st;
    struct slot last;
    if (fstat(k->fd, &st) != 0)
        return err_fault(e, "seal.io", "keyring: %m");
    uint32_t nslots = (uint32_t)(st.st_size / SLOT_SIZE);
    if (nslots > k->nslots && slot_read(k, &last, nslots - 1) && all_zero(&last))
        nslots--;
    pthread_rwlock_wrlock(&k->index_lock);
    enum outcome outcome = slots_check(k, k->nslots, nslots, e);
    if (outcome == OK)
        outcome = slots_each(k, k->nslots, nslots, slot_take, k, e);
    pthread_rwlock_unlock(&k->index_lock);
    return outcome;
}

/* -- Opening and closing ------------------------------------------------------------------------
 */

static enum outcome load_node_keys(struct keyring *k, struct err *e)
{
    for (uint32_t i = 0; i < NODE_KEYS; i++) {
        struct slot slot;
        TRY(slot_load(k, &slot, keyring_first(k) + i, e));
        if (slot.kind != SLOT_NODE || !slot_unwrap(k->secrets->node[i], k->secrets, &slot, NULL))
            return err_fault(e, "seal.damaged", "the keyring lacks a key of the node");
    }
    return OK;
}

bool keyring_lock(const struct keyring *k)
{
    int locked;
    do
        locked = flock(k->fd, LOCK_EX);
    while (locked != 0 && errno == EINTR);
    return locked == 0;
}

/* Opens the header that the root key opens, the newer one where it opens both. *other is what
 * stands in the place that is not in use: zeros, but when a root key's change was interrupted. */
static enum outcome load_header(struct keyring *k, struct header *other,
                                const struct keyring_options *options, struct err *e)
{
    struct header headers[HEADERS];
    struct keyring_secrets tried[HEADERS];
    const ssize_t n = pread(k->fd, headers, sizeof headers, 0);
    bool opened = false;
    struct err first = { 0 };
    *other = (struct header){ 0 };
    k->old = n >= SLOT_SIZE && memcmp(headers[0].magic, keyring_magic[0], 16) == 0;
    if (k->old)
        return root_open(k->secrets, &headers[0], options, e);
    if (n < 0)
        return err_fault(e, "seal.io", "read keyring: %m");
    if (n != sizeof headers)
        return err_fault(e, "seal.damaged", "%s is no keyring", options->path);
    for (int i = 0; i < HEADERS; i++) {
        struct err why = { 0 };
        if (sodium_is_zero((const uint8_t *)&headers[i], SLOT_SIZE))
            continue;
        const enum outcome o = root_open(&tried[i], &headers[i], options, &why);
        if (o == FAULT || (o != OK && first.outcome == OK))
            first = why;
        if (o == FAULT)
            break;
        if (o == OK && (!opened || tried[i].generation > k->secrets->generation)) {
            *k->secrets = tried[i];
            k->header = i;
            opened = true;
        }
    }
    sodium_memzero(tried, sizeof tried);
    if (first.outcome == FAULT || !opened) {
        *e = first;
        return first.outcome == OK ? err_fault(e, "seal.damaged", "%s has no header", options->path)
                                   : first.outcome;
    }
    *other = headers[1 - k->header];
    return OK;
}

static enum outcome load_locked(struct keyring *k, const struct keyring_options *options,
                                struct err *e)
{
    struct header other;
    TRY(load_header(k, &other, options, e));
    TRY(load_node_keys(k, e));
    k->nslots = keyring_first(k);
    TRY(table_refresh(k, e));
    if (k->old || k->held)
        return OK;
    TRY(keyring_root_finish(k, &other, options, e));
    return organisations_finish(k, NULL, e);
}

enum outcome keyring_reload(struct keyring *k, const struct keyring_options *options, struct err *e)
{
    free(k->table);
    free(k->organisations);
    k->table = NULL;
    k->organisations = NULL;
    k->capacity = k->used = k->norganisations = 0;
    TRY(table_grow(k, e));
    if (!keyring_lock(k))
        return err_fault(e, "seal.io", "lock keyring: %m");
    const enum outcome outcome = load_locked(k, options, e);
    flock(k->fd, LOCK_UN);
    return outcome;
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
    k->held = (fcntl(k->fd, F_GETFL) & O_ACCMODE) == O_RDONLY;
    return keyring_reload(k, options, e);
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
    k->fails = options->fails;
    k->context = options->context;
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
    free(k->organisations);
    if (k->fd >= 0)
        close(k->fd);
    pthread_mutex_destroy(&k->writing);
    pthread_rwlock_destroy(&k->index_lock);
    free(k);
}

/* -- Keys of subjects ---------------------------------------------------------------------------
 */

enum outcome keyring_change(struct keyring *k, keyring_change_fn *change, void *context,
                            struct err *e)
{
    enum outcome outcome = OK;
    if (k->old)
        return REFUSE(e, "seal.older");
    pthread_mutex_lock(&k->writing);
    const bool locked = keyring_lock(k);
    if (!locked || k->failed)
        outcome = err_fault(e, "seal.io", "%s",
                            locked ? "an earlier write to the keyring failed" : "lock keyring");
    if (outcome == OK)
        outcome = table_refresh(k, e);
    if (outcome == OK)
        outcome = change(k, context, e);
    if (locked)
        flock(k->fd, LOCK_UN);
    pthread_mutex_unlock(&k->writing);
    return outcome;
}

struct subject {
    struct str name;
    struct str organisation;
};

static enum outcome append_subject(struct keyring *k, const struct subject *subject, struct err *e)
{
    uint8_t key[KEY_SIZE], above[KEY_SIZE];
    struct slot slot;
    uint32_t under;
    bool good;
    TRY(organisation_ensure(k, subject->organisation, &under, e));
    if (k->nslots >= SLOTS_MAX)
        return err_fault(e, "seal.full", "the keyring holds %u keys", k->nslots);
    TRY(organisation_key(k, above, under, &good, e));
    if (!good)
        return err_fault(e, "seal.damaged", "slot %u of the keyring does not open", under);
    env_random(k->env, key, sizeof key);
    const struct slot_plan plan = {
        .kind = SLOT_SUBJECT,
        .name = subject->name,
        .index = k->nslots,
        .under = under,
        .above = above,
    };
    slot_wrap(&slot, k->secrets, k->env, &plan, key);
    sodium_memzero(key, sizeof key);
    sodium_memzero(above, sizeof above);
    TRY(slot_store(k, &slot, e));
    return table_refresh(k, e);
}

static enum outcome alive(const struct slot *slot, struct str subject, struct err *e)
{
    return slot->state == SLOT_LIVE ? OK : REFUSE(e, "seal.erased", { "subject", subject });
}

static enum outcome ensure(struct keyring *k, void *context, struct err *e)
{
    const struct subject *subject = context;
    struct slot slot;
    bool found;
    TRY(table_find(k, &slot, &found, subject->name, e));
    return found ? alive(&slot, subject->name, e) : append_subject(k, subject, e);
}

static enum outcome destroy(struct keyring *k, void *context, struct err *e)
{
    const struct subject *subject = context;
    struct slot slot;
    bool found;
    TRY(table_find(k, &slot, &found, subject->name, e));
    if (!found)
        return err_fault(e, "seal.no_key", "the subject has no key");
    if (slot.state != SLOT_LIVE)
        return OK;
    slot_erase(&slot, k->secrets);
    k->waning = true;
    return slot_store(k, &slot, e);
}

/* For a subject whose key another process may have made. */
static enum outcome only_look(struct keyring *k, void *context, struct err *e)
{
    const struct subject *subject = context;
    struct slot slot;
    bool found;
    TRY(table_find(k, &slot, &found, subject->name, e));
    return found ? OK : err_fault(e, "seal.no_key", "the subject has no key");
}

/* keyring_change takes in what others appended; nothing else is to be done. */
static enum outcome take_in(struct keyring *k, void *context, struct err *e)
{
    (void)k;
    (void)context;
    (void)e;
    return OK;
}

/* Whether another process appended slots that are not in the table. */
static bool has_grown(struct keyring *k)
{
    struct stat st;
    pthread_rwlock_rdlock(&k->index_lock);
    const uint32_t nslots = k->nslots;
    pthread_rwlock_unlock(&k->index_lock);
    return !k->old && fstat(k->fd, &st) == 0 && (uint64_t)st.st_size / SLOT_SIZE > nslots;
}

static enum outcome recheck(struct keyring *k, void *context, struct err *e)
{
    (void)context;
    (void)e;
    k->waning = true;
    return OK;
}

enum outcome keyring_recheck(struct keyring *k, struct err *e)
{
    return keyring_change(k, recheck, NULL, e);
}

static enum outcome check_name(struct str name, struct err *e)
{
    return keyring_subject_valid(name) ? OK
                                       : err_fault(e, "seal.no_key", "malformed name of a subject");
}

enum outcome keyring_subject(struct keyring *k, struct str subject, struct str organisation,
                             struct err *e)
{
    struct subject s = { subject, organisation };
    struct slot slot;
    bool found;
    TRY(check_name(subject, e));
    TRY(check_name(organisation, e));
    TRY(table_find(k, &slot, &found, subject, e)); /* the common case takes no lock to write */
    return found ? alive(&slot, subject, e) : keyring_change(k, ensure, &s, e);
}

enum outcome keyring_destroy(struct keyring *k, struct str subject, struct err *e)
{
    struct subject s = { .name = subject };
    TRY(check_name(subject, e));
    return keyring_change(k, destroy, &s, e);
}

static bool unwrap_subject(const struct keyring *k, uint8_t key[KEY_SIZE], const struct slot *slot,
                           struct err *e)
{
    uint8_t above[KEY_SIZE];
    bool good;
    if (slot->under == 0)
        return slot_unwrap(key, k->secrets, slot, NULL);
    if (organisation_key(k, above, slot->under, &good, e) != OK)
        return false;
    good = good && slot_unwrap(key, k->secrets, slot, above);
    sodium_memzero(above, sizeof above);
    return good;
}

enum outcome keyring_subject_key(struct keyring *k, uint8_t key[KEY_SIZE], struct str subject,
                                 struct err *e)
{
    struct subject s = { .name = subject };
    struct slot slot = { 0 };
    bool found = false;
    TRY(check_name(subject, e));
    /* Its organisation's key may be renewed between one look and the other. */
    for (int tries = 0; tries < TRIES_MAX; tries++) {
        TRY(table_find(k, &slot, &found, subject, e));
        if (!found && (k->old || tries > 0))
            return err_fault(e, "seal.no_key", "the subject has no key");
        if (!found) {
            TRY(keyring_change(k, only_look, &s, e));
            continue;
        }
        TRY(alive(&slot, subject, e));
        if (unwrap_subject(k, key, &slot, e))
            return OK;
        sched_yield();
    }
    return err_fault(e, "seal.damaged", "slot %u of the keyring does not open", slot.index);
}

enum outcome keyring_look(struct keyring *k, struct str subject, enum seal_key *out, struct err *e)
{
    struct slot slot;
    bool found = false;
    const bool valid = keyring_subject_valid(subject);
    if (valid)
        TRY(table_find(k, &slot, &found, subject, e));
    if (valid && !found && has_grown(k)) {
        TRY(keyring_change(k, take_in, NULL, e));
        TRY(table_find(k, &slot, &found, subject, e));
    }
    *out = !found ? SEAL_KEY_NONE : slot.state == SLOT_LIVE ? SEAL_KEY_LIVE : SEAL_KEY_ERASED;
    return OK;
}
