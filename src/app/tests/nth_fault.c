/* A call that fails does nothing of what it should. Descriptors up to 2 are the test's own voice.
 */
#include "app/tests/nth_fault.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/test.h"
#include "kernel/tests/store_disk.h"

const char *const nth_kind_names[NTH_KINDS] = {
    [NTH_PIECE] = "piece", [NTH_HEAP] = "heap", [NTH_OPEN] = "open", [NTH_READ] = "read",
    [NTH_WRITE] = "write", [NTH_SYNC] = "sync", [NTH_STEP] = "step",
};

static struct {
    enum nth_kind kind;
    size_t nth; /* 0: none */
    bool lasts;
    bool struck;
    const char *call;
    size_t count[NTH_KINDS];
} fault;

static bool fails(enum nth_kind kind, const char *call)
{
    const size_t n = ++fault.count[kind];
    if (fault.nth == 0 || kind != fault.kind)
        return false;
    const bool now = fault.lasts ? n >= fault.nth : n == fault.nth;
    if (now && !fault.struck)
        fault.call = call;
    fault.struck |= now;
    return now;
}

void nth_arm(enum nth_kind kind, size_t nth, bool lasts)
{
    memset(&fault, 0, sizeof fault);
    fault.kind = kind;
    fault.nth = kind == NTH_PIECE ? 0 : nth;
    fault.lasts = lasts;
    if (kind == NTH_PIECE && lasts)
        memory_fail_from(nth);
    else
        memory_fail_at(kind == NTH_PIECE ? nth : 0);
}

void nth_disarm(void)
{
    fault.struck = nth_struck();
    fault.count[NTH_PIECE] += memory_asked();
    fault.nth = 0;
    memory_fail_at(0);
}

bool nth_struck(void)
{
    return fault.struck || memory_failed();
}

const char *nth_struck_call(void)
{
    return fault.call ? fault.call : "";
}

size_t nth_count(enum nth_kind kind)
{
    return fault.count[kind] + (kind == NTH_PIECE ? memory_asked() : 0);
}

/* --- SQLite --- */

static sqlite3_mem_methods real_memory;

static void *sqlite_malloc(int n)
{
    return fails(NTH_HEAP, "memory") ? NULL : real_memory.xMalloc(n);
}

static void *sqlite_realloc(void *p, int n)
{
    return fails(NTH_HEAP, "memory") ? NULL : real_memory.xRealloc(p, n);
}

static bool disk_fails(enum store_disk_act act)
{
    static const enum nth_kind kinds[] = {
        [DISK_OPENS] = NTH_OPEN,
        [DISK_READS] = NTH_READ,
        [DISK_WRITES] = NTH_WRITE,
        [DISK_SYNCS] = NTH_SYNC,
    };
    return act != DISK_TEARS && fails(kinds[act], "vfs"); /* it comes with each write */
}

void nth_install(void)
{
    BUG_ON(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_memory) != SQLITE_OK);
    sqlite3_mem_methods ours = real_memory;
    ours.xMalloc = sqlite_malloc;
    ours.xRealloc = sqlite_realloc;
    BUG_ON(sqlite3_config(SQLITE_CONFIG_MALLOC, &ours) != SQLITE_OK);
    sqlite3_vfs *vfs = sqlite3_vfs_find(store_disk_vfs());
    BUG_ON(vfs == NULL || sqlite3_vfs_register(vfs, 1) != SQLITE_OK);
    store_disk_ask(disk_fails);
}

/* --- what the linker wraps --- */

/* Offsets have 64 bits, and glibc says so in these names. */

#define WRAP(type, name, parameters, kind, failed, call)                                           \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        if (fails(kind, #name))                                                                    \
            return failed;                                                                         \
        return __real_##name call;                                                                 \
    }

/* With the error that goes with it. */
static int with(int error)
{
    errno = error;
    return -1;
}

WRAP(void *, malloc, (size_t n), NTH_HEAP, NULL, (n))
WRAP(void *, calloc, (size_t count, size_t n), NTH_HEAP, NULL, (count, n))
WRAP(void *, realloc, (void *p, size_t n), NTH_HEAP, NULL, (p, n))
WRAP(void *, reallocarray, (void *p, size_t count, size_t n), NTH_HEAP, NULL, (p, count, n))

WRAP(ssize_t, read, (int fd, void *p, size_t n), NTH_READ, with(EIO), (fd, p, n))
WRAP(ssize_t, pread64, (int fd, void *p, size_t n, off_t at), NTH_READ, with(EIO), (fd, p, n, at))
WRAP(ssize_t, pwrite64, (int fd, const void *p, size_t n, off_t at), NTH_WRITE, with(ENOSPC),
     (fd, p, n, at))
WRAP(int, ftruncate64, (int fd, off_t size), NTH_WRITE, with(EIO), (fd, size))
WRAP(int, fsync, (int fd), NTH_SYNC, with(EIO), (fd))
WRAP(int, fdatasync, (int fd), NTH_SYNC, with(EIO), (fd))
WRAP(int, rename, (const char *from, const char *to), NTH_OPEN, with(EIO), (from, to))
WRAP(int, link, (const char *from, const char *to), NTH_OPEN, with(ENOSPC), (from, to))
WRAP(int, mkdir, (const char *path, mode_t mode), NTH_OPEN, with(ENOSPC), (path, mode))

WRAP(int, sqlite3_step, (sqlite3_stmt * s), NTH_STEP, SQLITE_IOERR, (s))
WRAP(int, sqlite3_prepare_v2,
     (sqlite3 * db, const char *text, int n, sqlite3_stmt **out, const char **rest), NTH_STEP,
     SQLITE_IOERR, (db, text, n, out, rest))
WRAP(int, sqlite3_prepare_v3,
     (sqlite3 * db, const char *text, int n, unsigned flags, sqlite3_stmt **out, const char **rest),
     NTH_STEP, SQLITE_IOERR, (db, text, n, flags, out, rest))
WRAP(int, sqlite3_exec,
     (sqlite3 * db, const char *text, int (*row)(void *, int, char **, char **), void *context,
      char **message),
     NTH_STEP, SQLITE_IOERR, (db, text, row, context, message))

ssize_t __real_write(int fd, const void *p, size_t n);
ssize_t __wrap_write(int fd, const void *p, size_t n);
ssize_t __wrap_write(int fd, const void *p, size_t n)
{
    return fd > 2 && fails(NTH_WRITE, "write") ? with(ENOSPC) : __real_write(fd, p, n);
}

int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...)
{
    va_list list;
    va_start(list, flags);
    const mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;
    va_end(list);
    return fails(NTH_OPEN, "open") ? with(EMFILE) : __real_open64(path, flags, mode);
}
