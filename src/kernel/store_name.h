/* What names a database: the path of an SQLite file, or a URL of PostgreSQL as libpq reads it,
 *
 *   postgresql://vein@db.example/vein?sslmode=verify-full&files=/var/lib/vein/vein
 *
 * with three parameters of ours: `schema`, whose tables they are ("vein" when it is not named),
 * `files`, the path beside which what is no table lies (keys, sealed files): F.keys, F.root and
 * their like have it for F. Without it that is the database's name in the folder where vein runs.
 * For a file, F is its path. And `unverified=yes`: a host that is not this machine is asked even
 * where libpq would not hold its certificate against its name. */
#ifndef VEIN_KERNEL_STORE_NAME_H
#define VEIN_KERNEL_STORE_NAME_H

#include "base/buf.h"

enum { STORE_NAME_MAX = 2048, STORE_SCHEMA_MAX = 63 };

bool store_name_is_url(const char *name);

struct store_url {
    char libpq[STORE_NAME_MAX]; /* without our parameters; may hold a password */
    char shown[STORE_NAME_MAX]; /* for errors and logs: what is known to be no secret */
    char schema[STORE_SCHEMA_MAX + 1];
    char files[STORE_NAME_MAX]; /* F */
    bool unverified;
};
/* REFUSED "store.name": too long, not well formed, or a schema of other letters than
 * a–z, 0–9, _ and -. */
enum outcome store_url_read(struct store_url *out, const char *name, struct err *e);

/* Whoever answers at a host that is not this machine could be anyone, and would be given passwords
 * and data: REFUSED "store.unverified" {path} unless libpq holds its certificate against its name
 * (sslmode=verify-full, here or in PGSSLMODE), or the URL says unverified=yes. */
enum outcome store_url_check(const struct store_url *url, struct err *e);

/* F of the database, cut to size; REFUSED "store.name". */
enum outcome store_name_files(char *out, size_t size, const char *name, struct err *e);

/* The name of a second database of the same kind that belongs to this one: F.tail, or the same URL
 * with the schema vein_tail. REFUSED "store.name". */
enum outcome store_name_beside(char *out, size_t size, const char *name, const char *tail,
                               struct err *e);

/* For messages: without a password. */
enum outcome store_name_shown(char *out, size_t size, const char *name, struct err *e);

#endif
