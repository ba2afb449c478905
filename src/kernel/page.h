/* Pages: tools/pagegen compiles pages/<name>.html into a C function that writes HTML into a buffer.
 * What is printed is escaped by where it stands; there is no way to print a string raw but the type
 * `struct html`, which only page functions make.
 *
 *   <!-- page: custody_unit (const struct custody_unit_view *v) -->     first line
 *   <!-- include: "modules/custody/custody.h" -->     lines after it: headers it needs
 *
 * makes void page_custody_unit(struct page *p, const struct custody_unit_view *v), declared in
 * "gen/custody/pages/<name>.html.h". Expressions may use p as well.
 *
 *   {= expr}              prints a C expression (struct str, const char *, integer; in text also
 *                         struct html), escaped by context (text, quoted attribute, URL)
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
#include "base/zone.h"
#include "kernel/text.h"

struct env;
struct words_spoken;

struct html {
    struct str markup;
};

/* Which pages the layout leads to: those that who is signed in may open. */
struct page_bar {
    bool orders;
    bool map;
    bool work;
    bool at_work; /* the page is of a task */
    bool deviations;
    bool definitions;
    bool ledger;
    bool operations;
    bool trail;
    bool looks;
    bool access;
    bool accounts;
    bool emergency;
};

/* What a page is written into and for whom. */
struct page {
    struct buf *b;
    struct str language;
    struct words_spoken *words; /* for what definitions say (words.h); NULL: as they do */
    struct str csrf;            /* token of the session's forms; absent: no session */
    struct str person;          /* name of who is signed in, for the bar; absent: nobody */
    struct str site;            /* name of the place they work at */
    const struct zone *zone;    /* of that place, in which times are shown; NULL: UTC */
    struct str theme;           /* the colours that the device asks for (display.h) */
    bool quiet;                 /* a stop makes no sound on this device */
    struct str path;            /* of this request, to mark where one is in the navigation */
    struct str back;            /* where one comes back to from elsewhere: what GET may ask for */
    int64_t now_us;
    struct str news;       /* http_news_token from before anything was read */
    struct str begun;      /* id of what the first paint waits for; absent: the page's end */
    const struct env *env; /* for the ids of forms */
    bool fragment;         /* asked for by a script: no layout */
    bool wall;             /* for a display on a wall: nothing leads elsewhere */
    int64_t lock_s;        /* without use, after which the session locks; 0: no session */
    int64_t unanswered;    /* notifications of who is signed in, for the bar */
    bool may_audit;        /* pages of things lead to their audit trail */
    struct page_bar bar;
    bool contradicted; /* a witness has seen another history of the log */
    struct html body;  /* the layout's {slot} */
};

/* What {= expr} calls, chosen by the expression's type and the place it stands in. INT64_MIN is an
 * absent number and prints nothing. Bytes that are no UTF-8, and control characters, are printed as
 * U+FFFD; of an end of a line as browsers send it, CR LF, the LF stays. */
void page_put_text(struct page *p, struct str s);
void page_put_attribute(struct page *p, struct str s);
void page_put_url(struct page *p, struct str s);
void page_put_url_part(struct page *p, struct str s);
void page_put_json(struct page *p, struct str s);
void page_put_html(struct page *p, struct html h);
void page_put_int(struct page *p, int64_t v);
void page_put_uint(struct page *p, uint64_t v);
void page_put_literal(struct page *p, const char *s, size_t n);
/* The text of a key; with its parameters at most PAGE_MESSAGE_MAX bytes, else the page fails. */
enum { PAGE_MESSAGE_MAX = 16384 };
void page_put_message(struct page *p, struct str key, const struct text_param *params, size_t n,
                      void (*put)(struct page *, struct str));

void page_put_text_z(struct page *p, const char *z);
void page_put_attribute_z(struct page *p, const char *z);
void page_put_url_z(struct page *p, const char *z);
void page_put_url_part_z(struct page *p, const char *z);

#define PAGE_INTEGERS                                                                              \
    signed char : page_put_int,                                                                    \
                  short : page_put_int,                                                            \
                          int : page_put_int,                                                      \
                                long : page_put_int,                                               \
                                       long long : page_put_int,                                   \
                                                   unsigned char : page_put_uint,                  \
                                                                   unsigned short : page_put_uint, \
                                                                                    unsigned       \
        : page_put_uint,                                                                           \
          unsigned long : page_put_uint,                                                           \
                          unsigned long long : page_put_uint
#define PAGE_TEXT(p, x)                                                                            \
    _Generic((x), struct str: page_put_text, struct html: page_put_html, char *: page_put_text_z,  \
             const char *: page_put_text_z, PAGE_INTEGERS)((p), (x))
#define PAGE_ATTRIBUTE(p, x)                                                                       \
    _Generic((x), struct str: page_put_attribute, char *: page_put_attribute_z,                    \
             const char *: page_put_attribute_z, PAGE_INTEGERS)((p), (x))
#define PAGE_URL(p, x)                                                                             \
    _Generic((x), struct str: page_put_url, char *: page_put_url_z, const char *: page_put_url_z,  \
             PAGE_INTEGERS)((p), (x))
#define PAGE_URL_PART(p, x)                                                                        \
    _Generic((x), struct str: page_put_url_part, char *: page_put_url_part_z,                      \
             const char *: page_put_url_part_z, PAGE_INTEGERS)((p), (x))

/* The value of a text's parameter: a struct str, a C string or an integer. */
enum { PAGE_DIGITS_MAX = 24 };
struct str page_str_s(char scratch[PAGE_DIGITS_MAX], struct str s);
struct str page_str_z(char scratch[PAGE_DIGITS_MAX], const char *z);
struct str page_str_int(char scratch[PAGE_DIGITS_MAX], int64_t v);
struct str page_str_uint(char scratch[PAGE_DIGITS_MAX], uint64_t v);
#define PAGE_STR(x)                                                                                \
    _Generic((x), struct str: page_str_s, char *: page_str_z, const char *: page_str_z,            \
             int: page_str_int, long: page_str_int, long long: page_str_int,                       \
             unsigned: page_str_uint, unsigned long: page_str_uint,                                \
             unsigned long long: page_str_uint)((char[PAGE_DIGITS_MAX]){ 0 }, (x))

/* What page functions wrote into p's buffer so far, as the body of a layout that is then printed
 * into another buffer. */
static inline struct html page_body(const struct page *p)
{
    return (struct html){ .markup = buf_get(p->b) };
}

/* For pages: a time as "22 Nov 2026, 10:30 CET", by the clock of the page's place, a duration as "2
 * h 10 min", a quantity with its unit as people write it, an identifier shortened to its last 8
 * characters. Absent values give empty text. */
struct str page_time(struct page *p, int64_t us, struct arena *a);
/* Days of a journey, of which the year goes without saying: "22 Nov", and from one to another
 * "22–24 Nov", "29 Nov–2 Dec". */
struct str page_day(struct page *p, int64_t us, struct arena *a);
struct str page_days(struct page *p, int64_t from, int64_t to, struct arena *a);
struct str page_duration(struct page *p, int64_t us, struct arena *a);
struct str page_quantity(struct page *p, struct quantity q, struct arena *a);
struct str page_decimal(struct page *p, struct decimal d, struct arena *a);
struct str page_id(struct str id);

#endif
