/* What handlers share: pages in their layout, and errors as people and programs read them. */
#include "kernel/app.h"

#include "gen/kernel/notify.sql.h"
#include "gen/kernel/pages/layout.html.h"
#include "gen/kernel/pages/problem.html.h"
#include "kernel/auth_pages.h"
#include "kernel/display.h"
#include "kernel/limit.h"
#include "kernel/pages_post.h"
#include "kernel/show.h"
#include "kernel/node.h"

enum { APP_PAGE_MAX = 2 << 20, APP_PROBLEM_MAX = 16 << 10 };

/* --- pages --- */

/* By the script that keeps parts of a page live, or the one that changes a list in place. */
static bool fragment_asked(const struct http_request *r)
{
    return str_is(http_header(r, "X-Fragment"), "1") ||
           str_is(http_header(r, "HX-Request"), "true");
}

/* Whether who asks may open a page without parameters: its route's own rule says so. */
static bool opens(const struct http_request *r, const char *path)
{
    struct err refused = { 0 };
    size_t n;
    const struct module *const *modules = registry_modules(app_of(r)->node->registry, &n);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < modules[i]->nroutes; k++) {
            const struct route *route = &modules[i]->routes[k];
            if (strcmp(route->path, path) == 0 && strcmp(route->method, "GET") == 0)
                return auth_allow(route->access, auth_of(r), &refused) == OK;
        }
    return false;
}

static struct page_bar bar_of(const struct http_request *r)
{
    return (struct page_bar){
        .at_work = http_param(r, "task").p != NULL || str_starts(r->path, S("/work")),
        .orders = opens(r, "/"),
        .map = opens(r, "/map"),
        .work = opens(r, "/work"),
        .deviations = opens(r, "/deviations"),
        .definitions = opens(r, "/definitions"),
        .ledger = opens(r, "/ledger"),
        .operations = opens(r, "/operations") && pages_operations_for(r),
        .trail = opens(r, "/trail"),
        .looks = opens(r, "/looks"),
        .access = opens(r, "/access"),
        .accounts = opens(r, "/accounts"),
        .emergency = opens(r, "/emergency"),
    };
}

/* Where a person begins who has no orders to look at. */
static struct str begins_at(const struct http_request *r)
{
    static const char *const pages[] = { "/work", "/accounts", "/access", "/definitions" };
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++)
        if (opens(r, pages[i]))
            return str_z(pages[i]);
    return S("/account");
}

/* What fails leaves definitions in their own language. */
static struct words_spoken *words_of(struct http_request *r, struct str language, int64_t now_us)
{
    const struct auth_session *session = auth_of(r);
    struct store *store = app_of(r)->node->store;
    struct words_spoken *words = NULL;
    struct err e = { 0 };
    struct db *db;
    if (!session || store_reader_take(&db, store, &e) != OK)
        return NULL;
    if (words_read(&words, db, language, session->actor.organisation, now_us, r->arena, &e) != OK)
        words = NULL;
    store_reader_give(store, db);
    return words;
}

struct page app_page(struct http_request *r)
{
    const struct app *app = app_of(r);
    const struct auth_session *session = auth_of(r);
    struct page p = {
        .b = ARENA_NEW(r->arena, struct buf),
        .language = display_language(r),
        .theme = display_theme(r),
        .quiet = display_quiet(r),
        .path = r->path,
        .back = str_is(r->method, "GET") ? r->path : S("/"),
        .now_us = env_now(app->node->env),
        .env = app->node->env,
        .fragment = fragment_asked(r),
        .contradicted = witnesses_contradicting(app->node->witnesses) > 0,
    };
    char *news = ARENA_ARRAY(r->arena, HTTP_NEWS_TOKEN_MAX, char);
    BUG_ON(!p.b || !news); /* the first things in a request's arena of megabytes */
    *p.b = buf_in(r->arena, APP_PAGE_MAX);
    if (session) {
        p.news = http_news_token(app->server, news);
        p.words = words_of(r, p.language, p.now_us);
        p.csrf = session->csrf;
        p.person = session->person;
        p.site = session->site_name;
        p.zone = zone_find(session->actor.zone, r->arena);
        p.may_audit = show_may(r, "trail.see");
        p.lock_s = session->lock_us / TIME_SECOND;
    }
    return p;
}

struct page app_page_away(struct http_request *r)
{
    struct page p = app_page(r);
    p.zone = NULL;
    return p;
}

/* For the bell in the bar; what fails is not counted. */
static int64_t unanswered(struct http_request *r)
{
    const struct auth_session *session = auth_of(r);
    struct store *store = app_of(r)->node->store;
    struct notify_unanswered_out row = { 0 };
    struct err e = { 0 };
    struct db *db;
    bool found;
    if (!session || store_reader_take(&db, store, &e) != OK)
        return 0;
    struct notify_unanswered_in in = { session->actor.account };
    const enum outcome o = db_get(db, &sql_notify_unanswered, &in, &row, r->arena, &found, &e);
    store_reader_give(store, db);
    return o == OK ? row.n : 0;
}

enum http_state app_page_done(struct http_request *r, struct page *p, const char *title_key)
{
    struct err e = { 0 };
    struct buf whole = buf_in(r->arena, APP_PAGE_MAX);
    struct buf *out = p->b;
    if (!p->fragment) {
        struct page layout = *p;
        layout.b = &whole;
        layout.body = (struct html){ buf_get(p->b) };
        layout.unanswered = unanswered(r);
        layout.bar = bar_of(r);
        page_layout(&layout, str_z(title_key));
        out = &whole;
    }
    if (buf_check(p->b, &e) != OK || buf_check(out, &e) != OK)
        return app_problem(r, &e);
    if (r->answer.status == 0)
        r->answer.status = 200;
    r->answer.body = buf_get(out);
    return HTTP_DONE;
}

/* --- errors --- */

int64_t app_retry_after(const struct err *e)
{
    int64_t seconds;
    return str_to_u63(&seconds, err_param(e, "seconds")) ? seconds : 0;
}

static const char *problem_title(int status)
{
    switch (status) {
    case 401:
        return "problem.sign_in";
    case 403:
        return "problem.forbidden";
    case 404:
        return "problem.unknown";
    case 409:
    case 410:
    case 412:
        return "problem.changed";
    case 422:
        return "problem.rule";
    case 429:
    case 503:
        return "problem.busy";
    default:
        return status >= 500 ? "problem.fault" : "problem.input";
    }
}

/* Of a refused field, where in the body it stands: "units.2.volume" is "#/units/2/volume" (RFC
 * 6901, as in RFC 9457, section 3). */
static void problem_errors(struct http_request *r, struct json_out *out, struct str language,
                           const struct err *e)
{
    struct str field = err_param(e, "field");
    if (field.n == 0)
        return;
    struct buf pointer = buf_in(r->arena, 2 * ERR_VALUE_MAX);
    buf_z(&pointer, "#/");
    for (size_t i = 0; i < field.n; i++) {
        const char c = field.p[i];
        if (c == '~' || c == '/')
            buf_z(&pointer, c == '~' ? "~0" : "~1");
        else
            buf_char(&pointer, c == '.' ? '/' : c);
    }
    json_key(out, "errors");
    json_begin_array(out);
    json_begin_object(out);
    json_key(out, "detail");
    json_str(out, define_error(r->arena, language, e));
    json_key(out, "pointer");
    json_str(out, buf_get(&pointer));
    json_end(out);
    json_end(out);
}

static void problem_json(struct http_request *r, int status, const struct err *e)
{
    struct str language = display_language(r);
    struct buf b = buf_in(r->arena, APP_PROBLEM_MAX);
    struct json_out out = json_out(&b);
    json_begin_object(&out);
    json_key(&out, "type");
    json_str(&out, arena_printf(r->arena, "urn:vein:problem:%s", e->code));
    json_key(&out, "title");
    json_str(&out, text_find(language, str_z(problem_title(status))));
    json_key(&out, "status");
    json_int(&out, status);
    json_key(&out, "detail");
    json_str(&out, define_error(r->arena, language, e));
    json_key(&out, "code");
    json_str(&out, str_z(e->code));
    json_key(&out, "hint");
    json_str(&out, text_error_hint(r->arena, language, e));
    problem_errors(r, &out, language, e);
    json_end(&out);
    r->answer.media_type = "application/problem+json";
    r->answer.body = buf_get(&b);
}

/* The page; what it cannot hold is told by its status. */
static void problem_page(struct http_request *r, int status, const struct err *e)
{
    struct page p = app_page(r);
    const struct show_refusal said = show_error(&p, r, e);
    const struct str next = http_form(r, "_next");
    struct app_problem_view view = {
        .title_key = str_z(problem_title(status)),
        .text = said.text,
        .hint = said.hint,
        .code = str_z(e->code),
        .back = next.n > 0 ? app_next(next) : (struct str){ 0 },
        .sign_in = status == 401,
    };
    page_problem(&p, &view);
    struct buf whole = buf_in(r->arena, APP_PAGE_MAX);
    struct page layout = p;
    layout.b = &whole;
    layout.body = (struct html){ buf_get(p.b) };
    layout.bar = bar_of(r);
    if (!p.fragment)
        page_layout(&layout, view.title_key);
    struct buf *out = p.fragment ? p.b : &whole;
    r->answer.body = buf_ok(out) ? buf_get(out) : S("");
}

void app_http_problem(struct http_request *r, int status, const struct err *e)
{
    look_forget(r);
    r->answer = (struct http_answer){
        .status = status,
        .retry_after_s = app_retry_after(e),
        .no_etag = true,
    };
    if (r->answer.retry_after_s == 0 && (status == 429 || status == 503))
        r->answer.retry_after_s = 1;
    if (str_is(str_z(e->code), "auth.key_refused")) {
        r->answer.headers[0].name = "WWW-Authenticate"; /* RFC 6750, section 3 */
        r->answer.headers[0].value = S("Bearer");
    }
    bool fragment = fragment_asked(r);
    if (http_wants_json(r)) {
        problem_json(r, status, e);
    } else if (str_is(str_z(e->code), "auth.sign_in") && str_is(r->method, "GET") && !fragment) {
        r->answer.status = 303;
        r->answer.location = arena_printf(r->arena, "/sign-in?next=%.*s", STR(app_next(r->path)));
    } else if (str_is(str_z(e->code), "auth.locked") && !fragment) {
        auth_locked(r, e);
    } else if (str_is(str_z(e->code), "auth.enrol_first") && str_is(r->method, "GET") &&
               !fragment) {
        r->answer.status = 303;
        r->answer.location = S("/account");
    } else if (str_is(str_z(e->code), "auth.forbidden") && str_is(r->method, "GET") &&
               str_is(r->path, "/") && !fragment) {
        r->answer.status = 303;
        r->answer.location = begins_at(r);
    } else {
        problem_page(r, status, e);
    }
}

enum http_state app_problem(struct http_request *r, const struct err *e)
{
    app_http_problem(r, http_status(e), e);
    return HTTP_DONE;
}

/* A request of a signed-in account counts, whatever becomes of it. */
static enum outcome take_request(struct http_request *r, enum outcome admitted, struct err *e)
{
    struct limit *limit = app_of(r)->limit;
    struct limit_state state;
    char seconds[24];
    if (!limit || !r->account.p)
        return admitted;
    const bool taken = limit_take(limit, r->account, &state);
    r->rate = limit_text(&state, r->arena);
    r->rate_policy = limit_policy_text(limit, r->arena);
    if (taken)
        return admitted;
    struct buf b = buf_over(seconds, sizeof seconds);
    buf_int(&b, state.retry_s);
    return REFUSE(e, "http.too_many_requests", { "seconds", buf_get(&b) });
}

enum outcome app_admit(struct http_request *r, struct err *e)
{
    const enum outcome o = auth_admit(app_of(r)->auth, r, e);
    if (o == OK)
        TRY(look_begin(r, e));
    return o == FAULT ? o : take_request(r, o, e);
}

enum outcome app_check(struct http_request *r, struct err *e)
{
    return auth_check(r, e);
}
