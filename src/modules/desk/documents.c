/* The files of an order, whatever they came with, and one more. */
#include "gen/desk/pages/documents.html.h"
#include "modules/desk/documents.h"

#define RECORDS "modules/desk/document.def"
#include "base/record_tables.h"
#undef RECORDS

static void told(struct desk_document *out, struct http_request *r, const struct file_of_out *row)
{
    const struct look_at at = { row->event_id, S("name"), row->name, NULL, NULL };
    struct err erased = { 0 };
    struct str name;
    out->file = row->file;
    out->type = row->type;
    out->size = row->size;
    out->hash = row->hash;
    out->stored = row->stored;
    out->stored_by = row->stored_by;
    if (look_open(look_of(r), &name, &at, &erased) == OK)
        out->name = name;
}

/* As their contents: whose part sees files sees them all, others what their own people stored. */
static bool seen(const struct desk_order *o, const struct file_of_out *file)
{
    return flow_sees(&o->sight, "file") || str_eq(file->organisation, o->actor->organisation);
}

static enum outcome documents(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct desk_documents_view v = { 0 };
    struct record_list list;
    TRY(desk_order_load(&v.o, r, db, p, http_param(r, "order"), e));
    const struct file_of_in in = { S("order"), v.o.id };
    TRY(db_list(db, &sql_file_of, &in, &list, DESK_DOCUMENTS_MAX, r->arena, e));
    const struct file_of_out *files = list.p;
    struct desk_document *rows = ARENA_ARRAY(r->arena, list.n + 1, struct desk_document);
    struct desk_document_view *views = ARENA_ARRAY(r->arena, list.n + 1, struct desk_document_view);
    if (!rows || !views)
        return err_no_memory(e);
    for (size_t i = 0; i < list.n; i++) {
        if (!seen(&v.o, &files[i]))
            continue;
        told(&rows[v.n], r, &files[i]);
        views[v.n] =
            (struct desk_document_view){ &rows[v.n], show_person(p, db, files[i].stored_by) };
        v.n++;
    }
    if (http_wants_json(r))
        return show_rows(r, &desk_document_record, rows, v.n, (struct str){ 0 }, e);
    v.rows = views;
    TRY(desk_order_head(&v.head, r, db, p, &v.o, "/documents", e));
    v.refused = show_refusal(p, r);
    v.may_add = show_may(r, "file.store") && !v.o.stop.standing;
    page_documents(p, &v);
    return OK;
}

enum http_state desk_get_documents(struct http_request *r)
{
    return show(r, "page.documents.title", documents);
}

static enum http_state kept(struct http_request *r)
{
    size_t n;
    struct err e = { 0 };
    const struct file_sent *files = file_sent_of(r, &n);
    if (n == 0)
        (void)!REFUSE(&e, "file.none");
    for (size_t i = 0; i < n && e.outcome == OK; i++)
        e = files[i].why;
    if (e.outcome == FAULT)
        return app_problem(r, &e);
    if (e.outcome != OK) {
        r->answer = (struct http_answer){ .status = http_status(&e) };
        return show_again(r, "page.documents.title", documents, &e);
    }
    r->answer.status = 303;
    r->answer.location =
        arena_printf(r->arena, "/orders/%.*s/documents", STR(http_param(r, "order")));
    return HTTP_DONE;
}

enum http_state desk_post_documents(struct http_request *r)
{
    return file_sent_store(r, kept);
}
