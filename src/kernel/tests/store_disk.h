/* A disk that fails when told to: a VFS over the system's, for one store at a time. And one that
 * is watched, for who wants to know what would be on it (power_disk.h). */
#ifndef VEIN_KERNEL_STORE_DISK_H
#define VEIN_KERNEL_STORE_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Registers it at the first call and gives its name. */
const char *store_disk_vfs(void);

/* So many bytes can still be written, then the disk is full; -1: no end. */
void store_disk_room(int64_t bytes);

void store_disk_fail_sync(bool fail);

/* Asked before each of these; true: it fails, and nothing of it is done, of a write that tears the
 * first half. NULL: nobody is asked. */
enum store_disk_act { DISK_OPENS, DISK_READS, DISK_WRITES, DISK_TEARS, DISK_SYNCS };
void store_disk_ask(bool (*fails)(enum store_disk_act act));

/* Is told of what was done to the files that this VFS opened, after it worked; `file` is who has
 * one open. Files without a name are not told of, nor what SQLite shares in memory. A watched disk
 * is not synced in fact: it takes the time, and what the disk would hold is the watcher's to say.
 */
struct store_watch {
    void (*opened)(void *context, const void *file, const char *path, bool made, bool journal);
    void (*closed)(void *context, const void *file);
    void (*written)(void *context, const void *file, int64_t at, const void *p, size_t n);
    void (*truncated)(void *context, const void *file, int64_t size);
    void (*synced)(void *context, const void *file);
    /* folder: the folder was synced too */
    void (*removed)(void *context, const char *path, bool folder);
    void *context;
};
/* Borrowed; NULL: nobody watches. While no file is open. */
void store_disk_watch(const struct store_watch *watch);

#endif
