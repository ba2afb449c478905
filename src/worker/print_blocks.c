/* Blocks one after the other: headings, texts, notes, facts, signatures. */
#include <cairo-pdf.h>

#include "worker/print_pdf.h"

enum { BODY = 10 };

/* A bookmark, below the last heading of a higher level. */
static void bookmark(struct pdf *p, const struct print_block *b, int *parents)
{
    if (!p->ink)
        return;
    const char *link =
        arena_printf(p->arena, "page=%d pos=[%d %d]", p->page, PDF_MARGIN, (int)p->y).p;
    const char *text = arena_str(p->arena, b->text).p;
    const int level = (int)b->level;
    int parent = CAIRO_PDF_OUTLINE_ROOT;
    for (int i = 0; i < level; i++)
        parent = parents[i] > 0 ? parents[i] : parent;
    if (link && text)
        parents[level] = cairo_pdf_surface_add_outline(
            p->surface, parent, text, link, level == 1 ? CAIRO_PDF_OUTLINE_FLAG_OPEN : 0);
    for (int i = level + 1; i < 4; i++)
        parents[i] = 0;
}

/* How much of what follows a heading stands on its page at least. */
static double beginning(struct pdf *p, const struct print_block *b)
{
    if (!b)
        return 0;
    if (str_is(b->kind, "drawing"))
        return pdf_drawing_room(p, b);
    return (str_is(b->kind, "table") ? 10 : 5) * BODY; /* its head, and a row of a few lines */
}

static enum outcome heading(struct pdf *p, const struct print_block *b,
                            const struct print_block *next, int *parents)
{
    static const double sizes[] = { 10, 15, 12, 10.5 };
    static const char *const tags[] = { "H1", "H1", "H2", "H3" };
    const double size = sizes[b->level];
    p->y += p->y > p->top + 1 ? size : 0;
    pdf_set(p, b->text, PDF_BOLD, size, pdf_inner(p));
    const double height = pdf_set_height(p);
    TRY(pdf_need(p, height + beginning(p, next)));
    bookmark(p, b, parents);
    TRY(pdf_flow(p, b->text, PDF_BOLD, size, PDF_MARGIN, pdf_inner(p), tags[b->level]));
    p->y += 4;
    return OK;
}

static enum outcome paragraphs(struct pdf *p, struct str text, double x, double width)
{
    while (text.p) {
        size_t end = text.n;
        for (size_t i = 0; i + 1 < text.n && end == text.n; i++)
            if (text.p[i] == '\n' && text.p[i + 1] == '\n')
                end = i;
        TRY(pdf_flow(p, (struct str){ text.p, end }, PDF_TEXT, BODY, x, width, "P"));
        p->y += 6;
        text = end < text.n ? str_from(text, end + 2) : (struct str){ 0 };
    }
    return OK;
}

/* A note is told by its bar, which is the thicker the more it matters. */
static enum outcome note(struct pdf *p, const struct print_block *b)
{
    enum { INDENT = 12 };
    const double from = p->y;
    const int page = p->page;
    const double bar = b->tone.n == 0 ? 1.5 : str_is(b->tone, "warn") ? 3 : 6;
    TRY(paragraphs(p, b->text, PDF_MARGIN + INDENT, pdf_inner(p) - INDENT));
    const double top = p->page == page ? from : p->top;
    if (p->ink) {
        cairo_rectangle(p->cr, pdf_x(p, PDF_MARGIN, bar), top, bar, p->y - top - 6);
        cairo_fill(p->cr);
    }
    return OK;
}

enum outcome pdf_facts(struct pdf *p, const struct print_fact *facts, size_t n)
{
    const double label = pdf_inner(p) * 0.32;
    const double value = pdf_inner(p) - label - PDF_GAP;
    for (size_t i = 0; i < n; i++) {
        const enum pdf_face face = facts[i].id ? PDF_ID : PDF_TEXT;
        pdf_set(p, facts[i].value, face, BODY, value);
        const double height = pdf_set_height(p);
        TRY(pdf_need(p, height < pdf_bottom(p) - p->top ? height : 2 * BODY));
        pdf_begin_tag(p, "P");
        pdf_set(p, facts[i].label, PDF_BOLD, BODY - 1, label);
        const double own = pdf_set_height(p);
        pdf_put(p, PDF_MARGIN, p->y + 1);
        pdf_end_tag(p, "P");
        const double y = p->y;
        const int page = p->page;
        TRY(pdf_flow(p, facts[i].value, face, BODY, PDF_MARGIN + label + PDF_GAP, value, "P"));
        if (p->page == page && p->y < y + own)
            p->y = y + own;
        p->y += 3;
    }
    p->y += 5;
    return OK;
}

static enum outcome signature(struct pdf *p, const struct print_signature *s)
{
    const double half = pdf_inner(p) / 2;
    const bool by_hand = s->name.n == 0;
    TRY(pdf_need(p, by_hand ? 64 : 52));
    p->y += by_hand ? 30 : 2;
    const double x = PDF_MARGIN;
    if (by_hand)
        pdf_rule(p, x, p->y, half, 0);
    else
        TRY(pdf_flow(p, s->name, PDF_BOLD, BODY, x, pdf_inner(p), "P"));
    TRY(pdf_flow(p, s->meaning, PDF_TEXT, BODY, x, pdf_inner(p), "P"));
    const struct str parts[] = { s->role, s->time };
    for (size_t i = 0; i < 2; i++)
        if (parts[i].n > 0)
            TRY(pdf_flow(p, parts[i], PDF_TEXT, BODY - 1, x, pdf_inner(p), "P"));
    if (s->mark.n > 0)
        TRY(pdf_flow(p, s->mark, PDF_ID, BODY - 2, x, pdf_inner(p), "P"));
    p->y += 10;
    return OK;
}

static enum outcome title(struct pdf *p)
{
    if (p->d->organisation.n > 0)
        TRY(pdf_flow(p, p->d->organisation, PDF_TEXT, BODY, PDF_MARGIN, pdf_inner(p), "P"));
    TRY(pdf_flow(p, p->d->title, PDF_BOLD, 20, PDF_MARGIN, pdf_inner(p), "H1"));
    if (p->d->subtitle.n > 0)
        TRY(pdf_flow(p, p->d->subtitle, PDF_TEXT, 12, PDF_MARGIN, pdf_inner(p), "P"));
    p->y += 12;
    return OK;
}

static enum outcome block(struct pdf *p, const struct print_block *b,
                          const struct print_block *next, int *parents)
{
    if (str_is(b->kind, "heading"))
        return heading(p, b, next, parents);
    if (str_is(b->kind, "text"))
        return paragraphs(p, b->text, PDF_MARGIN, pdf_inner(p));
    if (str_is(b->kind, "note"))
        return note(p, b);
    if (str_is(b->kind, "facts"))
        return pdf_facts(p, b->facts.p, b->facts.n);
    if (str_is(b->kind, "table"))
        return pdf_table(p, b);
    if (str_is(b->kind, "break"))
        return p->y > p->top + 0.5 ? pdf_page(p) : OK;
    if (!str_is(b->kind, "signatures"))
        return pdf_figure(p, b);
    for (size_t i = 0; i < b->signatures.n; i++)
        TRY(signature(p, &b->signatures.p[i]));
    return OK;
}

enum outcome pdf_blocks(struct pdf *p)
{
    int parents[4] = { 0 };
    TRY(title(p));
    const struct print_block *blocks = p->d->blocks.p;
    const size_t n = p->d->blocks.n;
    for (size_t i = 0; i < n; i++)
        TRY(block(p, &blocks[i], i + 1 < n ? &blocks[i + 1] : NULL, parents));
    return OK;
}
