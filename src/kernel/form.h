/* Forms and records: everything a person or an instrument fills in. One engine renders a form,
 * checks what comes back, computes what is computed, and shows what is kept.
 *
 * A record keeps each value as it was entered and as it was understood. A correction is a new
 * record of the same form with a reason; the first stays in the ledger and in sight. Limits: min
 * and max are what cannot be (refused), low and high what is not expected (kept and marked). */
#ifndef VEIN_KERNEL_FORM_H
#define VEIN_KERNEL_FORM_H

#include "kernel/define.h"
#include "kernel/page.h"

#define RECORDS "kernel/form.def"
#include "base/record_structs.h"
#undef RECORDS

/* "form". Its check refuses, with {at}: "form.bad_name" {name} (no Lua identifier, or a word of
 * Lua), "form.name_twice" {name}, "form.unknown_type" {type}, "form.lacks" and "form.unfitting"
 * {type, property}: what a type needs, and what it has no use for; "form.limits_order" (min <= low
 * <= high <= max), "form.bad_number" {max} (digits, length), "form.choice_twice" {value},
 * "form.cycle" {name} of formulas, "quantity.unknown_unit", and those of formula_check. */
extern const struct define_kind form_kind;

/* One thing that is wrong with what was entered, at its field; texts by code as a refusal's. */
struct form_problem {
    struct str field;
    struct err error;
};
enum { FORM_PROBLEMS_MAX = 64 };

/* Checks and computes. Inputs are pairs by field name (from a posted form or a JSON object of
 * strings); absent, empty and blank are the same, and names beginning with "_" are the page's own
 * and passed over. On problems returns REFUSED "form.problems" {count}, all of them in *problems
 * (arena) so that the page shows each at its field; else *out is the record. All texts of both are
 * copies in the arena.
 *
 * Problem codes: "form.required", "form.unknown_field", "form.duplicate" (a name twice),
 * "form.below_min" {min, unit}, "form.above_max" {max, unit}, "form.not_a_choice" (also of a bool,
 * which is "true" or "false"), "form.not_a_time" (RFC 3339, with its zone), "form.not_a_date",
 * "form.too_long" {max}, "form.not_text" (control characters, bad UTF-8), "form.computed" (a
 * computed field was sent), "form.no_number" (a formula gave something else), those of quantities
 * and those of formulas.
 *
 * What was entered is kept as typed but for blanks at its ends, and CR LF becomes LF. A quantity
 * without unit takes the field's; with another it is converted, exactly. Formulas get numbers in
 * their field's unit; what is computed goes into other formulas unrounded, is rounded half-even
 * once where it is kept, and is compared with its limits as it is kept. A formula without result,
 * because an input is absent, leaves its field absent. Formulas see no sealed field. */
enum outcome form_fill(struct form_record *out, const struct definition *form,
                       const struct record_pair *inputs, size_t ninputs,
                       struct form_problem **problems, size_t *nproblems, struct arena *arena,
                       struct err *e);

/* What a record holds under a name: its `value`; absent when it has none. */
struct str form_record_value(const struct form_record *r, struct str name);

/* HTML of the instructions and fields: each a <label> with its <input>, or a <fieldset> of radio
 * buttons (a choice among up to 6, a bool), with large touch targets, help, limits in words, and
 * problems at their fields (aria-invalid, aria-describedby); problems of no field come first.
 * inputs are what was entered, to be shown again. Scan fields carry data-scan for the scanner's
 * script. Without the <form> element, which is the page's; ids are "f-" and the field's name, so
 * one form a page. */
void form_render(struct page *p, const struct definition *form, const struct record_pair *inputs,
                 size_t ninputs, const struct form_problem *problems, size_t nproblems,
                 struct arena *arena);

/* HTML of a record as a list of label and value, entered beside understood where they differ, marks
 * as words. Sealed values are shown only if `open` gives their text. */
typedef struct str form_open_fn(void *context, struct str field, struct str sealed);
void form_render_record(struct page *p, const struct definition *form,
                        const struct form_record *record, form_open_fn *open, void *context,
                        struct arena *arena);

#endif
