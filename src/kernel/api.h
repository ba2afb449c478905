/* The API's own reads: what the API is (openapi.h), and what changed.
 *
 * GET /api/changes?after=CURSOR gives what happened since, in the log's order, of things that the
 * account may read (module.h, struct watch), each once and none left out: kind, stream, version and
 * times. What it says is read by the ordinary reads. Who comes to may see a thing later reads there
 * what was before. Its `next` is always there: the path that goes
 * on. Without `after` it begins at the beginning; "now" begins at the end. wait=SECONDS, 60 at
 * most, holds the answer back until there is something or the time is over, within
 * HTTP_NEWS_LATE_MS. A page may be empty though more follows: of a long log that is others' only so
 * much is passed over at once (API_SCAN_MAX).
 *
 * A cursor is "<epoch of the log>.<place>". After a restore the log may have gone on otherwise from
 * some place on; a cursor beyond it is REFUSED "api.log_restarted" {cursor} (410), which names
 * where to go on: what was read beyond it did not last. */
#ifndef VEIN_KERNEL_API_H
#define VEIN_KERNEL_API_H

#include "kernel/show.h"

enum { API_CHANGES_MAX = 200, API_SCAN_MAX = 2000, API_WAIT_MAX_S = 60 };

#define RECORDS "kernel/api.def"
#include "base/record_structs.h"
#undef RECORDS

enum http_state api_get_openapi(struct http_request *r);
enum http_state api_get_session(struct http_request *r);
enum http_state api_get_changes(struct http_request *r);

#endif
