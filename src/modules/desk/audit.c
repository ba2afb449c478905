/* The audit trail of an order as a page that stands alone, and on paper: every value of every event
 * of the bundle. The page is a function of the events and of what was opened alone: the verifier
 * makes it anew (src/verify/trail.c) and compares byte for byte. */
#include "modules/desk/audit.h"

#include <stdio.h>

#include "kernel/show.h"

enum { PATH_MAX_BYTES = 1000, CELL_MAX = 1200, SCRATCH_MAX = 16 << 20 };

static const char head[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width\"><title>Audit trail</title><style>"
    "body{font:15px/1.4 sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#111;"
    "background:#fff}table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem;"
    "font-size:.875rem}th,td{border:1px solid #999;padding:.2rem .5rem;text-align:left;"
    "vertical-align:top;overflow-wrap:anywhere;white-space:pre-wrap}th{font-weight:normal;"
    "color:#444}section>table th{width:18rem}h2{break-after:avoid}h3{margin:1rem 0 0;font-size:"
    "1rem;break-after:avoid}</style></head><body>\n<h1>Audit trail</h1>\n";

/* A page while it is made. */
struct making {
    struct buf *b;
    const struct desk_coi *c;
    const struct desk_coi_event *x; /* the event that is told */
    char path[PATH_MAX_BYTES + 1];
    size_t npath;
    bool paper; /* lines "path: value", as much as a cell takes; else rows of a table */
};

/* --- pieces --- */

static void put_text(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '&')
            buf_z(b, "&amp;");
        else if (s.p[i] == '<')
            buf_z(b, "&lt;");
        else if (s.p[i] == '>')
            buf_z(b, "&gt;");
        else
            buf_char(b, s.p[i]);
}

static void put_cell(struct buf *b, struct str text)
{
    buf_z(b, "<td>");
    put_text(b, text);
    buf_z(b, "</td>");
}

static void put_member(struct buf *b, const struct json *object, const char *path)
{
    struct str rest = str_z(path);
    const struct json *value = object;
    while (value && rest.p) {
        char name[40];
        const struct str step = str_cut(&rest, '.');
        snprintf(name, sizeof name, "%.*s", STR(step));
        value = json_get(value, name);
    }
    put_cell(b, !value ? S("") : value->type == JSON_STRING ? value->text : value->raw);
}

/* --- every value of an event --- */

static struct str opened_at(const struct making *m, struct str path)
{
    if (str_starts(path, S("payload.")))
        path = str_from(path, 8);
    else if (!str_is(path, "reason"))
        return (struct str){ 0 };
    for (size_t i = 0; i < m->x->nopened; i++)
        if (str_eq(m->x->opened[i].path, path))
            return m->x->opened[i].text;
    return (struct str){ 0 };
}

static void put_line(struct making *m, struct str path, struct str text, struct str opened)
{
    if (m->b->n > CELL_MAX || !str_starts(path, S("payload.")))
        return;
    buf_z(m->b, m->b->n > 0 ? "\n" : "");
    buf_str(m->b, str_from(path, 8));
    buf_z(m->b, ": ");
    buf_str(m->b, opened.p ? opened : str_starts(text, S("s1:")) ? S("(sealed)") : text);
    if (m->b->n > CELL_MAX)
        buf_z(m->b, " …");
}

static void put_row(struct making *m, const struct json *value)
{
    const struct str path = { m->path, m->npath };
    const struct str text = value->type == JSON_STRING ? value->text : value->raw;
    const struct str opened = opened_at(m, path);
    const bool sealed = str_starts(text, S("s1:"));
    if (m->paper) {
        put_line(m, path, text, opened);
        return;
    }
    buf_z(m->b, "<tr><th>");
    put_text(m->b, path);
    buf_z(m->b, "</th><td>");
    if (opened.p) {
        put_text(m->b, opened);
        buf_z(m->b, " ");
    }
    buf_z(m->b, sealed ? "<details><summary>sealed</summary>" : "");
    put_text(m->b, text);
    buf_z(m->b, sealed ? "</details></td></tr>\n" : "</td></tr>\n");
}

static enum outcome step(struct making *m, struct str name, struct err *e)
{
    const size_t dot = m->npath > 0;
    if (m->npath + dot + name.n > PATH_MAX_BYTES)
        return err_fault(e, "coi.path", "a path of an event is too long");
    if (dot)
        m->path[m->npath] = '.';
    memcpy(m->path + m->npath + dot, name.p, name.n);
    m->npath += dot + name.n;
    return OK;
}

/* Depth is bounded by the reader of JSON; the body of a definition stands in a file of its own. */
static enum outcome put_value(struct making *m, const struct json *value, struct err *e)
{
    size_t at = 0;
    if (value->type != JSON_OBJECT && value->type != JSON_ARRAY) {
        put_row(m, value);
        return OK;
    }
    for (const struct json *child = value->child; child; child = child->next, at++) {
        char digits[24];
        const size_t was = m->npath;
        snprintf(digits, sizeof digits, "%zu", at);
        TRY(step(m, value->type == JSON_ARRAY ? str_z(digits) : child->key, e));
        if (!desk_audit_defines(m->x) || !str_is((struct str){ m->path, m->npath }, "payload.json"))
            TRY(put_value(m, child, e));
        m->npath = was;
    }
    return OK;
}

/* The name of what an account or a site is, as the event that made it says it. */
static struct str name_of(const struct desk_coi *c, const char *type, const char *member,
                          struct str id)
{
    for (size_t i = 0; i < c->n; i++)
        if (str_is(c->events[i].event.type, type) &&
            str_eq(json_get_str(c->events[i].body, member), id))
            return json_get_str(c->events[i].body, "name");
    return (struct str){ 0 };
}

static struct str who_of(const struct desk_coi *c, const struct desk_coi_event *x)
{
    return str_starts(x->event.actor, S("account/"))
               ? name_of(c, "account.made", "account", str_from(x->event.actor, 8))
               : (struct str){ 0 };
}

static void put_name(struct making *m, const char *label, struct str name)
{
    if (!name.p)
        return;
    buf_printf(m->b, "<tr><th>%s</th>", label);
    put_cell(m->b, name);
    buf_z(m->b, "</tr>\n");
}

static enum outcome put_event(struct making *m, struct arena *scratch, struct err *e)
{
    const struct json *leaf;
    const struct desk_coi_event *x = m->x;
    arena_reset(scratch);
    TRY(json_read(&leaf, scratch, x->leaf, &json_limits_default, e));
    m->npath = 0;
    buf_printf(m->b, "<section id=\"e%lld\"><h3>%lld ", (long long)x->sequence,
               (long long)x->sequence);
    put_text(m->b, x->event.type);
    buf_z(m->b, "</h3>\n<table>\n");
    put_name(m, "who", who_of(m->c, x));
    if (x->event.place.p)
        put_name(m, "where", name_of(m->c, "site.made", "site", x->event.place));
    TRY(put_value(m, leaf, e));
    buf_z(m->b, "</table></section>\n");
    return OK;
}

/* --- lists --- */

static void put_link(struct buf *b, const struct desk_coi_event *x)
{
    buf_printf(b, "<td><a href=\"#e%lld\">%lld</a></td>", (long long)x->sequence,
               (long long)x->sequence);
}

static void put_definitions(struct buf *b, const struct desk_coi *c)
{
    static const char *const members[] = {
        "kind", "name", "version", "title", "effective", "hash"
    };
    buf_z(b, "<h2>Definitions</h2>\n<table>\n<tr><th>event</th><th>kind</th><th>name</th>"
             "<th>version</th><th>title</th><th>effective</th><th>hash</th></tr>\n");
    for (size_t i = 0; i < c->n; i++) {
        if (!desk_audit_defines(&c->events[i]))
            continue;
        buf_z(b, "<tr>");
        put_link(b, &c->events[i]);
        for (size_t k = 0; k < sizeof members / sizeof members[0]; k++)
            put_member(b, c->events[i].body, members[k]);
        buf_z(b, "</tr>\n");
    }
    buf_z(b, "</table>\n");
}

/* Times are of the node and in UTC; the zone is the signer's, as the event has it. */
static enum outcome put_signatures(struct buf *b, const struct desk_coi *c, struct arena *scratch,
                                   struct err *e)
{
    static const char *const members[] = {
        "signature.name",         "signature.time",         "zone",
        "signature.what.meaning", "signature.what.words",   "signature.what.kind",
        "signature.what.id",      "signature.what.content", "signature.components",
        "signature.strength"
    };
    buf_z(b, "<h2>Signatures</h2>\n<table>\n<tr><th>event</th><th>name</th><th>time "
             "(UTC)</th><th>zone</th>"
             "<th>meaning</th><th>words</th><th>of</th><th>id</th><th>content</th><th>proof</th>"
             "<th>strength</th></tr>\n");
    for (size_t i = 0; i < c->n; i++) {
        const struct json *leaf;
        if (!c->events[i].event.signature.p)
            continue;
        arena_reset(scratch);
        TRY(json_read(&leaf, scratch, c->events[i].leaf, &json_limits_default, e));
        buf_z(b, "<tr>");
        put_link(b, &c->events[i]);
        for (size_t k = 0; k < sizeof members / sizeof members[0]; k++)
            put_member(b, leaf, members[k]);
        buf_z(b, "</tr>\n");
    }
    buf_z(b, "</table>\n");
    return OK;
}

static void put_head(struct buf *b, const struct desk_coi *c)
{
    buf_z(b, head);
    buf_z(b, "<table>\n<tr><th>order</th>");
    put_cell(b, c->order);
    buf_z(b, "</tr>\n<tr><th>log</th>");
    put_cell(b, str_z(c->checkpoint.origin));
    buf_printf(b, "</tr>\n<tr><th>size</th><td>%llu</td></tr>\n<tr><th>root</th><td>",
               (unsigned long long)c->checkpoint.size);
    buf_base64(b, c->checkpoint.root.b, HASH_SIZE);
    buf_z(b, "</td></tr>\n</table>\n");
}

enum outcome desk_audit_html(struct buf *out, const struct desk_coi *c, struct err *e)
{
    struct arena *scratch = arena_new(SCRATCH_MAX);
    struct making m = { .b = out, .c = c };
    if (!scratch)
        return err_no_memory(e);
    put_head(out, c);
    put_definitions(out, c);
    enum outcome o = put_signatures(out, c, scratch, e);
    buf_z(out, "<h2>Events</h2>\n");
    for (size_t i = 0; i < c->n && o == OK; i++) {
        m.x = &c->events[i];
        o = put_event(&m, scratch, e);
    }
    buf_z(out, "</body></html>\n");
    arena_free(scratch);
    return o == OK ? buf_check(out, e) : o;
}

/* --- paper --- */

static enum outcome paper_row(struct print *print, struct page *p, const struct desk_coi *c,
                              const struct desk_coi_event *x, struct arena *scratch, struct err *e)
{
    const struct json *leaf;
    struct arena *a = p->b->arena;
    arena_reset(scratch);
    struct buf b = buf_in(scratch, SCRATCH_MAX / 4);
    struct making m = { .b = &b, .c = c, .x = x, .paper = true };
    TRY(json_read(&leaf, scratch, x->leaf, &json_limits_default, e));
    TRY(put_value(&m, leaf, e));
    TRY(buf_check(&b, e));
    const struct str who = who_of(c, x);
    const struct str cells[] = {
        arena_printf(a, "%lld", (long long)x->sequence),
        show_time(p, x->event.recorded),
        x->event.type,
        who.p ? who : x->event.actor,
        arena_str(a, buf_get(&b)),
    };
    print_row(print, NULL, cells);
    return OK;
}

static struct print *paper_begin(struct page *p, const struct desk_coi *c)
{
    struct print_document d;
    struct arena *a = p->b->arena;
    record_clear(&print_document_record, &d);
    d.title = text_find(p->language, S("page.audit.title"));
    d.subtitle = c->order;
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
    static const char *const titles[] = { "page.coi.event", "page.coi.when", "page.coi.what",
                                          "page.coi.who", "page.audit.values" };
    static const int weights[] = { 6, 14, 16, 14, 50 };
    enum { COLUMNS = sizeof titles / sizeof titles[0] };
    struct print_column columns[COLUMNS];
    struct print *print = paper_begin(p, c);
    struct arena *scratch = arena_new(SCRATCH_MAX);
    enum outcome o = print && scratch ? OK : err_no_memory(e);
    for (size_t i = 0; i < COLUMNS; i++)
        columns[i] = (struct print_column){ .title = text_find(p->language, str_z(titles[i])),
                                            .weight = weights[i] };
    if (o == OK)
        print_table(print, text_find(p->language, S("page.audit.title")), columns, COLUMNS);
    for (size_t i = 0; i < c->n && o == OK; i++)
        o = paper_row(print, p, c, &c->events[i], scratch, e);
    arena_free(scratch);
    return o == OK ? print_done(out, print, e) : o;
}

/* --- definitions --- */

bool desk_audit_defines(const struct desk_coi_event *x)
{
    return str_is(x->event.type, "define.loaded") || str_is(x->event.type, "define.released");
}

/* Head and body side by side in one object, as define.h hashes them. */
enum outcome desk_audit_definition(struct buf *out, const struct desk_coi_event *x, struct err *e)
{
    static const char *const heads[] = { "kind", "name", "version", "title", "effective" };
    const struct json *body = json_get(x->body, "json");
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        const struct json *value = json_get(x->body, heads[i]);
        if (!value)
            return err_fault(e, "ledger.damaged", "event %lld", (long long)x->sequence);
        buf_printf(out, "%s\"%s\":", i == 0 ? "{" : ",", heads[i]);
        buf_str(out, value->raw);
    }
    if (!body || body->type != JSON_OBJECT)
        return err_fault(e, "ledger.damaged", "event %lld", (long long)x->sequence);
    buf_z(out, body->count > 0 ? "," : "");
    buf_str(out, str_from(body->raw, 1));
    return buf_check(out, e);
}
