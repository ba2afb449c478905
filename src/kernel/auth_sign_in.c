/* Signing in: the same work and the same answer, whatever was wrong. */
#include "kernel/auth_impl.h"

static enum outcome candidate_find(struct auth *a, struct auth_candidate *out, struct str login,
                                   struct arena *arena, struct err *e)
{
    *out = (struct auth_candidate){ .found = false };
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
static enum outcome sign_in_refused(struct auth *a, const struct auth_candidate *c, const char *why,
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

enum outcome auth_candidate_check(struct auth *a, struct auth_candidate *c, struct str login,
                                  struct str password, struct str peer, const char **wrong,
                                  struct arena *arena, struct err *e)
{
    int64_t seconds;
    if (!auth_slow_try(a, login, peer, &seconds)) {
        struct str text = arena_printf(arena, "%lld", (long long)seconds);
        return REFUSE(e, "auth.slow_down", { "seconds", text });
    }
    TRY(candidate_find(a, c, login, arena, e));
    const bool agrees = auth_password_agrees(a, c->hash, password);
    *wrong = !c->found ? "unknown" : !agrees ? "password" : c->row.closed ? "closed" : NULL;
    return OK;
}

/* The account behind a login and password, or the refusal. */
static enum outcome candidate_check(struct auth *a, struct auth_candidate *c, struct str login,
                                    struct str password, struct str peer, struct arena *arena,
                                    struct err *e)
{
    const char *wrong;
    TRY(auth_candidate_check(a, c, login, password, peer, &wrong, arena, e));
    return wrong ? sign_in_refused(a, c, wrong, e) : OK;
}

enum outcome auth_place_take(struct auth *a, struct err *e)
{
    return sem_trywait(&a->signing) == 0 ? OK : REFUSE(e, "auth.busy");
}

void auth_place_give(struct auth *a)
{
    BUG_ON(sem_post(&a->signing) != 0);
}

static enum outcome sign_in(struct auth *a, struct str login, struct str password, struct str peer,
                            struct str *cookie, struct arena *arena, struct err *e)
{
    struct str known_as = auth_login_of(login, arena);
    struct auth_candidate c;
    TRY(candidate_check(a, &c, known_as, password, peer, arena, e));
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

enum outcome auth_sign_in(struct auth *a, struct str login, struct str password, struct str peer,
                          struct str *cookie, struct arena *arena, struct err *e)
{
    TRY(auth_place_take(a, e));
    enum outcome o = sign_in(a, login, password, peer, cookie, arena, e);
    auth_place_give(a);
    return o;
}

static enum outcome renew(struct auth *a, const struct auth_session *session,
                          const struct auth_new_password *passwords, struct str *cookie,
                          struct arena *arena, struct err *e)
{
    struct db *db;
    struct auth_account_in in = { session->actor.account };
    struct auth_account_out account;
    struct auth_candidate c;
    bool found = false;
    TRY(store_reader_take(&db, a->node->store, e));
    enum outcome o = db_get(db, &sql_auth_account, &in, &account, arena, &found, e);
    store_reader_give(a->node->store, db);
    if (o != OK)
        return o;
    BUG_ON(!found); /* accounts are never deleted */
    TRY(candidate_check(a, &c, account.login, passwords->present, passwords->peer, arena, e));
    auth_slow_clear(a, account.login, passwords->peer);
    if (str_eq(passwords->present, passwords->fresh))
        return REFUSE(e, "auth.password_same");

    struct auth_change_password body = { .account = session->actor.account };
    struct actor actor = session->actor;
    actor.system = true; /* one's own needs no right */
    TRY(auth_password_hash(a, &body.password, passwords->fresh, arena, e));
    TRY(auth_send(a, &actor, &auth_change_password_command, &body, true, e));
    struct auth_start start = {
        .account = account.account,
        .organisation = account.organisation,
        .site = session->actor.site,
        .expires = session->expires,
    };
    return auth_session_start(a, &start, cookie, arena, e);
}

enum outcome auth_renew(struct auth *a, const struct auth_session *session,
                        const struct auth_new_password *passwords, struct str *cookie,
                        struct arena *arena, struct err *e)
{
    TRY(auth_place_take(a, e));
    enum outcome o = renew(a, session, passwords, cookie, arena, e);
    auth_place_give(a);
    return o;
}
