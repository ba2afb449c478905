#include "kernel/copy.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPY_CHUNK = 1 << 16 };

static enum outcome io(const char *path, const char *doing, struct err *e)
{
    return err_fault(e, errno == ENOSPC || errno == EDQUOT ? "store.disk_full" : "store.io",
                     "%s %s: %m", doing, path);
}

static enum outcome open_source(int *fd, const char *path, struct err *e)
{
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*fd >= 0)
        return OK;
    return errno == ENOENT ? REFUSE(e, "store.not_found", { "path", str_z(path) })
                           : io(path, "open", e);
}

static enum outcome open_new(int *fd, const char *path, struct err *e)
{
    *fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (*fd >= 0)
        return OK;
    return errno == EEXIST ? REFUSE(e, "store.exists", { "path", str_z(path) })
                           : io(path, "create", e);
}

/* Reads `left` bytes (-1: to the end), hashes them and writes them to `to`, unless that is -1. */
static enum outcome pour(int from, int to, int64_t left, crypto_hash_sha256_state *hash,
                         const char *path, struct err *e)
{
    uint8_t chunk[COPY_CHUNK];
    while (left != 0) {
        size_t want = left > 0 && left < COPY_CHUNK ? (size_t)left : sizeof chunk;
        ssize_t n = read(from, chunk, want);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return io(path, "read", e);
        if (n == 0)
            return left > 0 ? io(path, "read", e) : OK;
        crypto_hash_sha256_update(hash, chunk, (unsigned long long)n);
        if (to >= 0 && !io_write_all(to, chunk, (size_t)n))
            return io(path, "write", e);
        left -= left > 0 ? n : 0;
    }
    return OK;
}

static enum outcome sync_close(int fd, const char *path, enum outcome o, struct err *e)
{
    if (o == OK && fsync(fd) != 0)
        o = io(path, "sync", e);
    if (close(fd) != 0 && o == OK)
        o = io(path, "close", e);
    if (o != OK)
        unlink(path);
    return o;
}

enum outcome copy_file(const char *from, const char *to, size_t slot, struct hash *hash,
                       struct err *e)
{
    int source;
    int target;
    struct stat st;
    int64_t left = -1;
    crypto_hash_sha256_state state;
    TRY(open_source(&source, from, e));
    enum outcome o = slot > 0 && flock(source, LOCK_SH) != 0 ? io(from, "lock", e) : OK;
    if (o == OK && slot > 0)
        o = fstat(source, &st) == 0 ? OK : io(from, "look at", e);
    if (o == OK && slot > 0)
        left = st.st_size / (int64_t)slot * (int64_t)slot;
    if (o == OK)
        o = open_new(&target, to, e);
    if (o == OK) {
        crypto_hash_sha256_init(&state);
        o = sync_close(target, to, pour(source, target, left, &state, from, e), e);
    }
    close(source);
    if (o == OK && hash)
        crypto_hash_sha256_final(&state, hash->b);
    return o;
}

enum outcome copy_text(const char *to, struct str content, struct err *e)
{
    int target;
    TRY(open_new(&target, to, e));
    const bool whole = io_write_all(target, content.p, content.n);
    return sync_close(target, to, whole ? OK : io(to, "write", e), e);
}

enum outcome copy_read(struct str *out, const char *from, size_t max, struct arena *arena,
                       struct err *e)
{
    int source;
    TRY(open_source(&source, from, e));
    char *p = arena_alloc(arena, max);
    size_t n = 0;
    enum outcome o = p ? OK : err_no_memory(e);
    while (o == OK && n < max) {
        ssize_t got = read(source, p + n, max - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            o = io(from, "read", e);
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    close(source);
    if (o == OK && n == max)
        return err_fault(e, "store.io", "%s has %zu bytes or more", from, max);
    *out = (struct str){ p, n };
    return o;
}

enum outcome copy_hash(struct hash *out, int64_t *bytes, const char *path, struct err *e)
{
    int source;
    struct stat st = { 0 };
    crypto_hash_sha256_state state;
    TRY(open_source(&source, path, e));
    crypto_hash_sha256_init(&state);
    enum outcome o = pour(source, -1, -1, &state, path, e);
    if (o == OK && fstat(source, &st) != 0)
        o = io(path, "look at", e);
    close(source);
    crypto_hash_sha256_final(&state, out->b);
    *bytes = st.st_size;
    return o;
}

enum outcome copy_sync_folder(const char *path, struct err *e)
{
    char copy[1200];
    snprintf(copy, sizeof copy, "%s", path);
    const char *folder = dirname(copy);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return io(folder, "open", e);
    enum outcome o = fsync(fd) == 0 ? OK : io(folder, "sync", e);
    close(fd);
    return o;
}
