/* What reader and writer of JSON share: the search for the next byte of a string that cannot stand
 * for itself. Eight bytes at a time, because strings are most of what we read and write. */
#ifndef VEIN_BASE_JSON_IMPL_H
#define VEIN_BASE_JSON_IMPL_H

#include "base/str.h"

/* First of p … end that is a quote, a backslash or a control character, or end. */
static inline const char *json_plain_end(const char *p, const char *end)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t high = ones * 0x80;
    while (end - p >= 8) {
        uint64_t w;
        memcpy(&w, p, 8);
        /* The top bit of each byte that is zero, of three words made so that it means a find. */
        uint64_t quote = w ^ (ones * '"');
        uint64_t backslash = w ^ (ones * '\\');
        uint64_t found = ((w - ones * 0x20) & ~w) | ((quote - ones) & ~quote) |
                         ((backslash - ones) & ~backslash);
        if ((found & high) != 0)
            break; /* a borrow may mark a byte falsely, but only behind a true find */
        p += 8;
    }
    while (p < end && (unsigned char)*p >= 0x20 && *p != '"' && *p != '\\')
        p++;
    return p;
}

#endif
