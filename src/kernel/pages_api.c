/* The reference of the API; see pages_api.h. */
#include "kernel/pages_api.h"

#include <stdlib.h>
#include <string.h>

#include "gen/kernel/pages/api.html.h"
#include "gen/kernel/pages/api_entry.html.h"

enum { QUERY_MAX = 8, EXAMPLE_PAGE_MAX = 64 << 10 };

struct str pages_api_slug(const char *path, struct arena *arena)
{
    struct buf b = buf_in(arena, strlen(path) + sizeof "index");
    for (const char *c = path + 1; *c; c++)
        if (*c == '/')
            buf_char(&b, '.');
        else if (*c != '{' && *c != '}' && *c != '*')
            buf_char(&b, *c);
    return path[1] ? buf_get(&b) : S("index");
}

static struct str access_of(const char *access)
{
    const bool permission = strcmp(access, "public") != 0 && strcmp(access, "signed_in") != 0 &&
                            strcmp(access, "locked") != 0;
    return permission ? str_z(access) : S("");
}

static bool is_read(const struct route *route)
{
    return strcmp(route->method, "GET") == 0;
}

/* --- the list --- */

static int by_name(const void *a, const void *b)
{
    const struct pages_api_line *x = a;
    const struct pages_api_line *y = b;
    return str_cmp(x->name, y->name);
}

static struct pages_api_line command_line(struct page *p, const struct command_type *c)
{
    struct arena *a = p->b->arena;
    return (struct pages_api_line){
        .name = str_z(c->name),
        .path = arena_printf(a, "/help/api/commands/%s", c->name),
        .text = text_find(p->language, arena_printf(a, "command.%s", c->name)),
        .access = str_z(c->name),
    };
}

static struct pages_api_line read_line(struct page *p, const struct route *r)
{
    struct arena *a = p->b->arena;
    return (struct pages_api_line){
        .name = str_z(r->path),
        .path = arena_printf(a, "/help/api/reads/%.*s", STR(pages_api_slug(r->path, a))),
        .text = text_find(p->language, str_z(r->help)),
        .access = access_of(r->access),
    };
}

static struct pages_refusal_view refusal_of(struct page *p, struct str code)
{
    struct arena *a = p->b->arena;
    const struct str key = arena_printf(a, "refusal.%.*s", STR(code));
    const struct err e = { .outcome = REFUSED, .code = arena_str(a, code).p };
    return (struct pages_refusal_view){
        .code = code,
        .text = text_find(p->language, key),
        .hint = text_find(p->language, arena_printf(a, "%.*s.hint", STR(key))),
        .status = http_status(&e),
    };
}

/* What the gate and the reader of a body answer for any command. */
static const char *const common[] = {
    "auth.sign_in",
    "auth.csrf",
    "auth.forbidden",
    "gate.unknown",
    "gate.forbidden",
    "gate.malformed_id",
    "gate.key_reused",
    "gate.reason_needed",
    "gate.happened_later",
    "gate.happened_long_ago",
    "gate.happened_before",
    "gate.busy",
    "json.syntax",
    "record.missing",
    "record.unknown_field",
    "record.wrong_type",
    "record.malformed",
    "record.too_long",
    "stop.stopped",
    "ledger.changed",
    "http.malformed_if_match",
    "http.too_large",
    "http.too_many_requests",
};
enum { COMMON = sizeof common / sizeof common[0] };

static const char call_sign_in[] =
    "KEY=$(cat /etc/interface/vein.key)\n"
    "curl -H \"Authorization: Bearer $KEY\" https://vein.example/api/session";
static const char call_read[] = "curl -H \"Authorization: Bearer $KEY\" \\\n"
                                "  https://vein.example/deviations";
static const char call_command[] = "curl -H \"Authorization: Bearer $KEY\" \\\n"
                                   "  -H \"Idempotency-Key: $(uuidgen)\" \\\n"
                                   "  -H 'Content-Type: application/json' -d @body.json \\\n"
                                   "  https://vein.example/commands/deviation.open";

static enum outcome api(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    (void)db;
    size_t n;
    const struct module *const *modules = registry_modules(app_of(r)->node->registry, &n);
    struct pages_api_view v = {
        .call_sign_in = call_sign_in,
        .call_read = call_read,
        .call_command = call_command,
    };
    size_t nroutes = 0;
    for (size_t m = 0; m < n; m++) {
        v.ncommands += modules[m]->ncommands;
        nroutes += modules[m]->nroutes;
    }
    struct pages_api_line *commands = ARENA_ARRAY(r->arena, v.ncommands + 1, struct pages_api_line);
    struct pages_api_line *reads = ARENA_ARRAY(r->arena, nroutes + 1, struct pages_api_line);
    struct pages_refusal_view *refusals = ARENA_ARRAY(r->arena, COMMON, struct pages_refusal_view);
    if (!commands || !reads || !refusals)
        return err_no_memory(e);
    size_t at = 0;
    for (size_t m = 0; m < n; m++) {
        for (size_t i = 0; i < modules[m]->ncommands; i++)
            commands[at++] = command_line(p, modules[m]->commands[i]);
        for (size_t i = 0; i < modules[m]->nroutes; i++)
            if (is_read(&modules[m]->routes[i]))
                reads[v.nreads++] = read_line(p, &modules[m]->routes[i]);
    }
    qsort(commands, v.ncommands, sizeof *commands, by_name);
    qsort(reads, v.nreads, sizeof *reads, by_name);
    for (; v.nrefusals < COMMON; v.nrefusals++)
        refusals[v.nrefusals] = refusal_of(p, str_z(common[v.nrefusals]));
    v.commands = commands;
    v.reads = reads;
    v.refusals = refusals;
    page_api(p, &v);
    return OK;
}

enum http_state pages_get_api(struct http_request *r)
{
    return show(r, "page.api.title", api);
}

/* --- one command --- */

static struct str indented(struct str json, struct arena *arena)
{
    struct buf b = buf_in(arena, EXAMPLE_PAGE_MAX);
    example_indent(&b, json);
    return buf_get(&b);
}

static void put_refusals(struct page *p, struct pages_api_entry_view *v, struct str codes)
{
    size_t n = 1;
    for (size_t i = 0; i < codes.n; i++)
        n += codes.p[i] == ' ';
    struct pages_refusal_view *out = ARENA_ARRAY(p->b->arena, n, struct pages_refusal_view);
    v->refusals = out;
    while (out && codes.n > 0)
        out[v->nrefusals++] = refusal_of(p, str_cut(&codes, ' '));
}

static void command_example(struct page *p, struct pages_api_entry_view *v)
{
    struct example_command x;
    struct arena *a = p->b->arena;
    v->shown = example_command(&x, str_z(v->name));
    if (!v->shown)
        return;
    v->request = arena_printf(a,
                              "curl -H \"Authorization: Bearer $KEY\" \\\n"
                              "  -H 'Idempotency-Key: 00000000-0000-7000-8000-000000000099' \\\n"
                              "  -H 'Content-Type: application/json' -d @- \\\n"
                              "  https://vein.example/commands/%s <<'END'\n%.*s\nEND",
                              v->name, STR(indented(example_command_body(&x, a), a)));
    v->status = S("200 application/json");
    v->answered = indented(x.answer, a);
    put_refusals(p, v, x.refusals);
}

static enum outcome api_command(struct http_request *r, struct db *db, struct page *p,
                                struct err *e)
{
    (void)db;
    const struct command_type *c =
        registry_command(app_of(r)->node->registry, http_param(r, "name"));
    if (!c)
        return REFUSE(e, "http.unknown");
    struct pages_api_entry_view v = {
        .name = c->name,
        .head = arena_printf(r->arena, "POST /commands/%s", c->name).p,
        .type = c,
        .text = text_find(p->language, arena_printf(r->arena, "command.%s", c->name)),
        .body = pages_fields_of(p, c->name, c->body, true),
    };
    if (c->answer) {
        struct pages_entry_view *answer = ARENA_NEW(r->arena, struct pages_entry_view);
        if (!answer)
            return err_no_memory(e);
        *answer = pages_fields_of(p, c->answer->name, c->answer, false);
        v.answer = answer;
    }
    command_example(p, &v);
    page_api_entry(p, &v);
    return OK;
}

enum http_state pages_get_api_command(struct http_request *r)
{
    return show(r, "page.api.title", api_command);
}

/* --- one read --- */

static const struct route *read_of(struct http_request *r)
{
    size_t n;
    const struct module *const *modules = registry_modules(app_of(r)->node->registry, &n);
    const struct str slug = http_param(r, "slug");
    for (size_t m = 0; m < n; m++)
        for (size_t i = 0; i < modules[m]->nroutes; i++)
            if (is_read(&modules[m]->routes[i]) &&
                str_eq(pages_api_slug(modules[m]->routes[i].path, r->arena), slug))
                return &modules[m]->routes[i];
    return NULL;
}

static void read_example(struct page *p, struct pages_api_entry_view *v)
{
    struct example_read x;
    struct arena *a = p->b->arena;
    v->shown = example_read(&x, str_z(v->route->path));
    if (!v->shown)
        return;
    const bool open = strcmp(v->route->access, "public") == 0;
    v->request = arena_printf(a,
                              "curl %s-H 'Accept: %.*s' \\\n"
                              "  'https://vein.example%.*s'",
                              open ? "" : "-b cookies ",
                              STR(x.media_type.n > 0 ? x.media_type : S("*/*")), STR(x.target));
    v->status = x.media_type.n > 0 ? arena_printf(a, "200 %.*s", STR(x.media_type)) : S("204");
    v->answered = indented(x.answer, a);
}

static enum outcome api_read(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    (void)db;
    const struct route *route = read_of(r);
    if (!route)
        return REFUSE(e, "http.unknown");
    const struct record *record = route->rows ? route->rows : route->row;
    struct pages_entry_view *answer = ARENA_NEW(r->arena, struct pages_entry_view);
    struct str *query = ARENA_ARRAY(r->arena, QUERY_MAX, struct str);
    if (!answer || !query)
        return err_no_memory(e);
    struct pages_api_entry_view v = {
        .name = route->path,
        .head = arena_printf(r->arena, "GET %s", route->path).p,
        .route = route,
        .text = text_find(p->language, str_z(route->help)),
        .answer = record ? answer : NULL,
        .rows = route->rows != NULL,
        .query = query,
    };
    if (record)
        *answer = pages_fields_of(p, record->name, record, false);
    struct str rest = route->query ? str_z(route->query) : (struct str){ 0 };
    while (rest.p && v.nquery < QUERY_MAX)
        query[v.nquery++] = str_cut(&rest, ' ');
    read_example(p, &v);
    page_api_entry(p, &v);
    return OK;
}

enum http_state pages_get_api_read(struct http_request *r)
{
    return show(r, "page.api.title", api_read);
}
