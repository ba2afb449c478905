/* The files of a bundle, for tests that alter them; what fails, fails the test. */
#ifndef VEIN_APP_TESTS_BUNDLE_FOLDER_H
#define VEIN_APP_TESTS_BUNDLE_FOLDER_H

#include "kernel/node.h"

enum { BUNDLE_PLACES_MAX = 4000 };

/* Content of a file; stays until four others were read. */
struct str bundle_read(const char *dir, const char *name);
void bundle_put(const char *dir, const char *name, struct str content);
void bundle_drop(const char *dir, const char *name);
/* The first `from` becomes `to`; the file must have it. */
void bundle_replace(const char *dir, const char *name, const char *from, const char *to);
void bundle_remove(const char *path); /* and all below */

/* Places in the log of the bundle's events, ascending; how many. */
size_t bundle_places(const char *dir, long long out[BUNDLE_PLACES_MAX]);
/* The place of event number n of this type. */
long long bundle_event_of(const char *dir, const char *type, size_t n);
bool bundle_holds(struct str all, struct str part);

/* A manifest of what lies there, as only whoever has the log's key can sign it. */
void bundle_sign(const char *dir, const char *order, bool keys, const struct note_signer *signer);

/* Of a node's orders one that was finished, with checks that failed where there is such a one, and
 * one that is not it. */
void bundle_choose(struct node *n, char order[40], char other[40]);

#endif
