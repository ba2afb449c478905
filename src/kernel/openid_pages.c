/* Signing in by the provider: leaving for it, and coming back. What waits for the writer does so on
 * a thread for what takes long (auth_later.c). */
#include "gen/kernel/pages/openid_on.html.h"
#include "kernel/openid_impl.h"

/* --- leaving --- */

static enum http_state to_provider(struct http_request *r)
{
    struct err e = { 0 };
    struct str url;
    if (openid_leave(&url, r, (struct str){ 0 }, app_next(http_query(r, "next")), &e) != OK)
        return app_problem(r, &e);
    r->answer.status = 303;
    r->answer.headers[0].name = "Location"; /* of another server */
    r->answer.headers[0].value = url;
    r->answer.no_etag = true;
    return HTTP_DONE;
}

enum http_state openid_get_start(struct http_request *r)
{
    return openid_with_provider(r, to_provider);
}

/* --- coming back --- */

enum http_state openid_go_on(struct http_request *r, struct str to, const char *text)
{
    struct page p = app_page(r);
    const struct openid_on_view v = { to, text_find(p.language, str_z(text)) };
    page_openid_on(&p, &v);
    r->answer.headers[0].name = "Refresh";
    r->answer.headers[0].value = arena_printf(r->arena, "0;url=%.*s", STR(to));
    r->answer.no_etag = true;
    return app_page_done(r, &p, "page.openid_on.title");
}

struct str openid_digest(struct http_request *r, struct str subject)
{
    const struct openid *o = app_of(r)->openid;
    return auth_digest(app_of(r)->auth, "identity",
                       arena_printf(r->arena, "%.*s\n%.*s", STR(o->setup.issuer), STR(subject)),
                       r->arena);
}

/* What the provider says of how the person showed who they are, as the configuration reads it. */
static enum proof_strength strength_of(const struct openid *o, const struct openid_result *said)
{
    struct str rest = o->setup.code;
    while (rest.p) {
        const struct str word = str_trim(str_cut(&rest, ','));
        if (word.n > 0 && (str_eq(word, said->acr) || str_among(word, said->amr.p, said->amr.n)))
            return PROOF_CODE;
    }
    return PROOF_PASSWORD;
}

/* The account that the subject is linked to, in the form in which sign-ins have it. */
static enum outcome linked(struct auth_claim *c, struct str *credential, struct http_request *r,
                           struct str subject, struct err *e)
{
    struct store *store = app_of(r)->node->store;
    const struct auth_credential_digest_in in = { S("identity"), openid_digest(r, subject) };
    struct auth_credential_digest_out row;
    struct auth_account_out account;
    struct db *db;
    *c = (struct auth_claim){ .found = false };
    TRY(store_reader_take(&db, store, e));
    enum outcome o = db_get(db, &sql_auth_credential_digest, &in, &row, r->arena, &c->found, e);
    if (o == OK && c->found) {
        const struct auth_account_in account_in = { row.account };
        o = db_get(db, &sql_auth_account, &account_in, &account, r->arena, &c->found, e);
    }
    store_reader_give(store, db);
    if (o != OK || !c->found)
        return o;
    *credential = row.credential;
    c->row = (struct auth_login_out){
        .account = account.account,
        .organisation = account.organisation,
        .login = account.login,
        .closed = account.closed,
        .version = account.version,
    };
    return OK;
}

static enum outcome sign_in(struct http_request *r, const struct openid_asking *x,
                            struct str *cookie, struct err *e)
{
    struct auth *a = app_of(r)->auth;
    const struct openid *o = app_of(r)->openid;
    struct auth_from from = auth_from(a, r);
    struct auth_claim c;
    struct auth_use_credential use = { .spent = env_now(a->node->env), .counter = INT_NONE };
    const struct auth_proved proved = { strength_of(o, &x->result), "identity" };
    const struct str device = auth_device_cookie(a, r, &from.device);
    TRY(linked(&c, &use.credential, r, x->result.subject, e));
    if (!c.found || c.row.closed || !str_eq(c.row.organisation, o->setup.organisation))
        return auth_claim_refused(a, &c, "identity", "openid.unlinked", e);
    const struct actor actor = auth_system(c.row.organisation);
    TRY(auth_send(a, &actor, &auth_use_credential_command, &use, true, e));
    TRY(auth_claim_open(a, &c, &proved, &from, cookie, r->arena, e));
    auth_pin_clear(a, c.row.account);
    r->answer.set_cookie[1] = device;
    return OK;
}

static enum http_state sign_in_work(struct http_request *r)
{
    const struct openid_asking *x = r->pending;
    struct auth *a = app_of(r)->auth;
    struct err e = { 0 };
    struct str value;
    struct auth_session session;
    if (sign_in(r, x, &value, &e) != OK ||
        auth_session_find(a, value, &session, r->arena, &e) != OK)
        return openid_over(r, openid_failed(r, &e));
    r->answer.set_cookie[0] = auth_cookie(a, r, value);
    return openid_over(
        r, openid_go_on(r, auth_after_sign_in(&session, x->way.next), "page.openid_on.signed_in"));
}

static enum http_state exchanged(struct http_request *r)
{
    struct openid_asking *x = r->pending;
    struct err refused = { 0 };
    const struct auth_claim nobody = { .found = false };
    if (x->error.outcome == OK && x->result.subject.n == 0)
        (void)!REFUSE(&x->error, "openid.token", { "what", S("sub") });
    if (x->error.outcome != OK) {
        if (str_is(str_z(x->error.code), "openid.token"))
            (void)!auth_claim_refused(app_of(r)->auth, &nobody, "identity", "openid.token",
                                      &refused);
        return openid_over(r, openid_failed(r, &x->error));
    }
    openid_asked_well(r);
    if (x->way.session.p)
        return openid_come_to_link(r);
    const enum http_state state = auth_later(r, sign_in_work);
    return state == HTTP_WAIT ? state : openid_over(r, state); /* too many wait */
}

/* Another issuer's answer (RFC 9207), a person who declined, a way that is not this browser's. */
static enum outcome came_back(struct openid_asking *x, struct http_request *r, struct err *e)
{
    const struct openid *o = app_of(r)->openid;
    const struct str issuer = http_query(r, "iss");
    struct openid_job job = { .step = S("exchange"), .code = http_query(r, "code") };
    TRY(openid_way_open(&x->way, r, http_query(r, "state"), e));
    if ((issuer.p && !str_eq(issuer, o->setup.issuer)) || job.code.n > OPENID_CODE_MAX)
        return REFUSE(e, "openid.way");
    if (http_query(r, "error").p || job.code.n == 0)
        return REFUSE(e, "openid.declined");
    job.verifier = x->way.verifier;
    job.nonce = x->way.nonce;
    job.since_s = x->way.made / TIME_SECOND;
    job.back = openid_back(r);
    r->resumed = exchanged;
    return openid_ask(r, x, &job, e);
}

enum http_state openid_get_back(struct http_request *r)
{
    struct err e = { 0 };
    struct openid_asking *x = ARENA_NEW(r->arena, struct openid_asking);
    if (!app_of(r)->openid)
        return auth_get_sign_in(r); /* there is nothing to begin, or to come back from */
    if (!x && err_no_memory(&e) != OK)
        return app_problem(r, &e);
    return came_back(x, r, &e) == OK ? HTTP_WAIT : openid_over(r, openid_failed(r, &e));
}
