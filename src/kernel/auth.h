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
#include "kernel/proof.h"

struct auth_organisation_state {
    struct str id; /* of what is made: given or derived */
    bool found;    /* the organisation is there */
    bool site_found;
    bool same; /* and is exactly what the command would make */
};
struct auth_site_state {
    struct auth_site_out row; /* as it stands */
};
struct auth_credential_state {
    struct str id; /* of what is made */
    struct str account;
    struct str login;
    struct str kind;
    bool has_password;
    bool closed;  /* the account */
    bool service; /* the account's kind: it has keys and nothing else */
    bool revoked;
    bool over;  /* revoked, or expired */
    bool taken; /* what is to be shown is somebody's already */
    int64_t spent;
    int64_t counter;
    const struct str *replaced; /* those of its kind, of which there is one at a time */
    size_t nreplaced;
    size_t n; /* that the account has */
};
struct auth_key_state {
    struct auth_credential_state credential;
    bool site_found;
    struct str wider;  /* a scope that none of its roles gives there; absent: there is none */
    struct str judges; /* a scope that is a person's act alone */
};
struct auth_account_state {
    struct str id;    /* of what is made: given or derived */
    struct str login; /* in the form in which it is compared */
    bool found;
    bool same; /* and is exactly what the command would make */
    bool closed;
    bool service;
    bool sanctioned; /* who the person is was checked */
    bool login_taken;
    bool place_found; /* the organisation, and the site in it if one is given */
    bool role_found;  /* the role is defined and effective */
    bool product_found;
    bool has_role;
    size_t nroles;
    struct auth_credential_state setup; /* the link that a password is set by */
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
    bool service;
    int64_t account_version;
    bool site_allowed; /* none given, or one where the account has a role */
    bool open;
    bool locked;
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
    AUTH_PIN_MIN = 6,
    AUTH_PIN_MAX = 12,
    AUTH_PIN_TRIES = 5,        /* wrong ones in a row; then the PIN needs a full sign-in */
    AUTH_CREDENTIALS_MAX = 20, /* of one account */
    AUTH_RECOVERY_CODES = 10,
    AUTH_CHALLENGE_S = 300, /* for which a token may take to answer */
    AUTH_DEVICE_DAYS = 90,  /* since the last sign-in there, for which a device is known */
    AUTH_SIGNING_MAX = 3,   /* who are checked at once */
    AUTH_WAITING_MAX = 32,  /* who wait for that; beyond: REFUSED "auth.busy", but for as many more
                               who are signed in */
    AUTH_LOCK_MINUTES_MAX = 24 * 60,
    AUTH_SESSION_HOURS_MAX = 7 * 24,
    AUTH_KEY_DAYS_MAX = 400,
    AUTH_KEY_DAYS = 365,     /* where none are said */
    AUTH_KEY_DAYS_NEAR = 30, /* before its end, from when on it is said */
    AUTH_SCOPES_MAX = 200,
};

struct auth_options {
    struct node *node;
    bool secure_cookie;     /* with TLS: __Host- prefix and Secure */
    int64_t lock_us;        /* 0: 10 minutes; then a session locks */
    int64_t idle_us;        /* 0: 30 minutes; then it ends */
    int64_t absolute_us;    /* 0: 12 hours */
    const char *public_url; /* of pages, to which tokens belong; NULL: as each request says */
    unsigned argon_mib;     /* 0: 64; tests use less */
};

enum outcome auth_open(struct auth **out, const struct auth_options *options, struct err *e);
void auth_close(struct auth *a);

/* To be called after every commit: forgets cached rights that it touches. */
void auth_committed(struct auth *a, const struct gate_happened *events, size_t n);

/* Where several servers serve one database (node_shared), what each remembers of sessions' use and
 * of wrong tries is told to the others: on the writer's thread, soon after it happened; and what
 * one of them told. Nothing is kept of it: a server that starts begins anew. */
void auth_share_step(struct auth *a);
void auth_heard(struct auth *a, struct str text);

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
    struct str person; /* printed name */
    struct str login;
    struct str site_name; /* of actor.site */
    struct str csrf;
    int64_t expires;
    int64_t lock_us;              /* without use, then it locks */
    bool locked;                  /* goes on only after its person has shown that it is they */
    enum proof_strength strength; /* shown when it was opened; PROOF_NONE: took over by badge */
    enum proof_strength required; /* by the roles; less than that lets one only enrol */
    /* For signatures: it has gone on without lock or switch since this version of its stream. What
     * was shown in another period counts no more. */
    int64_t period;
    struct str station; /* session that was opened there by a full sign-in; absent: this one was */
    struct str device;  /* keyed digest; may be absent */
};
/* Of a service account there is no session: a request shows its key anew, and r->who is one made up
 * of it, with the key's id and actor.key. */

/* Where a request comes from. `peer` is the address without port; of IPv6 the first 64 bits count.
 * `device` is the digest of the cookie that an earlier sign-in left (auth_device); `browser` its
 * kind. */
struct auth_from {
    struct str peer;
    struct str device;
    struct str browser;
};

/* What was shown. */
struct auth_proof {
    struct str password;
    struct str code;      /* six digits of an authenticator app, or a recovery code */
    struct str assertion; /* of a token, JSON (proof_assertion_read) */
    struct str challenge; /* that it answers */
    int64_t challenged;   /* when the challenge was made: later than the last that was answered */
    struct proof_party party;
};
struct auth_proved {
    enum proof_strength strength;
    const char *by; /* "password", "code", "token": the strongest */
};

/* The person of the session shows that it is they, in the caller's thread: unlocking, signing,
 * enrolling. A password alone is enough here: what it amounts to, `out` tells. Codes and answers of
 * tokens are spent. Waits for the writer. REFUSED "auth.proof_failed" whatever was wrong (what it
 * was stands in the security stream), "auth.slow_down" {seconds}. */
enum outcome auth_prove(struct auth *a, const struct auth_session *session,
                        const struct auth_from *from, const struct auth_proof *shown,
                        struct auth_proved *out, struct arena *arena, struct err *e);

/* A challenge for a token, good for AUTH_CHALLENGE_S, which only `of` may answer (a session; for
 * who is not signed in a word); and when it was made, -1 for none of ours or an old one. */
struct str auth_challenge(struct auth *a, struct str of, struct arena *arena);
int64_t auth_challenge_made(struct auth *a, struct str of, struct str challenge,
                            struct arena *arena);

/* Checks login and what was shown (in the caller's thread), opens a session through the gate, gives
 * the cookie's value. Who has a code or token shows it besides the password; a token that its
 * owner unlocked is enough, without login. REFUSED "auth.sign_in_failed", always the same, or
 * "auth.slow_down" {seconds}. It waits for the writer, and so is never called on the writer's own
 * thread. The session works at the person's site if there is but one, else at none until they
 * choose. */
enum outcome auth_sign_in(struct auth *a, struct str login, const struct auth_proof *shown,
                          const struct auth_from *from, struct str *cookie, struct arena *arena,
                          struct err *e);

/* The session of a cookie, with its actor's grants; REFUSED "auth.sign_in" without a live one. What
 * it points to lives in the arena. */
enum outcome auth_session_find(struct auth *a, struct str cookie, struct auth_session *out,
                               struct arena *arena, struct err *e);
/* The same without being a use of it, as where a page keeps itself fresh. */
enum outcome auth_session_look(struct auth *a, struct str cookie, struct auth_session *out,
                               struct arena *arena, struct err *e);
/* When it was last used, as far as memory goes; TIME_NONE: not known. */
int64_t auth_session_seen(struct auth *a, struct str session);

/* Locks it; goes on with it. Both wait for the writer. */
enum outcome auth_lock(struct auth *a, const struct auth_session *session, const char *why,
                       struct err *e);
enum outcome auth_unlock(struct auth *a, const struct auth_session *session, const char *by,
                         struct err *e);

/* The sites where the account has a role, for who signed in to choose from. */
enum outcome auth_sites(struct auth *a, struct str account, struct record_list *out,
                        struct arena *arena, struct err *e);
/* The sites of an organisation, or (absent) all there are, who may take part in an order:
 * AUTH_SITES_MAX at most. */
#define RECORDS "kernel/auth_place.def" /* struct auth_place */
#include "base/record_structs.h"
#undef RECORDS
enum outcome auth_places(const struct auth_place **out, size_t *n, struct db *db,
                         struct str organisation, struct arena *arena, struct err *e);
/* Goes on at another site: opens a session there and closes this one. Waits for the writer. REFUSED
 * "auth.site_unknown". */
enum outcome auth_move(struct auth *a, const struct auth_session *from, struct str site,
                       const struct auth_from *place, struct str *cookie, struct arena *arena,
                       struct err *e);
/* The person's own new password; the present one is checked as in signing in. Ends every session of
 * theirs and opens one in place of this. Waits for the writer. REFUSED as auth_sign_in and
 * auth_password_hash, and "auth.password_same". */
struct auth_new_password {
    struct str present;
    struct str fresh;
};
enum outcome auth_renew(struct auth *a, const struct auth_session *session,
                        const struct auth_new_password *passwords, const struct auth_from *from,
                        struct str *cookie, struct arena *arena, struct err *e);
/* A password by the code that an administrator was given to hand over (account.issue_setup): its
 * keyed digest is of login and code. REFUSED "auth.setup_failed", always the same, "auth.slow_down"
 * and those of auth_password_hash. Waits for the writer. */
enum outcome auth_set_up(struct auth *a, struct str login, struct str code, struct str fresh,
                         const struct auth_from *from, struct arena *arena, struct err *e);
struct str auth_setup_code(struct auth *a, struct arena *arena); /* "ABCDE-FGHIJ-…", 80 bits */
struct str auth_setup_digest(struct auth *a, struct str account, struct str code,
                             struct arena *arena);
/* Ten codes that each stand once for a lost device, in place of the former ones. */
enum outcome auth_make_recovery(struct auth *a, const struct auth_session *session,
                                const struct str **codes, struct arena *arena, struct err *e);
/* A credential of the person's own, which they have tried. */
enum outcome auth_enrol(struct auth *a, const struct auth_session *session,
                        const struct auth_enrol_credential *body, struct err *e);
/* Badge and PIN, with which to take over at a station and to unlock. REFUSED as auth_pin_hash, and
 * "auth.badge_malformed". */
enum outcome auth_enrol_badge(struct auth *a, const struct auth_session *session, struct str badge,
                              struct str pin, struct arena *arena, struct err *e);

/* Unlocks with password, code and token as auth_prove, or with the PIN alone. */
enum outcome auth_go_on(struct auth *a, const struct auth_session *session,
                        const struct auth_from *from, const struct auth_proof *shown,
                        struct arena *arena, struct err *e);
/* Another person takes over where a full sign-in opened a session, with badge and PIN or a token
 * that its owner unlocked: a session of theirs at the same site, until the first would end, and
 * this one ends. The same person goes on in this one, and `cookie` stays absent. REFUSED
 * "auth.proof_failed", "auth.slow_down", "auth.pin_spent" after AUTH_PIN_TRIES wrong ones, until a
 * full sign-in, "auth.site_unknown". */
struct auth_taking {
    struct str badge;
    struct str pin;
    struct auth_proof token;
};
enum outcome auth_take_over(struct auth *a, const struct auth_session *at,
                            const struct auth_from *from, const struct auth_taking *taking,
                            struct str *cookie, struct arena *arena, struct err *e);

/* A session in place of one that a change of the account has ended. Waits for the writer. */
enum outcome auth_reopen(struct auth *a, const struct auth_session *session,
                         const struct auth_from *from, struct str *cookie, struct arena *arena,
                         struct err *e);
/* Waits for the writer. */
enum outcome auth_sign_out(struct auth *a, const struct auth_session *session, struct err *e);

/* Who asks, and the access rule of the route: "public", "signed_in", "locked" (signed in, and the
 * session may be locked), or a permission that the actor must hold somewhere (object access is the
 * gate's and the queries'). REFUSED "auth.sign_in", "auth.locked", "auth.forbidden" {permission},
 * or "auth.enrol_first" {strength} to who has shown less than their roles ask for. */
enum outcome auth_admit(struct auth *a, struct http_request *r, struct err *e);
enum outcome auth_allow(const char *access, const struct auth_session *session, struct err *e);

/* A POST once its body is read: the token of the form's "_csrf" or of X-CSRF-Token must be this
 * session's, and a browser must not say that another site sent it; else REFUSED "auth.csrf". */
enum outcome auth_check(const struct http_request *r, struct err *e);
bool auth_csrf_agrees(const struct auth_session *session, struct str token);

/* Set-Cookie for a cookie's value; absent: takes it away. Over TLS, ours or a trusted proxy's, it
 * is Secure and its name begins with __Host-. */
struct str auth_cookie(const struct auth *a, const struct http_request *r, struct str value);
/* Set-Cookie of the device, with a new secret where it has none yet; its digest. */
struct str auth_device_cookie(struct auth *a, const struct http_request *r, struct str *digest);
struct auth_from auth_from(struct auth *a, const struct http_request *r);
/* The party that tokens are registered with: of the public address, else as the request says. */
struct proof_party auth_party(const struct auth *a, const struct http_request *r);
/* Whether what was shown is what the roles ask for. */
bool auth_strong_enough(const struct auth_session *session);
/* The cookie of a request; absent when it has none. */
struct str auth_cookie_of(const struct auth *a, const struct http_request *r);

static inline const struct auth_session *auth_of(const struct http_request *r)
{
    return r->who;
}

/* Whether the credential of a service account, and its account, stand: else REFUSED
 * "auth.key_over".
 */
enum outcome auth_key_stands(struct db *db, struct str key, int64_t now_us, struct arena *arena,
                             struct err *e);

/* Names for pages: of an account, site or organisation; the id's end when unknown. */
struct str auth_account_name(struct db *db, struct str account, struct arena *arena);
/* Whether the node knows the site as another organisation's. */
enum outcome auth_site_elsewhere(bool *out, struct db *db, struct str organisation, struct str site,
                                 struct arena *arena, struct err *e);
struct str auth_site_name(struct db *db, struct str site, struct arena *arena);
/* The digits of a telephone number of international form: "+49 (345) 555-0100" is 493455550100.
 * 7 to 15 of them (E.164), the first not 0; blanks, "-", ".", "/" and parentheses between them say
 * nothing. Absent for what is no such number, as for an absent one. */
struct str auth_phone_digits(struct str phone, struct arena *arena);
struct str auth_organisation_name(struct db *db, struct str organisation, struct arena *arena);

/* A page of who has which role (query `access`, `most` aside): at most `max` rows
 * (AUTH_ACCESS_MAX), all of a person's on one page. *next is the account behind which the next page
 * begins, absent at the end. REFUSED "http.malformed_cursor" for an `after` that is no id. */
enum { AUTH_ACCESS_MAX = 2000 };
enum outcome auth_access_page(struct record_list *list, struct str *next, struct db *db,
                              const struct auth_access_in *in, size_t max, struct arena *arena,
                              struct err *e);

/* What was done under an emergency access: places in the log, in its order, AUTH_ACTS_MAX at most
 * of `all`. */
enum { AUTH_ACTS_MAX = 1000 };
struct auth_acts {
    const struct auth_emergency_acts_out *p;
    size_t n;
    int64_t all;
};
enum outcome auth_acts_of(struct auth_acts *out, struct db *db, struct str emergency,
                          struct arena *arena, struct err *e);
/* The rows of an event's links; called by registry_apply. */
enum outcome auth_acts_apply(struct db *db, const struct event *event, struct err *e);

#endif
