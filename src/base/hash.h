/* SHA-256 by OpenSSL with the processor's instructions; one context per thread is reused, because
 * making one costs more than hashing a leaf. */
#ifndef VEIN_BASE_HASH_H
#define VEIN_BASE_HASH_H

#include "base/str.h"

enum { HASH_SIZE = 32, HASH_HEX = 64 };

struct hash {
    uint8_t b[HASH_SIZE];
};

struct hash hash_of(const void *p, size_t n);

/* Hash of the parts one after the other, without copying them together. */
struct hash hash_parts(const struct bytes *parts, size_t count);

static inline bool hash_eq(struct hash a, struct hash b)
{
    return memcmp(a.b, b.b, HASH_SIZE) == 0;
}

/* 64 lower-case hexadecimal digits and a NUL. */
void hash_hex(char out[HASH_HEX + 1], struct hash h);
/* Exactly 64 lower-case digits, else false. */
bool hash_from_hex(struct hash *out, struct str hex);

#endif
