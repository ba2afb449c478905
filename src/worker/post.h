/* Inside vein-post. */
#ifndef VEIN_WORKER_POST_H
#define VEIN_WORKER_POST_H

#include "kernel/post.h"

/* Before the sandbox closes: libcurl and its TLS. */
enum outcome post_prepare(struct err *e);
/* One try: JSON of post_request in, of post_result out. */
enum outcome post_run(struct bytes in, struct buf *out, struct arena *arena, struct err *e);

#endif
