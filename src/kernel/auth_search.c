/* People are found by login and name, by who gives accounts their roles in the organisation; a site
 * by its name, by who may see the orders there. */
#include "kernel/auth_impl.h"

#include "kernel/show.h"

static enum outcome account_read(struct search_entry *x, struct str id, struct err *e)
{
    const struct auth_account_in in = { id };
    struct auth_account_out row;
    bool found;
    TRY(db_get(x->db, &sql_auth_account, &in, &row, x->arena, &found, e));
    if (!found)
        return OK;
    search_identifier(x, row.login);
    search_words(x, row.name);
    search_scope(x, row.organisation, (struct str){ 0 });
    return OK;
}

static enum outcome account_show(struct search_found *out, struct http_request *r, struct db *db,
                                 struct page *p, struct str id, bool *may, struct err *e)
{
    const struct auth_account_in in = { id };
    struct auth_account_out row;
    TRY(db_get(db, &sql_auth_account, &in, &row, r->arena, may, e));
    *may = *may &&
           actor_may(show_actor(r), S("account.give_role"), row.organisation, (struct str){ 0 });
    if (!*may)
        return OK;
    out->title = row.name;
    out->identifier = row.login;
    out->place = auth_organisation_name(db, row.organisation, r->arena);
    if (actor_may(show_actor(r), S("account.see"), row.organisation, (struct str){ 0 }))
        out->link = arena_printf(r->arena, "/accounts/%.*s/access", STR(id));
    if (row.closed)
        out->stage = text_find(p->language, S("page.search.account_closed"));
    return OK;
}

static enum outcome site_read(struct search_entry *x, struct str id, struct err *e)
{
    const struct auth_site_in in = { id };
    struct auth_site_out row;
    bool found;
    TRY(db_get(x->db, &sql_auth_site, &in, &row, x->arena, &found, e));
    if (!found)
        return OK;
    search_words(x, row.name);
    search_scope(x, row.organisation, row.site);
    return OK;
}

static enum outcome site_show(struct search_found *out, struct http_request *r, struct db *db,
                              struct page *p, struct str id, bool *may, struct err *e)
{
    const struct auth_site_in in = { id };
    struct auth_site_out row;
    TRY(db_get(db, &sql_auth_site, &in, &row, r->arena, may, e));
    *may = *may && actor_may(show_actor(r), S("tower.see"), row.organisation, row.site);
    if (!*may)
        return OK;
    out->title = row.name;
    out->identifier = show_name(p, "site_kind", row.kind);
    out->place = auth_organisation_name(db, row.organisation, r->arena);
    out->link = arena_printf(r->arena, "/?site=%.*s", STR(id));
    return arena_exhausted(r->arena) ? err_no_memory(e) : OK;
}

static const char *const account_when[] = { "account.made", NULL };
static const char *const site_when[] = { "site.made", NULL };

const struct search_rule auth_searches[AUTH_SEARCHES] = {
    {
        .name = "site",
        .kind = "site",
        .permission = "tower.see",
        .when = site_when,
        .read = site_read,
        .show = site_show,
    },
    {
        .name = "account",
        .kind = "account",
        .permission = "account.give_role",
        .when = account_when,
        .read = account_read,
        .show = account_show,
    },
};
