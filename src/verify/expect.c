/* A file as it must be, held against what is there piece by piece. */
#include "verify/expect.h"

#include <stdio.h>

void verify_expect(struct verify_expecting *r, struct str piece)
{
    if (r->rest.p && str_starts(r->rest, piece))
        r->rest = str_from(r->rest, piece.n);
    else
        r->rest.p = NULL;
}

void verify_expect_z(struct verify_expecting *r, const char *piece)
{
    verify_expect(r, str_z(piece));
}

void verify_expect_number(struct verify_expecting *r, uint64_t number)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
    verify_expect_z(r, digits);
}

/* The letter behind the backslash; NUL: none. */
static char short_escape(char c)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    const char *at = c ? strchr(from, c) : NULL;
    return at ? to[at - from] : '\0';
}

/* As canonical JSON writes a string. */
void verify_expect_string(struct verify_expecting *r, struct str text)
{
    verify_expect_z(r, "\"");
    for (size_t i = 0; i < text.n && r->rest.p; i++) {
        const char c = text.p[i];
        const char letter = short_escape(c);
        char piece[8];
        if (letter)
            snprintf(piece, sizeof piece, "\\%c", letter);
        else if ((unsigned char)c < 0x20)
            snprintf(piece, sizeof piece, "\\u%04x", (unsigned)(unsigned char)c);
        else
            snprintf(piece, sizeof piece, "%c", c);
        verify_expect_z(r, piece);
    }
    verify_expect_z(r, "\"");
}
