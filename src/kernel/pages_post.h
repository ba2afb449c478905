/* Pages of what waits: notifications and the rota for everyone, operations for who decides. */
#ifndef VEIN_KERNEL_PAGES_POST_H
#define VEIN_KERNEL_PAGES_POST_H

#include "kernel/effect.h"
#include "kernel/job.h"
#include "kernel/notify.h"
#include "kernel/pages_witness.h"
#include "kernel/rota.h"
#include "kernel/show.h"

/* --- notifications --- */

struct pages_notification_view {
    const struct notify_inbox_out *row;
    struct str about; /* as people call it */
    struct str where;
    struct str by; /* who acknowledged it */
    bool may_acknowledge;
};
struct pages_notifications_view {
    const struct pages_notification_view *rows;
    size_t n;
    bool all; /* of the site or organisation, not the person's own */
    bool may_all;
    struct str mail; /* the person's own address; empty: none */
    struct str account;
    bool mails; /* a mail server is configured */
};

/* --- rota --- */

struct pages_duty_view {
    const struct rota_list_out *row;
    struct str person;
    bool now;
    bool first; /* of its role */
};
struct pages_gap_view {
    struct str role;
    struct rota_gap gap;
};
struct pages_person_view {
    struct str account;
    struct str name;
    struct str role;
};
struct pages_rota_view {
    struct str site; /* empty: none chosen */
    const struct pages_duty_view *duties;
    size_t nduties;
    const struct pages_gap_view *gaps; /* of the next two weeks, of roles that have a duty */
    size_t ngaps;
    const struct pages_person_view *people; /* whom a duty may go to */
    size_t npeople;
    bool may_plan;
    bool may_hand_over;
};

/* --- operations --- */

/* Whether the page has anything for this reader: each of its parts has a right of its own. */
bool pages_operations_for(const struct http_request *r);

struct pages_effect_view {
    const struct effect_list_out *row;
    struct str why;
    struct str command; /* what it would send */
    struct str body;
    int64_t behind; /* effects that wait */
};
struct pages_dead_view {
    const struct outbox_list_out *row;
    struct str why;
    struct str body;
};
struct pages_job_view {
    const struct job_list_out *row;
    struct str owner;
    struct str why;
    int64_t percent; /* INT_NONE: not known */
};
struct pages_operations_view {
    const struct pages_effect_view *effects;
    size_t neffects;
    const struct outbox_queues_out *queues;
    size_t nqueues;
    const struct pages_dead_view *dead;
    size_t ndead;
    const struct outbox_list_out *waiting;
    size_t nwaiting;
    const struct pages_job_view *jobs;
    size_t njobs;
    const struct outbox_received_list_out *received;
    size_t nreceived;
    const struct job_kind *const *kinds;
    size_t nkinds;
    bool sees; /* everything; else their own jobs alone */
    bool may_queue;
    bool may_confirm; /* the clock */
    bool leaves;
    bool mails;
    bool held; /* timers are held: the clock is in doubt */
    struct pages_witnesses_view witnesses;
};

http_handler_fn pages_get_notifications, pages_get_bell, pages_get_rota, pages_get_operations;
/* How many notifications an account has not answered. */
enum outcome pages_unanswered(int64_t *out, struct db *db, struct str account, struct arena *arena,
                              struct err *e);

#endif
