/* Names compared as people say them: a stated name is the enrolled one when both fold to the same
 * letters. Folding covers Latin with its diacritics, composed or not, Greek with its accents and
 * final sigma, and case in Cyrillic; other scripts are compared as they are written. */
#include "modules/identity/identity_impl.h"

enum { NAME_MAX_BYTES = 1000 };

/* Base letters of U+00C0 … U+017F; digits stand for two letters (name_pairs), a blank for none. */
static const char latin[] = "aaaaaa1ceeeeiiiidnooooo ouuuuy23aaaaaa1ceeeeiiiidnooooo ouuuuy2y"
                            "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii55jjkkklllllll"
                            "lllnnnnnnnnnoooooo44rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
static const char *const name_pairs[] = { "", "ae", "th", "ss", "oe", "ij" };

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
    if ((c >= 'A' && c <= 'Z') || (c >= 0x391 && c <= 0x3A9) || (c >= 0x410 && c <= 0x42F))
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
    } else if (c < 0x800) {
        buf_char(out, (char)(0xC0 | c >> 6));
        buf_char(out, (char)(0x80 | (c & 0x3F)));
    } else {
        char four[] = { (char)(0xF0 | c >> 18), (char)(0x80 | (c >> 12 & 0x3F)),
                        (char)(0x80 | (c >> 6 & 0x3F)), (char)(0x80 | (c & 0x3F)) };
        buf_put(out, four, sizeof four); /* never decoded: only compared */
    }
}

/* With `two`, umlauts and their like become two letters (ü: ue). */
static void fold(struct buf *out, struct str text, bool two)
{
    while (text.n > 0) {
        unsigned c = take(&text);
        c = composed(c, &text);
        char base = latin_base(c);
        bool skipped = (c < 0x80 && !((c | 32) >= 'a' && (c | 32) <= 'z')) || c == 0xA0 ||
                       c == 0x2019 || (c >= 0x300 && c <= 0x36F) || (c >= 0x2010 && c <= 0x2015);
        if (skipped || base == ' ')
            continue;
        if (base >= '1' && base <= '5')
            buf_z(out, name_pairs[base - '0']);
        else if (base)
            buf_char(out, base);
        else
            put(out, lower(c));
        unsigned capital = c >= 0xE0 && c <= 0xFE ? c - 32 : c;
        if (two && (capital == 0xC4 || capital == 0xD6 || capital == 0xDC || capital == 0xD8))
            buf_char(out, 'e');
        if (two && capital == 0xC5)
            buf_char(out, 'a');
    }
}

static struct str folded(struct str first, struct str second, bool two, struct arena *arena)
{
    struct buf out = buf_in(arena, 8 * NAME_MAX_BYTES);
    fold(&out, first, two);
    fold(&out, second, two);
    return buf_ok(&out) ? buf_get(&out) : (struct str){ 0 };
}

bool identity_name_is(struct str stated, struct str family, struct str given, struct arena *arena)
{
    const struct str none = { 0 };
    if (stated.n > NAME_MAX_BYTES || family.n > NAME_MAX_BYTES || given.n > NAME_MAX_BYTES ||
        !str_utf8_valid(stated) || !str_utf8_valid(family) || !str_utf8_valid(given))
        return false;
    for (int said = 0; said < 2; said++) {
        struct str name = folded(stated, none, said, arena);
        for (int known = 0; name.n > 0 && known < 2; known++)
            if (str_eq(name, folded(family, given, known, arena)) ||
                str_eq(name, folded(given, family, known, arena)))
                return true;
    }
    return false;
}
