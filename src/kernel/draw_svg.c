/* SVG, written with the escaping of pages. */
#include "kernel/draw_impl.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const states[] = { "idle", "open", "done", "warn", "stop" };

const char *svg_state(enum draw_state state)
{
    BUG_ON(state > DRAW_STOP);
    return states[state];
}

void svg_format(struct page *p, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    BUG_ON(n < 0 || (size_t)n >= sizeof text);
    buf_put(p->b, text, (size_t)n);
}

void svg_begin(struct page *p, const char *kind, struct svg_size size, bool leads, struct str title)
{
    svg_format(p,
               "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"draw %s\" role=\"%s\" "
               "width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\"><title>",
               kind, leads ? "group" : "img", size.width, size.height, size.width, size.height);
    page_put_text(p, title);
    buf_z(p->b, "</title>");
}

void svg_end(struct page *p)
{
    buf_z(p->b, "</svg>");
}

void svg_group(struct page *p, const char *kind, enum draw_state state, struct str href)
{
    if (href.n > 0) {
        buf_z(p->b, "<a href=\"");
        page_put_url(p, href);
        buf_z(p->b, "\">");
    }
    svg_format(p, "<g class=\"%s %s\">", kind, svg_state(state));
}

void svg_group_end(struct page *p, struct str href)
{
    buf_z(p->b, href.n > 0 ? "</g></a>" : "</g>");
}

void svg_title(struct page *p, struct str label, struct str detail, struct str word)
{
    buf_z(p->b, "<title>");
    page_put_text(p, label);
    if (detail.n > 0) {
        buf_z(p->b, ", ");
        page_put_text(p, detail);
    }
    if (word.n > 0) {
        buf_z(p->b, ": ");
        page_put_text(p, word);
    }
    buf_z(p->b, "</title>");
}

size_t svg_letters(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += ((uint8_t)s.p[i] & 0xC0) != 0x80;
    return n;
}

size_t svg_bytes(struct str s, size_t letters)
{
    size_t i = 0;
    for (size_t n = 0; i < s.n; i++)
        if (((uint8_t)s.p[i] & 0xC0) != 0x80 && n++ == letters)
            break;
    return i;
}

void svg_text(struct page *p, int x, int y, const char *class, struct str text, size_t letters)
{
    const bool cut = svg_letters(text) > letters;
    svg_format(p, "<text x=\"%d\" y=\"%d\"", x, y);
    if (class)
        svg_format(p, " class=\"%s\"", class);
    buf_z(p->b, ">");
    page_put_text(p, cut ? (struct str){ text.p, svg_bytes(text, letters - 1) } : text);
    buf_z(p->b, cut ? "…</text>" : "</text>");
}

/* The same shapes as in ui/vein.css, in black. */
struct str draw_style(void)
{
    return S("svg{font-family:'Atkinson Hyperlegible Next',sans-serif;fill:none;stroke:#333}"
             "text{font-size:13px;fill:#111;stroke:none}"
             ".soft,.tick text{font-size:11px;fill:#555}"
             ".node rect,.span rect{fill:#fff;stroke:#333}"
             ".node text,.edge text{text-anchor:middle}"
             ".edge path{stroke:#555}.edge .head{fill:#555;stroke:none}"
             ".edge text{font-size:11px;fill:#333}"
             ".dashed path{stroke-dasharray:5 4}.box{stroke:#bbb}"
             ".done rect{fill:#e6e6e6}.open rect{stroke-width:2.5}"
             ".warn rect{stroke-dasharray:6 3;stroke-width:2}.stop rect{stroke-width:4}"
             ".tick line{stroke:#ddd}.lane line{stroke:#bbb}"
             ".point path{fill:#333}.now line{stroke:#000;stroke-width:2}");
}
