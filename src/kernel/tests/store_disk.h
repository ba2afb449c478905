/* A disk that fails when told to: a VFS over the system's, for one store at a time. */
#ifndef VEIN_KERNEL_STORE_DISK_H
#define VEIN_KERNEL_STORE_DISK_H

#include <stdbool.h>
#include <stdint.h>

/* Registers it at the first call and gives its name. */
const char *store_disk_vfs(void);

/* So many bytes can still be written, then the disk is full; -1: no end. */
void store_disk_room(int64_t bytes);

void store_disk_fail_sync(bool fail);

#endif
