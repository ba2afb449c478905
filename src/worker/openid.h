/* Inside vein-openid. */
#ifndef VEIN_WORKER_OPENID_H
#define VEIN_WORKER_OPENID_H

#include "kernel/openid.h"

/* --- openid_fetch.c --- */

/* Before the sandbox closes: libcurl and its TLS. */
enum outcome openid_prepare(struct err *e);
/* A GET, or (form given) a POST of a form; *status is the answer's. Follows nobody; an answer
 * beyond 128 KiB, another scheme than the issuer's and what TLS says no to are REFUSED
 * "openid.unreachable". */
struct openid_fetch {
    struct str url;
    struct str form; /* absent: GET */
    struct str user; /* HTTP Basic; absent: none */
    struct str password;
};
enum outcome openid_fetch(struct str *out, int64_t *status, const struct openid_job *job,
                          const struct openid_fetch *fetch, struct arena *arena, struct err *e);
/* Appended as it stands in a form (RFC 3986, unreserved characters alone). */
void openid_escape(struct buf *b, struct str text);

/* --- openid_token.c --- */

/* Judges an ID token as Core 1.0, 3.1.3.7 asks: signature by one of the provider's keys (`keys`, a
 * JWK Set; RS, PS and ES algorithms alone), iss, aud, azp, exp, iat, nbf, nonce, and at_hash where
 * it is given; auth_time has to be there, and not before since_s. REFUSED "openid.token" {what}. */
enum outcome openid_token_check(struct openid_result *out, const struct openid_job *job,
                                struct str token, struct str keys, struct str access,
                                struct arena *arena, struct err *e);

/* --- openid_run.c --- */

/* One step: JSON of openid_job in, of openid_result out. */
enum outcome openid_run(struct bytes in, struct buf *out, struct arena *arena, struct err *e);

#endif
