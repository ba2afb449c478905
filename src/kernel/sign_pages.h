/* The page on which a person signs, and its routes. */
#ifndef VEIN_KERNEL_SIGN_PAGES_H
#define VEIN_KERNEL_SIGN_PAGES_H

#include "kernel/show.h"

enum { SIGN_FORM_MAX = GATE_BODY_MAX };

struct sign_page_view {
    struct str command;
    const struct sign_asked *asked;
    struct html shown;               /* what is signed, for people */
    struct str words;                /* of the meaning */
    const struct record_pair *pairs; /* the command's body, to be posted again */
    size_t npairs;
    struct str next;
    struct str reason; /* as entered */
    bool needs_reason;
    struct show_refusal refused;
};

enum http_state sign_get(struct http_request *r);
enum http_state sign_post(struct http_request *r);

/* What a signature means, in words: those of its definition, or the catalogue's. */
struct str sign_words(struct page *p, const struct sign_shown *what);

#endif
