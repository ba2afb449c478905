/* The system's VFS opens the files; of their methods those that change something are replaced by
 * ours, which fail or call the ones they replaced, and tell who watches. */
#include "kernel/tests/store_disk.h"

#include "base/err.h"

#include <sqlite3.h>
#include <unistd.h>

enum { KINDS_MAX = 4 }; /* the system has one table of methods for each way of locking */

static struct {
    const sqlite3_io_methods *real;
    sqlite3_io_methods ours;
} kinds[KINDS_MAX];

static int64_t room = -1;
static bool sync_fails;
static int (*real_open)(sqlite3_vfs *, const char *, sqlite3_file *, int, int *);
static int (*real_delete)(sqlite3_vfs *, const char *, int);
static const struct store_watch *watch;
static bool (*ask)(enum store_disk_act act);

static const sqlite3_io_methods *real_of(sqlite3_file *file)
{
    for (size_t i = 0; i < KINDS_MAX; i++)
        if (file->pMethods == &kinds[i].ours)
            return kinds[i].real;
    bug(__FILE__, __LINE__, "a file of another VFS");
}

static bool told(enum store_disk_act act)
{
    return ask != NULL && ask(act);
}

static int read_or_fail(sqlite3_file *file, void *p, int n, sqlite3_int64 at)
{
    return told(DISK_READS) ? SQLITE_IOERR_READ : real_of(file)->xRead(file, p, n, at);
}

static int write_now(sqlite3_file *file, const void *p, int n, sqlite3_int64 at)
{
    int rc = real_of(file)->xWrite(file, p, n, at);
    if (watch != NULL && rc == SQLITE_OK)
        watch->written(watch->context, file, at, p, (size_t)n);
    return rc;
}

static int write_or_full(sqlite3_file *file, const void *p, int n, sqlite3_int64 at)
{
    if (told(DISK_WRITES))
        return SQLITE_IOERR_WRITE;
    if (told(DISK_TEARS)) {
        (void)write_now(file, p, n / 2, at);
        return SQLITE_IOERR_WRITE;
    }
    if (room >= 0 && n > room)
        return SQLITE_FULL;
    if (room >= 0)
        room -= n;
    return write_now(file, p, n, at);
}

static int sync_or_fail(sqlite3_file *file, int flags)
{
    if (sync_fails || told(DISK_SYNCS))
        return SQLITE_IOERR_FSYNC;
    if (watch == NULL)
        return real_of(file)->xSync(file, flags);
    watch->synced(watch->context, file);
    return SQLITE_OK;
}

static int truncate_file(sqlite3_file *file, sqlite3_int64 size)
{
    if (told(DISK_WRITES))
        return SQLITE_IOERR_TRUNCATE;
    int rc = real_of(file)->xTruncate(file, size);
    if (watch != NULL && rc == SQLITE_OK)
        watch->truncated(watch->context, file, size);
    return rc;
}

static int close_file(sqlite3_file *file)
{
    if (watch != NULL)
        watch->closed(watch->context, file);
    return real_of(file)->xClose(file);
}

static int delete_file(sqlite3_vfs *vfs, const char *path, int folder)
{
    int rc = real_delete(vfs, path, watch == NULL ? folder : 0);
    if (watch != NULL && rc == SQLITE_OK)
        watch->removed(watch->context, path, folder != 0);
    return rc;
}

static int open_file(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out)
{
    /* SQLite's own question says no of an empty file. */
    const bool there = path != NULL && access(path, F_OK) == 0;
    file->pMethods = NULL;
    if (told(DISK_OPENS))
        return SQLITE_CANTOPEN;
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
        kinds[i].ours.xRead = read_or_fail;
        kinds[i].ours.xWrite = write_or_full;
        kinds[i].ours.xSync = sync_or_fail;
        kinds[i].ours.xTruncate = truncate_file;
        kinds[i].ours.xClose = close_file;
    }
    file->pMethods = &kinds[i].ours;
    if (watch != NULL && path != NULL)
        watch->opened(watch->context, file, path, !there,
                      (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL)) != 0);
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
        real_delete = real->xDelete;
        vfs.xOpen = open_file;
        vfs.xDelete = delete_file;
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

void store_disk_watch(const struct store_watch *w)
{
    watch = w;
}

void store_disk_ask(bool (*fails)(enum store_disk_act act))
{
    ask = fails;
}
