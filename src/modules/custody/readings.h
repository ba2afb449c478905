/* Temperatures of a leg as a logger gave them: read from its table, kept compactly, judged.
 *
 * A table has two columns, time and °C, a line each. A byte order mark, empty lines and one line
 * of headings are passed over; cells may stand in quotes. Columns are parted by commas, semicolons
 * or tabs, as the first line has it; only where it is no comma may a number have a decimal comma. A
 * time is 2026-11-22T09:30:00Z, with a blank for the T, an offset for the Z and without seconds if
 * need be; or, without its zone, as a clock on the wall shows it, also as 22.11.2026 09:30, when
 * whoever gives the table says which zone's. A month before the day is never guessed. Fractions of
 * a second are left out, and lines may stand in any order.
 *
 * Refusals, `line` counted from 1: "custody.readings_none", "custody.readings_many" {max},
 * "custody.reading_columns" {line}, "custody.reading_time" {line, value}, "custody.reading_zone"
 * {line, value}, "custody.reading_clock" {line, value, zone} for what that clock showed twice or
 * never, "custody.reading_value" {line, value}, "custody.reading_twice" {line},
 * "custody.unknown_zone" {zone}. */
#ifndef VEIN_MODULES_CUSTODY_READINGS_H
#define VEIN_MODULES_CUSTODY_READINGS_H

#include "base/clock.h"
#include "base/quantity.h"

enum {
    CUSTODY_READINGS_MAX = 4000,   /* of one series: two weeks, every five minutes */
    CUSTODY_READINGS_TEXT = 50000, /* bytes, compact: what an event has room for */
    CUSTODY_TABLE_MAX = 200000,    /* bytes of a logger's table */
};

/* Degrees Celsius in ten-thousandths: exact as loggers give them, and compared as whole numbers.
 * -273.15 to 300 °C. */
typedef int64_t custody_degrees;
/* False: beyond those, or with more decimals. */
bool custody_degrees_of(custody_degrees *out, struct decimal d);
struct decimal custody_decimal_of(custody_degrees d); /* without trailing zeros */

struct custody_reading {
    int64_t at; /* microseconds, whole seconds */
    custody_degrees celsius;
};
struct custody_readings {
    const struct custody_reading *p; /* in the order of time, no time twice */
    size_t n;
};

/* zone: IANA name, absent: every time says its own. Everything in the arena. */
enum outcome custody_table_read(struct custody_readings *out, struct str table, struct str zone,
                                struct arena *arena, struct err *e);
/* Puts them in order; REFUSED "custody.reading_twice" {line}, "custody.readings_none". `line` of a
 * reading is its place in the list, from 1. */
enum outcome custody_readings_sort(struct custody_reading *p, size_t n, struct err *e);

/* The compact form, without the time of the first: "4.2 +300 4.3 4.3 +600 4.1" is four readings,
 * two 300 s apart and the last 600 s behind. */
void custody_readings_write(struct buf *b, const struct custody_readings *r);
/* Of what an event has. FAULT "custody.readings_damaged". */
enum outcome custody_readings_expand(struct custody_readings *out, int64_t begin, struct str text,
                                     struct arena *arena, struct err *e);

/* --- judged --- */

/* What a product says of the way of one kind of material; INT64_MIN: no such limit. Both ends are
 * inside: exactly at a limit is not beyond it. */
struct custody_range {
    custody_degrees low; /* action: beyond it is an excursion */
    custody_degrees high;
    custody_degrees alert_low; /* beyond it is told */
    custody_degrees alert_high;
    int64_t every_us; /* longest time without a reading that is none missing; 0: not asked */
};

/* A reading stands until the next one, and no longer than every_us: what follows is time without a
 * reading. Of what stood before the leg began that counts which still stood there. Never a mean:
 * what living cells went through is the extremes and the time beyond their limits. */
struct custody_judged_time {
    size_t n; /* readings that count; 0: none falls into the leg */
    custody_degrees coldest;
    custody_degrees warmest;
    int64_t below_us;
    int64_t above_us;
    int64_t alert_us;   /* inside the range, but beyond an alert limit */
    int64_t missing_us; /* without a reading, beyond what is none missing; in all … */
    int64_t longest_us; /* … and the longest */
};
/* until TIME_NONE: the leg runs, and is judged up to its last reading. */
void custody_judge(struct custody_judged_time *out, const struct custody_readings *r,
                   const struct custody_range *range, int64_t since, int64_t until);

/* At most `most` of them, for a drawing: of each stretch its coldest and its warmest, and the first
 * and the last of all; so no extreme is lost. All where there are no more. most: 8 or more. */
enum outcome custody_readings_thin(struct custody_readings *out, const struct custody_readings *r,
                                   size_t most, struct arena *arena, struct err *e);

#endif
