/* A request of a service account: it shows its key, "Authorization: Bearer vein_<id>_<secret>", or
 * its certificate in the TLS handshake, and there is no session. What is wrong with a key that is
 * refused, nobody is told: not there, another secret, revoked, expired and closed take the same
 * work and get the same answer.
 *
 * A right key is taken however many wrong ones were shown meanwhile: no one guesses 256 bits, and
 * so nobody can shut a device out. Each wrong one is an event; of many in a row, as tries to sign
 * in are slowed, only some, so that they cannot fill the log. */
#include "kernel/auth_impl.h"
#include "kernel/http.h"

static const struct str scheme = { "Bearer ", 7 };
static const struct str mark = { "vein_", 5 };

struct shown {
    struct str id;
    struct str secret;
};

struct str auth_key_text(struct str id, struct str secret, struct arena *arena)
{
    return arena_printf(arena, "%.*s%.*s_%.*s", STR(mark), STR(id), STR(secret));
}

/* Ids and secrets are of one length, and a secret may hold the mark between them. */
static struct shown shown_of(struct str text)
{
    const struct shown none = { S(""), S("") };
    if (text.n != mark.n + ID_LENGTH + 1 + AUTH_SECRET_LENGTH || !str_starts(text, mark) ||
        text.p[mark.n + ID_LENGTH] != '_')
        return none;
    const struct shown out = { { text.p + mark.n, ID_LENGTH },
                               { text.p + mark.n + ID_LENGTH + 1, AUTH_SECRET_LENGTH } };
    return id_valid(out.id) ? out : none;
}

struct str auth_key_digest(struct auth *a, struct str secret, struct arena *arena)
{
    return auth_digest(a, "key", secret, arena);
}

/* --- what it may --- */

/* Of the roles' rights those that it is narrowed to, at its site. */
static enum outcome narrow(struct actor *actor, const struct auth_key_out *row, struct arena *arena,
                           struct err *e)
{
    struct grant *grants = ARENA_ARRAY(arena, actor->ngrants + 1, struct grant);
    struct str *scopes = ARENA_ARRAY(arena, AUTH_SCOPES_MAX, struct str);
    struct str rest = row->scopes;
    size_t n = 0, nscopes = 0;
    if (!grants || !scopes)
        return err_no_memory(e);
    while (rest.p && nscopes < AUTH_SCOPES_MAX)
        scopes[nscopes++] = str_cut(&rest, ' ');
    for (size_t i = 0; i < actor->ngrants; i++) {
        struct grant g = actor->grants[i];
        const bool elsewhere = row->site.p && (!str_eq(g.organisation, row->site_organisation) ||
                                               (g.site.p && !str_eq(g.site, row->site)));
        if (elsewhere || g.emergency.p || !str_among(g.permission, scopes, nscopes))
            continue;
        if (row->site.p)
            g.site = row->site;
        grants[n++] = g;
    }
    actor->grants = grants;
    actor->ngrants = n;
    return OK;
}

static enum outcome describe(struct auth *a, struct db *db, struct auth_session *out,
                             const struct auth_key_out *row, struct arena *arena, struct err *e)
{
    struct auth_limits limits;
    *out = (struct auth_session){
        .id = row->credential,
        .person = row->person,
        .login = row->login,
        .site_name = row->site_name,
        .csrf = auth_digest(a, "csrf", row->credential, arena),
        .expires = row->expires,
        .lock_us = a->lock_us,
        .actor = {
            .name = arena_printf(arena, "account/%.*s", STR(row->account)),
            .account = row->account,
            .organisation = row->site.p ? row->site_organisation : row->organisation,
            .site = row->site,
            .device = arena_printf(arena, "%.*s/%.*s", STR(row->kind), STR(row->credential)),
            .zone = row->zone,
            .key = row->credential,
        },
    };
    TRY(auth_rights_of(a, db, row->account, row->version, &out->actor, &limits, arena, e));
    out->lock_us = limits.lock_us;
    return narrow(&out->actor, row, arena, e);
}

/* The day that it was last used on is known from its events: one a day at most. */
static void note_use(struct auth *a, const struct auth_key_out *row)
{
    const int64_t day = env_now(a->node->env) / TIME_DAY;
    const struct actor actor = auth_system(row->organisation);
    const struct auth_use_credential body = { row->credential, day, INT_NONE };
    struct err ignored = { 0 };
    if (row->spent < day) /* of several at once the second is refused, and nobody waits for it */
        (void)!auth_send(a, &actor, &auth_use_credential_command, &body, false, &ignored);
}

/* --- finding --- */

/* The same comparison whether there is such a key or not. */
static bool agrees(struct auth *a, const struct auth_key_out *row, bool found, struct str digest)
{
    static const char none[HASH_HEX + 1] =
        "0000000000000000000000000000000000000000000000000000000000000000";
    const bool known = found && row->digest.n == HASH_HEX;
    const bool same = digest.n == HASH_HEX &&
                      sodium_memcmp(known ? row->digest.p : none, digest.p, HASH_HEX) == 0;
    const bool stands =
        known && !row->closed && row->revoked == TIME_NONE && row->expires > env_now(a->node->env);
    return same && stands;
}

static enum outcome refused(struct auth *a, const struct http_request *r, struct str id,
                            const struct auth_key_out *row, bool found, struct err *e)
{
    int64_t seconds;
    struct auth_claim c = {
        .found = found,
        .slow = { .login = id, .peer = http_peer(r), .keys = true },
    };
    if (found) {
        c.row.account = row->account;
        c.row.organisation = row->organisation;
    }
    if (!auth_slow_try(a, &c.slow, &seconds))
        return REFUSE(e, "auth.key_refused");
    return auth_claim_refused(a, &c, "key", "auth.key_refused", e);
}

enum outcome auth_key_find(struct auth *a, struct http_request *r, struct str text,
                           struct auth_session *out, struct err *e)
{
    const struct shown shown = shown_of(text);
    const struct str digest = auth_key_digest(a, shown.secret, r->arena);
    const struct auth_key_in in = { shown.id };
    struct auth_key_out row;
    struct db *db;
    bool found, right = false;
    TRY(store_reader_take(&db, a->node->store, e));
    enum outcome o = db_get(db, &sql_auth_key, &in, &row, r->arena, &found, e);
    if (o == OK)
        right = agrees(a, &row, found && str_is(row.kind, "key"), digest);
    if (o == OK && right)
        o = describe(a, db, out, &row, r->arena, e);
    store_reader_give(a->node->store, db);
    if (o != OK)
        return o;
    if (!right)
        return refused(a, r, shown.id, &row, found, e);
    note_use(a, &row);
    return OK;
}

static enum outcome by_key(struct auth *a, struct http_request *r, struct auth_session *out,
                           struct err *e)
{
    TRY(auth_key_find(a, r, str_from(http_header(r, "Authorization"), scheme.n), out, e));
    r->who = out;
    return OK;
}

/* The handshake has proved that the client has the certificate's key. One that nobody enrolled is
 * no try at anything: browsers show what they have. */
static enum outcome by_certificate(struct auth *a, struct http_request *r, struct str fingerprint,
                                   struct auth_session *out, struct err *e)
{
    const struct auth_credential_digest_in in = { S("certificate"), fingerprint };
    struct auth_credential_digest_out enrolled;
    struct auth_key_out row;
    struct db *db;
    bool found;
    TRY(store_reader_take(&db, a->node->store, e));
    enum outcome o = db_get(db, &sql_auth_credential_digest, &in, &enrolled, r->arena, &found, e);
    if (o == OK && found) {
        const struct auth_key_in key = { enrolled.credential };
        o = db_get(db, &sql_auth_key, &key, &row, r->arena, &found, e);
        found = o == OK && agrees(a, &row, found, fingerprint);
    }
    if (o == OK && found)
        o = describe(a, db, out, &row, r->arena, e);
    store_reader_give(a->node->store, db);
    if (o != OK || !found)
        return o;
    note_use(a, &row);
    r->who = out;
    return OK;
}

/* --- which routes are for programs --- */

/* Reads that have a JSON or a file, questions, and what a row says; no pages and no forms. */
static bool for_programs(const struct route *route)
{
    if (strcmp(route->method, "GET") == 0)
        return route->rows || route->row || route->media_type;
    return route->ask || route->program;
}

/* A certificate is shown by the browser that has it, whoever's page sends what. Another site's page
 * can send a form (and text, and what has no type), but JSON, PATCH and DELETE only after the
 * server was asked (Fetch, CORS-preflight), and this one agrees to nothing. */
static bool may_be_anothers(const struct http_request *r)
{
    return str_is(r->method, "POST") && !str_is(r->media_type, "application/json");
}

enum outcome auth_key_admit(struct auth *a, struct http_request *r, struct err *e)
{
    const bool key = str_starts(http_header(r, "Authorization"), scheme);
    const struct str fingerprint =
        key || auth_cookie_of(a, r).p ? (struct str){ 0 } : http_certificate(r);
    struct auth_session *session = ARENA_NEW(r->arena, struct auth_session);
    if (!session)
        return err_no_memory(e);
    r->who = NULL;
    r->program = key;
    if (strcmp(r->route->access, "public") == 0 || (!key && !fingerprint.p))
        return OK; /* what is public is the same to everyone */
    TRY(key ? by_key(a, r, session, e) : by_certificate(a, r, fingerprint, session, e));
    if (!r->who)
        return OK;
    r->program = true;
    r->session = session->id;
    r->account = session->actor.account;
    if (!for_programs(r->route))
        return REFUSE(e, "auth.key_page");
    return key || !may_be_anothers(r) ? OK : REFUSE(e, "auth.certificate_form");
}
