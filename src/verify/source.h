/* Where an export lies: a directory, or a server that gives out the same paths over HTTP. */
#ifndef VEIN_VERIFY_SOURCE_H
#define VEIN_VERIFY_SOURCE_H

#include "verify/report.h"

struct verify_source;

/* http://HOST[:PORT][/PREFIX] or a directory. NULL with a bad report. */
struct verify_source *verify_source_open(const char *where, struct verify_report *r);
void verify_source_close(struct verify_source *s);

/* A directory can be listed; what a server has beyond the signed size is no business of ours. */
bool verify_source_is_folder(const struct verify_source *s);

enum verify_got { VERIFY_GOT, VERIFY_MISSING, VERIFY_BROKEN /* with a bad report */ };
/* The content of a path, at most max bytes. */
enum verify_got verify_source_get(struct verify_source *s, const char *path, uint8_t *out,
                                  size_t max, size_t *n, struct verify_report *r);

/* Calls each with the path of every file below a folder ("tile"; ".": all of it, each behind "./"),
 * until it returns false. */
typedef bool verify_file_fn(void *context, const char *path, struct verify_report *r);
bool verify_source_list(struct verify_source *s, const char *folder, verify_file_fn *each,
                        void *context, struct verify_report *r);

#endif
