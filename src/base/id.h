/* Identifiers inside vein are UUIDs in their canonical text: 36 characters, lower case. Fresh ones
 * are version 7 (RFC 9562: time-ordered, so that tables cluster; the time orders nothing that
 * matters), derived ones version 8 from a hash, so that a retry gives the same. */
#ifndef VEIN_BASE_ID_H
#define VEIN_BASE_ID_H

#include "base/env.h"

enum { ID_LENGTH = 36 };

/* 36 characters and a NUL. */
struct id {
    char text[ID_LENGTH + 1];
};

struct id id_new(const struct env *env);

/* The same (parent, what, number) gives the same id, for ever: version 8, the first 128 bits of
 * SHA-256(parent LF what LF number in decimal) with version and variant written over six of them
 * (as RFC 9562, B.2). Neither parent nor what holds an LF. */
struct id id_derive(struct str parent, struct str what, uint64_t number);

/* Canonical form of any UUID version: lower case, hyphens at 8, 13, 18, 23. */
bool id_valid(struct str s);

/* Draw number i of (parent, what, number): 0 … below - 1, as good as even; the same for ever. From
 * the first 64 bits of SHA-256(parent LF what LF number LF i). */
uint32_t id_draw(struct str parent, struct str what, uint64_t number, unsigned i, uint32_t below);

/* Digits and capitals of which none is mistaken for another, read aloud or written by hand: without
 * 0 O, 1 I L, and of 2 Z, 5 S, 8 B, V U only the former. */
#define ID_LETTERS "23456789ACDEFGHJKMNPQRTVWXY"

/* n of these letters for people, drawn from the parent; out has room for n and a NUL. */
void id_code(char *out, size_t n, struct str parent, struct str what);

static inline struct str id_str(const struct id *id)
{
    return (struct str){ .p = id->text, .n = ID_LENGTH };
}

#endif
