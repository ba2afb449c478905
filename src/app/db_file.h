/* A database as an SQLite file, for what reads files alone: the verifier, which shares no code with
 * what writes. Of PostgreSQL that is a copy at one moment, in a folder of its own below TMPDIR. */
#ifndef VEIN_APP_DB_FILE_H
#define VEIN_APP_DB_FILE_H

#include "base/err.h"
#include "kernel/store_name.h"

struct db_file {
    char path[STORE_NAME_MAX];
    char folder[STORE_NAME_MAX]; /* empty: the file is the database itself */
};

/* Those of store_open; FAULT "store.io". */
enum outcome db_file_make(struct db_file *out, const char *db, struct err *e);
/* Removes the copy. */
void db_file_end(struct db_file *f);

#endif
