/* Print: one description of a document (print.def), two renderings of it: HTML for the page, in
 * this process, and PDF, by pango and cairo in a worker (src/worker/print*.c).
 *
 * PDF. Pages of A4 or Letter; on each the identity strip, the document's number of pages ("Page 2
 * of 7"), date and the record's hash. Tables repeat their header row on each page; a row is never
 * broken where it fits on a page, a heading never stands alone at a page's foot. Words without a
 * break (identifiers, hashes) are broken anywhere rather than run out. Text runs as its script
 * does; with a language of Arabic, Hebrew, Persian or Urdu the page itself is mirrored. The same
 * description gives the same bytes, on machines with the same fonts and libraries: dates are the
 * document's, never the clock's.
 *
 * Fonts are embedded as subsets: Atkinson Hyperlegible, as ui/ ships it, for Latin; what else
 * fontconfig finds for other scripts (fonts-noto-core on Debian covers them); where there is none a
 * box with the code stands for each letter.
 *
 * What the PDF is not: PDF/A. It has what PDF/A asks for that cairo 1.16 can write (all fonts
 * embedded, no script, no encryption, nothing outside, title and date, structure tags, bookmarks);
 * it lacks the XMP packet, the output intent and the document's language, and is not validated.
 *
 * On the page images are told by their words only: the page's policy lets no inline image in. */
#ifndef VEIN_KERNEL_PRINT_H
#define VEIN_KERNEL_PRINT_H

#include "kernel/page.h"
#include "kernel/worker.h"

enum {
    PRINT_BLOCKS_MAX = 4000,
    PRINT_ROWS_MAX = 20000,
    PRINT_PAGES_MAX = 5000, /* of one PDF; beyond: REFUSED "print.too_long" */
    PRINT_IN_MAX = 32 << 20,
    PRINT_OUT_MAX = 64 << 20,
};

#define RECORDS "kernel/print.def"
#include "base/record_structs.h"
#undef RECORDS

extern const struct worker_kind print_kind; /* "print", for workers_options.kinds */

/* --- writing one: append freely, check once --- */

struct print_table_row {
    const struct str *cells;
    const char *tone; /* NULL, "warn", "stop" */
};
struct print; /* a document being written, in an arena */

/* Begins. Texts are copied into the arena; `head` gives all but blocks and identity, which are
 * taken as they stand. */
struct print *print_new(struct arena *arena, const struct print_document *head);
void print_identity(struct print *p, struct str label, struct str value, bool id);
void print_heading(struct print *p, int level, struct str text);
void print_text(struct print *p, struct str text); /* paragraphs stand between LF LF */
void print_note(struct print *p, const char *tone, struct str text);
/* Facts follow each other until something else is written. */
void print_fact(struct print *p, struct str label, struct str value, bool id);
/* A table: columns, then rows of as many cells. */
void print_table(struct print *p, struct str caption, const struct print_column *columns, size_t n);
void print_row(struct print *p, const char *tone, const struct str *cells);
void print_drawing(struct print *p, struct html drawing, struct str alt, struct str caption);
void print_image(struct print *p, struct bytes png, struct str alt, struct str caption);
/* Signatures follow each other, too. */
void print_signature(struct print *p, const struct print_signature *s);
void print_break(struct print *p);
/* The whole; REFUSED "print.too_long" {what} when a bound was passed, FAULT for want of memory. */
enum outcome print_done(const struct print_document **out, struct print *p, struct err *e);

/* --- rendering --- */

/* Into the page: an <article class="print"> with the same parts in the same order. */
void print_html(struct page *p, const struct print_document *d);

/* As the worker reads it; REFUSED "print.too_long" {what} beyond PRINT_IN_MAX. */
enum outcome print_encode(struct buf *out, const struct print_document *d, struct err *e);
/* And reads it back, in the worker; bytes from outside, every bound of print.def checked. Refusals
 * of json.h and record.h; "print.malformed" {what} for a table whose rows are not as wide as its
 * columns, an unknown kind of block, and their like. */
enum outcome print_decode(struct print_document *out, struct str text, struct arena *arena,
                          struct err *e);

/* Queues it: `done` gets the PDF. REFUSED as print_encode and workers_submit. The encoded form
 * lives in the arena, which must outlive `done`. */
enum outcome print_submit(struct workers *w, const struct print_document *d, struct arena *arena,
                          worker_done_fn *done, void *context, struct err *e);

#endif
