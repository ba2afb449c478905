/* What the parts of form share: form_plan.c lays a form out, form_kind.c and form_check.c check
 * definitions, form_fill.c and form_value.c fill them in, form_render.c and form_show.c show them,
 * form_print.c prints them. */
#ifndef VEIN_KERNEL_FORM_IMPL_H
#define VEIN_KERNEL_FORM_IMPL_H

#include "kernel/form.h"
#include "kernel/formula.h"

enum {
    FORM_ENTERED_MAX = 4000,
    FORM_SCAN_MAX = 200,    /* bytes of a scan, where its field says nothing */
    FORM_ROW_NAME_MAX = 56, /* bytes of a field's name in rows: ".100" goes behind it */
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
    FORM_FILE,
    FORM_SIGNATURE,
    FORM_TYPES,
};

/* FORM_TYPES when there is no such type. */
enum form_type form_type_of(const struct form_field *field);

/* Bytes that a text or scan may have. */
size_t form_length_max(const struct form_field *field);

/* "volume", or its label for a choice's value; the value itself when it is none of them. */
struct str form_choice_label(const struct form_field *field, struct str value);

/* -- A form laid out (form_plan.c) ------------------------------------------------------------- */

enum { FORM_TOP = SIZE_MAX }; /* as a section: the fields before all sections */

/* A field in its place: all fields of a form have one number, through all sections. */
struct form_item {
    const struct form_field *field;
    enum form_type type;
    size_t section; /* its number, or FORM_TOP */
    size_t number;  /* in its own list */
};
struct form_plan {
    const struct form *form;
    const struct form_item *items;
    size_t n;
    const size_t *firsts; /* of each section its first item; one more at the end */
};
/* NULL: no memory. */
struct form_plan *form_plan_of(const struct form *form, struct arena *arena);

const struct form_section *form_section_of(const struct form_plan *p, size_t item);
/* 0: the section has no rows, its fields stand once. A section absent likewise. */
size_t form_rows_max(const struct form_section *s);
size_t form_rows_min(const struct form_section *s);
static inline bool form_in_rows(const struct form_plan *p, size_t item)
{
    return form_rows_max(form_section_of(p, item)) > 0;
}

/* Number of the item that a value's name means, or p->n; *row counts from 0. "volume" means no
 * field that stands in rows, "volume.1" none that does not. The row may be beyond the last. */
size_t form_item_named(const struct form_plan *p, struct str name, size_t *row);
/* By the field's own name. */
size_t form_item_find(const struct form_plan *p, struct str field);
/* "volume", or "volume.3" for row 2; absent: no memory. */
struct str form_cell_name(const struct form_plan *p, size_t item, size_t row, struct arena *arena);

/* The rule's own field; p->n when there is none. */
size_t form_rule_item(const struct form_plan *p, const struct form_rule *rule);

/* Names of the items as formulas see them; those that no formula may see are empty. NULL: no
 * memory. */
const char **form_formula_names(const struct form_plan *p, struct arena *arena);

/* The order in which fields are worked out, each behind those that its formula and its rules look
 * at, else as they stand; used[i] (a row of p->n) tells what the formula of i names, NULL without
 * one. Refusals: those of formula_check, and "form.cycle" {name}; *at is then the item. */
struct form_order {
    size_t *items;
    bool **used;
};
enum outcome form_order_of(struct form_order *out, const struct form_plan *p,
                           const char *const *names, struct arena *arena, size_t *at,
                           struct err *e);

/* -- Checks of a definition (form_check.c) ----------------------------------------------------- */

/* What holds between fields and sections: rules, rows, places of signatures. `at` is added. */
enum outcome form_check_sections(const struct form_plan *p, struct err *e);
/* What two persons enter: nothing of it rests on what is entered once (form_twice.c). */
enum outcome form_check_twice(const struct form_plan *p, struct err *e);
/* Adds {at}: the item's path and property; a formula's line gives way to it. */
enum outcome form_at(enum outcome outcome, struct err *e, const struct form_plan *p, size_t item,
                     const char *property);
enum outcome form_at_section(enum outcome outcome, struct err *e, size_t section,
                             const char *property);

/* -- What was understood (form_value.c) -------------------------------------------------------- */

struct form_cell {
    struct str entered; /* absent: nothing */
    bool seen;          /* its name was sent, were it blank */
    bool shown;         /* asked for, by its rules */
    struct decimal kept;
    struct form_value value; /* absent name: none */
};

/* Understands one entry. `input` is what formulas see of it. */
struct form_reader {
    const struct form_files *files;
    struct arena *arena;
};
enum outcome form_value_read(struct form_cell *cell, struct formula_value *input,
                             const struct form_reader *r, const struct form_item *item,
                             struct err *e);
/* Keeps what was computed: rounded, held against the limits. */
enum outcome form_value_compute(struct form_cell *cell, struct formula_value *input,
                                const struct form_item *item, const struct formula_value *result,
                                struct arena *arena, struct err *e);

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

/* A file as people read of it; value is its hash, or what a record keeps of it. */
struct form_told {
    struct str name;
    struct str about; /* "PDF, 1.2 MB" */
    struct str hash;
    struct str path; /* absent: not to be read here */
};

struct form_entry {
    const struct form_field *field;
    enum form_type type;
    struct str name;                   /* "volume.3" */
    struct str id;                     /* of the element */
    struct str value;                  /* as entered before */
    struct str unit;                   /* for people */
    struct str possible, expected;     /* limits in words … */
    struct str least, most, low, high; /* … and as numbers, for the page's script; empty: none */
    struct str only;                   /* when it is asked for, in words; absent: always */
    struct str when;                   /* the same for the page's script: JSON of the rule */
    int64_t length_max;
    bool lines; /* text of several lines */
    bool radios;
    const struct form_working *working; /* of what is computed; NULL: not yet */
    struct str row_id;                  /* in a grid: what its column and row are called */
    const struct form_option *options;
    size_t noptions;
    struct form_told file;          /* that is chosen; name absent: none */
    struct str accept;              /* types of files, as a browser's picker takes them */
    struct str types;               /* the same and the size in words */
    const struct form_files *files; /* NULL: none can be chosen here */
    const struct form_text *problems;
    size_t nproblems;
};

struct form_row {
    struct str title;
    struct str id;
    const struct form_entry *entries;
    size_t nentries;
};
struct form_block { /* a section as it is filled in */
    const struct form_section *section;
    struct str id;
    struct str only;
    struct str when;
    bool grid;
    bool free; /* rows may be added */
    size_t most;
    const struct form_row *rows;
    size_t nrows;
};

struct form_line {
    struct str label;
    struct str value;   /* absent: nothing was recorded */
    struct str entered; /* absent where it says the same */
    struct str mark;    /* key of its text */
    struct str about;   /* of a file, behind its name */
    struct str hash;    /* of a file */
    struct str path;    /* where it leads; absent: nowhere */
    bool hidden;        /* personal, and not for this reader */
    bool ruled;         /* under a rule: where nothing was recorded, perhaps nothing was asked */
};
struct form_lines {   /* a section's fields, or those of one of its rows */
    struct str title; /* of the row */
    const struct form_line *lines;
    size_t n;
};
struct form_group {   /* what was kept of a section, or of the fields before all sections */
    struct str title; /* absent: of the latter */
    bool in_rows;
    bool grid;
    const struct form_lines *rows; /* one, where it is not in rows */
    size_t nrows;
};

/* A record as it is read, in the form's order; what the form does not know comes last. false: no
 * memory. (form_show.c) */
bool form_groups(const struct form_group **out, size_t *n, struct page *p,
                 const struct form_shown *s, struct arena *arena);
/* "Asked for when …", behind a semicolon where something stands before. (form_render.c) */
void form_rule_words(struct page *p, const struct form_plan *plan, const struct form_rule *r,
                     struct buf *b, struct arena *arena);
/* A value as people read it: labels of choices, yes and no, times, units. */
struct str form_value_text(struct page *p, const struct form_field *field, struct str value,
                           struct arena *arena);
struct form_told form_file_told(struct page *p, const struct form_files *files, struct str value,
                                struct arena *arena);

#endif
