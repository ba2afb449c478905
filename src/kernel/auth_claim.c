/* Whoever claims to be somebody: what there is to compare with, and the comparison, which does the
 * same work and gives the same answer whatever is wrong or missing. */
#include "base/id.h"
#include "kernel/auth_impl.h"

enum { DUMMY_SECRET = PROOF_CODE_SECRET };

/* --- finding --- */

/* The login of an account, or of the one that a token belongs to; absent when there is none. */
static enum outcome login_of_token(struct db *db, struct str *login, struct str assertion,
                                   struct arena *arena, struct err *e)
{
    struct proof_assertion shown;
    struct auth_credential_token_out row;
    struct auth_account_out account;
    bool found;
    *login = (struct str){ 0 };
    proof_assertion_read(&shown, assertion, arena);
    if (!shown.id.p)
        return OK;
    const struct auth_credential_token_in in = { shown.id };
    TRY(db_get(db, &sql_auth_credential_token, &in, &row, arena, &found, e));
    if (!found)
        return OK;
    const struct auth_account_in account_in = { row.account };
    TRY(db_get(db, &sql_auth_account, &account_in, &account, arena, &found, e));
    if (found)
        *login = account.login;
    return OK;
}

static enum outcome claim_read(struct auth *a, struct db *db, struct auth_claim *out,
                               struct str login, const struct auth_from *from, struct arena *arena,
                               struct err *e)
{
    const struct auth_login_in in = { login.p ? login : S("") };
    TRY(db_get(db, &sql_auth_login, &in, &out->row, arena, &out->found, e));
    struct record_list list;
    const struct auth_credentials_in credentials_in = { out->found ? out->row.account : S("") };
    TRY(db_list(db, &sql_auth_credentials, &credentials_in, &list, AUTH_CREDENTIALS_MAX, arena, e));
    out->credentials = list.p;
    out->n = list.n;
    struct auth_device_known_out device;
    bool known;
    const struct auth_device_known_in device_in = {
        .device = from->device.p ? from->device : S(""),
        .account = credentials_in.account,
        .since = env_now(a->node->env) - AUTH_DEVICE_DAYS * TIME_DAY,
    };
    TRY(db_get(db, &sql_auth_device_known, &device_in, &device, arena, &known, e));
    out->slow = (struct auth_slow_of){ .login = login, .peer = from->peer };
    if (known)
        out->slow.device = from->device;
    return OK;
}

/* Opens what was sealed under the account; absent once it was erased. */
static enum outcome opened(struct auth *a, struct str *out, struct str event, const char *field,
                           struct str sealed, struct arena *arena, struct err *e)
{
    struct err erased = { 0 };
    *out = (struct str){ 0 };
    if (!sealed.p)
        return OK;
    const enum outcome o =
        seal_open(a->node->keys, out, event, str_z(field), sealed, arena, &erased);
    if (o == FAULT)
        *e = erased;
    return o == FAULT ? FAULT : OK;
}

/* The credential that a token is shown for without a password; absent: none of the account's. */
static struct str token_alone(const struct auth_claim *c, const struct auth_proof *shown,
                              struct arena *arena)
{
    struct proof_assertion given;
    if (!shown->assertion.p || shown->password.p)
        return (struct str){ 0 };
    proof_assertion_read(&given, shown->assertion, arena);
    for (size_t i = 0; given.id.p && i < c->n; i++)
        if (str_is(c->credentials[i].kind, "token") && str_eq(c->credentials[i].token, given.id))
            return c->credentials[i].credential;
    return (struct str){ 0 };
}

enum outcome auth_claim_find(struct auth *a, struct auth_claim *out, struct str login,
                             const struct auth_proof *shown, const struct auth_from *from,
                             struct arena *arena, struct err *e)
{
    struct db *db;
    *out = (struct auth_claim){ .found = false };
    TRY(store_reader_take(&db, a->node->store, e));
    enum outcome o = OK;
    if (!login.p && shown->assertion.p)
        o = login_of_token(db, &login, shown->assertion, arena, e);
    if (o == OK)
        o = claim_read(a, db, out, login, from, arena, e);
    store_reader_give(a->node->store, db);
    if (o == OK)
        out->slow.token = token_alone(out, shown, arena);
    if (o == OK && out->found)
        o = opened(a, &out->hash, out->row.password_event, "password", out->row.password, arena, e);
    return o;
}

/* --- comparing --- */

/* What of the shown is right, and what it spends. */
struct compared {
    bool password;
    bool code;
    bool token;
    bool verified; /* the token was unlocked by its owner */
    struct auth_use_credential use;
    struct auth_use_credential use_token;
};

const struct auth_credentials_out *auth_claim_credential(const struct auth_claim *c,
                                                         const char *kind)
{
    for (size_t i = 0; i < c->n; i++)
        if (str_is(c->credentials[i].kind, kind))
            return &c->credentials[i];
    return NULL;
}

/* The same work without a secret as with one. */
static enum outcome compare_code(struct auth *a, const struct auth_claim *c, struct str code,
                                 struct compared *out, struct arena *arena, struct err *e)
{
    static const uint8_t none[DUMMY_SECRET];
    const struct auth_credentials_out *row = auth_claim_credential(c, "code");
    struct str text = { 0 };
    if (row)
        TRY(opened(a, &text, row->event, "secret", row->secret, arena, e));
    const struct bytes secret = proof_code_secret(text, arena);
    const struct bytes compared = secret.n > 0 ? secret : (struct bytes){ none, sizeof none };
    const int64_t step =
        proof_code_step(compared, code, env_now(a->node->env), row ? row->spent : -1);
    if (row && secret.n > 0 && step >= 0) {
        out->code = true;
        out->use = (struct auth_use_credential){ row->credential, step, INT_NONE };
    }
    return OK;
}

/* As people copy it: blanks, dashes and case do not count. */
static struct str recovery_digest(struct auth *a, struct str account, struct str code,
                                  struct arena *arena)
{
    struct buf b = buf_in(arena, 400);
    buf_str(&b, account);
    buf_char(&b, '/');
    for (size_t i = 0; i < code.n && i < 100; i++) {
        const char c = code.p[i];
        if (c != ' ' && c != '-')
            buf_char(&b, c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c);
    }
    return auth_digest(a, "recovery", buf_get(&b), arena);
}

struct str auth_recovery_digest(struct auth *a, struct str account, struct str code,
                                struct arena *arena)
{
    return recovery_digest(a, account, code, arena);
}

static void compare_recovery(struct auth *a, const struct auth_claim *c, struct str code,
                             struct compared *out, struct arena *arena)
{
    const struct auth_credentials_out *row = auth_claim_credential(c, "recovery");
    const struct str digest = recovery_digest(a, c->row.account, code, arena);
    struct str rest = row ? row->digests : (struct str){ 0 };
    for (int64_t bit = 1; rest.p; bit <<= 1) {
        const struct str one = str_cut(&rest, ',');
        const bool same = one.n == digest.n && sodium_memcmp(one.p, digest.p, one.n) == 0;
        if (same && !out->code && !(row->spent & bit)) {
            out->code = true;
            out->use = (struct auth_use_credential){ row->credential, row->spent | bit, INT_NONE };
        }
    }
}

static void compare_token(const struct auth_claim *c, const struct auth_proof *shown,
                          struct compared *out, struct arena *arena)
{
    struct proof_assertion given;
    struct proof_asserted asserted = { 0 };
    proof_assertion_read(&given, shown->assertion, arena);
    for (size_t i = 0; i < c->n && given.id.p && shown->challenged >= 0; i++) {
        const struct auth_credentials_out *row = &c->credentials[i];
        struct err why = { 0 };
        const struct proof_token token = { row->token, row->key, row->counter };
        if (!str_is(row->kind, "token") || !str_eq(row->token, given.id))
            continue;
        out->token = proof_token_check(&asserted, &shown->party, shown->challenge, &token, &given,
                                       arena, &why) == OK;
        out->verified = out->token && asserted.verified;
        out->use_token =
            (struct auth_use_credential){ row->credential, shown->challenged, asserted.counter };
    }
}

/* What was shown stands for this much; PROOF_NONE: not enough. */
static enum proof_strength strength_of(const struct auth_claim *c, const struct compared *x,
                                       bool alone)
{
    const bool second = auth_claim_credential(c, "code") || auth_claim_credential(c, "token");
    if (x->token && (x->verified || x->password))
        return PROOF_TOKEN;
    if (x->password && x->code)
        return PROOF_CODE;
    return x->password && (alone || !second) ? PROOF_PASSWORD : PROOF_NONE;
}

static const char *what_is_wrong(const struct auth_claim *c, const struct auth_proof *shown,
                                 const struct compared *x, enum proof_strength strength)
{
    if (!c->found)
        return "unknown";
    if (shown->assertion.p && !x->token)
        return "token";
    if (!x->password && !(x->token && x->verified))
        return "password";
    if (shown->code.p && !x->code)
        return "code"; /* though a password alone would do: what is shown is right or refused */
    if (strength == PROOF_NONE)
        return "code";
    return c->row.closed ? "closed" : NULL;
}

/* A token's counter that went back is written down beside the refusal. */
static enum outcome spend(struct auth *a, const struct auth_claim *c,
                          const struct auth_use_credential *use, const char **why, struct err *e)
{
    struct err refused = { 0 };
    const struct actor actor = auth_system(c->row.organisation);
    const enum outcome o = auth_send(a, &actor, &auth_use_credential_command, use, true, &refused);
    if (o == FAULT)
        *e = refused;
    if (o != REFUSED)
        return o;
    *why = "used";
    if (str_is(str_z(refused.code), "auth.counter_back")) {
        struct err ignored = { 0 };
        const struct auth_suspect_credential body = { use->credential, use->counter };
        *why = "counter";
        (void)!auth_send(a, &actor, &auth_suspect_credential_command, &body, false, &ignored);
    }
    return OK;
}

enum outcome auth_claim_check(struct auth *a, const struct auth_claim *c,
                              const struct auth_proof *shown, bool alone, struct auth_proved *out,
                              const char **why, struct arena *arena, struct err *e)
{
    struct compared x = { .password = false };
    *out = (struct auth_proved){ PROOF_NONE, "" };
    TRY(auth_slow_take(a, &c->slow, arena, e));
    if (shown->password.p || !shown->assertion.p)
        x.password = auth_password_agrees(a, c->hash, shown->password);
    TRY(compare_code(a, c, shown->code, &x, arena, e));
    compare_recovery(a, c, shown->code, &x, arena);
    compare_token(c, shown, &x, arena);
    const enum proof_strength strength = strength_of(c, &x, alone);
    *why = what_is_wrong(c, shown, &x, strength);
    if (!*why && x.code)
        TRY(spend(a, c, &x.use, why, e));
    if (!*why && x.token)
        TRY(spend(a, c, &x.use_token, why, e));
    if (!*why)
        *out = (struct auth_proved){ strength, proof_strength_word(strength) };
    return OK;
}

enum outcome auth_claim_refused(struct auth *a, const struct auth_claim *c, const char *why,
                                const char *code, struct err *e)
{
    struct err ignored = { 0 };
    struct actor actor = auth_system(c->found ? c->row.organisation : id_str(&a->self));
    struct auth_refuse_sign_in body = { c->row.account, str_z(why) };
    if (!c->found)
        body.account = (struct str){ 0 };
    if (auth_send(a, &actor, &auth_refuse_sign_in_command, &body, false, &ignored) != OK)
        log_err(a->node->env, "auth.refusal_not_recorded", &ignored);
    return REFUSE(e, code);
}

/* --- for who is signed in --- */

enum outcome auth_prove(struct auth *a, const struct auth_session *session,
                        const struct auth_from *from, const struct auth_proof *shown,
                        struct auth_proved *out, struct arena *arena, struct err *e)
{
    struct auth_claim c;
    const char *why;
    TRY(auth_claim_find(a, &c, session->login, shown, from, arena, e));
    TRY(auth_claim_check(a, &c, shown, true, out, &why, arena, e));
    if (why)
        return auth_claim_refused(a, &c, why, "auth.proof_failed", e);
    auth_slow_clear(a, &c.slow);
    return OK;
}

/* --- challenges: their time, and a keyed digest of it and of who may answer --- */

enum { TIME_BYTES = 8 };

static void challenge_make(struct auth *a, uint8_t out[PROOF_CHALLENGE_SIZE], struct str of,
                           int64_t made_us, struct arena *arena)
{
    const struct str text = arena_printf(arena, "%lld/%.*s", (long long)made_us, STR(of));
    const struct hash h = keyring_digest(a->node->keys, "challenge", text);
    for (size_t i = 0; i < TIME_BYTES; i++)
        out[i] = (uint8_t)((uint64_t)made_us >> (8 * (TIME_BYTES - 1 - i)));
    memcpy(out + TIME_BYTES, h.b, PROOF_CHALLENGE_SIZE - TIME_BYTES);
}

struct str auth_challenge(struct auth *a, struct str of, struct arena *arena)
{
    uint8_t bytes[PROOF_CHALLENGE_SIZE];
    challenge_make(a, bytes, of, env_now(a->node->env), arena);
    return proof_base64((struct bytes){ bytes, sizeof bytes }, arena);
}

int64_t auth_challenge_made(struct auth *a, struct str of, struct str challenge,
                            struct arena *arena)
{
    const struct bytes given = proof_unbase64(challenge, arena);
    uint8_t right[PROOF_CHALLENGE_SIZE];
    uint64_t made = 0;
    if (given.n != sizeof right)
        return -1;
    for (size_t i = 0; i < TIME_BYTES; i++)
        made = made << 8 | given.p[i];
    const int64_t made_us = (int64_t)made;
    const int64_t now = env_now(a->node->env);
    challenge_make(a, right, of, made_us, arena);
    const bool ours = sodium_memcmp(right, given.p, sizeof right) == 0;
    const bool fresh = made_us <= now && now - made_us < AUTH_CHALLENGE_S * TIME_SECOND;
    return ours && fresh ? made_us : -1;
}
