/* The program vein-print: documents in, PDF out. */
#include <cairo-pdf.h>

#include "kernel/text.h"
#include "worker/print_pdf.h"

static cairo_status_t take(void *context, const unsigned char *data, unsigned n)
{
    struct buf *out = context;
    if (out)
        buf_put(out, data, n);
    return !out || buf_ok(out) ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

static void set_metadata(struct pdf *p)
{
    char date[CLOCK_TEXT_LENGTH + 1] = "";
    struct buf b = buf_over(date, CLOCK_TEXT_LENGTH);
    clock_write(&b, p->d->date);
    memcpy(date + 19, "Z", 2); /* without fractions */
    const char *title = arena_str(p->arena, p->d->title).p;
    cairo_pdf_surface_set_metadata(p->surface, CAIRO_PDF_METADATA_TITLE, title);
    if (p->d->organisation.n > 0)
        cairo_pdf_surface_set_metadata(p->surface, CAIRO_PDF_METADATA_AUTHOR,
                                       arena_str(p->arena, p->d->organisation).p);
    cairo_pdf_surface_set_metadata(p->surface, CAIRO_PDF_METADATA_CREATOR, "vein");
    cairo_pdf_surface_set_metadata(p->surface, CAIRO_PDF_METADATA_CREATE_DATE, date);
    cairo_pdf_surface_set_metadata(p->surface, CAIRO_PDF_METADATA_MOD_DATE, date);
}

static void set_page(struct pdf *p)
{
    const bool letter = p->d->paper.n > 0 && str_is(p->d->paper, "letter");
    p->width = letter ? 612 : 595.276;
    p->height = letter ? 792 : 841.89;
    if (p->d->wide) {
        const double width = p->width;
        p->width = p->height;
        p->height = width;
    }
    p->rtl = text_leftwards(p->d->language);
}

static void set_context(struct pdf *p)
{
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    p->context = pango_cairo_create_context(p->cr);
    pango_cairo_context_set_font_options(p->context, options);
    pango_context_set_round_glyph_positions(p->context, FALSE);
    pango_cairo_context_set_resolution(p->context, 72);
    pango_context_set_language(p->context,
                               pango_language_from_string(arena_str(p->arena, p->d->language).p));
    pango_context_set_base_dir(p->context, p->rtl ? PANGO_DIRECTION_RTL : PANGO_DIRECTION_LTR);
    cairo_font_options_destroy(options);
    p->layout = pango_layout_new(p->context);
}

/* One turn: without `out` it counts pages only. */
static enum outcome turn(struct pdf *p, struct buf *out)
{
    p->surface = cairo_pdf_surface_create_for_stream(take, out, p->width, p->height);
    p->cr = cairo_create(p->surface);
    p->ink = out != NULL;
    p->page = 0;
    p->row = 0;
    if (out)
        set_metadata(p);
    set_context(p);
    pdf_begin_tag(p, "Document");
    enum outcome o = pdf_page(p);
    if (o == OK)
        o = pdf_blocks(p);
    if (o == OK && p->ink)
        pdf_end_tag(p, "Document");
    p->pages = p->page;
    g_object_unref(p->layout);
    g_object_unref(p->context);
    cairo_destroy(p->cr);
    cairo_surface_finish(p->surface);
    const cairo_status_t status = cairo_surface_status(p->surface);
    cairo_surface_destroy(p->surface);
    if (o == OK && status != CAIRO_STATUS_SUCCESS && out && !buf_ok(out))
        return REFUSE(p->e, "print.too_long", { "what", S("64 MiB") });
    if (o == OK && status != CAIRO_STATUS_SUCCESS)
        return err_fault(p->e, "print.cairo", "%s", cairo_status_to_string(status));
    return o;
}

static enum outcome run(struct bytes in, struct buf *out, struct arena *arena, struct err *e)
{
    struct print_document d;
    struct err why = { 0 };
    const enum outcome o = print_decode(&d, (struct str){ (const char *)in.p, in.n }, arena, &why);
    if (o == REFUSED)
        return REFUSE(e, "print.malformed", { "what", str_z(why.code) });
    if (o == FAULT)
        return err_fault(e, why.code, "%s", why.detail);
    struct pdf p = { .d = &d, .arena = arena, .e = e };
    size_t rows = 0;
    for (size_t i = 0; i < d.blocks.n; i++)
        rows += d.blocks.p[i].rows.n;
    p.heights = ARENA_ARRAY(arena, rows + 1, double);
    if (!p.heights)
        return err_no_memory(e);
    set_page(&p);
    TRY(turn(&p, NULL));
    return turn(&p, out);
}

int main(int argc, char **argv)
{
    const struct worker_program program = { &print_kind, run, pdf_fonts };
    return worker_main(&program, argc, argv);
}
