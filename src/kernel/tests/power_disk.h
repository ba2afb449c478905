/* A disk whose power is cut. It remembers in their order all writes, truncations, syncs, creations
 * and removals of the files that store_disk_vfs opens in one folder, and makes of that the folders
 * that it may hold afterwards:
 *
 *   - what was synced is there;
 *   - of what was written since, each sector of 512 bytes is as it stood at any one moment since
 *     then, whatever became of its neighbours: writes are lost, torn and reordered;
 *   - a file has any one of the sizes that it had since; what of it was never written is zeros, or
 *     what had lain there;
 *   - a name leads to what it led to when the folder was last synced, or at any moment since. The
 *     folder is synced where SQLite has the system do so: at the first sync of a journal or WAL,
 *     and when a removal asks for it.
 *
 * What lies beside the database and is written by the program itself (its keys) is taken as it was
 * at that moment. A sector is written whole or not, and writing one harms no other: what SQLite
 * calls powersafe overwrite, and assumes where it is not told otherwise. */
#ifndef VEIN_KERNEL_POWER_DISK_H
#define VEIN_KERNEL_POWER_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { POWER_SECTOR = 512 };

struct power_disk;

/* Watches the folder, all of which is durable now, for as long as no other disk is made. */
struct power_disk *power_disk_new(const char *folder);
/* Remembers no more; what it has stays. */
void power_disk_stop(struct power_disk *d);
/* Nothing is remembered, and no sync takes time. */
void power_disk_idle(void);
void power_disk_free(struct power_disk *d);

/* How many operations it remembers, and whether this one is a sync. */
size_t power_disk_length(const struct power_disk *d);
bool power_disk_synced(const struct power_disk *d, size_t operation);

struct power_cut {
    size_t at;     /* so many operations had been done */
    uint64_t seed; /* of what became of those that were not durable */
    size_t lies;   /* from this operation on no sync was true */
};
/* Makes the folder hold what the disk may hold after the cut, and nothing else. */
void power_disk_image(const struct power_disk *d, const struct power_cut *cut, const char *folder);

/* Below `below`; the same seed draws the same. */
uint32_t power_draw(uint64_t *seed, uint32_t below);

#endif
