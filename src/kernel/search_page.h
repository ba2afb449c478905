/* The page of answers, and the field in the bar that leads there. */
#ifndef VEIN_KERNEL_SEARCH_PAGE_H
#define VEIN_KERNEL_SEARCH_PAGE_H

#include "kernel/search.h"
#include "kernel/show.h"

enum {
    SEARCH_FORM_MAX = 4096, /* bytes of the form */
    SEARCH_BEHIND = 10000,  /* events: what a restart looks at again, too */
};

struct search_view {
    struct str q; /* as it was asked for; empty: nothing yet */
    const struct search_found *rows;
    size_t n;
    struct str next;                /* where the form of the next page goes; absent at the end */
    bool later;                     /* a page behind the first */
    const struct search_said *said; /* what the scan is, part by part */
    size_t nsaid;
    bool names;  /* one of them names a thing */
    bool behind; /* the index has not followed all events yet */
};

http_handler_fn search_get, search_post;

#endif
