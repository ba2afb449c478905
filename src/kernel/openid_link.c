/* Linking an account of the provider to one's own: the person shows the password and leaves; back
 * here, in the very session that they left in, they see whom the provider named, and only their
 * saying so links. So nobody is linked by who happens to be signed in at the provider, nor in a
 * session that was ended or locked meanwhile. */
#include "gen/kernel/pages/openid_link.html.h"
#include "kernel/openid_impl.h"

/* --- leaving --- */

static enum outcome leave_to_link(struct str *url, struct http_request *r, struct err *e)
{
    const struct actor *actor = &auth_of(r)->actor;
    struct auth_account_out row;
    bool known = false;
    struct db *db;
    struct store *store = app_of(r)->node->store;
    const struct auth_account_in in = { actor->account };
    TRY(auth_prove_own(r, e));
    TRY(store_reader_take(&db, store, e));
    const enum outcome o = db_get(db, &sql_auth_account, &in, &row, r->arena, &known, e);
    store_reader_give(store, db);
    if (o != OK)
        return o;
    if (!known || !str_eq(row.organisation, app_of(r)->openid->setup.organisation))
        return REFUSE(e, "openid.other_organisation");
    return openid_leave(url, r, auth_of(r)->id, S("/account"), e);
}

static enum http_state leave_work(struct http_request *r)
{
    struct err e = { 0 };
    struct str url;
    if (leave_to_link(&url, r, &e) != OK)
        return auth_own_again(r, &e);
    return openid_go_on(r, url, "page.openid_on.to_provider");
}

static enum http_state prove_and_leave(struct http_request *r)
{
    return auth_later(r, leave_work);
}

enum http_state openid_post_link(struct http_request *r)
{
    return openid_with_provider(r, prove_and_leave);
}

/* --- coming back --- */

enum http_state openid_come_to_link(struct http_request *r)
{
    const struct openid_asking *x = r->pending;
    struct err e = { 0 };
    const struct openid_named named = {
        .digest = openid_digest(r, x->result.subject),
        .login = x->result.login,
        .subject = x->result.subject,
    };
    if (openid_named_keep(r, x->way.session, &named, &e) != OK)
        return openid_over(r, openid_failed(r, &e));
    return openid_go_on(r, S("/account/identity"), "page.openid_on.named");
}

enum http_state openid_get_link(struct http_request *r)
{
    struct err e = { 0 };
    struct openid_named named;
    struct page p = app_page(r);
    if (!app_of(r)->openid)
        return auth_get_account(r); /* there is nothing to link */
    if (openid_named_open(&named, r, auth_of(r)->id, &e) != OK)
        return openid_over(r, auth_own_again(r, &e));
    const struct openid_link_view v = {
        .name = named.login.n > 0 ? named.login : named.subject,
        .provider = openid_name(r),
    };
    page_openid_link(&p, &v);
    r->answer.no_etag = true;
    return app_page_done(r, &p, "page.openid_link.title");
}

static enum outcome link_own(struct http_request *r, struct err *e)
{
    struct auth *a = app_of(r)->auth;
    struct openid_named named;
    if (!app_of(r)->openid)
        return REFUSE(e, "http.unknown");
    TRY(openid_named_open(&named, r, auth_of(r)->id, e));
    struct actor actor = auth_system(app_of(r)->openid->setup.organisation);
    const struct auth_link_identity body = {
        .account = auth_of(r)->actor.account,
        .digest = named.digest,
        .name = named.login.n > 0 ? named.login : (struct str){ 0 },
    };
    actor.name = auth_of(r)->actor.name;
    actor.account = body.account;
    return auth_send_because(a, &actor, &auth_link_identity_command, &body, S("own account"), true,
                             e);
}

static enum http_state link_work(struct http_request *r)
{
    struct err e = { 0 };
    const enum http_state state = link_own(r, &e) == OK
                                      ? auth_go(r, (struct str){ 0 }, S("/account"))
                                      : auth_own_again(r, &e);
    return openid_over(r, state);
}

enum http_state openid_post_confirm(struct http_request *r)
{
    return auth_later(r, link_work);
}

/* --- by an administrator --- */

static enum http_state link_other_work(struct http_request *r)
{
    struct err e = { 0 };
    const struct str subject = str_trim(http_form(r, "subject"));
    const struct auth_link_identity body = {
        .account = http_param(r, "account"),
        .digest = app_of(r)->openid ? openid_digest(r, subject) : S(""),
    };
    enum outcome o = OK;
    if (!app_of(r)->openid)
        o = REFUSE(&e, "http.unknown");
    else if (subject.n == 0 || subject.n > 255)
        o = REFUSE(&e, "openid.subject");
    if (o == OK)
        o = auth_send_because(app_of(r)->auth, &auth_of(r)->actor, &auth_link_identity_command,
                              &body, http_form(r, "_reason"), true, &e);
    if (o != OK)
        return auth_access_again(r, &e);
    return auth_go(r, (struct str){ 0 },
                   arena_printf(r->arena, "/accounts/%.*s/access", STR(body.account)));
}

enum http_state openid_post_link_other(struct http_request *r)
{
    return auth_later(r, link_other_work);
}
