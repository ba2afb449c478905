/* Exact decimal arithmetic. Sums, products and quotients are formed in 256 bits, where nothing that
 * two decimals can make is lost, and only then fitted to 38 digits and 30 decimals: what does not
 * fit is refused, whole. Invariants of each decimal that is present: |coefficient| < 10^38,
 * 0 <= scale <= 30, and zero has no sign. */
#include "base/quantity.h"

#include "base/decimal_impl.h"

#define TEN_19 UINT64_C(10000000000000000000)
/* 10^38, one above the largest coefficient. */
#define COEFFICIENT_END ((unsigned __int128)TEN_19 * TEN_19)

static enum outcome out_of_range(struct err *e)
{
    return REFUSE(e, "quantity.out_of_range");
}

struct decimal decimal_none(void)
{
    return (struct decimal){ .coefficient = 0, .scale = DECIMAL_NONE };
}

struct decimal decimal_of(int64_t v)
{
    return (struct decimal){ .coefficient = v, .scale = 0 };
}

unsigned __int128 decimal_magnitude(struct decimal d)
{
    BUG_ON(d.scale < 0 || d.scale > DECIMAL_SCALE_MAX);
    unsigned __int128 m = (unsigned __int128)d.coefficient;
    if (d.coefficient < 0)
        m = -m;
    BUG_ON(m >= COEFFICIENT_END);
    return m;
}

enum outcome decimal_need(struct decimal d, struct err *e)
{
    if (!decimal_present(d))
        return REFUSE(e, "quantity.absent");
    return OK;
}

/* The decimal of a magnitude known to fit. */
static struct decimal signed_of(bool negative, unsigned __int128 magnitude, int scale)
{
    __int128 c = (__int128)magnitude;
    return (struct decimal){ .coefficient = negative ? -c : c, .scale = scale };
}

enum outcome decimal_settle(struct decimal *out, bool negative, struct wide magnitude, int scale,
                            struct err *e)
{
    struct wide end = wide_of(COEFFICIENT_END);
    if (wide_cmp(magnitude, wide_of(0)) == 0 && scale < 0)
        scale = 0;
    if (scale < 0) {
        if (scale < -DECIMAL_DIGITS_MAX || !wide_mul_pow10(&magnitude, (unsigned)-scale))
            return out_of_range(e);
        scale = 0;
    }
    while (scale > DECIMAL_SCALE_MAX || (scale > 0 && wide_cmp(magnitude, end) >= 0)) {
        if (wide_div_u64(&magnitude, 10) != 0)
            return out_of_range(e);
        scale--;
    }
    if (wide_cmp(magnitude, end) >= 0)
        return out_of_range(e);
    unsigned __int128 m;
    BUG_ON(!wide_to_u128(&m, magnitude));
    *out = signed_of(negative, m, scale);
    return OK;
}

/* The digits at *at of text, appended to *m; false when there are none. *fits turns false when the
 * number passes 38 digits. */
static bool read_digits(unsigned __int128 *m, bool *fits, struct str text, size_t *at)
{
    size_t from = *at;
    for (; *at < text.n && text.p[*at] >= '0' && text.p[*at] <= '9'; ++*at) {
        if (*m >= COEFFICIENT_END / 10)
            *fits = false;
        if (*fits)
            *m = *m * 10 + (unsigned)(text.p[*at] - '0');
    }
    return *at > from;
}

/* The exponent at *at, if there is one; false when an "e" stands without digits. */
static bool read_exponent(int64_t *out, struct str text, size_t *at)
{
    *out = 0;
    if (*at >= text.n || (text.p[*at] != 'e' && text.p[*at] != 'E'))
        return true;
    ++*at;
    bool negative = *at < text.n && text.p[*at] == '-';
    if (*at < text.n && (negative || text.p[*at] == '+'))
        ++*at;
    unsigned __int128 m = 0;
    bool fits = true;
    if (!read_digits(&m, &fits, text, at))
        return false;
    /* Far beyond what any coefficient can balance, and small enough to subtract from. */
    int64_t exponent = fits && m < INT32_MAX ? (int64_t)m : INT32_MAX;
    *out = negative ? -exponent : exponent;
    return true;
}

/* "1,234": whether thousands are parted or decimals begin, nobody can say. */
static bool may_be_grouped(struct str s)
{
    size_t at = s.n > 0 && s.p[0] == '-';
    size_t digits = 0, commas = 0;
    for (; at < s.n; at++) {
        const bool comma = s.p[at] == ',';
        if (comma ? digits < 1 || digits > 3 || (commas > 0 && digits != 3)
                  : s.p[at] < '0' || s.p[at] > '9')
            return false;
        commas += comma;
        digits = comma ? 0 : digits + 1;
    }
    return commas > 0 && digits == 3;
}

enum outcome decimal_read(struct decimal *out, struct str text, struct err *e)
{
    size_t at = 0;
    unsigned __int128 m = 0;
    bool fits = true;
    bool negative = text.n > 0 && text.p[0] == '-';
    if (negative)
        at = 1;
    size_t whole = at;
    bool good = read_digits(&m, &fits, text, &at);
    if (at - whole > 1 && text.p[whole] == '0')
        good = false;
    int64_t decimals = 0;
    if (good && at < text.n && text.p[at] == '.') {
        size_t point = at++;
        good = read_digits(&m, &fits, text, &at);
        decimals = (int64_t)(at - point - 1);
    }
    int64_t exponent = 0;
    if (!good || !read_exponent(&exponent, text, &at) || at != text.n)
        return REFUSE(e, may_be_grouped(text) ? "quantity.grouped" : "quantity.not_a_number");
    int64_t scale = decimals - exponent;
    /* Too fine is refused even where the last digits are zeros: they were entered. */
    if (!fits || scale > DECIMAL_SCALE_MAX)
        return out_of_range(e);
    return decimal_settle(out, negative, wide_of(m), (int)scale, e);
}

void decimal_write(struct buf *b, struct decimal d)
{
    if (!decimal_present(d))
        return;
    char text[DECIMAL_TEXT_MAX];
    size_t at = sizeof text;
    unsigned __int128 m = decimal_magnitude(d);
    for (int digits = 0; digits <= d.scale || m > 0; digits++) {
        if (digits == d.scale && digits > 0)
            text[--at] = '.';
        text[--at] = (char)('0' + (int)(m % 10));
        m /= 10;
    }
    if (d.coefficient < 0)
        text[--at] = '-';
    buf_put(b, text + at, sizeof text - at);
}

int decimal_sign(struct decimal d)
{
    if (!decimal_present(d))
        return 0;
    return (d.coefficient > 0) - (d.coefficient < 0);
}

/* Magnitude at a scale of `scale`, which is not below d's. */
static struct wide magnitude_at(struct decimal d, int scale)
{
    struct wide w = wide_of(decimal_magnitude(d));
    BUG_ON(!wide_mul_pow10(&w, (unsigned)(scale - d.scale)));
    return w;
}

static int greater_scale(struct decimal a, struct decimal b)
{
    return a.scale > b.scale ? a.scale : b.scale;
}

int decimal_cmp(struct decimal a, struct decimal b)
{
    if (!decimal_present(a) || !decimal_present(b))
        return decimal_present(a) - decimal_present(b);
    int sign = decimal_sign(a);
    if (sign != decimal_sign(b))
        return sign < decimal_sign(b) ? -1 : 1;
    int scale = greater_scale(a, b);
    return sign * wide_cmp(magnitude_at(a, scale), magnitude_at(b, scale));
}

enum outcome decimal_add(struct decimal *out, struct decimal a, struct decimal b, struct err *e)
{
    TRY(decimal_need(a, e));
    TRY(decimal_need(b, e));
    int scale = greater_scale(a, b);
    struct wide wa = magnitude_at(a, scale);
    struct wide wb = magnitude_at(b, scale);
    bool negative = a.coefficient < 0;
    struct wide sum;
    if (negative == (b.coefficient < 0)) {
        BUG_ON(!wide_add(&sum, wa, wb));
    } else if (wide_cmp(wa, wb) >= 0) {
        sum = wide_sub(wa, wb);
    } else {
        sum = wide_sub(wb, wa);
        negative = !negative;
    }
    return decimal_settle(out, negative, sum, scale, e);
}

enum outcome decimal_sub(struct decimal *out, struct decimal a, struct decimal b, struct err *e)
{
    b.coefficient = -b.coefficient;
    return decimal_add(out, a, b, e);
}

enum outcome decimal_mul(struct decimal *out, struct decimal a, struct decimal b, struct err *e)
{
    TRY(decimal_need(a, e));
    TRY(decimal_need(b, e));
    struct wide product = wide_mul_u128(decimal_magnitude(a), decimal_magnitude(b));
    bool negative = (a.coefficient < 0) != (b.coefficient < 0);
    return decimal_settle(out, negative, product, a.scale + b.scale, e);
}

/* numerator / divisor to the nearest integer, and to the even one of two equally near. */
static struct wide divide_half_even(struct wide numerator, struct wide divisor)
{
    struct wide rest;
    struct wide quotient = wide_div(&rest, numerator, divisor);
    /* rest against divisor - rest is twice the rest against the divisor, without doubling. */
    int half = wide_cmp(rest, wide_sub(divisor, rest));
    if (half > 0 || (half == 0 && (quotient.limb[0] & 1) != 0))
        BUG_ON(!wide_add(&quotient, quotient, wide_of(1)));
    return quotient;
}

/* Fits a rounded quotient, which keeps just the decimals that were asked for. */
static enum outcome settle_at(struct decimal *out, bool negative, struct wide magnitude, int scale,
                              struct err *e)
{
    if (wide_cmp(magnitude, wide_of(COEFFICIENT_END)) >= 0)
        return out_of_range(e);
    return decimal_settle(out, negative, magnitude, scale, e);
}

enum outcome decimal_mul_round(struct decimal *out, struct decimal a, struct decimal b, int scale,
                               struct err *e)
{
    TRY(decimal_need(a, e));
    TRY(decimal_need(b, e));
    if (scale < 0 || scale > DECIMAL_SCALE_MAX)
        return out_of_range(e);
    struct wide product = wide_mul_u128(decimal_magnitude(a), decimal_magnitude(b));
    bool negative = (a.coefficient < 0) != (b.coefficient < 0);
    int beyond = a.scale + b.scale - scale;
    if (beyond <= 0)
        return decimal_settle(out, negative, product, a.scale + b.scale, e);
    struct wide divisor = wide_of(1);
    BUG_ON(!wide_mul_pow10(&divisor, (unsigned)beyond)); /* at most 10^60 */
    return settle_at(out, negative, divide_half_even(product, divisor), scale, e);
}

enum outcome decimal_div(struct decimal *out, struct decimal a, struct decimal b, int scale,
                         struct err *e)
{
    TRY(decimal_need(a, e));
    TRY(decimal_need(b, e));
    if (b.coefficient == 0)
        return REFUSE(e, "quantity.division_by_zero");
    if (scale < 0 || scale > DECIMAL_SCALE_MAX)
        return out_of_range(e);
    struct wide numerator = wide_of(decimal_magnitude(a));
    struct wide divisor = wide_of(decimal_magnitude(b));
    int power = scale + b.scale - a.scale;
    /* A numerator above 256 bits over a divisor below 127 is a quotient above 10^38. */
    if (power >= 0 && !wide_mul_pow10(&numerator, (unsigned)power))
        return out_of_range(e);
    if (power < 0)
        BUG_ON(!wide_mul_pow10(&divisor, (unsigned)-power));
    bool negative = (a.coefficient < 0) != (b.coefficient < 0);
    return settle_at(out, negative, divide_half_even(numerator, divisor), scale, e);
}

enum outcome decimal_round(struct decimal *out, struct decimal d, int scale, struct err *e)
{
    TRY(decimal_need(d, e));
    if (scale < 0 || scale > DECIMAL_SCALE_MAX)
        return out_of_range(e);
    if (scale >= d.scale)
        return settle_at(out, d.coefficient < 0, magnitude_at(d, scale), scale, e);
    struct wide divisor = wide_of(1);
    BUG_ON(!wide_mul_pow10(&divisor, (unsigned)(d.scale - scale)));
    struct wide rounded = divide_half_even(wide_of(decimal_magnitude(d)), divisor);
    return settle_at(out, d.coefficient < 0, rounded, scale, e);
}

struct decimal decimal_reduce(struct decimal d)
{
    while (d.scale > 0 && d.coefficient % 10 == 0) {
        d.coefficient /= 10;
        d.scale--;
    }
    return d;
}
