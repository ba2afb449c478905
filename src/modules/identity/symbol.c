/* What a scanned text is. The text comes from outside and may be anything: it is taken apart by
 * prefix, each part is judged by its own check characters, and what is not understood is
 * SYMBOL_UNKNOWN, which no check takes for a pass.
 *
 * ISBT 128 elements begin with "=" or "&", which do not occur inside them; so a concatenation or a
 * compound message is cut there. GS1 element strings are known by FNC1 (the byte GS, its picture
 * U+241D where a keyboard wedge cannot send it, or the symbology identifier of AIM before it) or by
 * parentheses. Lengths and contents of licensed tables are not known here: beyond the donation
 * number and the identifier of the chain, a value is what follows the data identifier. */
#include "modules/identity/identity_impl.h"

enum { SCAN_MAX = 4000, GS = 0x1D, NUMBER_MIN = 4, NUMBER_MAX = 40 };

#define OWN "vein:u:"

struct reader {
    struct identity_symbol *out;
    size_t n;
    struct arena *arena;
};

/* What does not fit makes the last symbol unknown: nothing is passed over in silence. */
static void found(struct reader *r, enum identity_symbol_kind kind, const char *structure,
                  struct str value)
{
    if (r->n == IDENTITY_SYMBOLS_MAX)
        r->out[r->n - 1] = (struct identity_symbol){ .value = value };
    else
        r->out[r->n++] = (struct identity_symbol){ kind, structure, value, .typed = false };
}

/* What was found last stands as people read it. */
static void found_typed(struct reader *r)
{
    r->out[r->n - 1].typed = true;
}

/* --- ISBT 128 --- */

struct structure {
    const char *prefix;
    const char *name;
    enum identity_symbol_kind kind;
};
static const struct structure isbt[] = {
    { "=", "ISBT 128 001", SYMBOL_DIN },      { "=%", "ISBT 128 002", SYMBOL_OTHER },
    { "=<", "ISBT 128 003", SYMBOL_PRODUCT }, { "=>", "ISBT 128 004", SYMBOL_OTHER },
    { "&>", "ISBT 128 005", SYMBOL_OTHER },   { "=*", "ISBT 128 006", SYMBOL_OTHER },
    { "&*", "ISBT 128 007", SYMBOL_OTHER },   { "=}", "ISBT 128 008", SYMBOL_OTHER },
    { "&}", "ISBT 128 009", SYMBOL_OTHER },   { "=)", "ISBT 128 017", SYMBOL_OTHER },
    { "&)", "ISBT 128 018", SYMBOL_OTHER },   { "='", "ISBT 128 020", SYMBOL_OTHER },
    { "&-", "ISBT 128 022", SYMBOL_OTHER },   { "=+", "ISBT 128 023", SYMBOL_OTHER },
    { "=#", "ISBT 128 024", SYMBOL_OTHER },   { "&#", "ISBT 128 025", SYMBOL_PATIENT },
    { "=,", "ISBT 128 032", SYMBOL_OTHER },   { "&+", "ISBT 128 033", SYMBOL_OTHER },
    { "&,1", "ISBT 128 035", SYMBOL_OTHER },  { "&,2", "ISBT 128 036", SYMBOL_OTHER },
    { "&,4", "ISBT 128 038", SYMBOL_OTHER },  { "&):", "ISBT 128 039", SYMBOL_OTHER },
    { "&/", "ISBT 128 040", SYMBOL_COI },
};

/* The longest prefix that fits. */
static const struct structure *structure_of(struct str element)
{
    const struct structure *best = NULL;
    for (size_t i = 0; i < sizeof isbt / sizeof isbt[0]; i++)
        if (str_starts(element, str_z(isbt[i].prefix)) &&
            (!best || strlen(isbt[i].prefix) > strlen(best->prefix)))
            best = &isbt[i];
    return best;
}

static void read_isbt(struct reader *r, struct str element)
{
    struct err ignored = { 0 };
    const struct structure *s = structure_of(element);
    struct str value = s ? str_from(element, strlen(s->prefix)) : element;
    enum identity_symbol_kind kind = s ? s->kind : SYMBOL_UNKNOWN;
    if (value.n == 0)
        kind = SYMBOL_UNKNOWN;
    if (kind == SYMBOL_DIN && identity_din_read(&value, element, r->arena, &ignored) != OK)
        kind = SYMBOL_UNKNOWN;
    if (kind == SYMBOL_COI && !order_coi_valid(value))
        kind = SYMBOL_UNKNOWN;
    found(r, kind, kind == SYMBOL_UNKNOWN ? NULL : s->name, value);
    if (kind == SYMBOL_DIN && memchr(element.p, ' ', element.n)) /* in groups, for the eye */
        found_typed(r);
}

static void read_isbt_all(struct reader *r, struct str scan)
{
    while (scan.n > 0) {
        size_t n = 1;
        while (n < scan.n && scan.p[n] != '=' && scan.p[n] != '&')
            n++;
        read_isbt(r, str_trim((struct str){ scan.p, n }));
        scan = str_from(scan, n);
    }
}

/* --- GS1 --- */

struct application {
    const char *ai;
    const char *name;
    size_t length; /* fixed, or the most */
    bool variable;
    bool number;
    bool check;
    bool date;
    enum identity_symbol_kind kind;
};
static const struct application gs1[] = {
    { "00", "GS1 00", 18, false, true, true, false, SYMBOL_OTHER },
    { "01", "GS1 01", 14, false, true, true, false, SYMBOL_PRODUCT },
    { "10", "GS1 10", 20, true, false, false, false, SYMBOL_OTHER },
    { "11", "GS1 11", 6, false, true, false, true, SYMBOL_OTHER },
    { "17", "GS1 17", 6, false, true, false, true, SYMBOL_OTHER },
    { "21", "GS1 21", 20, true, false, false, false, SYMBOL_OTHER },
};

static const struct application *application_of(struct str element)
{
    for (size_t i = 0; i < sizeof gs1 / sizeof gs1[0]; i++)
        if (str_starts(element, str_z(gs1[i].ai)))
            return &gs1[i];
    return NULL;
}

static bool digits(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n > 0;
}

/* Weights 3 and 1 from the right, the check digit not counted: the sum with it ends in 0. */
static bool gs1_check_holds(struct str s)
{
    int sum = 0;
    for (size_t i = 0; i < s.n; i++)
        sum += (s.p[s.n - 1 - i] - '0') * (i % 2 ? 3 : 1);
    return sum % 10 == 0;
}

/* YYMMDD; day 00 stands for the last of the month. */
static bool gs1_date_holds(struct str s)
{
    int month = (s.p[2] - '0') * 10 + s.p[3] - '0';
    int day = (s.p[4] - '0') * 10 + s.p[5] - '0';
    return month >= 1 && month <= 12 && day <= 31;
}

static bool printable(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < 0x21 || s.p[i] > 0x7E)
            return false;
    return s.n > 0;
}

static void gs1_found(struct reader *r, const struct application *a, struct str value)
{
    bool good = a->variable ? value.n <= a->length : value.n == a->length;
    good = good && (a->number ? digits(value) : printable(value));
    good = good && (!a->check || gs1_check_holds(value));
    good = good && (!a->date || gs1_date_holds(value));
    found(r, good ? a->kind : SYMBOL_UNKNOWN, good ? a->name : NULL, value);
}

/* Length of the FNC1 at the beginning of s, 0 when there is none. */
static size_t fnc1(struct str s)
{
    if (s.n > 0 && s.p[0] == GS)
        return 1;
    return str_starts(s, S("\xE2\x90\x9D")) ? 3 : 0;
}

static size_t until_fnc1(struct str s)
{
    size_t n = 0;
    while (n < s.n && fnc1(str_from(s, n)) == 0)
        n++;
    return n;
}

static void read_gs1(struct reader *r, struct str scan)
{
    while (scan.n > 0) {
        size_t skip = fnc1(scan);
        if (skip > 0) {
            scan = str_from(scan, skip);
            continue;
        }
        const struct application *a = application_of(scan);
        if (!a) {
            found(r, SYMBOL_UNKNOWN, NULL, scan);
            return;
        }
        struct str rest = str_from(scan, strlen(a->ai));
        size_t n = until_fnc1(rest);
        if (!a->variable && n > a->length)
            n = a->length;
        gs1_found(r, a, (struct str){ rest.p, n });
        scan = str_from(rest, n);
    }
}

/* "(01)09521234543213(10)AB-1": as printed below the symbol. */
static bool gs1_parenthesis(struct str s)
{
    return s.n >= 4 && s.p[0] == '(' && s.p[3] == ')' && digits((struct str){ s.p + 1, 2 });
}

static void read_gs1_printed(struct reader *r, struct str scan)
{
    while (scan.n > 0) {
        const struct application *a =
            gs1_parenthesis(scan) ? application_of(str_from(scan, 1)) : NULL;
        if (!a) {
            found(r, SYMBOL_UNKNOWN, NULL, scan);
            return;
        }
        struct str rest = str_from(scan, 4);
        size_t n = 0;
        while (n < rest.n && !gs1_parenthesis(str_from(rest, n)))
            n++;
        gs1_found(r, a, str_trim((struct str){ rest.p, n }));
        scan = str_from(rest, n);
    }
}

/* --- plain texts --- */

/* Looks like a number that a hospital gives: letters, digits, a few marks, at least one digit. */
static bool number_like(struct str s)
{
    bool digit = false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        digit |= c >= '0' && c <= '9';
        if (!letter && !(c >= '0' && c <= '9') && !strchr("-/._", c))
            return false;
    }
    return digit && s.n >= NUMBER_MIN && s.n <= NUMBER_MAX;
}

/* Capitals, as identifiers have them; absent when memory ran out. */
static struct str capitals(struct str s, struct arena *arena)
{
    char *p = arena_alloc(arena, s.n + 1);
    for (size_t i = 0; p && i < s.n; i++)
        p[i] = s.p[i] >= 'a' && s.p[i] <= 'z' ? (char)(s.p[i] - 'a' + 'A') : s.p[i];
    return (struct str){ p, p ? s.n : 0 };
}

/* A letter, twelve digits and one to three characters to check them: a donation number, right or
 * mistyped. */
static bool din_like(struct str s)
{
    return s.n >= 14 && s.n <= 16 && s.p[0] >= 'A' && s.p[0] <= 'Z' &&
           digits((struct str){ s.p + 1, 12 });
}

static void read_plain(struct reader *r, struct str scan)
{
    struct err ignored = { 0 };
    struct str value;
    struct str upper = capitals(scan, r->arena);
    if (identity_label_read(&value, scan, r->arena))
        found(r, SYMBOL_UNIT, "vein", value);
    else if (identity_din_read(&value, scan, r->arena, &ignored) == OK)
        found(r, SYMBOL_DIN, "ISBT 128 001", value);
    else if (order_coi_valid(upper))
        found(r, SYMBOL_COI, "vein", upper);
    else if (number_like(scan) && !din_like(upper))
        found(r, SYMBOL_PATIENT, "plain", scan);
    else
        found(r, SYMBOL_UNKNOWN, NULL, scan);
    found_typed(r);
}

/* Behind "vein:u:": a label with its proof, as its symbol says; without one it counts as typed. */
static void read_own(struct reader *r, struct str scan)
{
    struct str value;
    struct str text = str_from(scan, sizeof OWN - 1);
    struct str proof = text;
    struct str label = str_cut(&proof, '.');
    if (!identity_label_read(&value, label, r->arena)) {
        found(r, SYMBOL_UNKNOWN, NULL, scan);
        return;
    }
    found(r, SYMBOL_UNIT, "vein", value);
    r->out[r->n - 1].proof = proof;
    r->out[r->n - 1].typed = label.n == text.n;
}

/* --- the whole --- */

/* Takes the symbology identifier of AIM ("]C1") off; true when it says that GS1 follows. */
static bool take_symbology(struct str *scan)
{
    static const char *const of_gs1[] = { "]C1", "]e0", "]d2", "]Q3", "]J1" };
    if (scan->n < 3 || scan->p[0] != ']')
        return false;
    bool is_gs1 = false;
    for (size_t i = 0; i < sizeof of_gs1 / sizeof of_gs1[0]; i++)
        is_gs1 |= str_starts(*scan, str_z(of_gs1[i]));
    *scan = str_from(*scan, 3);
    return is_gs1;
}

size_t identity_symbols_read(struct identity_symbol *out, struct str scan, struct arena *arena)
{
    struct reader r = { .out = out, .arena = arena };
    struct str text = str_trim(scan);
    bool is_gs1 = take_symbology(&text);
    if (text.n == 0 || text.n > SCAN_MAX)
        found(&r, SYMBOL_UNKNOWN, NULL, text);
    else if (is_gs1 || fnc1(text) > 0 || until_fnc1(text) < text.n)
        read_gs1(&r, text);
    else if (str_starts(text, S(OWN)))
        read_own(&r, text);
    else if (text.p[0] == '=' || text.p[0] == '&')
        read_isbt_all(&r, text);
    else if (text.p[0] == '(')
        read_gs1_printed(&r, text);
    else
        read_plain(&r, text);
    if (r.n == 0)
        found(&r, SYMBOL_UNKNOWN, NULL, text);
    return r.n;
}
