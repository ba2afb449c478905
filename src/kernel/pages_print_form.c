/* A blank of a form, to be printed and kept ready for when the system is not there. */
#include "gen/kernel/pages/print_up.html.h"
#include "kernel/form_print.h"
#include "kernel/pages.h"

static enum outcome blank(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct definition form;
    struct print_document d;
    int64_t version = 0;
    bool found;
    (void)str_to_u63(&version, http_query(r, "version"));
    TRY(define_find(&form, db, S("form"), http_param(r, "name"), version, p->now_us, r->arena,
                    &found, e));
    if (!found)
        return REFUSE(e, "define.unknown");
    const struct print_fact identity[] = {
        { text_find(p->language, S("print.patient")), S(""), false },
        { text_find(p->language, S("print.order")), S(""), false },
        { text_find(p->language, S("print.site")), S(""), false },
        { text_find(p->language, S("print.by")), S(""), false },
        { text_find(p->language, S("print.recorded")), S(""), false },
    };
    const struct form_printing in = {
        .form = &form,
        .identity = identity,
        .nidentity = sizeof identity / sizeof identity[0],
        .date = form.effective,
    };
    TRY(form_print(&d, p, &in, r->arena, e));
    page_print_up(p,
                  arena_printf(r->arena, "/definitions/form/%.*s/%lld", STR(form.name),
                               (long long)form.version),
                  form.title);
    print_html(p, &d);
    return OK;
}

enum http_state pages_print_form(struct http_request *r)
{
    return show(r, "page.print.title", blank);
}
