/* The HTML of a page, byte by byte, as the tokenizer of the HTML standard would read it, in the
 * subset that leaves no doubt where an expression stands: quoted attributes, no inline script or
 * style (the Content-Security-Policy forbids them anyway), no elements whose content is raw text.
 * One function per place; each consumes what it knows and sets the next place. */
#include "tools/pagegen.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\t';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool in_list(const char *name, const char *const *list)
{
    for (; *list; list++) {
        if (strcmp(name, *list) == 0)
            return true;
    }
    return false;
}

/* Passes over n bytes, as HTML that is written. */
static void keep(struct pagegen *g, size_t n)
{
    page_literal(g, g->rest.p, n);
    g->line_ended = false;
    for (size_t i = 0; i < n; i++)
        g->line += g->rest.p[i] == '\n';
    g->rest = str_from(g->rest, n);
}

/* Appends to a name, in lower case. */
static void name_put(struct pagegen *g, char *name, char c)
{
    const size_t n = strlen(name);
    if (n + 1 >= PAGE_NAME_MAX)
        page_stop(g, "a name longer than %d bytes: shorten it", PAGE_NAME_MAX - 1);
    name[n] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    name[n + 1] = '\0';
}

/* What an attribute's value is read as, by its name. */
static enum attribute attribute_kind(const struct pagegen *g)
{
    static const char *const urls[] = {
        "href",        "src",        "action",     "formaction",     "poster",    "cite",
        "data",        "ping",       "background", "longdesc",       "manifest",  "xlink:href",
        "hx-get",      "hx-post",    "hx-put",     "hx-patch",       "hx-delete", "hx-push-url",
        "sse-connect", "ws-connect", "hx-sse",     "hx-replace-url", "usemap",    "codebase",
        NULL
    };
    /* A type of a script decides how the rest is read; the others hold lists of URLs, HTML, script
     * or expressions of their own. */
    static const char *const literals[] = { "srcset",        "imagesrcset", "srcdoc",
                                            "hx-vals",       "hx-vars",     "hx-headers",
                                            "hx-ext",        "hx-trigger",  "hx-request",
                                            "attributename", "values",      "to",
                                            "from",          "by",          NULL };
    const char *name = g->at.name;
    if (strcmp(name, "style") == 0)
        page_stop(g, "an inline style, which the server's policy forbids: use a class");
    if (strncmp(name, "on", 2) == 0 || strncmp(name, "hx-on", 5) == 0)
        page_stop(g, "%s is inline script, which the server's policy forbids: use a script file",
                  name);
    if (strcmp(name, "http-equiv") == 0)
        page_stop(g, "http-equiv: send a header instead");
    if (strcmp(name, "type") == 0 && strcmp(g->at.element, "script") == 0)
        return ATTRIBUTE_LITERAL;
    if (in_list(name, literals))
        return ATTRIBUTE_LITERAL;
    return in_list(name, urls) ? ATTRIBUTE_URL : ATTRIBUTE_PLAIN;
}

static void comment(struct pagegen *g)
{
    const int began = g->line;
    for (;;) {
        if (g->rest.n == 0) {
            g->line = began;
            page_stop(g, "the comment is not closed: end it with -->");
        }
        if (str_starts(g->rest, S("-->")))
            break;
        g->line += g->rest.p[0] == '\n';
        g->rest = str_from(g->rest, 1);
    }
    g->rest = str_from(g->rest, 3);
}

/* At a < in text. */
static void open_angle(struct pagegen *g)
{
    const char next = g->rest.n > 1 ? g->rest.p[1] : '\0';
    if (str_starts(g->rest, S("<!-- include:")) || str_starts(g->rest, S("<!-- page:")))
        page_stop(g, "page and include stand at the head: move it there");
    if (str_starts(g->rest, S("<!--"))) {
        comment(g);
    } else if (str_starts(g->rest, S("<!DOCTYPE html>"))) {
        keep(g, 15);
    } else if (next == '/' && g->rest.n > 2 && is_letter(g->rest.p[2])) {
        g->at.place = PLACE_CLOSE_TAG;
        g->at.element[0] = '\0';
        keep(g, 2);
    } else if (is_letter(next)) {
        g->at.place = PLACE_TAG_NAME;
        g->at.element[0] = '\0';
        g->at.tag++;
        g->json_type = g->script_source = false;
        keep(g, 1);
    } else if (next == '{') {
        page_stop(g, "an expression as the name of a tag: write the name");
    } else {
        page_stop(g, "a < that opens no tag: write &lt;");
    }
}

/* Runs of blanks that hold a line's end become that end, so that blocks leave no holes. */
static void text(struct pagegen *g)
{
    const char c = g->rest.p[0];
    if (c == '<') {
        open_angle(g);
        return;
    }
    if (!is_blank(c) || g->preserve) {
        keep(g, 1);
        return;
    }
    bool line_end = false;
    while (g->rest.n > 0 && is_blank(g->rest.p[0])) {
        line_end |= g->rest.p[0] == '\n';
        g->line += g->rest.p[0] == '\n';
        g->rest = str_from(g->rest, 1);
    }
    if (!line_end)
        page_literal(g, " ", 1);
    else if (!g->line_ended)
        page_literal(g, "\n", 1);
    g->line_ended = line_end;
}

/* The > of an opening tag: what follows it. */
static void tag_end(struct pagegen *g)
{
    static const char *const raw[] = { "style",     "xmp",  "noembed", "noframes",
                                       "plaintext", "base", NULL };
    const char *element = g->at.element;
    if (in_list(element, raw))
        page_stop(g, "<%s> is not allowed in a page: put styles into a file", element);
    keep(g, 1);
    g->at.place = PLACE_TEXT;
    if (strcmp(element, "script") == 0) {
        if (g->json_type == g->script_source)
            page_stop(g, "an inline script, which the server's policy forbids: give it a src, or "
                         "type=\"application/json\" for data");
        g->at.place = g->json_type ? PLACE_JSON : PLACE_SCRIPT;
    }
    if (strcmp(element, "pre") == 0 || strcmp(element, "textarea") == 0)
        g->preserve = true;
}

static void tag_name(struct pagegen *g)
{
    const char c = g->rest.p[0];
    if (is_letter(c) || (c >= '0' && c <= '9') || c == '-') {
        name_put(g, g->at.element, c);
        keep(g, 1);
    } else if (is_blank(c) || c == '/' || c == '>') {
        g->at.place = PLACE_TAG_TIGHT;
    } else if (c == '{') {
        page_stop(g, "an expression in the name of a tag: write the name");
    } else {
        page_stop(g, "%c in the name of a tag: use letters", c);
    }
}

static void close_tag(struct pagegen *g)
{
    const char c = g->rest.p[0];
    if (c == '>') {
        if (strcmp(g->at.element, "pre") == 0 || strcmp(g->at.element, "textarea") == 0)
            g->preserve = false;
        g->at.place = PLACE_TEXT;
    } else if (is_letter(c) || (c >= '0' && c <= '9') || c == '-') {
        name_put(g, g->at.element, c);
    } else {
        page_stop(g, "a closing tag holds only its name: end it with >");
    }
    keep(g, 1);
}

/* An attribute is over, with or without a value. */
static void attribute_end(struct pagegen *g)
{
    if (strcmp(g->at.name, "src") == 0)
        g->script_source = true;
    g->at.name[0] = '\0';
    g->at.place = PLACE_TAG_TIGHT;
}

static void tag(struct pagegen *g)
{
    const char c = g->rest.p[0];
    if (is_blank(c)) {
        keep(g, 1);
        g->at.place = PLACE_TAG;
    } else if (c == '>') {
        tag_end(g);
    } else if (str_starts(g->rest, S("/>"))) {
        if (strcmp(g->at.element, "script") == 0)
            page_stop(g, "a script closed by />, which HTML does not know: write </script>");
        keep(g, 1);
    } else if (g->at.place == PLACE_TAG_TIGHT) {
        page_stop(g, "no blank before the next attribute: put one");
    } else if (is_letter(c) || c == '_' || c == ':' || c == '@') {
        g->at.place = PLACE_NAME;
        g->at.name[0] = '\0';
        g->at.value++;
    } else {
        page_stop(g, "%c in a tag: attributes are written name=\"value\"", c);
    }
}

static void name(struct pagegen *g)
{
    const char c = g->rest.p[0];
    if (is_letter(c) || (c >= '0' && c <= '9') || strchr("_:.-@", c)) {
        name_put(g, g->at.name, c);
        keep(g, 1);
    } else if (c == '{' && !page_is_directive(g)) {
        page_stop(g, "an expression in the name of an attribute: write the name");
    } else if (is_blank(c) || c == '=' || c == '>' || c == '/' || c == '{') {
        g->at.attribute = attribute_kind(g);
        g->at.place = PLACE_NAME_END;
    } else {
        page_stop(g, "%c in the name of an attribute: write name=\"value\"", c);
    }
}

static void name_end(struct pagegen *g)
{
    size_t blanks = 0;
    while (blanks < g->rest.n && is_blank(g->rest.p[blanks]))
        blanks++;
    if (blanks < g->rest.n && g->rest.p[blanks] == '=') {
        keep(g, blanks + 1);
        g->at.place = PLACE_BEFORE_VALUE;
    } else {
        attribute_end(g);
    }
}

static void before_value(struct pagegen *g)
{
    const char c = g->rest.p[0];
    if (c != '"' && c != '\'' && !is_blank(c))
        page_stop(g, "an attribute without quotes: write %s=\"…\"", g->at.name);
    if (!is_blank(c)) {
        g->at.place = PLACE_VALUE;
        g->at.quote = c;
        g->at.url_begun = false;
        buf_cut(&g->prefix, 0);
    }
    keep(g, 1);
}

/* A literal URL is ours, but javascript: in one is always a mistake. */
static void check_scheme(struct pagegen *g)
{
    static const struct str known[] = { S("http:"), S("https:"), S("mailto:"), S("tel:") };
    const struct str url = buf_get(&g->prefix);
    size_t end = 0;
    while (end < url.n && !strchr(":/?#", url.p[end]))
        end++;
    if (end == url.n || url.p[end] != ':')
        return;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (str_starts(url, known[i]))
            return;
    }
    page_stop(g, "a URL of the scheme %.*s: use a path, http, https, mailto or tel", (int)end,
              url.p);
}

static void value(struct pagegen *g)
{
    const char c = g->rest.p[0];
    if (c == g->at.quote) {
        if (g->at.attribute == ATTRIBUTE_URL)
            check_scheme(g);
        if (strcmp(g->at.element, "script") == 0 && strcmp(g->at.name, "type") == 0)
            g->json_type = str_is(buf_get(&g->prefix), "application/json");
        keep(g, 1);
        attribute_end(g);
        return;
    }
    if (c == '<')
        page_stop(g, "a < in an attribute, perhaps its quote is not closed: write &lt;");
    buf_char(&g->prefix, c);
    g->at.url_begun = true;
    keep(g, 1);
}

static void script(struct pagegen *g)
{
    if (str_starts(g->rest, S("</script"))) {
        g->at.place = PLACE_CLOSE_TAG;
        g->at.element[0] = '\0';
        keep(g, 2);
    } else if (g->at.place == PLACE_JSON) {
        keep(g, 1);
    } else {
        page_stop(g, "content in a script with a src: move it into the file");
    }
}

static void step(struct pagegen *g)
{
    switch (g->at.place) {
    case PLACE_TEXT:
        text(g);
        return;
    case PLACE_TAG_NAME:
        tag_name(g);
        return;
    case PLACE_CLOSE_TAG:
        close_tag(g);
        return;
    case PLACE_TAG:
    case PLACE_TAG_TIGHT:
        tag(g);
        return;
    case PLACE_NAME:
        name(g);
        return;
    case PLACE_NAME_END:
        name_end(g);
        return;
    case PLACE_BEFORE_VALUE:
        before_value(g);
        return;
    case PLACE_VALUE:
        value(g);
        return;
    case PLACE_JSON:
    case PLACE_SCRIPT:
        script(g);
        return;
    }
}

/* Whether {…} may stand here; elsewhere the place's own function says what is wrong. */
static bool takes_directive(const struct pagegen *g)
{
    switch (g->at.place) {
    case PLACE_TEXT:
    case PLACE_VALUE:
    case PLACE_TAG:
    case PLACE_TAG_TIGHT:
        return true;
    case PLACE_JSON:
        return page_is_directive(g);
    default:
        return false;
    }
}

void page_html(struct pagegen *g)
{
    while (g->rest.n > 0) {
        if (g->rest.p[0] == '{' && takes_directive(g))
            page_directive(g);
        else
            step(g);
    }
    if (g->depth > 0) {
        g->line = g->blocks[g->depth - 1].line;
        page_stop(g, "the block is not closed: write {end}");
    }
    if (g->at.place != PLACE_TEXT)
        page_stop(g, "the page ends inside a tag or script: close it");
}
