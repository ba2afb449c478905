/* Instants as text. Inside, time is int64 microseconds since 1970 UTC; TIME_NONE is "not known".
 * Outside it is RFC 3339 in UTC with six decimals: 2026-11-22T09:30:00.000000Z. */
#ifndef VEIN_BASE_CLOCK_H
#define VEIN_BASE_CLOCK_H

#include "base/buf.h"

#define TIME_NONE   INT64_MIN
#define TIME_SECOND INT64_C(1000000)
#define TIME_MINUTE (60 * TIME_SECOND)
#define TIME_HOUR   (60 * TIME_MINUTE)
#define TIME_DAY    (24 * TIME_HOUR)

enum { CLOCK_TEXT_LENGTH = 27 };

/* Years 1 to 9999 are representable; outside them the text is clamped. */
void clock_write(struct buf *b, int64_t us);

/* RFC 3339 with Z or an offset (which is applied), 0 to 6 decimals, seconds optional; false for
 * anything else, among it leap seconds and days that do not exist. */
bool clock_read(int64_t *out_us, struct str s);

/* A calendar date YYYY-MM-DD that exists. */
bool clock_date_valid(struct str s);

/* ISO 8601 duration of days, hours, minutes, seconds ("P14D", "PT72H", "PT30M") in microseconds;
 * false for months and years, whose length is not fixed. */
bool clock_duration_read(int64_t *out_us, struct str s);

#endif
