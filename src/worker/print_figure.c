/* Images and drawings, with their captions. */
#include <librsvg/rsvg.h>

#include "worker/print_pdf.h"

enum { CAPTION = 9, SIDE_MAX = 8000 };
#define MOST 0.7 /* of a page: a tall drawing makes do with it */

struct source {
    struct bytes left;
};

static cairo_status_t take(void *context, unsigned char *out, unsigned n)
{
    struct source *s = context;
    if (n > s->left.n)
        return CAIRO_STATUS_READ_ERROR;
    memcpy(out, s->left.p, n);
    s->left = (struct bytes){ s->left.p + n, s->left.n - n };
    return CAIRO_STATUS_SUCCESS;
}

/* What a PNG says of its size in its first chunk, before it is decoded into so much memory. */
static bool png_bounded(struct bytes png)
{
    if (png.n < 24 || memcmp(png.p, "\x89PNG\r\n\x1a\n", 8) != 0)
        return false;
    for (size_t at = 16; at < 24; at += 4) {
        const uint32_t side = (uint32_t)png.p[at] << 24 | (uint32_t)png.p[at + 1] << 16 |
                              (uint32_t)png.p[at + 2] << 8 | png.p[at + 3];
        if (side == 0 || side > SIDE_MAX)
            return false;
    }
    return true;
}

/* As large as it is, but no larger than the page; than what is left of this page where that is most
 * of it, so that a tall drawing below a title leaves no empty page. */
static double scale_of(const struct pdf *p, double width, double height)
{
    const double whole = pdf_bottom(p) - p->top;
    const double left = pdf_bottom(p) - p->y;
    const double room = (left > MOST * whole ? left : whole) - 5 * CAPTION;
    double scale = width > pdf_inner(p) ? pdf_inner(p) / width : 1;
    return height * scale > room ? room / height : scale;
}

static enum outcome place(struct pdf *p, double *scale, double width, double height)
{
    *scale = scale_of(p, width, height);
    return pdf_need(p, height * *scale + 4 * CAPTION);
}

static enum outcome image(struct pdf *p, const struct print_block *b)
{
    struct source s = { b->image };
    double scale;
    if (!png_bounded(b->image))
        return REFUSE(p->e, "print.malformed", { "what", S("image") });
    cairo_surface_t *png = cairo_image_surface_create_from_png_stream(take, &s);
    const double width = cairo_image_surface_get_width(png);
    const double height = cairo_image_surface_get_height(png);
    enum outcome o = cairo_surface_status(png) == CAIRO_STATUS_SUCCESS
                         ? place(p, &scale, width, height)
                         : REFUSE(p->e, "print.malformed", { "what", S("image") });
    if (o == OK && p->ink) {
        pdf_begin_tag(p, "Figure");
        cairo_save(p->cr);
        cairo_translate(p->cr, pdf_x(p, PDF_MARGIN, width * scale), p->y);
        cairo_scale(p->cr, scale, scale);
        cairo_set_source_surface(p->cr, png, 0, 0);
        cairo_paint(p->cr);
        cairo_restore(p->cr);
        pdf_end_tag(p, "Figure");
    }
    if (o == OK)
        p->y += height * scale + 4;
    cairo_surface_destroy(png);
    return o;
}

static enum outcome put_svg(struct pdf *p, RsvgHandle *svg)
{
    gdouble width;
    gdouble height;
    double scale;
    if (!rsvg_handle_get_intrinsic_size_in_pixels(svg, &width, &height) || width < 1 || height < 1)
        return REFUSE(p->e, "print.malformed", { "what", S("drawing") });
    TRY(place(p, &scale, width * 0.75, height * 0.75)); /* px to points */
    const RsvgRectangle at = {
        .x = pdf_x(p, PDF_MARGIN, width * 0.75 * scale),
        .y = p->y,
        .width = width * 0.75 * scale,
        .height = height * 0.75 * scale,
    };
    bool good = true;
    if (p->ink) {
        pdf_begin_tag(p, "Figure");
        good = rsvg_handle_render_document(svg, p->cr, &at, NULL);
        pdf_end_tag(p, "Figure");
    }
    p->y += at.height + 4;
    return good ? OK : REFUSE(p->e, "print.malformed", { "what", S("drawing") });
}

double pdf_drawing_room(struct pdf *p, const struct print_block *b)
{
    gdouble width;
    gdouble height;
    double room = 0;
    RsvgHandle *svg = rsvg_handle_new_from_data((const guint8 *)b->drawing.p, b->drawing.n, NULL);
    if (svg && rsvg_handle_get_intrinsic_size_in_pixels(svg, &width, &height) && width >= 1) {
        const double most = MOST * (pdf_bottom(p) - p->top);
        const double wide = width * 0.75;
        room = height * 0.75 * (wide > pdf_inner(p) ? pdf_inner(p) / wide : 1) + 5 * CAPTION;
        room = room < most ? room : most;
    }
    if (svg)
        g_object_unref(svg);
    return room;
}

static enum outcome drawing(struct pdf *p, const struct print_block *b)
{
    const struct str style = draw_style();
    RsvgHandle *svg = rsvg_handle_new_from_data((const guint8 *)b->drawing.p, b->drawing.n, NULL);
    if (!svg)
        return REFUSE(p->e, "print.malformed", { "what", S("drawing") });
    rsvg_handle_set_dpi(svg, 96);
    const bool styled = rsvg_handle_set_stylesheet(svg, (const guint8 *)style.p, style.n, NULL);
    const enum outcome o =
        styled ? put_svg(p, svg) : err_fault(p->e, "print.style", "draw_style is no style sheet");
    g_object_unref(svg);
    return o;
}

enum outcome pdf_figure(struct pdf *p, const struct print_block *b)
{
    TRY(str_is(b->kind, "drawing") ? drawing(p, b) : image(p, b));
    const struct str caption = b->text.n > 0 ? b->text : b->alt;
    if (caption.n > 0)
        TRY(pdf_flow(p, caption, PDF_TEXT, CAPTION, PDF_MARGIN, pdf_inner(p), "P"));
    p->y += 10;
    return OK;
}
