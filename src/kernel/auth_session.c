/* Sessions: opened and closed by events, found by the keyed digest of their cookie, ended at once
 * by whatever changes the account. When each was last used, auth_idle.c knows. */
#include "base/id.h"
#include "kernel/auth_impl.h"

/* --- commands --- */

static enum outcome program_only(const struct decision *d, struct err *e)
{
    return d->command->actor->system ? OK : REFUSE(e, "auth.program_only");
}

enum outcome auth_open_session_load(struct load *l, const struct auth_open_session *body,
                                    struct auth_session_state *state, struct err *e)
{
    load_kind(l, "account");
    load_subject(l, body->account);
    struct id id = id_derive(l->command->id, S("thing"), 0);
    state->id = arena_str(l->arena, id_str(&id));
    TRY(load_stream(l, stream_of("account", body->account), NULL, e));
    TRY(load_stream(l, stream_of("session", state->id), NULL, e));
    struct auth_account_in in = { body->account };
    struct auth_account_out account;
    bool found;
    TRY(db_get(l->db, &sql_auth_account, &in, &account, l->arena, &found, e));
    if (!found)
        return load_unknown(l, e);
    load_scope(l, account.organisation, (struct str){ 0 });
    state->account_closed = account.closed;
    state->service = str_is(account.kind, "service");
    state->account_version = account.version;
    state->site_allowed = true;
    if (!body->site.p)
        return OK;
    struct auth_works_at_in site_in = { body->account, body->site, l->now_us };
    struct auth_works_at_out site;
    return db_get(l->db, &sql_auth_works_at, &site_in, &site, l->arena, &state->site_allowed, e);
}

enum outcome auth_open_session_decide(struct decision *d, const struct auth_open_session *body,
                                      const struct auth_session_state *state, struct err *e)
{
    TRY(program_only(d, e));
    if (state->account_closed)
        return REFUSE(e, "auth.account_closed");
    if (state->service)
        return REFUSE(e, "auth.service_by_key");
    if (!state->site_allowed)
        return REFUSE(e, "auth.site_unknown");
    struct auth_session_opened_2 payload = {
        .session = state->id,
        .account = body->account,
        .account_version = state->account_version,
        .token = body->token,
        .site = body->site,
        .expires = body->expires,
        .strength = body->strength.p ? body->strength : S("none"),
        .device = body->device,
        .browser = body->browser,
        .address = body->address,
        .station = body->station,
    };
    decide_event(d, &(struct happening){
                        .stream = stream_of("session", state->id),
                        .type = &auth_session_opened_2_event,
                        .payload = &payload,
                    });
    return OK;
}

static enum outcome session_load(struct load *l, struct str session,
                                 struct auth_session_state *state, struct err *e)
{
    load_kind(l, "session");
    TRY(load_stream(l, stream_of("session", session), NULL, e));
    struct auth_session_in in = { session };
    struct auth_session_out row;
    bool found;
    TRY(db_get(l->db, &sql_auth_session, &in, &row, l->arena, &found, e));
    if (!found)
        return load_unknown(l, e);
    load_scope(l, row.organisation, (struct str){ 0 });
    state->open = row.closed == TIME_NONE;
    state->locked = row.locked != TIME_NONE;
    return OK;
}

enum outcome auth_close_session_load(struct load *l, const struct auth_close_session *body,
                                     struct auth_session_state *state, struct err *e)
{
    return session_load(l, body->session, state, e);
}

enum outcome auth_close_session_decide(struct decision *d, const struct auth_close_session *body,
                                       const struct auth_session_state *state, struct err *e)
{
    if (!state->open)
        return REFUSE(e, "auth.session_closed");
    struct auth_session_closed payload = { body->session, body->why };
    decide_event(d, &(struct happening){
                        .stream = stream_of("session", body->session),
                        .type = &auth_session_closed_event,
                        .payload = &payload,
                    });
    return OK;
}

enum outcome auth_end_session_load(struct load *l, const struct auth_end_session *body,
                                   struct auth_session_state *state, struct err *e)
{
    return session_load(l, body->session, state, e);
}

enum outcome auth_end_session_decide(struct decision *d, const struct auth_end_session *body,
                                     const struct auth_session_state *state, struct err *e)
{
    const struct auth_close_session close = { body->session, S("ended") };
    return auth_close_session_decide(d, &close, state, e);
}

/* What it is already, is no event. */
static enum outcome session_turn(struct decision *d, const struct auth_session_state *state,
                                 bool lock, const struct happening *h, struct err *e)
{
    TRY(program_only(d, e));
    if (!state->open)
        return REFUSE(e, "auth.session_closed");
    if (state->locked != lock)
        decide_event(d, h);
    return OK;
}

enum outcome auth_lock_session_load(struct load *l, const struct auth_lock_session *body,
                                    struct auth_session_state *state, struct err *e)
{
    return session_load(l, body->session, state, e);
}

enum outcome auth_lock_session_decide(struct decision *d, const struct auth_lock_session *body,
                                      const struct auth_session_state *state, struct err *e)
{
    const struct auth_session_locked payload = { body->session, body->why };
    return session_turn(d, state, true,
                        &(struct happening){
                            .stream = stream_of("session", body->session),
                            .type = &auth_session_locked_event,
                            .payload = &payload,
                        },
                        e);
}

enum outcome auth_unlock_session_load(struct load *l, const struct auth_unlock_session *body,
                                      struct auth_session_state *state, struct err *e)
{
    return session_load(l, body->session, state, e);
}

enum outcome auth_unlock_session_decide(struct decision *d, const struct auth_unlock_session *body,
                                        const struct auth_session_state *state, struct err *e)
{
    const struct auth_session_unlocked payload = { body->session, body->by };
    return session_turn(d, state, false,
                        &(struct happening){
                            .stream = stream_of("session", body->session),
                            .type = &auth_session_unlocked_event,
                            .payload = &payload,
                        },
                        e);
}

enum outcome auth_refuse_sign_in_load(struct load *l, const struct auth_refuse_sign_in *body,
                                      struct auth_session_state *state, struct err *e)
{
    (void)body;
    (void)state;
    load_own_scope(l);
    return load_stream(l, stream_of("security", l->command->actor->organisation), NULL, e);
}

enum outcome auth_refuse_sign_in_decide(struct decision *d, const struct auth_refuse_sign_in *body,
                                        const struct auth_session_state *state, struct err *e)
{
    (void)state;
    TRY(program_only(d, e));
    struct auth_sign_in_refused payload = { body->account, body->why };
    decide_event(d, &(struct happening){
                        .stream = stream_of("security", d->command->actor->organisation),
                        .type = &auth_sign_in_refused_event,
                        .payload = &payload,
                    });
    return OK;
}

/* --- rows --- */

enum outcome auth_session_opened_apply(struct db *db, const struct event *event,
                                       const struct auth_session_opened *payload, struct err *e)
{
    struct auth_session_open_in in = {
        .session = payload->session,
        .account = payload->account,
        .account_version = payload->account_version,
        .token = payload->token,
        .site = payload->site,
        .opened = event->recorded,
        .expires = payload->expires,
        .strength = S("password"),
        .event = event->id,
        .period = event->version,
    };
    return db_run(db, &sql_auth_session_open, &in, NULL, e);
}

enum outcome auth_session_opened_2_apply(struct db *db, const struct event *event,
                                         const struct auth_session_opened_2 *payload, struct err *e)
{
    struct auth_session_open_in in = {
        .session = payload->session,
        .account = payload->account,
        .account_version = payload->account_version,
        .token = payload->token,
        .site = payload->site,
        .opened = event->recorded,
        .expires = payload->expires,
        .strength = payload->strength,
        .device = payload->device,
        .browser = payload->browser,
        .event = event->id,
        .address = payload->address,
        .station = payload->station,
        .period = event->version,
    };
    return db_run(db, &sql_auth_session_open, &in, NULL, e);
}

enum outcome auth_session_locked_apply(struct db *db, const struct event *event,
                                       const struct auth_session_locked *payload, struct err *e)
{
    struct auth_session_lock_in in = { payload->session, event->recorded };
    return db_run(db, &sql_auth_session_lock, &in, NULL, e);
}

enum outcome auth_session_unlocked_apply(struct db *db, const struct event *event,
                                         const struct auth_session_unlocked *payload, struct err *e)
{
    struct auth_session_unlock_in in = { payload->session, event->version };
    return db_run(db, &sql_auth_session_unlock, &in, NULL, e);
}

enum outcome auth_session_closed_apply(struct db *db, const struct event *event,
                                       const struct auth_session_closed *payload, struct err *e)
{
    struct auth_session_close_in in = { payload->session, event->recorded, payload->why };
    return db_run(db, &sql_auth_session_close, &in, NULL, e);
}

/* The stream itself is what is kept. */
enum outcome auth_sign_in_refused_apply(struct db *db, const struct event *event,
                                        const struct auth_sign_in_refused *payload, struct err *e)
{
    (void)db;
    (void)event;
    (void)payload;
    (void)e;
    return OK;
}

/* --- finding --- */

struct str auth_digest(struct auth *a, const char *purpose, struct str text, struct arena *arena)
{
    char hex[HASH_HEX + 1];
    hash_hex(hex, keyring_digest(a->node->keys, purpose, text));
    return arena_str(arena, str_z(hex));
}

/* Why the session is over; NULL: it is not. */
static const char *session_over(struct auth *a, const struct auth_token_out *row, int64_t idle)
{
    if (row->version != row->account_version)
        return "closed";
    if (env_now(a->node->env) >= row->expires)
        return "expired";
    return idle < a->idle_us ? NULL : "idle";
}

static void session_describe(struct auth *a, struct auth_session *out,
                             const struct auth_token_out *row, struct arena *arena)
{
    out->id = row->session;
    out->person = row->person;
    out->login = row->login;
    out->expires = row->expires;
    out->site_name = row->site_name;
    out->csrf = auth_digest(a, "csrf", row->session, arena);
    out->strength = proof_strength_of(row->strength);
    out->period = row->period;
    out->station = row->station;
    out->device = row->device;
    out->actor.name = arena_printf(arena, "account/%.*s", STR(row->account));
    out->actor.account = row->account;
    out->actor.organisation = row->site.p ? row->site_organisation : row->organisation;
    out->actor.site = row->site;
    out->actor.session = row->session;
    out->actor.zone = row->zone;
}

/* Nobody waits for it: it is over, or locked, whether that can be written down or not. */
static void session_note(struct auth *a, const struct auth_token_out *row,
                         const struct command_type *type, const char *why)
{
    struct err ignored = { 0 };
    struct actor actor = auth_system(row->organisation);
    struct auth_close_session close = { row->session, str_z(why) };
    struct auth_lock_session lock = { row->session, str_z(why) };
    const void *body = type == &auth_lock_session_command ? (void *)&lock : (void *)&close;
    (void)!auth_send(a, &actor, type, body, false, &ignored);
}

static enum outcome session_read(struct auth *a, struct db *db, struct str cookie, bool use,
                                 struct auth_session *out, struct arena *arena, struct err *e)
{
    struct auth_token_in in = { auth_digest(a, "token", cookie, arena) };
    struct auth_token_out row;
    struct auth_limits limits;
    bool found;
    TRY(db_get(db, &sql_auth_token, &in, &row, arena, &found, e));
    if (!found || row.closed != TIME_NONE)
        return REFUSE(e, "auth.sign_in");
    const int64_t idle = auth_idle_for(a, row.session, row.opened);
    const char *over = session_over(a, &row, idle);
    if (over) {
        session_note(a, &row, &auth_close_session_command, over);
        return REFUSE(e, "auth.sign_in");
    }
    session_describe(a, out, &row, arena);
    TRY(auth_rights_of(a, db, row.account, row.account_version, &out->actor, &limits, arena, e));
    out->required = limits.strength;
    if (!auth_strong_enough(out))
        out->actor.ngrants = 0; /* commands, too, wait for the stronger sign-in */
    out->lock_us = limits.lock_us;
    out->locked = row.locked != TIME_NONE || idle >= limits.lock_us;
    if (out->locked && row.locked == TIME_NONE)
        session_note(a, &row, &auth_lock_session_command, "idle");
    if (!out->locked && use)
        auth_idle_touch(a, row.session);
    return OK;
}

static enum outcome session_find(struct auth *a, struct str cookie, bool use,
                                 struct auth_session *out, struct arena *arena, struct err *e)
{
    *out = (struct auth_session){ 0 };
    if (cookie.n != AUTH_SECRET_LENGTH)
        return REFUSE(e, "auth.sign_in");
    struct db *db;
    TRY(store_reader_take(&db, a->node->store, e));
    enum outcome o = session_read(a, db, cookie, use, out, arena, e);
    store_reader_give(a->node->store, db);
    return o;
}

enum outcome auth_session_find(struct auth *a, struct str cookie, struct auth_session *out,
                               struct arena *arena, struct err *e)
{
    return session_find(a, cookie, true, out, arena, e);
}

enum outcome auth_session_look(struct auth *a, struct str cookie, struct auth_session *out,
                               struct arena *arena, struct err *e)
{
    return session_find(a, cookie, false, out, arena, e);
}

/* --- opening and closing --- */

struct str auth_secret(struct auth *a, struct arena *arena)
{
    uint8_t secret[32];
    env_random(a->node->env, secret, sizeof secret);
    const struct str text = proof_base64((struct bytes){ secret, sizeof secret }, arena);
    sodium_memzero(secret, sizeof secret);
    return text;
}

enum outcome auth_session_start(struct auth *a, const struct auth_start *start, struct str *cookie,
                                struct arena *arena, struct err *e)
{
    *cookie = auth_secret(a, arena);
    struct auth_open_session body = {
        .account = start->account,
        .token = auth_digest(a, "token", *cookie, arena),
        .site = start->site,
        .expires = start->expires,
        .strength = str_z(proof_strength_word(start->strength)),
        .device = start->from->device,
        .browser = start->from->browser,
        .address = start->from->peer,
        .station = start->station,
    };
    if (!cookie->p || !body.token.p)
        return err_no_memory(e);
    struct actor actor = auth_system(start->organisation);
    return auth_send(a, &actor, &auth_open_session_command, &body, true, e);
}

/* The person closes their own session: that needs no right but being in it. */
enum outcome auth_session_end(struct auth *a, const struct auth_session *session, struct str why,
                              struct err *e)
{
    struct actor actor = session->actor;
    actor.system = true;
    struct auth_close_session body = { session->id, why };
    return auth_send(a, &actor, &auth_close_session_command, &body, true, e);
}

enum outcome auth_sign_out(struct auth *a, const struct auth_session *session, struct err *e)
{
    return auth_session_end(a, session, S("signed_out"), e);
}

/* As whom the person locks and goes on: that needs no right but being in it. */
enum outcome auth_lock(struct auth *a, const struct auth_session *session, const char *why,
                       struct err *e)
{
    struct actor actor = session->actor;
    actor.system = true;
    const struct auth_lock_session body = { session->id, str_z(why) };
    return auth_send(a, &actor, &auth_lock_session_command, &body, true, e);
}

enum outcome auth_unlock(struct auth *a, const struct auth_session *session, const char *by,
                         struct err *e)
{
    struct actor actor = session->actor;
    actor.system = true;
    const struct auth_unlock_session body = { session->id, str_z(by) };
    TRY(auth_send(a, &actor, &auth_unlock_session_command, &body, true, e));
    auth_idle_touch(a, session->id);
    auth_signed_forget(a, session->id); /* the next signature takes both components */
    return OK;
}

enum outcome auth_sites(struct auth *a, struct str account, struct record_list *out,
                        struct arena *arena, struct err *e)
{
    struct db *db;
    TRY(store_reader_take(&db, a->node->store, e));
    struct auth_sites_in in = { account, env_now(a->node->env) };
    enum outcome o = db_list(db, &sql_auth_sites, &in, out, AUTH_SITES_MAX, arena, e);
    store_reader_give(a->node->store, db);
    return o;
}

enum outcome auth_move(struct auth *a, const struct auth_session *from, struct str site,
                       const struct auth_from *place, struct str *cookie, struct arena *arena,
                       struct err *e)
{
    if (!id_valid(site))
        return REFUSE(e, "auth.site_unknown");
    struct auth_start start = {
        .account = from->actor.account,
        .organisation = from->actor.organisation,
        .site = site,
        .expires = from->expires,
        .strength = from->strength,
        .station = from->station,
        .from = place,
    };
    TRY(auth_session_start(a, &start, cookie, arena, e));
    return auth_session_end(a, from, S("moved"), e);
}
