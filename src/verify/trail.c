/* trail.html as it must be (docs/bundle.md): every value of every event, made anew. */
#include "verify/expect.h"

#include "verify/json.h"

#include <stdio.h>
#include <stdlib.h>

enum { PATH_MAX_BYTES = 1000 };

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
    struct verify_expecting r;
    const struct verify_claims *c;
    const struct verify_told *told; /* the event that is told */
    char path[PATH_MAX_BYTES + 1];
    size_t npath;
    char *text; /* room for any decoded string of a leaf */
    size_t
        *known; /* events of accounts, sites and void signatures, by their number in the bundle */
    size_t nknown;
};

/* --- pieces --- */

static void put(struct making *m, const char *z)
{
    verify_expect_z(&m->r, z);
}

static void put_text(struct making *m, struct str s)
{
    size_t from = 0;
    for (size_t i = 0; i < s.n; i++) {
        const char *piece = s.p[i] == '&'   ? "&amp;"
                            : s.p[i] == '<' ? "&lt;"
                            : s.p[i] == '>' ? "&gt;"
                                            : NULL;
        if (!piece)
            continue;
        verify_expect(&m->r, (struct str){ s.p + from, i - from });
        put(m, piece);
        from = i + 1;
    }
    verify_expect(&m->r, str_from(s, from));
}

/* A scalar as it reads: a string decoded, else as it stands. */
static struct str scalar(struct making *m, struct str raw)
{
    struct verify_scanner *s = m->r.s;
    struct verify_string text;
    if (raw.n == 0 || raw.p[0] != '"')
        return raw;
    s->start = s->p = raw.p;
    s->end = raw.p + raw.n;
    return verify_json_string(s, &text) ? verify_json_decode(m->text, &text) : raw;
}

static void put_cell(struct making *m, struct str text)
{
    put(m, "<td>");
    put_text(m, text);
    put(m, "</td>");
}

/* A member of an object, in a cell; an empty one where it is not. */
static void put_member(struct making *m, struct str object, const char *name)
{
    struct str raw;
    put_cell(m, verify_member_path(m->r.s, object, str_z(name), &raw) ? scalar(m, raw)
                                                                      : (struct str){ "", 0 });
}

static void put_link(struct making *m, uint64_t index)
{
    put(m, "<td><a href=\"#e");
    verify_expect_number(&m->r, index);
    put(m, "\">");
    verify_expect_number(&m->r, index);
    put(m, "</a></td>");
}

/* --- every value of an event --- */

static struct str opened_at(const struct making *m, struct str path)
{
    if (str_starts(path, S("payload.")))
        path = str_from(path, 8);
    else if (!str_is(path, "reason"))
        return (struct str){ 0 };
    for (size_t i = 0; i < m->told->nopened; i++)
        if (str_eq(m->told->opened[i].path, path))
            return m->told->opened[i].text;
    return (struct str){ 0 };
}

static void put_row(struct making *m, struct str raw)
{
    const struct str path = { m->path, m->npath };
    const struct str text = scalar(m, raw);
    const struct str opened = opened_at(m, path);
    put(m, "<tr><th>");
    put_text(m, path);
    put(m, "</th><td>");
    if (opened.p) {
        put_text(m, opened);
        put(m, " ");
    }
    const bool sealed = str_starts(text, S("s1:"));
    put(m, sealed ? "<details><summary>sealed</summary>" : "");
    put_text(m, text);
    put(m, sealed ? "</details></td></tr>\n" : "</td></tr>\n");
}

/* One step of the path; false when it is longer than any that the program writes. */
static bool step(struct making *m, struct str name)
{
    const size_t dot = m->npath > 0;
    if (m->npath + dot + name.n > PATH_MAX_BYTES)
        return false;
    if (dot)
        m->path[m->npath] = '.';
    memcpy(m->path + m->npath + dot, name.p, name.n);
    m->npath += dot + name.n;
    return true;
}

static void put_value(struct making *m, struct str value, unsigned depth);

/* The body of a definition stands in a file of its own. */
static bool passed_over(const struct making *m)
{
    struct str type;
    return str_is((struct str){ m->path, m->npath }, "payload.json") &&
           verify_member_text(m->r.s, m->told->leaf, "type", &type) &&
           (str_is(type, "define.loaded") || str_is(type, "define.released"));
}

static void put_child(struct making *m, struct str name, struct str value, unsigned depth)
{
    const size_t was = m->npath;
    if (!step(m, name))
        m->r.rest.p = NULL;
    else if (!passed_over(m))
        put_value(m, value, depth + 1);
    m->npath = was;
}

/* Takes the value at *at, and a comma behind it. */
static bool take(struct making *m, const char **at, const char *end, struct str *value)
{
    struct verify_scanner *s = m->r.s;
    s->start = s->p = *at;
    s->end = end;
    s->nseen = 0;
    s->why = NULL;
    if (!verify_json_value(s, 1))
        return false;
    *value = (struct str){ *at, (size_t)(s->p - *at) };
    *at = s->p + (s->p < end && *s->p == ',');
    return true;
}

static void put_items(struct making *m, struct str value, unsigned depth)
{
    const char *at = value.p + 1, *end = value.p + value.n;
    for (uint64_t i = 0; at < end && *at != ']' && m->r.rest.p; i++) {
        char digits[24];
        struct str item;
        if (!take(m, &at, end, &item))
            return;
        snprintf(digits, sizeof digits, "%llu", (unsigned long long)i);
        put_child(m, str_z(digits), item, depth);
    }
}

static void put_members(struct making *m, struct str value, unsigned depth)
{
    const char *at = value.p + 1, *end = value.p + value.n;
    while (at < end && *at == '"' && m->r.rest.p) {
        struct str key, member;
        struct verify_scanner *s = m->r.s;
        struct verify_string name;
        s->start = s->p = at;
        s->end = end;
        if (!verify_json_string(s, &name))
            return;
        key = name.raw; /* keys of events are codes, without escapes */
        at = s->p + 1;
        if (!take(m, &at, end, &member))
            return;
        put_child(m, key, member, depth);
    }
}

static void put_value(struct making *m, struct str value, unsigned depth)
{
    if (depth > VERIFY_DEPTH_MAX || value.n == 0)
        m->r.rest.p = NULL;
    else if (value.p[0] == '{')
        put_members(m, value, depth);
    else if (value.p[0] == '[')
        put_items(m, value, depth);
    else
        put_row(m, value);
}

/* The first event of this type (NULL: of any that is known) whose member says this, by its number;
 * n: none. */
static size_t known(struct making *m, const char *type, const char *member, struct str says)
{
    for (size_t i = 0; i < m->nknown; i++) {
        const struct str leaf = m->c->events[m->known[i]].leaf;
        struct str is, payload, said;
        if ((!type || (verify_member_text(m->r.s, leaf, "type", &is) && str_is(is, type))) &&
            verify_member(m->r.s, leaf, S("payload"), &payload) &&
            verify_member_text(m->r.s, payload, member, &said) && str_eq(said, says))
            return m->known[i];
    }
    return m->c->n;
}

/* The name of what an account or a site is, as the event that made it says it. */
static void put_name(struct making *m, const char *label, const char *type, const char *member,
                     struct str id)
{
    struct str payload, name;
    const size_t at = known(m, type, member, id);
    if (at == m->c->n || !verify_member(m->r.s, m->c->events[at].leaf, S("payload"), &payload) ||
        !verify_member(m->r.s, payload, S("name"), &name))
        return;
    put(m, "<tr><th>");
    put(m, label);
    put(m, "</th>");
    put_cell(m, scalar(m, name));
    put(m, "</tr>\n");
}

static void put_event(struct making *m, const struct verify_told *told)
{
    struct str type = { "", 0 }, actor, place;
    m->told = told;
    m->npath = 0;
    (void)verify_member_text(m->r.s, told->leaf, "type", &type);
    put(m, "<section id=\"e");
    verify_expect_number(&m->r, told->index);
    put(m, "\"><h3>");
    verify_expect_number(&m->r, told->index);
    put(m, " ");
    put_text(m, type);
    put(m, "</h3>\n<table>\n");
    if (verify_member_text(m->r.s, told->leaf, "actor", &actor) && str_starts(actor, S("account/")))
        put_name(m, "who", "account.made", "account", str_from(actor, 8));
    if (verify_member_text(m->r.s, told->leaf, "place", &place))
        put_name(m, "where", "site.made", "site", place);
    put_value(m, told->leaf, 0);
    put(m, "</table></section>\n");
}

/* --- lists --- */

static void put_definitions(struct making *m)
{
    static const char *const members[] = {
        "kind", "name", "version", "title", "effective", "hash"
    };
    put(m, "<h2>Definitions</h2>\n<table>\n<tr><th>event</th><th>kind</th><th>name</th>"
           "<th>version</th><th>title</th><th>effective</th><th>hash</th></tr>\n");
    for (size_t i = 0; i < m->c->n && m->r.rest.p; i++) {
        struct verify_defined defined;
        struct str payload;
        if (!verify_defined_read(&defined, m->c->events[i].index, m->c->events[i].leaf, m->r.s) ||
            !verify_member(m->r.s, m->c->events[i].leaf, S("payload"), &payload))
            continue;
        put(m, "<tr>");
        put_link(m, defined.index);
        for (size_t k = 0; k < sizeof members / sizeof members[0]; k++)
            put_member(m, payload, members[k]);
        put(m, "</tr>\n");
    }
    put(m, "</table>\n");
}

/* Whether the signature was withdrawn or rejected, by the first event of the bundle that says so.
 */
static void put_state(struct making *m, struct str leaf)
{
    struct str id, type;
    size_t at = m->c->n;
    if (verify_member_text(m->r.s, leaf, "id", &id))
        at = known(m, NULL, "signature", id);
    if (at == m->c->n) {
        put(m, "<td>stands</td>");
        return;
    }
    const uint64_t index = m->c->events[at].index;
    const bool withdrawn = verify_member_text(m->r.s, m->c->events[at].leaf, "type", &type) &&
                           str_is(type, "sign.withdrawn");
    put(m, withdrawn ? "<td>withdrawn <a href=\"#e" : "<td>rejected <a href=\"#e");
    verify_expect_number(&m->r, index);
    put(m, "\">");
    verify_expect_number(&m->r, index);
    put(m, "</a></td>");
}

/* Times are of the node and in UTC; the zone is the signer's, as the event has it. */
static void put_signatures(struct making *m)
{
    static const char *const members[] = {
        "signature.name",         "signature.time",         "zone",
        "signature.what.meaning", "signature.what.words",   "signature.what.kind",
        "signature.what.id",      "signature.what.content", "signature.components",
        "signature.strength"
    };
    put(m, "<h2>Signatures</h2>\n<table>\n<tr><th>event</th><th>name</th><th>time "
           "(UTC)</th><th>zone</th>"
           "<th>meaning</th><th>words</th><th>of</th><th>id</th><th>content</th><th>proof</th>"
           "<th>strength</th><th>state</th></tr>\n");
    for (size_t i = 0; i < m->c->n && m->r.rest.p; i++) {
        struct str signature;
        if (!verify_member(m->r.s, m->c->events[i].leaf, S("signature"), &signature))
            continue;
        put(m, "<tr>");
        put_link(m, m->c->events[i].index);
        for (size_t k = 0; k < sizeof members / sizeof members[0]; k++)
            put_member(m, m->c->events[i].leaf, members[k]);
        put_state(m, m->c->events[i].leaf);
        put(m, "</tr>\n");
    }
    put(m, "</table>\n");
}

static void put_head(struct making *m)
{
    put(m, head);
    put(m, "<table>\n<tr><th>order</th>");
    put_cell(m, m->c->order);
    put(m, "</tr>\n<tr><th>log</th>");
    put_cell(m, m->c->origin);
    put(m, "</tr>\n<tr><th>size</th><td>");
    verify_expect_number(&m->r, m->c->size);
    put(m, "</td></tr>\n<tr><th>root</th>");
    put_cell(m, m->c->root);
    put(m, "</tr>\n</table>\n");
}

static void find_known(struct making *m)
{
    static const char *const types[] = { "account.made", "site.made", "sign.withdrawn",
                                         "sign.rejected" };
    for (size_t i = 0; i < m->c->n; i++) {
        struct str type;
        if (!verify_member_text(m->r.s, m->c->events[i].leaf, "type", &type))
            continue;
        for (size_t k = 0; k < sizeof types / sizeof types[0]; k++)
            if (str_is(type, types[k]))
                m->known[m->nknown++] = i;
    }
}

bool verify_trail_holds(const struct verify_claims *c, struct str page, struct verify_scanner *s,
                        int64_t *event)
{
    struct making *m = calloc(1, sizeof *m);
    char *text = malloc(VERIFY_LEAF_MAX);
    size_t *seen = calloc(c->n + 1, sizeof *seen);
    bool good = false;
    *event = -1;
    if (m && text && seen) {
        m->r = (struct verify_expecting){ page, s };
        m->c = c;
        m->text = text;
        m->known = seen;
        find_known(m);
        put_head(m);
        put_definitions(m);
        put_signatures(m);
        put(m, "<h2>Events</h2>\n");
        for (size_t i = 0; i < c->n && m->r.rest.p; i++) {
            put_event(m, &c->events[i]);
            if (!m->r.rest.p)
                *event = (int64_t)c->events[i].index;
        }
        put(m, "</body></html>\n");
        good = m->r.rest.p && m->r.rest.n == 0;
    }
    free(seen);
    free(text);
    free(m);
    return good;
}
