/* UUIDs as text; see id.h. A version 7 has milliseconds in its first 48 bits, then the fraction
 * of the millisecond in 12 (RFC 9562, 6.2, method 3), then 62 bits of chance. */
#include "base/id.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>

#include "base/hash.h"

/* Stamps version and variant 10 over the 16 bytes and writes them as text. */
static struct id id_text(uint8_t b[16], unsigned version)
{
    b[6] = (uint8_t)((b[6] & 0x0F) | (version << 4));
    b[8] = (uint8_t)((b[8] & 0x3F) | 0x80);
    char hex[33];
    sodium_bin2hex(hex, sizeof hex, b, 16);
    struct id id;
    (void)snprintf(id.text, sizeof id.text, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12,
                   hex + 16, hex + 20);
    return id;
}

struct id id_new(const struct env *env)
{
    const int64_t now_us = env_now(env);
    const uint64_t us = now_us > 0 ? (uint64_t)now_us : 0;
    const uint64_t ms = us / 1000;
    const uint64_t fraction = us % 1000 * 4096 / 1000;
    uint8_t b[16];
    for (int i = 0; i < 6; i++)
        b[i] = (uint8_t)(ms >> (8 * (5 - i)));
    b[6] = (uint8_t)(fraction >> 8);
    b[7] = (uint8_t)fraction;
    env_random(env, b + 8, 8);
    return id_text(b, 7);
}

static struct hash id_hash(struct str parent, struct str what, uint64_t number, const char *rest)
{
    char digits[24];
    const int length = snprintf(digits, sizeof digits, "%" PRIu64, number);
    const struct bytes parts[] = {
        { (const uint8_t *)parent.p, parent.n },     { (const uint8_t *)"\n", 1 },
        { (const uint8_t *)what.p, what.n },         { (const uint8_t *)"\n", 1 },
        { (const uint8_t *)digits, (size_t)length }, { (const uint8_t *)rest, strlen(rest) },
    };
    return hash_parts(parts, sizeof parts / sizeof parts[0]);
}

struct id id_derive(struct str parent, struct str what, uint64_t number)
{
    struct hash h = id_hash(parent, what, number, "");
    return id_text(h.b, 8);
}

uint32_t id_draw(struct str parent, struct str what, uint64_t number, unsigned i, uint32_t below)
{
    char rest[16];
    (void)snprintf(rest, sizeof rest, "\n%u", i);
    const struct hash h = id_hash(parent, what, number, rest);
    uint64_t v = 0;
    for (int k = 0; k < 8; k++)
        v = v << 8 | h.b[k];
    return (uint32_t)(v % below);
}

void id_code(char *out, size_t n, struct str parent, struct str what)
{
    for (size_t i = 0; i < n; i++)
        out[i] = ID_LETTERS[id_draw(parent, what, 0, (unsigned)i, sizeof ID_LETTERS - 1)];
    out[n] = '\0';
}

bool id_valid(struct str s)
{
    if (s.n != ID_LENGTH)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        const char c = s.p[i];
        const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        const bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        if (hyphen ? c != '-' : !digit)
            return false;
    }
    return true;
}
