/* A form tried at its definition: filled in and worked out, and nothing of it is kept. No command
 * is sent, no event is made, nothing is written. */
#include "gen/kernel/pages/form_try.html.h"
#include "kernel/pages.h"

enum { TRY_HTML_MAX = 1 << 20 };

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
    int64_t version = 0;
    bool found;
    struct err why = { 0 };
    (void)str_to_u63(&version, http_query(r, "version"));
    TRY(define_find(&v.form, db, S("form"), http_param(r, "name"), version, p->now_us, r->arena,
                    &found, e));
    if (!found)
        return REFUSE(e, "define.unknown");
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
