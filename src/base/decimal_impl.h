/* What quantity.c shares with decimal.c: decimals as sign and 256-bit magnitude, and back. */
#ifndef VEIN_BASE_DECIMAL_IMPL_H
#define VEIN_BASE_DECIMAL_IMPL_H

#include "base/quantity.h"
#include "base/wide.h"

/* |coefficient| of a decimal that is present and within its limits; anything else is a bug. */
unsigned __int128 decimal_magnitude(struct decimal d);

/* magnitude / 10^scale as a decimal, exactly. Trailing zeros behind the point go only as far as
 * the limits of digits and scale ask; a negative scale is filled up with zeros. REFUSED
 * "quantity.out_of_range" when that is not enough. */
enum outcome decimal_settle(struct decimal *out, bool negative, struct wide magnitude, int scale,
                            struct err *e);

/* REFUSED "quantity.absent" unless the decimal is present. */
enum outcome decimal_need(struct decimal d, struct err *e);

#endif
