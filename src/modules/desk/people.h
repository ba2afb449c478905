/* The page of who is meant in an order. */
#ifndef VEIN_MODULES_DESK_PEOPLE_H
#define VEIN_MODULES_DESK_PEOPLE_H

#include "kernel/rota.h"
#include "modules/desk/desk.h"

#define RECORDS "modules/desk/people.def"
#include "base/record_structs.h"
#undef RECORDS
struct desk_role {
    const struct desk_named *row;
    struct str id;   /* of its form */
    struct str name; /* who is named; empty: nobody */
    const struct rota_people_out *holders;
    size_t nholders;
};
struct desk_people_part {
    struct str title;
    struct str site;
    struct str organisation;
    struct str phone, phone_later; /* of the site; absent: not recorded */
    const struct desk_role *roles;
    size_t nroles;
};
struct desk_people_view {
    struct desk_order o;
    struct html head;
    struct show_refusal refused;
    const struct desk_people_part *parts;
    size_t nparts;
    bool may_name;
    const struct http_request *r; /* what was entered */
};
/* The refused form was this row's. */
bool desk_people_tried(const struct desk_people_view *v, const struct desk_named *row);

#endif
