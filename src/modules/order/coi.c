/* Chain-of-identity identifiers: drawn by hash under a pattern, with two check characters of ISO
 * 7064 mod 1271-36: the whole, read as digits of base 36, leaves 1 modulo 1271. They find every
 * single wrong character and every transposition of two neighbours. */
#include "base/id.h"
#include "modules/order/order.h"

enum { COI_MODULUS = 1271, COI_RADIX = 36 };

static const char coi_characters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

static int coi_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'A' && c <= 'Z' ? c - 'A' + 10 : -1;
}

/* Of the letters and digits; what stands between them carries nothing. */
static int coi_remainder(struct str s)
{
    int remainder = 0;
    for (size_t i = 0; i < s.n; i++) {
        int value = coi_value(s.p[i]);
        if (value >= 0)
            remainder = (remainder * COI_RADIX + value) % COI_MODULUS;
    }
    return remainder;
}

bool order_coi_valid(struct str coi)
{
    size_t valued = 0;
    for (size_t i = 0; i < coi.n; i++) {
        if (coi_value(coi.p[i]) >= 0)
            valued++;
        else if (coi.p[i] != '-')
            return false;
    }
    return valued > 2 && coi.n <= ORDER_COI_MAX && coi_remainder(coi) == 1;
}

enum outcome order_coi_pattern_check(struct str pattern, struct err *e)
{
    if (pattern.n > ORDER_COI_MAX || !str_ends(pattern, S("%%")))
        return REFUSE(e, "order.pattern_malformed", { "pattern", pattern });
    uint64_t hundredths = 0; /* of a bit: log2(27) and log2(10) */
    for (size_t i = 0; i + 2 < pattern.n; i++) {
        const char c = pattern.p[i];
        if (c == '@')
            hundredths += 475;
        else if (c == '#')
            hundredths += 332;
        else if (c != '-' && coi_value(c) < 0)
            return REFUSE(e, "order.pattern_malformed", { "pattern", pattern });
    }
    if (hundredths / 100 >= ORDER_COI_BITS)
        return OK;
    char has[24], needs[24];
    struct buf b = buf_over(has, sizeof has), n = buf_over(needs, sizeof needs);
    buf_int(&b, (int64_t)(hundredths / 100));
    buf_int(&n, ORDER_COI_BITS);
    return REFUSE(e, "order.pattern_short", { "bits", buf_get(&b) }, { "needed", buf_get(&n) });
}

struct str order_coi_make(struct str pattern, struct str seed, uint64_t n, struct arena *arena)
{
    char text[ORDER_COI_MAX];
    BUG_ON(pattern.n > sizeof text || pattern.n < 3);
    for (size_t i = 0; i < pattern.n - 2; i++) {
        const char c = pattern.p[i];
        const uint32_t choices = c == '@' ? sizeof ID_LETTERS - 1 : 10;
        const uint32_t drawn = id_draw(seed, S("coi"), n, (unsigned)i, choices);
        text[i] = c == '@' ? ID_LETTERS[drawn] : c == '#' ? (char)('0' + drawn) : c;
    }
    int remainder = coi_remainder((struct str){ text, pattern.n - 2 });
    int shifted = remainder * COI_RADIX * COI_RADIX % COI_MODULUS;
    int check = (COI_MODULUS + 1 - shifted) % COI_MODULUS;
    text[pattern.n - 2] = coi_characters[check / COI_RADIX];
    text[pattern.n - 1] = coi_characters[check % COI_RADIX];
    return arena_str(arena, (struct str){ text, pattern.n });
}
