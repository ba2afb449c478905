/* What people get to sign in with: set-up codes, recovery codes, badges and PINs. Each is drawn or
 * checked here, shown once, and kept as a keyed digest or sealed. */
#include "kernel/auth_impl.h"

enum { CODE_BYTES = 10, CODE_GROUP = 4, BADGE_MIN = 4, BADGE_MAX = 100 };

/* 80 random bits in base32, in groups. */
static struct str code_draw(struct auth *a, struct arena *arena)
{
    uint8_t random[CODE_BYTES];
    env_random(a->node->env, random, sizeof random);
    const struct str text = proof_code_secret_text((struct bytes){ random, sizeof random }, arena);
    sodium_memzero(random, sizeof random);
    struct buf b = buf_in(arena, 2 * text.n + 1);
    for (size_t i = 0; i < text.n; i++) {
        if (i > 0 && i % CODE_GROUP == 0)
            buf_char(&b, '-');
        buf_char(&b, text.p[i]);
    }
    return buf_get(&b);
}

enum outcome auth_enrol(struct auth *a, const struct auth_session *session,
                        const struct auth_enrol_credential *body, struct err *e)
{
    struct actor actor = session->actor;
    actor.system = true; /* one's own needs no right */
    return auth_send(a, &actor, &auth_enrol_credential_command, body, true, e);
}

/* --- set-up --- */

struct str auth_setup_code(struct auth *a, struct arena *arena)
{
    return code_draw(a, arena);
}

struct str auth_setup_digest(struct auth *a, struct str account, struct str code,
                             struct arena *arena)
{
    return auth_recovery_digest(a, arena_printf(arena, "setup/%.*s", STR(account)), code, arena);
}

static const struct auth_credentials_out *setup_of(struct auth *a, const struct auth_claim *c,
                                                   struct str code, struct arena *arena)
{
    const struct str digest = auth_setup_digest(a, c->row.account, code, arena);
    const int64_t now = env_now(a->node->env);
    const struct auth_credentials_out *found = NULL;
    for (size_t i = 0; i < c->n; i++) {
        const struct auth_credentials_out *row = &c->credentials[i];
        if (str_is(row->kind, "setup") && row->expires > now && row->spent == 0 &&
            row->digest.n == digest.n && sodium_memcmp(row->digest.p, digest.p, digest.n) == 0)
            found = row;
    }
    return found;
}

enum outcome auth_set_up(struct auth *a, struct str login, struct str code, struct str fresh,
                         const struct auth_from *from, struct arena *arena, struct err *e)
{
    struct auth_claim c;
    const struct auth_proof none = { 0 };
    const struct str known_as = auth_login_of(login, arena);
    TRY(auth_claim_find(a, &c, known_as.p ? known_as : S(""), &none, from, arena, e));
    TRY(auth_slow_take(a, &c.slow, arena, e));
    const struct auth_credentials_out *setup = setup_of(a, &c, code, arena);
    if (!c.found || !setup || c.row.closed)
        return auth_claim_refused(a, &c, c.found ? "setup" : "unknown", "auth.setup_failed", e);
    auth_slow_clear(a, &c.slow);
    struct auth_change_password body = { .account = c.row.account, .setup = setup->credential };
    TRY(auth_password_hash(a, &body.password, fresh, arena, e));
    struct actor actor = auth_system(c.row.organisation);
    const enum outcome o = auth_send(a, &actor, &auth_change_password_command, &body, true, e);
    if (o == REFUSED) /* another was quicker */
        return auth_claim_refused(a, &c, "setup", "auth.setup_failed", e);
    return o;
}

/* --- recovery --- */

enum outcome auth_make_recovery(struct auth *a, const struct auth_session *session,
                                const struct str **codes, struct arena *arena, struct err *e)
{
    struct str *drawn = ARENA_ARRAY(arena, AUTH_RECOVERY_CODES, struct str);
    struct buf b = buf_in(arena, AUTH_RECOVERY_CODES * (HASH_HEX + 1));
    const struct str account = session->actor.account;
    if (!drawn)
        return err_no_memory(e);
    for (size_t i = 0; i < AUTH_RECOVERY_CODES; i++) {
        drawn[i] = code_draw(a, arena);
        if (i > 0)
            buf_char(&b, ',');
        buf_str(&b, auth_recovery_digest(a, account, drawn[i], arena));
    }
    TRY(buf_check(&b, e));
    const struct auth_enrol_credential body = {
        .account = account,
        .kind = S("recovery"),
        .digests = buf_get(&b),
        .counter = INT_NONE,
        .spent = INT_NONE,
    };
    *codes = drawn;
    return auth_enrol(a, session, &body, e);
}

/* --- badge and PIN --- */

/* As scanners give it: without blanks around it. */
struct str auth_badge_digest(struct auth *a, struct str badge, struct arena *arena)
{
    return auth_digest(a, "badge", str_trim(badge), arena);
}

enum outcome auth_enrol_badge(struct auth *a, const struct auth_session *session, struct str badge,
                              struct str pin, struct arena *arena, struct err *e)
{
    const struct str text = str_trim(badge);
    struct auth_enrol_credential pin_body = {
        .account = session->actor.account,
        .kind = S("pin"),
        .counter = INT_NONE,
        .spent = INT_NONE,
    };
    struct auth_enrol_credential badge_body = pin_body;
    if (text.n < BADGE_MIN || text.n > BADGE_MAX)
        return REFUSE(e, "auth.badge_malformed");
    TRY(auth_pin_hash(a, &pin_body.secret, pin, arena, e));
    badge_body.kind = S("badge");
    badge_body.digest = auth_badge_digest(a, text, arena);
    TRY(auth_enrol(a, session, &badge_body, e)); /* first: it may be another's */
    TRY(auth_enrol(a, session, &pin_body, e));
    auth_pin_forget(a, session->actor.account);
    return OK;
}
