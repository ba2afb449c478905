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

static const char *device_name(const struct auth *a, const struct http_request *r)
{
    return secure(a, r) ? "__Host-vein-device" : "vein-device";
}

struct str auth_device_cookie(struct auth *a, const struct http_request *r, struct str *digest)
{
    const struct str had = http_cookie(r, device_name(a, r));
    const struct str value = had.n == AUTH_SECRET_LENGTH ? had : auth_secret(a, r->arena);
    *digest = auth_digest(a, "device", value, r->arena);
    return arena_printf(r->arena, "%s=%.*s; Path=/; HttpOnly; SameSite=Strict%s; Max-Age=%d",
                        device_name(a, r), STR(value), secure(a, r) ? "; Secure" : "",
                        AUTH_DEVICE_DAYS * 86400);
}

/* --- what of a browser is kept: its kind and what it runs on, so that its owner knows it --- */

static bool says(struct str text, const char *word)
{
    const size_t n = strlen(word);
    for (size_t i = 0; i + n <= text.n; i++)
        if (memcmp(text.p + i, word, n) == 0)
            return true;
    return false;
}

static const char *first_said(struct str agent, const char *const (*rows)[2], size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (says(agent, rows[i][0]))
            return rows[i][1];
    return "other";
}

static struct str browser_of(const struct http_request *r)
{
    static const char *const kinds[][2] = {
        { "Edg", "edge" },      { "Firefox", "firefox" }, { "Chrom", "chromium" },
        { "Safari", "safari" }, { "curl", "program" },    { "python", "program" },
    };
    static const char *const systems[][2] = {
        { "Android", "android" }, { "iPhone", "iphone" }, { "iPad", "ipad" },
        { "Windows", "windows" }, { "Mac", "mac" },       { "Linux", "linux" },
    };
    const struct str agent = http_header(r, "User-Agent");
    return arena_printf(r->arena, "%s.%s", first_said(agent, kinds, sizeof kinds / sizeof kinds[0]),
                        first_said(agent, systems, sizeof systems / sizeof systems[0]));
}

struct auth_from auth_from(struct auth *a, const struct http_request *r)
{
    const struct str device = http_cookie(r, device_name(a, r));
    struct auth_from from = { .peer = http_peer(r), .browser = browser_of(r) };
    if (device.n == AUTH_SECRET_LENGTH)
        from.device = auth_digest(a, "device", device, r->arena);
    return from;
}

struct proof_party auth_party(const struct auth *a, const struct http_request *r)
{
    const struct str origin =
        a->public_url.n > 0 ? a->public_url
                            : arena_printf(r->arena, "%s://%.*s", secure(a, r) ? "https" : "http",
                                           STR(http_header(r, "Host")));
    const size_t scheme = str_find(origin, ':') + 3;
    struct str host = str_from(origin, scheme);
    host.n = str_find(host, '/');
    const struct str whole = { origin.p, scheme + host.n };
    if (host.n == 0 || host.p[0] != '[')
        host.n = str_find(host, ':');
    return (struct proof_party){ .id = host, .origin = whole };
}

/* --- rights --- */

/* A badge and a PIN at a place that was opened by a full sign-in are two components as well. */
bool auth_strong_enough(const struct auth_session *session)
{
    return session->strength >= session->required ||
           (session->station.p && session->required <= PROOF_CODE);
}

enum outcome auth_allow(const char *access, const struct auth_session *session, struct err *e)
{
    if (strcmp(access, "public") == 0)
        return OK;
    if (!session)
        return REFUSE(e, "auth.sign_in");
    if (strcmp(access, "signed_in") == 0 || strcmp(access, "locked") == 0)
        return OK;
    if (!auth_strong_enough(session))
        return REFUSE(e, "auth.enrol_first",
                      { "strength", str_z(proof_strength_word(session->required)) });
    for (size_t i = 0; i < session->actor.ngrants; i++)
        if (str_is(session->actor.grants[i].permission, access))
            return OK;
    return REFUSE(e, "auth.forbidden", { "permission", str_z(access) });
}

/* What a page's script asks by itself is no use of the session. */
static bool by_itself(const struct http_request *r)
{
    return str_is(http_header(r, "X-Fragment"), "1") || str_is(r->path, "/live");
}

/* A locked session is nobody's on public pages. A form that is sent to it waits for auth_check, so
 * that its page can keep what was entered. */
static enum outcome admit_locked(struct http_request *r, struct err *e)
{
    const char *access = r->route->access;
    if (strcmp(access, "locked") == 0)
        return OK;
    if (strcmp(access, "public") == 0) {
        r->who = NULL;
        return OK;
    }
    return str_is(r->method, "POST") ? OK : REFUSE(e, "auth.locked");
}

enum outcome auth_admit(struct auth *a, struct http_request *r, struct err *e)
{
    struct auth_session *session = ARENA_NEW(r->arena, struct auth_session);
    if (!session)
        return err_no_memory(e);
    r->who = NULL;
    TRY(auth_key_admit(a, r, e));
    if (r->who || r->program)
        return auth_allow(r->route->access, r->who, e);
    struct err found = { 0 };
    const struct str cookie = auth_cookie_of(a, r);
    if (!cookie.p && auth_wall_admits(a, r, session)) {
        r->who = session;
        r->session = session->id;
        r->account = session->actor.account;
        return auth_allow(r->route->access, session, e);
    }
    enum outcome o = by_itself(r) ? auth_session_look(a, cookie, session, r->arena, &found)
                                  : auth_session_find(a, cookie, session, r->arena, &found);
    if (o == FAULT) {
        *e = found;
        return FAULT;
    }
    if (o == OK) {
        r->who = session;
        r->session = session->id;
        r->account = session->actor.account;
        if (session->locked)
            TRY(admit_locked(r, e));
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
    if (!session || session->actor.key.p || str_is(r->method, "GET") || str_is(r->method, "HEAD"))
        return OK; /* nothing is done in anyone's name, or by what no browser adds by itself */
    struct str token = http_form(r, "_csrf");
    if (!token.p)
        token = http_header(r, "X-CSRF-Token");
    if (!auth_csrf_agrees(session, token))
        return REFUSE(e, "auth.csrf");
    const bool waits = session->locked && strcmp(r->route->access, "locked") != 0;
    return waits ? REFUSE(e, "auth.locked") : OK;
}
