/* The page of an access review. */
#ifndef VEIN_KERNEL_PAGES_REVIEW_H
#define VEIN_KERNEL_PAGES_REVIEW_H

#include "kernel/access_review.h"
#include "kernel/show.h"
#include "kernel/sign.h"

struct pages_review_line {
    const struct access_review_list_out *row;
    struct str what;  /* role, site, product and validity, in words */
    struct str judge; /* who kept it; absent: nobody yet */
    bool first;       /* of its person */
    bool own;
    bool may_judge;
};
struct pages_review_view {
    bool planned;
    bool open;
    struct access_review_find_out row;
    struct str due; /* as the command takes it */
    const struct pages_review_line *rows;
    size_t n;
    size_t left; /* nothing was said of */
    struct str signer;
    bool may_plan;
    bool may_sign;
};

http_handler_fn pages_get_review;

struct pages_verdict_line {
    struct str person;
    struct str what;
    bool keep;
};
struct pages_verdicts_view {
    struct str organisation;
    int64_t due;
    int64_t left; /* that are signed after these; INT_NONE: none */
    const struct pages_verdict_line *rows;
    size_t n;
};
/* What the signature of a round is over, for who signs it. */
enum outcome pages_review_signed(struct html *out, struct page *p, struct http_request *r,
                                 struct db *db, const struct sign_asked *asked, struct err *e);

#endif
