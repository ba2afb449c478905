/* The keyring file's slots, its birth, and the root key from a file or a passphrase. */
#include "kernel/keyring_file.h"

#include "base/io.h"
#include "kernel/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char header_magic[16] = "vein keyring 1\n";
static const char *const node_names[NODE_KEYS] = { "signer", "index", "answers" };

enum {
    /* RFC 9106's second choice is 64 MiB and 3 passes; this is asked once per start. */
    ARGON_PASSES = 3,
    ARGON_MEMORY_KIB = 256 * 1024,
    ARGON_PASSES_MAX = 16, /* a header says no more than these: they cost before it is known good */
    ARGON_MEMORY_KIB_MAX = 1024 * 1024,
    ROOT_TEXT = 2 * KEY_SIZE + 1, /* 64 hexadecimal digits and LF */
    PATH_BYTES_MAX = 4096,
};

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

void slot_code(uint8_t code[32], const struct keyring_secrets *s, const void *slot)
{
    key_hmac(code, s->code, &(struct bytes){ slot, SLOT_SIGNED }, 1);
}

bool slot_holds(const struct keyring_secrets *s, const void *slot)
{
    uint8_t code[32];
    slot_code(code, s, slot);
    return sodium_memcmp(code, (const uint8_t *)slot + SLOT_SIGNED, sizeof code) == 0;
}

void slot_wrap(struct slot *out, const struct keyring_secrets *s, const struct env *env,
               enum slot_kind kind, struct str name, uint32_t index, const uint8_t key[KEY_SIZE])
{
    BUG_ON(name.n == 0 || name.n > SUBJECT_MAX);
    *out = (struct slot){
        .state = SLOT_LIVE, .kind = (uint8_t)kind, .name_n = (uint8_t)name.n, .index = index
    };
    memcpy(out->name, name.p, name.n);
    env_random(env, out->nonce, sizeof out->nonce);
    /* What stands before the nonce (state, kind, place, name) is the associated data. */
    crypto_aead_xchacha20poly1305_ietf_encrypt(out->wrapped, NULL, key, KEY_SIZE,
                                               (const uint8_t *)out, offsetof(struct slot, nonce),
                                               NULL, out->nonce, s->wrap);
    slot_code(out->code, s, out);
}

bool slot_unwrap(uint8_t key[KEY_SIZE], const struct keyring_secrets *s, const struct slot *slot)
{
    return crypto_aead_xchacha20poly1305_ietf_decrypt(
               key, NULL, NULL, slot->wrapped, SLOT_WRAPPED, (const uint8_t *)slot,
               offsetof(struct slot, nonce), slot->nonce, s->wrap) == 0;
}

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

static bool sync_folder(const char *path)
{
    char folder[PATH_BYTES_MAX];
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

/* Puts content at path, durably and whole: written aside, synced, then linked, which never replaces
 * what another process put there meanwhile. */
static enum outcome put_file(const char *path, const void *content, size_t n, const struct env *env,
                             struct err *e)
{
    char aside[PATH_BYTES_MAX];
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
    good = good && (link(aside, path) == 0 || errno == EEXIST) && sync_folder(path);
    const enum outcome outcome = good ? OK : err_fault(e, "seal.io", "write %s: %m", path);
    close(fd);
    unlink(aside);
    return outcome;
}

/* Reads the root key file; *there false when it is absent. */
static enum outcome root_read(uint8_t root[KEY_SIZE], bool *there, const char *path, struct err *e)
{
    int fd;
    TRY(keyring_file_open(&fd, path, e));
    *there = fd >= 0;
    if (fd < 0)
        return OK;
    char text[ROOT_TEXT + 1];
    const ssize_t n = read(fd, text, sizeof text);
    close(fd);
    struct hash key;
    const bool good = n >= ROOT_TEXT - 1 && n <= ROOT_TEXT &&
                      (n < ROOT_TEXT || text[n - 1] == '\n') &&
                      hash_from_hex(&key, (struct str){ text, ROOT_TEXT - 1 });
    if (good)
        memcpy(root, key.b, KEY_SIZE);
    sodium_memzero(&key, sizeof key);
    sodium_memzero(text, sizeof text);
    return good ? OK : REFUSE(e, "seal.wrong_root", { "file", str_z(path) });
}

static enum outcome root_create(const char *path, const struct env *env, struct err *e)
{
    uint8_t root[KEY_SIZE];
    char text[ROOT_TEXT + 1];
    env_random(env, root, sizeof root);
    sodium_bin2hex(text, ROOT_TEXT, root, sizeof root);
    text[ROOT_TEXT - 1] = '\n';
    const enum outcome outcome = put_file(path, text, ROOT_TEXT, env, e);
    sodium_memzero(root, sizeof root);
    sodium_memzero(text, sizeof text);
    return outcome;
}

static enum outcome root_of_passphrase(uint8_t root[KEY_SIZE], const struct header *header,
                                       struct str passphrase, struct err *e)
{
    if (header->passes > ARGON_PASSES_MAX || header->memory_kib > ARGON_MEMORY_KIB_MAX)
        return err_fault(e, "seal.damaged", "the keyring's header asks for too much work");
    if (crypto_pwhash(root, KEY_SIZE, passphrase.p ? passphrase.p : "", passphrase.n, header->salt,
                      header->passes, (size_t)header->memory_kib * 1024,
                      crypto_pwhash_ALG_ARGON2ID13) != 0)
        return err_no_memory(e);
    return OK;
}

/* The root key that header and options name, made into the keys that are used. */
static enum outcome root_derive(struct keyring_secrets *s, const struct header *header,
                                const struct keyring_options *options, struct err *e)
{
    uint8_t root[KEY_SIZE];
    if (header->source != (options->root_path ? ROOT_FILE : ROOT_PASSPHRASE))
        return REFUSE(e, "seal.wrong_root", { "file", str_z(options->path) });
    if (options->root_path) {
        bool there;
        TRY(root_read(root, &there, options->root_path, e));
        if (!there)
            return REFUSE(e, "seal.not_found", { "file", str_z(options->root_path) });
    } else {
        TRY(root_of_passphrase(root, header, options->passphrase, e));
    }
    key_derive(s->wrap, root, "vein keyring 1 wrap", NULL, 0);
    key_derive(s->code, root, "vein keyring 1 code", NULL, 0);
    sodium_memzero(root, sizeof root);
    return OK;
}

enum outcome keyring_root(struct keyring_secrets *s, const struct header *header,
                          const struct keyring_options *options, struct err *e)
{
    if (memcmp(header->magic, header_magic, sizeof header_magic) != 0)
        return err_fault(e, "seal.damaged", "%s is no keyring", options->path);
    TRY(root_derive(s, header, options, e));
    if (!slot_holds(s, header))
        return REFUSE(e, "seal.wrong_root", { "file", str_z(options->path) });
    return OK;
}

enum outcome keyring_file_create(const struct keyring_options *options, struct err *e)
{
    const struct env *env = options->env;
    if (options->root_path) {
        uint8_t root[KEY_SIZE];
        bool there;
        TRY(root_read(root, &there, options->root_path, e));
        sodium_memzero(root, sizeof root);
        if (!there)
            TRY(root_create(options->root_path, env, e));
    }
    struct {
        struct header header;
        struct slot slots[NODE_KEYS];
    } file = { .header = { .source = options->root_path ? ROOT_FILE : ROOT_PASSPHRASE,
                           .passes = ARGON_PASSES,
                           .memory_kib = ARGON_MEMORY_KIB } };
    memcpy(file.header.magic, header_magic, sizeof header_magic);
    env_random(env, file.header.salt, sizeof file.header.salt);
    struct keyring_secrets s;
    enum outcome outcome = root_derive(&s, &file.header, options, e);
    if (outcome == OK) {
        slot_code(file.header.code, &s, &file.header);
        for (uint32_t i = 0; i < NODE_KEYS; i++) {
            uint8_t key[KEY_SIZE];
            env_random(env, key, sizeof key);
            slot_wrap(&file.slots[i], &s, env, SLOT_NODE, str_z(node_names[i]), i + 1, key);
            sodium_memzero(key, sizeof key);
        }
        outcome = put_file(options->path, &file, sizeof file, env, e);
    }
    sodium_memzero(&s, sizeof s);
    return outcome;
}

enum outcome keyring_copy(const char *path, const char *to, struct err *e)
{
    return copy_file(path, to, SLOT_SIZE, NULL, e);
}
