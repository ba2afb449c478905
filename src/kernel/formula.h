/* Formulas: Lua 5.4 in a sandbox, for what customers compute (doses, yields, limits).
 *
 * A formula is one Lua expression, or statements ending in `return`, over named inputs. Numbers are
 * exact decimals (userdata over base/quantity.h) with + - * / unary minus, comparison, and the
 * functions decimal "0.5", round(x, digits), min, max, abs; integer literals mix with them,
 * fractional and hexadecimal-float literals are refused when the formula is compiled. x / y is
 * rounded half-even to 24 decimals. Absent inputs are nil. There is no string library and no
 * metatable on strings, no pairs/next, no load, no goto loops without end: a budget counts
 * instructions and memory, in C functions too, and a formula that passes it is REFUSED
 * "formula.budget".
 *
 * Compiling and running happen before the queue; results go into events, replay runs no Lua. */
#ifndef VEIN_KERNEL_FORMULA_H
#define VEIN_KERNEL_FORMULA_H

#include "base/quantity.h"

enum {
    FORMULA_SOURCE_MAX = 4000,
    FORMULA_INPUTS_MAX = 400,
    FORMULA_INSTRUCTIONS_MAX = 100000,
    FORMULA_MEMORY_MAX = 1 << 20,
};

enum formula_kind { FORMULA_ABSENT, FORMULA_NUMBER, FORMULA_TEXT, FORMULA_BOOL };

struct formula_value {
    const char *name; /* of an input: a Lua identifier; unused in a result */
    enum formula_kind kind;
    struct decimal number;
    struct str text;
    bool truth;
};

/* Refusals with {line}: "formula.syntax", "formula.fraction" (a fractional literal),
 * "formula.unknown" {name}: a global that is neither an input nor a function of the sandbox. */
enum outcome formula_check(struct str source, const char *const *inputs, size_t ninputs,
                           struct err *e);

/* Runs it. The result's text lives in the arena. An operation on an absent input gives an absent
 * result, not an error. Refusals: "formula.budget", "formula.wrong_type" {line}, those of decimals.
 */
enum outcome formula_run(struct formula_value *out, struct str source,
                         const struct formula_value *inputs, size_t ninputs, struct arena *arena,
                         struct err *e);

#endif
