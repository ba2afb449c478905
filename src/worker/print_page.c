/* Pages: the strip at the head, the foot, and text between them. */
#include "worker/print_pdf.h"

/* The file of the face at weight 500 calls its family so. */
#define ID_FAMILY                                                                                  \
    "Atkinson Hyperlegible Mono ExtraLight Medium,Atkinson Hyperlegible Mono,monospace"

enum { HEAD_SIZE = 8, FOOT_SIZE = 8 };

double pdf_inner(const struct pdf *p)
{
    return p->width - 2 * PDF_MARGIN;
}

double pdf_bottom(const struct pdf *p)
{
    return p->height - PDF_MARGIN - PDF_FOOT;
}

double pdf_x(const struct pdf *p, double x, double width)
{
    return p->rtl ? p->width - x - width : x;
}

void pdf_begin_tag(struct pdf *p, const char *tag)
{
    if (p->ink)
        cairo_tag_begin(p->cr, tag, NULL);
}

void pdf_end_tag(struct pdf *p, const char *tag)
{
    if (p->ink)
        cairo_tag_end(p->cr, tag);
}

void pdf_rule(struct pdf *p, double x, double y, double width, double grey)
{
    if (!p->ink)
        return;
    cairo_set_source_rgb(p->cr, grey, grey, grey);
    cairo_set_line_width(p->cr, 0.6);
    cairo_move_to(p->cr, pdf_x(p, x, width), y);
    cairo_rel_line_to(p->cr, width, 0);
    cairo_stroke(p->cr);
    cairo_set_source_rgb(p->cr, 0, 0, 0);
}

/* --- text --- */

static PangoFontDescription *face_of(enum pdf_face face, double size)
{
    PangoFontDescription *d = pango_font_description_new();
    pango_font_description_set_family_static(
        d, face == PDF_ID ? ID_FAMILY : "Atkinson Hyperlegible Next,Noto Sans,sans");
    pango_font_description_set_weight(d, face == PDF_BOLD ? PANGO_WEIGHT_BOLD
                                         : face == PDF_ID ? PANGO_WEIGHT_MEDIUM
                                                          : PANGO_WEIGHT_NORMAL);
    pango_font_description_set_absolute_size(d, size * PANGO_SCALE);
    return d;
}

void pdf_set(struct pdf *p, struct str text, enum pdf_face face, double size, double width)
{
    PangoFontDescription *d = face_of(face, size);
    pango_layout_set_alignment(p->layout, PANGO_ALIGN_LEFT);
    pango_layout_set_font_description(p->layout, d);
    pango_layout_set_width(p->layout, width > 0 ? (int)(width * PANGO_SCALE) : -1);
    pango_layout_set_wrap(p->layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_text(p->layout, text.p ? text.p : "", (int)text.n);
    pango_font_description_free(d);
}

double pdf_set_height(struct pdf *p)
{
    PangoRectangle r;
    pango_layout_get_extents(p->layout, NULL, &r);
    return (double)r.height / PANGO_SCALE;
}

double pdf_set_width(struct pdf *p)
{
    PangoRectangle r;
    pango_layout_get_extents(p->layout, NULL, &r);
    return (double)r.width / PANGO_SCALE;
}

/* The box that the layout's lines are aligned in. */
static double box_width(struct pdf *p)
{
    const int width = pango_layout_get_width(p->layout);
    return width > 0 ? (double)width / PANGO_SCALE : pdf_set_width(p);
}

void pdf_put(struct pdf *p, double x, double y)
{
    if (!p->ink)
        return;
    cairo_move_to(p->cr, pdf_x(p, x, box_width(p)), y);
    pango_cairo_show_layout(p->cr, p->layout);
}

int pdf_lines(struct pdf *p)
{
    return pango_layout_get_line_count(p->layout);
}

int pdf_put_lines(struct pdf *p, double x, double y, double bottom, int line, double *height)
{
    PangoLayoutIter *at = pango_layout_get_iter(p->layout);
    double begin = 0;
    int i = 0;
    *height = 0;
    do {
        PangoRectangle r;
        if (i < line) {
            i++;
            continue;
        }
        pango_layout_iter_get_line_extents(at, NULL, &r);
        if (i == line)
            begin = (double)r.y / PANGO_SCALE;
        const double end = (double)(r.y + r.height) / PANGO_SCALE - begin;
        if (i > line && y + end > bottom) /* one line at least, or it would never end */
            break;
        *height = end;
        if (p->ink) {
            cairo_move_to(p->cr, pdf_x(p, x, box_width(p)) + (double)r.x / PANGO_SCALE,
                          y + (double)pango_layout_iter_get_baseline(at) / PANGO_SCALE - begin);
            pango_cairo_show_layout_line(p->cr, pango_layout_iter_get_line_readonly(at));
        }
        i++;
    } while (pango_layout_iter_next_line(at));
    pango_layout_iter_free(at);
    return i;
}

enum outcome pdf_flow(struct pdf *p, struct str text, enum pdf_face face, double size, double x,
                      double width, const char *tag)
{
    int line = 0;
    for (;;) {
        double height;
        TRY(pdf_need(p, size * 1.5));
        pdf_set(p, text, face, size, width); /* a page's foot used the layout */
        pdf_begin_tag(p, tag);
        line = pdf_put_lines(p, x, p->y, pdf_bottom(p), line, &height);
        pdf_end_tag(p, tag);
        p->y += height;
        if (line >= pdf_lines(p))
            return OK;
        TRY(pdf_page(p));
    }
}

/* --- head and foot --- */

static void put_strip(struct pdf *p)
{
    const size_t n = p->d->identity.n;
    double height = 0;
    p->y = PDF_MARGIN;
    for (size_t i = 0; i < n; i++) {
        const struct print_fact *f = &p->d->identity.p[i];
        const double width = pdf_inner(p) / (double)n;
        const double x = PDF_MARGIN + width * (double)i;
        pdf_set(p, f->label, PDF_TEXT, HEAD_SIZE - 1, width - PDF_GAP);
        const double label = pdf_set_height(p);
        pdf_put(p, x, p->y);
        pdf_set(p, f->value, f->id ? PDF_ID : PDF_BOLD, HEAD_SIZE + 1, width - PDF_GAP);
        pdf_put(p, x, p->y + label);
        if (label + pdf_set_height(p) > height)
            height = label + pdf_set_height(p);
    }
    if (n > 0) {
        p->y += height + 4;
        pdf_rule(p, PDF_MARGIN, p->y, pdf_inner(p), 0.5);
        p->y += PDF_GAP;
    }
    p->top = p->y;
}

/* "Page {n} of {m}". */
static struct str paging(struct pdf *p, struct buf *b)
{
    const struct str s = p->d->paging;
    for (size_t i = 0; i < s.n; i++) {
        const struct str rest = str_from(s, i);
        const bool n = str_starts(rest, S("{n}"));
        if (!n && !str_starts(rest, S("{m}"))) {
            buf_char(b, s.p[i]);
            continue;
        }
        buf_int(b, n ? p->page : p->pages);
        i += 2;
    }
    return buf_get(b);
}

static void put_foot(struct pdf *p)
{
    char text[200];
    struct buf b = buf_over(text, sizeof text);
    double y = pdf_bottom(p) + PDF_GAP;
    if (!p->ink)
        return;
    pdf_rule(p, PDF_MARGIN, y, pdf_inner(p), 0.5);
    y += 4;
    pdf_set(p, paging(p, &b), PDF_TEXT, FOOT_SIZE, 0);
    const double width = pdf_set_width(p);
    pdf_put(p, p->width - PDF_MARGIN - width, y);
    pdf_set(p, p->d->dated.n > 0 ? p->d->dated : p->d->footer, PDF_TEXT, FOOT_SIZE,
            pdf_inner(p) - width - PDF_GAP);
    pdf_put(p, PDF_MARGIN, y);
    y += FOOT_SIZE * 1.6;
    if (p->d->hash.n > 0) {
        const struct str line =
            arena_printf(p->arena, "%.*s %.*s", STR(p->d->hash_label), STR(p->d->hash));
        pdf_set(p, line, PDF_ID, FOOT_SIZE - 1, pdf_inner(p));
        pdf_put(p, PDF_MARGIN, y);
        y += FOOT_SIZE * 1.4;
    }
    if (p->d->dated.n > 0 && p->d->footer.n > 0) {
        pdf_set(p, p->d->footer, PDF_TEXT, FOOT_SIZE - 1, pdf_inner(p));
        pdf_put(p, PDF_MARGIN, y);
    }
}

enum outcome pdf_page(struct pdf *p)
{
    if (p->page > 0 && p->ink)
        cairo_show_page(p->cr);
    if (++p->page > PRINT_PAGES_MAX)
        return REFUSE(p->e, "print.too_long", { "what", S("5000") });
    put_foot(p);
    put_strip(p);
    return OK;
}

enum outcome pdf_need(struct pdf *p, double height)
{
    if (p->y + height <= pdf_bottom(p) || p->y <= p->top + 0.5)
        return OK;
    return pdf_page(p);
}
