/* Looks of a request: kept before its answer goes out. */
#include "gen/kernel/look.sql.h"
#include "kernel/look_impl.h"
#include "kernel/show.h"

enum { WHAT_MAX = 400, PAGE_MAX = 200 };

struct looker *look_of(const struct http_request *r)
{
    return r->looks;
}

enum outcome look_begin(struct http_request *r, struct err *e)
{
    const struct auth_session *session = auth_of(r);
    if (!session)
        return OK;
    r->looks =
        looker_new(app_of(r)->node->keys, session->actor.account, r->route->access, r->arena);
    return r->looks ? OK : err_no_memory(e);
}

void look_forget(struct http_request *r)
{
    if (!r->looks)
        return;
    r->looks->first = NULL;
    r->looks->n = 0;
}

static const char *way_of(const struct http_answer *a)
{
    const struct str type = str_z(a->media_type ? a->media_type : "text/html");
    if (str_starts(type, S("text/html")))
        return "page";
    if (str_starts(type, S("application/json")))
        return "program";
    return str_starts(type, S("application/pdf")) ? "print" : "file";
}

static struct str what_of(const struct look *x, struct arena *arena)
{
    struct buf b = buf_in(arena, WHAT_MAX);
    for (size_t i = 0; i < x->n; i++) {
        buf_z(&b, i > 0 ? " " : "");
        buf_str(&b, x->what[i]);
    }
    buf_z(&b, x->more ? " more" : "");
    return buf_ok(&b) ? buf_get(&b) : S("more");
}

static struct look_entry entry_of(const struct http_request *r, const struct look *x, int64_t now)
{
    const struct auth_session *session = auth_of(r);
    const size_t n = r->path.n < PAGE_MAX ? r->path.n : PAGE_MAX;
    return (struct look_entry){
        .at = now,
        .subject = x->subject,
        .actor = session->actor.name,
        .organisation = session->actor.organisation,
        .site = session->actor.site,
        .session = session->actor.session,
        .device = session->actor.device,
        .what = what_of(x, r->arena),
        .right = x->right,
        .way = str_z(way_of(&r->answer)),
        .page = { r->path.p, n },
    };
}

/* An answer that does not go out any more. */
static enum http_state withhold(struct http_request *r, const struct err *e)
{
    if (r->answer.made.free)
        r->answer.made.free(r->answer.made.context);
    look_forget(r);
    r->answer = (struct http_answer){ 0 };
    return app_problem(r, e);
}

static enum http_state kept(struct http_request *r)
{
    const struct look_wait *w = r->pending;
    look_forget(r);
    return w->error.outcome == OK ? HTTP_DONE : withhold(r, &w->error);
}

static void wake(struct look_wait *w)
{
    http_resume(w->context);
}

enum http_state look_settle(struct http_request *r)
{
    struct looker *looker = r->looks;
    struct looks *looks = app_of(r)->node->looks;
    struct err e = { 0 };
    if (!looker || !looker->first)
        return HTTP_DONE;
    struct look_wait *w = ARENA_NEW(r->arena, struct look_wait);
    struct look_entry *entries = ARENA_ARRAY(r->arena, looker->n, struct look_entry);
    if (!w || !entries) {
        (void)!err_no_memory(&e);
        return withhold(r, &e);
    }
    *w = (struct look_wait){ .entries = entries, .done = wake, .context = r };
    const int64_t now = env_now(app_of(r)->node->env);
    for (const struct look *x = looker->first; x; x = x->next) {
        entries[w->n] = entry_of(r, x, now);
        w->n += !looks || !looks_known(looks, &entries[w->n]);
    }
    if (w->n == 0) {
        look_forget(r);
        return HTTP_DONE;
    }
    r->pending = w;
    r->resumed = kept;
    if (!looks) {
        (void)!err_fault(&e, "look.not_kept", "this node only reads");
        return withhold(r, &e);
    }
    return looks_keep(looks, w, &e) == OK ? HTTP_WAIT : withhold(r, &e);
}
