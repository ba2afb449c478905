/* A file system for SQLite that reads ahead: a ledger is read from its first page to its last, and
 * a call to the system for each page costs as much as hashing what the page holds. It changes
 * nothing else: what is not the main file of a database, and every write, go straight through. */
#ifndef VEIN_VERIFY_AHEAD_H
#define VEIN_VERIFY_AHEAD_H

/* The name to open a database with, or NULL where the system's own file system must do. */
const char *verify_ahead(void);

#endif
