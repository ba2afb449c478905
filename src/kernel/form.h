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

extern const struct define_kind form_kind; /* "form"; its check compiles every formula */

/* One thing that is wrong with what was entered, at its field; texts by code as a refusal's. */
struct form_problem {
    struct str field;
    struct err error;
};
enum { FORM_PROBLEMS_MAX = 64 };

/* Checks and computes. Inputs are pairs by field name (from a posted form or a JSON object of
 * strings); absent and empty are the same. On problems returns REFUSED "form.problems" {count}, all
 * of them in *problems (arena) so that the page shows each at its field; else *out is the record.
 * Problem codes: "form.required", "form.unknown_field", "form.below_min" {min, unit},
 * "form.above_max" {max, unit}, "form.not_a_choice", "form.not_a_time", "form.not_a_date",
 * "form.too_long" {max}, "form.computed" (a computed field was sent), and those of quantities. A
 * quantity without unit takes the field's; with another it is converted, exactly. */
enum outcome form_fill(struct form_record *out, const struct definition *form,
                       const struct record_pair *inputs, size_t ninputs,
                       struct form_problem **problems, size_t *nproblems, struct arena *arena,
                       struct err *e);

/* What a record holds under a name: its `value`; absent when it has none. */
struct str form_record_value(const struct form_record *r, struct str name);

/* HTML of the fields with large touch targets, labels, help, limits in words, and problems at their
 * fields (aria-invalid, aria-describedby); inputs are what was entered, to be shown again. Without
 * the <form> element, which is the page's. */
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
