/* Who asks, and whether this route is for them. */
#include "kernel/auth_impl.h"

static bool secure(const struct auth *a, const struct http_request *r)
{
    return a->secure_cookie || http_secure(r);
}

static const char *cookie_name(const struct auth *a, const struct http_request *r)
{
    return secure(a, r) ? "__Host-vein" : "vein";
}

struct str auth_cookie_of(const struct auth *a, const struct http_request *r)
{
    return http_cookie(r, cookie_name(a, r));
}

struct str auth_cookie(const struct auth *a, const struct http_request *r, struct str value)
{
    return arena_printf(r->arena, "%s=%.*s; Path=/; HttpOnly; SameSite=Strict%s%s",
                        cookie_name(a, r), STR(value), secure(a, r) ? "; Secure" : "",
                        value.p ? "" : "; Max-Age=0");
}

enum outcome auth_allow(const char *access, const struct auth_session *session, struct err *e)
{
    if (strcmp(access, "public") == 0)
        return OK;
    if (!session)
        return REFUSE(e, "auth.sign_in");
    if (strcmp(access, "signed_in") == 0)
        return OK;
    for (size_t i = 0; i < session->actor.ngrants; i++)
        if (str_is(session->actor.grants[i].permission, access))
            return OK;
    return REFUSE(e, "auth.forbidden", { "permission", str_z(access) });
}

enum outcome auth_admit(struct auth *a, struct http_request *r, struct err *e)
{
    struct auth_session *session = ARENA_NEW(r->arena, struct auth_session);
    if (!session)
        return err_no_memory(e);
    r->who = NULL;
    struct err found = { 0 };
    enum outcome o = auth_session_find(a, auth_cookie_of(a, r), session, r->arena, &found);
    if (o == FAULT) {
        *e = found;
        return FAULT;
    }
    if (o == OK) {
        r->who = session;
        r->session = session->id;
        r->account = session->actor.account;
    }
    return auth_allow(r->route->access, r->who, e);
}

bool auth_csrf_agrees(const struct auth_session *session, struct str token)
{
    return token.n == session->csrf.n && token.n == HASH_HEX &&
           sodium_memcmp(token.p, session->csrf.p, token.n) == 0;
}

enum outcome auth_check(const struct http_request *r, struct err *e)
{
    const struct auth_session *session = auth_of(r);
    if (!session || str_is(r->method, "GET") || str_is(r->method, "HEAD"))
        return OK; /* nothing is done in anyone's name */
    struct str token = http_form(r, "_csrf");
    if (!token.p)
        token = http_header(r, "X-CSRF-Token");
    return auth_csrf_agrees(session, token) ? OK : REFUSE(e, "auth.csrf");
}
