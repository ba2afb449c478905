/* A display on a wall. Nobody signs in there and nothing locks it: it is a system with an account
 * and a key of its own (auth_key_admit.c), which was entered at the display once and stands in a
 * cookie of it until the key ends or is revoked. By that cookie one reads what everybody in the
 * room may see, the control tower as a wall shows it and when it has news, whatever else the key is
 * good for. */
#include "gen/kernel/pages/wall.html.h"
#include "kernel/auth_impl.h"
#include "kernel/auth_pages.h"

static const char *cookie_name(const struct http_request *r)
{
    return http_secure(r) ? "__Host-vein-wall" : "vein-wall";
}

static bool shown_on_walls(const struct http_request *r)
{
    return str_is(r->method, "GET") &&
           (str_is(r->path, "/live") ||
            (str_is(r->path, "/") && str_is(http_query(r, "wall"), "1") && !http_wants_json(r)));
}

bool auth_wall_admits(struct auth *a, struct http_request *r, struct auth_session *out)
{
    const struct str key = http_cookie(r, cookie_name(r));
    struct err refused = { 0 };
    if (key.n == 0 || !shown_on_walls(r) || auth_key_find(a, r, key, out, &refused) != OK)
        return false;
    out->csrf = (struct str){ 0 }; /* no form of its pages is anybody's */
    return true;
}

/* --- setting one up --- */

static enum outcome wall(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    (void)db;
    (void)e;
    const struct auth_wall_view v = {
        .refused = show_refusal(p, r),
        .stands = http_cookie(r, cookie_name(r)).n > 0,
    };
    page_wall(p, &v);
    return OK;
}

enum http_state auth_get_wall(struct http_request *r)
{
    return show(r, "page.wall.title", wall);
}

static enum http_state with_cookie(struct http_request *r, struct str value, int64_t seconds,
                                   const char *next)
{
    r->answer = (struct http_answer){
        .status = 303,
        .location = str_z(next),
        .set_cookie = { arena_printf(
            r->arena, "%s=%.*s; Path=/; HttpOnly; SameSite=Strict%s; Max-Age=%lld", cookie_name(r),
            STR(value), http_secure(r) ? "; Secure" : "", (long long)seconds) },
    };
    return HTTP_DONE;
}

/* Without a key: the display is none any more. */
enum http_state auth_post_wall(struct http_request *r)
{
    const struct app *app = app_of(r);
    const struct str key = http_form(r, "key");
    struct auth_session session;
    struct err refused = { 0 };
    if (key.n == 0)
        return with_cookie(r, S(""), 0, "/wall");
    enum outcome o = auth_key_find(app->auth, r, key, &session, &refused);
    if (o == OK)
        o = auth_allow("tower.see", &session, &refused);
    if (o != OK) {
        r->answer.status = http_status(&refused);
        return show_again(r, "page.wall.title", wall, &refused);
    }
    const int64_t left = session.expires - env_now(app->node->env);
    return with_cookie(r, key, left / TIME_SECOND, "/?wall=1");
}
