/* Help printed from the tables: routes, commands, events, refusals. What a program may ask of vein
 * stands in the rows that vein itself runs by, so it cannot be out of date. */
#include <stdlib.h>

#include "gen/kernel/pages/help.html.h"
#include "kernel/pages.h"

enum { FIELDS_MAX = 400, HELP_DEPTH_MAX = 4 };

static struct str text_of(struct page *p, const char *prefix, const char *name)
{
    return text_find(p->language, arena_printf(p->b->arena, "%s.%s", prefix, name));
}

static struct str kind_of(struct page *p, const struct field *f)
{
    const char *kind = f->kind == FIELD_TEXTS ? "texts" : record_expected(f->kind);
    return text_of(p, "kind", f->flags & ALONE ? "object" : kind);
}

/* What the reader of a record allows where the row says nothing. */
static bool is_list(const struct field *f)
{
    return f->kind == FIELD_LIST || f->kind == FIELD_TEXTS;
}

static size_t max_of(const struct field *f, bool sent)
{
    if (f->flags & ALONE)
        return 0;
    if (f->max > 0 || !sent)
        return f->max;
    if (is_list(f))
        return RECORD_ITEMS_MAX;
    return f->kind == FIELD_TEXT || f->kind == FIELD_CODE ? RECORD_TEXT_MAX : 0;
}

static void add_fields(struct page *p, struct pages_field_view *out, size_t *n,
                       const struct record *record, size_t depth, bool sent)
{
    for (size_t i = 0; i < record->nfields && *n < FIELDS_MAX; i++) {
        const struct field *f = &record->fields[i];
        out[(*n)++] = (struct pages_field_view){
            .name = str_z(f->name),
            .kind = kind_of(p, f),
            .required = (f->flags & REQUIRED) != 0,
            .sealed = (f->flags & SEALED) != 0,
            .depth = depth,
            .max = max_of(f, sent),
            .max_items = is_list(f),
        };
        if (f->item && depth < HELP_DEPTH_MAX)
            add_fields(p, out, n, f->item, depth + 1, sent);
    }
}

static void entry_fields(struct page *p, struct pages_entry_view *entry,
                         const struct record *record, bool sent)
{
    struct pages_field_view fields[FIELDS_MAX];
    add_fields(p, fields, &entry->nfields, record, 0, sent);
    struct pages_field_view *copy =
        ARENA_ARRAY(p->b->arena, entry->nfields + 1, struct pages_field_view);
    if (!copy) {
        entry->nfields = 0;
        return;
    }
    memcpy(copy, fields, entry->nfields * sizeof *copy);
    entry->fields = copy;
}

struct pages_entry_view pages_fields_of(struct page *p, const char *name,
                                        const struct record *record, bool sent)
{
    struct pages_entry_view entry = { .name = name };
    entry_fields(p, &entry, record, sent);
    return entry;
}

/* The fields of what is answered; NULL where that is no record. */
static const struct pages_entry_view *answer_of(struct page *p, const struct record *record)
{
    struct pages_entry_view *answer =
        record ? ARENA_NEW(p->b->arena, struct pages_entry_view) : NULL;
    if (!answer)
        return NULL;
    *answer = pages_fields_of(p, record->name, record, false);
    return answer;
}

static int by_name(const void *a, const void *b)
{
    const struct pages_entry_view *x = a;
    const struct pages_entry_view *y = b;
    const int c = strcmp(x->name, y->name);
    return c != 0 ? c : y->version - x->version;
}

static int by_path(const void *a, const void *b)
{
    const struct pages_route_view *x = a;
    const struct pages_route_view *y = b;
    const int c = strcmp(x->route->path, y->route->path);
    return c != 0 ? c : strcmp(x->route->method, y->route->method);
}

static void count(const struct module *const *modules, size_t n, struct pages_help_view *v)
{
    for (size_t i = 0; i < n; i++) {
        v->nroutes += modules[i]->nroutes;
        v->ncommands += modules[i]->ncommands;
        v->nevents += modules[i]->nevents;
    }
}

static void put_module(struct page *p, const struct module *m, struct pages_route_view **route,
                       struct pages_entry_view **command, struct pages_entry_view **event)
{
    for (size_t i = 0; i < m->nroutes; i++)
        *(*route)++ = (struct pages_route_view){
            .route = &m->routes[i],
            .help = text_find(p->language, str_z(m->routes[i].help)),
            .answer = answer_of(p, m->routes[i].rows ? m->routes[i].rows : m->routes[i].row),
        };
    for (size_t i = 0; i < m->ncommands; i++) {
        const struct command_type *c = m->commands[i];
        **command = (struct pages_entry_view){
            .name = c->name,
            .text = text_of(p, "command", c->name),
            .needs_reason = (c->flags & COMMAND_NEEDS_REASON) != 0,
            .is_signed = (c->flags & COMMAND_SIGNED) != 0,
            .safe_act = (c->flags & COMMAND_SAFE_ACT) != 0,
            .while_stopped = (c->flags & COMMAND_WHILE_STOPPED) != 0,
            .answer = answer_of(p, c->answer),
        };
        entry_fields(p, (*command)++, c->body, true);
    }
    for (size_t i = 0; i < m->nevents; i++) {
        const struct event_type *t = m->events[i];
        **event = (struct pages_entry_view){
            .name = t->name,
            .text = text_of(p, "event", t->name),
            .version = t->version,
        };
        entry_fields(p, (*event)++, t->payload, false);
    }
}

/* Catalogue rows are sorted, so "refusal.x" stands before "refusal.x.hint". */
static void put_refusals(struct page *p, struct pages_help_view *v)
{
    struct pages_refusal_view *out =
        ARENA_ARRAY(p->b->arena, text_rows_count, struct pages_refusal_view);
    v->refusals = out;
    for (size_t i = 0; out && i < text_rows_count; i++) {
        const struct text_row *row = &text_rows[i];
        struct str key = str_z(row->key);
        if (!str_is(p->language, row->language) || !str_starts(key, S("refusal.")) ||
            str_ends(key, S(".hint")))
            continue;
        out[v->nrefusals++] = (struct pages_refusal_view){
            .code = str_from(key, sizeof "refusal." - 1),
            .text = str_z(row->text),
            .hint = text_of(p, row->key, "hint"),
        };
    }
}

enum http_state pages_get_help(struct http_request *r)
{
    size_t n;
    const struct module *const *modules = registry_modules(app_of(r)->node->registry, &n);
    struct page p = app_page(r);
    struct pages_help_view v = { 0 };
    struct err e = { 0 };
    count(modules, n, &v);
    struct pages_route_view *routes = ARENA_ARRAY(r->arena, v.nroutes + 1, struct pages_route_view);
    struct pages_entry_view *commands =
        ARENA_ARRAY(r->arena, v.ncommands + 1, struct pages_entry_view);
    struct pages_entry_view *events = ARENA_ARRAY(r->arena, v.nevents + 1, struct pages_entry_view);
    if (!routes || !commands || !events) {
        (void)!err_no_memory(&e);
        return app_problem(r, &e);
    }
    v.routes = routes;
    v.commands = commands;
    v.events = events;
    for (size_t i = 0; i < n; i++)
        put_module(&p, modules[i], &routes, &commands, &events);
    qsort((void *)v.routes, v.nroutes, sizeof *v.routes, by_path);
    qsort((void *)v.commands, v.ncommands, sizeof *v.commands, by_name);
    qsort((void *)v.events, v.nevents, sizeof *v.events, by_name);
    put_refusals(&p, &v);
    page_help(&p, &v);
    return app_page_done(r, &p, "page.help.title");
}
