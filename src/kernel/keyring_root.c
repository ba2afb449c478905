/* The root key from a file, a passphrase or a token, and the header in which it wraps the keyring's
 * secret. */
#include "kernel/keyring_file.h"
#include "kernel/keyring_token.h"

#include <errno.h>
#include <sodium.h>
#include <unistd.h>

const char keyring_magic[2][16] = { "vein keyring 1\n", "vein keyring 2\n" };

enum {
    /* RFC 9106's second choice is 64 MiB and 3 passes; this is asked once per start. */
    ARGON_PASSES = 3,
    ARGON_MEMORY_KIB = 256 * 1024,
    ARGON_PASSES_MAX = 16, /* a header says no more than these: they cost before it is known good */
    ARGON_MEMORY_KIB_MAX = 1024 * 1024,
    ROOT_TEXT = 2 * KEY_SIZE + 1,          /* 64 hexadecimal digits and LF */
    HEAD = offsetof(struct header, nonce), /* what is associated with the wrapped secret */
};

static uint8_t source_of(const struct keyring_options *options)
{
    return options->root_path ? ROOT_FILE : options->token ? ROOT_TOKEN : ROOT_PASSPHRASE;
}

/* --- the key file --- */

enum outcome root_file_read(uint8_t root[KEY_SIZE], bool *there, const char *path, struct err *e)
{
    int fd;
    TRY(keyring_file_open(&fd, path, e));
    *there = fd >= 0;
    if (fd < 0)
        return OK;
    char text[ROOT_TEXT + 1];
    const ssize_t n = read(fd, text, sizeof text);
    const int error = errno;
    close(fd);
    if (n < 0)
        return err_fault(e, "seal.io", "read %s: errno %d", path, error);
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

enum outcome root_file_create(const char *path, const struct env *env, struct err *e)
{
    uint8_t root[KEY_SIZE];
    char text[ROOT_TEXT + 1];
    env_random(env, root, sizeof root);
    sodium_bin2hex(text, ROOT_TEXT, root, sizeof root);
    text[ROOT_TEXT - 1] = '\n';
    const enum outcome outcome = keyring_file_put(path, text, ROOT_TEXT, env, e);
    sodium_memzero(root, sizeof root);
    sodium_memzero(text, sizeof text);
    return outcome;
}

/* --- the root key itself: of file and passphrase --- */

static enum outcome of_passphrase(uint8_t root[KEY_SIZE], const struct header *header,
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

static enum outcome root_key(uint8_t root[KEY_SIZE], const struct header *header,
                             const struct keyring_options *options, struct err *e)
{
    bool there;
    if (!options->root_path)
        return of_passphrase(root, header, options->passphrase, e);
    TRY(root_file_read(root, &there, options->root_path, e));
    return there ? OK : REFUSE(e, "seal.not_found", { "file", str_z(options->root_path) });
}

enum outcome root_make(struct header *header, const struct keyring_options *options, struct err *e)
{
    uint8_t root[KEY_SIZE];
    bool there;
    header->source = source_of(options);
    if (header->source == ROOT_TOKEN) {
        env_random(options->env, header->salt, sizeof header->salt);
        return token_key_make(options->token, header->salt, e);
    }
    header->passes = ARGON_PASSES;
    header->memory_kib = ARGON_MEMORY_KIB;
    env_random(options->env, header->salt, sizeof header->salt);
    if (header->source == ROOT_PASSPHRASE)
        return OK;
    TRY(root_file_read(root, &there, options->root_path, e));
    sodium_memzero(root, sizeof root);
    return there ? OK : root_file_create(options->root_path, options->env, e);
}

/* --- the header --- */

enum outcome root_wrap(struct header *header, const uint8_t secret[KEY_SIZE],
                       const struct keyring_options *options, struct err *e)
{
    const struct bytes head = { (const uint8_t *)header, HEAD };
    env_random(options->env, header->nonce, sizeof header->nonce);
    if (header->source == ROOT_TOKEN)
        return token_wrap(options->token, header->salt, header->nonce, head, secret,
                          header->wrapped, e);
    uint8_t root[KEY_SIZE], key[KEY_SIZE];
    TRY(root_key(root, header, options, e));
    key_derive(key, root, "vein keyring 2 root", NULL, 0);
    crypto_aead_xchacha20poly1305_ietf_encrypt(header->wrapped, NULL, secret, KEY_SIZE, head.p,
                                               head.n, NULL, header->nonce, key);
    sodium_memzero(root, sizeof root);
    sodium_memzero(key, sizeof key);
    return OK;
}

void header_code(struct header *header, const struct keyring_secrets *s)
{
    slot_code(header->code, keyring_above(s, header->generation), header);
}

static bool code_holds(const struct header *header, const struct keyring_above *a)
{
    uint8_t code[32];
    slot_code(code, a, header);
    return sodium_memcmp(code, header->code, sizeof code) == 0;
}

static enum outcome unwrap(uint8_t secret[KEY_SIZE], bool *good, const struct header *header,
                           const struct keyring_options *options, struct err *e)
{
    const struct bytes head = { (const uint8_t *)header, HEAD };
    if (header->source == ROOT_TOKEN)
        return token_unwrap(options->token, header->salt, header->nonce, head, header->wrapped,
                            secret, good, e);
    uint8_t root[KEY_SIZE], key[KEY_SIZE];
    TRY(root_key(root, header, options, e));
    key_derive(key, root, "vein keyring 2 root", NULL, 0);
    *good = crypto_aead_xchacha20poly1305_ietf_decrypt(secret, NULL, NULL, header->wrapped,
                                                       SLOT_WRAPPED, head.p, head.n, header->nonce,
                                                       key) == 0;
    sodium_memzero(root, sizeof root);
    sodium_memzero(key, sizeof key);
    return OK;
}

/* The secret of the generation before, while slots still rest on it. */
static bool open_before(struct keyring_secrets *s, const struct header *header)
{
    uint8_t secret[KEY_SIZE];
    s->two = !sodium_is_zero(header->before, sizeof header->before);
    if (!s->two)
        return true;
    const bool good =
        crypto_aead_xchacha20poly1305_ietf_decrypt(
            secret, NULL, NULL, header->before, SLOT_WRAPPED, (const uint8_t *)header, HEAD,
            header->before_nonce, keyring_above(s, header->generation)->wrap) == 0;
    if (good)
        keyring_above_set(s, header->generation - 1, secret);
    sodium_memzero(secret, sizeof secret);
    return good;
}

static enum outcome open_first_version(struct keyring_secrets *s, const struct header *header,
                                       const struct keyring_options *options, struct err *e)
{
    uint8_t root[KEY_SIZE];
    TRY(root_key(root, header, options, e));
    *s = (struct keyring_secrets){ .generation = 0 };
    key_derive(s->above[0].wrap, root, "vein keyring 1 wrap", NULL, 0);
    key_derive(s->above[0].code, root, "vein keyring 1 code", NULL, 0);
    sodium_memzero(root, sizeof root);
    return code_holds(header, &s->above[0])
               ? OK
               : REFUSE(e, "seal.wrong_root", { "file", str_z(options->path) });
}

enum outcome root_open(struct keyring_secrets *s, const struct header *header,
                       const struct keyring_options *options, struct err *e)
{
    uint8_t secret[KEY_SIZE];
    bool good = false;
    const bool first = memcmp(header->magic, keyring_magic[0], sizeof header->magic) == 0;
    if (!first && memcmp(header->magic, keyring_magic[1], sizeof header->magic) != 0)
        return err_fault(e, "seal.damaged", "%s is no keyring", options->path);
    if (header->source != source_of(options))
        return REFUSE(e, "seal.wrong_root", { "file", str_z(options->path) });
    if (first)
        return open_first_version(s, header, options, e);
    TRY(unwrap(secret, &good, header, options, e));
    if (good) {
        *s = (struct keyring_secrets){ .generation = header->generation };
        keyring_above_set(s, header->generation, secret);
        good = code_holds(header, keyring_above(s, header->generation)) && open_before(s, header);
    }
    sodium_memzero(secret, sizeof secret);
    return good ? OK : REFUSE(e, "seal.wrong_root", { "file", str_z(options->path) });
}
