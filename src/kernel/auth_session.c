/* Sessions: opened and closed by events, found by the keyed digest of their cookie, ended at once
 * by whatever changes the account. When each was last used stands in memory only. */
#include "base/id.h"
#include "kernel/auth_impl.h"

enum { COOKIE_LENGTH = 43 }; /* 32 bytes in base64 for URLs */

/* --- commands --- */

static enum outcome program_only(const struct decision *d, struct err *e)
{
    return d->command->actor->system ? OK : REFUSE(e, "auth.program_only");
}

enum outcome auth_open_session_load(struct load *l, const struct auth_open_session *body,
                                    struct auth_session_state *state, struct err *e)
{
    load_kind(l, "account");
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
    state->account_version = account.version;
    state->site_allowed = true;
    if (!body->site.p)
        return OK;
    struct auth_works_at_in site_in = { body->account, body->site };
    struct auth_works_at_out site;
    return db_get(l->db, &sql_auth_works_at, &site_in, &site, l->arena, &state->site_allowed, e);
}

enum outcome auth_open_session_decide(struct decision *d, const struct auth_open_session *body,
                                      const struct auth_session_state *state, struct err *e)
{
    TRY(program_only(d, e));
    if (state->account_closed)
        return REFUSE(e, "auth.account_closed");
    if (!state->site_allowed)
        return REFUSE(e, "auth.site_unknown");
    struct auth_session_opened payload = {
        .session = state->id,
        .account = body->account,
        .account_version = state->account_version,
        .token = body->token,
        .site = body->site,
        .expires = body->expires,
    };
    decide_event(d, &(struct happening){
                        .stream = stream_of("session", state->id),
                        .type = &auth_session_opened_event,
                        .payload = &payload,
                    });
    return OK;
}

enum outcome auth_close_session_load(struct load *l, const struct auth_close_session *body,
                                     struct auth_session_state *state, struct err *e)
{
    load_kind(l, "session");
    TRY(load_stream(l, stream_of("session", body->session), NULL, e));
    struct auth_session_in in = { body->session };
    struct auth_session_out row;
    bool found;
    TRY(db_get(l->db, &sql_auth_session, &in, &row, l->arena, &found, e));
    if (!found)
        return load_unknown(l, e);
    load_scope(l, row.organisation, (struct str){ 0 });
    state->open = row.closed == TIME_NONE;
    return OK;
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
    };
    return db_run(db, &sql_auth_session_open, &in, NULL, e);
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

/* --- idleness --- */

static uint64_t idle_key(struct str session)
{
    struct hash h = hash_of(session.p, session.n);
    uint64_t key;
    memcpy(&key, h.b, sizeof key);
    return key | 1;
}

/* Whether the session was used lately, and if so that it is used now. One that memory does not know
 * is new, or from before a restart, or so long unused that others took its room. */
static bool idle_touch(struct auth *a, struct str session, int64_t opened)
{
    uint64_t key = idle_key(session);
    int64_t now = env_mono(a->node->env);
    int64_t age = env_now(a->node->env) - opened;
    pthread_mutex_lock(&a->lock);
    struct auth_idle *set = a->idle[(key >> 1) % AUTH_IDLE_SETS];
    struct auth_idle *row = NULL;
    struct auth_idle *oldest = &set[0];
    for (size_t i = 0; i < AUTH_WAYS; i++) {
        if (set[i].key == key)
            row = &set[i];
        if (set[i].key == 0 || (oldest->key != 0 && set[i].seen_us < oldest->seen_us))
            oldest = &set[i];
    }
    bool live =
        row ? now - row->seen_us < a->idle_us : age < a->idle_us || now - a->start_us < a->idle_us;
    if (live && row)
        row->seen_us = now;
    else if (live)
        *oldest = (struct auth_idle){ .key = key, .seen_us = now };
    pthread_mutex_unlock(&a->lock);
    return live;
}

/* NULL: memory does not know it. */
static struct auth_idle *idle_row(struct auth *a, struct str session)
{
    uint64_t key = idle_key(session);
    struct auth_idle *set = a->idle[(key >> 1) % AUTH_IDLE_SETS];
    for (size_t i = 0; i < AUTH_WAYS; i++)
        if (set[i].key == key)
            return &set[i];
    return NULL;
}

int64_t auth_signed(struct auth *a, struct str session)
{
    pthread_mutex_lock(&a->lock);
    const struct auth_idle *row = idle_row(a, session);
    const int64_t signed_us = row ? row->signed_us : 0;
    pthread_mutex_unlock(&a->lock);
    return signed_us;
}

void auth_signed_set(struct auth *a, struct str session, int64_t now_us)
{
    pthread_mutex_lock(&a->lock);
    struct auth_idle *row = idle_row(a, session);
    if (row)
        row->signed_us = now_us;
    pthread_mutex_unlock(&a->lock);
}

/* --- finding --- */

static struct str token_of(struct auth *a, struct str cookie, struct arena *arena)
{
    char hex[HASH_HEX + 1];
    hash_hex(hex, keyring_digest(a->node->keys, "token", cookie));
    return arena_str(arena, str_z(hex));
}

/* Why the session is over; NULL: it is not. */
static const char *session_over(struct auth *a, const struct auth_token_out *row)
{
    if (row->version != row->account_version)
        return "closed";
    if (env_now(a->node->env) >= row->expires)
        return "expired";
    return idle_touch(a, row->session, row->opened) ? NULL : "idle";
}

static void session_describe(struct auth *a, struct auth_session *out,
                             const struct auth_token_out *row, struct arena *arena)
{
    char csrf[HASH_HEX + 1];
    hash_hex(csrf, keyring_digest(a->node->keys, "csrf", row->session));
    out->id = row->session;
    out->person = row->person;
    out->expires = row->expires;
    out->site_name = row->site_name;
    out->csrf = arena_str(arena, str_z(csrf));
    out->actor.name = arena_printf(arena, "account/%.*s", STR(row->account));
    out->actor.account = row->account;
    out->actor.organisation = row->site.p ? row->site_organisation : row->organisation;
    out->actor.site = row->site;
    out->actor.session = row->session;
    out->actor.zone = row->zone;
}

static enum outcome session_read(struct auth *a, struct db *db, struct str cookie,
                                 struct auth_session *out, struct arena *arena, struct err *e)
{
    struct auth_token_in in = { token_of(a, cookie, arena) };
    struct auth_token_out row;
    bool found;
    TRY(db_get(db, &sql_auth_token, &in, &row, arena, &found, e));
    if (!found || row.closed != TIME_NONE)
        return REFUSE(e, "auth.sign_in");
    const char *over = session_over(a, &row);
    if (over) {
        struct err ignored = { 0 }; /* it is over, whether that can be written down or not */
        struct actor actor = auth_system(row.organisation);
        struct auth_close_session body = { row.session, str_z(over) };
        (void)!auth_send(a, &actor, &auth_close_session_command, &body, false, &ignored);
        return REFUSE(e, "auth.sign_in");
    }
    session_describe(a, out, &row, arena);
    return auth_rights_of(a, db, row.account, row.account_version, &out->actor, arena, e);
}

enum outcome auth_session_find(struct auth *a, struct str cookie, struct auth_session *out,
                               struct arena *arena, struct err *e)
{
    *out = (struct auth_session){ 0 };
    if (cookie.n != COOKIE_LENGTH)
        return REFUSE(e, "auth.sign_in");
    struct db *db;
    TRY(store_reader_take(&db, a->node->store, e));
    enum outcome o = session_read(a, db, cookie, out, arena, e);
    store_reader_give(a->node->store, db);
    return o;
}

/* --- opening and closing --- */

enum outcome auth_session_start(struct auth *a, const struct auth_start *start, struct str *cookie,
                                struct arena *arena, struct err *e)
{
    uint8_t secret[32];
    char text[COOKIE_LENGTH + 1];
    env_random(a->node->env, secret, sizeof secret);
    sodium_bin2base64(text, sizeof text, secret, sizeof secret,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    *cookie = arena_str(arena, str_z(text));
    sodium_memzero(secret, sizeof secret);
    sodium_memzero(text, sizeof text);
    struct auth_open_session body = {
        .account = start->account,
        .token = token_of(a, *cookie, arena),
        .site = start->site,
        .expires = start->expires,
    };
    if (!cookie->p || !body.token.p)
        return err_no_memory(e);
    struct actor actor = auth_system(start->organisation);
    return auth_send(a, &actor, &auth_open_session_command, &body, true, e);
}

/* The person closes their own session: that needs no right but being in it. */
static enum outcome session_end(struct auth *a, const struct auth_session *session, struct str why,
                                struct err *e)
{
    struct actor actor = session->actor;
    actor.system = true;
    struct auth_close_session body = { session->id, why };
    return auth_send(a, &actor, &auth_close_session_command, &body, true, e);
}

enum outcome auth_sign_out(struct auth *a, const struct auth_session *session, struct err *e)
{
    return session_end(a, session, S("signed_out"), e);
}

enum outcome auth_sites(struct auth *a, struct str account, struct record_list *out,
                        struct arena *arena, struct err *e)
{
    struct db *db;
    TRY(store_reader_take(&db, a->node->store, e));
    struct auth_sites_in in = { account };
    enum outcome o = db_list(db, &sql_auth_sites, &in, out, AUTH_SITES_MAX, arena, e);
    store_reader_give(a->node->store, db);
    return o;
}

enum outcome auth_move(struct auth *a, const struct auth_session *from, struct str site,
                       struct str *cookie, struct arena *arena, struct err *e)
{
    if (!id_valid(site))
        return REFUSE(e, "auth.site_unknown");
    struct auth_start start = {
        .account = from->actor.account,
        .organisation = from->actor.organisation,
        .site = site,
        .expires = from->expires,
    };
    TRY(auth_session_start(a, &start, cookie, arena, e));
    return session_end(a, from, S("moved"), e);
}
