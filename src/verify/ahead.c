/* One window of the file per connection. Pages far from it are read one by one and leave it as it
 * is: between events a tile is looked up elsewhere.
 *
 * What the window holds may be old only when a transaction began after it was read: each begins
 * with a lock, and there the window is given up. Within a transaction nobody changes a page of the
 * file that this reader still takes from there. */
#include "verify/ahead.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { WINDOW = 256 * 1024 };

struct ahead_file {
    sqlite3_file base;
    sqlite3_int64 at, n; /* the window: this part of the file; n 0: none */
    sqlite3_int64 next;  /* where the last read outside the window ended */
    uint8_t *window;     /* of WINDOW bytes; NULL for files that are not a database's main file */
    sqlite3_file real[]; /* of the file system below */
};

static sqlite3_vfs ahead_vfs;
static sqlite3_vfs *below;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static struct ahead_file *ours(sqlite3_file *f)
{
    return (struct ahead_file *)f;
}

/* f's counterpart below, with what the window holds forgotten. */
static sqlite3_file *changed(sqlite3_file *f)
{
    ours(f)->n = 0;
    return ours(f)->real;
}

static int read_below(struct ahead_file *f, void *to, int n, sqlite3_int64 at)
{
    return f->real->pMethods->xRead(f->real, to, n, at);
}

/* Whether someone who reads the file in order would come to `at` soon. */
static bool soon(sqlite3_int64 at, sqlite3_int64 from)
{
    return at >= from && at - from < WINDOW;
}

static int ahead_read(sqlite3_file *file, void *to, int n, sqlite3_int64 at)
{
    struct ahead_file *f = ours(file);
    if (n > WINDOW || !f->window)
        return read_below(f, to, n, at);
    if (at < f->at || at + n > f->at + f->n) {
        if (!soon(at, f->next) && (f->n == 0 || !soon(at, f->at + f->n))) {
            f->next = at + n;
            return read_below(f, to, n, at);
        }
        f->at = at;
        f->n = read_below(f, f->window, WINDOW, at) == SQLITE_OK ? WINDOW : 0;
        f->next = at + n;
        if (f->n == 0) /* also where the file ends within the window */
            return read_below(f, to, n, at);
    }
    memcpy(to, f->window + (at - f->at), (size_t)n);
    return SQLITE_OK;
}

static int ahead_close(sqlite3_file *f)
{
    sqlite3_free(ours(f)->window);
    return ours(f)->real->pMethods->xClose(ours(f)->real);
}

static int ahead_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 at)
{
    sqlite3_file *real = changed(f);
    return real->pMethods->xWrite(real, from, n, at);
}

static int ahead_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    sqlite3_file *real = changed(f);
    return real->pMethods->xTruncate(real, size);
}

static int ahead_sync(sqlite3_file *f, int flags)
{
    return ours(f)->real->pMethods->xSync(ours(f)->real, flags);
}

static int ahead_size(sqlite3_file *f, sqlite3_int64 *size)
{
    return ours(f)->real->pMethods->xFileSize(ours(f)->real, size);
}

static int ahead_lock(sqlite3_file *f, int kind)
{
    sqlite3_file *real = changed(f);
    return real->pMethods->xLock(real, kind);
}

static int ahead_unlock(sqlite3_file *f, int kind)
{
    sqlite3_file *real = changed(f);
    return real->pMethods->xUnlock(real, kind);
}

static int ahead_reserved(sqlite3_file *f, int *out)
{
    return ours(f)->real->pMethods->xCheckReservedLock(ours(f)->real, out);
}

static int ahead_control(sqlite3_file *f, int what, void *value)
{
    sqlite3_file *real = changed(f);
    return real->pMethods->xFileControl(real, what, value);
}

static int ahead_sector(sqlite3_file *f)
{
    return ours(f)->real->pMethods->xSectorSize(ours(f)->real);
}

static int ahead_device(sqlite3_file *f)
{
    return ours(f)->real->pMethods->xDeviceCharacteristics(ours(f)->real);
}

static int ahead_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
    return ours(f)->real->pMethods->xShmMap(ours(f)->real, page, size, extend, out);
}

static int ahead_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    sqlite3_file *real = changed(f);
    return real->pMethods->xShmLock(real, offset, n, flags);
}

static void ahead_shm_barrier(sqlite3_file *f)
{
    ours(f)->real->pMethods->xShmBarrier(ours(f)->real);
}

static int ahead_shm_unmap(sqlite3_file *f, int delete)
{
    return ours(f)->real->pMethods->xShmUnmap(ours(f)->real, delete);
}

/* Of version 2: version 3 maps files into memory, which is not wanted of a file that may be
 * anyone's. */
static const sqlite3_io_methods ahead_methods = {
    .iVersion = 2,
    .xClose = ahead_close,
    .xRead = ahead_read,
    .xWrite = ahead_write,
    .xTruncate = ahead_truncate,
    .xSync = ahead_sync,
    .xFileSize = ahead_size,
    .xLock = ahead_lock,
    .xUnlock = ahead_unlock,
    .xCheckReservedLock = ahead_reserved,
    .xFileControl = ahead_control,
    .xSectorSize = ahead_sector,
    .xDeviceCharacteristics = ahead_device,
    .xShmMap = ahead_shm_map,
    .xShmLock = ahead_shm_lock,
    .xShmBarrier = ahead_shm_barrier,
    .xShmUnmap = ahead_shm_unmap,
};

static int ahead_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *got)
{
    (void)vfs;
    struct ahead_file *f = ours(file);
    *f = (struct ahead_file){ 0 };
    const int code = below->xOpen(below, name, f->real, flags, got);
    if (!f->real->pMethods)
        return code;
    f->base.pMethods = &ahead_methods; /* SQLite closes what has methods, opened or not */
    if (code == SQLITE_OK && (flags & SQLITE_OPEN_MAIN_DB))
        f->window = sqlite3_malloc(WINDOW); /* without it, page by page */
    return code;
}

static void start(void)
{
    below = sqlite3_vfs_find(NULL);
    if (!below)
        return;
    ahead_vfs = *below;
    ahead_vfs.szOsFile += (int)sizeof(struct ahead_file);
    ahead_vfs.zName = "vein-ahead";
    ahead_vfs.xOpen = ahead_open;
    if (sqlite3_vfs_register(&ahead_vfs, 0) != SQLITE_OK)
        below = NULL;
}

const char *verify_ahead(void)
{
    (void)pthread_once(&once, start);
    return below ? ahead_vfs.zName : NULL;
}
