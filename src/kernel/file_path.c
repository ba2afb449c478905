/* Where contents and uploads lie, and what makes them durable. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/file_impl.h"

enum outcome files_open(struct files **out, const struct files_options *options, struct err *e)
{
    struct files *f = calloc(1, sizeof *f);
    if (!f)
        return err_no_memory(e);
    f->options = *options;
    const int n = snprintf(f->folder, sizeof f->folder, "%s", options->folder);
    if (n < 0 || (size_t)n >= sizeof f->folder) {
        free(f);
        return REFUSE(e, "node.path_too_long");
    }
    *out = f;
    return OK;
}

void files_close(struct files *f)
{
    free(f);
}

void file_path_content(char out[FILE_PATH_MAX], const struct files *f, struct str hash)
{
    BUG_ON(hash.n != HASH_HEX);
    snprintf(out, FILE_PATH_MAX, "%s/%.2s/%.2s/%.*s", f->folder, hash.p, hash.p + 2, STR(hash));
}

void file_path_upload(char out[FILE_PATH_MAX], const struct files *f, struct str id,
                      const char *what)
{
    BUG_ON(!id_valid(id));
    snprintf(out, FILE_PATH_MAX, "%s/uploads/%.*s.%s", f->folder, STR(id), what);
}

enum outcome file_sync_folder(const char *path, struct err *e)
{
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_fault(e, "file.disk", "open folder: %m");
    const bool good = fsync(fd) == 0;
    close(fd);
    return good ? OK : err_fault(e, "file.disk", "sync folder: %m");
}

/* A folder inside another, which is synced when it is new; where that fails, it is as new the next
 * time. */
static enum outcome make(const char *parent, const char *path, struct err *e)
{
    if (mkdir(path, 0700) != 0)
        return errno == EEXIST ? OK : err_fault(e, "file.disk", "make folder: %m");
    const enum outcome o = file_sync_folder(parent, e);
    if (o != OK)
        rmdir(path);
    return o;
}

enum outcome file_folders(const struct files *f, struct str hash, struct err *e)
{
    char parent[FILE_PATH_MAX];
    char path[FILE_PATH_MAX];
    snprintf(parent, sizeof parent, "%s", f->folder);
    char *slash = strrchr(parent, '/');
    if (slash)
        *slash = '\0';
    TRY(make(slash ? parent : ".", f->folder, e));
    if (!hash.p) {
        snprintf(path, sizeof path, "%s/uploads", f->folder);
        return make(f->folder, path, e);
    }
    snprintf(parent, sizeof parent, "%s/%.2s", f->folder, hash.p);
    TRY(make(f->folder, parent, e));
    snprintf(path, sizeof path, "%s/%.2s/%.2s", f->folder, hash.p, hash.p + 2);
    return make(parent, path, e);
}

bool file_read_at(int fd, void *p, size_t n, int64_t at)
{
    for (size_t got = 0; got < n;) {
        const ssize_t r = pread(fd, (char *)p + got, n - got, at + (off_t)got);
        if (r < 0 && errno == EINTR)
            continue;
        if (r == 0)
            errno = 0;
        if (r <= 0)
            return false;
        got += (size_t)r;
    }
    return true;
}

bool file_write_at(int fd, const void *p, size_t n, int64_t at)
{
    for (size_t put = 0; put < n;) {
        const ssize_t w = pwrite(fd, (const char *)p + put, n - put, at + (off_t)put);
        if (w < 0 && errno == EINTR)
            continue;
        if (w <= 0)
            return false;
        put += (size_t)w;
    }
    return true;
}

enum outcome file_too_large(int64_t max, struct err *e)
{
    char text[24];
    struct buf b = buf_over(text, sizeof text);
    buf_int(&b, max);
    return REFUSE(e, "file.too_large", { "max", buf_get(&b) });
}
