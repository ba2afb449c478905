/* Pages: tools/pagegen compiles pages/<name>.html into a C function that writes HTML into a buffer.
 * What is printed is escaped by where it stands; there is no way to print a string raw but the type
 * `struct html`, which only page functions make.
 *
 *   <!-- page: custody_unit (const struct custody_unit_view *v) -->     first line
 *   {= expr}              prints a C expression, escaped by context (text, quoted attribute, URL)
 *   {t key}               prints a text of the catalogue; {t key name=expr …} with parameters
 *   {tx expr}             prints the text whose key is a C expression (struct str)
 *   {if expr} … {elif expr} … {else} … {end}
 *   {for T *item : array, count} … {end}   item runs over &array[0] … &array[count - 1]
 *   {call page(args)}     prints another page function here; the page is passed first by itself
 *   {json expr}           inside <script type="application/json">: a struct str of JSON, with <, >,
 * & and U+2028/9 escaped {slot}                in a layout: where the body goes (see page_layout)
 *
 * {= …} in an attribute that holds a URL (href, src, action, formaction, hx-get, hx-post …) must be
 * a `struct str` or literal path: percent-encoded, and a scheme other than http/https is written as
 * "#". Anything else is a compile error with file and line: an unquoted attribute, an expression
 * inside a tag or attribute name, in <script>, <style> or an on… attribute, an unclosed block,
 * {raw}. Attribute that depends on a condition: {if expr} disabled{end} inside a tag is allowed
 * when it is literal. */
#ifndef VEIN_KERNEL_PAGE_H
#define VEIN_KERNEL_PAGE_H

#include "base/clock.h"
#include "base/quantity.h"
#include "kernel/text.h"

struct html {
    struct str markup;
};

/* What a page is written into and for whom. */
struct page {
    struct buf *b;
    struct str language;
    struct str csrf;   /* token of the session's forms; absent: no session */
    struct str person; /* name of who is signed in, for the bar; absent: nobody */
    struct str site;   /* name of the place they work at */
    struct str path;   /* of this request, to mark where one is in the navigation */
    int64_t now_us;
    bool fragment;    /* asked for by a script: no layout */
    struct html body; /* the layout's {slot} */
};

/* What {= expr} calls, chosen by the expression's type and the place it stands in. */
void page_put_text(struct page *p, struct str s);
void page_put_attribute(struct page *p, struct str s);
void page_put_url(struct page *p, struct str s);
void page_put_json(struct page *p, struct str s);
void page_put_html(struct page *p, struct html h);
void page_put_int(struct page *p, int64_t v);
void page_put_literal(struct page *p, const char *s, size_t n);
void page_put_message(struct page *p, struct str key, const struct text_param *params, size_t n,
                      void (*put)(struct page *, struct str));

static inline struct str page_str_z(const char *z)
{
    return str_z(z);
}
static inline struct str page_str_s(struct str s)
{
    return s;
}

/* For pages: a time as "22 Nov 2026, 09:30 UTC", a duration as "2 h 10 min", a quantity with its
 * unit as people write it, an identifier shortened to its last 8 characters. */
struct str page_time(struct page *p, int64_t us, struct arena *a);
struct str page_duration(struct page *p, int64_t us, struct arena *a);
struct str page_quantity(struct page *p, struct quantity q, struct arena *a);

#endif
