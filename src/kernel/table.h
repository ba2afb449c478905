/* Lists as tables: in which order, with which columns, and the same rows to take away as CSV.
 *
 * A column that sorts has an index by which its list's statements read, forwards and back; no list
 * sorts what it has read, so that a page of a million rows costs what one of forty does. Which
 * columns a person does not want is kept in a cookie of the device, as language and colours are
 * (display.h). */
#ifndef VEIN_KERNEL_TABLE_H
#define VEIN_KERNEL_TABLE_H

#include "kernel/show.h"

enum { TABLE_COLUMNS_MAX = 12, TABLE_CSV_ROWS = 10000, TABLE_FORM_MAX = 4 << 10 };

struct table_column {
    const char *name; /* its title is the text "column.<name>" */
    bool sorts;
    bool back;  /* … and the last first, where it is chosen: the newest */
    bool fixed; /* cannot be left out */
};
struct table {
    const char *name; /* its page is "/<name>" */
    const struct table_column *columns;
    size_t n;
    size_t first;       /* the column that sorts where nobody chose one */
    bool csv;           /* names nobody, and may be taken away */
    const char *cursor; /* parameter behind which a page begins; NULL: "before" */
};

/* A column as its page shows it. */
struct table_head {
    const char *name;
    struct str title;
    struct str path; /* of the list in its order, or in the other one; absent: it does not sort */
    bool sorted;
    bool back;
    bool fixed;
    bool hidden;
};
struct table_view {
    const struct table *table;
    const char *name;
    struct str filter; /* "state=closed&risk=major": what the address says beside order and place */
    struct table_head heads[TABLE_COLUMNS_MAX];
    size_t sort; /* which of them */
    bool back;
    struct str sorted; /* the same, as the query has it */
    bool shut;         /* some columns are hidden */
    struct str here;   /* path of the list from its beginning */
    struct str next;   /* path of the next page; absent at the end. table_go_on fills it. */
    bool csv;
};

/* By the query's "sort" ("opened", or "-opened" for the last first) and the device's cookie. What
 * names no column that sorts is as if absent. */
void table_ask(struct table_view *out, struct page *p, const struct http_request *r,
               const struct table *table, struct str filter);
/* For pages: a column by its name. A name that is not there is a bug. */
const struct table_head *table_head(const struct table_view *v, const char *name);
/* The list goes on behind the cursor, as show_cursor reads it. */
void table_go_on(struct table_view *v, struct arena *a, struct str cursor);
/* How much a list shows, in words, and whether there is more: told to who cannot see that a list
 * has changed in place (data-told; ui/fragments.ts). */
struct str table_told(struct page *p, size_t n, bool more);

/* Behind every text, for lists that go back by one: no text begins with it. */
#define TABLE_LAST S("\xf4\x8f\xbf\xbf")

/* POST /columns: keeps what was chosen, and goes back. */
http_handler_fn table_post_columns;

/* --- as CSV --- */

/* Whether the query asks for it ("format=csv"). */
bool table_csv_asked(const struct http_request *r);
/* Reads the rows behind those already written, `n` of them at most; none ends it. */
typedef enum outcome table_rows_fn(void *context, struct record_list *rows, struct err *e);
/* All rows, up to TABLE_CSV_ROWS, as the answer: a column a field of the record, codes as programs
 * know them, times in UTC. A last line says where rows were left out. Of rows that name nobody:
 * what takes personal data away is a command of its own, as trail.export is. */
enum outcome table_csv(struct http_request *r, struct page *p, const struct table_view *v,
                       const struct record *record, table_rows_fn *rows, void *context,
                       struct err *e);

#endif
