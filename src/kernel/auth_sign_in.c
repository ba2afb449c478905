/* Signing in: the same work and the same answer, whatever was wrong. */
#include "kernel/auth_impl.h"

/* What was found under a login; without an account, nothing is. */
struct candidate {
    struct auth_login_out row;
    bool found;
    struct str hash; /* absent: no password would be right */
};

static enum outcome candidate_find(struct auth *a, struct candidate *out, struct str login,
                                   struct arena *arena, struct err *e)
{
    *out = (struct candidate){ .found = false };
    struct db *db;
    TRY(store_reader_take(&db, a->node->store, e));
    struct auth_login_in in = { login.p ? login : S("") };
    enum outcome o = db_get(db, &sql_auth_login, &in, &out->row, arena, &out->found, e);
    store_reader_give(a->node->store, db);
    if (o != OK || !out->found || !out->row.password.p)
        return o;
    struct err erased = { 0 };
    o = seal_open(a->node->keys, &out->hash, out->row.password_event, S("password"),
                  out->row.password, arena, &erased);
    if (o == FAULT)
        *e = erased;
    return o == FAULT ? FAULT : OK;
}

/* The only site where the account has a role; absent when there is none or a choice. */
static enum outcome only_site(struct auth *a, struct str account, struct str *site,
                              struct arena *arena, struct err *e)
{
    struct record_list list;
    TRY(auth_sites(a, account, &list, arena, e));
    const struct auth_sites_out *sites = list.p;
    *site = list.n == 1 ? sites[0].site : (struct str){ 0 };
    return OK;
}

/* Written down in the security stream; nobody waits for it. */
static enum outcome sign_in_refused(struct auth *a, const struct candidate *c, const char *why,
                                    struct err *e)
{
    struct err ignored = { 0 };
    struct actor actor = auth_system(c->found ? c->row.organisation : id_str(&a->self));
    struct auth_refuse_sign_in body = { c->row.account, str_z(why) };
    if (!c->found)
        body.account = (struct str){ 0 };
    if (auth_send(a, &actor, &auth_refuse_sign_in_command, &body, false, &ignored) != OK)
        log_err(a->node->env, "auth.refusal_not_recorded", &ignored);
    return REFUSE(e, "auth.sign_in_failed");
}

enum outcome auth_sign_in(struct auth *a, struct str login, struct str password, struct str peer,
                          struct str *cookie, struct arena *arena, struct err *e)
{
    struct str known_as = auth_login_of(login, arena);
    int64_t seconds;
    if (!auth_slow_try(a, known_as, peer, &seconds)) {
        struct str text = arena_printf(arena, "%lld", (long long)seconds);
        return REFUSE(e, "auth.slow_down", { "seconds", text });
    }
    struct candidate c;
    TRY(candidate_find(a, &c, known_as, arena, e));
    bool agrees = auth_password_agrees(a, c.hash, password);
    if (!c.found)
        return sign_in_refused(a, &c, "unknown", e);
    if (!agrees)
        return sign_in_refused(a, &c, "password", e);
    if (c.row.closed)
        return sign_in_refused(a, &c, "closed", e);

    struct auth_start start = {
        .account = c.row.account,
        .organisation = c.row.organisation,
        .expires = env_now(a->node->env) + a->absolute_us,
    };
    TRY(only_site(a, c.row.account, &start.site, arena, e));
    enum outcome o = auth_session_start(a, &start, cookie, arena, e);
    if (o == REFUSED && str_is(str_z(e->code), "auth.account_closed"))
        return sign_in_refused(a, &c, "closed", e); /* in this very moment */
    if (o == OK)
        auth_slow_clear(a, known_as, peer);
    return o;
}
