/* Fuzzer of formulas, as customers write them. Whatever comes ends in an outcome within its budget;
 * what runs was accepted by the check, and running it again gives the same. Corpus:
 * tests/corpus/formula. */
#include "kernel/formula.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct formula_value inputs[] = {
    { .name = "tnc", .kind = FORMULA_NUMBER, .number = { 2345000000, 0 } },
    { .name = "viability", .kind = FORMULA_NUMBER, .number = { 8005, 2 } },
    { .name = "missing", .kind = FORMULA_ABSENT },
    { .name = "site", .kind = FORMULA_TEXT, .text = { "left", 4 } },
    { .name = "thawed", .kind = FORMULA_BOOL, .truth = true },
};
enum { INPUTS = sizeof inputs / sizeof inputs[0] };

static bool same(const struct formula_value *a, const struct formula_value *b)
{
    return a->kind == b->kind && a->truth == b->truth && str_eq(a->text, b->text) &&
           decimal_cmp(a->number, b->number) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str source = { (const char *)data, size };
    const char *names[INPUTS];
    for (size_t i = 0; i < INPUTS; i++)
        names[i] = inputs[i].name;
    struct err e = { 0 }, e1 = { 0 }, e2 = { 0 };
    struct formula_value first, again;
    struct arena *a = arena_new(1 << 20);
    BUG_ON(!a);
    bool good = formula_check(source, names, INPUTS, NULL, &e) == OK;
    enum outcome outcome = formula_run(&first, source, inputs, INPUTS, a, &e1);
    BUG_ON(outcome == FAULT || (outcome == OK && !good));
    BUG_ON(formula_run(&again, source, inputs, INPUTS, a, &e2) != outcome);
    BUG_ON(outcome == OK && !same(&first, &again));
    BUG_ON(outcome == REFUSED && !str_eq(str_z(e1.code), str_z(e2.code)));
    BUG_ON(outcome == OK && first.kind == FORMULA_TEXT && !str_utf8_valid(first.text));
    arena_free(a);
    return 0;
}
