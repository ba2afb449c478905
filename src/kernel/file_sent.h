/* Files that a form sent beside what was typed (multipart/form-data): how a person stores one
 * without script.
 *
 * A file control is called "_file." and its field's name. What it sends is stored while it is read,
 * as an upload of who is signed in, for the thing that the route's `files` and its path name; its
 * type and size are judged as any upload's. What is not taken ends nothing: it is told beside its
 * field, and what was typed stays. The handler looks at them, stores those that it wants, and then
 * finds the hash of each under its field in the form, in place of what stood there. What is not
 * stored by the end of the request is dropped, and so is all where the connection ends early. */
#ifndef VEIN_KERNEL_FILE_SENT_H
#define VEIN_KERNEL_FILE_SENT_H

#include "kernel/app.h"
#include "kernel/file.h"

enum { FILE_SENT_MAX = 8 /* files of one form */ };

struct file_sent {
    struct str field; /* "certificate", "picture.2" */
    struct str name;  /* as its sender calls it */
    const struct file_type *type;
    int64_t size;    /* bytes */
    struct err why;  /* outcome OK: it is taken */
    struct id file;  /* its id, and its upload's; text empty: none has begun */
    struct str hash; /* once it is stored: its address */
};

/* For http_options: `file` and `files_end`. Refusals of one file: those of uploads (file.h),
 * "file.one" for a second of one field, "file.too_many" {max}, "auth.forbidden" {permission}. A
 * disk that does not take it is its fault ("file.disk"), not the form's. */
enum outcome file_sent_take(struct http_request *r, const struct http_file *file, struct bytes data,
                            bool last, struct err *e);
void file_sent_end(struct http_request *r);

/* What came, in the order in which it came; *n 0: nothing. */
struct file_sent *file_sent_of(const struct http_request *r, size_t *n);
/* One of them is not taken. */
bool file_sent_bad(const struct http_request *r);

/* What the one file that came holds, where the handler wants its content and not the file: borrowed
 * until the end of the request, at most FILE_APPEND_MAX bytes. False where several came, or it is
 * larger, or was not taken. */
bool file_sent_content(struct str *out, const struct http_request *r);

/* Stores what is taken, one file after the other, puts the hashes into r->form and calls `then`,
 * which sees in file_sent_of what was refused. At once where nothing came. */
typedef enum http_state file_sent_fn(struct http_request *r);
enum http_state file_sent_store(struct http_request *r, file_sent_fn *then);

#endif
