/* Definitions: the list of what is in force, and one of them as a readable document. */
#include "gen/kernel/pages/definition.html.h"
#include "gen/kernel/pages/definitions.html.h"
#include "kernel/flow.h"
#include "kernel/pages_draft.h"

enum {
    DEFINITIONS_SHOWN = 60,
    DEFINITIONS_READ = 200,
    VERSIONS_MAX = 200,
    DIGEST_MAX = 400,
    TYPE_AND_ROLE = 1, /* the last of a digest's words that says itself what it is */
};

/* --- the list --- */

static const struct table_column columns[] = {
    { .name = "title", .fixed = true },
    { .name = "kind", .sorts = true },
    { .name = "version" },
    { .name = "since" },
    { .name = "state" },
};
enum { BY_KIND = 1, COLUMNS = sizeof columns / sizeof columns[0] };
static const struct table definitions_table = {
    .name = "definitions",
    .columns = columns,
    .n = COLUMNS,
    .first = BY_KIND,
    .csv = true,
    .cursor = "after",
};

/* The list as it was asked for: where it stands, and by which statement. */
struct listing {
    struct db *db;
    struct arena *arena;
    const struct sql *sql;
    struct define_list_in in;
};

/* "kind/name", as the next link has it. */
static enum outcome read_after(struct listing *l, const struct http_request *r, struct err *e)
{
    struct str rest = http_query(r, "after");
    if (rest.n == 0)
        return OK;
    const struct str kind = str_cut(&rest, '/');
    if (!define_kind_find(kind) || rest.n == 0)
        return REFUSE(e, "http.malformed_cursor", { "name", S("after") });
    l->in.after_kind = kind;
    l->in.after_name = rest;
    return OK;
}

/* From the first kind to the last, or back; or one kind alone. */
static enum outcome listing_begin(struct listing *l, const struct pages_definitions_view *v,
                                  const struct http_request *r, struct err *e)
{
    const bool back = v->table.back;
    l->sql = back ? &sql_define_list_back : &sql_define_list;
    l->in.after_kind = v->kind.n > 0 ? v->kind : back ? TABLE_LAST : S("");
    l->in.after_name = back ? TABLE_LAST : S("");
    l->in.last = v->kind.n > 0 ? v->kind : back ? S("") : TABLE_LAST;
    return read_after(l, r, e);
}

static enum outcome next_rows(void *context, struct record_list *rows, struct err *e)
{
    struct listing *l = context;
    l->in.max = DEFINITIONS_READ;
    TRY(db_list(l->db, l->sql, &l->in, rows, DEFINITIONS_READ, l->arena, e));
    if (rows->n > 0) {
        const struct define_list_out *last = (const struct define_list_out *)rows->p + rows->n - 1;
        l->in.after_kind = last->kind;
        l->in.after_name = last->name;
    }
    return OK;
}

/* What can be asked for: kinds that the program knows. */
static enum outcome kinds_of(struct pages_definitions_view *v, struct http_request *r,
                             struct err *e)
{
    const struct define_kind *const *kinds = define_kinds(&v->nkinds);
    struct str *out = ARENA_ARRAY(r->arena, v->nkinds + 1, struct str);
    if (!out)
        return err_no_memory(e);
    for (size_t i = 0; i < v->nkinds; i++) {
        out[i] = str_z(kinds[i]->name);
        if (str_eq(out[i], http_query(r, "kind")))
            v->kind = out[i];
    }
    v->kinds = out;
    return OK;
}

static enum outcome definitions(struct http_request *r, struct db *db, struct page *p,
                                struct err *e)
{
    struct record_list rows;
    struct listing l = { db, r->arena, NULL, { .at = p->now_us } };
    struct pages_definitions_view view = { .kind = S("") };
    const size_t most = http_wants_json(r) ? DEFINITIONS_READ : DEFINITIONS_SHOWN;
    TRY(kinds_of(&view, r, e));
    table_ask(&view.table, p, r, &definitions_table,
              view.kind.n > 0 ? arena_printf(r->arena, "kind=%.*s", STR(view.kind)) : S(""));
    TRY(listing_begin(&l, &view, r, e));
    if (table_csv_asked(r))
        return table_csv(r, p, &view.table, &define_list_out_record, next_rows, &l, e);
    l.in.max = (int64_t)most + 1;
    TRY(db_list(db, l.sql, &l.in, &rows, most + 1, r->arena, e));
    view.rows = rows.p;
    view.n = rows.n;
    if (rows.n > most) {
        const struct define_list_out *last = &view.rows[most - 1];
        view.n = most;
        table_go_on(&view.table, r->arena,
                    arena_printf(r->arena, "%.*s/%.*s", STR(last->kind), STR(last->name)));
    }
    if (http_wants_json(r))
        return show_rows(r, &define_list_out_record, rows.p, view.n, view.table.next, e);
    TRY(pages_drafts_open(&view.drafts, &view.ndrafts, r, db, p, e));
    view.may_draft = show_may(r, "define.draft");
    page_definitions(p, &view);
    return OK;
}

enum http_state pages_get_definitions(struct http_request *r)
{
    return show(r, "page.definitions.title", definitions);
}

/* --- as a document --- */

static struct pages_doc *doc_of(struct page *p, const struct record *record, const void *value,
                                size_t depth, size_t *n);

struct str pages_doc_word(struct page *p, struct str name)
{
    const struct str own = text_find(p->language, arena_printf(p->b->arena, "doc.%.*s", STR(name)));
    return own.p ? own : show_name(p, "field", name);
}

/* What one looks for in an item, so that it need not be opened: "Quantity, mL, expected from 5". */
static struct str digest_of(struct page *p, const struct record *record, const void *item)
{
    static const char *const told[] = { "type", "role",     "unit",    "limit", "low",    "target",
                                        "high", "at_least", "at_most", "is",    "urgency" };
    struct buf b = buf_in(p->b->arena, DIGEST_MAX);
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
        const struct field *f = record_field(record, str_z(told[i]));
        const struct str value = f ? record_text(f, item, p->b->arena) : (struct str){ 0 };
        int64_t us;
        if (value.n == 0 || b.n + value.n > DIGEST_MAX / 2)
            continue;
        buf_z(&b, b.n > 0 ? " · " : "");
        if (i > TYPE_AND_ROLE)
            buf_printf(&b, "%.*s ", STR(pages_doc_word(p, str_z(told[i]))));
        buf_str(&b, i <= TYPE_AND_ROLE ? show_name(p, i == 0 ? "form_type" : "role", value)
                    : value.p[0] == 'P' && clock_duration_read(&us, value) ? show_duration(p, us)
                                                                           : value);
    }
    return buf_get(&b);
}

/* A section is called by what its record calls itself. */
static struct str item_label(struct page *p, const struct record *record, const void *item)
{
    static const char *const names[] = { "title", "label", "name", "test", "fact", "source" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct field *f = record_field(record, str_z(names[i]));
        struct str text = f ? record_text(f, item, p->b->arena) : (struct str){ 0 };
        if (text.n > 0)
            return text;
    }
    return S("");
}

static void put_list(struct page *p, struct pages_doc *doc, const struct field *f,
                     const struct record_list *list, size_t depth)
{
    struct pages_doc *items = ARENA_ARRAY(p->b->arena, list->n, struct pages_doc);
    if (!items || depth >= PAGES_DOC_DEPTH_MAX)
        return;
    for (size_t i = 0; i < list->n; i++) {
        const void *item = (const char *)list->p + i * f->item->size;
        items[i].label = item_label(p, f->item, item);
        items[i].digest = digest_of(p, f->item, item);
        items[i].parts = doc_of(p, f->item, item, depth + 1, &items[i].nparts);
    }
    doc->parts = items;
    doc->nparts = list->n;
}

static void put_texts(struct page *p, struct pages_doc *doc, const struct record_list *list)
{
    struct buf b = buf_in(p->b->arena, 8000);
    const struct str *texts = list->p;
    for (size_t i = 0; i < list->n; i++) {
        buf_z(&b, i > 0 ? ", " : "");
        buf_str(&b, texts[i]);
    }
    doc->simple = true;
    doc->value = buf_get(&b);
}

static struct pages_doc *doc_of(struct page *p, const struct record *record, const void *value,
                                size_t depth, size_t *n)
{
    struct pages_doc *parts = ARENA_ARRAY(p->b->arena, record->nfields, struct pages_doc);
    *n = 0;
    for (size_t i = 0; parts && i < record->nfields; i++) {
        const struct field *f = &record->fields[i];
        struct pages_doc *doc = &parts[*n];
        doc->label = pages_doc_word(p, str_z(f->name));
        if (f->kind == FIELD_LIST || f->kind == FIELD_TEXTS) {
            const struct record_list *list = (const void *)((const char *)value + f->offset);
            if (list->n == 0)
                continue;
            if (f->kind == FIELD_LIST)
                put_list(p, doc, f, list, depth);
            else
                put_texts(p, doc, list);
        } else {
            if (f->kind == FIELD_BLOB) /* its page shows what it is of */
                continue;
            doc->value = record_text(f, value, p->b->arena);
            if (doc->value.n == 0 || (f->kind == FIELD_BOOL && str_is(doc->value, "false")))
                continue;
            if (f->kind == FIELD_BOOL)
                doc->value = text_find(p->language, S("page.yes"));
            doc->simple = true;
        }
        (*n)++;
    }
    return parts;
}

struct pages_doc pages_doc_of(struct page *p, const struct definition *d)
{
    struct pages_doc doc = { .label = d->title };
    doc.parts = doc_of(p, define_kind_find(d->kind)->shape, d->body, 0, &doc.nparts);
    return doc;
}

/* Which version is in force, which one this is, and when the next one took its place. */
static void standing(struct pages_definition_view *view, int64_t now_us)
{
    static const struct define_versions_out old = { .ended = TIME_NONE, .loaded = TIME_NONE };
    bool found = false;
    view->superseded = TIME_NONE;
    view->version = &old;                          /* beyond those that are listed */
    for (size_t i = 0; i < view->nversions; i++) { /* newest first */
        const struct define_versions_out *o = &view->versions[i];
        const bool ended = o->ended != TIME_NONE && o->ended <= now_us;
        if (o->version == view->definition.version) {
            view->version = o;
            view->effective = !found && !ended && o->effective <= now_us;
        }
        if (o->version > view->definition.version && o->ended != 0 &&
            (view->superseded == TIME_NONE || o->effective < view->superseded))
            view->superseded = o->effective;
        found |= !ended && o->effective <= now_us;
    }
}

enum outcome pages_definition_read(struct pages_definition_view *view, struct http_request *r,
                                   struct db *db, struct page *p, struct err *e)
{
    int64_t version;
    bool found;
    struct str kind = http_param(r, "kind");
    struct str name = http_param(r, "name");
    *view = (struct pages_definition_view){ 0 };
    if (!str_to_u63(&version, http_param(r, "version")) || !define_kind_find(kind))
        return REFUSE(e, "define.unknown");
    TRY(define_find(&view->definition, db, kind, name, version, p->now_us, r->arena, &found, e));
    if (!found || version == 0)
        return REFUSE(e, "define.unknown");
    struct record_list versions;
    struct define_versions_in in = { kind, name };
    TRY(db_list(db, &sql_define_versions, &in, &versions, VERSIONS_MAX, r->arena, e));
    view->versions = versions.p;
    view->nversions = versions.n;
    standing(view, p->now_us);
    view->doc = pages_doc_of(p, &view->definition);
    if (define_kind_find(kind) == &workflow_kind)
        TRY(pages_workflow_graph(&view->graph, p, view->definition.title, view->definition.body,
                                 e));
    return OK;
}

static enum outcome definition(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct pages_definition_view view;
    TRY(pages_definition_read(&view, r, db, p, e));
    if (http_wants_json(r)) {
        r->answer.status = 200;
        r->answer.media_type = "application/json";
        r->answer.body = view.definition.json;
        return OK;
    }
    TRY(pages_differ_before(&view.differences, &view.known, p, db, &view.definition, e));
    TRY(pages_version_life(&view.life, r, db, p, view.version, view.superseded, e));
    const struct actor *a = show_actor(r);
    if (str_eq(view.version->organisation, a->organisation) && !show_site(a, "definition.see").p)
        TRY(pages_workflow_pace(&view.pace, p, db, &view.definition, e));
    view.refused = show_refusal(p, r);
    view.r = r;
    view.may_draft = show_may(r, "define.draft");
    view.may_retire = view.effective && view.version->ended == TIME_NONE &&
                      str_eq(view.version->organisation, a->organisation) &&
                      actor_may(a, S("define.retire"), a->organisation, a->site);
    page_definition(p, &view);
    return OK;
}

enum http_state pages_get_definition(struct http_request *r)
{
    return show(r, "page.definition.title", definition);
}

static enum http_state definition_again(struct http_request *r, const struct err *refused)
{
    return show_again(r, "page.definition.title", definition, refused);
}

enum http_state pages_post_retire(struct http_request *r)
{
    const struct str next =
        arena_printf(r->arena, "/definitions/%.*s/%.*s/%.*s", STR(http_param(r, "kind")),
                     STR(http_param(r, "name")), STR(http_param(r, "version")));
    return app_command(r, &(struct app_command){ .name = S("define.retire"),
                                                 .next = next,
                                                 .refused = definition_again });
}
