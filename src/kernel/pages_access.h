/* Pages of who may what: the access matrix, and emergency access. */
#ifndef VEIN_KERNEL_PAGES_ACCESS_H
#define VEIN_KERNEL_PAGES_ACCESS_H

#include "kernel/auth.h"
#include "kernel/show.h"
#include "kernel/sign.h"

struct pages_access_view {
    struct html report; /* the matrix, as print.h renders it for a page */
    struct str after;   /* account behind which this page begins; absent: the first */
    struct str next;    /* … the next one; absent: it is the last */
    bool may_see_people;
    bool may_describe_sites;
    bool may_see_emergencies;
};

struct pages_emergency_line {
    const struct auth_emergency_list_out *row;
    struct str person;
    struct str site;
    enum show_tone tone;
    struct str state;
};
struct pages_emergencies_view {
    const struct pages_emergency_line *rows;
    size_t n;
};

struct pages_emergency_act {
    struct str what;
    int64_t at;
};
struct pages_emergency_acts { /* done under it, in the order of the log */
    const struct pages_emergency_act *p;
    size_t n;
    bool more; /* there are more than are shown */
};
struct pages_emergency_view {
    struct auth_emergency_out row;
    struct str person;
    struct str site;
    struct str reason;
    struct str conclusion;
    struct str reviewer;
    enum show_tone tone;
    struct str state;
    struct pages_emergency_acts acts;
    bool may_review;
    bool may_end;
};

struct pages_lent_role {
    struct str name;
    int64_t minutes;
};
struct pages_take_view {
    const struct pages_lent_role *roles;
    size_t nroles;
    const struct auth_place *sites; /* of the organisation */
    size_t nsites;
    struct str here;
    struct str standing; /* the person's own, that has not ended; absent: none */
    struct str role;     /* of it */
    struct str site;     /* of it */
    int64_t until;       /* of it */
};

struct pages_emergency_judged_view {
    struct auth_emergency_judged what;
    struct str person;
    struct str site;
    struct str reason;
    struct pages_emergency_acts acts;
};
sign_show_fn pages_emergency_judged;

http_handler_fn pages_get_access, pages_print_access, pages_get_emergencies, pages_get_emergency,
    pages_get_take;

#endif
