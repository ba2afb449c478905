/* Signing in and out, and the site where one works. */
#include "kernel/auth_pages.h"

#include "gen/kernel/pages/password.html.h"
#include "gen/kernel/pages/sign_in.html.h"
#include "gen/kernel/pages/site.html.h"
#include "kernel/show.h"

static enum http_state go(struct http_request *r, struct str cookie, struct str to)
{
    r->answer.status = 303;
    r->answer.location = to;
    r->answer.set_cookie[0] = cookie;
    return HTTP_DONE;
}

enum http_state auth_get_sign_in(struct http_request *r)
{
    struct page p = app_page(r);
    struct auth_sign_in_view view = { .next = app_next(http_query(r, "next")) };
    page_sign_in(&p, &view);
    return app_page_done(r, &p, "page.sign_in.title");
}

/* The form again, with the status of its refusal. */
static enum http_state form_again(struct http_request *r, struct page *p, const char *title_key,
                                  const struct err *e)
{
    enum http_state state = app_page_done(r, p, title_key);
    if (r->answer.status == 200)
        r->answer.status = http_status(e);
    r->answer.retry_after_s = app_retry_after(e);
    return state;
}

/* A program gets problem details. */
static enum http_state sign_in_refused(struct http_request *r, const struct err *e)
{
    if (http_wants_json(r) || e->outcome == FAULT)
        return app_problem(r, e);
    struct page p = app_page(r);
    struct auth_sign_in_view view = {
        .next = app_next(http_form(r, "next")),
        .text = text_error(r->arena, p.language, e),
        .hint = text_error_hint(r->arena, p.language, e),
    };
    page_sign_in(&p, &view);
    return form_again(r, &p, "page.sign_in.title", e);
}

enum http_state auth_post_sign_in(struct http_request *r)
{
    struct auth *a = app_of(r)->auth;
    struct err e = { 0 };
    struct str value;
    struct auth_session session;
    if (auth_sign_in(a, http_form(r, "login"), http_form(r, "password"), http_peer(r), &value,
                     r->arena, &e) != OK)
        return sign_in_refused(r, &e);
    if (auth_session_find(a, value, &session, r->arena, &e) != OK)
        return sign_in_refused(r, &e);
    struct str cookie = auth_cookie(a, r, value);
    return go(r, cookie, session.actor.site.p ? app_next(http_form(r, "next")) : S("/site"));
}

enum http_state auth_post_sign_out(struct http_request *r)
{
    struct auth *a = app_of(r)->auth;
    struct err e = { 0 };
    if (auth_sign_out(a, auth_of(r), &e) == FAULT)
        return app_problem(r, &e);
    return go(r, auth_cookie(a, r, (struct str){ 0 }), S("/sign-in"));
}

enum http_state auth_get_site(struct http_request *r)
{
    struct err e = { 0 };
    struct record_list list;
    const struct auth_session *session = auth_of(r);
    if (auth_sites(app_of(r)->auth, session->actor.account, &list, r->arena, &e) != OK)
        return app_problem(r, &e);
    if (http_wants_json(r)) {
        const enum outcome o =
            show_rows(r, &auth_sites_out_record, list.p, list.n, (struct str){ 0 }, &e);
        return o == OK ? HTTP_DONE : app_problem(r, &e);
    }
    struct page p = app_page(r);
    struct auth_site_view view = {
        .sites = list.p,
        .n = list.n,
        .here = session->actor.site,
        .next = app_next(http_query(r, "next")),
    };
    page_site(&p, &view);
    return app_page_done(r, &p, "page.site.title");
}

enum http_state auth_post_site(struct http_request *r)
{
    struct auth *a = app_of(r)->auth;
    struct err e = { 0 };
    struct str value;
    if (auth_move(a, auth_of(r), http_form(r, "site"), &value, r->arena, &e) != OK)
        return app_problem(r, &e);
    return go(r, auth_cookie(a, r, value), app_next(http_form(r, "next")));
}

static enum http_state password_page(struct http_request *r, const struct err *e)
{
    struct page p = app_page(r);
    struct auth_password_view view = { 0 };
    if (e) {
        view.text = text_error(r->arena, p.language, e);
        view.hint = text_error_hint(r->arena, p.language, e);
    }
    page_password(&p, &view);
    return e ? form_again(r, &p, "page.password.title", e)
             : app_page_done(r, &p, "page.password.title");
}

enum http_state auth_get_password(struct http_request *r)
{
    return password_page(r, NULL);
}

enum http_state auth_post_password(struct http_request *r)
{
    struct auth *a = app_of(r)->auth;
    struct err e = { 0 };
    struct str value;
    struct auth_new_password passwords = {
        .present = http_form(r, "present"),
        .fresh = http_form(r, "fresh"),
        .peer = http_peer(r),
    };
    enum outcome o = auth_renew(a, auth_of(r), &passwords, &value, r->arena, &e);
    if (o != OK)
        return http_wants_json(r) || o == FAULT ? app_problem(r, &e) : password_page(r, &e);
    return go(r, auth_cookie(a, r, value), S("/"));
}
