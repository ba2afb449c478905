/* Files copied durably. */
#ifndef VEIN_KERNEL_COPY_H
#define VEIN_KERNEL_COPY_H

#include "base/arena.h"
#include "base/err.h"
#include "base/hash.h"

/* Copies into a new file of mode 0600 and syncs it; *hash, if wanted, is of what was copied. Of a
 * file that is a row of slots, `slot` is their size and a part of one at the end is left out; 0: no
 * such row. An advisory lock on the source is waited for. REFUSED "store.exists" {path},
 * "store.not_found" {path}; FAULT "store.io". */
enum outcome copy_file(const char *from, const char *to, size_t slot, struct hash *hash,
                       struct err *e);

/* A new file of mode 0600 with this content, durable. */
enum outcome copy_text(const char *to, struct str content, struct err *e);
/* A whole file of at most max bytes into the arena. */
enum outcome copy_read(struct str *out, const char *from, size_t max, struct arena *arena,
                       struct err *e);
enum outcome copy_hash(struct hash *out, int64_t *bytes, const char *path, struct err *e);
/* Makes the names in the folder of `path` durable. */
enum outcome copy_sync_folder(const char *path, struct err *e);

#endif
