/* One {…} of a page as C. An expression is copied as it stands; what it may do is the compiler's to
 * say, with the page's line. Here only its end is found (the closing } outside brackets, strings
 * and characters, on the same line) and whether it may stand where it does. */
#include "tools/pagegen.h"

typedef void directive_fn(struct pagegen *g, struct str content);

static directive_fn print, message, message_of, block_if, block_elif, block_else, block_end,
    block_for, call, json, slot;

/* The word decides; content is what follows it, without blanks at its ends. */
static const struct {
    struct str word;
    bool content;
    directive_fn *run;
} directives[] = {
    { S("="), true, print },         { S("t"), true, message },
    { S("tx"), true, message_of },   { S("if"), true, block_if },
    { S("elif"), true, block_elif }, { S("else"), false, block_else },
    { S("end"), false, block_end },  { S("for"), true, block_for },
    { S("call"), true, call },       { S("json"), true, json },
    { S("slot"), false, slot },
};
enum { DIRECTIVES = sizeof directives / sizeof directives[0] };

/* Row of the directive that begins at the {, or DIRECTIVES. */
static size_t directive_find(struct str rest)
{
    for (size_t i = 0; i < DIRECTIVES; i++) {
        const struct str word = directives[i].word;
        const struct str after = str_from(rest, 1 + word.n);
        if (str_starts(str_from(rest, 1), word) && after.n > 0 &&
            (directives[i].content ? after.p[0] == ' ' : after.p[0] == '}'))
            return i;
    }
    return DIRECTIVES;
}

bool page_is_directive(const struct pagegen *g)
{
    return directive_find(g->rest) < DIRECTIVES;
}

/* Length of the C literal that begins at s with a quote, 0 when it does not end. */
static size_t literal_length(struct str s)
{
    for (size_t i = 1; i < s.n && s.p[i] != '\n'; i++) {
        if (s.p[i] == '\\')
            i++;
        else if (s.p[i] == s.p[0])
            return i + 1;
    }
    return 0;
}

/* Index of the first character of `stops` that stands outside brackets and literals, or s.n. A
 * closing bracket without its opening one ends the search, too. */
static size_t find_outside(const struct pagegen *g, struct str s, size_t from, const char *stops)
{
    int depth = 0;
    for (size_t i = from; i < s.n; i++) {
        const char c = s.p[i];
        if (c == '\n')
            return s.n;
        if (depth == 0 && strchr(stops, c))
            return i;
        if (c == '"' || c == '\'') {
            const size_t n = literal_length(str_from(s, i));
            if (n == 0)
                page_stop(g, "a string that does not end: close its quote");
            i += n - 1;
        } else if (strchr("([{", c)) {
            depth++;
        } else if (strchr(")]}", c) && --depth < 0) {
            page_stop(g, "a closing %c without its opening one", c);
        }
    }
    return s.n;
}

void page_directive(struct pagegen *g)
{
    const size_t row = directive_find(g->rest);
    const struct str word = row < DIRECTIVES ? directives[row].word : S("");
    if (row == DIRECTIVES)
        page_stop(g,
                  "a { that begins nothing known: write {= expr}, {t key}, {tx expr}, {if expr}, "
                  "{elif expr}, {else}, {end}, {for T *x : array, count}, {call page(args)}, "
                  "{json expr} or {slot}; for a brace &#123;");
    const size_t begin = 1 + word.n;
    const size_t end = find_outside(g, g->rest, begin, "}");
    if (end == g->rest.n)
        page_stop(g, "{%.*s …} does not end on its line: close it with }", STR(word));
    const struct str content = str_trim((struct str){ .p = g->rest.p + begin, .n = end - begin });
    if (directives[row].content && content.n == 0)
        page_stop(g, "{%.*s} holds nothing: write an expression", STR(word));
    g->rest = str_from(g->rest, end + 1);
    directives[row].run(g, content);
}

/* Before a statement that prints something. */
static void print_statement(struct pagegen *g)
{
    page_statement(g);
    g->line_ended = false;
}

/* What prints a string at this place; stops where none may be printed. */
static const char *printer(const struct pagegen *g, const char *text, const char *attribute,
                           const char *url)
{
    if (g->at.place == PLACE_TEXT)
        return text;
    if (g->at.place == PLACE_JSON)
        page_stop(g, "in a JSON block only {json expr} prints");
    if (g->at.place != PLACE_VALUE)
        page_stop(g, "an expression in a tag or in the name of an attribute: put it into a quoted "
                     "value");
    if (g->at.attribute == ATTRIBUTE_LITERAL)
        page_stop(g, "an expression in %s, which must be literal", g->at.name);
    if (g->at.attribute == ATTRIBUTE_URL) {
        if (!url)
            page_stop(g, "a text in %s, which holds a URL: use {= expr}", g->at.name);
        return url;
    }
    return attribute;
}

static void print(struct pagegen *g, struct str content)
{
    const char *macro =
        printer(g, "PAGE_TEXT", "PAGE_ATTRIBUTE", g->at.url_begun ? "PAGE_URL_PART" : "PAGE_URL");
    print_statement(g);
    buf_printf(&g->out, "%s(p, %.*s);\n", macro, STR(content));
    g->at.url_begun = true;
}

/* Position behind the name= of the next parameter at a blank outside brackets, or s.n. */
static size_t next_param(const struct pagegen *g, struct str s, size_t from)
{
    size_t blank = find_outside(g, s, from, " ");
    while (blank < s.n) {
        size_t i = blank;
        while (i < s.n && s.p[i] == ' ')
            i++;
        const size_t name = i;
        while (i < s.n && ((s.p[i] >= 'a' && s.p[i] <= 'z') || s.p[i] == '_'))
            i++;
        if (i > name && i + 1 < s.n && s.p[i] == '=' && s.p[i + 1] != '=')
            return name;
        blank = find_outside(g, s, blank + 1, " ");
    }
    return s.n;
}

static void message(struct pagegen *g, struct str content)
{
    const char *put = printer(g, "page_put_text", "page_put_attribute", NULL);
    const size_t key_end = str_find(content, ' ');
    for (size_t i = 0; i < key_end; i++) {
        const char c = content.p[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '.' && c != '_')
            page_stop(g, "%.*s is no key of a text: use a-z, 0-9, . and _, or {tx expr}",
                      (int)key_end, content.p);
    }
    size_t at = key_end < content.n ? next_param(g, content, key_end) : content.n;
    if (at == content.n && key_end < content.n)
        page_stop(g, "behind the key of a text stand name=expr: write them so");
    print_statement(g);
    buf_printf(&g->out, "page_put_message(p, S(\"%.*s\"), ", (int)key_end, content.p);
    if (at == content.n) {
        buf_printf(&g->out, "NULL, 0, %s);\n", put);
        return;
    }
    buf_z(&g->out, "(const struct text_param[]){\n");
    size_t count = 0;
    for (; at < content.n; count++) {
        const size_t equals = at + str_find(str_from(content, at), '=');
        const size_t next = next_param(g, content, equals + 1);
        const struct str expr =
            str_trim((struct str){ .p = content.p + equals + 1, .n = next - equals - 1 });
        if (expr.n == 0)
            page_stop(g, "a parameter without a value: write name=expr");
        page_indent(g, 2);
        buf_printf(&g->out, "{ \"%.*s\", PAGE_STR(%.*s) },\n", (int)(equals - at), content.p + at,
                   STR(expr));
        at = next;
    }
    page_indent(g, 1);
    buf_printf(&g->out, "}, %zu, %s);\n", count, put);
}

static void message_of(struct pagegen *g, struct str content)
{
    const char *put = printer(g, "page_put_text", "page_put_attribute", NULL);
    print_statement(g);
    buf_printf(&g->out, "page_put_message(p, %.*s, NULL, 0, %s);\n", STR(content), put);
}

static struct block *block_open(struct pagegen *g, bool loop)
{
    if (g->depth == PAGE_DEPTH_MAX)
        page_stop(g, "blocks more than %d deep: call another page", PAGE_DEPTH_MAX);
    const bool between = g->at.place == PLACE_TEXT || g->at.place == PLACE_JSON;
    if (!between && strcmp(g->at.element, "script") == 0)
        page_stop(g, "a block in the tag of a script: write two scripts");
    struct block *b = &g->blocks[g->depth];
    *b = (struct block){ .began = g->at,
                         .line = g->line,
                         .loop = loop,
                         .line_began = g->line_ended,
                         .line_ended = g->line_ended };
    return b;
}

static void block_if(struct pagegen *g, struct str content)
{
    (void)block_open(g, false);
    page_statement(g);
    buf_printf(&g->out, "if (%.*s) {\n", STR(content));
    g->depth++;
}

/* The block at hand; its branch must end where it began, or what is printed after it would stand
 * elsewhere than what it was escaped for. */
static struct block *block_here(struct pagegen *g, const char *what)
{
    if (g->depth == 0)
        page_stop(g, "{%s} without {if} or {for}", what);
    struct block *b = &g->blocks[g->depth - 1];
    const struct cursor *from = &b->began;
    const struct cursor *to = &g->at;
    const bool in_tag = from->place == PLACE_TAG || from->place == PLACE_TAG_TIGHT;
    bool same = from->place == to->place;
    if (in_tag)
        same = (to->place == PLACE_TAG || to->place == PLACE_TAG_TIGHT) && from->tag == to->tag;
    else if (from->place == PLACE_VALUE)
        same = same && from->value == to->value && from->tag == to->tag;
    if (!same)
        page_stop(g,
                  "a block that begins in line %d elsewhere in the HTML: end it where it began, "
                  "with its tags and quotes closed",
                  b->line);
    return b;
}

/* The next branch begins where the first did. */
static void branch(struct pagegen *g, struct block *b)
{
    page_flush(g);
    b->line_ended = b->line_ended && g->line_ended;
    g->line_ended = b->line_began;
    const bool url_begun = g->at.url_begun || b->began.url_begun;
    const unsigned value_number = g->at.value;
    const unsigned tag_number = g->at.tag;
    g->at = b->began;
    g->at.url_begun = url_begun;
    if (b->began.place != PLACE_VALUE) {
        g->at.value = value_number;
        g->at.tag = tag_number;
    }
    g->depth--;
    page_statement(g);
}

static void block_elif(struct pagegen *g, struct str content)
{
    struct block *b = block_here(g, "elif");
    if (b->loop || b->has_else)
        page_stop(g, "{elif} that belongs to no {if}");
    branch(g, b);
    buf_printf(&g->out, "} else if (%.*s) {\n", STR(content));
    g->depth++;
}

static void block_else(struct pagegen *g, struct str content)
{
    (void)content;
    struct block *b = block_here(g, "else");
    if (b->loop || b->has_else)
        page_stop(g, "{else} that belongs to no {if}");
    b->has_else = true;
    branch(g, b);
    buf_z(&g->out, "} else {\n");
    g->depth++;
}

static void block_end(struct pagegen *g, struct str content)
{
    (void)content;
    struct block *b = block_here(g, "end");
    const bool in_tag = b->began.place == PLACE_TAG || b->began.place == PLACE_TAG_TIGHT;
    branch(g, b);
    buf_z(&g->out, "}\n");
    g->line_ended = b->line_ended;
    if (in_tag)
        g->at.place = PLACE_TAG_TIGHT;
}

static void block_for(struct pagegen *g, struct str content)
{
    if (g->at.place != PLACE_TEXT && g->at.place != PLACE_VALUE && g->at.place != PLACE_JSON)
        page_stop(g, "a {for} in a tag: repeat whole tags or a quoted value");
    const size_t colon = find_outside(g, content, 0, ":");
    size_t comma = content.n;
    for (size_t i = colon; i < content.n; i++) {
        i = find_outside(g, content, i, ",");
        comma = i < content.n ? i : comma;
    }
    if (colon == content.n || comma == content.n)
        page_stop(g, "a {for} of another form: write {for T *item : array, count}");
    const struct str item = str_trim((struct str){ .p = content.p, .n = colon });
    const struct str array =
        str_trim((struct str){ .p = content.p + colon + 1, .n = comma - colon - 1 });
    const struct str count = str_trim(str_from(content, comma + 1));
    if (item.n == 0 || array.n == 0 || count.n == 0 || str_find(item, '*') == item.n)
        page_stop(g, "a {for} of another form: write {for T *item : array, count}");
    (void)block_open(g, true);
    g->line_ended = false;
    page_statement(g);
    const unsigned loop = ++g->loops;
    buf_printf(&g->out, "for (size_t i%u_ = 0, n%u_ = (size_t)(%.*s); i%u_ < n%u_; i%u_++) {\n",
               loop, loop, STR(count), loop, loop, loop);
    g->depth++;
    page_statement(g);
    buf_printf(&g->out, "%.*s = &(%.*s)[i%u_];\n", STR(item), STR(array), loop);
}

static void call(struct pagegen *g, struct str content)
{
    if (g->at.place != PLACE_TEXT)
        page_stop(g, "a {call} in a tag or script: call pages between tags");
    const size_t open = str_find(content, '(');
    if (open == content.n || open == 0 || content.p[content.n - 1] != ')')
        page_stop(g, "a {call} of another form: write {call page(args)}");
    const struct str args =
        str_trim((struct str){ .p = content.p + open + 1, .n = content.n - open - 2 });
    print_statement(g);
    buf_printf(&g->out, "page_%.*s(p%s%.*s);\n", (int)open, content.p, args.n > 0 ? ", " : "",
               STR(args));
}

static void json(struct pagegen *g, struct str content)
{
    if (g->at.place != PLACE_JSON)
        page_stop(g, "{json} outside <script type=\"application/json\">: use {= expr}");
    print_statement(g);
    buf_printf(&g->out, "page_put_json(p, %.*s);\n", STR(content));
}

static void slot(struct pagegen *g, struct str content)
{
    (void)content;
    if (g->at.place != PLACE_TEXT)
        page_stop(g, "a {slot} in a tag or script: put it between tags");
    print_statement(g);
    buf_z(&g->out, "page_put_html(p, p->body);\n");
}
