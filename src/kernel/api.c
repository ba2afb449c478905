/* GET /api/openapi.json and GET /api/session. */
#include "kernel/api.h"

#include "kernel/openapi.h"

enum http_state api_get_openapi(struct http_request *r)
{
    struct err e = { 0 };
    size_t n;
    const struct module *const *modules = registry_modules(app_of(r)->node->registry, &n);
    struct buf b = buf_in(r->arena, OPENAPI_MAX);
    if (openapi_write(&b, modules, n, r->arena, &e) != OK)
        return app_problem(r, &e);
    r->answer = (struct http_answer){
        .status = 200,
        .media_type = "application/json",
        .body = buf_get(&b),
    };
    return HTTP_DONE;
}

/* The permissions of the session's own organisation and site, each once. */
static struct str *permissions(const struct actor *actor, size_t *n, struct arena *arena)
{
    struct str *out = ARENA_ARRAY(arena, actor->ngrants + 1, struct str);
    *n = 0;
    for (size_t i = 0; out && i < actor->ngrants; i++) {
        const struct str permission = actor->grants[i].permission;
        bool stands = !actor_may(actor, permission, actor->organisation, actor->site);
        for (size_t k = 0; k < *n && !stands; k++)
            stands = str_eq(out[k], permission);
        if (!stands)
            out[(*n)++] = permission;
    }
    return out;
}

enum http_state api_get_session(struct http_request *r)
{
    struct err e = { 0 };
    const struct auth_session *session = auth_of(r);
    size_t n;
    struct str *may = permissions(&session->actor, &n, r->arena);
    const struct api_session row = {
        .person = session->person,
        .account = session->actor.account,
        .organisation = session->actor.organisation,
        .site = session->actor.site,
        .site_name = session->site_name,
        .token = session->csrf,
        .expires = session->expires,
        .permissions = { may, n },
    };
    const enum outcome o = may ? show_row(r, &api_session_record, &row, &e) : err_no_memory(&e);
    return o == OK ? HTTP_DONE : app_problem(r, &e);
}
