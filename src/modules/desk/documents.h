/* The page of an order's files. */
#ifndef VEIN_MODULES_DESK_DOCUMENTS_H
#define VEIN_MODULES_DESK_DOCUMENTS_H

#include "modules/desk/desk.h"

enum { DESK_DOCUMENTS_MAX = 200 };
#define RECORDS "modules/desk/document.def"
#include "base/record_structs.h"
#undef RECORDS
struct desk_document_view {
    const struct desk_document *row;
    struct str by;
};
struct desk_documents_view {
    struct desk_order o;
    struct html head;
    struct show_refusal refused;
    const struct desk_document_view *rows;
    size_t n;
    bool may_add;
};

#endif
