/* Labels of units: 12 of the letters in which none is taken for another (ID_LETTERS). Ten are drawn
 * from the unit's id; the last two make the whole, read as a number of base 27, leave 1 modulo 727:
 * a pure system as those of ISO 7064 (727 is prime), which finds every single wrong letter and
 * every two that changed places. */
#include "base/id.h"
#include "kernel/seal.h"
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

/* --- the symbol --- */

static void proof_of(char proof[IDENTITY_PROOF_LENGTH + 1], struct keyring *keys, struct str label)
{
    char hex[HASH_HEX + 1];
    hash_hex(hex, keyring_digest(keys, "label", label));
    id_code(proof, IDENTITY_PROOF_LENGTH, str_z(hex), S("proof"));
}

struct str identity_symbol(struct keyring *keys, struct str label, struct arena *arena)
{
    char proof[IDENTITY_PROOF_LENGTH + 1];
    proof_of(proof, keys, label);
    return arena_printf(arena, "vein:u:%.*s.%s", STR(label), proof);
}

bool identity_proof_holds(struct keyring *keys, struct str label, struct str proof)
{
    char right[IDENTITY_PROOF_LENGTH + 1];
    proof_of(right, keys, label);
    return str_is(proof, right);
}
