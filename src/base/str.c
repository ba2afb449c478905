/* Strings by pointer and length; see str.h. Invariant: the pointer of an absent string is never
 * given to the C library nor moved, since both are undefined even for a length of zero. */
#include "base/str.h"

int str_cmp(struct str a, struct str b)
{
    const size_t n = a.n < b.n ? a.n : b.n;
    const int order = n == 0 ? 0 : memcmp(a.p, b.p, n);
    if (order != 0)
        return order;
    return (a.n > b.n) - (a.n < b.n);
}

bool str_among(struct str s, const struct str *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(s, list[i]))
            return true;
    return false;
}

bool str_starts(struct str s, struct str prefix)
{
    return s.n >= prefix.n && str_eq((struct str){ s.p, prefix.n }, prefix);
}

bool str_ends(struct str s, struct str suffix)
{
    return s.n >= suffix.n && str_eq(str_from(s, s.n - suffix.n), suffix);
}

size_t str_find(struct str s, char c)
{
    const char *at = s.n == 0 ? NULL : memchr(s.p, c, s.n);
    return at ? (size_t)(at - s.p) : s.n;
}

struct str str_from(struct str s, size_t n)
{
    const size_t skip = n < s.n ? n : s.n;
    return skip == 0 ? s : (struct str){ .p = s.p + skip, .n = s.n - skip };
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str s)
{
    while (s.n > 0 && is_blank(s.p[s.n - 1]))
        s.n--;
    while (s.n > 0 && is_blank(s.p[0]))
        s = str_from(s, 1);
    return s;
}

struct str str_cut(struct str *rest, char c)
{
    const struct str whole = *rest;
    const size_t at = str_find(whole, c);
    if (at == whole.n) {
        *rest = (struct str){ 0 };
        return whole;
    }
    *rest = str_from(whole, at + 1);
    return (struct str){ .p = whole.p, .n = at };
}

/* Length of the character at the start of s by table 3-7 of the Unicode standard; 0: ill-formed.
 * All that is special stands in the range of the second byte. */
static size_t utf8_character(struct str s)
{
    const uint8_t *p = (const uint8_t *)s.p;
    const uint8_t lead = p[0];
    if (lead < 0x80)
        return 1;
    if (lead < 0xC2 || lead > 0xF4)
        return 0;
    const size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    const uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (s.n < length || p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    }
    return length;
}

bool str_utf8_valid(struct str s)
{
    uint64_t w;
    while (s.n > 0) {
        /* Most text is ASCII: eight bytes at a time. */
        if (s.n >= sizeof w) {
            memcpy(&w, s.p, sizeof w);
            if ((w & UINT64_C(0x8080808080808080)) == 0) {
                s = str_from(s, sizeof w);
                continue;
            }
        }
        const size_t length = utf8_character(s);
        if (length == 0)
            return false;
        s = str_from(s, length);
    }
    return true;
}

int str_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

bool str_to_u63(int64_t *out, struct str s)
{
    if (s.n == 0 || s.n > 18 || (s.n > 1 && s.p[0] == '0'))
        return false;
    int64_t value = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        value = value * 10 + (s.p[i] - '0');
    }
    *out = value;
    return true;
}
