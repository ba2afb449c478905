/* Helpers of pages; nothing here knows what is shown. */
#include "kernel/show.h"

#include <stdio.h>

#include "base/id.h"
#include "kernel/words.h"

enum { SHOW_JSON_MAX = 1 << 20 };

enum http_state show(struct http_request *r, const char *title_key, show_fn *fn)
{
    struct err e = { 0 };
    struct db *db;
    struct store *store = app_of(r)->node->store;
    struct page p = app_page(r);
    if (store_reader_take(&db, store, &e) != OK)
        return app_problem(r, &e);
    enum outcome o = db_begin(db, &e);
    if (o == OK) {
        o = fn(r, db, &p, &e);
        db_rollback(db);
    }
    store_reader_give(store, db);
    if (o != OK)
        return app_problem(r, &e);
    if (r->answer.body.p)
        return HTTP_DONE;
    return app_page_done(r, &p, title_key);
}

/* --- refused --- */

enum http_state show_again(struct http_request *r, const char *title_key, show_fn *fn,
                           const struct err *refused)
{
    struct err copy = *refused;
    r->refused = &copy;
    enum http_state state = show(r, title_key, fn);
    r->refused = NULL;
    return state;
}

const struct err *show_refused(const struct http_request *r)
{
    return r->refused;
}

struct str show_entered(const struct http_request *r, const char *name)
{
    struct str value = r->refused ? http_form(r, name) : (struct str){ 0 };
    return value.p ? value : S("");
}

enum http_state show_made(struct http_request *r, const struct gate_answer *answer,
                          const char *member, const char *path)
{
    const struct json *body;
    struct err e = { 0 };
    if (json_read(&body, r->arena, answer->body, &json_limits_default, &e) != OK)
        return app_problem(r, &e);
    r->answer.status = 303;
    r->answer.location = arena_printf(r->arena, "%s%.*s", path, STR(json_get_str(body, member)));
    return HTTP_DONE;
}

/* --- JSON --- */

static enum outcome undeclared(const struct http_request *r, const struct record *record,
                               struct err *e)
{
    return err_fault(e, "show.undeclared", "%s answers %s", r->route->path, record->name);
}

static enum outcome answer_json(struct http_request *r, const struct buf *b, struct err *e)
{
    TRY(buf_check(b, e));
    r->answer.status = 200;
    r->answer.media_type = "application/json";
    r->answer.body = buf_get(b);
    return OK;
}

enum outcome show_rows(struct http_request *r, const struct record *record, const void *rows,
                       size_t n, struct str next, struct err *e)
{
    if (r->route->rows != record)
        return undeclared(r, record, e);
    struct buf b = buf_in(r->arena, SHOW_JSON_MAX);
    struct json_out out = json_out(&b);
    json_begin_object(&out);
    json_key(&out, "rows");
    json_begin_array(&out);
    for (size_t i = 0; i < n; i++)
        TRY(record_to_json(record, (const char *)rows + i * record->size, &out, NULL, e));
    json_end(&out);
    if (next.p) {
        json_key(&out, "next");
        json_str(&out, next);
    }
    json_end(&out);
    return answer_json(r, &b, e);
}

enum outcome show_row(struct http_request *r, const struct record *record, const void *row,
                      struct err *e)
{
    if (r->route->row != record)
        return undeclared(r, record, e);
    struct buf b = buf_in(r->arena, SHOW_JSON_MAX);
    struct json_out out = json_out(&b);
    TRY(record_to_json(record, row, &out, NULL, e));
    return answer_json(r, &b, e);
}

enum outcome show_before(int64_t *out, const struct http_request *r, int64_t without, struct err *e)
{
    const struct str text = http_query(r, "before");
    *out = without;
    if (text.n > 0 && !str_to_u63(out, text))
        return REFUSE(e, "http.malformed_cursor", { "name", S("before") });
    return OK;
}

enum outcome show_cursor(struct show_cursor *out, const struct http_request *r, const char *name,
                         size_t n, struct err *e)
{
    struct str rest = http_query(r, name);
    *out = (struct show_cursor){ .given = rest.n > 0 };
    BUG_ON(n > sizeof out->number / sizeof out->number[0]);
    if (!out->given)
        return OK;
    for (size_t i = 0; i < n; i++)
        if (!str_to_u63(&out->number[i], str_cut(&rest, '.')))
            return REFUSE(e, "http.malformed_cursor", { "name", str_z(name) });
    if (!id_valid(rest))
        return REFUSE(e, "http.malformed_cursor", { "name", str_z(name) });
    out->id = rest;
    return OK;
}

/* --- words and shapes --- */

static const struct {
    const char *class;
    const char *icon;
} tones[] = {
    [SHOW_IDLE] = { "idle", "next" }, [SHOW_OK] = { "ok", "ok" },
    [SHOW_INFO] = { "info", "now" },  [SHOW_WARN] = { "warn", "warn" },
    [SHOW_STOP] = { "stop", "stop" }, [SHOW_HOLD] = { "warn", "hold" },
};

const char *show_tone_class(enum show_tone tone)
{
    return tones[tone].class;
}

const char *show_tone_icon(enum show_tone tone)
{
    return tones[tone].icon;
}

struct str show_name(struct page *p, const char *prefix, struct str code)
{
    if (code.n == 0)
        return S("");
    struct str key = arena_printf(p->b->arena, "%s.%.*s", prefix, STR(code));
    struct str text = text_find(p->language, key);
    if (text.p)
        return text;
    struct buf b = buf_in(p->b->arena, code.n + 1);
    for (size_t i = 0; i < code.n; i++)
        buf_char(&b, code.p[i] == '_' ? ' ' : code.p[i]);
    return words_say(p, buf_get(&b));
}

struct str show_names(struct page *p, const char *prefix, struct str codes)
{
    enum { NAMES_BYTES = 2000 };
    struct buf b = buf_in(p->b->arena, NAMES_BYTES);
    for (struct str rest = codes; rest.n > 0;) {
        buf_z(&b, b.n > 0 ? ", " : "");
        buf_str(&b, show_name(p, prefix, str_cut(&rest, ' ')));
    }
    return buf_get(&b);
}

struct str show_new_id(struct page *p)
{
    const struct id id = id_new(p->env);
    return arena_str(p->b->arena, id_str(&id));
}

const char *show_left_class(const struct page *p, int64_t until)
{
    if (until < p->now_us)
        return "left over";
    return until - p->now_us < TIME_HOUR ? "left soon" : "left";
}

struct str show_left(struct page *p, int64_t until)
{
    struct arena *a = p->b->arena;
    if (until >= p->now_us)
        return page_duration(p, until - p->now_us, a);
    const struct text_param params[] = { { "time", page_duration(p, p->now_us - until, a) } };
    struct buf b = buf_in(a, 200);
    text_write(&b, p->language, S("page.over"), params, 1);
    return buf_get(&b);
}

struct str show_time(struct page *p, int64_t us)
{
    return page_time(p, us, p->b->arena);
}

struct str show_duration(struct page *p, int64_t us)
{
    return page_duration(p, us, p->b->arena);
}

struct str show_bytes(struct page *p, int64_t bytes)
{
    static const char *const keys[] = { "bytes.one", "bytes.kilo", "bytes.mega", "bytes.giga" };
    struct buf b = buf_in(p->b->arena, 40);
    struct buf n = buf_in(p->b->arena, 40);
    size_t unit = 0;
    int64_t tenths = bytes * 10;
    if (bytes < 0)
        return S("");
    for (; tenths >= 10000 && unit < 3; unit++)
        tenths = (tenths + 500) / 1000;
    buf_int(&n, tenths / 10);
    if (tenths < 100 && tenths % 10 > 0)
        buf_printf(&n, ".%d", (int)(tenths % 10));
    const struct text_param params[] = { { "n", buf_get(&n) } };
    text_write(&b, p->language, str_z(keys[unit]), params, 1);
    return buf_get(&b);
}

/* --- who --- */

const struct actor *show_actor(const struct http_request *r)
{
    static const struct actor nobody = { 0 };
    const struct auth_session *session = auth_of(r);
    return session ? &session->actor : &nobody;
}

bool show_may(const struct http_request *r, const char *permission)
{
    const struct actor *actor = show_actor(r);
    for (size_t i = 0; i < actor->ngrants; i++)
        if (str_is(actor->grants[i].permission, permission))
            return true;
    return false;
}

struct str show_site(const struct actor *actor, const char *permission)
{
    const struct str all = { 0 };
    if (actor_may(actor, str_z(permission), actor->organisation, all))
        return all;
    bool here =
        actor->site.p && actor_may(actor, str_z(permission), actor->organisation, actor->site);
    return here ? actor->site : S("");
}

struct str show_reach(const struct actor *actor, const char *permission, struct arena *arena)
{
    enum { REACH_BYTES = 8000 };
    struct buf b = buf_in(arena, REACH_BYTES);
    buf_char(&b, ',');
    for (size_t i = 0; i < actor->ngrants; i++) {
        const struct grant *g = &actor->grants[i];
        if (!str_is(g->permission, permission) || !str_eq(g->organisation, actor->organisation) ||
            (g->site.p && !str_eq(g->site, actor->site)))
            continue;
        if (!g->site.p && !g->product.p)
            return (struct str){ 0 };
        buf_str(&b, g->site.p ? g->site : S("*"));
        buf_char(&b, '|');
        buf_str(&b, g->product.p ? g->product : S("*"));
        buf_char(&b, ',');
    }
    return buf_ok(&b) ? buf_get(&b) : S(",");
}

struct str show_person(struct page *p, struct db *db, struct str actor)
{
    struct str id = actor;
    struct str kind = str_cut(&id, '/');
    if (str_is(kind, "account") && id.p)
        return auth_account_name(db, id, p->b->arena);
    struct str text = text_find(p->language, arena_printf(p->b->arena, "actor.%.*s", STR(kind)));
    return text.p ? text : actor;
}

struct str show_thing(struct http_request *r, struct page *p, struct db *db, struct str thing)
{
    size_t n;
    const struct module *const *modules = registry_modules(app_of(r)->node->registry, &n);
    const struct str kind = stream_kind(thing);
    struct str name = { 0 };
    struct err ignored = { 0 };
    for (size_t i = 0; i < n && !name.p; i++)
        for (size_t k = 0; k < modules[i]->nnames && !name.p; k++)
            if (str_is(kind, modules[i]->names[k].kind) &&
                modules[i]->names[k].name(&name, db, stream_id(thing), p->b->arena, &ignored) != OK)
                return thing;
    if (!name.p)
        return thing;
    return arena_printf(p->b->arena, "%.*s %.*s", STR(show_name(p, "search_kind", kind)),
                        STR(name));
}

enum outcome show_head(struct html *out, struct http_request *r, struct page *p, struct db *db,
                       struct str thing, struct err *e)
{
    size_t n;
    const struct module *const *modules = registry_modules(app_of(r)->node->registry, &n);
    *out = (struct html){ S("") };
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < modules[i]->nheads; k++)
            if (str_is(stream_kind(thing), modules[i]->heads[k].kind))
                return modules[i]->heads[k].head(out, r, db, p, stream_id(thing), e);
    return OK;
}

struct str show_sealed(const struct http_request *r, struct str event, const char *field,
                       struct str text)
{
    struct str out = { 0 };
    struct err ignored = { 0 };
    const struct look_at at = { event, str_z(field), text, NULL, NULL };
    if (!text.p || (!event.p && seal_is(text)) || look_open(look_of(r), &out, &at, &ignored) != OK)
        return (struct str){ 0 };
    return out;
}
