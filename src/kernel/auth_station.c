/* A workstation that several people share: its session is unlocked by whose it is, and taken over
 * by others with badge and PIN or a token. What each does is theirs. */
#include "kernel/auth_impl.h"

enum { PIN_ARENA_MAX = 16 << 10 };

/* Six to twelve digits are a PIN where the person has one; no password is that short. */
static bool looks_like_pin(struct str text)
{
    bool digits = text.n >= AUTH_PIN_MIN && text.n <= AUTH_PIN_MAX;
    for (size_t i = 0; i < text.n; i++)
        digits &= text.p[i] >= '0' && text.p[i] <= '9';
    return digits;
}

/* After the last wrong try, so that neither a restart nor others' tries forget it. */
static enum outcome pin_spend(struct auth *a, const struct auth_claim *c,
                              const struct auth_credentials_out *pin, struct err *e)
{
    const struct actor actor = auth_system(c->row.organisation);
    const struct auth_suspect_credential body = { pin->credential, AUTH_PIN_TRIES };
    return auth_send(a, &actor, &auth_suspect_credential_command, &body, true, e);
}

static enum outcome pin_restore(struct auth *a, struct str account, struct arena *arena,
                                struct err *e)
{
    const struct auth_pin_spent_in in = { account };
    struct auth_pin_spent_out row;
    struct db *db;
    bool found;
    TRY(store_reader_take(&db, a->node->store, e));
    const enum outcome o = db_get(db, &sql_auth_pin_spent, &in, &row, arena, &found, e);
    store_reader_give(a->node->store, db);
    if (o != OK || !found)
        return o;
    const struct actor actor = auth_system(row.organisation);
    const struct auth_use_credential body = { row.credential, row.spent + 1, INT_NONE };
    return auth_send(a, &actor, &auth_use_credential_command, &body, true, e);
}

void auth_pin_clear(struct auth *a, struct str account)
{
    struct err e = { 0 };
    struct arena *arena = arena_new(PIN_ARENA_MAX);
    auth_pin_forget(a, account);
    const enum outcome o = arena ? pin_restore(a, account, arena, &e) : err_no_memory(&e);
    if (o != OK)
        log_err(a->node->env, "auth.pin_not_restored", &e);
    arena_free(arena);
}

/* The work of a comparison is done in any case; a PIN that was tried too often is not looked at. */
static enum outcome pin_check(struct auth *a, const struct auth_claim *c, struct str pin,
                              struct str tried_as, struct arena *arena, struct err *e)
{
    struct err erased = { 0 };
    struct str hash = { 0 };
    const struct auth_credentials_out *row = auth_claim_credential(c, "pin");
    const bool spent = row && row->suspected != TIME_NONE;
    const int64_t try = spent ? 0 : auth_pin_try(a, tried_as);
    if (try == 0)
        return REFUSE(e, "auth.pin_spent");
    if (row)
        (void)!seal_open(a->node->keys, &hash, row->event, S("secret"), row->secret, arena,
                         &erased);
    const bool right = auth_password_agrees(a, hash, pin) && c->found && !c->row.closed;
    if (!right && row && try == AUTH_PIN_TRIES)
        TRY(pin_spend(a, c, row, e));
    if (!right)
        return auth_claim_refused(a, c, c->found ? "pin" : "badge", "auth.proof_failed", e);
    auth_pin_forget(a, tried_as);
    return OK;
}

enum outcome auth_go_on(struct auth *a, const struct auth_session *session,
                        const struct auth_from *from, const struct auth_proof *shown,
                        struct arena *arena, struct err *e)
{
    struct auth_claim c;
    struct auth_proved proved;
    TRY(auth_claim_find(a, &c, session->login, shown, from, arena, e));
    if (looks_like_pin(shown->password) && auth_claim_credential(&c, "pin")) {
        TRY(pin_check(a, &c, shown->password, session->actor.account, arena, e));
        return auth_unlock(a, session, "pin", e);
    }
    TRY(auth_prove(a, session, from, shown, &proved, arena, e));
    auth_pin_clear(a, session->actor.account);
    return auth_unlock(a, session, proved.by, e);
}

/* --- taking over --- */

static enum outcome claim_by_badge(struct auth *a, struct auth_claim *c, struct str badge,
                                   const struct auth_from *from, struct str *tried_as,
                                   struct arena *arena, struct err *e)
{
    struct db *db;
    const struct auth_proof none = { 0 };
    const struct auth_credential_digest_in in = { S("badge"), auth_badge_digest(a, badge, arena) };
    struct auth_credential_digest_out row = { 0 };
    struct auth_account_out account = { 0 };
    bool found = false;
    TRY(store_reader_take(&db, a->node->store, e));
    enum outcome o = db_get(db, &sql_auth_credential_digest, &in, &row, arena, &found, e);
    if (o == OK && found) {
        const struct auth_account_in account_in = { row.account };
        o = db_get(db, &sql_auth_account, &account_in, &account, arena, &found, e);
    }
    store_reader_give(a->node->store, db);
    if (o != OK)
        return o;
    *tried_as = found ? row.account : in.digest;
    return auth_claim_find(a, c, found ? account.login : S(""), &none, from, arena, e);
}

static enum outcome take_by_badge(struct auth *a, struct auth_claim *c,
                                  const struct auth_taking *taking, const struct auth_from *from,
                                  struct arena *arena, struct err *e)
{
    struct str tried_as;
    TRY(claim_by_badge(a, c, taking->badge, from, &tried_as, arena, e));
    TRY(auth_slow_take(a, &c->slow, arena, e));
    TRY(pin_check(a, c, taking->pin, tried_as, arena, e));
    auth_slow_clear(a, &c->slow);
    return OK;
}

static enum outcome take_by_token(struct auth *a, struct auth_claim *c,
                                  const struct auth_taking *taking, const struct auth_from *from,
                                  struct arena *arena, struct err *e)
{
    struct auth_proved proved;
    const char *why;
    TRY(auth_claim_find(a, c, (struct str){ 0 }, &taking->token, from, arena, e));
    TRY(auth_claim_check(a, c, &taking->token, false, &proved, &why, arena, e));
    if (why)
        return auth_claim_refused(a, c, why, "auth.proof_failed", e);
    auth_slow_clear(a, &c->slow);
    return OK;
}

enum outcome auth_take_over(struct auth *a, const struct auth_session *at,
                            const struct auth_from *from, const struct auth_taking *taking,
                            struct str *cookie, struct arena *arena, struct err *e)
{
    struct auth_claim c;
    struct auth_limits limits;
    const bool token = taking->token.assertion.p != NULL;
    *cookie = (struct str){ 0 };
    TRY(token ? take_by_token(a, &c, taking, from, arena, e)
              : take_by_badge(a, &c, taking, from, arena, e));
    if (str_eq(c.row.account, at->actor.account))
        return auth_unlock(a, at, token ? "token" : "pin", e);
    if (!auth_strong_enough(at)) /* a station is where somebody signed in fully */
        return REFUSE(e, "auth.enrol_first");
    TRY(auth_limits_of(a, &c.row, &limits, arena, e));
    const int64_t own = env_now(a->node->env) + limits.absolute_us;
    const struct auth_start start = {
        .account = c.row.account,
        .organisation = c.row.organisation,
        .site = at->actor.site,
        .expires = own < at->expires ? own : at->expires,
        .strength = token ? PROOF_TOKEN : PROOF_NONE,
        .station = at->station.p ? at->station : at->id,
        .from = from,
    };
    TRY(auth_session_start(a, &start, cookie, arena, e));
    return auth_session_end(a, at, S("switched"), e);
}
