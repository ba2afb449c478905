/* Text as people compare it: letters without case and diacritics. Folding covers Latin with its
 * diacritics, composed or not, Greek with its accents and final sigma, and case in Cyrillic; other
 * scripts stay as they are written. What is no letter falls away: blanks, hyphens, apostrophes,
 * other ASCII marks and combining ones; digits stay where FOLD_DIGITS is set. */
#ifndef VEIN_BASE_FOLD_H
#define VEIN_BASE_FOLD_H

#include "base/buf.h"

enum fold_flag {
    FOLD_TWO = 1 << 0,    /* umlauts and their like become two letters (ü: ue, å: aa) */
    FOLD_DIGITS = 1 << 1, /* digits stay, as identifiers need them */
};

/* Appends the folded text, which must be valid UTF-8, as valid UTF-8 of at most as many bytes. */
void fold_text(struct buf *out, struct str text, unsigned flags);

/* Cuts the next word of *rest, as it is written: words are parted by blanks, hyphens and other
 * ASCII marks but the apostrophe. Absent at the end. */
struct str fold_word(struct str *rest);

#endif
