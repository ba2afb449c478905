/* Credentials of service accounts: issued with the permissions that they are narrowed to, revoked,
 * and asked for again by the gate when a command's turn comes. */
#include "kernel/auth_impl.h"
#include "kernel/module.h"

static void happened(struct decision *d, struct str credential, const struct event_type *type,
                     const void *payload)
{
    decide_event(d, &(struct happening){
                        .stream = stream_of("credential", credential),
                        .type = type,
                        .payload = payload,
                    });
}

/* --- issuing: what the roles give, and no more --- */

struct held {
    const struct auth_roles_out *rows;
    const struct role **roles; /* effective; NULL: it is not */
    size_t n;
};

static enum outcome held_load(struct held *out, struct load *l, struct str account, struct err *e)
{
    const struct auth_roles_in in = { account };
    struct record_list list;
    TRY(db_list(l->db, &sql_auth_roles, &in, &list, AUTH_ROLES_MAX, l->arena, e));
    *out = (struct held){ list.p, ARENA_ARRAY(l->arena, list.n + 1, const struct role *), list.n };
    if (!out->roles)
        return err_no_memory(e);
    for (size_t i = 0; i < list.n; i++) {
        struct definition d;
        bool found;
        const struct str name = arena_printf(l->arena, "role.%.*s", STR(out->rows[i].role));
        TRY(load_stream(l, stream_of("definition", name), NULL, e));
        TRY(define_find(&d, l->db, S("role"), out->rows[i].role, 0, l->now_us, l->arena, &found,
                        e));
        out->roles[i] = found ? d.body : NULL;
    }
    return OK;
}

static bool held_gives(const struct held *held, struct str permission, const struct str *site,
                       struct str organisation, int64_t now_us)
{
    for (size_t i = 0; i < held->n; i++) {
        const struct auth_roles_out *row = &held->rows[i];
        const struct role *role = held->roles[i];
        const bool here = !site->p || (str_eq(row->organisation, organisation) &&
                                       (!row->site.p || str_eq(row->site, *site)));
        if (role && here && now_us < row->until_us &&
            str_among(permission, role->permissions.p, role->permissions.n))
            return true;
    }
    return false;
}

bool auth_scope_of_person(const struct registry *registry, struct str permission)
{
    const struct command_type *type = registry_command(registry, permission);
    return type && (type->flags & (COMMAND_JUDGES | COMMAND_SIGNED | COMMAND_PERSON));
}

static enum outcome scopes_load(struct load *l, const struct auth_issue_key *body,
                                struct auth_key_state *state, struct err *e)
{
    struct auth_site_out site = { 0 };
    struct held held;
    state->site_found = true;
    if (body->site.p) {
        const struct auth_site_in in = { body->site };
        TRY(load_stream(l, stream_of("site", body->site), NULL, e));
        TRY(db_get(l->db, &sql_auth_site, &in, &site, l->arena, &state->site_found, e));
    }
    TRY(held_load(&held, l, body->account, e));
    for (size_t i = 0; i < body->scopes.n; i++) {
        const struct str scope = body->scopes.p[i];
        if (!held_gives(&held, scope, &body->site, site.organisation, l->now_us))
            state->wider = scope;
        if (auth_scope_of_person(l->registry, scope))
            state->judges = scope;
    }
    return OK;
}

enum outcome auth_issue_key_load(struct load *l, const struct auth_issue_key *body,
                                 struct auth_key_state *state, struct err *e)
{
    TRY(auth_enrol_load(l, body->account, S("key"), &state->credential, e));
    return scopes_load(l, body, state, e);
}

static enum outcome may_issue(const struct decision *d, const struct auth_issue_key *body,
                              const struct auth_key_state *state, struct err *e)
{
    const int64_t last = d->now_us + AUTH_KEY_DAYS_MAX * TIME_DAY;
    if (!state->credential.service)
        return REFUSE(e, "auth.key_of_person");
    TRY(auth_may_enrol(&state->credential, e));
    if (!state->site_found)
        return REFUSE(e, "auth.site_unknown");
    if (body->expires <= d->now_us || body->expires > last)
        return REFUSE(e, "auth.key_time", { "days", S("400") });
    if (body->scopes.n == 0 || body->scopes.n > AUTH_SCOPES_MAX)
        return REFUSE(e, "auth.key_scopes", { "max", S("200") });
    if (state->judges.p)
        return REFUSE(e, "auth.scope_of_person", { "permission", state->judges });
    if (state->wider.p)
        return REFUSE(e, "auth.scope_wider", { "permission", state->wider });
    return OK;
}

static void issued(struct decision *d, const char *kind, const struct auth_issue_key *body,
                   const struct auth_key_state *state)
{
    const struct auth_key_issued payload = {
        .credential = state->credential.id,
        .account = body->account,
        .kind = str_z(kind),
        .name = body->name,
        .digest = body->digest,
        .scopes = { body->scopes.p, body->scopes.n },
        .site = body->site,
        .expires = body->expires,
    };
    happened(d, state->credential.id, &auth_key_issued_event, &payload);
    decide_answer(d, &auth_made_record, &(struct auth_made){ state->credential.id });
}

enum outcome auth_issue_key_decide(struct decision *d, const struct auth_issue_key *body,
                                   const struct auth_key_state *state, struct err *e)
{
    TRY(may_issue(d, body, state, e));
    issued(d, "key", body, state);
    return OK;
}

/* --- certificates: the same, shown in another way --- */

static struct auth_issue_key as_key(const struct auth_enrol_certificate *body)
{
    return (struct auth_issue_key){
        .account = body->account,
        .name = body->name,
        .digest = body->fingerprint,
        .scopes = { body->scopes.p, body->scopes.n },
        .site = body->site,
        .expires = body->expires,
    };
}

/* A certificate is one account's: of two nobody could say who acts. */
enum outcome auth_enrol_certificate_load(struct load *l, const struct auth_enrol_certificate *body,
                                         struct auth_key_state *state, struct err *e)
{
    const struct auth_issue_key key = as_key(body);
    const struct auth_credential_digest_in in = { S("certificate"), body->fingerprint };
    struct auth_credential_digest_out row;
    TRY(auth_enrol_load(l, body->account, in.kind, &state->credential, e));
    TRY(db_get(l->db, &sql_auth_credential_digest, &in, &row, l->arena, &state->credential.taken,
               e));
    return scopes_load(l, &key, state, e);
}

enum outcome auth_enrol_certificate_decide(struct decision *d,
                                           const struct auth_enrol_certificate *body,
                                           const struct auth_key_state *state, struct err *e)
{
    const struct auth_issue_key key = as_key(body);
    TRY(may_issue(d, &key, state, e));
    issued(d, "certificate", &key, state);
    return OK;
}

/* --- revoking --- */

static enum outcome revoke_load(struct load *l, struct str credential, const char *kind,
                                struct auth_credential_state *state, struct err *e)
{
    TRY(auth_credential_load(l, credential, state, e));
    return str_is(state->kind, kind) ? OK : load_unknown(l, e);
}

/* What has expired may be revoked, too: it makes room. */
static enum outcome revoke_decide(struct decision *d, const struct auth_credential_state *state,
                                  struct err *e)
{
    if (state->revoked)
        return REFUSE(e, "auth.credential_over");
    const struct auth_credential_revoked payload = { state->id, state->account, S("revoked") };
    happened(d, state->id, &auth_credential_revoked_event, &payload);
    return OK;
}

enum outcome auth_revoke_key_load(struct load *l, const struct auth_revoke_key *body,
                                  struct auth_credential_state *state, struct err *e)
{
    return revoke_load(l, body->key, "key", state, e);
}

enum outcome auth_revoke_key_decide(struct decision *d, const struct auth_revoke_key *body,
                                    const struct auth_credential_state *state, struct err *e)
{
    (void)body;
    return revoke_decide(d, state, e);
}

enum outcome auth_revoke_certificate_load(struct load *l,
                                          const struct auth_revoke_certificate *body,
                                          struct auth_credential_state *state, struct err *e)
{
    return revoke_load(l, body->certificate, "certificate", state, e);
}

enum outcome auth_revoke_certificate_decide(struct decision *d,
                                            const struct auth_revoke_certificate *body,
                                            const struct auth_credential_state *state,
                                            struct err *e)
{
    (void)body;
    return revoke_decide(d, state, e);
}

/* --- whether it stands --- */

enum outcome auth_key_stands(struct db *db, struct str key, int64_t now_us, struct arena *arena,
                             struct err *e)
{
    const struct auth_key_in in = { key };
    struct auth_key_out row;
    bool found;
    TRY(db_get(db, &sql_auth_key, &in, &row, arena, &found, e));
    if (!found || row.closed || row.revoked != TIME_NONE || row.expires <= now_us)
        return REFUSE(e, "auth.key_over");
    return OK;
}

/* --- rows --- */

enum outcome auth_key_issued_apply(struct db *db, const struct event *event,
                                   const struct auth_key_issued *payload, struct err *e)
{
    char text[AUTH_SCOPES_MAX * 82];
    struct buf scopes = buf_over(text, sizeof text);
    for (size_t i = 0; i < payload->scopes.n; i++) {
        buf_z(&scopes, i > 0 ? " " : "");
        buf_str(&scopes, payload->scopes.p[i]);
    }
    TRY(buf_check(&scopes, e));
    const struct auth_credential_add_in in = {
        .credential = payload->credential,
        .account = payload->account,
        .kind = payload->kind,
        .event = event->id,
        .name = payload->name,
        .counter = INT_NONE,
        .digest = payload->digest,
        .scopes = buf_get(&scopes),
        .site = payload->site,
        .enrolled = event->recorded,
        .expires = payload->expires,
    };
    return db_run(db, &sql_auth_credential_add, &in, NULL, e);
}
