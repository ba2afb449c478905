/* What is done to the disk is remembered; what it may hold then is power_image.c's. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "kernel/tests/power_disk_impl.h"

enum { FILE_MAX = 64 << 20, KEYS_MAX = 256 << 10 };

uint32_t power_draw(uint64_t *seed, uint32_t below)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    uint64_t x = *seed ^ *seed >> 33;
    x *= UINT64_C(0xff51afd7ed558ccd);
    return (uint32_t)((x >> 32) % below);
}

void *power_memory(size_t n)
{
    void *p = malloc(n > 0 ? n : 1);
    BUG_ON(p == NULL);
    return p;
}

/* -- Remembering ------------------------------------------------------------------------------ */

static void note(struct power_disk *d, struct operation o, const void *bytes)
{
    if (d->n == d->capacity) {
        d->capacity = d->capacity * 2 + 1024;
        d->operations = realloc(d->operations, d->capacity * sizeof *d->operations);
        BUG_ON(d->operations == NULL);
    }
    if (bytes != NULL)
        o.bytes = memcpy(power_memory(o.n), bytes, o.n);
    d->operations[d->n++] = o;
}

static int file_add(struct power_disk *d, const char *name)
{
    BUG_ON(d->nfiles == POWER_FILES_MAX || strlen(name) >= POWER_NAME_LENGTH);
    struct disk_file *f = &d->files[d->nfiles];
    snprintf(f->name, sizeof f->name, "%s", name);
    return d->nfiles++;
}

int power_file_named(const struct power_disk *d, const char *name)
{
    int i = d->nfiles - 1;
    while (i >= 0 && strcmp(d->files[i].name, name) != 0)
        i--;
    return i;
}

static bool ends(const char *name, const char *tail)
{
    const size_t n = strlen(name), m = strlen(tail);
    return n >= m && strcmp(name + n - m, tail) == 0;
}

static void keys_note(struct power_disk *d, int file)
{
    struct disk_file *f = &d->files[file];
    note(d, (struct operation){ .kind = WRITE, .file = file, .n = f->base_n }, f->base);
}

/* Takes in what became of what the program writes by itself. */
static void look_keys(struct power_disk *d)
{
    for (int i = 0; i < d->nfiles; i++) {
        struct disk_file *f = &d->files[i];
        struct stat st;
        uint8_t now[KEYS_MAX];
        if (!f->keys)
            continue;
        BUG_ON(fstat(f->fd, &st) != 0 || st.st_size > (off_t)sizeof now);
        BUG_ON(pread(f->fd, now, sizeof now, 0) != st.st_size);
        if ((size_t)st.st_size == f->base_n && memcmp(f->base, now, f->base_n) == 0)
            continue;
        free(f->base);
        f->base_n = (size_t)st.st_size;
        f->base = memcpy(power_memory(f->base_n), now, f->base_n);
        keys_note(d, i);
    }
}

/* Takes in what there is; all of it, or what is new of what the program writes by itself. */
static void look(struct power_disk *d, bool all)
{
    DIR *dir = opendir(d->folder);
    BUG_ON(dir == NULL);
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        const char *name = entry->d_name;
        const bool keys = ends(name, ".keys") || ends(name, ".root");
        if (entry->d_type != DT_REG || (!keys && !all) || ends(name, "-shm") ||
            power_file_named(d, name) != POWER_NONE)
            continue;
        struct disk_file *f = &d->files[file_add(d, name)];
        f->keys = keys;
        f->fd = openat(dirfd(dir), name, O_RDONLY | O_CLOEXEC);
        struct stat st;
        BUG_ON(f->fd < 0 || fstat(f->fd, &st) != 0);
        f->base_n = (size_t)st.st_size;
        f->base = power_memory(f->base_n);
        BUG_ON(pread(f->fd, f->base, f->base_n, 0) != st.st_size);
        if (keys) {
            keys_note(d, d->nfiles - 1);
        } else {
            close(f->fd);
        }
    }
    closedir(dir);
}

/* The name of a path in this folder; NULL of any other. */
static const char *name_in(const struct power_disk *d, const char *path)
{
    const size_t n = strlen(d->folder);
    return n > 0 && strncmp(path, d->folder, n) == 0 && path[n] == '/' &&
                   strchr(path + n + 1, '/') == NULL
               ? path + n + 1
               : NULL;
}

static void opened(void *context, const void *handle, const char *path, bool made, bool journal)
{
    struct power_disk *d = context;
    const char *name = name_in(d, path);
    if (name == NULL)
        return;
    look(d, false);
    look_keys(d);
    int file = made ? POWER_NONE : power_file_named(d, name);
    if (file == POWER_NONE) {
        file = file_add(d, name);
        d->files[file].journal = journal;
        note(d, (struct operation){ .kind = MADE, .file = file }, NULL);
    }
    size_t i = 0;
    while (i < POWER_OPEN_MAX && d->open[i].handle != NULL)
        i++;
    BUG_ON(i == POWER_OPEN_MAX);
    d->open[i].handle = handle;
    d->open[i].file = file;
}

static int file_open(struct power_disk *d, const void *handle, bool close)
{
    for (size_t i = 0; i < POWER_OPEN_MAX; i++)
        if (d->open[i].handle == handle) {
            if (close)
                d->open[i].handle = NULL;
            return d->open[i].file;
        }
    return POWER_NONE;
}

static void closed(void *context, const void *handle)
{
    (void)file_open(context, handle, true);
}

/* What was done to an open file of the folder. */
static void done(struct power_disk *d, const void *handle, struct operation o, const void *bytes)
{
    o.file = file_open(d, handle, false);
    if (o.file == POWER_NONE)
        return;
    look_keys(d);
    note(d, o, bytes);
}

static void written(void *context, const void *handle, int64_t at, const void *p, size_t n)
{
    BUG_ON(at < 0 || (size_t)at + n > FILE_MAX);
    done(context, handle, (struct operation){ .kind = WRITE, .at = (size_t)at, .n = n }, p);
}

static void truncated(void *context, const void *handle, int64_t size)
{
    done(context, handle, (struct operation){ .kind = TRUNCATE, .at = (size_t)size }, NULL);
}

static void synced(void *context, const void *handle)
{
    struct power_disk *d = context;
    const int file = file_open(d, handle, false);
    done(d, handle, (struct operation){ .kind = SYNC }, NULL);
    if (file != POWER_NONE && d->files[file].journal && !d->files[file].folded)
        note(d, (struct operation){ .kind = FOLDER, .file = POWER_NONE }, NULL);
    if (file != POWER_NONE)
        d->files[file].folded = true;
}

static void removed(void *context, const char *path, bool folder)
{
    struct power_disk *d = context;
    const char *name = name_in(d, path);
    const int file = name == NULL ? POWER_NONE : power_file_named(d, name);
    if (file == POWER_NONE)
        return;
    look_keys(d);
    note(d, (struct operation){ .kind = REMOVED, .file = file }, NULL);
    if (folder)
        note(d, (struct operation){ .kind = FOLDER, .file = POWER_NONE }, NULL);
}

struct power_disk *power_disk_new(const char *folder)
{
    struct power_disk *d = power_memory(sizeof *d);
    memset(d, 0, sizeof *d);
    snprintf(d->folder, sizeof d->folder, "%s", folder);
    d->watch = (struct store_watch){ opened, closed, written, truncated, synced, removed, d };
    look(d, true);
    d->first = d->n;
    store_disk_watch(&d->watch);
    return d;
}

void power_disk_idle(void)
{
    static struct power_disk idle; /* of no folder */
    idle.watch = (struct store_watch){ opened, closed, written, truncated, synced, removed, &idle };
    store_disk_watch(&idle.watch);
}

void power_disk_stop(struct power_disk *d)
{
    look_keys(d);
    power_disk_idle();
}

void power_disk_free(struct power_disk *d)
{
    if (d == NULL)
        return;
    for (int i = 0; i < d->nfiles; i++) {
        free(d->files[i].base);
        if (d->files[i].keys)
            close(d->files[i].fd);
    }
    for (size_t i = 0; i < d->n; i++)
        free(d->operations[i].bytes);
    free(d->operations);
    free(d);
}

size_t power_disk_length(const struct power_disk *d)
{
    return d->n;
}

bool power_disk_synced(const struct power_disk *d, size_t operation)
{
    return d->operations[operation].kind == SYNC;
}
