/* Where the database of a test lies: in a file, or with VEIN_TEST_DB=postgres in a schema of its
 * own, in a database of the test program's own on the server that VEIN_POSTGRES names
 * (tools/with-postgres), which is dropped when the program ends. Everything fails the test that
 * cannot be done. */
#ifndef VEIN_KERNEL_TEST_DB_H
#define VEIN_KERNEL_TEST_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/store.h"

enum { TEST_DB_NAME_MAX = 512 };

bool test_db_on_server(void);

/* Ends the test as skipped when it is about an SQLite file; says why. */
void test_db_needs_file(const char *why);

/* Name of a new database, whose keys and files lie beside FILES (kernel/store_name.h): FILES itself
 * or a URL. */
void test_db_name(char out[TEST_DB_NAME_MAX], const char *files);

/* Somebody's hand in the tables: SQL that both engines know, beside vein. Returns how many rows the
 * last statement changed. */
int test_db_by_hand(const char *name, const char *sql);

/* The one number that a query answers there. */
int64_t test_db_ask(const char *name, const char *query);
/* Whether there is a database of this name. */
bool test_db_exists(const char *name);

/* Puts into the folder a copy of all tables, as they are now, where the database is no file of it:
 * for tests of what stands in the files. */
void test_db_copy(const char *folder, struct store *s);

/* SQL in the words of the engine that the tests run on: zeroblob(N) is SQLite's. */
enum { TEST_DB_SQL_MAX = 1000 };
void test_db_words(char out[TEST_DB_SQL_MAX], const char *sql);

#endif
