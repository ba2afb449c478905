/* Several things of one kind of act, signed with one proof by the same person: each is shown whole
 * with a mark of its own to set, and each that was marked becomes a signed command of its own,
 * bound to what was shown of it. What is not marked is not signed; what changed meanwhile is
 * refused alone.
 *
 * Which things: those that the request names ("thing", the command's body as JSON, up to
 * SIGN_SEVERAL_MAX times), else those that wait for this person (sign_view.waiting). Commands that
 * take a reason are signed one by one, for each has its own; so is what takes a token, which
 * answers for one command alone. REFUSED "sign.one_by_one", "sign.too_many" {max},
 * "sign.nothing_marked". */
#ifndef VEIN_KERNEL_SIGN_SEVERAL_H
#define VEIN_KERNEL_SIGN_SEVERAL_H

#include "kernel/sign_pages.h"

enum { SIGN_SEVERAL_MAX = 20, SIGN_SEVERAL_FORM_MAX = 128 << 10 };

struct sign_several_thing {
    int64_t at;     /* of the form's names */
    int64_t number; /* for people: one more */
    struct str body;
    struct str id;            /* of its command */
    struct sign_asked *asked; /* NULL: refused */
    struct html shown;
    struct str words;
    bool marked;
    bool is_signed;
    struct err refused;
    struct show_refusal why;
};
struct sign_several_view {
    struct str command;
    struct str next;
    struct sign_several_thing *things;
    size_t n;
    size_t nasked; /* that may be signed */
    struct str signer;
    bool both;
    bool done; /* this is what came of it */
    struct sign_ways ways;
    struct show_refusal refused;
};

enum http_state sign_get_several(struct http_request *r);
enum http_state sign_post_several(struct http_request *r);

#endif
