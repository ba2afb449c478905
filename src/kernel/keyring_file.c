/* The keyring file's slots, its birth, and files of keys. */
#include "kernel/keyring_file.h"

#include "base/io.h"
#include "kernel/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const node_names[NODE_KEYS] = { "signer", "index", "answers" };

/* RFC 2104 over base/hash.h, which has the processor's instructions: each sealed field costs a
 * dozen of these, and libsodium's SHA-256 is ten times as slow. The last hash, of nothing, takes
 * what came out here from the context that the thread keeps. */
void key_hmac(uint8_t out[KEY_SIZE], const uint8_t key[KEY_SIZE], const struct bytes *parts,
              size_t nparts)
{
    enum { BLOCK = 64, INNER = 0x36, OUTER = 0x5c };
    struct bytes message[1 + HMAC_PARTS_MAX];
    uint8_t pad[BLOCK] = { 0 };
    BUG_ON(nparts > HMAC_PARTS_MAX);
    memcpy(pad, key, KEY_SIZE);
    for (size_t i = 0; i < BLOCK; i++)
        pad[i] ^= INNER;
    message[0] = (struct bytes){ pad, BLOCK };
    for (size_t i = 0; i < nparts; i++)
        message[1 + i] = parts[i];
    struct hash h = hash_parts(message, 1 + nparts);
    for (size_t i = 0; i < BLOCK; i++)
        pad[i] ^= INNER ^ OUTER;
    message[1] = (struct bytes){ h.b, HASH_SIZE };
    h = hash_parts(message, 2);
    memcpy(out, h.b, KEY_SIZE);
    (void)hash_of("", 0);
    sodium_memzero(pad, sizeof pad);
    sodium_memzero(&h, sizeof h);
}

void key_derive(uint8_t out[KEY_SIZE], const uint8_t key[KEY_SIZE], const char *label,
                const struct str *parts, size_t nparts)
{
    /* Extract. The label takes the place of the salt, which RFC 5869 allows to be any public text
     * of at most a block. */
    uint8_t salt[KEY_SIZE] = { 0 };
    BUG_ON(strlen(label) > sizeof salt);
    memcpy(salt, label, strlen(label));
    uint8_t extracted[KEY_SIZE];
    key_hmac(extracted, salt, &(struct bytes){ key, KEY_SIZE }, 1);

    /* Expand, one block: HMAC(extracted, info ‖ 01). */
    uint8_t lengths[DERIVE_PARTS_MAX][4];
    const uint8_t one = 1;
    struct bytes info[HMAC_PARTS_MAX];
    BUG_ON(nparts > DERIVE_PARTS_MAX);
    for (size_t i = 0; i < nparts; i++) {
        const size_t n = parts[i].n;
        for (size_t k = 0; k < 4; k++)
            lengths[i][k] = (uint8_t)(n >> (24 - 8 * k));
        info[2 * i] = (struct bytes){ lengths[i], 4 };
        info[2 * i + 1] = (struct bytes){ (const uint8_t *)parts[i].p, n };
    }
    info[2 * nparts] = (struct bytes){ &one, 1 };
    key_hmac(out, extracted, info, 2 * nparts + 1);
    sodium_memzero(extracted, sizeof extracted);
}

/* --- slots ------------------------------------------------------------------------------------ */

const struct keyring_above *keyring_above(const struct keyring_secrets *s, uint32_t generation)
{
    const bool known = generation == s->generation || (s->two && generation + 1 == s->generation);
    return known ? &s->above[generation & 1] : NULL;
}

void keyring_above_set(struct keyring_secrets *s, uint32_t generation,
                       const uint8_t secret[KEY_SIZE])
{
    struct keyring_above *a = &s->above[generation & 1];
    memcpy(a->secret, secret, sizeof a->secret);
    key_derive(a->wrap, secret, "vein keyring 2 wrap", NULL, 0);
    key_derive(a->code, secret, "vein keyring 2 code", NULL, 0);
}

void slot_code(uint8_t code[32], const struct keyring_above *a, const void *slot)
{
    key_hmac(code, a->code, &(struct bytes){ slot, SLOT_SIGNED }, 1);
}

bool slot_holds(const struct keyring_secrets *s, const struct slot *slot)
{
    uint8_t code[32];
    const struct keyring_above *a = keyring_above(s, slot->generation);
    if (!a)
        return false;
    slot_code(code, a, slot);
    return sodium_memcmp(code, slot->code, sizeof code) == 0;
}

void slot_wrap(struct slot *out, const struct keyring_secrets *s, const struct env *env,
               const struct slot_plan *plan, const uint8_t key[KEY_SIZE])
{
    const struct keyring_above *a = keyring_above(s, s->generation);
    BUG_ON(plan->name.n == 0 || plan->name.n > SUBJECT_MAX);
    *out = (struct slot){
        .state = SLOT_LIVE,
        .kind = (uint8_t)plan->kind,
        .name_n = (uint8_t)plan->name.n,
        .index = plan->index,
        .under = plan->under,
        .turn = plan->turn,
        .generation = s->generation,
    };
    memcpy(out->name, plan->name.p, plan->name.n);
    env_random(env, out->nonce, sizeof out->nonce);
    /* What stands before the nonce (state, kind, place, name) is the associated data. */
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        out->wrapped, NULL, key, KEY_SIZE, (const uint8_t *)out, offsetof(struct slot, nonce), NULL,
        out->nonce, plan->above ? plan->above : a->wrap);
    slot_code(out->code, a, out);
}

bool slot_unwrap(uint8_t key[KEY_SIZE], const struct keyring_secrets *s, const struct slot *slot,
                 const uint8_t *above)
{
    const struct keyring_above *a = keyring_above(s, slot->generation);
    if (!above && !a)
        return false;
    return crypto_aead_xchacha20poly1305_ietf_decrypt(
               key, NULL, NULL, slot->wrapped, SLOT_WRAPPED, (const uint8_t *)slot,
               offsetof(struct slot, nonce), slot->nonce, above ? above : a->wrap) == 0;
}

void slot_erase(struct slot *slot, const struct keyring_secrets *s)
{
    slot->state = SLOT_ERASED;
    slot->generation = s->generation;
    memset(slot->nonce, 0, sizeof slot->nonce);
    memset(slot->wrapped, 0, sizeof slot->wrapped);
    slot_code(slot->code, keyring_above(s, s->generation), slot);
}

bool slot_read(const struct keyring *k, struct slot *out, uint32_t index)
{
    return pread(k->fd, out, sizeof *out, (off_t)index * SLOT_SIZE) == SLOT_SIZE;
}

bool slot_sound(const struct keyring *k, const struct slot *slot, uint32_t index)
{
    return slot_holds(k->secrets, slot) && slot->index == index && slot->name_n > 0 &&
           slot->name_n <= SUBJECT_MAX;
}

/* Readers hold no lock of the file: one that meets a slot being written may see half of it, and
 * looks again. */
enum outcome slot_load(const struct keyring *k, struct slot *out, uint32_t index, struct err *e)
{
    for (int tries = 0; tries < 100; tries++) {
        if (slot_read(k, out, index) && slot_sound(k, out, index))
            return OK;
        sched_yield();
    }
    return err_fault(e, "seal.damaged", "slot %u of the keyring is damaged", index);
}

/* After a failure nobody knows what is on the disk, so that nothing is written any more until a
 * restart has read it. */
enum outcome slot_put(struct keyring *k, const void *slot, uint32_t index, struct err *e)
{
    k->failed = true;
    errno = 0; /* stays so when the disk took only a part */
    if ((k->fails && k->fails(k->context)) ||
        pwrite(k->fd, slot, SLOT_SIZE, (off_t)index * SLOT_SIZE) != SLOT_SIZE)
        return err_fault(e, "seal.io", "write keyring: %m");
    return OK;
}

enum outcome keyring_sync(struct keyring *k, struct err *e)
{
    k->failed = true;
    if ((k->fails && k->fails(k->context)) || fdatasync(k->fd) != 0)
        return err_fault(e, "seal.io", "sync keyring: %m");
    k->failed = false;
    return OK;
}

enum outcome slot_store(struct keyring *k, const struct slot *slot, struct err *e)
{
    TRY(slot_put(k, slot, slot->index, e));
    return keyring_sync(k, e);
}

/* --- files of keys ---------------------------------------------------------------------------- */

enum outcome keyring_file_open(int *fd, const char *path, struct err *e)
{
    *fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (*fd < 0 && errno == EROFS) /* to read it is enough; the store says what cannot be done */
        *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (*fd < 0)
        return errno == ENOENT ? OK : err_fault(e, "seal.io", "open %s: %m", path);
    struct stat st;
    if (fstat(*fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 077) == 0)
        return OK;
    close(*fd);
    *fd = -1;
    return REFUSE(e, "seal.mode", { "file", str_z(path) });
}

static bool folder_sync(const char *path)
{
    char folder[KEYRING_PATH_MAX];
    const char *slash = strrchr(path, '/');
    const int n = slash ? (int)(slash - path) + 1 : 1;
    if (snprintf(folder, sizeof folder, "%.*s", n, slash ? path : ".") >= (int)sizeof folder)
        return false;
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return good;
}

/* Written aside, synced, then linked, which never replaces what another process put there
 * meanwhile. */
enum outcome keyring_file_put(const char *path, const void *content, size_t n,
                              const struct env *env, struct err *e)
{
    char aside[KEYRING_PATH_MAX];
    uint64_t tag;
    env_random(env, &tag, sizeof tag);
    if (snprintf(aside, sizeof aside, "%s.%016llx", path, (unsigned long long)tag) >=
        (int)sizeof aside)
        return err_fault(e, "seal.io", "the path is too long");
    const int fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_fault(e, "seal.io", "create %s: %m", aside);
    errno = 0;
    bool good = fchmod(fd, 0600) == 0 && io_write_all(fd, content, n) && fsync(fd) == 0;
    good = good && (link(aside, path) == 0 || errno == EEXIST) && folder_sync(path);
    const enum outcome outcome = good ? OK : err_fault(e, "seal.io", "write %s: %m", path);
    close(fd);
    unlink(aside);
    return outcome;
}

enum outcome keyring_folder_sync(const char *path, struct err *e)
{
    return folder_sync(path) ? OK : err_fault(e, "seal.io", "sync the folder of %s: %m", path);
}

enum outcome keyring_file_wipe(const char *path, struct err *e)
{
    static const uint8_t zeros[4096];
    int fd;
    TRY(keyring_file_open(&fd, path, e));
    if (fd < 0)
        return OK;
    struct stat st;
    bool good = fstat(fd, &st) == 0;
    for (off_t at = 0; good && at < st.st_size; at += (off_t)sizeof zeros)
        good = io_write_all(fd, zeros,
                            st.st_size - at < (off_t)sizeof zeros ? (size_t)(st.st_size - at)
                                                                  : sizeof zeros);
    good = good && fsync(fd) == 0 && unlink(path) == 0 && folder_sync(path);
    const enum outcome outcome = good ? OK : err_fault(e, "seal.io", "wipe %s: %m", path);
    close(fd);
    return outcome;
}

/* --- birth ------------------------------------------------------------------------------------ */

enum outcome keyring_birth(uint8_t out[KEYRING_BIRTH * SLOT_SIZE], struct keyring_secrets *s,
                           const uint8_t keys[NODE_KEYS][KEY_SIZE],
                           const struct keyring_options *options, struct err *e)
{
    struct header header = { .generation = 1 };
    struct slot slot;
    uint8_t secret[KEY_SIZE];
    memset(out, 0, KEYRING_BIRTH * SLOT_SIZE);
    memcpy(header.magic, keyring_magic[1], sizeof header.magic);
    env_random(options->env, secret, sizeof secret);
    enum outcome o = root_make(&header, options, e);
    if (o == OK)
        o = root_wrap(&header, secret, options, e);
    if (o == OK) {
        *s = (struct keyring_secrets){ .generation = 1 };
        keyring_above_set(s, 1, secret);
        header_code(&header, s);
        memcpy(out, &header, sizeof header);
        for (uint32_t i = 0; i < NODE_KEYS; i++) {
            const struct slot_plan plan = { .kind = SLOT_NODE,
                                            .name = str_z(node_names[i]),
                                            .index = HEADERS + i };
            slot_wrap(&slot, s, options->env, &plan, keys[i]);
            memcpy(out + plan.index * SLOT_SIZE, &slot, sizeof slot);
        }
    }
    sodium_memzero(secret, sizeof secret);
    return o;
}

enum outcome keyring_file_create(const struct keyring_options *options, struct err *e)
{
    uint8_t file[KEYRING_BIRTH * SLOT_SIZE];
    uint8_t keys[NODE_KEYS][KEY_SIZE];
    struct keyring_secrets s;
    env_random(options->env, keys, sizeof keys);
    enum outcome o = keyring_birth(file, &s, keys, options, e);
    if (o == OK)
        o = keyring_file_put(options->path, file, sizeof file, options->env, e);
    sodium_memzero(keys, sizeof keys);
    sodium_memzero(&s, sizeof s);
    return o;
}

enum outcome keyring_copy(const char *path, const char *to, struct err *e)
{
    return copy_file(path, to, SLOT_SIZE, NULL, e);
}
