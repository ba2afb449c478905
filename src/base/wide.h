/* Unsigned 256-bit integers: room for what stands between two 128-bit coefficients and their exact
 * product, quotient or comparison. Private to decimal.c and quantity.c. No operation wraps: each
 * that could pass 256 bits says so, and its result is then of no use. */
#ifndef VEIN_BASE_WIDE_H
#define VEIN_BASE_WIDE_H

#include <stdbool.h>
#include <stdint.h>

enum { WIDE_LIMBS = 4, WIDE_BITS = 256 };

struct wide {
    uint64_t limb[WIDE_LIMBS]; /* least significant first */
};

struct wide wide_of(unsigned __int128 v);
/* false when w is above 128 bits. */
bool wide_to_u128(unsigned __int128 *out, struct wide w);

int wide_cmp(struct wide a, struct wide b);
struct wide wide_sub(struct wide a, struct wide b); /* a >= b */
bool wide_add(struct wide *out, struct wide a, struct wide b);
struct wide wide_mul_u128(unsigned __int128 a, unsigned __int128 b);
bool wide_mul_u64(struct wide *w, uint64_t by);
bool wide_mul_pow10(struct wide *w, unsigned power);

/* Divides w in place and gives the remainder; by != 0. */
uint64_t wide_div_u64(struct wide *w, uint64_t by);
/* Quotient, and the remainder in *remainder; by != 0. */
struct wide wide_div(struct wide *remainder, struct wide w, struct wide by);

#endif
