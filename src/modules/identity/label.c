/* Labels of units: 12 of the letters in which none is taken for another (ID_LETTERS). Ten are drawn
 * from the unit's id; the last two make the whole, read as a number of base 27, leave 1 modulo 727:
 * a pure system as those of ISO 7064 (727 is prime), which finds every single wrong letter and
 * every two that changed places. */
#include "base/id.h"
#include "modules/identity/identity_impl.h"

enum { LABEL_DATA = 10, LABEL_BASE = sizeof ID_LETTERS - 1, LABEL_MODULUS = 727 };

/* -1 when one of them is no letter of ours. */
static int label_remainder(const char *p, size_t n)
{
    int value = 0;
    for (size_t i = 0; i < n; i++) {
        const char *at = memchr(ID_LETTERS, p[i], LABEL_BASE);
        if (!at)
            return -1;
        value = (value * LABEL_BASE + (int)(at - ID_LETTERS)) % LABEL_MODULUS;
    }
    return value;
}

struct str identity_label(struct str unit, struct arena *arena)
{
    char label[IDENTITY_LABEL_LENGTH + 1];
    id_code(label, LABEL_DATA, unit, S("label"));
    int shifted = label_remainder(label, LABEL_DATA) * LABEL_BASE * LABEL_BASE % LABEL_MODULUS;
    int check = (LABEL_MODULUS + 1 - shifted) % LABEL_MODULUS;
    label[LABEL_DATA] = ID_LETTERS[check / LABEL_BASE];
    label[LABEL_DATA + 1] = ID_LETTERS[check % LABEL_BASE];
    return arena_str(arena, (struct str){ label, IDENTITY_LABEL_LENGTH });
}

bool identity_label_read(struct str *out, struct str text, struct arena *arena)
{
    char label[IDENTITY_LABEL_LENGTH];
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == ' ' || c == '-')
            continue;
        if (n == sizeof label)
            return false;
        label[n++] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    if (n != sizeof label || label_remainder(label, n) != 1)
        return false;
    *out = arena_str(arena, (struct str){ label, n });
    return out->p != NULL;
}
