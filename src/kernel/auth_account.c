/* Organisations, sites and accounts: what the commands need, when they are refused,
 * and what the events make of the rows. */
#include "base/id.h"
#include "kernel/auth_impl.h"

enum { LOGIN_MAX = 120 };

/* Ids are given by the program's own set-up alone. A person could ask with one what exists
 * elsewhere, or make an account that seals under the key of someone else's patient. */
static enum outcome given_by_program(const struct decision *d, struct str given, struct err *e)
{
    return given.p && !d->command->actor->system ? REFUSE(e, "auth.id_given") : OK;
}

/* The id of what is made: given, or the same for the same command. */
static struct str made_id(struct load *l, struct str given)
{
    if (given.p)
        return given;
    struct id id = id_derive(l->command->id, S("thing"), 0);
    return arena_str(l->arena, id_str(&id));
}

static void made_answer(struct decision *d, struct str id)
{
    decide_answer(d, &auth_made_record, &(struct auth_made){ id });
}

static void happened(struct decision *d, const char *kind, struct str id,
                     const struct event_type *type, const void *payload)
{
    decide_event(
        d, &(struct happening){ .stream = stream_of(kind, id), .type = type, .payload = payload });
}

struct str auth_login_of(struct str login, struct arena *arena)
{
    struct str trimmed = str_trim(login);
    if (trimmed.n == 0 || trimmed.n > LOGIN_MAX || !str_utf8_valid(trimmed))
        return (struct str){ 0 };
    char lower[LOGIN_MAX];
    for (size_t i = 0; i < trimmed.n; i++) {
        unsigned char c = (unsigned char)trimmed.p[i];
        if (c <= ' ' || c == 0x7f)
            return (struct str){ 0 };
        lower[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    return arena_str(arena, (struct str){ lower, trimmed.n });
}

/* --- organisation.make, site.make --- */

enum outcome auth_make_organisation_load(struct load *l, const struct auth_make_organisation *body,
                                         struct auth_organisation_state *state, struct err *e)
{
    load_kind(l, "organisation");
    load_own_scope(l);
    state->id = made_id(l, body->organisation);
    TRY(load_stream(l, stream_of("organisation", state->id), NULL, e));
    struct auth_organisation_in in = { state->id };
    struct auth_organisation_out row;
    TRY(db_get(l->db, &sql_auth_organisation, &in, &row, l->arena, &state->found, e));
    state->same = state->found && str_eq(row.name, body->name) && str_eq(row.kind, body->kind);
    return OK;
}

enum outcome auth_make_organisation_decide(struct decision *d,
                                           const struct auth_make_organisation *body,
                                           const struct auth_organisation_state *state,
                                           struct err *e)
{
    TRY(given_by_program(d, body->organisation, e));
    if (state->found && !state->same)
        return REFUSE(e, "auth.id_taken", { "id", state->id });
    struct auth_organisation_made payload = { state->id, body->name, body->kind };
    if (!state->found)
        happened(d, "organisation", state->id, &auth_organisation_made_event, &payload);
    made_answer(d, state->id);
    return OK;
}

enum outcome auth_make_site_load(struct load *l, const struct auth_make_site *body,
                                 struct auth_organisation_state *state, struct err *e)
{
    load_kind(l, "organisation");
    load_scope(l, body->organisation, (struct str){ 0 });
    state->id = made_id(l, body->site);
    TRY(load_stream(l, stream_of("organisation", body->organisation), NULL, e));
    TRY(load_stream(l, stream_of("site", state->id), NULL, e));
    struct auth_organisation_in in = { body->organisation };
    struct auth_organisation_out organisation;
    TRY(db_get(l->db, &sql_auth_organisation, &in, &organisation, l->arena, &state->found, e));
    if (!state->found)
        return load_unknown(l, e);
    struct auth_site_in site_in = { state->id };
    struct auth_site_out site;
    TRY(db_get(l->db, &sql_auth_site, &site_in, &site, l->arena, &state->site_found, e));
    state->same = state->site_found && str_eq(site.organisation, body->organisation) &&
                  str_eq(site.name, body->name) && str_eq(site.kind, body->kind) &&
                  str_eq(site.zone, body->zone);
    return OK;
}

/* Form of a name of the IANA database; whether it exists is not known to a pure function. */
static bool zone_well_formed(struct str zone)
{
    for (size_t i = 0; i < zone.n; i++) {
        char c = zone.p[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!letter &&
            (i == 0 || !((c >= '0' && c <= '9') || c == '/' || c == '_' || c == '-' || c == '+')))
            return false;
    }
    return zone.n > 0;
}

enum outcome auth_make_site_decide(struct decision *d, const struct auth_make_site *body,
                                   const struct auth_organisation_state *state, struct err *e)
{
    TRY(given_by_program(d, body->site, e));
    if (!zone_well_formed(body->zone))
        return REFUSE(e, "auth.zone_malformed", { "zone", body->zone });
    if (state->site_found && !state->same)
        return REFUSE(e, "auth.id_taken", { "id", state->id });
    struct auth_site_made payload = { state->id, body->organisation, body->name, body->kind,
                                      body->zone };
    if (!state->site_found)
        happened(d, "site", state->id, &auth_site_made_event, &payload);
    made_answer(d, state->id);
    return OK;
}

/* --- account.make --- */

enum outcome auth_make_account_load(struct load *l, const struct auth_make_account *body,
                                    struct auth_account_state *state, struct err *e)
{
    load_kind(l, "organisation");
    load_scope(l, body->organisation, (struct str){ 0 });
    state->id = made_id(l, body->account);
    state->login = auth_login_of(body->login, l->arena);
    load_subject(l, state->id);
    TRY(load_stream(l, stream_of("organisation", body->organisation), NULL, e));
    TRY(load_stream(l, stream_of("account", state->id), NULL, e));
    struct auth_organisation_in in = { body->organisation };
    struct auth_organisation_out organisation;
    TRY(db_get(l->db, &sql_auth_organisation, &in, &organisation, l->arena, &state->place_found,
               e));
    if (!state->place_found)
        return load_unknown(l, e);
    struct auth_account_in account_in = { state->id };
    struct auth_account_out account;
    TRY(db_get(l->db, &sql_auth_account, &account_in, &account, l->arena, &state->found, e));
    state->same = state->found && str_eq(account.organisation, body->organisation) &&
                  str_eq(account.login, state->login) && str_eq(account.name, body->name) &&
                  str_eq(account.kind, body->kind.p ? body->kind : S("person"));
    struct auth_login_in login_in = { state->login };
    struct auth_login_out login;
    return db_get(l->db, &sql_auth_login, &login_in, &login, l->arena, &state->login_taken, e);
}

enum outcome auth_make_account_decide(struct decision *d, const struct auth_make_account *body,
                                      const struct auth_account_state *state, struct err *e)
{
    TRY(given_by_program(d, body->account, e));
    const bool service = str_is(body->kind, "service");
    if (!state->login.p)
        return REFUSE(e, "auth.login_malformed");
    if (body->kind.p && !service && !str_is(body->kind, "person"))
        return REFUSE(e, "auth.kind_unknown", { "kind", body->kind });
    if (service && body->password.p)
        return REFUSE(e, "auth.service_by_key");
    if (body->password.p && !auth_password_is_hash(body->password))
        return REFUSE(e, "auth.password_plain");
    made_answer(d, state->id);
    if (state->same)
        return OK;
    if (state->found)
        return REFUSE(e, "auth.id_taken", { "id", state->id });
    if (state->login_taken)
        return REFUSE(e, "auth.login_taken");
    struct auth_account_made payload = {
        .account = state->id,
        .organisation = body->organisation,
        .kind = service ? body->kind : S("person"),
        .login = state->login,
        .name = body->name,
        .password = body->password,
    };
    happened(d, "account", state->id, &auth_account_made_event, &payload);
    return OK;
}

/* --- account.change_password, account.close --- */

/* For what concerns the account alone: its organisation decides. */
enum outcome auth_account_load(struct load *l, struct str account, struct auth_account_state *state,
                               struct err *e)
{
    load_kind(l, "account");
    TRY(load_stream(l, stream_of("account", account), NULL, e));
    struct auth_account_in in = { account };
    struct auth_account_out row;
    TRY(db_get(l->db, &sql_auth_account, &in, &row, l->arena, &state->found, e));
    if (!state->found)
        return load_unknown(l, e);
    state->closed = row.closed;
    state->service = str_is(row.kind, "service");
    state->sanctioned = row.sanctioned != TIME_NONE;
    load_scope(l, row.organisation, (struct str){ 0 });
    return OK;
}

enum outcome auth_change_password_load(struct load *l, const struct auth_change_password *body,
                                       struct auth_account_state *state, struct err *e)
{
    load_subject(l, body->account);
    TRY(auth_account_load(l, body->account, state, e));
    if (!body->setup.p)
        return OK;
    TRY(auth_credential_load(l, body->setup, &state->setup, e));
    state->place_found =
        str_eq(state->setup.account, body->account) && str_is(state->setup.kind, "setup");
    return OK;
}

enum outcome auth_change_password_decide(struct decision *d,
                                         const struct auth_change_password *body,
                                         const struct auth_account_state *state, struct err *e)
{
    if (!d->command->actor->system)
        return REFUSE(e, "auth.program_only"); /* nobody sets another's password */
    if (state->closed)
        return REFUSE(e, "auth.account_closed");
    if (state->service)
        return REFUSE(e, "auth.service_by_key");
    if (!auth_password_is_hash(body->password))
        return REFUSE(e, "auth.password_plain");
    if (body->setup.p && !state->place_found)
        return REFUSE(e, "auth.credential_over");
    if (body->setup.p)
        TRY(auth_credential_spend(d, &state->setup, 1, INT_NONE, e));
    struct auth_password_changed payload = { body->account, body->password };
    happened(d, "account", body->account, &auth_password_changed_event, &payload);
    return OK;
}

enum outcome auth_end_sessions_load(struct load *l, const struct auth_end_sessions *body,
                                    struct auth_account_state *state, struct err *e)
{
    return auth_account_load(l, body->account, state, e);
}

enum outcome auth_end_sessions_decide(struct decision *d, const struct auth_end_sessions *body,
                                      const struct auth_account_state *state, struct err *e)
{
    (void)state;
    (void)e;
    const struct auth_sessions_ended payload = { body->account, S("asked") };
    happened(d, "account", body->account, &auth_sessions_ended_event, &payload);
    return OK;
}

enum outcome auth_close_account_load(struct load *l, const struct auth_close_account *body,
                                     struct auth_account_state *state, struct err *e)
{
    return auth_account_load(l, body->account, state, e);
}

enum outcome auth_close_account_decide(struct decision *d, const struct auth_close_account *body,
                                       const struct auth_account_state *state, struct err *e)
{
    TRY(auth_not_own(d, body->account, e));
    if (state->closed)
        return REFUSE(e, "auth.account_closed");
    struct auth_account_closed payload = { body->account };
    happened(d, "account", body->account, &auth_account_closed_event, &payload);
    return OK;
}

/* --- rows --- */

enum outcome auth_organisation_made_apply(struct db *db, const struct event *event,
                                          const struct auth_organisation_made *payload,
                                          struct err *e)
{
    (void)event;
    struct auth_organisation_add_in in = { payload->organisation, payload->name, payload->kind };
    return db_run(db, &sql_auth_organisation_add, &in, NULL, e);
}

enum outcome auth_site_made_apply(struct db *db, const struct event *event,
                                  const struct auth_site_made *payload, struct err *e)
{
    (void)event;
    struct auth_site_add_in in = { payload->site, payload->organisation, payload->name,
                                   payload->kind, payload->zone };
    return db_run(db, &sql_auth_site_add, &in, NULL, e);
}

enum outcome auth_account_made_apply(struct db *db, const struct event *event,
                                     const struct auth_account_made *payload, struct err *e)
{
    struct auth_account_add_in in = {
        .account = payload->account,
        .organisation = payload->organisation,
        .kind = payload->kind,
        .login = payload->login,
        .name = payload->name,
        .password = payload->password,
        .password_event = payload->password.p ? event->id : payload->password,
        .version = event->version,
    };
    return db_run(db, &sql_auth_account_add, &in, NULL, e);
}

enum outcome auth_account_made_1_apply(struct db *db, const struct event *event,
                                       const struct auth_account_made_1 *payload, struct err *e)
{
    const struct auth_account_made now = {
        .account = payload->account,
        .organisation = payload->organisation,
        .kind = S("person"),
        .login = payload->login,
        .name = payload->name,
        .password = payload->password,
    };
    return auth_account_made_apply(db, event, &now, e);
}

enum outcome auth_password_changed_apply(struct db *db, const struct event *event,
                                         const struct auth_password_changed *payload, struct err *e)
{
    struct auth_account_password_in in = { payload->account, payload->password, event->id,
                                           event->version };
    return db_run(db, &sql_auth_account_password, &in, NULL, e);
}

/* With it end the sessions that it opened. */
enum outcome auth_password_recalled_apply(struct db *db, const struct event *event,
                                          const struct auth_password_recalled *payload,
                                          struct err *e)
{
    const struct auth_account_password_in in = { .account = payload->account,
                                                 .version = event->version };
    return db_run(db, &sql_auth_account_password, &in, NULL, e);
}

enum outcome auth_account_closed_apply(struct db *db, const struct event *event,
                                       const struct auth_account_closed *payload, struct err *e)
{
    struct auth_account_close_in in = { payload->account, event->version };
    const struct auth_keys_end_in keys = { payload->account, event->recorded };
    TRY(db_run(db, &sql_auth_keys_end, &keys, NULL, e)); /* reopened it gets new ones */
    return db_run(db, &sql_auth_account_close, &in, NULL, e);
}

enum outcome auth_sessions_ended_apply(struct db *db, const struct event *event,
                                       const struct auth_sessions_ended *payload, struct err *e)
{
    return auth_account_version_apply(db, event, payload->account, e);
}
