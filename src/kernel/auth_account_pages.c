/* "Sign-in and devices": what a person signs in with and where they are signed in, for the person
 * and for who administers accounts. */
#include "kernel/auth_pages.h"

#include "gen/kernel/pages/account.html.h"
#include "gen/kernel/pages/account_code.html.h"
#include "gen/kernel/pages/account_once.html.h"
#include "kernel/auth_impl.h"
#include "kernel/openid.h"

enum { SETUP_HOURS = 24, GROUP = 4 };

/* --- the page --- */

static int64_t codes_left(const struct auth_credentials_out *row)
{
    int64_t left = AUTH_RECOVERY_CODES;
    for (int64_t spent = row->spent; spent > 0; spent &= spent - 1)
        left--;
    return left;
}

static enum outcome credentials_fill(struct http_request *r, struct db *db,
                                     struct auth_account_view *v, struct err *e)
{
    const struct auth_credentials_in in = { v->account };
    const int64_t near = env_now(app_of(r)->node->env) + AUTH_KEY_DAYS_NEAR * TIME_DAY;
    struct record_list list;
    TRY(db_list(db, &sql_auth_credentials, &in, &list, AUTH_CREDENTIALS_MAX, r->arena, e));
    struct auth_credential_view *views =
        ARENA_ARRAY(r->arena, list.n + 1, struct auth_credential_view);
    const struct auth_credentials_out *rows = list.p;
    if (!views)
        return err_no_memory(e);
    for (size_t i = 0; i < list.n; i++) {
        const struct auth_credentials_out *row = &rows[i];
        v->has_code |= str_is(row->kind, "code");
        v->has_token |= str_is(row->kind, "token");
        v->has_pin |= str_is(row->kind, "pin");
        if (str_is(row->kind, "setup") &&
            (row->spent > 0 || row->expires <= env_now(app_of(r)->node->env)))
            continue;
        v->has_setup |= str_is(row->kind, "setup");
        v->has_identity |= str_is(row->kind, "identity");
        views[v->ncredentials++] = (struct auth_credential_view){
            .row = row,
            .name = v->own       ? show_sealed(r, row->event, "name", row->name)
                    : v->service ? row->name
                                 : (struct str){ 0 },
            .left = str_is(row->kind, "recovery") ? codes_left(row) : INT_NONE,
            .key = v->service,
            .near = v->service && row->expires < near,
            .site = row->site_name,
        };
    }
    v->credentials = views;
    return OK;
}

static enum outcome sessions_fill(struct http_request *r, struct db *db,
                                  struct auth_account_view *v, struct err *e)
{
    const struct auth_account_sessions_in in = { v->account, env_now(app_of(r)->node->env) };
    struct record_list list;
    TRY(db_list(db, &sql_auth_account_sessions, &in, &list, AUTH_SITES_MAX, r->arena, e));
    struct auth_session_view *views = ARENA_ARRAY(r->arena, list.n + 1, struct auth_session_view);
    const struct auth_account_sessions_out *rows = list.p;
    if (!views)
        return err_no_memory(e);
    for (size_t i = 0; i < list.n; i++)
        views[i] = (struct auth_session_view){
            .row = &rows[i],
            .address = show_sealed(r, rows[i].event, "address", rows[i].address),
            .seen = auth_session_seen(app_of(r)->auth, rows[i].session),
            .here = str_eq(rows[i].session, auth_of(r)->id),
        };
    v->sessions = views;
    v->nsessions = list.n;
    return OK;
}

static enum outcome account_show(struct http_request *r, struct db *db, struct page *p,
                                 struct auth_account_view *v, struct err *e)
{
    const struct auth_session *session = auth_of(r);
    v->own = str_eq(v->account, session->actor.account);
    v->enough = !v->own || auth_strong_enough(session);
    v->required = proof_strength_word(session->required);
    v->refused = auth_refusal(p, show_refused(r));
    v->ask = auth_ask_token(r, session->id);
    v->openid = v->service ? (struct str){ 0 } : openid_name(r);
    const struct str user = auth_digest(app_of(r)->auth, "user", v->account, r->arena);
    v->user = proof_base64((struct bytes){ (const uint8_t *)user.p, user.n / 2 }, r->arena);
    TRY(credentials_fill(r, db, v, e));
    TRY(sessions_fill(r, db, v, e));
    TRY(auth_first_fill(r, db, v, e));
    page_account(p, v);
    r->answer.no_etag = true;
    return OK;
}

static enum outcome own(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    const struct auth_session *session = auth_of(r);
    struct auth_account_view v = {
        .account = session->actor.account,
        .person = session->person,
        .login = session->login,
        .may_revoke = true,
        .may_end = true,
    };
    return account_show(r, db, p, &v, e);
}

enum http_state auth_get_account(struct http_request *r)
{
    return show(r, "page.account.title", own);
}

enum http_state auth_own_again(struct http_request *r, const struct err *e)
{
    if (http_wants_json(r) || e->outcome == FAULT)
        return app_problem(r, e);
    r->answer = (struct http_answer){ .status = http_status(e) };
    r->answer.retry_after_s = app_retry_after(e);
    return show_again(r, "page.account.title", own, e);
}

/* --- what every change needs: the person shows that it is they --- */

enum outcome auth_prove_own(struct http_request *r, struct err *e)
{
    struct auth *a = app_of(r)->auth;
    const struct auth_from from = auth_from(a, r);
    struct auth_proof proof = auth_proof_of(r, auth_of(r)->id);
    struct auth_proved proved;
    proof.code = proof.assertion = (struct str){ 0 }; /* what a form has of these is new */
    return auth_prove(a, auth_of(r), &from, &proof, &proved, r->arena, e);
}

static enum http_state enrolled(struct http_request *r)
{
    return auth_go(r, (struct str){ 0 }, S("/account"));
}

/* --- one-time codes --- */

static struct str code_mark(struct http_request *r, struct str secret)
{
    return auth_digest(app_of(r)->auth, "enrol",
                       arena_printf(r->arena, "%.*s/%.*s", STR(auth_of(r)->id), STR(secret)),
                       r->arena);
}

static enum http_state code_page(struct http_request *r, struct str secret, const struct err *e)
{
    struct page p = app_page(r);
    struct err failed = { 0 };
    struct auth_code_view v = {
        .secret = secret,
        .mark = code_mark(r, secret),
        .refused = auth_refusal(&p, e),
    };
    const struct str issuer =
        arena_printf(r->arena, "vein %.*s", STR(auth_party(app_of(r)->auth, r).id));
    const struct str uri = proof_code_uri(issuer, auth_of(r)->login, secret, r->arena);
    struct buf b = buf_in(r->arena, 2 * secret.n + 1);
    for (size_t i = 0; i < secret.n; i++) {
        if (i > 0 && i % GROUP == 0)
            buf_char(&b, ' ');
        buf_char(&b, secret.p[i]);
    }
    v.groups = buf_get(&b);
    if (proof_qr(&v.path, &v.size, uri, r->arena, &failed) != OK)
        return app_problem(r, &failed);
    page_account_code(&p, &v);
    r->answer.no_etag = true;
    return e ? auth_form_again(r, &p, "page.account_code.title", e)
             : app_page_done(r, &p, "page.account_code.title");
}

enum http_state auth_post_code(struct http_request *r)
{
    uint8_t random[PROOF_CODE_SECRET];
    env_random(app_of(r)->node->env, random, sizeof random);
    const struct str secret =
        proof_code_secret_text((struct bytes){ random, sizeof random }, r->arena);
    sodium_memzero(random, sizeof random);
    return code_page(r, secret, NULL);
}

static enum outcome code_enrol(struct http_request *r, struct str secret, struct err *e)
{
    struct auth *a = app_of(r)->auth;
    const struct str mark = code_mark(r, secret);
    const struct str given = http_form(r, "mark");
    if (given.n != mark.n || sodium_memcmp(given.p, mark.p, mark.n) != 0)
        return REFUSE(e, "auth.enrol_anew");
    const int64_t step =
        proof_code_step(proof_code_secret(secret, r->arena), str_trim(http_form(r, "fresh")),
                        env_now(a->node->env), -1);
    if (step < 0)
        return REFUSE(e, "auth.code_wrong");
    TRY(auth_prove_own(r, e));
    const struct auth_enrol_credential body = {
        .account = auth_of(r)->actor.account,
        .kind = S("code"),
        .secret = secret,
        .counter = INT_NONE,
        .spent = step,
    };
    return auth_enrol(a, auth_of(r), &body, e);
}

static enum http_state code_confirm(struct http_request *r)
{
    struct err e = { 0 };
    const struct str secret = http_form(r, "secret");
    if (code_enrol(r, secret, &e) == OK)
        return enrolled(r);
    const bool again = e.outcome == REFUSED && !str_is(str_z(e.code), "auth.enrol_anew");
    return again && !http_wants_json(r) ? code_page(r, secret, &e) : auth_own_again(r, &e);
}

enum http_state auth_post_code_confirm(struct http_request *r)
{
    return auth_later(r, code_confirm);
}

/* --- tokens --- */

static enum outcome token_enrol(struct http_request *r, struct err *e)
{
    struct auth *a = app_of(r)->auth;
    const struct auth_session *session = auth_of(r);
    const struct str challenge = http_form(r, "challenge");
    const struct proof_party party = auth_party(a, r);
    const struct proof_registration given = { http_form(r, "client"), http_form(r, "data") };
    struct proof_token token;
    if (auth_challenge_made(a, session->id, challenge, r->arena) < 0)
        return REFUSE(e, "proof.token_refused", { "why", S("challenge") });
    TRY(proof_token_register(&token, &party, challenge, &given, r->arena, e));
    TRY(auth_prove_own(r, e));
    const struct auth_enrol_credential body = {
        .account = session->actor.account,
        .kind = S("token"),
        .name = str_trim(http_form(r, "name")),
        .token = token.id,
        .key = token.key,
        .counter = token.counter,
        .spent = INT_NONE,
    };
    return auth_enrol(a, session, &body, e);
}

static enum http_state token_work(struct http_request *r)
{
    struct err e = { 0 };
    return token_enrol(r, &e) == OK ? enrolled(r) : auth_own_again(r, &e);
}

enum http_state auth_post_token(struct http_request *r)
{
    return auth_later(r, token_work);
}

/* --- recovery codes, badge and PIN --- */

static enum http_state once(struct http_request *r, struct auth_once_view *v, const char *title)
{
    struct page p = app_page(r);
    page_account_once(&p, v);
    r->answer.no_etag = true;
    return app_page_done(r, &p, title);
}

static enum http_state recovery_work(struct http_request *r)
{
    struct err e = { 0 };
    struct auth_once_view v = { .n = AUTH_RECOVERY_CODES,
                                .expires = TIME_NONE,
                                .back = S("/account") };
    enum outcome o = auth_prove_own(r, &e);
    if (o == OK)
        o = auth_make_recovery(app_of(r)->auth, auth_of(r), &v.codes, r->arena, &e);
    return o == OK ? once(r, &v, "page.account_once.recovery") : auth_own_again(r, &e);
}

enum http_state auth_post_recovery(struct http_request *r)
{
    return auth_later(r, recovery_work);
}

static enum http_state badge_work(struct http_request *r)
{
    struct err e = { 0 };
    enum outcome o = auth_prove_own(r, &e);
    if (o == OK)
        o = auth_enrol_badge(app_of(r)->auth, auth_of(r), http_form(r, "badge"),
                             http_form(r, "pin"), r->arena, &e);
    return o == OK ? enrolled(r) : auth_own_again(r, &e);
}

enum http_state auth_post_badge(struct http_request *r)
{
    return auth_later(r, badge_work);
}

/* --- revoking, ending --- */

static bool is_own(struct http_request *r, struct str credential, struct err *e)
{
    struct store *store = app_of(r)->node->store;
    const struct auth_credential_in in = { credential };
    struct auth_credential_out row;
    struct db *db;
    bool found = false;
    if (!id_valid(credential) || store_reader_take(&db, store, e) != OK)
        return false;
    const enum outcome o = db_get(db, &sql_auth_credential, &in, &row, r->arena, &found, e);
    store_reader_give(store, db);
    return o == OK && found && str_eq(row.account, auth_of(r)->actor.account);
}

/* As what is added: who finds a session open takes no second factor away. */
static enum outcome revoke_own(struct http_request *r, const struct auth_from *from, struct err *e)
{
    struct auth *a = app_of(r)->auth;
    const struct auth_revoke_credential body = { http_form(r, "credential") };
    const struct auth_proof proof = auth_proof_of(r, auth_of(r)->id);
    struct auth_proved proved;
    struct actor actor = auth_of(r)->actor;
    actor.system = true; /* one's own needs no right */
    if (!is_own(r, body.credential, e))
        return e->outcome == OK ? REFUSE(e, "gate.unknown", { "kind", S("credential") })
                                : e->outcome;
    TRY(auth_prove(a, auth_of(r), from, &proof, &proved, r->arena, e));
    return auth_send_because(a, &actor, &auth_revoke_credential_command, &body,
                             http_form(r, "reason"), true, e);
}

/* One's sessions end, and this one goes on as another. */
static enum http_state revoke_work(struct http_request *r)
{
    struct auth *a = app_of(r)->auth;
    struct err e = { 0 };
    struct str value;
    const struct auth_from from = auth_from(a, r);
    if (revoke_own(r, &from, &e) != OK ||
        auth_reopen(a, auth_of(r), &from, &value, r->arena, &e) != OK)
        return auth_own_again(r, &e);
    return auth_go(r, auth_cookie(a, r, value), S("/account"));
}

enum http_state auth_post_revoke(struct http_request *r)
{
    return auth_later(r, revoke_work);
}

static enum http_state end_work(struct http_request *r)
{
    struct err e = { 0 };
    struct store *store = app_of(r)->node->store;
    const struct str session = http_form(r, "session");
    const struct auth_session_in in = { session };
    struct auth_session_out row = { 0 };
    struct db *db;
    bool found = false;
    if (id_valid(session) && store_reader_take(&db, store, &e) == OK) {
        (void)!db_get(db, &sql_auth_session, &in, &row, r->arena, &found, &e);
        store_reader_give(store, db);
    }
    if (e.outcome == OK && (!found || !str_eq(row.account, auth_of(r)->actor.account)))
        (void)!REFUSE(&e, "gate.unknown", { "kind", S("session") });
    struct auth_session other = *auth_of(r);
    other.id = session;
    if (e.outcome == OK && auth_session_end(app_of(r)->auth, &other, S("ended"), &e) != OK &&
        str_is(str_z(e.code), "auth.session_closed"))
        e = (struct err){ 0 };
    return e.outcome == OK ? enrolled(r) : auth_own_again(r, &e);
}

enum http_state auth_post_end(struct http_request *r)
{
    return auth_later(r, end_work);
}

/* --- for who administers --- */

/* Somebody of another organisation who works here too: what they sign in with and where they are
 * signed in is not ours to see. Without a role here they are not known here. */
static enum outcome guest(struct http_request *r, struct db *db, struct page *p,
                          const struct auth_account_out *row, struct err *e)
{
    const struct actor *actor = show_actor(r);
    const struct str everywhere = { 0 };
    struct auth_account_view v = {
        .account = row->account,
        .person = row->name,
        .login = row->login,
        .refused = auth_refusal(p, show_refused(r)),
        .enough = true,
        .guest_of = auth_organisation_name(db, row->organisation, r->arena),
    };
    TRY(auth_guest_fill(&v.rights, r, db, p, row->account, e));
    if (v.rights.nlines == 0 ||
        !actor_may(actor, S("account.see"), actor->organisation, everywhere))
        return REFUSE(e, "gate.unknown", { "kind", S("account") });
    page_account(p, &v);
    return OK;
}

static enum outcome access_of(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    const struct actor *actor = show_actor(r);
    const struct auth_account_in in = { http_param(r, "account") };
    struct auth_account_out row = { 0 };
    bool found = false;
    if (id_valid(in.account))
        TRY(db_get(db, &sql_auth_account, &in, &row, r->arena, &found, e));
    const struct str everywhere = { 0 };
    if (!found)
        return REFUSE(e, "gate.unknown", { "kind", S("account") });
    if (!actor_may(actor, S("account.see"), row.organisation, everywhere))
        return guest(r, db, p, &row, e);
    const bool service = str_is(row.kind, "service");
    struct auth_account_view v = {
        .account = row.account,
        .person = row.name,
        .login = row.login,
        .may_setup =
            !row.closed && actor_may(actor, S("account.issue_setup"), row.organisation, everywhere),
        .may_issue = !row.closed && actor_may(actor, S("key.issue"), row.organisation, everywhere),
        .may_revoke = actor_may(actor, str_z(service ? "key.revoke" : "credential.revoke"),
                                row.organisation, everywhere),
        .service = service,
        .may_link =
            !row.closed && actor_may(actor, S("identity.link"), row.organisation, everywhere),
        .may_end = actor_may(actor, S("account.end_sessions"), row.organisation, everywhere),
        .may_end_one = actor_may(actor, S("session.end"), row.organisation, everywhere),
    };
    if (service)
        TRY(auth_keys_fill(r, db, &v, row.version, e));
    TRY(auth_rights_fill(&v.rights, r, db, p, &row, e));
    return account_show(r, db, p, &v, e);
}

enum http_state auth_get_access(struct http_request *r)
{
    return show(r, "page.account.title", access_of);
}

enum http_state auth_access_again(struct http_request *r, const struct err *e)
{
    if (http_wants_json(r) || e->outcome == FAULT)
        return app_problem(r, e);
    r->answer = (struct http_answer){ .status = http_status(e) };
    return show_again(r, "page.account.title", access_of, e);
}

static enum http_state issue_work(struct http_request *r)
{
    struct auth *a = app_of(r)->auth;
    struct err e = { 0 };
    const struct str account = http_param(r, "account");
    const struct str code = auth_setup_code(a, r->arena);
    const struct auth_issue_setup body = {
        .account = account,
        .digest = auth_setup_digest(a, account, code, r->arena),
        .expires = env_now(a->node->env) + SETUP_HOURS * TIME_HOUR,
    };
    if (auth_send_because(a, &auth_of(r)->actor, &auth_issue_setup_command, &body,
                          http_form(r, "_reason"), true, &e) != OK)
        return auth_access_again(r, &e);
    const struct auth_account_in in = { account };
    struct auth_account_out row = { .name = account };
    struct db *db;
    bool found = false;
    if (store_reader_take(&db, a->node->store, &e) == OK) {
        (void)!db_get(db, &sql_auth_account, &in, &row, r->arena, &found, &e);
        store_reader_give(a->node->store, db);
    }
    struct auth_once_view v = {
        .codes = &code,
        .n = 1,
        .person = row.name,
        .login = row.login,
        .address = arena_printf(r->arena, "%.*s/set-up", STR(auth_party(a, r).origin)),
        .expires = body.expires,
        .back = arena_printf(r->arena, "/accounts/%.*s/access", STR(account)),
    };
    return once(r, &v, "page.account_once.setup");
}

enum http_state auth_post_issue(struct http_request *r)
{
    return auth_later(r, issue_work);
}
