/* A form on paper: blank, for when the system is not there (business continuity), or a record as it
 * was filled in, with every mark, how it was corrected and who signed. One description (print.def)
 * is both the printed page and the PDF.
 *
 * A blank has a box for each entry with unit, limits, choices and when it is asked for, as many
 * rows as there must be and some to spare, a line for each signature's place, and lines to say who
 * entered it into the system and when. */
#ifndef VEIN_KERNEL_FORM_PRINT_H
#define VEIN_KERNEL_FORM_PRINT_H

#include "kernel/flow_record.h"
#include "kernel/print.h"

enum { FORM_PRINT_IDENTITY = 8, FORM_PRINT_SPARE = 6 /* rows of a blank where more may follow */ };

struct form_printing {
    const struct definition *form;
    const struct form_record *record; /* NULL: a blank */
    form_open_fn *open;               /* as of form_render_record */
    void *context;
    const struct form_files *files;
    const struct print_fact *identity; /* strip of each page; of a blank values may be absent */
    size_t nidentity;
    const struct print_signature *signatures; /* NULL: a line for each place */
    size_t nsignatures;
    const struct flow_field_view *history; /* of a record; only what was said more than once */
    size_t nhistory;
    const struct print_fact *corrections; /* and what was said of them */
    size_t ncorrections;
    int64_t date; /* of the record, or of the blank's making */
};

/* The document, in the arena; page gives the language. FAULT for want of memory. */
enum outcome form_print(struct print_document *out, struct page *p, const struct form_printing *in,
                        struct arena *arena, struct err *e);

#endif
