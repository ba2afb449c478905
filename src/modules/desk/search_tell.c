/* What a scanned text is, in words, part by part: for who scanned a label that names nothing here,
 * or nothing that they may see. */
#include "base/id.h"
#include "modules/desk/desk.h"

/* Data structures by their names in identity's own table, and the keys of their words. */
static const struct {
    const char *structure, *key;
} structures[] = {
    { "ISBT 128 001", "symbol.din" },        { "ISBT 128 002", "symbol.isbt_002" },
    { "ISBT 128 003", "symbol.isbt_003" },   { "ISBT 128 004", "symbol.expiry" },
    { "ISBT 128 005", "symbol.expiry" },     { "ISBT 128 006", "symbol.collected" },
    { "ISBT 128 007", "symbol.collected" },  { "ISBT 128 008", "symbol.produced" },
    { "ISBT 128 009", "symbol.produced" },   { "ISBT 128 017", "symbol.isbt_017" },
    { "ISBT 128 018", "symbol.isbt_018" },   { "ISBT 128 020", "symbol.isbt_020" },
    { "ISBT 128 022", "symbol.lot" },        { "ISBT 128 023", "symbol.isbt_023" },
    { "ISBT 128 024", "symbol.isbt_024" },   { "ISBT 128 025", "symbol.isbt_025" },
    { "ISBT 128 032", "symbol.isbt_032" },   { "ISBT 128 033", "symbol.isbt_033" },
    { "ISBT 128 035", "symbol.isbt_other" }, { "ISBT 128 036", "symbol.isbt_other" },
    { "ISBT 128 038", "symbol.isbt_038" },   { "ISBT 128 039", "symbol.isbt_039" },
    { "ISBT 128 040", "symbol.coi" },        { "GS1 00", "symbol.gs1_00" },
    { "GS1 01", "symbol.gs1_01" },           { "GS1 10", "symbol.lot" },
    { "GS1 11", "symbol.produced" },         { "GS1 17", "symbol.expiry" },
    { "GS1 21", "symbol.gs1_21" },
};

static const char *key_of(const struct identity_symbol *symbol)
{
    const struct str name = str_z(symbol->structure);
    for (size_t i = 0; i < sizeof structures / sizeof structures[0]; i++)
        if (str_is(name, structures[i].structure))
            return structures[i].key;
    return symbol->kind == SYMBOL_UNIT ? "symbol.unit" : "symbol.coi";
}

/* "270630" as "2027-06-30", and without its day where that is 00; other values as they are. */
static struct str value_of(const struct identity_symbol *symbol, struct arena *a)
{
    const struct str v = symbol->value, name = str_z(symbol->structure);
    if (!str_is(name, "GS1 11") && !str_is(name, "GS1 17"))
        return v;
    return str_ends(v, S("00")) ? arena_printf(a, "20%.2s-%.2s", v.p, v.p + 2)
                                : arena_printf(a, "20%.2s-%.2s-%.2s", v.p, v.p + 2, v.p + 4);
}

static bool is_hash(struct str text)
{
    struct hash ignored;
    return text.n == 2 * HASH_SIZE && hash_from_hex(&ignored, text);
}

size_t desk_search_tell(struct search_said *out, size_t max, struct page *p, struct str text)
{
    struct arena *a = p->b->arena;
    struct identity_symbol symbols[IDENTITY_SYMBOLS_MAX];
    text = str_trim(text);
    if (max > 0 && (id_valid(text) || is_hash(text))) {
        const char *key = is_hash(text) ? "symbol.hash" : "symbol.id";
        out[0] = (struct search_said){ text_find(p->language, str_z(key)), S(""), text, true };
        return 1;
    }
    const size_t n = identity_symbols_read(symbols, text, a);
    size_t told = 0;
    bool structured = false;
    for (size_t i = 0; i < n; i++)
        structured |= symbols[i].structure && strcmp(symbols[i].structure, "plain") != 0;
    structured |= (text.n > 0 && strchr("=&](", text.p[0])) || str_starts(text, S("vein:"));
    for (size_t i = 0; structured && i < n && told < max; i++) {
        const struct identity_symbol *s = &symbols[i];
        const bool known = s->structure && strcmp(s->structure, "plain") != 0;
        out[told++] = (struct search_said){
            text_find(p->language, str_z(known ? key_of(s) : "symbol.unknown")),
            known && strcmp(s->structure, "vein") != 0 ? str_z(s->structure) : S(""),
            known ? value_of(s, a) : s->value,
            known && (s->kind == SYMBOL_UNIT || s->kind == SYMBOL_COI || s->kind == SYMBOL_DIN ||
                      s->kind == SYMBOL_PATIENT),
        };
    }
    return told;
}
