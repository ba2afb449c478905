/* Order, columns and CSV of lists; see table.h. */
#include "kernel/table.h"

#include <string.h>

#include "base/csv.h"

enum { CODE_MAX = 30, TOLD_MAX = 200, HIDDEN_MAX = 200, YEAR_S = 366 * 86400, CSV_MAX = 8 << 20 };

/* --- which columns --- */

static const char *cookie_name(struct str table, struct arena *a)
{
    return arena_printf(a, "vein-hidden-%.*s", STR(table)).p;
}

static bool listed(struct str names, const char *name)
{
    while (names.n > 0)
        if (str_is(str_cut(&names, '.'), name))
            return true;
    return false;
}

/* Of what stands in a cookie's name and value: letters of codes. */
static bool plain(struct str s, size_t max)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != '_' && (s.p[i] < 'a' || s.p[i] > 'z'))
            return false;
    return s.n > 0 && s.n <= max;
}

/* The form has "column.<name>" for each, and "show.<name>" for those that are wanted. */
static struct str unwanted(const struct http_request *r)
{
    struct buf b = buf_in(r->arena, HIDDEN_MAX);
    for (size_t i = 0; i < r->nform; i++) {
        const struct str column = r->form[i].name;
        if (!str_starts(column, S("column.")))
            continue;
        const struct str name = str_from(column, sizeof "column." - 1);
        const struct str wanted = arena_printf(r->arena, "show.%.*s", STR(name));
        if (http_form(r, wanted.p).p || !plain(name, CODE_MAX))
            continue;
        buf_z(&b, b.n > 0 ? "." : "");
        buf_str(&b, name);
    }
    return buf_get(&b);
}

enum http_state table_post_columns(struct http_request *r)
{
    const struct str table = http_form(r, "table");
    const struct str hidden = unwanted(r);
    struct err e = { 0 };
    if (!plain(table, CODE_MAX)) {
        (void)REFUSE(&e, "table.unknown");
        return app_problem(r, &e);
    }
    r->answer = (struct http_answer){
        .status = 303,
        .location = app_next(http_form(r, "next")),
        .set_cookie = { arena_printf(r->arena,
                                     "%s=%.*s; Path=/; HttpOnly; SameSite=Lax%s; Max-Age=%d",
                                     cookie_name(table, r->arena), STR(hidden),
                                     http_secure(r) ? "; Secure" : "", hidden.n > 0 ? YEAR_S : 0) },
    };
    return HTTP_DONE;
}

/* --- in which order --- */

static struct str path_of(const struct table_view *v, struct arena *a, size_t column, bool back)
{
    return arena_printf(a, "/%s?%.*s%ssort=%s%s", v->table->name, STR(v->filter),
                        v->filter.n > 0 ? "&" : "", back ? "-" : "",
                        v->table->columns[column].name);
}

void table_ask(struct table_view *out, struct page *p, const struct http_request *r,
               const struct table *table, struct str filter)
{
    struct str sort = http_query(r, "sort");
    const struct str hidden = http_cookie(r, cookie_name(str_z(table->name), r->arena));
    const bool back = str_starts(sort, S("-"));
    BUG_ON(table->n > TABLE_COLUMNS_MAX);
    *out = (struct table_view){ .table = table,
                                .name = table->name,
                                .filter = filter,
                                .sort = table->first,
                                .back = table->columns[table->first].back,
                                .csv = table->csv };
    sort = back ? str_from(sort, 1) : sort;
    for (size_t i = 0; i < table->n; i++)
        if (table->columns[i].sorts && str_is(sort, table->columns[i].name)) {
            out->sort = i;
            out->back = back;
        }
    for (size_t i = 0; i < table->n; i++) {
        const struct table_column *c = &table->columns[i];
        const bool sorted = c->sorts && i == out->sort;
        out->heads[i] = (struct table_head){
            .name = c->name,
            .title = show_name(p, "column", str_z(c->name)),
            .path = c->sorts ? path_of(out, r->arena, i, sorted ? !out->back : c->back)
                             : (struct str){ 0 },
            .sorted = sorted,
            .back = out->back,
            .fixed = c->fixed,
            .hidden = !c->fixed && listed(hidden, c->name),
        };
        out->shut |= out->heads[i].hidden;
    }
    out->here = path_of(out, r->arena, out->sort, out->back);
    out->sorted =
        arena_printf(r->arena, "%s%s", out->back ? "-" : "", table->columns[out->sort].name);
}

const struct table_head *table_head(const struct table_view *v, const char *name)
{
    for (size_t i = 0; i < v->table->n; i++)
        if (strcmp(v->table->columns[i].name, name) == 0)
            return &v->heads[i];
    BUG_ON(true);
}

void table_go_on(struct table_view *v, struct arena *a, struct str cursor)
{
    const char *name = v->table->cursor ? v->table->cursor : "before";
    v->next = arena_printf(a, "%.*s&%s=%.*s", STR(v->here), name, STR(cursor));
}

struct str table_told(struct page *p, size_t n, bool more)
{
    char digits[PAGE_DIGITS_MAX];
    const struct text_param count = { "n", page_str_int(digits, (int64_t)n) };
    struct buf b = buf_in(p->b->arena, TOLD_MAX);
    text_write(&b, p->language, more ? S("table.told_more") : S("table.told"), &count, 1);
    return buf_get(&b);
}

/* --- as CSV --- */

bool table_csv_asked(const struct http_request *r)
{
    return str_is(http_query(r, "format"), "csv");
}

static void csv_row(struct buf *out, const struct record *record, const void *row, struct arena *a)
{
    for (size_t i = 0; i < record->nfields; i++) {
        const struct field *f = &record->fields[i];
        const struct str text = row ? record_text(f, row, a) : str_z(f->name);
        csv_cell(out, text.p ? text : S(""), i + 1 == record->nfields);
    }
}

enum outcome table_csv(struct http_request *r, struct page *p, const struct table_view *v,
                       const struct record *record, table_rows_fn *rows, void *context,
                       struct err *e)
{
    struct buf out = buf_in(r->arena, CSV_MAX);
    struct record_list list = { 0 };
    size_t all = 0;
    csv_row(&out, record, NULL, r->arena);
    do {
        TRY(rows(context, &list, e));
        for (size_t i = 0; i < list.n && all < TABLE_CSV_ROWS; i++, all++)
            csv_row(&out, record, (const char *)list.p + i * record->size, r->arena);
    } while (list.n > 0 && all < TABLE_CSV_ROWS);
    if (list.n > 0)
        csv_cell(&out, text_find(p->language, S("table.csv_cut")), true);
    TRY(buf_check(&out, e));
    r->answer.status = 200;
    r->answer.media_type = "text/csv; charset=utf-8";
    r->answer.headers[0].name = "Content-Disposition";
    r->answer.headers[0].value =
        arena_printf(r->arena, "attachment; filename=\"%s.csv\"", v->table->name);
    r->answer.body = buf_get(&out);
    return OK;
}
