/* The pages of fridges. */
#ifndef VEIN_MODULES_FRIDGE_PAGES_H
#define VEIN_MODULES_FRIDGE_PAGES_H

#include "kernel/show.h"
#include "modules/fridge/fridge.h"

enum { FRIDGE_FORM_MAX = 8 << 10 };

struct fridge_list_view {
    const struct fridge_list_out *rows;
    size_t n;
    struct show_refusal refused;
    const struct http_request *r; /* what was entered */
    bool may_register;
};

struct fridge_check_view {
    const struct fridge_checks_out *row;
    struct str checker;
};
struct fridge_checks_view {
    struct fridge_fridge_out row;
    const struct fridge_check_view *rows;
    size_t n;
    struct str next; /* path of the next page; absent at the end */
    struct show_refusal refused;
    const struct http_request *r;
    bool may_check;
};

/* For {= …}: "4.5 °C", empty for no value. */
struct str fridge_degrees(struct page *p, struct decimal d);

http_handler_fn fridge_get_list, fridge_post_register, fridge_get_checks, fridge_post_check;

#endif
