/* Donation identification numbers (ISBT 128 ST-001): facility 5, year 2, serial 6, and a check by
 * ISO 7064 mod 37-2, which stands in a symbol as two flag digits (60 + its value) and for the eye
 * as one character. */
#include "modules/identity/identity_impl.h"

enum { DIN_DATA = 13, DIN_LENGTH = 15, DIN_MODULUS = 37, DIN_FLAGS_CHECK = 60 };

static const char din_alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*";

static int din_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'Z')
        return c - 'A' + 10;
    return c == '*' ? 36 : -1;
}

static int din_check_value(const char din[DIN_DATA])
{
    int sum = 0;
    for (int i = 0; i < DIN_DATA; i++)
        sum = (sum + din_value(din[i])) * 2 % DIN_MODULUS;
    return (DIN_MODULUS + 1 - sum) % DIN_MODULUS;
}

char identity_din_check(const char din[13])
{
    for (int i = 0; i < DIN_DATA; i++)
        if (din_value(din[i]) < 0)
            return '\0';
    return din_alphabet[din_check_value(din)];
}

/* Letters upper case, blanks and hyphens left out; false when it is longer than room. */
static bool din_squeeze(char *out, size_t *n, size_t room, struct str text)
{
    *n = 0;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == ' ' || c == '-')
            continue;
        if (*n == room)
            return false;
        out[(*n)++] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    return true;
}

/* Facility: a letter or digit, another, three digits; then year and serial in digits. */
static bool din_shaped(const char *p)
{
    for (int i = 0; i < DIN_DATA; i++) {
        bool digit = p[i] >= '0' && p[i] <= '9';
        bool letter = p[i] >= 'A' && p[i] <= 'Z' && p[i] != 'O';
        if (!digit && !(letter && i < 2))
            return false;
    }
    return p[0] != '0';
}

/* The value that stands behind the 13 characters: as a character, or as flags from 60 on; -1 where
 * the flags say something else (flags below 60 carry no check), -2 when it is neither. */
static int din_given(const char *p, size_t n)
{
    if (n == 1)
        return din_value(p[0]) < 0 ? -2 : din_value(p[0]);
    if (n != 2 || p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
        return -2;
    int flags = (p[0] - '0') * 10 + p[1] - '0';
    if (flags < DIN_FLAGS_CHECK)
        return -1;
    return flags < DIN_FLAGS_CHECK + DIN_MODULUS ? flags - DIN_FLAGS_CHECK : -2;
}

enum outcome identity_din_read(struct str *out, struct str text, struct arena *arena, struct err *e)
{
    char squeezed[DIN_LENGTH];
    size_t n;
    struct str trimmed = str_trim(text);
    bool symbol = str_starts(trimmed, S("="));
    if (!din_squeeze(squeezed, &n, sizeof squeezed, str_from(trimmed, symbol)) || n <= DIN_DATA ||
        !din_shaped(squeezed))
        return REFUSE(e, "identity.din_malformed");
    int given = din_given(squeezed + DIN_DATA, n - DIN_DATA);
    int value = din_check_value(squeezed);
    if (given == -2 || (given == -1 && !symbol))
        return REFUSE(e, "identity.din_malformed");
    if (given >= 0 && given != value)
        return REFUSE(e, "identity.din_check", { "expected", { &din_alphabet[value], 1 } });
    *out = arena_printf(arena, "%.13s%d", squeezed, DIN_FLAGS_CHECK + value);
    return out->p ? OK : err_no_memory(e);
}
