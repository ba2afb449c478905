/* A definition on paper: what its page shows, with version and hash on each page. */
#include "kernel/flow.h"
#include "kernel/pages_draft.h"
#include "kernel/print.h"

enum { HEADINGS = 3 };

/* Simple parts are facts; others have a heading, as far as there are levels. */
static void put_parts(struct print *out, const struct pages_doc *doc, int level)
{
    for (size_t i = 0; i < doc->nparts; i++) {
        const struct pages_doc *part = &doc->parts[i];
        if (part->simple)
            print_fact(out, part->label, part->value, false);
    }
    for (size_t i = 0; i < doc->nparts; i++) {
        const struct pages_doc *part = &doc->parts[i];
        if (part->simple)
            continue;
        if (part->label.n > 0)
            print_heading(out, level < HEADINGS ? level : HEADINGS, part->label);
        put_parts(out, part, level + 1);
    }
}

static enum outcome document(const struct print_document **out, struct page *p,
                             const struct pages_definition_view *v, struct err *e)
{
    struct arena *arena = p->b->arena;
    const struct definition *d = &v->definition;
    struct print_document head;
    record_clear(&print_document_record, &head);
    head.title = d->title;
    head.language = p->language;
    head.date = d->effective;
    head.dated = show_time(p, d->effective);
    head.hash = d->hash;
    head.hash_label = text_find(p->language, S("print.record"));
    head.paging = text_find(p->language, S("print.paging"));
    head.subtitle = show_name(p, "kind", d->kind);
    struct print *print = print_new(arena, &head);
    print_identity(print, show_name(p, "kind", d->kind), d->name, true);
    print_identity(print, text_find(p->language, S("page.definition.number")),
                   arena_printf(arena, "%lld", (long long)d->version), false);
    print_identity(print, text_find(p->language, S("page.definition.effective_from")),
                   show_time(p, d->effective), false);
    if (v->graph.markup.n > 0)
        print_drawing(print, v->graph, d->title,
                      text_find(p->language, S("page.definition.graph_text")));
    put_parts(print, &v->doc, 1);
    return print_done(out, print, e);
}

enum http_state pages_print_definition(struct http_request *r)
{
    struct err e = { 0 };
    struct db *db;
    struct pages_definition_view view;
    const struct print_document *d = NULL;
    struct store *store = app_of(r)->node->store;
    struct page p = app_page_away(r);
    enum outcome o = store_reader_take(&db, store, &e);
    if (o == OK) {
        o = pages_definition_read(&view, r, db, &p, &e);
        store_reader_give(store, db);
    }
    if (o == OK)
        o = document(&d, &p, &view, &e);
    return o == OK ? app_print(r, d, "definition") : app_problem(r, &e);
}
