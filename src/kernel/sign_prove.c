/* What a person proves a signature with. */
#include "kernel/auth_impl.h"
#include "kernel/sign_token.h"

bool sign_both(struct auth *a, const struct auth_session *session)
{
    const int64_t last = auth_signed(a, session);
    return last == 0 || env_mono(a->node->env) - last >= SIGN_QUIET_US;
}

void sign_forget(struct auth *a, struct str session)
{
    auth_signed_forget(a, session);
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

/* A wrong sign-in name costs and says the same as a wrong password. */
static enum outcome prove(struct auth *a, const struct auth_session *session,
                          const struct sign_proof *proof, bool both, struct arena *arena,
                          struct err *e)
{
    struct auth_claim c;
    struct auth_proved proved;
    const char *wrong;
    const struct auth_from from = { .peer = proof->peer, .device = session->device };
    const struct auth_proof shown = { .password = proof->password,
                                      .code = proof->code.n > 0 ? proof->code : (struct str){ 0 } };
    TRY(auth_claim_find(a, &c, session->login, &shown, &from, arena, e));
    TRY(auth_claim_check(a, &c, &shown, true, &proved, &wrong, arena, e));
    if (!wrong && both && !str_eq(auth_login_of(proof->login, arena), session->login))
        wrong = "login";
    if (wrong)
        return refused(a, session, proof, wrong, e);
    auth_slow_clear(a, &c.slow);
    return OK;
}

static struct str components_of(bool both, enum sign_strength strength)
{
    if (strength == SIGN_TOKEN)
        return S("token+verification");
    if (strength == SIGN_CODE)
        return both ? S("login+password+code") : S("password+code");
    return both ? S("login+password") : S("password");
}

static enum sign_strength strength_of(const struct sign_proof *proof)
{
    if (proof->assertion.n > 0)
        return SIGN_TOKEN;
    return proof->code.n > 0 ? SIGN_CODE : SIGN_PASSWORD;
}

static enum outcome whole(const struct sign_proof *proof, enum sign_strength strength, bool both,
                          struct err *e)
{
    if (!proof->shown.p)
        return REFUSE(e, "sign.proof");
    if (strength == SIGN_TOKEN)
        return OK;
    if (proof->password.n == 0)
        return REFUSE(e, "sign.proof");
    return both && proof->login.n == 0 ? REFUSE(e, "sign.both") : OK;
}

static enum outcome prove_token(struct sign_given *out, struct auth *a,
                                const struct auth_session *session, const struct sign_proof *proof,
                                struct arena *arena, struct err *e)
{
    const char *wrong;
    TRY(sign_token_prove(out, a, session, proof, &wrong, arena, e));
    return wrong ? refused(a, session, proof, wrong, e) : OK;
}

enum outcome sign_prove(struct sign_given *out, struct auth *a, const struct auth_session *session,
                        const struct sign_proof *proof, struct arena *arena, struct err *e)
{
    const bool both = sign_both(a, session);
    const enum sign_strength strength = strength_of(proof);
    TRY(whole(proof, strength, both, e));
    *out = (struct sign_given){
        .command = proof->command,
        .session = session->id,
        .signer = session->actor.account,
        .name = session->person,
        .shown = proof->shown,
        .strength = strength,
        .components = components_of(both, strength),
        .enrolled = INT_NONE,
    };
    if (strength == SIGN_TOKEN) {
        TRY(prove_token(out, a, session, proof, arena, e));
    } else {
        TRY(prove(a, session, proof, both, arena, e));
        out->time = env_now(a->node->env);
    }
    auth_signed_set(a, session);
    return sign_seal(out, a->node->keys, e);
}

enum outcome sign_prove_also(struct sign_given *out, const struct sign_given *first,
                             struct str command, struct str shown, struct keyring *keys,
                             struct err *e)
{
    BUG_ON(first->strength == SIGN_TOKEN);
    *out = *first;
    out->command = command;
    out->shown = shown;
    return sign_seal(out, keys, e);
}
