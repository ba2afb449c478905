/* Keys of a service account: what its page offers, and the one that is shown once. */
#include "kernel/auth_pages.h"

#include <stdlib.h>

#include "gen/kernel/pages/account_once.html.h"
#include "kernel/auth_impl.h"

static int by_name(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* What its roles give and no person alone does, each once. */
static enum outcome scopes_fill(struct http_request *r, struct auth_account_view *v,
                                const struct actor *actor, struct err *e)
{
    const struct registry *registry = app_of(r)->node->registry;
    struct str *scopes = ARENA_ARRAY(r->arena, actor->ngrants + 1, struct str);
    if (!scopes)
        return err_no_memory(e);
    for (size_t i = 0; i < actor->ngrants; i++) {
        const struct str name = actor->grants[i].permission;
        if (!auth_scope_of_person(registry, name) && !str_among(name, scopes, v->nscopes))
            scopes[v->nscopes++] = name;
    }
    qsort(scopes, v->nscopes, sizeof *scopes, by_name);
    v->scopes = scopes;
    return OK;
}

enum outcome auth_keys_fill(struct http_request *r, struct db *db, struct auth_account_view *v,
                            int64_t version, struct err *e)
{
    struct auth *a = app_of(r)->auth;
    struct actor actor = { 0 };
    struct auth_limits limits;
    struct record_list list;
    const struct auth_sites_in in = { v->account, env_now(a->node->env) };
    TRY(auth_rights_of(a, db, v->account, version, &actor, &limits, r->arena, e));
    TRY(scopes_fill(r, v, &actor, e));
    TRY(db_list(db, &sql_auth_sites, &in, &list, AUTH_SITES_MAX, r->arena, e));
    v->sites = list.p;
    v->nsites = list.n;
    return OK;
}

/* --- issuing --- */

/* Fields of one name, as checkboxes send them. */
static struct str *fields_of(const struct http_request *r, const char *name, size_t *n)
{
    struct str *out = ARENA_ARRAY(r->arena, r->nform + 1, struct str);
    *n = 0;
    for (size_t i = 0; out && i < r->nform; i++)
        if (str_is(r->form[i].name, name) && r->form[i].value.n > 0)
            out[(*n)++] = r->form[i].value;
    return out;
}

static enum outcome body_read(struct auth_issue_key *out, struct http_request *r, struct str secret,
                              struct err *e)
{
    struct auth *a = app_of(r)->auth;
    int64_t days = AUTH_KEY_DAYS;
    size_t n;
    const struct str asked = str_trim(http_form(r, "days"));
    const struct str site = http_form(r, "site");
    const struct str *scopes = fields_of(r, "scope", &n);
    if (!scopes)
        return err_no_memory(e);
    if ((asked.n > 0 && !str_to_u63(&days, asked)) || days > AUTH_KEY_DAYS_MAX)
        return REFUSE(e, "auth.key_time", { "days", S("400") });
    *out = (struct auth_issue_key){
        .account = http_param(r, "account"),
        .name = str_trim(http_form(r, "name")),
        .digest = auth_key_digest(a, secret, r->arena),
        .scopes = { scopes, n },
        .site = site.n > 0 ? site : (struct str){ 0 },
        .expires = env_now(a->node->env) + days * TIME_DAY,
    };
    return OK;
}

/* The id that the gate gave to it. */
static enum outcome issued_read(struct auth_credential_digest_out *out, struct str *name,
                                struct http_request *r, const struct auth_issue_key *body,
                                struct err *e)
{
    struct store *store = app_of(r)->node->store;
    const struct auth_credential_digest_in in = { S("key"), body->digest };
    struct db *db;
    bool found;
    TRY(store_reader_take(&db, store, e));
    const enum outcome o = db_get(db, &sql_auth_credential_digest, &in, out, r->arena, &found, e);
    *name = auth_account_name(db, body->account, r->arena);
    store_reader_give(store, db);
    return o == OK && !found ? REFUSE(e, "auth.key_over") : o;
}

static enum outcome issue(struct http_request *r, struct auth_once_view *v, struct err *e)
{
    struct auth *a = app_of(r)->auth;
    const struct str secret = auth_secret(a, r->arena);
    struct auth_issue_key body;
    struct auth_credential_digest_out row;
    struct str *key = ARENA_NEW(r->arena, struct str);
    if (!key || !secret.p)
        return err_no_memory(e);
    TRY(body_read(&body, r, secret, e));
    TRY(auth_send_because(a, &auth_of(r)->actor, &auth_issue_key_command, &body,
                          http_form(r, "_reason"), true, e));
    TRY(issued_read(&row, &v->person, r, &body, e));
    *key = auth_key_text(row.credential, secret, r->arena);
    v->codes = key;
    v->n = 1;
    v->key = true;
    v->expires = body.expires;
    v->back = arena_printf(r->arena, "/accounts/%.*s/access", STR(body.account));
    return OK;
}

static enum http_state issue_work(struct http_request *r)
{
    struct err e = { 0 };
    struct auth_once_view v = { 0 };
    if (issue(r, &v, &e) != OK)
        return auth_access_again(r, &e);
    struct page p = app_page(r);
    page_account_once(&p, &v);
    r->answer.no_etag = true;
    return app_page_done(r, &p, "page.account_once.key");
}

enum http_state auth_post_key(struct http_request *r)
{
    return auth_later(r, issue_work);
}
