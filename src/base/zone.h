/* Time zones by their IANA names, from the system's tables (package tzdata: /usr/share/zoneinfo,
 * format TZif of RFC 8536). Transitions are read as the file lists them, to 2037 in Debian's; a
 * later time has the last offset listed. Nothing of the process (TZ, tzset) is touched. */
#ifndef VEIN_BASE_ZONE_H
#define VEIN_BASE_ZONE_H

#include "base/arena.h"

/* A zone's table, for who asks often; its bytes are the arena's. */
struct zone {
    const uint8_t *data; /* 64-bit times, their types, the types, their abbreviations */
    size_t times;
    size_t types;
    size_t letters;
};
/* What a clock on the wall there says of a time. */
struct zone_time {
    int64_t offset_s;   /* east of UTC */
    struct str letters; /* "CET", "+03"; within the table */
};

/* NULL for a zone that the system does not know, and where there is no memory. */
const struct zone *zone_find(struct str name, struct arena *arena);
struct zone_time zone_time(const struct zone *zone, int64_t us);

/* Seconds east of UTC at that time; false, and 0, for a zone that the system does not know. Reads
 * the file each time. */
bool zone_offset(int64_t *out_s, struct str zone, int64_t us);

#endif
