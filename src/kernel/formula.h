/* Formulas: Lua 5.4 in a sandbox, for what customers compute (doses, yields, limits).
 *
 * A formula is one Lua expression, or statements with `return`, over named inputs. The language is
 * Lua's with less in it: local, if, while, repeat, do, local functions, break, return; + - * / ..
 * and or not and all comparisons; texts in quotes with the escapes \\ \" \' \n \t. There are no
 * tables, no for, no goto, no varargs, no other operators, no libraries, no metatable on strings;
 * nothing but locals can be assigned.
 *
 * Numbers are exact decimals and nothing else: each integer literal is one, so that no arithmetic
 * is ever done on Lua's own numbers and == compares by value. Fractional, hexadecimal and exponent
 * literals are refused: write decimal "0.5". Functions: decimal(text), round(x, digits) half-even,
 * min, max, abs. x / y is rounded half-even to 24 decimals; a product is exact where 38 digits and
 * 30 decimals hold it, and else rounded so too; sums are exact.
 *
 * An input may be a column: what stands in the rows of a table. It goes into sum, mean, min, max
 * and count and nowhere else ("formula.wrong_type"). count tells how many of its cells are given;
 * the others, as elsewhere, give nil where one is absent, so that no total leaves out a row in
 * silence. Of no rows at all the sum is 0, and mean, min and max are nil. mean is rounded as x / y
 * is.
 *
 * Absent inputs are nil, and nil absorbs: + - * / .. and the functions give nil for nil, and an
 * order (< <= > >=) asked of nil ends the formula with an absent result. Only == and ~= answer:
 * `x == nil` tells whether x is absent, and absent equals no value.
 *
 * A budget counts instructions and memory and passes over no C function: each does a bounded piece
 * of work (a text has at most FORMULA_TEXT_MAX bytes, a call at most 250 arguments). A formula that
 * passes it is REFUSED "formula.budget".
 *
 * Compiling and running happen before the queue; results go into events, replay runs no Lua. */
#ifndef VEIN_KERNEL_FORMULA_H
#define VEIN_KERNEL_FORMULA_H

#include "base/quantity.h"

enum {
    FORMULA_SOURCE_MAX = 4000,
    FORMULA_TEXT_MAX = 4000,
    FORMULA_INPUTS_MAX = 400,
    FORMULA_INSTRUCTIONS_MAX = 100000,
    FORMULA_MEMORY_MAX = 1 << 20,
};

enum formula_kind { FORMULA_ABSENT, FORMULA_NUMBER, FORMULA_TEXT, FORMULA_BOOL, FORMULA_COLUMN };

struct formula_value {
    const char *name; /* of an input, see formula_name_valid; unused in a result */
    enum formula_kind kind;
    struct decimal number;
    struct str text;
    bool truth;
    const struct formula_value *cells; /* of a column: row by row, none of them a column */
    size_t ncells;
};

/* Whether an input may have this name: a Lua identifier that begins with a letter and is neither a
 * reserved word nor a function of the sandbox. (An input that has such a name all the same, because
 * its form is older than the function, is what the name means.) */
bool formula_name_valid(struct str name);

/* Refusals, each with {line}: "formula.syntax" {near}, "formula.fraction" {number}: a literal that
 * is no plain whole number, "formula.unknown" {name}: neither an input nor a local nor a function
 * of the sandbox; those of decimals for literals; and "formula.too_long" {max}. With `used`
 * (ninputs long, or NULL) tells which inputs the formula names.
 *
 * A local is known from its declaration to the end of its block; that it is not yet set on the
 * right side of its own declaration is found when the formula runs. */
enum outcome formula_check(struct str source, const char *const *inputs, size_t ninputs, bool *used,
                           struct err *e);

/* Runs it. The result's text lives in the arena. Refusals: those of formula_check,
 * "formula.budget", "formula.wrong_type" {line}, and those of decimals with {line} added. */
enum outcome formula_run(struct formula_value *out, struct str source,
                         const struct formula_value *inputs, size_t ninputs, struct arena *arena,
                         struct err *e);

#endif
