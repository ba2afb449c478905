/* A document as part of a page. Its look, on the screen and on paper, is ui/vein.css's `.print`. */
#include "kernel/print.h"
#include "kernel/text.h"

static void open_tag(struct page *p, const char *tag, const char *class)
{
    buf_printf(p->b, class ? "<%s class=\"%s\">" : "<%s>", tag, class);
}

/* Of what people wrote, which runs as its own letters do. */
static void open_words(struct page *p, const char *tag, const char *class)
{
    buf_printf(p->b, class ? "<%s dir=\"auto\" class=\"%s\">" : "<%s dir=\"auto\">", tag, class);
}

static void close_tag(struct page *p, const char *tag)
{
    buf_printf(p->b, "</%s>", tag);
}

static void element(struct page *p, const char *tag, const char *class, struct str text)
{
    if (text.n == 0)
        return;
    open_tag(p, tag, class);
    page_put_text(p, text);
    close_tag(p, tag);
}

static void put_facts(struct page *p, const struct print_fact *facts, size_t n, const char *class)
{
    open_tag(p, "dl", class);
    for (size_t i = 0; i < n; i++) {
        buf_z(p->b, "<div>");
        element(p, "dt", NULL, facts[i].label);
        open_words(p, "dd", facts[i].id ? "id" : NULL);
        page_put_text(p, facts[i].value);
        buf_z(p->b, "</dd></div>");
    }
    close_tag(p, "dl");
}

static const char *cell_class(const struct print_column *c)
{
    return c->number ? "number" : c->id ? "id" : NULL;
}

static void put_table(struct page *p, const struct print_block *b)
{
    buf_z(p->b, "<div class=\"scroll\" tabindex=\"0\"><table>");
    element(p, "caption", NULL, b->text);
    buf_z(p->b, "<thead><tr>");
    for (size_t i = 0; i < b->columns.n; i++) {
        open_tag(p, "th", cell_class(&b->columns.p[i]));
        page_put_text(p, b->columns.p[i].title);
        buf_z(p->b, "</th>");
    }
    buf_z(p->b, "</tr></thead><tbody>");
    for (size_t r = 0; r < b->rows.n; r++) {
        open_tag(p, "tr",
                 b->rows.p[r].tone.n > 0 ? b->rows.p[r].tone.p[0] == 'w' ? "warn" : "stop" : NULL);
        for (size_t i = 0; i < b->rows.p[r].cells.n && i < b->columns.n; i++) {
            open_words(p, "td", cell_class(&b->columns.p[i]));
            page_put_text(p, b->rows.p[r].cells.p[i]);
            buf_z(p->b, "</td>");
        }
        buf_z(p->b, "</tr>");
    }
    buf_z(p->b, "</tbody></table></div>");
}

static void put_signatures(struct page *p, const struct print_block *b)
{
    for (size_t i = 0; i < b->signatures.n; i++) {
        const struct print_signature *s = &b->signatures.p[i];
        open_tag(p, "div", "signature");
        element(p, "p", "meaning", s->meaning);
        element(p, "p", s->name.n > 0 ? "name" : "line", s->name.n > 0 ? s->name : S("\u00a0"));
        element(p, "p", "soft", s->role);
        element(p, "p", "soft", s->time);
        element(p, "p", "hash", s->mark);
        close_tag(p, "div");
    }
}

/* Drawings are the markup that draw.h made, printed as it stands; an image is told by its words,
 * for the page's policy lets no inline image in. */
static void put_figure(struct page *p, const struct print_block *b)
{
    open_tag(p, "figure", NULL);
    if (b->drawing.n > 0) {
        buf_z(p->b, "<div class=\"scroll\" tabindex=\"0\">");
        page_put_html(p, (struct html){ b->drawing });
        buf_z(p->b, "</div>");
    }
    element(p, "figcaption", NULL, b->text.n > 0 ? b->text : b->alt);
    close_tag(p, "figure");
}

static void put_paragraphs(struct page *p, struct str text)
{
    while (text.p) {
        const size_t at = text.n;
        size_t end = at;
        for (size_t i = 0; i + 1 < text.n && end == at; i++)
            if (text.p[i] == '\n' && text.p[i + 1] == '\n')
                end = i;
        open_words(p, "p", NULL);
        page_put_text(p, (struct str){ text.p, end });
        close_tag(p, "p");
        text = end < at ? str_from(text, end + 2) : (struct str){ 0 };
    }
}

static void put_block(struct page *p, const struct print_block *b)
{
    static const char *const headings[] = { "h2", "h3", "h4" };
    if (str_is(b->kind, "heading")) {
        element(p, headings[b->level < 2 ? 0 : b->level > 2 ? 2 : 1], NULL, b->text);
    } else if (str_is(b->kind, "text")) {
        put_paragraphs(p, b->text);
    } else if (str_is(b->kind, "note")) {
        open_tag(p, "div",
                 b->tone.n == 0        ? "note"
                 : b->tone.p[0] == 'w' ? "note warn"
                                       : "note stop");
        put_paragraphs(p, b->text);
        close_tag(p, "div");
    } else if (str_is(b->kind, "facts")) {
        put_facts(p, b->facts.p, b->facts.n, "facts list");
    } else if (str_is(b->kind, "table")) {
        put_table(p, b);
    } else if (str_is(b->kind, "signatures")) {
        put_signatures(p, b);
    } else if (str_is(b->kind, "break")) {
        buf_z(p->b, "<div class=\"break\"></div>");
    } else {
        put_figure(p, b);
    }
}

void print_html(struct page *p, const struct print_document *d)
{
    buf_printf(p->b, "<article class=\"print\" dir=\"%s\" lang=\"",
               text_leftwards(d->language) ? "rtl" : "ltr");
    page_put_attribute(p, d->language);
    buf_z(p->b, "\">");
    element(p, "p", "soft", d->organisation);
    element(p, "h1", NULL, d->title);
    element(p, "p", "lede", d->subtitle);
    put_facts(p, d->identity.p, d->identity.n, "facts strip");
    for (size_t i = 0; i < d->blocks.n; i++)
        put_block(p, &d->blocks.p[i]);
    buf_z(p->b, "<footer>");
    element(p, "p", NULL, d->dated);
    if (d->hash.n > 0) {
        open_tag(p, "p", "hash");
        page_put_text(p, d->hash_label);
        buf_char(p->b, ' ');
        page_put_text(p, d->hash);
        close_tag(p, "p");
    }
    element(p, "p", NULL, d->footer);
    buf_z(p->b, "</footer></article>");
}
