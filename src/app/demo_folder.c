#define _GNU_SOURCE /* nftw */
#include "app/demo_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 1000, DESCRIPTORS = 8 };

/* All that a node keeps beside its database, and the database. */
static const char *const parts[] = { "",      "-wal",  "-shm",  "-journal",
                                     ".lock", ".keys", ".root", ".files" };
enum { PARTS = sizeof parts / sizeof parts[0] };

static const char *part(char out[PATH_BYTES], const char *path, const char *what)
{
    int n = snprintf(out, PATH_BYTES, "%s%s", path, what);
    BUG_ON(n < 0 || n >= PATH_BYTES); /* the command line bounds it */
    return out;
}

static bool there(const char *path, const char *what)
{
    char at[PATH_BYTES];
    struct stat st;
    return lstat(part(at, path, what), &st) == 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static enum outcome remove_parts(const char *path, struct err *e)
{
    for (size_t i = 0; i < PARTS; i++) {
        char at[PATH_BYTES];
        if (there(path, parts[i]) &&
            nftw(part(at, path, parts[i]), remove_one, DESCRIPTORS, FTW_DEPTH | FTW_PHYS) != 0)
            return err_fault(e, "demo.io", "remove %s: %m", at);
    }
    return OK;
}

enum outcome demo_folder_begin(struct demo_folder *f, const char *path, bool *fresh, struct err *e)
{
    char mark[PATH_BYTES];
    *f = (struct demo_folder){ .path = path, .mark = -1 };
    const bool interrupted = there(path, ".making");
    *fresh = interrupted || !there(path, "");
    if (!*fresh)
        return OK;
    for (size_t i = 0; !interrupted && i < PARTS; i++)
        if (there(path, parts[i]))
            return REFUSE(e, "demo.not_ours", { "path", str_z(path) });
    f->mark = open(part(mark, path, ".making"), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (f->mark < 0)
        return err_fault(e, "demo.io", "create %s: %m", mark);
    struct stat st;
    bool locked = flock(f->mark, LOCK_EX | LOCK_NB) == 0;
    bool busy = !locked && errno == EWOULDBLOCK;
    if (locked && fstat(f->mark, &st) == 0) {
        if (st.st_nlink > 0)
            return remove_parts(path, e);
        busy = true; /* whoever made it finished in this very moment */
    }
    demo_folder_end(f);
    return busy ? REFUSE(e, "demo.busy", { "path", str_z(path) })
                : err_fault(e, "demo.io", "lock %s: %m", mark);
}

enum outcome demo_folder_made(struct demo_folder *f, struct err *e)
{
    char mark[PATH_BYTES];
    if (unlink(part(mark, f->path, ".making")) != 0)
        return err_fault(e, "demo.io", "remove %s: %m", mark);
    return OK;
}

void demo_folder_end(struct demo_folder *f)
{
    if (f->mark >= 0)
        close(f->mark);
    f->mark = -1;
}
