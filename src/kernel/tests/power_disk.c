#include "kernel/tests/power_disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "kernel/tests/store_disk.h"

enum {
    FILES_MAX = 256,
    OPEN_MAX = 64,
    NAME_LENGTH = 64,
    IMAGE_MAX = 64 << 20,
    KEYS_MAX = 256 << 10,
    PIVOT_REACH = 64,
    NONE = -1
};

/* One that a name led to for a while: the next of that name is another file. */
struct disk_file {
    char name[NAME_LENGTH];
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
    struct disk_file files[FILES_MAX];
    int nfiles;
    struct {
        const void *handle;
        int file;
    } open[OPEN_MAX];
    struct operation *operations;
    size_t n;
    size_t capacity;
    size_t first; /* operations that only say which keys there were at the beginning */
    struct store_watch watch;
};

uint32_t power_draw(uint64_t *seed, uint32_t below)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    uint64_t x = *seed ^ *seed >> 33;
    x *= UINT64_C(0xff51afd7ed558ccd);
    return (uint32_t)((x >> 32) % below);
}

static void *memory(size_t n)
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
        o.bytes = memcpy(memory(o.n), bytes, o.n);
    d->operations[d->n++] = o;
}

static int file_add(struct power_disk *d, const char *name)
{
    BUG_ON(d->nfiles == FILES_MAX || strlen(name) >= NAME_LENGTH);
    struct disk_file *f = &d->files[d->nfiles];
    snprintf(f->name, sizeof f->name, "%s", name);
    return d->nfiles++;
}

/* The newest of that name, whether it is still there or not. */
static int file_named(const struct power_disk *d, const char *name)
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
        f->base = memcpy(memory(f->base_n), now, f->base_n);
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
            file_named(d, name) != NONE)
            continue;
        struct disk_file *f = &d->files[file_add(d, name)];
        f->keys = keys;
        f->fd = openat(dirfd(dir), name, O_RDONLY | O_CLOEXEC);
        struct stat st;
        BUG_ON(f->fd < 0 || fstat(f->fd, &st) != 0);
        f->base_n = (size_t)st.st_size;
        f->base = memory(f->base_n);
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
    int file = made ? NONE : file_named(d, name);
    if (file == NONE) {
        file = file_add(d, name);
        d->files[file].journal = journal;
        note(d, (struct operation){ .kind = MADE, .file = file }, NULL);
    }
    size_t i = 0;
    while (i < OPEN_MAX && d->open[i].handle != NULL)
        i++;
    BUG_ON(i == OPEN_MAX);
    d->open[i].handle = handle;
    d->open[i].file = file;
}

static int file_open(struct power_disk *d, const void *handle, bool close)
{
    for (size_t i = 0; i < OPEN_MAX; i++)
        if (d->open[i].handle == handle) {
            if (close)
                d->open[i].handle = NULL;
            return d->open[i].file;
        }
    return NONE;
}

static void closed(void *context, const void *handle)
{
    (void)file_open(context, handle, true);
}

/* What was done to an open file of the folder. */
static void done(struct power_disk *d, const void *handle, struct operation o, const void *bytes)
{
    o.file = file_open(d, handle, false);
    if (o.file == NONE)
        return;
    look_keys(d);
    note(d, o, bytes);
}

static void written(void *context, const void *handle, int64_t at, const void *p, size_t n)
{
    BUG_ON(at < 0 || (size_t)at + n > IMAGE_MAX);
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
    if (file != NONE && d->files[file].journal && !d->files[file].folded)
        note(d, (struct operation){ .kind = FOLDER, .file = NONE }, NULL);
    if (file != NONE)
        d->files[file].folded = true;
}

static void removed(void *context, const char *path, bool folder)
{
    struct power_disk *d = context;
    const char *name = name_in(d, path);
    const int file = name == NULL ? NONE : file_named(d, name);
    if (file == NONE)
        return;
    look_keys(d);
    note(d, (struct operation){ .kind = REMOVED, .file = file }, NULL);
    if (folder)
        note(d, (struct operation){ .kind = FOLDER, .file = NONE }, NULL);
}

struct power_disk *power_disk_new(const char *folder)
{
    struct power_disk *d = memory(sizeof *d);
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

/* -- What the disk may hold ------------------------------------------------------------------- */

/* What became of what was not durable. */
enum fate { NOTHING, ALL, UP_TO, FROM_ON, HALF, FEW, MOST, FATES };

struct image {
    const struct power_disk *d;
    struct power_cut cut;
    enum fate fate;
    size_t pivot; /* operation where UP_TO ends and FROM_ON begins, itself torn */
    bool rubbish; /* what was never written is what had lain there */
    uint64_t seed;
};

/* Content as programs see it, and as it is on the disk. */
struct content {
    uint8_t *seen;
    uint8_t *held;
    size_t seen_n;
    size_t held_n;
    size_t max;
};

static bool kept(struct image *m, size_t operation)
{
    const uint32_t of_16 = power_draw(&m->seed, 16);
    switch (m->fate) {
    case NOTHING:
        return false;
    case ALL:
        return true;
    case UP_TO:
        return operation < m->pivot || (operation == m->pivot && of_16 < 8);
    case FROM_ON:
        return operation > m->pivot || (operation == m->pivot && of_16 < 8);
    case HALF:
        return of_16 < 8;
    case FEW:
        return of_16 < 1;
    default:
        return of_16 < 15;
    }
}

static void change(struct content *c, const struct operation *o)
{
    if (o->kind == TRUNCATE) {
        if (o->at < c->seen_n)
            memset(c->seen + o->at, 0, c->seen_n - o->at);
        c->seen_n = o->at;
    } else if (o->kind == WRITE) {
        memcpy(c->seen + o->at, o->bytes, o->n);
        if (o->at + o->n > c->seen_n)
            c->seen_n = o->at + o->n;
    }
}

/* Each sector that was written reaches the disk by itself, and so does a new size. */
static void settle(struct image *m, struct content *c, const struct operation *o, size_t index)
{
    const size_t before = c->seen_n;
    change(c, o);
    for (size_t at = o->at / POWER_SECTOR * POWER_SECTOR; at < o->at + o->n; at += POWER_SECTOR)
        if (kept(m, index))
            memcpy(c->held + at, c->seen + at, POWER_SECTOR);
    if (c->seen_n == before || !kept(m, index))
        return;
    if (c->seen_n < c->held_n)
        memset(c->held + c->seen_n, 0, c->held_n - c->seen_n);
    c->held_n = c->seen_n;
}

/* The last operation before the cut that is of this kind, of the file, and true. */
static size_t last(const struct image *m, enum operation_kind kind, int file)
{
    const size_t end = m->cut.at < m->cut.lies ? m->cut.at : m->cut.lies;
    for (size_t i = end; i > 0; i--)
        if (m->d->operations[i - 1].kind == kind && m->d->operations[i - 1].file == file)
            return i;
    return 0;
}

static struct content content_new(const struct image *m, int file)
{
    const struct disk_file *f = &m->d->files[file];
    struct content c = { .max = f->keys ? 0 : f->base_n };
    for (size_t i = 0; i < m->cut.at; i++) {
        const struct operation *o = &m->d->operations[i];
        if (o->file == file && o->at + o->n > c.max)
            c.max = o->at + o->n;
    }
    c.max += POWER_SECTOR;
    c.seen = memory(c.max);
    c.held = memory(c.max);
    memset(c.seen, 0, c.max);
    if (!f->keys && f->base != NULL) {
        memcpy(c.seen, f->base, f->base_n);
        c.seen_n = f->base_n;
    }
    return c;
}

static void content_make(struct image *m, int file, struct content *c)
{
    const struct disk_file *f = &m->d->files[file];
    const size_t durable = f->keys ? m->cut.at : last(m, SYNC, file);
    *c = content_new(m, file);
    for (size_t i = 0; i < m->cut.at; i++) {
        const struct operation *o = &m->d->operations[i];
        if (i == durable) {
            memcpy(c->held, c->seen, c->max);
            c->held_n = c->seen_n;
            for (size_t at = c->seen_n; m->rubbish && at < c->max; at++)
                c->held[at] = (uint8_t)power_draw(&m->seed, 256);
        }
        if (o->file != file)
            continue;
        if (f->keys) /* is what was written last */
            c->seen_n = 0;
        if (i < durable)
            change(c, o);
        else
            settle(m, c, o, i);
    }
    if (durable == m->cut.at) {
        memcpy(c->held, c->seen, c->max);
        c->held_n = c->seen_n;
    }
}

/* The file that a name led to after so many operations. */
static int led_to(const struct image *m, const char *name, size_t after)
{
    int file = NONE;
    for (int i = 0; i < m->d->nfiles; i++)
        if (m->d->files[i].base != NULL && !m->d->files[i].keys &&
            strcmp(m->d->files[i].name, name) == 0)
            file = i;
    for (size_t i = 0; i < after; i++) {
        const struct operation *o = &m->d->operations[i];
        if (o->file == NONE || strcmp(m->d->files[o->file].name, name) != 0)
            continue;
        if (o->kind == MADE || (m->d->files[o->file].keys && o->kind == WRITE))
            file = o->file;
        else if (o->kind == REMOVED)
            file = NONE;
    }
    return file;
}

static int leads_to(struct image *m, const char *name, bool keys)
{
    const size_t durable = last(m, FOLDER, NONE);
    size_t moment = m->cut.at;
    if (!keys && m->fate == NOTHING)
        moment = durable;
    else if (!keys && m->fate != ALL)
        moment -= power_draw(&m->seed, (uint32_t)(m->cut.at - durable) + 1);
    return led_to(m, name, moment);
}

static void folder_empty(const char *folder)
{
    DIR *dir = opendir(folder);
    BUG_ON(dir == NULL);
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
        if (entry->d_type == DT_REG)
            BUG_ON(unlinkat(dirfd(dir), entry->d_name, 0) != 0);
    closedir(dir);
}

static void file_write(const char *folder, const char *name, const void *p, size_t n)
{
    char path[PATH_MAX + NAME_LENGTH];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    BUG_ON(fd < 0);
    BUG_ON(write(fd, p, n) != (ssize_t)n);
    close(fd);
}

void power_disk_image(const struct power_disk *d, const struct power_cut *cut, const char *folder)
{
    struct image m = { .d = d, .cut = *cut, .seed = cut->seed };
    m.cut.at = cut->at < d->first ? d->first : cut->at;
    const size_t at = m.cut.at, reach = at < PIVOT_REACH ? at : PIVOT_REACH;
    const size_t since = cut->lies < at ? cut->lies : at - reach;
    m.fate = power_draw(&m.seed, FATES);
    m.pivot = since + power_draw(&m.seed, (uint32_t)(at - since) + 1);
    m.rubbish = power_draw(&m.seed, 3) == 0;
    folder_empty(folder);
    for (int i = 0; i < d->nfiles; i++) {
        const char *name = d->files[i].name;
        if (file_named(d, name) != i)
            continue; /* each name once */
        const int file = leads_to(&m, name, d->files[i].keys);
        struct content c;
        if (file == NONE)
            continue;
        content_make(&m, file, &c);
        file_write(folder, name, c.held, c.held_n);
        free(c.seen);
        free(c.held);
    }
}
