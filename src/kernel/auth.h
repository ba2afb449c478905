/* Who is it, and what may they do: organisations with sites, accounts, roles, sessions.
 *
 * A role is a definition (kind "role"): a name and the permissions it gives. An account holds roles
 * in an organisation, at one site or all; from them come the actor's grants. Passwords are Argon2id
 * (64 MiB, 3 passes, by libsodium), sealed under the account's own key. A session is a cookie with
 * a secret of 32 random bytes, of which the store knows a keyed digest; it ends by sign-out, by
 * idleness (kept in memory), by its expiry, when the account closes or its roles change. A page's
 * forms carry a token bound to the session; a POST without it is REFUSED "auth.csrf".
 *
 * Signing in takes the same work and gives the same text for an unknown login, a wrong password and
 * a closed account; tries are slowed per account and per address, never locked for good. Refused
 * tries are events of the security stream. */
#ifndef VEIN_KERNEL_AUTH_H
#define VEIN_KERNEL_AUTH_H

#include "kernel/define.h"
#include "kernel/node.h"
#include "kernel/page.h"

struct auth_organisation_state {
    bool found; /* the organisation is there */
    bool site_found;
    bool same; /* and is exactly what the command would make */
};
struct auth_account_state {
    bool found;
    bool closed;
    bool login_taken;
    bool organisation_found;
    bool role_found; /* the role is defined and effective */
    bool has_role;
};
struct auth_session_state {
    bool account_found;
    bool account_closed;
    bool open;
    bool own;
};

#define RECORDS "kernel/auth_events.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS
#define RECORDS "kernel/auth_commands.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS

#define RECORDS "kernel/role.def" /* struct role: the body of a definition of kind "role" */
#include "base/record_structs.h"
#undef RECORDS

extern const struct define_kind role_kind;
extern const struct module auth_module; /* with the routes /sign-in, /sign-out, /site */

struct auth;

struct auth_options {
    struct node *node;
    bool secure_cookie;  /* with TLS: __Host- prefix and Secure */
    int64_t idle_us;     /* 0: 30 minutes */
    int64_t absolute_us; /* 0: 12 hours */
    unsigned argon_mib;  /* 0: 64; tests use less */
};

enum outcome auth_open(struct auth **out, const struct auth_options *options, struct err *e);
void auth_close(struct auth *a);

/* To be called for every committed range: forgets cached rights and sessions that it touches. */
void auth_committed(struct auth *a, int64_t from, int64_t to);

/* Argon2id of a password of 12 to 200 bytes (REFUSED "auth.password_short", "auth.password_long",
 * "auth.password_common" {…} for those of a shipped list). Takes about 100 ms: never on the writer.
 */
enum outcome auth_password_hash(struct auth *a, struct str *out, struct str password,
                                struct arena *arena, struct err *e);

/* A live session as a request sees it: http_request.who. */
struct auth_session {
    struct str id;
    struct actor actor;
    struct str person;    /* printed name */
    struct str site_name; /* of actor.site */
    struct str csrf;
};

/* Checks login and password (in the caller's thread), opens a session through the gate, gives the
 * cookie's value. REFUSED "auth.sign_in_failed", always the same, or "auth.slow_down" {seconds}. */
enum outcome auth_sign_in(struct auth *a, struct str login, struct str password, struct str peer,
                          struct str *cookie, struct arena *arena, struct err *e);

/* The session of a cookie, with its actor's grants; REFUSED "auth.sign_in" without a live one. What
 * it points to lives in the arena. */
enum outcome auth_session_find(struct auth *a, struct str cookie, struct auth_session *out,
                               struct arena *arena, struct err *e);

/* The access rule of a route and the CSRF token of a posted form or X-CSRF-Token: for http_options.
 */
enum outcome auth_admit(struct auth *a, struct http_request *r, struct err *e);

static inline const struct auth_session *auth_of(const struct http_request *r)
{
    return r->who;
}

/* Names for pages: of an account, site or organisation; the id's end when unknown. */
struct str auth_account_name(struct db *db, struct str account, struct arena *arena);
struct str auth_site_name(struct db *db, struct str site, struct arena *arena);
struct str auth_organisation_name(struct db *db, struct str organisation, struct arena *arena);

#endif
