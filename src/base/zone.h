/* Time zones by their IANA names, from the system's tables (package tzdata: /usr/share/zoneinfo,
 * format TZif of RFC 8536). Transitions are read as the file lists them, to 2037 in Debian's; a
 * later time has the last offset listed. Nothing of the process (TZ, tzset) is touched. */
#ifndef VEIN_BASE_ZONE_H
#define VEIN_BASE_ZONE_H

#include "base/str.h"

/* Seconds east of UTC at that time; false, and 0, for a zone that the system does not know. Reads
 * the file each time. */
bool zone_offset(int64_t *out_s, struct str zone, int64_t us);

#endif
