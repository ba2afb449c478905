/* The audit trail of an order on paper: definitions and signatures, then each event in a row. Of a
 * long event the values are cut; who, when, where and why never are. */
#include "kernel/trail.h"
#include "modules/desk/audit_impl.h"
#include "modules/desk/coi_impl.h"

enum { CELL_MAX = 1200, CELL_BYTES = 4000 };

/* "path: value" a line, as much as a cell takes. */
static void put_line(struct audit_telling *t, struct str path, struct str text, struct str opened)
{
    if (t->b->n > CELL_MAX || !str_starts(path, S("payload.")))
        return;
    buf_z(t->b, t->b->n > 0 ? "\n" : "");
    buf_str(t->b, str_from(path, 8));
    buf_z(t->b, ": ");
    buf_str(t->b, opened.p ? opened : str_starts(text, S("s1:")) ? S("(sealed)") : text);
    if (t->b->n > CELL_MAX)
        buf_z(t->b, " …");
}

static struct str time_words(const struct coi_writer *w, const char *key, int64_t at)
{
    struct buf b = buf_in(w->a, CELL_BYTES);
    const struct text_param params[] = { { "time", show_time(w->p, at) } };
    text_write(&b, w->p->language, str_z(key), params, 1);
    return buf_get(&b);
}

/* When it was recorded; when it happened and was entered where that was another time. */
static struct str times(const struct coi_writer *w, const struct event *x)
{
    struct str out = show_time(w->p, x->recorded);
    if (x->happened + TRAIL_LATE_US < x->recorded || x->happened > x->recorded)
        out = coi_both(w, out, "\n", time_words(w, "page.audit.happened", x->happened));
    if (x->entered + TRAIL_LATE_US < x->recorded || x->entered > x->recorded)
        out = coi_both(w, out, "\n", time_words(w, "page.audit.entered", x->entered));
    return out;
}

static struct str whence(const struct coi_writer *w, const struct audit_telling *t,
                         const struct desk_coi_event *x)
{
    const struct str who = audit_who(t, x);
    const struct str where = audit_where(t, x);
    const struct str out =
        coi_both(w, who.p ? who : x->event.actor, "\n", where.p ? where : x->event.place);
    return coi_both(w, out, "\n", x->event.device);
}

/* Ahead of the values, and whole. */
static struct str reason(const struct coi_writer *w, const struct desk_coi_event *x)
{
    const struct str opened = desk_coi_opened(x, "reason");
    if (!x->event.reason.p)
        return S("");
    return coi_both(w, coi_words(w, "page.coi.reason"), ": ",
                    opened.n > 0 ? opened : coi_words(w, "page.audit.sealed"));
}

static enum outcome paper_row(const struct coi_writer *w, struct audit_telling *t,
                              struct arena *scratch, struct err *e)
{
    const struct json *leaf;
    const struct desk_coi_event *x = t->x;
    arena_reset(scratch);
    struct buf b = buf_in(scratch, AUDIT_SCRATCH_MAX / 4);
    TRY(json_read(&leaf, scratch, x->leaf, &json_limits_default, e));
    t->b = &b;
    TRY(audit_values(t, leaf, put_line, e));
    TRY(buf_check(&b, e));
    const struct str cells[] = {
        coi_number(w, x),
        times(w, &x->event),
        x->event.type,
        whence(w, t, x),
        coi_both(w, reason(w, x), "\n", arena_str(w->a, buf_get(&b))),
    };
    print_row(w->print, NULL, cells);
    return OK;
}

/* "2026-01-01T00:00:00.000000Z" as people read it. */
static struct str effective(const struct coi_writer *w, const struct desk_coi_event *x)
{
    int64_t at;
    const struct str text = desk_coi_text(x, "effective");
    return clock_read(&at, text) ? show_time(w->p, at) : text;
}

static void definitions_begin(const struct coi_writer *w)
{
    static const char *const titles[] = { "page.coi.event",     "page.audit.kind",
                                          "page.audit.name",    "page.audit.version",
                                          "page.audit.caption", "page.audit.effective",
                                          "page.audit.hash" };
    static const int weights[] = { 6, 9, 16, 7, 20, 16, 36 };
    enum { COLUMNS = sizeof titles / sizeof titles[0] };
    struct print_column columns[COLUMNS];
    for (size_t i = 0; i < COLUMNS; i++)
        columns[i] = (struct print_column){ .title = coi_words(w, titles[i]),
                                            .weight = weights[i],
                                            .id = i == COLUMNS - 1 };
    print_heading(w->print, 1, coi_words(w, "page.audit.definitions"));
    print_table(w->print, S(""), columns, COLUMNS);
}

static void definitions(const struct coi_writer *w)
{
    bool begun = false;
    for (size_t i = 0; i < w->c->n; i++) {
        const struct desk_coi_event *x = &w->c->events[i];
        const struct json *version = json_get(x->body, "version");
        if (!desk_audit_defines(x))
            continue;
        if (!begun)
            definitions_begin(w);
        begun = true;
        const struct str cells[] = {
            coi_number(w, x),          desk_coi_text(x, "kind"),
            desk_coi_text(x, "name"),  version ? version->raw : S(""),
            desk_coi_text(x, "title"), effective(w, x),
            desk_coi_text(x, "hash"),
        };
        print_row(w->print, NULL, cells);
    }
    if (!begun)
        coi_none(w, "page.audit.definitions");
}

static enum outcome events(const struct coi_writer *w, struct err *e)
{
    static const char *const titles[] = { "page.coi.event", "page.coi.when", "page.coi.what",
                                          "page.coi.who", "page.audit.values" };
    static const int weights[] = { 6, 14, 16, 14, 50 };
    enum { COLUMNS = sizeof titles / sizeof titles[0] };
    struct print_column columns[COLUMNS];
    struct audit_telling t;
    TRY(audit_begin(&t, w->c, e));
    struct arena *scratch = arena_new(AUDIT_SCRATCH_MAX);
    enum outcome o = scratch ? OK : err_no_memory(e);
    for (size_t i = 0; i < COLUMNS; i++)
        columns[i] =
            (struct print_column){ .title = coi_words(w, titles[i]), .weight = weights[i] };
    print_heading(w->print, 1, coi_words(w, "page.audit.events"));
    print_table(w->print, coi_words(w, "page.audit.title"), columns, COLUMNS);
    for (size_t i = 0; i < w->c->n && o == OK; i++) {
        t.x = &w->c->events[i];
        o = paper_row(w, &t, scratch, e);
    }
    arena_free(scratch);
    return o;
}

/* As it stands on labels; a prescription has only its id. */
static struct str order_called(const struct desk_coi *c)
{
    for (size_t i = 0; i < c->n; i++)
        if (str_is(c->events[i].event.type, "order.placed"))
            return desk_coi_text(&c->events[i], "coi");
    return c->order;
}

static struct print *paper_begin(struct page *p, const struct desk_coi *c)
{
    struct print_document d;
    struct arena *a = p->b->arena;
    record_clear(&print_document_record, &d);
    d.title = text_find(p->language, S("page.audit.title"));
    d.subtitle = order_called(c);
    d.language = p->language;
    d.date = c->n > 0 ? c->events[c->n - 1].event.recorded : p->now_us;
    d.dated = show_time(p, d.date);
    d.paging = text_find(p->language, S("print.paging"));
    d.footer = text_find(p->language, S("page.audit.footer"));
    d.wide = true;
    struct print *print = print_new(a, &d);
    if (print)
        print_identity(print, text_find(p->language, S("page.task.order")), c->order, true);
    return print;
}

enum outcome desk_audit_document(const struct print_document **out, struct page *p,
                                 const struct desk_coi *c, struct err *e)
{
    const struct coi_writer w = { paper_begin(p, c), p, NULL, c, p->b->arena };
    if (!w.print)
        return err_no_memory(e);
    definitions(&w);
    TRY(coi_signatures(&w, e));
    TRY(events(&w, e));
    return print_done(out, w.print, e);
}
