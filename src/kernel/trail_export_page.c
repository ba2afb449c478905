/* Exports over HTTP: asked for by a form, fetched by who asked. */
#include <stdlib.h>

#include "base/id.h"
#include "kernel/ledger.h"
#include "kernel/print.h"
#include "kernel/trail_page.h"

enum { EXPORT_ARENA = 512 << 20 };

static enum http_state exported(struct http_request *r, const struct gate_answer *answer)
{
    const struct json *object;
    struct err e = { 0 };
    if (json_read(&object, r->arena, answer->body, &json_limits_default, &e) != OK)
        return app_problem(r, &e);
    r->answer.status = 303;
    r->answer.location =
        arena_printf(r->arena, "/trail/exports/%.*s", STR(json_get_str(object, "export")));
    return HTTP_DONE;
}

enum http_state trail_post_export(struct http_request *r)
{
    return app_command(r, &(struct app_command){ .name = S("trail.export"), .done = exported });
}

/* --- fetched --- */

struct fetching {
    struct trail_exported said;
    struct trail_filter filter;
    struct event event;
    struct trail_file file;
    struct arena *arena;
    const struct print_document *document;
};

static enum outcome find(struct fetching *x, struct http_request *r, struct db *db, struct err *e)
{
    const struct str id = http_param(r, "export");
    const struct stream stream = stream_of("export", id_valid(id) ? id : S("none"));
    struct ledger_row *rows;
    const void *payload;
    size_t n;
    TRY(ledger_read_stream(db, stream_str(&stream), 1, 1, &rows, &n, r->arena, e));
    if (n == 1)
        TRY(event_read(&x->event, r->arena, rows[0].leaf, e));
    if (n != 1 || !str_eq(x->event.actor, show_actor(r)->name))
        return REFUSE(e, "gate.unknown", { "kind", S("export") });
    TRY(registry_payload(&trail_exported_event, &x->event, &payload, r->arena, e));
    x->said = *(const struct trail_exported *)payload;
    x->filter = (struct trail_filter){ x->said.thing,     x->said.actor, x->said.type,
                                       x->said.exception, x->said.from,  x->said.to };
    return OK;
}

static void head(struct print_document *out, struct page *p, const struct fetching *x,
                 struct arena *a)
{
    record_clear(&print_document_record, out);
    out->title = text_find(p->language, S("page.trail.title"));
    out->subtitle = x->said.thing;
    out->language = p->language;
    out->date = x->said.made;
    out->dated = page_time(p, x->said.made, a);
    out->hash = x->said.hash;
    out->hash_label = text_find(p->language, S("page.trail.hash"));
    out->paging = text_find(p->language, S("print.paging"));
    out->wide = true;
}

static void facts(struct print *print, struct page *p, struct db *db, const struct fetching *x,
                  struct arena *a)
{
    print_fact(print, text_find(p->language, S("page.trail.exported_by")),
               show_person(p, db, x->event.actor), false);
    print_fact(print, text_find(p->language, S("page.trail.exported_at")),
               page_time(p, x->said.made, a), false);
    print_fact(print, text_find(p->language, S("page.trail.up_to")),
               arena_printf(a, "%lld", (long long)x->said.up_to), false);
    print_fact(print, text_find(p->language, S("page.trail.hash")), x->said.hash, true);
    for (size_t i = 0; i < trail_filter_record.nfields; i++) {
        const struct field *f = &trail_filter_record.fields[i];
        const struct str text = record_text(f, &x->filter, a);
        if (text.p)
            print_fact(print, show_name(p, "field", str_z(f->name)), text, true);
    }
}

static struct str changes(struct page *p, const struct trail_row *row, struct arena *a)
{
    struct buf b = buf_in(a, 16 << 10);
    for (size_t i = 0; i < row->changes.n; i++) {
        const struct trail_change *c = &row->changes.p[i];
        buf_z(&b, i > 0 ? "\n" : "");
        buf_str(&b, c->label);
        buf_z(&b, ": ");
        if (c->before.p) {
            buf_str(&b, c->before);
            buf_z(&b, " → ");
        }
        buf_str(&b, trail_text(p, c, false));
        if (b.n > 1200) {
            buf_z(&b, " …");
            break;
        }
    }
    return buf_get(&b);
}

static struct str words(struct page *p, const struct trail_row *row, struct arena *a)
{
    struct buf b = buf_in(a, 400);
    for (size_t i = 0; i < row->exceptions.n; i++) {
        buf_z(&b, i > 0 ? ", " : "");
        buf_str(&b, trail_word(p, row->exceptions.p[i]));
    }
    return buf_get(&b);
}

/* As what page and paper say it, by the rows of the file. */
static enum outcome document(struct fetching *x, struct page *p, struct db *db, struct err *e)
{
    static const char *const titles[] = { "event", "recorded", "who",       "what",
                                          "about", "changes",  "exceptions" };
    enum { COLUMNS = sizeof titles / sizeof titles[0] };
    struct print_column columns[COLUMNS];
    struct print_document d;
    struct arena *a = x->arena;
    head(&d, p, x, a);
    struct print *print = print_new(a, &d);
    if (!print)
        return err_no_memory(e);
    facts(print, p, db, x, a);
    for (size_t i = 0; i < COLUMNS; i++)
        columns[i] = (struct print_column){
            .title = text_find(p->language, arena_printf(a, "page.trail.column_%s", titles[i])),
            .weight = INT_NONE,
        };
    print_table(print, text_find(p->language, S("page.trail.title")), columns, COLUMNS);
    for (int64_t i = 0; i < x->file.rows; i++) {
        const struct trail_row *row = &x->file.list[i];
        const struct str cells[COLUMNS] = {
            arena_printf(a, "%lld", (long long)row->sequence),
            page_time(p, row->recorded, a),
            arena_printf(a, "%.*s\n%.*s", STR(row->person),
                         STR(row->place_name.p ? row->place_name : S(""))),
            row->what,
            row->about,
            changes(p, row, a),
            words(p, row, a),
        };
        print_row(print, row->exceptions.n > 0 ? "warn" : NULL, cells);
    }
    return print_done(&x->document, print, e);
}

static enum outcome make(struct fetching *x, struct http_request *r, struct db *db, struct err *e)
{
    struct page p = app_page_away(r);
    struct buf b = buf_in(x->arena, 4096);
    char hex[HASH_HEX + 1];
    p.b = &b;
    struct trail_reader reader = {
        .db = db, .registry = app_of(r)->node->registry, .actor = show_actor(r), .page = &p
    };
    TRY(find(x, r, db, e));
    const struct trail_export_of of = { &x->filter, x->said.format, x->said.up_to, x->said.made,
                                        x->event.actor };
    TRY(trail_file_make(&x->file, &reader, &of, x->arena, e));
    hash_hex(hex, x->file.hash);
    if (!str_is(x->said.hash, hex)) /* what the asker may see has changed since */
        return REFUSE(e, "trail.export_changed");
    return str_is(x->said.format, "pdf") ? document(x, &p, db, e) : OK;
}

static ptrdiff_t file_read_at(void *context, int64_t at, void *out, size_t n)
{
    const struct fetching *x = context;
    const size_t left = x->file.content.n - (size_t)at;
    const size_t take = n < left ? n : left;
    memcpy(out, x->file.content.p + at, take);
    return (ptrdiff_t)take;
}

static void fetching_free(void *context)
{
    struct fetching *x = context;
    arena_free(x->arena);
    free(x);
}

static enum http_state send(struct http_request *r, struct fetching *x)
{
    const bool csv = str_is(x->said.format, "csv");
    r->answer.status = 200;
    r->answer.media_type = csv ? "text/csv; charset=utf-8" : "application/json";
    r->answer.headers[0].name = "Content-Disposition";
    r->answer.headers[0].value =
        arena_printf(r->arena, "attachment; filename=\"audit-trail-%.8s.%s\"", x->said.export.p,
                     csv ? "csv" : "json");
    r->answer.headers[1].name = "Digest";
    r->answer.headers[1].value = arena_printf(r->arena, "sha-256=%.*s", STR(x->said.hash));
    r->answer.made = (struct http_body){
        .size = (int64_t)x->file.content.n,
        .read = file_read_at,
        .free = fetching_free,
        .context = x,
    };
    return HTTP_DONE;
}

static enum outcome on_snapshot(struct fetching *x, struct http_request *r, struct err *e)
{
    struct db *db;
    struct store *store = app_of(r)->node->store;
    TRY(store_reader_take(&db, store, e));
    enum outcome o = db_begin(db, e);
    if (o == OK) {
        o = make(x, r, db, e);
        db_rollback(db);
    }
    store_reader_give(store, db);
    return o;
}

enum http_state trail_get_export(struct http_request *r)
{
    struct err e = { 0 };
    struct fetching *x = calloc(1, sizeof *x);
    struct arena *arena = arena_new(EXPORT_ARENA);
    if (!x || !arena) {
        free(x);
        arena_free(arena);
        (void)!err_no_memory(&e);
        return app_problem(r, &e);
    }
    x->arena = arena;
    if (on_snapshot(x, r, &e) != OK) {
        fetching_free(x);
        return app_problem(r, &e);
    }
    if (!x->document)
        return send(r, x);
    /* It was encoded for the worker before this returns. */
    const enum http_state state = app_print(r, x->document, "audit-trail");
    fetching_free(x);
    return state;
}
