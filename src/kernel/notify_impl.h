/* Inside notify: whom a rung reaches, and what leaves the program because of it. */
#ifndef VEIN_KERNEL_NOTIFY_IMPL_H
#define VEIN_KERNEL_NOTIFY_IMPL_H

#include "kernel/notify.h"

struct notify_place {
    struct str organisation;
    struct str site;
    struct str role;    /* that "asked" means */
    struct str account; /* of those, at the first rung; absent: all */
};

/* In load, with state->kind and state->rung set: fills in recipients, partners, when mail may go,
 * and declares the messages' streams. */
enum outcome notify_load_recipients(struct load *l, struct notify_raise_state *state,
                                    const struct notify_place *place, struct str kind,
                                    struct err *e);

/* What is told, without anything personal. */
struct notify_told {
    struct str notification;
    struct str kind;
    struct str urgency;
    struct str label;
    struct str link;
    struct str text;
    struct str about;
    struct str organisation;
    struct str site;
};
/* In decide: the messages of one rung. */
enum outcome notify_tell(struct decision *d, const struct notify_raise_state *state,
                         const struct notify_told *told, struct err *e);

/* The body of a mail's message, which notify_mail reads again. */
#define RECORDS "kernel/notify_mail.def"
#include "base/record_structs.h"
#undef RECORDS

extern const struct policy notify_policies[];
enum { NOTIFY_POLICIES = 29, NOTIFY_TELLS_MAX = 10 /* of one alert, as flow.def has it */ };

#endif
