/* A database copied into another, of the same engine or the other: what the schemas made, and every
 * row. */
#ifndef VEIN_KERNEL_STORE_COPY_H
#define VEIN_KERNEL_STORE_COPY_H

#include "kernel/store.h"

struct store_copied {
    size_t tables;
    int64_t rows;
};

/* What the program itself makes. The text of a table that a database gives is somebody else's
 * until it was found here: a copy of a system that lives on runs no other. NULL: a copy that is
 * kept as it is, such as a backup of an older program's tables; then each text must at least make
 * what it says, one table or index and nothing beside it. */
struct store_known {
    const struct sql_schema *const *schemas;
    size_t n;
};

/* Both connections are in a transaction; `to` has no tables. Each table is read back and compared
 * by count and hash of its rows (db_table_hash): FAULT "store.corrupt" when they differ. REFUSED
 * "store.unknown_table" {name}. */
enum outcome store_copy(struct store_copied *out, struct db *from, struct db *to,
                        const struct store_known *known, struct err *e);

/* Into a new database, whose writer is held until the end is told: nobody else writes there
 * meanwhile, nor takes it for what it is not yet. `from` is in a transaction. REFUSED
 * "store.exists" {path} when there is one of that name, empty or not begun by us: nothing of it is
 * touched. Nothing of ours but an empty database is left when it fails. */
struct store_new;
enum outcome store_new_fill(struct store_new **out, struct store_copied *copied, struct db *from,
                            const char *to_path, const struct store_known *known, struct err *e);
/* Keeps it, or takes it away. store_new_end(NULL, …) does nothing. */
void store_new_end(struct store_new *n, bool keep);

/* The database of one name into a new one of another name, at one moment; as above. */
enum outcome store_copy_all(struct store_copied *out, const char *from, const char *to,
                            const struct store_known *known, struct err *e);

/* Notes that what this database held lives on elsewhere, in the writer's transaction: from its end
 * on a writer is REFUSED "store.retired" {place}, while it can still be read. */
enum outcome store_retire(struct db *writer, const char *to, struct err *e);

#endif
