/* What a person proves a signature with. */
#include "kernel/auth_impl.h"
#include "kernel/sign.h"

bool sign_both(struct auth *a, const struct auth_session *session)
{
    const int64_t last = auth_signed(a, session->id);
    return last == 0 || env_mono(a->node->env) - last >= SIGN_QUIET_US;
}

void sign_forget(struct auth *a, struct str session)
{
    auth_signed_set(a, session, 0);
}

/* Written down in the security stream; nobody waits for it. The next one takes both again. */
static enum outcome refused(struct auth *a, const struct auth_session *session,
                            const struct sign_proof *proof, const char *why, struct err *e)
{
    struct err ignored = { 0 };
    const struct actor actor = auth_system(session->actor.organisation);
    const struct sign_refuse body = { session->actor.account, proof->name, str_z(why) };
    sign_forget(a, session->id);
    if (auth_send(a, &actor, &sign_refuse_command, &body, false, &ignored) != OK)
        log_err(a->node->env, "sign.refusal_not_recorded", &ignored);
    return REFUSE(e, "sign.refused");
}

/* The sign-in name of the session's own account. */
static enum outcome own_login(struct auth *a, const struct auth_session *session, struct str *login,
                              struct arena *arena, struct err *e)
{
    struct db *db;
    const struct auth_account_in in = { session->actor.account };
    struct auth_account_out account;
    bool found = false;
    TRY(store_reader_take(&db, a->node->store, e));
    const enum outcome o = db_get(db, &sql_auth_account, &in, &account, arena, &found, e);
    store_reader_give(a->node->store, db);
    if (o != OK)
        return o;
    BUG_ON(!found); /* accounts are never deleted */
    *login = account.login;
    return OK;
}

/* A wrong sign-in name costs and says the same as a wrong password. */
static enum outcome prove_password(struct auth *a, const struct auth_session *session,
                                   const struct sign_proof *proof, bool both, struct arena *arena,
                                   struct err *e)
{
    struct auth_candidate c;
    struct str login;
    const char *wrong;
    TRY(own_login(a, session, &login, arena, e));
    TRY(auth_candidate_check(a, &c, login, proof->password, proof->peer, &wrong, arena, e));
    if (!wrong && both && !str_eq(auth_login_of(proof->login, arena), login))
        wrong = "login";
    if (wrong)
        return refused(a, session, proof, wrong, e);
    auth_slow_clear(a, login, proof->peer);
    return OK;
}

enum outcome sign_prove(struct sign_given *out, struct auth *a, const struct auth_session *session,
                        const struct sign_proof *proof, struct arena *arena, struct err *e)
{
    const bool both = sign_both(a, session);
    if (!proof->shown.p || !proof->password.p || proof->password.n == 0)
        return REFUSE(e, "sign.proof");
    if (both && proof->login.n == 0)
        return REFUSE(e, "sign.both");
    if (proof->needed > SIGN_PASSWORD)
        return REFUSE(e, "sign.weak", { "strength", str_z(sign_strength_name(proof->needed)) });
    TRY(auth_place_take(a, e));
    const enum outcome o = prove_password(a, session, proof, both, arena, e);
    auth_place_give(a);
    if (o != OK)
        return o;
    *out = (struct sign_given){
        .command = proof->command,
        .session = session->id,
        .signer = session->actor.account,
        .name = session->person,
        .shown = proof->shown,
        .time = env_now(a->node->env),
        .strength = SIGN_PASSWORD,
        .components = both ? S("login+password") : S("password"),
    };
    auth_signed_set(a, session->id, env_mono(a->node->env));
    return sign_seal(out, a->node->keys, e);
}
