/* Roles of an account: given with their place, product and validity, taken, and the check of who
 * the person is, without which nobody gets one. */
#include "kernel/auth_impl.h"
#include "kernel/segregate.h"

struct role_at {
    struct str account;
    struct str role;
    struct str organisation;
    struct str site;
    struct str product;
    int64_t from;
    int64_t until;
};

static void happened(struct decision *d, struct str account, const struct event_type *type,
                     const void *payload)
{
    decide_event(d, &(struct happening){
                        .stream = stream_of("account", account),
                        .type = type,
                        .payload = payload,
                    });
}

/* --- what both rest upon --- */

/* The place is there; absent site: all of the organisation. */
static enum outcome place_load(struct load *l, const struct role_at *at,
                               struct auth_account_state *state, struct err *e)
{
    const struct auth_organisation_in organisation_in = { at->organisation };
    struct auth_organisation_out organisation;
    TRY(db_get(l->db, &sql_auth_organisation, &organisation_in, &organisation, l->arena,
               &state->place_found, e));
    if (!at->site.p)
        return OK;
    const struct auth_site_in site_in = { at->site };
    struct auth_site_out site;
    bool found;
    TRY(load_stream(l, stream_of("site", at->site), NULL, e));
    TRY(db_get(l->db, &sql_auth_site, &site_in, &site, l->arena, &found, e));
    state->place_found &= found && str_eq(site.organisation, at->organisation);
    return OK;
}

static enum outcome held_load(struct load *l, const struct role_at *at,
                              struct auth_account_state *state, struct err *e)
{
    const struct auth_roles_in in = { at->account };
    struct record_list list;
    TRY(db_list(l->db, &sql_auth_roles, &in, &list, AUTH_ROLES_MAX, l->arena, e));
    const struct auth_roles_out *held = list.p;
    state->nroles = list.n;
    for (size_t i = 0; i < list.n; i++) {
        if (!str_eq(held[i].role, at->role) || !str_eq(held[i].organisation, at->organisation) ||
            !str_eq(held[i].site, at->site) || !str_eq(held[i].product, at->product))
            continue;
        state->has_role = true;
        state->same = held[i].from_us == auth_holds_from(at->from) &&
                      held[i].until_us == auth_holds_until(at->until);
    }
    return OK;
}

/* Rights in a place are given by those who may do so at that place, to accounts of its
 * organisation. An account of another is like none: a right more or less ends its sessions, and
 * there is room for so many. Only the program lets someone work for two organisations. Who may do
 * so for one product alone gives no more than that. */
static enum outcome role_load(struct load *l, const struct role_at *at,
                              struct auth_account_state *state, struct err *e)
{
    load_scope(l, at->organisation, at->site);
    load_kind(l, "account");
    if (at->product.p)
        TRY(load_product(l, at->product, e));
    TRY(load_stream(l, stream_of("account", at->account), NULL, e));
    TRY(load_stream(l, stream_of("organisation", at->organisation), NULL, e));
    struct auth_account_in in = { at->account };
    struct auth_account_out row;
    TRY(db_get(l->db, &sql_auth_account, &in, &row, l->arena, &state->found, e));
    if (!state->found)
        return load_unknown(l, e);
    state->closed = row.closed;
    state->sanctioned = row.sanctioned != TIME_NONE;
    TRY(place_load(l, at, state, e));
    TRY(held_load(l, at, state, e));
    const bool ours =
        l->command->actor->system || state->has_role || str_eq(row.organisation, at->organisation);
    return ours ? OK : load_unknown(l, e);
}

enum outcome auth_not_own(const struct decision *d, struct str account, struct err *e)
{
    return str_eq(d->command->actor->account, account) ? REFUSE(e, "auth.own_rights") : OK;
}

static enum outcome role_refused(const struct decision *d, struct str account,
                                 const struct auth_account_state *state, struct err *e)
{
    TRY(auth_not_own(d, account, e));
    return state->closed ? REFUSE(e, "auth.account_closed") : OK;
}

/* --- account.give_role --- */

/* Products are definitions, where something above knows them. */
static enum outcome product_load(struct load *l, struct str product,
                                 struct auth_account_state *state, struct err *e)
{
    struct definition found;
    state->product_found = true;
    if (!product.p || !define_kind_find(S("product")))
        return OK;
    return define_find(&found, l->db, S("product"), product, 0, l->now_us, l->arena,
                       &state->product_found, e);
}

enum outcome auth_give_role_load(struct load *l, const struct auth_give_role *body,
                                 struct auth_account_state *state, struct err *e)
{
    const struct role_at at = { body->account, body->role, body->organisation, body->site,
                                body->product, body->from, body->until };
    TRY(role_load(l, &at, state, e));
    struct definition role;
    struct str name = arena_printf(l->arena, "role.%.*s", STR(body->role));
    TRY(load_stream(l, stream_of("definition", name), NULL, e));
    TRY(product_load(l, body->product, state, e));
    TRY(define_find(&role, l->db, S("role"), body->role, 0, l->now_us, l->arena, &state->role_found,
                    e));
    return segregate_roles_load(&state->excluded, l, body->account, body->role, e);
}

static enum outcome validity(const struct decision *d, const struct auth_give_role *body,
                             struct err *e)
{
    if (body->until == TIME_NONE)
        return OK;
    if (body->until <= d->now_us || (body->from != TIME_NONE && body->until <= body->from))
        return REFUSE(e, "auth.validity");
    return OK;
}

enum outcome auth_give_role_decide(struct decision *d, const struct auth_give_role *body,
                                   const struct auth_account_state *state, struct err *e)
{
    TRY(role_refused(d, body->account, state, e));
    if (!state->place_found)
        return REFUSE(e, "auth.site_unknown");
    if (!state->role_found)
        return REFUSE(e, "auth.role_unknown", { "role", body->role });
    if (!state->product_found)
        return REFUSE(e, "auth.product_unknown", { "product", body->product });
    if (!state->sanctioned && !d->command->actor->system)
        return REFUSE(e, "auth.not_sanctioned");
    TRY(validity(d, body, e));
    if (state->excluded.p)
        return REFUSE(e, "segregation.roles", { "role", body->role }, { "other", state->excluded });
    if (state->same)
        return OK;
    if (!state->has_role && state->nroles >= AUTH_ROLES_MAX)
        return REFUSE(e, "auth.too_many_roles", { "max", S("32") });
    const struct auth_role_given payload = {
        .account = body->account,
        .role = body->role,
        .organisation = body->organisation,
        .site = body->site,
        .product = body->product,
        .from = body->from,
        .until = body->until,
    };
    happened(d, body->account, &auth_role_given_event, &payload);
    return OK;
}

/* --- account.take_role --- */

enum outcome auth_take_role_load(struct load *l, const struct auth_take_role *body,
                                 struct auth_account_state *state, struct err *e)
{
    const struct role_at at = { body->account, body->role, body->organisation, body->site,
                                body->product, TIME_NONE,  TIME_NONE };
    return role_load(l, &at, state, e);
}

enum outcome auth_take_role_decide(struct decision *d, const struct auth_take_role *body,
                                   const struct auth_account_state *state, struct err *e)
{
    TRY(role_refused(d, body->account, state, e));
    if (!state->has_role)
        return REFUSE(e, "auth.role_not_held", { "role", body->role });
    const struct auth_role_taken payload = { body->account, body->role, body->organisation,
                                             body->site, body->product };
    happened(d, body->account, &auth_role_taken_event, &payload);
    return OK;
}

/* --- account.sanction, account.reopen --- */

enum outcome auth_sanction_load(struct load *l, const struct auth_sanction *body,
                                struct auth_account_state *state, struct err *e)
{
    return auth_account_load(l, body->account, state, e);
}

enum outcome auth_sanction_decide(struct decision *d, const struct auth_sanction *body,
                                  const struct auth_account_state *state, struct err *e)
{
    TRY(role_refused(d, body->account, state, e));
    if (d->command->actor->system || !d->command->actor->account.p)
        return REFUSE(e, "auth.person_only"); /* a person was looked at by a person */
    if (body->checked > d->now_us + GATE_AHEAD_MAX_US)
        return REFUSE(e, "gate.happened_later");
    if (state->sanctioned)
        return REFUSE(e, "auth.sanctioned_before");
    const struct auth_account_sanctioned payload = {
        .account = body->account,
        .how = body->how,
        .checked = body->checked,
        .checker = d->command->actor->account,
    };
    happened(d, body->account, &auth_account_sanctioned_event, &payload);
    return OK;
}

enum outcome auth_reopen_account_load(struct load *l, const struct auth_reopen_account *body,
                                      struct auth_account_state *state, struct err *e)
{
    return auth_account_load(l, body->account, state, e);
}

enum outcome auth_reopen_account_decide(struct decision *d, const struct auth_reopen_account *body,
                                        const struct auth_account_state *state, struct err *e)
{
    TRY(auth_not_own(d, body->account, e));
    if (!state->closed)
        return REFUSE(e, "auth.account_open");
    const struct auth_account_reopened payload = { body->account };
    happened(d, body->account, &auth_account_reopened_event, &payload);
    return OK;
}

/* --- rows --- */

enum outcome auth_account_version_apply(struct db *db, const struct event *event,
                                        struct str account, struct err *e)
{
    struct auth_account_version_in in = { account, event->version };
    return db_run(db, &sql_auth_account_version, &in, NULL, e);
}

enum outcome auth_role_given_apply(struct db *db, const struct event *event,
                                   const struct auth_role_given *payload, struct err *e)
{
    const struct auth_role_add_in in = {
        .account = payload->account,
        .role = payload->role,
        .organisation = payload->organisation,
        .site = payload->site,
        .product = payload->product,
        .from_us = auth_holds_from(payload->from),
        .until_us = auth_holds_until(payload->until),
        .given = event->recorded,
        .given_by = event->actor,
    };
    TRY(db_run(db, &sql_auth_role_add, &in, NULL, e));
    return auth_account_version_apply(db, event, payload->account, e);
}

enum outcome auth_role_given_1_apply(struct db *db, const struct event *event,
                                     const struct auth_role_given_1 *payload, struct err *e)
{
    const struct auth_role_given now = {
        .account = payload->account,
        .role = payload->role,
        .organisation = payload->organisation,
        .site = payload->site,
        .from = TIME_NONE,
        .until = TIME_NONE,
    };
    return auth_role_given_apply(db, event, &now, e);
}

enum outcome auth_role_taken_apply(struct db *db, const struct event *event,
                                   const struct auth_role_taken *payload, struct err *e)
{
    const struct auth_role_remove_in in = { payload->account, payload->role, payload->organisation,
                                            payload->site, payload->product };
    TRY(db_run(db, &sql_auth_role_remove, &in, NULL, e));
    return auth_account_version_apply(db, event, payload->account, e);
}

enum outcome auth_role_taken_1_apply(struct db *db, const struct event *event,
                                     const struct auth_role_taken_1 *payload, struct err *e)
{
    const struct auth_role_taken now = {
        .account = payload->account,
        .role = payload->role,
        .organisation = payload->organisation,
        .site = payload->site,
    };
    return auth_role_taken_apply(db, event, &now, e);
}

enum outcome auth_account_sanctioned_apply(struct db *db, const struct event *event,
                                           const struct auth_account_sanctioned *payload,
                                           struct err *e)
{
    const struct auth_account_sanction_in in = { payload->account, payload->checked,
                                                 payload->checker, payload->how, event->version };
    return db_run(db, &sql_auth_account_sanction, &in, NULL, e);
}

/* Who comes back gets their roles anew, by who decides it then. */
enum outcome auth_account_reopened_apply(struct db *db, const struct event *event,
                                         const struct auth_account_reopened *payload, struct err *e)
{
    const struct auth_account_reopen_in in = { payload->account, event->version };
    const struct auth_roles_drop_in roles = { payload->account };
    TRY(db_run(db, &sql_auth_account_reopen, &in, NULL, e));
    return db_run(db, &sql_auth_roles_drop, &roles, NULL, e);
}
