/* 256-bit integers in four limbs, by the methods of the schoolbook; division by a wide divisor goes
 * bit by bit, which is slow (about a microsecond) and plain. */
#include "base/wide.h"

#include "base/err.h"

struct wide wide_of(unsigned __int128 v)
{
    return (struct wide){ .limb = { (uint64_t)v, (uint64_t)(v >> 64) } };
}

bool wide_to_u128(unsigned __int128 *out, struct wide w)
{
    *out = (unsigned __int128)w.limb[1] << 64 | w.limb[0];
    return w.limb[2] == 0 && w.limb[3] == 0;
}

int wide_cmp(struct wide a, struct wide b)
{
    for (int i = WIDE_LIMBS - 1; i >= 0; i--) {
        if (a.limb[i] != b.limb[i])
            return a.limb[i] < b.limb[i] ? -1 : 1;
    }
    return 0;
}

struct wide wide_sub(struct wide a, struct wide b)
{
    struct wide out;
    uint64_t borrow = 0;
    for (int i = 0; i < WIDE_LIMBS; i++) {
        uint64_t less = a.limb[i] - b.limb[i];
        uint64_t borrowed = a.limb[i] < b.limb[i];
        out.limb[i] = less - borrow;
        borrow = borrowed | (less < borrow);
    }
    BUG_ON(borrow != 0);
    return out;
}

bool wide_add(struct wide *out, struct wide a, struct wide b)
{
    unsigned __int128 carry = 0;
    for (int i = 0; i < WIDE_LIMBS; i++) {
        carry += (unsigned __int128)a.limb[i] + b.limb[i];
        out->limb[i] = (uint64_t)carry;
        carry >>= 64;
    }
    return carry == 0;
}

bool wide_mul_u64(struct wide *w, uint64_t by)
{
    unsigned __int128 carry = 0;
    for (int i = 0; i < WIDE_LIMBS; i++) {
        carry += (unsigned __int128)w->limb[i] * by;
        w->limb[i] = (uint64_t)carry;
        carry >>= 64;
    }
    return carry == 0;
}

struct wide wide_mul_u128(unsigned __int128 a, unsigned __int128 b)
{
    struct wide low = wide_of(a);
    struct wide high = low;
    BUG_ON(!wide_mul_u64(&low, (uint64_t)b));
    BUG_ON(!wide_mul_u64(&high, (uint64_t)(b >> 64)));
    struct wide shifted = { .limb = { 0, high.limb[0], high.limb[1], high.limb[2] } };
    struct wide out;
    BUG_ON(!wide_add(&out, low, shifted));
    return out;
}

bool wide_mul_pow10(struct wide *w, unsigned power)
{
    for (; power >= 19; power -= 19) {
        if (!wide_mul_u64(w, UINT64_C(10000000000000000000)))
            return false;
    }
    uint64_t rest = 1;
    for (; power > 0; power--)
        rest *= 10;
    return wide_mul_u64(w, rest);
}

uint64_t wide_div_u64(struct wide *w, uint64_t by)
{
    BUG_ON(by == 0);
    unsigned __int128 rest = 0;
    for (int i = WIDE_LIMBS - 1; i >= 0; i--) {
        rest = rest << 64 | w->limb[i];
        w->limb[i] = (uint64_t)(rest / by);
        rest %= by;
    }
    return (uint64_t)rest;
}

/* w doubled, with the given lowest bit; true when a bit left at the top. */
static bool double_with(struct wide *w, uint64_t lowest)
{
    for (int i = 0; i < WIDE_LIMBS; i++) {
        uint64_t top = w->limb[i] >> 63;
        w->limb[i] = w->limb[i] << 1 | lowest;
        lowest = top;
    }
    return lowest != 0;
}

struct wide wide_div(struct wide *remainder, struct wide w, struct wide by)
{
    struct wide rest = { 0 };
    struct wide quotient = { 0 };
    BUG_ON(wide_cmp(by, rest) == 0);
    /* A divisor of 256 bits could push the remainder over the top; decimals stay far below. */
    BUG_ON(by.limb[3] >> 63 != 0);
    for (int bit = WIDE_BITS - 1; bit >= 0; bit--) {
        (void)double_with(&rest, w.limb[bit / 64] >> (bit % 64) & 1);
        bool fits = wide_cmp(rest, by) >= 0;
        if (fits)
            rest = wide_sub(rest, by);
        (void)double_with(&quotient, fits);
    }
    *remainder = rest;
    return quotient;
}
