/* The history of a record as people and programs read it. */
#include "gen/kernel/pages/record_history.html.h"
#include "kernel/flow_record.h"
#include "kernel/form_impl.h"
#include "kernel/show.h"

enum { HISTORY_HTML_MAX = 1 << 20 };

static const char *const ways[] = {
    [FLOW_RECORDED] = "recorded",
    [FLOW_CORRECTED] = "corrected",
    [FLOW_ENTERED] = "entered",
};

struct showing {
    struct page *page;
    struct db *db;
    const struct form_files *files;
    struct str trace;
};

static void show_file(struct flow_said_view *out, const struct showing *w, struct str value)
{
    const struct form_told told = form_file_told(w->page, w->files, value, w->page->b->arena);
    out->value = told.name;
    out->about = told.about;
    out->path = told.path;
    out->entered = (struct str){ 0 };
}

static void show_said(struct flow_said_view *out, const struct showing *w,
                      const struct form_field *field, const struct flow_said *s)
{
    struct page *p = w->page;
    struct arena *a = p->b->arena;
    *out = (struct flow_said_view){
        .said = s,
        .how = arena_printf(a, "history.%s", ways[s->how]),
        .value = s->value.p && field ? form_value_text(p, field, s->value, a) : s->value,
        .who = show_person(p, w->db, s->by),
    };
    if (!str_eq(s->entered, s->value))
        out->entered = s->entered;
    if (s->mark.n > 0)
        out->mark = arena_printf(a, "form.mark.%.*s", STR(s->mark));
    if (field && s->value.p && form_type_of(field) == FORM_FILE)
        show_file(out, w, s->value);
}

/* "3", or what the third row is called. */
static struct str row_name(const struct form *form, struct str name)
{
    struct str row = name;
    int64_t number = 0;
    const struct form_field *field = form_field_of(form, name);
    (void)str_cut(&row, '.');
    if (!row.p || !field || !str_to_u63(&number, row))
        return row;
    for (size_t s = 0; s < form->sections.n; s++) {
        const struct form_section *section = &form->sections.p[s];
        bool here = field >= section->fields.p && field < section->fields.p + section->fields.n;
        if (here && number >= 1 && (size_t)number <= section->rows.n)
            return section->rows.p[number - 1];
    }
    return row;
}

static enum outcome show_field(struct flow_field_view *out, const struct showing *w,
                               const struct form *form, const struct flow_field_history *h,
                               struct err *e)
{
    const struct form_field *field = form_field_of(form, h->name);
    struct flow_said_view *said = ARENA_ARRAY(w->page->b->arena, h->n + 1, struct flow_said_view);
    if (!said)
        return err_no_memory(e);
    for (size_t i = 0; i < h->n; i++)
        show_said(&said[i], w, field, &h->said[i]);
    *out = (struct flow_field_view){
        .label = field ? field->label : h->name,
        .row = row_name(form, h->name),
        .said = said,
        .n = h->n,
    };
    if (w->trace.p)
        out->trace = arena_printf(w->page->b->arena, "%.*s%.*s", STR(w->trace), STR(h->name));
    return OK;
}

enum outcome flow_history_views(const struct flow_field_view **out, size_t *n, struct page *p,
                                struct db *db, const struct flow_history_of *of,
                                const struct form *form, struct err *e)
{
    struct arena *a = p->b->arena;
    const struct flow_field_history *fields;
    struct flow_files_of files_of = { db, of->order, of->looks };
    const struct form_files files = flow_files(&files_of);
    const struct showing w = { p, db, &files, of->trace };
    TRY(flow_history_read(&fields, n, db, of, a, e));
    struct flow_field_view *views = ARENA_ARRAY(a, *n + 1, struct flow_field_view);
    if (!views)
        return err_no_memory(e);
    for (size_t i = 0; i < *n; i++)
        TRY(show_field(&views[i], &w, form, &fields[i], e));
    *out = views;
    return OK;
}

/* Fields that were said anew behind a version. */
static enum outcome since(const struct flow_field_view **views, size_t *n, int64_t version,
                          struct arena *a, struct err *e)
{
    struct flow_field_view *out = ARENA_ARRAY(a, *n + 1, struct flow_field_view);
    size_t kept = 0;
    if (!out)
        return err_no_memory(e);
    for (size_t i = 0; i < *n; i++) {
        const struct flow_field_view *x = &(*views)[i];
        if (x->n > 0 && x->said[x->n - 1].said->record > version)
            out[kept++] = *x;
    }
    *views = out;
    *n = kept;
    return OK;
}

enum outcome flow_history_html(struct html *out, struct page *p, struct db *db,
                               const struct flow_history_of *of, const struct form *form,
                               struct err *e)
{
    struct arena *a = p->b->arena;
    const struct flow_field_view *views;
    size_t n;
    *out = (struct html){ S("") };
    TRY(flow_history_views(&views, &n, p, db, of, form, e));
    if (of->since > 0)
        TRY(since(&views, &n, of->since, a, e));
    if (n == 0)
        return OK;
    struct page part = *p;
    struct buf b = buf_in(a, HISTORY_HTML_MAX);
    part.b = &b;
    page_record_history(&part, views, n);
    TRY(buf_check(&b, e));
    out->markup = buf_get(&b);
    return OK;
}

enum outcome flow_history_rows(const struct flow_history_row **out, size_t *n, struct db *db,
                               const struct flow_history_of *of, struct arena *arena, struct err *e)
{
    struct flow_history_of sealed = *of;
    const struct flow_field_history *fields;
    size_t nfields;
    size_t max = 0;
    sealed.open_sealed = false;
    TRY(flow_history_read(&fields, &nfields, db, &sealed, arena, e));
    for (size_t i = 0; i < nfields; i++)
        max += fields[i].n;
    struct flow_history_row *rows = ARENA_ARRAY(arena, max + 1, struct flow_history_row);
    if (!rows)
        return err_no_memory(e);
    *out = rows;
    *n = 0;
    for (size_t i = 0; i < nfields; i++)
        for (size_t k = 0; k < fields[i].n; k++) {
            const struct flow_said *s = &fields[i].said[k];
            rows[(*n)++] = (struct flow_history_row){
                .name = fields[i].name,
                .how = str_z(ways[s->how]),
                .record = s->record,
                .entered = s->entered,
                .value = s->value,
                .mark = s->mark,
                .sealed = s->sealed,
                .removed = s->removed,
                .by = s->by,
                .happened = s->happened,
                .recorded = s->recorded,
            };
        }
    return OK;
}
