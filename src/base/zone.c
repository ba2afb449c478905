/* Reads TZif files. */
#include "base/zone.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/clock.h"

enum { ZONE_FILE_MAX = 64 << 10, ZONE_NAME_MAX = 60, HEADER = 44, TYPE_SIZE = 6 };

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t be64(const uint8_t *p)
{
    return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

/* A name below the folder of zones, and nothing that leads out of it. */
static bool zone_name_good(struct str zone)
{
    if (zone.n == 0 || zone.n > ZONE_NAME_MAX || zone.p[0] == '/')
        return false;
    for (size_t i = 0; i < zone.n; i++) {
        const char c = zone.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '+' || c == '-' || c == '/'))
            return false;
    }
    return true;
}

struct block {
    size_t times;
    size_t types;
    size_t chars;
    size_t bytes; /* of its data */
};

static bool block_read(struct block *b, const uint8_t *p, size_t n, size_t time_size)
{
    if (n < HEADER || memcmp(p, "TZif", 4) != 0)
        return false;
    b->times = be32(p + 32);
    b->types = be32(p + 36);
    b->chars = be32(p + 40);
    const size_t marks = (size_t)be32(p + 20) + be32(p + 24);
    const size_t leaps = be32(p + 28);
    if (b->times > n || b->types > n || b->chars > n || leaps > n || marks > n)
        return false;
    b->bytes = b->times * (time_size + 1) + b->types * TYPE_SIZE + b->chars +
               leaps * (time_size + 4) + marks;
    return b->types > 0 && b->bytes <= n - HEADER;
}

/* Where in the file the block of 64-bit times is, and that all of its types are whole. */
static bool table_read(struct zone *out, const uint8_t *bytes, size_t n)
{
    struct block old;
    struct block block;
    if (!block_read(&old, bytes, n, 4) || bytes[4] < '2')
        return false;
    const size_t at = HEADER + old.bytes;
    if (!block_read(&block, bytes + at, n - at, 8))
        return false;
    *out = (struct zone){ .data = bytes + at + HEADER,
                          .times = block.times,
                          .types = block.types,
                          .letters = block.chars };
    const uint8_t *index = out->data + out->times * 8;
    for (size_t i = 0; i < out->times; i++)
        if (index[i] >= out->types)
            return false;
    const uint8_t *types = index + out->times;
    for (size_t i = 0; i < out->types; i++)
        if (types[i * TYPE_SIZE + 5] >= out->letters)
            return false;
    const uint8_t *letters = types + out->types * TYPE_SIZE;
    return out->letters > 0 && letters[out->letters - 1] == 0;
}

static FILE *file_open(struct str zone)
{
    static const char folder[] = "/usr/share/zoneinfo/";
    char path[sizeof folder + ZONE_NAME_MAX + 1];
    if (!zone_name_good(zone))
        return NULL;
    snprintf(path, sizeof path, "%s%.*s", folder, STR(zone));
    return fopen(path, "rb");
}

const struct zone *zone_find(struct str name, struct arena *arena)
{
    FILE *file = file_open(name);
    struct stat is;
    if (!file)
        return NULL;
    struct zone *zone = ARENA_NEW(arena, struct zone);
    uint8_t *bytes = NULL;
    size_t n = 0;
    if (fstat(fileno(file), &is) == 0 && is.st_size > 0 && is.st_size <= ZONE_FILE_MAX)
        bytes = arena_alloc(arena, (size_t)is.st_size);
    if (bytes)
        n = fread(bytes, 1, (size_t)is.st_size, file);
    fclose(file);
    return zone && bytes && table_read(zone, bytes, n) ? zone : NULL;
}

struct zone_time zone_time(const struct zone *zone, int64_t us)
{
    const int64_t seconds = us / TIME_SECOND - (us % TIME_SECOND < 0);
    const uint8_t *index = zone->data + zone->times * 8;
    const uint8_t *types = index + zone->times;
    size_t type = 0;
    for (size_t i = 0; i < zone->times && be64(zone->data + i * 8) <= seconds; i++)
        type = index[i];
    const uint8_t *letters = types + zone->types * TYPE_SIZE + types[type * TYPE_SIZE + 5];
    return (struct zone_time){ .offset_s = (int32_t)be32(types + type * TYPE_SIZE),
                               .letters = str_z((const char *)letters) };
}

bool zone_offset(int64_t *out_s, struct str zone, int64_t us)
{
    uint8_t bytes[ZONE_FILE_MAX];
    struct zone table;
    FILE *file = file_open(zone);
    const size_t n = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (file)
        fclose(file);
    const bool known = n > 0 && table_read(&table, bytes, n);
    *out_s = known ? zone_time(&table, us).offset_s : 0;
    return known;
}
