/* Who looked at whose data: of one person, for who represents them, and of an organisation. */
#include <stdio.h>

#include "base/id.h"
#include "base/csv.h"
#include "gen/kernel/look.sql.h"
#include "gen/kernel/look_anchor_schema.sql.h"
#include "gen/kernel/pages/looks.html.h"
#include "kernel/ledger.h"
#include "kernel/look_impl.h"
#include "kernel/trail_page.h"

#define RECORDS "kernel/look.def"
#include "base/record_tables.h"
#undef RECORDS
#define EVENTS   "kernel/look_events.def"
#define COMMANDS "kernel/look_commands.def"
#include "kernel/wire.h"

enum { LOOKS_PAGE = 100, CSV_MAX = 4 << 20, CSV_ROWS = 10000, CSV_ARENA = 64 << 20 };

static const struct route module_routes[] = {
    ROUTE("GET", "/looks", "look.see", 0, look_get_all, "help.looks", .rows = &look_row_record,
          .query = "before"),
    ROUTE("GET", "/looks/{subject}", "look.see", 0, look_get_subject, "help.looks_subject",
          .rows = &look_row_record, .query = "before format"),
};

const struct module look_module = {
    .name = "look",
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    MODULE_ARRAY(routes),
    .schema = &look_anchor_schema,
};

/* --- rows --- */

static enum outcome row_of(struct look_row *out, struct db *db, struct page *p, struct str leaf,
                           struct err *e)
{
    struct arena *a = p->b->arena;
    const struct json *json;
    struct look_entry x;
    TRY(json_read(&json, a, leaf, &json_limits_default, e));
    TRY(record_from_json(&look_entry_record, &x, a, json, e));
    *out = (struct look_row){
        .sequence = x.sequence,
        .at = x.at,
        .subject = x.subject,
        .actor = x.actor,
        .person = show_person(p, db, x.actor),
        .organisation = x.organisation,
        .organisation_name = auth_organisation_name(db, x.organisation, a),
        .site = x.site,
        .site_name = x.site.p ? auth_site_name(db, x.site, a) : (struct str){ 0 },
        .what = x.what,
        .right = x.right,
        .way = x.way,
        .page = x.page,
        .session = x.session,
    };
    return OK;
}

static enum outcome rows_of(struct look_row **out, size_t *n, struct db *db, struct page *p,
                            const struct sql *q, const void *in, size_t max, struct err *e)
{
    struct record_list list;
    TRY(db_list(db, q, in, &list, max, p->b->arena, e));
    /* The two statements give the same two columns. */
    const struct look_of_subject_out *row = list.p;
    *out = ARENA_ARRAY(p->b->arena, list.n + 1, struct look_row);
    if (!*out)
        return err_no_memory(e);
    for (size_t i = 0; i < list.n; i++)
        TRY(row_of(&(*out)[i], db, p, row[i].leaf, e));
    *n = list.n;
    return OK;
}

/* By the pseudonym; absent where it is nobody's that has one. */
static struct str whose(struct http_request *r, struct page *p, struct db *db, struct str subject)
{
    const struct str thing = arena_printf(p->b->arena, "patient/%.*s", STR(subject));
    const struct str called = show_thing(r, p, db, thing);
    return str_eq(called, thing) ? (struct str){ 0 } : called;
}

static enum outcome page_of(struct look_view *v, struct http_request *r, struct db *db,
                            struct page *p, const struct look_row *rows, size_t n, struct err *e)
{
    struct look_row_view *out = ARENA_ARRAY(r->arena, n + 1, struct look_row_view);
    struct look_last_out last;
    struct look_anchor_last_out anchor;
    bool found;
    if (!out)
        return err_no_memory(e);
    for (size_t i = 0; i < n; i++)
        out[i] = (struct look_row_view){ &rows[i], show_names(p, "look_field", rows[i].what),
                                         whose(r, p, db, rows[i].subject) };
    if (v->subject.p)
        v->whose = whose(r, p, db, v->subject);
    v->rows = out;
    v->n = n;
    TRY(db_get(db, &sql_look_last, NULL, &last, r->arena, &found, e));
    v->looks = found ? last.seq : 0;
    TRY(db_get(db, &sql_look_anchor_last, NULL, &anchor, r->arena, &found, e));
    v->anchored = found ? anchor.sequence : 0;
    page_looks(p, v);
    return OK;
}

/* Who oversees one site sees those of the people who worked there. */
static size_t of_site(struct look_row *rows, size_t n, struct str site)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (!site.p || (site.n > 0 && str_eq(rows[i].site, site)))
            rows[kept++] = rows[i];
    return kept;
}

static enum outcome answer(struct look_view *v, struct http_request *r, struct db *db,
                           struct page *p, const struct sql *q, const void *in, struct err *e)
{
    struct look_row *rows;
    size_t n;
    TRY(rows_of(&rows, &n, db, p, q, in, LOOKS_PAGE, e));
    if (n == LOOKS_PAGE)
        v->next = arena_printf(r->arena, "%.*s?before=%lld", STR(v->path),
                               (long long)rows[n - 1].sequence);
    n = of_site(rows, n, v->site);
    if (http_wants_json(r))
        return show_rows(r, &look_row_record, rows, n, v->next, e);
    v->later = http_query(r, "before").n > 0;
    return page_of(v, r, db, p, rows, n, e);
}

/* --- of an organisation's own people --- */

static enum outcome all(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    const struct actor *actor = show_actor(r);
    struct look_view v = { .path = S("/looks") };
    int64_t before;
    TRY(show_before(&before, r, INT64_MAX, e));
    v.site = show_site(actor, "look.see");
    const struct look_of_organisation_in in = { actor->organisation, before, LOOKS_PAGE };
    return answer(&v, r, db, p, &sql_look_of_organisation, &in, e);
}

enum http_state look_get_all(struct http_request *r)
{
    return show(r, "page.looks.title", all);
}

/* --- of one person --- */

/* Whoever sees the thing that bears the subject's id, by that thing's own rule. */
static enum outcome may_see(bool *out, struct str *up, struct http_request *r, struct db *db,
                            struct str subject, struct err *e)
{
    size_t n;
    const struct module *const *modules = registry_modules(app_of(r)->node->registry, &n);
    *out = str_eq(subject, show_actor(r)->account);
    for (size_t i = 0; i < n && !*out; i++)
        for (size_t k = 0; k < modules[i]->nwatches && !*out; k++) {
            const struct watch *w = &modules[i]->watches[k];
            const struct stream stream = stream_of(w->kind, subject);
            int64_t version;
            TRY(ledger_head(db, stream_str(&stream), &version, e));
            if (version == 0)
                continue;
            TRY(w->sees(out, db, show_actor(r), subject, r->arena, e));
            *up = arena_printf(r->arena, "/trail/%s/%.*s", w->kind, STR(subject));
        }
    return OK;
}

static void csv_row(struct buf *b, const struct look_row *row, struct arena *a)
{
    static const char *const names[] = {
        "sequence",  "at",   "person", "actor", "organisation_name",
        "site_name", "what", "right",  "way",   "page"
    };
    enum { N = sizeof names / sizeof names[0] };
    for (size_t i = 0; i < N; i++) {
        const struct str text =
            record_text(record_field(&look_row_record, str_z(names[i])), row, a);
        csv_cell(b, text.p ? text : S(""), i + 1 == N);
    }
}

/* For the person themselves or who represents them: all of it, CSV_ROWS a file. What was cut says
 * from where on. */
static enum outcome csv(struct http_request *r, struct db *db, struct page *p,
                        struct look_of_subject_in in, struct buf *out, struct err *e)
{
    size_t n = LOOKS_PAGE;
    size_t all = 0;
    buf_z(out, "sequence,at,person,actor,organisation,site,what,right,way,page\r\n");
    for (; n == LOOKS_PAGE && all < CSV_ROWS; all += n) {
        struct look_row *rows;
        TRY(rows_of(&rows, &n, db, p, &sql_look_of_subject, &in, LOOKS_PAGE, e));
        for (size_t i = 0; i < n; i++)
            csv_row(out, &rows[i], p->b->arena);
        in.before = n > 0 ? rows[n - 1].sequence : in.before;
    }
    if (n == LOOKS_PAGE)
        csv_cell(out,
                 arena_printf(r->arena, "there may be more: ask again with before=%lld",
                              (long long)in.before),
                 true);
    TRY(buf_check(out, e));
    r->answer.status = 200;
    r->answer.media_type = "text/csv; charset=utf-8";
    r->answer.headers[0].name = "Content-Disposition";
    r->answer.headers[0].value =
        arena_printf(r->arena, "attachment; filename=\"looks-%.8s.csv\"", in.subject.p);
    r->answer.body = buf_get(out);
    return OK;
}

static enum outcome csv_apart(struct http_request *r, struct db *db, const struct page *p,
                              const struct look_of_subject_in *in, struct err *e)
{
    struct arena *arena = arena_new(CSV_ARENA);
    struct page page = *p;
    struct buf words = { 0 };
    struct buf out = buf_in(r->arena, CSV_MAX);
    if (!arena)
        return err_no_memory(e);
    words = buf_in(arena, 4096);
    page.b = &words;
    const enum outcome o = csv(r, db, &page, *in, &out, e);
    arena_free(arena);
    return o;
}

static enum outcome of_subject(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    const struct str subject = http_param(r, "subject");
    struct look_view v = { .subject = subject,
                           .path = arena_printf(r->arena, "/looks/%.*s", STR(subject)) };
    int64_t before;
    bool sees = false;
    TRY(show_before(&before, r, INT64_MAX, e));
    if (id_valid(subject))
        TRY(may_see(&sees, &v.up, r, db, subject, e));
    if (!sees)
        return REFUSE(e, "gate.unknown", { "kind", S("person") });
    const struct look_of_subject_in in = { subject, before, LOOKS_PAGE };
    if (str_is(http_query(r, "format"), "csv"))
        return csv_apart(r, db, p, &in, e);
    return answer(&v, r, db, p, &sql_look_of_subject, &in, e);
}

enum http_state look_get_subject(struct http_request *r)
{
    return show(r, "page.looks.title", of_subject);
}
