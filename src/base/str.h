/* A string is a pointer and a length: it may hold any byte, needs no terminator and is never
 * owned by whoever holds it. Absent text is {NULL, 0}; empty text has a non-NULL pointer. */
#ifndef VEIN_BASE_STR_H
#define VEIN_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *p;
    size_t n;
};

struct bytes {
    const uint8_t *p;
    size_t n;
};

/* A string literal as a str: S("unit"). Not for pointers. */
#define S(literal) ((struct str){ .p = "" literal, .n = sizeof(literal) - 1 })
/* For printf: printf("%.*s", STR(name)). */
#define STR(s) (int)(s).n, (s).p ? (s).p : ""

static inline struct str str_z(const char *z)
{
    return (struct str){ .p = z, .n = z ? strlen(z) : 0 };
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool str_is(struct str a, const char *z)
{
    return str_eq(a, str_z(z));
}

/* It is one of the n texts of the list. */
bool str_among(struct str s, const struct str *list, size_t n);
/* Byte order, as the C collation of both stores: <0, 0, >0. */
int str_cmp(struct str a, struct str b);

bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);

/* First index of c in s, or s.n. */
size_t str_find(struct str s, char c);

/* s without its first n bytes; empty when n is beyond the end. */
struct str str_from(struct str s, size_t n);

/* s without spaces, tabs, CR and LF at both ends. */
struct str str_trim(struct str s);

/* Cuts *rest at the first c: returns what stands before it and moves *rest behind it. Without c
 * the whole is returned and *rest becomes absent. */
struct str str_cut(struct str *rest, char c);

/* Well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms, no value above U+10FFFF). */
bool str_utf8_valid(struct str s);

/* Value of a hexadecimal digit, small or capital; -1 for anything else. */
int str_hex_digit(char c);

/* Strict decimal without sign, blanks or leading zeros, at most 18 digits. */
bool str_to_u63(int64_t *out, struct str s);

#endif
