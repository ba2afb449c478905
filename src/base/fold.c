/* Folding by tables: what a letter of Unicode is without its marks. */
#include "base/fold.h"

/* Base letters of U+00C0 … U+017F; digits stand for two letters (pairs), a blank for none. */
static const char latin[] = "aaaaaa1ceeeeiiiidnooooo ouuuuy23aaaaaa1ceeeeiiiidnooooo ouuuuy2y"
                            "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii55jjkkklllllll"
                            "lllnnnnnnnnnoooooo44rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
static const char *const pairs[] = { "", "ae", "th", "ss", "oe", "ij" };

struct letter {
    unsigned code;
    char base;
};
static const struct letter others[] = {
    { 0x01A0, 'o' }, { 0x01A1, 'o' }, { 0x01AF, 'u' }, { 0x01B0, 'u' },
    { 0x0218, 's' }, { 0x0219, 's' }, { 0x021A, 't' }, { 0x021B, 't' },
};
/* From U+1EA0 on each vowel has a range of its own: the last of each. */
static const struct letter vietnamese[] = {
    { 0x1EB7, 'a' }, { 0x1EC7, 'e' }, { 0x1ECB, 'i' },
    { 0x1EE3, 'o' }, { 0x1EF1, 'u' }, { 0x1EF9, 'y' },
};

/* The letter in Latin, '\0' when it is not known to be one. */
static char latin_base(unsigned c)
{
    if (c >= 0xC0 && c <= 0x17F)
        return latin[c - 0xC0];
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (others[i].code == c)
            return others[i].base;
    for (size_t i = 0; i < sizeof vietnamese / sizeof vietnamese[0]; i++)
        if (c >= 0x1EA0 && c <= vietnamese[i].code)
            return vietnamese[i].base;
    return '\0';
}

/* Greek vowels with accent or dialytika, and the sigma that ends a word. */
static const struct {
    unsigned code;
    unsigned base;
} greek[] = {
    { 0x386, 0x3B1 }, { 0x388, 0x3B5 }, { 0x389, 0x3B7 }, { 0x38A, 0x3B9 }, { 0x38C, 0x3BF },
    { 0x38E, 0x3C5 }, { 0x38F, 0x3C9 }, { 0x390, 0x3B9 }, { 0x3AA, 0x3B9 }, { 0x3AB, 0x3C5 },
    { 0x3AC, 0x3B1 }, { 0x3AD, 0x3B5 }, { 0x3AE, 0x3B7 }, { 0x3AF, 0x3B9 }, { 0x3B0, 0x3C5 },
    { 0x3C2, 0x3C3 }, { 0x3CA, 0x3B9 }, { 0x3CB, 0x3C5 }, { 0x3CC, 0x3BF }, { 0x3CD, 0x3C5 },
    { 0x3CE, 0x3C9 },
};

static unsigned lower(unsigned c)
{
    for (size_t i = 0; i < sizeof greek / sizeof greek[0]; i++)
        if (greek[i].code == c)
            return greek[i].base;
    if ((c >= 'A' && c <= 'Z') || (c >= 0x391 && c <= 0x3A9 && c != 0x3A2) ||
        (c >= 0x410 && c <= 0x42F))
        return c + 32;
    return c >= 0x400 && c <= 0x40F ? c + 80 : c;
}

/* A, O, U (small) with a diaeresis of its own behind it become the one letter. */
static unsigned composed(unsigned c, struct str *rest)
{
    unsigned small = c < 0x80 ? c | 32 : c;
    unsigned one = small == 'a' ? 0xE4 : small == 'o' ? 0xF6 : small == 'u' ? 0xFC : 0;
    if (!one || !str_starts(*rest, S("\xCC\x88")))
        return c;
    *rest = str_from(*rest, 2);
    return one;
}

/* Takes one character of valid UTF-8. */
static unsigned take(struct str *rest)
{
    unsigned char first = (unsigned char)rest->p[0];
    size_t n = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    unsigned c = n == 1 ? first : first & (0x7Fu >> n);
    for (size_t i = 1; i < n; i++)
        c = c << 6 | ((unsigned char)rest->p[i] & 0x3Fu);
    *rest = str_from(*rest, n);
    return c;
}

static void put(struct buf *out, unsigned c)
{
    if (c < 0x80) {
        buf_char(out, (char)c);
        return;
    }
    const int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3; /* bytes behind the first */
    static const unsigned char first[] = { 0, 0xC0, 0xE0, 0xF0 };
    buf_char(out, (char)(first[more] | c >> (6 * more)));
    for (int i = more - 1; i >= 0; i--)
        buf_char(out, (char)(0x80 | (c >> (6 * i) & 0x3F)));
}

static bool ascii_letter(unsigned c)
{
    return c < 0x80 && (c | 32) >= 'a' && (c | 32) <= 'z';
}

static bool digit(unsigned c)
{
    return c >= '0' && c <= '9';
}

/* No part of a word's letters: marks, combining ones too. */
static bool skipped(unsigned c, unsigned flags)
{
    if (c < 0x80)
        return !ascii_letter(c) && !(digit(c) && flags & FOLD_DIGITS);
    return c == 0xA0 || c == 0x2019 || (c >= 0x300 && c <= 0x36F) || (c >= 0x2010 && c <= 0x2015);
}

void fold_text(struct buf *out, struct str text, unsigned flags)
{
    while (text.n > 0) {
        unsigned c = take(&text);
        c = composed(c, &text);
        const char base = latin_base(c);
        if (skipped(c, flags) || base == ' ')
            continue;
        if (base >= '1' && base <= '5')
            buf_z(out, pairs[base - '0']);
        else if (base)
            buf_char(out, base);
        else
            put(out, lower(c));
        const unsigned capital = c >= 0xE0 && c <= 0xFE ? c - 32 : c;
        const bool two = flags & FOLD_TWO;
        if (two && (capital == 0xC4 || capital == 0xD6 || capital == 0xDC || capital == 0xD8))
            buf_char(out, 'e');
        if (two && capital == 0xC5)
            buf_char(out, 'a');
    }
}

static bool parts_words(unsigned c)
{
    if (c < 0x80)
        return !ascii_letter(c) && !digit(c) && c != '\'';
    return c == 0xA0 || (c >= 0x2000 && c <= 0x200B) || (c >= 0x2010 && c <= 0x2015);
}

struct str fold_word(struct str *rest)
{
    struct str at = *rest;
    const char *begin = NULL;
    while (at.n > 0) {
        const char *here = at.p;
        const bool parts = parts_words(take(&at));
        if (parts && begin) {
            *rest = at;
            return (struct str){ begin, (size_t)(here - begin) };
        }
        if (!parts && !begin)
            begin = here;
    }
    const struct str last = { begin, begin ? (size_t)(rest->p + rest->n - begin) : 0 };
    *rest = (struct str){ 0 };
    return last;
}
