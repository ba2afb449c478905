/* Inside the outbox: from a message to a try. */
#ifndef VEIN_KERNEL_OUTBOX_IMPL_H
#define VEIN_KERNEL_OUTBOX_IMPL_H

#include "kernel/outbox.h"

/* How a partner wants it, defaults filled in. */
struct outbox_route {
    bool mail;
    struct str endpoint;
    struct str secret;
    int64_t tries_max;
    int64_t first_wait_us;
    int64_t last_wait_us;
    int64_t timeout_us;
    int64_t at_once;
};
enum outcome outbox_route(struct outbox_route *out, struct db *db, struct str partner, int64_t now,
                          struct arena *arena, bool *found, struct err *e);

struct outbox_compose {
    const struct outbox_setup *setup;
    struct keyring *keys;
    struct db *db;
    const struct outbox_route *route;
    const struct outbox_next_out *message;
    int64_t now_us;
    struct arena *arena;
};
/* The try of a message. REFUSED when there is nothing to send it with or to: "outbox.no_secret"
 * {secret}, "outbox.no_mail", "outbox.no_address", "outbox.url". */
enum outcome outbox_compose(struct outbox_request *out, const struct outbox_compose *c,
                            struct err *e);
/* By notify: header and text of a mail about a notification, to its recipient's own address. */
enum outcome notify_mail(struct outbox_request *out, const struct outbox_compose *c, struct err *e);

/* HMAC-SHA-256, base64, of id, time and body: Standard Webhooks, "v1,…". */
struct str webhook_signature(struct str secret, struct str id, int64_t seconds, struct str body,
                             struct arena *arena);

#endif
