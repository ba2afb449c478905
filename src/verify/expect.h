/* A file that is made anew, piece by piece, and held against what is there: nothing is built, the
 * first byte that differs ends it. */
#ifndef VEIN_VERIFY_EXPECT_H
#define VEIN_VERIFY_EXPECT_H

#include "verify/bundle.h"

struct verify_expecting {
    struct str rest; /* what is left of the file; p is NULL once it differed */
    struct verify_scanner *s;
};
void verify_expect(struct verify_expecting *r, struct str piece);
void verify_expect_z(struct verify_expecting *r, const char *piece);
void verify_expect_number(struct verify_expecting *r, uint64_t number);
/* As canonical JSON writes a string. */
void verify_expect_string(struct verify_expecting *r, struct str text);

#endif
