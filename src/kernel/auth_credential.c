/* Credentials besides the password: enrolled, shown, revoked. Each has a stream of its own; what is
 * shown once is spent there, so that of two who show it at the same moment one is refused. */
#include "base/id.h"
#include "kernel/auth_impl.h"

enum { SETUP_MAX_S = 7 * 86400 };

static enum outcome program_only(const struct decision *d, struct err *e)
{
    return d->command->actor->system ? OK : REFUSE(e, "auth.program_only");
}

static void happened(struct decision *d, const char *kind, struct str id,
                     const struct event_type *type, const void *payload)
{
    decide_event(
        d, &(struct happening){ .stream = stream_of(kind, id), .type = type, .payload = payload });
}

/* Of these an account has one: a new one takes the place of the old. */
static bool is_single(struct str kind)
{
    return !str_is(kind, "token") && !str_is(kind, "key") && !str_is(kind, "certificate");
}

/* --- enrolling --- */

static enum outcome owner_load(struct load *l, struct str account,
                               struct auth_credential_state *state, struct err *e)
{
    struct auth_account_in in = { account };
    struct auth_account_out row;
    bool found;
    load_kind(l, "account");
    TRY(load_stream(l, stream_of("account", account), NULL, e));
    TRY(db_get(l->db, &sql_auth_account, &in, &row, l->arena, &found, e));
    if (!found)
        return load_unknown(l, e);
    load_scope(l, row.organisation, (struct str){ 0 });
    state->account = account;
    state->login = row.login;
    state->closed = row.closed;
    state->service = str_is(row.kind, "service");
    return OK;
}

enum outcome auth_enrol_load(struct load *l, struct str account, struct str kind,
                             struct auth_credential_state *state, struct err *e)
{
    const struct id id = id_derive(l->command->id, S("thing"), 0);
    const struct auth_credentials_in in = { account };
    struct record_list list;
    state->id = arena_str(l->arena, id_str(&id));
    state->kind = kind;
    load_subject(l, account);
    TRY(owner_load(l, account, state, e));
    TRY(load_stream(l, stream_of("credential", state->id), NULL, e));
    TRY(db_list(l->db, &sql_auth_credentials, &in, &list, AUTH_CREDENTIALS_MAX, l->arena, e));
    const struct auth_credentials_out *rows = list.p;
    struct str *replaced = ARENA_ARRAY(l->arena, list.n + 1, struct str);
    if (!replaced)
        return err_no_memory(e);
    for (size_t i = 0; i < list.n; i++) {
        TRY(load_stream(l, stream_of("credential", rows[i].credential), NULL, e));
        if (is_single(kind) && str_eq(rows[i].kind, kind))
            replaced[state->nreplaced++] = rows[i].credential;
    }
    state->replaced = replaced;
    state->n = list.n;
    return OK;
}

/* A badge or token belongs to one person. */
static enum outcome taken_load(struct load *l, const struct auth_enrol_credential *body,
                               struct auth_credential_state *state, struct err *e)
{
    struct auth_credential_digest_out by_digest;
    struct auth_credential_token_out by_token;
    bool found = false;
    if (body->digest.p) {
        const struct auth_credential_digest_in in = { body->kind, body->digest };
        TRY(db_get(l->db, &sql_auth_credential_digest, &in, &by_digest, l->arena, &found, e));
        state->taken = found && !str_eq(by_digest.account, body->account);
    }
    if (body->token.p) {
        const struct auth_credential_token_in in = { body->token };
        TRY(db_get(l->db, &sql_auth_credential_token, &in, &by_token, l->arena, &found, e));
        state->taken |= found;
    }
    return OK;
}

enum outcome auth_enrol_credential_load(struct load *l, const struct auth_enrol_credential *body,
                                        struct auth_credential_state *state, struct err *e)
{
    TRY(auth_enrol_load(l, body->account, body->kind, state, e));
    return taken_load(l, body, state, e);
}

enum outcome auth_may_enrol(const struct auth_credential_state *state, struct err *e)
{
    if (state->closed)
        return REFUSE(e, "auth.account_closed");
    if (state->taken)
        return REFUSE(e, "auth.credential_taken");
    if (state->n - state->nreplaced >= AUTH_CREDENTIALS_MAX)
        return REFUSE(e, "auth.too_many_credentials", { "max", S("20") });
    return OK;
}

static enum outcome person_enrols(const struct auth_credential_state *state, struct err *e)
{
    if (state->service)
        return REFUSE(e, "auth.service_by_key");
    return auth_may_enrol(state, e);
}

static void replace(struct decision *d, const struct auth_credential_state *state)
{
    for (size_t i = 0; i < state->nreplaced; i++) {
        const struct auth_credential_revoked payload = { state->replaced[i], state->account,
                                                         S("replaced") };
        happened(d, "credential", state->replaced[i], &auth_credential_revoked_event, &payload);
    }
}

enum outcome auth_enrol_credential_decide(struct decision *d,
                                          const struct auth_enrol_credential *body,
                                          const struct auth_credential_state *state, struct err *e)
{
    TRY(program_only(d, e));
    TRY(person_enrols(state, e));
    const struct auth_credential_enrolled payload = {
        .credential = state->id,
        .account = body->account,
        .kind = body->kind,
        .name = body->name,
        .secret = body->secret,
        .token = body->token,
        .key = body->key,
        .counter = body->counter,
        .digest = body->digest,
        .digests = body->digests,
        .expires = TIME_NONE,
    };
    replace(d, state);
    happened(d, "credential", state->id, &auth_credential_enrolled_event, &payload);
    if (body->spent != INT_NONE) {
        const struct auth_credential_used used = { state->id, body->account, body->spent,
                                                   INT_NONE };
        happened(d, "credential", state->id, &auth_credential_used_event, &used);
    }
    decide_answer(d, &auth_made_record, &(struct auth_made){ state->id });
    return OK;
}

enum outcome auth_issue_setup_load(struct load *l, const struct auth_issue_setup *body,
                                   struct auth_credential_state *state, struct err *e)
{
    struct auth_login_out login;
    bool found;
    TRY(auth_enrol_load(l, body->account, S("setup"), state, e));
    const struct auth_login_in in = { state->login };
    TRY(db_get(l->db, &sql_auth_login, &in, &login, l->arena, &found, e));
    state->has_password = found && login.password.p;
    return OK;
}

enum outcome auth_issue_setup_decide(struct decision *d, const struct auth_issue_setup *body,
                                     const struct auth_credential_state *state, struct err *e)
{
    TRY(person_enrols(state, e));
    if (body->expires <= d->now_us || body->expires > d->now_us + SETUP_MAX_S * TIME_SECOND)
        return REFUSE(e, "auth.setup_time", { "days", S("7") });
    const struct auth_credential_enrolled payload = {
        .credential = state->id,
        .account = body->account,
        .kind = S("setup"),
        .counter = INT_NONE,
        .digest = body->digest,
        .expires = body->expires,
    };
    replace(d, state);
    happened(d, "credential", state->id, &auth_credential_enrolled_event, &payload);
    if (state->has_password) {
        const struct auth_password_recalled recalled = { body->account };
        happened(d, "account", body->account, &auth_password_recalled_event, &recalled);
    }
    decide_answer(d, &auth_made_record, &(struct auth_made){ state->id });
    return OK;
}

enum outcome auth_link_identity_load(struct load *l, const struct auth_link_identity *body,
                                     struct auth_credential_state *state, struct err *e)
{
    const struct auth_credential_digest_in in = { S("identity"), body->digest };
    struct auth_credential_digest_out row;
    bool found;
    TRY(auth_enrol_load(l, body->account, in.kind, state, e));
    TRY(db_get(l->db, &sql_auth_credential_digest, &in, &row, l->arena, &found, e));
    state->taken = found && !str_eq(row.account, body->account);
    return OK;
}

enum outcome auth_link_identity_decide(struct decision *d, const struct auth_link_identity *body,
                                       const struct auth_credential_state *state, struct err *e)
{
    TRY(person_enrols(state, e));
    const struct auth_credential_enrolled payload = {
        .credential = state->id,
        .account = body->account,
        .kind = S("identity"),
        .name = body->name,
        .counter = INT_NONE,
        .digest = body->digest,
        .expires = TIME_NONE,
    };
    replace(d, state);
    happened(d, "credential", state->id, &auth_credential_enrolled_event, &payload);
    decide_answer(d, &auth_made_record, &(struct auth_made){ state->id });
    return OK;
}

/* --- what one has --- */

enum outcome auth_credential_load(struct load *l, struct str credential,
                                  struct auth_credential_state *state, struct err *e)
{
    const struct auth_credential_in in = { credential };
    struct auth_credential_out row;
    bool found;
    load_kind(l, "credential");
    TRY(load_stream(l, stream_of("credential", credential), NULL, e));
    TRY(db_get(l->db, &sql_auth_credential, &in, &row, l->arena, &found, e));
    if (!found)
        return load_unknown(l, e);
    TRY(owner_load(l, row.account, state, e));
    state->id = credential;
    state->kind = row.kind;
    state->spent = row.spent;
    state->counter = row.counter;
    state->revoked = row.revoked != TIME_NONE;
    state->over =
        row.revoked != TIME_NONE || (row.expires != TIME_NONE && row.expires <= l->now_us);
    return OK;
}

enum outcome auth_use_credential_load(struct load *l, const struct auth_use_credential *body,
                                      struct auth_credential_state *state, struct err *e)
{
    return auth_credential_load(l, body->credential, state, e);
}

/* Codes of recovery are bits, all else grows. */
static bool is_fresh(const struct auth_credential_state *state, int64_t spent)
{
    if (!str_is(state->kind, "recovery"))
        return spent > state->spent;
    return (spent & ~state->spent) != 0 && (state->spent & ~spent) == 0;
}

enum outcome auth_credential_spend(struct decision *d, const struct auth_credential_state *state,
                                   int64_t spent, int64_t counter, struct err *e)
{
    if (state->closed)
        return REFUSE(e, "auth.account_closed");
    if (state->over)
        return REFUSE(e, "auth.credential_over");
    if (!is_fresh(state, spent))
        return REFUSE(e, "auth.proof_used");
    /* A token that counts nothing says 0 each time (WebAuthn, 6.1.1). */
    if (counter != INT_NONE && (counter > 0 || state->counter > 0) && counter <= state->counter)
        return REFUSE(e, "auth.counter_back");
    const struct auth_credential_used payload = { state->id, state->account, spent, counter };
    happened(d, "credential", state->id, &auth_credential_used_event, &payload);
    return OK;
}

enum outcome auth_use_credential_decide(struct decision *d, const struct auth_use_credential *body,
                                        const struct auth_credential_state *state, struct err *e)
{
    TRY(program_only(d, e));
    return auth_credential_spend(d, state, body->spent, body->counter, e);
}

enum outcome auth_suspect_credential_load(struct load *l,
                                          const struct auth_suspect_credential *body,
                                          struct auth_credential_state *state, struct err *e)
{
    return auth_credential_load(l, body->credential, state, e);
}

enum outcome auth_suspect_credential_decide(struct decision *d,
                                            const struct auth_suspect_credential *body,
                                            const struct auth_credential_state *state,
                                            struct err *e)
{
    TRY(program_only(d, e));
    const struct auth_credential_suspected payload = { state->id, state->account, body->counter };
    happened(d, "credential", state->id, &auth_credential_suspected_event, &payload);
    return OK;
}

enum outcome auth_revoke_credential_load(struct load *l, const struct auth_revoke_credential *body,
                                         struct auth_credential_state *state, struct err *e)
{
    return auth_credential_load(l, body->credential, state, e);
}

/* With it end the sessions that it may have opened. */
enum outcome auth_revoke_credential_decide(struct decision *d,
                                           const struct auth_revoke_credential *body,
                                           const struct auth_credential_state *state, struct err *e)
{
    if (state->over)
        return REFUSE(e, "auth.credential_over");
    const struct auth_credential_revoked payload = { body->credential, state->account,
                                                     S("revoked") };
    happened(d, "credential", body->credential, &auth_credential_revoked_event, &payload);
    const struct auth_sessions_ended ended = { state->account, S("revoked") };
    happened(d, "account", state->account, &auth_sessions_ended_event, &ended);
    return OK;
}

/* --- rows --- */

enum outcome auth_credential_enrolled_apply(struct db *db, const struct event *event,
                                            const struct auth_credential_enrolled *payload,
                                            struct err *e)
{
    const struct auth_credential_add_in in = {
        .credential = payload->credential,
        .account = payload->account,
        .kind = payload->kind,
        .event = event->id,
        .name = payload->name,
        .secret = payload->secret,
        .token = payload->token,
        .key = payload->key,
        .counter = payload->counter,
        .digest = payload->digest,
        .digests = payload->digests,
        .enrolled = event->recorded,
        .expires = payload->expires,
    };
    return db_run(db, &sql_auth_credential_add, &in, NULL, e);
}

enum outcome auth_credential_used_apply(struct db *db, const struct event *event,
                                        const struct auth_credential_used *payload, struct err *e)
{
    const struct auth_credential_spend_in in = { payload->credential, payload->spent,
                                                 payload->counter, event->recorded };
    return db_run(db, &sql_auth_credential_spend, &in, NULL, e);
}

enum outcome auth_credential_revoked_apply(struct db *db, const struct event *event,
                                           const struct auth_credential_revoked *payload,
                                           struct err *e)
{
    const struct auth_credential_revoke_in in = { payload->credential, event->recorded };
    return db_run(db, &sql_auth_credential_revoke, &in, NULL, e);
}

enum outcome auth_credential_suspected_apply(struct db *db, const struct event *event,
                                             const struct auth_credential_suspected *payload,
                                             struct err *e)
{
    const struct auth_credential_suspect_in in = { payload->credential, event->recorded };
    return db_run(db, &sql_auth_credential_suspect, &in, NULL, e);
}
