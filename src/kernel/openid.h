/* Signing in by an organisation's identity provider: OpenID Connect Core 1.0, code flow with PKCE
 * (RFC 7636, S256), for people of one organisation.
 *
 * All that is said to the provider, and all that it answers, passes through children of the program
 * "vein-openid" (worker.h): it alone links libcurl and the library of signatures (cjose), reads the
 * provider's JSON and judges the ID token. This process gets a subject or a refusal.
 *
 * Between leaving and coming back nothing is kept but a sealed cookie (SameSite=Lax, OPENID_WAY_S):
 * nonce, verifier, when, where to go on. It opens only together with the `state` that it was sealed
 * for, and ends with the answer to coming back, whatever that is.
 *
 * The provider is to have the person sign in anew (prompt=login), and the token has to say that
 * they did (auth_time): who happens to be signed in there is nobody here, so that a lock, a
 * sign-out and the hours of a session hold.
 *
 * The subject is linked to an account by a credential of kind "identity", whose digest is keyed, of
 * issuer and subject; by a person who shows the password and says, in that session, that whom the
 * provider named is they, or by an administrator with a reason. No name or address that the
 * provider tells links anything. */
#ifndef VEIN_KERNEL_OPENID_H
#define VEIN_KERNEL_OPENID_H

#include <pthread.h>

#include "kernel/app.h"

enum {
    OPENID_WAY_S = 600,      /* that a person may take at the provider */
    OPENID_FOUND_S = 300,    /* for which its address is remembered */
    OPENID_FAILED_S = 5,     /* for which it is not asked for it again after it did not answer */
    OPENID_TIMEOUT_S = 10,   /* of one request to it */
    OPENID_WAITING_MAX = 16, /* jobs in line; beyond: REFUSED "worker.busy" */
    OPENID_CODES_MAX = 500,  /* bytes of the words that stand for a second factor */
    OPENID_CODE_MAX = 4000,  /* bytes of a code that people come back with */
    OPENID_FRAME_MAX = 256 << 10,
    OPENID_AUTHORIZE_MAX = 1000,
};

#define RECORDS "kernel/openid.def"
#include "base/record_structs.h"
#undef RECORDS
extern const struct record openid_job_record;
extern const struct record openid_result_record;

/* Its refusals, each with {what}: "openid.unreachable" (the provider does not answer as one does),
 * "openid.code" (it does not take the code), "openid.token" (the ID token is not good). */
extern const struct worker_kind openid_kind;

struct openid_setup { /* texts live as long as the setup is used */
    struct str issuer;
    struct str client;
    struct str secret;       /* absent: a public client, which has PKCE alone */
    struct str organisation; /* whose people it speaks for */
    struct str name;         /* on its button */
    struct str scopes;       /* "openid profile" */
    struct str claim;        /* that names the person: "preferred_username" */
    struct str code;    /* words of acr or amr that mean a second factor, with commas between */
    struct str trusted; /* PEM; may be absent */
};

struct openid {
    struct openid_setup setup;
    struct workers *workers; /* borrowed; knows openid_kind */
    pthread_mutex_t lock;    /* of what was found */
    char authorize[OPENID_AUTHORIZE_MAX + 1];
    int64_t found_us;  /* monotonic; 0: nothing yet */
    int64_t failed_us; /* likewise, since it was found */
};

/* REFUSED "openid.setup" {name} where a setting is missing or no address: the issuer is https, or
 * http of this machine. */
enum outcome openid_open(struct openid **out, const struct openid_setup *setup,
                         struct workers *workers, struct err *e);
void openid_close(struct openid *o);

/* What the button says; absent: there is no provider. */
struct str openid_name(const struct http_request *r);

enum http_state openid_get_start(struct http_request *r);
enum http_state openid_get_back(struct http_request *r);
enum http_state openid_post_link(struct http_request *r);
enum http_state openid_get_link(struct http_request *r);
enum http_state openid_post_confirm(struct http_request *r);
enum http_state openid_post_link_other(struct http_request *r);

#endif
