/* The page of the @name@ log. */
#ifndef VEIN_MODULES_@NAME@_PAGES_H
#define VEIN_MODULES_@NAME@_PAGES_H

#include "kernel/show.h"
#include "modules/@name@/@name@.h"

enum { @NAME@_FORM_MAX = 8 << 10 };

struct @name@_entry_view {
    const struct @name@_list_out *row;
    struct str person;
};
struct @name@_list_view {
    const struct @name@_entry_view *rows;
    size_t n;
    struct str next; /* path of the next page; absent at the end */
    struct show_refusal refused;
    const struct http_request *r; /* what was entered */
    bool may_note;
};

http_handler_fn @name@_get_list, @name@_post_note;

#endif
