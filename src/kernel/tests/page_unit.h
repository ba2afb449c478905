/* What the test page unit.html shows. */
#ifndef VEIN_KERNEL_TESTS_PAGE_UNIT_H
#define VEIN_KERNEL_TESTS_PAGE_UNIT_H

#include "base/str.h"

struct page_part {
    struct str id;
    const char *name;
    int64_t volume;
    bool here;
};

struct page_unit {
    struct str id;
    struct str reason; /* key of a text */
    const struct page_part *parts;
    size_t nparts;
    bool stopped;
};

#endif
