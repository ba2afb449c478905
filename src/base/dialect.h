/* A schema, written in SQLite's types, in the words of PostgreSQL: INTEGER is BIGINT there, BLOB
 * BYTEA, and TEXT sorts by its bytes as SQLite's does. What stands behind a table's closing
 * parenthesis (STRICT, WITHOUT ROWID) has no place there. */
#ifndef VEIN_BASE_DIALECT_H
#define VEIN_BASE_DIALECT_H

#include "base/buf.h"

/* The next statement of a text without comments, without its `;`; absent at the end. */
struct str dialect_statement(struct str *rest);

/* Writes one statement in PostgreSQL's words. */
void dialect_postgres(struct buf *out, struct str statement);

#endif
