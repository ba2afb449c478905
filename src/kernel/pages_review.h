/* The page of an access review. */
#ifndef VEIN_KERNEL_PAGES_REVIEW_H
#define VEIN_KERNEL_PAGES_REVIEW_H

#include "kernel/access_review.h"
#include "kernel/show.h"

struct pages_review_line {
    const struct access_review_list_out *row;
    struct str what;  /* role, site, product and validity, in words */
    struct str judge; /* who kept it; absent: nobody yet */
    bool first;       /* of its person */
    bool own;
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
    bool may_judge;
    bool may_sign;
};

http_handler_fn pages_get_review;

#endif
