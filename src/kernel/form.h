/* Forms and records: everything a person or an instrument fills in. One engine renders a form,
 * checks what comes back, computes what is computed, shows what is kept and prints it.
 *
 * A record keeps each value as it was entered and as it was understood. A correction is a new
 * record of the same form with a reason; the first stays in the ledger and in sight. Limits: min
 * and max are what cannot be (refused), low and high, and a choice that says so, what is not
 * expected (kept and marked).
 *
 * Fields stand by themselves or in sections; a section may stand in rows: as many as there are
 * (`repeat`: bags, vials) or named ones (`rows`: before, during, after), one group after another or
 * as a grid (`table`). A field in rows is posted and kept as "volume.3", its third row; a row in
 * which nothing was entered, behind the last one in which something was, does not exist.
 *
 * A rule (`shown_when`) on a field or section looks at an earlier field: of the same row, or of one
 * that stands once. What a rule does not ask for is neither required nor kept nor computed, and a
 * rule that looks at it does not hold.
 *
 * A signature's place (type `signature`) is no entry: it says what is signed and whose it is to
 * sign. Places are filled one after the other, as the form has them, each by another person's own
 * command, once the record is there (kernel/flow_record.h). A file field holds the SHA-256 of a
 * file that is kept for the order already. */
#ifndef VEIN_KERNEL_FORM_H
#define VEIN_KERNEL_FORM_H

#include "kernel/define.h"
#include "kernel/page.h"
#include "kernel/picture.h"

#define RECORDS "kernel/form.def"
#include "base/record_structs.h"
#undef RECORDS

enum {
    FORM_FIELDS_MAX = 400,   /* of a form, through all sections */
    FORM_SECTIONS_MAX = 40,  /* as form.def has it */
    FORM_ROWS_MAX = 100,     /* of one section */
    FORM_VALUES_MAX = 400,   /* of one record, were all rows filled: as the events have it */
    FORM_FILE_MAX = 1 << 30, /* bytes that a file field may allow */
};

/* "form". Its check refuses, with {at}: "form.bad_name" {name} (no Lua identifier, or a word of
 * Lua), "form.name_twice" {name}, "form.unknown_type" {type}, "form.lacks" and "form.unfitting"
 * {type, property}: what a type needs, and what it has no use for; "form.limits_order" (min <= low
 * <= high <= max), "form.bad_number" {max} (digits, length, size), "form.choice_twice" {value},
 * "form.cycle" {name} of formulas and rules, "quantity.unknown_unit", and those of formula_check.
 * Of sections and rules: "form.empty", "form.too_many_fields" and "form.too_many_values" {max} (all
 * rows filled), "form.bad_rows" {max}, "form.rows_unclear" (both repeat and rows, or a table
 * without either), "form.name_too_long" {max}, "form.rule_field" {name} (not an earlier field that
 * the rule can see), "form.rule_unclear" (not exactly one condition, or limits in the wrong order),
 * "form.rule_unfitting" {type, property}, "form.not_once" {type}: a signature's place within rows
 * or under a rule. Of fields that two persons enter: "form.twice_unfitting" {name} (under a rule
 * that looks at what is entered once, or some of a row's fields and not all), "form.sealed_once"
 * {name}: a sealed field beside them that is entered once. */
extern const struct define_kind form_kind;

/* One thing that is wrong with what was entered, at its field ("volume.3"); texts by code as a
 * refusal's. */
struct form_problem {
    struct str field;
    struct err error;
};
enum { FORM_PROBLEMS_MAX = 64 };

/* How a computed value came about: the formula over what it was given. */
struct form_working {
    struct str name;  /* "recovery", "dose.2" */
    struct str label; /* of the field */
    struct str formula;
    struct form_given {
        struct str label;
        struct str value; /* as the formula saw it; cells of a column behind each other */
    } const *given;
    size_t ngiven;
    struct str result; /* unrounded; absent: none, an input is absent */
    struct str kept;
};

/* What the store of files tells a file field. The files are those of one order: another's are not
 * found. */
struct form_file {
    struct str name;  /* as its sender called it; may be personal, hence never in a record. Absent:
                         not told, or its person is erased */
    struct str media; /* "application/pdf" */
    int64_t size;     /* bytes */
    struct str type;  /* "pdf": its row of file.h; absent: none */
    struct str path;  /* where it is read; absent: nowhere */
};
struct form_files {
    void *context;
    /* MUST. By SHA-256, 64 hexadecimal digits; *found false when this order has none such. */
    enum outcome (*find)(void *context, struct form_file *out, bool *found, struct str hash,
                         struct arena *arena, struct err *e);
    /* To what a new one is stored: "order" and its id. Absent: none is, as in a trial. */
    struct str kind;
    struct str belongs;
};
/* Whether a field takes a file: REFUSED "form.file_type" {media}, "form.file_size" {max}. */
enum outcome form_takes_file(const struct form_field *field, const struct form_file *file,
                             struct err *e);

struct form_filling {
    const struct definition *form;
    /* By field name (from a posted form or a JSON object of strings); absent, empty and blank are
     * the same, and names beginning with "_" are the page's own and passed over. */
    const struct record_pair *inputs;
    size_t ninputs;
    const struct form_files *files;      /* NULL: no file is known */
    bool working;                        /* tell how computed values came about */
    int64_t part;                        /* of form_render: this alone; 0: all of it */
    const struct form_working *workings; /* of form_render: what is computed so far */
    size_t nworkings;
};
struct form_filled {
    struct form_record record;
    struct form_problem *problems;
    size_t nproblems;
    struct form_working *workings; /* in the order of computing */
    size_t nworkings;
};

/* Checks and computes. On problems returns REFUSED "form.problems" {count}, all of them in
 * out->problems so that the page shows each at its field; else out->record is the record. All texts
 * of both are copies in the arena.
 *
 * Problem codes: "form.required", "form.unknown_field", "form.duplicate" (a name twice),
 * "form.below_min" {min, unit}, "form.above_max" {max, unit}, "form.not_a_choice" (also of a bool,
 * which is "true" or "false"), "form.not_a_time" (RFC 3339, with its zone), "form.not_a_date",
 * "form.too_long" {max}, "form.not_text" (control characters, bad UTF-8), "form.computed" (a
 * computed field was sent), "form.signature" (a signature's place was), "form.no_number" (a formula
 * gave something else), "form.too_many_rows" {max}, "form.row_empty" (one of the rows that there
 * must be), "form.not_a_hash", "form.no_file", "form.file_type" {media}, "form.file_size" {max},
 * those of quantities and those of formulas.
 *
 * What was entered is kept as typed but for blanks at its ends, and CR LF becomes LF. A quantity
 * without unit takes the field's; with another it is converted, exactly. Formulas get numbers in
 * their field's unit; what is computed goes into other formulas unrounded, is rounded half-even
 * once where it is kept, and is compared with its limits as it is kept. A formula without result,
 * because an input is absent, leaves its field absent. In a row, the fields of the row are its own
 * formulas' inputs; from elsewhere fields in rows are columns, without the cells that their rules
 * do not ask for. Formulas see no sealed field, no file and no signature. */
enum outcome form_fill(struct form_filled *out, const struct form_filling *in, struct arena *arena,
                       struct err *e);

/* What a record holds under a name: its `value`; absent when it has none. */
struct str form_record_value(const struct form_record *r, struct str name);

/* What may be chosen under a value; NULL when there is no such choice. */
const struct form_choice *form_choice_of(const struct form_field *field, struct str value);

/* The field that a value's name means ("volume", "volume.3"); NULL when there is none. */
const struct form_field *form_field_of(const struct form *form, struct str name);

/* A form is entered in one piece or part by part: 1 is what stands before all sections, 2 the first
 * section, and so on. The part of a value's name; 0: the form has no such field. */
int64_t form_part_named(const struct form *form, struct str name);
/* The id of a field's element on a page: "f-volume-3". Absent: no memory. */
struct str form_element_id(struct str name, struct arena *arena);

/* Two persons enter the form, or (partly) the fields marked `entry: double`; the rest is entered
 * once. form_twice_only: what the second person sees, in the arena; the form itself where they
 * enter all of it. */
bool form_twice(const struct form *form);
bool form_partly_twice(const struct form *form);
bool form_field_twice(const struct form *form, const struct form_field *field);
enum outcome form_twice_only(struct definition *out, const struct definition *form,
                             struct arena *arena, struct err *e);

/* What a field looks at: an input of its formula, or what the rule looks at that asks for it. */
struct form_use {
    const struct form_field *field;
    const struct form_field *input;
    bool by_rule;
    bool by_row; /* both stand in the same rows: in each row the input of that row */
};
enum { FORM_USES_MAX = 2000 };
enum outcome form_uses(const struct form_use **out, size_t *n, const struct form *form,
                       struct arena *arena, struct err *e);

/* The places of a form where it is signed, in their order. */
struct form_place {
    struct str name;
    struct str label;
    struct str meaning;
    struct str role;
    struct str criticality; /* may be absent */
};
enum { FORM_PLACES_MAX = 20 };
size_t form_places(struct form_place out[FORM_PLACES_MAX], const struct form *form);

/* HTML of the instructions, fields and sections: each field a <label> with its <input>, or a
 * <fieldset> of radio buttons (a choice among up to 6, a bool), with large touch targets, help,
 * limits in words, when it is asked for, and problems at their fields (aria-invalid,
 * aria-describedby); problems of no field come first. Sections are fieldsets, rows fieldsets within
 * or the lines of a grid. inputs are what was entered, to be shown again. Scan fields carry
 * data-scan for the scanner's script, what a rule governs data-shown-when for the form's script:
 * without script it stays in sight and says when it is asked for. Without the <form> element, which
 * is the page's; ids are "f-" and the field's name, so one form a page.
 *
 * A file's control sends the file with the form, as "_file." and the field's name (file_sent.h);
 * the field itself is the hash of what is chosen already. Where in->files takes none it says so.
 *
 * Rows: as many as were entered or "_rows.<section>" of the inputs says, one more when "_add" names
 * the section. The button that adds a row sends "_add": form_redraw_wanted tells that a posted form
 * is only to be drawn again; so does "_attach", which sends what is chosen and nothing more. */
void form_render(struct page *p, const struct form_filling *in, const struct form_problem *problems,
                 size_t nproblems, struct arena *arena);
bool form_redraw_wanted(const struct record_pair *inputs, size_t ninputs);
/* It has a field for a file, so that its <form> must be multipart/form-data. */
bool form_has_file(const struct form *form);

/* HTML of a record as a list of label and value, entered beside understood where they differ, marks
 * as words. Sealed values are shown only if `open` gives their text. */
typedef struct str form_open_fn(void *context, struct str field, struct str sealed);
struct form_shown {
    const struct definition *form;
    const struct form_record *record;
    form_open_fn *open;
    void *context;
    const struct form_files *files; /* NULL: names of files are not told */
};
void form_render_record(struct page *p, const struct form_shown *shown, struct arena *arena);

#endif
