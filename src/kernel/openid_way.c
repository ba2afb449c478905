/* To the provider and back, by a sealed cookie and nothing else. */
#include "kernel/openid_impl.h"

enum { URL_MAX = 4000, NEXT_MAX = 300 };

/* --- the cookie --- */

static const char *cookie_name(const struct http_request *r)
{
    const struct auth *a = app_of(r)->auth;
    return a->secure_cookie || http_secure(r) ? "__Host-vein-openid" : "vein-openid";
}

/* Lax: it has to come back with the provider's redirect, which is another site's. */
static void cookie_set(struct http_request *r, struct str value)
{
    const char *name = cookie_name(r);
    r->answer.set_cookie[HTTP_ANSWER_COOKIES_MAX - 1] =
        arena_printf(r->arena, "%s=%.*s; Path=/; HttpOnly; SameSite=Lax; Max-Age=%d%s", name,
                     STR(value), value.n > 0 ? OPENID_WAY_S : 0, name[0] == '_' ? "; Secure" : "");
}

enum http_state openid_over(struct http_request *r, enum http_state state)
{
    cookie_set(r, S(""));
    return state;
}

/* With the time, which open() looks at. */
static enum outcome keep(struct http_request *r, struct seal_place place, struct str text,
                         struct err *e)
{
    struct node *node = app_of(r)->node;
    struct bytes sealed;
    const struct str timed =
        arena_printf(r->arena, "%lld %.*s", (long long)env_now(node->env), STR(text));
    TRY(seal_secret(node->keys, &sealed, place, timed, r->arena, e));
    const struct str value = proof_base64(sealed, r->arena);
    if (!value.p)
        return err_no_memory(e);
    cookie_set(r, value);
    return OK;
}

static enum outcome kept(struct str *text, int64_t *made, struct http_request *r,
                         struct seal_place place, struct err *e)
{
    struct node *node = app_of(r)->node;
    struct err damaged = { 0 };
    const struct bytes sealed = proof_unbase64(http_cookie(r, cookie_name(r)), r->arena);
    if (!sealed.p || seal_secret_open(node->keys, text, place, sealed, r->arena, &damaged) != OK)
        return REFUSE(e, "openid.way");
    const bool read = str_to_u63(made, str_cut(text, ' '));
    const int64_t now = env_now(node->env);
    if (!read || *made > now || now - *made > OPENID_WAY_S * TIME_SECOND)
        return REFUSE(e, "openid.way");
    return OK;
}

/* --- the way --- */

static struct seal_place place_of_way(struct str state)
{
    return (struct seal_place){ "openid", state };
}

enum outcome openid_way_open(struct openid_way *out, struct http_request *r, struct str state,
                             struct err *e)
{
    struct str text;
    *out = (struct openid_way){ .state = state };
    if (state.n != AUTH_SECRET_LENGTH)
        return REFUSE(e, "openid.way");
    TRY(kept(&text, &out->made, r, place_of_way(state), e));
    out->nonce = str_cut(&text, ' ');
    out->verifier = str_cut(&text, ' ');
    out->session = str_cut(&text, ' ');
    out->next = text;
    if (str_is(out->session, "-"))
        out->session = (struct str){ 0 };
    return OK;
}

/* --- whom the provider named --- */

static struct seal_place place_of_named(struct str session)
{
    return (struct seal_place){ "openid_named", session };
}

enum outcome openid_named_keep(struct http_request *r, struct str session,
                               const struct openid_named *named, struct err *e)
{
    return keep(r, place_of_named(session),
                arena_printf(r->arena, "%.*s %zu %.*s%.*s", STR(named->digest), named->login.n,
                             STR(named->login), STR(named->subject)),
                e);
}

enum outcome openid_named_open(struct openid_named *out, struct http_request *r, struct str session,
                               struct err *e)
{
    struct str text;
    int64_t made, n;
    TRY(kept(&text, &made, r, place_of_named(session), e));
    out->digest = str_cut(&text, ' ');
    if (!str_to_u63(&n, str_cut(&text, ' ')) || (size_t)n > text.n)
        return REFUSE(e, "openid.way");
    out->login = (struct str){ text.p, (size_t)n };
    out->subject = str_from(text, (size_t)n);
    return OK;
}

/* --- leaving --- */

struct str openid_back(struct http_request *r)
{
    return arena_printf(r->arena, "%.*s/openid/back", STR(auth_party(app_of(r)->auth, r).origin));
}

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

/* What is asked of the provider: that the person signs in now, whoever has signed in there before,
 * as a lock, a sign-out and the hours of a role want it; and (by max_age, Core 3.1.2.1) that the
 * token says when they did. */
static void put_question(struct buf *url, struct http_request *r, const struct openid_way *w)
{
    const struct openid *o = app_of(r)->openid;
    put(url,
        str_find(buf_get(url), '?') < url->n ? "&response_type=" : "?response_type=", S("code"));
    put(url, "&client_id=", o->setup.client);
    put(url, "&redirect_uri=", openid_back(r));
    put(url, "&scope=", o->setup.scopes);
    put(url, "&state=", w->state);
    put(url, "&nonce=", w->nonce);
    put(url, "&code_challenge=", challenge_of(w->verifier, r->arena));
    put(url, "&code_challenge_method=", S("S256"));
    buf_printf(url, "&prompt=login&max_age=%d", OPENID_WAY_S);
}

enum outcome openid_leave(struct str *out, struct http_request *r, struct str session,
                          struct str next, struct err *e)
{
    struct auth *a = app_of(r)->auth;
    struct openid *o = app_of(r)->openid;
    struct buf url = buf_in(r->arena, URL_MAX);
    const struct openid_way w = {
        .state = auth_secret(a, r->arena),
        .nonce = auth_secret(a, r->arena),
        .verifier = auth_secret(a, r->arena),
        .session = session.p ? session : S("-"),
        .next = next.n <= NEXT_MAX ? next : S("/"),
    };
    pthread_mutex_lock(&o->lock);
    buf_z(&url, o->authorize);
    pthread_mutex_unlock(&o->lock);
    put_question(&url, r, &w);
    TRY(buf_check(&url, e));
    *out = buf_get(&url);
    return keep(r, place_of_way(w.state),
                arena_printf(r->arena, "%.*s %.*s %.*s %.*s", STR(w.nonce), STR(w.verifier),
                             STR(w.session), STR(w.next)),
                e);
}
