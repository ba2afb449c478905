/* What the parts of signing in by a provider share. */
#ifndef VEIN_KERNEL_OPENID_IMPL_H
#define VEIN_KERNEL_OPENID_IMPL_H

#include "kernel/auth_impl.h"
#include "kernel/auth_pages.h"
#include "kernel/openid.h"

/* --- openid_way.c --- */

/* What a person carries to the provider and back, sealed. */
struct openid_way {
    struct str state;
    struct str nonce;
    struct str verifier;
    struct str session; /* that an identity is linked in; absent: to sign in */
    struct str next;
    int64_t made; /* when the person left */
};
/* Opens for the state alone that it was sealed with, and in time: REFUSED "openid.way". */
enum outcome openid_way_open(struct openid_way *out, struct http_request *r, struct str state,
                             struct err *e);

/* Whom the provider named, until the person says that it is they. */
struct openid_named {
    struct str digest;
    struct str login; /* by which the provider knows them; empty: it does not say */
    struct str subject;
};
/* Into the same cookie; it opens in this session alone, and in time: REFUSED "openid.way". */
enum outcome openid_named_keep(struct http_request *r, struct str session,
                               const struct openid_named *named, struct err *e);
enum outcome openid_named_open(struct openid_named *out, struct http_request *r, struct str session,
                               struct err *e);

/* The cookie's end, on the answer as it goes out: last, since who makes an answer anew takes the
 * cookie off it. */
enum http_state openid_over(struct http_request *r, enum http_state state);

struct str openid_back(struct http_request *r);
/* The provider's address with what it has to know, and the sealed way in the cookie. `session` as
 * in the way. */
enum outcome openid_leave(struct str *out, struct http_request *r, struct str session,
                          struct str next, struct err *e);

/* --- openid_ask.c --- */

/* A request between its two halves, in its arena. */
struct openid_asking {
    struct http_request *request;
    struct err error;
    struct openid_result result;
    struct openid_way way;
    http_handler_fn *then;
};
/* Has a child ask; r->resumed goes on, with r->pending. REFUSED "auth.slow_down", "worker.busy". */
enum outcome openid_ask(struct http_request *r, struct openid_asking *x, struct openid_job *job,
                        struct err *e);
/* What was asked was worth it. */
void openid_asked_well(struct http_request *r);
/* Goes on by `then` once it is known where people sign in. */
enum http_state openid_with_provider(struct http_request *r, http_handler_fn *then);
/* The sign-in again, and the reason in the log. */
enum http_state openid_failed(struct http_request *r, const struct err *e);

/* --- openid_pages.c --- */

/* A page that goes on by itself. Who comes by another site's redirect has no Strict cookie with the
 * next redirect; of a page of ours it is sent. */
enum http_state openid_go_on(struct http_request *r, struct str to, const char *text);
struct str openid_digest(struct http_request *r, struct str subject);

/* --- openid_link.c --- */

/* Back from the provider: whom it named is kept for the page that asks. */
enum http_state openid_come_to_link(struct http_request *r);

#endif
