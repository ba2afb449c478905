/* The PDF being written: a cairo surface, a pango context, and where on which page we are. A
 * document is laid out twice: once without ink, to count the pages that each page's foot names. */
#ifndef VEIN_WORKER_PRINT_PDF_H
#define VEIN_WORKER_PRINT_PDF_H

#include <cairo.h>
#include <pango/pangocairo.h>

#include "kernel/draw.h"
#include "kernel/print.h"

/* Points (1/72 inch). */
enum {
    PDF_MARGIN = 48,
    PDF_FOOT = 46, /* above the lower margin, for the foot's lines */
    PDF_GAP = 8,
    PDF_CELL = 4, /* around a cell's text */
    PDF_COLUMNS_MAX = 24,
};

enum pdf_face { PDF_TEXT, PDF_BOLD, PDF_ID };

struct pdf {
    const struct print_document *d;
    struct arena *arena;
    cairo_surface_t *surface;
    cairo_t *cr;
    PangoContext *context;
    PangoLayout *layout; /* used for one text after the other */
    bool ink;            /* false: only counting pages */
    bool rtl;
    double width; /* of the page */
    double height;
    double y;
    double top;      /* of this page, below its strip */
    int page;        /* from 1 */
    int pages;       /* of the document, once counted */
    double *heights; /* of all rows of tables, in their order */
    size_t row;      /* the next of them */
    struct err *e;
};

/* The worker's fonts: those of ui/, from the program itself. Before the sandbox closes. */
enum outcome pdf_fonts(struct err *e);

double pdf_inner(const struct pdf *p);  /* width between the margins */
double pdf_bottom(const struct pdf *p); /* where the page's text ends */
/* Goes to the next page unless `height` more fits on this one, or nothing stands on it yet. */
enum outcome pdf_need(struct pdf *p, double height);
enum outcome pdf_page(struct pdf *p);

/* Sets the one layout: text, face, size in points, width in points (0: one line of any width). */
void pdf_set(struct pdf *p, struct str text, enum pdf_face face, double size, double width);
double pdf_set_height(struct pdf *p);
double pdf_set_width(struct pdf *p);
/* Puts it with its upper left corner at x, mirrored on a page of a script that runs leftwards. */
void pdf_put(struct pdf *p, double x, double y);
/* Lines of it from `line` on, as many as fit between y and `bottom`; gives the next line and how
 * high they were. */
int pdf_put_lines(struct pdf *p, double x, double y, double bottom, int line, double *height);
int pdf_lines(struct pdf *p);
/* Left edge of something `width` wide, on pages that are mirrored too. */
double pdf_x(const struct pdf *p, double x, double width);
void pdf_rule(struct pdf *p, double x, double y, double width, double grey);
void pdf_begin_tag(struct pdf *p, const char *tag);
void pdf_end_tag(struct pdf *p, const char *tag);

/* A text over as many pages as it takes. */
enum outcome pdf_flow(struct pdf *p, struct str text, enum pdf_face face, double size, double x,
                      double width, const char *tag);

/* Blocks (print_blocks.c, print_table.c, print_figure.c). */
enum outcome pdf_blocks(struct pdf *p);
enum outcome pdf_facts(struct pdf *p, const struct print_fact *facts, size_t n);
enum outcome pdf_table(struct pdf *p, const struct print_block *b);
/* How much room a drawing takes, or as much of a page as one makes do with; 0 for none. */
double pdf_drawing_room(struct pdf *p, const struct print_block *b);
enum outcome pdf_figure(struct pdf *p, const struct print_block *b);

#endif
