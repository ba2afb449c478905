/* The page on which a person signs, and its routes. */
#ifndef VEIN_KERNEL_SIGN_PAGES_H
#define VEIN_KERNEL_SIGN_PAGES_H

#include "gen/kernel/sign.sql.h"
#include "kernel/show.h"

enum { SIGN_FORM_MAX = GATE_BODY_MAX };

/* How the signer may prove this signature. */
struct sign_ways {
    bool code; /* has one, or recovery codes */
    bool token;
    bool code_needed;
    bool token_needed;
    bool typed; /* a password, with a code where it is needed, is enough and at hand */
};

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
    struct sign_ways ways;
    struct show_refusal refused;
};

enum http_state sign_get(struct http_request *r);
enum http_state sign_post(struct http_request *r);
enum http_state sign_post_token(struct http_request *r);

/* Who shows what a command signs; NULL: nobody. */
const struct sign_view *sign_view_of(const struct http_request *r, struct str command);
/* The gate's answer to who asks. */
enum outcome sign_asked_read(struct sign_asked **out, struct str body, struct arena *arena,
                             struct err *e);
/* Of the request's person, for a proof of this strength. */
enum outcome sign_ways_read(struct sign_ways *out, struct http_request *r, struct db *db,
                            struct str needed, struct err *e);

/* What a signature means, in words: those of its definition, or the catalogue's. */
struct str sign_words(struct page *p, const struct sign_shown *what);
struct str sign_words_of(struct page *p, struct str meaning, struct str words);

/* --- the signatures of a thing --- */

struct sign_line {
    const struct sign_of_out *row;
    struct str words;
    struct str reason; /* of its withdrawal or rejection, opened */
    bool covers;       /* the thing as it stands */
    bool may_countersign;
    bool may_reject;
    bool may_withdraw;
    const struct sign_line *upon; /* who countersigned it, withdrew or rejected it */
    size_t nupon;
};
struct sign_list {
    const struct sign_line *lines;
    size_t n;
    int64_t version;
    struct str next;
};
struct sign_list_of {
    struct str kind;
    struct str id;
    int64_t version; /* that stands; INT_NONE: it has none */
    struct str next; /* the page to go on at */
};
/* Of a thing that the reader may see, the first first. */
enum outcome sign_list_read(struct sign_list *out, struct page *p, struct http_request *r,
                            struct db *db, const struct sign_list_of *of, struct err *e);
/* The same as HTML (pages/signatures.html); empty where there is none. */
enum outcome sign_list_html(struct html *out, struct page *p, const struct sign_list *list,
                            struct err *e);

/* A signature as who countersigns it sees it; `called` is what it was given on. */
struct sign_signature_view {
    const struct sign_signature *of;
    struct str called;
};
sign_show_fn sign_show_signature;

#endif
