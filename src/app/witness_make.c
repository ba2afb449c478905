/* The files of a witness's folder: written whole or not at all, and made at first. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/witness_book_impl.h"
#include "base/io.h"

const struct str witness_key_head = S("vein.witness/v1\n");

/* -- Files --------------------------------------------------------------------------------------
 */

enum outcome witness_file_read(char *out, size_t max, size_t *n, int folder, const char *name,
                               struct err *e)
{
    const int f = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    ssize_t got = 1;
    *n = 0;
    while (f >= 0 && got > 0 && *n < max) {
        got = read(f, out + *n, max - *n);
        *n += got > 0 ? (size_t)got : 0;
    }
    if (f >= 0)
        close(f);
    if (f < 0 || got < 0)
        return err_fault(e, "witness.read", "%s: %m", name);
    return *n < max ? OK : REFUSE(e, "witness.damaged", { "file", str_z(name) });
}

enum outcome witness_file_put(int folder, const char *name, struct str content, struct err *e)
{
    char beside[HASH_HEX + 80];
    snprintf(beside, sizeof beside, "%s.new", name);
    const int f =
        openat(folder, beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool whole = f >= 0 && io_write_all(f, content.p, content.n) && fsync(f) == 0;
    const int why = errno;
    if (f >= 0 && close(f) != 0)
        whole = false;
    errno = why;
    if (!whole || renameat(folder, beside, folder, name) != 0 || fsync(folder) != 0)
        return err_fault(e, "witness.write", "%s: %m", name);
    return OK;
}

/* -- Making one ---------------------------------------------------------------------------------
 */

static bool folder_empty(const char *path)
{
    DIR *d = opendir(path);
    bool empty = d != NULL;
    for (const struct dirent *x = d ? readdir(d) : NULL; x; x = readdir(d))
        empty &= strcmp(x->d_name, ".") == 0 || strcmp(x->d_name, "..") == 0;
    if (d)
        closedir(d);
    return empty;
}

static enum outcome make_files(int folder, struct str name, const struct env *env, struct err *e)
{
    uint8_t seed[WITNESS_SEED], public_key[32], secret_key[crypto_sign_SECRETKEYBYTES];
    char vkey[VERIFY_VKEY_MAX], text[WITNESS_KEY_FILE_MAX];
    struct buf b = buf_over(text, sizeof text);
    env_random(env, seed, sizeof seed);
    crypto_sign_seed_keypair(public_key, secret_key, seed);
    buf_str(&b, witness_key_head);
    buf_printf(&b, "%.*s\n", STR(name));
    buf_base64(&b, seed, sizeof seed);
    buf_char(&b, '\n');
    enum outcome o = verify_witness_vkey(vkey, name, public_key)
                         ? buf_check(&b, e)
                         : REFUSE(e, "witness.name", { "name", name });
    if (o == OK && (mkdirat(folder, "log", 0700) != 0 || mkdirat(folder, "fork", 0700) != 0))
        o = err_fault(e, "witness.write", "%m");
    if (o == OK)
        o = witness_file_put(folder, "key", buf_get(&b), e);
    b = buf_over(text, sizeof text);
    buf_printf(&b, "%s\n", vkey);
    if (o == OK)
        o = witness_file_put(folder, "vkey", buf_get(&b), e);
    sodium_memzero(seed, sizeof seed);
    sodium_memzero(secret_key, sizeof secret_key);
    sodium_memzero(text, sizeof text);
    return o;
}

enum outcome witness_make(const char *path, struct str name, const struct env *env, struct err *e)
{
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return err_fault(e, "witness.write", "%s: %m", path);
    if (!folder_empty(path))
        return REFUSE(e, "witness.not_empty", { "folder", str_z(path) });
    const int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return err_fault(e, "witness.write", "%s: %m", path);
    const enum outcome o = make_files(folder, name, env, e);
    close(folder);
    return o;
}
