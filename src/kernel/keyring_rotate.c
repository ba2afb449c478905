/* A new root key, and the way from the first version of the file.
 *
 * A root key changes in these steps, each durable before the next:
 *   1. a second header, of the next generation, under the new root key; it knows the secret of the
 *      generation before as well
 *   2. the new key file takes its name; the old root key is destroyed
 *   3. the old header is zeros
 *   4. all slots rest on the new secret
 *   5. the header forgets the old one
 * Interrupted before 2 the old root key opens the file, and the second header is dropped; after
 * that the new one does, and what is left to do is done when it is next opened. */
#include "kernel/keyring_file.h"
#include "kernel/keyring_token.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

static enum outcome next_path(char out[KEYRING_PATH_MAX], const char *path, const char *tail,
                              struct err *e)
{
    return snprintf(out, KEYRING_PATH_MAX, "%s%s", path, tail) < KEYRING_PATH_MAX
               ? OK
               : err_fault(e, "seal.io", "the path is too long");
}

/* --- steps 3 to 5, also after an interruption --- */

static enum outcome rest_anew(struct keyring *k, struct slot *slot, struct err *e)
{
    uint8_t key[KEY_SIZE];
    if (slot->state == SLOT_LIVE && slot->under == 0) {
        const struct slot before = *slot;
        const struct slot_plan plan = {
            .kind = slot->kind, .name = slot_name(&before), .index = slot->index, .turn = slot->turn
        };
        if (!slot_unwrap(key, k->secrets, slot, NULL))
            return err_fault(e, "seal.damaged", "slot %u does not open", slot->index);
        slot_wrap(slot, k->secrets, k->env, &plan, key);
        sodium_memzero(key, sizeof key);
    } else {
        slot->generation = k->secrets->generation;
        slot_code(slot->code, keyring_above(k->secrets, slot->generation), slot);
    }
    return slot_put(k, slot, slot->index, e);
}

static enum outcome all_rest_anew(struct keyring *k, struct err *e)
{
    struct header header;
    for (uint32_t i = HEADERS; i < k->nslots; i++) {
        struct slot slot;
        TRY(slot_load(k, &slot, i, e));
        if (slot.generation != k->secrets->generation)
            TRY(rest_anew(k, &slot, e));
    }
    TRY(keyring_sync(k, e));
    if (!slot_read(k, (struct slot *)&header, (uint32_t)k->header))
        return err_fault(e, "seal.io", "read keyring: %m");
    memset(header.before_nonce, 0, sizeof header.before_nonce);
    memset(header.before, 0, sizeof header.before);
    header_code(&header, k->secrets);
    TRY(slot_put(k, &header, (uint32_t)k->header, e));
    TRY(keyring_sync(k, e));
    k->secrets->two = false;
    sodium_memzero(&k->secrets->above[1 - (k->secrets->generation & 1)],
                   sizeof k->secrets->above[0]);
    return OK;
}

static enum outcome drop_header(struct keyring *k, int which, struct err *e)
{
    const uint8_t zeros[SLOT_SIZE] = { 0 };
    TRY(slot_put(k, zeros, (uint32_t)which, e));
    return keyring_sync(k, e);
}

enum outcome keyring_root_finish(struct keyring *k, const struct header *other,
                                 const struct keyring_options *options, struct err *e)
{
    char next[KEYRING_PATH_MAX];
    if (!sodium_is_zero((const uint8_t *)other, sizeof *other)) {
        if (options->token && other->source == ROOT_TOKEN)
            TRY(token_key_destroy(options->token, other->salt, e));
        TRY(drop_header(k, 1 - k->header, e));
    }
    if (options->root_path) {
        TRY(next_path(next, options->root_path, ".next", e));
        TRY(keyring_file_wipe(next, e));
    }
    return k->secrets->two ? all_rest_anew(k, e) : OK;
}

/* --- steps 1 and 2 --- */

struct rotation {
    const struct keyring_options *from;
    struct keyring_options to;
    struct header old;
    char next[KEYRING_PATH_MAX]; /* the new key file, before it has its name */
};

static bool fails(struct keyring *k)
{
    return k->fails && k->fails(k->context);
}

/* The second header, in memory and on the disk. */
static enum outcome add_header(struct keyring *k, struct rotation *r, struct err *e)
{
    struct header header = { .generation = r->old.generation + 1 };
    struct keyring_options making = r->to;
    uint8_t secret[KEY_SIZE];
    making.root_path = r->to.root_path ? r->next : NULL;
    memcpy(header.magic, keyring_magic[1], sizeof header.magic);
    env_random(k->env, secret, sizeof secret);
    env_random(k->env, header.before_nonce, sizeof header.before_nonce);
    enum outcome o = root_make(&header, &making, e);
    if (o == OK)
        o = root_wrap(&header, secret, &making, e);
    if (o == OK) {
        k->secrets->generation = header.generation;
        k->secrets->two = true;
        keyring_above_set(k->secrets, header.generation, secret);
        crypto_aead_xchacha20poly1305_ietf_encrypt(
            header.before, NULL, keyring_above(k->secrets, r->old.generation)->secret, KEY_SIZE,
            (const uint8_t *)&header, offsetof(struct header, nonce), NULL, header.before_nonce,
            keyring_above(k->secrets, header.generation)->wrap);
        header_code(&header, k->secrets);
        o = slot_put(k, &header, (uint32_t)(1 - k->header), e);
    }
    sodium_memzero(secret, sizeof secret);
    return o == OK ? keyring_sync(k, e) : o;
}

/* Zeros over what the file held that lost its name. */
static bool wipe_open(int fd)
{
    static const uint8_t zeros[4096];
    struct stat st;
    bool good = fstat(fd, &st) == 0 && lseek(fd, 0, SEEK_SET) == 0;
    for (off_t at = 0; good && at < st.st_size; at += (off_t)sizeof zeros)
        good = io_write_all(fd, zeros,
                            st.st_size - at < (off_t)sizeof zeros ? (size_t)(st.st_size - at)
                                                                  : sizeof zeros);
    return good && fsync(fd) == 0;
}

static enum outcome publish(struct keyring *k, const char *from, const char *to, struct err *e)
{
    const int old = open(to, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    const bool renamed = !fails(k) && rename(from, to) == 0;
    enum outcome o = renamed ? OK : err_fault(e, "seal.io", "name %s: %m", to);
    if (o == OK)
        o = keyring_folder_sync(to, e);
    if (o == OK && old >= 0 && (fails(k) || !wipe_open(old)))
        o = err_fault(e, "seal.io", "wipe what %s was: %m", to);
    if (old >= 0)
        close(old);
    return o;
}

static enum outcome rotate(struct keyring *k, void *context, struct err *e)
{
    struct rotation *r = context;
    if (!slot_read(k, (struct slot *)&r->old, (uint32_t)k->header))
        return err_fault(e, "seal.io", "read keyring: %m");
    TRY(add_header(k, r, e));
    if (r->to.root_path)
        TRY(publish(k, r->next, r->to.root_path, e));
    else if (r->from->root_path)
        TRY(keyring_file_wipe(r->from->root_path, e));
    if (fails(k))
        return err_fault(e, "seal.io", "destroy the old root key");
    if (r->from->token)
        TRY(token_key_destroy(r->from->token, r->old.salt, e));
    const int old = k->header;
    k->header = 1 - old;
    TRY(drop_header(k, old, e));
    return all_rest_anew(k, e);
}

enum outcome keyring_rotate_root(const struct keyring_options *from,
                                 const struct keyring_options *to, struct err *e)
{
    struct rotation r = { .from = from, .to = *to };
    struct keyring *k;
    if (to->root_path)
        TRY(next_path(r.next, to->root_path, ".next", e));
    TRY(keyring_open(&k, from, e));
    const enum outcome o = keyring_change(k, rotate, &r, e);
    keyring_close(k);
    return o;
}

/* --- from the first version --- */

bool keyring_is_old(const struct keyring *k)
{
    return k->old;
}

/* A slot of the new file, from that of the old one. */
static enum outcome convert(struct keyring *k, struct slot *slot, const struct keyring_secrets *s,
                            const uint8_t organisation[KEY_SIZE], struct err *e)
{
    enum { MOVED = KEYRING_BIRTH + 1 - (1 + NODE_KEYS), UNDER = KEYRING_BIRTH };
    uint8_t key[KEY_SIZE];
    const struct slot before = *slot;
    const struct slot_plan plan = {
        .kind = SLOT_SUBJECT,
        .name = slot_name(&before),
        .index = before.index + MOVED,
        .under = UNDER,
        .above = organisation,
    };
    const bool live = slot->state == SLOT_LIVE;
    memset(key, 0, sizeof key);
    if (live && !slot_unwrap(key, k->secrets, slot, NULL))
        return err_fault(e, "seal.damaged", "slot %u of the keyring does not open", slot->index);
    slot_wrap(slot, s, k->env, &plan, key);
    sodium_memzero(key, sizeof key);
    if (!live) {
        slot->under = 0;
        slot_erase(slot, s);
    }
    return OK;
}

static enum outcome write_subjects(struct keyring *k, int fd, const struct keyring_secrets *s,
                                   struct err *e)
{
    uint8_t organisation[KEY_SIZE];
    struct slot slot;
    const struct slot_plan plan = {
        .kind = SLOT_ORGANISATION, .name = KEYRING_NODE, .index = KEYRING_BIRTH, .turn = 1
    };
    env_random(k->env, organisation, sizeof organisation);
    slot_wrap(&slot, s, k->env, &plan, organisation);
    enum outcome o =
        io_write_all(fd, &slot, sizeof slot) ? OK : err_fault(e, "seal.io", "write keyring: %m");
    for (uint32_t i = 1 + NODE_KEYS; o == OK && i < k->nslots; i++) {
        o = slot_load(k, &slot, i, e);
        if (o == OK)
            o = convert(k, &slot, s, organisation, e);
        if (o == OK && (fails(k) || !io_write_all(fd, &slot, sizeof slot)))
            o = err_fault(e, "seal.io", "write keyring: %m");
    }
    sodium_memzero(organisation, sizeof organisation);
    return o;
}

static enum outcome write_anew(struct keyring *k, int fd, const struct keyring_options *options,
                               struct err *e)
{
    uint8_t file[KEYRING_BIRTH * SLOT_SIZE];
    struct keyring_secrets s;
    TRY(keyring_birth(file, &s, k->secrets->node, options, e));
    enum outcome o = !fails(k) && io_write_all(fd, file, sizeof file)
                         ? OK
                         : err_fault(e, "seal.io", "write keyring: %m");
    if (o == OK)
        o = write_subjects(k, fd, &s, e);
    if (o == OK && (fails(k) || fsync(fd) != 0))
        o = err_fault(e, "seal.io", "sync keyring: %m");
    sodium_memzero(&s, sizeof s);
    return o;
}

enum outcome keyring_upgrade(struct keyring *k, const struct keyring_options *options,
                             struct err *e)
{
    char aside[KEYRING_PATH_MAX];
    TRY(next_path(aside, options->path, ".next", e));
    TRY(keyring_file_wipe(aside, e)); /* what an interruption left */
    if (!k->old)
        return OK;
    const int fd = open(aside, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_fault(e, "seal.io", "create %s: %m", aside);
    enum outcome o = write_anew(k, fd, options, e);
    if (o == OK)
        o = publish(k, aside, options->path, e);
    if (o != OK) {
        close(fd);
        return o;
    }
    close(k->fd);
    k->fd = fd;
    return keyring_reload(k, options, e);
}
