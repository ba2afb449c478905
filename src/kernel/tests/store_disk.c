/* The system's VFS opens the files; of their methods write and sync are replaced by ours, which
 * fail or call the ones they replaced. */
#include "kernel/tests/store_disk.h"

#include "base/err.h"

#include <sqlite3.h>

enum { KINDS_MAX = 4 }; /* the system has one table of methods for each way of locking */

static struct {
    const sqlite3_io_methods *real;
    sqlite3_io_methods ours;
} kinds[KINDS_MAX];

static int64_t room = -1;
static bool sync_fails;
static int (*real_open)(sqlite3_vfs *, const char *, sqlite3_file *, int, int *);

static const sqlite3_io_methods *real_of(sqlite3_file *file)
{
    for (size_t i = 0; i < KINDS_MAX; i++)
        if (file->pMethods == &kinds[i].ours)
            return kinds[i].real;
    bug(__FILE__, __LINE__, "a file of another VFS");
}

static int write_or_full(sqlite3_file *file, const void *p, int n, sqlite3_int64 at)
{
    if (room >= 0 && n > room)
        return SQLITE_FULL;
    if (room >= 0)
        room -= n;
    return real_of(file)->xWrite(file, p, n, at);
}

static int sync_or_fail(sqlite3_file *file, int flags)
{
    return sync_fails ? SQLITE_IOERR_FSYNC : real_of(file)->xSync(file, flags);
}

static int open_file(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out)
{
    int rc = real_open(vfs, path, file, flags, out);
    if (rc != SQLITE_OK || file->pMethods == NULL)
        return rc;
    size_t i = 0;
    while (i < KINDS_MAX && kinds[i].real != NULL && kinds[i].real != file->pMethods)
        i++;
    BUG_ON(i == KINDS_MAX);
    if (kinds[i].real == NULL) {
        kinds[i].real = file->pMethods;
        kinds[i].ours = *file->pMethods;
        kinds[i].ours.xWrite = write_or_full;
        kinds[i].ours.xSync = sync_or_fail;
    }
    file->pMethods = &kinds[i].ours;
    return SQLITE_OK;
}

const char *store_disk_vfs(void)
{
    static sqlite3_vfs vfs;
    if (vfs.zName == NULL) {
        sqlite3_vfs *real = sqlite3_vfs_find(NULL);
        vfs = *real;
        vfs.pNext = NULL;
        vfs.zName = "failing";
        real_open = real->xOpen;
        vfs.xOpen = open_file;
        BUG_ON(sqlite3_vfs_register(&vfs, 0) != SQLITE_OK);
    }
    return vfs.zName;
}

void store_disk_room(int64_t bytes)
{
    room = bytes;
}

void store_disk_fail_sync(bool fail)
{
    sync_fails = fail;
}
