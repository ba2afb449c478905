/* Who is it, and what may they do: organisations with sites, accounts, roles, sessions.
 *
 * A role is a definition (kind "role"): a name and the permissions it gives. An account holds roles
 * in an organisation, at one site or all, for one product or all, from a time and until one; from
 * them come the actor's grants. A role comes after the account was sanctioned: a person with the
 * right saw who it is. A closed account is reopened without roles. In an emergency a
 * role lends some of its permissions for hours. Who has which rights is looked through when it is
 * due (review.h). Passwords are Argon2id
 * (64 MiB, 3 passes, by libsodium), sealed under the account's own key. A session is a cookie with
 * a secret of 32 random bytes, of which the store knows a keyed digest; it ends by sign-out, by
 * idleness (kept in memory: a restart begins it anew), by its expiry, and at once when the account
 * closes, gets or loses a role or a password: it stands on the account's version at which it was
 * opened. To work at another site is another session, which ends when the first would have ended.
 * A page's forms carry a token bound to the session; a POST without it is REFUSED "auth.csrf".
 *
 * Signing in takes the same work and gives the same text for an unknown login, a wrong password and
 * a closed account; tries are slowed per login and per address, by at most AUTH_SLOW_MAX_S, never
 * locked for good. Refused tries are events of the security stream. */
#ifndef VEIN_KERNEL_AUTH_H
#define VEIN_KERNEL_AUTH_H

#include "gen/kernel/auth.sql.h"
#include "kernel/define.h"
#include "kernel/node.h"
#include "kernel/page.h"

struct auth_organisation_state {
    struct str id; /* of what is made: given or derived */
    bool found;    /* the organisation is there */
    bool site_found;
    bool same; /* and is exactly what the command would make */
};
struct auth_account_state {
    struct str id;    /* of what is made: given or derived */
    struct str login; /* in the form in which it is compared */
    bool found;
    bool same; /* and is exactly what the command would make */
    bool closed;
    bool sanctioned; /* who the person is was checked */
    bool login_taken;
    bool place_found; /* the organisation, and the site in it if one is given */
    bool role_found;  /* the role is defined and effective */
    bool product_found;
    bool has_role;
    size_t nroles;
    struct str excluded; /* a role held that the new one may not be with (segregate.h) */
};
struct role;
struct auth_emergency_state {
    struct str id;                 /* of what is taken */
    struct auth_emergency_out row; /* of the one that the command is about */
    bool own;
    bool standing;           /* the account has one that is not over */
    const struct role *role; /* effective; NULL: there is none */
    struct str excluded;     /* a role held that it may not be with */
};
struct auth_session_state {
    struct str id; /* of the session to open */
    bool account_closed;
    int64_t account_version;
    bool site_allowed; /* none given, or one where the account has a role */
    bool open;
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
/* With the routes /sign-in, /sign-out, /site, /password and /commands/{name}. */
extern const struct module auth_module;

struct auth;

enum {
    AUTH_ROLES_MAX = 32,      /* of one account */
    AUTH_EMERGENCIES_MAX = 8, /* that nobody ended, of one account */
    AUTH_EMERGENCY_MINUTES_MAX = 240,
    AUTH_SITES_MAX = 200,   /* shown to choose from */
    AUTH_SLOW_MAX_S = 300,  /* the longest wait between two tries */
    AUTH_RIGHTS_AGE_S = 10, /* a role's version that becomes effective by its date counts by then */
    AUTH_PASSWORD_MIN = 12,
    AUTH_PASSWORD_MAX = 200,
};

struct auth_options {
    struct node *node;
    bool secure_cookie;  /* with TLS: __Host- prefix and Secure */
    int64_t idle_us;     /* 0: 30 minutes */
    int64_t absolute_us; /* 0: 12 hours */
    unsigned argon_mib;  /* 0: 64; tests use less */
};

enum outcome auth_open(struct auth **out, const struct auth_options *options, struct err *e);
void auth_close(struct auth *a);

/* To be called after every commit: forgets cached rights that it touches. */
void auth_committed(struct auth *a, const struct gate_happened *events, size_t n);

/* Argon2id of a password of 12 to 200 bytes (REFUSED "auth.password_short" {min},
 * "auth.password_long" {max}, "auth.password_malformed" for what is not UTF-8 text, and
 * "auth.password_common" for those of a shipped list). Takes about 100 ms, and at most two run at
 * once, because each needs its memory: never on the writer. */
enum outcome auth_password_hash(struct auth *a, struct str *out, struct str password,
                                struct arena *arena, struct err *e);

/* A live session as a request sees it: http_request.who. */
struct auth_session {
    struct str id;
    struct actor actor;
    struct str person;    /* printed name */
    struct str site_name; /* of actor.site */
    struct str csrf;
    int64_t expires;
};

/* Checks login and password (in the caller's thread), opens a session through the gate, gives the
 * cookie's value. REFUSED "auth.sign_in_failed", always the same, "auth.slow_down" {seconds}, or
 * "auth.busy" while three others try a password at this moment. It waits for the writer, and so is
 * never called on the writer's own thread. `peer` is the address without port; of IPv6 the first 64
 * bits count. The session works at the person's site if there is but one, else at none until they
 * choose. */
enum outcome auth_sign_in(struct auth *a, struct str login, struct str password, struct str peer,
                          struct str *cookie, struct arena *arena, struct err *e);

/* The session of a cookie, with its actor's grants; REFUSED "auth.sign_in" without a live one. What
 * it points to lives in the arena. */
enum outcome auth_session_find(struct auth *a, struct str cookie, struct auth_session *out,
                               struct arena *arena, struct err *e);

/* The sites where the account has a role, for who signed in to choose from. */
enum outcome auth_sites(struct auth *a, struct str account, struct record_list *out,
                        struct arena *arena, struct err *e);
/* All sites there are, AUTH_SITES_MAX at most: who may take part in an order. */
#define RECORDS "kernel/auth_place.def" /* struct auth_place */
#include "base/record_structs.h"
#undef RECORDS
enum outcome auth_places(const struct auth_place **out, size_t *n, struct db *db,
                         struct arena *arena, struct err *e);
/* Goes on at another site: opens a session there and closes this one. Waits for the writer. REFUSED
 * "auth.site_unknown". */
enum outcome auth_move(struct auth *a, const struct auth_session *from, struct str site,
                       struct str *cookie, struct arena *arena, struct err *e);
/* The person's own new password; the present one is checked as in signing in. Ends every session of
 * theirs and opens one in place of this. Waits for the writer. REFUSED as auth_sign_in and
 * auth_password_hash, and "auth.password_same". */
struct auth_new_password {
    struct str present;
    struct str fresh;
    struct str peer;
};
enum outcome auth_renew(struct auth *a, const struct auth_session *session,
                        const struct auth_new_password *passwords, struct str *cookie,
                        struct arena *arena, struct err *e);
/* Waits for the writer. */
enum outcome auth_sign_out(struct auth *a, const struct auth_session *session, struct err *e);

/* Who asks, and the access rule of the route: "public", "signed_in", or a permission that the actor
 * must hold somewhere (object access is the gate's and the queries'). REFUSED "auth.sign_in" or
 * "auth.forbidden" {permission}. */
enum outcome auth_admit(struct auth *a, struct http_request *r, struct err *e);
enum outcome auth_allow(const char *access, const struct auth_session *session, struct err *e);

/* A POST once its body is read: the token of the form's "_csrf" or of X-CSRF-Token must be this
 * session's, and a browser must not say that another site sent it; else REFUSED "auth.csrf". */
enum outcome auth_check(const struct http_request *r, struct err *e);
bool auth_csrf_agrees(const struct auth_session *session, struct str token);

/* Set-Cookie for a cookie's value; absent: takes it away. Over TLS, ours or a trusted proxy's, it
 * is Secure and its name begins with __Host-. */
struct str auth_cookie(const struct auth *a, const struct http_request *r, struct str value);
/* The cookie of a request; absent when it has none. */
struct str auth_cookie_of(const struct auth *a, const struct http_request *r);

static inline const struct auth_session *auth_of(const struct http_request *r)
{
    return r->who;
}

/* Names for pages: of an account, site or organisation; the id's end when unknown. */
struct str auth_account_name(struct db *db, struct str account, struct arena *arena);
/* Whether the node knows the site as another organisation's. */
enum outcome auth_site_elsewhere(bool *out, struct db *db, struct str organisation, struct str site,
                                 struct arena *arena, struct err *e);
struct str auth_site_name(struct db *db, struct str site, struct arena *arena);
struct str auth_organisation_name(struct db *db, struct str organisation, struct arena *arena);

#endif
