/* What a disk may hold after a cut. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "kernel/tests/power_disk_impl.h"

enum { PIVOT_REACH = 64 /* operations before the cut that it may fall among */ };

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
    c.seen = power_memory(c.max);
    c.held = power_memory(c.max);
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
    int file = POWER_NONE;
    for (int i = 0; i < m->d->nfiles; i++)
        if (m->d->files[i].base != NULL && !m->d->files[i].keys &&
            strcmp(m->d->files[i].name, name) == 0)
            file = i;
    for (size_t i = 0; i < after; i++) {
        const struct operation *o = &m->d->operations[i];
        if (o->file == POWER_NONE || strcmp(m->d->files[o->file].name, name) != 0)
            continue;
        if (o->kind == MADE || (m->d->files[o->file].keys && o->kind == WRITE))
            file = o->file;
        else if (o->kind == REMOVED)
            file = POWER_NONE;
    }
    return file;
}

static int leads_to(struct image *m, const char *name, bool keys)
{
    const size_t durable = last(m, FOLDER, POWER_NONE);
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
    char path[PATH_MAX + POWER_NAME_LENGTH];
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
        if (power_file_named(d, name) != i)
            continue; /* each name once */
        const int file = leads_to(&m, name, d->files[i].keys);
        struct content c;
        if (file == POWER_NONE)
            continue;
        content_make(&m, file, &c);
        file_write(folder, name, c.held, c.held_n);
        free(c.seen);
        free(c.held);
    }
}
