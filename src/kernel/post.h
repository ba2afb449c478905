/* Post: the outbox's way out of the machine, through children of the program "vein-post"
 * (worker.h), which alone link libcurl and may open connections. One child sends one thing at a
 * time; a child that hangs or dies costs its one try.
 *
 * Where a child may connect: a webhook to public addresses by https, and to those that the setting
 * webhook_allow names, be they inside or plain http (post_guard.h: judged by the address that a
 * connection is really opened to, so that no name can lead elsewhere). Redirects are not followed.
 * Mail goes to the server of the configuration alone, and so does what is shown to witnesses. */
#ifndef VEIN_KERNEL_POST_H
#define VEIN_KERNEL_POST_H

#include "kernel/outbox.h"
#include "kernel/worker.h"

#define RECORDS "kernel/post.def"
#include "base/record_structs.h"
#undef RECORDS
extern const struct record post_request_record;
extern const struct record post_result_record;

enum { POST_CHILDREN = 12, POST_WALL_MS = 75000, POST_FRAME_MAX = 512 << 10 };

/* The row; both sides read it. */
extern const struct worker_kind post_kind;

struct post;
struct post_options {
    struct workers *workers; /* borrowed; knows post_kind */
    struct str trusted;      /* PEM of authorities besides none of the system's; may be absent */
};
enum outcome post_open(struct post **out, const struct post_options *options, struct err *e);
/* Nothing is on its way any more: the workers are closed. */
void post_close(struct post *p);
/* What outbox_use takes. */
const struct outbox_transport *post_transport(const struct post *p);

#endif
