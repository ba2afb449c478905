/* What a disk remembers, for what makes images of it. */
#ifndef VEIN_KERNEL_POWER_DISK_IMPL_H
#define VEIN_KERNEL_POWER_DISK_IMPL_H

#include <limits.h>

#include "kernel/tests/power_disk.h"
#include "kernel/tests/store_disk.h"

enum { POWER_FILES_MAX = 256, POWER_OPEN_MAX = 64, POWER_NAME_LENGTH = 64, POWER_NONE = -1 };

/* One that a name led to for a while: the next of that name is another file. */
struct disk_file {
    char name[POWER_NAME_LENGTH];
    uint8_t *base; /* content when the disk was made, NULL: it was not there */
    size_t base_n;
    bool journal; /* its first sync syncs the folder */
    bool folded;  /* that has happened */
    bool keys;    /* written by the program itself: each WRITE is its whole content */
    int fd;       /* of keys */
};

enum operation_kind { WRITE, TRUNCATE, SYNC, MADE, REMOVED, FOLDER };

struct operation {
    enum operation_kind kind;
    int file;
    size_t at; /* TRUNCATE: the size */
    size_t n;
    uint8_t *bytes;
};

struct power_disk {
    char folder[PATH_MAX];
    struct disk_file files[POWER_FILES_MAX];
    int nfiles;
    struct {
        const void *handle;
        int file;
    } open[POWER_OPEN_MAX];
    struct operation *operations;
    size_t n;
    size_t capacity;
    size_t first; /* operations that only say which keys there were at the beginning */
    struct store_watch watch;
};

void *power_memory(size_t n);
/* The newest of that name, whether it is still there or not; POWER_NONE. */
int power_file_named(const struct power_disk *d, const char *name);

#endif
