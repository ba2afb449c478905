/* The audit trail of an order as a page that stands alone: every value of every event of the
 * bundle. The page is a function of the events and of what was opened alone: the verifier
 * makes it anew (src/verify/trail.c) and compares byte for byte. */
#include "modules/desk/audit_impl.h"

#include <stdio.h>

static const char head[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width\"><title>Audit trail</title><style>"
    "body{font:15px/1.4 sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#111;"
    "background:#fff}table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem;"
    "font-size:.875rem}th,td{border:1px solid #999;padding:.2rem .5rem;text-align:left;"
    "vertical-align:top;overflow-wrap:anywhere;white-space:pre-wrap}th{font-weight:normal;"
    "color:#444}section>table th{width:18rem}h2{break-after:avoid}h3{margin:1rem 0 0;font-size:"
    "1rem;break-after:avoid}</style></head><body>\n<h1>Audit trail</h1>\n";

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

static struct str opened_at(const struct audit_telling *t, struct str path)
{
    if (str_starts(path, S("payload.")))
        path = str_from(path, 8);
    else if (!str_is(path, "reason"))
        return (struct str){ 0 };
    for (size_t i = 0; i < t->x->nopened; i++)
        if (str_eq(t->x->opened[i].path, path))
            return t->x->opened[i].text;
    return (struct str){ 0 };
}

static void put_row(struct audit_telling *t, struct str path, struct str text, struct str opened)
{
    const bool sealed = str_starts(text, S("s1:"));
    buf_z(t->b, "<tr><th>");
    put_text(t->b, path);
    buf_z(t->b, "</th><td>");
    if (opened.p) {
        put_text(t->b, opened);
        buf_z(t->b, " ");
    }
    buf_z(t->b, sealed ? "<details><summary>sealed</summary>" : "");
    put_text(t->b, text);
    buf_z(t->b, sealed ? "</details></td></tr>\n" : "</td></tr>\n");
}

static enum outcome step(struct audit_telling *t, struct str name, struct err *e)
{
    const size_t dot = t->npath > 0;
    if (t->npath + dot + name.n > AUDIT_PATH_MAX)
        return err_fault(e, "coi.path", "a path of an event is too long");
    if (dot)
        t->path[t->npath] = '.';
    memcpy(t->path + t->npath + dot, name.p, name.n);
    t->npath += dot + name.n;
    return OK;
}

/* Depth is bounded by the reader of JSON; the body of a definition stands in a file of its own. */
static enum outcome walk(struct audit_telling *t, const struct json *value, audit_put_fn *put,
                         struct err *e)
{
    const struct str path = { t->path, t->npath };
    size_t at = 0;
    if (value->type != JSON_OBJECT && value->type != JSON_ARRAY) {
        put(t, path, value->type == JSON_STRING ? value->text : value->raw, opened_at(t, path));
        return OK;
    }
    for (const struct json *child = value->child; child; child = child->next, at++) {
        char digits[24];
        const size_t was = t->npath;
        snprintf(digits, sizeof digits, "%zu", at);
        TRY(step(t, value->type == JSON_ARRAY ? str_z(digits) : child->key, e));
        if (!desk_audit_defines(t->x) || !str_is((struct str){ t->path, t->npath }, "payload.json"))
            TRY(walk(t, child, put, e));
        t->npath = was;
    }
    return OK;
}

enum outcome audit_values(struct audit_telling *t, const struct json *value, audit_put_fn *put,
                          struct err *e)
{
    t->npath = 0;
    return walk(t, value, put, e);
}

/* --- what other events say of an event --- */

enum outcome audit_begin(struct audit_telling *t, const struct desk_coi *c, struct err *e)
{
    static const char *const types[] = { "account.made", "site.made", "sign.withdrawn",
                                         "sign.rejected" };
    *t = (struct audit_telling){ .c = c };
    t->known = ARENA_ARRAY(c->arena, c->n + 1, const struct desk_coi_event *);
    if (!t->known)
        return err_no_memory(e);
    for (size_t i = 0; i < c->n; i++)
        for (size_t k = 0; k < sizeof types / sizeof types[0]; k++)
            if (str_is(c->events[i].event.type, types[k]))
                t->known[t->nknown++] = &c->events[i];
    return OK;
}

/* The first event of this type (NULL: of any that is known) whose member says this. */
static const struct desk_coi_event *known(const struct audit_telling *t, const char *type,
                                          const char *member, struct str says)
{
    for (size_t i = 0; says.p && i < t->nknown; i++)
        if ((!type || str_is(t->known[i]->event.type, type)) &&
            str_eq(json_get_str(t->known[i]->body, member), says))
            return t->known[i];
    return NULL;
}

static struct str name_of(const struct desk_coi_event *x)
{
    return x ? json_get_str(x->body, "name") : (struct str){ 0 };
}

struct str audit_who(const struct audit_telling *t, const struct desk_coi_event *x)
{
    return str_starts(x->event.actor, S("account/"))
               ? name_of(known(t, "account.made", "account", str_from(x->event.actor, 8)))
               : (struct str){ 0 };
}

struct str audit_where(const struct audit_telling *t, const struct desk_coi_event *x)
{
    return name_of(known(t, "site.made", "site", x->event.place));
}

/* --- an event --- */

static void put_name(struct buf *b, const char *label, struct str name)
{
    if (!name.p)
        return;
    buf_printf(b, "<tr><th>%s</th>", label);
    put_cell(b, name);
    buf_z(b, "</tr>\n");
}

static enum outcome put_event(struct audit_telling *t, struct arena *scratch, struct err *e)
{
    const struct json *leaf;
    const struct desk_coi_event *x = t->x;
    struct buf *b = t->b;
    arena_reset(scratch);
    TRY(json_read(&leaf, scratch, x->leaf, &json_limits_default, e));
    buf_printf(b, "<section id=\"e%lld\"><h3>%lld ", (long long)x->sequence,
               (long long)x->sequence);
    put_text(b, x->event.type);
    buf_z(b, "</h3>\n<table>\n");
    put_name(b, "who", audit_who(t, x));
    put_name(b, "where", audit_where(t, x));
    TRY(audit_values(t, leaf, put_row, e));
    buf_z(b, "</table></section>\n");
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

/* Whether the signature was withdrawn or rejected, by the first event of the bundle that says so.
 */
static void put_state(struct buf *b, const struct desk_coi_event *by)
{
    if (by)
        buf_printf(b, "<td>%s <a href=\"#e%lld\">%lld</a></td>",
                   str_is(by->event.type, "sign.withdrawn") ? "withdrawn" : "rejected",
                   (long long)by->sequence, (long long)by->sequence);
    else
        buf_z(b, "<td>stands</td>");
}

/* Times are of the node and in UTC; the zone is the signer's, as the event has it. */
static enum outcome put_signatures(struct audit_telling *t, struct arena *scratch, struct err *e)
{
    const struct desk_coi *c = t->c;
    struct buf *b = t->b;
    static const char *const members[] = {
        "signature.name",         "signature.time",         "zone",
        "signature.what.meaning", "signature.what.words",   "signature.what.kind",
        "signature.what.id",      "signature.what.content", "signature.components",
        "signature.strength"
    };
    buf_z(b, "<h2>Signatures</h2>\n<table>\n<tr><th>event</th><th>name</th><th>time "
             "(UTC)</th><th>zone</th>"
             "<th>meaning</th><th>words</th><th>of</th><th>id</th><th>content</th><th>proof</th>"
             "<th>strength</th><th>state</th></tr>\n");
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
        put_state(b, known(t, NULL, "signature", c->events[i].event.id));
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
    struct audit_telling t;
    TRY(audit_begin(&t, c, e));
    struct arena *scratch = arena_new(AUDIT_SCRATCH_MAX);
    if (!scratch)
        return err_no_memory(e);
    t.b = out;
    put_head(out, c);
    put_definitions(out, c);
    enum outcome o = put_signatures(&t, scratch, e);
    buf_z(out, "<h2>Events</h2>\n");
    for (size_t i = 0; i < c->n && o == OK; i++) {
        t.x = &c->events[i];
        o = put_event(&t, scratch, e);
    }
    buf_z(out, "</body></html>\n");
    arena_free(scratch);
    return o == OK ? buf_check(out, e) : o;
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
