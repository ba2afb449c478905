/* What the parts of form share: form_kind.c checks definitions, form_fill.c fills them in,
 * form_render.c shows them. */
#ifndef VEIN_KERNEL_FORM_IMPL_H
#define VEIN_KERNEL_FORM_IMPL_H

#include "kernel/form.h"
#include "kernel/formula.h"

enum {
    FORM_FIELDS_MAX = 400, /* as form.def has it */
    FORM_ENTERED_MAX = 4000,
    FORM_SCAN_MAX = 200, /* bytes of a scan, where its field says nothing */
};

enum form_type {
    FORM_TEXT,
    FORM_QUANTITY,
    FORM_CHOICE,
    FORM_TIME,
    FORM_DATE,
    FORM_BOOL,
    FORM_SCAN,
    FORM_COMPUTED,
    FORM_TYPES,
};

/* FORM_TYPES when there is no such type. */
enum form_type form_type_of(const struct form_field *field);

/* Index of the field, or the number of fields. */
size_t form_field_find(const struct form *form, struct str name);

/* Bytes that a text or scan may have. */
size_t form_length_max(const struct form_field *field);

/* "volume", or its label for a choice's value; the value itself when it is none of them. */
struct str form_choice_label(const struct form_field *field, struct str value);

/* Names of the fields as formulas see them, by index; those of sealed fields are empty. NULL: no
 * memory. */
const char **form_formula_names(const struct form *form, struct arena *arena);

/* Indices of the computed fields, each behind those it is computed from. Refusals: those of
 * formula_check, and "form.cycle" {name}; *at is then the index of the field. */
enum outcome form_compute_order(size_t **order, size_t *n, const struct form *form,
                                const char *const *names, struct arena *arena, size_t *at,
                                struct err *e);

/* -- What the pages show ----------------------------------------------------------------------- */

struct form_text {
    struct str text;
    struct str hint;
};

struct form_option {
    struct str value;
    struct str label;
    bool chosen;
};

struct form_entry {
    const struct form_field *field;
    enum form_type type;
    struct str id;                 /* of the element */
    struct str value;              /* as entered before */
    struct str unit;               /* for people */
    struct str possible, expected; /* limits in words */
    int64_t length_max;
    bool lines; /* text of several lines */
    bool radios;
    const struct form_option *options;
    size_t noptions;
    const struct form_text *problems;
    size_t nproblems;
};

struct form_line {
    struct str label;
    struct str value;   /* absent: nothing was recorded */
    struct str entered; /* absent where it says the same */
    struct str mark;    /* key of its text */
    bool hidden;        /* personal, and not for this reader */
};

#endif
