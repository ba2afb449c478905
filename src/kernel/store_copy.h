/* A database copied into another, of the same engine or the other: what the schemas made, and every
 * row. */
#ifndef VEIN_KERNEL_STORE_COPY_H
#define VEIN_KERNEL_STORE_COPY_H

#include "kernel/store.h"

struct store_copied {
    size_t tables;
    int64_t rows;
};

/* Both connections are in a transaction; `to` has no tables. Each table is read back and compared
 * by count and hash of its rows (db_table_hash): FAULT "store.corrupt" when they differ. */
enum outcome store_copy(struct store_copied *out, struct db *from, struct db *to, struct err *e);

/* Into a new database; `from` is in a transaction. REFUSED "store.exists" {path} when that is there
 * already; nothing is left of it when it fails. */
enum outcome store_copy_new(struct store_copied *out, struct db *from, const char *to_path,
                            struct err *e);

/* The database of one name into a new one of another name, at one moment. REFUSED "store.exists"
 * {path} when that is there already; nothing is left of it when it fails. */
enum outcome store_copy_all(struct store_copied *out, const char *from, const char *to,
                            struct err *e);

/* Notes that what this database held lives on elsewhere, in the writer's transaction: from its end
 * on a writer is REFUSED "store.retired" {place}, while it can still be read. */
enum outcome store_retire(struct db *writer, const char *to, struct err *e);

#endif
