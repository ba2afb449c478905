/* The lock of a session: nothing that was typed is lost, and another person may take over. */
#include "kernel/auth_pages.h"

#include "gen/kernel/pages/locked.html.h"
#include "gen/kernel/pages/locked_kept.html.h"
#include "kernel/auth_impl.h"

#define KEEP   "keep."
#define CHOSEN "chosen."

/* --- what was sent to a locked session --- */

static struct str kept_name(const struct http_request *r, struct str name)
{
    return arena_printf(r->arena, KEEP "%.*s", STR(name));
}

/* A form's own token is made anew when it is sent again; a secret is asked for anew, since the page
 * stands open while nobody is there. */
static bool kept_at_all(struct str name)
{
    static const char *const never[] = { "_csrf",  "_password", "_code",     "password", "present",
                                         "fresh",  "again",     "code",      "pin",      "badge",
                                         "secret", "assertion", "_assertion" };
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        if (str_is(name, never[i]))
            return false;
    return true;
}

static void keep_form(const struct http_request *r, struct auth_locked_view *v)
{
    struct record_pair *kept = ARENA_ARRAY(r->arena, r->nform + 1, struct record_pair);
    for (size_t i = 0; kept && i < r->nform; i++)
        if (kept_at_all(r->form[i].name))
            kept[v->nkept++] =
                (struct record_pair){ kept_name(r, r->form[i].name), r->form[i].value };
    v->kept = kept;
    v->files = r->passed;
    v->nfiles = r->npassed;
    v->to = r->path;
}

static void keep_chosen(const struct http_request *r, struct auth_locked_view *v)
{
    struct record_pair *files = ARENA_ARRAY(r->arena, HTTP_PASSED_MAX, struct record_pair);
    for (size_t i = 0; files && i < r->nform && v->nfiles < HTTP_PASSED_MAX; i++)
        if (str_starts(r->form[i].name, S(CHOSEN)))
            files[v->nfiles++] = (struct record_pair){ str_from(r->form[i].name, sizeof CHOSEN - 1),
                                                       r->form[i].value };
    v->files = files;
}

/* What the lock's form has carried on; `names`: as they were. */
static void keep_kept(const struct http_request *r, struct auth_locked_view *v, bool names)
{
    struct record_pair *kept = ARENA_ARRAY(r->arena, r->nform + 1, struct record_pair);
    const struct str to = http_form(r, "to");
    for (size_t i = 0; kept && i < r->nform; i++)
        if (str_starts(r->form[i].name, S(KEEP)))
            kept[v->nkept++] =
                (struct record_pair){ names ? str_from(r->form[i].name, sizeof KEEP - 1)
                                            : r->form[i].name,
                                      r->form[i].value };
    v->kept = kept;
    keep_chosen(r, v);
    if (to.n > 0)
        v->to = app_next(to);
}

/* --- the lock --- */

static enum http_state lock_page(struct http_request *r, struct auth_locked_view *v,
                                 const struct err *e)
{
    const struct auth_session *session = auth_of(r);
    struct page p = app_page(r);
    v->person = session->person;
    v->csrf = session->csrf;
    v->refused = auth_refusal(&p, e);
    v->ask = auth_ask_token(r, session->id);
    p.csrf = (struct str){ 0 }; /* the bar shows nothing of who is away */
    page_locked(&p, v);
    r->answer.no_etag = true;
    return app_page_done(r, &p, "page.locked.title");
}

enum http_state auth_get_locked(struct http_request *r)
{
    struct auth_locked_view v = { .next = app_next(http_query(r, "next")) };
    if (!auth_of(r)->locked)
        return auth_go(r, (struct str){ 0 }, v.next);
    return lock_page(r, &v, NULL);
}

void auth_locked(struct http_request *r, const struct err *e)
{
    struct auth_locked_view v = { .next = S("/") };
    if (str_is(r->method, "GET")) {
        r->answer.status = 303;
        r->answer.location = arena_printf(r->arena, "/locked?next=%.*s", STR(app_next(r->path)));
        return;
    }
    (void)e;
    keep_form(r, &v);
    lock_page(r, &v, NULL);
    r->answer.status = 423;
}

static enum http_state lock_again(struct http_request *r, const struct err *e)
{
    struct auth_locked_view v = { .next = app_next(http_form(r, "next")) };
    if (http_wants_json(r) || e->outcome == FAULT)
        return app_problem(r, e);
    keep_kept(r, &v, false);
    lock_page(r, &v, e);
    r->answer.status = http_status(e);
    r->answer.retry_after_s = app_retry_after(e);
    return HTTP_DONE;
}

static enum http_state go_on(struct http_request *r, struct str cookie)
{
    struct auth_locked_view v = { .next = app_next(http_form(r, "next")) };
    keep_kept(r, &v, true);
    r->answer.set_cookie[0] = cookie;
    if (http_wants_json(r)) {
        r->answer.status = 204;
        r->answer.media_type = "";
        return HTTP_DONE;
    }
    if (!v.to.p || cookie.p) /* what one has typed is not another's to send */
        return auth_go(r, cookie, cookie.p ? S("/") : v.next);
    struct page p = app_page(r);
    v.csrf = auth_of(r)->csrf;
    page_locked_kept(&p, &v);
    r->answer.no_etag = true;
    return app_page_done(r, &p, "page.locked.kept");
}

static enum http_state unlock(struct http_request *r)
{
    struct auth *a = app_of(r)->auth;
    const struct auth_session *session = auth_of(r);
    const struct auth_from from = auth_from(a, r);
    const struct auth_proof proof = auth_proof_of(r, session->id);
    struct err e = { 0 };
    if (session->locked && auth_go_on(a, session, &from, &proof, r->arena, &e) != OK)
        return lock_again(r, &e);
    return go_on(r, (struct str){ 0 });
}

enum http_state auth_post_unlock(struct http_request *r)
{
    return auth_later(r, unlock);
}

static enum http_state take_over(struct http_request *r)
{
    struct auth *a = app_of(r)->auth;
    const struct auth_session *session = auth_of(r);
    const struct auth_from from = auth_from(a, r);
    const struct auth_taking taking = {
        .badge = http_form(r, "badge"),
        .pin = http_form(r, "pin"),
        .token = auth_proof_of(r, session->id),
    };
    struct err e = { 0 };
    struct str value;
    if (auth_take_over(a, session, &from, &taking, &value, r->arena, &e) != OK)
        return lock_again(r, &e);
    return go_on(r, value.p ? auth_cookie(a, r, value) : value);
}

enum http_state auth_post_switch(struct http_request *r)
{
    return auth_later(r, take_over);
}

enum http_state auth_post_lock(struct http_request *r)
{
    struct err e = { 0 };
    const struct str next = app_next(http_form(r, "next"));
    if (auth_lock(app_of(r)->auth, auth_of(r), "asked", &e) == FAULT)
        return app_problem(r, &e);
    return auth_go(r, (struct str){ 0 }, arena_printf(r->arena, "/locked?next=%.*s", STR(next)));
}

/* A page's script says that somebody works there. */
enum http_state auth_post_here(struct http_request *r)
{
    r->answer.status = 204;
    r->answer.media_type = "";
    return HTTP_DONE;
}
