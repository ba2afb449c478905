/* Signing in: the same work and the same answer, whatever was wrong. */
#include "kernel/auth_impl.h"

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

enum outcome auth_limits_of(struct auth *a, const struct auth_login_out *row,
                            struct auth_limits *limits, struct arena *arena, struct err *e)
{
    struct db *db;
    struct actor actor = { 0 };
    TRY(store_reader_take(&db, a->node->store, e));
    const enum outcome o =
        auth_rights_of(a, db, row->account, row->version, &actor, limits, arena, e);
    store_reader_give(a->node->store, db);
    return o;
}

enum outcome auth_claim_open(struct auth *a, const struct auth_claim *c,
                             const struct auth_proved *proved, const struct auth_from *from,
                             struct str *cookie, struct arena *arena, struct err *e)
{
    struct auth_limits limits;
    TRY(auth_limits_of(a, &c->row, &limits, arena, e));
    struct auth_start start = {
        .account = c->row.account,
        .organisation = c->row.organisation,
        .expires = env_now(a->node->env) + limits.absolute_us,
        .strength = proved->strength,
        .from = from,
    };
    TRY(only_site(a, c->row.account, &start.site, arena, e));
    return auth_session_start(a, &start, cookie, arena, e);
}

enum outcome auth_sign_in(struct auth *a, struct str login, const struct auth_proof *shown,
                          const struct auth_from *from, struct str *cookie, struct arena *arena,
                          struct err *e)
{
    struct auth_claim c;
    struct auth_proved proved;
    const char *why;
    const bool by_token = login.n == 0 && shown->assertion.p && !shown->password.p;
    struct str known_as = auth_login_of(login, arena);
    if (!known_as.p && !by_token)
        known_as = S("");
    TRY(auth_claim_find(a, &c, known_as, shown, from, arena, e));
    TRY(auth_claim_check(a, &c, shown, false, &proved, &why, arena, e));
    if (why)
        return auth_claim_refused(a, &c, why, "auth.sign_in_failed", e);
    const enum outcome o = auth_claim_open(a, &c, &proved, from, cookie, arena, e);
    if (o == REFUSED && str_is(str_z(e->code), "auth.account_closed")) /* in this very moment */
        return auth_claim_refused(a, &c, "closed", "auth.sign_in_failed", e);
    if (o == OK) {
        auth_slow_clear(a, &c.slow);
        auth_pin_clear(a, c.row.account);
    }
    return o;
}

/* --- one's own password --- */

enum outcome auth_reopen(struct auth *a, const struct auth_session *session,
                         const struct auth_from *from, struct str *cookie, struct arena *arena,
                         struct err *e)
{
    const struct auth_start start = {
        .account = session->actor.account,
        .organisation = session->actor.organisation,
        .site = session->actor.site,
        .expires = session->expires,
        .strength = session->strength,
        .station = session->station,
        .from = from,
    };
    return auth_session_start(a, &start, cookie, arena, e);
}

enum outcome auth_renew(struct auth *a, const struct auth_session *session,
                        const struct auth_new_password *passwords, const struct auth_from *from,
                        struct str *cookie, struct arena *arena, struct err *e)
{
    struct auth_claim c;
    struct auth_proved proved;
    const char *why;
    const struct auth_proof shown = { .password = passwords->present };
    TRY(auth_claim_find(a, &c, session->login, &shown, from, arena, e));
    TRY(auth_claim_check(a, &c, &shown, true, &proved, &why, arena, e));
    if (why)
        return auth_claim_refused(a, &c, why, "auth.sign_in_failed", e);
    auth_slow_clear(a, &c.slow);
    if (str_eq(passwords->present, passwords->fresh))
        return REFUSE(e, "auth.password_same");

    struct auth_change_password body = { .account = session->actor.account };
    struct actor actor = session->actor;
    actor.system = true; /* one's own needs no right */
    TRY(auth_password_hash(a, &body.password, passwords->fresh, arena, e));
    TRY(auth_send(a, &actor, &auth_change_password_command, &body, true, e));
    return auth_reopen(a, session, from, cookie, arena, e);
}
