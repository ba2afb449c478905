/* Tables: columns by weight or content, the header on each page, rows whole where they fit. */
#include "worker/print_pdf.h"

enum { SIZE = 9, SAMPLE = 200 };

struct table {
    const struct print_block *b;
    double widths[PDF_COLUMNS_MAX]; /* with the space around the text */
    struct str titles[PDF_COLUMNS_MAX];
    double header; /* its height */
};

static enum pdf_face face_of(const struct table *t, size_t column, bool header)
{
    return header ? PDF_BOLD : t->b->columns.p[column].id ? PDF_ID : PDF_TEXT;
}

static void set_cell(struct pdf *p, const struct table *t, size_t i, struct str text, bool header)
{
    pdf_set(p, text, face_of(t, i, header), SIZE, t->widths[i] - 2 * PDF_CELL);
    if (t->b->columns.p[i].number)
        pango_layout_set_alignment(p->layout, PANGO_ALIGN_RIGHT);
}

/* The wish of a column: its weight, or the widest of its first texts, at most 40 % of the page. */
static double wish(struct pdf *p, const struct table *t, size_t i)
{
    const struct print_column *c = &t->b->columns.p[i];
    if (c->weight != INT_NONE)
        return (double)c->weight;
    pdf_set(p, c->title, PDF_BOLD, SIZE, 0);
    double most = pdf_set_width(p);
    for (size_t r = 0; r < t->b->rows.n && r < SAMPLE; r++) {
        pdf_set(p, t->b->rows.p[r].cells.p[i], face_of(t, i, false), SIZE, 0);
        most = pdf_set_width(p) > most ? pdf_set_width(p) : most;
    }
    most += 2 * PDF_CELL + 1;
    return most > pdf_inner(p) * 0.4 ? pdf_inner(p) * 0.4 : most;
}

static void set_widths(struct pdf *p, struct table *t)
{
    double sum = 0;
    for (size_t i = 0; i < t->b->columns.n; i++) {
        t->widths[i] = wish(p, t, i);
        sum += t->widths[i];
    }
    for (size_t i = 0; i < t->b->columns.n; i++)
        t->widths[i] = t->widths[i] / sum * pdf_inner(p);
}

/* The height of a row, and of its tallest first line. */
static double row_height(struct pdf *p, const struct table *t, const struct str *cells, bool header)
{
    double most = 0;
    for (size_t i = 0; i < t->b->columns.n; i++) {
        set_cell(p, t, i, cells[i], header);
        const double own = pdf_set_height(p);
        most = own > most ? own : most;
    }
    return most + 2 * PDF_CELL;
}

/* Puts what fits of a row, from the lines on that each cell has come to; true when it is done. */
static bool put_part(struct pdf *p, const struct table *t, const struct str *cells, bool header,
                     int *lines)
{
    double x = PDF_MARGIN;
    double most = 0;
    bool done = true;
    for (size_t i = 0; i < t->b->columns.n; i++) {
        double height = 0;
        set_cell(p, t, i, cells[i], header);
        if (lines[i] < pdf_lines(p)) {
            pdf_begin_tag(p, header ? "TH" : "TD");
            lines[i] = pdf_put_lines(p, x + PDF_CELL, p->y + PDF_CELL, pdf_bottom(p) - PDF_CELL,
                                     lines[i], &height);
            pdf_end_tag(p, header ? "TH" : "TD");
        }
        done = done && lines[i] >= pdf_lines(p);
        most = height > most ? height : most;
        x += t->widths[i];
    }
    p->y += most + 2 * PDF_CELL;
    return done;
}

static void put_header(struct pdf *p, const struct table *t)
{
    int lines[PDF_COLUMNS_MAX] = { 0 };
    if (p->ink) {
        cairo_set_source_rgb(p->cr, 0.91, 0.91, 0.91);
        cairo_rectangle(p->cr, PDF_MARGIN, p->y, pdf_inner(p), t->header);
        cairo_fill(p->cr);
        cairo_set_source_rgb(p->cr, 0, 0, 0);
    }
    pdf_begin_tag(p, "TR");
    (void)put_part(p, t, t->titles, true, lines);
    pdf_end_tag(p, "TR");
    pdf_rule(p, PDF_MARGIN, p->y, pdf_inner(p), 0);
}

/* A row that matters is marked at its side; the word stands in a cell. */
static void put_tone(struct pdf *p, const struct print_row *row, double y)
{
    const double width = row->tone.n == 0 ? 0 : str_is(row->tone, "warn") ? 1.5 : 3;
    if (!p->ink || width == 0)
        return;
    cairo_rectangle(p->cr, pdf_x(p, PDF_MARGIN - 5, width), y, width, p->y - y);
    cairo_fill(p->cr);
}

/* Measured in the first turn, remembered for the second. */
static double known_height(struct pdf *p, const struct table *t, const struct print_row *row)
{
    double *height = &p->heights[p->row++];
    if (!p->ink)
        *height = row_height(p, t, row->cells.p, false);
    return *height;
}

static enum outcome put_row(struct pdf *p, const struct table *t, const struct print_row *row)
{
    int lines[PDF_COLUMNS_MAX] = { 0 };
    const double height = known_height(p, t, row);
    const double room = pdf_bottom(p) - p->top - t->header;
    const double needed = height <= room ? height : 4 * SIZE; /* taller than a page: broken */
    if (p->y + needed > pdf_bottom(p)) {
        TRY(pdf_page(p));
        put_header(p, t);
    }
    if (!p->ink && height <= room) {
        p->y += height;
        return OK;
    }
    for (;;) {
        const double y = p->y;
        pdf_begin_tag(p, "TR");
        const bool done = put_part(p, t, row->cells.p, false, lines);
        pdf_end_tag(p, "TR");
        put_tone(p, row, y);
        if (done)
            break;
        TRY(pdf_page(p));
        put_header(p, t);
    }
    pdf_rule(p, PDF_MARGIN, p->y, pdf_inner(p), 0.8);
    return OK;
}

enum outcome pdf_table(struct pdf *p, const struct print_block *b)
{
    struct table t = { .b = b };
    for (size_t i = 0; i < b->columns.n; i++)
        t.titles[i] = b->columns.p[i].title;
    set_widths(p, &t);
    t.header = row_height(p, &t, t.titles, true);
    if (t.header > (pdf_bottom(p) - p->top) / 2)
        return REFUSE(p->e, "print.malformed", { "what", S("columns") });
    const double first = b->rows.n > 0 ? row_height(p, &t, b->rows.p[0].cells.p, false) : 0;
    TRY(pdf_need(p, t.header + (first < 100 ? first : 100) + (b->text.n > 0 ? 20 : 0)));
    if (b->text.n > 0)
        TRY(pdf_flow(p, b->text, PDF_BOLD, SIZE + 1, PDF_MARGIN, pdf_inner(p), "P"));
    pdf_begin_tag(p, "Table");
    put_header(p, &t);
    for (size_t r = 0; r < b->rows.n; r++)
        TRY(put_row(p, &t, &b->rows.p[r]));
    pdf_end_tag(p, "Table");
    p->y += 12;
    return OK;
}
