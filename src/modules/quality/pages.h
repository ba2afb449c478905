/* The pages of deviations. */
#ifndef VEIN_MODULES_QUALITY_PAGES_H
#define VEIN_MODULES_QUALITY_PAGES_H

#include "kernel/table.h"
#include "modules/quality/quality.h"

enum { QUALITY_FORM_MAX = 32 << 10 };

struct quality_row_view {
    const struct quality_list_out *row;
    struct str site;
};
struct quality_list_view {
    const struct quality_row_view *rows;
    size_t n;
    bool open;
    struct str risk; /* empty: all */
    const struct str *risks;
    size_t nrisks;
    struct table_view table;
    bool may_open; /* a new one */
};
struct quality_deviation_view {
    struct quality_deviation_out row;
    struct str said;        /* by the system; empty: nothing */
    struct str description; /* opened; absent: none, or not for this reader */
    struct str conclusion;
    struct str where;
    struct str order; /* as people call it; absent: of none */
    struct str unit;
    struct str opener;
    struct str closer;
    struct str evidence;      /* where what the system opened is seen; absent: nowhere */
    struct str evidence_word; /* key */
    struct show_refusal refused;
    const struct http_request *r; /* what was entered */
    bool may_close;
    bool own; /* the reader opened it, so that another closes it */
};

struct quality_open_view {
    struct str order; /* absent: of the site */
    struct str unit;
    const struct str *kinds;
    size_t nkinds;
    const struct str *risks;
    size_t nrisks;
    struct show_refusal refused;
    const struct http_request *r; /* what was entered */
};

http_handler_fn quality_get_open, quality_post_open;
http_handler_fn quality_get_deviations, quality_get_deviation, quality_post_close;

enum { QUALITY_SEARCHES = 1 };
extern const struct search_rule quality_searches[QUALITY_SEARCHES];

#endif
