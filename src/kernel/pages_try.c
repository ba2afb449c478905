/* A form tried at its definition or draft: filled in and worked out, and nothing of it is kept. No
 * command is sent, no event is made, nothing is written. */
#include "gen/kernel/pages/form_try.html.h"
#include "kernel/draft_impl.h"
#include "kernel/pages_draft.h"

enum { TRY_HTML_MAX = 1 << 20 };

/* --- what is tried --- */

static enum outcome draft_found(struct pages_tried *out, struct http_request *r, struct db *db,
                                struct page *p, struct str draft, struct err *e)
{
    struct draft_state s;
    TRY(pages_draft_read(&s, r, db, p, draft, e));
    TRY(draft_bind(&out->definition, &s.row, r->arena, e));
    out->of = arena_printf(r->arena, "/definitions/drafts/%.*s", STR(draft));
    out->again = arena_printf(r->arena, "/definitions/%.*s/%.*s/try?draft=%.*s",
                              STR(out->definition.kind), STR(out->definition.name), STR(draft));
    return OK;
}

enum outcome pages_tried_find(struct pages_tried *out, struct http_request *r, struct db *db,
                              struct page *p, const char *kind, struct err *e)
{
    struct definition *d = &out->definition;
    int64_t version = 0;
    bool found = true;
    const struct str name = http_param(r, "name"), draft = http_query(r, "draft");
    if (draft.n > 0) {
        TRY(draft_found(out, r, db, p, draft, e));
        found = str_is(d->kind, kind) && str_eq(d->name, name);
    } else {
        (void)str_to_u63(&version, http_query(r, "version"));
        TRY(define_find(d, db, str_z(kind), name, version, p->now_us, r->arena, &found, e));
        out->of = arena_printf(r->arena, "/definitions/%s/%.*s/%lld", kind, STR(name),
                               (long long)d->version);
        out->again = arena_printf(r->arena, "/definitions/%s/%.*s/try?version=%lld", kind,
                                  STR(name), (long long)d->version);
    }
    return found ? OK : REFUSE(e, "define.unknown");
}

/* --- a form --- */

/* In a trial the one who tries reads what they wrote, also where it would be sealed. */
static struct str as_written(void *context, struct str field, struct str sealed)
{
    (void)context;
    (void)field;
    return sealed;
}

static enum outcome render(struct html *out, struct page *p, const struct pages_try_view *v,
                           const struct http_request *r, bool record, struct err *e)
{
    struct arena *a = p->b->arena;
    struct page part = *p;
    struct buf b = buf_in(a, TRY_HTML_MAX);
    part.b = &b;
    if (record)
        form_render_record(&part,
                           &(struct form_shown){
                               .form = &v->form, .record = &v->filled.record, .open = as_written },
                           a);
    else
        form_render(
            &part,
            &(struct form_filling){ .form = &v->form, .inputs = r->form, .ninputs = r->nform },
            v->filled.problems, v->filled.nproblems, a);
    TRY(buf_check(&b, e));
    out->markup = buf_get(&b);
    return OK;
}

static enum outcome try_form(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct pages_try_view v = { 0 };
    struct err why = { 0 };
    TRY(pages_tried_find(&v.from, r, db, p, "form", e));
    v.form = v.from.definition;
    const struct form_filling in = {
        .form = &v.form,
        .inputs = r->form,
        .ninputs = r->nform,
        .working = true,
    };
    bool posted = str_is(r->method, "POST") && !form_redraw_wanted(r->form, r->nform);
    if (posted) {
        enum outcome o = form_fill(&v.filled, &in, r->arena, &why);
        if (o == FAULT) {
            *e = why;
            return FAULT;
        }
        v.good = o == OK;
    }
    v.tried = posted;
    TRY(render(&v.fields, p, &v, r, false, e));
    if (v.good)
        TRY(render(&v.record, p, &v, r, true, e));
    page_form_try(p, &v);
    return OK;
}

enum http_state pages_try_form(struct http_request *r)
{
    return show(r, "page.try.title", try_form);
}
