/* The access matrix: who has which role where, for what and until when, and what each role permits.
 * One document (print.h), shown as a page and printed. */
#include "kernel/pages_access.h"

#include <stdlib.h>

#include "base/id.h"
#include "gen/kernel/pages/access.html.h"
#include "kernel/print.h"

enum { PERMISSIONS_MAX = 600, HTML_MAX = 4 << 20, CELL_MAX = 4000 };

/* --- permissions, from the one table there is: what commands and routes ask for --- */

struct permissions {
    struct str names[PERMISSIONS_MAX];
    size_t n;
};

static void permission_add(struct permissions *all, struct str name)
{
    if (name.n > 0 && all->n < PERMISSIONS_MAX && !str_among(name, all->names, all->n) &&
        !str_is(name, "public") && !str_is(name, "signed_in") && !str_is(name, "locked"))
        all->names[all->n++] = name;
}

static int by_name(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void permissions_of(struct permissions *all, const struct registry *registry,
                           const struct definition *roles, size_t nroles)
{
    size_t n;
    const struct module *const *modules = registry_modules(registry, &n);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < modules[i]->ncommands; k++)
            permission_add(all, str_z(modules[i]->commands[k]->name));
        for (size_t k = 0; k < modules[i]->nroutes; k++)
            permission_add(all, str_z(modules[i]->routes[k].access));
    }
    for (size_t i = 0; i < nroles; i++) {
        const struct role *role = roles[i].body;
        for (size_t k = 0; k < role->permissions.n; k++)
            if (!str_starts(role->permissions.p[k], S("role.")))
                permission_add(all, role->permissions.p[k]);
    }
    qsort(all->names, all->n, sizeof all->names[0], by_name);
}

/* --- the document --- */

static struct str word(const struct page *p, const char *key)
{
    return text_find(p->language, str_z(key));
}

static void put_column(struct print_column *column, struct str title, int64_t weight)
{
    record_clear(&print_column_record, column);
    column->title = title;
    column->weight = weight;
}

static struct str period(struct page *p, const struct auth_access_out *row)
{
    struct arena *a = p->b->arena;
    if (row->from_us == TIME_NONE && row->until_us == TIME_NONE)
        return word(p, "page.access.unlimited");
    return arena_printf(a, "%.*s – %.*s",
                        STR(row->from_us == TIME_NONE ? S("") : show_time(p, row->from_us)),
                        STR(row->until_us == TIME_NONE ? S("") : show_time(p, row->until_us)));
}

static void person_row(struct print *out, struct page *p, struct db *db,
                       const struct auth_access_out *row)
{
    struct arena *a = p->b->arena;
    const bool over = row->until_us != TIME_NONE && row->until_us <= p->now_us;
    const struct str checked =
        row->sanctioned == TIME_NONE
            ? word(p, "page.access.unchecked")
            : arena_printf(a, "%.*s, %.*s, %.*s",
                           STR(show_name(p, "identity_proof", row->sanctioned_how)),
                           STR(auth_account_name(db, row->sanctioned_by, a)),
                           STR(show_time(p, row->sanctioned)));
    const struct str cells[] = {
        arena_printf(a, "%.*s (%.*s)%s%.*s", STR(row->name), STR(row->login),
                     row->closed ? ", " : "",
                     STR(row->closed ? word(p, "page.access.closed") : S(""))),
        row->role.p ? show_name(p, "role", row->role) : word(p, "page.access.no_role"),
        !row->role.p  ? S("")
        : row->site.p ? auth_site_name(db, row->site, a)
                      : word(p, "page.access.all_sites"),
        !row->role.p     ? S("")
        : row->product.p ? show_name(p, "product", row->product)
                         : word(p, "page.access.all_products"),
        !row->role.p ? S("")
        : over
            ? arena_printf(a, "%.*s: %.*s", STR(word(p, "page.access.over")), STR(period(p, row)))
            : period(p, row),
        row->role.p ? arena_printf(a, "%.*s, %.*s", STR(show_person(p, db, row->given_by)),
                                   STR(show_time(p, row->given)))
                    : S(""),
        checked,
    };
    print_row(out, over || row->closed ? "warn" : NULL, cells);
}

static void put_people(struct print *out, struct page *p, struct db *db,
                       const struct record_list *list)
{
    static const char *const titles[] = { "page.access.person", "page.access.role",
                                          "page.access.site",   "page.access.product",
                                          "page.access.holds",  "page.access.given",
                                          "page.access.checked" };
    enum { COLUMNS = sizeof titles / sizeof titles[0] };
    struct print_column columns[COLUMNS];
    const struct auth_access_out *rows = list->p;
    for (size_t i = 0; i < COLUMNS; i++)
        put_column(&columns[i], word(p, titles[i]), INT_NONE);
    print_heading(out, 1, word(p, "page.access.people"));
    print_table(out, word(p, "page.access.people_text"), columns, COLUMNS);
    for (size_t i = 0; i < list->n; i++)
        person_row(out, p, db, &rows[i]);
}

static struct str holders(struct page *p, struct str permission, const struct definition *roles,
                          size_t n)
{
    struct buf b = buf_in(p->b->arena, CELL_MAX);
    for (size_t i = 0; i < n; i++) {
        const struct role *role = roles[i].body;
        if (!str_among(permission, role->permissions.p, role->permissions.n))
            continue;
        buf_z(&b, b.n > 0 ? ", " : "");
        buf_str(&b, show_name(p, "role", roles[i].name));
        if (str_among(permission, role->emergency.p, role->emergency.n))
            buf_str(&b, word(p, "page.access.lent"));
    }
    return buf_get(&b);
}

static void put_roles(struct print *out, struct page *p, const struct registry *registry,
                      const struct definition *roles, size_t n, struct err *e)
{
    struct permissions *all = ARENA_NEW(p->b->arena, struct permissions);
    struct print_column columns[3];
    if (!all) {
        (void)!err_no_memory(e);
        return;
    }
    permissions_of(all, registry, roles, n);
    put_column(&columns[0], word(p, "page.access.permission"), INT_NONE);
    put_column(&columns[1], word(p, "page.access.what"), INT_NONE);
    put_column(&columns[2], word(p, "page.access.roles"), INT_NONE);
    columns[0].id = true;
    print_heading(out, 1, word(p, "page.access.permissions"));
    print_table(out, word(p, "page.access.permissions_text"), columns, 3);
    for (size_t i = 0; i < all->n; i++) {
        const struct str text =
            text_find(p->language, arena_printf(p->b->arena, "command.%.*s", STR(all->names[i])));
        const struct str cells[] = { all->names[i], text.p ? text : word(p, "page.access.reads"),
                                     holders(p, all->names[i], roles, n) };
        print_row(out, NULL, cells);
    }
}

/* Behind the account of ?after. */
static enum outcome people(struct record_list *list, struct str *next, struct http_request *r,
                           struct db *db, struct err *e)
{
    const struct actor *actor = show_actor(r);
    const struct auth_access_in in = {
        .organisation = actor->organisation,
        .site = show_site(actor, "access.see"),
        .after = http_query(r, "after"),
    };
    return auth_access_page(list, next, db, &in, AUTH_ACCESS_MAX, r->arena, e);
}

static enum outcome document(const struct print_document **out, struct str *next,
                             struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct record_list list;
    struct print_document head;
    const struct definition *roles;
    size_t n;
    TRY(people(&list, next, r, db, e));
    TRY(define_effective(&roles, &n, db, S("role"), p->now_us, r->arena, e));
    record_clear(&print_document_record, &head);
    head.title = word(p, "page.access.title");
    head.language = p->language;
    head.date = p->now_us;
    head.dated = show_time(p, p->now_us);
    head.organisation = auth_organisation_name(db, show_actor(r)->organisation, r->arena);
    head.paging = word(p, "print.paging");
    head.wide = true;
    struct print *print = print_new(r->arena, &head);
    print_identity(print, word(p, "page.access.organisation"), head.organisation, false);
    print_identity(print, word(p, "page.access.as_of"), head.dated, false);
    put_people(print, p, db, &list);
    if (next->p)
        print_note(print, NULL, word(p, "page.access.more"));
    put_roles(print, p, app_of(r)->node->registry, roles, n, e);
    return print_done(out, print, e);
}

/* --- page and paper --- */

static enum outcome access_page(struct http_request *r, struct db *db, struct page *p,
                                struct err *e)
{
    struct record_list list;
    const struct print_document *d;
    struct pages_access_view v = {
        .may_see_people = show_may(r, "account.see"),
        .may_describe_sites = show_may(r, "site.describe"),
        .may_see_emergencies = show_may(r, "emergency.see"),
    };
    if (http_wants_json(r)) {
        TRY(people(&list, &v.next, r, db, e));
        if (v.next.p)
            v.next = arena_printf(r->arena, "/access?after=%.*s", STR(v.next));
        return show_rows(r, sql_auth_access.out, list.p, list.n, v.next, e);
    }
    struct page part = *p;
    struct buf b = buf_in(r->arena, HTML_MAX);
    part.b = &b;
    TRY(document(&d, &v.next, r, db, p, e));
    v.after = http_query(r, "after");
    print_html(&part, d);
    TRY(buf_check(&b, e));
    v.report.markup = buf_get(&b);
    page_access(p, &v);
    return OK;
}

enum http_state pages_get_access(struct http_request *r)
{
    return show(r, "page.access.title", access_page);
}

enum http_state pages_print_access(struct http_request *r)
{
    struct err e = { 0 };
    struct db *db;
    const struct print_document *d = NULL;
    struct str next;
    struct store *store = app_of(r)->node->store;
    struct page p = app_page_away(r);
    enum outcome o = store_reader_take(&db, store, &e);
    if (o == OK) {
        o = document(&d, &next, r, db, &p, &e);
        store_reader_give(store, db);
    }
    return o == OK ? app_print(r, d, "access") : app_problem(r, &e);
}
