/* The audit trail as page and JSON: of everything a reader may see, or of one thing. */
#include "kernel/trail_page.h"

#include <stdlib.h>

#include "base/id.h"
#include "gen/kernel/pages/trail.html.h"
#include "kernel/ledger.h"
#include "kernel/trail_impl.h"

enum { TYPES_MAX = 400, QUERY_MAX = 800, BEHIND = 1000 };

enum show_tone trail_tone(struct str exception)
{
    if (str_is(exception, "failed") || str_is(exception, "refused") ||
        str_is(exception, "after_signature"))
        return SHOW_STOP;
    return str_is(exception, "typed") ? SHOW_INFO : SHOW_WARN;
}

struct str trail_word(struct page *p, struct str exception)
{
    return show_name(p, "trail_exception", exception);
}

struct str trail_text(struct page *p, const struct trail_change *c, bool before)
{
    const struct str text = before ? c->before : c->after;
    if (text.p)
        return text;
    if (c->sealed && !(before && !c->before.p && !c->removed && c->after.p))
        return text_find(p->language, S("form.hidden"));
    return S("—");
}

bool trail_differs(struct page *p, int64_t a, int64_t b)
{
    return a != b && !str_eq(show_time(p, a), show_time(p, b));
}

struct str trail_rfc(struct page *p, int64_t us)
{
    struct buf b = buf_in(p->b->arena, CLOCK_TEXT_LENGTH);
    clock_write(&b, us);
    return buf_get(&b);
}

/* --- the page's own words --- */

static int by_word(const void *a, const void *b)
{
    return str_cmp(((const struct trail_choice *)a)->word, ((const struct trail_choice *)b)->word);
}

static enum outcome types(struct trail_view *v, struct http_request *r, struct page *p,
                          struct err *e)
{
    size_t nmodules;
    const struct module *const *modules = registry_modules(app_of(r)->node->registry, &nmodules);
    struct trail_choice *out = ARENA_ARRAY(r->arena, TYPES_MAX, struct trail_choice);
    if (!out)
        return err_no_memory(e);
    for (size_t i = 0; i < nmodules; i++)
        for (size_t k = 0; k < modules[i]->nevents && v->ntypes < TYPES_MAX; k++) {
            const struct str name = str_z(modules[i]->events[k]->name);
            if (v->ntypes > 0 && str_eq(out[v->ntypes - 1].code, name))
                continue; /* another version of it */
            out[v->ntypes++] = (struct trail_choice){ name, show_name(p, "act", name),
                                                      str_eq(name, v->filter->type) };
        }
    qsort(out, v->ntypes, sizeof *out, by_word);
    v->types = out;
    return OK;
}

static enum outcome exceptions(struct trail_view *v, struct http_request *r, struct page *p,
                               struct err *e)
{
    struct trail_choice *out = ARENA_ARRAY(r->arena, TRAIL_EXCEPTIONS, struct trail_choice);
    if (!out)
        return err_no_memory(e);
    for (int i = 0; i < TRAIL_EXCEPTIONS; i++) {
        const struct str code = str_z(trail_exception_names[i]);
        out[v->nexceptions++] =
            (struct trail_choice){ code, trail_word(p, code), str_eq(code, v->filter->exception) };
    }
    v->exceptions = out;
    return OK;
}

/* Filters as they stand in an address; what the path says is left out. */
static struct str query_of(const struct http_request *r)
{
    static const char *const names[] = {
        "thing", "actor", "type", "exception", "from", "to", "open"
    };
    struct buf b = buf_in(r->arena, QUERY_MAX);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct str value = http_query(r, names[i]);
        if (value.n == 0 || (http_param(r, "kind").p && i == 0))
            continue;
        buf_z(&b, b.n == 0 ? "?" : "&");
        buf_z(&b, names[i]);
        buf_char(&b, '=');
        for (size_t k = 0; k < value.n; k++) {
            const char c = value.p[k];
            if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                c == '-' || c == '.' || c == '_' || c == '/' || c == ':')
                buf_char(&b, c);
            else
                buf_printf(&b, "%%%02X", (unsigned)(unsigned char)c);
        }
    }
    return buf_ok(&b) ? buf_get(&b) : S("");
}

static enum outcome index_behind(bool *out, struct db *db, struct arena *arena, struct err *e)
{
    int64_t followed;
    struct ledger_row *rows;
    size_t n;
    TRY(trail_followed(&followed, db, arena, e));
    TRY(ledger_read_last(db, &rows, &n, arena, e));
    *out = n > 0 && rows[0].sequence - followed > BEHIND;
    return OK;
}

/* --- what is shown --- */

/* "27 Nov 2026" and "10:30 CET". */
static void at_of(struct trail_row_view *x, struct page *p)
{
    struct str rest = show_time(p, x->row->recorded);
    x->date = str_cut(&rest, ',');
    x->clock = rest.n > 0 ? str_trim(rest) : x->date;
}

/* The word of the route "/<word>/{order}/data", which tells where data went; absent: no module has
 * one. */
static struct str data_word(const struct http_request *r)
{
    size_t n;
    const struct module *const *modules = registry_modules(app_of(r)->node->registry, &n);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < modules[i]->nroutes; k++) {
            struct str rest = str_z(modules[i]->routes[k].path);
            (void)str_cut(&rest, '/');
            const struct str word = str_cut(&rest, '/');
            if (rest.p && str_is(rest, "{order}/data"))
                return word;
        }
    return (struct str){ 0 };
}

/* Of a record: what the task's completion rests on, and what rests on it. */
static struct str data_of(const struct trail_row *row, struct str word, struct arena *a)
{
    const bool record =
        str_is(row->type, "flow.task_done") || str_is(row->type, "flow.record_corrected");
    for (size_t i = 0; record && word.n > 0 && i < row->changes.n; i++)
        if (str_is(row->changes.p[i].path, "task"))
            return arena_printf(a, "/%.*s/%.*s/data?of=task/%.*s/done", STR(word),
                                STR(stream_id(row->stream)), STR(row->changes.p[i].after));
    return (struct str){ 0 };
}

static enum outcome rows(struct trail_view *v, const struct trail_answer *found,
                         struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct arena *a = p->b->arena;
    const struct str word = data_word(r);
    struct trail_row_view *out = ARENA_ARRAY(a, found->n + 1, struct trail_row_view);
    if (!out)
        return err_no_memory(e);
    for (size_t i = 0; i < found->n; i++) {
        const struct trail_row *row = &found->rows[i];
        out[i] = (struct trail_row_view){ .row = row };
        at_of(&out[i], p);
        out[i].day = i == 0 || !str_eq(out[i].date, out[i - 1].date);
        if (!str_eq(row->about, v->thing)) {
            const bool again = i > 0 && str_eq(row->about, found->rows[i - 1].about);
            out[i].about = again ? out[i - 1].about : show_thing(r, p, db, row->about);
            out[i].thing_link = arena_printf(a, "/trail/%.*s", STR(row->about));
        }
        out[i].data = data_of(row, word, a);
        v->sealed |= row->sealed;
    }
    v->rows = out;
    v->n = found->n;
    return OK;
}

static enum outcome may_see(struct trail_reader *reader, const struct trail_filter *f,
                            struct err *e)
{
    bool sees = true;
    if (f->thing.p)
        TRY(trail_sees(&sees, reader, f->thing, e));
    return sees ? OK : REFUSE(e, "gate.unknown", { "kind", S("thing") });
}

/* The page of a thing: the route "/<word>/{kind}". */
static struct str thing_page(struct http_request *r, struct str thing)
{
    size_t n;
    const struct module *const *modules = registry_modules(app_of(r)->node->registry, &n);
    const struct str tail = arena_printf(r->arena, "/{%.*s}", STR(stream_kind(thing)));
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < modules[i]->nroutes; k++) {
            const struct route *route = &modules[i]->routes[k];
            struct str rest = str_z(route->path);
            (void)str_cut(&rest, '/');
            const struct str word = str_cut(&rest, '/');
            if (strcmp(route->method, "GET") == 0 && rest.p && word.n > 0 &&
                str_eq(str_from(tail, 1), rest))
                return arena_printf(r->arena, "/%.*s/%.*s", STR(word), STR(stream_id(thing)));
        }
    return (struct str){ 0 };
}

static enum outcome fill(struct trail_view *v, struct http_request *r, struct db *db,
                         struct page *p, struct err *e)
{
    v->path = v->thing.p ? arena_printf(r->arena, "/trail/%.*s", STR(v->thing)) : S("/trail");
    v->query = query_of(r);
    v->actor = v->filter->actor.p ? v->filter->actor : S("");
    v->person = v->actor.n > 0 ? show_person(p, db, v->actor) : S("");
    v->from = http_query(r, "from").p ? http_query(r, "from") : S("");
    v->to = http_query(r, "to").p ? http_query(r, "to") : S("");
    v->filtered = v->actor.n + v->filter->type.n + v->filter->exception.n + v->from.n + v->to.n > 0;
    v->may_export = show_may(r, "trail.export");
    if (v->thing.p) {
        v->title = show_thing(r, p, db, v->thing);
        if (str_eq(v->title, v->thing))
            v->title = show_name(p, "thing", stream_kind(v->thing));
        v->up = thing_page(r, v->thing);
        TRY(show_head(&v->head, r, p, db, v->thing, e));
    }
    TRY(trail_review_fill(&v->review, r, db, p, v->thing, e));
    TRY(types(v, r, p, e));
    TRY(exceptions(v, r, p, e));
    return index_behind(&v->behind, db, r->arena, e);
}

static enum outcome trail(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct trail_filter filter;
    struct trail_answer found;
    struct trail_view v = { .filter = &filter, .open = str_is(http_query(r, "open"), "1") };
    struct trail_reader reader = {
        .db = db,
        .registry = app_of(r)->node->registry,
        .actor = show_actor(r),
        .page = p,
        .looks = v.open ? look_of(r) : NULL,
    };
    int64_t before;
    TRY(trail_ask(&filter, r, db, e));
    TRY(show_before(&before, r, -1, e));
    TRY(may_see(&reader, &filter, e));
    TRY(trail_find(&found, &reader, &filter, before, TRAIL_PAGE, e));
    v.thing = filter.thing;
    v.later = before >= 0;
    TRY(fill(&v, r, db, p, e));
    if (found.next >= 0)
        v.next = arena_printf(r->arena, "%.*s%.*s%sbefore=%lld", STR(v.path), STR(v.query),
                              v.query.n > 0 ? "&" : "?", (long long)found.next);
    if (http_wants_json(r))
        return show_rows(r, &trail_row_record, found.rows, found.n, v.next, e);
    TRY(rows(&v, &found, r, db, p, e));
    page_trail(p, &v);
    return OK;
}

enum http_state trail_get_all(struct http_request *r)
{
    return show(r, "page.trail.title", trail);
}

enum http_state trail_get_thing(struct http_request *r)
{
    return show(r, "page.trail.title", trail);
}
