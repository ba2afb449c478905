/* pagegen: compiles a page (HTML with expressions) to C; what a page may hold is told in
 * src/kernel/page.h. Three parts: pagegen.c reads the head and writes the files, pagegen_html.c
 * follows the HTML and knows at each byte where it stands, pagegen_expr.c turns one {…} into C. */
#ifndef VEIN_TOOLS_PAGEGEN_H
#define VEIN_TOOLS_PAGEGEN_H

#include "base/buf.h"

enum { PAGE_SOURCE_MAX = 1 << 20, PAGE_OUT_MAX = 8 << 20, PAGE_DEPTH_MAX = 32, PAGE_NAME_MAX = 64 };

/* Where in the HTML a byte stands. */
enum place {
    PLACE_TEXT,         /* between tags */
    PLACE_TAG_NAME,     /* <na|me */
    PLACE_CLOSE_TAG,    /* </na|me> */
    PLACE_TAG,          /* inside a tag, behind a blank: an attribute may begin */
    PLACE_TAG_TIGHT,    /* inside a tag, behind an attribute: a blank must come first */
    PLACE_NAME,         /* of an attribute */
    PLACE_NAME_END,     /* behind a name and blanks, before a possible = */
    PLACE_BEFORE_VALUE, /* behind = */
    PLACE_VALUE,        /* inside quotes */
    PLACE_JSON,         /* in <script type="application/json"> */
    PLACE_SCRIPT,       /* in <script src="…">, which stays empty */
};

enum attribute {
    ATTRIBUTE_PLAIN,
    ATTRIBUTE_URL,
    ATTRIBUTE_LITERAL, /* takes no expression: style of reading it is not HTML's */
};

struct cursor {
    enum place place;
    enum attribute attribute;
    char quote;
    bool url_begun; /* something of the URL stands already: what follows is a part of it */
    unsigned tag;   /* number of the tag and of the attribute: blocks must end in */
    unsigned value; /* the one they began in */
    char element[PAGE_NAME_MAX];
    char name[PAGE_NAME_MAX]; /* of the attribute */
};

struct block {
    struct cursor began;
    int line;
    bool loop;
    bool has_else;
    bool line_began; /* a line's end was printed just before the block, */
    bool line_ended; /* and before the end of each of its branches so far */
};

struct pagegen {
    const char *file;
    struct str rest; /* what is not yet read */
    int line;
    struct cursor at;
    bool preserve;      /* in <pre> or <textarea>: blanks count */
    bool line_ended;    /* on every way here a line's end was printed last: none is needed */
    bool json_type;     /* of the script tag being read */
    bool script_source; /* it has a src */
    struct buf prefix;  /* what is literal of the value being read, to see a URL's scheme */
    struct block blocks[PAGE_DEPTH_MAX];
    size_t depth;
    struct buf literal; /* not yet written out */
    int literal_line;
    int marked_line; /* of the last #line */
    unsigned loops;
    struct buf out;
};

/* Says file:line: what: what to do, and ends the program with 1. */
_Noreturn void page_stop(const struct pagegen *g, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Appends HTML that is written as it stands. */
void page_literal(struct pagegen *g, const char *p, size_t n);

/* Writes pending HTML as a statement. */
void page_flush(struct pagegen *g);

/* Writes pending HTML, marks the line, and indents: a statement may follow in g->out. */
void page_statement(struct pagegen *g);

/* Indents for the depth at hand and some levels more. */
void page_indent(struct pagegen *g, size_t more);

/* Reads the page's body to its end. */
void page_html(struct pagegen *g);

/* At a {: whether one of ours begins here; in JSON other braces stand for themselves. */
bool page_is_directive(const struct pagegen *g);

/* At a {: reads it to its } and writes the C for it. */
void page_directive(struct pagegen *g);

#endif
