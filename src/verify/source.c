/* Files of a directory, opened below it and never through a link; the rest is http.c's. */
#include "verify/source.h"

#include "verify/http.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 10, PATH_BYTES_MAX = 256 };

struct verify_source {
    int folder; /* -1: http */
    struct verify_http *http;
};

struct verify_source *verify_source_open(const char *where, struct verify_report *r)
{
    struct verify_source *s = calloc(1, sizeof *s);
    if (!s) {
        verify_bad(r, "memory", "could not get enough");
        return NULL;
    }
    s->folder = -1;
    bool good;
    if (str_starts(str_z(where), S("http://"))) {
        s->http = verify_http_open(where, r);
        good = s->http != NULL;
    } else {
        s->folder = open(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        good = s->folder >= 0 || verify_bad(r, where, "could not open it: %m");
    }
    if (good)
        return s;
    verify_source_close(s);
    return NULL;
}

void verify_source_close(struct verify_source *s)
{
    if (!s)
        return;
    verify_http_close(s->http);
    if (s->folder >= 0)
        close(s->folder);
    free(s);
}

bool verify_source_is_folder(const struct verify_source *s)
{
    return s->folder >= 0;
}

/* Reads a whole regular file. */
static enum verify_got file_read(int fd, const char *path, uint8_t *out, size_t max, size_t *n,
                                 struct verify_report *r)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        verify_bad(r, path, "not a regular file");
        return VERIFY_BROKEN;
    }
    *n = 0;
    for (;;) {
        uint8_t beyond;
        const bool full = *n == max;
        const ssize_t got = read(fd, full ? &beyond : out + *n, full ? 1 : max - *n);
        if (got == 0)
            return VERIFY_GOT;
        if (got < 0 || full) {
            verify_bad(r, path, full ? "longer than %zu bytes" : "unreadable (%zu)", max);
            return VERIFY_BROKEN;
        }
        *n += (size_t)got;
    }
}

enum verify_got verify_source_get(struct verify_source *s, const char *path, uint8_t *out,
                                  size_t max, size_t *n, struct verify_report *r)
{
    if (s->http)
        return verify_http_get(s->http, path, out, max, n, r);
    const int fd = openat(s->folder, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return VERIFY_MISSING;
    if (fd < 0) {
        verify_bad(r, path, "could not open it: %m");
        return VERIFY_BROKEN;
    }
    const enum verify_got got = file_read(fd, path, out, max, n, r);
    close(fd);
    return got;
}

static bool list_folder(int above, const char *name, char path[PATH_BYTES_MAX], int depth,
                        verify_file_fn *each, void *context, struct verify_report *r);

/* One entry of a folder whose path is path; path is the folder's again afterwards. */
static bool list_entry(int folder, const struct dirent *entry, char path[PATH_BYTES_MAX], int depth,
                       verify_file_fn *each, void *context, struct verify_report *r)
{
    const size_t n = strlen(path);
    struct stat st;
    if (n + 1 + strlen(entry->d_name) >= PATH_BYTES_MAX || depth == DEPTH_MAX)
        return verify_bad(r, path, "holds a path too long or too deep for a tile");
    if (fstatat(folder, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return verify_bad(r, path, "unreadable: %m");
    snprintf(path + n, PATH_BYTES_MAX - n, "/%s", entry->d_name);
    const bool good = S_ISDIR(st.st_mode)
                          ? list_folder(folder, entry->d_name, path, depth + 1, each, context, r)
                          : each(context, path, r);
    path[n] = '\0';
    return good;
}

static bool list_folder(int above, const char *name, char path[PATH_BYTES_MAX], int depth,
                        verify_file_fn *each, void *context, struct verify_report *r)
{
    const int fd = openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return (depth == 0 && errno == ENOENT) || verify_bad(r, path, "unreadable: %m");
    DIR *folder = fdopendir(fd);
    if (!folder) {
        close(fd);
        return verify_bad(r, path, "unreadable: %m");
    }
    bool good = true;
    const struct dirent *entry;
    while (good && (entry = readdir(folder)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            good = list_entry(dirfd(folder), entry, path, depth, each, context, r);
    closedir(folder);
    return good;
}

bool verify_source_list(struct verify_source *s, const char *folder, verify_file_fn *each,
                        void *context, struct verify_report *r)
{
    char path[PATH_BYTES_MAX];
    snprintf(path, sizeof path, "%s", folder);
    return list_folder(s->folder, folder, path, 0, each, context, r);
}
