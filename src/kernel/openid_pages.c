/* To the provider and back. A request waits for the provider without a thread; what it does then
 * waits for the writer, on a thread for what takes long (auth_later.c). */
#include "gen/kernel/pages/openid_on.html.h"
#include "kernel/auth_impl.h"
#include "kernel/auth_pages.h"
#include "kernel/openid.h"

enum { URL_MAX = 4000, TEXT_MAX = 1500, NEXT_MAX = 300 };

/* What a person carries to the provider and back, sealed. */
struct way {
    struct str state;
    struct str nonce;
    struct str verifier;
    struct str account; /* to link; absent: to sign in */
    struct str next;
};

/* A request between its two halves, in its arena. */
struct asking {
    struct http_request *request;
    struct err error;
    struct openid_result result;
    struct way way;
    http_handler_fn *then;
};

/* --- the way --- */

static const char *cookie_name(const struct http_request *r)
{
    const struct auth *a = app_of(r)->auth;
    return a->secure_cookie || http_secure(r) ? "__Host-vein-openid" : "vein-openid";
}

static void header_set(struct http_request *r, size_t i, const char *name, struct str value)
{
    r->answer.headers[i].name = name;
    r->answer.headers[i].value = value;
}

/* Lax: it has to come back with the provider's redirect, which is another site's. */
static void cookie_set(struct http_request *r, struct str value)
{
    const char *name = cookie_name(r);
    header_set(r, 0, "Set-Cookie",
               arena_printf(r->arena, "%s=%.*s; Path=/; HttpOnly; SameSite=Lax; Max-Age=%d%s", name,
                            STR(value), value.n > 0 ? OPENID_WAY_S : 0,
                            name[0] == '_' ? "; Secure" : ""));
}

static enum outcome way_seal(struct str *out, struct http_request *r, const struct way *w,
                             struct err *e)
{
    struct node *node = app_of(r)->node;
    struct bytes sealed;
    const struct str text = arena_printf(
        r->arena, "%lld %.*s %.*s %.*s %.*s", (long long)env_now(node->env), STR(w->nonce),
        STR(w->verifier), STR(w->account.p ? w->account : S("-")), STR(w->next));
    TRY(seal_secret(node->keys, &sealed, (struct seal_place){ "openid", w->state }, text, r->arena,
                    e));
    *out = proof_base64(sealed, r->arena);
    return out->p ? OK : err_no_memory(e);
}

/* Opens for the state alone that it was sealed with, and in time. */
static enum outcome way_open(struct way *out, struct http_request *r, struct str state,
                             struct err *e)
{
    struct node *node = app_of(r)->node;
    struct err damaged = { 0 };
    struct str text;
    int64_t made;
    const struct bytes sealed = proof_unbase64(http_cookie(r, cookie_name(r)), r->arena);
    if (!sealed.p || state.n != AUTH_SECRET_LENGTH ||
        seal_secret_open(node->keys, &text, (struct seal_place){ "openid", state }, sealed,
                         r->arena, &damaged) != OK)
        return REFUSE(e, "openid.way");
    const bool read = str_to_u63(&made, str_cut(&text, ' '));
    const int64_t now = env_now(node->env);
    if (!read || made > now || now - made > OPENID_WAY_S * TIME_SECOND)
        return REFUSE(e, "openid.way");
    out->state = state;
    out->nonce = str_cut(&text, ' ');
    out->verifier = str_cut(&text, ' ');
    out->account = str_cut(&text, ' ');
    out->next = text;
    if (str_is(out->account, "-"))
        out->account = (struct str){ 0 };
    return OK;
}

static struct str back_of(struct http_request *r)
{
    return arena_printf(r->arena, "%.*s/openid/back", STR(auth_party(app_of(r)->auth, r).origin));
}

/* --- asking the provider --- */

static void told(void *context, const struct worker_result *result)
{
    struct asking *x = context;
    const struct json *json;
    x->error = result->error;
    if (result->error.outcome == OK) {
        const struct str text = arena_str(
            x->request->arena, (struct str){ (const char *)result->out.p, result->out.n });
        if (json_read(&json, x->request->arena, text, &json_limits_default, &x->error) == OK)
            (void)!record_from_json(&openid_result_record, &x->result, x->request->arena, json,
                                    &x->error);
    }
    http_resume(x->request);
}

static enum outcome ask(struct http_request *r, struct asking *x, struct openid_job *job,
                        struct err *e)
{
    const struct openid *o = app_of(r)->openid;
    struct buf b = buf_in(r->arena, OPENID_FRAME_MAX);
    struct json_out json = json_out(&b);
    job->issuer = o->setup.issuer;
    job->client = o->setup.client;
    job->secret = o->setup.secret;
    job->claim = o->setup.claim;
    job->trusted = (struct bytes){ (const uint8_t *)o->setup.trusted.p, o->setup.trusted.n };
    job->now_s = env_now(app_of(r)->node->env) / TIME_SECOND;
    job->timeout_ms = OPENID_TIMEOUT_S * 1000;
    TRY(record_to_json(&openid_job_record, job, &json, NULL, e));
    TRY(buf_check(&b, e));
    x->request = r;
    r->pending = x;
    return workers_submit(o->workers, openid_kind.name, (struct bytes){ (const uint8_t *)b.p, b.n },
                          told, x, e);
}

/* The children's own words are for the log; a person is told what to do. */
static enum http_state failed(struct http_request *r, const struct err *e)
{
    struct err plain = *e;
    if (e->outcome == FAULT)
        log_err(app_of(r)->node->env, "openid.failed", e);
    else
        LOG(app_of(r)->node->env, LOG_WARNING, "openid.refused", LOG_F_CODE("code", e->code),
            LOG_F_CODE("what", arena_str(r->arena, err_param(e, "what")).p));
    if (e->outcome == FAULT && str_starts(str_z(e->code), S("worker.")))
        (void)!REFUSE(&plain, "openid.unreachable", { "what", S("") });
    cookie_set(r, S(""));
    return auth_sign_in_refused(r, &plain);
}

/* --- leaving --- */

static struct str challenge_of(struct str verifier, struct arena *arena)
{
    const struct hash h = hash_of(verifier.p, verifier.n);
    return proof_base64((struct bytes){ h.b, sizeof h.b }, arena);
}

static void put(struct buf *b, const char *name, struct str value)
{
    struct page into = { .b = b };
    buf_z(b, name);
    page_put_url_part(&into, value);
}

/* The provider's address with what it has to know, and the sealed way in a cookie. */
static enum outcome leave(struct str *out, struct http_request *r, struct str account,
                          struct str next, struct err *e)
{
    struct auth *a = app_of(r)->auth;
    struct openid *o = app_of(r)->openid;
    struct buf url = buf_in(r->arena, URL_MAX);
    struct str sealed;
    const struct way w = {
        .state = auth_secret(a, r->arena),
        .nonce = auth_secret(a, r->arena),
        .verifier = auth_secret(a, r->arena),
        .account = account,
        .next = next.n <= NEXT_MAX ? next : S("/"),
    };
    TRY(way_seal(&sealed, r, &w, e));
    pthread_mutex_lock(&o->lock);
    buf_z(&url, o->authorize);
    pthread_mutex_unlock(&o->lock);
    const struct str address = buf_get(&url);
    put(&url,
        str_find(address, '?') < address.n ? "&response_type=" : "?response_type=", S("code"));
    put(&url, "&client_id=", o->setup.client);
    put(&url, "&redirect_uri=", back_of(r));
    put(&url, "&scope=", o->setup.scopes);
    put(&url, "&state=", w.state);
    put(&url, "&nonce=", w.nonce);
    put(&url, "&code_challenge=", challenge_of(w.verifier, r->arena));
    put(&url, "&code_challenge_method=", S("S256"));
    TRY(buf_check(&url, e));
    cookie_set(r, sealed);
    *out = buf_get(&url);
    return OK;
}

static bool is_found(struct openid *o, const struct env *env)
{
    pthread_mutex_lock(&o->lock);
    const bool found =
        o->found_us > 0 && env_mono(env) - o->found_us < OPENID_FOUND_S * TIME_SECOND;
    pthread_mutex_unlock(&o->lock);
    return found;
}

static enum http_state found(struct http_request *r)
{
    struct asking *x = r->pending;
    struct openid *o = app_of(r)->openid;
    const struct str address = x->result.authorize;
    if (x->error.outcome == OK && (address.n == 0 || address.n > OPENID_AUTHORIZE_MAX))
        (void)!REFUSE(&x->error, "openid.unreachable", { "what", S("") });
    if (x->error.outcome != OK)
        return failed(r, &x->error);
    pthread_mutex_lock(&o->lock);
    memcpy(o->authorize, address.p, address.n);
    o->authorize[address.n] = '\0';
    o->found_us = env_mono(app_of(r)->node->env);
    pthread_mutex_unlock(&o->lock);
    return x->then(r);
}

/* Goes on by `then` once it is known where people sign in. */
static enum http_state with_provider(struct http_request *r, http_handler_fn *then)
{
    struct err e = { 0 };
    struct openid *o = app_of(r)->openid;
    struct openid_job job = { .step = S("find") };
    struct asking *x = ARENA_NEW(r->arena, struct asking);
    if (!o)
        return auth_get_sign_in(r); /* there is nothing to begin, or to come back from */
    if (!x && err_no_memory(&e) != OK)
        return app_problem(r, &e);
    if (is_found(o, app_of(r)->node->env))
        return then(r);
    x->then = then;
    r->resumed = found;
    return ask(r, x, &job, &e) == OK ? HTTP_WAIT : failed(r, &e);
}

static enum http_state to_provider(struct http_request *r)
{
    struct err e = { 0 };
    struct str url;
    if (leave(&url, r, (struct str){ 0 }, app_next(http_query(r, "next")), &e) != OK)
        return app_problem(r, &e);
    r->answer.status = 303;
    header_set(r, 1, "Location", url); /* of another server */
    r->answer.no_etag = true;
    return HTTP_DONE;
}

enum http_state openid_get_start(struct http_request *r)
{
    return with_provider(r, to_provider);
}

/* --- coming back --- */

/* A page that goes on by itself. Who comes by another site's redirect has no Strict cookie with the
 * next redirect; of a page of ours it is sent. */
static enum http_state go_on(struct http_request *r, struct str to, const char *text)
{
    struct page p = app_page(r);
    const struct openid_on_view v = { to, text_find(p.language, str_z(text)) };
    page_openid_on(&p, &v);
    header_set(r, 1, "Refresh", arena_printf(r->arena, "0;url=%.*s", STR(to)));
    r->answer.no_etag = true;
    return app_page_done(r, &p, "page.openid_on.title");
}

static struct str digest_of(struct http_request *r, struct str subject)
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
    const struct auth_credential_digest_in in = { S("identity"), digest_of(r, subject) };
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

static enum outcome sign_in(struct http_request *r, const struct asking *x, struct str *cookie,
                            struct err *e)
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
    const struct asking *x = r->pending;
    struct auth *a = app_of(r)->auth;
    struct err e = { 0 };
    struct str value;
    struct auth_session session;
    cookie_set(r, S(""));
    if (sign_in(r, x, &value, &e) != OK ||
        auth_session_find(a, value, &session, r->arena, &e) != OK)
        return failed(r, &e);
    r->answer.set_cookie[0] = auth_cookie(a, r, value);
    return go_on(r, auth_after_sign_in(&session, x->way.next), "page.openid_on.signed_in");
}

static enum outcome link_own(struct http_request *r, const struct asking *x, struct err *e)
{
    struct auth *a = app_of(r)->auth;
    struct actor actor = auth_system(app_of(r)->openid->setup.organisation);
    const struct auth_link_identity body = {
        .account = x->way.account,
        .digest = digest_of(r, x->result.subject),
        .name = x->result.login,
    };
    actor.name = arena_printf(r->arena, "account/%.*s", STR(body.account));
    actor.account = body.account;
    return auth_send_because(a, &actor, &auth_link_identity_command, &body, S("own account"), true,
                             e);
}

static enum http_state link_work(struct http_request *r)
{
    struct err e = { 0 };
    cookie_set(r, S(""));
    if (link_own(r, r->pending, &e) != OK)
        return failed(r, &e);
    return go_on(r, S("/account"), "page.openid_on.linked");
}

static enum http_state exchanged(struct http_request *r)
{
    struct asking *x = r->pending;
    struct err refused = { 0 };
    const struct auth_claim nobody = { .found = false };
    if (x->error.outcome == OK && x->result.subject.n == 0)
        (void)!REFUSE(&x->error, "openid.token", { "what", S("sub") });
    if (x->error.outcome != OK) {
        if (str_is(str_z(x->error.code), "openid.token"))
            (void)!auth_claim_refused(app_of(r)->auth, &nobody, "identity", "openid.token",
                                      &refused);
        return failed(r, &x->error);
    }
    return auth_later(r, x->way.account.p ? link_work : sign_in_work);
}

/* Another issuer's answer (RFC 9207), a person who declined, a way that is not this browser's. */
static enum outcome came_back(struct asking *x, struct http_request *r, struct err *e)
{
    const struct openid *o = app_of(r)->openid;
    const struct str issuer = http_query(r, "iss");
    struct openid_job job = { .step = S("exchange"), .code = http_query(r, "code") };
    TRY(way_open(&x->way, r, http_query(r, "state"), e));
    if (issuer.p && !str_eq(issuer, o->setup.issuer))
        return REFUSE(e, "openid.way");
    if (http_query(r, "error").p || job.code.n == 0)
        return REFUSE(e, "openid.declined");
    job.verifier = x->way.verifier;
    job.nonce = x->way.nonce;
    job.back = back_of(r);
    r->resumed = exchanged;
    return ask(r, x, &job, e);
}

enum http_state openid_get_back(struct http_request *r)
{
    struct err e = { 0 };
    struct asking *x = ARENA_NEW(r->arena, struct asking);
    if (!app_of(r)->openid)
        return auth_get_sign_in(r); /* there is nothing to begin, or to come back from */
    if (!x && err_no_memory(&e) != OK)
        return app_problem(r, &e);
    return came_back(x, r, &e) == OK ? HTTP_WAIT : failed(r, &e);
}

/* --- linking --- */

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
    return leave(url, r, actor->account, S("/account"), e);
}

static enum http_state leave_work(struct http_request *r)
{
    struct err e = { 0 };
    struct str url;
    if (leave_to_link(&url, r, &e) != OK)
        return auth_own_again(r, &e);
    return go_on(r, url, "page.openid_on.to_provider");
}

static enum http_state prove_and_leave(struct http_request *r)
{
    return auth_later(r, leave_work);
}

enum http_state openid_post_link(struct http_request *r)
{
    return with_provider(r, prove_and_leave);
}

static enum http_state link_other_work(struct http_request *r)
{
    struct err e = { 0 };
    const struct str subject = str_trim(http_form(r, "subject"));
    const struct auth_link_identity body = {
        .account = http_param(r, "account"),
        .digest = app_of(r)->openid ? digest_of(r, subject) : S(""),
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
