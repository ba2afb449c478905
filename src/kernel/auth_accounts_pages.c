/* People and systems of an organisation, for who administers accounts: the list, a new one, and of
 * each its roles, the proof of identity, and whether it is closed. */
#include "base/id.h"
#include "gen/kernel/pages/accounts.html.h"
#include "kernel/auth_impl.h"
#include "kernel/auth_pages.h"

enum { ROWS_A_PAGE = 40 };

/* Where and for what a role holds, in words. */
static struct str reach_of(struct page *p, struct db *db, struct str site, struct str product)
{
    struct arena *a = p->b->arena;
    const struct str where =
        site.p ? auth_site_name(db, site, a) : text_find(p->language, S("page.access.all_sites"));
    if (!product.p)
        return where;
    return arena_printf(a, "%.*s, %.*s", STR(where), STR(show_name(p, "product", product)));
}

/* --- the list --- */

static const struct table_column columns[] = {
    { .name = "person", .sorts = true, .fixed = true },
    { .name = "login", .sorts = true },
    { .name = "roles" },
    { .name = "state" },
};
enum { BY_LOGIN = 1, COLUMNS = 4 };
static const struct table accounts_table = {
    .name = "accounts",
    .columns = columns,
    .n = COLUMNS,
};
static const struct table_column guest_columns[] = {
    { .name = "person", .fixed = true },
    { .name = "login" },
    { .name = "roles" },
    { .name = "state" },
};
static const struct table guests_table = {
    .name = "accounts",
    .columns = guest_columns,
    .n = COLUMNS,
};

static enum outcome list_read(struct record_list *list, struct auth_people_view *v,
                              struct http_request *r, struct db *db, struct err *e)
{
    const struct table_view *t = &v->table;
    const struct sql *sql = v->guests             ? &sql_auth_guests
                            : t->sort == BY_LOGIN ? t->back ? &sql_auth_accounts_by_login_back
                                                            : &sql_auth_accounts_by_login
                            : t->back             ? &sql_auth_accounts_back
                                                  : &sql_auth_accounts;
    const struct str after = http_query(r, "before");
    const struct auth_accounts_in in = {
        .organisation = v->organisation,
        .id = after.p ? after : S(""),
        .most = ROWS_A_PAGE + 1,
        .start = t->back ? TABLE_LAST : S(""),
    }; /* that of guests is its beginning */
    if (after.n > 0 && !id_valid(after))
        return REFUSE(e, "http.malformed_cursor", { "name", S("before") });
    TRY(db_list(db, sql, &in, list, ROWS_A_PAGE + 1, r->arena, e));
    const struct auth_accounts_out *rows = list->p;
    v->n = list->n > ROWS_A_PAGE ? ROWS_A_PAGE : list->n;
    if (list->n > ROWS_A_PAGE)
        table_go_on(&v->table, r->arena, rows[v->n - 1].account);
    return OK;
}

/* "Ward nurse (Northstone Clinic); …": of those here. */
static enum outcome roles_in_words(struct str *out, struct db *db, struct page *p,
                                   struct str organisation, struct str account, struct err *e)
{
    struct arena *a = p->b->arena;
    const struct auth_roles_in in = { account };
    struct record_list list;
    *out = S("");
    TRY(db_list(db, &sql_auth_roles, &in, &list, AUTH_ROLES_MAX, a, e));
    const struct auth_roles_out *rows = list.p;
    for (size_t i = 0; i < list.n; i++)
        if (str_eq(rows[i].organisation, organisation))
            *out = arena_printf(a, "%.*s%s%.*s (%.*s)", STR(*out), out->n > 0 ? "; " : "",
                                STR(show_name(p, "role", rows[i].role)),
                                STR(reach_of(p, db, rows[i].site, rows[i].product)));
    return OK;
}

static enum outcome people(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    const struct actor *actor = show_actor(r);
    const struct str everywhere = { 0 };
    struct auth_people_view v = {
        .refused = show_refusal(p, r),
        .organisation = actor->organisation,
        .organisation_name = auth_organisation_name(db, actor->organisation, r->arena),
        .guests = str_is(http_query(r, "of"), "guests"),
        .may_make = actor_may(actor, S("account.make"), actor->organisation, everywhere),
        .may_describe_sites = show_may(r, "site.describe"),
        .login = show_entered(r, "login"),
        .name = show_entered(r, "name"),
        .service = str_is(show_entered(r, "kind"), "service"),
    };
    struct record_list list;
    if (!actor_may(actor, S("account.see"), actor->organisation, everywhere))
        return REFUSE(e, "auth.forbidden", { "permission", S("account.see") });
    table_ask(&v.table, p, r, v.guests ? &guests_table : &accounts_table,
              v.guests ? S("of=guests") : S(""));
    TRY(list_read(&list, &v, r, db, e));
    const struct auth_accounts_out *rows = list.p;
    struct auth_people_line *lines = ARENA_ARRAY(r->arena, v.n + 1, struct auth_people_line);
    if (!lines)
        return err_no_memory(e);
    for (size_t i = 0; i < v.n; i++) {
        lines[i].row = &rows[i];
        TRY(roles_in_words(&lines[i].roles, db, p, v.organisation, rows[i].account, e));
    }
    v.lines = lines;
    page_accounts(p, &v);
    return OK;
}

enum http_state auth_get_people(struct http_request *r)
{
    return show(r, "page.accounts.title", people);
}

static enum http_state made_again(struct http_request *r, const struct err *e)
{
    return show_again(r, "page.accounts.title", people, e);
}

static enum http_state made(struct http_request *r, const struct gate_answer *answer)
{
    const enum http_state state = show_made(r, answer, "id", "/accounts/");
    if (r->answer.status == 303)
        r->answer.location = arena_printf(r->arena, "%.*s/access", STR(r->answer.location));
    return state;
}

enum http_state auth_post_people(struct http_request *r)
{
    const struct app_command c = {
        .name = S("account.make"),
        .done = made,
        .refused = made_again,
    };
    return app_command(r, &c);
}

/* --- of one account --- */

static enum outcome names_of(const struct str **out, size_t *n, struct http_request *r,
                             struct db *db, const char *kind, struct err *e)
{
    const struct definition *found;
    *n = 0;
    if (!define_kind_find(str_z(kind)))
        return OK;
    TRY(define_effective(&found, n, db, str_z(kind), env_now(app_of(r)->node->env), r->arena, e));
    struct str *names = ARENA_ARRAY(r->arena, *n + 1, struct str);
    if (!names)
        return err_no_memory(e);
    for (size_t i = 0; i < *n; i++)
        names[i] = found[i].name;
    *out = names;
    return OK;
}

static enum outcome roles_of(struct auth_rights_view *v, struct http_request *r, struct db *db,
                             struct page *p, struct str account, struct err *e)
{
    const struct auth_roles_in in = { account };
    struct record_list list;
    TRY(db_list(db, &sql_auth_roles, &in, &list, AUTH_ROLES_MAX, r->arena, e));
    const struct auth_roles_out *rows = list.p;
    struct auth_right_line *lines = ARENA_ARRAY(r->arena, list.n + 1, struct auth_right_line);
    if (!lines)
        return err_no_memory(e);
    for (size_t i = 0; i < list.n; i++) {
        if (!str_eq(rows[i].organisation, v->organisation))
            continue;
        lines[v->nlines++] = (struct auth_right_line){
            .row = &rows[i],
            .reach = reach_of(p, db, rows[i].site, rows[i].product),
            .until = rows[i].until_us == INT64_MAX ? TIME_NONE : rows[i].until_us,
        };
    }
    v->lines = lines;
    return OK;
}

enum outcome auth_guest_fill(struct auth_rights_view *v, struct http_request *r, struct db *db,
                             struct page *p, struct str account, struct err *e)
{
    const struct actor *actor = show_actor(r);
    const struct str everywhere = { 0 };
    *v = (struct auth_rights_view){
        .shown = true,
        .organisation = actor->organisation,
        .sanctioned = TIME_NONE,
        .may_take = !str_eq(account, actor->account) &&
                    actor_may(actor, S("account.take_role"), actor->organisation, everywhere),
    };
    return roles_of(v, r, db, p, account, e);
}

enum outcome auth_rights_fill(struct auth_rights_view *v, struct http_request *r, struct db *db,
                              struct page *p, const struct auth_account_out *row, struct err *e)
{
    const struct actor *actor = show_actor(r);
    const struct str everywhere = { 0 };
    const struct str of = row->organisation;
    const bool other = !str_eq(row->account, actor->account);
    const bool open = other && !row->closed;
    *v = (struct auth_rights_view){
        .shown = true,
        .service = str_is(row->kind, "service"),
        .organisation = of,
        .here = actor->site,
        .closed = row->closed,
        .sanctioned = row->sanctioned,
        .may_sanction = open && row->sanctioned == TIME_NONE &&
                        actor_may(actor, S("account.sanction"), of, everywhere),
        .may_give = open && row->sanctioned != TIME_NONE &&
                    actor_may(actor, S("account.give_role"), of, everywhere),
        .may_take = open && actor_may(actor, S("account.take_role"), of, everywhere),
        .may_close = open && actor_may(actor, S("account.close"), of, everywhere),
        .may_reopen = other && row->closed && actor_may(actor, S("account.reopen"), of, everywhere),
    };
    TRY(roles_of(v, r, db, p, row->account, e));
    if (!v->may_give)
        return OK;
    TRY(names_of(&v->roles, &v->nroles, r, db, "role", e));
    TRY(names_of(&v->products, &v->nproducts, r, db, "product", e));
    return auth_places(&v->sites, &v->nsites, db, of, r->arena, e);
}

enum outcome auth_first_fill(struct http_request *r, struct db *db, struct auth_account_view *v,
                             struct err *e)
{
    const struct auth_login_in in = { v->login };
    struct auth_login_out row = { 0 };
    bool found;
    if (v->own || v->rights.closed)
        return OK;
    TRY(db_get(db, &sql_auth_login, &in, &row, r->arena, &found, e));
    const bool done[AUTH_FIRST_STEPS] = {
        v->rights.sanctioned != TIME_NONE,
        v->rights.nlines > 0,
        v->service ? v->ncredentials > 0 : row.password.p || v->has_identity,
    };
    bool now = false;
    if (done[1] && done[2]) /* the program itself makes some that nobody saw */
        return OK;
    for (size_t i = 0; i < AUTH_FIRST_STEPS; i++) {
        v->first[i] = done[i] ? "done" : now ? "next" : "now";
        now |= !done[i];
    }
    return OK;
}
