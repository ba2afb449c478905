/* pagegen IN.html OUT.h OUT.c: compiles a page to a C function; see src/kernel/page.h.
 *
 * The function is page_<name>(struct page *p, …). Its statements carry the lines of the page, so
 * that the compiler's complaint about an expression points into the HTML. */
#include "tools/pagegen.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

_Noreturn void page_stop(const struct pagegen *g, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fprintf(stderr, "%s:%d: ", g->file, g->line);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
    va_end(args);
    exit(1);
}

void page_literal(struct pagegen *g, const char *p, size_t n)
{
    if (g->literal.n == 0)
        g->literal_line = g->line;
    buf_put(&g->literal, p, n);
}

void page_indent(struct pagegen *g, size_t more)
{
    for (size_t i = 0; i <= g->depth + more; i++)
        buf_z(&g->out, "    ");
}

/* The lines of literal HTML as one C string each. */
void page_flush(struct pagegen *g)
{
    if (g->literal.n == 0)
        return;
    page_indent(g, 0);
    buf_z(&g->out, "page_put_literal(p, \"");
    struct str s = buf_get(&g->literal);
    for (size_t i = 0; i < s.n; i++) {
        const char c = s.p[i];
        if (c == '\n')
            buf_z(&g->out, "\\n");
        else if (c == '\t')
            buf_z(&g->out, "\\t");
        else if (c == '"' || c == '\\')
            buf_printf(&g->out, "\\%c", c);
        else
            buf_char(&g->out, c);
        if (c == '\n' && i + 1 < s.n) {
            buf_z(&g->out, "\"\n");
            page_indent(g, 0);
            buf_z(&g->out, "                 \"");
        }
    }
    buf_printf(&g->out, "\", %zu);\n", s.n);
    buf_cut(&g->literal, 0);
}

void page_statement(struct pagegen *g)
{
    page_flush(g);
    if (g->marked_line != g->line)
        buf_printf(&g->out, "#line %d \"%s\"\n", g->line, g->file);
    g->marked_line = g->line;
    page_indent(g, 0);
}

static struct str read_source(const char *path)
{
    static char source[PAGE_SOURCE_MAX + 1];
    const struct pagegen g = { .file = path };
    FILE *f = fopen(path, "rb");
    if (!f)
        page_stop(&g, "cannot be opened");
    const size_t n = fread(source, 1, sizeof source, f);
    if (ferror(f) || n > PAGE_SOURCE_MAX)
        page_stop(&g, "cannot be read, or is larger than %d bytes", PAGE_SOURCE_MAX);
    (void)fclose(f);
    const struct str s = { .p = source, .n = n };
    if (!str_utf8_valid(s))
        page_stop(&g, "is not UTF-8: save it so");
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)source[i] < ' ' && source[i] != '\n' && source[i] != '\t')
            page_stop(&g, "a control character (perhaps CR): save it with LF lines");
    }
    return s;
}

/* One line "<!-- what: content -->" of the head; absent when the line at hand is another. */
static struct str head_line(struct pagegen *g, struct str what)
{
    struct str after = g->rest;
    struct str line = str_trim(str_cut(&after, '\n'));
    if (!str_starts(line, what))
        return (struct str){ 0 };
    if (!str_ends(line, S("-->")))
        page_stop(g, "the comment does not end on its line: end it with -->");
    g->line++;
    g->rest = after;
    line = str_from(line, what.n);
    line.n -= 3;
    return str_trim(line);
}

struct head {
    struct str name;
    struct str params;
    struct buf includes;
};

static void read_head(struct pagegen *g, struct head *h)
{
    const struct str page = head_line(g, S("<!-- page:"));
    const size_t open = str_find(page, '(');
    if (!page.p || open == page.n || page.p[page.n - 1] != ')') {
        g->line = 1;
        page_stop(g, "the first line does not name the page: write <!-- page: name (params) -->");
    }
    h->name = str_trim((struct str){ .p = page.p, .n = open });
    h->params = str_trim((struct str){ .p = page.p + open + 1, .n = page.n - open - 2 });
    for (size_t i = 0; i < h->name.n; i++) {
        const char c = h->name.p[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_')
            page_stop(g, "%.*s is no name of a page: use a-z, 0-9 and _", STR(h->name));
    }
    if (h->name.n == 0)
        page_stop(g, "the page has no name: write <!-- page: name (params) -->");
    for (;;) {
        const struct str include = head_line(g, S("<!-- include:"));
        if (!include.p)
            break;
        if (include.n < 3 || include.p[0] != '"' || include.p[include.n - 1] != '"')
            page_stop(g, "an include without quotes: write <!-- include: \"a/b.h\" -->");
        buf_printf(&h->includes, "#include %.*s\n", STR(include));
    }
}

static void write_signature(struct buf *b, const struct head *h)
{
    buf_printf(b, "void page_%.*s(struct page *p%s%.*s)", STR(h->name), h->params.n > 0 ? ", " : "",
               STR(h->params));
}

static void save(const char *path, const struct buf *b)
{
    const struct pagegen g = { .file = path };
    FILE *f = buf_ok(b) ? fopen(path, "wb") : NULL;
    if (!f)
        page_stop(&g, "cannot be written, or the page is too large");
    (void)fwrite(b->p, 1, b->n, f);
    if (ferror(f) | fclose(f))
        page_stop(&g, "cannot be written");
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        (void)fputs("usage: pagegen IN.html OUT.h OUT.c\n", stderr);
        return 2;
    }
    struct pagegen g = { .file = argv[1],
                         .rest = read_source(argv[1]),
                         .line = 1,
                         .prefix = buf_new(PAGE_NAME_MAX),
                         .literal = buf_new(PAGE_SOURCE_MAX),
                         .out = buf_new(PAGE_OUT_MAX) };
    struct head h = { .includes = buf_new(PAGE_SOURCE_MAX) };
    read_head(&g, &h);

    struct buf header = buf_new(PAGE_OUT_MAX);
    buf_printf(&header,
               "/* Made by tools/pagegen from %s; change that. */\n"
               "#ifndef VEIN_PAGE_%.*s\n#define VEIN_PAGE_%.*s\n\n"
               "#include \"kernel/page.h\"\n%.*s\n",
               base_name(argv[1]), STR(h.name), STR(h.name), STR(buf_get(&h.includes)));
    write_signature(&header, &h);
    buf_z(&header, ";\n\n#endif\n");

    buf_printf(&g.out,
               "/* Made by tools/pagegen from %s; change that. */\n"
               "#include \"%s\"\n\n",
               base_name(argv[1]), base_name(argv[2]));
    write_signature(&g.out, &h);
    buf_z(&g.out, "\n{\n");
    page_html(&g);
    page_flush(&g);
    buf_z(&g.out, "}\n");

    save(argv[2], &header);
    save(argv[3], &g.out);
    buf_free(&header);
    buf_free(&h.includes);
    buf_free(&g.prefix);
    buf_free(&g.literal);
    buf_free(&g.out);
    return 0;
}
