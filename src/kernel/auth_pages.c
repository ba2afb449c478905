/* Signing in and out, and the site where one works. */
#include "kernel/auth_pages.h"

#include "gen/kernel/pages/password.html.h"
#include "gen/kernel/pages/set_up.html.h"
#include "gen/kernel/pages/sign_in.html.h"
#include "gen/kernel/pages/site.html.h"
#include "kernel/openid.h"

enum http_state auth_go(struct http_request *r, struct str cookie, struct str to)
{
    r->answer.status = 303;
    r->answer.location = to;
    r->answer.set_cookie[0] = cookie;
    return HTTP_DONE;
}

/* --- what forms share --- */

struct show_refusal auth_refusal(struct page *p, const struct err *e)
{
    if (!e)
        return (struct show_refusal){ 0 };
    return (struct show_refusal){ text_error(p->b->arena, p->language, e),
                                  text_error_hint(p->b->arena, p->language, e) };
}

enum http_state auth_form_again(struct http_request *r, struct page *p, const char *title_key,
                                const struct err *e)
{
    enum http_state state = app_page_done(r, p, title_key);
    if (r->answer.status == 200)
        r->answer.status = http_status(e);
    r->answer.retry_after_s = app_retry_after(e);
    return state;
}

struct auth_ask_token auth_ask_token(struct http_request *r, struct str of)
{
    struct auth *a = app_of(r)->auth;
    return (struct auth_ask_token){ auth_challenge(a, of, r->arena), auth_party(a, r).id };
}

/* An empty field shows nothing. */
static struct str shown(const struct http_request *r, const char *name)
{
    const struct str value = http_form(r, name);
    return value.n > 0 ? value : (struct str){ 0 };
}

struct auth_proof auth_proof_of(struct http_request *r, struct str of)
{
    struct auth *a = app_of(r)->auth;
    const struct str challenge = http_form(r, "challenge");
    return (struct auth_proof){
        .password = shown(r, "password"),
        .code = str_trim(shown(r, "code")),
        .assertion = shown(r, "assertion"),
        .challenge = challenge,
        .challenged = auth_challenge_made(a, of, challenge, r->arena),
        .party = auth_party(a, r),
    };
}

/* --- signing in and out --- */

static void sign_in_page(struct http_request *r, struct page *p, struct str next,
                         const struct err *e)
{
    struct auth_sign_in_view view = {
        .next = app_next(next),
        .refused = auth_refusal(p, e),
        .ask = auth_ask_token(r, S("sign-in")),
        .openid = openid_name(r),
    };
    if (str_is(http_query(r, "set"), "1"))
        view.said = text_find(p->language, S("page.sign_in.set"));
    page_sign_in(p, &view);
}

enum http_state auth_get_sign_in(struct http_request *r)
{
    struct page p = app_page(r);
    sign_in_page(r, &p, http_query(r, "next"), NULL);
    r->answer.no_etag = true;
    return app_page_done(r, &p, "page.sign_in.title");
}

/* A program gets problem details. */
enum http_state auth_sign_in_refused(struct http_request *r, const struct err *e)
{
    if (http_wants_json(r) || e->outcome == FAULT)
        return app_problem(r, e);
    struct page p = app_page(r);
    sign_in_page(r, &p, http_form(r, "next"), e);
    return auth_form_again(r, &p, "page.sign_in.title", e);
}

/* Where one goes on: who has shown less than their roles ask for, at what is missing; who completes
 * tasks, and asked for no page, at those. */
struct str auth_after_sign_in(const struct auth_session *session, struct str next)
{
    if (!auth_strong_enough(session))
        return S("/account");
    if (!session->actor.site.p)
        return S("/site");
    const struct actor *actor = &session->actor;
    const bool works = actor_may(actor, S("work.see"), actor->organisation, actor->site) &&
                       actor_may(actor, S("flow.complete"), actor->organisation, actor->site);
    next = app_next(next);
    return works && str_is(next, "/") ? S("/work") : next;
}

static enum http_state sign_in(struct http_request *r)
{
    struct auth *a = app_of(r)->auth;
    struct err e = { 0 };
    struct str value;
    struct auth_session session;
    struct auth_from from = auth_from(a, r);
    const struct auth_proof proof = auth_proof_of(r, S("sign-in"));
    const struct str device = auth_device_cookie(a, r, &from.device);
    if (auth_sign_in(a, http_form(r, "login"), &proof, &from, &value, r->arena, &e) != OK)
        return auth_sign_in_refused(r, &e);
    if (auth_session_find(a, value, &session, r->arena, &e) != OK)
        return auth_sign_in_refused(r, &e);
    r->answer.set_cookie[1] = device;
    return auth_go(r, auth_cookie(a, r, value), auth_after_sign_in(&session, http_form(r, "next")));
}

enum http_state auth_post_sign_in(struct http_request *r)
{
    return auth_later(r, sign_in);
}

enum http_state auth_post_sign_out(struct http_request *r)
{
    struct auth *a = app_of(r)->auth;
    struct err e = { 0 };
    if (auth_sign_out(a, auth_of(r), &e) == FAULT)
        return app_problem(r, &e);
    return auth_go(r, auth_cookie(a, r, (struct str){ 0 }), S("/sign-in"));
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
    struct auth_from from = auth_from(a, r);
    from.device = auth_of(r)->device;
    if (auth_move(a, auth_of(r), http_form(r, "site"), &from, &value, r->arena, &e) != OK)
        return app_problem(r, &e);
    return auth_go(r, auth_cookie(a, r, value), app_next(http_form(r, "next")));
}

/* --- one's own password --- */

static enum http_state password_page(struct http_request *r, const struct err *e)
{
    struct page p = app_page(r);
    struct auth_password_view view = { auth_refusal(&p, e) };
    page_password(&p, &view);
    return e ? auth_form_again(r, &p, "page.password.title", e)
             : app_page_done(r, &p, "page.password.title");
}

enum http_state auth_get_password(struct http_request *r)
{
    return password_page(r, NULL);
}

static enum http_state renew(struct http_request *r)
{
    struct auth *a = app_of(r)->auth;
    struct err e = { 0 };
    struct str value;
    const struct auth_from from = auth_from(a, r);
    const struct auth_new_password passwords = {
        .present = http_form(r, "present"),
        .fresh = http_form(r, "fresh"),
    };
    enum outcome o = auth_renew(a, auth_of(r), &passwords, &from, &value, r->arena, &e);
    if (o != OK)
        return http_wants_json(r) || o == FAULT ? app_problem(r, &e) : password_page(r, &e);
    return auth_go(r, auth_cookie(a, r, value), S("/"));
}

enum http_state auth_post_password(struct http_request *r)
{
    return auth_later(r, renew);
}

/* --- a password by a set-up code --- */

static enum http_state setup_page(struct http_request *r, const struct err *e)
{
    struct page p = app_page(r);
    struct auth_setup_view view = { auth_refusal(&p, e), http_form(r, "login") };
    page_set_up(&p, &view);
    return e ? auth_form_again(r, &p, "page.set_up.title", e)
             : app_page_done(r, &p, "page.set_up.title");
}

enum http_state auth_get_setup(struct http_request *r)
{
    return setup_page(r, NULL);
}

static enum http_state set_up(struct http_request *r)
{
    struct auth *a = app_of(r)->auth;
    struct err e = { 0 };
    const struct auth_from from = auth_from(a, r);
    const enum outcome o = auth_set_up(a, http_form(r, "login"), http_form(r, "setup"),
                                       http_form(r, "fresh"), &from, r->arena, &e);
    if (o != OK)
        return http_wants_json(r) || o == FAULT ? app_problem(r, &e) : setup_page(r, &e);
    return auth_go(r, (struct str){ 0 }, S("/sign-in?set=1"));
}

enum http_state auth_post_setup(struct http_request *r)
{
    return auth_later(r, set_up);
}
