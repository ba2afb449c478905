/* Handlers of file_module's routes. */
#ifndef VEIN_KERNEL_FILE_PAGES_H
#define VEIN_KERNEL_FILE_PAGES_H

#include "kernel/app.h"
#include "kernel/file.h"

#define RECORDS "kernel/file_form.def" /* what a form sends, and what is told of a file */
#include "base/record_structs.h"
#undef RECORDS

enum { FILE_FORM_MAX = 4096, FILE_RANGE_MAX = 100 };

http_handler_fn file_post_upload;
http_handler_fn file_get_upload;
http_handler_fn file_patch_upload;
http_handler_fn file_delete_upload;
http_handler_fn file_get;
http_handler_fn file_get_about;

/* Who may add a file to a thing, and where that is: REFUSED "gate.unknown" as for a thing that is
 * not there, where they may not know of it; "auth.forbidden" {permission} where they may, but store
 * nothing there. */
bool file_may(const struct actor *who, const char *permission, const struct file_scope *scope);
struct file_thing {
    struct str kind;
    struct str id;
};
enum outcome file_may_add(struct http_request *r, struct db *db, const struct file_thing *thing,
                          struct file_scope *scope, struct err *e);

/* A Range header (RFC 9110, 14.1) of one range of bytes in a content of `size`, as offset and
 * length. Absent, several or of another unit: the whole, *part false. False: not satisfiable. */
bool file_range_read(struct str header, int64_t size, int64_t *from, int64_t *n, bool *part);
/* Upload-Offset and the like: a decimal of at most 18 digits. REFUSED "file.header" {header}. */
enum outcome file_header_read(int64_t *out, struct str value, const char *name, struct err *e);

#endif
