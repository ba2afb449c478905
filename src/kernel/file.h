/* Files: content too large for an event, kept sealed on disk and named by its hash.
 *
 * A file belongs to a thing (an order, a deviation, a definition …) and is seen by who may see that
 * thing: the thing's module says how, by a row (struct file_rule); and by the organisation whose
 * people stored it. Its content is sealed under the key of the thing's subject, in pieces of
 * FILE_PIECE bytes, so that neither storing nor reading holds more than one piece in memory; what
 * is on disk is never plain, not even of a half upload. Its address is the SHA-256 of the sealed
 * bytes: `F.files/ab/cd/<64 digits>` beside the database F. A file is written to
 * `F.files/uploads/`, synced, renamed, and its folder synced, before the command `file.store` may
 * name it: the event speaks only of bytes that are durable. A sync that failed is not tried again:
 * FAULT "file.disk", and the upload is dropped. What lies there without an event after
 * FILE_ORPHAN_US is swept.
 *
 * Sealed form: "veinfil1", commitment to the key (32 bytes), then pieces: nonce (24), ciphertext of
 * FILE_PIECE bytes (the last: 0 to FILE_PIECE), tag (16); XChaCha20-Poly1305 under a key of the
 * file's own (HKDF over subject key and file id). Associated data: file id, number of the piece,
 * whether it is the last; so pieces cannot be swapped, left out, cut off or taken from another
 * file.
 *
 * Reading checks each piece before it gives any byte of it: altered or missing content is FAULT
 * "file.damaged" or "file.missing", never served. Erasing the subject's key makes it REFUSED
 * "seal.erased". A whole download of altered content ends where the alteration begins. */
#ifndef VEIN_KERNEL_FILE_H
#define VEIN_KERNEL_FILE_H

#include "gen/kernel/file.sql.h"
#include "kernel/module.h"

enum {
    FILE_PIECE = 64 << 10,
    FILE_NAME_MAX = 200,          /* bytes of a file's name for people; sealed in the event */
    FILE_NAME_ARENA = 4096,       /* to make one of what was sent */
    FILE_UPLOADS_MAX = 256,       /* unfinished at once; beyond: REFUSED "file.busy" */
    FILE_UPLOADS_OF_ONE_MAX = 16, /* … of one account */
    FILE_RULES_MAX = 32,
    FILE_APPEND_MAX = 1 << 20, /* bytes of one append, hence of one PATCH */
};
#define FILE_SIZE_MAX   ((int64_t)2 << 30) /* bytes, where a type's row says no less */
#define FILE_EXPIRES_US (1 * TIME_DAY)     /* an upload that nobody went on with */
#define FILE_ORPHAN_US  (1 * TIME_DAY)     /* content that no event names */

#define RECORDS "kernel/file_events.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS

/* Where a thing is, as its rule says. */
struct file_scope {
    struct str organisation;
    struct str site;
    struct str subject; /* whose key seals it; absent: the organisation's */
    struct str key;     /* distribution key: the stream "order/<id>" */
    struct str order;   /* whose stop is read; absent: of no order */
    struct file_place { /* others who have a part in it */
        struct str organisation;
        struct str site;
    } const *places;
    size_t nplaces;
    struct str product; /* that the thing belongs to; absent: to none */
};
/* What file.store's load found. */
struct file_store_state {
    struct file_scope scope;
    struct stream stream;
    bool known; /* stored before */
};

#define RECORDS "kernel/file_commands.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS

extern const struct module file_module;

/* --- what may be stored --- */

/* A row of the list of types (file_types.def): what is not in it is refused. The content's first
 * bytes decide, never its name or what the sender says; text types are UTF-8 throughout. */
struct file_type {
    const char *name;       /* "pdf" */
    const char *media_type; /* "application/pdf" */
    const char *extension;
    int64_t size_max;
    bool shown; /* a browser may show it; else it is always offered for saving */
    bool text;  /* UTF-8 throughout */
};
const struct file_type *file_type_find(struct str name);
const struct file_type *file_type_of_media(struct str media_type);
/* The type of content that begins so; NULL: none that may be stored. Give the first
 * FILE_SNIFF_MAX bytes, or all where there are less. */
enum { FILE_SNIFF_MAX = 1024 };
const struct file_type *file_sniff(struct bytes begin);

/* --- to what it belongs --- */

/* A module's row: how things of a kind have files. Modules list theirs in struct module. */
struct file_rule {
    const char *kind;       /* "order"; also the kind of stream that file.stored is written to is
                               "file", its distribution key the thing's, as `scope` says */
    const char *permission; /* to add one: "order.attach"; to see one: what `see` asks */
    /* Whether the actor may see the thing. *may false: as for a thing that does not exist. */
    enum outcome (*see)(struct db *db, const struct actor *actor, struct str id, bool *may,
                        struct arena *arena, struct err *e);
    /* Where the thing is, for object access at the gate and the upload's beginning. *found false:
     * no such thing. */
    enum outcome (*scope)(struct db *db, struct str id, struct file_scope *out, bool *found,
                          struct arena *arena, struct err *e);
};
const struct file_rule *file_rule_find(struct str kind);
/* Makes rows known, once each; modules_use does it for modules. */
void file_use_rules(const struct file_rule *rows, size_t n);

/* --- the store of contents: no events, any thread --- */

struct files;
struct files_options {
    const struct env *env;
    struct keyring *keys;
    const char *folder; /* "F.files"; made when absent, mode 0700 */
};
enum outcome files_open(struct files **out, const struct files_options *options, struct err *e);
void files_close(struct files *f);

/* Begins an upload: REFUSED "file.too_large" {max}, "file.empty", "file.busy". The id is the
 * file's. What is given stands, sealed under the node's key, beside the upload, so that it outlives
 * a restart. */
struct file_upload {
    struct id id;
    struct str kind;         /* of what it belongs to */
    struct str belongs;      /* its id */
    struct str subject;      /* whose key seals it; it must have one */
    struct str organisation; /* whose key wraps that; absent: the node's own */
    struct str account;      /* who may go on with it */
    struct str name;
    int64_t size; /* bytes, whole */
    int64_t offset;
    int64_t expires_us;
};
enum outcome file_begin(struct files *f, struct file_upload *u, struct err *e);
/* It ends here: what was begun with the most that it may have (file_sent.h) has the size that came.
 * REFUSED "file.empty". */
enum outcome file_cut(struct files *f, struct file_upload *u, struct arena *arena, struct err *e);
/* The upload as it stands; REFUSED "file.unknown" for one that is unknown, expired or finished. */
enum outcome file_upload_find(struct files *f, struct file_upload *out, struct str id,
                              struct arena *arena, struct err *e);
/* Appends at `offset`, durably on return; u->offset is the new one. REFUSED "file.offset" {offset}
 * when it is not where the upload ends (409), "file.too_large" {max} beyond size or
 * FILE_APPEND_MAX, "file.type" when the beginning is of no type on the list, "file.text" when a
 * text's is no UTF-8. One append of an upload at a time: REFUSED "file.busy" to the second. */
enum outcome file_append(struct files *f, struct file_upload *u, int64_t offset, struct bytes data,
                         struct err *e);
/* Drops it and what it holds. */
enum outcome file_cancel(struct files *f, struct str id, struct err *e);
/* Makes the whole upload a content: durable at its address on return. Fills the command's body
 * (file.store), whose `proof` the gate asks for and only this function can give. Doing it again
 * gives the same. REFUSED "file.unfinished". The upload's notes stay until file_stored. */
enum outcome file_finish(struct files *f, struct file_store *out, struct str id,
                         struct arena *arena, struct err *e);
/* A name as people may be shown it, in the arena: without folders, controls, and marks that turn
 * the writing round; what is no UTF-8 as U+FFFD, cut at FILE_NAME_MAX; "file" where nothing is
 * left. Every upload's is made so. */
struct str file_name_plain(struct arena *arena, struct str name);
/* The event is there: forgets the upload. */
void file_stored(struct files *f, struct str id);

/* All at once, for what the program makes itself (a print): begin, append, finish. */
enum outcome file_put(struct files *f, struct file_store *out, struct file_upload *u,
                      struct bytes content, struct arena *arena, struct err *e);

/* --- reading --- */

/* A file as its row tells it (file.sql); `name` is sealed until file_name. */
enum outcome file_find(struct file_row_out *out, struct db *db, struct str id, bool *found,
                       struct arena *arena, struct err *e);
enum outcome file_name(struct str *out, struct looker *looks, const struct file_row_out *row,
                       struct err *e);

/* Reads plain bytes at any offset; holds one piece. FAULT "file.missing", "file.damaged"; REFUSED
 * "seal.erased". */
struct file_reader;
enum outcome file_open(struct file_reader **out, struct files *f, const struct file_row_out *row,
                       struct err *e);
/* Up to n bytes from offset; *got 0 at the end. */
enum outcome file_read(struct file_reader *r, int64_t offset, void *out, size_t n, size_t *got,
                       struct err *e);
void file_reader_free(struct file_reader *r);

/* Re-hashes the sealed bytes at the row's address: needs no key, so erased ones are checked too.
 * FAULT "file.missing", "file.damaged" {file}. */
enum outcome file_check(struct files *f, const struct file_row_out *row, struct err *e);
/* The same of every file of the database, calling `bad` for each that is not well. For `vein
 * check`. */
struct file_check_count {
    int64_t files;
    int64_t bytes; /* sealed */
    int64_t bad;
};
enum outcome files_check(struct files *f, struct db *db, struct file_check_count *out,
                         void (*bad)(void *context, const struct file_row_out *row,
                                     const struct err *why),
                         void *context, struct err *e);

/* Drops the unfinished uploads of a subject, with their notes, which are personal. */
void files_forget(struct files *f, struct str subject);

/* Removes expired uploads and contents without an event. Walks all folders: once an hour is enough,
 * and never on the writer's thread. */
enum outcome files_sweep(struct files *f, struct db *db, int64_t *removed, struct err *e);

/* --- over HTTP (rows of file_module; the shape of tus 1.0 and of the IETF's resumable uploads) ---
 *
 *   POST   /uploads            form or JSON {kind, belongs, name, size} → 201, Location,
 * Upload-Offset: 0 HEAD   /uploads/{upload}   → Upload-Offset, Upload-Length, Upload-Expires PATCH
 * /uploads/{upload}   Upload-Offset, application/offset+octet-stream → 204 with the new
 *                              Upload-Offset; the last one stores the file: 201, Location of it
 *   DELETE /uploads/{upload}   → 204
 *   GET    /files/{file}       whole, or 206 by one Range of bytes; ETag is the address
 *   GET    /files/{file}/about the row, as JSON */

#endif
